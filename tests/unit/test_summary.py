"""The summary page's values: what has no record says so, and nothing is inherited or injected."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bot.formats.project_file import parse_folder
from bot.model.record import Ledger, Record, RunState
from bot.report.dotplot import Dot, dot_plot
from bot.report.plan_text import plan_as_dot
from bot.report.summary import ProjectSummary, summarise
from bot.rules.plan import plan_project
from bot.rules.radiometer import expectation_ratio
from bot.rules.state import standing

PROJECT = "pid: P-1\nmode: SEQ/Map\nsources:\n  <script>: {obsnums: [101, 102], tiers: {a: {}}}\n"


def summary() -> ProjectSummary:
    plan = plan_project(parse_folder(PROJECT, pid="P-1"))
    good = plan.units[0]
    metrics = {"0": {"rms": 70.0, "rms0": 1.05, "inttime": 600.0, "tau": 0.1, "instrument": "SEQ", "obspgm": "Map"}}
    record = Record(
        pid="P-1", name="101", source=good.source, level=1, digest=good.digest, attempt=1, state=RunState.GOOD,
        lines=(), ended="2026", metrics=metrics,
    )  # fmt: skip
    ledger = Ledger((record,))
    stands = standing(plan, ledger, {"101"}, sources=1, is_locked=False)
    return summarise(plan, ledger, stands, lambda name: ("f", ("p__0.png",)) if name == "101" else ("", ()))


def test_an_obsnum_without_a_record_shows_no_number_of_its_neighbour() -> None:
    rows = {row.name: row for row in summary().rows["<script>"]}
    assert rows["101"].is_good and rows["101"].rms == "70 mK" and rows["101"].ratio == "1.05"
    assert not rows["102"].is_good and rows["102"].state == "not run yet"
    assert (rows["102"].rms, rows["102"].ratio, rows["102"].tau) == ("", "", "")


def test_a_name_from_a_header_is_text_in_the_plot() -> None:
    plot = summary().plots[0]
    assert "<script>" not in plot and "&lt;script&gt;" in plot
    ElementTree.fromstring(f"<div>{plot}</div>")  # noqa: S314 - our own text


@pytest.mark.parametrize(
    ("numbers", "ratio"),
    [
        ({"rms0": 2.25, "rms": 250.0}, 2.25),
        ({"instrument": "RSR", "rms": 0.004, "inttime": 20.0}, 1.0),
        ({"instrument": "SEQ", "obspgm": "Ps", "rms": 0.1, "inttime": 20.0}, None),
        ({}, None),
    ],
)
def test_rms_over_expectation_is_told_where_it_is_defined(numbers: dict[str, object], ratio: float | None) -> None:
    assert expectation_ratio(numbers) == (None if ratio is None else pytest.approx(ratio))


def test_every_value_is_a_mark_with_its_name() -> None:
    plot = dot_plot([Dot("A", "101", 1.0), Dot("B", "102", 2.0)], axis="rms [mK]", wanted=1.0)
    assert plot.count("<title>") == 4 and "101 A: 1" in plot and "rms [mK]" in plot
    assert dot_plot([], axis="rms [mK]") == ""


def test_the_graph_quotes_names() -> None:
    project = PROJECT.replace("<script>", "'a\"b'")
    dot = plan_as_dot(plan_project(parse_folder(project, pid="P-1")))
    assert '\\"b' in dot and dot.count("->") == 2
