"""Writes the tables in docs: checks, parameters, qa, settings, webrun; from rules, cases, models and commands.

`python -m tests.unit.docs_tables` renews the files; test_docs_tables.py holds them to what stands here.
"""

from __future__ import annotations

import re
from pathlib import Path

from bot.errors import Finding
from bot.rules.commands import COMMANDS, Rules
from bot.rules.kinds import KINDS, form_of
from bot.rules.lint import RULES, acting, lists, log, values, verdicts
from bot.rules.parameters import COMBINATION, MODES, Parameter, catalogue
from bot.rules.webrun_commands import WEBRUN_COMMANDS
from tests.unit.lint_case import case_names, read_case
from tests.unit.settings_table import settings_table

DOCS = Path(__file__).parents[2] / "docs"
THEMES = (
    ("Single parameters", values.RULES),
    ("Parameters that cannot act where they stand", acting.RULES),
    ("Verdicts", verdicts.RULES),
    ("Lists, mosaics, combinations", lists.RULES),
    ("Against the observation log", log.RULES),
)
assert tuple(rule for _, rules in THEMES for rule in rules) == RULES


def checks_table() -> str:
    """Return the table of all rules, with an example of each from the cases."""
    examples: dict[str, Finding] = {}
    for name in case_names():
        for finding in read_case(name).found():
            examples.setdefault(finding.code, finding)
    told = []
    for title, rules in THEMES:
        told += [f"### {title}", "", "| code | severity | what it finds, and why it matters | example, and its cure |"]
        told += ["|---|---|---|---|"]
        for rule in rules:
            one = examples[rule.code]
            cells = (f"`{rule.code}`", str(rule.severity), f"{rule.title}: {rule.why}", f"{one.what} → {one.cure}")
            told.append(_row(cells))
        told.append("")
    return "\n".join(told)


def parameters_table() -> str:
    """Return the tables of all parameters, mode by mode, and of the kinds."""
    everywhere = set.intersection(*(set(catalogue(mode)) for mode in (*MODES, COMBINATION)))
    shared = {name: one for name, one in catalogue("").items() if name in everywhere and not one.modes}
    told = [*_parameters("Everywhere", shared)]
    groups: dict[tuple[str, ...], list[str]] = {}
    for mode in (*MODES, COMBINATION):
        names = tuple(name for name in catalogue(mode) if name not in shared)
        groups.setdefault(names, []).append(mode)
    for names, modes in groups.items():
        told += _parameters(", ".join(modes), {name: catalogue(modes[0])[name] for name in names})
    told += ["### Kinds", "", "| kind | written as |", "|---|---|"]
    told += [_row((kind, form_of(kind))) for kind in KINDS]
    return "\n".join(told) + "\n"


def _parameters(title: str, parameters: dict[str, Parameter]) -> list[str]:
    head = [
        f"### {title}",
        "",
        "| parameter | kind | unit | default | legal | who | what it does |",
        "|---|---|---|---|---|---|---|",
    ]
    rows = [
        _row((f"`{one.name}`", one.kind, one.unit, one.default or "", _legal(one), one.who, _note(one)))
        for one in parameters.values()
    ]
    return [*head, *rows, ""]


def _legal(parameter: Parameter) -> str:
    legal = parameter.legal
    told = [
        f"one of {', '.join(legal.among)}" if legal.among else "",
        f"at least {legal.least:g}" if legal.least is not None else "",
        f"greater than {legal.above:g}" if legal.above is not None else "",
        f"0, or odd and greater than {legal.odd_above}" if legal.odd_above is not None else "",
        "pairs" if legal.pairs else "",
        f"{legal.count} numbers" if legal.count else "",
    ]
    return ", ".join(part for part in told if part)


def _note(parameter: Parameter) -> str:
    told = parameter.note
    told += "; acts only in the first call of a directory" if parameter.first_call else ""
    return told + (f"; needs {parameter.needs}" if parameter.needs else "")


def commands_table(rules: Rules = COMMANDS) -> str:
    """Return the table of the commands of a comment."""
    told = ["| command | what it does | who |", "|---|---|---|"]
    told += [_row((f"`{rule.example}`", rule.help, ", ".join(sorted(rule.roles)))) for rule in rules]
    return "\n".join(told) + "\n"


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


TABLES = {
    "checks.md": checks_table,
    "parameters.md": parameters_table,
    "qa.md": commands_table,
    "settings.md": settings_table,
    "webrun.md": lambda: commands_table(WEBRUN_COMMANDS),
}
MARKS = re.compile(r"(?s)(<!-- table: begin -->\n).*?(<!-- table: end -->)")


def renewed(name: str) -> str:
    """Return the text of a docs file with its table as it should be."""
    table = TABLES[name]()
    return MARKS.sub(lambda found: f"{found[1]}\n{table}\n{found[2]}", (DOCS / name).read_text())


if __name__ == "__main__":
    for name in TABLES:
        (DOCS / name).write_text(renewed(name))
