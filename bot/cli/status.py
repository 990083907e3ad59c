"""Where every project stands and what it waits for, derived from its files and the ledger: nobody types it."""

from __future__ import annotations

import argparse
import logging
from dataclasses import asdict

from bot.cli.github import opened
from bot.cli.output import print_json, print_table
from bot.errors import ProjectError
from bot.rules.state import with_pulls
from bot.settings import Site
from bot.stages.overview import standings
from bot.stages.planning import project_ids

EXAMPLES = (
    "lmtbot status                  all projects",
    "lmtbot status 2024-S1-MX-2     one of them",
    "lmtbot status --pulls          with the pull requests that are open on GitHub",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot status`."""
    parser.add_argument("pid", metavar="PID", nargs="*", help="only these projects")
    parser.add_argument("--pulls", action="store_true", help="ask GitHub too: what arrives, and whom it waits for")


def run(args: argparse.Namespace, site: Site) -> int:
    """Print one line a project; 1 when the files of one are wrong."""
    found = list(standings(site, args.pid or project_ids(site)))
    good = [one for one in found if not isinstance(one, ProjectError)]
    if args.pulls:
        with opened(site) as github:
            pulls = github.open_pulls()
        good = [with_pulls(one, pulls) for one in good]
    wrong = [one for one in found if isinstance(one, ProjectError)]
    if args.json:
        told = [asdict(one) for one in good]
        print_json({"projects": told, "errors": [f.as_json() for e in wrong for f in e.findings]})
    else:
        head = (
            "project",
            "state",
            "sources",
            "obsnums",
            "combinations",
            "done",
            "to do",
            "failed",
            "blocked",
            "waits for",
        )
        rows = [
            (s.pid, s.state, s.sources, s.obsnums, s.combinations, s.done, s.todo, s.failed, s.blocked, s.waits_for)
            for s in good
        ]
        print_table(head, rows)
        for error in wrong:
            print(error)
    for one in good:
        if one.torn:
            logging.warning("%s: %d records cannot be read; `lmtbot history %s` names them", one.pid, one.torn, one.pid)
    return 1 if wrong else 0
