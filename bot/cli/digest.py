"""A night in words: what was observed, reduced, held back and why, and what waits for whom.

Markdown as it may stand in an issue, or a mail. Numbers, names and states only; nothing proprietary. With --issue one
issue a night on GitHub says it: opened once, edited in place, closed when the next night has come.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from bot.cli.github import add_dry_run, opened
from bot.cli.output import print_json
from bot.settings import Site
from bot.stages.digest import Digest, keep_issue, make_digest

EXAMPLES = (
    "lmtbot digest                        the newest night",
    "lmtbot digest --night 2024-08-01     another",
    "lmtbot digest --issue                keep the issue of the newest night; called again, it is edited",
    "lmtbot digest --mail | sendmail lmt-nights@example.org",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot digest`."""
    parser.add_argument("--night", metavar="YYYY-MM-DD", help="UT day (default: the newest in the log)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--mail", action="store_true", help="a mail with its subject, instead of Markdown")
    how.add_argument("--issue", action="store_true", help="keep the night's issue on GitHub, and print its address")
    add_dry_run(parser)


def run(args: argparse.Namespace, site: Site) -> int:
    """Print the digest, or keep its issue."""
    digest = make_digest(site, args.night)
    if args.issue:
        return _keep(site, digest, dry_run=args.dry_run, as_json=args.json)
    if args.json:
        print_json(asdict(digest))
    else:
        print(digest.mail if args.mail else f"# {digest.issue.title}\n\n{digest.issue.body}", end="")
    return 0


def _keep(site: Site, digest: Digest, *, dry_run: bool, as_json: bool) -> int:
    with opened(site, dry_run=dry_run) as github:
        topic = keep_issue(github, digest)
        told = {"number": topic.number, "url": topic.url, "writes": github.session.writes}
    if as_json:
        print_json(told)
    elif topic.url:
        print(topic.url)
    return 0
