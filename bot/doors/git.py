"""What git says about the project files: the commit, and who brought it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path


def describe_head(root: Path, below: str) -> tuple[str, str]:
    """Return (commit, its author) of HEAD; of a merge on GitHub the author is who merged.

    `+` behind the commit means uncommitted changes below that folder. ("", "") where there is no git repository:
    people may try a plain folder.
    """
    commit = commit_of_head(root)
    if not commit:
        return "", ""
    changed = "+" if _git(root, "status", "--porcelain", "--", below) else ""
    return commit + changed, _git(root, "log", "-1", "--format=%an <%ae>")


def commit_of_head(root: Path) -> str:
    """Return the commit that is checked out; "" where there is no git repository."""
    return _git(root, "rev-parse", "HEAD")


def parents_of_head(root: Path) -> tuple[str, ...]:
    """Return the parents of HEAD as its commit names them, also where they were not fetched."""
    told = _git(root, "cat-file", "commit", "HEAD").partition("\n\n")[0]
    return tuple(line.removeprefix("parent ") for line in told.splitlines() if line.startswith("parent "))


def _git(root: Path, *words: str) -> str:
    """Run git; "" when it fails or is not there."""
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def last_change(root: Path, below: str, before: str = "HEAD") -> str:
    """Return the newest commit of main's own line that changed something below a path, "" if none is known.

    Of a merged pull request it is the merge. The checkout must have the whole history.
    """
    return _git(root, "log", "-1", "--first-parent", "--format=%H", before, "--", below)


def changed_between(root: Path, before: str, after: str, below: str) -> list[str] | None:
    """Return the paths below a folder that differ between two commits, None when git cannot tell."""
    if not (_git(root, "cat-file", "-t", before) == _git(root, "cat-file", "-t", after) == "commit"):
        return None
    told = _git(root, "diff", "--name-only", "--no-renames", "-z", before, after, "--", below)
    return [path for path in told.split("\0") if path]


def blob_name(content: bytes) -> str:
    """Return the name that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
