"""How the site writes numbers, times and states: one way for all its pages."""

from __future__ import annotations

import math
import re
from urllib.parse import quote

from bot.model.worksheet import Reduced, Row
from bot.rules.state import State

GRADES = {-2: "fail (DA)", -1: "fail (pipeline)", 0: "not graded", 1: "poor", 2: "usable", 3: "good"}
MARKS = {
    Reduced.GOOD: "✓", Reduced.STALE: "↻", Reduced.FAILED: "✗", Reduced.RUNNING: "◐", Reduced.BLOCKED: "■",
    Reduced.NEVER: "○",
}  # fmt: skip
"""A state is told by word, mark and colour: never by colour alone."""
KINDS = {
    State.EMPTY: "quiet",
    State.NEW: "quiet",
    State.ARRIVING: "act",
    State.LEVEL1_RUNNING: "run",
    State.LEVEL1_PARTLY: "act",
    State.LEVEL1_FAILED: "bad",
    State.IN_QA: "qa",
    State.APPROVED: "run",
    State.LEVEL2_RUNNING: "run",
    State.LEVEL2_FAILED: "bad",
    State.DONE: "good",
    State.STALE: "act",
    State.ARCHIVED: "good",
}
"""What a state's colour says: quiet, running, to act on, bad, in QA, good."""
BROKEN = "files broken"
LONGEST = 200
_SEMESTER = re.compile(r"(\d{4})-?(S[12])")


def kind_of(state: str) -> str:
    """Return what a project state's colour says; one that nobody knows here is quiet."""
    if state == BROKEN:
        return "bad"
    return KINDS[State(state)] if state in set(State) else "quiet"


def rms_words(row: Row) -> str:
    """Return rms with its unit; values in K read better in mK when they are small."""
    if row.rms is None:
        return ""
    if row.unit == "K":
        return f"{number(row.rms)} K" if row.rms >= 1 else f"{number(row.rms * 1000)} mK"
    return f"{number(row.rms)} {row.unit}".strip()


def rms_mk(row: Row) -> float | None:
    """Return rms in mK."""
    if row.rms is None:
        return None
    return row.rms * 1000 if row.unit == "K" else row.rms


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with so many digits that matter, "" for none."""
    return "" if value is None or not math.isfinite(value) else f"{value:#.{digits}g}".rstrip(".")


def minutes(seconds: float | None) -> str:
    """Return seconds as minutes."""
    return "" if seconds is None or not math.isfinite(seconds) else f"{seconds / 60:.1f}"


def when(stamp: str) -> str:
    """Return a stamp as people read it: YYYY-MM-DD hh:mm."""
    return readable(stamp[:16].replace("T", " "))


def semester_of(pid: str) -> str:
    """Return the semester that a ProjectId names, e.g. 2024-S1; "" for one that names none."""
    found = _SEMESTER.match(pid)
    return f"{found[1]}-{found[2]}" if found else ""


def readable(text: str, longest: int = LONGEST) -> str:
    """Return a text that can be shown: no control characters, not without end."""
    if text.isprintable() and len(text) <= longest:
        return text
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return shown if len(shown) <= longest else f"{shown[:longest]}…"


def project_link(pid: str) -> str:
    """Return the link to a project's folder, from the root of the site."""
    return f"p/{quote(pid)}/"


def count(many: int, word: str) -> str:
    """Return a count with its word: 1 obsnum, 2 obsnums."""
    return f"{many:,} {word}" + ("" if many == 1 else "s")
