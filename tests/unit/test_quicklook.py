"""Which observations get a quick look, in which order, with which words; what their records say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.observation import Observation
from bot.model.raw import Arrived, Readiness
from bot.model.record import LineOutcome, Record, RunState
from bot.rules.quicklook import (
    Asked,
    Standing,
    Task,
    chain_of,
    check_standing,
    is_for_quick_look,
    look_of,
    read_standing,
    result_of,
    sort_out,
)
from bot.rules.work import STOPPED_BY_OPERATOR

HERE = Asked(tries=2, host="malt")
CALLED = (LineOutcome(line="l", exit=-9, started="", ended="", seconds=1.0),)


def seen(obsnum: int = 112139, **changed: Any) -> Observation:
    told: dict[str, Any] = {"date_obs": "2024-03-06T11:21:31", "instrument": "SEQ", "goal": "Science"}
    told |= {"pgm": "Map(L/C)", "source": "G358", "pid": "2024-S1-MX-2", "tint_s": 1940.9, "valid": None}
    return Observation(obsnum=obsnum, **{**told, **changed})


def there(obsnum: int = 112139, **changed: Any) -> Arrived:
    return Arrived(obsnum, Readiness.COMPLETE, seen(obsnum, **changed))


def attempt(state: RunState, obsnum: int = 112139, **changed: Any) -> Record:
    told: dict[str, Any] = {"pid": "2024-S1-MX-2", "name": str(obsnum), "source": "G358", "level": 0, "digest": "d"}
    told |= {"attempt": 1, "lines": (f"SLpipeline.sh obsnum={obsnum} restart=1 tap=1",), "host": "malt"}
    return Record(state=state, **{**told, **changed})


def wanted(arrived: list[Arrived], *records: Record, asked: Asked = HERE) -> list[int]:
    known: dict[int, tuple[Record, ...]] = {}
    for record in records:
        known[int(record.name)] = (*known.get(int(record.name), ()), record)
    return [int(task.name) for task in sort_out(arrived, known, asked).wanted]


@pytest.mark.parametrize(
    ("told", "is_looked_at"),
    [
        ({}, True),
        ({"pgm": "Cal"}, True),
        ({"valid": True}, True),
        ({"valid": False}, False),
        ({"goal": "Pointing", "source": "CitizenScience"}, False),
        ({"goal": "LineCheck"}, False),
        ({"goal": "LineCheck", "instrument": "RSR", "pgm": "Bs"}, True),
        ({"goal": "LineCheck", "instrument": "RSR", "pgm": "Cal"}, False),
        ({"goal": "science"}, False),
    ],
)
def test_science_and_line_checks_of_rsr_are_looked_at(told: dict[str, Any], is_looked_at: bool) -> None:
    assert is_for_quick_look(there(**told)) is is_looked_at


@pytest.mark.parametrize("readiness", [Readiness.INCOMPLETE, Readiness.CORRUPT])
def test_what_is_not_complete_is_not_wanted(readiness: Readiness) -> None:
    assert wanted([Arrived(112139, readiness, seen())]) == []
    assert wanted([Arrived(112139, Readiness.COMPLETE)]) == []


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"instrument": "OMAYA"}, "mode OMAYA/Map"),
        ({"pgm": "Cal"}, "mode SEQ/Cal"),
        ({"pid": "../../etc"}, "cannot be the name of a folder"),
        ({"pid": "a\n"}, "cannot be the name of a folder"),
        ({"pid": ""}, "cannot be the name of a folder"),
        ({"pid": "lmtbot"}, "cannot be the name of a folder"),
        ({"source": "$(reboot)"}, "a shell would act on"),
        ({"source": "../../x"}, "a shell would act on"),
        ({"source": "-rf"}, "a shell would act on"),
    ],
)
def test_what_cannot_be_reduced_is_held_back_and_said(told: dict[str, Any], reason: str) -> None:
    found = sort_out([there(**told)], {}, HERE)
    assert not found.wanted and reason in found.held[112139]


def test_scans_that_disagree_are_held_back() -> None:
    arrived = Arrived(112139, Readiness.COMPLETE, seen(), (seen(source="OTHER"),))
    assert "2 observations under one obsnum" in sort_out([arrived], {}, HERE).held[112139]


def test_the_newest_comes_first_and_what_was_begun_before_all() -> None:
    night = [there(1, date_obs="2024-03-06T01:00:00"), there(3), there(2), there(9, date_obs="2023-01-01T00:00:00")]
    assert wanted(night) == [3, 2, 1, 9]
    assert wanted(night, attempt(RunState.RUNNING, 9)) == [9, 3, 2, 1]


def test_since_leaves_older_ones_out_and_counts_them() -> None:
    night = [there(1, date_obs="2024-03-05T23:59:59"), there(2, date_obs="2024-03-06T00:00:00")]
    found = sort_out(night, {}, Asked(since="2024-03-06"))
    assert [task.name for task in found.wanted] == ["2"] and found.before_since == 1


def test_an_attempt_left_open_is_taken_up_with_its_own_words_though_its_raw_data_are_gone() -> None:
    (task,) = sort_out([], {112139: [attempt(RunState.RUNNING)]}, HERE).wanted
    chain = chain_of(task, Standing(("extent=60",)))
    assert chain.lines[0].words == ("obsnum=112139", "restart=1", "tap=1") and chain.digest == "d"


def test_an_attempt_open_on_another_host_is_held_back_until_somebody_says_that_the_host_is_gone() -> None:
    away = attempt(RunState.RUNNING, host="unity")
    found = sort_out([there()], {112139: [away]}, HERE)
    assert not found.wanted and "unfinished on unity" in found.held[112139]
    gone = Asked(tries=2, host="malt", set_aside={"112139.L0.d.1.json"})
    assert wanted([there()], away, asked=gone) == [112139]


def test_products_of_level_1_need_no_quick_look_but_its_failure_does() -> None:
    better = attempt(RunState.GOOD, level=1)
    assert sort_out([there()], {112139: [better]}, HERE).reduced == (112139,)
    assert wanted([there()], attempt(RunState.FAILED, level=1)) == [112139]
    assert (
        "goes on with it" in sort_out([there()], {112139: [attempt(RunState.PUBLISHING, level=1)]}, HERE).held[112139]
    )


def test_stops_by_the_operator_count_for_nothing_and_those_by_the_machine_are_bounded() -> None:
    by_us = [attempt(RunState.STOPPED, attempt=n, verdict=STOPPED_BY_OPERATOR, outcomes=CALLED) for n in range(9)]
    killed = [attempt(RunState.STOPPED, attempt=n, verdict="its runner was killed") for n in range(9)]
    memory = [attempt(RunState.STOPPED, attempt=n, verdict="out of memory", outcomes=CALLED) for n in (10, 11)]
    assert result_of([*by_us, *killed, memory[0]], 2) is None
    assert result_of([*by_us, *killed, *memory], 2) == memory[1]


def test_a_record_set_aside_makes_the_obsnum_wanted_again_until_the_next_attempt_ends() -> None:
    old, again = attempt(RunState.FAILED), attempt(RunState.GOOD, attempt=2, ended="1999-01-01T00:00:00.000Z")
    asked = Asked(tries=2, host="malt", set_aside={"112139.L0.d.1.json"})
    assert wanted([there()], old, asked=HERE) == []
    assert wanted([there()], old, asked=asked) == [112139]
    assert sort_out([there()], {112139: [old, again]}, asked).ended == {112139: again}


def test_lines_of_the_standing_file_that_begin_with_a_hash_say_nothing() -> None:
    assert read_standing("#no=1\n a=1  b=2\n\nc=3 #d\n") == ("a=1", "b=2", "c=3", "#d")


@pytest.mark.parametrize(
    "word", ["restart=0", "tap=0", "obsnum=1", "work_lmt=/tmp", "rsync=h:/d", "archive=1", "admit=1"]
)
def test_the_quick_looks_own_words_cannot_be_set(word: str) -> None:
    assert check_standing([word]).words == () and "the quick look's own" in check_standing([word]).refused[0]


def test_unknown_words_and_wrong_values_are_left_out_with_their_cure() -> None:
    found = check_standing(["extent=60", "extend=60", "dv=wide", "skip", "bank=0"])
    assert found.words == ("extent=60", "bank=0")
    assert "did you mean extent?" in found.refused[0] and len(found.refused) == 3


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=12).map(lambda text: "".join(text.split()) or "x")))
def test_every_standing_word_is_taken_or_refused(words: list[str]) -> None:
    found = check_standing(words)
    assert len(found.words) + len(found.refused) == len(words)
    line = chain_of(Task("P", "1", there(1)), found).lines[0]
    assert line.words[:3] == ("obsnum=1", "restart=1", "tap=1")
    assert not any(word.split("=")[0] in ("obsnum", "restart", "tap", "work_lmt") for word in line.words[3:])


STATES = [None, RunState.GOOD, RunState.FAILED, RunState.RUNNING]
NIGHTS = st.dictionaries(st.integers(1, 200), st.tuples(st.integers(0, 9), st.sampled_from(STATES)), max_size=30)


@given(NIGHTS, st.randoms())
def test_every_obsnum_is_in_one_place_whatever_the_order(
    night: dict[int, tuple[int, RunState | None]], chance: Any
) -> None:
    arrived = [there(number, date_obs=f"2024-03-0{day}T00:00:00") for number, (day, _) in night.items()]
    records = {number: [attempt(state, number)] for number, (_, state) in night.items() if state}
    found = sort_out(arrived, records, HERE)
    names = [int(task.name) for task in found.wanted]
    assert sorted([*names, *found.ended]) == sorted(night)
    chance.shuffle(arrived)
    assert sort_out(arrived, records, HERE) == found


def test_what_travels_is_the_observation_and_the_verdict_also_when_the_raw_data_are_gone() -> None:
    metrics = {"0": {"rms": 250.3, "instrument": "SEQ", "obspgm": "Map", "date_obs": "2024-03-06T11:21:31"}}
    record = attempt(RunState.GOOD, verdict="good", metrics=metrics, ended="2024-03-06T12:00:00.000Z")
    gap = Arrived(112139, Readiness.COMPLETE, seen(), gap=("roach3",))
    full, bare = look_of(record, gap), look_of(record, None)
    assert full.is_good and full.gap == ("roach3",) and full.tint_s == 1940.9
    assert (bare.mode, bare.date_obs, bare.tint_s) == (full.mode, full.date_obs, None)
