"""Numbers of a product -> the grade that they suggest, with the reason in words. The DA decides.

Two questions: how far is the noise from what the radiometer equation expects, and how far from the project's own other
obsnums of the same source, mode and bank. The second uses the median and the MAD of logarithms, so that one bad obsnum
does not hide itself, and a factor of two is as far up as down.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import median

from bot.model.project import Bank
from bot.model.worksheet import Reduced, Row, Suggestion

LEAST_POINTS = 4
"""Fewer values say nothing of how they scatter."""
FAR_SIGMA, FAR_FACTOR, HOPELESS_FACTOR = 3.5, 1.3, 3.0
"""An outlier is as many robust sigma from the median and that factor; beyond the last factor it is a failure."""
LEAST_SCATTER = 0.05
"""Of the logarithm: few values can agree by chance, and 5% more noise is no fault."""
MAD_TO_SIGMA = 1.4826
GRADE_BY_RATIO = ((1.5, 3), (2.5, 2), (5.0, 1))
"""Grade up to this ratio to the radiometer equation; above the last one the suggestion is -2."""
FAIL, USABLE, POOR = -2, 2, 1
TOO_QUIET = 0.5
"""Less noise than half of what physics allows is no merit."""

Group = tuple[str, str, Bank | None]


@dataclass(frozen=True, slots=True)
class Typical:
    """How the noise of a group is distributed: logarithms of the ratio, or of rms times sqrt(inttime)."""

    points: int
    middle: float
    sigma: float
    unit: str


def with_suggestions(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows with what their numbers suggest."""
    rows = tuple(rows)
    groups: dict[tuple[Group, str], list[float]] = {}
    for row in rows:
        noise = noise_of(row)
        if noise is not None and row.state is Reduced.GOOD:
            groups.setdefault((_group(row), noise[1]), []).append(math.log(noise[0]))
    typical = {key: _typical(values, key[1]) for key, values in groups.items() if len(values) >= LEAST_POINTS}
    return tuple(replace(row, suggestion=suggest(row, typical)) for row in rows)


def noise_of(row: Row) -> tuple[float, str] | None:
    """Return the noise in a form that does not depend on the integration time, and its unit; None: not known."""
    if row.ratio:
        return row.ratio, "× the radiometer equation"
    if row.rms and row.inttime_s:
        return row.rms * math.sqrt(row.inttime_s), f"{row.unit} √s"
    return None


def suggest(row: Row, typical: Mapping[tuple[Group, str], Typical]) -> Suggestion | None:
    """Return the suggestion for one row; None where there is nothing to say yet."""
    if row.state is Reduced.FAILED:
        return Suggestion(FAIL, f"there is no good product: {row.told or 'nobody said why'}")
    if row.state is Reduced.STALE:
        return Suggestion(None, f"run it first: {row.told}")
    if row.state is not Reduced.GOOD:
        return None
    noise = noise_of(row)
    if noise is None:
        return Suggestion(None, "the products tell no noise to judge by; look at the spectra")
    grade, reasons = _by_radiometer(row)
    usual = typical.get((_group(row), noise[1]))
    if usual is not None:
        grade, told = _among_its_kind(grade, noise[0], usual)
        reasons.append(told)
    elif grade is None:
        reasons.append(
            f"nothing to compare with: no radiometer rule for {row.mode or 'this mode'}, and fewer than {LEAST_POINTS} "
            f"obsnums of this source and bank"
        )
    return Suggestion(grade, "; ".join(reasons))


def _group(row: Row) -> Group:
    return (row.source, row.mode, row.bank)


def _typical(values: list[float], unit: str) -> Typical:
    middle = median(values)
    sigma = MAD_TO_SIGMA * median(abs(value - middle) for value in values)
    return Typical(len(values), middle, max(sigma, LEAST_SCATTER), unit)


def _by_radiometer(row: Row) -> tuple[int | None, list[str]]:
    if row.ratio is None or row.rms is None:
        return None, []
    told = f"rms {row.rms:.3g} {row.unit} is {row.ratio:.2f} × the radiometer equation"
    if row.ratio < TOO_QUIET:
        return POOR, [f"{told}: less than physics allows, so part of the data may be blank or copied"]
    return next((grade for most, grade in GRADE_BY_RATIO if row.ratio <= most), FAIL), [told]


def _among_its_kind(grade: int | None, noise: float, usual: Typical) -> tuple[int | None, str]:
    """Return the grade after a look at the others, and what the look showed."""
    apart = math.log(noise) - usual.middle
    sigmas, factor = apart / usual.sigma, math.exp(abs(apart))
    middle = math.exp(usual.middle)
    told = (
        f"{noise / middle:.2f} × the median of the {usual.points} of this source and bank ({middle:.3g} {usual.unit})"
    )
    is_far = abs(sigmas) > FAR_SIGMA and factor > FAR_FACTOR
    if not is_far:
        return (USABLE if grade is None else grade), told
    told += f" and bank ({middle:.3g} {usual.unit}): {abs(sigmas):.1f} robust sigma"
    if apart < 0:
        return (USABLE if grade is None else grade), f"{told} quieter than the others; look why"
    worst = FAIL if factor > HOPELESS_FACTOR else POOR
    return min(worst, POOR if grade is None else grade), f"{told} noisier than the others"
