"""A trial: what a DA asked for with /run, made from the pull request's files in a WORK_LMT of the DA's own.

The files are read as data at the commit that was pinned when the command was accepted; the code is main's. Who asked is
asked of GitHub again here, and checked again: what a dispatch says decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.doors.files import write_whole
from bot.doors.github import GitHub
from bot.doors.ledger import LedgerDoor
from bot.doors.templates import render_template
from bot.errors import LmtBotError, PermissionDenied, ProjectError, SettingsError
from bot.formats.comment_command import Command, parse_commands
from bot.formats.markdown import fence
from bot.formats.marker import marker
from bot.formats.project_file import PROJECT_FILE, QA_FILE
from bot.model.github import Comment, Pull
from bot.model.plan import Combination, Plan, Unit
from bot.report.trial_report import trial_values
from bot.rules import commands
from bot.settings import Site
from bot.stages.comments import pid_of
from bot.stages.exposing import exposure_of
from bot.stages.level1 import Outcome, Request, run_project
from bot.stages.local_crew import Progress
from bot.stages.people import People
from bot.stages.planning import read_others, read_plan, read_project

KIND = "trial"
HOLE = "{login}"
MOST_LINES = 20
"""Lines of an error that a comment shows."""
LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")


def run_trial(
    site: Site, github: GitHub, number: int, comment_id: int, line: int, head: str, watch: Callable[[Progress], None]
) -> Outcome:
    """Run what the comment's command on that line asks for, and tell the result under the pull request.

    Raise PermissionDenied when its author may not, ProjectError when it is no such command, or cannot be run.
    """
    pull, comment, command = _asked(site, github, number, comment_id, line)
    if head not in github.commits(number):
        raise ProjectError(f"{head[:40]!r} is no commit of #{number}, or no longer; give the command again")
    try:
        return _run(site, github, pull, comment, command, head, watch)
    except LmtBotError as error:  # who asked hears of it where they asked
        _say(site, github, pull, comment, "The trial could not be made", fence(str(error).splitlines()[:MOST_LINES]))
        raise


def _run(
    site: Site, github: GitHub, pull: Pull, comment: Comment, command: Command, head: str,
    watch: Callable[[Progress], None],
) -> Outcome:  # fmt: skip
    pid, number = pid_of(pull), pull.number
    with _trial_site(site, github, pid, head, comment.author) as own:
        _, plan = read_plan(own, pid)
        names = commands.units_to_run(command, plan) if command.what else _changed(site, plan)
        wanted = _with_members(plan, names)
        who = f"{comment.author} by /run on #{number} at {head[:12]}"
        request = Request(pid, site.settings.jobs, names=wanted, who=who, executor=site.machine.executor)
        outcome = run_project(own, request, watch)
        _tell(site, own, github, pull, comment, [unit for unit in plan.units if unit.name in wanted], plan)
    return outcome


def _asked(site: Site, github: GitHub, number: int, comment_id: int, line: int) -> tuple[Pull, Comment, Command]:
    """Return the pull request, the comment and its command; refuse whoever may not."""
    pull = github.pull(number)
    comment = next((one for one in github.comments(number) if one.id == comment_id), None)
    if comment is None or comment.is_edited:
        raise ProjectError(f"#{number} has no comment {comment_id}, or it was edited; give the command again")
    read = [one for one in parse_commands(comment.body) if isinstance(one, Command) and one.line == line]
    if not read or read[0].name != "run":
        raise ProjectError(f"line {line} of the comment is no /run")
    folder = read_project(site, pid_of(pull))
    if not commands.may(read[0], People(site, github).roles(comment.author, folder.project)):
        raise PermissionDenied(f"{comment.author} may not ask for a trial of {folder.pid}")
    return pull, comment, read[0]


def _trial_work(site: Site, login: str) -> Path:
    """Return the DA's own WORK_LMT; raise SettingsError where there is none, or it touches the official one."""
    pattern = site.machine.trial_work
    if HOLE not in pattern or not LOGIN.fullmatch(login):
        told = f"{login!r} is no login" if HOLE in pattern else "this machine has no place for each DA's trials"
        raise SettingsError(f"{told}; set `machines: {{NAME: {{trial_work: /DIR/{HOLE}}}}}` and LMTBOT_MACHINE=NAME")
    work = Path(pattern.replace(HOLE, login.lower()))
    trial, official = work.resolve(), site.need_work().resolve()
    if trial.is_relative_to(official) or official.is_relative_to(trial):
        raise SettingsError(f"trials of {login} would go to {trial}, and the official results lie in {official}")
    return work


@contextmanager
def _trial_site(site: Site, github: GitHub, pid: str, head: str, login: str) -> Iterator[Site]:
    """Give a site with the pull request's files, main's settings and templates, and the DA's own results."""
    work = _trial_work(site, login)
    with TemporaryDirectory(prefix="lmtbot-trial-") as name:
        root = Path(name)
        for file, text in github.texts(f"projects/{pid}", (PROJECT_FILE, QA_FILE), head).items():
            write_whole(root / "projects" / pid / file, text)
        own = replace(site, root=root, work=work, trusted=site.code)
        for other in read_others(site, read_project(own, pid)):
            for file in (PROJECT_FILE, QA_FILE):
                main = site.projects / other / file
                if main.is_file():
                    write_whole(root / "projects" / other / file, main.read_text(encoding="utf-8"))
        work.mkdir(parents=True, exist_ok=True)
        yield own


def _changed(site: Site, plan: Plan) -> tuple[str, ...]:
    """Return the units that main's plan would run otherwise."""
    _, main = read_plan(site, plan.pid)
    known = {unit.name: unit.digest for unit in main.units}
    changed = tuple(unit.name for unit in plan.units if known.get(unit.name) != unit.digest)
    if not changed:
        raise ProjectError(f"nothing of {plan.pid} differs from main here; name what to run, as in /run 110041")
    return changed


def _with_members(plan: Plan, names: tuple[str, ...]) -> frozenset[str]:
    """Return the units with what they need: a combination needs its members beside it."""
    found = set(names)
    for unit in plan.units:
        if unit.name in found and isinstance(unit, Combination):
            found |= {str(member.obsnum) for member in unit.members if member.pid == plan.pid}
    return frozenset(found)


def _tell(
    site: Site, own: Site, github: GitHub, pull: Pull, comment: Comment, units: Sequence[Unit], plan: Plan
) -> None:
    """Have one comment with the trial's numbers beside the official ones."""
    trial, official = (LedgerDoor(one.need_work(), plan.pid).read() for one in (own, site))
    told = trial_values(
        plan, units, trial, official, login=comment.author, official_url=site.settings.products,
        trial_url=site.machine.trial_products.format(login=comment.author.lower()),
        exposure=exposure_of(site, read_project(site, plan.pid)),
    )  # fmt: skip
    _say(site, github, pull, comment, **told)


def _say(site: Site, github: GitHub, pull: Pull, comment: Comment, title: str, table: str) -> None:
    """Have one comment that answers the command."""
    values = {"marker": marker(KIND, to=comment.id), "title": title, "table": table}
    body = render_template(site.code, "github/trial.md.j2", **values)
    github.ensure_comment(pull.number, KIND, body, to=comment.id)
