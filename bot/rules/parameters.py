"""The catalogue of pipeline parameters: what is known, what is legal, who may set it, what must not reach the pipeline.

An unknown `key=value` would become an environment variable of the pipeline, and a misspelt one is ignored in silence:
so this is an allow-list. The facts stand in catalogue.yaml; nothing here knows files of projects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Literal

from bot.errors import Severity
from bot.model.modes import MAPS, MODES, POINTS
from bot.model.project import Parameters
from bot.rules.kinds import ANYTHING, Fault, Legal, Value, expand_beams, form_of, parse_text, print_value

__all__ = [
    "Fault",
    "Parameter",
    "Value",
    "blocking_fault",
    "catalogue",
    "expand_beams",
    "faults_of",
    "form_of",
    "known_key",
    "parse_value",
    "print_value",
]

Role = Literal["pi", "da", "po", "bot"]
ROLES: tuple[Role, ...] = ("pi", "da", "po", "bot")
"""From the one who may set least to the one who may set all."""

COMBINATION = "combination"
_HEAD = ("obsnum=", "obsnums=", "_io=", "_s=")
"""The words that the planner itself begins a run line with."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One keyword of the pipeline."""

    name: str
    kind: str
    who: Role
    """The least role that may set it."""
    unit: str = ""
    default: str | None = None
    """As it would be written; None: it has none, the header or another parameter decides."""
    legal: Legal = ANYTHING
    needs: str = ""
    """It acts only where this other parameter is set."""
    first_call: bool = False
    """It acts only in the first call of a directory."""
    note: str = ""
    modes: tuple[str, ...] = ()
    """Where it acts; () everywhere."""


def catalogue(mode: str) -> Mapping[str, Parameter]:
    """Return the parameters of a mode by name: SEQ/Map, RSR/Bs, ..., "combination"; all of them for any other mode."""
    return _catalogues().get(mode) or _catalogues()[""]


def known_key(name: str) -> bool:
    """Say whether the pipeline knows the keyword, in whatever mode."""
    return name in _catalogues()[""]


def parse_value(parameter: Parameter, text: str) -> Value | Fault:
    """Read a text as the parameter's value; return the fault where it is none or out of range."""
    found = parse_text(parameter.kind, text, parameter.legal)
    return replace(found, key=parameter.name) if isinstance(found, Fault) else found


def faults_of(parameters: Parameters | Sequence[str], mode: str, *, role: Role) -> list[Fault]:
    """Return everything that is wrong with these words when `role` sets them for `mode`, in their order."""
    faults: list[Fault] = []
    seen: set[str] = set()
    names = {word.partition("=")[0] for word in parameters}
    for word in parameters:
        key = word.partition("=")[0]
        faults += _faults_of_word(word, mode, role)
        parameter = catalogue("").get(key)
        if key in seen and parameter:
            faults.append(_key_twice(key))
        if parameter and parameter.needs and parameter.needs not in names:
            faults.append(_lonely(parameter))
        seen.add(key)
    return faults


def blocking_fault(words: Sequence[str], mode: str) -> str:
    """Say why a run line with these words must not reach the pipeline, "" when it may.

    The words are those of the whole line; the head that the planner writes (obsnum, _io, _s) is its own business, as is
    `restart=1`, which real projects also carry in tier a.
    """
    for place, word in enumerate(words):
        if place < 3 and word.startswith(_HEAD):
            continue
        told = _blocking(word, mode)
        if told:
            return told
    return ""


@lru_cache(maxsize=65536)
def _blocking(word: str, mode: str) -> str:
    fault = next((fault for fault in _faults_of_word(word, mode, "po") if fault.blocks), None)
    return f"{word}: {fault.what}; {fault.cure}" if fault else ""


@lru_cache(maxsize=65536)
def _faults_of_word(word: str, mode: str, role: Role) -> tuple[Fault, ...]:
    return tuple(replace(fault, key=word.partition("=")[0]) for fault in _word_faults(word, mode, role))


def _word_faults(word: str, mode: str, role: Role) -> Iterator[Fault]:
    key, equals, text = word.partition("=")
    parameter = catalogue(mode).get(key) or catalogue("").get(key)
    if not equals or not key:
        yield _bare(word)
    elif parameter is None:
        yield _unknown(key, mode)
    else:
        yield from _permission(parameter, text, role)
        found = parse_value(parameter, text)
        if isinstance(found, Fault):
            yield found
        else:
            yield from found.slips
        if key not in catalogue(mode):
            yield _other_mode(parameter, mode)


def _bare(word: str) -> Fault:
    why = "the pipeline takes key=value only; blanks around the = part one word into three, and its value is lost"
    cure = "write key=value, without blanks"
    return Fault("BARE_WORD", Severity.ERROR, f"{word!r} is no key=value", why, cure, blocks=True)


def _unknown(key: str, mode: str) -> Fault:
    near = get_close_matches(key, catalogue(mode), n=1) or get_close_matches(key, catalogue(""), n=1)
    cure = f"did you mean {near[0]}?" if near else "take it out; docs/parameters.md lists what there is"
    why = "the pipeline ignores an unknown key without a word, so that what was meant does not happen"
    return Fault("UNKNOWN_PARAMETER", Severity.ERROR, f"no parameter has the name {key}", why, cure, blocks=True)


def _permission(parameter: Parameter, text: str, role: Role) -> Iterator[Fault]:
    if ROLES.index(parameter.who) <= ROLES.index(role):
        return
    key = parameter.name
    if (key, text) == ("restart", "1"):
        why = "the planner writes it in tier a already; in a later tier it would delete what the first ones made"
        yield Fault("RESTART_BY_HAND", Severity.WARNING, "restart=1 is set by hand", why, "take it out")
    elif parameter.who == "bot":
        why = "a line with it by hand could delete, move or archive results"
        yield Fault("BOT_PARAMETER", Severity.ERROR, f"{key} is lmtbot's to set", why, "take it out", blocks=True)
    else:
        owner = parameter.who.upper()
        what = f"{key} is for the {owner} to set, not for the {role.upper()}"
        why = "it touches more than this observation"
        yield Fault("NOT_YOURS", Severity.ERROR, what, why, f"ask the {owner}")


def _other_mode(parameter: Parameter, mode: str) -> Fault:
    acts = ", ".join(parameter.modes) or "single obsnums"
    what = f"{parameter.name} acts in {acts} only, this is {mode}"
    return Fault("OTHER_MODE", Severity.WARNING, what, "the pipeline reads and ignores it", "take it out")


def _key_twice(key: str) -> Fault:
    what, why = f"{key} stands twice", "the pipeline takes the last one and says nothing of the first"
    return Fault("KEY_TWICE", Severity.WARNING, what, why, "keep the one that is meant", key=key)


def _lonely(parameter: Parameter) -> Fault:
    what = f"{parameter.name} acts only together with {parameter.needs}"
    cure = f"set {parameter.needs} too, or take it out"
    return Fault("NEEDS_ANOTHER", Severity.WARNING, what, "alone it does nothing", cure, key=parameter.name)


@cache
def _catalogues() -> Mapping[str, Mapping[str, Parameter]]:
    """Read catalogue.yaml; mode -> name -> parameter, and all of them under ""."""
    sections = _sections()
    everywhere = sections["everywhere"]
    alike = {**dict.fromkeys(MAPS, "SEQ/Map"), **dict.fromkeys(POINTS, "points")}
    parts = {mode: sections[alike.get(mode, mode)] for mode in (*MODES, COMBINATION)}
    found: dict[str, Mapping[str, Parameter]] = {}
    union = dict(everywhere)
    for mode, part in parts.items():
        found[mode] = MappingProxyType({**everywhere, **part})
        for name, parameter in part.items():
            known = union.get(name)
            union[name] = replace(known or parameter, modes=(*(known.modes if known else ()), mode))
    found[""] = MappingProxyType(union)
    return MappingProxyType(found)


def _sections() -> dict[str, dict[str, Parameter]]:
    from importlib.resources import files

    import yaml

    text = (files("bot.rules") / "catalogue.yaml").read_bytes()
    tree: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe one
    return {
        section: {name: _parameter(name, entry) for name, entry in entries.items()} for section, entries in tree.items()
    }


def _parameter(name: str, entry: Mapping[str, Any]) -> Parameter:
    legal = {key: entry[key] for key in ("least", "above", "odd_above", "pairs", "count") if key in entry}
    among = tuple(map(str, entry["among"])) if "among" in entry else None
    return Parameter(
        name,
        entry["kind"],
        entry["who"],
        unit=entry.get("unit", ""),
        default=str(entry["default"]) if "default" in entry else None,
        legal=Legal(**legal, among=among),
        needs=entry.get("needs", ""),
        first_call=entry.get("first_call", False),
        note=entry["note"],
    )
