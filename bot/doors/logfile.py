"""The door to the observation log as a file: pieces of whole lines, and what of it is old and what is new.

The log grows at its head (newest first) or at its tail, and is replaced as a whole now and then. Digests of the part
that should not have changed tell which. Nothing here knows what a row is.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.errors import ProjectError
from bot.formats.obslog import MAX_ROW

LOG_FILE = "data_lmt.log"
"""Below DATA_LMT."""
BLOCK = 1 << 22
MOST_SEGMENTS = 200
RACY_NS = 2_000_000_000
"""A file that changed less than this ago may change again without a new time stamp."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the file system says of a file; equal stamps, equal content."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """Take the stamp of a status."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)

    def is_settled(self, now_ns: int) -> bool:
        """Say whether the file is old enough for its stamp to be trusted."""
        return now_ns - max(self.mtime_ns, self.ctime_ns) > RACY_NS


Segments = tuple[tuple[int, str], ...]
"""A log as it grew: length and digest of each piece, from its head to its tail."""


@dataclass(frozen=True, slots=True)
class LogState:
    """A log as it was read."""

    stamp: Stamp
    segments: Segments

    @property
    def whole(self) -> int:
        """Return the bytes up to and with the last line end."""
        return sum(length for length, _ in self.segments)


@dataclass(frozen=True, slots=True)
class Growth:
    """The part of a log that was not there before."""

    start: int
    end: int
    is_all: bool
    """True: nothing of the old log is left, or nothing can be told."""
    at_head: bool = False


def stamp_log(path: Path) -> Stamp:
    """Return the log's stamp; raise ProjectError when it is no file that can be read."""
    try:
        status = path.stat()
    except OSError as error:
        raise ProjectError(
            f"{path}: the observation log cannot be read ({error.strerror}); name it with --log FILE, or the folder "
            "that holds data_lmt.log with --data DIR"
        ) from error
    if not path.is_file():
        raise ProjectError(f"{path}: this is no file; give the observation log itself, e.g. --log {path}/data_lmt.log")
    return Stamp.of(status)


def open_log(path: Path) -> BinaryIO:
    """Open the log for reading; raise ProjectError when that is not allowed."""
    stamp_log(path)
    try:
        return path.open("rb")
    except OSError as error:
        raise ProjectError(f"{path}: the observation log cannot be read ({error.strerror})") from error


def whole_size(file: BinaryIO, size: int) -> int:
    """Return the number of bytes up to and with the last line end."""
    end = size
    while end > 0:
        start = max(0, end - BLOCK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def find_growth(file: BinaryIO, whole: int, old: LogState | None) -> Growth:
    """Compare with the state at the last reading: which bytes are new."""
    added = whole - old.whole if old else -1
    if old is None or added < 0 or not old.segments:
        return Growth(0, whole, is_all=True)
    if _ends_line(file, added) and _holds(file, added, old.segments):
        return Growth(0, added, is_all=False, at_head=True)
    if added and _holds(file, 0, old.segments):
        return Growth(old.whole, whole, is_all=False)
    return Growth(0, whole, is_all=True)


def grown(file: BinaryIO, growth: Growth, old: LogState | None) -> Segments:
    """Return the log's segments after it grew; after many nights they become one again."""
    if growth.end > growth.start:
        new: Segments = ((growth.end - growth.start, digest_of(file, growth.start, growth.end)),)
    else:
        new = ()
    if old is None or growth.is_all:
        return new
    segments = (*new, *old.segments) if growth.at_head else (*old.segments, *new)
    if len(segments) <= MOST_SEGMENTS:
        return segments
    whole = sum(length for length, _ in segments)
    return ((whole, digest_of(file, 0, whole)),)


def _ends_line(file: BinaryIO, at: int) -> bool:
    """Say whether a line begins at this place."""
    file.seek(max(0, at - 1))
    return at == 0 or file.read(1) == b"\n"


def _holds(file: BinaryIO, start: int, segments: Segments) -> bool:
    """Say whether these segments stand in the file from `start` on."""
    for length, digest in segments:
        if digest_of(file, start, start + length) != digest:
            return False
        start += length
    return True


def digest_of(file: BinaryIO, start: int, end: int) -> str:
    """Return the digest of a part of the file."""
    digest = hashlib.sha1(usedforsecurity=False)
    file.seek(start)
    left = end - start
    while left > 0 and (block := file.read(min(BLOCK, left))):
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()


def pieces(file: BinaryIO, start: int, end: int) -> Iterator[list[bytes]]:
    """Read a part of the file as lists of lines without their line ends; an endless line is cut."""
    file.seek(start)
    left, rest = end - start, b""
    while left > 0 and (block := file.read(min(BLOCK, left))):
        left -= len(block)
        head, line_end, tail = block.rpartition(b"\n")
        if not line_end:
            rest += block[: max(0, 2 * MAX_ROW - len(rest))]
            continue
        yield (rest + head).split(b"\n")
        rest = tail[: 2 * MAX_ROW]
    if rest:
        yield [rest]
