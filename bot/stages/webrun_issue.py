"""The issue of a webrun: its text is understood and answered, accepted within the quota or by a PO, and run.

Nothing is remembered but sessions on the disk and the bot's own comments, so that a pass too many, or one that was
lost, does no harm. Each text that can be told from others has one answer, whose marker names its digest; what a PO
accepts is what the last answer before says. A text that was edited after it was accepted is not run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from bot.doors.github import GitHub
from bot.doors.templates import render_template
from bot.errors import DoorError, ProjectError
from bot.formats.comment_command import Command, Misread, parse_commands
from bot.formats.marker import marker, read_marker
from bot.formats.project_file import ProjectFolder
from bot.formats.webrun_command import DIGEST, WEBRUN
from bot.formats.webrun_form import read_form
from bot.model.github import Comment, Topic
from bot.model.label import ACCEPTED
from bot.model.label import WEBRUN as LABEL
from bot.model.role import Role
from bot.model.webrun import Session, SessionState, WebrunRequest
from bot.report.answers import Answer, answer_text, done, misread, not_allowed, refused
from bot.report.webrun import asked_values, mistake_rows
from bot.rules.commands import help_text, may, merged
from bot.rules.webrun import request_digest
from bot.rules.webrun_commands import WEBRUN_COMMANDS
from bot.settings import Site
from bot.stages.comments import BUG, GOOD_AND_BAD
from bot.stages.people import People
from bot.stages.planning import read_project
from bot.stages.webrun import Asked, accept, ask, cancel, extend, is_running, store_of, take_away
from bot.stages.webrun_promote import propose_promotion
from bot.stages.webrun_result import compared
from bot.stages.webrun_told import comparison_text, sessions_text

KIND, ANSWER = "webrun", "answer"
DISPATCH = "webrun"
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


@dataclass(frozen=True)
class Attended:
    """What a pass over an issue did."""

    number: int
    state: str
    """What became of the text: "" when nothing is said of it."""
    answers: tuple[Answer, ...] = ()
    sessions: tuple[str, ...] = ()


def is_webrun(issue: Topic) -> bool:
    """Say whether an issue is one of a webrun: it has the form's label, or its title says so.

    GitHub drops the label of who makes the issue by the API, and may not label.
    """
    return not issue.is_pull and (LABEL.name in issue.labels or issue.title.lower().startswith(LABEL.name))


def attend(site: Site, github: GitHub, number: int, *, run_url: str = "") -> Attended:
    """Answer the text and the commands of a webrun's issue, and have what was accepted run."""
    issue = github.topic(number)
    if not is_webrun(issue) or github.own(issue.author):
        return Attended(number, "")
    talk = _Talk(site, github, issue, github.comments(number), People(site, github))
    state = talk.answer_text_of_issue() if issue.is_open else "closed"
    answers = talk.answer_commands(run_url)
    talk.start()
    return Attended(number, state, tuple(answers), tuple(one.name for one in talk.sessions()))


@dataclass
class _Talk:
    """One issue with its comments."""

    site: Site
    github: GitHub
    issue: Topic
    comments: list[Comment]
    people: People
    request: WebrunRequest | None = None
    mistakes: ProjectError | None = None
    folder: ProjectFolder | None = None

    def __post_init__(self) -> None:
        try:
            self.request = read_form(self.issue.body)
            self.folder = read_project(self.site, self.request.project)
        except ProjectError as error:
            self.mistakes = error

    def roles(self, login: str) -> frozenset[Role]:
        return self.people.roles(login, self.folder.project if self.folder else None)

    def sessions(self) -> list[Session]:
        """Return this issue's sessions, the newest last."""
        if self.folder is None:
            return []
        return [one for one in store_of(self.site, self.folder.pid).all() if one.issue == self.issue.number]

    def marks(self) -> list[tuple[Comment, str]]:
        """Return the bot's answers to texts of this issue, with the digests of these, oldest first."""
        own = (one for one in self.comments if self.github.own(one.author))
        found = [(one, read.get("digest", "")) for one in own if (read := read_marker(one.body, KIND))]
        return [(one, digest) for one, digest in found if DIGEST.fullmatch(digest)]

    # the text

    def answer_text_of_issue(self) -> str:
        """Have one answer to the text as it is now; return what became of it."""
        if self.folder is not None and not self.roles(self.issue.author):
            return self._refuse(NO_ROLE)
        asked = self._ask(self.request) if self.request and not self.mistakes else None
        if asked is None:
            rows = mistake_rows(self.mistakes or ProjectError("there is nothing to be read"))
            return self._refuse(render_template(self.site.code, "github/webrun.md.j2", marker="", refused=rows))
        self.github.ensure_labels(self.issue, (LABEL.name,))
        known = {one.digest: one for one in self.sessions()}
        if asked.digest in known and known[asked.digest].state.is_gone:
            return str(known[asked.digest].state)
        if asked.digest not in known and known and not self._is_asked_again(asked):
            names = ", ".join(one.name for one in known.values())
            self._say(asked.digest, f"{EDITED.format(names=names)}\n", state="edited")
            return "edited"
        return self._settle(asked)

    def _ask(self, request: WebrunRequest) -> Asked | None:
        try:
            roles = self.roles(self.issue.author)
            return ask(self.site, request, self.issue.author, roles, issue=self.issue.number)
        except ProjectError as error:
            self.mistakes = error
            return None

    def _settle(self, asked: Asked, by: str = "") -> str:
        """Accept a request if it may be, and have the answer say so."""
        by = by or self._accepted_by(asked)
        session = self._of(asked.digest)
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

    def _of(self, digest: str) -> Session | None:
        """Return the session of a request that is still there."""
        return next((one for one in self.sessions() if one.digest == digest and not one.state.is_gone), None)

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
        body = f"{marker(KIND, digest=digest, state=state)}\n{text.lstrip()}"
        self.github.ensure_comment(self.issue.number, KIND, body, digest=digest)

    # the commands

    def answer_commands(self, run_url: str) -> list[Answer]:
        """Carry out and answer the commands of all comments that have no answer; strangers are told once."""
        own = [one for one in self.comments if self.github.own(one.author)]
        known = {read["to"] for one in own if (read := read_marker(one.body, ANSWER))}
        heard = {one.author for one in self.comments if str(one.id) in known}
        found: list[Answer] = []
        for comment in self.comments:
            parsed = () if self._is_passed_over(comment) else parse_commands(comment.body, WEBRUN)
            if not parsed or str(comment.id) in known:
                continue
            if self.roles(comment.author) or comment.author not in heard:
                found += self._answer(comment, parsed, run_url)
                heard.add(comment.author)
        return found

    def _is_passed_over(self, comment: Comment) -> bool:
        return self.github.own(comment.author) or comment.author.endswith("[bot]") or comment.is_edited

    def _answer(self, comment: Comment, parsed: Iterable[Command | Misread], run_url: str) -> list[Answer]:
        try:
            answers = {one: self._single(comment, one) for one in dict.fromkeys(parsed)}
        except DoorError:
            raise
        except Exception:  # the asker hears of a bug of ours too, before it goes on to the one boundary
            with suppress(DoorError):
                self._reply(comment, f"{BUG} {run_url}\n", is_good=False)
            raise
        found = list(answers.values())
        is_help = any(one.is_done and isinstance(one.asked, Command) and one.asked.name == "help" for one in found)
        words = help_text(self.roles(comment.author), WEBRUN_COMMANDS) if is_help else ""
        text = answer_text(found, help_words=words, rules=WEBRUN_COMMANDS)
        self._reply(comment, text, is_good=all(one.is_done for one in found))
        return found

    def _reply(self, comment: Comment, text: str, *, is_good: bool) -> None:
        self.github.react(comment, GOOD_AND_BAD[is_good])
        body = f"{marker(ANSWER, to=comment.id)}\n{text}"
        self.github.ensure_comment(self.issue.number, ANSWER, body, to=comment.id)

    def _single(self, comment: Comment, one: Command | Misread) -> Answer:
        if isinstance(one, Misread):
            return misread(one)
        if not may(one, self.roles(comment.author), WEBRUN_COMMANDS):
            return not_allowed(one, WEBRUN_COMMANDS)
        try:
            return done(one, _DEEDS[one.name](self, comment, one))
        except ProjectError as error:
            return refused(one, error)

    def _session(self, command: Command) -> Session:
        """Return the session that a command speaks of: by its number, or the issue's newest."""
        found = [one for one in self.sessions() if command.target in (None, one.number)]
        if not found:
            named = f"Session-{command.target}" if command.target else "no session"
            raise ProjectError(f"this issue has {named} not" if command.target else "this issue has no session yet")
        return found[-1]

    def run(self, _comment: Comment, command: Command) -> str:
        """Ask for the text as it is now, with other parameters where the command says some."""
        if self.request is None or self.folder is None or self.mistakes:
            raise self.mistakes or ProjectError("the text above cannot be read")
        if not self.roles(self.issue.author):
            raise ProjectError("the author of this issue has no role in the project")
        request = self.request
        if command.flags:
            request = request.model_copy(update={"parameters": merged(request.parameters, command.flags)})
        asked = ask(self.site, request, self.issue.author, self.roles(self.issue.author), issue=self.issue.number)
        known = self._of(asked.digest)
        if known is not None and known.state in (SessionState.FAILED, SessionState.CANCELLED):
            store = store_of(self.site, known.pid)
            store.update(known, lambda _one: {"state": SessionState.ACCEPTED, "told": ""})
            return f"{known.name} is run again; what is good of it stays"
        if known is not None:
            return f"this is {known.name}, which is {known.state}"
        state = self._settle(asked)
        made = self._of(asked.digest)
        return f"accepted as {made.name}" if made and state == "accepted" else "it waits for a PO"

    def accept(self, comment: Comment, command: Command) -> str:
        """Accept the request that the bot's last answer before the comment is about."""
        before = [digest for one, digest in self.marks() if one.id < comment.id and digest.startswith(command.words)]
        asked = self._ask_known(before[-1]) if before and self.request and not self.mistakes else None
        if asked is None:
            what = "the text is not what the bot's last answer before your comment is about"
            raise ProjectError(f"{what}; read the newest answer, then accept that by its short name")
        self._settle(asked, comment.author)
        session = self._of(asked.digest)
        return f"{session.name} of {session.pid}" if session else "nothing"

    def _ask_known(self, digest: str) -> Asked | None:
        """Return the request with this digest: the text's, or one that a /run made of it."""
        candidates = [self.request] if self.request else []
        for comment in self.comments:
            if self._is_passed_over(comment) or not self.request:
                continue
            for one in parse_commands(comment.body, WEBRUN):
                if isinstance(one, Command) and one.name == "run" and one.flags:
                    words = merged(self.request.parameters, one.flags)
                    candidates.append(self.request.model_copy(update={"parameters": words}))
        known = next((one for one in candidates if request_digest(one) == digest), None)
        if known is None:
            return None
        return ask(self.site, known, self.issue.author, self.roles(self.issue.author), issue=self.issue.number)

    def cancel(self, _comment: Comment, command: Command) -> str:
        """End a session."""
        session = cancel(self.site, self._session(command))
        return f"{session.name} is {session.state}; what is made of it stays until {session.expires}"

    def compare(self, _comment: Comment, command: Command) -> str:
        """Show the newest session beside another one."""
        if self.folder is None:
            raise ProjectError("the text above names no project that can be read")
        other = store_of(self.site, self.folder.pid).get(int(command.target or 0))
        session = self._session(Command("compare"))
        rows = compared(self.site, session, other)
        text = comparison_text(self.site, session, rows, other)
        self.github.ensure_comment(
            self.issue.number, "webrun-compare", text, session=session.number, other=other.number
        )
        return f"{session.name} beside {other.name} stands in a comment of its own"

    def promote(self, _comment: Comment, command: Command) -> str:
        """Have a pull request with the session's parameters."""
        found = propose_promotion(self.site, self.github, self._session(command))
        return f"pull request {found.pull.number} {found.told}" if found.pull else found.told

    def extend(self, _comment: Comment, command: Command) -> str:
        """Keep a session longer."""
        session = extend(self.site, self._session(command))
        return f"{session.name} is kept until {session.expires}"

    def delete(self, _comment: Comment, command: Command) -> str:
        """Delete a session's results."""
        session, kept = take_away(self.site, self._session(command))
        if not kept.files:
            return f"{session.name} was {session.state} already; nothing was left of it"
        return (
            f"{session.name}: {kept.files} files with {kept.bytes:,} bytes are gone; nothing outside of it was touched"
        )

    def status(self, _comment: Comment, _command: Command) -> str:
        """Tell where the sessions stand."""
        return sessions_text([(one, is_running(self.site, one)) for one in self.sessions()])

    def help(self, _comment: Comment, _command: Command) -> str:
        """List the commands."""
        return ""

    # what follows

    def start(self) -> None:
        """Have what was accepted run by the runner for webruns, and results told of what has ended."""
        for session in self.sessions():
            if session.state is SessionState.ACCEPTED and not is_running(self.site, session):
                self.github.dispatch(DISPATCH, {"issue": self.issue.number, "pid": session.pid})
                return


_DEEDS: dict[str, Callable[[_Talk, Comment, Command], str]] = {
    "run": _Talk.run,
    "accept": _Talk.accept,
    "cancel": _Talk.cancel,
    "compare": _Talk.compare,
    "promote": _Talk.promote,
    "extend": _Talk.extend,
    "delete": _Talk.delete,
    "status": _Talk.status,
    "help": _Talk.help,
}
