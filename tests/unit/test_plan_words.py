"""The difference of plans in words: counted rightly, long lines shortened to what differs, the page within its size."""

from __future__ import annotations

import re

from bot.errors import Finding, Severity
from bot.report.plan_difference import (
    MOST_FINDINGS,
    MOST_LINES,
    Detail,
    ProjectView,
    difference_words,
    headline,
    page_values,
    report_as_text,
)
from bot.rules.plan_difference import Became, PlanDifference, ProjectDifference, difference_of, empty_plan
from tests.unit.test_plan import PROJECT, plan


def project(head: str = PROJECT, *, qa: str = "", became: Became = Became.CHANGED) -> ProjectDifference:
    """Return what becomes of the test's project when it is changed to `head`."""
    levels = tuple(difference_of(plan(level=level), plan(head, qa, level)) for level in (1, 2))
    return ProjectDifference("P-1", became, levels)


def view(one: ProjectDifference, detail: Detail = Detail.FULL) -> ProjectView:
    """Return what the page shows of one project."""
    (found,) = page_values((), (one,), 0, detail=detail)["projects"]  # type: ignore[misc]
    assert isinstance(found, ProjectView)
    return found


MORE = PROJECT.replace("103]", "103, 104]").replace("[201]", "[202]")
LONG = PROJECT.replace("{bank: 0}", "{bank: 0, birdies: " + '"' + ",".join(map(str, range(100))) + '", niter: 1}')


def test_counts_agree_with_their_verbs() -> None:
    words = difference_words(project(MORE).levels[0])
    assert words == "4 run lines are new, 2 combinations follow, 1 goes away"
    assert difference_words(PlanDifference(1)) == "the same run lines as before"
    assert difference_words(PlanDifference(1, is_reordered=True)) == "the same run lines in another order"


def test_level_2_is_told_only_where_it_differs() -> None:
    one, two = view(project(MORE)).levels
    assert (len(one.short), two.words, two.short) == (9, "the same", ())
    one, two = view(project(qa="combinations:\n  101_103: {flags: {birdies: 5}}\n")).levels
    assert one.words == "the same run lines as before"
    assert two.words == "1 combination follows" and two.short[1].endswith("birdies=5")


def test_a_long_line_is_shortened_to_what_differs_and_shown_in_full_below() -> None:
    before = plan(LONG, level=1)
    levels = tuple(difference_of(before, plan(LONG.replace("niter: 1", "niter: 2"), level=1)) for _ in (1, 2))
    (one, _) = view(ProjectDifference("P-1", Became.CHANGED, levels)).levels
    changed = [row for row in one.short if row[0] in "+-"]
    assert changed[:2] == [
        "- 101b  SLpipeline.sh obsnum=101 _io=SEQ/Map _s=A ... niter=1",
        "+ 101b  SLpipeline.sh obsnum=101 _io=SEQ/Map _s=A ... niter=2",
    ]
    assert all(len(row) < 200 for row in one.short)
    assert any("96,97,98,99 niter=2" in row for row in one.full)
    assert view(ProjectDifference("P-1", Became.CHANGED, levels), Detail.SHORT).levels[0].full == ()


def test_only_so_many_lines_are_shown_at_once() -> None:
    many = PROJECT.replace("103]", f"{', '.join(map(str, range(103, 140)))}]")
    one = view(project(many)).levels[0]
    assert (len(one.short), len(one.full)) == (MOST_LINES, 36 * 3 + 2)


def test_a_line_that_will_not_run_says_so_below_it() -> None:
    rows = view(project(PROJECT.replace("tiers: {a: {}}", "tiers: {a: {extend: 5}}"))).levels[0].short
    place = next(i for i, row in enumerate(rows) if row.startswith("+ 201a"))
    assert rows[place + 1].startswith("! 201a  it will not run: ")


def test_a_project_that_goes_away_names_every_line() -> None:
    levels = tuple(difference_of(plan(level=level), empty_plan("P-1", level)) for level in (1, 2))
    told = report_as_text([ProjectDifference("P-1", Became.GONE, levels)], others=1)
    assert told.startswith("P-1: deleted\n  level 1: 12 go away\n    - 101a  SLpipeline.sh")
    assert told.endswith("1 file outside projects/ differs; it is not looked at here")


def test_a_project_without_a_plan_says_where_to_look() -> None:
    assert "it cannot be planned" in report_as_text([ProjectDifference("P-1", Became.NEW)], others=0)
    assert view(ProjectDifference("P-1", Became.NEW)).note == "it cannot be planned; the errors say why"


def test_the_headline_is_made_of_our_own_words_and_numbers() -> None:
    findings = [Finding("X", severity, "<p>", 1, "::error::") for severity in Severity for _ in range(2)]
    line = headline(findings, [project()])
    assert line == "1 project differs, 2 errors, 2 warnings"
    assert re.fullmatch(r"[a-z0-9 ,]+", line)


def test_errors_stand_before_warnings_and_what_is_left_out_is_counted() -> None:
    findings = [Finding("W", Severity.WARNING, "p", 0, "w")] * MOST_FINDINGS + [
        Finding("E", Severity.ERROR, "p", 3, "e")
    ]
    values = page_values(findings, (), 0)
    shown = values["findings"]
    assert isinstance(shown, tuple) and (len(shown), shown[0].place) == (MOST_FINDINGS, "p:3")
    assert values["left_out"] == "1 finding more is not shown here"
