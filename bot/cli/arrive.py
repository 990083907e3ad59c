"""Have one pull request for each project with new observations: opened, renewed in place, closed when main has all.

Reads the observation log and this checkout of main, writes to GitHub and to nothing else. With nothing new there is one
call and no write. Called on a timer, it is all that arrivals need.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.github import add_dry_run, opened
from bot.cli.output import print_json, print_table
from bot.model.trail import Became
from bot.rules.arrival import Why
from bot.settings import Site
from bot.stages.arrival import default_log
from bot.stages.arrival_pulls import Pass, propose_arrivals

EXAMPLES = (
    "lmtbot arrive                         all projects, from $DATA_LMT/data_lmt.log",
    "lmtbot arrive --dry-run               what would be opened, renewed and closed",
    "lmtbot arrive 2024-S1-MX-2 --log F    one project, from another log",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot arrive`."""
    parser.add_argument("pids", nargs="*", metavar="PID", help="only these projects")
    parser.add_argument("--log", metavar="FILE", help="observation log (default: data_lmt.log in the raw data)")
    add_dry_run(parser)


def run(args: argparse.Namespace, site: Site) -> int:
    """Make a pass; 1 when a project could not be dealt with."""
    with opened(site, dry_run=args.dry_run) as github:
        log = Path(args.log) if args.log else default_log(site)
        done = propose_arrivals(site, github, log, pids=args.pids, now=datetime.now(UTC))
        calls, writes = github.session.calls, github.session.writes
    if args.json:
        proposals = [asdict(one) for one in done.proposals]
        held = [{**asdict(one), "cure": one.cure} for one in done.arrivals.held]
        print_json({"proposals": proposals, "held": held, "calls": calls, "writes": writes})
    else:
        _tell(done)
    stuck = any(one.told.startswith("its files") for one in done.proposals)
    return 1 if stuck or any(held.why is Why.BROKEN for held in done.arrivals.held) else 0


def _tell(done: Pass) -> None:
    rows = [(one.pid, str(one.became), f"#{one.number}" if one.number else "", one.told) for one in done.proposals]
    if rows:
        print_table(("project", "pull request", "", "about"), rows)
    else:
        print("Nothing arrives.")
    changed = sum(one.became in (Became.OPENED, Became.UPDATED, Became.CLOSED) for one in done.proposals)
    held = len(done.arrivals.held)
    print(f"\n{changed} pull requests changed; {held} observations are held back (`lmtbot arrivals` says why).")
