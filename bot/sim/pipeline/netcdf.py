"""Write small netCDF files (classic format) without the netCDF library, for the sake of speed.

Must not read netCDF. Dimensions, global text attributes, and variables of doubles.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

DIMENSION, VARIABLE, ATTRIBUTE = 10, 11, 12
TEXT, DOUBLE = 2, 6
Variable = tuple[Sequence[str], ArrayLike]


def _name(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">i", len(raw)) + raw + b"\0" * (-len(raw) % 4)


def _list(tag: int, items: Sequence[bytes]) -> bytes:
    return struct.pack(">ii", tag if items else 0, len(items)) + b"".join(items)


def encode(sizes: Mapping[str, int], attributes: Mapping[str, str], variables: Mapping[str, Variable]) -> bytes:
    """Return a netCDF file; `variables` is {name: (dimension names, values)}."""
    ids = {name: i for i, name in enumerate(sizes)}
    bodies = {name: np.asarray(values, dtype=">f8").tobytes() for name, (_, values) in variables.items()}
    dims = _list(DIMENSION, [_name(name) + struct.pack(">i", size) for name, size in sizes.items()])
    atts = _list(ATTRIBUTE, [_name(key) + struct.pack(">i", TEXT) + _name(value) for key, value in attributes.items()])

    def header(begin: int) -> bytes:
        items = []
        for name, (axes, _) in variables.items():
            shape = struct.pack(f">i{len(axes)}i", len(axes), *(ids[axis] for axis in axes))
            tail = struct.pack(">iii", DOUBLE, len(bodies[name]), begin)
            items.append(_name(name) + shape + _list(ATTRIBUTE, []) + tail)
            begin += len(bodies[name])
        return b"CDF\x01" + struct.pack(">i", 0) + dims + atts + _list(VARIABLE, items)

    return header(len(header(0))) + b"".join(bodies.values())
