"""The noise of a product against what the radiometer equation expects, and in which unit it is said (domain.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

RSR_TSYS_K, RSR_CHANNEL_HZ = 100.0, 31.25e6
"""The RSR expectation is rms = 100 K / sqrt(31.25 MHz * inttime) (domain.md section 6)."""


def positive(numbers: Mapping[str, Any], key: str) -> float | None:
    """Return a number of a record's metrics, None where there is none that could be one."""
    value = numbers.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None


def expectation_ratio(numbers: Mapping[str, Any]) -> float | None:
    """Return rms over what the radiometer equation expects; None where nobody defined it (Ps, Bs, 1MM)."""
    ratio, rms, inttime = (positive(numbers, key) for key in ("rms0", "rms", "inttime"))
    if ratio:
        return ratio
    if numbers.get("instrument") == "RSR" and rms and inttime:
        return rms / (RSR_TSYS_K / math.sqrt(RSR_CHANNEL_HZ * inttime))
    return None


def rms_unit(numbers: Mapping[str, Any]) -> str:
    """Return the unit of `rms`: mK for SEQ/Map, K else (contract README)."""
    return "mK" if (numbers.get("instrument"), numbers.get("obspgm")) == ("SEQ", "Map") else "K"
