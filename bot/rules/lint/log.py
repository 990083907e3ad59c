"""Rules that hold the project against the observation log. Silent without a log. Pure.

An obsnum with several rows in the log is taken as right when one of them agrees.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from bot.errors import Severity
from bot.formats.obslog import SCIENCE
from bot.model.modes import MODES
from bot.model.observation import Observation
from bot.rules.lint.checked import Checked, Hit, Place, Rule


def _logged_places(checked: Checked) -> Iterator[tuple[Place, tuple[Observation, ...]]]:
    """Yield every listing with its rows, those that the log does not have left out."""
    for places in checked.logged.values():
        for place in places:
            yield place, checked.rows(place.listing.obsnum)


def other_project(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums whose raw data carry another ProjectId than the file says."""
    for place, rows in _logged_places(checked):
        said = place.listing.project or checked.pid
        if all(row.pid != said for row in rows):
            obsnum, pid = place.listing.obsnum, rows[0].pid
            what = f"obsnum {obsnum} of {place.name} belongs to {pid} in the log"
            what += f", not to {said}" if place.listing.project else ""
            yield Hit(False, place.loc, what, f"if it is meant, write `{{obsnum: {obsnum}, project: {pid}}}`")


def other_source(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums that have another source's name in the log, where the source's other obsnums do not share it."""
    for name, places in checked.logged.items():
        known = _names(checked, name)
        if len(_foreign(checked, name)) == 1 and not _agreeing(checked, name):
            continue
        for place in _own(places):
            rows = checked.rows(place.listing.obsnum)
            if not any(row.source.casefold() in known for row in rows):
                what = f"obsnum {place.listing.obsnum} is listed in {name}, the log calls its source {rows[0].source}"
                yield Hit(False, place.loc, what, _home(checked, rows[0].source))


def alias(checked: Checked) -> Iterator[Hit]:
    """Yield sources that have one other name in the log, throughout."""
    for name in checked.logged:
        foreign = _foreign(checked, name)
        if len(foreign) == 1 and not _agreeing(checked, name):
            other = next(iter(foreign))
            what = f"the log calls {name} {other}, in all its obsnums"
            yield Hit(False, ("sources", name), what, f"add `aliases: [{other}]` to {name}")


def _own(places: Iterable[Place]) -> list[Place]:
    """Leave out what is lent by another project on purpose: there it may have another name."""
    return [place for place in places if place.listing.project is None]


def _names(checked: Checked, name: str) -> set[str]:
    return {known.casefold() for known in (name, *checked.project.sources[name].aliases)}


def _foreign(checked: Checked, name: str) -> Counter[str]:
    known = _names(checked, name)
    rows = [checked.rows(place.listing.obsnum) for place in _own(checked.logged[name])]
    return Counter(found[0].source for found in rows if not any(row.source.casefold() in known for row in found))


def _agreeing(checked: Checked, name: str) -> bool:
    known = _names(checked, name)
    places = _own(checked.logged[name])
    return any(row.source.casefold() in known for place in places for row in checked.rows(place.listing.obsnum))


def _home(checked: Checked, source: str) -> str:
    """Suggest the source of this project that has the log's name."""
    for name in checked.project.sources:
        if source.casefold() in _names(checked, name):
            return f"move it to {name}"
    return ""


def other_mode(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums taken in another mode than the project says."""
    for place, rows in _logged_places(checked):
        said = place.source.mode or checked.project.mode
        if said and all(row.mode not in (said, "") for row in rows) and not _is_calibration(rows):
            what = (
                f"obsnum {place.listing.obsnum} of {place.name} is {rows[0].mode} in the log, the project says {said}"
            )
            yield Hit(False, place.loc, what)


def mixed_modes(checked: Checked) -> Iterator[Hit]:
    """Yield sources without a stated mode whose obsnums were taken in several."""
    for name, places in checked.logged.items():
        rows = [checked.rows(place.listing.obsnum) for place in places]
        modes = Counter(found[0].mode for found in rows if found[0].mode and not _is_calibration(found))
        source = checked.project.sources[name]
        if len(modes) > 1 and not (source.mode or checked.project.mode):
            told = ", ".join(f"{mode} ({count})" for mode, count in modes.most_common())
            yield Hit(False, ("sources", name), f"the obsnums of {name} were taken in several modes: {told}")


def calibration(checked: Checked) -> Iterator[Hit]:
    """Yield calibrations that are listed as if they were science."""
    for place, rows in _logged_places(checked):
        if _is_calibration(rows):
            row = rows[0]
            yield Hit(
                False, place.loc, f"obsnum {place.listing.obsnum} of {place.name} is {row.goal} {row.pgm} in the log"
            )


def _is_calibration(rows: tuple[Observation, ...]) -> bool:
    return all(row.pgm.partition("(")[0] == "Cal" for row in rows)


def other_goal(checked: Checked) -> Iterator[Hit]:
    """Yield sources that hold obsnums of another goal than Science (RSR: or LineCheck)."""
    for name, places in checked.logged.items():
        odd = [place for place in places if not _is_science(checked.rows(place.listing.obsnum))]
        odd = [place for place in odd if not _is_calibration(checked.rows(place.listing.obsnum))]
        if odd:
            goals = Counter(checked.rows(place.listing.obsnum)[0].goal for place in odd)
            told = ", ".join(f"{count} {goal}" for goal, count in goals.most_common())
            shown = ", ".join(str(place.listing.obsnum) for place in odd[:3]) + (", ..." if len(odd) > 3 else "")
            yield Hit(False, odd[0].loc, f"{name} lists {told} obsnums of {len(places)}: {shown}")


def _is_science(rows: tuple[Observation, ...]) -> bool:
    return any(row.goal == SCIENCE or (row.goal == "LineCheck" and row.instrument in ("RSR", "")) for row in rows)


def invalid(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums that the telescope marked as not valid."""
    for place, rows in _logged_places(checked):
        if all(row.valid is False for row in rows) and place.listing.obsnum in checked.combined:
            yield Hit(
                False, place.loc, f"obsnum {place.listing.obsnum} of {place.name} is marked as not valid in the log"
            )


def not_in_log(checked: Checked) -> Iterator[Hit]:
    """Yield listed obsnums that the log lacks, though it has rows of this project before and after them."""
    first, last = _span(checked)
    for obsnum, places in checked.listed.items():
        if first <= obsnum <= last and _is_missing(checked, places[0]):
            yield Hit(False, places[0].loc, f"obsnum {obsnum} of {places[0].name} is not in the log")


def outside_log(checked: Checked) -> Iterator[Hit]:
    """Yield, source by source, listed obsnums before the first or behind the last row of this project in the log."""
    if checked.log is None:
        return
    first, last = _span(checked)
    if first > last:
        yield Hit(False, ("pid",), f"the log has no row of {checked.pid}")
        return
    for name, source in checked.project.sources.items():
        missing = [Place(name, source, index, listing) for index, listing in enumerate(source.obsnums)]
        obsnums = [one.listing.obsnum for one in missing if _is_missing(checked, one)]
        older, newer = [one for one in obsnums if one < first], [one for one in obsnums if one > last]
        for found, told in ((older, f"older than its first row {first}"), (newer, f"newer than its last row {last}")):
            if found:
                shown = ", ".join(map(str, found[:3])) + (", ..." if len(found) > 3 else "")
                what = f"{len(found)} obsnums of {name} are not in the log, {told}: {shown}"
                yield Hit(False, ("sources", name), what)


def _is_missing(checked: Checked, place: Place) -> bool:
    return checked.log is not None and place.listing.project is None and not checked.rows(place.listing.obsnum)


def _span(checked: Checked) -> tuple[int, int]:
    """Return the first and the last obsnum with this ProjectId in the log; (1, 0) when there is none."""
    rows = checked.log.rows.items() if checked.log else ()
    own = [obsnum for obsnum, found in rows if any(row.pid == checked.pid for row in found)]
    return (min(own), max(own)) if own else (1, 0)


def unlisted_science(checked: Checked) -> Iterator[Hit]:
    """Yield Science obsnums of this project in the log that are neither in a source nor left out."""
    if checked.log is None:
        return
    known = {*checked.listed, *checked.project.left_out, *checked.qa.obsnums}
    for obsnum, rows in sorted(checked.log.rows.items()):
        if obsnum in known or not any(_is_wanted(row, checked.pid) for row in rows):
            continue
        row = next(row for row in rows if _is_wanted(row, checked.pid))
        tint = f", {row.tint_s:g} s" if row.tint_s is not None else ""
        home = next((name for name in checked.project.sources if row.source.casefold() in _names(checked, name)), "")
        what = f"obsnum {obsnum} ({row.mode or row.pgm} of {row.source}, {row.date_obs[:10]}{tint}) is in no source"
        yield Hit(False, ("sources", home) if home else ("sources",), what)


def _is_wanted(row: Observation, pid: str) -> bool:
    """Say whether the pipeline would reduce it: what it would not, `lmtbot arrivals` holds back and tells."""
    known = row.mode in MODES or not row.instrument
    return row.pid == pid and row.goal == SCIENCE and row.valid is not False and known and not _is_calibration((row,))


RULES = (
    Rule(
        "LOG_PROJECT",
        Severity.WARNING,
        "an obsnum has another ProjectId in the log",
        "it is another project's data, or a digit is wrong",
        "take it out, or say `project:` on the listing where it is meant",
        other_project,
    ),
    Rule(
        "LOG_SOURCE",
        Severity.WARNING,
        "an obsnum has another source in the log, unlike its neighbours",
        "another target would be combined with this one",
        "move it to its source; if it is the same target, add the name under `aliases`",
        other_source,
    ),
    Rule(
        "LOG_ALIAS",
        Severity.INFO,
        "all obsnums of a source have one other name in the log",
        "new obsnums find their source by the log's name",
        "add the name under `aliases`",
        alias,
    ),
    Rule(
        "LOG_MODE",
        Severity.ERROR,
        "an obsnum was taken in another mode than the project says",
        "its parameters are those of another pipeline, and a combination of two modes fails",
        "mend `mode` of the project or the source, or list it in a source of its own",
        other_mode,
    ),
    Rule(
        "LOG_MODES_MIXED",
        Severity.WARNING,
        "obsnums of one source were taken in several modes",
        "they cannot be combined, and their parameters differ",
        "make a source for each mode, with `mode` and `aliases`",
        mixed_modes,
    ),
    Rule(
        "LOG_CALIBRATION",
        Severity.ERROR,
        "a calibration is listed as if it were science",
        "the pipeline refuses it; science obsnums find their calibration by themselves",
        "take it out",
        calibration,
    ),
    Rule(
        "LOG_GOAL",
        Severity.INFO,
        "a source lists obsnums that are not Science in the log",
        "pointings and focus runs are short and off target, though some projects use them on purpose",
        "nothing, if it is meant",
        other_goal,
    ),
    Rule(
        "LOG_INVALID",
        Severity.WARNING,
        "a combined obsnum is marked as not valid in the log",
        "the pipeline refuses it, and then the combination waits for it",
        "write `combine: false` with a note, or name it under left_out",
        invalid,
    ),
    Rule(
        "NOT_IN_LOG",
        Severity.WARNING,
        "the log has no such obsnum",
        "a digit may be wrong, or the log has a gap",
        "look for it in the raw data; rebuild the log if it is there",
        not_in_log,
    ),
    Rule(
        "OUTSIDE_LOG",
        Severity.INFO,
        "obsnums older or newer than the project's rows in the log",
        "what the log would say about them is not known here",
        "check again with a log that reaches as far",
        outside_log,
    ),
    Rule(
        "SCIENCE_NOT_LISTED",
        Severity.WARNING,
        "a Science obsnum of the project in the log is in no source",
        "it is never reduced, and the PI never sees it",
        "`lmtbot arrivals --apply` adds it; if it is not wanted, name it under left_out with the reason",
        unlisted_science,
    ),
)
