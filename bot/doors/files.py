"""The door to files that people read: written whole or not at all, so that nobody ever sees half a file.

A text goes into a new file beside the old one, to the disk, and takes the old one's place by a rename. Killed before
the rename, the old file stands untouched and a hidden `.NAME.XXXXXXXX.new` is left (`clear_unfinished` removes it).
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.errors import DoorError, ProjectError

STALE_S = 3600
"""A hidden file of an unfinished write that is older belongs to a process that is gone."""


def read_bytes(path: Path, *, cure: str) -> bytes:
    """Return what is in a file; raise ProjectError, with the cure, when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProjectError(f"{path}: cannot be read ({error.strerror}); {cure}") from error


def read_text(path: Path) -> str:
    """Return the text of a file, "" if there is none; raise DoorError when it is there and cannot be read."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise DoorError(f"{path}: cannot be read: {error}") from error


def write_whole(path: Path, text: str) -> None:
    """Replace the file's content, or make the file and its folder; a link is followed, permissions are kept."""
    with _replacing(path) as (new, target):
        _write_new(new, [text.encode("utf-8")], target)
        new.replace(target)


def append_text(path: Path, text: str) -> None:
    """Add to the end of a log."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)


def write_lines(path: Path, lines: Iterable[str]) -> bool:
    """Do as write_whole with lines that are made one by one; say whether they differ from what was there.

    A file that has this content already is left alone, with its times.
    """
    with _replacing(path) as (new, target):
        _write_new(new, (f"{line}\n".encode("utf-8", "surrogateescape") for line in lines), target)
        if target.exists() and filecmp.cmp(new, target, shallow=False):
            new.unlink()
            return False
        new.replace(target)
    return True


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[tuple[Path, Path]]:
    """Give the name of a new file and the one that it is to replace; nothing is left of what fails."""
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
        try:
            yield new, target
        except BaseException:
            with contextlib.suppress(OSError):
                new.unlink()
            raise
        sync_folder(target.parent)
    except OSError as error:
        raise DoorError(f"{path}: cannot be written ({error.strerror}); nothing was changed there") from error


def _write_new(new: Path, pieces: Iterable[bytes], target: Path) -> None:
    """Write a file that was not there, as readable as the one that it will replace, and bring it to the disk."""
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(handle, "wb") as file:
        file.writelines(pieces)
        file.flush()
        if target.exists():
            os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a rename to the disk, where the file system lets us."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def clear_unfinished(folder: Path) -> None:
    """Remove what writes that never ended left in a folder; a young one may still be going on."""
    for left in folder.glob(".*.new"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_S:
                left.unlink()
