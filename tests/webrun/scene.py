"""What people and the bot do around a webrun, in the test's own process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.formats.webrun_form import form_text
from bot.model.project import Parameters
from bot.model.webrun import Session, WebrunRequest
from bot.stages.webrun.issue import Attended, attend
from bot.stages.webrun.run import run_accepted
from bot.stages.webrun.sessions import store_of
from bot.stages.webrun.sweep import sweep
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.loop.play import Play

FLAGGED = "badcb=1/2"
KEPT_BY_THE_BOT = ("sessions", "lock", "github.json")
"""Locks, and what GitHub told: these are no results."""


def request(*words: str, **more: Any) -> WebrunRequest:
    """Return a request for GALAXY with these parameters."""
    told = {"project": PID, "sources": ("GALAXY",), "parameters": Parameters(words or (FLAGGED,))} | more
    return WebrunRequest(**told)


@dataclass
class Scene(Play):
    """One observatory, and the issue of the webrun that was spoken of last."""

    issue: int = 0

    def ask(self, text: str | WebrunRequest = "", who: str = "pi", labels: tuple[str, ...] = ("webrun",)) -> Attended:
        """Open an issue as the form does, and let the bot look at it."""
        self.open(text or request(), who, labels)
        return self.attend()

    def open(
        self, text: str | WebrunRequest, who: str = "pi", labels: tuple[str, ...] = ("webrun",), title: str = "A wish"
    ) -> int:
        told = text if isinstance(text, str) else form_text(text)
        body = {"title": title, "body": told}
        came = self.hub.person(who).post(f"{REPO}/issues", body)
        assert came.status == 201, came.data
        self.issue = int(came.json["number"])
        for label in labels:  # as GitHub puts the form's labels on, whoever fills it in
            self.hub.po.post(f"{REPO}/issues/{self.issue}/labels", {"labels": [label]})
        return self.issue

    def edit(self, text: str | WebrunRequest, who: str = "pi") -> Attended:
        """Change the text of the issue."""
        told = text if isinstance(text, str) else form_text(text)
        assert self.hub.person(who).patch(f"{REPO}/issues/{self.issue}", {"body": told}).status == 200
        return self.attend()

    def attend(self) -> Attended:
        site, github = self.bot()
        return attend(site, github, self.issue)

    def tell(self, words: str, who: str = "pi") -> Attended:
        """Comment on the issue, and let the bot answer."""
        self.comment(words, who, self.issue)
        return self.attend()

    def work(self) -> list[Session]:
        """Do what the runner for webruns does."""
        site, github = self.bot()
        return run_accepted(site, github, self.issue, PID, lambda _progress: None)

    def sweep(self, **more: Any) -> list[str]:
        site, github = self.bot()
        swept = sweep(site, github, **more)
        assert not swept.hindered
        return swept.news

    def sessions(self) -> list[Session]:
        return store_of(self.loop.site, PID).all()

    def said(self, kind: str = "webrun ") -> list[str]:
        """Return the bot's comments of a kind on the issue."""
        return [one for one in self.comments(self.issue) if one.startswith(f"<!-- lmtbot:{kind}")]

    def dispatched(self) -> list[dict[str, Any]]:
        found = [row["payload"] for row in self.hub.events("repository_dispatch")]
        return [one["client_payload"] for one in found if one["action"] == "webrun"]

    @property
    def work_lmt(self) -> Path:
        return self.loop.root / "work"

    def folder(self, number: int = 1) -> Path:
        return self.work_lmt / PID / f"Session-{number}"

    def outside(self) -> str:
        """Return a digest of all of WORK_LMT but the sessions."""
        found = hashlib.sha256()
        for path in sorted(self._outside()):
            found.update(f"{path}\0".encode() + (path.read_bytes() if path.is_file() else b""))
        return found.hexdigest()

    def _outside(self) -> Iterator[Path]:
        for path in self.work_lmt.rglob("*"):
            inside = path.relative_to(self.work_lmt).parts
            if not any(part.startswith("Session-") for part in inside) and inside[-1] not in KEPT_BY_THE_BOT:
                yield path
