"""The comments of a Python text: where they stand, and whether they have the line to themselves. Reads only tokens."""

from __future__ import annotations

import io
import tokenize
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """One comment, without its `#`; `alone` when nothing else stands on the line."""

    line: int
    text: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Leftover:
    """Lines of the file that have no effect on what the generator is given, word for word, and why."""

    first: int
    last: int
    why: str
    text: tuple[str, ...]


def read_remarks(text: str) -> tuple[Remark, ...]:
    """Return every comment but the shebang and empty ones; of a text that is no Python, those before it breaks."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            said = token.string[1:].strip() if token.type == tokenize.COMMENT else ""
            if said and not (token.start[0] == 1 and said.startswith("!")):
                alone = not token.line[: token.start[1]].strip()
                found.append(Remark(token.start[0], said, alone))
    except (tokenize.TokenError, SyntaxError):
        return tuple(found)
    return tuple(found)
