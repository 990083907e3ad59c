"""What is done, to do and blocked, and the state that follows: from plan and ledger alone."""

from __future__ import annotations

from bot.formats.project_file import parse_folder
from bot.model.github import Pull
from bot.model.plan import Plan, Unit
from bot.model.project import Archive, Level2
from bot.model.record import Ledger, Record, RunState
from bot.rules.level2 import level2_of
from bot.rules.plan import plan_project
from bot.rules.state import Promotion, State, standing, with_pulls
from bot.rules.work import divide, is_stopped_by_machine, later_than, superseded_names, waits_for

PROJECT = "pid: P-1\nmode: RSR/Bs\nsources:\n  A: {obsnums: [101, 102], tiers: {a: {}, b: {}}}\n"


def plan(qa: str = "", project: str = PROJECT, *, level: int = 1) -> Plan:
    return plan_project(parse_folder(project, qa, pid="P-1"), level)


def record(unit: Unit, state: RunState = RunState.GOOD, *, ended: str = "2026-01-01", level: int = 1) -> Record:
    members = tuple(member.obsnum for member in getattr(unit, "members", ()))
    return Record(
        pid="P-1", name=unit.name, source=unit.source, level=level, digest=unit.digest, attempt=1, state=state,
        lines=(), members=members, ended=ended,
    )  # fmt: skip


def names(units: tuple[Unit, ...]) -> list[str]:
    return [unit.name for unit in units]


ALL = {"101", "102", "101_102"}


def test_nothing_on_record_means_everything_is_to_do() -> None:
    parted = divide(plan(), Ledger(()), set())
    assert names(parted.todo) == ["101", "102", "101_102"] and not parted.done


def test_a_good_record_with_todays_digest_and_its_directory_is_done() -> None:
    ledger = Ledger(tuple(record(unit) for unit in plan().units))
    assert not divide(plan(), ledger, ALL).todo
    assert names(divide(plan(), ledger, ALL - {"102"}).todo) == ["102"]


def test_no_state_but_good_is_done() -> None:
    for state in set(RunState) - {RunState.GOOD}:
        ledger = Ledger(tuple(record(unit, state) for unit in plan().units))
        assert len(divide(plan(), ledger, ALL).todo) == 3, state


def test_the_newest_good_record_counts_so_a_flag_taken_back_is_to_do_again() -> None:
    first, flagged = plan().units[0], plan("obsnums:\n  101: {flags: {badcb: 1/1}}\n").units[0]
    ledger = Ledger((record(first, ended="2026-01-01"), record(flagged, ended="2026-01-02")))
    assert "101" in names(divide(plan(), ledger, ALL).todo)


def test_level_2_products_serve_level_1_too_and_not_the_other_way() -> None:
    unit = plan().units[0]
    assert "101" in names(divide(plan(), Ledger((record(unit, level=2),)), ALL).done)
    level2 = plan_project(parse_folder(PROJECT, "", pid="P-1"), 2)
    assert "101" in names(divide(level2, Ledger((record(unit, level=1),)), ALL).todo)


def test_a_blocked_member_blocks_its_combination_by_name_and_nothing_else() -> None:
    parted = divide(plan("obsnums:\n  101: {flags: {badbc: 1/1}}\n"), Ledger(()), set())
    assert names(parted.todo) == ["102"]
    assert "badcb" in parted.blocked["101"] and "member 101 cannot run" in parted.blocked["101_102"]


def test_a_combination_waits_for_its_members_that_are_still_to_run() -> None:
    combination = plan().units[-1]
    assert waits_for(combination, {"102", "999"}) == {"102"}
    assert waits_for(plan().units[0], {"102"}) == set()


def test_a_renamed_combination_supersedes_the_old_one_of_its_source() -> None:
    old = record(plan().units[-1])
    now = plan(project=PROJECT.replace("[101, 102]", "[101, 102, 103]"))
    assert superseded_names(now.units[-1], [one.name for one in now.combinations], Ledger((old,))) == ("101_102",)
    assert superseded_names(plan().units[-1], [one.name for one in plan().combinations], Ledger((old,))) == ()


def state(found: Plan, ledger: Ledger, present: set[str], *, locked: bool = False) -> State:
    return standing(found, ledger, present, sources=1, is_locked=locked).state


def test_the_state_of_a_project_is_derived() -> None:
    units = plan().units
    good, failed = Ledger(tuple(map(record, units))), Ledger((record(units[0], RunState.FAILED),))
    assert state(plan(), Ledger(()), set()) is State.NEW
    assert state(plan(), good, ALL) is State.IN_QA
    assert state(plan(), failed, set()) is State.LEVEL1_FAILED
    assert state(plan(), Ledger((record(units[0]),)), {"101"}) is State.LEVEL1_PARTLY
    assert state(plan(), Ledger(()), set(), locked=True) is State.LEVEL1_RUNNING
    assert state(plan(project="pid: P-1\n"), Ledger(()), set()) is State.EMPTY


def test_only_signals_from_outside_are_the_machines_fault() -> None:
    assert all(is_stopped_by_machine(code) for code in (None, -9, -15, -1))
    assert not any(is_stopped_by_machine(code) for code in (0, 1, 2, 255, -11, -6))


def test_a_later_stamp_is_now_or_just_after_the_last_one_whatever_the_clock_says() -> None:
    now = "2026-01-02T03:04:05.678Z"
    assert later_than([], now) == now
    assert later_than(["2026-01-02T03:04:05.677Z", "", "torn"], now) == now
    assert later_than([now], now) == "2026-01-02T03:04:05.679Z"
    assert later_than(["2099-12-31T23:59:59.999Z"], now) == "2100-01-01T00:00:00.000Z"


MOSAIC = """\
pid: P-1
mode: RSR/Bs
sources:
  A: {obsnums: [101, 102], tiers: {a: {}}}
  M: {mosaic: [{source: A}], tiers: {a: {}}}
"""


def test_two_combinations_never_share_a_directory() -> None:
    found = plan(project=MOSAIC)
    assert names(found.combinations) == ["101_102"] and found.combinations[0].source == "A"
    assert any("M: its combination is not made: 101_102 is the directory of A" in one for one in found.remarks)


def test_level_2_takes_over_the_state_once_its_lines_are_on_main() -> None:
    level1, level2 = plan(), plan(level=2)
    approved = level2_of(level2)
    first = tuple(map(record, level1.units))
    second = tuple(record(unit, level=2, ended="2026-01-02") for unit in level2.units)

    def told(
        ledger: Ledger, of: Level2 | None = approved, archive: Archive | None = None, *, locked: bool = False
    ) -> State:
        promotion = Promotion(level2, of, archive)
        return standing(level1, ledger, ALL, sources=1, is_locked=locked, promotion=promotion).state

    changed = approved.model_copy(update={"lines": approved.lines[:-1]})
    assert told(Ledger(first), None) is State.IN_QA
    assert told(Ledger(first), changed) is State.IN_QA
    assert told(Ledger(first)) is State.APPROVED
    assert told(Ledger((*first, *second[:1])), locked=True) is State.LEVEL2_RUNNING
    assert told(Ledger((*first, record(level2.units[0], RunState.FAILED, level=2)))) is State.LEVEL2_FAILED
    assert told(Ledger((*first, *second))) is State.DONE
    archive = Archive(tag="P-1/v1", date="2026-01-01", commit="abc", digest=level2.digest, store="bag")
    assert told(Ledger((*first, *second)), archive=archive) is State.ARCHIVED
    older = archive.model_copy(update={"digest": "another"})
    assert told(Ledger((*first, *second)), archive=older) is State.DONE, "level 2 was made anew since"
    assert told(Ledger((*first, *second)), changed) is State.STALE


def test_level_1_leaves_what_level_2_made_better() -> None:
    level1 = plan("combinations:\n  101_102: {grade: 3}\n")
    level2 = plan("combinations:\n  101_102: {grade: 3}\n", level=2)
    assert level1.units[-1].digest != level2.units[-1].digest
    ledger = Ledger(tuple(record(unit, level=2) for unit in level2.units))
    better = {unit.name: unit.digest for unit in level2.units}
    assert names(divide(level1, ledger, ALL, {}, better).todo) == []
    assert names(divide(level1, ledger, ALL).todo) == ["101_102"]


def pull(branch: str, number: int) -> Pull:
    return Pull(number, "", "", "", branch, "main", "abc", "lmtbot[bot]", is_own=True, is_open=True)


def test_open_pull_requests_say_whom_a_project_waits_for() -> None:
    new = standing(plan(), Ledger(()), set(), sources=1, is_locked=False)
    graded = standing(plan(), Ledger(tuple(map(record, plan().units))), ALL, sources=1, is_locked=False)
    others = [pull("arrival/P-2", 1), pull("qa/P-10", 2), pull("topic", 3)]
    assert with_pulls(new, others) == new
    arriving = with_pulls(new, [*others, pull("arrival/P-1", 4)])
    assert (arriving.state, arriving.waits_for) == (State.ARRIVING, "the PO to merge #4")
    assert with_pulls(graded, [pull("qa/P-1", 5)]).waits_for == "the DA and then the PO on #5"
    assert "#4" in with_pulls(graded, [pull("arrival/P-1", 4)]).waits_for
