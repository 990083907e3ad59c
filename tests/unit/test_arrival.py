"""The set difference between log and projects: nothing lost, nothing guessed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.formats.obslog import Row, RowFault, format_row, parse_log
from bot.model.observation import Observation
from bot.model.project import Project, Tiers
from bot.rules.arrival import SCIENCE, Arrivals, Known, Why, find_arrivals
from bot.rules.source_choice import Candidate, Setup, candidates_of, choose_source
from bot.rules.starting import Start, Starting, starting_tiers

LOG = Path(__file__).parents[1] / "data" / "log" / "data_lmt.log"
REAL = [row for row in parse_log(LOG.read_bytes()) if isinstance(row, Observation)]
ROW = Observation(101, "2024-05-01T00:00:00", "SEQ", "Science", "Map(Az/C)", "M1", "2024-S1-MX-2", 115.2712)


def project(pid: str = "2024-S1-MX-2", **more: Any) -> Project:
    return Project.model_validate({"pid": pid, **more})


def found(rows: list[Row], *projects: Project, broken: dict[str, str] | None = None) -> Arrivals:
    return find_arrivals(rows, Known.of({one.pid: one for one in projects}, broken))


def arriving(arrivals: Arrivals) -> dict[int, tuple[str, str]]:
    return {
        obsnum: (project.pid, source.source)
        for project in arrivals.projects
        for source in project.sources
        for obsnum in source.obsnums
    }


def held(arrivals: Arrivals) -> dict[int | None, Why]:
    return {one.obsnum: one.why for one in arrivals.held}


HOLDS_100 = {"M1": {"obsnums": [100]}}
EARLIER = replace(ROW, obsnum=100)


def test_a_new_obsnum_goes_into_the_source_of_its_name() -> None:
    arrivals = found([ROW, EARLIER], project(sources=HOLDS_100))
    assert arriving(arrivals) == {101: ("2024-S1-MX-2", "M1")}
    assert arrivals.listed == {"2024-S1-MX-2": (100,)}
    assert not arrivals.projects[0].is_new and not arrivals.projects[0].sources[0].is_new


def test_a_project_id_is_compared_exactly() -> None:
    arrivals = found([replace(ROW, pid="2024-S1-MX-22")], project(sources=HOLDS_100))
    assert arriving(arrivals) == {101: ("2024-S1-MX-22", "M1")}
    assert arrivals.projects[0].is_new


def test_a_new_source_comes_with_its_mode_and_the_starting_tiers() -> None:
    starting = Starting.model_validate(
        {"starts": [{"instrument": "SEQ", "since": "2023-04-01", "tiers": {"c": {"bank": 1}}}]}
    )
    arrivals = find_arrivals([replace(ROW, source="M2")], Known.of({"2024-S1-MX-2": project()}), starting)
    (source,) = arrivals.projects[0].sources
    assert (source.is_new, source.mode, source.tiers) == (True, "SEQ/Map", Tiers.model_validate({"c": {"bank": 1}}))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"valid": False}, Why.INVALID),
        ({"pgm": "Cal"}, Why.CAL),
        ({"pgm": "Lissajous"}, Why.MODE),
        ({"instrument": ""}, Why.MODE),
        ({"pid": "../../etc"}, Why.NAME),
        ({"pid": "x" * 65}, Why.NAME),
        ({"source": "m1"}, Why.WHICH),
        ({"source": "Mosaic"}, Why.WHICH),
        ({"pgm": "Ps"}, Why.SETUP),
        ({"restfreq_ghz": 88.6}, Why.SETUP),
        ({"obsnum": 7}, Why.LEFT_OUT),
        ({"obsnum": 200}, Why.ELSEWHERE),
        ({"pid": "2030-S1-MX-1"}, Why.BROKEN),
    ],
)
def test_what_is_held_back_says_why(changes: dict[str, Any], why: Why) -> None:
    here = project(sources={**HOLDS_100, "Mosaic": {"mosaic": ["M1"]}}, left_out={7: "3 s only"})
    there = project("2024-S1-MX-3", sources={"M1": {"obsnums": [200]}})
    arrivals = found([EARLIER, replace(ROW, **changes)], here, there, broken={"2030-S1-MX-1": "line 3: no"})
    assert list(held(arrivals).values()) == [why]
    assert arriving(arrivals) == {}
    assert arrivals.held[0].cure and arrivals.held[0].told


def test_the_reason_of_what_is_left_out_is_kept() -> None:
    arrivals = found([replace(ROW, obsnum=7)], project(left_out={7: "3 s only"}))
    assert arrivals.held[0].told == "3 s only"


def test_rows_that_disagree_are_held_back_and_rows_that_agree_are_not() -> None:
    assert held(found([ROW, replace(ROW, source="M2")], project())) == {101: Why.ROWS}
    assert held(found([ROW, replace(ROW, goal="Pointing")], project())) == {101: Why.ROWS}
    assert arriving(found([ROW, replace(ROW, az_deg=3.0)], project())) == {101: ("2024-S1-MX-2", "M1")}


def test_the_real_obsnum_with_four_rows_is_no_science() -> None:
    arrivals = found([row for row in REAL if row.obsnum == 93675])
    assert arrivals.other_goals == {"OOF": (93675,)}
    rows = [replace(row, goal=SCIENCE) for row in REAL if row.obsnum == 93675]
    assert held(found(list(rows))) == {93675: Why.ROWS}


def test_a_goal_that_only_contains_the_word_is_no_science() -> None:
    rows = [replace(ROW, goal="CitizenScience"), replace(ROW, obsnum=102, goal="LineCheck", source="Science")]
    arrivals = found(list(rows))
    assert arriving(arrivals) == {} and arrivals.held == ()
    assert arrivals.other_goals == {"CitizenScience": (101,), "LineCheck": (102,)}


def test_a_pointing_that_a_project_lists_is_nothing_to_tell() -> None:
    assert found([replace(EARLIER, goal="Pointing")], project(sources=HOLDS_100)).other_goals == {}


def test_two_sources_of_one_log_name_are_told_apart_by_frequency() -> None:
    rows = [row for row in REAL if row.pid == "2018-S1-MU-46" and row.source == "Region_J-K" and row.goal == SCIENCE]
    assert len(rows) == 14
    by_line = {"CO": [row.obsnum for row in rows if row.restfreq_ghz == 115.2712]}
    by_line["HCN"] = [row.obsnum for row in rows if row.obsnum not in by_line["CO"]]
    sources = {f"Region_J-K_{line}": {"obsnums": obsnums[:-1]} for line, obsnums in by_line.items()}
    arrivals = found(list(rows), project("2018-S1-MU-46", sources=sources))
    assert arriving(arrivals) == {
        by_line[line][-1]: ("2018-S1-MU-46", f"Region_J-K_{line}") for line in ("CO", "HCN")
    }  # fmt: skip


def test_two_sources_of_one_log_name_and_setup_are_a_question() -> None:
    rows = [replace(ROW, obsnum=number) for number in (100, 200, 300)]
    here = project(sources={"A": {"obsnums": [100]}, "B": {"obsnums": [200]}})
    (one,) = found(list(rows), here).held
    assert (one.obsnum, one.why) == (300, Why.WHICH)
    assert "A and B" in one.told and "aliases" in one.cure


def test_a_declared_alias_decides() -> None:
    here = project(sources={"A": {"aliases": ["M1"], "mode": "SEQ/Map"}})
    assert arriving(found([ROW], here)) == {101: ("2024-S1-MX-2", "A")}


def test_a_source_that_mixes_setups_takes_what_it_holds_already() -> None:
    rows = [EARLIER, replace(ROW, obsnum=99, pgm="Ps"), replace(ROW, pgm="Ps"), replace(ROW, obsnum=102, pgm="Bs")]
    arrivals = found(list(rows), project(sources={"M1": {"obsnums": [99, 100]}}))
    assert set(arriving(arrivals)) == {101} and held(arrivals) == {102: Why.SETUP}


def test_a_new_name_with_two_setups_is_a_question() -> None:
    arrivals = found([ROW, replace(ROW, obsnum=102, pgm="Ps")], project())
    assert held(arrivals) == {101: Why.SETUP, 102: Why.SETUP}


def test_the_frequency_of_rsr_says_nothing() -> None:
    first = replace(ROW, obsnum=100, instrument="RSR", pgm="Bs", restfreq_ghz=None)
    arrivals = found([first, replace(first, obsnum=101, restfreq_ghz=0.0)], project(sources=HOLDS_100))
    assert set(arriving(arrivals)) == {101}


def test_an_unreadable_row_is_held_back_unless_a_project_knows_the_obsnum() -> None:
    faults = [
        RowFault(number, f"row {obsnum}", "cut off", obsnum) for number, obsnum in enumerate((100, 7, 55, None), 1)
    ]
    arrivals = found([*faults, faults[2]], project(sources=HOLDS_100, left_out={7: "short"}))
    assert [(one.obsnum, one.why, one.line) for one in arrivals.held] == [
        (None, Why.UNREADABLE, 4),
        (55, Why.UNREADABLE, 3),
    ]


def test_a_readable_row_counts_more_than_an_unreadable_one() -> None:
    assert held(found([ROW, RowFault(2, "x", "cut off", 101)], project())) == {}


def test_arriving_once_is_enough() -> None:
    first = found(REAL)
    projects = {
        one.pid: project(one.pid, sources={source.source: {"obsnums": list(source.obsnums)} for source in one.sources})
        for one in first.projects
    }
    second = found(REAL, *projects.values())
    assert second.projects == ()
    assert second.held == first.held


names = st.sampled_from(("M1", "m1", "M2", "Mosaic", "A B", "Region_H"))


@st.composite
def logs(draw: st.DrawFn) -> list[Observation]:
    """Real rows and rows of chance that collide with them."""
    base = draw(st.lists(st.sampled_from(REAL), max_size=25))
    own = st.builds(
        Observation,
        obsnum=st.integers(100, 112),
        date_obs=st.just("2024-05-01T00:00:00"),
        instrument=st.sampled_from(("SEQ", "RSR", "")),
        goal=st.sampled_from((SCIENCE, SCIENCE, SCIENCE, "Pointing")),
        pgm=st.sampled_from(("Map(Az/C)", "Ps", "Bs", "Cal")),
        source=names,
        pid=st.sampled_from(("2024-S1-MX-2", "2024-S1-MX-22", "2024-S1-MX-3", "bad id")),
        restfreq_ghz=st.sampled_from((None, 88.6, 115.2712)),
        valid=st.sampled_from((None, True, True, False)),
    )
    return [*base, *draw(st.lists(own, max_size=20))]


@st.composite
def projects_of(draw: st.DrawFn, rows: list[Observation]) -> list[Project]:
    """Projects that list some of the rows, some of them under other projects, some left out."""
    made = []
    for pid in draw(st.lists(st.sampled_from(("2024-S1-MX-2", "2024-S1-MX-22", "2018-S1-MU-46")), unique=True)):
        obsnums = st.lists(st.sampled_from([row.obsnum for row in rows] or [1]), unique=True, max_size=8)
        sources = {name: {"obsnums": draw(obsnums)} for name in draw(st.lists(names, unique=True)) if name != "A B"}
        if "Mosaic" in sources:
            sources["Mosaic"] = {"mosaic": ["M1"]}
        made.append(project(pid, sources=sources, left_out=dict.fromkeys(draw(obsnums), "why")))
    return made


@settings(max_examples=300)
@given(st.data())
def test_every_science_obsnum_comes_out_exactly_once(data: st.DataObject) -> None:
    rows = data.draw(logs())
    projects = data.draw(projects_of(rows))
    arrivals = found(list(rows), *projects)
    listed = [obsnum for obsnums in arrivals.listed.values() for obsnum in obsnums]
    answers = [*listed, *arriving(arrivals), *(one.obsnum for one in arrivals.held)]
    assert sorted(answers) == sorted({row.obsnum for row in rows if row.goal == SCIENCE})
    assert len(arriving(arrivals)) == sum(one.count for one in arrivals.projects)
    assert all(one.told for one in arrivals.held)


@settings(max_examples=200)
@given(st.data())
def test_order_and_repetition_of_the_log_change_nothing(data: st.DataObject) -> None:
    rows = data.draw(logs())
    projects = data.draw(projects_of(rows))
    again = data.draw(st.permutations([*rows, *rows[: len(rows) // 2]]))
    assert found(list(again), *projects) == found(list(rows), *reversed(projects))


@settings(max_examples=200)
@given(st.data())
def test_a_log_that_is_cut_anywhere_loses_nothing_but_what_is_cut(data: st.DataObject) -> None:
    rows = [row for row in data.draw(logs()) if " " not in row.source + row.pid and row.instrument]
    text = "".join(format_row(row) + "\n" for row in rows).encode()
    cut = data.draw(st.integers(0, len(text)))
    whole = found(list(parse_log(text)))
    part = found(list(parse_log(text[:cut])))
    kept = rows[: text[:cut].count(b"\n")]
    answers = {*arriving(part), *(one.obsnum for one in part.held)}
    assert {row.obsnum for row in kept if row.goal == SCIENCE} <= answers
    assert answers <= {*arriving(whole), *(one.obsnum for one in whole.held)} | {
        one.obsnum for one in part.held if one.why is Why.UNREADABLE
    }


def test_candidates_are_never_mosaics() -> None:
    here = project(sources={"M1": {}, "all": {"mosaic": ["M1"]}}, mode="SEQ/Map")
    assert candidates_of(here, {}) == (Candidate("M1", frozenset({"M1"}), (Setup("SEQ/Map", None),)),)


def test_most_names_of_the_log_lead_to_a_source() -> None:
    here = project(sources={"chi-Cyg": {"obsnums": [1, 2, 3]}})
    rows = {
        number: replace(ROW, obsnum=number, source=name) for number, name in ((1, "chi-Cyg"), (2, "CHI"), (3, "CHI"))
    }
    (candidate,) = candidates_of(here, rows)
    assert choose_source(replace(ROW, source="CHI"), [candidate], here.sources).source == "chi-Cyg"


def test_the_first_start_that_fits_is_taken() -> None:
    two_banks, one_bank = Tiers.model_validate({"c": {"bank": 1}}), Tiers.model_validate({"b": {}})
    start = Start.model_validate({"instrument": "SEQ", "since": "2023-04-01", "tiers": {"c": {"bank": 1}}})
    starting = Starting(starts=(start, Start(tiers=one_bank)))
    assert starting_tiers(starting, "SEQ", "2023-04-01T00:00:00") == two_banks
    assert starting_tiers(starting, "SEQ", "2023-03-31T23:59:59") == one_bank
    assert starting_tiers(starting, "RSR", "2024-01-01T00:00:00") == one_bank
    assert starting_tiers(Starting(starts=()), "RSR", "2024-01-01T00:00:00") == Tiers()
