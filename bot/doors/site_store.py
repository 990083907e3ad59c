"""The door to a static site on disk: pages that take each other's place whole, and what was built from what.

A page is written beside the old one and renamed; one that has this content already is left alone, with its times.
What no page says any more is removed last. `.lmtbot/` inside the site remembers, per project, what its pages were made
from and what other pages show of it; deleted, everything is built anew. Nothing there tells more than the pages do.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bot.doors.locks import hold, in_turn
from bot.errors import DoorError

STATE, NEW = ".lmtbot", ".new"


class SiteStore:
    """One site in one folder."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._state = out / STATE

    @contextlib.contextmanager
    def lock(self, wait_s: float) -> Iterator[None]:
        """Build alone: wait for whoever builds this site, and say once who it is; raise Busy when it takes longer."""
        try:
            self._state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DoorError(f"{self.out}: {error.strerror}; give a folder that can be written, by --out DIR") from error
        lock = partial(hold, self._state / "lock", str(self.out), "lmtbot site build")
        with in_turn(lock, wait_s=wait_s, is_told=True):
            for folder in ("", "assets", STATE):  # elsewhere goes whatever has no name
                self.remove(folder, [one for one in self.names(folder) if one.startswith(".") and one.endswith(NEW)])
            yield

    def write(self, name: str, text: str) -> bool:
        """Have a page say this; say whether it did not yet."""
        return self.write_bytes(name, text.encode("utf-8", "replace"))

    def write_bytes(self, name: str, data: bytes) -> bool:
        """Have a file hold this; say whether it did not yet."""
        path = self.out / name
        with contextlib.suppress(OSError):
            if path.stat().st_size == len(data) and path.read_bytes() == data:
                return False
        try:
            _replace(path, data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, data)
        return True

    def copy(self, name: str, origin: Path) -> None:
        """Have a file of the site be the same as one outside; a copy that is as old and as long is left alone."""
        path = self.out / name
        with contextlib.suppress(OSError):
            here, there = path.stat(), origin.stat()
            if (here.st_size, here.st_mtime_ns) == (there.st_size, there.st_mtime_ns):
                return
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.{secrets.token_hex(4)}{NEW}")
        shutil.copy2(origin, new)
        new.replace(path)

    def keep_only(self, folder: str, names: set[str]) -> int:
        """Remove what lies in a folder of the site and is not named, with what cut writes left; return how much."""
        return self.remove(folder, self.names(folder) - names)

    def names(self, folder: str) -> set[str]:
        """Return the names of what lies in a folder of the site."""
        try:
            with os.scandir(self.out / folder) as entries:
                return {entry.name for entry in entries}
        except FileNotFoundError:
            return set()

    def remove(self, folder: str, names: Iterable[str]) -> int:
        """Remove this from a folder of the site; return how much."""
        gone = list(names)
        for name in gone:
            _remove(self.out / folder / name)
        return len(gone)

    def read_state(self, name: str) -> Any:
        """Return what was remembered under a name; None when nothing was, or it cannot be read."""
        try:
            return json.loads((self._state / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return None

    def write_state(self, name: str, value: Any) -> None:
        """Remember a value."""
        self.write(f"{STATE}/{name}.json", json.dumps(value, separators=(",", ":"), default=str))

    def forget_states(self, folder: str, kept: set[str]) -> None:
        """Forget what is remembered in a folder under other names."""
        self.keep_only(f"{STATE}/{folder}", {f"{name}.json" for name in kept})


def _replace(path: Path, data: bytes) -> None:
    new = f"{path.parent}/.{path.name}.{secrets.token_hex(4)}{NEW}"
    try:
        with open(new, "wb") as file:  # noqa: PTH123 - a hundred thousand times
            file.write(data)
        os.replace(new, path)  # noqa: PTH105
    except FileNotFoundError:
        raise
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(new)  # noqa: PTH108
        raise DoorError(f"{path}: cannot be written ({error.strerror}); the page before stands") from error


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
