"""Units -> waves -> arrays: within the limits, each line once, nothing before what it waits for."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.model.batch import Resources, Task
from bot.model.plan import Chain, Combination, Member, RunLine, Unit
from bot.model.record import Cause, Record, RunState
from bot.rules.batches import (
    choose_wave,
    grown,
    is_worth_a_wave,
    lay_out,
    lost_members,
    lowered,
    may_try_again,
    resources_of,
    split,
)
from bot.settings import Escalation, Slurm
from bot.settings import Resources as Share

SMALL, LARGE = Resources(30, 4096, 1), Resources(240, 65536, 1)


def chain(obsnum: int, lines: int = 2, source: str = "S", mode: str = "SEQ/Map") -> Chain:
    return Chain(obsnum, source, mode, (RunLine((f"obsnum={obsnum}",)),) * lines, f"d{obsnum}")


def combination(*obsnums: int, pid: str = "P") -> Combination:
    members = tuple(Member(obsnum, pid, f"d{obsnum}") for obsnum in obsnums)
    return Combination("S", "SEQ/Map", members, (RunLine(("obsnums=...",)),), "c")


def record(state: RunState, cause: Cause = Cause.NONE, attempt: int = 1) -> Record:
    return Record(
        pid="P", name="1", source="S", level=1, digest="d", attempt=attempt, state=state, lines=(), cause=cause
    )


@st.composite
def tasks(draw: st.DrawFn) -> list[Task]:
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=60))
    units: list[Unit] = [chain(100 + number, length) for number, length in enumerate(lengths)]
    units += [combination(100, 100 + number) for number in range(draw(st.integers(0, 5)))]
    return [Task(unit, 1, draw(st.sampled_from([SMALL, LARGE]))) for unit in units]


@given(tasks(), st.integers(1, 20))
def test_every_line_is_in_one_array_and_every_array_within_the_limit(given_tasks: list[Task], most: int) -> None:
    ordered, arrays = lay_out(given_tasks, most)
    assert sorted(map(id, ordered)) == sorted(map(id, given_tasks))
    found = [(array.offset + index, array.step) for array in arrays for index in array.indices]
    assert sorted(found) == [
        (number, step) for number, task in enumerate(ordered) for step in range(len(task.unit.lines))
    ]
    by_name = {array.name: array for array in arrays}
    assert len(by_name) == len(arrays)
    for place, array in enumerate(arrays):
        assert max(array.indices) < most
        assert {ordered[array.offset + index].resources for index in array.indices} == {array.resources}
        assert array.waits == any(isinstance(ordered[array.offset + i].unit, Combination) for i in array.indices)
        if array.after:
            before = by_name[array.after]
            assert arrays.index(before) < place and before.step == array.step - 1 and before.offset == array.offset
            assert set(array.indices) <= set(before.indices), "aftercorr needs the same indices"
        else:
            assert array.step == 0


def test_a_thousand_lines_of_three_tiers_are_four_arrays() -> None:
    units = [*(chain(number, 3) for number in range(320)), *(combination(number) for number in range(20))]
    assert [one.name for one in lay_out([Task(unit, 1, LARGE) for unit in units], 1001)[1]] == [
        "0a",
        "0b",
        "0c",
        "320c",
    ]


def test_a_wave_takes_whole_sources_and_a_combination_only_with_its_members() -> None:
    units = (chain(1), chain(2), chain(3), chain(4), combination(1, 2), combination(3, 4))
    assert [unit.name for unit in choose_wave(units, (), 5)] == ["1", "2", "1_2"]
    assert [unit.name for unit in choose_wave(units, (), 7)] == ["1", "2", "3", "1_2"]
    assert [unit.name for unit in choose_wave((combination(3, 4),), ("3",), 1)] == ["3_4"]
    assert choose_wave((chain(4), combination(3, 4)), ("3",), 1) == ()


@given(st.integers(0, 40), st.integers(1, 12))
def test_waves_bring_everything_in_the_end_and_never_more_than_there_is_room(count: int, room: int) -> None:
    units: tuple[Unit, ...] = tuple(chain(number, 1 + number % 3) for number in range(1, count + 1))
    units += tuple(combination(first, min(first + 3, count)) for first in range(1, count, 4))
    taken: list[str] = []
    waiting = units
    while waiting:
        wave = choose_wave(waiting, (), max(room, 3))
        assert wave and sum(len(unit.lines) for unit in wave) <= max(room, 3)
        taken += [unit.name for unit in wave]
        waiting = tuple(unit for unit in waiting if unit not in wave)
    assert sorted(taken) == sorted(unit.name for unit in units)


@given(st.integers(1, 300), st.integers(1, 80), st.integers(1, 500))
def test_waves_find_out_in_a_few_attempts_what_a_site_takes(count: int, takes: int, max_submit: int) -> None:
    """Units of one line; `takes` is never told, and one job ends whenever nothing can be tried."""
    waiting, living, most, attempts = count, 0, max_submit, 0
    while waiting:
        room = max(most, 1) - living
        wave = min(room, waiting) if is_worth_a_wave(room, waiting, most) else 0
        if wave:
            attempts += 1
            if living + wave <= takes:
                waiting, living, most = waiting - wave, living + wave, grown(most, max_submit)
                continue
            most = lowered(living, wave)
        if not wave or max(most, 1) - living >= wave:
            living -= 1
            assert living >= 0, "nothing can ever start"
    assert attempts <= 10 + 4 * (1 + count // max(1, min(takes, max_submit) // 4))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=40), st.lists(st.integers(0, 200), max_size=8))
def test_arrays_that_are_split_hold_every_task_once_behind_the_one_before(lengths: list[int], cuts: list[int]) -> None:
    tasks = [Task(chain(number, count), 1, LARGE) for number, count in enumerate(lengths)]
    arrays = whole = lay_out(tasks, 1000)[1]
    for cut in cuts:
        able = [one for one in arrays if len(one.indices) > 1]
        arrays = split(arrays, able[cut % len(able)].name) if able else arrays
    names = [one.name for one in arrays]
    assert len(set(names)) == len(names)
    places = sorted((one.offset, one.step, index) for one in arrays for index in one.indices)
    assert places == sorted((one.offset, one.step, index) for one in whole for index in one.indices)
    for place, one in enumerate(arrays):
        before = [other for other in arrays[:place] if other.name == one.after]
        assert (one.step == 0) == (not before)
        assert all(set(one.indices) <= set(other.indices) and other.step == one.step - 1 for other in before)


def test_resources_come_by_mode_then_instrument_then_default_and_grow_with_what_ran_out() -> None:
    table = {"default": Share(minutes=10), "SEQ": Share(minutes=20), "SEQ/Map": Share(minutes=30, memory_gb=8)}
    grown = Escalation(factor=2, most_minutes=100, most_memory_gb=20)
    settings = Slurm(resources=table, combinations={"SEQ/Map": Share(minutes=99)}, escalation=grown)
    assert resources_of(chain(1), settings).minutes == 30
    assert resources_of(chain(1, mode="SEQ/Ps"), settings).minutes == 20
    assert resources_of(chain(1, mode="1MM/Ps"), settings).minutes == 10
    assert resources_of(combination(1), settings).minutes == 99
    late, hungry = record(RunState.STOPPED, Cause.TIME), record(RunState.STOPPED, Cause.MEMORY)
    assert resources_of(chain(1), settings, [late, hungry]) == Resources(60, 16 * 1024, 1)
    assert resources_of(chain(1), settings, [late] * 3 + [hungry] * 2) == Resources(100, 20 * 1024, 1)
    assert resources_of(chain(1), replace_resources(settings, {})).minutes == 240


def replace_resources(settings: Slurm, table: dict[str, Share]) -> Slurm:
    return settings.model_copy(update={"resources": table, "combinations": {}})


def test_what_the_machine_broke_is_tried_again_a_bounded_number_of_times_and_nothing_else_is() -> None:
    broken = record(RunState.STOPPED, Cause.MACHINE)
    assert may_try_again([broken], 2) and not may_try_again([broken, broken], 2)
    assert may_try_again([record(RunState.STOPPED, Cause.OPERATOR), broken], 2)
    assert not may_try_again([broken, record(RunState.STOPPED, Cause.OPERATOR)], 3)
    assert not may_try_again([record(RunState.FAILED)], 3) and not may_try_again([], 3)


def test_a_combination_names_the_members_that_block_it() -> None:
    unit = replace(combination(1, 2, 3))
    assert lost_members(unit, {"3": "no rms", "1": "no rms", "9": ""}) == "its member 1, 3 did not become good"
    assert lost_members(unit, {}) == "" and lost_members(chain(1), {"1": ""}) == ""
