"""What a lmtoy_PID folder says -> project.yaml and qa.yaml as values, and the place of every remark. Pure.

Nothing is dropped: what has no place as a value becomes a note, a comment, or a finding; what cannot be carried over
is an error. The old run lines follow from the new values word for word (bot.rules.lines), so nothing is mended here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from bot.errors import Finding, Severity
from bot.formats.legacy.comments import Entry
from bot.formats.legacy.description import TIER_NAMES, LegacySource
from bot.formats.legacy.folder import COMMENTS_FILE, LOG_FILE, PID_FILE, PREFIX, UNKNOWN_MODE, LegacyFolder
from bot.formats.project_text import Margin
from bot.model.project import TIERS, Parameters, Project, Qa
from bot.rules.import_places import project_margin, qa_margin

_PID_LIKE = re.compile(r"(?:19|20)[0-9]{2}-?[A-Z][A-Za-z0-9._-]*")
_LAST_GRADE = re.compile(r"qagrade=(-2|-1|0|1|2|3)")
_SHOWN = 12


@dataclass(frozen=True)
class Imported:
    """A folder as it will stand in projects/PID; `project` is None when there are errors."""

    pid: str
    project: Project | None
    qa: Qa
    project_margin: Margin = field(default_factory=Margin)
    qa_margin: Margin = field(default_factory=Margin)
    findings: tuple[Finding, ...] = ()


def import_project(folder: LegacyFolder) -> Imported:
    """Turn a folder's values into a project and its verdicts, with every finding."""
    work = _Import(folder)
    pid = work.decide_pid()
    project = work.validated(Project, work.project_values(pid))
    qa = work.validated(Qa, work.qa_values())
    work.tell_log(pid)
    work.tell_description()
    findings = tuple(sorted(work.findings, key=lambda one: (one.path, one.line)))
    if any(one.severity is Severity.ERROR for one in findings) or project is None or qa is None:
        return Imported(pid, None, Qa(), findings=findings)
    return Imported(pid, project, qa, project_margin(folder), qa_margin(folder), findings)


class _Import:
    """One folder's import; gathers the findings."""

    def __init__(self, folder: LegacyFolder) -> None:
        self.folder = folder
        self.description = folder.description
        self.findings: list[Finding] = list(folder.findings)

    def tell(self, code: str, severity: Severity, path: str, line: int, what: str, **more: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(code, severity, path, line, what, **more))

    # -- whose project it is ----------------------------------------------------------------------------------------

    def decide_pid(self) -> str:
        """Return the ProjectId: the file PID says it, else the folder's name, else mk_runs.py."""
        said, named = self.folder.pid, self.description.project
        folder = self.folder.path.name.removeprefix(PREFIX)
        trusted = self.folder.path.name.startswith(PREFIX) or folder in (said, named) or _PID_LIKE.fullmatch(folder)
        if said and trusted and said != folder:
            what = f"PID={said}, but the folder is {self.folder.path.name}"
            cure = "make PID, the folder's name and mk_runs.py agree on the ProjectId"
            self.tell("PID", Severity.ERROR, self.folder.shown(PID_FILE), 1, what, cure=cure)
        pid = said or (folder if trusted else named)
        if named != pid:
            severity = Severity.WARNING if _PID_LIKE.fullmatch(named) else Severity.INFO
            what = f"project is {named!r}, the ProjectId is {pid}"
            why = "the old runfiles are named so; it is kept as legacy.project"
            self.tell("PROJECT_NAME", severity, self.description.path, 0, what, why=why)
        return pid

    # -- project.yaml -----------------------------------------------------------------------------------------------

    def project_values(self, pid: str) -> dict[str, Any]:
        """Return project.yaml as plain values."""
        legacy = {
            "project": self.description.project if self.description.project != pid else None,
            "done": self.folder.done or None,
            "archived": self.folder.archived or None,
        }
        mixed = _mixed_obsnums(self.description.sources)
        sources = {one.name: self.source_values(one, mixed) for one in self.description.sources}
        for name in dict.fromkeys(name for pars in self.description.pars for name in pars):
            if name not in sources:
                sources[name] = {"tiers": self.tier_values(name)}
                line = next(pars[name].span.first for pars in self.description.pars if name in pars)
                what = f"{name} has parameters, but no obsnums in `on`"
                self.tell("NO_OBSNUMS", Severity.INFO, self.description.path, line, what, cure="take it out, or list")
        mode = None if self.folder.io == UNKNOWN_MODE else self.folder.io
        return {"pid": pid, "mode": mode, "sources": sources, "legacy": legacy}

    def source_values(self, source: LegacySource, mixed: frozenset[int]) -> dict[str, Any]:
        """Return one source; a negative number says `combine: false` here only where its listings differ."""
        own = source.listed[source.inherited :]
        return {
            "mosaic": list(source.mosaic),
            "obsnums": [
                {"obsnum": one.obsnum, "combine": False} if one.signed < 0 and one.obsnum in mixed else one.obsnum
                for one in own
            ],
            "tiers": self.tier_values(source.name),
        }

    def tier_values(self, name: str) -> dict[str, Parameters]:
        """Return the tiers that a source has."""
        found: dict[str, Parameters] = {}
        for tier, variable, pars in zip(TIERS, TIER_NAMES, self.description.pars, strict=True):
            if name in pars:
                where = f"{variable}[{name!r}]"
                line = pars[name].span.first
                found[tier] = self.parameters(pars[name].text.split(), self.description.path, line, where)
        return found

    def parameters(self, words: Sequence[str], path: str, line: int, where: str) -> Parameters:
        """Return the words as parameters; a word that could be anything else is an error."""
        try:
            return Parameters.parse(list(words))
        except PydanticCustomError as error:
            for _, (what, rule) in (error.context or {}).get("faults", ()):
                cure = f"{rule}; a remark stands before the #" if path.endswith(COMMENTS_FILE) else rule
                self.tell("UNSAFE_WORD", Severity.ERROR, path, line, f"{where}: {what}", cure=cure)
            return Parameters()

    # -- qa.yaml ----------------------------------------------------------------------------------------------------

    def qa_values(self) -> dict[str, Any]:
        """Return qa.yaml as plain values: the lines of comments.txt in order, then the other negative numbers."""
        entries: dict[str, list[Entry]] = {}
        for one in self.folder.comments:
            if isinstance(one, Entry):
                entries.setdefault(one.name, []).append(one)
        verdicts = {name: self.verdict_values(name, lines) for name, lines in entries.items()}
        obsnums = {int(name): value for name, value in verdicts.items() if "_" not in name}
        combinations = {name: value for name, value in verdicts.items() if "_" in name}
        for obsnum in _left_out(self.description.sources):
            obsnums.setdefault(obsnum, {})["combine"] = False
        return {"obsnums": obsnums, "combinations": combinations}

    def verdict_values(self, name: str, lines: list[Entry]) -> dict[str, Any]:
        """Return the verdict that a name's lines come to: the last line of each bank class counts."""
        verdict: dict[str, Any] = {}
        notes: list[str] = []
        for of_bank_one in (False, True):
            group = [line for line in lines if line.reaches_bank_one == of_bank_one]
            if not group:
                continue
            *replaced, last = group
            notes += self.replaced_notes(name, replaced, last)
            said = self.line_values(last)
            if last.bank is None:
                verdict |= said
            else:
                verdict.setdefault("banks", {})[1 if of_bank_one else 0] = said
        if notes:
            verdict["note"] = "; ".join([*([verdict["note"]] if "note" in verdict else []), *notes])
        return verdict

    def line_values(self, line: Entry) -> dict[str, Any]:
        """Return grade, flags and note of one line; a grade at the end of the arguments is the grade."""
        path = self.folder.shown(COMMENTS_FILE)
        words, grade = line.words, -2 if line.failed else None
        last = _LAST_GRADE.fullmatch(words[-1]) if words and not line.failed else None
        if last:
            words, grade = words[:-1], int(last[1])
        values: dict[str, Any] = {"grade": grade, "note": line.note or None}
        if words:
            values["flags"] = self.parameters(words, path, line.line, line.name)
        return {key: value for key, value in values.items() if value is not None}

    def replaced_notes(self, name: str, replaced: Iterable[Entry], last: Entry) -> list[str]:
        """Return what is kept of lines that a later one replaces, and tell those that lose something."""
        notes = []
        for line in replaced:
            loses = (line.words, line.failed) not in (((), False), (last.words, last.failed))
            if not loses and (line.note, line.bank) in (("", line.bank), (last.note, last.bank)):
                continue
            notes.append(f"replaced line {line.line}: {line.text}")
            severity = Severity.WARNING if loses else Severity.INFO
            what = f"the line on {name} is replaced by line {last.line}"
            why = (
                "the generator keeps the last line of an obsnum (N and N__0 are one): what this one said has no effect"
            )
            cure = "it is kept in the note; say both in one line where both are meant"
            self.tell("REPLACED", severity, self.folder.shown(COMMENTS_FILE), line.line, what, why=why, cure=cure)
        return notes

    # -- the rest ---------------------------------------------------------------------------------------------------

    def validated(self, model: type[Any], values: dict[str, Any]) -> Any:
        """Return the model, or None with its faults as findings."""
        try:
            return model.model_validate(values)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                place = ".".join(str(part) for part in fault["loc"])
                what = f"{place}: {fault.get('input')!r}: {fault['msg']}"[:300]
                path = self.description.path if model is Project else self.folder.shown(COMMENTS_FILE)
                self.tell("MODEL", Severity.ERROR, path, 0, what, cure="mend the old file, it means nothing as it is")
            return None

    def tell_log(self, pid: str) -> None:
        """Tell what lmtinfo.txt has beside this project, and what of this project is in no source."""
        path = self.folder.shown(LOG_FILE)
        others = sum(row.pid != pid for row in self.folder.log)
        if others:
            what = f"{others} of {len(self.folder.log)} rows belong to other projects and are not looked at"
            why = f"the list was made by a search for text, which finds {pid} in longer names"
            self.tell("LOG_OTHERS", Severity.INFO, path, 0, what, why=why)
        if self.folder.log_faults:
            what = f"{self.folder.log_faults} rows cannot be read"
            self.tell("LOG_ROWS", Severity.INFO, path, 0, what, cure="lmtbot arrivals tells each")
        listed = {one.obsnum for source in self.description.sources for one in source.listed}
        science = {row.obsnum for row in self.folder.log if row.pid == pid and row.goal == "Science"}
        missing = sorted(science - listed - {row.obsnum for row in self.folder.log if row.pgm == "Cal"})
        if missing:
            what = f"{len(missing)} Science obsnums of {pid} are in no source: {_shown(missing)}"
            cure = "lmtbot arrivals lists them; put them into a source, or into left_out with the reason"
            self.tell("NOT_LISTED", Severity.INFO, path, 0, what, cure=cure)

    def tell_description(self) -> None:
        """Tell what in mk_runs.py has no effect, and sources without anything to combine."""
        for one in self.description.leftovers:
            severity = (
                Severity.WARNING if "replaced" in one.why or "behind" in one.why or not one.text else Severity.INFO
            )
            count = f" (and {len(one.text) - 1} more lines)" if len(one.text) > 1 else ""
            said = f"{one.text[0].strip()[:60]!r}{count} has no effect: " if one.text else f"to line {one.last}: "
            what = said + one.why
            cure = "it is kept as a comment at the end of project.yaml" if one.text else ""
            self.tell("NO_EFFECT", severity, self.description.path, one.first, what, cure=cure)
        for source in self.description.sources:
            if not any(one.signed > 0 for one in source.listed):
                what = f"{source.name} has no obsnum to combine"
                why = "the generator writes a line with an empty `obsnums=` for it, which is not carried over"
                self.tell("NO_COMBINATION", Severity.INFO, self.description.path, source.span.first, what, why=why)


def _signs(sources: Iterable[LegacySource]) -> Mapping[int, set[bool]]:
    """Return {obsnum: {True where positive, False where negative}} of what sources list themselves."""
    signs: dict[int, set[bool]] = {}
    for source in sources:
        for one in source.listed[source.inherited :]:
            signs.setdefault(one.obsnum, set()).add(one.signed > 0)
    return signs


def _mixed_obsnums(sources: Iterable[LegacySource]) -> frozenset[int]:
    return frozenset(obsnum for obsnum, found in _signs(sources).items() if len(found) > 1)


def _left_out(sources: Iterable[LegacySource]) -> list[int]:
    return [obsnum for obsnum, found in _signs(sources).items() if found == {False}]


def _shown(obsnums: Sequence[int]) -> str:
    more = f", ... ({len(obsnums) - _SHOWN} more)" if len(obsnums) > _SHOWN else ""
    return ", ".join(map(str, obsnums[:_SHOWN])) + more
