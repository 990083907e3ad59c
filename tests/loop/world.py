"""The whole loop in one temporary folder: a GitHub on real git, a checkout of main, a site with a quick pipeline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.doors.github import GitHub, open_github
from bot.settings import Site, find_site
from tests.e2e.site import PID, REPOSITORY
from tests.github.hub import REPO, Hub

PIPELINE = REPOSITORY / "tests" / "e2e" / "quick_pipeline.sh"
PROJECT = """\
# remarks survive
pid: 2024-S1-MX-2
mode: RSR/Bs
sources:
  GALAXY:
    obsnums:
      - 117361
    tiers: {a: {}, b: {badcb: 2/3}}
"""
WITH_PI = PROJECT.replace("mode: RSR/Bs\n", "mode: RSR/Bs\npi: {name: P. I., github: [pi]}\n")
SETTINGS = f"""\
pipeline: {{command: [sh, '{PIPELINE}'], timeout_minutes: 5}}
github: {{repository: lmtoy/lmtoy_run, progress_seconds: 1}}
roles:
  po: {{users: [po]}}
  da: {{teams: [da]}}
products: http://taps.example.org/lmtslr
"""
ROW = "2024-05-{day:02d}T11:21:31 {obsnum} RSR Science Bs {source} {pid} 100.0 0 600.0 0.0 0.0 152.3 37.4 0 0\n"
NOON = datetime(2026, 11, 28, 17, tzinfo=UTC)


def rows(*obsnums: int, source: str = "GALAXY", pid: str = PID) -> str:
    """Return rows of an observation log."""
    return "".join(ROW.format(day=1 + n % 28, obsnum=n, source=source, pid=pid) for n in reversed(obsnums))


def files(settings: str = SETTINGS) -> dict[str, bytes]:
    """Return what main holds in the beginning."""
    return {
        ".github/lmtbot.yml": settings.encode(),
        f"projects/{PID}/project.yaml": PROJECT.encode(),
        f"projects/{PID}/qa.yaml": b"# verdicts\n",
    }


@dataclass
class Loop:
    """One observatory."""

    hub: Hub
    root: Path

    @property
    def checkout(self) -> Path:
        return self.root / "checkout"

    @property
    def log(self) -> Path:
        return self.root / "data" / "data_lmt.log"

    def environment(self) -> dict[str, str]:
        """Return what a runner gives to a job."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        return kept | {
            "GITHUB_API_URL": self.hub.address,
            "GITHUB_REPOSITORY": "lmtoy/lmtoy_run",
            "LMTBOT_APP_ID": "1",
            "LMTBOT_APP_KEY_FILE": str(self.hub.state.folder / "lmtbot.pem"),
            "DATA_LMT": str(self.root / "data"),
            "WORK_LMT": str(self.root / "work"),
        }

    def observe(self, text: str) -> None:
        """Write the observation log."""
        self.log.write_text(text)

    @property
    def site(self) -> Site:
        """Return the site as the checkout says."""
        return find_site(str(self.checkout), None, None, self.environment())

    def pull(self) -> Site:
        """Bring the checkout to the tip of main; return the site."""
        if not self.checkout.exists():
            self.hub.git("clone", "-q", self.hub.url("da"), str(self.checkout))
        self.hub.git("fetch", "-q", self.hub.url("da"), "main:refs/remotes/origin/main", cwd=self.checkout)
        self.hub.git("checkout", "-q", "-B", "main", "origin/main", cwd=self.checkout)
        return self.site

    def door(self, **settings: int) -> GitHub:
        """Open the real door, as the App; `settings` that differ from main's, as timeout_seconds."""
        return open_github(self.site.settings.github.model_copy(update=settings), self.environment())

    def lmtbot(self, *words: str, code: int | None = 0, **more: str) -> Any:
        """Run lmtbot in a process of its own on a fresh checkout; return what it prints as JSON."""
        self.pull()
        return self.ended(self.start(*words, **more), code)

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """Start lmtbot in a session of its own on the checkout as it is; `more` goes into its environment."""
        command = [sys.executable, "-m", "bot", *words, "--json", "--root", str(self.checkout)]
        environment, pipe = self.environment() | {"PYTHONPATH": str(REPOSITORY)} | more, subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.root, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )

    def ended(self, process: subprocess.Popen[str], code: int | None = 0) -> Any:
        """Wait until lmtbot has ended; return what it printed as JSON."""
        out, err = process.communicate()
        assert code is None or process.returncode == code, f"{process.args}: {process.returncode}\n{out}\n{err}"
        return json.loads(out) if out.startswith(("{", "[")) else out + err

    def pulls(self, state: str = "open") -> list[Mapping[str, Any]]:
        """Return pull requests, newest first."""
        found: list[Mapping[str, Any]] = self.hub.po.get(f"{REPO}/pulls?state={state}&per_page=100").json
        return found

    def merge(self, number: int, who: str = "po") -> Mapping[str, Any]:
        """Merge as a person."""
        came = self.hub.person(who).put(f"{REPO}/pulls/{number}/merge")
        assert came.status == 200, came.data
        found: Mapping[str, Any] = came.json
        return found
