"""What is remembered of a release while it is archived: the pinned commit, manifest, deposits, files that we made.

Layout: $WORK_LMT/lmtbot/archive/{lock,PID/vN/{release.json,manifest.json,runlines.txt,files/}}. Files are
written whole and renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bot.doors.files import read_text, write_whole
from bot.doors.ledger import STORE
from bot.doors.locks import hold
from bot.errors import DoorError
from bot.model.deposit import Manifest, Pinned, ReleaseTag

Kept = TypeVar("Kept", bound=BaseModel)
FOLDER = "archive"
RELEASE, MANIFEST, RUN_LINES, FILES = "release.json", "manifest.json", "runlines.txt", "files"


class ArchiveJournal:
    """The journal of one release."""

    def __init__(self, work: Path, tag: ReleaseTag) -> None:
        self.tag = tag
        self.top = work.resolve() / STORE / FOLDER
        self.home = self.top / tag.pid / f"v{tag.version}"

    @property
    def files(self) -> Path:
        """Return where the files lie that we make for the archive."""
        return self.home / FILES

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only one of the site that archives; raise Busy."""
        with hold(self.top / "lock", "the archive", f"archiving {self.tag}"):
            yield

    def pinned(self) -> Pinned | None:
        """Return what is remembered of the release, None if it was never begun; raise DoorError if it is torn."""
        return _read(self.home / RELEASE, Pinned)

    def pin(self, pinned: Pinned) -> None:
        """Remember it."""
        write_whole(self.home / RELEASE, _text(pinned))

    def manifest(self) -> Manifest | None:
        """Return the manifest, None if none was made yet."""
        return _read(self.home / MANIFEST, Manifest)

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest and the run lines."""
        write_whole(self.home / RUN_LINES, lines_text(manifest))
        write_whole(self.home / MANIFEST, manifest_text(manifest))


def lines_text(manifest: Manifest) -> str:
    """Return the text of runlines.txt."""
    return "".join(f"{line}\n" for line in manifest.lines)


def manifest_text(manifest: Manifest) -> str:
    """Return the text of manifest.json."""
    return _text(manifest)


def _text(value: BaseModel) -> str:
    return value.model_dump_json(indent=1) + "\n"


def _read(path: Path, model: type[Kept]) -> Kept | None:
    text = read_text(path)
    if not text:
        return None
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise DoorError(f"{path} cannot be read ({error.error_count()} faults); put it right from a backup") from error
