"""A site for end-to-end tests: repository, raw data, results and simulated pipeline in one temporary folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
PIPELINE = REPOSITORY / "bot" / "sim" / "SLpipeline.sh"

LOG = (Path(__file__).parents[1] / "data" / "site" / "data_lmt.log").read_text()
PROJECT = """\
pid: 2024-S1-MX-2
sources:
  FIELD_A:
    mode: SEQ/Map
    obsnums:
      - 117345
      - 117349
    tiers:
      a: {extent: 120}
      b: {bank: 0, pix_list: -13}
      c: {bank: 1, pix_list: -13}
  GALAXY:
    mode: RSR/Bs
    obsnums:
      - 117361
      - 117362
      - 117363
    tiers:
      a: {}
      b: {badcb: 2/3}
"""
PID = "2024-S1-MX-2"


@dataclass(frozen=True)
class PracticeSite:
    """Paths of a site, and lmtbot as its users call it."""

    root: Path
    jobs: int = 2

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def project(self) -> Path:
        return self.root / "projects" / PID / "project.yaml"

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATA_LMT": str(self.data),
            "WORK_LMT": str(self.work),
            "LMTSIM_PYTHON": sys.executable,
            "LMTSIM_PLOTS": "none",
            "LMTSIM_JOURNAL": str(self.journal),
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start lmtbot in a session of its own."""
        command = [sys.executable, "-m", "bot", *words, "--root", str(self.root)]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=REPOSITORY, env=self.environment(), stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )

    def call(self, *words: str, code: int | None = 0) -> str:
        """Run lmtbot to its end; return stdout. `code` None: any exit code will do."""
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        if code is not None:
            assert process.returncode == code, f"lmtbot {' '.join(words)}: {process.returncode}\n{out}\n{err}"
        return out if code == 0 or code is None else out + err

    def json(self, *words: str, code: int = 0) -> Any:
        """Run lmtbot with --json; return what it printed."""
        process = self.start(*words, "--json")
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, f"lmtbot {' '.join(words)}: {process.returncode}\n{out}\n{err}"
        return json.loads(out)

    def records(self) -> list[dict[str, Any]]:
        """Return every record of the project."""
        found: list[dict[str, Any]] = self.json("history", PID)["records"]
        return found

    def calls(self) -> list[str]:
        """Return the argument lists of all pipeline calls that were begun."""
        rows = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [row for row in rows if " start " in f" {row} "]

    def fault(self, faults: Mapping[str, Any]) -> None:
        """Make the simulated pipeline fail as told (bot.sim.pipeline.faults)."""
        (self.data / "sim_faults.yaml").write_text(json.dumps(faults))


def make_site(root: Path) -> PracticeSite:
    """Lay out a site with one project of two sources, five obsnums, two combinations, 14 run lines."""
    for folder in ("projects/" + PID, "data", "work", ".github"):
        (root / folder).mkdir(parents=True)
    (root / "data" / "data_lmt.log").write_text(LOG)
    site = PracticeSite(root)
    site.project.write_text(PROJECT)
    (root / ".github" / "lmtbot.yml").write_text(f"pipeline:\n  command: [{PIPELINE}]\n")
    return site


def kill_tree(process: subprocess.Popen[str], *, also_children: bool) -> None:
    """Kill -9 the runner; with `also_children` every call that it started too, as a dying machine does."""
    import psutil

    family = psutil.Process(process.pid).children(recursive=True) if also_children else []
    os.kill(process.pid, signal.SIGKILL)
    for child in family:
        try:
            os.kill(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.communicate()
