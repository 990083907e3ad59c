"""Read back what lies in the archive of a project, and compare it with what was sent."""

from __future__ import annotations

import argparse
import os

from bot.cli.output import print_json, print_table
from bot.doors.stores.opening import open_store
from bot.settings import Site
from bot.stages.archive.trace import verify_project

EXAMPLES = ("lmtbot verify 2024-S1-MX-2    every file of every deposit",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot verify`."""
    parser.add_argument("pid", metavar="PID", help="the project")


def run(args: argparse.Namespace, site: Site) -> int:
    """Verify; 1 when a deposit is not what was sent."""
    done = list(verify_project(site, args.pid, lambda name, pid: open_store(site, os.environ, name=name, pid=pid)))
    faulty = [one for one in done if one.faults]
    if args.json:
        print_json([{**one.deposit.model_dump(), "faults": list(one.faults)} for one in done])
        return 1 if faulty else 0
    rows = [(one.deposit.name, one.deposit.id, "; ".join(one.faults) or "whole") for one in done]
    print_table(("product", "identifier", "found"), rows)
    print(f"{len(done) - len(faulty)} of {len(done)} deposits are what was sent")
    return 1 if faulty else 0
