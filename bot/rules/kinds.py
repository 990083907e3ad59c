"""The kinds of values that pipeline parameters have: text -> value -> the same text, and what is wrong with a text.

Pure. Which parameter has which kind is the catalogue's part (bot.rules.parameters). A text that is wrong is a `Fault`,
a value like any other: nothing here raises.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.errors import Severity
from bot.model.project import SAFE_CHARACTERS

BEAMS = 16
CHASSIS = 4
BOARDS = 6

_INT = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_BEAM = re.compile(r"-?[0-9]{1,4}", re.ASCII)
_BOARD = re.compile(r"([0-9]{1,4})/([0-9]{1,4})", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_REGIONS = re.compile(r"\[(?:\[[^\[\],]+,[^\[\],]+\](?:,(?=\[)|(?=\])))+\]")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one word of parameters, and how to mend it."""

    code: str
    severity: Severity
    what: str
    why: str = ""
    cure: str = ""
    blocks: bool = False
    """True: a run line with it must not reach the pipeline."""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Legal:
    """What a value must hold beside its kind; None and False: nothing."""

    least: float | None = None
    above: float | None = None
    among: tuple[str, ...] | None = None
    odd_above: int | None = None
    """0, or an odd number greater than this."""
    pairs: bool = False
    """An even number of numbers."""
    count: int | None = None
    """This many numbers, or none at all."""


ANYTHING = Legal()
"""No rule beside the kind."""


@dataclass(frozen=True, slots=True)
class Value:
    """A legal value: as written, and what it means."""

    kind: str
    text: str
    data: Any
    """flag bool; int; float; ints, floats tuples; text str; date; beams the beams used, ascending, as a tuple; boards
    ((chassis, board), ...); regions ((from, to), ...) in km/s. None where nothing is written."""
    slips: tuple[Fault, ...] = ()
    """Faults of style or sense that do not change what it means."""


def parse_text(kind: str, text: str, legal: Legal = ANYTHING) -> Value | Fault:
    """Read a text as a kind of value; return the fault where it is none."""
    if not text:
        return Value(kind, "", None) if kind in EMPTY_IS_LEGAL else _not(kind, "nothing stands after the =")
    value = _READERS[kind](text)
    if isinstance(value, Fault):
        return value
    return _out_of_range(value, legal) or value


def print_value(value: Value) -> str:
    """Return the text of a value: for one that was read, what was read."""
    return value.text


def value_of(kind: str, data: Any) -> Value:
    """Return the value with this meaning, written in the plainest way (shapes as in `Value.data`)."""
    return Value(kind, _WRITERS[kind](data), data)


def expand_beams(text: str) -> str:
    """Write out "all but these": "-0,5" is "1,2,3,4,6,...,15". The first sign decides for the whole list.

    What is no legal list of that form comes back as it is (LMTOY lmtoy/runs.py does the same, or dies).
    """
    if not text.startswith("-"):
        return text
    value = _beams(text)
    return text if isinstance(value, Fault) else ",".join(map(str, value.data))


EMPTY_IS_LEGAL = ("text", "floats", "boards")
"""`badcb=` takes back what a tier says; an empty list means none."""


def _not(kind: str, detail: str, cure: str = "") -> Fault:
    return Fault("NOT_A_VALUE", Severity.ERROR, detail, _WHY_NO_VALUE, cure or f"write {_FORMS[kind]}", blocks=True)


_WHY_NO_VALUE = "the pipeline would ignore it, or fall over it, without a word"
_FORMS = {
    "flag": "0 or 1",
    "int": "a whole number",
    "float": "a number",
    "ints": "whole numbers with commas between, e.g. 512,1024",
    "floats": "numbers with commas between, e.g. 110.5,0.3",
    "text": "one word",
    "date": "a date, YYYY-MM-DD",
    "beams": "beams with commas between, 0 to 15, e.g. 0,2, or -0,5 for all but 0 and 5",
    "boards": "chassis/board with commas between, e.g. 2/3,3/5",
    "regions": "pairs of km/s, e.g. [[-100,-50],[50,100]]",
}


def form_of(kind: str) -> str:
    """Return how a value of this kind is written, in words."""
    return _FORMS[kind]


def _flag(text: str) -> Value | Fault:
    return Value("flag", text, text == "1") if text in ("0", "1") else _not("flag", f"{text!r} is not 0 or 1")


def _int(text: str) -> Value | Fault:
    return Value("int", text, int(text)) if _INT.fullmatch(text) else _not("int", f"{text!r} is no whole number")


def _float(text: str) -> Value | Fault:
    number = _number(text)
    return _not("float", f"{text!r} is no number") if number is None else Value("float", text, number)


def _number(text: str) -> float | None:
    number = float(text) if len(text) <= 40 and _FLOAT.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def _ints(text: str) -> Value | Fault:
    wrong = next((item for item in text.split(",") if not _INT.fullmatch(item)), None)
    if wrong is not None:
        return _wrong_item("ints", text, wrong, "no whole number")
    return Value("ints", text, tuple(int(item) for item in text.split(",")))


def _floats(text: str) -> Value | Fault:
    items, slips = _items(text)
    numbers = [_number(item) for item in items]
    if None in numbers:
        return _wrong_item("floats", text, items[numbers.index(None)], "no number")
    return Value("floats", text, tuple(numbers), slips)


def _items(text: str) -> tuple[list[str], tuple[Fault, ...]]:
    """Part a list that the pipeline parts in a shell, where a comma too many at the end is lost without harm."""
    if not text.endswith(",") or text.endswith(",,") or text == ",":
        return text.split(","), ()
    why = "today the pipeline overlooks it; the next number written behind it may end up in a word of its own"
    slip = Fault("TRAILING_COMMA", Severity.WARNING, f"{text!r} ends with a comma", why, f"write {text[:-1]}")
    return text[:-1].split(","), (slip,)


def _wrong_item(kind: str, text: str, item: str, told: str) -> Fault:
    if not item:
        return _not(kind, f"{text!r} has a comma too many")
    cure = f"write {text[:-1]}" if text.endswith(".") and text.endswith(item) else ""
    return _not(kind, f"{item!r} in {text!r} is {told}", cure)


def _text(text: str) -> Value | Fault:
    bad = " ".join(repr(char) for char in sorted(set(SAFE_CHARACTERS.sub("", text))))
    if bad:
        return _not(
            "text", f"{text!r} holds {bad}", "a value is one word without white space, quotes or shell characters"
        )
    return Value("text", text, text)


def _date(text: str) -> Value | Fault:
    try:
        if _DATE.fullmatch(text):
            return Value("date", text, date.fromisoformat(text))
    except ValueError:
        pass
    return _not("date", f"{text!r} is no date")


def _beams(text: str) -> Value | Fault:
    items = text.split(",")
    wrong = next((item for item in items if not _BEAM.fullmatch(item)), None)
    if wrong is not None:
        plus = "a beam has no plus sign; name all beams to use, or those to leave out after a minus sign"
        return _not("beams", f"{wrong!r} is no beam", plus) if wrong[:1] == "+" else _wrong_beam(text, wrong)
    if not text.startswith("-") and "-" in text:
        return _not("beams", f"{text!r} has beams to use and beams to leave out", "the first sign decides")
    named = [abs(int(item)) for item in items]
    if max(named) >= BEAMS:
        return _range(f"beam {max(named)} does not exist", f"beams are 0 to {BEAMS - 1}")
    used = tuple(beam for beam in range(BEAMS) if (beam in named) != text.startswith("-"))
    if not used:
        return _range(f"{text!r} leaves out every beam", "say skip=1, or take the obsnum out of the combination")
    return Value("beams", text, used, (*_twice(items, named), *_signs(text)))


def _wrong_beam(text: str, item: str) -> Fault:
    return _wrong_item("beams", text, item, "no beam")


def _signs(text: str) -> tuple[Fault, ...]:
    if text.count("-") < 2:
        return ()
    plain = "-" + text.replace("-", "")
    why = "only the first sign counts: it means the same, but looks as if each sign could be left out"
    return (Fault("BEAM_SIGNS", Severity.INFO, f"{text!r} has more than one sign", why, f"write {plain}"),)


def _twice(items: list[str], named: list[Any]) -> tuple[Fault, ...]:
    again = [item for place, item in enumerate(items) if named[place] in named[:place]]
    if not again:
        return ()
    why = "harmless by itself, but perhaps another one was meant, which then is not flagged"
    return (Fault("ITEM_TWICE", Severity.WARNING, f"{again[0]} stands twice in the list", why, "see which was meant"),)


def _boards(text: str) -> Value | Fault:
    items, slips = _items(text)
    found = [_BOARD.fullmatch(item) for item in items]
    if None in found:
        return _wrong_item("boards", text, items[found.index(None)], "no chassis/board")
    pairs = tuple((int(one[1]), int(one[2])) for one in found if one)
    for chassis, board in pairs:
        if chassis >= CHASSIS or board >= BOARDS:
            rule = f"chassis are 0 to {CHASSIS - 1}, boards 0 to {BOARDS - 1}"
            return _range(f"chassis {chassis} board {board} does not exist", rule)
    return Value("boards", text, pairs, (*slips, *_twice(items, list(pairs))))


def _regions(text: str) -> Value | Fault:
    if not _REGIONS.fullmatch(text):
        return _not("regions", f"{text!r} is no list of pairs")
    numbers = [_number(item) for item in re.split(r"[\[\],]+", text) if item]
    if None in numbers:
        return _not("regions", f"{text!r} holds something that is no number")
    pairs = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    wrong = next((pair for pair in pairs if not pair[0] < pair[1]), None)  # type: ignore[operator]
    if wrong:
        return _range(f"the region from {wrong[0]:g} to {wrong[1]:g} km/s is empty", "write the smaller number first")
    return Value("regions", text, pairs)


def _range(what: str, cure: str) -> Fault:
    return Fault("OUT_OF_RANGE", Severity.ERROR, what, _WHY_NO_VALUE, cure, blocks=True)


def _out_of_range(value: Value, legal: Legal) -> Fault | None:
    """Say where the value breaks the rule of its parameter, None if it does not."""
    data, text = value.data, value.text
    if legal.among is not None and str(data) not in legal.among:
        return _range(f"{text} is not one of {', '.join(legal.among)}", f"write one of {', '.join(legal.among)}")
    if legal.least is not None and data < legal.least:
        return _range(f"{text} is less than {legal.least:g}", f"the least is {legal.least:g}")
    if legal.above is not None and data <= legal.above:
        return _range(f"{text} is not greater than {legal.above:g}", f"it must be greater than {legal.above:g}")
    if legal.odd_above is not None and data != 0 and not (data > legal.odd_above and data % 2):
        rule = f"0 or an odd number greater than {legal.odd_above}"
        return _range(f"{text} is not {rule}", f"write {rule}")
    if legal.pairs and len(data) % 2:
        return _range(f"{len(data)} numbers are no pairs", "write two numbers for each: f,df")
    if legal.count is not None and len(data) != legal.count:
        return _range(f"there are {len(data)} numbers, {legal.count} are wanted", f"write {legal.count} numbers")
    return None


_READERS: dict[str, Callable[[str], Value | Fault]] = {
    "flag": _flag,
    "int": _int,
    "float": _float,
    "ints": _ints,
    "floats": _floats,
    "text": _text,
    "date": _date,
    "beams": _beams,
    "boards": _boards,
    "regions": _regions,
}
KINDS = tuple(_READERS)

_WRITERS: dict[str, Callable[[Any], str]] = {
    "flag": lambda data: "1" if data else "0",
    "int": str,
    "float": repr,
    "ints": lambda data: ",".join(map(str, data)),
    "floats": lambda data: ",".join(map(repr, data)),
    "text": str,
    "date": lambda data: data.isoformat(),
    "beams": lambda data: ",".join(map(str, data)),
    "boards": lambda data: ",".join(f"{chassis}/{board}" for chassis, board in data),
    "regions": lambda data: "[" + ",".join(f"[{low!r},{high!r}]" for low, high in data) + "]",
}
