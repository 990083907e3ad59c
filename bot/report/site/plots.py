"""Plots as values: where every mark stands, what it says, where it leads. templates/site/plots.html.j2 draws them.

Why no plotting library: the plots are few, small and of three kinds; as SVG in the page they print, scale, link, can be
read aloud and copied, need no script, and cost a few kB where the lightest library costs more than the whole index.
Groups differ by colour (Okabe and Ito's, which the colour-blind can tell apart) and by shape, banks by filling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from bot.model.site import Event
from bot.model.worksheet import Reduced, Row
from bot.report.site.axes import Scale, linear, logarithmic
from bot.report.site.words import number, readable, rms_mk, when
from bot.rules.timeline import LANES, night_of

COLOURS, SHAPES = 7, ("circle", "square", "triangle", "diamond")
WIDTH, LEFT, RIGHT = 920, 62, 16
PANEL, GAP, TOP, BOTTOM = 128, 18, 26, 44
SMALL_WIDTH, SMALL_PANEL, SMALL_TOP = 560, 120, 12.0
MOST_LABELS = 12
LEAST_BAND = 74
"""Pixels that a date needs."""
MOST_GROUPS = 14
BESIDE = 4
"""Pixels that bank 1 stands beside bank 0: they may have the same value."""
NARROWEST_NIGHT, MOST_NIGHTS = 6, 90
LONGEST_GAP_DAYS = 14
"""A longer quiet time is drawn as short as this, and marked."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One value."""

    x: float
    y: float
    shape: str
    colour: int
    title: str
    link: str = ""
    is_hollow: bool = False
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One value axis with its marks."""

    axis: str
    top: float
    bottom: float
    ticks: tuple[tuple[float, str], ...]
    marks: tuple[Mark, ...]
    wanted: float | None = None
    """Place of the dashed line."""
    dots: tuple[tuple[str, str], ...] = ()
    """(full or open, path) of values that are only dots."""


@dataclass(frozen=True, slots=True)
class Band:
    """Something between two places along x: a night, or a quiet time."""

    x: float
    width: float
    label: str
    is_shaded: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture."""

    label: str
    """What it shows, for who cannot see it."""
    width: float
    height: float
    panels: tuple[Panel, ...]
    bands: tuple[Band, ...]
    x_ticks: tuple[tuple[float, str], ...]
    x_axis: str
    legend: tuple[tuple[str, int, str], ...] = ()
    """(shape, colour, words)."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One night: good below failed below the rest."""

    x: float
    width: float
    parts: tuple[tuple[str, float, float], ...]
    """(kind, top, height)."""
    title: str
    link: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Nights side by side."""

    label: str
    width: float
    height: float
    left: float
    right: float
    bottom: float
    ticks: tuple[tuple[float, str], ...]
    bars: tuple[Bar, ...]
    x_ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """One event in the story."""

    x: float
    y: float
    title: str
    is_bad: bool
    link: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Events in lanes along time."""

    width: float
    height: float
    lanes: tuple[tuple[float, str], ...]
    dots: tuple[Dot, ...]
    x_ticks: tuple[tuple[float, str], ...]
    breaks: tuple[tuple[float, str], ...]
    """(place, how long) of quiet times that are drawn short."""


Value = Callable[[Row], float | None]


def quality_plot(rows: Sequence[Row], links: Mapping[str, str]) -> Plot | None:
    """Return noise, opacity and integration time of every obsnum, in the order of time; None where nobody knows any."""
    ordered = sorted(rows, key=lambda row: (row.date == "", row.date, int(row.name.split("_")[0]), row.bank or 0))
    groups = list(dict.fromkeys(row.source for row in ordered))
    names = list(dict.fromkeys(row.name for row in ordered))
    step = (WIDTH - LEFT - RIGHT) / max(len(names), 1)
    places = {name: round(LEFT + step * (number + 0.5), 1) for number, name in enumerate(names)}
    drawing = _Drawing(ordered, places, groups, links)
    noise = _noise(ordered)
    kinds: list[tuple[str, Value, float | None]] = [
        noise,
        ("tau (225 GHz)", lambda row: row.tau, None),
        ("on source [min]", lambda row: row.inttime_s / 60 if row.inttime_s else None, None),
    ]
    panels: list[Panel] = []
    for axis, value, wanted in kinds:
        top = TOP + len(panels) * (PANEL + GAP)
        panel = drawing.panel(axis, value, top, wanted=wanted, is_log=axis == noise[0])
        panels += [panel] if panel else []
    if not panels:
        return None
    height = TOP + len(panels) * (PANEL + GAP) - GAP + BOTTOM
    every = max(1, -(-len(names) // MOST_LABELS))
    ticks = tuple((places[name], name) for place, name in enumerate(names) if place % every == 0)
    label = f"{', '.join(panel.axis for panel in panels)} of {len(names)} obsnums"
    bands = _nights(ordered, places, step)
    legend = tuple((SHAPES[n % len(SHAPES)], n % COLOURS, readable(g, 40)) for n, g in enumerate(groups))
    return Plot(label, WIDTH, height, tuple(panels), bands, ticks, "obsnum, in the order of time", legend[:MOST_GROUPS])


class Places:
    """The noise of one source's obsnums, drawn once; each of them can be pointed out in it."""

    def __init__(self, rows: Sequence[Row]) -> None:
        good = sorted((row for row in rows if row.rms is not None), key=lambda row: (row.date, row.name, row.bank or 0))
        self.rows = good
        names = list(dict.fromkeys(row.name for row in good))
        step = (SMALL_WIDTH - LEFT - RIGHT) / max(len(names), 1)
        self.places = {one: round(LEFT + step * (number + 0.5), 1) for number, one in enumerate(names)}
        self.axis, self.value, wanted = _noise(good)
        known = [(row, one) for row in good if (one := self.value(row)) is not None and one > 0]
        top, bottom = SMALL_TOP, SMALL_TOP + SMALL_PANEL
        self.scale = logarithmic([one for _, one in known], bottom, top, around=wanted)
        line = self.scale.place(wanted) if wanted is not None else None
        dots = tuple(
            (
                kind,
                "".join(
                    f"M{self.places[row.name]} {self.scale.place(one)}h0"
                    for row, one in known
                    if (row.bank == 1) == is_open
                ),
            )
            for kind, is_open in (("full", False), ("open", True))
        )
        self.panel = Panel(self.axis, top, bottom, self.scale.ticks(), (), line, dots)
        every = max(1, -(-len(names) // 6))
        self.ticks = tuple((self.places[one], one) for number, one in enumerate(names) if number % every == 0)

    def of(self, name: str) -> Plot | None:
        """Return the plot that points out one obsnum; None where it is alone, or has no number."""
        if len(self.places) < 2 or name not in self.places:
            return None
        own = [(row, one) for row in self.rows if row.name == name and (one := self.value(row)) is not None and one > 0]
        marks = tuple(
            Mark(
                self.places[name], self.scale.place(one), "circle", 0, f"{row.label}: {self.axis} {number(one)}",
                is_hollow=row.bank == 1, is_marked=True,
            )
            for row, one in own
        )  # fmt: skip
        label = f"{self.axis} of {name} among {len(self.places)} obsnums of its source"
        panel = replace(self.panel, marks=marks)
        height = SMALL_TOP + SMALL_PANEL + BOTTOM
        return Plot(label, SMALL_WIDTH, height, (panel,), (), self.ticks, "obsnums of this source")


def night_bars(nights: Mapping[str, tuple[int, int, int]], link: Callable[[str], str]) -> Bars | None:
    """Return the newest nights as bars: observed, of them reduced well and failed."""
    shown = sorted(nights.items())[-MOST_NIGHTS:]
    if not shown:
        return None
    height, bottom, top, left = 190.0, 152.0, 14.0, 48.0
    scale = linear([observed for _, (observed, _, _) in shown], bottom, top)
    room = min((WIDTH - left - RIGHT) / len(shown), 46)
    bars = [_bar(scale, left + room * n, room, night, counts, link(night)) for n, (night, counts) in enumerate(shown)]
    every = max(1, -(-len(shown) // 9)) if room < LEAST_BAND else 1
    ticks = tuple((round(left + room * (n + 0.5), 1), night) for n, (night, _) in enumerate(shown) if n % every == 0)
    ticks = ticks[:1] if len(shown) * room < 2 * LEAST_BAND else _apart(ticks)
    label = f"observations in {len(shown)} nights, {shown[0][0]} to {shown[-1][0]}"
    right = max(left + room * len(shown), left + LEAST_BAND * 4)
    return Bars(label, WIDTH, height, left, right, bottom, scale.ticks(), tuple(bars), ticks)


def story_plot(events: Sequence[Event]) -> Story | None:
    """Return the events of a project along time, long quiet times drawn short."""
    days = sorted({night for one in events if (night := night_of(one.at))})
    if not days:
        return None
    lanes = [lane for lane in LANES if any(one.lane == lane for one in events)]
    left, lane_height, top = 108.0, 30.0, 20.0
    places, breaks = _places_in_time(days, left, WIDTH - 30.0)
    heights = {lane: top + lane_height * (number + 0.5) for number, lane in enumerate(lanes)}
    dots = tuple(
        Dot(places[night_of(one.at)], heights[one.lane], f"{when(one.at)} UT: {readable(one.told)}"
            + (f" ({readable(one.who, 60)})" if one.who else ""), one.is_bad, one.link)
        for one in events
        if night_of(one.at) and one.lane in heights
    )  # fmt: skip
    ticks = _apart(tuple((places[day], day) for day in days))
    height = top + lane_height * len(lanes) + 34
    return Story(WIDTH, height, tuple((heights[lane], lane) for lane in lanes), dots, ticks, breaks)


class _Drawing:
    """Puts the rows into panels."""

    def __init__(
        self,
        rows: Sequence[Row],
        places: Mapping[str, float],
        groups: Sequence[str],
        links: Mapping[str, str],
    ) -> None:
        self.rows, self.places, self.groups, self.links = rows, places, groups, links

    def panel(self, axis: str, value: Value, top: float, *, wanted: float | None, is_log: bool) -> Panel | None:
        """Return the panel of one number; None where no row has it."""
        found = [(row, one) for row in self.rows if (one := value(row)) is not None and one >= 0]
        if not found:
            return None
        bottom = top + PANEL
        numbers = [one for _, one in found]
        scale = logarithmic(numbers, bottom, top, around=wanted) if is_log else linear(numbers, bottom, top)
        marks = [self.mark(row, one, axis, scale) for row, one in found if one > 0 or not is_log]
        if is_log:
            missing = [row for row in self.rows if value(row) is None and row.state is Reduced.FAILED]
            marks += [self.failed(row, bottom) for row in missing]
        line = scale.place(wanted) if wanted is not None else None
        return Panel(axis, top, bottom, scale.ticks(), tuple(marks), line)

    def mark(self, row: Row, value: float, axis: str, scale: Scale) -> Mark:
        group = self.groups.index(row.source)
        title = f"{row.label} {readable(row.source, 60)}: {axis} {number(value)}"
        x = self.places[row.name] + (BESIDE if row.bank == 1 else 0)
        return Mark(
            x, scale.place(value), SHAPES[group % len(SHAPES)], group % COLOURS, title,
            self.links.get(row.name, ""), is_hollow=row.bank == 1,
        )  # fmt: skip

    def failed(self, row: Row, bottom: float) -> Mark:
        title = f"{row.label} {readable(row.source, 60)}: failed"
        return Mark(self.places[row.name], bottom - 8, "cross", 0, title, self.links.get(row.name, ""))


def _noise(rows: Sequence[Row]) -> tuple[str, Value, float | None]:
    """Return how noise is told of these rows: against the radiometer equation where it is defined, else in mK."""
    if any(row.ratio is not None for row in rows):
        return "rms / radiometer eq.", lambda row: row.ratio, 1.0
    return "rms [mK]", rms_mk, None


def _nights(rows: Sequence[Row], places: Mapping[str, float], step: float) -> tuple[Band, ...]:
    """Return the nights along x, every second one shaded; rows without a date have none."""
    nights: dict[str, list[float]] = {}
    for row in rows:
        if night := night_of(row.date):
            nights.setdefault(night, []).append(places[row.name])
    bands, free_from = [], 0.0
    for place, (night, found) in enumerate(nights.items()):
        x, width = round(min(found) - step / 2, 1), round(max(found) - min(found) + step, 1)
        fits = x >= free_from and x + LEAST_BAND <= WIDTH
        bands.append(Band(x, width, night if fits else "", is_shaded=place % 2 == 1))
        free_from = x + LEAST_BAND if fits else free_from
    return tuple(bands)


def _bar(scale: Scale, x: float, room: float, night: str, counts: tuple[int, int, int], link: str) -> Bar:
    observed, good, failed = counts
    parts, below = [], 0
    for kind, many in (("good", good), ("failed", failed), ("rest", max(observed - good - failed, 0))):
        if many:
            top, bottom = scale.place(below + many), scale.place(below)
            parts.append((kind, top, round(bottom - top, 1)))
            below += many
    told = f"{night}: {observed} observed, {good} reduced well, {failed} failed"
    return Bar(round(x + room * 0.1, 1), round(room * 0.8, 1), tuple(parts), told, link)


def _places_in_time(
    days: Sequence[str], left: float, right: float
) -> tuple[dict[str, float], tuple[tuple[float, str], ...]]:
    """Return each day's place, and where a long quiet time was drawn short."""
    gaps = [(date.fromisoformat(b) - date.fromisoformat(a)).days for a, b in pairwise(days)]
    shown = [min(gap, LONGEST_GAP_DAYS) for gap in gaps]
    unit = min((right - left - 40) / max(sum(shown), 1), 90.0)
    places, breaks, x = {days[0]: left + 30}, [], left + 30.0
    for day, gap, short in zip(days[1:], gaps, shown, strict=True):
        if gap > short:
            breaks.append((round(x + unit * short / 2, 1), _long(gap)))
        x += unit * short
        places[day] = round(x, 1)
    return places, tuple(breaks)


def _long(days: int) -> str:
    if days < 60:
        return f"{days} days"
    return f"{days / 30.4:.0f} months" if days < 730 else f"{days / 365.25:.1f} years"


def _apart(ticks: tuple[tuple[float, str], ...]) -> tuple[tuple[float, str], ...]:
    """Return the ticks whose words do not run into each other."""
    shown: list[tuple[float, str]] = []
    for x, words in ticks:
        if not shown or x - shown[-1][0] >= LEAST_BAND:
            shown.append((x, words))
    return tuple(shown)
