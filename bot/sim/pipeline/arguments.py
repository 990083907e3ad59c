"""The command line of the pipeline: `key=value` words, unknown keys taken and ignored.

Must not judge values: the real pipeline takes nearly everything, and so do we.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class UsageError(Exception):
    """The words are not `key=value`, or name no observation: exit 1 and nothing is touched."""


@dataclass(frozen=True)
class Call:
    """One call of the pipeline."""

    words: tuple[str, ...]
    values: Mapping[str, str]

    def text(self, key: str, default: str = "") -> str:
        """Return the last value given for `key`."""
        return self.values.get(key, default)

    def is_on(self, key: str, default: bool = False) -> bool:
        """Tell whether a flag is set; as in the shell, only `0` and nothing mean off."""
        return self.values[key] not in ("0", "") if key in self.values else default

    @property
    def line(self) -> str:
        """The words as they stand in `lmtoy_args.log`."""
        return " ".join(self.words)

    @property
    def obsnums(self) -> tuple[int, ...]:
        """All observations asked for, in the listed order."""
        listed = self.text("obsnums") or self.text("obsnum")
        return tuple(int(part) for part in listed.split(",") if part.strip())

    @property
    def is_combination(self) -> bool:
        """Tell whether several observations are to be reduced together."""
        return bool(self.text("obsnums"))

    @property
    def oid(self) -> str:
        """The name of the result directory: `N`, or `FIRST_LAST` in the listed order."""
        members = self.obsnums
        return f"{members[0]}_{members[-1]}" if self.is_combination else str(members[0])


def parse(argv: Sequence[str]) -> Call:
    """Read the words; the last of equal keys wins.

    Raises UsageError for a word without `=` and when no usable obsnum is named.
    """
    values: dict[str, str] = {}
    for word in argv:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageError(f"{word}: arguments are key=value, nothing else")
        values[key] = value
    call = Call(tuple(argv), values)
    try:
        members = call.obsnums
    except ValueError as error:
        raise UsageError(f"No valid obsnum= or obsnums= given: {error}") from error
    if not members or min(members) <= 0:
        raise UsageError("No valid obsnum= or obsnums= given")
    return call
