"""Where the comments of mk_runs.py and comments.txt go in project.yaml and qa.yaml. Pure; drops none."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import pairwise

from bot.formats.legacy.comments import Entry, RemarkLine
from bot.formats.legacy.description import Description, LegacySource
from bot.formats.legacy.folder import LegacyFolder
from bot.formats.legacy.remarks import Remark
from bot.formats.legacy.tracked import Span
from bot.formats.project_text import Margin, Place
from bot.model.project import TIERS

NO_EFFECT = "What stood in mk_runs.py without effect:"
NO_MATCH = "comments.txt line {line}, which nothing matches: {text}"


@dataclass
class _Notes:
    """A margin in the making."""

    top: list[tuple[int, str]] = field(default_factory=list)
    """With their lines, by which they are sorted."""
    before: dict[Place, list[str]] = field(default_factory=dict)
    behind: dict[Place, list[str]] = field(default_factory=dict)
    apart: set[Place] = field(default_factory=set)
    end: list[str] = field(default_factory=list)

    def margin(self) -> Margin:
        """Return it as a value."""
        return Margin(
            tuple(text for _, text in sorted(self.top, key=lambda one: one[0])),
            {place: tuple(lines) for place, lines in self.before.items()},
            {place: " / ".join(texts) for place, texts in self.behind.items()},
            frozenset(self.apart),
            tuple(self.end),
        )


def project_margin(folder: LegacyFolder) -> Margin:
    """Return the places of mk_runs.py's remarks in project.yaml."""
    placing = _Placing(folder.description)
    for remark in folder.description.remarks:
        if not remark.alone:
            placing.trailing(remark)
    for block in _blocks(folder.description.remarks):
        placing.block(block)
    placing.rows_apart()
    placing.notes.end += [f"PID file: {line.lstrip('# ')}" for line in folder.pid_remarks]
    for leftover in folder.description.leftovers:
        lines = (
            f"line {leftover.first}" if leftover.first == leftover.last else f"lines {leftover.first}-{leftover.last}"
        )
        placing.notes.end += [] if NO_EFFECT in placing.notes.end else [NO_EFFECT]
        placing.notes.end += [f"{lines}: {leftover.why}", *(f"    {text}" for text in leftover.text)]
    return placing.notes.margin()


def _blocks(remarks: tuple[Remark, ...]) -> list[list[Remark]]:
    """Return the remarks that have their lines to themselves, neighbours together."""
    blocks: list[list[Remark]] = []
    for remark in sorted((one for one in remarks if one.alone), key=lambda one: one.line):
        if blocks and remark.line <= blocks[-1][-1].line + 1:
            blocks[-1].append(remark)
        else:
            blocks.append([remark])
    return blocks


class _Placing:
    """Knows which line of mk_runs.py became what in project.yaml."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.notes = _Notes()
        self.rows: dict[int, list[Place]] = {}
        """line -> the listings that were written on it."""
        self.statements: dict[Span, Place] = {}
        for source in description.sources:
            self.add_source(source)
        for tier, pars in zip(TIERS, description.pars, strict=True):
            for name, said in pars.items():
                if said.span.first:
                    self.statements.setdefault(said.span, ("sources", name, "tiers", tier))
        self.spans = sorted(set(description.statements) | set(self.statements), key=lambda one: one.first)
        self.firsts = [span.first for span in self.spans]
        self.lasts = sorted(span.last for span in self.spans)

    def add_source(self, source: LegacySource) -> None:
        """Note the lines of a source and of its own listings."""
        if source.span.first:
            self.statements.setdefault(source.span, ("sources", source.name))
        for index, one in enumerate(source.listed[source.inherited :]):
            if one.line and source.span.first <= one.line <= source.span.last:
                self.rows.setdefault(one.line, []).append(("sources", source.name, "obsnums", index))

    def trailing(self, remark: Remark) -> None:
        """Place a remark that stands behind code: at its row of obsnums, its source, its tier, else on top."""
        row, place = self.rows.get(remark.line, []), self.place_at(remark.line)
        span = self.span_at(remark.line)
        if span is not None and span.first == span.last and place is not None:
            self.notes.behind.setdefault(place, []).append(remark.text)
        elif len(row) == 1:
            self.notes.behind.setdefault(row[0], []).append(remark.text)
        elif row:
            self.notes.before.setdefault(row[0], []).append(remark.text)
        elif place is not None:
            self.inside(remark, place)
        else:
            self.notes.top.append((remark.line, remark.text))

    def inside(self, remark: Remark, place: Place) -> None:
        """Place a remark within a statement of several lines: before the next row of it, else before what follows."""
        span = self.span_at(remark.line)
        later = [line for line in self.rows if span and remark.line < line <= span.last]
        if later and len(place) == 2:
            self.notes.before.setdefault(self.rows[min(later)][0], []).append(remark.text)
        elif len(place) == 2 and any(place[1] in pars for pars in self.description.pars):
            self.notes.before.setdefault((*place, "tiers"), []).append(remark.text)
        else:
            self.notes.before.setdefault(place, []).append(remark.text)

    def block(self, block: list[Remark]) -> None:
        """Place remarks that stand by themselves: at the statement before if they touch only that, else at the next."""
        first, last = block[0].line, block[-1].line
        inner = self.place_at(first)
        if inner is not None:
            for remark in block:
                self.inside(remark, inner)
            return
        following = bisect_right(self.firsts, last)
        after = self.spans[following] if following < len(self.spans) else None
        ended = bisect_left(self.lasts, first)
        before = next((one for one in self.spans if ended and one.last == self.lasts[ended - 1]), None)
        touches_before = before is not None and before.last == first - 1
        touches_after = after is not None and after.first == last + 1
        target = before if touches_before and not touches_after else after
        place = self.statements.get(target) if target is not None else None
        texts = [remark.text for remark in block]
        if place is None:
            self.notes.top += [(remark.line, remark.text) for remark in block]
        else:
            self.notes.before.setdefault(place, []).extend(texts)

    def span_at(self, line: int) -> Span | None:
        """Return the statement that a line is part of, of those that became something."""
        return next((span for span in self.statements if span.first <= line <= span.last), None)

    def place_at(self, line: int) -> Place | None:
        """Return what a line became."""
        span = self.span_at(line)
        return None if span is None else self.statements[span]

    def rows_apart(self) -> None:
        """Part a row without a remark from the remarked row before it, of which it is no part."""
        lines = sorted(self.rows)
        for line, following in pairwise(lines):
            row, after = self.rows[line], self.rows[following]
            is_headed = len(row) > 1 and row[0] in self.notes.before
            if row[0][1] == after[0][1] and is_headed and after[0] not in self.notes.before:
                self.notes.apart.add(after[0])


def qa_margin(folder: LegacyFolder) -> Margin:
    """Return the places in qa.yaml of the lines of comments.txt that concern no obsnum."""
    notes = _Notes()
    lines = folder.comments_text.split("\n")
    waiting: list[RemarkLine] = []
    seen: set[Place] = set()
    for one in folder.comments:
        if isinstance(one, RemarkLine):
            waiting.append(one)
            continue
        place = _entry_place(one)
        if not seen:
            waiting = _after_the_head(waiting, one.line, lines, notes)
        if waiting:
            here = (*place, "banks", 1) if place in seen and one.bank == 1 else place
            notes.before.setdefault(here, []).extend(map(_remark_text, waiting))
        waiting = []
        seen.add(place)
    if seen:
        notes.end += map(_remark_text, waiting)
    else:
        notes.top += [(one.line, _remark_text(one)) for one in waiting]
    return notes.margin()


def _after_the_head(waiting: list[RemarkLine], entry: int, lines: list[str], notes: _Notes) -> list[RemarkLine]:
    """Put remarks that a blank line parts from the first entry on top; return the others."""
    blank = max((number for number in range(1, entry) if not lines[number - 1].strip()), default=0)
    notes.top += [(one.line, _remark_text(one)) for one in waiting if one.line < blank]
    return [one for one in waiting if one.line >= blank]


def _remark_text(one: RemarkLine) -> str:
    """Return the text of a remark; a line that looks like one of an observation says that it is none."""
    looks_meant = one.reason and any(char.isdecimal() for char in one.text.split()[0])
    return NO_MATCH.format(line=one.line, text=one.text) if looks_meant else one.text


def _entry_place(entry: Entry) -> Place:
    return ("combinations", entry.name) if entry.is_combination else ("obsnums", int(entry.name))
