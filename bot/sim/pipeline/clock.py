"""Time stamps in the forms that the pipeline writes. Must not be used for waiting."""

from __future__ import annotations

import time


def stamp() -> str:
    """Return the time as `2026-01-31T12:00:00`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())


def name_stamp() -> str:
    """Return the time as it stands in names of log files."""
    return stamp().replace(":", "-")


def in_a_year() -> str:
    """Return the end of a proprietary time that begins now."""
    now = time.gmtime()
    day = 28 if (now.tm_mon, now.tm_mday) == (2, 29) else now.tm_mday
    return f"{now.tm_year + 1}-{now.tm_mon:02d}-{day:02d}"
