"""What a command may do, who may give it, and what it leaves in qa.yaml: twice is once, and nothing that cannot act."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ProjectError
from bot.formats.comment_command import EXAMPLES, Command, parse_commands
from bot.formats.project_file import ProjectFolder, parse_folder, read_folder
from bot.formats.yaml_edit import set_verdict
from bot.model.role import Role
from bot.rules.commands import COMMANDS, UNCHANGED, Applied, CommandRule, allowed, apply, help_text, may, units_to_run
from bot.rules.lint import Checked, findings_of
from bot.rules.plan import plan_project
from bot.sim.demo import HERE

PROJECT = """\
pid: P-1
sources:
  MAP:
    mode: SEQ/Map
    obsnums: [110041, 110042, {obsnum: 110043, combine: false}]
    tiers: {a: {dv: 50}, b: {bank: 0}, c: {bank: 1}}
  ONE:
    mode: SEQ/Map
    obsnums: [110051]
    tiers: {a: {}, b: {}}
  LINE:
    mode: RSR/Bs
    obsnums: [120001, 120002]
    tiers: {a: {}, b: {}}
  BARE:
    mode: SEQ/Ps
    obsnums: [130001]
    tiers: {a: {}}
left_out:
  110099: eight seconds
"""
QA = """\
# the DA's
obsnums:
  110042:   # looked at twice
    flags: {pix_list: "-0,5", extent: 7}
    banks:
      0: {flags: {pix_list: "-3"}}
"""


def folder() -> ProjectFolder:
    return parse_folder(PROJECT, QA, pid="P-1")


def command(text: str) -> Command:
    (one,) = parse_commands(text)
    assert isinstance(one, Command), one
    return one


def done(text: str, qa: str = QA) -> Applied:
    return apply(command(text), qa, folder())


def verdict(text: str, obsnum: int = 110041, qa: str = QA) -> dict:
    """Return what qa.yaml says of an obsnum after a command, as plain values."""
    read = parse_folder(PROJECT, done(text, qa).text, pid="P-1").qa.obsnums[obsnum]
    return _plain(read.model_dump(exclude_defaults=True))


def _plain(value: dict) -> dict:
    """Return flags as one text, the rest as it is."""
    return {
        key: " ".join(one) if key == "flags" else _plain(one) if isinstance(one, dict) else one
        for key, one in value.items()
    }


@pytest.mark.parametrize("rule", COMMANDS, ids=lambda rule: rule.name)
def test_every_command_has_example_help_and_roles(rule: CommandRule) -> None:
    assert rule.roles and rule.help and rule.example.startswith(f"/{rule.name}")
    assert command(rule.example).name == rule.name and str(command(rule.example)) == rule.example
    assert not (rule.edits and rule.starts)


def test_the_table_holds_every_command_that_can_be_read_once() -> None:
    assert [rule.name for rule in COMMANDS] == list(EXAMPLES)


@pytest.mark.parametrize("rule", COMMANDS, ids=lambda rule: rule.name)
def test_roles_are_closed_by_default(rule: CommandRule) -> None:
    assert not may(command(rule.example), ())
    for role in Role:
        assert may(command(rule.example), [role]) == (role in rule.roles)


def test_only_a_data_analyst_edits_and_a_proposer_only_looks() -> None:
    assert {role for rule in COMMANDS if rule.edits for role in rule.roles} == {Role.DA}
    assert {rule.name for rule in allowed([Role.PI])} == {"status", "help"}
    assert not any(Role.PI in rule.roles for rule in COMMANDS if rule.starts)


@pytest.mark.parametrize("roles", [(), (Role.PI,), (Role.PO,), (Role.DA,), tuple(Role)])
def test_help_lists_what_this_caller_may_do_and_nothing_else(roles: tuple[Role, ...]) -> None:
    told = help_text(roles)
    for rule in COMMANDS:
        assert (f"`{rule.example}`" in told) == bool(rule.roles & set(roles))


def test_a_grade_reaches_both_banks_where_each_has_a_tier() -> None:
    assert verdict("/grade 110041 2 fine") == {"banks": {0: {"grade": 2}, 1: {"grade": 2}}, "note": "fine"}
    assert verdict("/grade 110041__1 -2 dead") == {"banks": {1: {"grade": -2, "note": "dead"}}}
    assert verdict("/grade 120001 3", 120001) == {"grade": 3}
    assert verdict("/grade 110051 1", 110051) == {"grade": 1}


def test_a_grade_is_the_one_that_acts_whatever_stood_there() -> None:
    qa = "obsnums: {110041: {grade: 1, flags: {qagrade: 1}}, 120001: {banks: {0: {grade: 1, flags: {qagrade: 1}}}}}\n"
    assert verdict("/grade 110041 3", 110041, qa) == {"banks": {0: {"grade": 3}, 1: {"grade": 3}}}
    assert verdict("/grade 120001 3", 120001, qa) == {"grade": 3, "banks": {0: {"grade": 3}}}
    qa = "obsnums: {110051: {banks: {0: {grade: 1}, 1: {note: x, flags: {birdies: 3}}}}}\n"
    assert verdict("/grade 110051 3", 110051, qa) == {
        "grade": 3,
        "banks": {0: {"grade": 3}, 1: {"note": "x", "flags": "birdies=3"}},
    }


def test_fail_takes_an_obsnum_out_and_a_bank_not() -> None:
    assert verdict("/fail 120001 no signal", 120001) == {"grade": -2, "combine": False, "note": "no signal"}
    assert verdict("/fail 110041") == {"banks": {0: {"grade": -2}, 1: {"grade": -2}}, "combine": False}
    assert verdict("/fail 110041__0") == {"banks": {0: {"grade": -2}}}
    assert "the combination of LINE is now 120002_120002" in done("/fail 120001").told


def test_flags_are_set_where_they_act_and_the_others_stay() -> None:
    both = {"flags": "birdies=7"}
    assert verdict("/flag 110041 birdies=7") == {"banks": {0: both, 1: both}}
    assert verdict("/flag 110042__0 pix_list=-4 birdies=7", 110042) == {
        "flags": "pix_list=-0,5 extent=7",
        "banks": {0: {"flags": "pix_list=-4 birdies=7"}},
    }
    assert verdict("/flag 120001 badcb=2/3", 120001) == {"flags": "badcb=2/3"}
    assert verdict("/flag 110051 birdies=7", 110051) == {"flags": "birdies=7"}


def test_a_flag_is_the_one_that_acts_whatever_stood_there() -> None:
    lost = {"note": "x", "flags": "birdies=3"}
    qa = "obsnums: {110051: {banks: {0: {flags: {birdies: 1}}, 1: {note: x, flags: {birdies: 3}}}}}\n"
    assert verdict("/flag 110051 birdies=7 extent=9", 110051, qa) == {
        "flags": "birdies=7 extent=9",
        "banks": {0: {"flags": "birdies=7"}, 1: lost},
    }
    with pytest.raises(ProjectError, match="reaches no run line"):
        done("/flag 110051__1 birdies=4", qa)


def test_flags_are_taken_back_by_name_or_all() -> None:
    assert verdict("/unflag 110042 pix_list", 110042) == {"flags": "extent=7", "banks": {0: {}}}
    assert verdict("/unflag 110042", 110042) == {"banks": {0: {}}}
    assert verdict("/unflag 110042__0", 110042)["flags"] == "pix_list=-0,5 extent=7"


def test_an_obsnum_is_taken_out_of_the_combination_and_in_again() -> None:
    out = done("/combine 110041 no half of it")
    assert "combine: false" in out.text and "is now 110042_110042" in out.told
    assert verdict("/combine 110041 yes", 110041, out.text) == {"note": "half of it"}
    assert done("/combine 110042 yes").text == QA


def test_a_combination_has_a_grade_of_its_own() -> None:
    text = done("/grade 110041_110042 3 a line").text
    assert parse_folder(PROJECT, text, pid="P-1").qa.combinations["110041_110042"].grade == 3


def test_every_other_byte_stays() -> None:
    text = done("/grade 110042__0 2").text
    assert text.replace('{flags: {pix_list: "-3"}, grade: 2}', '{flags: {pix_list: "-3"}}') == QA


REFUSED = {
    "/grade 110040 2": ("no source of P-1 lists obsnum 110040", "did you mean"),
    "/grade 999 2": ("lists obsnum 999", "there is 110041"),
    "/grade 110099 2": ("is left out of the project: eight seconds", "left_out"),
    "/grade 110041 4": ("no grade 4", "-2"),
    "/grade 110041 -3": ("no grade -3", "-2"),
    "/grade 110041 -1": ("what the pipeline gives", "-2"),
    "/grade 120001__0 2": ("no banks", "120001"),
    "/grade 110041_110043 2": ("no combination", "110041_110042"),
    "/combine 110043 yes": ("combine: false", "source MAP"),
    "/flag 110041 pixlist=-0": ("no parameter has the name pixlist", "pix_list"),
    "/flag 110041 pix_list=-16": ("beam 16 does not exist", "0 to 15"),
    "/flag 110041 restart=1": ("restart", "take it out"),
    "/flag 110041 work_lmt=/tmp/x": ("lmtbot's to set", "take it out"),
    "/flag 110041 raw=1": ("for the PO to set", "ask the PO"),
    "/flag 110041 badcb=2/3": ("acts in RSR/Bs", "take it out"),
    "/flag 110041 birdies=1 birdies=2": ("stands twice", "keep the one"),
    "/flag 110041__0 dv=30": ("has no effect", "tier a"),
    "/flag 110041 dw=30": ("has no effect", "tier a"),
    "/flag 130001 srdp=0": ("reaches no run line", "b: {}"),
    "/flag 110051__1 birdies=3": ("reaches no run line", "c: {bank: 1}"),
    "/flag 110041 qagrade=2": ("is no flag", "/grade 110041 2"),
    "/unflag 110042 pixlist": ("has no flag pixlist", "pix_list"),
    "/unflag 110042__0 extent": ("whole obsnum", "/unflag 110042 extent"),
}
"""What is refused: what is wrong, and the cure."""


@pytest.mark.parametrize("text", REFUSED)
def test_what_could_not_act_is_refused_with_its_cure(text: str) -> None:
    with pytest.raises(ProjectError) as refused:
        done(text)
    (finding,) = refused.value.findings
    what, cure = REFUSED[text]
    assert what in finding.what and cure in finding.cure and finding.line == 1


def test_a_bank_that_the_products_do_not_have_is_refused() -> None:
    with pytest.raises(ProjectError, match="has no bank 1"):
        apply(command("/grade 110041__1 2"), QA, folder(), banks={110041: {0}})
    assert apply(command("/grade 110041__1 2"), QA, folder(), banks={110041: {0, 1}}).text != QA


def test_an_obsnum_of_a_mosaic_part_elsewhere_is_that_projects() -> None:
    other = parse_folder("pid: P-2\nsources: {X: {obsnums: [7], tiers: {a: {}}}}\n", pid="P-2")
    with pytest.raises(ProjectError, match="is P-2's"):
        apply(command("/fail 7"), QA, folder(), others={"P-2": other})


def test_what_follows_from_a_command_is_told() -> None:
    assert "still combined" in done("/grade 120001 -2").told
    failed = done("/fail 120001").text
    assert "/combine 120001 yes" in done("/grade 120001 2", failed).told
    assert "reaches no run line" in done("/grade 130001 2").told


def test_a_command_that_edits_nothing_leaves_the_text() -> None:
    for text in ("/status", "/help", "/run 110041", "/refresh", "/retry"):
        assert apply(command(text), QA, folder()) == Applied(QA, "")


def test_a_trial_names_units_of_the_plan() -> None:
    plan = plan_project(folder())
    assert units_to_run(command("/run"), plan) == ()
    assert units_to_run(command("/run 110041"), plan) == ("110041",)
    assert units_to_run(command("/run LINE 110041_110042"), plan) == (
        "120001",
        "120002",
        "110041_110042",
        "120001_120002",
    )
    with pytest.raises(ProjectError, match=r"did you mean .*110041"):
        units_to_run(command("/run 110040"), plan)


NAMES = st.sampled_from(("110041", "110041__0", "110041__1", "110042", "110042__0", "120001", "110051", "110043"))
EDITS = st.one_of(
    st.builds(
        "/grade {} {} {}".format, NAMES, st.sampled_from((-2, 0, 1, 2, 3)), st.sampled_from(("", "é: #x", "'{["))
    ),
    st.builds("/fail {} {}".format, NAMES, st.sampled_from(("", "no signal"))),
    st.builds("/flag {} {}".format, NAMES, st.sampled_from(("birdies=7", "pix_list=-0,5 birdies=1,2", "blanking="))),
    st.builds("/unflag {} {}".format, NAMES, st.sampled_from(("", "birdies", "pix_list extent"))),
    st.builds("/combine {} {} x".format, NAMES.filter(lambda name: "__" not in name), st.sampled_from(("yes", "no"))),
)


@settings(max_examples=60)
@given(st.lists(EDITS, max_size=6))
def test_twice_is_once_and_the_file_stays_one(texts: list[str]) -> None:
    qa = QA
    for text in texts:
        try:
            after = apply(command(text), qa, folder())
        except ProjectError:
            continue
        again = apply(command(text), after.text, folder())
        assert again.text == after.text and again.told.endswith(UNCHANGED)
        qa = after.text
        found = findings_of(Checked(parse_folder(PROJECT, qa, pid="P-1")))
        assert not {one.code for one in found} & {"GRADE_CONFLICT", "FLAGS_LOST", "LATE_BASELINE_FLAG", "SCHEMA"}


@pytest.mark.parametrize("pid", sorted(path.name for path in (HERE / "projects").iterdir()))
def test_a_real_project_takes_grades_for_all_that_it_lists(pid: str) -> None:
    project = read_folder(HERE / "projects" / pid)
    text = project.qa_document.text
    for chain in plan_project(project).chains:
        text = apply(command(f"/grade {chain.name} 2"), text, project).text
    graded = parse_folder(project.project_document.text, text, pid=pid)
    for chain in plan_project(graded).chains:
        assert [line.words[-1] for line in chain.lines if line.tier != "a"] == ["qagrade=2"] * (len(chain.lines) - 1)
    assert set_verdict(text, chain.obsnum, {}) == text
