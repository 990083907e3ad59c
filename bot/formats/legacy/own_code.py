"""Code that stands in a mk_runs.py behind its description: may it be left aside, or could it change what was said?

Older files write their runfiles themselves, from loops over `on`. Such code is never run; this says of a statement that
the evaluator refused whether all it does to the description is to look at it. What it cannot tell is a no.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from bot.formats.legacy.scopes import OwnFunction
from bot.formats.legacy.tracked import MAX_NESTING, is_scalar

_STATEMENTS = (ast.Assign, ast.AugAssign, ast.For, ast.While, ast.If, ast.With, ast.Expr, ast.Pass, ast.Break)
_IN_FUNCTIONS = (*_STATEMENTS, ast.Continue, ast.Return, ast.FunctionDef)
_LOOKING = frozenset({"keys", "index", "count"})
_FUNCTIONS = frozenset(
    {
        *("open", "print", "len", "abs", "int", "str", "repr", "float", "range", "sorted", "sum", "min", "max", "set"),
        *("os.path.exists", "os.path.isfile", "os.path.join", "os.path.basename", "os.getcwd"),
    }
)
_METHODS = frozenset(
    {
        *("read", "readline", "readlines", "write", "writelines", "close", "flush", "strip", "rstrip", "lstrip"),
        *("split", "join", "replace", "format", "find", "startswith", "endswith", "upper", "lower"),
        *("append", "extend", "sort", "get", "items", "values", *_LOOKING),
    }
)


def changed_by(statement: ast.stmt, names: Mapping[str, Any]) -> list[Any] | None:
    """Return the lists and dicts of `names` that a statement could change; None when it could do anything else.

    A list or dict counts as changed unless every use of it is known to only look at it.
    """
    changed: list[Any] = []
    for root in _with_own_functions(statement, names):
        parents = {child: node for node in ast.walk(root) for child in ast.iter_child_nodes(node)}
        if not all(_is_known(node, names) for node in ast.walk(root)):
            return None
        for node in ast.walk(root):
            value = names.get(node.id) if isinstance(node, ast.Name) else None
            if isinstance(node, ast.Name) and isinstance(value, list | dict) and not _looks(node, value, parents):
                changed += _containers(value)
    return changed


def _with_own_functions(statement: ast.stmt, names: Mapping[str, Any]) -> list[ast.stmt]:
    """Return the statement and the functions of the file that it comes to call."""
    found: list[ast.stmt] = [statement]
    for root in found:
        for node in ast.walk(root):
            value = names.get(node.id) if isinstance(node, ast.Name) else None
            if isinstance(value, OwnFunction) and value.node not in found:
                found.append(value.node)
    return found


def _is_known(node: ast.AST, names: Mapping[str, Any]) -> bool:
    if isinstance(node, ast.stmt):
        return isinstance(node, _IN_FUNCTIONS)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _FUNCTIONS or isinstance(names.get(node.func.id), OwnFunction)
    if isinstance(node, ast.Call):
        text = ast.unparse(node.func)[:100]
        return text in _FUNCTIONS or (isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS)
    return not isinstance(node, ast.Lambda | ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr)


def _looks(node: ast.Name, value: Any, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Say whether this use of a list or dict can neither change it nor give it another name."""
    if not isinstance(node.ctx, ast.Load):
        return not isinstance(parents.get(node), ast.AugAssign)  # a name set anew is no change of what it named
    place: ast.AST = node
    depth = _depth(value)
    while depth:
        parent = parents.get(place)
        if isinstance(parent, ast.Subscript) and parent.value is place:
            if not isinstance(parent.ctx, ast.Load):
                return False
            place, depth = parent, depth - 1
        elif isinstance(parent, ast.Attribute):
            return parent.attr in _LOOKING or (parent.attr in ("get", "items", "values") and depth == 1)
        else:
            is_flat = depth == 1 or (place is node and isinstance(value, dict))
            return is_flat and _is_looked_at(place, parent)
    return True


def _is_looked_at(place: ast.AST, parent: ast.AST | None) -> bool:
    """Say whether a list of plain values, or a dict for its keys, is only looked at where it stands in `parent`."""
    if isinstance(parent, ast.For | ast.comprehension):
        return parent.iter is place
    if isinstance(parent, ast.Call):
        return place is not parent.func and isinstance(parent.func, ast.Name) and parent.func.id in _FUNCTIONS
    return isinstance(parent, ast.Compare | ast.FormattedValue)


def _depth(value: Any, most: int = MAX_NESTING) -> int:
    """Return how many levels of lists and dicts a value has, at most so many."""
    if not isinstance(value, list | tuple | dict) or not most:
        return 0
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth(one, most - 1) for one in inner if not is_scalar(one)), default=0)


def _containers(value: Any) -> list[Any]:
    """Return a list or dict and all that it holds, each once."""
    found = [value]
    seen = {id(value)}
    for one in found:
        for inner in one.values() if isinstance(one, dict) else one:
            if isinstance(inner, list | tuple | dict) and id(inner) not in seen:
                seen.add(id(inner))
                found.append(inner)
    return found


def is_touched(given: Iterable[Any], changed: Iterable[Any]) -> bool:
    """Say whether one of the given values is, or holds, one of the changed ones."""
    known = {id(one) for one in changed}
    lists = (value for value in given if isinstance(value, list | tuple | dict))
    return bool(known) and any(id(one) in known for value in lists for one in _containers(value))
