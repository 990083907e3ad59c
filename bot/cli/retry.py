"""Hand what failed or was stopped last time to Slurm once more, with the combinations that wait for it.

`lmtbot run --executor slurm` leaves alone what the pipeline has failed on: the same line would fail again. This is
the way to say that something has changed: data, calibration, the pipeline itself.
"""

from __future__ import annotations

import argparse

from bot.cli.run import dry_run, execute
from bot.settings import Site
from bot.stages.level1 import Request

EXAMPLES = (
    "lmtbot retry 2024-S1-MX-2                     what failed, once more",
    "lmtbot retry 2024-S1-MX-2 --obsnum 112139     only this one and its combinations",
    "lmtbot retry 2024-S1-MX-2 --no-wait           hand over and leave",
    "lmtbot retry 2024-S1-MX-2 --dry-run           which lines that would be",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot retry`."""
    parser.add_argument("pid", metavar="PID", help="the project")
    parser.add_argument("--source", metavar="S", help="only this source")
    parser.add_argument("--obsnum", metavar="N", type=int, help="only this obsnum and its combinations")
    parser.add_argument("--wait", action=argparse.BooleanOptionalAction, default=True, help="watch until all has ended")
    parser.add_argument("--dry-run", action="store_true", help="tell what would run, and change nothing")


def run(args: argparse.Namespace, site: Site) -> int:
    """Retry; 1 when something failed or could not run."""
    request = Request(
        pid=args.pid, jobs=1, source=args.source, obsnum=args.obsnum, only_failed=True, executor="slurm", wait=args.wait
    )
    return dry_run(args, site, request) if args.dry_run else execute(args, site, request)
