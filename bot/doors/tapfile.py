"""The door to a TAP as a file: looked through before anything is written, and unpacked where nothing can leave.

A TAP comes over a network. Only plain files and folders below PID/OBSNUM are taken, as many and as large as a site
allows, and links to a file beside them (every pipeline makes one: 000README.html is README.html). Owners, permissions
and times of the tar are not taken. Nothing is left to what tarfile makes of a member.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import DoorError, ProjectError
from bot.model.quicklook import QuickLook
from bot.model.scalars import shown
from bot.settings import Taps

MB = 1_000_000
END = bytes(1024)
"""A tar ends with two empty blocks; one that was cut between two files lacks them."""
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
TOLD = 5
"""Faults that are named; a hostile tar could hold thousands."""
ITS_OWN_FAULT = tuple(
    getattr(errno, name) for name in ("EEXIST", "ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "EINVAL", "EILSEQ")
)
"""What the file system says of names that cannot be: the tar's fault. Anything else is the disk's."""


def check_tap(tap: Path, look: QuickLook, limits: Taps) -> None:
    """Look a TAP through without writing anything; raise ProjectError that names what is wrong."""
    with _opened(tap, limits) as tar:
        faults: list[str] = []
        count = size = 0
        for member in tar:
            count, size = count + 1, size + max(member.size, 0)
            if count > limits.most_files or size > limits.most_mb * MB:
                raise ProjectError(
                    f"{tap.name} unpacks to more than {limits.most_files} files or {limits.most_mb} MB; if it should, "
                    "raise taps.most_files or taps.most_mb in the settings"
                )
            if len(faults) < TOLD and (fault := _fault(member, look)):
                faults.append(fault)
    if faults or not count:
        raise ProjectError(f"{tap.name}: " + ("; ".join(faults) or "there is no file in it") + "; make it again")


def unpack_tap(tap: Path, folder: Path, look: QuickLook, limits: Taps) -> None:
    """Replace `folder` by what is in the TAP below PID/OBSNUM; on any fault the old folder stays.

    Raises ProjectError for a bad TAP, DoorError when the disk fails.
    """
    check_tap(tap, look, limits)
    clear_beside(folder)
    new, old = (folder.with_name(f".{folder.name}.{kind}") for kind in ("new", "old"))
    try:
        new.mkdir(parents=True)
        with _opened(tap, limits) as tar:
            for member in tar:
                _write(tar, member, _place(new, member))
            for member in tar:  # links last: nothing is ever written through one
                if member.issym():
                    _link(member, _place(new, member))
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except OSError as error:
        if error.errno in ITS_OWN_FAULT:
            raise ProjectError(f"{tap.name}: {error.filename}: {error.strerror}; make it again") from error
        raise DoorError(f"{error.filename or folder}: {error.strerror}; the old products stay") from error
    finally:
        clear_beside(folder)


def clear_beside(folder: Path) -> None:
    """Remove what an unpacking that was killed left; put the old folder back if it has no successor yet."""
    new, old = (folder.with_name(f".{folder.name}.{kind}") for kind in ("new", "old"))
    if old.exists() and not folder.exists():
        old.rename(folder)
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _opened(tap: Path, limits: Taps) -> Iterator[tarfile.TarFile]:
    """Open a tar that is whole and not too large; what tarfile cannot read is a ProjectError."""
    try:
        if tap.stat().st_size > limits.most_mb * MB + limits.most_files * 4096:
            raise ProjectError(f"{tap.name} is larger than {limits.most_mb} MB (taps.most_mb in the settings)")
        with tap.open("rb") as file:
            file.seek(max(0, tap.stat().st_size - len(END)))
            if file.read() != END:
                raise ProjectError(f"{tap.name} is cut off, or no tar; send it again")
        with tarfile.open(tap, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise ProjectError(f"{tap.name} cannot be read as a tar ({error}); send it again") from error


def _fault(member: tarfile.TarInfo, look: QuickLook) -> str:
    """Return why a member is not taken, "" if it is."""
    if member.issym() and ("/" in member.linkname or member.linkname in ("", ".", "..")):
        return f"{shown(member.name)} is a link to {shown(member.linkname)}, which is not beside it"
    if not (member.isdir() or member.issym() or member.type in PLAIN) or member.sparse is not None:
        return f"{shown(member.name)} is neither a plain file nor a folder"
    if member.size < 0 or (member.size and not member.isreg()):
        return f"{shown(member.name)} has an impossible size"
    if member.mode & 0o7000:
        return f"{shown(member.name)} asks for special permissions"
    if not member.name.isprintable():
        return f"{shown(member.name)} has characters in its name that cannot be shown"
    parts = member.name.split("/")
    if parts[:2] != [look.pid, str(look.obsnum)] or {"", ".", ".."} & set(parts) or len(parts) + member.isdir() < 3:
        return f"{shown(member.name)} does not lie below {look.pid}/{look.obsnum}"
    return ""


def _place(folder: Path, member: tarfile.TarInfo) -> Path:
    return folder.joinpath(*member.name.split("/")[2:])


def _link(member: tarfile.TarInfo, target: Path) -> None:
    """Make a link to a plain file of the same folder."""
    if not stat.S_ISREG(target.with_name(member.linkname).lstat().st_mode):
        raise FileExistsError(errno.EEXIST, "no link to a file", str(target))
    target.symlink_to(member.linkname)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """Write one file or folder; only into what this unpacking made, and nothing twice."""
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
    if not member.isreg():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as file:
        if content:
            shutil.copyfileobj(content, file)
        if file.tell() != member.size:
            raise ProjectError(f"{member.name} is cut off; send the TAP again")
