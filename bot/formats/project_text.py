"""Values -> the text of a new project.yaml or qa.yaml, with comments in their places.

Reading the text back gives the same values. For new files only: an existing file is edited, never written anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.model.project import (
    SAFE_KEY,
    TIERS,
    BankVerdict,
    Listing,
    MosaicPart,
    Parameters,
    Person,
    Project,
    Qa,
    Source,
    Tiers,
    Verdict,
)

Place = tuple[str | int, ...]
"""Where something stands: ("sources", "M100", "obsnums", 0), ("obsnums", 97520, "banks", 1)."""

SCHEMA_LINE = "# yaml-language-server: $schema=../../templates/schema/{name}.json"
WIDTH = 100
"""A mapping of parameters stands on one line when it fits."""
_COMMENT_WIDTH = 4_000

_PLAIN = re.compile(r"[A-Za-z0-9_./+(~][A-Za-z0-9_./+()~*=,;@%^ -]*")
_RESOLVER: Any = yaml.resolver.Resolver()


@dataclass(frozen=True)
class Margin:
    """The comments of a file, without their `#`, by place."""

    top: tuple[str, ...] = ()
    before: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)
    behind: Mapping[Place, str] = field(default_factory=dict)
    """At the end of the line; where a place has no line of its own they stand before it."""
    apart: frozenset[Place] = frozenset()
    """Places with a blank line before them."""
    end: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Flow:
    """A value that is written on one line."""

    text: str


def project_text(project: Project, margin: Margin | None = None) -> str:
    """Return the text of project.yaml; what has its default is left out."""
    tree = {
        "pid": _scalar(project.pid),
        "pi": _person(project.pi),
        "title": _scalar(project.title),
        "mode": _scalar(project.mode),
        "public": _Flow(project.public.isoformat()) if project.public else None,
        "legacy": _texts(project.legacy.model_dump()),
        "left_out": {obsnum: _scalar(why) for obsnum, why in project.left_out.items()},
        "sources": {name: _source(source) for name, source in project.sources.items()},
    }
    return _document("project", tree, margin or Margin())


def qa_text(qa: Qa, margin: Margin | None = None) -> str:
    """Return the text of qa.yaml; what has its default is left out."""
    tree = {
        "note": _scalar(qa.note),
        "obsnums": {obsnum: _verdict(verdict) for obsnum, verdict in qa.obsnums.items()},
        "combinations": {name: _verdict(verdict) for name, verdict in qa.combinations.items()},
    }
    return _document("qa", tree, margin or Margin())


def _document(name: str, tree: dict[Any, Any], margin: Margin) -> str:
    lines = [SCHEMA_LINE.format(name=name), *_comment(margin.top, "")]
    lines += _Writer(margin).mapping(_pruned(tree), (), "")
    if margin.end:
        lines += ["", *_comment(margin.end, "")]
    return "\n".join(lines) + "\n"


def _pruned(tree: dict[Any, Any]) -> dict[Any, Any]:
    """Leave out what says nothing: None, and empty mappings and lists."""
    return {key: value for key, value in tree.items() if value is not None and value not in ({}, [])}


def _person(person: Person) -> dict[str, Any]:
    return _pruned({"name": _scalar(person.name), "github": [_scalar(login) for login in person.github]})


def _texts(values: Mapping[str, str | None]) -> dict[str, Any]:
    return _pruned({key: _scalar(value) for key, value in values.items()})


def _source(source: Source) -> Any:
    mosaic = [_mosaic_part(part) for part in source.mosaic]
    tree = {
        "mode": _scalar(source.mode),
        "aliases": [_scalar(alias) for alias in source.aliases],
        "note": _scalar(source.note),
        "mosaic": mosaic,
        "obsnums": [_listing(listing) for listing in source.obsnums],
        "tiers": _tiers(source.tiers),
    }
    return _pruned(tree) or _Flow("{}")


def _mosaic_part(part: MosaicPart) -> _Flow:
    name = _scalar(part.source, flow=part.project is not None)
    if part.project is None or name is None:
        return name or _Flow("{}")
    return _Flow(f"{{source: {name.text}, project: {_quoted_if_needed(part.project, flow=True)}}}")


def _listing(listing: Listing) -> _Flow:
    if listing.combine and listing.project is None:
        return _Flow(str(listing.obsnum))
    more = "" if listing.combine else ", combine: false"
    more += f", project: {_quoted_if_needed(listing.project, flow=True)}" if listing.project is not None else ""
    return _Flow(f"{{obsnum: {listing.obsnum}{more}}}")


def _tiers(tiers: Tiers) -> dict[str, Any]:
    found = {tier: tiers.get(tier) for tier in TIERS}
    return {tier: _parameters(words) for tier, words in found.items() if words is not None}


def _parameters(words: Parameters) -> Any:
    """Return the words as a mapping where that says the same, else as one text in their order."""
    if not words:
        return _Flow("{}")
    keys = [key for key, _ in words.pairs]
    is_mapping = len(set(keys)) == len(keys) and all("=" in word for word in words)
    if is_mapping and all(SAFE_KEY.fullmatch(key) and not set(key) & set("=,+-.") for key in keys):
        flow = ", ".join(f"{_key(key)}: {_value(value, flow=True)}" for key, value in words.pairs)
        if len(flow) <= WIDTH - 20:
            return _Flow(f"{{{flow}}}")
        return {key: _Flow(_value(value)) for key, value in words.pairs}
    return _Flow(_quoted(" ".join(words)))


def _verdict(verdict: Verdict) -> Any:
    tree = {
        "grade": _number(verdict.grade),
        "combine": None if verdict.combine else _Flow("false"),
        "flags": _parameters(verdict.flags) if verdict.flags else None,
        "note": _scalar(verdict.note),
        "banks": {bank: _bank(inner) for bank, inner in verdict.banks.items()},
    }
    return _pruned(tree) or _Flow("{}")


def _bank(verdict: BankVerdict) -> Any:
    tree = {
        "grade": _number(verdict.grade),
        "flags": _parameters(verdict.flags) if verdict.flags else None,
        "note": _scalar(verdict.note),
    }
    return _pruned(tree) or _Flow("{}")


def _number(value: int | None) -> _Flow | None:
    return None if value is None else _Flow(str(value))


def _scalar(value: str | None, *, flow: bool = False) -> _Flow | None:
    return None if value is None else _Flow(_quoted_if_needed(value, flow=flow))


def _key(value: str | int) -> str:
    return str(value) if isinstance(value, int) else _quoted_if_needed(str(value), flow=True)


def _value(text: str, *, flow: bool = False) -> str:
    """Return a parameter's value; a number stands bare where every reader prints the same digits again."""
    return text if _canonical_number(text) else _quoted_if_needed(text, flow=flow)


def _quoted_if_needed(value: str, *, flow: bool = False) -> str:
    """Return a text bare where every YAML reader takes it for itself, else in quotes."""
    text = str(value)
    plain = _PLAIN.fullmatch(text) and not text.endswith(" ") and not (flow and re.search(r"[,\[\]{}]", text))
    if not plain or _looks_like_a_number(text):
        return _quoted(text)
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    return text if tag == "tag:yaml.org,2002:str" else _quoted(text)


def _canonical_number(text: str) -> bool:
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,15})", text):
        return text != "-0"
    return bool(re.fullmatch(r"-?(0|[1-9][0-9]{0,8})\.[0-9]{1,6}", text)) and repr(float(text)) == text


def _looks_like_a_number(text: str) -> bool:
    for read in (float, lambda one: int(one, 0)):
        try:
            read(text)
        except ValueError:
            continue
        return True
    return False


def _quoted(text: str) -> str:
    """Return the text in double quotes, with what cannot be printed as escapes."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    number = ord(char)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"


def _comment(lines: tuple[str, ...], indent: str) -> list[str]:
    """Return comment lines; what cannot stand in a YAML file is shown as an escape, very long lines are parted."""
    found = []
    for line in lines:
        safe = "".join(char if char.isprintable() else _escaped(char) for char in line.expandtabs())
        pieces = [safe[at : at + _COMMENT_WIDTH] for at in range(0, len(safe), _COMMENT_WIDTH)] or [""]
        found += [f"{indent}# {piece}".rstrip() for piece in pieces]
    return found


@dataclass(frozen=True)
class _Writer:
    margin: Margin

    def mapping(self, tree: dict[Any, Any], place: Place, indent: str) -> list[str]:
        """Return the lines of a block mapping."""
        lines: list[str] = []
        for key, value in tree.items():
            here = (*place, key)
            if (place == () and isinstance(value, dict)) or (len(place) == 1 and place[0] == "sources"):
                lines += [""] if lines else []
            lines += self.ahead(here, indent)
            lines += self.entry(f"{indent}{_key(key)}:", value, here, indent)
        return lines

    def entry(self, head: str, value: Any, place: Place, indent: str) -> list[str]:
        """Return `key: value`, the value below when it is a block."""
        behind = self.behind(place)
        if isinstance(value, _Flow):
            return [f"{head} {value.text}{behind}"]
        if isinstance(value, list):
            return [f"{head}{behind}", *self.sequence(value, place, f"{indent}  ")]
        return [f"{head}{behind}", *self.mapping(value, place, f"{indent}  ")]

    def sequence(self, items: list[_Flow], place: Place, indent: str) -> list[str]:
        """Return one item a line."""
        lines = []
        for index, item in enumerate(items):
            here = (*place, index)
            lines += self.ahead(here, indent)
            lines.append(f"{indent}- {item.text}{self.behind(here)}")
        return lines

    def ahead(self, place: Place, indent: str) -> list[str]:
        """Return the comments before a place."""
        gap = [""] if place in self.margin.apart else []
        return [*gap, *_comment(self.margin.before.get(place, ()), indent)]

    def behind(self, place: Place) -> str:
        """Return the comment at the end of a place's line."""
        said = self.margin.behind.get(place)
        return f"  {_comment((said,), '')[0]}" if said else ""
