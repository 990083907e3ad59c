"""YAML text -> a plain tree with the line of every node. Nothing is resolved, nothing can run.

Scalars come out as `Plain` or `Quoted` text (bot.model.scalars says why). What YAML allows and a project file does
not need is refused: anchors and aliases (a bomb needs them), tags, several documents, duplicate keys.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.errors import Finding, ProjectError, Severity
from bot.model.scalars import Plain, Quoted

MAX_BYTES = 4_000_000
MAX_LINE = 20_000
MAX_DEPTH = 24

Loc = tuple[Hashable, ...]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = {
    f"tag:yaml.org,2002:{kind}" for kind in ["null", "bool", "int", "float", "timestamp", "value", "str", "seq", "map"]
}
"""What a resolver gives to plain YAML; anything else was asked for by a tag."""
_NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True)
class Document:
    """One YAML file as read: its tree, and where everything in it stands."""

    path: str
    text: str
    tree: Any
    lines: dict[Loc, int] = field(default_factory=dict)

    def line(self, loc: Sequence[Hashable]) -> int:
        """Return the line of a place, or of the innermost place around it that the file has; 1 if there is none."""
        known = tuple(loc)
        while known and known not in self.lines:
            known = known[:-1]
        return self.lines.get(known, 1)


def read_document(path: Path, *, shown: str = "") -> Document:
    """Read one file; raise ProjectError with every fault that can be told at once."""
    name = shown or str(path)
    return parse_document(decode(path.read_bytes(), name), name)


def decode(data: bytes, name: str) -> str:
    """Return the text of a file's bytes, or tell where they are no text that a project file may hold."""
    if len(data) > MAX_BYTES:
        raise _refusal(name, 0, f"the file has {len(data):,} bytes", f"a project file has at most {MAX_BYTES:,}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise _refusal(name, line, found, "save the file as UTF-8 text (iconv -f latin1 -t utf-8)") from error
    return _checked_lines(text, name)


def _checked_lines(text: str, name: str) -> str:
    findings = []
    if text.startswith("\ufeff"):
        findings.append(_fault(name, 1, "the file begins with a byte order mark", "save it as UTF-8 without BOM"))
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MAX_LINE:
            found = f"the line has {len(line):,} characters"
            findings.append(_fault(name, number, found, f"a line has at most {MAX_LINE:,}"))
        elif line.endswith("\r"):
            findings.append(_fault(name, number, "the line ends with CR LF", "save with Unix line ends (dos2unix)"))
            break
        elif not line.isprintable() and any(ord(char) < 32 and char != "\t" for char in line):
            char = next(char for char in line if ord(char) < 32 and char != "\t")
            findings.append(_fault(name, number, f"control character {char!r}", "take it out; this is a text file"))
            break
    if findings:
        raise ProjectError(findings=findings)
    return text


def parse_document(text: str, name: str) -> Document:
    """Compose the text into a Document; raise ProjectError for what is no plain YAML."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, name) from error
    except yaml.YAMLError as error:
        raise _refusal(name, 0, f"this is no YAML: {error}", "see the line and the one before it") from error
    except RecursionError as error:
        raise _refusal(name, 0, "brackets or indents nest too deeply", f"at most {MAX_DEPTH} levels") from error
    reading = _Reading(name)
    tree = None if node is None else reading.value(node, ())
    if reading.findings:
        raise ProjectError(findings=reading.findings)
    return Document(name, text, tree, reading.lines)


class _Reading:
    """One walk over the composed nodes; collects lines and faults."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Loc, int] = {}
        self.findings: list[Finding] = []
        self.seen: set[int] = set()

    def value(self, node: Any, loc: Loc) -> Any:
        """Return the node as a tree of dict, list, Plain, Quoted and None."""
        self.lines.setdefault(loc, node.start_mark.line + 1)
        if id(node) in self.seen:
            self.refuse(node, "an alias (`*name`) repeats an earlier node", "write it out")
            return None
        self.seen.add(id(node))
        if len(loc) > MAX_DEPTH:
            self.refuse(node, f"more than {MAX_DEPTH} levels deep", "a project file needs five")
            return None
        if node.tag not in _TAGS:
            self.refuse(node, f"the tag {node.tag!r}", "tags have no meaning here; leave it out")
            return None
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*loc, index)) for index, item in enumerate(node.value)]
        return self.mapping(node, loc)

    def scalar(self, node: yaml.ScalarNode) -> Plain | Quoted | None:
        """Return the scalar's text and whether it stood in quotes; None for an empty one."""
        if node.style is None or node.style == "":
            return None if node.value in _NULLS else Plain(node.value)
        return Quoted(node.value)

    def mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[Any, Any]:
        """Return the mapping in file order; a key that stands twice is told with both lines."""
        found: dict[Any, Any] = {}
        first: dict[Any, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                self.refuse(key_node, "a key that is no simple word", "keys are words or numbers")
                continue
            key = Plain(key_node.value) if key_node.style in (None, "") else Quoted(key_node.value)
            line = key_node.start_mark.line + 1
            if key in first:
                self.refuse(key_node, f"{str(key)!r} stands twice, first in line {first[key]}", "keep one of them")
                continue
            first[key] = line
            self.lines[(*loc, key)] = line
            found[key] = self.value(value_node, (*loc, key))
        return found

    def refuse(self, node: Any, found: str, cure: str) -> None:
        """Note a fault at the node."""
        self.findings.append(_fault(self.name, node.start_mark.line + 1, found, cure))


def _fault(name: str, line: int, found: str, cure: str) -> Finding:
    return Finding("YAML", Severity.ERROR, name, line, found, cure=cure)


def _refusal(name: str, line: int, found: str, cure: str) -> ProjectError:
    return ProjectError(findings=[_fault(name, line, found, cure)])


def _syntax_error(error: yaml.MarkedYAMLError, name: str) -> ProjectError:
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem or error.context or "this is no YAML")
    cure = "check the indent, the colons and the quotes of this line and the one before it"
    if "cannot start any token" in problem and mark is not None:
        cure = "a TAB or a special character begins this word; indent with blanks, quote text that begins so"
    elif "document" in problem and "expected" in problem:
        cure = "one file holds one document; take out the `---` or `...` in the middle"
    return _refusal(name, mark.line + 1 if mark else 0, problem, cure)
