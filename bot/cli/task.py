"""Run one line of a batch on a Slurm node. Slurm's jobs call it; people have no need to.

It judges, records and publishes as `lmtbot run` does on one machine, and exits with 1 unless the next line may follow.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.settings import Site

EXAMPLES = ("lmtbot task MANIFEST 17 0    the first line of unit 17",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `lmtbot task`."""
    parser.add_argument("manifest", metavar="MANIFEST", help="manifest.jsonl of the batch")
    parser.add_argument("number", metavar="NUMBER", help="the unit's place in the manifest")
    parser.add_argument("step", metavar="STEP", help="its line: 0, 1, 2")


def run(args: argparse.Namespace, site: Site) -> int:
    """Run the line."""
    from bot.stages.node import Order, run_task

    return 0 if run_task(site, Order(Path(args.manifest), int(args.number), int(args.step))) else 1


def main(words: list[str]) -> int:
    """Start the pipeline first, and import what judges it while it works; that is how Slurm's jobs come in."""
    from bot.stages.headstart import start_early

    start_early(Path(words[0]), int(words[1]), int(words[2]))
    from bot.cli.main import main as lmtbot

    return lmtbot(["task", *words])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
