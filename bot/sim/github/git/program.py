"""What the git program itself must do: merges, fetches between repositories, new repositories. Argv lists only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pygit2

from bot.errors import DoorError
from bot.sim.github.git.objects import Repository, Signature

CLEAN = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def environment() -> dict[str, str]:
    """Return an environment in which only the repository's own settings count."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    return kept | CLEAN


def git(folder: Path, *words: str, good: Sequence[int] = (0,)) -> tuple[int, str]:
    """Run git in a repository; return exit code and output; raise DoorError unless the code is a good one."""
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, env=environment(), check=False
    )
    if done.returncode not in good:
        raise DoorError(f"{folder}: git {words[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.returncode, done.stdout


def create(folder: Path, default_branch: str) -> None:
    """Make an empty bare repository."""
    git(folder.parent, "init", "-q", "--bare", f"--initial-branch={default_branch}", str(folder))
    _settle(folder)


def copy(origin: Path, folder: Path) -> None:
    """Make a bare repository with all branches and tags of another one."""
    git(folder.parent, "clone", "-q", "--bare", str(origin), str(folder))
    git(folder, "remote", "remove", "origin")
    _settle(folder)


def _settle(folder: Path) -> None:
    config = pygit2.Config(str(folder / "config"))
    for name, value in (
        ("core.logAllRefUpdates", "always"),
        ("receive.advertisePushOptions", "true"),
        ("gc.auto", "0"),
    ):
        config[name] = value


def fetch(into: Path, origin: Path, sha: str) -> None:
    """Bring a commit and all behind it from another repository of ours; no ref moves."""
    git(into, "-c", "protocol.file.allow=always", "fetch", "-q", "--no-tags", "--no-write-fetch-head", str(origin), sha)


def merged_tree(repository: Repository, ours: str, theirs: str) -> str | None:
    """Return the tree of a real three-way merge of two commits, or None when there are conflicts."""
    code, text = git(
        repository.folder, "merge-tree", "--write-tree", "--allow-unrelated-histories", ours, theirs, good=(0, 1)
    )
    return text.split("\n", 1)[0].strip() if code == 0 else None


def rebased(repository: Repository, onto: str, commits: Sequence[str], committer: Signature) -> str | None:
    """Return the last of copies of the commits on top of `onto`, oldest first; None when one conflicts.

    A copy is a three-way merge whose ancestor is the commit's parent. git before 2.40 cannot be told the ancestor, so
    the tip is given once more as a commit that has that parent.
    """
    tip = onto
    for sha in commits:
        commit = repository.commit(sha)
        parents = [str(parent) for parent in commit.parent_ids[:1]]
        tree = str(repository.commit(tip).tree_id)
        author = Signature(commit.author.name, commit.author.email, commit.author.time)
        stand_in = repository.write_commit(tree, parents, "stand-in", author=committer, committer=committer)
        merged = merged_tree(repository, stand_in, sha)
        if merged is None:
            return None
        if merged != tree:
            tip = repository.write_commit(merged, [tip], commit.message, author=author, committer=committer)
    return tip
