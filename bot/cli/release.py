"""Make the next release of a project: its name PID/vN, the notes, and what of it will be archived.

With a token of yours (GH_TOKEN) the release is published, and its workflow archives it once a PO lets it; without one
the command to do it is printed. What speaks against archiving it is told before anything is released.
"""

from __future__ import annotations

import argparse
import os
import shlex

from bot.cli.github import add_dry_run
from bot.cli.output import print_json
from bot.doors.github.opening import open_as_person
from bot.settings import Site
from bot.stages.archive.release import Prepared, make_release, prepare_release

EXAMPLES = (
    "lmtbot release 2024-S1-MX-2 --dry-run      name, notes, and what speaks against it",
    "lmtbot release 2024-S1-MX-2                publish it, with your token: GH_TOKEN=$(gh auth token)",
    "lmtbot release 2024-S1-MX-2 --notes notes.md  write the notes, print the command for gh",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot release`."""
    parser.add_argument("pid", metavar="PID", help="the project")
    parser.add_argument("--notes", metavar="FILE", help="write the notes there, publish nothing")
    add_dry_run(parser)


def run(args: argparse.Namespace, site: Site) -> int:
    """Publish the release, or print how; 1 when something speaks against it."""
    github = open_as_person(site.settings.github, os.environ)
    prepared = prepare_release(site, args.pid, github)
    url = ""
    if github and not prepared.refused and not args.notes:
        url = make_release(github, prepared, dry_run=args.dry_run)
    if args.notes and not args.dry_run:
        from pathlib import Path

        Path(args.notes).write_text(prepared.notes, encoding="utf-8")
    print_json(_as_json(prepared, url)) if args.json else _tell(prepared, url, args.notes or "NOTES.md", site)
    return 1 if prepared.refused else 0


def gh_command(prepared: Prepared, notes: str, repository: str) -> str:
    """Return the command by which a person publishes it."""
    words = ["gh", "release", "create", str(prepared.tag), "--target", prepared.commit, "--title", str(prepared.tag)]
    words += ["--notes-file", notes, *(["--repo", repository] if repository else [])]
    return shlex.join(words)


def _as_json(prepared: Prepared, url: str) -> dict[str, object]:
    return {
        "tag": str(prepared.tag),
        "commit": prepared.commit,
        "units": list(prepared.units),
        "left_out": prepared.left_out,
        "refused": [{"why": one.why, "cure": one.cure} for one in prepared.refused],
        "notes": prepared.notes,
        "url": url,
    }


def _tell(prepared: Prepared, url: str, notes: str, site: Site) -> None:
    if prepared.refused:
        print(f"{prepared.tag} would not be archived:")
        for one in prepared.refused:
            print(f"  - {one.why}\n    mend: {one.cure}")
        return
    if url:
        print(f"{prepared.tag} is published: {url}")
        return
    out = f", {len(prepared.left_out)} left out" if prepared.left_out else ""
    print(f"{prepared.tag}, on {prepared.commit[:12]}: {len(prepared.units)} products to be archived{out}")
    print(f"To publish it:\n  {gh_command(prepared, notes, site.settings.github.repository)}")
