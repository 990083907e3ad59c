"""Markdown -> HTML that can do no harm: of the author's HTML a few bare tags stay, comments are hidden."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.tasklists import tasklists_plugin

BOX = '<input class="task-list-item-checkbox" (?:checked="checked" )?disabled="disabled" type="checkbox">'
TAGS = re.compile(
    rf"(<!--.*?(?:-->|\Z)|</?(?:details|summary|br|wbr|sub|sup|kbd|code)\s*/?>|<details open>|{BOX})", re.DOTALL
)
"""What is kept of HTML: hidden markers vanish, these tags stay; everything else is shown as it was typed."""

ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|/|#", re.IGNORECASE)


def render(text: str | None, links: str = "", pictures: str = "") -> Markup:
    """Return the HTML of a text that anybody may have written; `links` and `pictures` go before relative addresses."""
    found = _PARSER.render(text or "", {"a": links, "img": pictures})
    return Markup(found)  # noqa: S704 - the parser escapes; _kept lets only TAGS through


def _kept(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    parts = TAGS.split(tokens[index].content)
    return "".join(str(escape(part)) if n % 2 == 0 else "" if part.startswith("<!--") else part
                   for n, part in enumerate(parts))  # fmt: skip


def _table_open(_renderer: Any, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return '<div class="scroll" tabindex="0"><table>\n'


def _table_close(_renderer: Any, _tokens: Sequence[Token], _index: int, _options: Any, _env: Any) -> str:
    return "</table></div>\n"


def _link_open(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    _lead(tokens[index], "href", env["a"])
    return str(renderer.renderToken(tokens, index, options, env))


def _image(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    _lead(tokens[index], "src", env["img"])
    return str(renderer.image(tokens, index, options, env))


def _lead(token: Token, name: str, prefix: str) -> None:
    address = str(token.attrGet(name) or "")
    if prefix and not ABSOLUTE.match(address):
        token.attrSet(name, f"{prefix}/{address}")


def _parser() -> MarkdownIt:
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": True}).use(tasklists_plugin)
    for name, rule in (("html_block", _kept), ("html_inline", _kept),
                       ("table_open", _table_open), ("table_close", _table_close),
                       ("link_open", _link_open), ("image", _image)):  # fmt: skip
        parser.add_render_rule(name, rule)
    return parser


_PARSER = _parser()
