"""A plot of one number an obsnum, as SVG text: readable in print, for the colour-blind, and without any script.

Knows nothing of projects; a value has a group (its source), a label (its obsnum) and a number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito's palette, which the colour-blind can tell apart; shapes tell groups apart too."""
SHAPES = ("circle", "square", "triangle", "diamond")
_CORNERS: dict[str, tuple[tuple[float, float], ...]] = {
    "triangle": ((0, -6), (5.5, 4.5), (-5.5, 4.5)),
    "diamond": ((0, -6.5), (6, 0), (0, 6.5), (-6, 0)),
}
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 260, 64, 14, 14, 46


@dataclass(frozen=True, slots=True)
class Dot:
    """One value of the plot."""

    group: str
    label: str
    value: float
    is_hollow: bool = False


def dot_plot(dots: Sequence[Dot], *, axis: str, wanted: float | None = None) -> str:
    """Return the SVG: values in their order along x, `axis` (with unit) along y, a dashed line at `wanted`."""
    if not dots:
        return ""
    top = _nice(max([one.value for one in dots] + ([wanted] if wanted else [])) * 1.08)
    groups = list(dict.fromkeys(one.group for one in dots))
    parts = [_frame(axis, top)]
    if wanted is not None:
        y = _y(wanted, top)
        parts.append(f'<line class="wanted" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
    room = (WIDTH - LEFT - RIGHT) / len(dots)
    every = max(1, math.ceil(len(dots) / 12))
    for index, one in enumerate(dots):
        x = round(LEFT + room * (index + 0.5), 1)
        number = groups.index(one.group)
        parts.append(_mark(one, x, _y(one.value, top), number))
        if index % every == 0:
            parts.append(f'<text class="tick" x="{x}" y="{HEIGHT - BOTTOM + 16}">{escape(one.label)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="axis" x="{middle}" y="{HEIGHT - 8}">obsnum</text>')
    head = f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(axis)} of every obsnum">'
    return head + "".join(parts) + "</svg>" + _legend(groups)


def _frame(axis: str, top: float) -> str:
    rows = []
    for step in range(5):
        value = top * step / 4
        y = _y(value, top)
        rows.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        rows.append(f'<text class="tick right" x="{LEFT - 6}" y="{y + 4}">{value:.3g}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    rows.append(f'<text class="axis" transform="translate(14 {middle}) rotate(-90)">{escape(axis)}</text>')
    return "".join(rows)


def _mark(one: Dot, x: float, y: float, number: int) -> str:
    colour, shape = COLOURS[number % len(COLOURS)], SHAPES[number % len(SHAPES)]
    fill = "none" if one.is_hollow else colour
    title = f"<title>{escape(one.label)} {escape(one.group)}: {one.value:.4g}</title>"
    return f'<g fill="{fill}" stroke="{colour}" stroke-width="1.5">{title}{_outline(shape, x, y)}</g>'


def _outline(shape: str, x: float, y: float) -> str:
    if shape == "circle":
        return f'<circle cx="{x}" cy="{y}" r="5"/>'
    if shape == "square":
        return f'<rect x="{x - 4.5}" y="{y - 4.5}" width="9" height="9"/>'
    corners = _CORNERS[shape]
    return f'<polygon points="{" ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)}"/>'


def _legend(groups: Sequence[str]) -> str:
    items = []
    for number, group in enumerate(groups):
        mark = _mark(Dot(group, "", 0), 8, 8, number)
        items.append(f'<li><svg viewBox="0 0 16 16" aria-hidden="true">{mark}</svg>{escape(group)}</li>')
    return f'<ul class="legend">{"".join(items)}</ul>'


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * max(value, 0) / top, 1)


def _nice(value: float) -> float:
    """Return the next round number that four steps divide well."""
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return float(next(step for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * power >= value) * power)
