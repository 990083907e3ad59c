"""docs/checks.md and docs/parameters.md say what the rules and the catalogue say."""

from __future__ import annotations

import pytest

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
