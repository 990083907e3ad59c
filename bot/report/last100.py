"""The page of the newest quick looks: words, numbers to sort by, and a small picture of how long each one took.

Values in, template values out. Every text may be hostile (names come from telescope headers); the template escapes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from bot.model.quicklook import QuickLook

GOOD, GAP, FAILED = "good", "gap", "failed"
DECADES_S = (60, 600, 3600, 36_000, 86_400)
"""The ticks of the picture: 1 min, 10 min, 1 h, 10 h, 1 day."""
WIDTH, HEIGHT = 96, 14
LONGEST_NAME, LONGEST_REMARK = 60, 300


@dataclass(frozen=True, slots=True)
class Shown:
    """A quick look with what the page needs to know about its products."""

    arrived: str
    """UT, YYYY-MM-DDTHH:MM:SS."""
    look: QuickLook
    has_tap: bool
    start: str
    """The file of the TAP to begin with, "" if there is only the folder."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What people read, and what the column is sorted by: a number, a text, or nothing (stands last)."""

    text: str
    key: str | float
    link: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One quick look on the page."""

    state: str
    """GOOD, GAP or FAILED."""
    cells: tuple[Cell, ...]
    """As COLUMNS; the picture is told apart."""
    picture: str
    """SVG, "" where nobody can tell how long it took."""
    remark: str


@dataclass(frozen=True, slots=True)
class Page:
    """All that the template needs."""

    renewed: str
    columns: Sequence[tuple[str, str]]
    """(title, "number" or "")."""
    rows: Sequence[Row]
    instruments: Sequence[str]
    projects: Sequence[str]

    def count(self, state: str) -> int:
        """Return how many rows have a state."""
        return sum(row.state == state for row in self.rows)


COLUMNS = (
    ("state", ""),
    ("arrived [UT]", ""),
    ("observed [UT]", ""),
    ("obsnum", "number"),
    ("project", ""),
    ("source", ""),
    ("mode", ""),
    ("time [s]", "number"),
    ("rms", "number"),
    ("sky to page", "number"),
)


def last100(looks: Sequence[Shown], renewed: str, *, results: str = "../") -> Page:
    """Put the page together; `looks` newest first, `results`: link to where the projects' results lie, "" for none."""
    return Page(
        renewed=renewed,
        columns=COLUMNS,
        rows=[_row(one, results) for one in looks],
        instruments=sorted({_readable(one.look.mode.split("/")[0]) for one in looks}),
        projects=sorted({one.look.pid for one in looks}),
    )


def _row(one: Shown, results: str) -> Row:
    look = one.look
    state = FAILED if not look.is_good else GAP if look.gap else GOOD
    waited = latency_s(look, one.arrived)
    home = f"{results}{quote(look.pid)}/TAP/"
    return Row(
        state=state,
        cells=(
            Cell(state, (FAILED, GAP, GOOD).index(state)),
            Cell(_readable(one.arrived.replace("T", " ")), one.arrived),
            Cell(_readable(look.date_obs.replace("T", " ")[:19]), _readable(look.date_obs)),
            Cell(str(look.obsnum), look.obsnum, f"{home}{look.obsnum}/{one.start}" if one.has_tap else ""),
            Cell(look.pid, look.pid, home if one.has_tap else ""),
            Cell(_readable(look.source), _readable(look.source)),
            Cell(_readable(look.mode), _readable(look.mode)),
            Cell("", "") if look.tint_s is None or not math.isfinite(look.tint_s) else _seconds(look.tint_s),
            _rms(look),
            Cell("", "") if waited is None else Cell(duration_words(waited), waited),
        ),
        picture=_picture(look, waited),
        remark=_remark(look),
    )


def latency_s(look: QuickLook, until: str) -> float | None:
    """Return the seconds from the end of an observation to `until`; None when a time is missing or runs backwards."""
    begin, end = _time(look.date_obs), _time(until)
    if begin is None or end is None:
        return None
    seconds = (end - begin).total_seconds() - (look.tint_s or 0)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def duration_words(seconds: float) -> str:
    """Return a length of time as people say it."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.{0 if seconds >= 10 * size else 1}f} {unit}"
    return f"{seconds:.0f} s"


def _seconds(seconds: float) -> Cell:
    return Cell(f"{seconds:.4g}" if seconds < 1000 else f"{seconds:.0f}", seconds)


def _rms(look: QuickLook) -> Cell:
    """Return rms with its unit, mK for SEQ/Map and K else, bank by bank; sorted by the first one, in K."""
    unit, factor = ("mK", 1e-3) if look.mode == "SEQ/Map" else ("K", 1.0)
    found = [
        (bank, float(rms))
        for bank, numbers in sorted(look.metrics.items())
        if isinstance(rms := numbers.get("rms"), int | float) and math.isfinite(rms) and rms > 0
    ]
    if not found:
        return Cell("", "")
    values = " / ".join(f"{rms:.3g}" for _, rms in found)
    return Cell(f"{values} {unit}", found[0][1] * factor)


def _remark(look: QuickLook) -> str:
    missing = f"{', '.join(look.gap)} missing" if look.gap else ""
    failure = "" if look.is_good else look.verdict or "nobody said why it failed"
    return _readable("; ".join(part for part in (failure, missing) if part), LONGEST_REMARK)


def _picture(look: QuickLook, waited: float | None) -> str:
    """Return a line from 1 min to 1 day (logarithmic): hollow when the pipeline had ended, full when on the page."""
    if waited is None:
        return ""
    ticks = "".join(f'<path class="tick" d="M{_x(s)} 3v8"/>' for s in DECADES_S)
    reduced = latency_s(look, look.reduced)
    ring = f'<circle class="ring" cx="{_x(reduced)}" cy="7" r="3.5"/>' if reduced is not None else ""
    told = f"reduced after {duration_words(reduced)}, " if reduced is not None else ""
    title = f"<title>{told}on this page after {duration_words(waited)}</title>"
    line = f'<path class="line" d="M{_x(0)} 7H{_x(waited)}"/>'
    svg = f'<svg class="took" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
    return f'{svg}{title}{ticks}{line}{ring}<circle class="dot" cx="{_x(waited)}" cy="7" r="3.5"/></svg>'


def _x(seconds: float) -> float:
    """Return the place on the logarithmic line; shorter and longer ones stand at its ends."""
    first, last = math.log(DECADES_S[0]), math.log(DECADES_S[-1])
    share = (math.log(max(seconds, 1)) - first) / (last - first)
    return round(5 + (WIDTH - 10) * min(max(share, 0), 1), 1)


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _readable(text: str, longest: int = LONGEST_NAME) -> str:
    """Return a text that can be shown: no control characters, not without end."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return shown if len(shown) <= longest else f"{shown[:longest]}\N{HORIZONTAL ELLIPSIS}"
