"""What GitHub makes of Markdown, by GitHub's own parser (cmark-gfm): tags, links, rows, and the text that is read.

What GitHub does after it, mentions and references to other threads, is looked for in `words`: it leaves code alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

SILENT = {"code", "wbr"}
"""Tags of our own in running text, that do nothing."""
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}


@dataclass
class Shown(HTMLParser):
    """A page as its reader sees it; HTML is not filtered, so that whatever came through is told."""

    markdown: str
    tags: set[str] = field(default_factory=set)
    """All of them, "!" for a comment or declaration."""
    links: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    """Cells of all tables, heads left out."""
    text: str = ""
    words: str = ""
    """What of the text is no code, with the blanks of no width that stop a mention."""

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self.html = github_flavored_markdown_to_html(self.markdown, Options.CMARK_OPT_UNSAFE)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "code" not in self._open:
            self.words += data
        data = data.replace("\u200b", "")
        self.text += data
        if "td" in self._open:
            self.rows[-1][-1] += data

    def _odd(self, _data: str) -> None:
        self.tags.add("!")

    handle_comment = handle_decl = handle_pi = unknown_decl = _odd
