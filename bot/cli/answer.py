"""Carry out and answer the commands in the comments of a pull request: /grade, /flag, /run, /help and the others.

On the issue of a webrun its text is answered too (docs/webrun.md).

Every comment without an answer is looked at, so a call too many, or one that was lost, does no harm. docs/qa.md names
the commands and who may give them.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from bot.cli.github import add_dry_run, opened, run_url
from bot.cli.output import print_json
from bot.settings import Site
from bot.stages.comments import answer_comments
from bot.stages.webrun.issue import Attended, attend, is_webrun

EXAMPLES = ("lmtbot answer 17      the commands on pull request (or webrun) 17",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot answer`."""
    parser.add_argument("number", type=int, metavar="N", help="number of the pull request or issue")
    add_dry_run(parser)


def run(args: argparse.Namespace, site: Site) -> int:
    """Answer; refused commands are answers too."""
    with opened(site, dry_run=args.dry_run) as github:
        if is_webrun(github.topic(args.number)):
            return _tell(args, attend(site, github, args.number, run_url=run_url()))
        answered = answer_comments(site, github, args.number, run_url=run_url())
    if args.json:
        print_json([asdict(one) for one in answered])
    else:
        for one in answered:
            done = sum(answer.is_done for answer in one.answers)
            print(f"comment {one.comment} of {one.author}: {done} of {len(one.answers)} commands done")
        print(f"{len(answered)} comments answered.")
    return 0


def _tell(args: argparse.Namespace, attended: Attended) -> int:
    if args.json:
        print_json(asdict(attended))
        return 0
    done = sum(answer.is_done for answer in attended.answers)
    sessions = ", ".join(attended.sessions) or "no session"
    print(f"#{attended.number}: {attended.state or 'nothing to say'}, {sessions}; {done} commands done")
    return 0
