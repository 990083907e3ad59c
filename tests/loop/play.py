"""What people and the bot do in the loop, in the test's own process: merge, comment, approve, reconcile, answer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.doors.github import GitHub, open_github
from bot.doors.ledger import LedgerDoor
from bot.model.record import Record
from bot.settings import Site
from bot.sim.github.seed import World, plant
from bot.sim.github.server import Running, address_of, listen
from bot.sim.github.store.state import State
from bot.stages.arrival_pulls import propose_arrivals
from bot.stages.comments import Answered, answer_comments
from bot.stages.reconcile import Reconciled, reconcile
from tests.e2e.site import PID
from tests.github.hub import REPO, Hub
from tests.github.judge import Judge
from tests.loop.world import NOON, SETTINGS, Loop, files, rows

QA = f"qa/{PID}"
FOLDER = f"projects/{PID}"
GRADES = "/grade 117361 3\n/grade 117362 2"


@contextmanager
def opened(root: Path, settings: str = SETTINGS) -> Iterator[Loop]:
    """Serve the observatory that lies in a folder; one is made where there is none."""
    judge, listener = Judge(), listen()
    is_new = not (root / "state").exists()
    state = State(root / "state", address=address_of(listener))
    if is_new:
        state.do(lambda: plant(state, World(), files(settings))).result()
        for name in ("data", "work"):
            (root / name).mkdir()
    with Running(state, listener, witness=judge.reply):
        yield Loop(Hub(state, root), root)
    assert not judge.complaints, "\n".join(judge.complaints)


def copied(root: Path, goal: Path) -> None:
    """Copy an observatory that nobody serves; the checkout is cloned anew, from the new address."""
    shutil.copytree(root, goal, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("checkout"))


@dataclass
class Play:
    """One observatory and its QA pull request."""

    loop: Loop
    number: int = 0

    @property
    def hub(self) -> Hub:
        return self.loop.hub

    def bot(self) -> tuple[Site, GitHub]:
        """Return what the bot has at hand in a workflow run: main as it is now, and its door."""
        site = self.loop.pull()
        return site, open_github(site.settings.github, self.loop.environment())

    def arrive(self, *obsnums: int) -> int:
        """Let the log hold these obsnums, and merge the arrival pull request; return its number."""
        self.loop.observe(rows(*obsnums))
        site, github = self.bot()
        done = propose_arrivals(site, github, self.loop.log, now=NOON)
        number = next(one.number for one in done.proposals if one.pid == PID)
        self.loop.merge(number)
        return number

    def reconcile(self, *, retry: bool = False) -> Reconciled:
        site, github = self.bot()
        done = reconcile(site, github, PID, lambda _progress: None, retry=retry)
        if done.qa and done.qa.number:
            self.number = done.qa.number
        return done

    def say(self, body: str, who: str = "da", number: int = 0) -> list[Answered]:
        """Comment as somebody, and let the bot answer all that has no answer."""
        self.comment(body, who, number)
        return self.answer(number)

    def comment(self, body: str, who: str = "da", number: int = 0) -> int:
        came = self.hub.person(who).post(f"{REPO}/issues/{number or self.number}/comments", {"body": body})
        assert came.status == 201, came.data
        return int(came.json["id"])

    def answer(self, number: int = 0) -> list[Answered]:
        site, github = self.bot()
        return answer_comments(site, github, number or self.number)

    def comments(self, number: int = 0, who: str = "lmtbot[bot]") -> list[str]:
        """Return the texts of one account's comments, the bot's unless somebody else is named."""
        found = self.hub.po.get(f"{REPO}/issues/{number or self.number}/comments?per_page=100").json
        return [one["body"] for one in found if one["user"]["login"] == who]

    def pull(self, number: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = self.hub.po.get(f"{REPO}/pulls/{number or self.number}").json
        return found

    def review(self, who: str = "da", event: str = "APPROVE", commit: str = "") -> int:
        """Review the QA pull request, as it is unless a commit is given; return the review's number."""
        body = {"event": event, "body": "seen", "commit_id": commit or self.pull()["head"]["sha"]}
        came = self.hub.person(who).post(f"{REPO}/pulls/{self.number}/reviews", body)
        assert came.status == 200, came.data
        return int(came.json["id"])

    def write(self, name: str, text: str, branch: str = "main", who: str = "po") -> None:
        """Write a file of the project by hand."""
        came = self.hub.write(f"{FOLDER}/{name}", text, branch, self.hub.person(who))
        assert came.status in (200, 201), came.data

    def text(self, name: str, branch: str = "main") -> str:
        return self.hub.text(f"{FOLDER}/{name}", branch)

    def checks(self, commit: str) -> dict[str, str]:
        runs = self.hub.po.get(f"{REPO}/commits/{commit}/check-runs?per_page=100").json["check_runs"]
        return {run["name"]: run["conclusion"] for run in runs}

    def records(self, level: int = 2) -> list[Record]:
        return [one for one in LedgerDoor(self.loop.root / "work", PID).read().records if one.level == level]
