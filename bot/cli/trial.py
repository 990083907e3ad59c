"""Make the trial that a DA asked for with /run on a pull request, in a WORK_LMT of the DA's own, and tell the result.

Called by a workflow on the helpdesk's runner. Who asked, and what, is read from GitHub again; the official results
are not touched.
"""

from __future__ import annotations

import argparse
import signal

from bot.cli.github import opened
from bot.cli.output import print_json
from bot.cli.run import Shown, interrupt
from bot.settings import Site
from bot.stages.trial import run_trial

EXAMPLES = ("lmtbot trial --pull 17 --comment 4711 --line 1 --head 0123...    what that line of the comment asks for",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot trial`."""
    parser.add_argument("--pull", type=int, required=True, metavar="N", help="number of the pull request")
    parser.add_argument("--comment", type=int, required=True, metavar="ID", help="the comment with the command")
    parser.add_argument("--line", type=int, required=True, metavar="L", help="the command's line in it")
    parser.add_argument("--head", required=True, metavar="SHA", help="the commit whose files are taken")


def run(args: argparse.Namespace, site: Site) -> int:
    """Make the trial; 1 when something of it failed."""
    signal.signal(signal.SIGTERM, interrupt)
    shown = Shown(quiet=args.quiet > 0)
    with opened(site) as github:
        outcome = run_trial(site, github, args.pull, args.comment, args.line, args.head, shown.tell)
    shown.clear()
    told = {"good": outcome.good, "failed": [one.name for one in outcome.failed], "blocked": dict(outcome.blocked)}
    counts = f"{outcome.good} good, {len(outcome.failed)} failed, {len(outcome.blocked)} blocked"
    print_json(told) if args.json else print(counts)
    return 1 if outcome.failed or outcome.blocked else 0
