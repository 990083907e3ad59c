"""Import: read lmtoy_PID folders, prove that the old run lines follow from the new files, write projects/PID."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.doors.files import write_whole
from bot.errors import DoorError, Finding, ProjectError, Severity
from bot.formats.legacy.folder import DESCRIPTION_FILE, LegacyFolder, read_legacy_folder, read_runfiles
from bot.formats.legacy.generator import expected_runfiles
from bot.formats.legacy.trusted import describe_trusted
from bot.formats.project_file import PROJECT_FILE, QA_FILE, ProjectFolder, parse_folder
from bot.formats.project_text import project_text, qa_text
from bot.formats.runfile import RUNFILES
from bot.formats.yaml_text import Document, decode
from bot.rules.importing import Imported, import_project
from bot.rules.lines import legacy_runfiles

Run = Callable[[Path], dict[str, Any]]
"""Runs a folder's mk_runs.py: bot.doors.trusted_description.run_description, or nothing without --trust."""
_SHOWN = 5


@dataclass(frozen=True)
class Options:
    """What the person asked for."""

    verify: bool = False
    dry_run: bool = False
    force: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one folder."""

    path: Path
    pid: str
    action: str
    """written, replaced, unchanged; would be ... with --dry-run; refused when nothing may be written."""
    counts: dict[str, int]
    findings: tuple[Finding, ...]
    texts: dict[str, str]
    """File name -> text."""

    @property
    def is_good(self) -> bool:
        """Say whether the project stands, or would stand, in projects/."""
        return self.action != "refused"


def import_folders(paths: Sequence[Path], projects: Path, options: Options, trust: Run | None = None) -> list[Outcome]:
    """Import folders, each all or nothing; the errors of all of them come back at once."""
    outcomes = [_read_one(path, options, trust) for path in paths]
    outcomes = _refuse_doubles(outcomes)
    return [_write_one(outcome, projects, options) for outcome in outcomes]


def _read_one(path: Path, options: Options, trust: Run | None) -> Outcome:
    try:
        folder = _read_folder(path, trust)
    except ProjectError as error:
        return Outcome(path, "", "refused", {}, error.findings, {})
    imported = import_project(folder)
    findings = imported.findings
    if imported.project is None:
        return Outcome(path, imported.pid, "refused", {}, findings, {})
    texts = {
        PROJECT_FILE: project_text(imported.project, imported.project_margin),
        QA_FILE: qa_text(imported.qa, imported.qa_margin),
    }
    findings += tuple(_prove(folder, imported, texts))
    refused = any(one.severity is Severity.ERROR for one in findings)
    if options.verify and not refused:
        findings += tuple(_compare_lying(folder, imported))
    findings = tuple(replace(one, pid=imported.pid) for one in findings)
    action = "refused" if refused else "written"
    return Outcome(path, imported.pid, action, _counts(imported), findings, texts)


def _read_folder(path: Path, trust: Run | None) -> LegacyFolder:
    path = path.absolute()
    file = path / DESCRIPTION_FILE
    if trust is None or not file.is_file():
        return read_legacy_folder(path)
    try:
        text = file.read_text(encoding="utf-8")
        description = describe_trusted(trust(path), text, str(file))
    except UnicodeDecodeError as error:
        told = Finding("FOLDER", Severity.ERROR, str(file), 0, f"it is not UTF-8: {error.reason}")
        raise ProjectError(findings=[told]) from error
    except DoorError as error:
        told = Finding(
            "TRUST", Severity.ERROR, str(file), 0, str(error), cure="see what it does when it is run by hand"
        )
        raise ProjectError(findings=[told]) from error
    return read_legacy_folder(path, description)


def _prove(folder: LegacyFolder, imported: Imported, texts: dict[str, str]) -> Iterable[Finding]:
    """Read the new texts back and compare their run lines with those of an independent generator."""
    try:
        for name, text in texts.items():
            decode(text.encode(), f"projects/{imported.pid}/{name}")
        read = parse_folder(texts[PROJECT_FILE], texts[QA_FILE], pid=imported.pid)
    except ProjectError as error:
        yield from error.findings
        return
    if (read.project, read.qa) != (imported.project, imported.qa):
        what = "the text of project.yaml or qa.yaml does not say what was read"
        yield Finding("TEXT", Severity.ERROR, str(folder.path), 0, what, cure="please report this with the folder")
        return
    description = folder.description
    expected = expected_runfiles(
        [(source.name, [one.signed for one in source.listed]) for source in description.sources],
        [{name: said.text for name, said in pars.items()} for pars in description.pars],
        folder.comments_text,
        folder.io,
    )
    try:
        found = legacy_runfiles(read)
    except ProjectError as error:
        yield Finding("RUNFILE_WORD", Severity.ERROR, description.path, 0, str(error), cure="rename it in mk_runs.py")
        return
    for name in RUNFILES:
        yield from _differences(f"{description.project}.{name}", expected[name], found[name], Severity.ERROR)


def _compare_lying(folder: LegacyFolder, imported: Imported) -> Iterable[Finding]:
    """Compare the new run lines with the runfiles that lie in the folder."""
    assert imported.project is not None  # noqa: S101 - the caller saw to it
    nowhere = Document("", "", None)
    found = legacy_runfiles(ProjectFolder(folder.path, imported.project, imported.qa, nowhere, nowhere))
    lying = read_runfiles(folder.path, folder.description.project)
    if not lying:
        what = "no runfiles lie in the folder; the lines were compared with what its generator would give"
        yield Finding("NO_RUNFILES", Severity.INFO, str(folder.path), 0, what)
    for name, text in lying.items():
        path = folder.shown(f"{folder.description.project}.{name}")
        yield from _differences(path, text.splitlines(), found[name], Severity.WARNING)


def _differences(path: str, old: Sequence[str], new: Sequence[str], severity: Severity) -> Iterable[Finding]:
    """Yield the lines that differ after splitting on white space; the first few, and how many more."""
    before = [(number, line.split()) for number, line in enumerate(old, start=1) if _counts_as_line(line)]
    after = [line.split() for line in new]
    differing = 0
    for index in range(max(len(before), len(after))):
        number, words = before[index] if index < len(before) else (0, [])
        now = after[index] if index < len(after) else []
        if words == now:
            continue
        differing += 1
        if differing <= _SHOWN:
            what = f"old: {' '.join(words) or '(no line)'}\n    new: {' '.join(now) or '(no line)'}"
            stale = "the folder's runfiles are older than its mk_runs.py or comments.txt, or the other way round"
            why = stale if severity is Severity.WARNING else "the import does not say what the folder says"
            yield Finding("RUNFILES_DIFFER", severity, path, number, what, why)
    if differing > _SHOWN:
        yield Finding("RUNFILES_DIFFER", severity, path, 0, f"{differing - _SHOWN} more lines differ")


def _counts_as_line(line: str) -> bool:
    """Leave out blank lines, comments, and the generator's lines with an empty `obsnums=`."""
    words = line.split()
    return bool(words) and not line.startswith("#") and "obsnums=" not in words


def _counts(imported: Imported) -> dict[str, int]:
    project, qa = imported.project, imported.qa
    assert project is not None  # noqa: S101
    listings = [one for source in project.sources.values() for one in source.obsnums]
    out = [
        one for one in listings if not one.combine or (one.obsnum in qa.obsnums and not qa.obsnums[one.obsnum].combine)
    ]
    verdicts = [*qa.obsnums.values(), *qa.combinations.values()]
    said: list[Any] = [*verdicts, *(bank for verdict in verdicts for bank in verdict.banks.values())]
    return {
        "sources": len(project.sources),
        "obsnums": len({one.obsnum for one in listings}),
        "left_out": len({one.obsnum for one in out}),
        "mosaics": sum(bool(source.mosaic) for source in project.sources.values()),
        "flags": sum(bool(one.flags) for one in said),
        "grades": sum(one.grade is not None for one in said),
        "notes": sum(one.note is not None for one in said),
    }


def _refuse_doubles(outcomes: list[Outcome]) -> list[Outcome]:
    """Refuse folders that claim the same ProjectId."""
    found = []
    for outcome in outcomes:
        twins = [str(one.path) for one in outcomes if one.pid == outcome.pid and one.path != outcome.path]
        if outcome.pid and twins:
            what = f"{outcome.pid} is claimed by {', '.join(twins)} too"
            told = Finding(
                "TWICE", Severity.ERROR, str(outcome.path), 0, what, cure="import one of them", pid=outcome.pid
            )
            outcome = replace(outcome, action="refused", findings=(*outcome.findings, told))
        found.append(outcome)
    return found


def _write_one(outcome: Outcome, projects: Path, options: Options) -> Outcome:
    """Write the files of one project, unless they stand there already or others do."""
    if not outcome.is_good:
        return outcome
    folder = projects / outcome.pid
    there = {name: (folder / name).read_bytes() for name in outcome.texts if (folder / name).is_file()}
    same = {name for name, data in there.items() if data == outcome.texts[name].encode()}
    if same == set(outcome.texts):
        return replace(outcome, action="unchanged")
    different = sorted(set(there) - same)
    if different and not options.force:
        what = f"{', '.join(different)} of projects/{outcome.pid} exists and says something else"
        told = Finding(
            "EXISTS",
            Severity.ERROR,
            str(folder / different[0]),
            0,
            what,
            why="the files in projects/ are what counts once they are there",
            cure="compare with --dry-run --json; --force replaces them",
            pid=outcome.pid,
        )
        return replace(outcome, action="refused", findings=(*outcome.findings, told))
    action = "replaced" if there else "written"
    if options.dry_run:
        return replace(outcome, action=f"would be {action}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (QA_FILE, PROJECT_FILE):
            write_whole(folder / name, outcome.texts[name])
    except OSError as error:
        raise DoorError(
            f"{folder}: cannot be written: {error.strerror}; see who owns projects/ and its disk"
        ) from error
    return replace(outcome, action=action)
