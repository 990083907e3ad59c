"""What a scan writes into the observation log beside rows: its first line, and remarks on what has no plain row.

A remark begins with `#`, so that no tool takes it for a row. Whose line a line of an old log is, is told here too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.formats.obslog import COLUMNS, RowFault, format_row, parse_line
from bot.formats.rawname import folder_of
from bot.model.raw import CHASSIS, UNNAMED_CALIBRATION, Arrived, RawName, Readiness

HEAD = COLUMNS
_OWN_HEADS = ("# date_obs ", "# Y-M-D_T_H:M:S ", "# LAST UPDATED", "# Found ")
"""How the first lines begin that a scan, and the tools before it, write anew each time."""
_REMARK = re.compile(r"# (\d{4}-\d\d-\d\d\S*) +(\d{1,8})  (failed for|incomplete,|complete without) ")


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of an old log, as far as it matters what becomes of it."""

    obsnum: int | None
    """None: nothing tells whose it is."""
    date: str
    """As it stands in the line; "" if none does."""


def rows_text(arrived: Arrived) -> str:
    """Return the rows of an obsnum, the first scan first, with line feeds between."""
    rows = (arrived.observation, *arrived.others) if arrived.observation else ()
    return "\n".join(format_row(row) for row in rows)


def remark_text(arrived: Arrived, name: RawName) -> str:
    """Return the remark on an obsnum that has no row, or is reduced without a part; "" if there is nothing to say.

    `name` is the file that tells its date, or the one whose header cannot be read.
    """
    seen = arrived.observation
    start = f"# {seen.date_obs if seen else name.date:<20} {arrived.obsnum:7d}"
    who = f" ({seen.source}, {seen.pid})" if seen else ""
    if arrived.readiness is Readiness.CORRUPT:
        family = "rsr" if name.part in CHASSIS else "slr"
        return f"{start}  failed for {family} {folder_of(name.part)}/{name.name}"
    if arrived.readiness is Readiness.INCOMPLETE:
        return f"{start}  incomplete, misses {', '.join(arrived.missing)}{who}"
    lost = [part for part in arrived.gap if part != UNNAMED_CALIBRATION]
    return f"{start}  complete without {', '.join(lost)}{who}" if lost else ""


def read_line(line: bytes) -> LogLine | None:
    """Tell whose a line of an old log is; None for what is written anew, or says nothing that stays true."""
    text = line.decode("utf-8", "replace").strip()
    if not text or text.startswith(_OWN_HEADS):
        return None
    if remark := _REMARK.match(text):
        return LogLine(int(remark[2]), remark[1]) if not remark[3].startswith("incomplete") else None
    row = parse_line(line)
    if row is None:
        return LogLine(None, "")
    if isinstance(row, RowFault):
        date = re.search(r"\d{4}-\d\d-\d\d\S*", text[:40])
        return LogLine(row.obsnum, date[0] if date else "")
    return LogLine(row.obsnum, row.date_obs)
