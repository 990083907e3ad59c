"""A comment on a pull request <-> the commands in it. What a command may do, and to what, is bot.rules.commands' part.

A command is a line of its own that begins with `/word`. What Markdown shows as code, as a quote or not at all is no
command. Everything behind the word is data: numbers, names, `key=value` and a note; nothing here is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic_core import PydanticCustomError

from bot.model.project import Bank, Parameters
from bot.model.scalars import OBSNUM_MAX, one_line

EXAMPLES = {
    "grade": "/grade 110041__0 2 ripples in beam 5",
    "fail": "/fail 110041 no signal",
    "flag": "/flag 110041__0 pix_list=-0,5 birdies=1021,1024",
    "unflag": "/unflag 110041__0 birdies",
    "combine": "/combine 110041 no half the map is missing",
    "run": "/run 110041",
    "status": "/status",
    "refresh": "/refresh",
    "retry": "/retry",
    "help": "/help",
}
"""Every command, written as it may stand in a comment."""

Readers = Mapping[str, "Callable[[str], dict[str, Any]]"]
"""Word of a command -> what reads the rest of its line."""


@dataclass(frozen=True)
class Language:
    """The commands that one kind of conversation has."""

    examples: Mapping[str, str]
    readers: Readers


MOST_COMMANDS = 100
"""In one comment."""
LONGEST_NOTE = 500
LONGEST_SHOWN = 120

_WORD = re.compile(r" {0,3}/([A-Za-z][A-Za-z0-9_-]{0,30})[.,:;!?]{0,3}(?=\s|$)(.*)")
_TARGET = re.compile(r"(?P<one>[0-9]{1,8})(?:__(?P<bank>[0-9]+)|_(?P<last>[0-9]{1,8}))?", re.ASCII)
_TARGET_LIKE = re.compile(r"[0-9]{4,8}(?:__?[0-9]+)?(?=[ \t]|$)", re.ASCII)
_FENCE = re.compile(r" {0,3}(`{3,}(?!.*`)|~{3,})")
_QUOTE = re.compile(r" {0,3}>")
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}", re.ASCII)
_YES_NO = {"yes": True, "no": False}
_NEAR = 0.75


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a comment; only the fields that its name asks for are set."""

    name: str
    target: int | str | None = None
    """An obsnum, or a combination by its name FIRST_LAST."""
    bank: Bank | None = None
    grade: int | None = None
    words: str = ""
    """The note."""
    flags: Parameters = field(default_factory=Parameters)
    combine: bool | None = None
    what: tuple[str, ...] = ()
    """/run: obsnums, sources, combinations; /unflag: keys."""
    line: int = field(default=0, compare=False)
    """In the comment, from 1."""
    text: str = field(default="", compare=False)
    """The line as it was written, shortened."""

    def __str__(self) -> str:
        target = "" if self.target is None else str(self.target)
        target += "" if self.bank is None else f"__{self.bank}"
        grade = "" if self.grade is None or self.name == "fail" else str(self.grade)
        combine = "" if self.combine is None or self.name == "fail" else "yes" if self.combine else "no"
        parts = (f"/{self.name}", target, grade, combine, *self.flags, *self.what, self.words)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Misread:
    """A line that was meant as a command and is none."""

    line: int
    text: str
    """The line, shortened and without control characters."""
    what: str
    cure: str


def parse_commands(body: str, language: Language | None = None) -> tuple[Command | Misread, ...]:
    """Read the commands of a comment, in their order; what is wrongly written is told, what is prose is passed over.

    `language`: of another kind of conversation than a pull request.
    """
    language, found = language or PULL_REQUEST, list[Command | Misread]()
    for number, line in _shown_lines(body):
        one = _read(line, number, language)
        if one is not None and len(found) == MOST_COMMANDS:
            told = f"a comment holds at most {MOST_COMMANDS} commands; this one and those behind it were not read"
            return (*found, Misread(number, one_line(line, LONGEST_SHOWN), told, "write the others in another comment"))
        found += [] if one is None else [one]
    return tuple(found)


def _shown_lines(body: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that Markdown shows as text, numbered, without the HTML comments in them.

    A comment that nobody closes hides all that follows.
    """
    fence, is_hidden = "", False
    for number, line in enumerate(re.split(r"\r\n|\n|\r", body), start=1):
        if fence:
            closing = line.strip(" \t")
            if len(closing) >= len(fence) and not closing.strip(fence[0]) and _FENCE.match(line):
                fence = ""
            continue
        if not is_hidden and (opening := _FENCE.match(line)):
            fence = opening[1]
            continue
        if not is_hidden and _QUOTE.match(line):
            continue
        shown, is_hidden = _without_comments(line, is_hidden)
        yield number, shown


def _without_comments(line: str, is_hidden: bool) -> tuple[str, bool]:
    if not is_hidden and "<!--" not in line:
        return line, False
    kept: list[str] = []
    while line:
        part, mark, line = line.partition("-->" if is_hidden else "<!--")
        kept += [] if is_hidden else [part]
        is_hidden = is_hidden != bool(mark)
    return "".join(kept), is_hidden


def _read(line: str, number: int, language: Language) -> Command | Misread | None:
    found = _WORD.match(line)
    if found is None:
        return None
    name, rest = found[1].lower(), " ".join(found[2].split())
    if name not in language.examples:
        return _unknown(name, rest, line, number, language.examples)
    try:
        fields = language.readers[name](rest)
    except Wrong as wrong:
        example = wrong.example or language.examples[name]
        return Misread(number, one_line(line, LONGEST_SHOWN), wrong.what, f"write it like `{example}`")
    return Command(name, **fields, line=number, text=one_line(line, LONGEST_SHOWN))


def _unknown(name: str, rest: str, line: str, number: int, examples: Mapping[str, str]) -> Misread | None:
    """Answer a slip of the pen and what looks like a command, not a path that happens to begin a line."""
    alike = [known for known in get_close_matches(name, examples, n=3, cutoff=_NEAR) if known[0] == name[0]]
    if not alike and not _TARGET_LIKE.match(rest):
        return None
    cure = f"did you mean `{examples[alike[0]]}`?" if alike else "`/help` lists what there is"
    return Misread(number, one_line(line, LONGEST_SHOWN), f"there is no command /{name}", cure)


class Wrong(Exception):
    """What a line does not say as it should."""

    def __init__(self, what: str, example: str = "") -> None:
        self.what = what
        self.example = example


def _target(rest: str, *, may_be_combination: bool = False) -> tuple[dict[str, Any], str]:
    """Part OBSNUM[__BANK] or FIRST_LAST from what follows."""
    word, _, after = rest.partition(" ")
    if not word:
        raise Wrong("it does not say which obsnum")
    found = _TARGET.fullmatch(word)
    numbers = [int(found[name]) for name in ("one", "last") if found[name]] if found else []
    if found is None or not all(0 < number <= OBSNUM_MAX for number in numbers):
        raise Wrong(f"{one_line(word, 40)!r} is not an obsnum")
    if len(numbers) == 2:
        if not may_be_combination:
            raise Wrong(f"{word} is a combination, and this command is for obsnums")
        return {"target": f"{numbers[0]}_{numbers[1]}"}, after
    if found["bank"] not in (None, "0", "1"):
        raise Wrong(f"bank {one_line(found['bank'], 10)} does not exist, there are 0 and 1")
    return {"target": numbers[0], "bank": int(found["bank"]) if found["bank"] else None}, after


def _note(text: str) -> str:
    if len(text) > LONGEST_NOTE:
        raise Wrong(f"the note has {len(text)} characters, at most {LONGEST_NOTE} are kept")
    return one_line(text, LONGEST_NOTE).replace("<!--", "<! --")


def _grade(rest: str) -> dict[str, Any]:
    target, after = _target(rest, may_be_combination=True)
    word, _, words = after.partition(" ")
    if not word:
        raise Wrong("it does not say which grade")
    if not _NUMBER.fullmatch(word):
        raise Wrong(f"{one_line(word, 40)!r} is not a grade, grades are -2, 0, 1, 2, 3")
    return {**target, "grade": int(word), "words": _note(words)}


def _fail(rest: str) -> dict[str, Any]:
    word, _, words = rest.partition(" ")
    target, _ = _target(word)
    combine = False if target["bank"] is None else None
    return {**target, "grade": -2, "combine": combine, "words": _note(words)}


def _flag(rest: str) -> dict[str, Any]:
    target, after = _target(rest)
    words = after.split()
    if not words:
        raise Wrong("it does not say which parameters")
    return {**target, "flags": read_parameters(words)}


def read_parameters(words: list[str]) -> Parameters:
    """Read `key=value` words; raise Wrong for what is none."""
    bare = next((word for word in words if not re.match(r"_?[A-Za-z]\w*=", word, re.ASCII)), None)
    if bare is not None:
        raise Wrong(f"{one_line(bare, 40)!r} is no key=value, and there are no blanks around = and commas")
    try:
        return Parameters.parse(words)
    except PydanticCustomError as error:
        (_, (what, cure)) = (error.context or {})["faults"][0]
        raise Wrong(f"{one_line(what, LONGEST_SHOWN)}; {cure}") from error


def _unflag(rest: str) -> dict[str, Any]:
    target, after = _target(rest)
    keys = tuple(after.split())
    wrong = next((key for key in keys if not re.fullmatch(r"_?[A-Za-z]\w{0,40}", key, re.ASCII)), None)
    if wrong is not None:
        raise Wrong(f"{one_line(wrong, 40)!r} is not the name of a parameter")
    return {**target, "what": keys}


def _combine(rest: str) -> dict[str, Any]:
    target, after = _target(rest)
    word, _, words = after.partition(" ")
    if target["bank"] is not None:
        raise Wrong("a combination takes an obsnum with all its banks", f"/combine {target['target']} no")
    if word.lower() not in _YES_NO:
        raise Wrong(f"{one_line(word, 40)!r} is neither yes nor no" if word else "it does not say yes or no")
    return {**target, "combine": _YES_NO[word.lower()], "words": _note(words)}


def _run(rest: str) -> dict[str, Any]:
    names = tuple(rest.split())
    wrong = next((name for name in names if not _is_name(name)), None)
    if wrong is not None:
        raise Wrong(f"{one_line(wrong, 40)!r} is no obsnum, source or combination")
    return {"what": tuple(dict.fromkeys(names))}


def _is_name(name: str) -> bool:
    return name.isprintable() and len(name) <= 100 and "<!--" not in name


def read_nothing(rest: str) -> dict[str, Any]:
    """Read a command that has nothing behind it."""
    if rest:
        raise Wrong(f"nothing is read behind it, and there stands {one_line(rest, 40)!r}")
    return {}


_READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "grade": _grade,
    "fail": _fail,
    "flag": _flag,
    "unflag": _unflag,
    "combine": _combine,
    "run": _run,
    "status": read_nothing,
    "refresh": read_nothing,
    "retry": read_nothing,
    "help": read_nothing,
}

PULL_REQUEST = Language(EXAMPLES, _READERS)
"""The commands on pull requests."""
