"""The typed scalars of our YAML files.

A file's reader hands every scalar over as `Plain` (written bare) or `Quoted` text, never as what YAML would guess:
`-0` is not the integer 0, `110041_110053` no integer, `2020-12-31` no date, `5.10` keeps its zero.
The types below say what each place wants, for files and for values made in Python alike.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

OBSNUM_MAX = 99_999_999
"""Obsnums run to about 150,000 today, old files reach 9,901,395 (domain.md section 3)."""


class Plain(str):
    """A scalar written without quotes."""


class Quoted(str):
    """A scalar written in quotes or as a block: text for certain."""


def shown(value: Any) -> str:
    """Show a value in a message, not at length. Faults are told as two texts: what was found, and the cure."""
    if isinstance(value, dict | list):
        return f"a {'mapping' if isinstance(value, dict) else 'list'}"
    text = repr(str(value)) if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def one_line(text: str, longest: int = 300) -> str:
    """Return a text without line ends and control characters, not without end."""
    text = text[: 4 * longest]
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    told = " ".join(text.split())
    return told if len(told) <= longest else f"{told[: longest - 1]}…"


def _whole_number(value: Any) -> Any:
    if isinstance(value, Quoted):
        raise ValueError(f"{str(value)!r} is text in quotes, a whole number is wanted", "leave the quotes out")
    if not isinstance(value, Plain):
        return value
    if not re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value):
        raise ValueError(
            f"{shown(value)} is no whole number of at most 18 plain digits", "write digits only, e.g. 112139"
        )
    return int(value)


def _obsnum(value: Any) -> Any:
    number = _whole_number(value)
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValueError(f"{shown(value)} is not an obsnum", "write the bare number, e.g. 112139")
    if number < 0:
        cure = f"list obsnum {-number} and say `combine: false` to keep it out of the combination"
        raise ValueError(f"{number} is negative", cure)
    if not 0 < number <= OBSNUM_MAX:
        raise ValueError(f"{number} is not an obsnum", f"obsnums are 1 to {OBSNUM_MAX}")
    return number


def _truth(value: Any) -> Any:
    if isinstance(value, Plain) and value in ("true", "false"):
        return value == "true"
    if isinstance(value, str):
        raise ValueError(f"{shown(value)} is neither true nor false", "write true or false")
    return value


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(str(value)) if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else _no_day(value)
    except ValueError:
        return _no_day(value)


def _no_day(value: str) -> date:
    raise ValueError(f"{shown(value)} is not a date", "write it as YYYY-MM-DD")


def _line_of_text(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} stands where a text is wanted", "write one line of text")
    return str(value)


def _word(value: Any) -> Any:
    text = _line_of_text(value)
    if not text or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise ValueError(f"{shown(text)} is not one word", "a name has no white space and no control characters")
    return text


PID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_scalar_text = {"type": ["string", "number"]}

WholeNumber = Annotated[int, BeforeValidator(_whole_number)]
Obsnum = Annotated[
    int,
    BeforeValidator(_obsnum),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": OBSNUM_MAX}),
]
Truth = Annotated[bool, BeforeValidator(_truth)]
Day = Annotated[date, BeforeValidator(_day)]
Text = Annotated[str, BeforeValidator(_line_of_text), WithJsonSchema(_scalar_text)]
Word = Annotated[str, BeforeValidator(_word), WithJsonSchema({**_scalar_text, "pattern": r"^\S+$"})]
Pid = Annotated[
    str,
    BeforeValidator(_word),
    Field(pattern=PID_PATTERN, description="ProjectId, as the telescope writes it"),
]
Grade = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(ge=-2, le=3, description="-2 fail (DA), -1 fail (pipeline), 0 not graded, 1 poor, 2 usable, 3 good"),
]
