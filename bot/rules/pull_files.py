"""What a pull request may do to files, and what is said of it. Pure: two trees and values in, findings out.

The content of project.yaml and qa.yaml is `bot.rules.lint`'s part. Here: which files may be touched, by whom, and that
level2.yaml says what follows from the other two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from bot.errors import Finding, Severity
from bot.formats.markdown import visible
from bot.formats.project_file import ARCHIVE_FILE, LEVEL2_FILE, MODELS, PROJECT_FILE
from bot.formats.yaml_text import MAX_BYTES
from bot.model.deposit import Manifest, archive_of
from bot.model.project import Level2
from bot.model.scalars import PID_PATTERN
from bot.model.tree import Kind, Trees
from bot.rules.archive import archive_text
from bot.rules.level2 import level2_text

PROJECTS = "projects"
READ = (PROJECTS, ".github")
"""Where the new tree is read."""
WORDS_FILE = "README.md"
CODE = (".github/", "bot/", "templates/", "requirements.txt", "constraints.txt", "pyproject.toml")
"""Where what runs for all projects stands."""
QA_BRANCH = "qa/"
SHOWN = 120
"""Characters of a run line that a finding quotes."""


@dataclass(frozen=True, slots=True)
class PullRule:
    """One rule on the files of a pull request."""

    code: str
    severity: Severity
    title: str
    """What it finds, for the table in docs/checks.md."""
    why: str
    cure: str

    def finding(self, path: str, what: str, *, line: int = 0, severity: Severity | None = None) -> Finding:
        """Return a finding of this rule."""
        pid = path.split("/")[1] if path.startswith(f"{PROJECTS}/") and path.count("/") > 1 else ""
        where, weight = visible(path), severity or self.severity
        return Finding(self.code, weight, where, line, what, self.why, self.cure, visible(pid))


NO_FILE = PullRule(
    "NO_FILE", Severity.ERROR, "a link, or something else that is no file, below projects/ or .github/",
    "a link can lead anywhere on the machines that read it; nothing else was looked at",
    "put a plain file or folder in its place",
)  # fmt: skip
NO_PROJECT_ID = PullRule(
    "NO_PROJECT_ID", Severity.ERROR, "a folder below projects/ whose name is no ProjectId",
    "the folder's name is the ProjectId; results and records are kept under it",
    "name the folder as the telescope writes the ProjectId",
)  # fmt: skip
TOO_LARGE = PullRule(
    "TOO_LARGE", Severity.ERROR, "a file below projects/ that is too large",
    "git keeps every version for ever, and every machine fetches them all",
    f"a file of a project has at most {MAX_BYTES:,} bytes; products belong into WORK_LMT",
)  # fmt: skip
UNKNOWN_FILE = PullRule(
    "UNKNOWN_FILE", Severity.WARNING, "a file in a project's folder that nothing reads",
    "what stands in it has no effect",
    f"the files of a project are {', '.join(MODELS)} and {WORDS_FILE}; mend its name, or take it out",
)  # fmt: skip
ARCHIVE_BY_HAND = PullRule(
    "ARCHIVE_BY_HAND", Severity.ERROR, "archive.yaml is added, changed or taken away",
    "it says what lies in the archive; lmtbot alone writes it, in a pull request of its own, when it has sent the data",
    f"take the change of {ARCHIVE_FILE} out of the pull request",
)  # fmt: skip
ARCHIVE_WRONG = PullRule(
    "ARCHIVE_WRONG", Severity.ERROR, "archive.yaml is not what the manifest of its release makes",
    "what it says would not be what lies in the archive",
    "run the workflow `archive` of that release again: lmtbot writes it anew",
)  # fmt: skip
LEVEL2_BY_HAND = PullRule(
    "LEVEL2_BY_HAND", Severity.ERROR, "level2.yaml is changed and is not what follows from project.yaml and qa.yaml",
    "who approves it approves these commands, and these are what runs; lmtbot alone writes it",
    "change project.yaml or qa.yaml instead; `/refresh` in a comment writes level2.yaml anew",
)  # fmt: skip
LEVEL2_STALE = PullRule(
    "LEVEL2_STALE", Severity.WARNING, "level2.yaml is not what follows from project.yaml and qa.yaml any more",
    "level 2 would refuse it: what was approved would not be what runs (an error in a pull request from qa/PID)",
    "lmtbot writes it anew in the QA pull request; `/refresh` in a comment does it at once",
)  # fmt: skip
PROJECT_GONE = PullRule(
    "PROJECT_GONE", Severity.WARNING, "a project is deleted, or its folder renamed",
    "nothing of it is run or shown any more; results and records are kept under the ProjectId and stay where they are",
    "nothing, if it is meant; under another name all of it is reduced again",
)  # fmt: skip
BASE_UNREADABLE = PullRule(
    "BASE_UNREADABLE", Severity.WARNING, "a project cannot be read as it is before the change",
    "what the pull request changes cannot be told: all its run lines are shown as new",
    "nothing; the change may be the cure",
)  # fmt: skip
CODE_TOO = PullRule(
    "CODE_TOO", Severity.INFO, "projects and what runs for all of them change in one pull request",
    "the check was made with the code, templates and settings as they are before the change",
    "make two pull requests of it, if you can",
)  # fmt: skip
NO_PLAN = PullRule(
    "NO_PLAN",
    Severity.ERROR,
    "a project cannot be planned, because of another one that it takes from",
    "no run line follows from it",
    "mend the other project first",
)
BASE_MOVED = PullRule(
    "BASE_MOVED", Severity.WARNING, "the base moved while the check was made",
    "what others merged meanwhile is told as if the pull request undid it", "run the check again from a new push",
)  # fmt: skip
RULES = (
    NO_FILE, NO_PROJECT_ID, TOO_LARGE, UNKNOWN_FILE, ARCHIVE_BY_HAND, ARCHIVE_WRONG, LEVEL2_BY_HAND, LEVEL2_STALE,
    PROJECT_GONE, BASE_UNREADABLE, NO_PLAN, BASE_MOVED, CODE_TOO,
)  # fmt: skip
"""Every rule. docs/checks.md describes each, a test holds it to that."""


def no_files(trees: Trees) -> list[Finding]:
    """Return what is no file where files are read in the new tree; then nothing of it may be opened."""
    odd = {path: entry.kind for path, entry in trees.head.items() if entry.kind is not Kind.FILE}
    read = {path: kind for path, kind in odd.items() if path.partition("/")[0] in READ}
    return [NO_FILE.finding(path, f"this is a {kind}") for path, kind in sorted(read.items())]


def changed_projects(trees: Trees) -> dict[str, tuple[str, ...]]:
    """Return {pid: names of the files in its folder that differ}, also of folders that only one side has."""
    found: dict[str, list[str]] = {}
    for path in trees.differing:
        top, _, below = path.partition("/")
        pid, inner, name = below.partition("/")
        if top == PROJECTS and inner:
            found.setdefault(pid, []).append(name)
    return {pid: tuple(names) for pid, names in found.items()}


def is_pid(name: str) -> bool:
    """Say whether the name of a folder can be a ProjectId."""
    return re.fullmatch(PID_PATTERN.strip("^$"), name) is not None


def file_findings(trees: Trees, *, archiving: str = "") -> Iterator[Finding]:
    """Yield what is said of the files that differ, whatever they hold.

    `archiving`: the project whose archive.yaml the bot itself brings here; what it says is archive_findings' part.
    """
    changed = changed_projects(trees)
    for pid in changed:
        if not is_pid(pid):
            yield NO_PROJECT_ID.finding(f"{PROJECTS}/{pid}/{PROJECT_FILE}", f"{pid!r} is no ProjectId")
    for path in trees.differing:
        if path.startswith(f"{PROJECTS}/") and path in trees.head:
            yield from _of_file(path, trees.head[path].size)
    for pid, names in changed.items():
        path = f"{PROJECTS}/{pid}/{ARCHIVE_FILE}"
        if ARCHIVE_FILE in names and (pid != archiving or path not in trees.head):
            yield ARCHIVE_BY_HAND.finding(f"{PROJECTS}/{pid}/{ARCHIVE_FILE}", _became(trees, pid, ARCHIVE_FILE))
        if LEVEL2_FILE in names and _has(trees.head, pid) and f"{PROJECTS}/{pid}/{LEVEL2_FILE}" not in trees.head:
            yield LEVEL2_BY_HAND.finding(f"{PROJECTS}/{pid}/{LEVEL2_FILE}", _became(trees, pid, LEVEL2_FILE))
    code = [path for path in trees.differing if path.startswith(CODE)]
    if code and changed:
        yield CODE_TOO.finding(code[0], f"code, templates or settings differ as well, {len(code)} in all")


def archive_findings(pid: str, text: str, manifest: Manifest | None) -> Iterator[Finding]:
    """Yield what is wrong with the archive.yaml that the bot brings; `manifest`: that of the release, None: no such."""
    path = f"{PROJECTS}/{pid}/{ARCHIVE_FILE}"
    if manifest is None:
        yield ARCHIVE_WRONG.finding(path, "its release has no manifest.json that can be read")
        return
    if text != (right := archive_text(archive_of(manifest))):
        line, what = _first_difference(text, right)
        yield ARCHIVE_WRONG.finding(path, what, line=line)


def _of_file(path: str, size: int) -> Iterator[Finding]:
    name = path.split("/", 2)[2] if path.count("/") > 1 else WORDS_FILE
    if name in MODELS:  # whoever reads these tells it
        return
    if size > MAX_BYTES:
        yield TOO_LARGE.finding(path, f"the file has {size:,} bytes")
    if name != WORDS_FILE:
        yield UNKNOWN_FILE.finding(path, "nothing reads this file")


def _became(trees: Trees, pid: str, name: str) -> str:
    path = f"{PROJECTS}/{pid}/{name}"
    if path not in trees.head:
        return f"{name} is taken away"
    return f"{name} is {'changed' if path in trees.base else 'added'}"


def _has(tree: Iterable[str], pid: str) -> bool:
    return any(path.startswith(f"{PROJECTS}/{pid}/") for path in tree)


def level2_findings(
    pid: str, text: str | None, wanted: Level2, *, is_changed: bool, branch: str = ""
) -> Iterator[Finding]:
    """Yield what is wrong with level2.yaml: `text` is what the pull request has (None: no file), `wanted` what follows.

    From a branch qa/... the file must be there and be right; elsewhere a file that nobody touched may be behind.
    """
    path = f"{PROJECTS}/{pid}/{LEVEL2_FILE}"
    is_qa = branch.startswith(QA_BRANCH)
    weight = Severity.ERROR if is_qa else Severity.WARNING
    if text is None:
        if is_qa and not is_changed:
            yield LEVEL2_STALE.finding(path, f"{LEVEL2_FILE} is missing", severity=weight)
        return
    right = level2_text(wanted)
    if text == right:
        return
    line, what = _first_difference(text, right)
    if is_changed:
        yield LEVEL2_BY_HAND.finding(path, what, line=line)
    else:
        yield LEVEL2_STALE.finding(path, what, line=line, severity=weight)


def _first_difference(text: str, right: str) -> tuple[int, str]:
    pairs = enumerate(zip_longest(text.split("\n"), right.split("\n")), start=1)
    for number, (is_there, should) in pairs:
        if is_there != should:
            return number, f"the file says {_quoted(is_there)}; what follows is {_quoted(should)}"
    raise AssertionError("two different texts have a line that differs")


def _quoted(line: str | None) -> str:
    if line is None:
        return "nothing more"
    return repr(line if len(line) <= SHOWN else f"{line[:SHOWN]}...")
