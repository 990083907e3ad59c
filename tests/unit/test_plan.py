"""The plan: chains, combinations, digests, and what is left out with its reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.formats.project_file import ProjectFolder, parse_folder
from bot.model.plan import Plan
from bot.rules.plan import needed_projects, plan_project, select

PROJECT = """\
pid: P-1
mode: SEQ/Map
sources:
  A:
    obsnums: [101, 102, 103]
    tiers: {a: {extent: 100}, b: {bank: 0}, c: {bank: 1}}
  B:
    obsnums: [201]
    tiers: {a: {}}
"""


def plan(project: str = PROJECT, qa: str = "", level: int = 1) -> Plan:
    return plan_project(parse_folder(project, qa, pid="P-1"), level)


def digests(found: Plan) -> dict[str, str]:
    return {unit.name: unit.digest for unit in found.units}


def test_a_chain_is_an_obsnums_tiers_in_order() -> None:
    chain = plan().chains[0]
    assert [line.tier for line in chain.lines] == ["a", "b", "c"]
    assert chain.lines[0].words[-1] == "restart=1"


def test_a_changed_flag_changes_that_chain_and_its_combination_only() -> None:
    before, after = digests(plan()), digests(plan(qa="obsnums:\n  102: {flags: {birdies: 512}}\n"))
    assert {name for name in before if before[name] != after[name]} == {"102", "101_103"}


def test_a_changed_note_changes_nothing() -> None:
    assert digests(plan()) == digests(plan(qa="obsnums:\n  102: {note: looks fine, flags: {}}\n"))


def test_an_obsnum_kept_out_changes_the_combination_and_not_its_chain() -> None:
    before, after = digests(plan()), digests(plan(qa="obsnums:\n  103: {combine: false}\n"))
    assert before["103"] == after["103"]
    assert "101_102" in after and "101_103" not in after


def test_the_same_name_with_another_member_list_is_another_combination() -> None:
    before, after = digests(plan()), digests(plan(qa="obsnums:\n  102: {combine: false}\n"))
    assert before["101_103"] != after["101_103"]


def test_lines_that_say_skip_are_not_run() -> None:
    found = plan("pid: P-1\nsources:\n  A: {obsnums: [101], tiers: {a: {skip: 1}, b: {}}}\n")
    assert [line.tier for line in found.chains[0].lines] == ["b"]


def test_a_mosaic_waits_for_its_parts_and_runs_no_obsnum_itself() -> None:
    found = plan(PROJECT + "  M: {mosaic: [B, A], tiers: {a: {skip: 1}}}\n")
    assert [chain.obsnum for chain in found.chains] == [101, 102, 103, 201]
    mosaic = found.combinations[-1]
    assert mosaic.name == "201_103" and [member.obsnum for member in mosaic.members] == [201, 101, 102, 103]
    assert all(member.digest for member in mosaic.members)


def test_an_obsnum_listed_twice_is_reduced_and_combined_once() -> None:
    found = plan("pid: P-1\nsources:\n  A: {obsnums: [101, 101, 102], tiers: {a: {}}}\n")
    assert [chain.obsnum for chain in found.chains] == [101, 102]
    assert found.combinations[0].lines[0].words[0] == "obsnums=101,102"
    assert "twice" in found.remarks[0]


def test_an_obsnum_in_two_sources_is_reduced_for_the_first() -> None:
    both = "  A: {obsnums: [101], tiers: {a: {}}}\n  B: {obsnums: [101, 102], tiers: {a: {extent: 9}}}\n"
    found = plan(f"pid: P-1\nsources:\n{both}")
    assert [(chain.obsnum, chain.source) for chain in found.chains] == [(101, "A"), (102, "B")]
    assert "one obsnum has one directory" in found.remarks[0]


def test_no_accepted_obsnum_means_no_combination_and_says_so() -> None:
    found = plan(qa="obsnums:\n  201: {combine: false}\n")
    assert [one.source for one in found.combinations] == ["A"]
    assert any("B: no obsnum is accepted" in remark for remark in found.remarks)


def test_spectra_of_single_points_have_no_combination() -> None:
    found = plan("pid: P-1\nmode: 1MM/Ps\nsources:\n  A: {obsnums: [101, 102], tiers: {a: {}}}\n")
    assert not found.combinations and "no combination for 1MM/Ps" in found.remarks[0]


def test_a_misspelt_parameter_blocks_its_chain_and_names_the_right_one() -> None:
    found = plan("pid: P-1\nsources:\n  A: {obsnums: [101], tiers: {a: {}, b: {birdie: 512}}}\n")
    assert "birdies" in found.chains[0].blocked


def test_level_2_combinations_carry_their_own_grade() -> None:
    qa = "combinations:\n  101_103: {grade: 3}\n"
    assert plan(qa=qa).combinations[0].lines[0].words[-1] == "admit=1"
    assert plan(qa=qa, level=2).combinations[0].lines[0].words[-1] == "qagrade=3"


def test_a_mosaic_of_another_project_depends_on_that_projects_chains() -> None:
    project = parse_folder(
        "pid: P-1\nsources:\n  M: {mosaic: [{project: P-2, source: X}], tiers: {a: {}}}\n", pid="P-1"
    )
    other = parse_folder("pid: P-2\nsources:\n  X: {obsnums: [301], tiers: {a: {}}}\n", pid="P-2")
    assert needed_projects(project.project) == ("P-2",)
    member = plan_project(project, others={"P-2": other}).combinations[0].members[0]
    assert (member.pid, member.obsnum) == ("P-2", 301) and member.digest
    assert not plan_project(project).combinations


def test_selecting_an_obsnum_keeps_the_combinations_that_hold_it() -> None:
    found = select(plan(), obsnum=102)
    assert [unit.name for unit in found.units] == ["102", "101_103"]
    assert [unit.name for unit in select(plan(), source="B").units] == ["201", "201_201"]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.sets(st.integers(1, 30)))
def test_every_listed_obsnum_has_one_chain_and_every_accepted_one_is_a_member(listed: list[int], out: set[int]) -> None:
    qa = "obsnums:\n" + "".join(f"  {number}: {{combine: false}}\n" for number in sorted(out)) if out else ""
    folder: ProjectFolder = parse_folder(
        f"pid: P-1\nsources:\n  A: {{obsnums: {listed}, tiers: {{a: {{}}}}}}\n", qa, pid="P-1"
    )
    found = plan_project(folder)
    once = list(dict.fromkeys(listed))
    assert [chain.obsnum for chain in found.chains] == once
    members = [member.obsnum for one in found.combinations for member in one.members]
    assert members == [number for number in once if number not in out]
