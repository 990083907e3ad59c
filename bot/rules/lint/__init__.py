"""The rules of `lmtbot check`: one module a theme, and the list of all of them. Pure: values in, findings out."""

from __future__ import annotations

from collections.abc import Iterable

from bot.errors import Finding
from bot.rules.lint import acting, lists, log, values, verdicts
from bot.rules.lint.checked import Checked, Hit, LogView, Rule

__all__ = ["RULES", "Checked", "Hit", "LogView", "Rule", "findings_of", "findings_of_values"]

RULES: tuple[Rule, ...] = (*values.RULES, *acting.RULES, *verdicts.RULES, *lists.RULES, *log.RULES)
"""Every rule, theme by theme. docs/checks.md describes each, a test holds it to that."""


def findings_of(checked: Checked) -> list[Finding]:
    """Return what all rules find in one project: project.yaml before qa.yaml, by line."""
    return _sorted_findings(RULES, checked)


def findings_of_values(checked: Checked) -> list[Finding]:
    """Return what is wrong with single parameters: all that can be said of a project with wrong places in its files."""
    return _sorted_findings(values.RULES, checked)


def _sorted_findings(rules: Iterable[Rule], checked: Checked) -> list[Finding]:
    found = [finding for rule in rules for finding in rule.findings(checked)]
    return sorted(found, key=lambda one: (one.path, one.line, one.code))
