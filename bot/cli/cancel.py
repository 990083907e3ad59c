"""Cancel the jobs of a project that are with Slurm: its own by their digests, and nobody else's.

What they had reached is on record as stopped; the official products stay. `lmtbot run PID --executor slurm` hands it
over again. A runner that waits elsewhere goes on handing over what it still has: stop that first with ^C.
"""

from __future__ import annotations

import argparse

from bot.cli.output import print_json
from bot.settings import Site

EXAMPLES = (
    "lmtbot cancel 2024-S1-MX-2              end what Slurm has of this project",
    "lmtbot cancel 2024-S1-MX-2 --dry-run    how many jobs that would be",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `lmtbot cancel`."""
    parser.add_argument("pid", metavar="PID", help="the project")
    parser.add_argument("--dry-run", action="store_true", help="tell how many jobs, and cancel nothing")


def run(args: argparse.Namespace, site: Site) -> int:
    """Cancel, and close the records where nobody else does."""
    from bot.errors import Busy
    from bot.stages.level1 import settle_slurm
    from bot.stages.planning import read_project
    from bot.stages.slurm.jobs import cancel_jobs, has_batches

    if not has_batches(site, args.pid):  # its files may be broken, or gone, while its jobs go on
        read_project(site, args.pid)
    count = cancel_jobs(site, args.pid, dry_run=args.dry_run)
    told = ""
    try:
        if not args.dry_run:
            settle_slurm(site, args.pid)
    except Busy as busy:
        told = str(busy)
    if args.json:
        print_json({"pid": args.pid, "dry_run": args.dry_run, "cancelled": count, "runner": told})
        return 0
    print(f"{args.pid}: {count} jobs {'would be ' if args.dry_run else ''}cancelled")
    if told:
        print(f"a runner is still there: {told}")
    return 0
