"""Calls of the pipeline on this machine: start, find again after a crash, stop. Nothing here judges the result.

A call is known by its work area, which nobody else uses: in its argument list (`work_lmt=AREA`), which everybody may
read, and in the TMPDIR that all processes of the call inherit, also those that left its process group. So a call whose
starter was killed is found in the process table and not started twice, and one that is stopped leaves nobody behind.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.errors import DoorError, SettingsError

POLL_S = 0.02
LOOK_UP_S = 0.2
"""How often who waits for a call looks up from it, to see whether it is to be stopped."""
KEEPER = '"$@"; code=$?; echo "$code" >"$0.new" && mv "$0.new" "$0"; exit "$code"'
"""A fixed shell text that outlives us and writes the exit code down; the call's words are arguments, never its text."""
EXIT_FILE = "exit"
"""exit.N, N = 0, 1, ... for the calls of an attempt: the code of a call must never be taken for the next one's."""
BEGUN_FILE = "begun"
"""begun.N: its time is when the call was started."""
SCRATCH = "scratch"
GRACE_S = 3.0
"""How long a call may take to end by itself when it is asked to, and again when it is made to."""
_SECRET = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|^(GH|GITHUB|ACTIONS|RUNNER|LMTBOT)_", re.I
)


class Call:
    """One running call of the pipeline: our own child, or processes found in the process table."""

    def __init__(self, process_id: int, area: Path, child: subprocess.Popen[bytes] | None = None) -> None:
        self.process_id = process_id
        self.area = area
        self.child = child

    def has_ended(self) -> bool:
        """Say whether it has ended. A number in the process table is not enough: it may be somebody else's by now."""
        if self.child is not None:
            return self.child.poll() is not None
        if not _works_in(self.process_id, self.area):
            left = _at_work(self.area)
            if not left:
                return True
            self.process_id = left[0]
        return False

    def wait(self, seconds: float) -> None:
        """Wait for its end, at most this long; may come back early, so ask has_ended()."""
        try:
            handle = os.pidfd_open(self.process_id)
        except OSError:  # it has just ended, or the system cannot tell
            time.sleep(min(seconds, POLL_S))
            return
        try:
            looker = select.poll()
            looker.register(handle, select.POLLIN)
            looker.poll(1000 * seconds)
        finally:
            os.close(handle)

    def stop(self) -> None:
        """End all that works in its area: politely, then for certain; raise DoorError for who cannot be ended."""
        began = time.monotonic()
        _signal(_at_work(self.area), signal.SIGTERM)
        while left := _at_work(self.area):
            if time.monotonic() - began > 2 * GRACE_S:
                raise DoorError(f"process {left[0]} works in {self.area} and cannot be ended from here; end it first")
            if time.monotonic() - began > GRACE_S:
                _signal(left, signal.SIGKILL)
            time.sleep(POLL_S)
        if self.child is not None:
            self.child.wait()


class LocalPipeline:
    """The pipeline as a command of this machine."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, data: Path | None, work: Path
    ) -> None:
        self.command = tuple(command)
        safe = {key: value for key, value in environment.items() if not _SECRET.search(key)}
        self.environment = {**safe, "WORK_LMT": str(work), **({"DATA_LMT": str(data)} if data else {})}

    def with_data(self, data: Path | None) -> LocalPipeline:
        """Return the same pipeline with another DATA_LMT; None: with the same."""
        work = Path(self.environment["WORK_LMT"])
        return LocalPipeline(self.command, self.environment, data=data, work=work) if data else self

    def locate(self) -> str:
        """Return the path of the program; raise SettingsError when it is not there."""
        found = shutil.which(self.command[0], path=self.environment.get("PATH"))
        if found is None:
            raise SettingsError(
                f"{self.command[0]}: this program is not on PATH; install the pipeline, set pipeline.command in "
                ".github/lmtbot.yml, or try `lmtbot demo`, which brings a simulated one"
            )
        return found

    def start(self, words: Sequence[str], area: Path, log: Path, number: int) -> Call:
        """Start an attempt's call of this number; it writes below `area` only, what it prints is added to the log.

        It gets a session of its own, so that a ^C or hang-up meant for us does not reach it by accident.
        """
        scratch = area / SCRATCH
        scratch.mkdir(parents=True, exist_ok=True)
        (area / f"{BEGUN_FILE}.{number}").touch()
        call = [self.locate(), *self.command[1:], *words, f"work_lmt={area}"]
        with log.open("ab") as stream:
            child = subprocess.Popen(
                ["/bin/sh", "-c", KEEPER, str(_exit_file(area, number)), *call],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=scratch,
                env={**self.environment, "TMPDIR": str(scratch)},
                start_new_session=True,
            )
        return Call(child.pid, area, child)

    def find(self, area: Path) -> Call | None:
        """Return the call that works in this area, started by whomever; None if none does."""
        left = _at_work(area)
        return Call(left[0], area) if left else None

    @staticmethod
    def begun_at(area: Path, number: int) -> float:
        """Return when the area's call was started, in seconds since 1970; now, where nobody wrote it down."""
        try:
            return (area / f"{BEGUN_FILE}.{number}").stat().st_mtime
        except OSError:
            return time.time()

    @staticmethod
    def exit_of(area: Path, number: int) -> int | None:
        """Return the exit code of the area's call; negative: the signal; None: it did not come to its end."""
        try:
            code = int(_exit_file(area, number).read_text())
        except (OSError, ValueError):
            return None
        return 128 - code if 128 < code < 128 + signal.NSIG else code


def _exit_file(area: Path, number: int) -> Path:
    return area / f"{EXIT_FILE}.{number}"


def _at_work(area: Path) -> list[int]:
    """Return the living processes of the calls in an area, the oldest first; a zombie has neither words nor TMPDIR."""
    numbers = sorted(int(entry.name) for entry in os.scandir("/proc") if entry.name.isdecimal())
    return [number for number in numbers if _works_in(number, area)]


def _works_in(process_id: int, area: Path) -> bool:
    arguments, environment = f"work_lmt={area}".encode(), f"TMPDIR={area / SCRATCH}".encode()
    return arguments in _words(process_id, "cmdline") or environment in _words(process_id, "environ")


def _words(process_id: int, kind: str) -> list[bytes]:
    """Return a process's arguments or environment; nothing where it is gone or somebody else's."""
    try:
        return Path(f"/proc/{process_id}/{kind}").read_bytes().split(b"\0")
    except OSError:
        return []


def _signal(process_ids: Sequence[int], number: int) -> None:
    for process_id in process_ids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process_id, number)
