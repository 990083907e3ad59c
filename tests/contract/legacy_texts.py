"""Writes mk_runs.py texts from facts, in all the styles that such files are written in, with numbered remarks.

Every remark is a word like `remark7x`, so that a test can see that each of them survives an import.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Style:
    """One way of writing; every name is a habit seen in real files."""

    name: str
    layout: str = "line"
    """line, rows, backslash, tabs: how a list is laid out."""
    quotes: str = '"'
    """A quote, or both for mixed ones."""
    form: str = "subscript"
    """subscript, literal, update, setdefault, function, loop, comprehension, fstring, percent, join."""
    imports: str = "module"
    """module, try, name, alias, bare."""
    call: str = "as is"
    """as is, keywords, top, main function, argv for pars3."""
    twice: bool = False
    dead: bool = False
    unused: bool = False
    signs: str = "plain"
    """plain, abs: how negative numbers are written."""


STYLES = (
    Style("plain"),
    Style("rows", layout="rows", quotes="'"),
    Style("backslash", layout="backslash", quotes="\"'", twice=True),
    Style("tabs", layout="tabs", imports="try", call="top"),
    Style("dict literals", layout="rows", form="literal", imports="name"),
    Style("update and dead", form="update", dead=True, unused=True),
    Style("setdefault", form="setdefault", imports="alias", quotes="'"),
    Style("own functions", layout="rows", form="function", call="main function", unused=True),
    Style("loops", form="loop", dead=True, imports="bare"),
    Style("comprehensions", form="comprehension", call="keywords"),
    Style("f-strings", layout="rows", form="fstring", quotes="\"'", unused=True),
    Style("percent", form="percent", layout="backslash", twice=True, dead=True),
    Style("join", form="join", layout="rows", call="argv for pars3"),
    Style("signs", layout="rows", signs="abs", imports="try", unused=True),
)

IMPORTS = {
    "module": "import os\nimport sys\n\nfrom lmtoy import runs\n",
    "name": "import sys\nfrom lmtoy.runs import mk_runs\n",
    "alias": "import os, sys\nimport lmtoy.runs as runs\n",
    "bare": "import sys\nfrom lmtoy import runs  # see the manual\nimport datetime\n",
    "try": (
        "import os\nimport sys\n\ntry:\n    place = os.environ['LMTOY']\n    sys.path.append(place + '/lmtoy')\n"
        "    import runs\nexcept:\n    print('this needs LMTOY')\n    sys.exit(1)\n"
    ),
}

Facts = dict[str, Any]


@dataclass
class Text:
    """A mk_runs.py in the making."""

    facts: Facts
    style: Style
    lines: list[str] = field(default_factory=list)
    remarks: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(f"{self.facts['project']} {self.style.name}")

    def remark(self) -> str:
        """Return a new remark."""
        self.remarks += 1
        return f"# remark{self.remarks}x of the {self.random.randint(1, 28)}th"

    def said(self, text: str) -> str:
        """Return a text as a Python literal in the style's quotes."""
        quote = self.random.choice(self.style.quotes)
        return f"{quote}{text}{quote}" if not set(text) & {'"', "'", "\\"} else json.dumps(text)

    def add(self, *lines: str) -> None:
        """Write lines."""
        self.lines += lines

    def whole(self) -> str:
        """Return the text of the file."""
        style, facts = self.style, self.facts
        self.add("#! /usr/bin/env python", self.remark(), "#", "", *IMPORTS[style.imports].splitlines(), "")
        self.add(f"project={self.said(facts['project'])}   {self.remark()}", "")
        if style.unused:
            self.add(f"spare = {self.said('SEQ/Map')}  {self.remark()}", "common = 'dv=100 dw=300'", "")
        if style.signs == "abs":
            self.add("def out(number):", "    return -1 * abs(number)", "")
        self.write_on()
        for name, pars in zip(("pars1", "pars2", "pars3"), facts["pars"], strict=True):
            if pars is not None:
                self.add("", self.remark())
                self.write_pars(name, pars)
        self.write_call()
        if style.dead:
            self.add("", self.remark(), "pars1 = {}", *(f"pars1[{self.said(s)}] = 'dv=1'" for s, _ in facts["on"][:2]))
        return "\n".join(self.lines) + "\n"

    # -- lists ------------------------------------------------------------------------------------------------------

    def number(self, value: int) -> str:
        """Return an obsnum as it is written."""
        return f"out({-value})" if value < 0 and self.style.signs == "abs" else str(value)

    def listed(self, numbers: Sequence[int]) -> str:
        """Return a list in the style's layout, with remarks where there is room for them."""
        words = [self.number(one) for one in numbers]
        if self.style.layout in ("line", "backslash") or not words:
            head = "\\\n  " if self.style.layout == "backslash" else ""
            return f"{head}[ {', '.join(words)}{',' if words and self.random.random() < 0.5 else ''}]"
        gap = "\t\t" if self.style.layout == "tabs" else " " * 15
        size = self.random.randint(1, 8)
        rows = [", ".join(words[at : at + size]) + "," for at in range(0, len(words), size)]
        shown = [f"{gap}{row}    {self.remark()}" if self.random.random() < 0.3 else f"{gap}{row}" for row in rows]
        if self.random.random() < 0.3:
            shown.insert(self.random.randint(0, len(shown)), f"{gap}{self.remark()} without 97868, 97869")
        return "[\n" + "\n".join(shown) + f"\n{gap}]"

    def summed(self, name: str, numbers: list[int]) -> str:
        """Return a list, of a mosaic as the sum of its members."""
        members = dict(self.facts["mosaics"]).get(name)
        if not members:
            return self.listed(numbers)
        own = numbers[sum(len(dict(self.facts["on"])[member]) for member in members) :]
        total = " + ".join(f"on[{self.said(member)}]" for member in members)
        return f"{total} + {own}" if own else total

    def write_on(self) -> None:
        """Write the sources."""
        pairs = [(name, numbers) for name, numbers in self.facts["on"]]
        plain = not self.facts["mosaics"]
        form = self.style.form
        if form in ("literal", "update") and plain:
            self.add("on = {" if form == "literal" else "on = dict()", *(["on.update({"] if form == "update" else []))
            self.add(*(f"    {self.said(name)}: {self.listed(numbers)}," for name, numbers in pairs))
            self.add("}" if form == "literal" else "})")
            return
        self.add("on = {}")
        for name, numbers in pairs:
            if self.random.random() < 0.3:
                self.add("", self.remark())
            self.write_source(name, numbers)

    def write_source(self, name: str, numbers: list[int]) -> None:
        """Write one source of `on`."""
        key, form = self.said(name), self.style.form
        if self.style.twice and self.random.random() < 0.3:
            self.add(f"on[{key}] = [ 1, 2, 3 ]")
        if form == "setdefault":
            self.add(f"on.setdefault({key}, {self.summed(name, numbers)})")
        elif form == "comprehension" and len(numbers) > 1 and not dict(self.facts["mosaics"]).get(name):
            base = min(map(abs, numbers))
            steps = ", ".join(f"({abs(one) - base}, {1 if one > 0 else -1})" for one in numbers)
            self.add(f"on[{key}] = [sign * ({base} + step) for step, sign in ({steps})]")
        elif form == "loop" and not dict(self.facts["mosaics"]).get(name):
            self.add(f"on[{key}] = []", f"for number in {self.listed(numbers)}:", f"    on[{key}].append(number)")
        else:
            self.add(f"on[{key}] = {self.summed(name, numbers)}")
        if self.random.random() < 0.1:
            self.add(f"# on[{key}] = [ 97513, 97518 ]")

    # -- parameters -------------------------------------------------------------------------------------------------

    def write_pars(self, name: str, pairs: list[list[str]]) -> None:
        """Write one of pars1, pars2, pars3."""
        form = self.style.form
        if form == "literal":
            rows = [f"    {self.said(key)}: {self.said(text)},   {self.remark()}" for key, text in pairs]
            self.add(f"{name} = {{", *rows, "}")
            return
        self.add(f"{name} = {{}}")
        if form == "function":
            self.add(f"def set_{name}(key, text=''):", "    'put a text in its place'", f"    {name}[key] = text", "")
        same = len({text for _, text in pairs}) == 1 and len(pairs) > 1
        if form == "loop" and same:
            names = ", ".join(self.said(key) for key, _ in pairs)
            self.add(f"for s in ({names}):", f"    {name}[s] = {self.said(pairs[0][1])}")
        elif form == "comprehension":
            rows = ", ".join(f"({self.said(key)}, {self.said(text)})" for key, text in pairs)
            self.add(f"{name} = {{key: text for key, text in [{rows}]}}")
        else:
            for key, text in pairs:
                self.add(*self.parameter(name, key, text))

    def parameter(self, name: str, key: str, text: str) -> list[str]:
        """Return the lines that set one parameter text."""
        form, words = self.style.form, text.split(" ")
        target = f"{name}[{self.said(key)}]"
        first = [f"{target} = 'extent=1'"] if self.style.twice and self.random.random() < 0.3 else []
        value = words[0].partition("=")[2]
        if form == "function":
            return [f"set_{name}({self.said(key)}, {self.said(text)})"]
        tail = f"   {self.remark()}" if self.random.random() < 0.2 else ""
        if form == "fstring" and value.isdecimal():
            rest = text[len(words[0]) :]
            return [f"value = {value}" + tail, f'{target} = f"{words[0].partition("=")[0]}={{value}}{rest}"']
        if form == "percent" and value.isdecimal():
            rest = text[len(words[0]) :]
            return [*first, f"{target} = '{words[0].partition('=')[0]}=%d%s' % ({value}, {self.said(rest)}){tail}"]
        if form == "join" and len(words) > 1:
            return [f"{target} = ' '.join([{', '.join(map(self.said, words))}]){tail}"]
        return [*first, f"{target}\t= {self.said(text)}{tail}"]

    def write_call(self) -> None:
        """Write the generator's call."""
        given = list(self.facts["call"]["args"])
        function = "mk_runs" if self.style.imports == "name" else "runs.mk_runs"
        if self.style.call == "argv for pars3" and not self.facts["pars"][2]:
            given = ["project", "on", "pars1", "pars2", "sys.argv"]
        if self.style.call == "keywords":
            third = given[4] if len(given) > 4 else "None"
            given = ["project", "on", "pars1=pars1", "pars2=pars2", f"pars3={third}", "argv=sys.argv"]
        call = f"{function}({', '.join(given)})"
        if self.style.call == "top":
            self.add("", call)
        elif self.style.call == "main function":
            self.add("", "def main():", f"    {call}", "", 'if __name__ == "__main__":', "    sys.exit(main())")
        else:
            self.add("", "if __name__ == '__main__':    ", f"    {call}")


def render(facts: Facts, style: Style) -> tuple[str, int]:
    """Return a mk_runs.py for the facts, and how many remarks it holds."""
    text = Text(facts, style)
    whole = text.whole()
    return whole, text.remarks
