"""The door that runs a mk_runs.py, for `lmtbot import --trust` and nothing else.

In a process of its own, in a copy of the folder, with a bare environment, bounded in time and memory, and with a stub
where the generator would be. This keeps accidents away from the original and from us; it is no jail: who says --trust
vouches for the file.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bot.errors import DoorError

CHILD = Path(__file__).with_name("trusted_child.py")
TIMEOUT_S = 60.0
MAX_RESULT = 16_000_000


def run_description(folder: Path, *, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """Run the folder's mk_runs.py; return {"calls": [...], "error": "", "line": n}.

    Raises DoorError when it does not end in time, dies without a word, or says too much.
    """
    with tempfile.TemporaryDirectory(prefix="lmtbot-trust-") as place:
        work = Path(place) / "folder"
        work.mkdir()
        for file in folder.iterdir():
            if file.is_file() and not file.is_symlink():
                shutil.copyfile(file, work / file.name)
        code, out, told = _run(work, timeout_s, folder)
    if code != 0 or len(out) > MAX_RESULT:
        last = told.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise DoorError(f"{folder / 'mk_runs.py'}: it ended with code {code} and no result: {last[0][:300]}")
    try:
        result: dict[str, Any] = json.loads(out)
    except ValueError as error:
        raise DoorError(f"{folder / 'mk_runs.py'}: what it gave is no JSON: {error}") from error
    return result


def _run(work: Path, timeout_s: float, folder: Path) -> tuple[int, bytes, bytes]:
    """Run the child to its end; whatever it started ends with it."""
    home = str(work.parent)
    environment = {"PATH": os.defpath, "HOME": home, "TMPDIR": home, "LMTOY": f"{home}/lmtoy", "LANG": "C.UTF-8"}
    child = subprocess.Popen(
        [sys.executable, "-I", str(CHILD)],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, told = child.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise DoorError(f"{folder / 'mk_runs.py'}: it was stopped after {timeout_s:.0f} s") from error
    finally:
        _end(child)
    return child.returncode, out, told


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
