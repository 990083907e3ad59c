"""What git remembers of every project's files, by one call for all of them."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from bot.model.site import Commit

TIMEOUT_S = 120
_HEAD = "\x1e"
"""Stands before each commit; no name of a file or person holds it."""
_FORMAT = f"--format={_HEAD}%H%x1f%ct%x1f%an%x1f%s"


def project_commits(root: Path) -> dict[str, tuple[Commit, ...]]:
    """Return {pid: its commits, newest first}; {} where there is no git repository, or no commit yet."""
    words = ["git", "-C", str(root), "log", "-z", "--name-only", _FORMAT, "--relative", "--", "projects"]
    try:
        done = subprocess.run(words, capture_output=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return _parse(done.stdout.decode("utf-8", "replace")) if done.returncode == 0 else {}


def _parse(text: str) -> dict[str, tuple[Commit, ...]]:
    found: dict[str, dict[Commit, None]] = defaultdict(dict)
    for part in text.split(_HEAD)[1:]:
        head, _, names = part.partition("\0")
        fields = head.split("\x1f", 3)
        if len(fields) < 4:
            continue
        at = datetime.fromtimestamp(int(fields[1]), UTC).strftime("%Y-%m-%dT%H:%M:%S")
        commit = Commit(fields[0], at, fields[2], fields[3])
        for name in names.split("\0"):
            place = name.strip("\n").split("/")
            if len(place) > 2 and place[0] == "projects":
                found[place[1]][commit] = None
    return {pid: tuple(commits) for pid, commits in found.items()}
