"""The foreman: takes new events and due schedules, lets runs go on, gives jobs to free hosts, stops what is cancelled.

One thread that sleeps until something changed. All that it decides is decided in its turn, from what is
recorded; so a start after a crash needs only one thing more: jobs that ran then are ended as lost.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bot.sim.github.deeds import runs
from bot.sim.github.rules.expressions import ExpressionFault, as_number, fill
from bot.sim.github.store.database import Row
from bot.sim.github.store.state import State
from bot.sim.github.workflows import contexts, dispatcher, hosts, lines, progress, schedule
from bot.sim.github.workflows.hosts import Host
from bot.sim.github.workflows.order import make_order
from bot.sim.github.workflows.worker import CANCELLED, KILLED, LEFT, LOST, Worker

log = logging.getLogger(__name__)
TICK_S = 15
"""How long at most until the clock is looked at again, for schedules."""


class Foreman:
    """Keeps the hosts busy."""

    def __init__(self, state: State, hosts: Sequence[Host]) -> None:
        self.state, self.hosts = state, tuple(hosts)
        self._workers: dict[int, Worker] = {}
        self._looked: dict[int, tuple[str | None, str]] = {}
        self._wake, self._ended = threading.Event(), False
        self._thread = threading.Thread(target=self._walk, name="foreman", daemon=True)

    def start(self) -> None:
        """Begin; jobs that ran when the server was killed are ended as lost, what waited goes on."""
        self.state.do(self._recover).result()
        self.state.listeners.append(self.wake)
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """Look again at what is to do."""
        self._wake.set()

    def stop(self) -> None:
        """End; jobs that run are stopped and told as lost at the next start."""
        self._ended = True
        self._wake.set()
        self._thread.join()
        workers = self.state.do(lambda: list(self._workers.values())).result()
        for worker in workers:
            worker.stop(LEFT)
        for worker in workers:
            worker.join()

    def kill(self, host: str) -> int:
        """Kill a host in the middle of its jobs, for practice; return how many there were."""
        struck = [worker for worker in list(self._workers.values()) if worker.order.host.name == host]
        for worker in struck:
            worker.stop(KILLED)
        return len(struck)

    def _walk(self) -> None:
        while not self._ended:
            self._wake.wait(TICK_S)
            self._wake.clear()
            if self._ended:
                return
            try:
                self.state.do(self._decide).result()
                self.state.do(self._hand_out).result()
            except Exception:  # the foreman must walk on whatever one round met
                log.exception("a round of the foreman failed")

    def _recover(self) -> None:
        for job in self.state.db.all("SELECT * FROM jobs WHERE status = 'in_progress' AND key != ''"):
            folder = self.state.folder / "hosts" / job["runner_name"] / "jobs" / str(job["id"])
            hosts.kill(folder)
            run = self.state.db.row("runs", job["run_id"])
            act, repo = runs.act_of(self.state, run)
            with self.state.db.transaction():
                progress.ended(act, repo, run, job, "failure", words=LOST)

    def _decide(self) -> None:
        """Let all go on that can go on now."""
        with self.state.db.one_commit(), self._telling():
            dispatcher.take_events(self.state)
            schedule.take_ticks(self.state, self._looked)
            progress.advance_all(self.state)

    def _hand_out(self) -> None:
        """Stop what is to stop and begin what can begin, when that is decided for good."""
        with self._telling():
            self._stop_cancelled()
            self._assign()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Wake those who wait for events when there are new ones."""
        sql = "SELECT max(id) FROM outbox"
        before = self.state.db.value(sql)
        yield
        if self.state.db.value(sql) != before:
            for wake in self.state.listeners:
                wake()

    def _stop_cancelled(self) -> None:
        for job_id, worker in self._workers.items():
            job = self.state.db.one("SELECT * FROM jobs WHERE id = ?", job_id)
            if job is None or self._is_to_stop(job):
                threading.Thread(target=worker.stop, args=(CANCELLED,), daemon=True).start()

    def _is_to_stop(self, job: Row) -> bool:
        """Tell whether a job's run is cancelled, or another combination of its matrix failed."""
        run = self.state.db.row("runs", job["run_id"])
        if run["is_cancelled"] or job["is_cancelled"]:
            return True
        told = runs.workflow_of(runs.act_of(self.state, run)[0], run).jobs[job["key"]].get("strategy") or {}
        failed = "SELECT 1 FROM jobs WHERE run_id = ? AND attempt = ? AND key = ? AND result = 'failure'"
        fails_fast = "matrix" in told and told.get("fail-fast", True) is not False
        return fails_fast and self.state.db.one(failed, run["id"], run["attempt"], job["key"]) is not None

    def _assign(self) -> None:
        busy = Counter(worker.order.host.name for worker in self._workers.values())
        for job in self.state.db.all("SELECT * FROM jobs WHERE status = 'queued' AND key != '' ORDER BY id"):
            host = hosts.host_for(self.hosts, job["labels"], busy)
            if host is not None and self._serves(host, job) and self._has_place(job):
                busy[host.name] += self._begin(job, host)

    def _serves(self, host: Host, job: Row) -> bool:
        """Tell whether a host works for the job's repository: self-hosted runners know nothing of people's forks."""
        sql = "SELECT parent_id FROM repos WHERE id = (SELECT repo_id FROM runs WHERE id = ?)"
        return "self-hosted" not in host.labels or self.state.db.value(sql, job["run_id"]) is None

    def _begin(self, job: Row, host: Host) -> bool:
        """Begin a job on a host; one for which no order can be written ends with the reason."""
        try:
            with self.state.db.transaction():
                worker = self._worker(job, host)
        except Exception as error:
            log.exception("job %d", job["id"])
            run = self.state.db.row("runs", job["run_id"])
            with self.state.db.transaction():
                runs.finish_job(*runs.act_of(self.state, run), job["id"], "failure", words=f"Cannot run it: {error!r}")
            return False
        self._workers[job["id"]] = worker
        worker.start()
        return True

    def _has_place(self, job: Row) -> bool:
        """Tell whether `max-parallel` of the job's matrix lets one more run."""
        run = self.state.db.row("runs", job["run_id"])
        act, repo = runs.act_of(self.state, run)
        workflow = runs.workflow_of(act, run)
        told = (workflow.jobs[job["key"]].get("strategy") or {}).get("max-parallel")
        try:
            most = fill(told, contexts.running_scope(act, repo, run, workflow, job))
        except ExpressionFault:
            most = None
        sql = "SELECT count(*) FROM jobs WHERE run_id = ? AND attempt = ? AND key = ? AND status = 'in_progress'"
        return not most or self.state.db.value(sql, run["id"], run["attempt"], job["key"]) < as_number(most)

    def _worker(self, job: Row, host: Host) -> Worker:
        run = self.state.db.row("runs", job["run_id"])
        act, repo = runs.act_of(self.state, run)
        order = make_order(act, repo, run, job, host)
        runs.change_job(act, repo, job["id"], "in_progress", started_at=act.now, runner_name=host.name)
        runs.change(act, repo, run["id"], "in_progress")
        steps = runs.workflow_of(act, run).jobs[job["key"]]["steps"]
        return Worker(self.state, order, lines.ids_of(steps), lambda: self._ended_one(job["id"]))

    def _ended_one(self, job_id: int) -> None:
        self.state.do(lambda: self._workers.pop(job_id, None)).result()
        self._wake.set()
