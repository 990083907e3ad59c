"""Make the results of projects what main says: level 2 where it is approved, else level 1, then the QA pull request.

Looks at main, the ledger and GitHub, and does what is missing; called twice, late, or after a crash it ends the same.
What failed is not tried again by itself: --retry, or running the workflow again, does that.
"""

from __future__ import annotations

import argparse
import signal

from bot.cli.github import add_dry_run, event_text, is_rerun, opened, run_url
from bot.cli.output import print_json
from bot.cli.run import Shown, interrupt
from bot.errors import ProjectError
from bot.settings import Site
from bot.stages.reconcile import EVENT, Reconciled, asked_for, reconcile, touched, wanting

EXAMPLES = (
    "lmtbot reconcile --list              which projects want something",
    "lmtbot reconcile 2024-S1-MX-2        do it for one of them",
    "lmtbot reconcile --dispatch          let a runner do it for each, side by side",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot reconcile`."""
    parser.add_argument("pids", nargs="*", metavar="PID", help="these projects (default: all that want something)")
    parser.add_argument("--list", action="store_true", help="tell which projects want something, change nothing")
    parser.add_argument("--dispatch", action="store_true", help="start a workflow run for each of them")
    parser.add_argument("--event", action="store_true", help="the project that the event of this workflow run names")
    parser.add_argument("--retry", action="store_true", help="also what failed before with the same run lines")
    add_dry_run(parser)


def run(args: argparse.Namespace, site: Site) -> int:
    """Reconcile, list or dispatch; 1 when something failed, could not run or was refused."""
    signal.signal(signal.SIGTERM, interrupt)
    named, retry = asked_for(event_text()) if args.event else ((), False)
    pids = list(args.pids or named) or _pids(site)
    if args.list:
        print_json({"projects": pids}) if args.json else print("\n".join(pids) or "No project wants anything.")
        return 0
    with opened(site, dry_run=args.dry_run) as github:
        if args.dispatch:
            for pid in pids:
                github.dispatch(EVENT, {"pid": pid, "retry": args.retry})
            print_json({"dispatched": pids}) if args.json else print(f"{len(pids)} projects dispatched")
            return 0
        retry, shown = retry or args.retry or is_rerun(), Shown(quiet=args.quiet > 0)
        if args.dry_run:
            raise ProjectError("--dry-run is for --dispatch; `lmtbot run PID --dry-run` tells what would run")
        done = [reconcile(site, github, pid, shown.tell, retry=retry, run_url=run_url()) for pid in pids]
    shown.clear()
    if args.json:
        print_json([_as_json(one) for one in done])
    for one in () if args.json else done:
        _tell(one)
    return 0 if all(one.is_good for one in done) else 1


def _pids(site: Site) -> list[str]:
    """Return the projects that a push touched; without one, all that want something."""
    changed = touched(site, event_text())
    return list(wanting(site)) if changed is None else [pid for pid in changed if (site.projects / pid).is_dir()]


def _as_json(done: Reconciled) -> dict[str, object]:
    outcome, qa = done.outcome, done.qa
    return {
        "pid": done.pid,
        "level": done.level,
        "refused": list(done.refused),
        "good": outcome.good if outcome else 0,
        "failed": [record.name for record in outcome.failed] if outcome else [],
        "blocked": dict(outcome.blocked) if outcome else {},
        "qa": {"became": qa.became, "number": qa.number, "told": qa.told} if qa else None,
    }


def _tell(done: Reconciled) -> None:
    outcome = done.outcome
    counts = "nothing run"
    if outcome:
        counts = f"{outcome.good} done now, {len(outcome.failed)} failed, {len(outcome.blocked)} blocked"
    qa = f"; QA #{done.qa.number} {done.qa.became}" if done.qa and done.qa.number else ""
    print(f"{done.pid} level {done.level}: {counts}{qa}")
    for why in done.refused:
        print(f"    refused: {why}")
