"""The kinds of parameter values: every legal text comes back as it was, every wrong one is a fault with a cure."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.kinds import KINDS, Fault, Legal, Value, expand_beams, form_of, parse_text, print_value, value_of

number = st.floats(allow_nan=False, allow_infinity=False)
DATA = {
    "flag": st.booleans(),
    "int": st.integers(-(10**17), 10**17),
    "float": number,
    "ints": st.lists(st.integers(-(10**17), 10**17), min_size=1).map(tuple),
    "floats": st.lists(number, min_size=1).map(tuple),
    "text": st.from_regex(r"[A-Za-z0-9_.,+\-/:%@\[\]]+", fullmatch=True),
    "date": st.dates(date(1000, 1, 1)),
    "beams": st.sets(st.integers(0, 15), min_size=1).map(lambda beams: tuple(sorted(beams))),
    "boards": st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1).map(tuple),
    "regions": st.lists(st.tuples(number, number).filter(lambda pair: pair[0] < pair[1]), min_size=1).map(tuple),
}
LEGAL_TEXTS = {
    "flag": st.sampled_from(["0", "1"]),
    "int": st.from_regex(r"[+-]?[0-9]{1,18}", fullmatch=True),
    "float": st.from_regex(r"-?([0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9})", fullmatch=True),
    "ints": st.from_regex(r"-?[0-9]{1,9}(,-?[0-9]{1,9}){0,20}", fullmatch=True),
    "floats": st.from_regex(r"[0-9]{1,3}\.[0-9]{0,4}(,[0-9]{1,3}(\.[0-9]{1,4})?){0,9}", fullmatch=True),
    "text": DATA["text"],
    "date": DATA["date"].map(str),
    "beams": st.from_regex(r"(-?(0[0-9]|[0-9]|1[0-4])(,-?[0-9]){0,5})|[0-9](,[0-9]){0,9}", fullmatch=True),
    "boards": st.from_regex(r"[0-3]/[0-5](,[0-3]/[0-5]){0,10},?", fullmatch=True),
    "regions": st.sampled_from(["[[-100,-50],[50,100]]", "[[-.5,0.50]]", "[[-1e2,1e2],[200,300],[301,302]]"]),
}


def test_every_kind_is_tried_here() -> None:
    assert set(DATA) == set(LEGAL_TEXTS) == set(KINDS)
    assert all(form_of(kind) for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_a_legal_text_is_printed_as_it_was_read(kind: str, data: st.DataObject) -> None:
    text = data.draw(LEGAL_TEXTS[kind])
    value = parse_text(kind, text)
    if kind == "beams" and isinstance(value, Fault):
        return  # the pattern also makes lists of both signs, which test_faults_of_beams is about
    assert isinstance(value, Value), value
    assert print_value(value) == text


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_is_written_means_what_was_meant(kind: str, data: st.DataObject) -> None:
    meaning = data.draw(DATA[kind])
    value = parse_text(kind, print_value(value_of(kind, meaning)))
    assert isinstance(value, Value), value
    assert value.data == meaning
    assert value.slips == () or kind == "boards"


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text(max_size=40))
def test_any_text_is_a_value_or_a_fault_with_a_cure(kind: str, text: str) -> None:
    found = parse_text(kind, text)
    if isinstance(found, Fault):
        assert found.what and found.cure and found.blocks
    else:
        assert print_value(found) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("-0,5", "1,2,3,4,6,7,8,9,10,11,12,13,14,15"),
        ("-0,-5", "1,2,3,4,6,7,8,9,10,11,12,13,14,15"),
        ("-15", "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14"),
        ("-3,11,13,14,15,13", "0,1,2,4,5,6,7,8,9,10,12"),
        ("-0", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"),
        ("0,2", "0,2"),
        ("5,5", "5,5"),
    ],
)
def test_beams_to_leave_out_are_written_out(text: str, written: str) -> None:
    assert expand_beams(text) == written


@pytest.mark.parametrize("text", ["-16", "-", "-0,", "-a", "+11", "", "-0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"])
def test_what_is_no_list_of_beams_stays_as_it_is(text: str) -> None:
    assert expand_beams(text) == text


@given(beams=st.sets(st.integers(0, 15), min_size=1, max_size=15))
def test_both_ways_to_say_beams_mean_the_same(beams: set[int]) -> None:
    left_out = "-" + ",".join(map(str, sorted(set(range(16)) - beams)))
    found, plain = parse_text("beams", left_out), parse_text("beams", expand_beams(left_out))
    assert isinstance(found, Value) and isinstance(plain, Value)
    assert found.data == plain.data == tuple(sorted(beams))


@pytest.mark.parametrize(
    ("kind", "text", "told", "cure"),
    [
        ("beams", "-0,16", "beam 16 does not exist", "beams are 0 to 15"),
        ("beams", "+11", "'+11' is no beam", "no plus sign"),
        ("beams", "0,-5", "beams to use and beams to leave out", "the first sign decides"),
        ("beams", "0,5,", "comma too many", "0,2"),
        ("boards", "1/4,2/4,3/5.", "'3/5.'", "write 1/4,2/4,3/5"),
        ("boards", "2/0:,2/4", "'2/0:'", "2/3,3/5"),
        ("boards", "3/0,qagrade=-2", "'qagrade=-2'", "chassis/board"),
        ("boards", "4/0", "chassis 4 board 0 does not exist", "chassis are 0 to 3, boards 0 to 5"),
        ("boards", ",", "comma too many", "2/3,3/5"),
        ("floats", "106.5.4,0.4", "'106.5.4'", "110.5,0.3"),
        ("floats", "1,,2", "comma too many", "110.5,0.3"),
        ("float", "1e999", "no number", "a number"),
        ("float", "nan", "no number", "a number"),
        ("int", "1.0", "no whole number", "a whole number"),
        ("int", "", "nothing stands", "a whole number"),
        ("text", "a;rm", "holds ';'", "one word"),
        ("text", "a b", "holds ' '", "one word"),
        ("flag", "yes", "not 0 or 1", "0 or 1"),
        ("date", "2020-13-31", "no date", "YYYY-MM-DD"),
        ("regions", "[[50,-50]]", "is empty", "smaller number first"),
        ("regions", "[50,60]", "no list of pairs", "[[-100,-50]"),
        ("regions", "[[a,b]]", "no number", "[[-100,-50]"),
    ],
)
def test_faults_say_what_and_how_to_mend(kind: str, text: str, told: str, cure: str) -> None:
    fault = parse_text(kind, text)
    assert isinstance(fault, Fault)
    assert told in fault.what
    assert cure in fault.cure
    assert fault.blocks


@pytest.mark.parametrize(
    ("legal", "good", "bad"),
    [
        (Legal(least=0), ["0", "5"], ["-1"]),
        (Legal(above=0), ["1"], ["0", "-1"]),
        (Legal(among=("-1", "0", "2")), ["-1", "2"], ["1", "3"]),
        (Legal(odd_above=21), ["0", "23", "101"], ["21", "22", "24", "-23"]),
    ],
)
def test_the_rule_of_a_parameter_holds_beside_its_kind(legal: Legal, good: list[str], bad: list[str]) -> None:
    assert all(isinstance(parse_text("int", text, legal), Value) for text in good)
    faults = [parse_text("int", text, legal) for text in bad]
    assert all(isinstance(fault, Fault) and fault.code == "OUT_OF_RANGE" for fault in faults)


def test_pairs_and_counts_hold_for_lists() -> None:
    assert isinstance(parse_text("floats", "110.5,0.15,108.6,0.3", Legal(pairs=True)), Value)
    assert isinstance(parse_text("floats", "110.5,0.15,108.6", Legal(pairs=True)), Fault)
    assert isinstance(parse_text("floats", "101,3", Legal(count=2)), Value)
    assert isinstance(parse_text("floats", "101,3,4", Legal(count=2)), Fault)
    assert isinstance(parse_text("floats", "", Legal(count=2)), Value)


def test_slips_leave_the_value_legal() -> None:
    comma, signs, twice = (
        parse_text("boards", "2/3,3/4,"),
        parse_text("beams", "-0,-5"),
        parse_text("beams", "-3,11,13,13"),
    )
    assert isinstance(comma, Value) and [slip.code for slip in comma.slips] == ["TRAILING_COMMA"]
    assert isinstance(signs, Value) and [slip.cure for slip in signs.slips] == ["write -0,5"]
    assert isinstance(twice, Value) and [slip.code for slip in twice.slips] == ["ITEM_TWICE"]
