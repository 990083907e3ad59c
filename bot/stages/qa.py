"""QA on GitHub: one pull request a project with proposed verdicts, the worksheet, and the exact lines of level 2.

The DA's files on the branch qa/PID are the truth; every renewal adds what is missing to them (entries for obsnums
without a grade), writes level2.yaml anew, and tells in a check what still keeps the verdict from being complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import quote

from bot.doors.git import describe_head
from bot.doors.github import GitHub
from bot.doors.ledger import LedgerDoor
from bot.doors.templates import render_template
from bot.errors import ProjectError
from bot.formats.markdown import prose
from bot.formats.marker import marker
from bot.formats.project_file import LEVEL2_FILE, PROJECT_FILE, QA_FILE, ProjectFolder, parse_folder, read_level2
from bot.model.github import Check, Conclusion, Pull
from bot.model.label import QA
from bot.model.plan import Plan
from bot.model.project import Level2
from bot.model.record import RunState
from bot.model.trail import Became, Proposal
from bot.model.worksheet import Worksheet
from bot.report.worksheet import worksheet_body
from bot.rules.approval import QA_PREFIX
from bot.rules.arrival import listed_obsnums
from bot.rules.grading import propose, qa_faults, worksheet
from bot.rules.level2 import is_current, level2_of, level2_text
from bot.rules.plan import digest_of, plan_project
from bot.settings import Site
from bot.stages.check import find_log, read_rows
from bot.stages.exposing import exposure_of
from bot.stages.level1 import better_units, foreign_ledgers
from bot.stages.level2 import unlisted_or_fault
from bot.stages.planning import read_others, read_plan
from bot.stages.proposing import Branch

KIND, CHECK = "qa", "qa"
CONFLICT = "conflict-"
"""Before the key of a body that was written while main could not be merged: the next change tries that again."""
FILES = (PROJECT_FILE, QA_FILE, LEVEL2_FILE)
Edit = Callable[[str, ProjectFolder, Mapping[int, frozenset[int]]], str]
"""qa.yaml, the folder that it belongs to, and the banks {obsnum: banks} that its products have -> qa.yaml."""


@dataclass(frozen=True)
class Sheet:
    """A QA pull request's content, as it follows from its files and the ledger."""

    plan: Plan
    """What level 2 would run."""
    worksheet: Worksheet
    faults: tuple[str, ...]
    """What keeps the verdict from being complete."""


def renew_qa(site: Site, github: GitHub, pid: str, *, after: str = "") -> Proposal:
    """Have the QA pull request of a project say what is so now; open it when there is something to grade.

    `after`: the merge of the same lines that was refused. Nothing is written where nothing changed.
    """
    renewing = Renewing(site, github, pid, after)
    known = renewing.branch.known()
    if known is None and not renewing.is_wanted():
        return Proposal(pid, Became.UNCHANGED, told="nothing to grade")
    return renewing.renew(known, None)


class Renewing:
    """Renews one project's QA pull request; holds what main and the ledger say of it."""

    def __init__(self, site: Site, github: GitHub, pid: str, after: str = "") -> None:
        self.site, self.github, self.pid, self.after = site, github, pid, after
        self.branch = Branch(github, QA_PREFIX + pid, KIND)
        self.commit = ""
        """What the files of the branch became."""
        self.main, self.plan = read_plan(site, pid)
        self.door = LedgerDoor(site.need_work(), pid)
        self.ledger = self.door.read()
        log = find_log(site)
        self.rows = read_rows(log, listed_obsnums(self.main.project), [pid]) if log else {}
        self.exposure = exposure_of(site, self.main, self.rows)
        unlisted, _ = unlisted_or_fault(site, pid)  # without a log nothing can be said; level 2 is refused then
        self.unprocessed = dict.fromkeys(unlisted, "not on main yet: merge its arrival pull request")

    def is_wanted(self) -> bool:
        """Say whether there is something to grade that main's level2.yaml does not hold yet."""
        has_results = any(one.state in (RunState.GOOD, RunState.FAILED) for one in self.ledger.records)
        _, second = read_plan(self.site, self.pid, 2)
        return has_results and bool(second.units) and (bool(self.after) or not is_current(self.main.level2, second))

    def renew(self, known: Pull | None, edit: Edit | None, message: str = "") -> Proposal:
        """Bring branch, body and check to what is so now, with an edit of qa.yaml if there is one.

        Raise ProjectError when the edit is refused, or the branch's files cannot be read.
        """
        key = self._key()
        if known and edit is None and self._is_current(known, key):
            return Proposal(self.pid, Became.UNCHANGED, known.number, known.url, known.title)
        return self.branch.renew(known, lambda pull: self._renew(pull, edit, message, key))

    def _renew(self, known: Pull | None, edit: Edit | None, message: str, key: str) -> Proposal:
        if edit and (made := self.github.commit_with(self.branch.name, message)):
            self._sheet(self._texts(made.parents[0]), edit)  # it was made before the answer was given: say the same
            self.commit, edit = made.sha, None
        main = describe_head(self.site.root, "projects")[0].rstrip("+")
        head, stuck = self.branch.head(known, self._base(), main)
        try:
            texts = self._texts(head)
            sheet, files = self._sheet(texts, edit)
        except ProjectError as error:
            if edit is None and known is not None:
                self._check(known.head, (f"the files of this branch cannot be read: {error}",))
                return Proposal(self.pid, Became.WAITING, known.number, known.url, f"cannot be read: {error}")
            raise
        changed = {self._path(name): text for name, text in files.items() if text != texts[name]}
        if changed:
            words = message or f"{self.pid}: verdicts to be given, lines of level 2"
            head = self.github.commit(self.branch.name, (head,), changed, words)
            self.commit = self.commit or head
        if stuck:
            key = CONFLICT + key
            conflict = "main changed the same lines as this branch: resolve the conflict on GitHub or by git"
            sheet = replace(sheet, faults=(conflict, *sheet.faults))
        pull = self._tell(known, sheet, key, head)
        became = Became.OPENED if known is None else Became.UPDATED
        return Proposal(self.pid, became, pull.number, pull.url, pull.title)

    def _tell(self, known: Pull | None, sheet: Sheet, key: str, head: str) -> Pull:
        """Have pull request, check and reviewers; a new one's label and an older one's body come last, as _is_current
        goes by them."""
        title, body = self._title(sheet), self._body(sheet, key, head)
        pull = known or self.github.ensure_pull(None, self.branch.name, title, body)
        holders = self.site.settings.roles.da
        self.github.ensure_reviewers(pull, holders.users, holders.teams)
        self._check(head, sheet.faults)
        self.github.ensure_labels(pull, (QA.name,))
        return self.github.ensure_pull(pull, self.branch.name, title, body)

    def _is_current(self, known: Pull, key: str) -> bool:
        """Say whether nothing has changed since everything was told, or a conflict still waits for people."""
        marks = ({"key": one, "head": known.head} for one in (key, CONFLICT + key))
        return QA.name in known.labels and self.branch.mark(known) in marks

    def _texts(self, commit: str) -> dict[str, str]:
        return self.github.texts(f"projects/{self.pid}", FILES, commit)

    def _sheet(self, texts: Mapping[str, str], edit: Edit | None) -> tuple[Sheet, dict[str, str]]:
        """Return what the branch comes to, and its files."""
        qa = texts[QA_FILE]
        folder, sheet = self._judged(texts[PROJECT_FILE], qa)
        if edit:
            qa = edit(qa, folder, sheet.banks)
            folder, sheet = self._judged(texts[PROJECT_FILE], qa)
        proposed = propose(qa, sheet, folder, name=self._path(QA_FILE))
        if proposed != qa:
            qa = proposed
            folder, sheet = self._judged(texts[PROJECT_FILE], qa)
        plan = plan_project(folder, 2, others=read_others(self.site, folder))
        files = {**texts, QA_FILE: qa, LEVEL2_FILE: level2_text(self._level2(plan, texts[LEVEL2_FILE]))}
        return Sheet(plan, sheet, qa_faults(folder, plan, sheet, self.unprocessed)), files

    def _judged(self, project: str, qa: str) -> tuple[ProjectFolder, Worksheet]:
        """Return the branch's files as read, and their worksheet; the products are measured by main's plan."""
        folder = parse_folder(project, qa, pid=self.pid)
        plan = plan_project(folder, others=read_others(self.site, folder))
        observed = {obsnum: found[0] for obsnum, found in self.rows.items()}
        return folder, worksheet(
            folder, plan, self.ledger, main=self.plan, present=self.door.present(), observed=observed,
            foreign=foreign_ledgers(self.site, plan), better=better_units(self.site, self.main, 1),
        )  # fmt: skip

    def _level2(self, plan: Plan, text: str) -> Level2:
        """Return the lines of level 2; the same lines as a refused merge say so, to be approved anew."""
        level2 = level2_of(plan)
        if not is_current(self.main.level2, plan):
            return level2
        known = read_level2(text, self.pid)
        return level2.model_copy(update={"after": self.after or (known.after if known else "")})

    def _title(self, sheet: Sheet) -> str:
        ungraded = sum(row.is_accepted and not row.is_graded for row in sheet.worksheet.rows)
        return f"{self.pid}: QA" + (f", {ungraded} to grade" if ungraded else "")

    def _body(self, sheet: Sheet, key: str, head: str) -> str:
        base = self.site.settings.products
        links = (lambda name: f"{base}/{quote(self.pid)}/{quote(name)}/README.html") if base else None
        body = worksheet_body(
            sheet.worksheet, sheet.plan, render=partial(render_template, self.site.code), links=links,
            full_list="`lmtbot site build`", faults=sheet.faults, unprocessed=self.unprocessed, exposure=self.exposure,
        )  # fmt: skip
        return f"{marker(KIND, key=key, head=head)}\n{body}"

    def _check(self, head: str, faults: tuple[str, ...]) -> None:
        if faults:
            told = "\n".join(f"- {prose(one)}" for one in faults)
            check = Check(CHECK, f"{len(faults)} things are open", told, Conclusion.FAILURE)
        else:
            words = "Every combined obsnum is graded, nothing is stale, everything is explained."
            check = Check(CHECK, "the verdict is complete", words, Conclusion.SUCCESS)
        self.github.ensure_check(head, check)

    def _base(self) -> str:
        """Return the digest of main's files of the project."""
        return digest_of([self.main.project_document.text, self.main.qa_document.text, str(self.main.level2)])

    def _key(self) -> str:
        records = [[one.name, one.digest, one.level, one.attempt, str(one.state)] for one in self.ledger.records]
        veiled = [] if self.exposure.has_numbers else [str(self.exposure)]
        return f"{self._base()}.{digest_of([records, list(self.unprocessed), self.after, *veiled])}"

    def _path(self, name: str) -> str:
        return f"projects/{self.pid}/{name}"
