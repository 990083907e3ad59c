"""Install a service of this user (quicklook, timer), or set up the repository on GitHub (github).

quicklook runs at the telescope and gives every new observation its quick look. timer runs on unity and makes, every few
minutes, the observation log and the arrivals' pull requests new, and lets what main wants be reduced: GitHub's own
schedules are late, and stop after 60 quiet days. The DATA_LMT, WORK_LMT, PATH of this shell are written in. By default
it becomes a systemd user unit; --now also starts it. Where there is no systemd, --cron puts a marked block into your
crontab. A second call replaces the first one's work; other lines and files stay as they are.

github makes labels, teams, branch protection, environment and settings of the repository what docs/github.md says,
with the rights of a person (GH_TOKEN): what differs is put right and told, what cannot be done is told with its step.
"""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TYPE_CHECKING

from bot.cli.output import print_json
from bot.errors import SettingsError
from bot.settings import Site

if TYPE_CHECKING:
    from bot.stages.installing import Installation

EXAMPLES = (
    "lmtbot install quicklook --dry-run        show the unit, install nothing",
    "lmtbot install quicklook --now            install and start it",
    "lmtbot install quicklook --cron           the same without systemd",
    "lmtbot install quicklook --uninstall --now",
    "lmtbot install timer --now --every 10     arrivals and what is to be reduced, on unity",
    "lmtbot install github --dry-run           what is not as it shall be on GitHub",
    "lmtbot install github                     put it right",
)
WHAT = ("quicklook", "timer", "github")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot install`."""
    parser.add_argument("what", choices=WHAT, help="the service, or the repository on GitHub")
    parser.add_argument("--cron", action="store_true", help="use cron, not systemd")
    parser.add_argument("--now", action="store_true", help="start (or stop) the service too, by systemctl")
    parser.add_argument("--every", type=_minutes, metavar="MINUTES", help="how often the timer goes off (default: 10)")
    parser.add_argument("--uninstall", action="store_true", help="take the service away")
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, write nothing")


def _minutes(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= 1440:
        raise argparse.ArgumentTypeError(f"{word}: minutes are whole numbers from 1 to 1440")
    return int(word)


def run(args: argparse.Namespace, site: Site) -> int:
    """Plan, write, and tell what is left to do."""
    if args.every is not None and args.what != "timer":
        raise SettingsError("--every is for `lmtbot install timer`")
    if args.what == "github":
        from bot.cli.install_github import run_github

        if args.cron or args.now or args.uninstall:
            raise SettingsError("--cron, --now and --uninstall are for services, not for the repository on GitHub")
        return run_github(args, site)
    plan = _plan(args, site)
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


def _plan(args: argparse.Namespace, site: Site) -> Installation:
    """Return what has to be done; it is done, unless this is a dry run."""
    from bot.stages import installing

    service, minutes = installing.SERVICES[args.what], args.every or installing.MINUTES
    if args.uninstall:
        plan = installing.plan_removal(service, os.environ, cron=args.cron)
    elif args.cron:
        plan = installing.plan_cron(service, site, os.environ, minutes)
    else:
        plan = installing.plan_systemd(service, site, os.environ, minutes)
    if not args.dry_run:
        installing.install(plan)
        if args.now:
            installing.start(service, plan)
    return plan


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
