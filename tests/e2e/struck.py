"""Run lmtbot many times, and strike it at its Nth change of the disk: `python -m tests.e2e.struck`, a fork server.

Reads one Strike as JSON a line from stdin, runs lmtbot in a forked child (the imports are paid once), answers with
`PROCESS_ID` when it has begun and `EXIT_CODE` (negative: the signal) when it has ended. Must not be imported by bot/.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

STEPS = ("rename", "replace", "link", "symlink", "mkdir", "unlink", "rmdir", "fsync")


@dataclass(frozen=True)
class Strike:
    """What to run and what to do to it."""

    words: tuple[str, ...]
    environment: dict[str, str]
    told: str
    """File that gets stdout and stderr."""
    step: int = 0
    """Number of the step that is struck; 0: none."""
    how: str = "kill"
    """kill: SIGKILL before the step; after: SIGKILL after it; machine: SIGKILL before it, also to all calls that were
    started; full: the step fails for want of space; full for ever: that one and all later steps."""

    def as_json(self) -> str:
        return json.dumps(asdict(self))


class Steps:
    """Counts the steps of this process, and strikes."""

    def __init__(self, strike: Strike) -> None:
        self.strike = strike
        self.count = 0
        self.children: list[int] = []
        self.lock = threading.Lock()

    def watch(self) -> None:
        for name in STEPS:
            setattr(os, name, self.wrapped(getattr(os, name)))
        start = self.wrapped(subprocess.Popen._execute_child)  # type: ignore[attr-defined]

        def started(popen: Any, *words: Any) -> None:
            start(popen, *words)
            self.children.append(popen.pid)

        subprocess.Popen._execute_child = started  # type: ignore[attr-defined]

    def wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*words: Any, **named: Any) -> Any:
            with self.lock:
                self.count += 1
                number = self.count
            self.before(number)
            try:
                return function(*words, **named)
            finally:
                if number == self.strike.step and self.strike.how == "after":
                    self.die()

        return step

    def before(self, number: int) -> None:
        at, how = self.strike.step, self.strike.how
        if at and (number == at or (number > at and how == "full for ever")):
            if how.startswith("full"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if how != "after":
                self.die()

    def die(self) -> None:
        for child in self.children if self.strike.how == "machine" else ():
            try:
                os.killpg(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        os.kill(os.getpid(), signal.SIGKILL)


def child(strike: Strike) -> NoReturn:
    """Be lmtbot, struck or not."""
    from bot.cli.main import main

    os.setsid()
    told = os.open(strike.told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(told, 1)
    os.dup2(told, 2)
    os.environ.clear()
    os.environ.update(strike.environment)
    steps = Steps(strike)
    steps.watch()
    code = 3
    try:
        code = main(strike.words)
    finally:
        print(f"steps: {steps.count}", flush=True)
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    import bot.cli.run  # noqa: F401 - what a run imports is imported here, once

    for name in sys.argv[1:]:
        importlib.import_module(name)
    for line in sys.stdin:
        told = json.loads(line)
        process_id = os.fork()
        if not process_id:
            os.close(0)
            child(Strike(**{**told, "words": tuple(told["words"])}))
        print(process_id, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1]), flush=True)


class Server:
    """The fork server as a test sees it."""

    def __init__(self, repository: Path, *modules: str) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.struck", *modules], cwd=repository, stdin=pipe, stdout=pipe, text=True
        )

    def run(self, strike: Strike, begun: Callable[[int], None] = lambda _: None) -> tuple[int, str]:
        """Return exit code and what was said; `begun` gets the process id."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(strike.as_json() + "\n")
        self.process.stdin.flush()
        begun(int(self.process.stdout.readline()))
        code = int(self.process.stdout.readline())
        return code, Path(strike.told).read_text()

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=60)


if __name__ == "__main__":
    serve()
