"""The body of an issue made from the webrun form <-> a request. GitHub writes `### Label` and the answer below it.

A stranger writes it: nothing here is ever run, and every mistake is told at once, each with its cure and an example.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import PydanticCustomError

from bot.errors import Finding, ProjectError, Severity
from bot.formats.markdown import visible
from bot.model.project import TIERS, Parameters
from bot.model.scalars import OBSNUM_MAX, PID_PATTERN, one_line
from bot.model.webrun import OFFICIAL, SESSION_NAME, WebrunRequest

LABELS = {
    "project": "Project",
    "sources": "Sources",
    "obsnums": "Obsnums",
    "parameters": "Parameters",
    "tiers": "Tiers",
    "base": "Base",
    "words": "Words",
}
"""Field -> label, in the form's order. A label counts only behind those before it; all behind the last is words."""
EMPTY = "_No response_"
CODE = "WEBRUN"
LONGEST_BODY = 65_536
"""GitHub takes no more."""
MOST_NAMED = 500
"""Sources, obsnums or parameters in one request."""
LONGEST_WORD, LONGEST_WORDS = 1_000, 2_000
EXAMPLES = {
    "project": "2024-S1-MX-2",
    "sources": "NGC5194",
    "obsnums": "110041 110053",
    "parameters": "extent=200",
    "tiers": "b, c",
    "base": "Session-3",
}
"""What an answer may look like."""

_FENCE = re.compile(r"`{3,}[A-Za-z]*")
_SEPARATORS = re.compile(r"[\s,]+")
_AROUND_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_BEHIND_COMMA = re.compile(r",[ \t]+")


class FormMistakes(ProjectError):
    """Answers that cannot be read; `rest` is what could be, None where it asks for nothing by itself."""

    def __init__(self, findings: Iterable[Finding], rest: WebrunRequest | None = None) -> None:
        super().__init__(findings=findings)
        self.rest = rest


def read_form(body: str, *, path: str = "issue") -> WebrunRequest:
    """Return what the answers ask for; raise FormMistakes with every mistake in them."""
    if len(body) > LONGEST_BODY:
        what = f"the text has {len(body):,} characters"
        raise FormMistakes([_finding(path, 0, what, f"a request has at most {LONGEST_BODY:,}; say it shorter")])
    reading = _Reading(path, _sections(body))
    values = {name: reader(reading, name) for name, reader in _READERS.items()}
    is_whole = bool(values["project"] and (values["sources"] or values["obsnums"]))
    if reading.findings and not is_whole:
        raise FormMistakes(reading.findings)
    request = WebrunRequest(**{name: value for name, value in values.items() if value is not None})
    if reading.findings:
        raise FormMistakes(reading.findings, request)
    return request


def form_text(request: WebrunRequest) -> str:
    """Return the body that GitHub would write for this request."""
    answers = {
        "project": request.project,
        "sources": " ".join(request.sources),
        "obsnums": " ".join(map(str, request.obsnums)),
        "parameters": "\n".join(("```text", *request.parameters, "```")) if request.parameters else "",
        "tiers": ", ".join(request.tiers),
        "base": request.base,
        "words": request.words or "",
    }
    return "\n\n".join(f"### {label}\n\n{answers[name] or EMPTY}" for name, label in LABELS.items())


def _sections(body: str) -> dict[str, tuple[int, list[str]]]:
    """Return {field: (line of its label, lines of its answer)}."""
    found: dict[str, tuple[int, list[str]]] = {}
    left, current = list(LABELS), ""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", body), start=1):
        name = next((name for name in left if line.rstrip() == f"### {LABELS[name]}"), "")
        if name:
            left, current = left[left.index(name) + 1 :], name
            found[name] = (number, [])
        elif current:
            found[current][1].append(line)
    return found


def _finding(path: str, line: int, what: str, cure: str) -> Finding:
    return Finding(CODE, Severity.ERROR, path, line, what, cure=cure)


@dataclass
class _Reading:
    """Reads one answer after the other, and gathers the mistakes."""

    path: str
    sections: Mapping[str, tuple[int, list[str]]]
    findings: list[Finding] = field(default_factory=list)

    def tell(self, name: str, what: str, cure: str = "") -> None:
        example = f"write for example `{EXAMPLES[name]}`" if name in EXAMPLES else ""
        line = self.sections.get(name, (0, []))[0]
        told = "; ".join(part for part in (cure, example) if part)
        self.findings.append(_finding(self.path, line, f"{LABELS[name]}: {what}", told))

    def lines(self, name: str) -> list[str]:
        """Return the answer's lines that say something, without the fence that GitHub puts around code."""
        lines = [line.strip() for line in self.sections.get(name, (0, []))[1]]
        return [line for line in lines if line and line != EMPTY and not _FENCE.fullmatch(line)]

    def words(self, name: str) -> list[str]:
        """Return the answer's words, parted by blanks and commas."""
        found = [word for line in self.lines(name) for word in _SEPARATORS.split(line) if word]
        if len(found) > MOST_NAMED:
            self.tell(name, f"there are {len(found):,} of them", f"one request names at most {MOST_NAMED}")
            return []
        odd = next((word for word in found if not word.isprintable()), None)
        if odd is not None:
            self.tell(name, f"{_shown(odd)} holds a character that no printer shows", "type it anew")
            return []
        return list(dict.fromkeys(found))


def _shown(text: str) -> str:
    return repr(one_line(visible(text), 60))


def _project(reading: _Reading, name: str) -> str | None:
    words = reading.words(name)
    if len(words) == 1 and re.fullmatch(PID_PATTERN, words[0], re.ASCII):
        return words[0]
    if not words:
        reading.tell(name, "it does not say which project", "make the issue from the form, and name one ProjectId")
    elif len(words) > 1:
        reading.tell(name, f"{len(words)} words stand there", "a webrun is for one project")
    else:
        reading.tell(name, f"{_shown(words[0])} is no ProjectId{_lookalike(words[0])}")
    return None


def _sources(reading: _Reading, name: str) -> tuple[str, ...]:
    return tuple(reading.words(name))


def _obsnums(reading: _Reading, name: str) -> tuple[int, ...]:
    words = reading.words(name)
    wrong = [word for word in words if not _is_obsnum(word)]
    if wrong:
        shown = ", ".join(map(_shown, wrong[:5])) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        reading.tell(name, f"{shown}: no obsnum", "obsnums are plain numbers, parted by blanks or commas")
        return ()
    return tuple(dict.fromkeys(map(int, words)))


def _is_obsnum(word: str) -> bool:
    return re.fullmatch(r"[0-9]{1,8}", word, re.ASCII) is not None and 0 < int(word) <= OBSNUM_MAX


def _parameters(reading: _Reading, name: str) -> Parameters:
    words = [word for line in reading.lines(name) for word in _parted(line)]
    if len(words) > MOST_NAMED:
        reading.tell(name, f"there are {len(words):,} words", f"one request sets at most {MOST_NAMED}")
        return Parameters()
    long = [word for word in words if len(word) > LONGEST_WORD]
    if long:
        reading.tell(name, f"{_shown(long[0])} has {len(long[0]):,} characters", f"a word has at most {LONGEST_WORD}")
        return Parameters()
    bare = [word for word in words if "=" not in word]
    for word in bare[:5]:
        reading.tell(name, f"{_shown(word)} is no key=value")
    good: list[str] = []
    faults: dict[str, str] = {}
    for word in words:
        try:
            good += Parameters.parse([word]) if "=" in word else ()
        except PydanticCustomError as error:
            faults |= {what: cure for _, (what, cure) in (error.context or {})["faults"]}
    for what, cure in list(faults.items())[:10]:
        reading.tell(name, f"{one_line(visible(what), 200)}{_lookalike(what)}", cure)
    return Parameters(good)


def _parted(line: str) -> Iterator[str]:
    """Yield the words of a line; blanks around `=` and behind commas are forgiven."""
    yield from _BEHIND_COMMA.sub(",", _AROUND_EQUALS.sub("=", line)).split()


def _lookalike(text: str) -> str:
    """Name the first letter that is none of ours: some look just like ours."""
    odd = next((char for char in text if not char.isascii()), "")
    return f" (it holds U+{ord(odd):04X} {unicodedata.name(odd, 'without a name')})" if odd else ""


def _tiers(reading: _Reading, name: str) -> tuple[str, ...]:
    words = reading.words(name)
    wrong = [word for word in words if word not in TIERS]
    if wrong:
        reading.tell(name, f"there is no tier {_shown(wrong[0])}", "choose among a, b and c, or none")
        return ()
    return tuple(tier for tier in TIERS if tier in words)


def _base(reading: _Reading, name: str) -> str | None:
    words = reading.words(name)
    if not words or words == [OFFICIAL]:
        return None
    if len(words) == 1 and SESSION_NAME.fullmatch(words[0]):
        return words[0]
    reading.tell(name, f"{_shown(' '.join(words))} is no base", f"write `{OFFICIAL}`, or the name of a session")
    return None


def _words(reading: _Reading, name: str) -> str | None:
    text = one_line(" ".join(reading.lines(name)), LONGEST_WORDS)
    return text or None


_READERS: dict[str, Callable[[_Reading, str], Any]] = {
    "project": _project,
    "sources": _sources,
    "obsnums": _obsnums,
    "parameters": _parameters,
    "tiers": _tiers,
    "base": _base,
    "words": _words,
}
