"""What was played, to read: short on the terminal, in full as Markdown and as one page of HTML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.sim.github.pages.markdown import render

MARKDOWN, PAGE = "transcript.md", "transcript.html"
TEMPLATE = Path(__file__).with_name("transcript.html.j2")
SHOWN_LINES, SHOWN_WIDTH = 2, 150
Kind = Literal["step", "say", "paper", "terminal"]


@dataclass(frozen=True)
class Part:
    """One thing that was told: a step, words on it, a paper (a text that stands on GitHub), a command's output."""

    kind: Kind
    head: str
    text: str = ""


@dataclass
class Transcript:
    """Grows while the story is played; `out` prints one line for who watches."""

    title: str
    out: Callable[[str], None]
    parts: list[Part] = field(default_factory=list)

    def step(self, words: str) -> None:
        """Begin a step of the story."""
        self.parts.append(Part("step", words))
        self.out(f"\n{words}")

    def say(self, words: str) -> None:
        """Tell what happened."""
        self.parts.append(Part("say", "", words))
        self.out(f"  {words}")

    def paper(self, head: str, text: str) -> None:
        """Keep a text of GitHub in full; who watches gets its first lines."""
        self.parts.append(Part("paper", head, text))
        self.out(f"  {head}:")
        shown = [line for line in text.splitlines() if line.strip() and not line.startswith("<!--")]
        for line in shown[:SHOWN_LINES]:
            self.out(f"    | {line[:SHOWN_WIDTH]}")

    def terminal(self, command: str, output: str) -> None:
        """Keep what a command printed."""
        self.parts.append(Part("terminal", command, output))
        self.out(f"  $ {command}\n{output.rstrip()}")

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both files; return their paths, Markdown first."""
        pages = Environment(loader=FileSystemLoader(TEMPLATE.parent), undefined=StrictUndefined, autoescape=True)
        pages.filters["markdown"] = render
        page = pages.get_template(TEMPLATE.name).render(title=self.title, parts=self.parts)
        texts = {folder / MARKDOWN: self.markdown(), folder / PAGE: page}
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        return folder / MARKDOWN, folder / PAGE

    def markdown(self) -> str:
        """Return all of it as Markdown; papers are quotes."""
        told = [f"# {self.title}"]
        for part in self.parts:
            lines = part.text.splitlines()
            if part.kind == "step":
                told.append(f"## {part.head}")
            elif part.kind == "terminal":
                told.append("\n".join(f"    {line}" for line in (f"$ {part.head}", *lines)))
            elif part.kind == "paper":
                told.append("\n".join((f"> **{part.head}**", ">", *(f"> {line}" for line in lines))))
            else:
                told.append(part.text)
        return "\n\n".join(told) + "\n"
