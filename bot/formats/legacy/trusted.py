"""What a mk_runs.py gave its generator when it was run -> a Description. The running itself is a door's part.

The lines of sources, numbers and comments are taken from the text as far as it shows them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from bot.errors import Finding, ProjectError
from bot.formats.legacy.description import (
    TIER_NAMES,
    Description,
    check_arguments,
    describe_call,
    finding,
    parse_tree,
    read_description,
)
from bot.formats.legacy.remarks import Leftover
from bot.formats.legacy.scopes import GeneratorCall
from bot.formats.legacy.tracked import Items, Number, Span, Table

CODE = "this is code; what it gave the generator is carried over, the code is not"


def describe_trusted(result: dict[str, Any], text: str, path: str) -> Description:
    """Return the description that a run of the file gave; raise ProjectError when it gave none.

    `result` is {"calls": [{"line": n, "arguments": {name: value}}], "error": "", "line": n}; dicts come as lists of
    pairs. Where reading alone gives the same, that description is returned: it knows more about lines.
    """
    if not result.get("error") and not result.get("calls"):
        return read_description(text, path)  # running it tells no more
    findings = _check(result, path)
    if findings:
        raise ProjectError(findings=findings)
    tree, call = parse_tree(text, path), _call(result["calls"][0])
    _find_lines(call, tree)
    findings = check_arguments(call, path)
    if findings:
        raise ProjectError(findings=findings)
    described = describe_call(call, text, path, _code(tree))
    try:
        read = read_description(text, path)
    except ProjectError:
        return described
    return read if _values(read) == _values(described) else described


def _values(one: Description) -> Any:
    lists = [(source.name, [item.signed for item in source.listed]) for source in one.sources]
    return one.project, lists, [[(name, said.text) for name, said in pars.items()] for pars in one.pars]


def _check(result: dict[str, Any], path: str) -> list[Finding]:
    if result.get("error"):
        line = result.get("line") or 0
        return [finding(path, line, f"it stopped: {result['error']}", "mend the file; it does not run as it is")]
    count = len(result.get("calls", []))
    if count != 1:
        return [finding(path, 0, f"it called the generator {count} times", "one call is wanted")]
    return []


def _call(said: dict[str, Any]) -> GeneratorCall:
    line = int(said.get("line") or 0)
    span = Span(line, line)
    return GeneratorCall(span, {name: _value(value) for name, value in said["arguments"].items()}, span)


def _value(value: Any) -> Any:
    """Return a value of the run as the evaluator would have it."""
    if isinstance(value, dict) and set(value) == {"pairs"}:
        return Table({key if isinstance(key, str) else repr(key): _value(one) for key, one in value["pairs"]})
    return Items(value) if isinstance(value, list) else value


def _find_lines(call: GeneratorCall, tree: ast.Module) -> None:
    """Give sources and numbers the lines where the text has them literally."""
    for name, key, node in _assignments(tree):
        table = call.arguments.get(name)
        if not isinstance(table, Table) or key not in table:
            continue
        table.spans[key] = Span(node.lineno, node.end_lineno or node.lineno)
        if isinstance(table[key], Items):
            lines = {
                one.value: one.lineno
                for one in ast.walk(node.value)
                if isinstance(one, ast.Constant) and type(one.value) is int
            }
            known = [Number.at(item, lines.get(abs(item), 0)) if type(item) is int else item for item in table[key]]
            table[key] = Items(known)


def _assignments(tree: ast.Module) -> Iterator[tuple[str, str, ast.Assign]]:
    """Yield (dict, key, statement) of every `name["key"] = ...` of the text."""
    for node in ast.walk(tree):
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not (isinstance(node, ast.Assign) and isinstance(target, ast.Subscript)):
            continue
        name = target.value.id if isinstance(target.value, ast.Name) else ""
        key = target.slice.value if isinstance(target.slice, ast.Constant) else None
        if name in ("on", *TIER_NAMES) and isinstance(key, str):
            yield name, key, node


def _code(tree: ast.Module) -> tuple[Leftover, ...]:
    """Return the parts of the file that do more than say plain values."""
    found = []
    for node in tree.body:
        plain = isinstance(node, ast.Assign | ast.Import | ast.ImportFrom | ast.If | ast.Try)
        if not plain and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            found.append(Leftover(node.lineno, node.end_lineno or node.lineno, CODE, ()))
    return tuple(found)
