"""Install the quick look as a service of this user, with the DATA_LMT, WORK_LMT and PATH of this shell written in.

By default a systemd user unit, started again whenever it ends; --now also starts it. Where there is no systemd, --cron
puts a marked block into your crontab, which starts the service at boot and, if it does not run, every five minutes. A
second call replaces the first one's work; other lines and files stay as they are.
"""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TYPE_CHECKING

from bot.cli.output import print_json
from bot.settings import Site

if TYPE_CHECKING:
    from bot.stages.installing import Installation

EXAMPLES = (
    "lmtbot install quicklook --dry-run        show the unit, install nothing",
    "lmtbot install quicklook --now            install and start it",
    "lmtbot install quicklook --cron           the same without systemd",
    "lmtbot install quicklook --uninstall --now",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot install`."""
    parser.add_argument("what", choices=("quicklook",), help="the service")
    parser.add_argument("--cron", action="store_true", help="use cron, not systemd")
    parser.add_argument("--now", action="store_true", help="start (or stop) the service too, by systemctl")
    parser.add_argument("--uninstall", action="store_true", help="take the service away")
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, write nothing")


def run(args: argparse.Namespace, site: Site) -> int:
    """Plan, write, and tell what is left to do."""
    from bot.stages import installing

    if args.uninstall:
        plan = installing.plan_removal(os.environ, cron=args.cron)
    elif args.cron:
        plan = installing.plan_cron(site, os.environ)
    else:
        plan = installing.plan_systemd(site, os.environ)
    if not args.dry_run:
        installing.install(plan)
        if args.now:
            installing.start(plan)
    if args.json:
        print_json(
            {
                "files": {str(one.path): one.text for one in plan.changes},
                "crontab": plan.crontab,
                "commands": [list(words) for words in plan.commands],
            }
        )
    else:
        _tell(args, plan)
    return 0


def _tell(args: argparse.Namespace, plan: Installation) -> None:
    for change in plan.changes:
        done = "removed" if change.text is None else "written"
        print(f"{change.path}: {'to be ' if args.dry_run else ''}{done}")
        if args.dry_run and change.text:
            print(f"\n{change.text}")
    if plan.crontab is not None:
        tense = "would be" if args.dry_run else "is now"
        print(f"your crontab {tense}:\n\n{plan.crontab}" if plan.crontab else f"your crontab {tense} empty")
    if plan.commands and (args.dry_run or not args.now):
        print(f"{'This stops' if args.uninstall else 'This starts'} it (--now does it for you):")
        print("\n".join(f"    {shlex.join(words)}" for words in plan.commands))
