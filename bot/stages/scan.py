"""Scan: the raw data are compared with the index, and what is complete goes into the observation log.

Found by set difference on every call, never by what changed last. What is decided stands in bot.rules.readiness; no
file is opened that was opened before and has not changed. Killed at any instant, the next call goes on.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import astuple, dataclass, field, replace
from functools import partial
from pathlib import Path

from bot.doors.files import clear_unfinished, read_text, write_lines, write_whole
from bot.doors.locks import hold, in_turn
from bot.doors.logfile import LOG_FILE, Stamp
from bot.doors.rawdata import RawData
from bot.doors.scan_index import BrokenIndex, ScanIndex, open_index, read_index
from bot.errors import DoorError, SettingsError
from bot.formats.rawname import folder_of
from bot.model.raw import PARTS, Arrived, Readiness
from bot.rules import readiness
from bot.settings import Site
from bot.stages.survey import Progress, Survey

log = logging.getLogger(__name__)

INDEX_FILE = "data_lmt.index"
LOCK_FILE = ".data_lmt.lock"
LAST_FILE = "last.obsnum"


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What the caller wants."""

    wait_minutes: int | None = None
    """How long a missing part is waited for; None: as the settings say."""
    rebuild: bool = False
    """Forget the index and read every header again."""
    dry_run: bool = False
    """Tell what would be found; write nothing."""
    drop_missing: bool = False
    """Leave rows out of the log whose raw files are not here; a folder that is gone or empty is taken for that."""
    wait_for_lock: bool = True
    """Wait for another scan; else Busy is raised."""
    out: Path | None = None
    """Where the log and its index lie; None: in the raw data."""


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan found."""

    changed: array[int]
    """Obsnums whose verdict is new or another one since the last scan, in order."""
    counts: Mapping[Readiness, int]
    """How many obsnums there are of each kind, old ones too."""
    incomplete: tuple[Arrived, ...] = ()
    corrupt: tuple[Arrived, ...] = ()
    gaps: tuple[Arrived, ...] = ()
    """Complete ones that go without a part."""
    ignored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Part -> names in its folder that are no raw files of it."""
    kept_rows: int = 0
    """Obsnums whose rows stand in the log, and whose raw files are not here."""
    absent: tuple[str, ...] = ()
    """Parts whose folder is gone or empty and was not; their files are taken to be there still."""
    files_opened: int = 0
    files_settling: int = 0
    """New files that may still be growing; they are opened by a scan that comes a little later."""
    log_written: bool = False

    def after(self, earlier: ScanReport) -> ScanReport:
        """Return this report as that of both scans together."""
        return replace(
            self,
            changed=array("q", sorted({*self.changed, *earlier.changed})),
            files_opened=self.files_opened + earlier.files_opened,
            log_written=self.log_written or earlier.log_written,
        )


def scan(
    site: Site,
    request: ScanRequest,
    tell: Progress = lambda _done, _total: None,
    clock: Callable[[], int] = time.time_ns,
) -> ScanReport:
    """Bring index, log and last.obsnum up to date.

    `clock` tells ns since 1970. Raises Busy when another scan is at work and waiting is not wanted, SettingsError
    where there are no raw data, DoorError where log and index cannot be kept.
    """
    raw = raw_data(site)
    with ExitStack() as stack:
        if not request.dry_run:
            _be_alone(stack, log_folder(site, request.out), wait=request.wait_for_lock)
        try:
            return _scan(site, request, raw, tell, clock)
        except BrokenIndex as error:
            log.warning("%s", error)
            return _scan(site, request, raw, tell, clock)


def log_folder(site: Site, out: Path | None = None) -> Path:
    """Return where the log and its index lie."""
    return out.absolute() if out else site.need_data()


def complete_observations(
    site: Site, *, since: str = "", goals: Collection[str] = (), out: Path | None = None
) -> Iterator[Arrived]:
    """Yield the complete observations that the index knows, newest first (date, then obsnum).

    `since` is a UT date YYYY-MM-DD (observed then or later), `goals` the obsgoals wanted; all by default. Raises
    DoorError where no scan has made an index yet.
    """
    with read_index(log_folder(site, out) / INDEX_FILE) as index:
        yield from index.verdicts.complete(since, goals)


def _scan(site: Site, request: ScanRequest, raw: RawData, tell: Progress, clock: Callable[[], int]) -> ScanReport:
    folder, settings = log_folder(site, request.out), site.settings.raw
    if request.wait_minutes is not None:
        settings = settings.model_copy(update={"wait_minutes": request.wait_minutes})
    with open_index(folder / INDEX_FILE, anew=request.rebuild, in_memory=request.dry_run) as index:
        survey = Survey(index, raw, settings, clock(), all_here=request.drop_missing)
        survey.look_at_known()
        survey.look_for_new()
        opened = survey.open_new(tell)
        _reopen(index, settings.wait_minutes)
        changed = survey.judge()
        written = False if request.dry_run else _write_log(folder, index, drop_kept=request.drop_missing)
        absent, settling = tuple(part for part in PARTS if part in survey.absent), survey.count_settling()
        return replace(_report(index, changed, opened, written), files_settling=settling, absent=absent)


def raw_data(site: Site) -> RawData:
    """Return the raw data; raise SettingsError where there are none: not mounted, or another folder."""
    raw = RawData(site.need_data())
    if all(raw.folder_stamp(part) is None for part in PARTS):
        wanted = ", ".join(folder_of(part) for part in (PARTS[0], PARTS[1], PARTS[-1]))
        told = f"{raw.root}: no folder of raw data is there (none of {wanted}, ...)"
        raise SettingsError(f"{told}; is it mounted? DATA_LMT, or --data DIR, names the folder that holds them")
    return raw


def _be_alone(stack: ExitStack, folder: Path, *, wait: bool) -> None:
    """Hold the lock for as long as the stack lasts; say once whom we wait for."""
    lock = partial(hold, folder / LOCK_FILE, str(folder), "lmtbot scan")
    try:
        stack.enter_context(in_turn(lock, wait_s=math.inf if wait else 0, is_told=True))
    except OSError as error:
        cure = "--out DIR keeps log and index elsewhere"
        raise DoorError(f"{folder}: nothing can be written there ({error.strerror}); {cure}") from error
    clear_unfinished(folder)


def _reopen(index: ScanIndex, wait_minutes: int) -> None:
    """Let verdicts be made again that other rules, or another time to wait, may change."""
    rules = hashlib.sha1(Path(readiness.__file__).read_bytes(), usedforsecurity=False).hexdigest()
    with index.changing():
        if index.note("rules") != rules:
            index.verdicts.reopen_all()
        if index.note("wait") != str(wait_minutes):
            index.verdicts.reopen_odd()
        index.leave_note("rules", rules)
        index.leave_note("wait", str(wait_minutes))


def _write_log(folder: Path, index: ScanIndex, *, drop_kept: bool) -> bool:
    """Write what has changed; say whether the log was written. What others wrote into it is taken over first."""
    path = folder / LOG_FILE
    if (stamp := _stamp(path)) != index.note("log_stamp"):
        with index.changing():
            if stamp:
                with path.open("rb") as lines:
                    index.verdicts.keep_lines(lines)
            index.leave_note("outdated", "log")
            index.leave_note("log_stamp", stamp)
    if drop_kept:
        with index.changing():
            index.verdicts.drop_kept()
            index.leave_note("outdated", "log")
    written = bool(index.note("outdated")) and write_lines(path, index.verdicts.log_lines())
    with index.changing():
        index.leave_note("outdated", "")
        index.leave_note("log_stamp", _stamp(path))
    newest = index.verdicts.newest()
    if newest and read_text(folder / LAST_FILE) != f"{newest}\n":
        write_whole(folder / LAST_FILE, f"{newest}\n")
    return written


def _stamp(path: Path) -> str:
    """Return what tells whether the log is the one that was written last; "" if there is none."""
    try:
        return str(astuple(Stamp.of(path.stat())))
    except FileNotFoundError:
        return ""


def _report(index: ScanIndex, changed: array[int], opened: int, written: bool) -> ScanReport:
    odd = tuple(index.verdicts.odd())
    return ScanReport(
        changed=changed,
        counts=index.verdicts.counts(),
        incomplete=tuple(one for one in odd if one.readiness is Readiness.INCOMPLETE),
        corrupt=tuple(one for one in odd if one.readiness is Readiness.CORRUPT),
        gaps=tuple(one for one in odd if one.readiness is Readiness.COMPLETE),
        ignored=index.files.ignored(),
        kept_rows=index.verdicts.kept_rows(),
        files_opened=opened,
        log_written=written,
    )
