"""The methods of texts, lists and dicts that a mk_runs.py may call: a closed list, each bounded in size.

What changes a dict is not here: the evaluator does it itself, because it knows the line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.formats.legacy.operations import add, as_items, elements, listed, merged, str_format, tried
from bot.formats.legacy.tracked import Items, Opaque, Refusal, Table, bounded, fits, is_flat, is_scalar, kind_of


def _join(separator: str, values: Any) -> str:
    pieces = elements(values)
    if not all(isinstance(piece, str) for piece in pieces):
        raise Refusal("a join of what is no text", "mend the file; Python itself would stop here")
    fits(sum(map(len, pieces)) + len(separator) * len(pieces), "a text")
    return separator.join(pieces)


def _replace(text: str, old: Any, new: Any, *count: Any) -> Any:
    if not (isinstance(old, str) and isinstance(new, str)):
        raise Refusal("a replacement of what is no text")
    fits(len(text) + (text.count(old) + 1) * len(new), "a text")
    return tried(text.replace, old, new, *count)


def _padded(name: str) -> Callable[..., Any]:
    def pad(text: str, width: Any, *fill: Any) -> Any:
        if not isinstance(width, int) or width > 10_000:
            raise Refusal("a very wide text")
        return tried(getattr(str, name), text, width, *fill)

    return pad


def _plain(name: str) -> Callable[..., Any]:
    def call(text: str, *args: Any) -> Any:
        if not all(is_scalar(arg) or isinstance(arg, tuple) for arg in args):
            raise Refusal(f".{name}() of something that is no text")
        found = tried(getattr(str, name), text, *args)
        return Items(found) if isinstance(found, list) else found

    return call


_TEXT_METHODS: dict[str, Callable[..., Any]] = {
    "format": str_format,
    "join": _join,
    "replace": _replace,
    **{name: _padded(name) for name in ("zfill", "ljust", "rjust", "center")},
    **{
        name: _plain(name)
        for name in (
            *("split", "rsplit", "splitlines", "partition", "rpartition", "strip", "lstrip", "rstrip"),
            *("upper", "lower", "title", "capitalize", "startswith", "endswith", "find", "rfind", "count", "index"),
            *("isdigit", "isdecimal", "isalpha", "isalnum", "isspace", "isupper", "islower"),
        )
    },
}


def _extend(target: Items, values: Any) -> None:
    extra = elements(values)
    fits(len(target) + len(extra), "a list")
    operands = (*target.operands(), *as_items(values if isinstance(values, Items) else extra).operands())
    target[:] = [*target, *extra]
    target.parts = operands


def in_place_sum(target: Any, value: Any) -> Any:
    """Do `target += value`: a list stays the same list, as in Python."""
    if isinstance(target, Items) and isinstance(value, list | tuple):
        _extend(target, value)
        return target
    return add(target, value)


def _changing(name: str) -> Callable[..., Any]:
    def change(target: Items, *args: Any, **named: Any) -> Any:
        fits(len(target) + 1, "a list")
        if name in ("sort", "remove", "index", "count") and not (is_flat(list(target)) and is_flat(args)):
            raise Refusal(f".{name}() on lists within lists")
        if name == "sort" and set(named) - {"reverse"}:
            raise Refusal("a sort with a key of its own")
        found = tried(getattr(list, name), target, *args, **named)
        if name not in ("index", "count"):
            target.parts = None
            if not all(map(is_scalar, args)):
                bounded(target)
        return found

    return change


_LIST_METHODS: dict[str, Callable[..., Any]] = {
    "extend": _extend,
    "copy": listed,
    **{
        name: _changing(name)
        for name in ("append", "insert", "remove", "sort", "reverse", "pop", "clear", "index", "count")
    },
}


def _dict_get(table: Table, key: Any, default: Any = None) -> Any:
    return tried(table.get, key, default)


_DICT_METHODS: dict[str, Callable[..., Any]] = {
    "keys": lambda table: Items(table),
    "values": lambda table: Items(table.values()),
    "items": lambda table: Items(table.items()),
    "get": _dict_get,
    "copy": lambda table: merged(table, {}),
}
"""What changes a dict is the evaluator's own: it knows the line."""

_METHODS: tuple[tuple[type, dict[str, Callable[..., Any]]], ...] = (
    (str, _TEXT_METHODS),
    (Items, _LIST_METHODS),
    (dict, _DICT_METHODS),
    (tuple, {"index": lambda value, item: tried(value.index, item), "count": lambda value, item: value.count(item)}),
)


def method(value: Any, name: str) -> Callable[..., Any]:
    """Return a method of a known value by its name, not bound; refuse one that is not on the list."""
    for kind, known in _METHODS:
        if isinstance(value, kind) and name in known:
            return known[name]
    raise Refusal(f".{name} of {kind_of(value)}")


def called(function: Callable[..., Any], args: list[Any], named: dict[str, Any]) -> Any:
    """Call one of the functions of this module on evaluated arguments."""
    if any(isinstance(arg, Opaque) for arg in (*args, *named.values())):
        raise Refusal("a function of something that only the running file knows")
    return bounded(tried(function, *args, **named))
