"""Begin a project before it has data: a pull request (or, with --here, the files) with its folder from templates/.

PI, title and public date come from the site's table of projects (`project_table` in the settings), when it has one.
"""

from __future__ import annotations

import argparse

from bot.cli.github import add_dry_run, opened
from bot.cli.output import print_json
from bot.settings import Site
from bot.stages.new_project import propose_new, write_new

EXAMPLES = (
    "lmtbot new 2025-S1-MX-7                 a pull request with projects/2025-S1-MX-7",
    "lmtbot new 2025-S1-MX-7 --here          the files in this checkout, nothing on GitHub",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot new`."""
    parser.add_argument("pid", metavar="PID", help="ProjectId")
    parser.add_argument("--here", action="store_true", help="write the files in this checkout")
    add_dry_run(parser)


def run(args: argparse.Namespace, site: Site) -> int:
    """Begin the project; the same call again changes nothing."""
    if args.here:
        paths = write_new(site, args.pid, dry_run=args.dry_run)
        told = [str(path.relative_to(site.root)) for path in paths]
        print_json({"pid": args.pid, "made": told}) if args.json else print("\n".join(f"made {one}" for one in told))
        return 0
    with opened(site, dry_run=args.dry_run) as github:
        proposal = propose_new(site, github, args.pid)
    if args.json:
        print_json({"pid": proposal.pid, "became": proposal.became, "number": proposal.number, "url": proposal.url})
    else:
        print(f"{proposal.pid}: {proposal.became} #{proposal.number} {proposal.url}")
    return 0
