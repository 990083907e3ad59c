"""Simulated hosts: what each is called, which jobs it takes, how many at a time, its own HOME and environment."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MARK = "SIM_JOB"
"""In the environment of everything that a job starts: by it the processes of a job are found, whatever they became."""


@dataclass(frozen=True)
class Host:
    """One host. A job goes to a host that has all its labels; `environment`: what steps see beside the usual."""

    name: str
    labels: frozenset[str]
    slots: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def own(cls, name: str, *labels: str, slots: int = 1, environment: Mapping[str, str] | None = None) -> Host:
        """Return a self-hosted runner."""
        return cls(name, frozenset(("self-hosted", "linux", "x64", *labels)), slots, environment or {})

    def takes(self, labels: Iterable[str]) -> bool:
        """Tell whether the host has all these labels."""
        return {label.lower() for label in labels} <= self.labels

    def home(self, folder: Path) -> Path:
        """Return the host's HOME below the folder of all hosts."""
        return folder / self.name / "home"

    def variables(self, folder: Path) -> dict[str, str]:
        """Return the clean environment in which the host runs a job; its folders are made."""
        home, temporary = self.home(folder), folder / self.name / "tmp"
        for path in (home, temporary):
            path.mkdir(parents=True, exist_ok=True)
        path_variable = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
        usual = {"PATH": path_variable, "HOME": str(home), "TMPDIR": str(temporary), "LANG": "C.UTF-8"}
        return usual | dict(self.environment)


HOSTS = (
    Host("github-hosted", frozenset(("ubuntu-latest", "ubuntu-24.04", "ubuntu-22.04")), slots=2),
    Host.own("unity", "unity", "webrun", slots=3),
    Host.own("unity-helpdesk", "unity/helpdesk", "helpdesk"),
    Host.own("malt", "malt"),
)
"""The hosts of the observatory, and GitHub's."""


def host_for(hosts: Iterable[Host], labels: str, busy: Mapping[str, int]) -> Host | None:
    """Return a host with a free place for a job with these labels (JSON), or None: it waits."""
    wanted = json.loads(labels)
    return next((host for host in hosts if host.takes(wanted) and busy.get(host.name, 0) < host.slots), None)


def processes_of(folder: Path) -> list[int]:
    """Return the processes that the job in this folder started, directly or not."""
    wanted, found = f"{MARK}={folder}".encode(), []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:  # it ended, or is somebody else's
            continue
    return found


def kill(folder: Path, how: signal.Signals = signal.SIGKILL) -> int:
    """Send a signal to all processes of the job in this folder; return how many there were."""
    found = processes_of(folder)
    for process_id in found:
        try:
            os.kill(process_id, how)
        except ProcessLookupError:
            continue
    return len(found)
