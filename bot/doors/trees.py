"""The door to two checkouts side by side. The files are a stranger's: no link is followed, only files are opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from bot.model.tree import Entry, Kind, Trees

BLOCK = 1 << 16
PASSED_OVER = ("__pycache__", "node_modules")
KEPT = ("projects", ".github")
"""Here nothing is passed over: it is read, also after the merge."""


def read_trees(base: Path, head: Path) -> Trees:
    """Return both trees and where they differ; one may lie in the other. What is hidden or made is passed over.

    Raises OSError when one of them cannot be looked into.
    """
    roots = {base.stat().st_ino, head.stat().st_ino}
    ours, theirs = dict(_entries(base, roots)), dict(_entries(head, roots))
    differing = [path for path in {*ours, *theirs} if not _is_same(path, base, ours, head, theirs)]
    return Trees(ours, theirs, tuple(sorted(differing)))


def _entries(root: Path, roots: Collection[int]) -> Iterator[tuple[str, Entry]]:
    left = [(str(root), "")]
    while left:
        folder, prefix = left.pop()
        try:
            found = sorted(os.scandir(folder), key=lambda one: one.name)
        except OSError:
            if not prefix:
                raise
            yield prefix.rstrip("/"), Entry(Kind.OTHER)
            continue
        for one in found:
            if _is_passed_over(one.name, prefix):
                continue
            if not one.is_dir(follow_symlinks=False):
                yield prefix + one.name, _entry(one)
            elif one.inode() not in roots:
                left.append((one.path, f"{prefix}{one.name}/"))


def _is_passed_over(name: str, prefix: str) -> bool:
    top = prefix.partition("/")[0] or name
    return top not in KEPT and (top.startswith(".") or name in PASSED_OVER)


def _entry(one: os.DirEntry[str]) -> Entry:
    if one.is_symlink():
        return Entry(Kind.LINK)
    told = one.stat(follow_symlinks=False)
    return Entry(Kind.FILE, told.st_size) if stat.S_ISREG(told.st_mode) else Entry(Kind.OTHER)


def _is_same(path: str, base: Path, ours: dict[str, Entry], head: Path, theirs: dict[str, Entry]) -> bool:
    one, two = ours.get(path), theirs.get(path)
    if one is None or one != two:
        return False
    if one.kind is Kind.LINK:
        return (base / path).readlink() == (head / path).readlink()
    return one.kind is Kind.FILE and _is_same_content(base / path, head / path)


def _is_same_content(one: Path, two: Path) -> bool:
    try:
        with _open(one) as ours, _open(two) as theirs:
            while (block := ours.read(BLOCK)) == theirs.read(BLOCK):
                if not block:
                    return True
    except OSError:  # what cannot be read is not known to be the same; who reads it says why
        return False
    return False


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
