"""Scales of plots: a value's place, and the round values that stand beside the axis. Numbers only."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

STEPS = (1, 2, 2.5, 5, 10)
DECADE = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Scale:
    """Where values stand between two places, `at_low` and `at_high` [pixel]."""

    low: float
    high: float
    at_low: float
    at_high: float
    is_log: bool = False

    def place(self, value: float) -> float:
        """Return a value's place; what lies outside stands at the end."""
        value = min(max(value, self.low), self.high)
        low, high = (math.log(self.low), math.log(self.high)) if self.is_log else (self.low, self.high)
        share = ((math.log(value) if self.is_log else value) - low) / (high - low)
        return round(self.at_low + (self.at_high - self.at_low) * share, 1)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Return (place, words) of the round values."""
        values = _log_ticks(self.low, self.high) if self.is_log else _ticks(self.low, self.high)
        return tuple((self.place(value), f"{value:.6g}") for value in values)


def linear(values: Iterable[float], at_low: float, at_high: float) -> Scale:
    """Return a scale from zero to a round value that is not below any of these."""
    top = max((one for one in values if math.isfinite(one)), default=0)
    if top <= 0:
        return Scale(0, 1, at_low, at_high)
    step = _step(top / 4)
    return Scale(0, math.ceil(top * 1.02 / step) * step, at_low, at_high)


def logarithmic(values: Iterable[float], at_low: float, at_high: float, *, around: float | None = None) -> Scale:
    """Return a logarithmic scale between round values, with `around` and a factor of two beside it in sight."""
    good = [one for one in values if math.isfinite(one) and one > 0]
    good += [around / 2, around * 2] if around else []
    if not good:
        return Scale(1, 10, at_low, at_high, is_log=True)
    low, high = _round_down(min(good)), _round_up(max(good))
    return Scale(low, high if high > low else low * 2, at_low, at_high, is_log=True)


def _ticks(low: float, high: float) -> list[float]:
    step = _step((high - low) / 4)
    return [low + step * number for number in range(int((high - low) / step + 1e-6) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = DECADE if high / low <= 100 else (1,)
    return [
        step * 10.0**power for power in powers for step in steps if low * 0.999 <= step * 10.0**power <= high * 1.001
    ]


def _step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next((step * power for step in STEPS if step * power >= rough * 0.999), 10 * power)


def _round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in DECADE if step * power <= value * 1.000001)


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return min(step * power for step in (*DECADE, 10) if step * power >= value * 0.999999)
