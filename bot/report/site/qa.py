"""The DA's walk: a slide for every obsnum and bank that has no grade, with what led to the suggestion. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model.label import QA
from bot.model.site import PRODUCTS, Thread
from bot.model.worksheet import Reduced, Row
from bot.report.site.plots import Places, Plot
from bot.report.site.project import Gathered, Line, line_of
from bot.rules.work import current_records

BIG = 6
"""Pictures on a slide."""


@dataclass(frozen=True, slots=True)
class Slide:
    """One obsnum and bank to grade."""

    label: str
    """As commands name it: OBSNUM or OBSNUM__BANK."""
    source: str
    mode: str
    line: Line
    pictures: tuple[tuple[str, str], ...]
    """(link, name)."""
    suggested: int | None
    place: Plot | None
    is_graded: bool


@dataclass(frozen=True, slots=True)
class QaPage:
    """The walk through one project."""

    pid: str
    slides: tuple[Slide, ...]
    graded: int
    not_good: tuple[Line, ...]
    """What cannot be graded yet, with the reason."""
    thread: Thread | None
    """The QA pull request, if it is known."""
    are_pictures_shown: bool


def qa_page(gathered: Gathered) -> QaPage:
    """Put the walk together: what has no grade first, then what has one, in the order of the worksheet."""
    rows = [row for row in gathered.sheet.rows if row.state is Reduced.GOOD]
    records = current_records(gathered.ledger)
    open_rows = [row for row in rows if not row.is_graded]
    graded = [row for row in rows if row.is_graded]
    others = [row for row in gathered.sheet.rows if row.state is not Reduced.GOOD]
    mates: dict[tuple[str, int | None], list[Row]] = {}
    for row in gathered.sheet.rows:
        mates.setdefault((row.source, row.bank), []).append(row)
    places = {key: Places(its) for key, its in mates.items()}
    slides = [
        _slide(row, gathered, line_of(row, gathered, records), places[(row.source, row.bank)])
        for row in (*open_rows, *graded)
    ]
    return QaPage(
        pid=gathered.standing.pid,
        slides=tuple(slides),
        graded=len(graded),
        not_good=tuple(line_of(row, gathered, records) for row in others),
        thread=_qa_thread(gathered.threads),
        are_pictures_shown=gathered.pictures is not None,
    )


def _slide(row: Row, gathered: Gathered, line: Line, places: Places) -> Slide:
    official = next((one for one in gathered.shown(row.name) if one.origin == PRODUCTS), None)
    other = "" if row.bank is None else f"__{1 - row.bank}"
    links = official.links.items() if official else ()
    pictures = [(link, name) for name, link in links if not other or other not in name]
    return Slide(
        label=row.label,
        source=row.source,
        mode=row.mode,
        line=line,
        pictures=tuple(pictures[:BIG]),
        suggested=row.suggestion.grade if row.suggestion else None,
        place=places.of(row.name),
        is_graded=row.is_graded,
    )


def _qa_thread(threads: Sequence[Thread]) -> Thread | None:
    wanted = [one for one in threads if one.is_pull and one.state == "open" and one.about == QA.name]
    return wanted[0] if wanted else None
