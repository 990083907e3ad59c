"""An observatory whose project is reduced once, with a PI; the judge hears every call that the bot makes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github.judge import need_judges
from tests.loop.play import Play, copied, opened
from tests.loop.world import WITH_PI
from tests.webrun.scene import Scene


@pytest.fixture(scope="session")
def reduced_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an observatory whose level 1 is done; it is for copying."""
    need_judges()
    root = tmp_path_factory.mktemp("reduced")
    with opened(root) as loop:
        play = Play(loop)
        play.write("project.yaml", WITH_PI)
        play.arrive(117361, 117362)
        assert play.reconcile().is_good
    return root


@pytest.fixture
def scene(reduced_site: Path, tmp_path: Path) -> Iterator[Scene]:
    copied(reduced_site, tmp_path)
    with opened(tmp_path) as loop:
        yield Scene(loop)
