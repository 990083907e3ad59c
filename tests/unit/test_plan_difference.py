"""The difference of two plans: nothing is left out of it, and nothing stands in it that did not change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.formats.project_file import parse_folder
from bot.model.plan import Plan
from bot.rules.plan import plan_project
from bot.rules.plan_difference import Kind, PlanDifference, difference_of, empty_plan, seems_renamed
from tests.unit.test_plan import PROJECT, plan


def counts(difference: PlanDifference) -> dict[str, int]:
    return {str(kind): len(found) for kind in Kind if (found := difference.of(kind))}


def lines_of(found: Plan) -> list[str]:
    return sorted(str(line) for unit in found.units for line in unit.lines)


OBSNUM, NAME = st.integers(101, 108), st.sampled_from("ABC")
SOURCE = st.fixed_dictionaries(
    {"obsnums": st.lists(OBSNUM, unique=True, max_size=4), "tiers": st.sampled_from(["a", "ab", "abc", "b", ""])}
)
PROJECTS = st.dictionaries(NAME, SOURCE)
VERDICTS = st.dictionaries(OBSNUM, st.sampled_from(["{combine: false}", "{flags: {birdies: 5}}", "{grade: -2}"]))


def made(sources: dict[str, dict[str, object]], verdicts: dict[int, str], level: int) -> Plan:
    """Return the plan of a project as drawn."""
    rows = ["pid: P-1", "mode: SEQ/Map", "sources:" if sources else "sources: {}"]
    for name, source in sources.items():
        tiers = ", ".join(f"{tier}: {{}}" for tier in str(source["tiers"]))
        rows.append(f"  {name}: {{obsnums: {source['obsnums']}, tiers: {{{tiers}}}}}")
    qa = ["obsnums:", *(f"  {obsnum}: {verdict}" for obsnum, verdict in verdicts.items())] if verdicts else []
    return plan_project(parse_folder("\n".join(rows) + "\n", "\n".join(qa), pid="P-1"), level)


PLANS = st.builds(made, PROJECTS, VERDICTS, st.just(2))


@given(PLANS)
def test_a_plan_does_not_differ_from_itself(one: Plan) -> None:
    assert difference_of(one, one) == PlanDifference(level=2)


@given(PLANS, PLANS)
def test_the_old_lines_with_the_difference_are_the_new_lines(old: Plan, new: Plan) -> None:
    difference = difference_of(old, new)
    lines = lines_of(old)
    for change in difference.changes:
        if change.before:
            lines.remove(change.before)
    lines += [change.after for change in difference.changes if change.after]
    assert sorted(lines) == lines_of(new)
    assert difference.is_empty == (old.digest == new.digest)


@given(PLANS, PLANS)
def test_every_line_that_runs_again_is_told_and_no_other(old: Plan, new: Plan) -> None:
    digests = {unit.digest for unit in old.units}
    runs = sorted(str(line) for unit in new.units if unit.digest not in digests for line in unit.lines)
    assert sorted(change.after for change in difference_of(old, new).changes if change.after) == runs


@given(PLANS, PLANS)
def test_backwards_what_was_new_goes_away(old: Plan, new: Plan) -> None:
    forth, back = counts(difference_of(old, new)), counts(difference_of(new, old))
    assert {"new": forth.get("new"), "gone": forth.get("gone")} == {"new": back.get("gone"), "gone": back.get("new")}
    assert {key: forth.get(key) for key in ("changed", "again", "follows")} == {
        key: back.get(key) for key in ("changed", "again", "follows")
    }


def test_a_new_obsnum_brings_its_lines_and_its_combination_follows_under_its_new_name() -> None:
    difference = difference_of(plan(), plan(PROJECT.replace("103]", "103, 104]")))
    assert counts(difference) == {"new": 3, "follows": 1}
    (follows,) = difference.of(Kind.FOLLOWS)
    assert (follows.old_name, follows.name) == ("101_103", "101_104")
    assert "obsnums=101,102,103,104" in follows.after


def test_a_flag_changes_one_line_and_its_chain_runs_again() -> None:
    difference = difference_of(plan(), plan(qa="obsnums:\n  102: {banks: {1: {flags: {birdies: 512}}}}\n"))
    assert counts(difference) == {"changed": 1, "again": 2, "follows": 1}
    assert [change.tier for change in difference.changes] == ["a", "b", "c", None]


def test_a_source_that_is_taken_out_goes_away_with_its_combination() -> None:
    difference = difference_of(plan(), plan(PROJECT[: PROJECT.index("  B:")]))
    assert [(change.kind, change.name) for change in difference.changes] == [(Kind.GONE, "201"), (Kind.GONE, "201_201")]


def test_another_order_is_told_though_no_line_changes() -> None:
    head, b = PROJECT.index("  A:"), PROJECT.index("  B:")
    difference = difference_of(plan(), plan(PROJECT[:head] + PROJECT[b:] + PROJECT[head:b]))
    assert (difference.changes, difference.is_reordered, difference.is_empty) == ((), True, False)


def test_a_line_that_will_not_run_says_why_and_new_remarks_are_told() -> None:
    wrong = PROJECT.replace("tiers: {a: {}}", "tiers: {a: {extend: 5}}").replace("[101, 102, 103]", "[101, 102, 101]")
    difference = difference_of(plan(), plan(wrong))
    assert "extend" in next(change.blocked for change in difference.changes if change.name == "201")
    assert difference.remarks == ("obsnum 101 stands twice in A; it is reduced once",)


def test_the_same_obsnums_under_another_name_seem_renamed() -> None:
    other = plan_project(parse_folder(PROJECT.replace("P-1", "P-2"), pid="P-2"))
    assert seems_renamed(plan(), other)
    assert not seems_renamed(plan(), plan(PROJECT.replace("201", "202")))
    assert not seems_renamed(empty_plan("P-1", 1), empty_plan("P-2", 1))
