"""Comments with commands, on a pull request or on an issue: read, checked against who wrote them, answered once.

Every comment that the bot has not answered is looked at, not the one of the event: events get lost, doubled and
dropped. A comment is data; nothing of it reaches a shell. Edited comments and the bot's own are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from bot.doors.github import GitHub
from bot.errors import DoorError, ProjectError
from bot.formats.comment_command import Command, Misread, parse_commands
from bot.formats.marker import marker, read_marker
from bot.model.github import Comment
from bot.model.role import Role
from bot.report.answers import Answer, answer_text, done, misread, not_allowed, refused
from bot.rules.commands import Rules, help_text, may

KIND = "answer"
BUG = "The bot failed while it carried this out; that is a fault of the bot, and its log has been kept."
GOOD_AND_BAD = {True: "+1", False: "confused"}

Parsed = Sequence[Command | Misread]


@dataclass(frozen=True)
class Answered:
    """One comment, and what became of its commands."""

    comment: int
    author: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of the commands of one comment. `commit`: what their edits became, "" without any."""

    answers: tuple[Answer, ...]
    commit: str = ""


class Desk(Protocol):
    """Who knows the people of a conversation, and carries out what they ask for."""

    def roles(self, login: str) -> frozenset[Role]:
        """Return what somebody is to the project that is spoken of."""
        ...

    def carry_out(self, comment: Comment, parsed: Parsed) -> Outcome:
        """Carry out the commands of a comment."""
        ...


@dataclass(frozen=True)
class Thread:
    """The comments on a pull request or an issue. `rules`: its commands, all of one language."""

    github: GitHub
    number: int
    comments: Sequence[Comment]
    rules: Rules
    run_url: str = ""

    def answer(self, desk: Desk) -> list[Answered]:
        """Carry out and answer every command that has no answer yet, oldest first.

        Who has no role here is told so once: a flood of comments makes no flood of answers.
        """
        known = self._answered()
        heard = {comment.author for comment in self.comments if str(comment.id) in known}
        found = []
        for comment in self.comments:
            parsed = () if str(comment.id) in known else commands_of(self.github, comment, self.rules)
            if parsed and (desk.roles(comment.author) or comment.author not in heard):
                found.append(self._answer(desk, comment, parsed))
                heard.add(comment.author)
        return found

    def _answered(self) -> set[str]:
        """Return the ids of the comments that have an answer."""
        own = (one for one in self.comments if self.github.own(one.author))
        return {read["to"] for one in own if (read := read_marker(one.body, KIND))}

    def _answer(self, desk: Desk, comment: Comment, parsed: Parsed) -> Answered:
        """Carry the commands out, and answer them in one comment."""
        try:
            outcome = desk.carry_out(comment, parsed)
        except DoorError:
            raise  # GitHub or the storage failed: the next pass does it, and answers
        except Exception:  # the asker hears of a bug of ours too, before it goes on to the one boundary
            with suppress(DoorError):
                self._say(comment, f"{BUG} {self.run_url}\n", is_good=False)
            raise
        answers, commit = outcome.answers, outcome.commit[:12]
        words = help_text(desk.roles(comment.author), self.rules) if any(map(_is_help, answers)) else ""
        text = answer_text(answers, commit=commit, help_words=words, rules=self.rules)
        self._say(comment, text, is_good=all(one.is_done for one in answers))
        return Answered(comment.id, comment.author, answers)

    def _say(self, comment: Comment, text: str, *, is_good: bool) -> None:
        self.github.react(comment, GOOD_AND_BAD[is_good])
        body = f"{marker(KIND, to=comment.id)}\n{text}"
        self.github.ensure_comment(self.number, KIND, body, to=comment.id)


def commands_of(github: GitHub, comment: Comment, rules: Rules) -> Parsed:
    """Return the commands of a comment; () of one that says nothing to us: a bot's, or one that was edited."""
    is_passed_over = github.own(comment.author) or comment.author.endswith("[bot]") or comment.is_edited
    return () if is_passed_over else tuple(parse_commands(comment.body, rules[0].language))


def answer_each(
    parsed: Iterable[Command | Misread], roles: frozenset[Role], rules: Rules, deed: Callable[[Command], str]
) -> dict[Command | Misread, Answer]:
    """Do what each may ask for, once, however often a comment says it; `deed` returns the words of the answer."""
    return {one: _single(one, roles, rules, deed) for one in dict.fromkeys(parsed)}


def _single(one: Command | Misread, roles: frozenset[Role], rules: Rules, deed: Callable[[Command], str]) -> Answer:
    if isinstance(one, Misread):
        return misread(one)
    if not may(one, roles, rules):
        return not_allowed(one, rules)
    try:
        return done(one, deed(one))
    except ProjectError as error:
        return refused(one, error)


def _is_help(answer: Answer) -> bool:
    return answer.is_done and isinstance(answer.asked, Command) and answer.asked.name == "help"
