"""The story: a night arrives, is merged, reduced, looked at, graded, approved, and reduced for the archive.

Everything is done by the real workflows on simulated hosts, and by people through GitHub's API; what is told here is
read off GitHub afterwards.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.errors import DoorError
from bot.formats.project_file import QA_FILE
from bot.formats.validation import validate
from bot.formats.yaml_text import parse_document
from bot.model.project import Qa
from bot.sim.story.people import People
from bot.sim.story.transcript import Transcript

PID = "2024-S1-MX-2"
LOOKED_AT = 120317
"""Some of its beams are bad and nobody has flagged them: sim_truth.yaml."""
FLAGS = f"/flag {LOOKED_AT}__0 pix_list=-10,11,13\n/flag {LOOKED_AT}__1 pix_list=-3,13"
Lmtbot = Callable[..., str]
"""Runs lmtbot on a fresh checkout of main; returns what it prints."""


@dataclass
class Loop:
    """Plays the story step by step."""

    people: People
    told: Transcript
    lmtbot: Lmtbot

    def play(self) -> str:
        """Play it to its end; return the project's state. Raise DoorError where something went another way."""
        arrival = self._arrive()
        self._merge(arrival)
        qa = self._look()
        self._judge(qa)
        self._approve(qa)
        self._promote(qa)
        return self._stand()

    def _arrive(self) -> dict[str, Any]:
        self.told.step("The timer rings: new observations become pull requests, and each is checked.")
        ran = self._after(lambda: self._as("po", "POST", "dispatches", {"event_type": "arrive"}), "arrive", "check")
        for pull in reversed(self.people.ask("po", "GET", "pulls?per_page=100")):
            self.told.say(f"#{pull['number']} **{pull['title']}** by {pull['user']['login']}")
        self.told.say(f"ran: {'; '.join(ran)}")
        pull = self.people.pull_of(f"arrival/{PID}")
        self.told.paper(f"#{pull['number']} {pull['title']}", pull["body"])
        self._must(pull["head"]["sha"], "check", "success")
        return pull

    def _merge(self, pull: dict[str, Any]) -> None:
        self.told.step(f"The PO approves and merges #{pull['number']}: level 1 runs on unity.")
        self._review("po", pull, "APPROVE", "These are ours.")
        ran = self._after(lambda: self._merge_now(pull["number"]), "reconcile", "project", "check", "qa")
        self.told.say(f"ran: {'; '.join(ran)}")
        self.told.paper(f"The report on #{pull['number']}", self._comment(pull["number"], "lmtbot:run"))
        self._must(self._as("po", "GET", f"pulls/{pull['number']}")["merge_commit_sha"], f"level 1 / {PID}", "success")

    def _look(self) -> dict[str, Any]:
        self.told.step("The QA pull request is open: worksheet, suggestions, and the run lines that level 2 would run.")
        pull = self.people.pull_of(f"qa/{PID}")
        self.told.paper(f"#{pull['number']} {pull['title']}", pull["body"])
        self._must(pull["head"]["sha"], "qa", "failure")
        return pull

    def _judge(self, pull: dict[str, Any]) -> None:
        number = pull["number"]
        self.told.step(f"The DA looks: {LOOKED_AT} is twice as noisy as it should be. Flags, and a trial with them.")
        words = f"Beams 10 and 11 of bank 0 are bad, and 3 of bank 1.\n\n{FLAGS}\n/run {LOOKED_AT}"
        self._comment_as("da", number, words, "comment", "trial", "qa")
        self.told.paper("The bot answers", self._comment(number, "lmtbot:answer"))
        self.told.paper("The trial", self._comment(number, "lmtbot:trial"))
        self.told.step("The DA grades all of them.")
        grades = "\n".join(f"/grade {label} 3" for label in self._to_grade(pull))
        self._comment_as("da", number, grades, "comment", "qa")
        self.told.paper("The bot answers", self._comment(number, "lmtbot:answer"))
        diff = self._as("da", "GET", f"pulls/{number}/files")
        self.told.say("changed: " + ", ".join(f"{one['filename']} (+{one['additions']})" for one in diff))

    def _approve(self, pull: dict[str, Any]) -> None:
        now = self._as("da", "GET", f"pulls/{pull['number']}")
        self._must(now["head"]["sha"], "qa", "success")
        self.told.step(
            "The verdict is complete: the DA approves this very commit, and with it every run line of level 2."
        )
        self._review("da", now, "APPROVE", "Looked at every product.")

    def _promote(self, pull: dict[str, Any]) -> None:
        number = pull["number"]
        self.told.step(f"The PO merges #{number}: level 2 runs the whole project from a clean start.")
        self._review("po", self._as("po", "GET", f"pulls/{number}"), "APPROVE", "")
        ran = self._after(lambda: self._merge_now(number), "reconcile", "project")
        self.told.say(f"ran: {'; '.join(ran)}")
        self.told.paper(f"The report on #{number}", self._comment(number, "lmtbot:run"))
        self._must(self._as("po", "GET", f"pulls/{number}")["merge_commit_sha"], f"level 2 / {PID}", "success")

    def _stand(self) -> str:
        self.told.step("Where does the project stand, and what is on record?")
        status, history = self.lmtbot("status", PID), self.lmtbot("history", PID)
        self.told.terminal(f"lmtbot status {PID}", status)
        self.told.terminal(f"lmtbot history {PID}", history)
        self._show()
        state = next((row[len(PID) :].strip() for row in status.splitlines() if row.startswith(PID)), "")
        self.told.say(f"{PID}: {re.split(' {2,}', state)[0]}")
        return re.split(" {2,}", state)[0]

    def _show(self) -> None:
        self.told.terminal("lmtbot site build", self.lmtbot("site", "build"))

    def _to_grade(self, pull: dict[str, Any]) -> list[str]:
        """Return what has the grade 0 in qa.yaml on the branch: OBSNUM, or OBSNUM__BANK."""
        path = f"projects/{PID}/{QA_FILE}"
        found = self._as("da", "GET", f"contents/{path}?ref={quote(pull['head']['ref'])}")
        qa = validate(parse_document(base64.b64decode(found["content"]).decode(), path), Qa)
        labels = []
        for obsnum, verdict in qa.obsnums.items():
            labels += [str(obsnum)] if verdict.grade == 0 else []
            labels += [f"{obsnum}__{bank}" for bank, one in verdict.banks.items() if one.grade == 0]
        return labels

    def _as(self, login: str, method: str, path: str, body: Any = None) -> Any:
        return self.people.ask(login, method, path, body)

    def _after(self, deed: Callable[[], Any], *workflows: str) -> list[str]:
        ran = self.people.after(deed, *workflows)
        failed = [one for one in ran if not one.endswith((": success", ": skipped", ": cancelled"))]
        if failed:
            raise DoorError(f"{'; '.join(failed)}; see the runs at {self.people.address}")
        return ran

    def _merge_now(self, number: int) -> None:
        self._as("po", "PUT", f"pulls/{number}/merge", {})

    def _review(self, login: str, pull: dict[str, Any], event: str, words: str) -> None:
        body = {"event": event, "body": words, "commit_id": pull["head"]["sha"]}
        self._as(login, "POST", f"pulls/{pull['number']}/reviews", body)

    def _comment_as(self, login: str, number: int, text: str, *workflows: str) -> None:
        self.told.paper(f"{login} writes on #{number}", text)
        self._after(lambda: self._as(login, "POST", f"issues/{number}/comments", {"body": text}), *workflows)

    def _comment(self, number: int, mark: str) -> str:
        found = [text for text in self.people.comments(number) if f"<!-- {mark}" in text]
        if not found:
            raise DoorError(f"#{number} has no comment with {mark}")
        return found[-1]

    def _must(self, commit: str, check: str, wanted: str) -> None:
        found = self.people.checks(commit).get(check)
        self.told.say(f"check *{check}* on {commit[:7]}: {found}")
        if found != wanted:
            raise DoorError(f"the check {check} on {commit[:7]} is {found}, not {wanted}")
