"""Whatever others wrote is shown as they wrote it, and does nothing: no markup, no link, no mention, no second cell."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.formats.markdown import code, inert, prose, visible
from bot.model.scalars import one_line
from tests.gfm import SILENT, TABLE, Shown

ODD = st.text(st.sampled_from(list("\\`*_[]()<>|~$#@-+=.!&:/ \n\t;aw1é\u202e\x00")), max_size=24)
TEXTS = st.one_of(ODD, st.text(max_size=24))
HOSTILE = (
    "<script>alert(1)</script>",
    "<!-- lmtbot:qa -->",
    "a | b",
    "\\| b",
    "@alice see #12, org/repo#13, GH-14",
    "![x](http://evil.example/a.png) http://evil.example www.evil.example a@b.example",
    "mailto:a@b.example xmpp:a.b@c.example/d `a@b.example` a+b_c@d-e.example evil.example",
    "**bold** _it_ ~~gone~~ $x$ [a](b) `c` ``d`` &lt; &#64;bob",
    "- item",
    "1. item",
    "12) item",
    "# head",
    "+ x",
    "===",
    "---",
    "> quote",
    "    code",
    "|---|",
    "`",
    "``",
    "a`b`c`d",
    "end\\",
)


def with_examples(test):  # type: ignore[no-untyped-def]
    for text in HOSTILE:
        test = example(text)(test)
    return test


@with_examples
@settings(max_examples=50)
@given(TEXTS)
def test_prose_shows_what_was_written(text: str) -> None:
    page = Shown(prose(text))
    assert page.tags <= {"p", *SILENT}
    assert page.text.replace("`", "").strip() == one_line(text).replace("`", "").replace("\u200b", "").strip()


@with_examples
@settings(max_examples=50)
@given(TEXTS)
def test_a_cell_stays_one_prose(text: str) -> None:
    for written in (prose(text), code(text), inert(text)):
        page = Shown(f"| a | b |\n|---|---|\n| {written} | end |\n")
        assert page.tags <= TABLE | SILENT and not page.links
        assert [len(row) for row in page.rows] == [0, 2] and page.rows[1][1] == "end"


@with_examples
@settings(max_examples=50)
@given(TEXTS)
def test_code_and_inert_text_show_what_was_written(text: str) -> None:
    for body in (f"see {code(text)}", f"see {inert(text)}"):
        page = Shown(body)
        assert page.tags <= {"p", *SILENT} and not page.links
        assert page.text.removeprefix("see").strip() == visible(text).replace("\u200b", "").strip()


@pytest.mark.parametrize(
    "text", ["@alice", "see @alice", "#12", "org/repo#12", "GH-12", "http://x.example", "www.x.example"]
)
def test_nobody_is_called_and_nothing_is_linked_by_github(text: str) -> None:
    assert "\u200b" in prose(text) and text not in prose(text)


def test_words_between_backticks_are_code_and_one_backtick_is_text() -> None:
    assert prose("write `/grade 1 2` now") == f"write {code('/grade 1 2')} now"
    assert prose("a ` b") == "a \\` b"


def test_a_long_text_ends() -> None:
    assert len(one_line("x" * 1000)) == 300 and one_line("x" * 1000).endswith("…")
