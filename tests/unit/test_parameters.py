"""The catalogue: what is known, who may set it, and what must not reach the pipeline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.project import Parameters
from bot.rules.kinds import KINDS, Fault, Value
from bot.rules.parameters import (
    COMBINATION,
    MODES,
    ROLES,
    Role,
    blocking_fault,
    catalogue,
    faults_of,
    known_key,
    parse_value,
    print_value,
)

HEAD = ("obsnum=112139", "_io=SEQ/Map", "_s=G358")
ALL = catalogue("")


def codes(text: str, mode: str = "", role: Role = "po") -> list[str]:
    return [fault.code for fault in faults_of(Parameters.parse(text), mode, role=role)]


@pytest.mark.parametrize("mode", [*MODES, COMBINATION, ""])
def test_every_entry_of_the_catalogue_makes_sense(mode: str) -> None:
    for name, parameter in catalogue(mode).items():
        assert parameter.name == name
        assert parameter.kind in KINDS
        assert parameter.who in ROLES
        assert parameter.note
        assert not parameter.needs or parameter.needs in catalogue(mode)


@pytest.mark.parametrize("mode", [*MODES, COMBINATION])
def test_every_default_is_legal(mode: str) -> None:
    for parameter in catalogue(mode).values():
        if parameter.default is not None:
            value = parse_value(parameter, parameter.default)
            assert isinstance(value, Value), (parameter.name, value)
            assert print_value(value) == parameter.default


def test_a_mode_knows_its_own_parameters_and_those_of_every_mode() -> None:
    assert "badcb" in catalogue("RSR/Bs") and "badcb" not in catalogue("SEQ/Map")
    assert "weighted" in catalogue(COMBINATION) and "extent" not in catalogue(COMBINATION)
    assert all("qagrade" in catalogue(mode) for mode in (*MODES, COMBINATION))
    assert catalogue("1MM/Ps").keys() == catalogue("SEQ/Bs").keys()


@pytest.mark.parametrize("mode", ["", "TBD", "OMAYA/Map"])
def test_an_unknown_mode_knows_them_all(mode: str) -> None:
    assert all(set(catalogue(known)) <= set(catalogue(mode)) for known in MODES)


def test_dv_and_dw_are_known_to_act_in_the_first_call_only() -> None:
    late = {name for name, parameter in ALL.items() if parameter.first_call}
    assert late == {"dv", "dw"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dv=100 dw=300 extent=500 vlsr=-234 pix_list=-0,5", []),
        ("birdie=1234", ["UNKNOWN_PARAMETER"]),
        ("otc_cal=1", ["UNKNOWN_PARAMETER"]),
        ("qagrade = 2", ["BARE_WORD"] * 3),
        ("extent=-5", ["OUT_OF_RANGE"]),
        ("b_order=1.5", ["NOT_A_VALUE"]),
        ("archive=1", ["BOT_PARAMETER"]),
        ("restart=1", ["RESTART_BY_HAND"]),
        ("restart=-1", ["BOT_PARAMETER"]),
        ("badcb=2/3", ["OTHER_MODE"]),
        ("dv=5 dv=6", ["KEY_TWICE"]),
        ("public=2020-12-31", []),
    ],
)
def test_faults_of_the_words_of_a_tier(text: str, expected: list[str]) -> None:
    assert codes(text, "SEQ/Map") == expected


def test_notch_needs_sgf() -> None:
    assert codes("notch=2", "RSR/Bs") == ["NEEDS_ANOTHER"]
    assert codes("notch=2 sgf=51", "RSR/Bs") == []


@pytest.mark.parametrize(("role", "expected"), [("pi", 2), ("da", 1), ("po", 0), ("bot", 0)])
def test_each_role_may_set_what_the_one_below_may(role: Role, expected: int) -> None:
    assert codes("admit=1 public=2030-01-01 extent=5", "SEQ/Map", role).count("NOT_YOURS") == expected


def test_the_bot_may_set_its_own() -> None:
    assert codes("archive=1 tap=1 work_lmt=/w restart=1", "SEQ/Map", "bot") == []


def test_a_misspelt_key_is_told_the_right_one() -> None:
    near = [faults_of((f"{word}=1",), "", role="po")[0].cure for word in ("birdie", "otc_cal", "babcb", "pixlist")]
    assert near == [f"did you mean {name}?" for name in ("birdies", "otf_cal", "badcb", "pix_list")]


@pytest.mark.parametrize(
    "words",
    [
        (*HEAD, "dv=100", "restart=1"),
        (*HEAD, "pix_list=-0,-5"),
        (*HEAD, "badcb=2/3,3/4,"),
        (*HEAD, "badcb=2/3"),
        (*HEAD, "restart=1", "extent=120", "restart=1"),
        ("obsnums=1,2", "_io=TBD", "_s=x", "restart=1", "admit=0"),
    ],
)
def test_a_line_that_may_run_is_not_blocked(words: tuple[str, ...]) -> None:
    assert blocking_fault(words, "SEQ/Map") == ""


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("birdie=1234", "did you mean birdies?"),
        ("PATH=/tmp", "no parameter"),
        ("ld_preload=x", "no parameter"),
        ("qagrade", "no key=value"),
        ("=", "no key=value"),
        ("=5", "no key=value"),
        ("dv=", "nothing stands"),
        ("pix_list=16", "beams are 0 to 15"),
        ("badcb=3/5.", "write 3/5"),
        ("archive=1", "lmtbot's to set"),
        ("work_lmt=/elsewhere", "lmtbot's to set"),
        ("obsnum=5", "lmtbot's to set"),
        ("restart=2", "lmtbot's to set"),
        ("rsync=host:dir", "lmtbot's to set"),
    ],
)
def test_a_line_that_must_not_run_says_why(word: str, told: str) -> None:
    found = blocking_fault((*HEAD, "dv=100", word, "restart=1"), "SEQ/Map")
    assert found.startswith(f"{word}: ")
    assert told in found


@given(words=st.lists(st.text(max_size=20), max_size=8))
def test_blocking_is_decided_for_any_words(words: list[str]) -> None:
    unknown = [word for word in words if not known_key(word.partition("=")[0])]
    assert bool(blocking_fault((*HEAD, *words), "")) or not unknown


@given(name=st.sampled_from(sorted(ALL)), text=st.text(max_size=20))
def test_what_blocks_is_a_fault_that_blocks(name: str, text: str) -> None:
    blocked = blocking_fault((*HEAD, f"{name}={text}"), "")
    faults = faults_of((f"{name}={text}",), "", role="po")
    assert bool(blocked) == any(fault.blocks for fault in faults)
    assert isinstance(parse_value(ALL[name], text), Value) or blocked
    assert all(isinstance(fault, Fault) and fault.key == name for fault in faults)


def test_many_lines_of_a_project_are_judged() -> None:
    lines = [
        (*HEAD, f"dv={number % 50 + 1}", "pix_list=-0,5", f"birdies={number}", "restart=1") for number in range(6000)
    ]
    assert not any(blocking_fault(line, "SEQ/Map") for line in lines)
