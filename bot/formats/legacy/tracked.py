"""The values that the evaluator of mk_runs.py works with: numbers, lists and dicts that know where they were written.

They are ordinary Python values with a memory, so that a comment, a date or a mosaic can be put where it belongs.
Sizes are bounded here; nothing is evaluated here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 100_000
MAX_ITEMS = 100_000
MAX_NUMBER = 10**18
MAX_NESTING = 6

WRITE_PLAINLY = "write it out as plain lists and texts, or let the file run by itself with --trust"


class Refusal(Exception):
    """What the evaluator does not take; becomes a finding with the line where it stands."""

    def __init__(self, what: str, cure: str = WRITE_PLAINLY, *, line: int = 0) -> None:
        super().__init__(what)
        self.what, self.cure, self.line = what, cure, line


@dataclass(frozen=True, slots=True)
class Span:
    """The lines of a statement, first and last."""

    first: int
    last: int


class Number(int):
    """A whole number that knows the line on which it was written."""

    line: int = 0

    @classmethod
    def at(cls, value: int, line: int) -> Number:
        """Return the value with its line."""
        number = cls(value)
        number.line = line
        return number


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One operand of a sum of lists: which list it was, and what it held then."""

    origin: Items
    values: tuple[Any, ...]


class Items(list[Any]):
    """A list; `parts` are the lists that it was added up from, None when it was written out or changed since."""

    parts: tuple[Part, ...] | None = None

    def operands(self) -> tuple[Part, ...]:
        """Return what a further sum is made of."""
        return self.parts if self.parts is not None else (Part(self, tuple(self)),)


class Table(dict[Any, Any]):
    """A dict that knows the statement behind every key, and what was overwritten or taken out."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.spans: dict[Any, Span] = {}
        self.lost: list[tuple[Span, str]] = []

    def put(self, key: Any, value: Any, span: Span) -> None:
        """Set a key; what stood there before is remembered as lost."""
        if key in self and self[key] is not value and key in self.spans and self.spans[key] != span:
            self.lost.append((self.spans[key], f"replaced in line {span.first}"))
        self[key] = value
        self.spans[key] = span

    def take(self, key: Any, line: int) -> Any:
        """Remove a key; it is remembered as lost."""
        if key in self.spans:
            self.lost.append((self.spans.pop(key), f"deleted in line {line}"))
        return self.pop(key)


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that only a running file has: a module, the environment. It may be named, not looked into."""

    name: str


SCALARS = (str, int, float, bool, type(None))


def is_scalar(value: Any) -> bool:
    """Say whether the value is a text, a number, a truth value or None."""
    return isinstance(value, SCALARS)


def is_flat(value: Any) -> bool:
    """Say whether comparing or printing the value costs no more than its length."""
    return is_scalar(value) or (isinstance(value, list | tuple) and all(is_scalar(item) for item in value))


def bounded(value: Any) -> Any:
    """Return the value, or refuse it because of its size."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise Refusal(f"a text of {len(value):,} characters (at most {MAX_TEXT:,})")
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        raise Refusal(f"a number of {value.bit_length()} bits (at most {MAX_NUMBER:,})")
    if isinstance(value, list | tuple | dict | set) and weight(value) > MAX_ITEMS:
        raise Refusal(f"a list of more than {MAX_ITEMS:,} items")
    return value


def weight(value: Any, depth: int = 0) -> int:
    """Count the items in a value with all that it holds; stops counting soon after the limit."""
    if is_scalar(value) or isinstance(value, Opaque):
        return 1
    if depth > MAX_NESTING:
        raise Refusal(f"lists within lists, more than {MAX_NESTING} deep")
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value
    total = 1
    for item in inner if isinstance(value, list | tuple | dict | set) else ():
        total += weight(item, depth + 1)
        if total > MAX_ITEMS:
            break
    return total


def fits(length: int, what: str) -> None:
    """Refuse a result of this length before it is made."""
    if length > MAX_ITEMS:
        raise Refusal(f"{what} of {length:,} (at most {MAX_ITEMS:,})")


def kind_of(value: Any) -> str:
    """Return what a value is, in the words of the file's author."""
    if isinstance(value, Opaque):
        return value.name
    names = {str: "a text", bool: "a truth value", int: "a number", float: "a number", dict: "a dict", list: "a list"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), type(value).__name__)
