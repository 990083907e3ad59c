"""Findings as words and as workflow commands: what comes from files stays data."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Finding, Severity
from bot.report.check_text import by_project, counts, github_command, is_shown

ONE = Finding("FLAGS_LOST", Severity.ERROR, "projects/P/qa.yaml", 7, "what", "why", "cure", "P")


def test_a_finding_becomes_a_workflow_command() -> None:
    assert github_command(ONE) == (
        "::error file=projects/P/qa.yaml,line=7,title=FLAGS_LOST::what%0Awhy%0ATo mend: cure"
    )


def test_without_a_line_none_is_said_and_info_is_a_notice() -> None:
    told = github_command(Finding("X", Severity.INFO, "projects/P", 0, "what"))
    assert told == "::notice file=projects/P,title=X::what"


def test_what_could_be_read_as_something_else_is_escaped() -> None:
    told = github_command(Finding("X", Severity.WARNING, "projects/a,b:c%/q", 1, "50%\r\n::error::no"))
    assert told == "::warning file=projects/a%2Cb%3Ac%25/q,line=1,title=X::50%25%0D%0A::error::no"


@given(path=st.text(), what=st.text())
def test_no_text_of_a_file_begins_a_second_command(path: str, what: str) -> None:
    told = github_command(Finding("X", Severity.ERROR, path, 1, what))
    assert "\n" not in told and "\r" not in told
    properties, _, data = told.removeprefix("::error ").partition("::")
    assert re.fullmatch(r"file=[^,:]*,line=1,title=X", properties, re.DOTALL)
    unescaped = data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    assert unescaped == what


def test_the_summary_counts_findings_and_projects_gravest_first() -> None:
    info = Finding("NOTE", Severity.INFO, "f", 1, "w", pid="P")
    other = Finding("FLAGS_LOST", Severity.ERROR, "f", 1, "w", pid="Q")
    assert counts([info, ONE, other, ONE]) == [("error", "FLAGS_LOST", 3, 2), ("info", "NOTE", 1, 1)]
    assert list(by_project([info, other, ONE])) == ["P", "Q"]


def test_less_grave_findings_are_hidden() -> None:
    assert is_shown(ONE, Severity.ERROR)
    assert is_shown(ONE, Severity.INFO)
    assert not is_shown(Finding("X", Severity.INFO, "f", 1, "w"), Severity.WARNING)
