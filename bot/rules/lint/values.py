"""Rules on single parameters: unknown and misspelt keys, values that are none, style. Pure.

What is wrong with a word is decided in bot.rules.parameters; here it gets its place in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.errors import Severity
from bot.rules.lint.checked import Checked, Hit, Rule


def _hits_of(code: str) -> Callable[[Checked], Iterator[Hit]]:
    def check(checked: Checked) -> Iterator[Hit]:
        for wording, fault in checked.faults:
            if fault.code == code:
                named = fault.what if fault.key in fault.what else f"{fault.key}: {fault.what}"
                yield Hit(
                    wording.in_qa,
                    (*wording.loc, fault.key),
                    f"{wording.about}: {named}",
                    fault.cure,
                    fault.why,
                    fault.severity,
                )

    return check


def _rule(code: str, severity: Severity, title: str, why: str, cure: str) -> Rule:
    return Rule(code, severity, title, why, cure, _hits_of(code))


RULES = (
    _rule(
        "UNKNOWN_PARAMETER",
        Severity.ERROR,
        "no parameter has this name",
        "the pipeline ignores an unknown key without a word; such a line is not run",
        "take the name that is suggested",
    ),
    _rule(
        "BARE_WORD",
        Severity.ERROR,
        "a word without `=`",
        "blanks around the = part one word into three, and its value is lost; such a line is not run",
        "write key=value, without blanks",
    ),
    _rule(
        "NOT_A_VALUE",
        Severity.ERROR,
        "the value is not of the parameter's kind",
        "the pipeline would ignore it, or fall over it; such a line is not run",
        "write it in the form that is shown",
    ),
    _rule(
        "OUT_OF_RANGE",
        Severity.ERROR,
        "the value is of the right kind, but not legal",
        "a beam or board that does not exist flags nothing; such a line is not run",
        "see docs/parameters.md for what is legal",
    ),
    _rule(
        "BOT_PARAMETER",
        Severity.ERROR,
        "a parameter that only lmtbot sets",
        "by hand it could delete, move or archive results; such a line is not run",
        "take it out",
    ),
    _rule(
        "NOT_YOURS",
        Severity.ERROR,
        "a parameter that the owner of this file may not set",
        "qa.yaml is the DA's; what touches more than one observation is the PO's",
        "ask the PO to set it in project.yaml",
    ),
    _rule(
        "RESTART_BY_HAND",
        Severity.WARNING,
        "restart=1 stands in the parameters",
        "tier a has it already; in a later tier it deletes what the first made",
        "take it out",
    ),
    _rule(
        "OTHER_MODE",
        Severity.WARNING,
        "a parameter of another instrument or mode",
        "the pipeline of this mode does not read it",
        "take it out",
    ),
    _rule(
        "NEEDS_ANOTHER",
        Severity.WARNING,
        "a parameter that acts only together with another one",
        "alone it does nothing",
        "set the other one too",
    ),
    _rule(
        "KEY_TWICE",
        Severity.WARNING,
        "a key stands twice in one set of parameters",
        "the pipeline takes the last one",
        "keep the one that is meant",
    ),
    _rule(
        "ITEM_TWICE",
        Severity.WARNING,
        "a beam or board stands twice in a list",
        "perhaps another one was meant, which is not flagged then",
        "see which was meant",
    ),
    _rule(
        "TRAILING_COMMA",
        Severity.WARNING,
        "a list ends with a comma",
        "the pipeline overlooks it, until something is written behind it",
        "take the comma out",
    ),
    _rule(
        "BEAM_SIGNS",
        Severity.INFO,
        "a sign before more than the first beam",
        "only the first sign counts",
        "write -0,5 for all but 0 and 5",
    ),
)
