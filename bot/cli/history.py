"""What was run for a project: when, by whom, from which commit, how it ended, and what it measured."""

from __future__ import annotations

import argparse

from bot.cli.output import print_json, print_table
from bot.doors.ledger import LedgerDoor
from bot.model.record import Record
from bot.settings import Site
from bot.stages.planning import read_project

EXAMPLES = (
    "lmtbot history 2024-S1-MX-2                    every attempt, newest last",
    "lmtbot history 2024-S1-MX-2 --name 112139      one obsnum, with its run lines and log",
    "lmtbot history 2024-S1-MX-2 --json             everything that the ledger knows",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot history`."""
    parser.add_argument("pid", metavar="PID", help="the project")
    parser.add_argument("--name", metavar="NAME", help="only this obsnum or combination (FIRST_LAST), with its lines")


def run(args: argparse.Namespace, site: Site) -> int:
    """Print the records of the ledger, oldest first."""
    folder = read_project(site, args.pid)
    ledger = LedgerDoor(site.need_work(), folder.pid).read()
    records = sorted(ledger.records, key=lambda one: (one.started, one.name))
    if args.name:
        records = [one for one in records if one.name == args.name]
    if args.json:
        print_json({"records": [one.model_dump(mode="json") for one in records], "torn": list(ledger.torn)})
        return 0
    head = ("started (UT)", "unit", "source", "try", "state", "seconds", "rms", "commit", "who", "verdict")
    print_table(head, [_row(one) for one in records])
    for record in records if args.name else ():
        told = [f"  exit {done.exit}  {done.line}" for done in record.outcomes]
        print(f"\n{record.name} try {record.attempt}: log {site.need_work() / record.log}", *told, sep="\n")
    for torn in ledger.torn:
        print(f"ignored: {torn}")
    print(f"{args.pid}: {len(records)} attempts on record")
    return 0


def _row(record: Record) -> tuple[object, ...]:
    seconds = sum(done.seconds for done in record.outcomes)
    rms = ", ".join(f"{bank}: {numbers['rms']:.4g}" for bank, numbers in record.metrics.items() if "rms" in numbers)
    commit = record.commit[:8] + ("+" if record.commit.endswith("+") else "")
    verdict = record.verdict if len(record.verdict) <= 60 else record.verdict[:57] + "..."
    started = record.started[:19].replace("T", " ")
    who = record.who.partition(" <")[0]
    return (
        started,
        record.name,
        record.source,
        record.attempt,
        record.state,
        f"{seconds:.1f}",
        rms,
        commit,
        who,
        verdict,
    )
