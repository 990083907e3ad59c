"""What takes long is told now and then, so that nobody takes a command that waits for a dead one."""

from __future__ import annotations

import logging
import time

SOON_S, LATER_S = 10.0, 60.0
"""When it is said that Slurm takes long, for the first time and then again."""


class Lasting:
    """Says every so often what Slurm takes long to end: a node that does not answer keeps it from that."""

    def __init__(self) -> None:
        self._next = time.monotonic() + SOON_S

    def tell(self, what: str) -> None:
        """Say it, if it is time."""
        if time.monotonic() > self._next:
            self._next = time.monotonic() + LATER_S
            logging.warning("Slurm has not ended %s yet; waiting for it. ^C leaves, the same command goes on", what)
