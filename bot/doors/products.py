"""The products of a unit that go to the archive: where they lie, and their checksums. Read only.

They lie in $WORK_LMT/PID/dir4dv/NAME/*/NAME/, where the pipeline puts them; its own archiving takes them from there,
and then their hard links in dirzip/ serve.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from bot.errors import DoorError
from bot.model.deposit import Sent

PIECE_BYTES = 1 << 20


def ready_products(project: Path, name: str) -> dict[str, Path]:
    """Return {ending: file} of what lies ready for the archive of a unit; endings stand behind NAME_."""
    found = [*(project / "dirzip").glob(f"{name}_*"), *(project / "dir4dv" / name).glob(f"*/{name}/{name}_*")]
    real = project.resolve()
    ours = (path for path in found if _is_ours(path, real))
    return {path.name.removeprefix(f"{name}_"): path for path in ours}


def _is_ours(path: Path, project: Path) -> bool:
    """Say whether it is a file that holds something and lies in the project itself: no link leads out of it."""
    return path.is_file() and path.resolve().is_relative_to(project) and path.stat().st_size > 0


def measure(paths: Iterable[Path]) -> tuple[Sent, ...]:
    """Return name, size and checksums of files, by name; raise DoorError when one changes meanwhile or is gone."""
    return tuple(sorted(map(_measured, paths), key=lambda one: one.name))


def _measured(path: Path) -> Sent:
    kinds = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha256", "md5", "sha1", "sha512")}
    try:
        before = path.stat()
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                for one in kinds.values():
                    one.update(piece)
        after = path.stat()
    except OSError as error:
        raise DoorError(f"{path}: cannot be read ({error.strerror}); run it again") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DoorError(f"{path}: somebody writes to it; wait until that has ended, then run it again")
    return Sent(name=path.name, bytes=after.st_size, **{name: one.hexdigest() for name, one in kinds.items()})
