"""The bytes of a classic netCDF file (CDF-1, CDF-2, CDF-5) -> its variables, their places, and how long it must be.

No I/O: the door reads, this says what the bytes mean. Of our own because no library tells that a classic file is cut
off (missing bytes read as zeros), and because a header of a hundred variables is read ten times faster. Layout: the
file format specification in the netCDF User's Guide. Bytes may be hostile: every count is bounded by what it can be,
every loop by the bytes at hand, and no value is built before its size is known to be small.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod

from bot.errors import RawDataError

MAGICS = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
MAX_HEADER = 1 << 20
"""Bytes; real headers have 10 to 30 thousand."""
MAX_VALUES = 4096
"""The longest array that is read as a value; those of headers have at most some hundred."""

Value = bytes | tuple[int | float, ...]
"""Of a variable: its characters, or its numbers in C order; a scalar is a tuple of one."""

_FORMS = {1: "b", 2: "c", 3: "h", 4: "i", 5: "f", 6: "d", 7: "B", 8: "H", 9: "I", 10: "q", 11: "Q"}
"""External type -> letter of struct; 7 and up exist in CDF-5 only."""
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
_MAX_NAME, _MAX_RANK = 1024, 1024
_MAX_COUNT = 100_000
_MAX_OFFSET = 1 << 62


@dataclass(frozen=True, slots=True)
class Variable:
    """Where the values of a variable lie."""

    form: str
    """Letter of struct; c for characters."""
    shape: tuple[int, ...]
    """With the number of records in front if it has records."""
    offset: int
    """Of the first value (of the first record), from the beginning of the file."""
    is_record: bool

    @property
    def piece_b(self) -> int:
        """Return the bytes that lie side by side: all, or those of one record."""
        return struct.calcsize(self.form) * prod(self.shape[1:] if self.is_record else self.shape)


@dataclass(frozen=True, slots=True)
class Layout:
    """What the header of a classic file says."""

    variables: dict[str, Variable]
    size_b: int
    """The file is cut off if it is shorter; padding at its end is not counted."""
    record_b: int
    """From one record to the next."""


def parse_layout(data: bytes) -> Layout | None:
    """Read the header at the beginning of a file; None: it goes on behind these bytes.

    RawDataError where the bytes can be no header, however they go on.
    """
    if data[:4] not in MAGICS:
        if len(data) < 4 and any(magic.startswith(data) for magic in MAGICS):
            return None
        raise RawDataError("it is no classic netCDF file")
    reader = _Reader(data)
    try:
        records = reader.records()
        lengths = [reader.dimension() for _ in range(reader.count(_DIMENSIONS, "dimensions"))]
        reader.skip_attributes()
        count = reader.count(_VARIABLES, "variables")
        variables = dict(reader.variable(lengths, records) for _ in range(count))
    except struct.error:
        return None
    if len(variables) != count:
        raise RawDataError("its header names a variable twice")
    record_b = _record_b([variable for variable in variables.values() if variable.is_record])
    return Layout(variables, max([reader.place, *(_end(v, record_b) for v in variables.values())]), record_b)


def places_of(layout: Layout, name: str) -> list[tuple[int, int]]:
    """Return (offset, bytes) of the pieces that make up a variable's values, in order; RawDataError for long arrays."""
    variable = layout.variables[name]
    if prod(variable.shape) > MAX_VALUES:
        raise RawDataError(f"{name} has the shape {variable.shape}, at most {MAX_VALUES} values are wanted")
    pieces = variable.shape[0] if variable.is_record else 1
    return [(variable.offset + piece * layout.record_b, variable.piece_b) for piece in range(pieces)]


def value_of(variable: Variable, data: bytes) -> Value:
    """Read a variable's values from its pieces, joined."""
    return data if variable.form == "c" else struct.unpack(f">{prod(variable.shape)}{variable.form}", data)


class _Reader:
    """Takes a header apart from front to back; struct.error: the bytes end too early."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 4
        self.is_long = data[3] == 5
        self._number = struct.Struct(">Q" if self.is_long else ">I").unpack_from
        self._number_b = 8 if self.is_long else 4
        self._begin = struct.Struct(">I" if data[3] == 1 else ">Q").unpack_from
        self._begin_b = 4 if data[3] == 1 else 8
        self._last_type = 11 if self.is_long else 6

    def records(self) -> int:
        """Return the number of records; 0 where the writer left it open (it is then told by the file's length)."""
        records = self.number()
        return 0 if records == (1 << 8 * self._number_b) - 1 else records

    def number(self) -> int:
        value: int = self._number(self.data, self.place)[0]
        self.place += self._number_b
        return value

    def count(self, tag: int, what: str) -> int:
        (found,) = struct.unpack_from(">I", self.data, self.place)
        self.place += 4
        count = self.number()
        if (found != tag and (found or count)) or count > _MAX_COUNT:
            raise RawDataError(f"its header is garbage where the list of {what} should be")
        return count

    def name(self) -> str:
        size = self.number()
        if not 0 < size <= _MAX_NAME:
            raise RawDataError(f"its header has a name of {size} bytes")
        begin = self.place
        self.skip(size)
        try:
            return self.data[begin : begin + size].decode("utf-8")
        except UnicodeDecodeError as error:
            raise RawDataError("its header has a name that is no text") from error

    def skip(self, size: int) -> None:
        """Go over so many bytes, and those that fill up to a multiple of 4."""
        self.place += (size + 3) & ~3
        if self.place > len(self.data):
            raise struct.error

    def type(self) -> str:
        (kind,) = struct.unpack_from(">I", self.data, self.place)
        self.place += 4
        if not 1 <= kind <= self._last_type:
            raise RawDataError(f"its header has the unknown type {kind}")
        return _FORMS[kind]

    def dimension(self) -> int:
        self.name()
        return self.number()

    def skip_attributes(self) -> None:
        for _ in range(self.count(_ATTRIBUTES, "attributes")):
            self.name()
            size = struct.calcsize(self.type())
            self.skip(self.number() * size)

    def variable(self, lengths: list[int], records: int) -> tuple[str, Variable]:
        name = self.name()
        rank = self.number()
        if rank > _MAX_RANK:
            raise RawDataError(f"its header gives a variable {rank} dimensions")
        numbers = [self.number() for _ in range(rank)]
        if numbers and max(numbers) >= len(lengths):
            raise RawDataError("its header names a dimension that does not exist")
        shape = [lengths[number] for number in numbers]
        self.skip_attributes()
        form = self.type()
        self.number()  # the size is not to be trusted: it does not fit for long variables
        (begin,) = self._begin(self.data, self.place)
        self.place += self._begin_b
        is_record = bool(shape) and shape[0] == 0
        if 0 in shape[1:] or begin > _MAX_OFFSET:
            raise RawDataError("its header gives a variable an impossible shape or place")
        return name, Variable(form, (records, *shape[1:]) if is_record else tuple(shape), begin, is_record)


def _record_b(variables: list[Variable]) -> int:
    """Return the length of a record: each variable is filled up to a multiple of 4, unless there is only one."""
    if len(variables) == 1:
        return variables[0].piece_b
    return sum((variable.piece_b + 3) & ~3 for variable in variables)


def _end(variable: Variable, record_b: int) -> int:
    """Return the place behind a variable's last value."""
    if not variable.is_record:
        return variable.offset + variable.piece_b
    records = variable.shape[0]
    return variable.offset + (records - 1) * record_b + variable.piece_b if records else 0
