"""The sessions of a project under WORK_LMT: PID/Session-N with session.json, the request's files, and its results.

Layout: $WORK_LMT/PID/Session-N/{session.json,request/projects/PID/,PID/,lmtbot/PID/}. Nothing here leaves that folder:
a link in its place, or inside where we write, is refused and never followed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.doors.files import write_whole
from bot.doors.ledger import STORE
from bot.doors.locks import hold, in_turn
from bot.errors import DoorError, ProjectError
from bot.model.webrun import SESSION_NAME, Kept, Session

FILE, REQUEST = "session.json", "request"
LOCK = "sessions"
"""Below $WORK_LMT/lmtbot/PID: held by who makes or changes a session."""
PATIENCE_S, PAUSE_S = 20.0, 0.1
Texts = Mapping[str, str]


class SessionStore:
    """The sessions of one project."""

    def __init__(self, work: Path, pid: str) -> None:
        self.work, self.pid = work.resolve(), pid
        self.home = self.work / pid

    def folder(self, number: int) -> Path:
        """Return the folder of a session; raise DoorError where it, or a folder that we write in, leads elsewhere."""
        folder = self.home / f"Session-{number}"
        inner = (
            REQUEST,
            f"{REQUEST}/projects",
            f"{REQUEST}/projects/{self.pid}",
            self.pid,
            STORE,
            f"{STORE}/{self.pid}",
        )
        stores = (f"{STORE}/{self.pid}/{name}" for name in ("ledger", "area", "log", "old", "failed", "batch"))
        for path in (folder, *(folder / name for name in (FILE, *inner, *stores))):
            if path.is_symlink():
                raise DoorError(f"{path} is a link; a session lies in its own folder and nowhere else: take it away")
        return folder

    def all(self) -> list[Session]:
        """Return all sessions, gone ones too, in the order of their numbers; what cannot be read is left out."""
        found = [one for number in self._numbers() if (one := self._read(number)) is not None]
        return sorted(found, key=lambda one: one.number)

    def get(self, number: int) -> Session:
        """Return one session; raise ProjectError when the project has no such one."""
        found = self._read(number)
        if found is None:
            known = ", ".join(one.name for one in self.all()[-5:]) or "none yet"
            raise ProjectError(f"{self.pid} has no Session-{number}; it has {known}")
        return found

    def create(self, is_same: Callable[[Session], bool], make: Callable[[int], tuple[Session, Texts]]) -> Session:
        """Return the session that is this one already, or make it under the next number; `make` gives its files too."""
        with self._locked("a new session"):
            known = next((one for one in self.all() if is_same(one)), None)
            if known is not None:
                return known
            number = self._next()
            session, texts = make(number)
            folder = self.folder(number)
            for name, text in texts.items():
                write_whole(folder / REQUEST / "projects" / self.pid / name, text)
            self._write(session)
            return session

    def update(self, session: Session, change: Callable[[Session], Mapping[str, Any]]) -> Session:
        """Change what is on record of a session, as it is now; return it."""
        with self._locked(session.name):
            now = self.get(session.number)
            after = now.model_copy(update=dict(change(now)))
            if after != now:
                self._write(after)
            return after

    def is_empty(self, session: Session) -> bool:
        """Say whether nothing but its record is left of a session."""
        return [one.name for one in self.folder(session.number).iterdir()] == [FILE]

    def measure(self, session: Session) -> Kept:
        """Return what the results of a session hold."""
        sizes = [path.lstat().st_size for path in self._contents(session) if not path.is_dir() or path.is_symlink()]
        return Kept(files=len(sizes), bytes=sum(sizes))

    def clear(self, session: Session) -> None:
        """Delete all of a session but its record; links in it go, what they lead to stays."""
        folder = self.folder(session.number)
        for path in [one for one in folder.iterdir() if one.name != FILE]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _contents(self, session: Session) -> Iterator[Path]:
        for folder, names, files in os.walk(self.folder(session.number)):
            yield from (Path(folder) / name for name in (*names, *files) if name != FILE)

    def _numbers(self) -> list[int]:
        try:
            names = [entry.name for entry in os.scandir(self.home)]
        except FileNotFoundError:
            return []
        return [int(found[1]) for name in names if (found := SESSION_NAME.fullmatch(name))]

    def _read(self, number: int) -> Session | None:
        path = self.home / f"Session-{number}" / FILE
        try:
            if path.is_symlink() or path.parent.is_symlink():
                return None
            session = Session.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None
        return session if (session.pid, session.number) == (self.pid, number) else None

    def _write(self, session: Session) -> None:
        write_whole(self.folder(session.number) / FILE, session.model_dump_json(indent=1) + "\n")

    def _next(self) -> int:
        """Make the folder of the next session; return its number. One without a record was cut off, and is taken."""
        numbers = self._numbers()
        for number in (*sorted(numbers), max(numbers, default=0) + 1):
            folder = self.home / f"Session-{number}"
            if number in numbers and (folder.is_symlink() or (folder / FILE).exists() or any(folder.glob("[!r]*"))):
                continue
            folder.mkdir(parents=True, exist_ok=number in numbers)
            return number
        raise AssertionError("unreachable")

    def _locked(self, what: str) -> AbstractContextManager[None]:
        """Hold the sessions for an instant; another holder is waited for."""
        path = self.work / STORE / self.pid / LOCK
        return in_turn(lambda: hold(path, f"{self.pid} {what}", "lmtbot webrun"), wait_s=PATIENCE_S, pause_s=PAUSE_S)
