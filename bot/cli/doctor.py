"""What is missing on this machine, and how to get it. Changes nothing."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from textwrap import shorten

from bot.cli.output import print_json, print_table, print_words
from bot.settings import Site
from bot.stages.doctor import Checkup, examine

EXAMPLES = (
    "lmtbot doctor            look at this machine",
    "lmtbot doctor --json     the same for programs",
)

WIDEST = 80
"""Columns of what was found; what is missing is told whole below."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`lmtbot doctor` has no options of its own."""
    del parser


def run(args: argparse.Namespace, site: Site) -> int:
    """Print every checkup; 1 when something that level 1 needs is missing."""
    found = list(examine(site))
    if args.json:
        print_json([asdict(one) for one in found])
    else:
        rows = [(one.name, _word(one), shorten(one.found, WIDEST, placeholder=" ...")) for one in found]
        print_table(("what", "is", "found"), rows)
        for one in found:
            if not one.is_good:
                print()
                print_words(f"{one.name}: {one.found}")
                print(f"    mend: {one.cure}" + ("" if one.is_needed else "  (optional)"))
    return 1 if any(one.is_needed and not one.is_good for one in found) else 0


def _word(one: Checkup) -> str:
    return "ok" if one.is_good else "MISSING" if one.is_needed else "see below"
