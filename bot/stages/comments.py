"""Commands in comments on pull requests: verdicts become one commit on the branch, the others are done at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

from bot.doors.github import GitHub
from bot.errors import ProjectError
from bot.formats.comment_command import Command, Misread
from bot.formats.project_file import PROJECT_FILE, QA_FILE, ProjectFolder, parse_folder
from bot.model.github import Comment, Pull
from bot.model.project import Parameters
from bot.model.role import Role
from bot.report.answers import Answer, done, refused
from bot.rules import commands
from bot.rules.approval import QA_PREFIX
from bot.rules.plan import plan_project
from bot.settings import Site
from bot.stages.answering import Answered, Outcome, Parsed, Thread, answer_each
from bot.stages.overview import standings
from bot.stages.people import People
from bot.stages.planning import read_others, read_project
from bot.stages.qa import Renewing

TRIAL, PROJECT = "trial", "project"
"""Dispatches that make runners work."""


def answer_comments(site: Site, github: GitHub, number: int, *, run_url: str = "") -> list[Answered]:
    """Carry out and answer every command on a pull request that has no answer yet, oldest first."""
    desk = _PullDesk(site, github, github.pull(number))
    return Thread(github, number, github.comments(number), commands.COMMANDS, run_url).answer(desk)


def pid_of(pull: Pull) -> str:
    """Return the project that a pull request of the bot is about, "" if it is none."""
    prefix, _, pid = pull.branch.partition("/")
    return pid if pull.is_own and prefix in ("arrival", "qa", "new") else ""


class _PullDesk:
    """Whoever speaks on one pull request, and what is done for them."""

    def __init__(self, site: Site, github: GitHub, pull: Pull) -> None:
        self.site, self.github, self.number, self.pid = site, github, pull.number, pid_of(pull)
        self._people, folder = People(site, github), self._folder()
        self._project = folder.project if folder else None

    def roles(self, login: str) -> frozenset[Role]:
        return self._people.roles(login, self._project)

    def carry_out(self, comment: Comment, parsed: Parsed) -> Outcome:
        pull = self.github.pull(self.number)  # as the comments before have left it
        return _Deeds(self.site, self.github, pull, comment, self.roles(comment.author)).carry_out(parsed)

    def _folder(self) -> ProjectFolder | None:
        """Return the project on main; None where there is none, or it cannot be read: then nobody is its PI."""
        try:
            return read_project(self.site, self.pid) if self.pid else None
        except ProjectError as error:
            logging.info("%s: %s", self.pid, error)
            return None


@dataclass
class _Deeds:
    """The commands of one comment on a pull request."""

    site: Site
    github: GitHub
    pull: Pull
    comment: Comment
    roles: frozenset[Role]
    commit: str = ""
    """What the edits became, once they are made."""

    @property
    def pid(self) -> str:
        return pid_of(self.pull)

    def carry_out(self, parsed: Parsed) -> Outcome:
        """Make all edits in one commit, then do the others."""
        told = self._edit({number: one for number, one in enumerate(parsed) if self._is_edit(one)})
        others = [one for number, one in enumerate(parsed) if number not in told]
        rest = answer_each(others, self.roles, commands.COMMANDS, self._deed)
        answers = {
            number if number in told else one: told.get(number) or rest[one] for number, one in enumerate(parsed)
        }
        return Outcome(tuple(answers.values()), self.commit)

    def _is_edit(self, one: Command | Misread) -> TypeGuard[Command]:
        return isinstance(one, Command) and commands.rule_of(one).edits and commands.may(one, self.roles)

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
        self.commit = renewing.commit
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
        if not self.pull.is_open:
            raise ProjectError("a trial is made from an open pull request's files, and this one is closed")
        head = self.commit or self.pull.head
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
