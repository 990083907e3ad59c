"""The results under a WORK_LMT: find a unit's directory, read what a verdict needs, publish by renames."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bot.doors.files import write_whole
from bot.formats.rcfile import Products, RcFile, parse_rc

LINKED_FROM_BYTES = 1_000_000
"""Files of a member from this size on are hard links in a work area, smaller ones copies: rc and tables are
appended to in place, and an append through a link would change the official product."""

NO_PROJECTS = ("tmp", "scratch")
"""What lies beside the project folders in a work area."""

DOOMED = ".doomed-"


def read_products(tree: Path, name: str) -> Products | None:
    """Read what a unit left in a WORK_LMT of its own; None when there is no directory, or more than one."""
    folders = _homes(tree, name)
    return _read(folders[0] / name) if len(folders) == 1 else None


def read_official(project: Path, name: str) -> Products | None:
    """Read what lies in a unit's official directory, below the project's folder; None when there is none."""
    folder = project / name
    return _read(folder) if folder.is_dir() else None


def _read(folder: Path) -> Products:
    name = folder.name
    sizes = {entry.name: entry.stat().st_size for entry in os.scandir(folder) if entry.is_file()}
    banks = {bank: _rc(folder / f"lmtoy_{name}__{bank}.rc") for bank in (0, 1)}
    metadata = folder.parent / "dir4dv" / name
    return Products(
        name=name,
        files=frozenset(file for file, size in sizes.items() if size > 0),
        rc=_rc(folder / f"lmtoy_{name}.rc"),
        banks={bank: rc for bank, rc in banks.items() if rc.assignments},
        has_metadata=any(path.stat().st_size > 0 for path in metadata.glob(f"*/{name}/{name}_lmtmetadata.yaml")),
        has_tap=find_tap(folder.parent, name) is not None,
    )


def staged(project: Path, name: str) -> set[str]:
    """Return the endings (behind NAME_) of the files of a unit that lie ready for the archive and hold something."""
    found = (project / "dir4dv" / name).glob(f"*/{name}/{name}_*")
    return {path.name.removeprefix(f"{name}_") for path in found if path.is_file() and path.stat().st_size}


def find_tap(project: Path, name: str) -> Path | None:
    """Return the TAP of a unit in a project folder, None if there is none that holds anything."""
    return next((path for path in _tap_paths(project, name) if path.is_file() and path.stat().st_size), None)


def _tap_paths(project: Path, name: str) -> tuple[Path, Path]:
    return project / f"{name}_TAP.tar", project / "TAP" / f"{name}_TAP.tar"


def _homes(tree: Path, name: str) -> list[Path]:
    """Return the project folders in a WORK_LMT that have a directory of the unit; the pipeline names them itself."""
    return [path.parent for path in tree.glob(f"*/{name}") if path.is_dir() and path.parent.name not in NO_PROJECTS]


def _rc(path: Path) -> RcFile:
    try:
        return parse_rc(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return RcFile(())


def link_member(member: Path, area: Path, pid: str) -> None:
    """Put a copy of a member's official directory into a work area that nothing can write back through."""
    target = area / pid / member.name
    for folder, _, files in os.walk(member):
        here = target / Path(folder).relative_to(member)
        here.mkdir(parents=True, exist_ok=True)
        for name in files:
            _link_or_copy(Path(folder) / name, here / name)


def _link_or_copy(origin: Path, target: Path) -> None:
    if origin.is_symlink():
        target.symlink_to(origin.readlink())
    elif origin.stat().st_size < LINKED_FROM_BYTES or not _linked(origin, target):
        shutil.copy2(origin, target)


def _linked(origin: Path, target: Path) -> bool:
    """Make a hard link; False where the two lie on different storage, or it takes no (more) links."""
    try:
        os.link(origin, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM):
            raise
        return False
    return True


def publish(area: Path, name: str, official: Path, aside: Path, superseded: Iterable[str] = ()) -> None:
    """Move a unit's products from its work area into the official tree, and what they replace aside.

    Every step is one rename. The steps are written down before the first, so that the call goes on where a crash
    cut it off. `superseded` names units whose products leave with this publication.
    """
    journal = area / "publication.json"
    if not journal.exists():
        write_whole(journal, json.dumps(_steps(area, name, official, superseded)))
    steps = json.loads(journal.read_text(encoding="utf-8"))
    for stale in steps["leave"]:
        _set_aside(official / stale, official, aside)
    for relative in steps["enter"]:
        origin, target = area / steps["from"] / relative, official / relative
        if origin.exists() or origin.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            _set_aside(target, official, aside)
            origin.rename(target)
    discard(aside)
    discard(area)


def _steps(area: Path, name: str, official: Path, superseded: Iterable[str]) -> dict[str, object]:
    """Return what enters and what leaves, as paths below the project's folder.

    What an earlier run of the unit left in the archive's staging leaves too: it would look current.
    """
    own = _homes(area, name)[0]
    enter = [str(path.relative_to(own)) for path in _paths_of(own, name)]
    before = [path for unit in (name, *superseded) for path in _paths_of(official, unit)]
    leave = [relative for path in before if (relative := str(path.relative_to(official))) not in enter]
    # the directory that people look at goes last: when it is there, all of it is there
    return {"from": own.name, "enter": sorted(enter, key=lambda one: (one == name, one)), "leave": leave}


def _paths_of(tree: Path, name: str) -> list[Path]:
    """Return everything that belongs to a unit in a project folder: directory, staging for the archive, zips, TAP."""
    single = [tree / name, tree / "dir4dv" / name, *_tap_paths(tree, name)]
    kinds = ("_SRDP.zip", "_SDFITS.zip", "_RAW.zip", "_lmtmetadata.yaml")
    single += [tree / "dirzip" / f"{name}{kind}" for kind in kinds]
    return [path for path in single if path.exists() or path.is_symlink()]


def _set_aside(path: Path, official: Path, aside: Path) -> None:
    if not (path.exists() or path.is_symlink()):
        return
    target = aside / path.relative_to(official)
    target.parent.mkdir(parents=True, exist_ok=True)
    discard(target)
    path.rename(target)


def discard(path: Path) -> None:
    """Delete a file or tree that nobody needs any more; it may be gone already, or go this very moment.

    A tree gets another name first: what is cut off in the middle is never taken for a whole one.
    """
    if path.is_dir() and not path.is_symlink():
        doomed = path.with_name(f"{DOOMED}{secrets.token_hex(6)}")
        with suppress(FileNotFoundError):  # a job on a node may delete it too
            path.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def clear_doomed(folder: Path) -> None:
    """Delete what a killed process had begun to delete."""
    for path in folder.glob(f"{DOOMED}*"):
        shutil.rmtree(path, ignore_errors=True)
