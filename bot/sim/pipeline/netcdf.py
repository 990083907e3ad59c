"""Write netCDF files (classic format, 64-bit offsets) without the netCDF library, for the sake of speed.

Dimensions, global text attributes, and variables of characters, ints, floats and doubles, of any number of
dimensions; none is unlimited. Reads the same: variables without their attributes. Must not know what they mean.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

DIMENSION, VARIABLE, ATTRIBUTE = 10, 11, 12
TEXT = 2
KINDS = {"S": (2, "S1"), "i": (4, ">i4"), "f": (5, ">f4"), "d": (6, ">f8")}
"""Kind -> (number in the file, how it is stored)."""
MAGIC, MAGIC_HDF5 = b"CDF", b"\x89HDF"
Variable = tuple[Sequence[str], ArrayLike]


class NotReadable(Exception):
    """The bytes are no whole netCDF file."""


def _name(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">i", len(raw)) + raw + b"\0" * (-len(raw) % 4)


def _list(tag: int, items: Sequence[bytes]) -> bytes:
    return struct.pack(">ii", tag if items else 0, len(items)) + b"".join(items)


def kind_of(values: NDArray[np.generic]) -> str:
    """Return the kind of an array: S characters, i ints of 4 bytes, f floats, d doubles."""
    if values.dtype.kind == "S":
        return "S"
    if values.dtype.kind in "iu":
        return "i"
    return "f" if values.dtype.itemsize == 4 else "d"


def encode(sizes: Mapping[str, int], attributes: Mapping[str, str], variables: Mapping[str, Variable]) -> bytes:
    """Return a netCDF file; `variables` is {name: (dimension names, values)}, the values' type is the variable's."""
    ids = {name: i for i, name in enumerate(sizes)}
    numbers, bodies = {}, {}
    for name, (_, values) in variables.items():
        array = np.asarray(values)
        numbers[name], stored = KINDS[kind_of(array)]
        body = array.astype(stored, copy=False).tobytes()
        bodies[name] = body + b"\0" * (-len(body) % 4)
    dims = _list(DIMENSION, [_name(name) + struct.pack(">i", size) for name, size in sizes.items()])
    atts = _list(ATTRIBUTE, [_name(key) + struct.pack(">i", TEXT) + _name(value) for key, value in attributes.items()])

    def header(begin: int) -> bytes:
        items = []
        for name, (axes, _) in variables.items():
            shape = struct.pack(f">i{len(axes)}i", len(axes), *(ids[axis] for axis in axes))
            tail = struct.pack(">iiq", numbers[name], len(bodies[name]), begin)
            items.append(_name(name) + shape + _list(ATTRIBUTE, []) + tail)
            begin += len(bodies[name])
        return b"CDF\x02" + struct.pack(">i", 0) + dims + atts + _list(VARIABLE, items)

    return header(len(header(0))) + b"".join(bodies.values())


def decode(data: bytes) -> dict[str, NDArray[np.generic]]:
    """Read the variables of a classic file, flat. Raises NotReadable, also for a file that is cut off."""
    stored = dict(KINDS.values())
    try:
        cursor = _Cursor(data)
        lengths = [(cursor.name(), cursor.whole())[1] for _ in cursor.items()]
        cursor.skip_attributes()
        found = {}
        for _ in cursor.items():
            name, shape = cursor.name(), [lengths[cursor.whole()] for _ in range(cursor.whole())]
            cursor.skip_attributes()
            number, begin = cursor.number_and_place()
            found[name] = np.frombuffer(data, stored[number], prod(shape), begin)
    except (struct.error, IndexError, KeyError, ValueError) as error:
        raise NotReadable(str(error)) from error
    return found


class _Cursor:
    """Walks over the header of a classic file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 8
        self.place = ">q" if data[3] == 2 else ">i"

    def whole(self, form: str = ">i") -> int:
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return int(value)

    def items(self) -> range:
        """Return a range over the items of the list that begins here."""
        self.whole()
        return range(self.whole())

    def name(self) -> str:
        size = self.whole()
        self.at += size + -size % 4
        return self.data[self.at - size - -size % 4 :][:size].decode()

    def skip_attributes(self) -> None:
        for _ in self.items():
            self.name()
            width = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8}[self.whole()]
            size = width * self.whole()
            self.at += size + -size % 4

    def number_and_place(self) -> tuple[int, int]:
        """Return the number of the type, and where the values begin."""
        number = self.whole()
        self.whole()
        return number, self.whole(self.place)
