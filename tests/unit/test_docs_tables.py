"""The tables of docs/checks.md, parameters.md, qa.md and settings.md say what the code says."""

from __future__ import annotations

import pytest

from bot.report.worksheet import COLUMNS
from bot.rules import suggestions
from bot.rules.commands import COMMANDS
from bot.rules.lint import RULES
from bot.rules.parameters import catalogue
from tests.unit.docs_tables import DOCS, MARKS, TABLES, renewed


@pytest.mark.parametrize("name", TABLES)
def test_the_table_is_up_to_date(name: str) -> None:
    """If this fails: python -m tests.unit.docs_tables"""
    text = (DOCS / name).read_text()
    assert len(MARKS.findall(text)) == 1
    assert text == renewed(name)


def test_every_rule_and_every_parameter_is_described() -> None:
    checks, parameters = (DOCS / "checks.md").read_text(), (DOCS / "parameters.md").read_text()
    assert [rule.code for rule in RULES if f"| `{rule.code}` |" not in checks] == []
    assert [name for name in catalogue("") if f"| `{name}` |" not in parameters] == []


def test_every_command_and_every_column_of_the_worksheet_is_described() -> None:
    text = (DOCS / "qa.md").read_text()
    assert [rule.name for rule in COMMANDS if f"| `{rule.example}` |" not in text] == []
    assert [column for column in COLUMNS if f"\n| {column} |" not in text] == []


def test_the_numbers_of_the_suggestions_are_those_that_act() -> None:
    text = (DOCS / "qa.md").read_text()
    for most, grade in suggestions.GRADE_BY_RATIO:
        assert f"\n| up to {most:g} | {grade} |" in text
    scatter = f"{suggestions.FAR_SIGMA:g} robust sigma and {suggestions.FAR_FACTOR:g} times"
    assert scatter in text and f"at least {suggestions.LEAST_POINTS} obsnums" in text
    assert f"{suggestions.HOPELESS_FACTOR:g} times the median" in text
    assert f"less than {suggestions.TOO_QUIET:g}" in text
