"""The door to two checkouts: what differs is told, nothing is followed, nothing that counts is passed over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.doors.trees import BLOCK, read_trees
from bot.model.tree import Entry, Kind, Trees


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    for side in ("base", "head"):
        (tmp_path / side).mkdir()
    return tmp_path / "base", tmp_path / "head"


def write(root: Path, path: str, content: bytes = b"x") -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def trees(sides: tuple[Path, Path]) -> Trees:
    return read_trees(*sides)


def test_new_gone_and_changed_files_differ_and_no_others(sides: tuple[Path, Path]) -> None:
    base, head = sides
    for root in sides:
        write(root, "projects/A/same", b"s" * (2 * BLOCK))
    write(base, "projects/A/gone")
    write(head, "projects/A/new")
    write(base, "projects/A/longer", b"a")
    write(head, "projects/A/longer", b"ab")
    write(base, "projects/A/late", b"s" * BLOCK + b"a")
    write(head, "projects/A/late", b"s" * BLOCK + b"b")
    assert trees(sides).differing == tuple(f"projects/A/{name}" for name in ("gone", "late", "longer", "new"))


@pytest.mark.parametrize(
    "path",
    ["projects/node_modules/project.yaml", "projects/A/__pycache__/x", "projects/.h/qa.yaml", ".github/.x", "a/.b"],
)
def test_whatever_is_read_after_the_merge_is_seen(sides: tuple[Path, Path], path: str) -> None:
    write(sides[1], path)
    assert trees(sides).differing == (path,)


@pytest.mark.parametrize("path", [".git/config", ".venv/bin/x", "bot/__pycache__/a.pyc", "tests/npm/node_modules/a.js"])
def test_what_tools_leave_is_passed_over(sides: tuple[Path, Path], path: str) -> None:
    write(sides[1], path)
    assert trees(sides).differing == ()


def test_links_are_told_and_not_followed(sides: tuple[Path, Path], tmp_path: Path) -> None:
    write(tmp_path / "outside", "deep/file")
    base, head = sides
    for root in sides:
        (root / "same").symlink_to("../outside")
    (base / "other").symlink_to("../outside")
    (head / "other").symlink_to("../outside/deep")
    write(base, "was")
    (head / "was").symlink_to("other")
    found = trees(sides)
    assert set(found.head) == {"same", "other", "was"}
    assert set(found.head.values()) == {Entry(Kind.LINK)}
    assert found.differing == ("other", "was")


def test_pipes_are_told_and_not_opened(sides: tuple[Path, Path]) -> None:
    for root in sides:
        (root / "projects").mkdir()
        os.mkfifo(root / "projects/pipe")
    found = trees(sides)
    assert found.head == {"projects/pipe": Entry(Kind.OTHER)}
    assert found.differing == ("projects/pipe",)


def test_one_side_may_lie_in_the_other(sides: tuple[Path, Path]) -> None:
    base, _ = sides
    head = base / "head"
    for root in (base, head):
        write(root, "projects/A/qa.yaml")
    found = read_trees(base, head)
    assert (set(found.base), found.differing) == ({"projects/A/qa.yaml"}, ())


def test_names_that_are_no_text_are_kept(sides: tuple[Path, Path]) -> None:
    write(sides[1], os.fsdecode(b"projects/A/\xff\n"))
    assert trees(sides).differing == (os.fsdecode(b"projects/A/\xff\n"),)


def test_a_side_that_is_not_there_is_no_empty_one(sides: tuple[Path, Path]) -> None:
    with pytest.raises(OSError, match="nowhere"):
        read_trees(sides[0], sides[1] / "nowhere")
