"""The clock on the wall, as records carry it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> str:
    """Return the time as records carry it: UT, to the millisecond."""
    return stamp(time.time())


def stamp(seconds: float) -> str:
    """Return a time in seconds since 1970 as records carry it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
