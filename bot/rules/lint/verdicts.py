"""Rules on the DA's verdicts: contradictions, verdicts on nothing, notes that say more than the file. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from bot.errors import Severity
from bot.formats.yaml_text import Loc
from bot.model.project import BankVerdict, Verdict
from bot.rules.lint.acting import GRADE_KEY
from bot.rules.lint.checked import Checked, Hit, Rule, parts_of
from bot.rules.parameters import catalogue, known_key

FAIL = -2
PIPELINE_FAIL = -1
_BOARDS_IN_NOTE = re.compile(r"(?i)\b(?:c/b|badcb|cb|boards?)\s*:?\s*([0-9]/[0-9](?:\s*(?:,|and|&)\s*[0-9]/[0-9])*)")
_PARAMETER_IN_NOTE = re.compile(r"(?<![\w=])([a-z][a-z0-9_]{1,20})=(?=\S)")
_SAYS_FAILED = re.compile(r"(?i)qafail|no ?show|re-?observe|bogus|\bno (?:valid )?data\b|\bunusable\b")
_SOUNDS_BAD = re.compile(r"(?i)\bbad\b(?!\?| ?(?:cb|c/b|beams?|boards?|chassis|pix|channels?|\d))|\bno signal\b")
"""Where flags stand beside it, the DA has dealt with what is bad."""


def grade_of(part: Verdict | BankVerdict) -> int | None:
    """Return the grade that the pipeline is told: `grade`, else `qagrade` of the flags; None: none, or no number."""
    flagged = part.flags.get(GRADE_KEY)
    if part.grade is not None or flagged is None:
        return part.grade
    return int(flagged) if re.fullmatch(r"-?\d{1,3}", flagged) else None


def is_failed(verdict: Verdict) -> bool:
    """Say whether the obsnum as a whole is graded as failed: itself, or both of its banks."""
    banks = [grade_of(verdict.banks[bank]) for bank in (0, 1) if bank in verdict.banks]
    return grade_of(verdict) == FAIL or banks == [FAIL, FAIL]


def failed_but_combined(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums that are failed and accepted at once."""
    for obsnum, verdict in checked.qa.obsnums.items():
        if is_failed(verdict) and obsnum in checked.combined:
            yield Hit(True, _grade_loc(obsnum, verdict), f"obsnum {obsnum} is graded {FAIL} (fail) and still combined")


def bank_failed(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums of which one bank is failed while both go into the combination."""
    for obsnum, verdict in checked.qa.obsnums.items():
        failed = [bank for bank, banked in verdict.banks.items() if grade_of(banked) == FAIL]
        if failed and not is_failed(verdict) and obsnum in checked.combined:
            loc = ("obsnums", str(obsnum), "banks", str(failed[0]))
            yield Hit(True, loc, f"bank {failed[0]} of obsnum {obsnum} is graded {FAIL}, the obsnum is combined")


def _grade_loc(obsnum: int, verdict: Verdict) -> Loc:
    loc: Loc = ("obsnums", str(obsnum))
    return (*loc, "grade") if verdict.grade is not None else (*loc, "flags", GRADE_KEY)


def _all_parts(checked: Checked) -> Iterator[tuple[Loc, str, Verdict | BankVerdict]]:
    """Yield every verdict and every bank of one with place and name."""
    for obsnum, verdict in checked.qa.obsnums.items():
        for loc, bank, part in parts_of(("obsnums", str(obsnum)), verdict):
            yield loc, f"obsnum {obsnum}" + ("" if bank is None else f" bank {bank}"), part
    for name, verdict in checked.qa.combinations.items():
        for loc, bank, part in parts_of(("combinations", name), verdict):
            yield loc, f"combination {name}" + ("" if bank is None else f" bank {bank}"), part


def grade_conflict(checked: Checked) -> Iterator[Hit]:
    """Yield verdicts whose grade and whose qagrade among the flags differ."""
    for loc, name, part in _all_parts(checked):
        flagged = part.flags.get(GRADE_KEY)
        if part.grade is not None and flagged is not None and flagged != str(part.grade):
            what = f"{name} has grade {part.grade} and {GRADE_KEY}={flagged} among its flags"
            yield Hit(True, (*loc, "flags", GRADE_KEY), what)


def grade_twice(checked: Checked) -> Iterator[Hit]:
    """Yield verdicts that say one grade in two places."""
    for loc, name, part in _all_parts(checked):
        if part.grade is not None and part.flags.get(GRADE_KEY) == str(part.grade):
            yield Hit(True, (*loc, "flags", GRADE_KEY), f"{name} says its grade {part.grade} twice")


def pipeline_grade(checked: Checked) -> Iterator[Hit]:
    """Yield grades that only the pipeline gives."""
    for loc, name, part in _all_parts(checked):
        if grade_of(part) == PIPELINE_FAIL:
            yield Hit(True, loc, f"{name} is graded {PIPELINE_FAIL}")


def left_out_ungraded(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums that are in a source, in no combination, not graded, but with a note."""
    for obsnum, verdict in checked.qa.obsnums.items():
        left_out = obsnum in checked.listed and obsnum not in checked.combined
        parts = [part for _, _, part in parts_of((), verdict)]
        if left_out and any(part.note for part in parts) and not any(map(grade_of, parts)):
            yield Hit(True, ("obsnums", str(obsnum)), f"obsnum {obsnum} is left out of the combination, but not graded")


def left_out_silently(checked: Checked) -> Iterator[Hit]:
    """Yield obsnums that are left out of the combination without a grade or a word."""
    for obsnum, places in checked.listed.items():
        verdict = checked.qa.obsnums.get(obsnum, Verdict())
        parts = [part for _, _, part in parts_of((), verdict)]
        if obsnum not in checked.combined and not any(part.note or grade_of(part) for part in parts):
            in_qa = not verdict.combine
            loc = ("obsnums", str(obsnum)) if in_qa else places[0].loc
            yield Hit(in_qa, loc, f"obsnum {obsnum} of {places[0].name} is left out, and nothing says why")


def nowhere_with_flags(checked: Checked) -> Iterator[Hit]:
    """Yield verdicts with flags or grade on obsnums that no source lists."""
    return _nowhere(checked, weighty=True)


def nowhere(checked: Checked) -> Iterator[Hit]:
    """Yield verdicts of words only on obsnums that no source lists."""
    return _nowhere(checked, weighty=False)


def _nowhere(checked: Checked, *, weighty: bool) -> Iterator[Hit]:
    known = {*checked.listed, *checked.project.left_out}
    known |= {listing.obsnum for listings in checked.expanded.values() for listing, _ in listings}
    for obsnum, verdict in checked.qa.obsnums.items():
        parts = [part for _, _, part in parts_of((), verdict)]
        if obsnum in known or weighty != any(part.flags or grade_of(part) for part in parts):
            continue
        lost = "; its flags reach no run line" if any(part.flags for part in parts) else ""
        what = f"obsnum {obsnum} is in no source{lost}{_logged(checked, obsnum)}"
        yield Hit(True, ("obsnums", str(obsnum)), what, "" if checked.rows(obsnum) else _near(obsnum, checked))


def _logged(checked: Checked, obsnum: int) -> str:
    rows = checked.rows(obsnum)
    if not rows:
        return "" if checked.log is None else " (nor in the log)"
    row = rows[0]
    return f" (in the log: {row.goal} {row.pgm} of {row.source}, {row.pid})"


def _near(obsnum: int, checked: Checked) -> str:
    """Suggest obsnums of the project without a verdict that one wrong digit, or two exchanged ones, could hide."""
    alike = [str(one) for one in checked.listed if one not in checked.qa.obsnums and _is_slip(str(one), str(obsnum))]
    return f"did you mean {' or '.join(alike[:3])}?" if alike else ""


def _is_slip(one: str, other: str) -> bool:
    if len(one) != len(other):
        return False
    apart = sum(left != right for left, right in zip(one, other, strict=True))
    return apart == 1 or (apart == 2 and sorted(one) == sorted(other))


def sounds_bad(checked: Checked) -> Iterator[Hit]:
    """Yield combined obsnums without a bad grade whose note sounds as if they should have one."""
    for obsnum, verdict in checked.qa.obsnums.items():
        if obsnum not in checked.combined:
            continue
        for loc, _, part in parts_of(("obsnums", str(obsnum)), verdict):
            found = _SAYS_FAILED.search(part.note or "") or (not part.flags and _SOUNDS_BAD.search(part.note or ""))
            if found and (grade_of(part) or 0) >= 0:
                what = f"the note on obsnum {obsnum} says {found[0]!r}, but it is combined and not graded as failed"
                yield Hit(True, (*loc, "note"), what)


def parameter_in_note(checked: Checked) -> Iterator[Hit]:
    """Yield notes that hold what looks like a parameter."""
    for loc, name, part in _all_parts(checked):
        for key in _PARAMETER_IN_NOTE.findall(part.note or ""):
            near = [key] if known_key(key) else get_close_matches(key, catalogue(""), n=1, cutoff=0.75)
            if near and part.flags.get(near[0]) is None:
                what = f"the note on {name} holds {key}=..., which no run line gets"
                yield Hit(True, (*loc, "note"), what, f"if it is meant to act, write {near[0]} under flags")


def boards_in_note(checked: Checked) -> Iterator[Hit]:
    """Yield notes that name other boards than the flags."""
    for loc, name, part in _all_parts(checked):
        flagged = part.flags.get("badcb")
        told = {pair for found in _BOARDS_IN_NOTE.findall(part.note or "") for pair in re.findall(r"\d/\d", found)}
        written = set(re.findall(r"\d/\d", flagged or ""))
        if told and flagged is not None and told != written:
            what = f"the note on {name} names board {_shown(told)}, the flags {_shown(written)}"
            yield Hit(True, (*loc, "flags", "badcb"), what)


def _shown(boards: set[str]) -> str:
    return ",".join(sorted(boards)) or "none"


RULES = (
    Rule(
        "FAILED_BUT_COMBINED",
        Severity.ERROR,
        "an obsnum graded -2 goes into a combination",
        "the combination holds data that the DA has failed",
        "add `combine: false`, or change the grade",
        failed_but_combined,
    ),
    Rule(
        "BANK_FAILED",
        Severity.INFO,
        "one bank of a combined obsnum is graded -2",
        "a combination takes an obsnum with all its banks",
        "nothing, if the other bank is worth it; else add `combine: false`",
        bank_failed,
    ),
    Rule(
        "GRADE_CONFLICT",
        Severity.ERROR,
        "`grade` and the flag qagrade differ",
        "`grade` wins on the run line, whoever reads the flags sees another one",
        "keep `grade`, take qagrade out of the flags",
        grade_conflict,
    ),
    Rule(
        "GRADE_TWICE",
        Severity.INFO,
        "`grade` and the flag qagrade say the same",
        "changed in one place, they will contradict each other",
        "take qagrade out of the flags",
        grade_twice,
    ),
    Rule(
        "PIPELINE_GRADE",
        Severity.WARNING,
        "a DA's grade of -1",
        "-1 is what the pipeline itself gives to a run that failed; the DA's fail is -2",
        "write -2, or 1 for poor",
        pipeline_grade,
    ),
    Rule(
        "LEFT_OUT_UNGRADED",
        Severity.INFO,
        "an obsnum is left out of the combination, with a note but no grade",
        "its own product is archived as if nobody had looked at it",
        "add a grade, -2 if it failed",
        left_out_ungraded,
    ),
    Rule(
        "LEFT_OUT_SILENTLY",
        Severity.INFO,
        "an obsnum is left out of the combination without grade or note",
        "later nobody knows the reason",
        "add a note or a grade in qa.yaml",
        left_out_silently,
    ),
    Rule(
        "VERDICT_LOST",
        Severity.ERROR,
        "flags or a grade for an obsnum that no source lists",
        "they reach no run line; a digit may be wrong, and then another obsnum is not flagged",
        "list the obsnum, name it under left_out, or take the verdict out",
        nowhere_with_flags,
    ),
    Rule(
        "VERDICT_NOWHERE",
        Severity.INFO,
        "a note on an obsnum that no source lists",
        "nobody who looks at the products will read it",
        "list the obsnum, name it under left_out with this reason, or take the note out",
        nowhere,
    ),
    Rule(
        "NOTE_SOUNDS_BAD",
        Severity.INFO,
        "the note on a combined obsnum sounds as if it had failed (heuristic)",
        "a word in a note keeps nothing out of the combination",
        "if it failed, write `grade: -2` and `combine: false`",
        sounds_bad,
    ),
    Rule(
        "PARAMETER_IN_NOTE",
        Severity.INFO,
        "a note holds what looks like a parameter (heuristic)",
        "words in a note reach no run line",
        "if it is meant to act, write it under flags",
        parameter_in_note,
    ),
    Rule(
        "NOTE_NAMES_OTHER_BOARDS",
        Severity.INFO,
        "the note names other boards than badcb (heuristic)",
        "one of the two has a typing error, and a bad board may be in use",
        "look at the spectra again",
        boards_in_note,
    ),
)
