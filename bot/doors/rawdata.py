"""The raw data tree (DATA_LMT): lists its folders, reads headers, and says whether a file is whole. Never writes.

Files may be vanishing, growing, cut off or hostile while they are looked at. A fault of one file is a RawDataError, so
that it never stops the rest; a folder that cannot be read is a DoorError. Classic netCDF is read by our own reader,
HDF5 (netCDF-4) through h5py, which is imported when the first such file is met. What a header means is the business of
bot.formats.rawheader.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG

from bot.errors import DoorError, RawDataError, SettingsError
from bot.formats.netcdf_classic import MAGICS, MAX_HEADER, Layout, Value, parse_layout, places_of, value_of
from bot.formats.rawheader import header_of, wanted
from bot.formats.rawname import folder_of, parse_name
from bot.model.raw import Header, RawName, Stamp

FIRST_READ = 1 << 15
"""Bytes; holds the whole header of nearly every classic file, and most of its values."""
HDF5 = b"\x89HDF\r\n\x1a\n"
NOTHING_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
UNREADABLE = "no permission to read it; whoever copies the raw data can mend that: chmod a+r"


class RawData:
    """The raw files under one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.opened = 0
        """Files opened so far."""

    def names(self, part: str) -> list[str]:
        """Return the names in a part's folder as the disk lists them, hidden ones left out; nothing is looked into."""
        with self._folder(part) as folder:
            return [name for name in os.listdir(folder) if name[0] != "."]  # noqa: PTH208 - twice as fast, at 25,000
        return []

    @contextmanager
    def _folder(self, part: str) -> Iterator[Path]:
        """Give a part's folder; that it is not there is no error."""
        folder = self.root / folder_of(part)
        try:
            yield folder
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unreadable(folder, error) from error

    def folder_stamp(self, part: str) -> int | None:
        """Return when a name last came into or left a part's folder, ns since 1970; None: there is no such folder."""
        folder = self.root / folder_of(part)
        try:
            found = _stat(folder)
        except OSError as error:
            raise _unreadable(folder, error) from error
        return found.st_mtime_ns if found else None

    def has_files(self, part: str) -> bool:
        """Say whether there is any raw file in a part's folder: a mount point without its disk has none."""
        with self._folder(part) as folder, os.scandir(folder) as entries:
            return any(parse_name(entry.name) for entry in entries)
        return False

    def stamp(self, part: str, name: str, known: Stamp | None = None) -> Stamp | None:
        """Return what tells whether a file has changed; None: it is gone, a link to nowhere, or no file.

        `known` is returned where the storage does not answer: that is no word about the file.
        """
        try:
            found = _stat(f"{self.root}/{folder_of(part)}/{name}")  # for all files: a Path takes longer than the disk
        except PermissionError as error:
            raise _unreadable(self.root / folder_of(part), error) from error
        except OSError:
            return known
        return _stamp(found) if found and S_ISREG(found.st_mode) else None

    def read_header(self, name: RawName) -> Header:
        """Return what the header of a file says; RawDataError: cut off, changed while being read, or nonsense."""
        with self._open(name) as (file, path):
            before = os.fstat(file)
            head = os.pread(file, FIRST_READ, 0)
            if head.startswith(HDF5):
                _check_hdf5_size(head, before.st_size)
                values = _read_hdf5(path, wanted(name.part))
            else:
                values = _read_classic(file, head, wanted(name.part))
            if (after := _stat(path)) is None or (_stamp(after), after.st_ino) != (_stamp(before), before.st_ino):
                raise RawDataError("it changed while its header was being read")
        return header_of(values, name)

    def check_whole(self, name: RawName) -> str:
        """Say why a file is not as long as it says itself that it is, "" if it is; reads its beginning only."""
        try:
            with self._open(name) as (file, _):
                size = os.fstat(file).st_size
                head = os.pread(file, FIRST_READ, 0)
                if head.startswith(HDF5):
                    _check_hdf5_size(head, size)
                else:
                    _layout(file, head, size)
        except RawDataError as error:
            return str(error)
        return ""

    @contextmanager
    def _open(self, name: RawName) -> Iterator[tuple[int, Path]]:
        """Open a regular file, and put its name before whatever is found wrong with it."""
        path = self.root / folder_of(name.part) / name.name
        try:
            file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            self.opened += 1
            try:
                if not S_ISREG(os.fstat(file).st_mode):
                    raise RawDataError("it is no file")
                yield file, path
            finally:
                os.close(file)
        except RawDataError as error:
            raise RawDataError(f"{name.name}: {error}") from error
        except PermissionError as error:
            raise RawDataError(f"{name.name}: {UNREADABLE} {path}") from error
        except OSError as error:
            raise RawDataError(f"{name.name}: it cannot be read: {error.strerror or error}") from error


def _stat(path: Path | str) -> os.stat_result | None:
    """Return None where nothing is; any other OSError tells that the storage fails, not that the file is gone."""
    try:
        return os.stat(path)  # noqa: PTH116
    except OSError as error:
        if error.errno in NOTHING_THERE:
            return None
        raise


def _unreadable(folder: Path, error: OSError) -> DoorError:
    return DoorError(f"{folder}: the folder of raw data cannot be read: {error.strerror}")


def _stamp(found: os.stat_result) -> Stamp:
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _layout(file: int, head: bytes, size: int) -> Layout:
    """Read the header of a classic file, as many bytes as it takes; RawDataError if the file is too short."""
    if head[:4] not in MAGICS and (size >= 4 or not head):
        raise RawDataError("it is empty" if not head else "it is neither a classic netCDF nor an HDF5 file")
    while (layout := parse_layout(head)) is None:
        if len(head) >= min(size, MAX_HEADER):
            at_most = f"does not end within {MAX_HEADER:,} bytes" if size > MAX_HEADER else "is cut off"
            raise RawDataError(f"its header {at_most}; it has {size:,} bytes")
        head += os.pread(file, max(len(head), FIRST_READ), len(head))
    if size < layout.size_b:
        raise RawDataError(f"it is cut off: it has {size:,} of {layout.size_b:,} bytes")
    return layout


def _read_classic(file: int, head: bytes, names: Iterable[str]) -> dict[str, Value]:
    layout = _layout(file, head, os.fstat(file).st_size)
    values = {}
    for name in names:
        if (variable := layout.variables.get(name)) is not None:
            pieces = [_piece(file, head, offset, length) for offset, length in places_of(layout, name)]
            values[name] = value_of(variable, b"".join(pieces))
    return values


def _piece(file: int, head: bytes, offset: int, length: int) -> bytes:
    """Return bytes of the file, from what was already read of it where they are there."""
    found = head[offset : offset + length] if offset + length <= len(head) else os.pread(file, length, offset)
    if len(found) != length:
        raise RawDataError("it became shorter while its header was being read")
    return found


def _check_hdf5_size(head: bytes, size: int) -> None:
    """Raise RawDataError if the file ends before the end that its superblock names (HDF5 file format, II.A)."""
    try:
        version, address_b = head[8], head[13 if head[8] < 2 else 9]
        place = {0: 24, 1: 28, 2: 12, 3: 12}[version]
        base, _, end = struct.unpack_from(f"<3{ {4: 'I', 8: 'Q'}[address_b] }", head, place)
    except (IndexError, struct.error) as error:
        raise RawDataError(f"it is cut off: it has {size:,} bytes") from error
    except KeyError as error:
        raise RawDataError("its HDF5 superblock is garbage") from error
    if size < base + end:
        raise RawDataError(f"it is cut off: it has {size:,} of {base + end:,} bytes")


def _read_hdf5(path: Path, names: Iterable[str]) -> dict[str, Value]:
    try:
        from bot.doors.rawdata_hdf5 import read_variables
    except ImportError as error:
        cure = "pip install 'lmtoy-run[raw]'"
        raise SettingsError(
            f"raw files in HDF5 (netCDF-4) are read with h5py, which cannot be loaded: {cure}"
        ) from error
    return read_variables(path, names)
