"""Commands are read as Markdown shows them; prose, code, quotes and hidden text are none; what is wrong is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.comment_command import (
    EXAMPLES,
    LONGEST_NOTE,
    LONGEST_SHOWN,
    MOST_COMMANDS,
    Command,
    Misread,
    parse_commands,
)
from bot.model.project import Parameters

SHOULD = {
    "/grade 110041 2": Command("grade", 110041, grade=2),
    "  /grade 110041__1 -2   no   signal ": Command("grade", 110041, bank=1, grade=-2, words="no signal"),
    "/GRADE 110041__0 +3": Command("grade", 110041, bank=0, grade=3),
    "/grade 117345_110041 3 a line at 103.7 GHz": Command(
        "grade", "117345_110041", grade=3, words="a line at 103.7 GHz"
    ),
    "/grade 033551 1": Command("grade", 33551, grade=1),
    "/grade 110041 17": Command("grade", 110041, grade=17),
    "/fail 110041": Command("fail", 110041, grade=-2, combine=False),
    "/fail 110041__1 dead roach": Command("fail", 110041, bank=1, grade=-2, words="dead roach"),
    "/flag 110041 pix_list=-0,5": Command("flag", 110041, flags=Parameters(["pix_list=-0,5"])),
    "/flag 110041__0 a=1\tb=[[1,2]]": Command("flag", 110041, bank=0, flags=Parameters(["a=1", "b=[[1,2]]"])),
    "/flag 110041 badcb=": Command("flag", 110041, flags=Parameters(["badcb="])),
    "/unflag 110041": Command("unflag", 110041),
    "/unflag 110041__1 pix_list birdies": Command("unflag", 110041, bank=1, what=("pix_list", "birdies")),
    "/combine 110041 Yes": Command("combine", 110041, combine=True),
    "/combine 110041 no half of it": Command("combine", 110041, combine=False, words="half of it"),
    "/run": Command("run"),
    "/run 110041 G1.7+3.7-234_01_of_04 1_2 110041": Command("run", what=("110041", "G1.7+3.7-234_01_of_04", "1_2")),
    "/status": Command("status"),
    "/refresh!": Command("refresh"),
    "/retry\t": Command("retry"),
    "/help?": Command("help"),
    "/grade\u00a0110041 2": Command("grade", 110041, grade=2),
    "/grade 110041 2 good <!-- hidden --> indeed": Command("grade", 110041, grade=2, words="good indeed"),
    "/grade 110041 2 $(rm -rf ~); `x` | y && z > w": Command(
        "grade", 110041, grade=2, words="$(rm -rf ~); `x` | y && z > w"
    ),
}
"""What is a command, and which."""

SHOULD_NOT = (
    "",
    "/",
    "//",
    "/ grade 110041 2",
    "please /grade 110041 2",
    "- /grade 110041 2",
    "`/grade 110041 2`",
    "> /grade 110041 2",
    "   > /grade 110041 2",
    "    /grade 110041 2",
    "\t/grade 110041 2",
    "```\n/grade 110041 2\n```",
    "```sh\n/grade 110041 2",
    "````\n```\n/grade 110041 2\n````",
    "~~~\n```\n/grade 110041 2\n~~~",
    "```\n/grade 110041 2\n``` x\n/fail 110041\n```",
    "<!-- /grade 110041 2 -->",
    "<!--\n/grade 110041 2\n-->",
    "<!-- lmtbot:x\n```\n/grade 110041 2\n-->",
    "word <!-- more\n/grade 110041 2\n--> word",
    "<!--\n/grade 110041 2",
    "/path/to/file",
    "/etc",
    "/etc is full",
    "/home/you/grade 110041 2",
    "/nese/work_lmt/2024-S1-MX-2/110041",
    "/grade/110041",
    "/tmp 100 MB free",
    "/mail is slow",
    "/run.sh 110041",
    "/é 110041",
)
"""What is none, and gets no answer."""

MISREAD = {
    "/grade": "which obsnum",
    "/grade 110041": "which grade",
    "/grade 110041 good": "'good' is not a grade",
    "/grade 110041 ２": "is not a grade",
    "/grade 110041 110042 2": "'110042' is not a grade",
    "/grade 110041__2 2": "bank 2 does not exist",
    "/grade 110041__0__1 2": "is not an obsnum",
    "/grade 0 2": "is not an obsnum",
    "/grade 123456789 2": "is not an obsnum",
    "/grade G1.7 2": "'G1.7' is not an obsnum",
    "/grade 110041 99999999999999": "is not a grade",
    "/fail 117345_110041": "is a combination",
    "/flag 110041": "which parameters",
    "/flag 110041 pix_list=-0, 5": "'5' is no key=value",
    "/flag 110041 pix_list = 3": "'pix_list' is no key=value",
    "/flag 110041 pix_list=-0;rm": "holds ';'",
    '/flag 110041 pix_list="-0,5"': "holds '\"'",
    "/flag 110041 x=$(id)": "holds '$'",
    "/flag 110041 x=`id`": "holds '`'",
    "/flag 110041 PATH=/tmp": "'PATH' is not the name of a parameter",
    "/flag 117345_110041 x=1": "is a combination",
    "/unflag 110041 pix_list=3": "is not the name of a parameter",
    "/combine 110041": "yes or no",
    "/combine 110041 maybe": "'maybe' is neither yes nor no",
    "/combine 110041__0 no": "all its banks",
    "/run \x07": "is no obsnum",
    "/status of things": "nothing is read behind it",
    "/grde 110041 2": "there is no command /grde",
    "/staus": "there is no command /staus",
    "/flags 110041 a=1": "there is no command /flags",
    "/reduce 110041": "there is no command /reduce",
    f"/grade 110041 2 {'x' * (LONGEST_NOTE + 1)}": "at most",
}
"""What is meant as one and is wrong, and the word that tells."""


@pytest.mark.parametrize("body", SHOULD)
def test_a_line_that_says_a_command_is_one(body: str) -> None:
    assert parse_commands(body) == (SHOULD[body],)


@pytest.mark.parametrize("body", SHOULD_NOT)
def test_prose_code_quotes_and_hidden_text_are_passed_over(body: str) -> None:
    assert parse_commands(body) == ()


@pytest.mark.parametrize("body", MISREAD)
def test_what_is_wrongly_written_is_told_with_an_example(body: str) -> None:
    (one,) = parse_commands(body)
    assert isinstance(one, Misread) and MISREAD[body] in one.what
    assert "`/" in one.cure and len(one.text) <= LONGEST_SHOWN and one.text.isprintable()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_parses_to_itself(name: str) -> None:
    (one,) = parse_commands(EXAMPLES[name])
    assert isinstance(one, Command) and one.name == name and str(one) == EXAMPLES[name]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_comment_holds_several_commands_with_their_lines(end: str) -> None:
    body = end.join(("Thanks!", "", "/grade 110041 2", "```", "/help", "```", "> /status", "/fail 110042", "/grade x"))
    found = parse_commands(body)
    assert [(one.line, type(one)) for one in found] == [(3, Command), (8, Command), (9, Misread)]


def test_text_goes_on_behind_a_fence_and_a_hidden_part() -> None:
    body = "```\nx\n```\n/help\n<!-- a --> <!--\nb\n-->\n/status\n``` `x`\n/retry"
    assert [one.name for one in parse_commands(body) if isinstance(one, Command)] == ["help", "status", "retry"]


def test_a_slip_of_the_pen_is_answered_with_the_nearest_command() -> None:
    (one,) = parse_commands("/combin 110041 no")
    assert isinstance(one, Misread) and EXAMPLES["combine"] in one.cure


def test_a_comment_with_too_many_commands_is_cut_and_says_where() -> None:
    found = parse_commands("/help\n" * 16_000)
    assert len(found) == MOST_COMMANDS + 1
    last = found[-1]
    assert isinstance(last, Misread) and last.line == MOST_COMMANDS + 1 and "another comment" in last.cure


HOSTILE = (
    "<!--" * 25_000,
    "`" * 100_000,
    " " * 100_000,
    "/" * 100_000,
    "/flag 110041 " + "a=1 " * 25_000,
    "> " * 50_000,
    "```\n" * 25_000,
    "~~~" * 30_000 + "\n" + "~" * 10_000,
    "<!---->" * 15_000,
    "/grade 110041 2 " + "x" * 100_000,
    "/grade " + "1" * 100_000,
    "/abcdefgh\n" * 10_000,
    "/run " + "x " * 50_000,
    "\r\n" * 50_000,
)


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: body[:8])
def test_a_long_comment_is_read_to_a_short_answer(body: str) -> None:
    for one in parse_commands(body):
        assert len(one.text) <= LONGEST_SHOWN
        if isinstance(one, Misread):
            assert len(one.what) + len(one.cure) < 400


KEYS = st.sampled_from(("pix_list", "birdies", "badcb", "extent", "_x"))
VALUES = st.text("0123456789,-./[]", max_size=8)
NOTES = st.text(st.characters(exclude_categories=("C", "Z")), max_size=8)
OBSNUMS = st.integers(1, 99_999_999)
COMBINATIONS = st.builds("{}_{}".format, OBSNUMS, OBSNUMS)
BANKS = st.sampled_from((None, 0, 1))
WORDS = st.lists(NOTES.filter(bool), max_size=4).map(" ".join).filter(lambda text: "<!--" not in text)
FLAGS = st.lists(st.builds("{}={}".format, KEYS, VALUES), min_size=1, max_size=4).map(Parameters)
COMMANDS = st.one_of(
    st.builds(Command, st.just("grade"), OBSNUMS, BANKS, grade=st.integers(-999, 999), words=WORDS),
    st.builds(Command, st.just("grade"), COMBINATIONS, grade=st.integers(-999, 999), words=WORDS),
    st.builds(
        lambda obsnum, bank, words: Command(
            "fail", obsnum, bank, -2, words, combine=None if bank is not None else False
        ),
        OBSNUMS,
        BANKS,
        WORDS,
    ),
    st.builds(Command, st.just("flag"), OBSNUMS, BANKS, flags=FLAGS),
    st.builds(Command, st.just("unflag"), OBSNUMS, BANKS, what=st.lists(KEYS, max_size=3).map(tuple)),
    st.builds(Command, st.just("combine"), OBSNUMS, combine=st.booleans(), words=WORDS),
    st.builds(Command, st.just("run"), what=st.lists(NOTES.filter(bool), max_size=3, unique=True).map(tuple)).filter(
        lambda one: all("<!--" not in name for name in one.what)
    ),
    st.builds(Command, st.sampled_from(("status", "refresh", "retry", "help"))),
)


@given(COMMANDS)
def test_a_command_is_printed_and_read_back(command: Command) -> None:
    assert parse_commands(str(command)) == (command,)


@given(
    st.lists(
        st.sampled_from(("/grade 1 2 ", "<!--", "-->", "<!", "--", "\n", "```", "> ", "x", " ", "/run ")), max_size=30
    )
)
def test_whatever_was_read_is_printed_and_read_back(parts: list[str]) -> None:
    for one in parse_commands("".join(parts)):
        if isinstance(one, Command):
            assert parse_commands(str(one)) == (one,)


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_text_is_read_without_an_error(body: str) -> None:
    for one in parse_commands(f"/{body}") + parse_commands(f"/grade {body}") + parse_commands(f"/flag 1 {body}"):
        assert one.text.isprintable()
