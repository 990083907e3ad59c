"""What was played, to read: short on the terminal, in full as Markdown and as one page of HTML."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from bot.sim.github.pages.markdown import render

NAMES = ("transcript.md", "transcript.html")
STYLE = """\
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --who: #0969da }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #151b23; --who: #4493f8 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 2.5rem }
section.paper { border: 1px solid var(--line); border-radius: 8px; padding: .2rem 1rem; margin: 1rem 0; background: var(--soft); overflow-x: auto }
section.paper > h3 { font-size: 1rem; color: var(--who) }
pre { overflow-x: auto; padding: .6rem; border: 1px solid var(--line); border-radius: 6px }
code, pre { font: .86em ui-monospace, monospace }
table { border-collapse: collapse; font-size: .86em; font-variant-numeric: tabular-nums }
th, td { border: 1px solid var(--line); padding: .2rem .5rem; text-align: left; vertical-align: top }
.scroll { overflow-x: auto }
"""


@dataclass
class Transcript:
    """Grows while the story is played."""

    title: str
    _parts: list[tuple[str, str, str]] = field(default_factory=list)
    """(kind, head, Markdown): a step, words of a step, a paper (a text that stands on GitHub), a terminal."""

    def step(self, words: str) -> None:
        """Begin a step of the story."""
        self._parts.append(("step", words, ""))
        print(f"\n\x1b[1m{words}\x1b[0m" if sys.stdout.isatty() else f"\n{words}", flush=True)

    def say(self, words: str) -> None:
        """Tell what happened."""
        self._parts.append(("say", "", words))
        print(f"  {words}", flush=True)

    def paper(self, head: str, text: str) -> None:
        """Keep a text of GitHub in full; the terminal gets its first lines."""
        self._parts.append(("paper", head, text))
        shown = [line for line in text.splitlines() if line.strip() and not line.startswith("<!--")]
        for line in shown[:2]:
            print(f"  | {line[:150]}", flush=True)

    def terminal(self, command: str, output: str) -> None:
        """Keep what a command printed."""
        self._parts.append(("terminal", command, output))

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both files; return their paths."""
        paths = tuple(folder / name for name in NAMES)
        paths[0].write_text(self._markdown(), encoding="utf-8")
        paths[1].write_text(self._html(), encoding="utf-8")
        return paths[0], paths[1]

    def _markdown(self) -> str:
        told = [f"# {self.title}"]
        for kind, head, text in self._parts:
            if kind == "step":
                told.append(f"## {head}")
            elif kind == "terminal":
                told.append(f"    $ {head}\n" + "\n".join(f"    {line}" for line in text.splitlines()))
            else:
                told.append("\n".join(([f"> **{head}**", ">"] if head else []) + [f"> {line}" for line in text.splitlines()]))
        return "\n\n".join(told) + "\n"

    def _html(self) -> str:
        body = [f"<h1>{escape(self.title)}</h1>"]
        for kind, head, text in self._parts:
            if kind == "step":
                body.append(f"<h2>{escape(head)}</h2>")
            elif kind == "say":
                body.append(str(render(text)))
            elif kind == "terminal":
                body.append(f"<pre>$ {escape(head)}\n{escape(text)}</pre>")
            else:
                body.append(f'<section class="paper"><h3>{escape(head)}</h3>{render(text)}</section>')
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(self.title)}</title>'
        return f"<!doctype html><html lang=en><head>{head}<style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
