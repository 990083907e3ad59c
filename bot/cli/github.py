"""The open door to GitHub, as verbs use it: from the environment, with what earlier processes were told."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.doors.files import read_text
from bot.doors.github import GitHub, open_github
from bot.doors.github.opening import keep
from bot.settings import Site
from bot.stages.arrival import index_folder

KEPT = "github.json"


@contextmanager
def opened(site: Site, *, dry_run: bool = False) -> Iterator[GitHub]:
    """Give GitHub; what it told is kept for the next time, so that asking again costs nothing."""
    path = index_folder(site) / KEPT
    github = open_github(site.settings.github, os.environ, dry_run=dry_run, kept=path)
    yield github
    if not dry_run:
        keep(github, path)


def add_dry_run(parser: argparse.ArgumentParser) -> None:
    """Declare --dry-run of a verb that writes to GitHub."""
    parser.add_argument("--dry-run", action="store_true", help="tell on stderr what would be written, write nothing")


def run_url() -> str:
    """Return the address of the workflow run that we are, "" outside of one."""
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (os.environ.get(name, "") for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""


def is_rerun() -> bool:
    """Say whether a person had the workflow run again: then what failed is tried again too."""
    return os.environ.get("GITHUB_RUN_ATTEMPT", "1") not in ("", "1")


def event_text() -> str:
    """Return the event that started the workflow run as JSON, "" outside of one."""
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    return read_text(Path(path)) if path else ""
