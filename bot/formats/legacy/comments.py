"""comments.txt -> one value a line, by the very rules of the existing generator (LMTOY lmtoy/runs.py, getpars).

What the generator overlooks is told, not mended: a line that never reaches a run line is a Remark line with its reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.errors import Finding, Severity
from bot.model.project import BARE_WORD

FAIL_WORD = "QAFAIL"
BEAMS = 16
_QUOTES = frozenset("'\"`")
_NAME = re.compile(r"[1-9][0-9]{0,7}(?:_[1-9][0-9]{0,7})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that says something of an obsnum or a combination."""

    line: int
    name: str
    """`N` or `FIRST_LAST`."""
    bank: int | None
    note: str
    """The free words, without a leading QAFAIL; with the prose behind the #, where that cannot be arguments."""
    words: tuple[str, ...]
    """The arguments behind the first #, as written, without the prose."""
    failed: bool
    """QAFAIL stands in it."""
    text: str
    """The whole line."""
    prose: str = ""
    """Words behind the # that no run line may hold; they are part of the note."""

    @property
    def is_combination(self) -> bool:
        """Say whether it names a combination."""
        return "_" in self.name

    @property
    def reaches_bank_one(self) -> bool:
        """Say which of the two sets of arguments it belongs to: bank 1, or all others (no bank, 0, any other)."""
        return self.bank == 1


@dataclass(frozen=True, slots=True)
class RemarkLine:
    """A line that concerns no obsnum: a comment, or a key that the generator cannot match."""

    line: int
    text: str
    reason: str = ""
    """Why nothing can match it; "" for a plain comment."""


def read_comments(text: str, path: str) -> tuple[tuple[Entry | RemarkLine, ...], list[Finding]]:
    """Return the lines that say something, in order, and what is wrong with them."""
    found: list[Entry | RemarkLine] = []
    findings: list[Finding] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        if line.lstrip().startswith("#"):
            said = line.strip().lstrip("#").strip()
            found += [RemarkLine(number, said)] if said else []
            continue
        parsed = _parse(line, number)
        found.append(parsed)
        findings += _check(parsed, path)
    return tuple(found), findings


def _parse(line: str, number: int) -> Entry | RemarkLine:
    key = line.split()[0]
    place = key.find("__")
    bank: int | None = None
    if place > 0:
        digits = key[place + 2 :]
        if not re.fullmatch(r"[0-9]{1,8}", digits):
            return RemarkLine(number, line.strip(), f"{key} names a bank that is no number")
        bank, key = int(digits), key[:place]
    name = key.removeprefix("-")
    if not _NAME.fullmatch(name):
        return RemarkLine(number, line.strip(), f"{name!r} is neither an obsnum nor FIRST_LAST")
    mark = line.find("#")
    free, behind = (line[:mark], line[mark + 1 :]) if mark > 0 else (line, "")
    words, prose = parted(behind.split())
    note = _without_fail(" ".join(free.split()[1:]))
    note = f"{note} # {prose}".strip() if prose else note
    failed = line.find(FAIL_WORD) > 0
    return Entry(number, name, bank, note, words, failed, " ".join(line.split()), prose)


def parted(words: list[str]) -> tuple[tuple[str, ...], str]:
    """Part arguments from prose: ("don't know a=1") gives (("a=1",), "don't know").

    Only where a word holds what means something to a shell, and nothing but prose would be parted: `dv= 30 don't` stays
    whole, because the 30 is meant, and is an error then; so does `dv='3 4'`.
    """
    bare = [word for word in words if "=" not in word]
    pairs = [word.partition("=") for word in words if "=" in word]
    is_prose = any(not BARE_WORD.fullmatch(word) for word in bare) and "pix_list" not in bare
    if not is_prose or not all(
        key and value and value.isascii() and not set(value) & _QUOTES for key, _, value in pairs
    ):
        return tuple(words), ""
    return tuple("".join(pair) for pair in pairs), " ".join(bare)


def _without_fail(note: str) -> str:
    """Take QAFAIL off the front of a note: the grade says it."""
    found = re.fullmatch(rf"{FAIL_WORD}(?:[:;,]\s*|\s+|$)(.*)", note)
    return found[1] if found else note


def _check(parsed: Entry | RemarkLine, path: str) -> list[Finding]:
    if isinstance(parsed, RemarkLine):
        why = "the generator finds no observation for this key: nothing of the line reaches a run line"
        cure = "it is kept as a comment in qa.yaml; write one line an obsnum, OBSNUM text # key=value"
        return [Finding("COMMENT_KEY", Severity.WARNING, path, parsed.line, parsed.reason, why, cure)]
    findings = []
    if parsed.bank is not None and parsed.bank > 1:
        what = f"bank {parsed.bank} of {parsed.name} does not exist"
        why = "the generator takes every bank but 1 for bank 0"
        cure = f"it is carried over as bank 0; write {parsed.name}__0 or {parsed.name}__1"
        if parsed.bank > 9999:
            cure = (
                f"it is carried over as a line on {parsed.name}; write {parsed.name}_{parsed.bank} for the combination"
            )
        findings.append(Finding("BANK", Severity.WARNING, path, parsed.line, what, why, cure))
    if parsed.prose:
        what = f"{parsed.prose[:80]!r} behind the # is no parameter"
        why = "the generator copies it into the run line all the same, where such characters mean something to a shell"
        cure = "it is carried over in the note only, so the run line differs here; words stand before the #"
        findings.append(Finding("PROSE", Severity.WARNING, path, parsed.line, what, why, cure))
    for word in parsed.words:
        key, equals, value = word.partition("=")
        if key == "pix_list" and ("=" in value or expanded_beams(value) is None):
            what = f"{word!r} is no list of beams" if equals else "pix_list without a value"
            why = "the generator itself would stop here, and write no runfile"
            cure = "beams are 0 to 15: pix_list=0,2 for these, pix_list=-0,5 for all but these"
            findings.append(Finding("BEAMS", Severity.ERROR, path, parsed.line, what, why, cure))
    return findings


def expanded_beams(text: str) -> str | None:
    """Write "-0,5" out as the beams that stay, as the generator does; None where that would stop it."""
    if not text.startswith("-"):
        return text or None
    items = text.split(",")
    if not all(re.fullmatch(r"[+-]?[0-9]{1,4}", item) for item in items):
        return None
    dropped = {abs(int(item)) for item in items}
    if max(dropped) >= BEAMS:
        return None
    return ",".join(str(beam) for beam in range(BEAMS) if beam not in dropped)
