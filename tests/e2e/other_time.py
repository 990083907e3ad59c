"""lmtbot with a clock that is set as a file says: `python -m tests.e2e.other_time FILE WORD...`; FILE holds seconds.

The clock that counts (monotonic) and the times of files go on as they are, as where somebody sets a machine's clock.
"""

from __future__ import annotations

import datetime
import sys
import time
from pathlib import Path

_time_ns, _datetime = time.time_ns, datetime.datetime


def main(shift: Path, words: list[str]) -> int:
    class OtherTime(_datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> OtherTime:
            return cls.fromtimestamp(time.time(), tz)

    time.time_ns = lambda: _time_ns() + int(shift.read_text()) * 1_000_000_000
    time.time = lambda: time.time_ns() / 1e9
    datetime.datetime = OtherTime  # type: ignore[misc]
    from bot.cli import main as lmtbot

    return lmtbot(words)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
