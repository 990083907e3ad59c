"""Promise 6: from every record of a run to the commit, to the pull request that brought it, and to who decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.github.hub import REPO
from tests.github.judge import need_judges
from tests.loop.seen import records
from tests.loop.stories import QA_NUMBER, STORIES, do, prepare, retold, run
from tests.loop.world import Loop


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare a project whose verdict is merged, level 2 to come."""
    need_judges()
    return prepare(STORIES["level-2"], tmp_path_factory.mktemp("approved") / "prepared")


def is_on_main(loop: Loop, commit: str) -> bool:
    """Say whether GitHub's main holds a commit."""
    compared = loop.hub.po.get(f"{REPO}/compare/{commit}...main").json
    return str(compared["merge_base_commit"]["sha"]) == commit


def test_every_record_says_commit_and_who_and_leads_to_its_pull_request(approved: Path, tmp_path: Path) -> None:
    with retold(approved, tmp_path / "traced") as loop:
        assert loop.hub.write("docs/other.md", "main has moved on\n", who=loop.hub.pi).status in (403, 404)
        assert loop.hub.write("docs/other.md", "main has moved on\n", who=loop.hub.da).status == 201
        do(loop, run)
        found = records(loop.root / "work")
        assert {one["level"] for one in found} == {1, 2}
        assert all(is_on_main(loop, one["commit"]) for one in found)
        assert {one["who"] for one in found if one["level"] == 1} == {"po merged #1"}
        assert {one["who"] for one in found if one["level"] == 2} == {f"po merged #{QA_NUMBER}, approved by da"}
        for number in (1, QA_NUMBER):
            assert loop.hub.po.get(f"{REPO}/pulls/{number}").json["merged_by"]["login"] == "po"
