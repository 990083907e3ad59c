"""Words -> the lines of the legacy runfiles PID.run1a, .run1b, .run1c, .run2, .run1.sh, .run2.sh."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.errors import ProjectError

RUNFILES = ("run1a", "run1b", "run1c", "run2", "run1.sh", "run2.sh")
PROGRAM = "SLpipeline.sh"
_SHELL = re.compile(r"[;$`\\&|<>'\"\s{}]")


def runfile_texts(lines: Iterable[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """Put (runfile, words) into the texts of all six runfiles; some may be empty.

    Raises ProjectError for a word that the scripts which read runfiles could take for a command.
    """
    texts: dict[str, list[str]] = {name: [] for name in RUNFILES}
    for name, words in lines:
        unsafe = [word for word in words if not is_fit_for_runfiles(word)]
        if unsafe:
            raise ProjectError(
                f"{unsafe[0]!r} cannot stand in a runfile: the scripts that read it are shells; rename the source"
            )
        texts[name].append(" ".join((PROGRAM, *words)) + "\n")
    return {name: "".join(found) for name, found in texts.items()}


def is_fit_for_runfiles(word: str) -> bool:
    """Say whether a word can stand in a runfile without being taken for more than a word."""
    return not _SHELL.search(word)
