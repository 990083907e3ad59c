"""An observatory for each test; the judge hears every call that the bot makes, and every reply that it gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.judge import need_judges
from tests.loop.play import GRADES, Play, copied, opened
from tests.loop.world import Loop


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    need_judges()
    with opened(tmp_path) as loop:
        yield loop


@pytest.fixture(scope="session")
def graded_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an observatory whose QA pull request is graded and complete; it is for copying."""
    need_judges()
    root = tmp_path_factory.mktemp("graded")
    with opened(root) as loop:
        play = Play(loop)
        play.arrive(117361, 117362)
        assert play.reconcile().is_good
        assert all(one.is_done for one in play.say(GRADES)[0].answers)
        (root / "number").write_text(str(play.number))
    return root


@pytest.fixture
def graded(graded_site: Path, tmp_path: Path) -> Iterator[Play]:
    """Return an observatory that waits for the DA's approval and the PO's merge."""
    copied(graded_site, tmp_path)
    with opened(tmp_path) as loop:
        yield Play(loop, int((tmp_path / "number").read_text()))
