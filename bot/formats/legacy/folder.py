"""A whole lmtoy_PID folder -> values: mk_runs.py, comments.txt, PID, IO, lmtinfo.txt and the runfiles that lie in it.

Reads; decides nothing and executes nothing. A file that is not there is an empty one, but for mk_runs.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import Finding, ProjectError, Severity
from bot.formats.legacy.comments import Entry, RemarkLine, read_comments
from bot.formats.legacy.description import Description, read_description
from bot.formats.obslog import RowFault, parse_log
from bot.formats.runfile import RUNFILES
from bot.formats.yaml_text import MAX_BYTES
from bot.model.observation import Observation

DESCRIPTION_FILE, COMMENTS_FILE, PID_FILE, IO_FILE, LOG_FILE = "mk_runs.py", "comments.txt", "PID", "IO", "lmtinfo.txt"
OBSOLETE_FILE = "obsnum.args"
FLAGS_FILE = "lmtoy.flags"
_ARGUMENT_FILE = re.compile(r"[0-9]{1,8}\.args|obsnum\.args|lmtoy\.flags")
UNKNOWN_MODE = "TBD"
PREFIX = "lmtoy_"


@dataclass(frozen=True)
class LegacyFolder:
    """What the files of a folder say."""

    path: Path
    description: Description
    comments: tuple[Entry | RemarkLine, ...] = ()
    comments_text: str = ""
    pid: str = ""
    """PID= of the file PID, "" when there is none."""
    done: str = ""
    archived: str = ""
    io: str = UNKNOWN_MODE
    log: tuple[Observation, ...] = ()
    log_faults: int = 0
    findings: tuple[Finding, ...] = ()
    pid_remarks: tuple[str, ...] = ()
    """Lines of the PID file that say something else; nobody reads them, people may want them."""

    def shown(self, name: str) -> str:
        """Return how a finding names a file of this folder."""
        return str(self.path / name)


@dataclass
class _Reading:
    path: Path
    findings: list[Finding] = field(default_factory=list)

    def text(self, name: str, *, needed: bool = False) -> str:
        """Return a file's text, "" when it is not there; faults are noted."""
        try:
            data = self.bytes(name)
        except FileNotFoundError:
            if needed:
                cure = "give the lmtoy_PID folders themselves, e.g. lmtbot import work/lmtoy_*"
                self.tell(name, 0, "the file is missing", cure)
            return ""
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            cure = "save the file as UTF-8 text (iconv -f latin1 -t utf-8)"
            self.tell(name, line, f"byte 0x{data[error.start]:02x} is not UTF-8", cure)
            return ""
        if "\x00" in text:
            line = text.count("\n", 0, text.index("\x00")) + 1
            self.tell(name, line, "a NUL byte; this is no text", "restore the file from its repository")
            return ""
        return text

    def bytes(self, name: str) -> bytes:
        """Return a file's content; raise FileNotFoundError when it is not there."""
        path = self.path / name
        try:
            if path.exists() and (not path.is_file() or path.stat().st_size > MAX_BYTES):
                what = f"it is no file of at most {MAX_BYTES:,} bytes"
                self.tell(name, 0, what, "see what lies there")
                return b""
            return path.read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            self.tell(name, 0, f"cannot be read: {error.strerror}", "it must be a readable file")
            return b""

    def tell(self, name: str, line: int, what: str, cure: str) -> None:
        """Note an error of a file."""
        self.findings.append(Finding("FOLDER", Severity.ERROR, str(self.path / name), line, what, cure=cure))


def read_legacy_folder(path: Path, description: Description | None = None) -> LegacyFolder:
    """Read a folder; raise ProjectError with the errors of all its files at once. `description`: read elsewhere."""
    reading = _Reading(path)
    if description is None:
        description = _read_description(reading)
    if description is not None:
        reading.findings += description.findings
    _tell_argument_files(reading, is_called=description is None or description.is_called)
    comments_text = reading.text(COMMENTS_FILE)
    comments, told = read_comments(comments_text, str(path / COMMENTS_FILE))
    reading.findings += told
    pid_text = reading.text(PID_FILE)
    pid, done, archived = parse_pid_file(pid_text)
    log, faults = _read_log(reading)
    io = _read_io(reading)
    if description is None or any(one.severity is Severity.ERROR for one in reading.findings):
        raise ProjectError(findings=reading.findings)
    return LegacyFolder(
        path,
        description,
        comments,
        comments_text,
        pid,
        done,
        archived,
        io,
        log,
        faults,
        tuple(reading.findings),
        tuple(line.strip() for line in pid_text.splitlines() if line.strip() and not _PID_LINE.match(line)),
    )


def _tell_argument_files(reading: _Reading, *, is_called: bool) -> None:
    """Tell the files in which arguments stood before comments.txt: an error where the description still reads them.

    With OBSOLETE_FILE in the folder the generator of today stops; the others it overlooks.
    """
    names = sorted(path.name for path in reading.path.glob("*") if _ARGUMENT_FILE.fullmatch(path.name))
    for name in names:
        said = " ".join(reading.text(name).split())
        told = f"it holds {said[:200]!r}" if said else "it is empty"
        why = "the generator overlooks this file; nothing of it reaches a run line"
        if name == OBSOLETE_FILE:
            why = "the generator refuses to run while this file is there; nothing of it reaches a run line"
        severity = Severity.WARNING
        if not is_called and said:
            severity, why = Severity.ERROR, "only the file's own code reads it; these arguments would be lost"
        line = f"{name.partition('.')[0]} # {said[:100]}" if name[0].isdigit() else "OBSNUM # ..., its lines with a #"
        cure = f"see that comments.txt says the same ({line}), and take the file away"
        if name == FLAGS_FILE:
            cure = "add its arguments to every source's pars2, and take the file away"
        reading.findings.append(Finding("OBSOLETE", severity, str(reading.path / name), 0, told, why, cure))


def _read_description(reading: _Reading) -> Description | None:
    faults = len(reading.findings)
    text = reading.text(DESCRIPTION_FILE, needed=True)
    if len(reading.findings) > faults:
        return None
    try:
        return read_description(text, str(reading.path / DESCRIPTION_FILE))
    except ProjectError as error:
        reading.findings += error.findings
        return None


_PID_LINE = re.compile(r"\s*(?:export\s+)?(PID|DONE|ARCHIVED)\s*=\s*(.*)")


def parse_pid_file(text: str) -> tuple[str, str, str]:
    """Return PID, DONE and ARCHIVED of a PID file: shell-like, with blanks around =, quotes, n/a, a trailing slash."""
    found = {"PID": "", "DONE": "", "ARCHIVED": ""}
    for line in text.splitlines():
        match = _PID_LINE.match(line)
        if match:
            value = re.sub(r"\s+#.*$", "", match[2]).strip()
            if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1].strip()
            found[match[1]] = value if value.lower() == "n/a" else value.rstrip("/")
    return found["PID"], found["DONE"], found["ARCHIVED"]


def _read_io(reading: _Reading) -> str:
    """Return the mode of all obsnums: the last line of IO that is no comment counts."""
    mode = UNKNOWN_MODE
    for number, line in enumerate(reading.text(IO_FILE).splitlines(), start=1):
        if line.startswith("#") or not line.strip():
            continue
        mode = line.strip()
        if mode != UNKNOWN_MODE and not re.fullmatch(r"[A-Z0-9]+/[A-Za-z]+", mode):
            cure = "write instrument/obspgm, e.g. SEQ/Map, on one line"
            reading.tell(IO_FILE, number, f"{mode!r} is no mode", cure)
    return mode


def _read_log(reading: _Reading) -> tuple[tuple[Observation, ...], int]:
    try:
        data = reading.bytes(LOG_FILE)
    except FileNotFoundError:
        return (), 0
    rows = list(parse_log(data))
    read = tuple(row for row in rows if isinstance(row, Observation))
    return read, sum(isinstance(row, RowFault) for row in rows)


def read_runfiles(path: Path, name: str) -> dict[str, str]:
    """Return the texts of the runfiles NAME.run1a ... NAME.run2.sh that lie in a folder, by runfile."""
    found = {}
    for runfile in RUNFILES:
        file = path / f"{name}.{runfile}"
        if file.is_file() and file.stat().st_size <= MAX_BYTES:
            found[runfile] = file.read_bytes().decode("utf-8", "replace")
    return found
