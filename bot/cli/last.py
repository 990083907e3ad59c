"""Tell the newest of everything: in the log, of each instrument, in each folder of raw data, at the quick look.

Reads only; files are told by the date and obsnum in their names. What is complete, and what is incomplete now, is as
the last `lmtbot scan` found it.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from bot.cli.output import print_json, print_table, print_words
from bot.formats.rawname import folder_of
from bot.settings import Site
from bot.stages.last import Newest, find_newest

EXAMPLES: tuple[str, ...] = (
    "lmtbot last                what came last",
    "lmtbot last --out ~/log    where `lmtbot scan --out ~/log` writes",
    "lmtbot last --json         the same, for programs",
)

NONE = "none"
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("--out", metavar="DIR", help="where log and index are (default: in the raw data)")


def run(args: argparse.Namespace, site: Site) -> int:
    """Look and tell."""
    newest = find_newest(site, Path(args.out) if args.out else None)
    print_json(asdict(newest)) if args.json else _print(newest, knows_work=site.work is not None)
    return 0


def _print(newest: Newest, *, knows_work: bool) -> None:
    print(f"Newest obsnum in the log:     {newest.log or NONE}")
    print(f"Newest quick look:            {newest.quick_look or (NONE if knows_work else 'WORK_LMT is not set')}")
    if newest.fault:
        print(f"\n{newest.fault}")
    else:
        print("\nNewest complete observation:")
        rows = [
            (name, seen.obsnum, seen.date_obs, seen.pgm, seen.goal, seen.source, seen.pid)
            for name, one in newest.instruments.items()
            if one and (seen := one.observation)
        ]
        print_table(("instrument", "obsnum", "UT", "obspgm", "obsgoal", "source", "project"), rows)
    print("\nNewest file:")
    files = [
        (folder_of(part), name.date if name else "", str(name.obsnum) if name else NONE, name.name if name else "")
        for part, name in newest.files.items()
    ]
    print_table(("folder", "date", "obsnum", "name"), files)
    if newest.incomplete:
        print(f"\nIncomplete now ({len(newest.incomplete):,}):")
        for one in sorted(newest.incomplete, key=lambda one: one.obsnum, reverse=True)[:SHOWN]:
            print_words(f"{one.obsnum}  {one.reason}", indent="  ")
        if len(newest.incomplete) > SHOWN:
            print(f"  ... and {len(newest.incomplete) - SHOWN:,} more; --json tells all of them")
