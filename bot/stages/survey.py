"""One look at the raw data by a scan: which files are new, changed or gone, what they tell, what follows.

Every step leaves the index such that a later scan takes up what this one could not finish.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from bot.doors.logfile import RACY_NS
from bot.doors.rawdata import RawData
from bot.doors.scan_index import ScanIndex
from bot.doors.workers import spread_stream
from bot.errors import RawDataError
from bot.formats.filename import is_text, shown_name
from bot.formats.rawname import parse_name
from bot.model.raw import HEADERED, PARTS, FileState, RawFile, RawName, Readiness, Stamp
from bot.rules.readiness import calobsnum_of, first_state, judge
from bot.settings import RawFiles

Progress = Callable[[int, int], None]
"""Called with how many files are opened, and how many there are to open."""
Piece = list[tuple[RawName, Stamp]]

ALONE = 200
"""Fewer files than this are not worth other processes."""
PIECE, PIECES = 32, 32
"""Files that a worker gets at once, and pieces that go into the index in one transaction."""
NS = 1_000_000_000

T = TypeVar("T")


class Survey:
    """One look, at the time `now_ns` (since 1970)."""

    def __init__(
        self, index: ScanIndex, raw: RawData, settings: RawFiles, now_ns: int, *, all_here: bool = False
    ) -> None:
        self.index = index
        self.raw = raw
        self.settings = settings
        self.now_ns = now_ns
        self.absent = frozenset() if all_here else frozenset(part for part in PARTS if self._is_absent(part))
        """Parts whose files were here, and whose folder is gone or empty now: a disk that is not mounted."""

    def look_at_known(self) -> None:
        """Look whether known files were replaced, grew or went; those of old with a header are left alone."""
        with self.index.changing():
            self.index.files.mend_unsure(self.now_ns)
        for page in self.index.files.to_stamp(self.settings.recheck_files):
            here = [(name, old) for name, old in page if name.part not in self.absent]
            now = [(name, old, self.raw.stamp(name.part, name.name, old)) for name, old in here]
            changed = [(name, new) for name, old, new in now if new != old]
            if changed:
                with self.index.changing():
                    for name, stamp in changed:
                        self._note(name, stamp)

    def look_for_new(self) -> None:
        """List the folders into which a name came, or that one left, since they were listed last."""
        for part in (part for part in PARTS if part not in self.absent):
            mtime_ns = self.raw.folder_stamp(part)
            if mtime_ns is None or mtime_ns != self.index.files.folder_stamp(part):
                with self.index.changing():
                    self._list(part, mtime_ns)

    def open_new(self, tell: Progress) -> int:
        """Open what is new and has settled, on all processors if it is much; return how many files were opened."""
        settled_ns = self._settled_ns()
        total, done, opened = self.index.files.count_to_ask(settled_ns), 0, 0
        asked = _pieces(chain.from_iterable(self.index.files.to_ask(settled_ns)), PIECE)
        answers = spread_stream(partial(_open_all, self.raw.root), asked, alone=total < ALONE)
        for group in _pieces(answers, PIECES):
            with self.index.changing():
                for file in chain.from_iterable(files for files, _ in group):
                    self.index.files.learn(file)
            done += PIECE * len(group)
            opened += sum(count for _, count in group)
            tell(min(done, total), total)
        return opened

    def count_settling(self) -> int:
        """Return how many files are new and may still be growing."""
        return self.index.files.count_to_ask(self.now_ns) - self.index.files.count_to_ask(self._settled_ns())

    def judge(self) -> array[int]:
        """Make the verdicts that are open; return the obsnums whose verdict is another one now, in order."""
        changed: array[int] = array("q")
        after = 0
        while page := self.index.verdicts.open_obsnums(after):
            with self.index.changing():
                changed.extend(obsnum for obsnum in page if self._judge(obsnum))
            after = page[-1]
        return changed

    def _is_absent(self, part: str) -> bool:
        stamp = self.raw.folder_stamp(part)
        if not self.index.files.has_any(part) or (stamp and stamp == self.index.files.folder_stamp(part)):
            return False
        return not self.raw.has_files(part)

    def _settled_ns(self) -> int:
        return self.now_ns - self.settings.settle_seconds * NS

    def _list(self, part: str, mtime_ns: int | None) -> None:
        files = self.index.files
        files.begin_folder(part)
        here, strange = _parted(self.raw.names(part))
        for name in strange:
            files.ignore(part, name)
        known = files.known(part)
        missed = sum(not self._add(part, name) for name in sorted(here - known))
        for name in sorted(known - here):
            files.forget(part, name)
        # a folder that changed just now may change again without a new time stamp
        settled = mtime_ns is not None and mtime_ns < self.now_ns - RACY_NS
        files.end_folder(part, mtime_ns if settled and not missed else None)

    def _add(self, part: str, text: str) -> bool:
        """Note a new name; False: there is no file of this name, yet or any more."""
        name = parse_name(text)
        if name is None or name.part != part:
            self.index.files.ignore(part, text)
            return True
        stamp = self.raw.stamp(part, text)
        if stamp is not None:
            self._note(name, stamp)
        return stamp is not None

    def _note(self, name: RawName, stamp: Stamp | None) -> None:
        if stamp is None:
            self.index.files.forget(name.part, name.name)
            return
        arrived_ns = min(stamp.ctime_ns, self.now_ns)
        age_s = (self.now_ns - arrived_ns) / NS
        state = first_state(name.part, stamp.size, age_s, self.settings.trust_hours * 3600)
        self.index.files.put(name, stamp, arrived_ns, state)

    def _judge(self, obsnum: int) -> bool:
        own = self.index.files.files_of(obsnum, self.now_ns)
        if not own.files:
            return self.index.verdicts.unsettle(obsnum)
        calobsnum = calobsnum_of(own.files)
        calibration = self.index.files.files_of(calobsnum or 0, self.now_ns)
        idle_ns = self.now_ns - max(own.arrived_ns, calibration.arrived_ns)
        has_waited = idle_ns >= self.settings.wait_minutes * 60 * NS
        arrived = judge(own.files, calibration.files, has_waited=has_waited)
        stays_open = arrived.readiness is Readiness.INCOMPLETE and not has_waited
        return self.index.verdicts.settle(arrived, _telling(own.files), calobsnum, stays_open=stays_open)


def _telling(files: Iterable[RawFile]) -> RawName:
    """Return the file that the log names: one whose header cannot be read, else the first one."""
    ranks = {FileState.CORRUPT: 0, FileState.CUT: 1}
    first = min(files, key=lambda file: (ranks.get(file.state, 2), PARTS.index(file.name.part), file.name.name))
    return first.name


def _open_all(root: Path, piece: Piece) -> tuple[list[RawFile], int]:
    """Open some files; return what they are, without those that change meanwhile, and how many were opened."""
    raw = RawData(root)
    found = [_open(raw, name, stamp) for name, stamp in piece]
    return [file for file in found if file], raw.opened


def _open(raw: RawData, name: RawName, stamp: Stamp) -> RawFile | None:
    told = ""
    if name.part not in HEADERED:
        told = raw.check_whole(name)
        state = FileState.CUT if told else FileState.WHOLE
    else:
        try:
            return RawFile(name, FileState.WHOLE, header=raw.read_header(name))
        except RawDataError as error:
            told = str(error)
        state = FileState.CUT if raw.check_whole(name) else FileState.CORRUPT
    if told and raw.stamp(name.part, name.name) != stamp:
        return None
    return RawFile(name, state, told.removeprefix(f"{name.name}: "))


def _parted(names: Collection[str]) -> tuple[set[str], list[str]]:
    """Return the names that are text, and the others with their bytes escaped."""
    strange = [] if "".join(names).isascii() else [name for name in names if not is_text(name)]
    return set(names).difference(strange), [shown_name(name) for name in strange]


def _pieces(inputs: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(inputs)
    while piece := list(islice(source, size)):
        yield piece
