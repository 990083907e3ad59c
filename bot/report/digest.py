"""The digest of a night: what was observed, reduced, held back and why, and what waits for whom; for mail and GitHub.

Values in, what templates/site/digest.md.j2 and digest.txt.j2 need out. Numbers, names and states only, so that it may
stand in a public issue.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.formats.markdown import code, inert, table
from bot.formats.marker import marker
from bot.model.site import Card, Want
from bot.report.site.night import NightLine, NightPage

KIND = "night"
MOST_LINES, MOST_WANTS, LONGEST_BODY = 150, 40, 65_000
"""What is told at most: GitHub takes 65,536 characters."""
CUT = "\n\n(cut here: GitHub takes no more)\n"
HEAD = ["UT", "obsnum", "project", "source", "mode", "min", "is", "rms", ""]


@dataclass(frozen=True, slots=True)
class IssueText:
    """An issue as a door may keep it: one for each night, found again by the marker with which it begins."""

    title: str
    body: str


def title_of(page: NightPage) -> str:
    """Return the title of a night's digest, which is also the subject of the mail."""
    states = ", ".join(f"{many} {state}" for state, many in sorted(page.counts.items())) or "nothing observed"
    return f"LMT night {page.night}: {states}"


def digest_values(page: NightPage, cards: Iterable[Card]) -> dict[str, str]:
    """Return what templates/site/digest.md.j2 is filled in with, as Markdown."""
    rows = [_row(line) for line in page.lines[:MOST_LINES]]
    wants = _wants(cards, {line.pid for line in page.lines})
    return {
        "night": page.night,
        "intro": f"{len(page.lines)} Science observations, {page.hours} h on sky."
        + (f" Also {', '.join(f'{many} {inert(goal)}' for goal, many in page.others)}." if page.others else ""),
        "observations": table(HEAD, rows) if rows else "Nothing was observed.",
        "more": f"and {len(page.lines) - MOST_LINES} more" if len(page.lines) > MOST_LINES else "",
        "held": "\n".join(
            f"- {obsnum or 'a row'} {code(source)}: {inert(why)} ({inert(cure)})"
            for obsnum, source, why, cure in page.held
        ),
        "wants": "\n".join(f"- **{one.who}** {inert(one.pid)}: {inert(one.what)}" for one in wants[:MOST_WANTS]),
    }


def mail_values(page: NightPage, cards: Iterable[Card]) -> dict[str, object]:
    """Return what templates/site/digest.txt.j2 is filled in with, as plain text."""
    return {"page": page, "title": title_of(page), "wants": _wants(cards, {line.pid for line in page.lines})}


def issue_of(page: NightPage, body: str) -> IssueText:
    """Return the issue of a night; `body` is the filled-in Markdown."""
    text = f"{marker(KIND, night=page.night)}\n{body.rstrip()}\n"
    return IssueText(title_of(page), text if len(text) <= LONGEST_BODY else text[:LONGEST_BODY] + CUT)


def _row(line: NightLine) -> list[str]:
    shown = (line.time, line.obsnum, line.pid, line.source, line.mode, line.minutes, line.state, line.numbers)
    return [*(inert(one) for one in shown), inert(line.told)]


def _wants(cards: Iterable[Card], pids: set[str]) -> list[Want]:
    """Return what the projects of the night want of people, the gravest first."""
    wants = [want for card in cards if card.pid in pids for want in card.wants]
    return sorted(wants, key=lambda one: (-one.weight, one.pid))
