"""A project whose level 2 is done, in a git repository of its own, with a release to be archived."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.doors.stores import Store
from bot.doors.stores.bag import BagStore
from bot.formats.project_file import read_folder
from bot.rules.archive import parse_tag
from bot.rules.level2 import level2_of, level2_text
from bot.rules.plan import plan_project
from bot.settings import Site, find_site
from bot.stages.archive.deposit import Archived, archive_release
from bot.stages.level1 import Request, run_project
from tests.e2e.site import PID, REPOSITORY
from tests.loop.world import PIPELINE, rows

OBSNUMS = (117361, 117362, 117363)
NAMES = {"117361", "117362", "117363", "117361_117363"}
PROJECT = """\
pid: 2024-S1-MX-2
mode: RSR/Bs
sources:
  GALAXY:
    obsnums:
      - 117361
      - 117362
      - 117363
    tiers: {a: {}, b: {badcb: 2/3}}
"""
QA = """\
obsnums:
  117361: {grade: 3}
  117362: {grade: -2, combine: false}
  117363: {grade: 2}
"""
SETTINGS = f"pipeline: {{command: [sh, '{PIPELINE}'], timeout_minutes: 5}}\n"
AUTHOR = ("-c", "user.name=po", "-c", "user.email=po@example.org")


@dataclass
class World:
    """One site with one project."""

    root: Path

    @property
    def repository(self) -> Path:
        return self.root / "repository"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def folder(self) -> Path:
        return self.repository / "projects" / PID

    @property
    def bags(self) -> Path:
        return self.work / "archive" / PID

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return kept | {
            "DATA_LMT": str(self.root / "data"), "WORK_LMT": str(self.work), "PYTHONPATH": str(REPOSITORY),
        }  # fmt: skip

    @property
    def site(self) -> Site:
        return find_site(str(self.repository), None, None, self.environment())

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.repository), *AUTHOR, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, name: str, text: str) -> None:
        """Write a file of the project and commit it."""
        (self.folder / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"{PID}: {name}")

    def approve(self) -> None:
        """Have level2.yaml say what follows from the other files."""
        plan = plan_project(read_folder(self.folder), 2)
        self.write("level2.yaml", level2_text(level2_of(plan)))

    def reduce(self) -> None:
        """Run level 2 as the loop would."""
        who = "po merged #2, approved by da"
        outcome = run_project(self.site, Request(PID, 2, level=2, who=who), lambda _progress: None)
        assert not outcome.failed and not outcome.blocked, outcome

    def tag(self, version: int, commit: str = "HEAD", *, force: bool = False) -> str:
        self.git("tag", *(["--force"] if force else []), f"{PID}/v{version}", commit)
        return self.git("rev-parse", f"{PID}/v{version}")

    def archive(self, version: int = 1, store: Store | None = None, **more: Any) -> Archived:
        """Archive a release without GitHub, in this process."""
        store = store or BagStore(self.work / "archive", "as the observatory says")
        return archive_release(self.site, store, parse_tag(f"{PID}/v{version}"), lambda *_: None, who="po", **more)

    def told(self, done: Archived) -> str:
        return "\n".join(map(str, done.refused))


def make_world(root: Path, files: Mapping[str, str] | None = None) -> World:
    """Make it, up to a tag PID/v1 on the commit whose level 2 is done."""
    world = World(root)
    world.folder.mkdir(parents=True)
    (root / "data").mkdir()
    world.work.mkdir()
    (root / "data" / "data_lmt.log").write_text(rows(*OBSNUMS))
    (world.repository / ".github").mkdir()
    (world.repository / ".github" / "lmtbot.yml").write_text(SETTINGS)
    subprocess.run(["git", "init", "-q", "--initial-branch=main", str(world.repository)], check=True)
    world.git("add", "-A")
    world.git("commit", "-q", "-m", "settings")
    for name, text in ({"project.yaml": PROJECT, "qa.yaml": QA} | dict(files or {})).items():
        world.write(name, text)
    world.approve()
    world.reduce()
    world.tag(1)
    return world
