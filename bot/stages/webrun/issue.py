"""The issue of a webrun: its text is answered, its commands are carried out, and what was accepted is run.

A pass too many, or one that was lost, does no harm: what is done already is seen by the sessions on the disk and by the
bot's own comments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.doors.github import GitHub
from bot.errors import ProjectError
from bot.formats.comment_command import Command
from bot.model.github import Comment, Topic
from bot.model.label import WEBRUN as LABEL
from bot.model.role import Role
from bot.model.webrun import Session, SessionState
from bot.report.answers import Answer
from bot.report.webrun import taken_words
from bot.rules.webrun_commands import WEBRUN_COMMANDS
from bot.settings import Site
from bot.stages.answering import Outcome, Parsed, Thread, answer_each
from bot.stages.people import People
from bot.stages.webrun.conversation import Conversation, with_parameters
from bot.stages.webrun.promote import propose_promotion
from bot.stages.webrun.result import compared
from bot.stages.webrun.sessions import cancel, extend, is_running, store_of, take_away
from bot.stages.webrun.told import COMPARE, comparison_text, sessions_text

DISPATCH = "webrun"


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
    talk = Conversation(site, github, issue, github.comments(number), People(site, github))
    state = talk.answer() if issue.is_open else "closed"
    thread = Thread(github, number, talk.comments, WEBRUN_COMMANDS, run_url)
    answers = [answer for one in thread.answer(_IssueDesk(talk)) for answer in one.answers]
    _start(talk)
    return Attended(number, state, tuple(answers), tuple(one.name for one in talk.sessions()))


def _start(talk: Conversation) -> None:
    """Have what was accepted run by the runner for webruns."""
    for session in talk.sessions():
        if session.state is SessionState.ACCEPTED and not is_running(talk.site, session):
            talk.github.dispatch(DISPATCH, {"issue": talk.issue.number, "pid": session.pid})
            return


@dataclass(frozen=True)
class _IssueDesk:
    """Whoever speaks on the issue, and what is done for them."""

    talk: Conversation

    def roles(self, login: str) -> frozenset[Role]:
        return self.talk.roles(login)

    def carry_out(self, comment: Comment, parsed: Parsed) -> Outcome:
        deeds = _Deeds(self.talk, comment)
        answers = answer_each(parsed, self.roles(comment.author), WEBRUN_COMMANDS, deeds.do)
        return Outcome(tuple(answers.values()))


@dataclass(frozen=True)
class _Deeds:
    """What the commands of one comment do."""

    talk: Conversation
    comment: Comment

    def do(self, command: Command) -> str:
        """Carry out a command; return the words of the answer, raise ProjectError where it could not act."""
        return _DEEDS[command.name](self, command)

    def _session(self, command: Command) -> Session:
        """Return the session that a command speaks of: by its number, or the issue's newest."""
        found = [one for one in self.talk.sessions() if command.target in (None, one.number)]
        if not found:
            raise ProjectError(f"this issue has no {f'Session-{command.target}' if command.target else 'session yet'}")
        return found[-1]

    def run(self, command: Command) -> str:
        """Ask for the text as it is now, with other parameters where the command says some."""
        request = self.talk.request
        asked = self.talk.ask(with_parameters(request, command) if request and command.flags else request)
        known = self.talk.session_of(asked.digest)
        if known is not None and known.state in (SessionState.FAILED, SessionState.CANCELLED):
            store = store_of(self.talk.site, known.pid)
            store.update(known, lambda _one: {"state": SessionState.ACCEPTED, "told": ""})
            return f"{known.name} is run again; what is good of it stays"
        if known is not None and known.state is SessionState.DONE:
            return f"this is {known.name}, which is done"
        self.talk.settle(asked)
        made = self.talk.session_of(asked.digest)
        return f"accepted as {made.name}" if made else "it waits for a PO"

    def accept(self, command: Command) -> str:
        """Accept the request that the bot's last answer before the comment is about."""
        marks = [digest for one, digest in self.talk.marks() if one.id < self.comment.id]
        before = [digest for digest in marks if digest.startswith(command.words)]
        asked = self.talk.asked_before(before[-1]) if before else None
        if asked is None:
            what = "the text is not what the bot's last answer before your comment is about"
            raise ProjectError(f"{what}; read the newest answer, then accept that by its short name")
        self.talk.settle(asked, self.comment.author)
        session = self.talk.session_of(asked.digest)
        return f"{session.name} of {session.pid}" if session else "nothing"

    def cancel(self, command: Command) -> str:
        """End a session."""
        session = cancel(self.talk.site, self._session(command))
        return sessions_text([(session, False)])

    def compare(self, command: Command) -> str:
        """Show the newest session beside another one."""
        if self.talk.folder is None:
            raise ProjectError("the text above names no project that can be read")
        other = store_of(self.talk.site, self.talk.folder.pid).get(int(command.target or 0))
        session = self._session(Command("compare"))
        rows = compared(self.talk.site, session, other)
        text = comparison_text(self.talk.site, session, rows, other)
        self.talk.github.ensure_comment(
            self.talk.issue.number, COMPARE, text, session=session.number, other=other.number
        )
        return f"{session.name} beside {other.name} stands in a comment of its own"

    def promote(self, command: Command) -> str:
        """Have a pull request with the session's parameters."""
        found = propose_promotion(self.talk.site, self.talk.github, self._session(command))
        return f"pull request {found.pull.number} {found.told}" if found.pull else found.told

    def extend(self, command: Command) -> str:
        """Keep a session longer."""
        session = extend(self.talk.site, self._session(command))
        return f"{session.name} is kept until {session.expires}"

    def delete(self, command: Command) -> str:
        """Delete a session's results."""
        session = take_away(self.talk.site, self._session(command))
        return f"{session.name} is {session.state}: {taken_words(session)}"

    def status(self, _command: Command) -> str:
        """Tell where the sessions stand."""
        return sessions_text([(one, is_running(self.talk.site, one)) for one in self.talk.sessions()])

    def help(self, _command: Command) -> str:
        """List the commands."""
        return ""


_DEEDS: dict[str, Callable[[_Deeds, Command], str]] = {
    "run": _Deeds.run,
    "accept": _Deeds.accept,
    "cancel": _Deeds.cancel,
    "compare": _Deeds.compare,
    "promote": _Deeds.promote,
    "extend": _Deeds.extend,
    "delete": _Deeds.delete,
    "status": _Deeds.status,
    "help": _Deeds.help,
}
