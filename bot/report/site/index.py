"""The index of all projects, and on top what needs a human now. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.model.quicklook import QuickLook
from bot.model.site import Card, Event, Want
from bot.report.site.plots import Bars, night_bars
from bot.report.site.words import kind_of, readable, when

PEOPLE = {"PO": "pipeline operator", "DA": "data analyst", "PI": "proposer"}
MOST_WANTS, MOST_NEWEST = 6, 6
FIRST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What one kind of person has to do."""

    who: str
    words: str
    wants: tuple[Want, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Newest:
    """A new obsnum, at the telescope or on the cluster."""

    obsnum: str
    pid: str
    source: str
    at: str
    is_good: bool
    told: str
    link: str


@dataclass(frozen=True, slots=True)
class IndexPage:
    """All that the page shows."""

    made: str
    cards: tuple[Card, ...]
    first_rows: int
    """Rows that are shown at once: laying out more makes a browser slow; the script finds and shows the others."""
    kinds: Mapping[str, str]
    """{state: what its colour says}."""
    states: tuple[tuple[str, int], ...]
    """(state, how many projects), the most first."""
    instruments: tuple[str, ...]
    semesters: tuple[str, ...]
    asked: tuple[Asked, ...]
    running: tuple[Card, ...]
    at_telescope: tuple[Newest, ...]
    on_cluster: tuple[Newest, ...]
    nights: Bars | None
    events: tuple[tuple[str, Event], ...]
    threads_told: str
    """What is to be said of pull requests and issues."""
    is_public: bool


def index_page(
    cards: Sequence[Card],
    made: str,
    *,
    looks: Sequence[tuple[str, QuickLook]] = (),
    on_cluster: Sequence[Newest] = (),
    nights: Mapping[str, tuple[int, int, int]] | None = None,
    wants: Sequence[Want] = (),
    threads_told: str = "",
    is_public: bool = False,
) -> IndexPage:
    """Put the page together; `looks`: (arrived, quick look), newest first; `wants` of what has no card."""
    states = Counter(card.state for card in cards)
    return IndexPage(
        made=made,
        cards=tuple(sorted(cards, key=lambda card: (card.observed, card.pid), reverse=True)),
        first_rows=FIRST_ROWS,
        kinds={state: kind_of(state) for state in states},
        states=tuple(states.most_common()),
        instruments=tuple(sorted({one for card in cards for one in card.instruments})),
        semesters=tuple(sorted({card.semester for card in cards if card.semester}, reverse=True)),
        asked=_asked([*(want for card in cards for want in card.wants), *wants]),
        running=tuple(card for card in cards if card.running or card.state.endswith("running")),
        at_telescope=tuple(_newest(arrived, look, cards) for arrived, look in looks[:MOST_NEWEST]),
        on_cluster=tuple(on_cluster[:MOST_NEWEST]),
        nights=night_bars(nights or {}, lambda night: f"nights/{night}.html"),
        events=newest_events(cards)[:12],
        threads_told=threads_told,
        is_public=is_public,
    )


def newest_events(cards: Sequence[Card]) -> tuple[tuple[str, Event], ...]:
    """Return (pid, event) of all projects, newest first."""
    found = [(card.pid, event) for card in cards for event in card.events]
    return tuple(sorted(found, key=lambda one: (one[1].at, one[0]), reverse=True))


def sum_nights(cards: Sequence[Card], logged: Mapping[str, int]) -> dict[str, tuple[int, int, int]]:
    """Return {night: (observed, reduced well, failed)}; `logged` {night: Science obsnums of the log}, listed or not."""
    total: dict[str, tuple[int, int, int]] = {}
    for card in cards:
        for night, (observed, good, failed) in card.nights.items():
            a, b, c = total.get(night, (0, 0, 0))
            total[night] = (a + observed, b + good, c + failed)
    for night, many in logged.items():
        observed, good, failed = total.get(night, (0, 0, 0))
        total[night] = (max(observed, many), good, failed)
    return dict(sorted(total.items()))


def _asked(of_all: Sequence[Want]) -> tuple[Asked, ...]:
    found = []
    for who, words in PEOPLE.items():
        wants = sorted((want for want in of_all if want.who == who), key=lambda want: -want.weight)
        found.append(Asked(who, words, tuple(wants[:MOST_WANTS]), max(len(wants) - MOST_WANTS, 0)))
    return tuple(one for one in found if one.wants or one.who != "PI")


def _newest(arrived: str, look: QuickLook, cards: Sequence[Card]) -> Newest:
    known = any(card.pid == look.pid for card in cards)
    link = f"p/{look.pid}/{look.obsnum}.html" if known else ""
    told = "" if look.is_good else readable(look.verdict)
    return Newest(str(look.obsnum), look.pid, readable(look.source, 40), when(arrived), look.is_good, told, link)
