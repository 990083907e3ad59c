"""Failure on demand: which fault a call is to suffer, counted across processes.

A YAML file `{OBSNUM or FIRST_LAST or "*": [{fault: NAME, contains: TEXT, times: N, seconds: S, exit: E}]}`; the first
entry that matches and is not used up is taken. `contains` looks in the command line, `times` defaults to always.

    no_rc         exit 0, a directory with a log and no rc file at all
    half_rc       exit 0, the last rc file ends in the middle of a line, before its rms
    python_error  exit 0, a traceback in the log and a hollow product
    crash         a traceback, a partial tree, exit `exit` (default 1)
    oom           SIGKILL from inside, as the kernel does when memory runs out
    hang          sleep until killed, with a partial tree
    slow          sleep `seconds`, then go on

Must not sleep or kill by itself: `midway` does what the driver asks for in the middle of a call.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = ("no_rc", "half_rc", "python_error", "crash", "oom", "hang", "slow")
TRACEBACK = 'Traceback (most recent call last):\n  File "simulated.py", line 1, in <module>\nRuntimeError: on demand\n'


@dataclass(frozen=True)
class Fault:
    """One fault that a call suffers; an empty name is none."""

    name: str = ""
    seconds: float = 0.0
    exit: int = 1


class Crash(Exception):
    """The simulated pipeline dies; the driver turns it into a traceback and this exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"on demand, exit {code}")
        self.code = code


def _claim(state: Path, key: str, times: int) -> bool:
    state.mkdir(parents=True, exist_ok=True)
    for number in range(1, times + 1):
        try:
            os.close(os.open(state / f"{key}.{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            continue
        return True
    return False


def choose(path: Path, state: Path, oid: str, line: str) -> Fault:
    """Return the fault for a call and count it; raises ValueError for a fault of unknown name."""
    if not path.exists():
        return Fault()
    import yaml  # only where needed: a call is to take a tenth of a second

    table: dict[str, list[dict[str, Any]]] = {str(k): v for k, v in (yaml.safe_load(path.read_text()) or {}).items()}
    for key in (oid, "*"):
        for number, entry in enumerate(table.get(key) or []):
            if entry["fault"] not in NAMES:
                raise ValueError(f"{path}: {entry['fault']!r} is no fault; one of {', '.join(NAMES)}")
            if str(entry.get("contains", "")) not in line:
                continue
            if "times" in entry and not _claim(state, f"{key}.{number}".replace("*", "any"), int(entry["times"])):
                continue
            return Fault(entry["fault"], float(entry.get("seconds", 0)), int(entry.get("exit", 1)))
    return Fault()


def midway(fault: Fault, deadline: float) -> None:
    """Suffer what happens in the middle of a call, and last until `deadline` (monotonic seconds)."""
    if fault.name == "crash":
        raise Crash(fault.exit)
    if fault.name == "oom":
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    while fault.name == "hang":
        time.sleep(3600)
    if fault.name == "slow":
        deadline = max(deadline, time.monotonic() + fault.seconds)
    time.sleep(max(0.0, deadline - time.monotonic()))
