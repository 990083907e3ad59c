"""An observatory whose workflows are alive: main holds this repository's own code and workflows, hosts run them by act.

The pipeline is the quick one; what a test writes into `whims` (shell) changes its mind.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.sim.github.events.outbox import take_over, unread
from bot.sim.github.seed import World, plant
from bot.sim.github.server import Running, address_of, listen
from bot.sim.github.store.state import State
from bot.sim.github.workflows.dispatcher import READER
from bot.sim.github.workflows.hosts import HOSTS, Host
from bot.sim.story.people import People
from tests.e2e.site import REPOSITORY
from tests.github.hub import REPO, Hub
from tests.github.judge import Judge
from tests.loop.play import Play
from tests.loop.world import PIPELINE, SETTINGS, Loop, files

RUNS = f"{REPO}/actions/runs"
CODE = ("bot", "templates", ".github/workflows", ".github/lmtbot", "requirements.txt", "constraints.txt")
AUTHOR = ("-c", "user.name=po", "-c", "user.email=po@example.org")
WRAPPER = """\
#!/bin/sh
[ ! -e '{whims}' ] || . '{whims}'
exec sh '{pipeline}' "$@"
"""


@dataclass
class Alive(Play):
    """One observatory whose hosts work."""

    address: str = ""

    @property
    def people(self) -> People:
        return People(self.address, "lmtoy/lmtoy_run")

    @property
    def whims(self) -> Path:
        return self.loop.root / "whims"

    def runs(self, name: str = "", *, by_clock: bool = False) -> list[dict[str, Any]]:
        """Return the runs, oldest first, of one workflow or of all.

        `by_clock`: also those of a schedule, of which some minute may fall into any test.
        """
        found = self.hub.po.get(f"{RUNS}?per_page=100").json["workflow_runs"]
        events = ("schedule",) if not by_clock else ()
        return [run for run in reversed(found) if name in ("", run["name"]) and run["event"] not in events]

    def jobs(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.hub.po.get(f"{RUNS}/{run['id']}/jobs").json["jobs"]
        return found

    def log(self, job: dict[str, Any]) -> str:
        came = self.hub.po.get(f"{REPO}/actions/jobs/{job['id']}/logs")
        return self.hub.nobody.get(came.headers["location"].removeprefix(self.hub.address)).data.decode()

    def logs(self, *, by_clock: bool = False) -> dict[str, str]:
        """Return what every job that had a host said."""
        jobs = [job for run in self.runs(by_clock=by_clock) for job in self.jobs(run) if job["runner_name"]]
        return {f"{job['workflow_name']}/{job['name']} {job['id']}": self.log(job) for job in jobs}


@contextmanager
def alive(root: Path) -> Iterator[Alive]:
    """Serve an observatory with hosts in this folder."""
    judge, listener = Judge(), listen()
    state = State(root / "state", address=address_of(listener))
    state.do(lambda: _populate(state, root)).result()
    for name in ("data", "work", "helpdesk"):
        (root / name).mkdir()
    with Running(state, listener, witness=judge.reply, hosts=_hosts(root), is_practice=True):
        hub = Hub(state, root)
        yield Alive(Loop(hub, root), address=hub.address)
    assert not judge.complaints, "\n".join(judge.complaints)


def _populate(state: State, root: Path) -> None:
    wrapper = root / "pipeline.sh"
    wrapper.write_text(WRAPPER.format(whims=root / "whims", pipeline=PIPELINE))
    machines = f"machines: {{unity: {{}}, helpdesk: {{trial_work: '{root}/trials/{{login}}'}}}}\n"
    settings = SETTINGS.replace(str(PIPELINE), str(wrapper)) + machines
    with state.db.transaction():
        plant(state, World(), _stage(root / "stage", settings))
        unread(state.db, READER)
        take_over(state.db, READER, state.db.value("SELECT max(id) FROM outbox"))  # the beginning starts nothing


def _stage(stage: Path, settings: str) -> Path:
    """Make a repository of the files of this checkout that runners need, as they are now, and a project."""
    for name in CODE:
        origin, goal = REPOSITORY / name, stage / name
        goal.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_file():
            shutil.copy(origin, goal)
        else:
            shutil.copytree(origin, goal, ignore=shutil.ignore_patterns("__pycache__"))
    for name, data in files(settings).items():
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        (stage / name).write_bytes(data)
    for words in (("init", "-q", "--initial-branch=main"), ("add", "-A"), (*AUTHOR, "commit", "-q", "-m", "All of it")):
        subprocess.run(["git", "-C", str(stage), *words], check=True)
    return stage


def _hosts(root: Path) -> tuple[Host, ...]:
    found = []
    for host in HOSTS:
        machine = host.name.rpartition("-")[2]
        variables = {
            "LMTBOT_PYTHON": sys.executable,
            "LMTBOT_MACHINE": machine,
            "DATA_LMT": str(root / "data"),
            "WORK_LMT": str(root / "work"),
        }
        found.append(Host(host.name, host.labels, host.slots, variables if "self-hosted" in host.labels else {}))
    return tuple(found)
