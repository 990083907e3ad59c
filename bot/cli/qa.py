"""Have the QA pull request of a project say what is so now: worksheet, proposed verdicts, the lines of level 2."""

from __future__ import annotations

import argparse

from bot.cli.github import add_dry_run, opened
from bot.cli.output import print_json, print_table
from bot.errors import ProjectError
from bot.model.trail import Proposal
from bot.settings import Site
from bot.stages.comments import pid_of
from bot.stages.qa import renew_qa

EXAMPLES = (
    "lmtbot qa 2024-S1-MX-2       open it, or renew it after an edit",
    "lmtbot qa --branch qa/PID    the project of a branch; other branches are passed over",
    "lmtbot qa                    all that are open",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot qa`."""
    parser.add_argument("pids", nargs="*", metavar="PID", help="these projects (default: all that are open)")
    parser.add_argument("--branch", metavar="NAME", help="the project of this branch, nothing if it is no qa/PID")
    add_dry_run(parser)


def run(args: argparse.Namespace, site: Site) -> int:
    """Renew; 1 when a project's files cannot be read."""
    with opened(site, dry_run=args.dry_run) as github:
        pids = args.pids
        if not pids:
            pulls = github.open_pulls("qa/")
            pids = [pid_of(pull) for pull in pulls if args.branch in (None, pull.branch)]
        proposals, errors = [], []
        for pid in pids:
            try:
                proposals.append(renew_qa(site, github, pid))
            except ProjectError as error:
                errors.append(f"{pid}: {error}")
    _tell(args, proposals)
    if errors:
        raise ProjectError("\n".join(errors))
    return 0


def _tell(args: argparse.Namespace, proposals: list[Proposal]) -> None:
    if args.json:
        keys = ("pid", "became", "number", "told")
        print_json([{key: getattr(one, key) for key in keys} for one in proposals])
    elif proposals:
        rows = [(one.pid, str(one.became), f"#{one.number}" if one.number else "", one.told) for one in proposals]
        print_table(("project", "pull request", "", "about"), rows)
    else:
        print("No QA pull request is open.")
