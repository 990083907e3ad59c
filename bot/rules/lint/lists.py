"""Rules on the lists of project.yaml: obsnums twice, in two sources or projects, sources that are not run, mosaics,
and the combinations that qa.yaml speaks of. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from bot.errors import Severity
from bot.formats.runfile import is_fit_for_runfiles
from bot.model.modes import MODES
from bot.model.project import TIERS
from bot.rules.lint.checked import Checked, Hit, Place, Rule, parts_of

_COUNT = re.compile(r"\[\s*(\d{1,4})\s*/\s*(\d{1,4})\s*\]")


def twice_in_source(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums that one source lists more than once."""
    for obsnum, places in checked.listed.items():
        for place in _again(places):
            first = next(one for one in places if one.name == place.name)
            ways = {first.listing.combine, place.listing.combine}
            if len(ways) == 2:
                told, severity = "once to be combined and once not", Severity.ERROR
            else:
                told, severity = "twice", Severity.WARNING
            yield Hit(False, place.loc, f"{place.name} lists obsnum {obsnum} {told}", severity=severity)


def _again(places: tuple[Place, ...]) -> list[Place]:
    return [place for index, place in enumerate(places) if place.name in [one.name for one in places[:index]]]


def in_two_sources(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums that several sources list; a mosaic's parts are no listings."""
    for obsnum, places in checked.listed.items():
        names = list(dict.fromkeys(place.name for place in places))
        if len(names) > 1:
            second = next(place for place in places if place.name == names[1])
            yield Hit(False, second.loc, f"obsnum {obsnum} is in {' and in '.join(names)}")


def in_two_projects(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums that another project lists too, unless one of the two says `project:`."""
    for obsnum, places in checked.listed.items():
        if any(place.listing.project not in (None, checked.pid) for place in places):
            continue
        others = [pid for pid in checked.listed_by.get(obsnum, ()) if pid != checked.pid]
        others = [pid for pid in others if not _borrows(checked, pid, obsnum)]
        if others and not checked.rows(obsnum):  # the log tells whose it is: LOG_PROJECT speaks
            what = f"obsnum {obsnum} of {places[0].name} is also in {', '.join(others)}"
            yield Hit(
                False,
                places[0].loc,
                what,
                f"if it is meant, write `{{obsnum: {obsnum}, project: PID}}` where it is lent",
            )


def _borrows(checked: Checked, pid: str, obsnum: int) -> bool:
    other = checked.others.get(pid)
    listings = [one for source in other.project.sources.values() for one in source.obsnums] if other else []
    return any(one.obsnum == obsnum and one.project not in (None, pid) for one in listings)


def listed_and_left_out(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums that are in a source and under left_out."""
    for obsnum in checked.project.left_out:
        if obsnum in checked.listed:
            name = checked.listed[obsnum][0].name
            yield Hit(False, ("left_out", str(obsnum)), f"obsnum {obsnum} is left out, but {name} lists it")


def missing_mosaic_part(checked: Checked) -> Iterator[Hit]:
    """Yield parts of mosaics that do not exist."""
    for name, source in checked.project.sources.items():
        for index, part in enumerate(source.mosaic):
            own = part.project in (None, checked.pid)
            home = checked.folder if own else checked.others.get(str(part.project))
            loc = ("sources", name, "mosaic", index)
            if home is None:
                what = (
                    f"{name} takes {part.source} from {part.project}; there is no such project, or its files are wrong"
                )
                yield Hit(False, loc, what)
            elif part.source not in home.project.sources:
                yield Hit(False, loc, f"{name} takes {part.source} from {home.pid}, which has no such source")
            elif own and part.source == name:
                yield Hit(False, loc, f"{name} is a part of itself")
            elif home.project.sources[part.source].mosaic:
                what = f"{name} takes {part.source}, a mosaic: its own obsnums are taken, those of its parts are not"
                yield Hit(False, loc, what, "name its parts here", severity=Severity.WARNING)


def unknown_mode(checked: Checked) -> Iterator[Hit]:
    """Yield modes that the pipeline does not reduce."""
    modes: list[tuple[tuple[str, ...], str | None]] = [(("mode",), checked.project.mode)]
    modes += [(("sources", name, "mode"), source.mode) for name, source in checked.project.sources.items()]
    for loc, mode in modes:
        if mode is not None and mode not in MODES:
            near = get_close_matches(mode, MODES, n=1)
            cure = f"did you mean {near[0]}?" if near else f"known modes: {', '.join(MODES)}"
            yield Hit(False, loc, f"no mode is called {mode}", cure)


def name_for_shells(checked: Checked) -> Iterator[Hit]:
    """Yield names of sources that a runfile cannot hold."""
    for name in checked.project.sources:
        if not is_fit_for_runfiles(name):
            yield Hit(False, ("sources", name), f"{name!r} has characters that a shell takes for its own")


def no_tiers(checked: Checked) -> Iterator[Hit]:
    """Yield sources with obsnums or parts, but without a tier."""
    for name, source in checked.project.sources.items():
        tiers = source.tiers
        if (source.obsnums or source.mosaic) and tiers.a is None and tiers.b is None and tiers.c is None:
            yield Hit(False, ("sources", name), f"{name} has no tier")


def no_first_tier(checked: Checked) -> Iterator[Hit]:
    """Yield sources with a tier b or c, but no tier a."""
    for name, source in checked.project.sources.items():
        tiers = source.tiers
        if tiers.a is None and (tiers.b is not None or tiers.c is not None):
            yield Hit(False, ("sources", name, "tiers"), f"{name} has no tier a: no first pass and no combination")


def uneven_tiers(checked: Checked) -> Iterator[Hit]:
    """Yield sources that lack a tier b or c which most other sources of their mode have."""
    sources = {name: one for name, one in checked.project.sources.items() if one.tiers.a is not None and one.obsnums}
    for tier in TIERS[1:]:
        without = [name for name, one in sources.items() if one.tiers.get(tier) is None]
        if 2 * len(without) < len(sources):
            for name in without:
                yield Hit(False, ("sources", name, "tiers"), f"{name} has no tier {tier}, most other sources do")


def nothing_accepted(checked: Checked) -> Iterator[Hit]:
    """Yield sources all of whose obsnums are kept out of the combination."""
    for name, listings in checked.expanded.items():
        if listings and not checked.members(name):
            what = f"none of the {len(listings)} obsnums of {name} is accepted: there is no combination"
            yield Hit(False, ("sources", name), what)


def stale_combination(checked: Checked) -> Iterator[Hit]:
    """Yield verdicts on combinations that do not exist, or no longer."""
    for name in checked.qa.combinations:
        if name not in checked.combinations:
            first, _, last = name.partition("_")
            is_number = max(len(first), len(last)) <= LONGEST_OBSNUM
            why_gone = _gone(checked, int(first), int(last)) if is_number else "an obsnum is not that long"
            yield Hit(True, ("combinations", name), f"there is no combination {name}: {why_gone}")


LONGEST_OBSNUM = 8
"""Digits (bot.model.scalars.OBSNUM_MAX)."""


def _gone(checked: Checked, first: int, last: int) -> str:
    homes = [_homes(checked, obsnum) for obsnum in (first, last)]
    for obsnum, home in zip((first, last), homes, strict=True):
        if not home:
            return f"obsnum {obsnum} is in no source"
    common = [name for name in homes[0] if name in homes[1]]
    if not common:
        return f"{first} is in {homes[0][0]}, {last} in {homes[1][0]}"
    name = common[0]
    members = checked.members(name)
    if not members:
        return f"nothing of {name} is accepted now"
    now = f"that of {name} is now called {members[0]}_{members[-1]}"
    out = [str(obsnum) for obsnum in dict.fromkeys((first, last)) if obsnum not in members]
    return f"{' and '.join(out)} left out since; {now}" if out else f"obsnums came or went since; {now}"


def _homes(checked: Checked, obsnum: int) -> list[str]:
    """Return the sources that the obsnum belongs to, its own list before mosaics."""
    own = [place.name for place in checked.listed.get(obsnum, ())]
    wide = [name for name, found in checked.expanded.items() if any(one.obsnum == obsnum for one, _ in found)]
    return list(dict.fromkeys([*own, *wide]))


def combination_count(checked: Checked) -> Iterator[Hit]:
    """Yield notes on combinations whose [accepted/all] is not what the lists say."""
    for name, verdict in checked.qa.combinations.items():
        source = checked.combinations.get(name)
        for loc, _, part in parts_of(("combinations", name), verdict) if source else ():
            counts = _COUNT.search(part.note or "")
            accepted, listed = len(checked.members(str(source))), len(checked.expanded[str(source)])
            if counts and (int(counts[1]), int(counts[2])) != (accepted, listed):
                what = f"the note on {name} says {counts[0]}, the lists of {source} say [{accepted}/{listed}]"
                yield Hit(True, (*loc, "note"), what)


RULES = (
    Rule(
        "TWICE_IN_SOURCE",
        Severity.WARNING,
        "a source lists an obsnum twice",
        "today's tools reduce it twice and combine it twice, lmtbot once; whether it is combined must be said once",
        "take one of them out",
        twice_in_source,
    ),
    Rule(
        "IN_TWO_SOURCES",
        Severity.WARNING,
        "two sources list an obsnum",
        "an obsnum has one directory: it is reduced with the parameters of the first source only",
        "list it in one of them; a combination of several sources is a `mosaic`",
        in_two_sources,
    ),
    Rule(
        "IN_TWO_PROJECTS",
        Severity.WARNING,
        "two projects list an obsnum",
        "it is reduced and archived twice, under two ProjectIds",
        "take it out of one, or say `project:` on the listing where it is meant",
        in_two_projects,
    ),
    Rule(
        "LISTED_AND_LEFT_OUT",
        Severity.ERROR,
        "an obsnum is in a source and under left_out",
        "one of the two is wrong; it is reduced",
        "take it out of one of them",
        listed_and_left_out,
    ),
    Rule(
        "NO_MOSAIC_PART",
        Severity.ERROR,
        "a part of a mosaic does not exist",
        "its obsnums are missing from the combination",
        "write the name of a source as it stands under `sources`",
        missing_mosaic_part,
    ),
    Rule(
        "UNKNOWN_MODE",
        Severity.ERROR,
        "a mode that the pipeline does not reduce",
        "parameters, products and the combination depend on it",
        "write instrument/obspgm, e.g. SEQ/Map",
        unknown_mode,
    ),
    Rule(
        "SHELL_NAME",
        Severity.WARNING,
        "the name of a source could be a command",
        "lmtbot runs it, but the old runfiles are read by shells: `plan --runfiles` refuses the project",
        "call the source otherwise, and say the telescope's name under `aliases`",
        name_for_shells,
    ),
    Rule(
        "NO_TIERS",
        Severity.WARNING,
        "a source without tiers",
        "nothing of it is reduced",
        "add `tiers: {a: {}}`, or name its obsnums under left_out with the reason",
        no_tiers,
    ),
    Rule(
        "NO_FIRST_TIER",
        Severity.WARNING,
        "a source with a tier b or c, but no tier a",
        "the combination belongs to the first pass: there is none",
        "add tier a",
        no_first_tier,
    ),
    Rule(
        "UNEVEN_TIERS",
        Severity.INFO,
        "a source lacks a tier that most others of the project have",
        "it may have been forgotten: its obsnums are not improved",
        "add the tier if it is wanted",
        uneven_tiers,
    ),
    Rule(
        "NOTHING_ACCEPTED",
        Severity.WARNING,
        "every obsnum of a source is kept out of the combination",
        "there is no combination, and the PI gets single products only",
        "accept some, or leave it so if all are bad",
        nothing_accepted,
    ),
    Rule(
        "STALE_COMBINATION",
        Severity.WARNING,
        "a verdict on a combination that does not exist",
        "a combination is called FIRST_LAST after its accepted obsnums in list order; nothing answers to the old name",
        "look at the new one and rename the verdict, or take it out",
        stale_combination,
    ),
    Rule(
        "COMBINATION_COUNT",
        Severity.WARNING,
        "the [accepted/all] in a combination's note is not what the lists say",
        "the verdict was given on other members than are combined now",
        "look at the combination again and mend the note",
        combination_count,
    ),
)
