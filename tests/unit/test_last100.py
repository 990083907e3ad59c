"""The page of the newest quick looks: words, numbers to sort by, hostile texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.doors.templates import render_page
from bot.model.quicklook import QuickLook
from bot.report.last100 import Cell, Page, Shown, duration_words, last100, latency_s

NAMES = ("state", "arrived", "observed", "obsnum", "project", "source", "mode", "time", "rms", "latency")
HERE = Path("/nowhere")


def look(**changes: Any) -> QuickLook:
    known: dict[str, Any] = {
        "obsnum": 112139,
        "pid": "2024-S1-MX-2",
        "source": "IRC+10216",
        "mode": "SEQ/Map",
        "date_obs": "2024-03-06T11:21:31",
        "tint_s": 300.0,
        "verdict": "good",
        "metrics": {"0": {"rms": 250.0}, "1": {"rms": 310.0}},
        "reduced": "2024-03-06T11:36:31.000Z",
    }
    return QuickLook(**{**known, **changes})


def page_of(*looks: QuickLook, arrived: str = "2024-03-06T11:46:31", has_tap: bool = True) -> Page:
    return last100([Shown(arrived, one, has_tap, "README.html") for one in looks], "2024-03-06 11:47:00")


def cells(one: QuickLook, **how: Any) -> dict[str, Cell]:
    return dict(zip(NAMES, page_of(one, **how).rows[0].cells, strict=True))


def html(page: Page) -> str:
    return render_page(HERE, "last100.html.j2", page=page)


def test_a_good_look_tells_its_numbers_and_links_to_its_products() -> None:
    found = cells(look())
    assert found["obsnum"].link == "../2024-S1-MX-2/TAP/112139/README.html"
    assert found["project"].link == "../2024-S1-MX-2/TAP/"
    assert found["rms"] == Cell("250 / 310 mK", pytest.approx(0.25))
    assert found["latency"] == Cell("20 min", 1200.0)
    assert found["time"].key == 300.0 and found["observed"].text == "2024-03-06 11:21:31"


def test_rms_is_in_kelvin_but_for_maps_of_seq_and_sorted_in_one_unit() -> None:
    assert cells(look(mode="RSR/Bs", metrics={"all": {"rms": 0.0042}}))["rms"] == Cell("0.0042 K", 0.0042)
    assert cells(look(mode="SEQ/Ps", metrics={"0": {"rms": 0.1}}))["rms"] == Cell("0.1 K", 0.1)


@pytest.mark.parametrize("rms", ["12", None, float("nan"), float("inf"), -1.0, {"a": 1}, [1]])
def test_what_is_no_rms_is_left_empty(rms: Any) -> None:
    assert cells(look(metrics={"0": {"rms": rms}}))["rms"] == Cell("", "")


def test_gaps_and_failures_are_said_in_words_and_counted() -> None:
    page = page_of(
        look(), look(obsnum=2, gap=("roach3",)), look(obsnum=3, gap=("roach1",), verdict="the pipeline stopped")
    )
    assert [row.state for row in page.rows] == ["good", "gap", "failed"]
    assert [row.remark for row in page.rows] == ["", "roach3 missing", "the pipeline stopped; roach1 missing"]
    assert [page.count(state) for state in ("good", "gap", "failed")] == [1, 1, 1]
    text = html(page)
    assert "\N{CHECK MARK} good" in text and "\N{BALLOT X} failed" in text and "roach3 missing" in text


def test_a_look_without_products_has_no_link() -> None:
    assert cells(look(verdict="no calibration"), has_tap=False)["obsnum"].link == ""


def test_latency_counts_from_the_end_of_the_observation_in_ut() -> None:
    assert latency_s(look(), "2024-03-06T11:46:31") == 1200
    assert latency_s(look(date_obs="2024-03-06T12:21:31+01:00"), "2024-03-06T11:46:31") == 1200
    assert latency_s(look(tint_s=None), "2024-03-06T11:46:31") == 1500


@pytest.mark.parametrize(("date_obs", "arrived"), [("yesterday", "2024-03-06T11:46:31"), ("2024-03-07T00:00:00",) * 2])
def test_a_latency_that_cannot_be_told_is_not_told(date_obs: str, arrived: str) -> None:
    row = page_of(look(date_obs=date_obs), arrived=arrived).rows[0]
    assert row.picture == "" and row.cells[-1] == Cell("", "")


@pytest.mark.parametrize(
    ("seconds", "words"), [(36, "36 s"), (240, "4.0 min"), (720, "12 min"), (5400, "1.5 h"), (864_000, "10 d")]
)
def test_lengths_of_time_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_a_page_without_quick_looks_says_so() -> None:
    text = html(page_of())
    assert "No quick look has arrived yet" in text and "<table" not in text and "<script" not in text


HOSTILE = ["<script>alert(1)</script>", '" onmouseover="alert(1)', "'><img src=x>", "javascript:alert(1)", "{{ 7*7 }}"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text: str) -> None:
    plain = html(page_of(look(source="X", gap=("Y",), verdict="Z")))
    made = html(page_of(look(source=text, mode=text, date_obs=text, gap=(text,), verdict=text)))
    assert made.count("<script") == plain.count("<script") == 1
    assert "<img" not in made and 'onmouseover="' not in made and 'href="javascript' not in made and "49" not in made


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_gives_a_page_without_control_characters(source: str, verdict: str) -> None:
    page = page_of(look(source=source, verdict=verdict))
    assert page.rows[0].cells[5].text.isprintable() and page.rows[0].remark.isprintable()
    assert len(page.rows[0].cells[5].text) <= 61
