"""A pull request as two checkouts of a real git repository: the base, and the merge that would be made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.formats.project_file import read_folder
from bot.rules.level2 import level2_of, level2_text
from bot.rules.plan import plan_project
from bot.sim.demo import HERE

PID, RSR = "2024-S1-MX-2", "2023-S1-US-17"
LENT = f"""\
pid: 2024-S1-UM-9
sources:
  BOTH:
    mode: SEQ/Map
    mosaic:
      - {{source: G1.7+3.7-234_01_of_04, project: {PID}}}
    tiers:
      a: {{skip: 1}}
"""
WHO = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *words: str) -> str:
    """Run git; return what it says."""
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-C", str(folder), *WHO, *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


@dataclass
class Pull:
    """Both checkouts, and lmtbot as the workflow calls it."""

    base: Path
    head: Path
    summary: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, path: str, text: str | bytes) -> None:
        """Write a file of the pull request."""
        file = self.head / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    def change(self, path: str, old: str, new: str) -> None:
        """Replace words in a file of the pull request."""
        text = (self.head / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def level2(self, pid: str = PID) -> str:
        """Return what level2.yaml has to say of the pull request's project."""
        return level2_text(level2_of(plan_project(read_folder(self.head / "projects" / pid), 2)))

    def commit(self) -> None:
        """Commit the pull request on a branch and make the merge with the base, as GitHub does."""
        git(self.head, "checkout", "-q", "-b", "theirs")
        git(self.head, "add", "-A")
        git(self.head, "commit", "-q", "--allow-empty", "-m", "theirs")
        git(self.head, "checkout", "-q", "--detach", "origin/main")
        git(self.head, "merge", "-q", "--no-ff", "-m", "merge", "theirs")

    def check(self, *words: str, code: int = 0) -> str:
        """Run the check; return stdout."""
        words = ("check", "--root", str(self.head), "--base", str(self.base), "--no-log", *words)
        found = main(words)
        out, err = self.capsys.readouterr()
        assert found == code, f"{found}\n{out}\n{err}"
        return out

    def told(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run the check with --json; return what it says."""
        found: dict[str, Any] = json.loads(self.check("--json", *words, code=code))
        return found

    def codes(self, *words: str, code: int = 0) -> list[tuple[str, str, str]]:
        """Return (severity, code, path) of what the check finds."""
        findings = self.told(*words, code=code)["findings"]
        return [(one["severity"], one["code"], one["path"]) for one in findings]


@pytest.fixture
def pull(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Pull:
    """Return a pull request that changes nothing yet; two projects, and one that takes from the first."""
    for name in ("GITHUB_ACTIONS", "GITHUB_HEAD_REF", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    base = tmp_path / "base"
    shutil.copytree(HERE / "projects", base / "projects")
    (base / "projects/2024-S1-UM-9").mkdir()
    (base / "projects/2024-S1-UM-9/project.yaml").write_text(LENT)
    git(tmp_path, "init", "-q", "--initial-branch=main", "base")
    git(base, "add", "-A")
    git(base, "commit", "-q", "-m", "the projects as they were")
    git(tmp_path, "clone", "-q", "base", "head")
    return Pull(base, tmp_path / "head", tmp_path / "summary.md", capsys)
