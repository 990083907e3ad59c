"""A small site with a pipeline of milliseconds (quick_pipeline.sh), for tests that need many runs.

One RSR source: two obsnums of two tiers and their combination; `change` brings a third obsnum and a flag.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.doors.ledger import LedgerDoor
from tests.e2e.site import PID, PracticeSite
from tests.e2e.struck import Strike

FIRST = """\
pid: 2024-S1-MX-2
sources:
  GALAXY:
    mode: RSR/Bs
    obsnums:
      - 117361
      - 117362
    tiers:
      a: {}
      b: {badcb: 2/3}
"""
SECOND = FIRST.replace("      - 117362\n", "      - 117362\n      - 117363\n")
SECOND_QA = "obsnums:\n  117362: {flags: {badcb: 1/1}}\n"


@dataclass(frozen=True)
class QuickSite(PracticeSite):
    """A site whose ledger is read without a process, and whose lmtbot runs in the fork server."""

    whims: dict[str, str] = field(default_factory=dict)
    """What the pipeline is to do (quick_pipeline.sh)."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **self.whims}

    def records(self) -> list[dict[str, Any]]:
        return [one.model_dump(mode="json") for one in LedgerDoor(self.work, PID).read().records]

    def strike(self, step: int = 0, how: str = "kill", *, jobs: int = 1, seconds: float = 0) -> Strike:
        environment = {**self.environment(), "QUICK_S": str(seconds), "PATH": "/usr/bin:/bin"}
        words = ("run", PID, "-j", str(jobs), "--root", str(self.root))
        return Strike(words, environment, str(self.root / "told"), step, how)

    def store(self, name: str) -> Path:
        return self.work / "lmtbot" / PID / name


def lay_out(root: Path) -> QuickSite:
    for folder in ("projects/" + PID, "data", "work", ".github"):
        (root / folder).mkdir(parents=True)
    site = QuickSite(root)
    site.project.write_text(FIRST)
    pipeline = Path(__file__).with_name("quick_pipeline.sh")
    (root / ".github" / "lmtbot.yml").write_text(f"pipeline:\n  command: [/bin/sh, {pipeline}]\n")
    return site


def change(site: QuickSite) -> None:
    """Let a flag and the list of members change, so that products are replaced and superseded."""
    site.project.write_text(SECOND)
    (site.project.parent / "qa.yaml").write_text(SECOND_QA)


def at_work(site: QuickSite) -> list[int]:
    """Return the processes that work below the site: by their arguments or their place."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and str(site.work) in (entry / "cmdline").read_text() + str(
                (entry / "cwd").readlink()
            ):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
