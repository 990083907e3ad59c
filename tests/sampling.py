"""Many cases of one kind: some are told by the default tests, all of them in CI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(stride: int, values: Iterable[Any]) -> list[Any]:
    """Return the values as parameters; every stride-th, from the first on, is none of the slower tests."""
    return [
        value if number % stride == 0 else pytest.param(value, marks=pytest.mark.slow)
        for number, value in enumerate(values)
    ]
