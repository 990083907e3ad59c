"""One page to look at: every project's state, a plot of rms against expectation, pictures of every obsnum."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.cli.output import print_json
from bot.settings import Site
from bot.stages.planning import project_ids
from bot.stages.summary import write_summary

EXAMPLES = (
    "lmtbot summary                          all projects, in $WORK_LMT/summary.html",
    "lmtbot summary 2024-S1-MX-2 --out s.html",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot summary`."""
    parser.add_argument("pid", metavar="PID", nargs="*", help="only these projects")
    parser.add_argument("--out", metavar="FILE", help="the page (default: $WORK_LMT/summary.html)")


def run(args: argparse.Namespace, site: Site) -> int:
    """Write the page and print its path."""
    out = Path(args.out).absolute() if args.out else site.need_work() / "summary.html"
    path = write_summary(site, args.pid or project_ids(site), out)
    print_json({"page": str(path)}) if args.json else print(path)
    return 0
