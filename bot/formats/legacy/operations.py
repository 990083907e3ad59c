"""The operations and built-in functions that a mk_runs.py may use: a closed list, each bounded in size.

Pure functions over plain values. Whatever is not listed here does not exist for the evaluator.
"""

from __future__ import annotations

import ast
import operator
import re
import string
from collections.abc import Callable, Iterable
from typing import Any

from bot.formats.legacy.tracked import (
    Items,
    Number,
    Opaque,
    Refusal,
    Table,
    bounded,
    fits,
    is_flat,
    is_scalar,
    kind_of,
)

_MAX_WIDTH_DIGITS = 4
_UNKNOWN_TEXT = Opaque("a text of the environment")


def binary(kind: ast.operator, left: Any, right: Any) -> Any:
    """Return `left op right`; refuse what is not arithmetic of known lists, texts and numbers."""
    if isinstance(left, Opaque) or isinstance(right, Opaque):
        if isinstance(kind, ast.Add | ast.Mod):
            return _UNKNOWN_TEXT
        raise Refusal(f"arithmetic with {kind_of(left if isinstance(left, Opaque) else right)}")
    if isinstance(kind, ast.Add):
        return add(left, right)
    if isinstance(kind, ast.Mult):
        return _multiply(left, right)
    if isinstance(kind, ast.Mod) and isinstance(left, str):
        return _percent(left, right)
    if isinstance(kind, ast.BitOr) and isinstance(left, dict) and isinstance(right, dict):
        return merged(left, right)
    simple = _ARITHMETIC.get(type(kind))
    if simple is None or not (_is_number(left) and _is_number(right)):
        raise Refusal(f"{kind_of(left)} {_SIGNS.get(type(kind), type(kind).__name__)} {kind_of(right)}")
    return bounded(tried(simple, left, right))


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Sub: operator.sub,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


_SIGNS: dict[type[ast.operator], str] = {
    **{ast.Sub: "-", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"},
    **{ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.MatMult: "@"},
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def tried(call: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Call a function on plain values; its own complaint becomes a refusal."""
    try:
        return call(*args, **named)
    except Refusal:
        raise
    except (
        ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError, MemoryError,
    ) as error:  # fmt: skip
        told = f"{type(error).__name__}: {error}"
        raise Refusal(f"Python itself would stop here, {told}", "mend the file; it does not run as it is") from error


def add(left: Any, right: Any) -> Any:
    """Return the sum of two texts, lists, tuples or numbers."""
    if isinstance(left, str) and isinstance(right, str):
        fits(len(left) + len(right), "a text")
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        fits(len(left) + len(right), "a list")
        return joined_lists(left, right)
    if isinstance(left, tuple) and isinstance(right, tuple):
        fits(len(left) + len(right), "a tuple")
        return left + right
    if _is_number(left) and _is_number(right):
        return bounded(left + right)
    raise Refusal(f"{kind_of(left)} + {kind_of(right)}", "mend the file; Python itself would stop here")


def joined_lists(left: list[Any], right: list[Any]) -> Items:
    """Return the sum of two lists, which remembers its operands."""
    total = Items([*left, *right])
    total.parts = (*as_items(left).operands(), *as_items(right).operands())
    return total


def as_items(value: Iterable[Any]) -> Items:
    """Return an Items for any sequence of values; the same one when it is one already."""
    return value if isinstance(value, Items) else Items(value)


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, str | list | tuple):
        left, right = right, left
    if isinstance(left, str | list | tuple) and isinstance(right, int):
        fits(len(left) * max(int(right), 0), "a repetition")
        repeated: Any = left * int(right)
        return Items(repeated) if isinstance(left, list) else repeated
    if _is_number(left) and _is_number(right):
        return bounded(tried(operator.mul, left, right))
    raise Refusal(f"{kind_of(left)} * {kind_of(right)}", "mend the file; Python itself would stop here")


def _percent(template: str, values: Any) -> str:
    _check_template(template)
    named = isinstance(values, dict) and is_flat(list(values.values()))
    if "*" in template or not (named or is_flat(values)):
        raise Refusal("a % format of more than plain texts and numbers")
    widest = 10_000 if re.search(r"[0-9]{3}", _specs_of(template)) else 100
    fits(len(template) + _text_length(values) + widest * template.count("%"), "a text")
    done = tried(operator.mod, template, tuple(values) if isinstance(values, list | tuple) else values)
    return str(bounded(done))


def _check_template(template: str) -> None:
    """Refuse widths and precisions that would blow a small text up."""
    if any(len(digits) > _MAX_WIDTH_DIGITS for digits in re.findall(r"[0-9]+", _specs_of(template))):
        raise Refusal("a format with a very wide field")


def _specs_of(template: str) -> str:
    return " ".join(re.findall(r"%[^a-zA-Z%]*", template))


def _text_length(values: Any) -> int:
    inner = values.values() if isinstance(values, dict) else values if isinstance(values, list | tuple) else (values,)
    return sum(len(item) if isinstance(item, str) else 32 for item in inner)


def formatted(value: Any, conversion: int, spec: str) -> str:
    """Return what `{value!r:spec}` in an f-string gives."""
    if not is_scalar(value):
        raise Refusal(f"{kind_of(value)} inside a text")
    if any(len(digits) > _MAX_WIDTH_DIGITS for digits in re.findall(r"[0-9]+", spec)):
        raise Refusal("a format with a very wide field")
    conversions: dict[int, Callable[[Any], Any]] = {115: str, 114: repr, 97: ascii}
    shown = conversions[conversion](value) if conversion in conversions else value
    return str(bounded(tried(format, shown, spec)))


def str_format(template: str, *args: Any, **named: Any) -> str:
    """Return `template.format(...)` for plain fields; attributes, indexes and nested formats are refused."""
    out, auto = [], 0
    for literal, field, spec, conversion in tried(lambda: list(string.Formatter().parse(template))):
        out.append(literal)
        if field is None:
            continue
        if not re.fullmatch(r"[A-Za-z0-9_]*", field) or "{" in (spec or ""):
            raise Refusal(f"the field {{{field}}} of a format, which looks into its value")
        if field == "" or field.isdecimal():
            place = int(field[:_MAX_WIDTH_DIGITS]) if field else auto
            auto += 1
            value = tried(operator.getitem, args, place)
        else:
            value = tried(operator.getitem, named, field)
        out.append(formatted(value, ord(conversion) if conversion else -1, spec or ""))
        fits(sum(map(len, out)), "a text")
    return "".join(out)


def compare(kind: ast.cmpop, left: Any, right: Any) -> bool:
    """Return a comparison of known, flat values."""
    if isinstance(kind, ast.Is | ast.IsNot):
        return (left is right) == isinstance(kind, ast.Is)
    if isinstance(kind, ast.In | ast.NotIn):
        if not is_scalar(left) or not isinstance(right, str | list | tuple | dict | set):
            raise Refusal(f"{kind_of(left)} in {kind_of(right)}")
        return bool(tried(operator.contains, right, left)) == isinstance(kind, ast.In)
    if not (is_flat(left) and is_flat(right)):
        raise Refusal(f"a comparison of {kind_of(left)} and {kind_of(right)}")
    return bool(tried(_COMPARISONS[type(kind)], left, right))


_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def truth(value: Any) -> bool:
    """Return whether a known value counts as true."""
    if is_scalar(value) or isinstance(value, list | tuple | dict | set):
        return bool(value)
    raise Refusal(f"whether {kind_of(value)} is true is known only when the file runs")


def elements(value: Any) -> list[Any]:
    """Return what a loop over a known value goes through."""
    if isinstance(value, str | list | tuple | dict | set | range):
        fits(len(value), "a loop")
        return list(value)
    raise Refusal(f"a loop over {kind_of(value)}, which is not known before the file runs")


def merged(left: dict[Any, Any], right: dict[Any, Any]) -> Table:
    """Return `left | right` with the places of both."""
    both = Table()
    for table in (left, right):
        for key, value in table.items():
            both[key] = value
        if isinstance(table, Table):
            both.spans.update(table.spans)
    return both


def subscript(value: Any, index: Any) -> Any:
    """Return `value[index]`, a slice as a list of its own."""
    if isinstance(value, Opaque):
        return Opaque(f"{value.name}[...]")
    if not isinstance(value, str | list | tuple | dict) or isinstance(index, Opaque):
        raise Refusal(f"an element of {kind_of(value)}")
    if not is_scalar(index) and not isinstance(index, slice):
        raise Refusal(f"{kind_of(index)} as an index")
    found = tried(operator.getitem, value, index)
    return Items(found) if isinstance(value, list) and isinstance(index, slice) else found


def _sum(values: Any, start: Any = 0) -> Any:
    pieces = elements(values)
    if isinstance(start, list) and all(isinstance(piece, list) for piece in pieces):
        fits(len(start) + sum(map(len, pieces)), "a list")
        whole = Items([item for piece in (start, *pieces) for item in piece])
        whole.parts = tuple(part for piece in (start, *pieces) for part in as_items(piece).operands())
        return whole
    if not is_flat(pieces):
        raise Refusal("a sum of lists without [] to begin with")
    total = start
    for piece in pieces:
        total = add(total, piece)
    return total


def _sorted(values: Any, reverse: Any = False) -> Items:
    if not is_flat(elements(values)):
        raise Refusal("sorting of lists within lists")
    return Items(tried(sorted, elements(values), reverse=bool(reverse)))


def _range(*limits: Any) -> Items:
    if not all(isinstance(limit, int) for limit in limits):
        raise Refusal("range() of something that is no whole number")
    span = tried(range, *limits)
    if abs(span.start) < 10**9 and abs(span.stop) < 10**9:
        fits(len(span), "a range")
        return Items(span)
    raise Refusal("a very large range()")


def _to_int(value: Any, *rest: Any) -> int:
    if rest or not is_scalar(value) or (isinstance(value, str) and len(value) > 20):
        raise Refusal("int() of something that is no short text or number")
    return value if isinstance(value, Number) else int(tried(int, value))


def _to_text(value: Any = "") -> str:
    return formatted(value, -1, "")


def _absolute(value: Any) -> Any:
    found = tried(abs, value)
    return Number.at(found, value.line) if isinstance(value, Number) else found


def listed(values: Any = ()) -> Items:
    """Return a new list of the values, which remembers what it is a copy of."""
    copy = Items(elements(values))
    if isinstance(values, Items):
        copy.parts = values.operands()
    return copy


def _zipped(*lists: Any) -> Items:
    return Items(zip(*map(elements, lists), strict=False))


def _extreme(call: Callable[..., Any]) -> Callable[..., Any]:
    def found(*values: Any) -> Any:
        flat = elements(values[0]) if len(values) == 1 else list(values)
        if not is_flat(flat):
            raise Refusal("the smallest or largest of lists")
        return tried(call, flat)

    return found


BUILTINS: dict[str, Callable[..., Any]] = {
    "abs": _absolute,
    "all": lambda values: all(map(truth, elements(values))),
    "any": lambda values: any(map(truth, elements(values))),
    "bool": lambda value=False: truth(value),
    "enumerate": lambda values, start=0: Items(enumerate(elements(values), int(start))),
    "float": lambda value=0.0: float(tried(float, value)) if is_scalar(value) else tried(float, value),
    "int": _to_int,
    "len": lambda value: len(value) if isinstance(value, str | list | tuple | dict | set) else tried(len, value),
    "list": listed,
    "max": _extreme(max),
    "min": _extreme(min),
    "range": _range,
    "repr": lambda value: formatted(value, 114, ""),
    "reversed": lambda values: Items(reversed(elements(values))),
    "sorted": _sorted,
    "str": _to_text,
    "sum": _sum,
    "tuple": lambda values=(): tuple(elements(values)),
    "zip": _zipped,
}
"""dict() and isinstance() are the evaluator's own; print() is let pass."""
