"""Receive the quick looks that the telescope sends: unpack, log, renew the last100 page.

The telescope calls this over ssh after each TAP; it may also run from cron, and be repeated or killed at will. What is
refused is put aside in lmtbot/inbox/refused/ with the reason, and stops nothing else. Without --receive: only tell what
lies in the inbox and what becomes of it.
"""

from __future__ import annotations

import argparse

from bot.cli.output import print_json, print_table
from bot.settings import Site

EXAMPLES = (
    "lmtbot taps                                  look into the inbox",
    "lmtbot taps --receive                        receive everything in it",
    "lmtbot taps --receive --work /nese/work_lmt  the same, for another WORK_LMT",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot taps`."""
    parser.add_argument("--receive", action="store_true", help="unpack, log, renew the page")
    parser.add_argument("--dry-run", action="store_true", help="with --receive: tell what would be done, do nothing")


def run(args: argparse.Namespace, site: Site) -> int:
    """Receive or look; 1 when something is refused now."""
    from bot.doors.tapstore import TapStore
    from bot.stages.quicklook.taps import REFUSED, look_into, receive_taps

    work = site.need_work_there()
    act = receive_taps if args.receive and not args.dry_run else look_into
    done = act(site, work)
    refused = TapStore(work).reasons()
    if args.json:
        print_json({"taps": [one.as_json() for one in done], "refused": refused})
    else:
        rows = [(one.facts.stem, one.look.pid if one.look else "", one.outcome) for one in done]
        reasons = [one.reason for one in done]
        print_table(("quick look", "project", "is"), rows, reasons) if rows else print("The inbox is empty.")
        if refused:
            print(f"\n{len(refused)} refused so far, with the reasons in {TapStore(work).refused}")
    return 1 if any(one.outcome == REFUSED for one in done) else 0
