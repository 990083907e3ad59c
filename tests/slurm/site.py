"""A site whose lines are run by a Slurm, with a pipeline of milliseconds or of as long as a test likes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.doors.ledger import LedgerDoor
from bot.model.record import Record
from tests.contract.legacy_texts import STYLES
from tests.contract.test_corpus_import import write_folder
from tests.e2e.site import PID, REPOSITORY, PracticeSite
from tests.slurm.cluster import Cluster

QUICK = REPOSITORY / "tests" / "e2e" / "quick_pipeline.sh"
FIRST_OBSNUM = 117001
TIERS = ("      a: {}", "      b: {badcb: 2/3}", "      c: {badcb: 1/3}")


@dataclass(frozen=True)
class SlurmSite(PracticeSite):
    """A site and its cluster."""

    cluster: Cluster = field(kw_only=True)
    whims: dict[str, str] = field(default_factory=dict)
    """What the pipeline is to do (quick_pipeline.sh)."""
    pid: str = PID

    @property
    def project(self) -> Path:
        return self.root / "projects" / self.pid / "project.yaml"

    def laid_out(self, sources: int = 2, obsnums: int = 3, tiers: int = 3, command: str = "/bin/sh") -> SlurmSite:
        """Lay out a project of RSR sources, each with obsnums of its own and a combination."""
        self.project.parent.mkdir(parents=True, exist_ok=True)
        rows = [f"pid: {self.pid}", "sources:"]
        for source in range(sources):
            first = FIRST_OBSNUM + source * obsnums
            rows += [f"  GALAXY_{source}:", "    mode: RSR/Bs", "    obsnums:"]
            rows += [f"      - {first + number}" for number in range(obsnums)]
            rows += ["    tiers:", *TIERS[:tiers]]
        self.project.write_text("\n".join(rows) + "\n")
        self.settings(command=command)
        return self

    def of_corpus(self) -> SlurmSite:
        """Lay out the project of the corpus that has this pid, imported as people do."""
        folder, _ = write_folder(self.root / "old", self.pid, STYLES[0])
        self.call("import", str(folder))
        self.settings()
        return self

    def settings(self, command: str = "/bin/sh", memory_gb: float = 0.5, minutes: int = 5, more: str = "") -> None:
        """Write the site's settings."""
        text = f"pipeline:\n  command: [{command}, {QUICK}]\nslurm:\n  poll_seconds: 1\n  patience_minutes: 2\n"
        text += f"  resources:\n    default: {{minutes: {minutes}, memory_gb: {memory_gb}}}\n{more}"
        for folder in ("projects", "data", "work", ".github"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / ".github" / "lmtbot.yml").write_text(text)

    def environment(self) -> dict[str, str]:
        slurm = self.cluster.environment()
        return {**super().environment(), "SLURM_CONF": slurm["SLURM_CONF"], "QUICK_PID": self.pid, **self.whims}

    def slurm(self, *words: str, code: int | None = 0) -> str:
        """Run the project through Slurm."""
        return self.call("run", self.pid, "--executor", "slurm", *words, code=code)

    def ledger(self) -> list[Record]:
        """Return the records, read without a process."""
        return list(LedgerDoor(self.work, self.pid).read().records)

    def states(self) -> dict[str, str]:
        """Return {unit: state of its newest attempt}."""
        ordered = sorted(self.ledger(), key=lambda one: one.attempt)
        return {one.name: str(one.state) for one in ordered}

    def called(self) -> list[str]:
        """Return `NAME words ...` of every call of the pipeline that was begun, without its work area."""
        return [row.split(" start ")[1].partition(" work_lmt=")[0] for row in self.calls()]

    def commands(self, name: str, script: str) -> Path:
        """Put a command of this name before the real one; `$REAL` is the real one. Returns a file for its notes."""
        folder, notes = self.root / "bin", self.root / f"{name}.notes"
        folder.mkdir(exist_ok=True)
        real = subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()
        path = folder / name
        path.write_text(f"#!/bin/sh\nREAL={real}\nNOTES={notes}\necho called >>$NOTES\n{script}\n")
        path.chmod(0o755)
        self.whims["PATH"] = f"{folder}:{os.environ['PATH']}"
        return notes

    def await_(self, is_so: Callable[[], Any], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, f"waited in vain\n{self.cluster.run('squeue', '-a', '-t', 'all')}"
            time.sleep(0.05)

    def queued(self) -> list[str]:
        """Return the jobs that live in the cluster."""
        return self.cluster.run("squeue", "-h", "-r", "-o", "%i %j %T").splitlines()
