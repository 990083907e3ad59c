"""What git says about the project files: the commit, and who brought it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from bot.errors import DoorError


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


def commit_of(root: Path, name: str) -> str:
    """Return the commit that a tag (refs/tags/...), branch or other name means; "" where there is no such name."""
    return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")


def object_of(root: Path, name: str) -> str:
    """Return the object that a ref names: of an annotated tag the tag's own, not its commit's; "" if there is none."""
    return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", name)


def tags_of(root: Path, below: str) -> list[str]:
    """Return the tags whose name begins with a word and a slash."""
    return _git(root, "tag", "--list", f"{below}/*").split()


def is_ancestor(root: Path, commit: str, of: str = "HEAD") -> bool:
    """Say whether a commit is part of the history of another; no where git cannot tell."""
    return bool(commit) and _git(root, "merge-base", commit, of) == commit


def text_at(root: Path, commit: str, path: str) -> str | None:
    """Return a file's text as it was at a commit, None where there was none; raise DoorError if git cannot read it."""
    command = ["git", "-C", str(root), "cat-file", "blob", f"{commit}:{path}"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DoorError(
            f"{path} at {commit[:12]}: git does not answer ({type(error).__name__}); run it again"
        ) from error
    if done.returncode != 0:
        return None
    return done.stdout.decode("utf-8", "replace")


def changed_between(root: Path, before: str, after: str, below: str) -> list[str] | None:
    """Return the paths below a folder that differ between two commits, None when git cannot tell."""
    if not (_git(root, "cat-file", "-t", before) == _git(root, "cat-file", "-t", after) == "commit"):
        return None
    told = _git(root, "diff", "--name-only", "--no-renames", "-z", before, after, "--", below)
    return [path for path in told.split("\0") if path]


def blob_name(content: bytes) -> str:
    """Return the name that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
