"""The door to what keeps a service alive: systemd's user manager and cron. Programs by argv lists only."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from bot.errors import DoorError

SECONDS = 60


def has_program(name: str) -> bool:
    """Say whether a program is on PATH."""
    return shutil.which(name) is not None


def run(words: Sequence[str], *, given: str = "") -> str:
    """Run a program to its end and return its output; raise DoorError with its own words when it fails."""
    try:
        done = subprocess.run(words, input=given, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DoorError(f"{' '.join(words)}: {error}; is {words[0]} installed and running?") from error
    if done.returncode:
        raise DoorError(f"{' '.join(words)}: exit code {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def read_crontab() -> str:
    """Return the user's crontab, "" if there is none."""
    try:
        return run(["crontab", "-l"])
    except DoorError as error:
        if "no crontab for" in str(error):
            return ""
        raise


def write_crontab(text: str) -> None:
    """Replace the user's crontab; an empty one is removed."""
    run(["crontab", "-"], given=text) if text else run(["crontab", "-r"])
