"""The text of a webrun's issue: understood and answered, accepted within the quota or by a PO.

Nothing is remembered but sessions on the disk and the bot's own comments. Each text that can be told from others has
one answer, whose marker names its digest; what a PO accepts is what the last answer before says. A text that was edited
after it was accepted is not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from bot.doors.github import GitHub
from bot.doors.templates import render_template
from bot.errors import Finding, ProjectError, Severity
from bot.formats.comment_command import Command
from bot.formats.marker import marker, read_marker
from bot.formats.project_file import ProjectFolder
from bot.formats.webrun_command import DIGEST
from bot.formats.webrun_form import CODE, FormMistakes, read_form
from bot.model.github import Comment, Topic
from bot.model.label import ACCEPTED
from bot.model.label import WEBRUN as LABEL
from bot.model.role import Role
from bot.model.webrun import Session, WebrunRequest
from bot.report.webrun import asked_values, mistake_rows
from bot.rules.commands import merged
from bot.rules.webrun import request_digest
from bot.rules.webrun_commands import WEBRUN_COMMANDS
from bot.settings import Site
from bot.stages.answering import commands_of
from bot.stages.people import People
from bot.stages.planning import read_project
from bot.stages.webrun.sessions import Asked, accept, ask, store_of

KIND = "webrun"
NO_ROLE = (
    "A webrun is for the PI and co-PIs of the project, whom `pi.github` in its `project.yaml` names, for DA and PO. "
    "Nothing is run for you here."
)
WAITS = "**It waits for a PO**, who accepts it with `/accept {short}` or the label `{label}`, because:"
RUNS = "**Accepted{by}: {name}** is made in a folder of its own; the results follow here. It is kept until {expires}."
EDITED = (
    "The text above was edited after {names} was accepted. Nothing of the new text is run. `/run` asks for it as it is "
    "now; otherwise {names} stays as it was accepted."
)


@dataclass
class Conversation:
    """One issue with its comments."""

    site: Site
    github: GitHub
    issue: Topic
    comments: list[Comment]
    people: People
    request: WebrunRequest | None = None
    """What the text asks for; None while there are mistakes in it."""
    mistakes: ProjectError | None = None
    rest: WebrunRequest | None = None
    """What of a text with mistakes could be read."""
    folder: ProjectFolder | None = None
    """The project that the issue is about, which does not change once something was accepted."""

    def __post_init__(self) -> None:
        before = next((one["pid"] for _, one in self._own_marks() if one.get("state") == "accepted"), "")
        try:
            request = read_form(self.issue.body)
            if before and request.project != before:
                raise _another_project(before, request.project)
            self.folder = read_project(self.site, request.project)
            self.request = request
        except ProjectError as error:
            self.mistakes, self.rest = error, error.rest if isinstance(error, FormMistakes) else None
            pid = before or (self.rest.project if self.rest else "")
            with suppress(ProjectError):
                self.folder = read_project(self.site, pid) if pid else None

    def roles(self, login: str) -> frozenset[Role]:
        """Return what somebody is to the issue's project."""
        return self.people.roles(login, self.folder.project if self.folder else None)

    def sessions(self) -> list[Session]:
        """Return this issue's sessions, the newest last."""
        if self.folder is None:
            return []
        return [one for one in store_of(self.site, self.folder.pid).all() if one.issue == self.issue.number]

    def session_of(self, digest: str) -> Session | None:
        """Return the session of a request that is still there."""
        return next((one for one in self.sessions() if one.digest == digest and not one.state.is_gone), None)

    def marks(self) -> list[tuple[Comment, str]]:
        """Return the bot's answers to texts that it understood, with the digests of these, oldest first."""
        return [(one, read["digest"]) for one, read in self._own_marks() if DIGEST.fullmatch(read.get("digest", ""))]

    def _own_marks(self) -> Iterator[tuple[Comment, dict[str, str]]]:
        for one in self.comments:
            read = read_marker(one.body, KIND) if self.github.own(one.author) else None
            if read is not None:
                yield one, dict(read)

    def answer(self) -> str:
        """Have one answer to the text as it is now; return what became of it."""
        if self.folder is not None and not self.roles(self.issue.author):
            return self._refuse(NO_ROLE)
        try:
            asked = self.ask(self.request)
        except ProjectError as error:
            rows = mistake_rows(error)
            return self._refuse(render_template(self.site.code, "github/webrun.md.j2", marker="", refused=rows))
        self.github.ensure_labels(self.issue, (LABEL.name,))
        known = {one.digest: one for one in self.sessions()}
        if asked.digest in known and known[asked.digest].state.is_gone:
            return str(known[asked.digest].state)
        if asked.digest not in known and known and not self._is_asked_again(asked):
            names = ", ".join(one.name for one in known.values())
            self._say(asked.digest, f"{EDITED.format(names=names)}\n", state="edited")
            return "edited"
        return self.settle(asked)

    def ask(self, request: WebrunRequest | None) -> Asked:
        """Return what a request of the issue's author comes to; raise ProjectError with what is wrong in it."""
        if self.mistakes is not None:
            raise self._all_mistakes(self.mistakes)
        if request is None:
            raise ProjectError("there is nothing to be read")
        return self._ask(request)

    def _ask(self, request: WebrunRequest) -> Asked:
        roles = self.roles(self.issue.author)
        if not roles:
            raise ProjectError("the author of this issue has no role in the project")
        return ask(self.site, request, self.issue.author, roles, issue=self.issue.number)

    def _all_mistakes(self, found: ProjectError) -> ProjectError:
        """Return the mistakes of the form with those in what could be read of it."""
        if self.rest is None or self.folder is None or self.folder.pid != self.rest.project:
            return found
        try:
            self._ask(self.rest)
        except ProjectError as error:
            return found.with_those_of(error)
        return found

    def settle(self, asked: Asked, by: str = "") -> str:
        """Accept a request if it may be, and have the answer say so."""
        by = by or self._accepted_by(asked)
        session = self.session_of(asked.digest)
        if session is None and (by or not asked.over):
            session = accept(self.site, asked, by=by)
        values = asked_values(asked.understood, asked.cost, () if session else asked.over)
        state, mark = "waits", WAITS.format(short=asked.digest[:8], label=ACCEPTED.name)
        if session is not None:
            told = f" by {session.accepted_by}" if session.accepted_by else ""
            state, mark = "accepted", RUNS.format(by=told, name=session.name, expires=session.expires)
        text = render_template(self.site.code, "github/webrun.md.j2", marker="", refused=(), state=mark, **values)
        self._say(asked.digest, text, state=state)
        return state

    def _accepted_by(self, asked: Asked) -> str:
        """Return the PO who put the label on after the bot had answered this very text, "" if none did."""
        marks = self.marks()
        if ACCEPTED.name not in self.issue.labels or not marks or marks[-1][1] != asked.digest:
            return ""
        answered = marks[-1][0].created
        who = [one.who for one in self.github.labelled(self.issue.number)
               if one.label == ACCEPTED.name and one.when >= answered]  # fmt: skip
        return next((one for one in who if Role.PO in self.roles(one)), "")

    def _is_asked_again(self, asked: Asked) -> bool:
        """Say whether the newest answer already takes this text for a new request: somebody gave /run for it."""
        marks = [one for one in self.marks() if one[1] == asked.digest]
        read = read_marker(marks[-1][0].body, KIND) if marks else None
        return read is not None and read.get("state") in ("waits", "accepted")

    def _refuse(self, text: str) -> str:
        """Have one comment that says why the text is not taken; it is edited when the text is."""
        self._say("none", text, state="refused")
        return "refused"

    def _say(self, digest: str, text: str, *, state: str) -> None:
        pid = self.folder.pid if self.folder else ""
        body = f"{marker(KIND, digest=digest, state=state, pid=pid)}\n{text.lstrip()}"
        self.github.ensure_comment(self.issue.number, KIND, body, digest=digest)

    def asked_before(self, digest: str) -> Asked | None:
        """Return the request with this digest: the text's, or one that a /run made of it; None if there is none."""
        known = next((one for one in self._candidates() if request_digest(one) == digest), None)
        return self.ask(known) if known else None

    def _candidates(self) -> Iterator[WebrunRequest]:
        if self.request is None:
            return
        yield self.request
        for comment in self.comments:
            for one in commands_of(self.github, comment, WEBRUN_COMMANDS):
                if isinstance(one, Command) and one.name == "run" and one.flags:
                    yield with_parameters(self.request, one)


def with_parameters(request: WebrunRequest, command: Command) -> WebrunRequest:
    """Return a request with the parameters that stand behind a /run."""
    return request.model_copy(update={"parameters": merged(request.parameters, command.flags)})


def _another_project(before: str, now: str) -> ProjectError:
    what, cure = f"this issue is about {before}, and its text names {now} now", f"open an issue of its own for {now}"
    return ProjectError(findings=[Finding(CODE, Severity.ERROR, "issue", 0, what, "", cure)])
