"""Whatever others wrote is shown as they wrote it, and does nothing: no markup, no link, no mention, no second cell."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.formats.markdown import code, inert, prose, visible
from bot.model.scalars import one_line

ODD = st.text(st.sampled_from(list("\\`*_[]()<>|~$#@-+=.!&:/ \n\t;aw1é\u202e\x00")), max_size=24)
TEXTS = st.one_of(ODD, st.text(max_size=24))
HOSTILE = (
    "<script>alert(1)</script>",
    "<!-- lmtbot:qa -->",
    "a | b",
    "\\| b",
    "@alice see #12, org/repo#13, GH-14",
    "![x](http://evil.example/a.png) http://evil.example www.evil.example a@b.example",
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
PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": True})
TEXT_ONLY = {"paragraph_open", "inline", "paragraph_close", "text", "code_inline", "text_special"}


def tokens(body: str) -> list[Token]:
    found = []
    for token in PARSER.parse(body):
        found += [token, *(token.children or [])]
    return found


def shown(body: str) -> str:
    """Return what a reader sees."""
    words = "".join(token.content for token in tokens(body) if token.type in ("text", "code_inline", "text_special"))
    return words.replace("\u200b", "")


def with_examples(test):  # type: ignore[no-untyped-def]
    for text in HOSTILE:
        test = example(text)(test)
    return test


@with_examples
@settings(max_examples=50)
@given(TEXTS)
def test_prose_shows_what_was_written(text: str) -> None:
    body = prose(text)
    assert {token.type for token in tokens(body)} <= TEXT_ONLY | {"html_inline"}
    assert {token.content for token in tokens(body) if token.type == "html_inline"} <= {"<code>", "</code>"}
    assert shown(body).replace("`", "").strip() == one_line(text).replace("`", "").replace("\u200b", "").strip()


@with_examples
@settings(max_examples=50)
@given(TEXTS)
def test_a_cell_stays_one_prose(text: str) -> None:
    for written in (prose(text), code(text), inert(text)):
        body = f"| a | b |\n|---|---|\n| {written} | end |\n"
        found = [token.type for token in tokens(body)]
        assert found.count("td_open") == 2 and found.count("tr_open") == 2
        assert not {"link_open", "image", "em_open", "strong_open", "s_open"} & set(found)
        assert {token.content for token in tokens(body) if token.type == "html_inline"} <= {"<code>", "</code>"}
        assert shown(body).endswith("end")


@with_examples
@settings(max_examples=50)
@given(TEXTS)
def test_code_and_inert_text_show_what_was_written(text: str) -> None:
    for body in (f"see {code(text)}", f"see {inert(text)}"):
        assert {token.type for token in tokens(body)} <= TEXT_ONLY | {"html_inline"}
        assert {token.content for token in tokens(body) if token.type == "html_inline"} <= {"<code>", "</code>"}
        assert shown(body).removeprefix("see").strip() == visible(text).replace("\u200b", "").strip()


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
