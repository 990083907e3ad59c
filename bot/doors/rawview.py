"""A DATA_LMT that shows the raw files of one observation alone, as links, where the pipeline would take others' too.

Today's tools look for an obsnum by a part of the files' names (domain.md section 8): with 33551 and 133551 in one tree
they refuse the first. The raw data themselves are never written to.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from bot.errors import DoorError
from bot.formats.rawname import FOLDERS, folder_of
from bot.model.raw import RawName

_OF_RAW_FILES = {folder.partition("/")[0] for folder in FOLDERS.values()}


def make_view(view: Path, data: Path, names: Iterable[RawName]) -> None:
    """Lay out links to these files, and to all else that lies in DATA_LMT beside raw files; twice is once."""
    try:
        view.mkdir(parents=True, exist_ok=True)
        for entry in data.iterdir():
            if entry.name not in _OF_RAW_FILES and not entry.name.startswith("."):
                _link(view / entry.name, entry)
        for name in names:
            _link(view / folder_of(name.part) / name.name, data / folder_of(name.part) / name.name)
    except OSError as error:
        raise DoorError(f"{error.filename or view}: {error.strerror}; links to raw files are laid out there") from error


def clear_view(view: Path) -> None:
    """Remove the links; what they lead to stays."""
    shutil.rmtree(view, ignore_errors=True)


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(target.absolute())
