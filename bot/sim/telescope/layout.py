"""The variables of raw files as layout.yaml lists them. Must not know what an observation puts into them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

LAYOUT = Path(__file__).with_name("layout.yaml")
TYPES = {"char": "S1", "int": "i4", "float": "f4", "double": "f8"}
Array = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Slot:
    """One variable: its name, type, lengths, and what fills it when an observation does not."""

    name: str
    kind: str
    lengths: tuple[int | str, ...]
    """Numbers, or names of axes that the file shares (time, board, ...)."""
    default: str

    def fill(self, value: Any, axes: dict[str, int]) -> tuple[tuple[str, ...], Array]:
        """Return dimension names and values; dimensions of the variable's own are added to `axes`.

        A text longer than the layout has it makes its dimension longer: cut off, it would be another name.
        """
        value = self.default if value is None else value
        if self.kind == "char":
            text = value if isinstance(value, bytes) else str(value).encode()
            length = max(int(self.lengths[0]), len(text))
            axes[own := f"{self.name}_slen"] = length
            return (own,), np.frombuffer(text.ljust(length), "S1")
        own = f"{self.name}_xlen"
        names = tuple(own if isinstance(length, int) else length for length in self.lengths)
        axes.update((own, length) for length in self.lengths if isinstance(length, int))
        if isinstance(value, str):
            value = float(value or 0)
        array = np.asarray(value).astype(TYPES[self.kind], copy=False)
        shape = tuple(axes[name] for name in names)
        return names, array if array.shape == shape else np.broadcast_to(array, shape)


@cache
def slots(block: str, name: str = "") -> tuple[Slot, ...]:
    """Return a block's variables in the file's order; `name` stands in for @ and #."""
    return tuple(_read(block, name))


@cache
def _blocks() -> dict[str, dict[str, dict[str, str]]]:
    blocks: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(LAYOUT.read_text(encoding="utf-8"))
    return blocks


def _read(block: str, name: str) -> Iterator[Slot]:
    for prefix, variables in _blocks()[block].items():
        for short, told in variables.items():
            form, _, default = told.partition(" = ")
            kind, *lengths = form.split()
            full = f"{prefix.replace('@', name).replace('#', name)}.{short}"
            yield Slot(full, kind, tuple(int(n) if n.isdigit() else n for n in lengths), default)
