"""The story goes on: the PO releases the project, lets the archive's job go, and merges what comes back."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from pathlib import Path

from bot.errors import DoorError
from bot.sim.story.gh import gh
from bot.sim.story.loop import PID, Loop

TAG = f"{PID}/v1"
ENVIRONMENT = "archive"
PATIENCE_S = 120


@dataclass
class Archiving(Loop):
    """Plays it on a project whose level 2 is done."""

    folder: Path = Path()
    """Where the notes of the release are written."""

    def play(self) -> str:
        """Play it to its end; return the project's state."""
        self._guard()
        self._release()
        self._let_go()
        self._bring_back()
        return self._look_back()

    def _guard(self) -> None:
        """Have the environment need the PO, as `lmtbot install github` makes it."""
        po = self._as("po", "GET", "collaborators/po/permission")["user"]["id"]
        body = {"reviewers": [{"type": "User", "id": po}], "deployment_branch_policy": None}
        self._as("po", "PUT", f"environments/{ENVIRONMENT}", body)

    def _release(self) -> None:
        self.told.step(f"The PO releases {TAG}: the workflow asks for a run on main, and that waits for the PO.")
        notes = self.folder / "notes.md"
        self.told.terminal(f"lmtbot release {PID} --notes notes.md", self.lmtbot("release", PID, "--notes", str(notes)))
        self.told.paper(f"The notes of {TAG}", notes.read_text(encoding="utf-8"))
        words = ("release", "create", TAG, "--target", "main", "--title", TAG, "--notes-file", str(notes))
        self.told.terminal(f"gh {shlex.join(words[:-1])} notes.md", gh(self.people, self.folder, "po", *words))
        ends = time.monotonic() + PATIENCE_S
        while not self._waiting():
            if time.monotonic() > ends:
                raise DoorError(f"no run of the archive waits; see {self.people.address}/actions")
            time.sleep(0.3)

    def _waiting(self) -> list[int]:
        runs = self._as("po", "GET", "actions/runs?per_page=100")["workflow_runs"]
        return [run["id"] for run in runs if (run["name"], run["status"]) == (ENVIRONMENT, "waiting")]

    def _let_go(self) -> None:
        self.told.step("The PO lets it go: every product becomes a bag, is read back and verified.")
        (run,) = self._waiting()
        where = f"actions/runs/{run}/pending_deployments"
        asked = [one["environment"]["id"] for one in self._as("po", "GET", where)]
        body = {"environment_ids": asked, "state": "approved", "comment": "ours"}
        ran = self._after(lambda: self._as("po", "POST", where, body), ENVIRONMENT, "check")
        self.told.say(f"ran: {'; '.join(ran)}")
        found = self._as("po", "GET", f"releases/tags/{TAG}")["assets"]
        self.told.say(f"at the release now: {', '.join(one['name'] for one in found)}")

    def _bring_back(self) -> None:
        pull = self.people.pull_of(f"archive/{PID}")
        self.told.step(f"archive.yaml comes back by #{pull['number']}; the PO merges it.")
        self.told.paper(f"#{pull['number']} {pull['title']}", pull["body"])
        self._must(pull["head"]["sha"], "check", "success")
        self._review("po", pull, "APPROVE", "")
        self._after(lambda: self._merge_now(pull["number"]))

    def _look_back(self) -> str:
        self.told.step("Is it still what was sent, and where does it come from?")
        self.told.terminal(f"lmtbot verify {PID}", self.lmtbot("verify", PID))
        wanted = f"{PID}/117345"
        self.told.terminal(f"lmtbot trace {wanted}", self.lmtbot("trace", wanted))
        return self._stand()
