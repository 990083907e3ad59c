"""Every rule of `lmtbot check` on fragments of real projects: what it must find, and nothing else."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.errors import Severity
from bot.rules.lint import RULES, Checked, findings_of
from tests.unit.lint_case import case_names, places, read_case

CASES = case_names()


@pytest.mark.parametrize("name", CASES)
def test_a_case_gives_what_it_says_and_nothing_else(name: str) -> None:
    case = read_case(name)
    assert sorted(places(case.found()).elements()) == sorted(case.expected.elements())


def test_every_code_has_a_case() -> None:
    shown = {code for name in CASES for _, _, code in read_case(name).expected}
    assert shown == {rule.code for rule in RULES}


def test_codes_are_said_once() -> None:
    assert max(Counter(rule.code for rule in RULES).values()) == 1


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_title_why_and_cure(rule: object) -> None:
    assert rule.title and rule.why and rule.cure  # type: ignore[attr-defined]
    assert rule.code == rule.code.upper()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", CASES)
def test_every_finding_is_complete(name: str) -> None:
    for finding in read_case(name).found():
        assert finding.what and finding.why and finding.cure and finding.pid and finding.line


@pytest.mark.parametrize("name", [name for name in CASES if read_case(name).log])
def test_without_a_log_its_rules_are_silent(name: str) -> None:
    for pid in read_case(name).folders:
        checked = read_case(name).checked(pid)
        without = Checked(checked.folder, None, checked.others, checked.listed_by)
        codes = {finding.code for finding in findings_of(without)}
        assert not {code for code in codes if code.startswith("LOG_")}
        assert not codes & {"NOT_IN_LOG", "OUTSIDE_LOG", "SCIENCE_NOT_LISTED"}


def test_a_slip_of_a_digit_is_suggested() -> None:
    cures = {finding.what.split()[1]: finding.cure for finding in read_case("verdicts_on_nothing").found()}
    assert cures["194745"] == "did you mean 104745?"
    assert cures["125455"] == "did you mean 124555?"


def test_a_stale_combination_is_told_its_new_name() -> None:
    told = [finding.what for finding in read_case("combinations").found() if finding.code == "STALE_COMBINATION"]
    old, now = told[0].split(": ")
    assert old == "there is no combination 126697_127321"
    assert now == "126697 left out since; that of HATLAS_RED_1737 is now called 126699_128898"


def test_once_in_and_once_out_weighs_more_than_twice() -> None:
    found = [one for one in read_case("lists").found() if one.code == "TWICE_IN_SOURCE"]
    assert [one.severity for one in found] == [Severity.WARNING, Severity.ERROR]
