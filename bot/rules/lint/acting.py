"""Rules on parameters that cannot act where they stand: the wrong tier, the wrong bank, a tier that is not there. Pure.

Sources: the pipeline keeps the baseline regions of the first call of a directory (recorded runs of the contract), and
tier b carries what is said for an obsnum or its bank 0, tier c what is said for bank 1 (bot.rules.lines).
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.errors import Severity
from bot.formats.yaml_text import Loc
from bot.model.project import TIERS, BankVerdict, Parameters, Source, Tier, Verdict
from bot.rules.lint.checked import Checked, Hit, Rule, parts_of
from bot.rules.parameters import catalogue

GRADE_KEY = "qagrade"


def late_tier(checked: Checked) -> Iterator[Hit]:
    """Yield first-call parameters in a later tier that say something else than the first tier."""
    for name, source in checked.project.sources.items():
        first = _first_tier(source)
        for tier in TIERS[TIERS.index(first) + 1 :] if first else ():
            words = source.tiers.get(tier)
            for key, value, acts in _without_effect(words or Parameters(), source, first, checked.mode_of(name)):
                what = f"{key}={value} in tier {tier} of {name} has no effect: tier {first} ran with {key}={acts}"
                yield Hit(False, ("sources", name, "tiers", tier, key), what, f"set {key} in tier {first}")


def late_flag(checked: Checked) -> Iterator[Hit]:
    """Yield first-call parameters among an obsnum's flags, where a tier before has made the directory already."""
    for obsnum, verdict in checked.qa.obsnums.items():
        for loc, bank, part in parts_of(("obsnums", str(obsnum)), verdict):
            for place in checked.listed.get(obsnum, ())[:1]:
                first, acting = _first_tier(place.source), _tier_of(bank)
                if first is None or first == acting or place.source.tiers.get(acting) is None:
                    continue
                mode = checked.mode_of(place.name)
                for key, value, acts in _without_effect(part.flags, place.source, first, mode):
                    what = f"{key}={value} for obsnum {obsnum} has no effect: tier {first} ran with {key}={acts}"
                    cure = f"list it in a source of its own with {key}={value} in tier {first}, or take it out"
                    yield Hit(True, (*loc, "flags", key), what, cure)


def _first_tier(source: Source) -> Tier | None:
    return next((tier for tier in TIERS if source.tiers.get(tier) is not None), None)


def _tier_of(bank: int | None) -> Tier:
    return "c" if bank == 1 else "b"


def _without_effect(words: Parameters, source: Source, first: Tier | None, mode: str) -> Iterator[tuple[str, str, str]]:
    """Yield (key, value, value that acts) of the first-call parameters that differ from those of the first tier.

    With `restart=1` among the words their call is the first of a new directory, and they act.
    """
    if words.get("restart") == "1":
        return
    known = catalogue(mode)
    for key in dict.fromkeys(key for key, _ in words.pairs):
        parameter = known.get(key)
        if parameter is None or not parameter.first_call or first is None:
            continue
        value = words.get(key) or ""
        acts = (source.tiers.get(first) or Parameters()).get(key) or parameter.default or ""
        if not _same(value, acts):
            yield key, value, acts


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other


def lost_flags(checked: Checked) -> Iterator[Hit]:
    """Yield flags of listed obsnums for which no tier is run that would carry them."""
    for loc, obsnum, tier, part, told in _unreached(checked):
        keys = [key for key, _ in part.flags.pairs if key != GRADE_KEY]
        if keys:
            what = f"{', '.join(keys)} for obsnum {obsnum} reaches no run line: {told}"
            yield Hit(True, (*loc, "flags"), what, f"{_ADD[tier]}, or take the flags out")


def lost_grades(checked: Checked) -> Iterator[Hit]:
    """Yield grades of listed obsnums for which no tier is run that would tell the pipeline."""
    for loc, obsnum, tier, part, told in _unreached(checked):
        grade = part.grade if part.grade is not None else part.flags.get(GRADE_KEY)
        if grade not in (None, 0, "0"):
            yield Hit(True, loc, f"grade {grade} of obsnum {obsnum} reaches no run line: {told}", _ADD[tier])


_ADD: dict[Tier, str] = {"b": "add `b: {}` to the source's tiers", "c": "add `c: {bank: 1}` to the source's tiers"}


def _unreached(
    checked: Checked,
) -> Iterator[tuple[Loc, int, Tier, Verdict | BankVerdict, str]]:
    for obsnum, verdict in checked.qa.obsnums.items():
        places = checked.listed.get(obsnum, ())
        for loc, bank, part in parts_of(("obsnums", str(obsnum)), verdict):
            tier = _tier_of(bank)
            if places and all(place.source.tiers.get(tier) is None for place in places):
                yield loc, obsnum, tier, part, f"{places[0].name} has no tier {tier}"


def only_bank_0(checked: Checked) -> Iterator[Hit]:
    """Yield what is said of an obsnum as a whole where bank 1 has a tier of its own and nothing said of it."""
    for obsnum, verdict in checked.qa.obsnums.items():
        places = checked.listed.get(obsnum, ())
        if 1 in verdict.banks or not any(has_two_banks(place.source) for place in places):
            continue
        keys = [key for key, _ in verdict.flags.pairs]
        keys += ["grade"] if verdict.grade is not None and GRADE_KEY not in keys else []
        if keys:
            what = f"{', '.join(keys)} of obsnum {obsnum} reaches bank 0 only; {places[0].name} has a tier c for bank 1"
            yield Hit(True, ("obsnums", str(obsnum), "flags" if verdict.flags else "grade"), what)


def has_two_banks(source: Source) -> bool:
    """Say whether each bank has a tier of its own, so that a verdict has to name the bank to reach it."""
    return source.tiers.b is not None and source.tiers.c is not None


def tier_banks(checked: Checked) -> Iterator[Hit]:
    """Yield sources with a tier c whose `bank=` do not part the banks, and first passes of one bank only."""
    for name, source in checked.project.sources.items():
        banks = {tier: (source.tiers.get(tier) or Parameters()).get("bank") for tier in TIERS}
        loc = ("sources", name, "tiers")
        if source.tiers.a is not None and banks["a"] in ("0", "1"):
            cure = "take bank= out of tier a, it belongs into b and c"
            yield Hit(False, (*loc, "a", "bank"), f"the first pass of {name} makes bank {banks['a']} only", cure)
        if source.tiers.c is None:
            if banks["b"] == "1":
                told = f"tier b of {name} improves bank 1, and nothing improves bank 0"
                yield Hit(False, (*loc, "b", "bank"), told, "write bank=0 in tier b and bank=1 in tier c")
        elif checked.mode_of(name).startswith("RSR"):
            yield Hit(False, (*loc, "c"), f"{name} has a tier c, but RSR has no banks", "take tier c out")
        elif source.tiers.b is not None and dict(source.tiers.c.pairs) == dict(source.tiers.b.pairs):
            what = f"tier c of {name} says the same as tier b: every obsnum is reduced alike, once more"
            yield Hit(False, (*loc, "c"), what)
        elif banks["c"] != "1":
            told = "does not say which bank" if banks["c"] is None else f"says bank={banks['c']}"
            yield Hit(False, (*loc, "c"), f"tier c of {name} {told}")
        elif banks["b"] != "0":
            told = "does not say which bank, so it reduces both" if banks["b"] is None else f"says bank={banks['b']}"
            yield Hit(False, (*loc, "b"), f"tier b of {name} {told}; tier c has bank=1", "write bank=0 in tier b")


RULES = (
    Rule(
        "LATE_BASELINE",
        Severity.ERROR,
        "dv or dw in a later tier differs from the first tier's",
        "the pipeline keeps the baseline regions of the first call of a directory: the value changes nothing",
        "set it in the first tier",
        late_tier,
    ),
    Rule(
        "LATE_BASELINE_FLAG",
        Severity.ERROR,
        "dv or dw among the flags of an obsnum",
        "flags come with the second call, and the pipeline keeps the baseline regions of the first: nothing happens",
        "set it in tier a, or take it out",
        late_flag,
    ),
    Rule(
        "FLAGS_LOST",
        Severity.ERROR,
        "flags of an obsnum whose source lacks the tier that carries them",
        "the bad beams, boards or channels stay in the data, though the file says that they are flagged",
        "add the tier, or take the flags out",
        lost_flags,
    ),
    Rule(
        "GRADE_LOST",
        Severity.WARNING,
        "grade of an obsnum whose source lacks the tier that carries it",
        "the products and their metadata keep grade 0",
        "add the tier",
        lost_grades,
    ),
    Rule(
        "BANK_0_ONLY",
        Severity.WARNING,
        "flags or grade without a bank where bank 1 has a tier of its own",
        "what is said without a bank reaches tier b, that is bank 0; bank 1 is reduced as if nothing had been said",
        "say it under `banks: {0: ..., 1: ...}` for each bank that is meant",
        only_bank_0,
    ),
    Rule(
        "BANK_TIERS",
        Severity.WARNING,
        "tiers b and c do not part the banks by bank=0 and bank=1",
        "flags for one bank then act on both, or one bank is reduced twice and the other not at all",
        "write bank=0 in tier b and bank=1 in tier c; with one bank, take tier c out",
        tier_banks,
    ),
)
