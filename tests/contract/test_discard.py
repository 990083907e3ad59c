"""Deleting beside others who delete: a runner and the jobs on the nodes clear the same folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.doors.results import discard


def test_many_who_delete_the_same_trees_at_once_all_come_to_an_end(tmp_path: Path) -> None:
    trees = [tmp_path / f"area{number}" for number in range(60)]
    for tree in trees:
        (tree / "deep" / "er").mkdir(parents=True)
        (tree / "deep" / "file").write_text("x")
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(discard, [tree for tree in trees for _ in range(8)]):
            pass
    assert list(tmp_path.iterdir()) == []
