"""Run one line of a batch on a Slurm node: MANIFEST NUMBER STEP ROOT WORK [DATA].

Slurm's jobs call it (templates/slurm.sh.j2), behind the head start of the line's call; people have no need to. It
judges, records and publishes as `lmtbot run` does on one machine, and exits with 1 unless the next line may follow. A
project has thousands of lines: no settings are read and no options parsed here that the batch has not told already.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from bot.cli.main import guard
from bot.stages.node import Order, run_task


def main(words: list[str]) -> NoReturn:
    """Run the line, and end the process."""
    code = guard(lambda: 0 if run_task(_order(*words)) else 1)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # nothing is left to do: taking everything down in order costs as much as a verdict


def _order(manifest: str, number: str, step: str, root: str, work: str, data: str = "") -> Order:
    return Order(Path(manifest), int(number), int(step), Path(root), Path(work), Path(data) if data else None)
