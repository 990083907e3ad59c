"""Calls of the pipeline on this machine: start, find again after a crash, stop. Nothing here judges the result.

A call is known by the work area in its argument list (`work_lmt=AREA`), which nobody else uses: so a call whose
starter was killed is found in the process table and not started twice.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.errors import SettingsError

POLL_S = 0.02
KEEPER = '"$@"; code=$?; echo "$code" >"$0.new" && mv "$0.new" "$0"; exit "$code"'
"""A fixed shell text that outlives us and writes the exit code down; the call's words are arguments, never its text."""
EXIT_FILE = "exit"
GRACE_S = 10.0
_SECRET = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|^(GH|GITHUB|ACTIONS|RUNNER|LMTBOT)_", re.I
)


class Call:
    """One running call of the pipeline: our own child, or one found in the process table."""

    def __init__(self, process_id: int, area: Path, child: subprocess.Popen[bytes] | None = None) -> None:
        self.process_id = process_id
        self.area = area
        self.child = child

    def has_ended(self) -> bool:
        """Say whether it has ended."""
        return self.child.poll() is not None if self.child else not _is_alive(self.process_id)

    def stop(self) -> None:
        """End it and all that it started: politely, then for certain."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            _signal_group(self.process_id, number)
            deadline = time.monotonic() + GRACE_S
            while time.monotonic() < deadline:
                if self.has_ended():
                    _signal_group(self.process_id, signal.SIGKILL)
                    return
                time.sleep(POLL_S)


class LocalPipeline:
    """The pipeline as a command of this machine."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], *, data: Path | None, work: Path
    ) -> None:
        self.command = tuple(command)
        safe = {key: value for key, value in environment.items() if not _SECRET.search(key)}
        self.environment = {**safe, "WORK_LMT": str(work), **({"DATA_LMT": str(data)} if data else {})}

    def locate(self) -> str:
        """Return the path of the program; raise SettingsError when it is not there."""
        found = shutil.which(self.command[0], path=self.environment.get("PATH"))
        if found is None:
            raise SettingsError(
                f"{self.command[0]}: this program is not on PATH; install the pipeline, set pipeline.command in "
                ".github/lmtbot.yml, or try `lmtbot demo`, which brings a simulated one"
            )
        return found

    def start(self, words: Sequence[str], area: Path, log: Path) -> Call:
        """Start a call that writes below `area` only; what it prints is appended to the log.

        It gets a session of its own, so that a ^C or hang-up meant for us does not reach it by accident.
        """
        scratch = area / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        (area / EXIT_FILE).unlink(missing_ok=True)
        call = [self.locate(), *self.command[1:], *words, f"work_lmt={area}"]
        with log.open("ab") as stream:
            child = subprocess.Popen(
                ["/bin/sh", "-c", KEEPER, str(area / EXIT_FILE), *call],
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
        wanted = f"work_lmt={area}".encode()
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal() and wanted in _arguments(int(entry.name)):
                try:
                    return Call(os.getpgid(int(entry.name)), area)
                except ProcessLookupError:
                    continue
        return None

    @staticmethod
    def exit_of(area: Path) -> int | None:
        """Return the exit code of the area's last call; negative: the signal; None: it did not come to its end."""
        try:
            code = int((area / EXIT_FILE).read_text())
        except (OSError, ValueError):
            return None
        return 128 - code if code > 128 else code


def _arguments(process_id: int) -> list[bytes]:
    try:
        return Path(f"/proc/{process_id}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def _is_alive(process_id: int) -> bool:
    """Say whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False


def _signal_group(process_id: int, number: int) -> None:
    try:
        os.killpg(process_id, number)
    except (ProcessLookupError, PermissionError):
        return


def _group_lives(process_id: int) -> bool:
    try:
        os.killpg(process_id, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
