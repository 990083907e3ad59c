"""What needs a person, what is public, what happened when: rules of the site, and the scales of its plots."""

from __future__ import annotations

from datetime import date

import pytest

from bot.doors.templates import SHIPPED, render_markdown
from bot.model.github import Topic
from bot.model.observation import Observation
from bot.model.project import Project
from bot.model.site import PULL, Commit, Seen, Thread
from bot.model.worksheet import Reduced, Row
from bot.report.site.axes import linear, logarithmic
from bot.report.site.plots import Places, night_bars, quality_plot, story_plot
from bot.report.site.words import kind_of, number, rms_words, semester_of
from bot.report.webrun import comparison_table
from bot.rules.attention import ACTS, ungraded_rows, wants_of, wants_of_new, who_acts
from bot.rules.comparison import Compared, Numbers
from bot.rules.publicity import Exposure, exposure, is_public, public_since
from bot.rules.state import Standing, State
from bot.rules.threads import thread_of
from bot.rules.timeline import nights_of, story


def row(name: str = "1", state: Reduced = Reduced.GOOD, **more: object) -> Row:
    return Row(name=name, bank=None, source="A", mode="RSR/Bs", state=state, **more)  # type: ignore[arg-type]


def standing(state: State, failed: int = 0, torn: int = 0) -> Standing:
    return Standing("P", state, 1, 4, 1, 2, 2, failed, 0, 0, torn, "something")


def seen(obsnum: int, day: str) -> Observation:
    return Observation(obsnum, f"{day}T01:00:00", "RSR", "Science", "Bs", "A", "P")


def test_every_state_says_who_acts_and_has_a_colour() -> None:
    assert set(ACTS) == set(State) and all(kind_of(state) for state in State)
    assert (who_acts("in QA"), who_acts("archived"), who_acts("a state of tomorrow")) == ("DA", "nobody", "PO")


def test_the_gravest_want_comes_first_and_nothing_is_wanted_twice() -> None:
    wants = wants_of(standing(State.LEVEL1_FAILED, failed=2, torn=1), [row()], arriving=3)
    assert [(one.who, one.what.split(":")[0]) for one in wants] == [
        ("PO", "2 reductions failed"), ("PO", "1 record of runs cannot be read"),
        ("PO", "3 new in the log, not in the project"), ("DA", "1 to grade"),
    ]  # fmt: skip
    assert [one.what for one in wants_of(standing(State.IN_QA), [row()])] == ["1 to grade"]
    assert wants_of(standing(State.ARCHIVED), []) == ()


def test_an_open_thread_waits_for_whom_it_says() -> None:
    threads = [Thread("P", "issue", 4, "t", "https://x", state, "PI") for state in ("open", "closed")]
    assert [(one.who, one.link) for one in wants_of(standing(State.ARCHIVED), [], threads)] == [("PI", "https://x")]


def test_only_good_accepted_rows_without_a_grade_are_to_be_graded() -> None:
    rows = [row("1"), row("2", grade=3), row("3", Reduced.FAILED), row("4", is_accepted=False), row("5", grade=0)]
    assert [one.name for one in ungraded_rows(rows)] == ["1", "5"]


@pytest.mark.parametrize(
    ("public", "observed", "since"),
    [
        ("2025-01-01", [], date(2025, 1, 1)),
        (None, ["2023-03-01T01:00:00", "2024-02-29T01:00:00"], date(2025, 2, 28)),
        (None, ["2024-01-01T00:00:00", ""], None),
        (None, [], None),
    ],
)
def test_what_is_public_is_known_or_it_is_not_public(public: str | None, observed: list[str], since: date) -> None:
    project = Project(pid="P", public=date.fromisoformat(public) if public else None)
    assert public_since(project, observed) == since
    assert is_public(project, observed, date(2030, 1, 1)) is (since is not None)
    assert not is_public(project, observed, date(2024, 12, 31))


def test_before_the_public_day_the_site_says_what_is_told_and_after_it_all_is() -> None:
    project = Project(pid="P", public=date(2025, 1, 1))
    assert exposure(project, [], date(2024, 12, 31), "states") is Exposure.STATES
    assert exposure(project, [], date(2024, 12, 31), "numbers") is Exposure.NUMBERS
    assert exposure(project, [], date(2025, 1, 1), "states") is Exposure.ALL
    assert exposure(Project(pid="P"), ["?"], date(2099, 1, 1), "states") is Exposure.STATES, "nobody knows the day"


def test_a_sessions_numbers_are_only_states_where_no_more_may_be_told() -> None:
    rows = [
        Compared("110001", "A", "0", "good", Numbers(70.5, 1.5, 600.0, 0.1, "mK"), Numbers(71.5, 1.6, 600.0, 0.1, "mK"))
    ]
    assert "70.5 mK" in comparison_table(rows)
    told = comparison_table(rows, Exposure.STATES)
    assert told.splitlines()[0] == "| unit | bank | state |" and "good" in told and "70" not in told


def test_the_notes_of_a_release_name_products_and_grades_where_no_more_may_be_told() -> None:
    row = {"name": "110001", "source": "A", "mode": "SEQ/Map", "observed": "2024-03-06", "grades": "3"}
    row |= {"time": "600 s", "rms": "70.5 mK"}
    values = {
        "tag": "P/v1", "pid": "P", "title": "t", "pi": "p", "public": "", "observations": 1, "combinations": 0,
        "lines": 1, "digest": "d", "commit": "c", "rows": [row], "more": 0, "left_out": {}, "refused": [],
    }  # fmt: skip
    told = [render_markdown(SHIPPED.parent, "github/release.md.j2", **values, has_numbers=one) for one in (True, False)]
    assert "| 600 s | 70" in told[0] and told[0].count("---|") == 7
    assert "600 s" not in told[1] and "mK" not in told[1] and told[1].count("---|") == 5
    assert [len(text[text.index("|--") :].splitlines()[1].split("|")) for text in told] == [9, 7], "rows follow at once"


def topic(title: str, *labels: str, is_pull: bool = True, is_open: bool = True) -> Topic:
    url = "https://x/1"
    return Topic(1, title, "", url, "lmtbot[bot]", is_pull, is_open, labels=labels, opened="2026-11-28T10:00:00Z")


@pytest.mark.parametrize(
    ("asked", "pid", "waits"),
    [
        (topic("A-1: QA, 3 to grade", "qa"), "A-1", "DA"),
        (topic("A-1: 3 new observations", "arrival"), "A-1", "PO"),
        (topic("A-1: QA", "qa", is_open=False), "A-1", ""),
        (topic("webrun of A-1.", "webrun", is_pull=False), "A-1", "PO"),
        (topic("is A-1 wrong?", is_pull=False), "A-1", ""),
        (topic("A-1.5 is another project", is_pull=False), "", ""),
        (topic("B-9: 2 new observations of a new project", "arrival"), "B-9", "PO"),
        (topic("B-9: what is that?"), "", ""),
        (topic("mend the docs"), "", ""),
    ],
)
def test_a_thread_is_of_the_project_that_its_title_names(asked: Topic, pid: str, waits: str) -> None:
    thread = thread_of(asked, {"A-1"})
    assert (thread.pid, thread.waits_for) == (pid, waits) if thread else pid == ""


def test_what_a_thread_tells_already_is_not_told_again() -> None:
    def open_pull(about: str, waits: str) -> Thread:
        return Thread("P", PULL, 7, "t", "https://x", "open", waits, about=about)

    graded = wants_of(standing(State.IN_QA), [row()], [open_pull("qa", "DA")])
    assert [(one.what, one.link) for one in graded] == [("1 to grade in #7", "qa.html")]
    assert [one.what for one in wants_of(standing(State.IN_QA), [], [open_pull("qa", "DA")])] == ["#7 t"]
    assert [one.what for one in wants_of(standing(State.ARRIVING), [], [open_pull("arrival", "PO")], 3)] == ["#7 t"]
    assert [one.pid for one in wants_of_new({"Q"}, [open_pull("arrival", "PO")])] == ["P"]


def test_the_story_is_in_order_with_a_line_a_night() -> None:
    rows = {1: seen(1, "2024-03-01"), 2: seen(2, "2024-03-01"), 3: seen(3, "2024-03-05")}
    commits = [Commit("abc", "2024-03-02T00:00:00", "Dana", "qa: grades"), Commit("d", "2024-03-03T00:00:00", "P", "x")]
    told = [(one.at[:10], one.lane) for one in story(rows, [], commits)]
    assert told == [
        ("2024-03-01", "observed"),
        ("2024-03-02", "QA"),
        ("2024-03-03", "files"),
        ("2024-03-05", "observed"),
    ]
    states = [Seen(1, "P", "good"), Seen(2, "P", "failed"), Seen(3, "P", "never run"), Seen(4, "P", "good")]
    assert nights_of(states, rows) == {"2024-03-01": (2, 1, 1), "2024-03-05": (1, 0, 0)}


def test_a_long_quiet_time_is_drawn_short_and_said() -> None:
    plot = story_plot(story({1: seen(1, "2020-01-01"), 2: seen(2, "2020-01-02"), 3: seen(3, "2024-01-01")}, []))
    assert plot and [words for _, words in plot.breaks] == ["4.0 years"]
    places = [dot.x for dot in plot.dots]
    assert places == sorted(places) and places[-1] <= plot.width


def test_scales_are_round_and_hold_their_values() -> None:
    scale = linear([0.3, 7.2], 100, 0)
    assert [words for _, words in scale.ticks()] == ["0", "2", "4", "6", "8"] and scale.place(0) == 100
    log = logarithmic([0.9, 4.1], 100, 0, around=1.0)
    assert [words for _, words in log.ticks()] == ["0.5", "1", "2", "5"] and log.place(0.001) == 100
    assert logarithmic([], 100, 0).ticks() and linear([], 100, 0).place(0.5) == 50


def test_every_number_is_a_mark_and_a_failure_a_cross() -> None:
    rows = [
        row("1", ratio=1.1, rms=0.002, unit="K"),
        row("2", Reduced.FAILED),
        row("3", ratio=2.0, rms=0.004, unit="K"),
    ]
    plot = quality_plot(rows, {"1": "1.html"})
    assert plot and [mark.shape for mark in plot.panels[0].marks] == ["circle", "circle", "cross"]
    assert plot.panels[0].marks[0].link == "1.html" and plot.panels[0].wanted
    assert quality_plot([], {}) is None and night_bars({}, str) is None
    places = Places(rows)
    assert places.of("2") is None and places.of("3").panels[0].marks[0].is_marked  # type: ignore[union-attr]


def test_numbers_and_units_are_written_one_way() -> None:
    assert (number(1.0), number(None), number(float("nan")), number(68.65)) == ("1.00", "", "", "68.7")
    assert rms_words(row(rms=0.0021, unit="K")) == "2.10 mK" and rms_words(row(rms=70.0, unit="mK")) == "70.0 mK"
    assert (semester_of("2024-S1-MX-2"), semester_of("2018S1-MU-8"), semester_of("x")) == ("2024-S1", "2018-S1", "")
