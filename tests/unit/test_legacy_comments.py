"""comments.txt means what the existing generator makes of it, line by line."""

from __future__ import annotations

import pytest

from bot.errors import Severity
from bot.formats.legacy.comments import Entry, RemarkLine, expanded_beams, read_comments
from bot.formats.legacy.generator import obsnum_arguments


def entry(line: str) -> Entry:
    (found,), findings = read_comments(line, "comments.txt")
    assert isinstance(found, Entry) and not [one for one in findings if one.severity is Severity.ERROR]
    return found


@pytest.mark.parametrize(
    ("line", "name", "bank", "words", "failed", "note"),
    [
        ("97520   first map   # offx=-1 offy=2", "97520", None, ("offx=-1", "offy=2"), False, "first map"),
        ("-97520 x", "97520", None, (), False, "x"),
        ("97520__0 # a=1", "97520", 0, ("a=1",), False, ""),
        ("97520__1 QAFAIL", "97520", 1, (), True, ""),
        ("97520__12 x", "97520", 12, (), False, "x"),
        ("97520 QAFAIL: bad wave", "97520", None, (), True, "bad wave"),
        ("97520 was QAFAIL once # a=1", "97520", None, ("a=1",), True, "was QAFAIL once"),
        ("97520 see # a=1 # b=2", "97520", None, ("a=1", "#", "b=2"), False, "see"),
        ("100_200__1 combo # qagrade=3", "100_200", 1, ("qagrade=3",), False, "combo"),
        ("   97520\tx\t# a=1", "97520", None, ("a=1",), False, "x"),
        ("97520 # qagrade = 2", "97520", None, ("qagrade", "=", "2"), False, ""),
    ],
)
def test_a_line_is_taken_apart(
    line: str, name: str, bank: int | None, words: tuple[str, ...], failed: bool, note: str
) -> None:
    found = entry(line)
    assert (found.name, found.bank, found.words, found.failed, found.note) == (name, bank, words, failed, note)


@pytest.mark.parametrize(
    "key", ["100,101", "100:", "A", "0100", "100__a", "100__", "100__1__", "__1", "100_200_300", "1e5", "QAFAIL"]
)
def test_a_key_that_nothing_matches_is_told_and_kept(key: str) -> None:
    (found,), (told,) = read_comments(f"\n{key} text # a=1", "comments.txt")
    assert isinstance(found, RemarkLine) and found.text == f"{key} text # a=1" and found.reason
    assert (told.path, told.line, told.severity) == ("comments.txt", 2, Severity.WARNING)


def test_comment_lines_are_remarks_and_empty_ones_nothing() -> None:
    found, told = read_comments("# one\n#\n\n  ## two\n#97520 QAFAIL\n", "comments.txt")
    assert [one.text for one in found] == ["one", "two", "97520 QAFAIL"] and not told


@pytest.mark.parametrize(
    "word", ["pix_list=-16", "pix_list", "pix_list=", "pix_list=-0,", "pix_list=-a", "pix_list=0=1"]
)
def test_beams_that_stop_the_generator_are_errors(word: str) -> None:
    _, (told,) = read_comments(f"97520 # {word}", "comments.txt")
    assert told.severity is Severity.ERROR and told.line == 1


def test_beams_are_written_out_as_the_generator_does() -> None:
    assert expanded_beams("-0,5") == expanded_beams("-0,-5") == "1,2,3,4,6,7,8,9,10,11,12,13,14,15"
    assert expanded_beams("0,-5") == "0,-5"
    assert expanded_beams("-" + ",".join(map(str, range(16)))) == ""


def test_the_last_line_of_a_class_gives_the_arguments() -> None:
    text = "5 # a=1\n5__0 # b=2\n5__1 # c=3\n-6 QAFAIL # d=4\n7 # e=5\n7__3\n8__1 # f=6\n8__01 g # pix_list=-0,1\n"
    bank_0, bank_1 = obsnum_arguments(text)
    assert bank_0 == {"5": ["b=2"], "6": ["d=4", "qagrade=-2"], "7": []}
    assert bank_1 == {"5": ["c=3"], "8": ["pix_list=2,3,4,5,6,7,8,9,10,11,12,13,14,15"]}


def test_a_line_that_stops_the_generator_gives_no_arguments() -> None:
    assert obsnum_arguments("5 # a=1\n5__1__ # b=2\n5__x # c=3\n") == ({"5": ["a=1"]}, {})


@pytest.mark.parametrize(
    ("line", "words", "note"),
    [
        ("700 weak # can't say (yet)", (), "weak # can't say (yet)"),
        ("700 # it's fine", (), "# it's fine"),
        ("700 QAFAIL # it's wavy", (), "# it's wavy"),
        ("700 x # dv=3 don't trust a=1", ("dv=3", "a=1"), "x # don't trust"),
        ("700 x # 3 \u00b5m \u2014 hm", (), "x # 3 \u00b5m \u2014 hm"),
        ("700__1 x # \u00bfwhy?", (), "x # \u00bfwhy?"),
    ],
)
def test_prose_behind_the_mark_that_no_run_line_may_hold_goes_to_the_note(
    line: str, words: tuple[str, ...], note: str
) -> None:
    (found,), findings = read_comments(line, "comments.txt")
    assert isinstance(found, Entry) and (found.words, found.note) == (words, note)
    assert [(one.code, one.severity, one.line) for one in findings] == [("PROSE", Severity.WARNING, 1)]
    of_bank_0, of_bank_1 = obsnum_arguments(line)
    written = {**of_bank_0, **of_bank_1}["700"]
    assert [word for word in written if word != "qagrade=-2"] == list(words)


@pytest.mark.parametrize(
    "behind", ["dv= 30 can't", "dv =30 can't", "dv = 30 can't", "a='1 2'", "maybe (8?)", "Beam=3 ok,"]
)
def test_words_that_are_harmless_or_could_be_a_parameter_stay_where_they_are(behind: str) -> None:
    found = entry(f"700 x # {behind}")
    assert (found.words, found.note, found.prose) == (tuple(behind.split()), "x", "")


def test_two_bars_before_an_obsnum_make_a_line_of_the_first_one_as_the_generator_has_it() -> None:
    (found,), (told,) = read_comments("700701__700709 # qagrade=1", "comments.txt")
    assert isinstance(found, Entry) and (found.name, found.reaches_bank_one) == ("700701", False)
    assert told.code == "BANK" and "700701_700709 for the combination" in told.cure
    assert obsnum_arguments("700701__700709 # qagrade=1") == ({"700701": ["qagrade=1"]}, {})
