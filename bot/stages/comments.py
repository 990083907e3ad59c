"""Commands in comments on pull requests: read, checked against who wrote them, carried out, answered once.

Every comment that the bot has not answered is looked at, not the one of the event: events get lost, doubled and
dropped. A comment is data; nothing of it reaches a shell. Edited comments and the bot's own are passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.doors.github import GitHub
from bot.errors import DoorError, ProjectError
from bot.formats.comment_command import Command, Misread, parse_commands
from bot.formats.marker import marker, read_marker
from bot.formats.project_file import PROJECT_FILE, QA_FILE, ProjectFolder, parse_folder
from bot.model.github import Comment, Pull
from bot.model.project import Parameters
from bot.model.role import Role
from bot.report.answers import Answer, answer_text, done, misread, not_allowed, refused
from bot.rules import commands
from bot.rules.approval import QA_PREFIX
from bot.rules.plan import plan_project
from bot.settings import Site
from bot.stages.overview import standings
from bot.stages.people import People
from bot.stages.planning import read_others, read_project
from bot.stages.qa import Renewing

KIND = "answer"
TRIAL, PROJECT = "trial", "project"
"""Dispatches that make runners work."""
BUG = "The bot failed while it carried this out; that is a fault of the bot, and its log has been kept."
GOOD_AND_BAD = {True: "+1", False: "confused"}


@dataclass(frozen=True)
class Answered:
    """One comment, and what became of its commands."""

    comment: int
    author: str
    answers: tuple[Answer, ...]


def answer_comments(site: Site, github: GitHub, number: int, *, run_url: str = "") -> list[Answered]:
    """Carry out and answer every command on a pull request that has no answer yet, oldest first.

    Who has no role here is told so once on a pull request: a flood of comments makes no flood of answers.
    """
    pull, comments = github.pull(number), github.comments(number)
    known = {read["to"] for one in comments if github.own(one.author) and (read := read_marker(one.body, KIND))}
    people, found = People(site, github), []
    heard = {comment.author for comment in comments if str(comment.id) in known}
    for comment in comments:
        parsed = () if is_passed_over(github, comment) else parse_commands(comment.body)
        if not parsed or str(comment.id) in known:
            continue
        conversation = _Conversation(site, github, pull, people, comment)
        if conversation.roles or comment.author not in heard:
            found.append(conversation.answer(parsed, run_url))
            heard.add(comment.author)
            pull = github.pull(number)
    return found


def pid_of(pull: Pull) -> str:
    """Return the project that a pull request of the bot is about, "" if it is none."""
    prefix, _, pid = pull.branch.partition("/")
    return pid if pull.is_own and prefix in ("arrival", "qa", "new") else ""


def _is_help(answer: Answer) -> bool:
    return answer.is_done and isinstance(answer.asked, Command) and answer.asked.name == "help"


def is_passed_over(github: GitHub, comment: Comment) -> bool:
    """Say whether a comment says nothing to us: a bot's, or one that was edited."""
    return github.own(comment.author) or comment.author.endswith("[bot]") or comment.is_edited


class _Conversation:
    """One comment with its commands."""

    def __init__(self, site: Site, github: GitHub, pull: Pull, people: People, comment: Comment) -> None:
        self.site, self.github, self.pull, self.comment = site, github, pull, comment
        self.pid = pid_of(pull)
        self._commit = ""
        """What the edits became, once they are made."""
        self.folder = self._folder()
        self.roles = people.roles(comment.author, self.folder.project if self.folder else None)

    def answer(self, parsed: Iterable[Command | Misread], run_url: str) -> Answered:
        """Carry the commands out, and answer them in one comment; the asker hears of a bug of ours too."""
        try:
            answers = self._carry_out(list(parsed))
        except DoorError:
            raise  # GitHub or the storage failed: the next pass does it, and answers
        except Exception:  # the asker hears of a bug of ours too, before it goes on to the one boundary
            with suppress(DoorError):
                self._say(f"{BUG} {run_url}\n", GOOD_AND_BAD[False])
            raise
        commit = f"{self._commit[:12]}" if self._commit else ""
        words = commands.help_text(self.roles) if any(_is_help(one) for one in answers) else ""
        self._say(
            answer_text(answers, commit=commit, help_words=words), GOOD_AND_BAD[all(one.is_done for one in answers)]
        )
        return Answered(self.comment.id, self.comment.author, tuple(answers))

    def _say(self, text: str, reaction: str) -> None:
        self.github.react(self.comment, reaction)
        body = f"{marker(KIND, to=self.comment.id)}\n{text}"
        self.github.ensure_comment(self.pull.number, KIND, body, to=self.comment.id)

    def _carry_out(self, parsed: list[Command | Misread]) -> list[Answer]:
        edits = {
            number: one
            for number, one in enumerate(parsed)
            if isinstance(one, Command) and commands.rule_of(one).edits and commands.may(one, self.roles)
        }
        told = self._edit(edits)
        answers: dict[object, Answer] = {}
        for number, one in enumerate(parsed):
            if number in told:
                answers[number] = told[number]
            elif one not in answers:  # what changes no file is done once, however often a comment says it
                answers[one] = self._single(one)
        return list(answers.values())

    def _single(self, one: Command | Misread) -> Answer:
        if isinstance(one, Misread):
            return misread(one)
        if not commands.may(one, self.roles):
            return not_allowed(one)
        try:
            return done(one, self._deed(one))
        except ProjectError as error:
            return refused(one, error)

    def _edit(self, edits: Mapping[int, Command]) -> dict[int, Answer]:
        """Apply the commands that change qa.yaml in one commit on the branch; refused ones leave the others alone."""
        if not edits:
            return {}
        if self.pull.branch != QA_PREFIX + self.pid or not self.pull.is_open:
            error = ProjectError("verdicts are given on the open QA pull request of the project, and this is none")
            return {number: refused(one, error) for number, one in edits.items()}
        answers: dict[int, Answer] = {}

        def edit(text: str, folder: ProjectFolder, banks: Mapping[int, frozenset[int]]) -> str:
            others = read_others(self.site, folder)
            for number, one in edits.items():
                try:
                    applied = commands.apply(one, text, folder, others=others, banks=banks)
                except ProjectError as error:
                    answers[number] = refused(one, error)
                    continue
                text, answers[number] = applied.text, done(one, applied.told)
            return text

        message = f"{self.pid}: {self._short(edits.values())}\n\nasked by {self.comment.author} in {self.comment.url}"
        try:
            renewing = Renewing(self.site, self.github, self.pid)
            renewing.renew(self.pull, edit, message)
        except ProjectError as error:
            return {number: refused(one, error) for number, one in edits.items()}
        self._commit = renewing.commit
        return answers

    @staticmethod
    def _short(edits: Iterable[Command]) -> str:
        """Return what the commit says of the commands; words of people would be mentions and links in it."""
        told = [str(replace(one, words="", flags=Parameters())) for one in edits]
        return told[0] + (f" and {len(told) - 1} more" if len(told) > 1 else "")

    def _deed(self, command: Command) -> str:
        """Do what a command that changes no file asks for; return the words of the answer."""
        if command.name == "help":
            return "this is what you may do"
        if not self.pid:
            raise ProjectError("this pull request is none of the bot's, so there is no project to speak of")
        if commands.rule_of(command).starts:
            read_project(self.site, self.pid)  # what main does not have, no runner could run
        deeds = {"status": self._status, "refresh": self._refresh, "retry": self._retry, "run": self._trial}
        return deeds[command.name](command)

    def _status(self, _command: Command) -> str:
        stands = next(iter(standings(self.site, [self.pid])))
        if isinstance(stands, ProjectError):
            raise stands
        counts = f"{stands.done} units done, {stands.todo} to do, {stands.failed} failed, {stands.blocked} blocked"
        return f"{stands.state}; {counts}; waits for {stands.waits_for}"

    def _refresh(self, _command: Command) -> str:
        if self.pull.branch != QA_PREFIX + self.pid or not self.pull.is_open:
            raise ProjectError("only an open QA pull request can be made anew")
        became = Renewing(self.site, self.github, self.pid).renew(self.pull, lambda text, _folder, _banks: text)
        return f"{became.became}: {became.told}"

    def _retry(self, _command: Command) -> str:
        self.github.dispatch(PROJECT, {"pid": self.pid, "retry": True})
        return "what failed is run once more; the report of the run follows on the pull request that brought it"

    def _trial(self, command: Command) -> str:
        """Ask the helpdesk's runner for a trial, of the files as they are at this very commit."""
        if Role.DA not in self.roles and Role.PO not in self.roles:
            raise ProjectError("a trial is for DA and PO")
        if not self.pull.is_open:
            raise ProjectError("a trial is made from an open pull request's files, and this one is closed")
        head = self._commit or self.pull.head
        self._refuse_unknown(command, head)
        payload = {"pull": self.pull.number, "comment": self.comment.id, "line": command.line, "head": head}
        self.github.dispatch(TRIAL, payload)
        what = " ".join(command.what) or "all that changed"
        return f"a trial of {what} at {head[:7]} follows in your own WORK_LMT"

    def _refuse_unknown(self, command: Command, head: str) -> None:
        """Raise ProjectError when a trial of the files at this commit has nothing of that name."""
        texts = self.github.texts(f"projects/{self.pid}", (PROJECT_FILE, QA_FILE), head)
        folder = parse_folder(*texts.values(), pid=self.pid)
        commands.units_to_run(command, plan_project(folder, others=read_others(self.site, folder)))

    def _folder(self) -> ProjectFolder | None:
        """Return the project on main; None where there is none, or it cannot be read: then nobody is its PI."""
        try:
            return read_project(self.site, self.pid) if self.pid else None
        except ProjectError as error:
            logging.info("%s: %s", self.pid, error)
            return None
