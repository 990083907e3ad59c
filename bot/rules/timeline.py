"""The story of a project: what was observed, reduced, judged, decided and archived, when and by whom. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from bot.model.observation import Observation
from bot.model.project import Archive
from bot.model.record import Record, RunState
from bot.model.site import Commit, Event, Seen, Thread

OBSERVED, LEVEL1, QA, LEVEL2, FILES, THREADS, ARCHIVE = (
    "observed", "level 1", "QA", "level 2", "files", "pull requests", "archive",
)  # fmt: skip
LANES = (OBSERVED, LEVEL1, QA, FILES, THREADS, LEVEL2, ARCHIVE)
"""From top to bottom."""
JUDGING = frozenset(("qa", "grade", "grades", "graded", "verdict", "verdicts"))
"""Words of a commit's subject that tell of QA."""
NIGHT_ENDS = 10
"""Letters of a stamp that say the UT day: a night at the LMT, 19 to 07 local time, lies in one UT day."""


def night_of(stamp: str) -> str:
    """Return the night (UT day, YYYY-MM-DD) of a UT time; "" where it is none."""
    day = stamp[:NIGHT_ENDS]
    return day if len(day) == NIGHT_ENDS and day[4] == day[7] == "-" and day.replace("-", "").isdecimal() else ""


def story(
    observed: Mapping[int, Observation],
    records: Iterable[Record],
    commits: Iterable[Commit] = (),
    threads: Iterable[Thread] = (),
    archive: Archive | None = None,
) -> tuple[Event, ...]:
    """Return everything that happened, oldest first; what happens many times a day is told once a day."""
    found = [*_observations(observed.values()), *_runs(records)]
    for one in commits:
        lane = QA if tells_of_qa(one.subject) else FILES
        found.append(Event(one.at, lane, f"{one.subject} ({one.hash[:8]})", one.who))
    for thread in threads:
        if thread.changed and thread.about:  # others may be a stranger's, who shall not write on the first page
            told = f"{thread.kind} #{thread.number} {thread.state}: {thread.title or thread.about}".rstrip(": ")
            found.append(Event(thread.changed, THREADS, told, thread.who, thread.url))
    if archive:
        told = f"{archive.tag}: {len(archive.deposits)} deposits"
        found.append(Event(f"{archive.date}T00:00:00", ARCHIVE, told))
    return tuple(sorted(found, key=lambda one: one.at))


def tells_of_qa(subject: str) -> bool:
    """Say whether a commit's subject tells of verdicts."""
    return not JUDGING.isdisjoint(subject.lower().replace(":", " ").split())


def nights_of(seen: Iterable[Seen], observed: Mapping[int, Observation]) -> dict[str, tuple[int, int, int]]:
    """Return {night: (observed, reduced well, failed)} of the obsnums whose night is known."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in seen:
        row = observed.get(one.obsnum)
        if row and (night := night_of(row.date_obs)):
            counts[night][one.state] += 1
    return {night: (sum(by.values()), by["good"], by["failed"]) for night, by in sorted(counts.items())}


def _observations(rows: Iterable[Observation]) -> Iterable[Event]:
    nights: dict[str, list[Observation]] = defaultdict(list)
    for row in rows:
        if night := night_of(row.date_obs):
            nights[night].append(row)
    for its in nights.values():
        sources = list(dict.fromkeys(row.source for row in its))
        named = ", ".join(sources[:3]) + (f" and {len(sources) - 3} more" if len(sources) > 3 else "")
        yield Event(min(row.date_obs for row in its), OBSERVED, f"{_count(len(its), 'obsnum')} of {named}")


def _runs(records: Iterable[Record]) -> Iterable[Event]:
    days: dict[tuple[str, int, str], list[Record]] = defaultdict(list)
    for record in records:
        if not record.state.is_open and night_of(record.ended):
            days[(night_of(record.ended), record.level, record.who)].append(record)
    for (_, level, who), its in days.items():
        good = sum(one.state in (RunState.GOOD, RunState.SUPERSEDED) for one in its)
        bad = len(its) - good
        told = f"{good} reduced well" + (f", {bad} failed or stopped" if bad else "")
        yield Event(max(one.ended for one in its)[:19], LEVEL2 if level == 2 else LEVEL1, told, who, is_bad=bad > 0)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
