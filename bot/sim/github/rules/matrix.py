"""`strategy.matrix` -> its combinations, as GitHub documents `include` and `exclude`. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

MOST = 256
Combination = dict[str, Any]


def combinations(matrix: Mapping[str, Any]) -> list[Combination]:
    """Return the combinations of a filled-in matrix, in order; raise ValueError for what is none."""
    axes = {name: values for name, values in matrix.items() if name not in ("include", "exclude")}
    if bad := [name for name, values in axes.items() if not isinstance(values, list)]:
        raise ValueError(f"matrix.{bad[0]} must be a list")
    plain = [dict(zip(axes, chosen, strict=True)) for chosen in product(*axes.values())] if axes else []
    excluded = matrix.get("exclude") or []
    found = [one for one in plain if not any(_holds(one, exclusion) for exclusion in excluded)]
    result = [dict(one) for one in found]
    for extra in matrix.get("include") or []:
        shared = {name: value for name, value in extra.items() if name in axes}
        fitting = [number for number, one in enumerate(found) if _holds(one, shared)]
        for number in fitting:
            result[number] |= extra
        result += [] if fitting else [dict(extra)]
    if not 0 < len(result) <= MOST:
        raise ValueError(f"the matrix has {len(result)} combinations; 1 to {MOST} are allowed")
    return result


def _holds(one: Combination, wanted: Mapping[str, Any]) -> bool:
    return all(name in one and one[name] == value for name, value in wanted.items())


def suffix(one: Combination) -> str:
    """Return what a combination adds to the name of its job."""
    values = [value for value in one.values() if not isinstance(value, dict | list)]
    return f" ({', '.join(str(value) for value in values)})" if values else ""
