"""Show what is with Slurm: who runs what, for which project, from which commit.

It lists the jobs of every user's lmtbot on this cluster, a row a batch (what was handed over at once).
"""

from __future__ import annotations

import argparse
from dataclasses import asdict

from bot.cli.output import print_json, print_table
from bot.settings import Site

EXAMPLES = (
    "lmtbot queue            everything of lmtbot in the queue",
    "lmtbot queue --json     the same for programs",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`lmtbot queue` has no options of its own."""
    del parser


def run(args: argparse.Namespace, site: Site) -> int:
    """Print the batches that live."""
    from bot.stages.slurm.jobs import list_queue

    found = list_queue(site)
    if args.json:
        print_json([asdict(one) for one in found])
        return 0
    head = ("user", "project", "level", "batch", "waiting", "running", "what", "Slurm says")
    print_table(
        head,
        [(x.user, x.pid, x.level, x.batch, x.waits, x.works, x.told, ", ".join(x.obstacles)) for x in found],
    )
    waits, works = sum(one.waits for one in found), sum(one.works for one in found)
    print(f"{works} jobs run, {waits} wait")
    return 0
