"""The lines of a pipeline's log that a person wants to see after a failure. Pure.

Good runs chatter too (`error 1 occured`, two KeyError tracebacks a SEQ read; recorded runs), so that words like error
do not decide anything; they only choose what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

TELLING = re.compile(r"error|fail|exception|killed|cannot|no such|not found|no space|denied|traceback|abort", re.I)
CHATTER = re.compile(r"error 1 occured|KeyError|^\s*File \"|RuntimeWarning|DeprecationWarning|FutureWarning")
LAST, TOLD = 4, 6


def excerpt(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the last telling lines and the very last ones, in their order, each once."""
    kept = [number for number, line in enumerate(lines) if line.strip()]
    telling = [number for number in kept if TELLING.search(lines[number]) and not CHATTER.search(lines[number])]
    chosen = sorted({*telling[-TOLD:], *kept[-LAST:]})
    return tuple(lines[number].rstrip() for number in chosen)
