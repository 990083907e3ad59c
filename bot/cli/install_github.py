"""What `lmtbot install github` tells: one line a part, what was put right, what is left and how a person does it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict

from bot.cli.output import print_json
from bot.doors.github.administration import open_administration
from bot.model.setup import Became, Settled
from bot.settings import Site
from bot.stages.install_github import set_up

INDENT = " " * 4
OPEN = {Became.MADE: "to be made", Became.CHANGED: "to be put right"}
"""What a dry run says instead."""


def run_github(args: argparse.Namespace, site: Site) -> int:
    """Set up the repository; 1 when something is left for a person."""
    door = open_administration(site.settings.github, os.environ, dry_run=args.dry_run)
    done = list(set_up(site.settings, door))
    if args.json:
        print_json({"parts": [asdict(one) for one in done], "calls": door.session.calls, "writes": door.session.writes})
    else:
        _tell(done, dry_run=args.dry_run)
    return 1 if any(one.became is Became.LEFT for one in done) else 0


def _tell(done: Sequence[Settled], *, dry_run: bool) -> None:
    width = max(len(one.what) for one in done)
    for one in done:
        became = OPEN.get(one.became, str(one.became)) if dry_run else str(one.became)
        print(f"{one.what.ljust(width)}  {became}{f': {one.told}' if one.told else ''}")
        for differ in one.differences:
            print(f"{INDENT}{differ.where}: {_shown(differ.found)} -> {_shown(differ.wanted)}")
        for line in one.step.splitlines():
            print(f"{INDENT}{line}".rstrip())
    counts = {became: sum(one.became is became for one in done) for became in Became}
    ready = counts[Became.MADE] + counts[Became.CHANGED]
    verb = "would change" if dry_run else "changed"
    print(f"\n{ready} {verb}, {counts[Became.SAME]} as they shall be, {counts[Became.LEFT]} left for a person.")


def _shown(value: object) -> str:
    return "not set" if value is None else json.dumps(value)
