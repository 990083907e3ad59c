"""Write small valid FITS files without astropy, which takes longer to import than a whole call may last.

Must not read FITS. One primary HDU, 16-bit integers with BSCALE and BZERO (NaN becomes BLANK).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

BLOCK = 2880
BLANK = -32768
Card = str | int | float | bool


def _card(key: str, value: Card) -> str:
    if isinstance(value, bool):
        text = f"{'T' if value else 'F':>20}"
    elif isinstance(value, str):
        text = "'" + f"{value[:60]:<8}".replace("'", "''") + "'"
    elif isinstance(value, int):
        text = f"{value:>20d}"
    else:
        text = f"{value:>20.12G}"
        text = text if "." in text or "E" in text else f"{text.strip() + '.0':>20}"
    return f"{key:<8}= {text}"[:80].ljust(80)


def _scaled(data: ArrayLike) -> tuple[bytes, float, float]:
    array = np.asarray(data, dtype=np.float64)
    finite = np.isfinite(array)
    low, high = (float(array[finite].min()), float(array[finite].max())) if finite.any() else (0.0, 0.0)
    scale = (high - low) / 65000 or 1.0
    zero = (high + low) / 2
    levels = np.where(finite, np.rint((np.where(finite, array, zero) - zero) / scale), BLANK)
    return levels.astype(">i2").tobytes(), scale, zero


def encode(data: ArrayLike, cards: Mapping[str, Card]) -> bytes:
    """Return a FITS file with one image or cube."""
    shape = np.shape(data)
    body, scale, zero = _scaled(data)
    head: dict[str, Card] = {"SIMPLE": True, "BITPIX": 16, "NAXIS": len(shape)}
    head |= {f"NAXIS{i + 1}": n for i, n in enumerate(reversed(shape))}
    head |= {"BSCALE": scale, "BZERO": zero, "BLANK": BLANK, **cards}
    text = "".join(_card(key, value) for key, value in head.items()) + "END".ljust(80)
    text += " " * (-len(text) % BLOCK)
    return text.encode("ascii", "replace") + body + b"\0" * (-len(body) % BLOCK)


def write(path: Path, data: ArrayLike, cards: Mapping[str, Card]) -> None:
    """Write a FITS file."""
    path.write_bytes(encode(data, cards))
