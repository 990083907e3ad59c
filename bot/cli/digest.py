"""A night in words: what was observed, reduced, held back and why, and what waits for whom.

Markdown as it may stand in an issue, or a mail. Numbers, names and states only; nothing proprietary.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from bot.cli.output import print_json
from bot.settings import Site
from bot.stages.digest import make_digest

EXAMPLES = (
    "lmtbot digest                        the newest night",
    "lmtbot digest --night 2024-08-01     another",
    "lmtbot digest --mail | sendmail lmt-nights@example.org",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot digest`."""
    parser.add_argument("--night", metavar="YYYY-MM-DD", help="UT day (default: the newest in the log)")
    parser.add_argument("--mail", action="store_true", help="a mail with its subject, instead of Markdown")


def run(args: argparse.Namespace, site: Site) -> int:
    """Print the digest."""
    digest = make_digest(site, args.night)
    if args.json:
        print_json(asdict(digest))
    else:
        print(digest.mail if args.mail else f"# {digest.issue.title}\n\n{digest.issue.body}", end="")
    return 0
