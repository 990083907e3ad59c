"""Expressions of a mk_runs.py -> values: literals, arithmetic, subscripts, comprehensions, formatted texts.

A closed table of kinds of expressions; what is not in it is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from bot.formats.legacy import operations
from bot.formats.legacy.machine import Machine
from bot.formats.legacy.scopes import AlreadyTold, Refused, Scope, keyword
from bot.formats.legacy.tracked import Items, Number, Opaque, Refusal, Span, Table, bounded, fits, is_scalar, kind_of

MAX_EXPRESSION_DEPTH = 60


class Expressions(Machine):
    """Walks expressions."""

    def value(self, node: ast.expr) -> Any:
        """Return the value of an expression."""
        self.step(node)
        self.depth += 1
        try:
            if self.depth > MAX_EXPRESSION_DEPTH * (1 + self.scope.depth):
                raise Refusal("an expression that nests too deeply", line=self.line)
            find = self.readers().get(type(node))
            if find is None:
                raise Refusal(f"a `{keyword(node)}` expression", line=self.line)
            return find(self, node)
        except Refusal as refusal:
            refusal.line = refusal.line or getattr(node, "lineno", self.line)
            raise
        finally:
            self.depth -= 1

    def of_constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, bytes | complex) or node.value is Ellipsis:
            raise Refusal(f"the constant {str(node.value)[:40]!r}")
        bounded(node.value)
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            return Number.at(node.value, node.lineno)
        return node.value

    def of_name(self, node: ast.Name) -> Any:
        self.read.add(node.id)
        scope = self.scope.holder(node.id)
        if scope is not None:
            if isinstance(scope[node.id], Refused):
                raise AlreadyTold
            return scope[node.id]
        if node.id in operations.BUILTINS or node.id in ("dict", "print", "isinstance", "exit", "quit"):
            return Opaque(node.id)
        known_to_python = f"{node.id} is not among what a description may use"
        if node.id in _PYTHON_NAMES:
            raise Refusal(known_to_python, line=node.lineno)
        missing = f"the name {node.id} is set nowhere before this line"
        raise Refusal(missing, "mend its spelling, or set it before; Python itself would stop here", line=node.lineno)

    def of_attribute(self, node: ast.Attribute) -> Any:
        value = self.value(node.value)
        if not isinstance(value, Opaque) or node.attr.startswith("_"):
            raise Refusal(f".{node.attr} of {kind_of(value)}", line=node.lineno)
        name = f"{value.name}.{node.attr}"
        return Items(["mk_runs.py"]) if name == "sys.argv" else Opaque(name)

    def of_list(self, node: ast.List) -> Items:
        if not any(isinstance(item, ast.Starred) for item in node.elts):
            return self.literal(node.elts)
        total = Items()
        for item in node.elts:
            inner = self.value(item.value) if isinstance(item, ast.Starred) else self.literal([item])
            total = operations.joined_lists(total, operations.as_items(operations.elements(inner)))
        bounded(total)
        return total

    def literal(self, items: list[ast.expr]) -> Items:
        """Return a list that was written out."""
        made = Items(self.value(item) for item in items)
        self.charge(*(item for item in made if not is_scalar(item)))
        bounded(made)
        return made

    def of_tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(self.literal(node.elts))

    def of_set(self, node: ast.Set) -> Items:
        raise Refusal("a set, whose order is not told", line=node.lineno)

    def of_dict(self, node: ast.Dict) -> Table:
        made = Table()
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.value(item)
            if key is None:
                if not isinstance(value, dict):
                    raise Refusal(f"**{kind_of(value)} in a dict")
                self.update(made, value)
                continue
            name = self.value(key)
            if not is_scalar(name):
                raise Refusal(f"{kind_of(name)} as a key")
            outer, self.span = self.span, Span(key.lineno, item.end_lineno or item.lineno)
            self.hold(made, name, value)
            self.span = outer
        return made

    def of_bin_op(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        self.charge(left, right)
        found = operations.binary(node.op, left, right)
        self.charge(found)
        return found

    def of_unary_op(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return not operations.truth(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or isinstance(node.op, ast.Invert):
            raise Refusal(f"a sign before {kind_of(value)}")
        signed = -value if isinstance(node.op, ast.USub) else +value
        return Number.at(int(signed), value.line) if isinstance(value, Number) else signed

    def of_bool_op(self, node: ast.BoolOp) -> Any:
        value: Any = None
        for part in node.values:
            value = self.value(part)
            if operations.truth(value) == isinstance(node.op, ast.Or):
                return value
        return value

    def of_compare(self, node: ast.Compare) -> bool:
        left = self.value(node.left)
        for kind, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part)
            self.charge(left, right)
            if isinstance(left, Opaque) or isinstance(right, Opaque):
                unknown = kind_of(left if isinstance(left, Opaque) else right)
                raise Refusal(f"a comparison with {unknown}, which is known only when the file runs")
            if not operations.compare(kind, left, right):
                return False
            left = right
        return True

    def of_if_exp(self, node: ast.IfExp) -> Any:
        return self.value(node.body if operations.truth(self.value(node.test)) else node.orelse)

    def of_subscript(self, node: ast.Subscript) -> Any:
        holder, index = self.value(node.value), self.value(node.slice)
        if isinstance(index, slice):
            self.charge(holder)
        return operations.subscript(holder, index)

    def of_slice(self, node: ast.Slice) -> slice:
        ends = [None if part is None else self.value(part) for part in (node.lower, node.upper, node.step)]
        if not all(end is None or isinstance(end, int) for end in ends):
            raise Refusal("a slice between what is no number")
        return slice(*ends)

    def of_joined_str(self, node: ast.JoinedStr) -> Any:
        pieces: list[str] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                value = self.value(part.value)
                spec = "" if part.format_spec is None else self.value(part.format_spec)
                if isinstance(value, Opaque):
                    return Opaque("a text of the environment")
                pieces.append(operations.formatted(value, part.conversion, spec))
                self.charge(pieces[-1])
            else:
                pieces.append(str(self.value(part)))
            fits(sum(map(len, pieces)), "a text")
        return "".join(pieces)

    def of_named_expr(self, node: ast.NamedExpr) -> Any:
        value = self.value(node.value)
        self.assign(node.target, value)
        return value

    def of_list_comp(self, node: ast.ListComp | ast.GeneratorExp) -> Items:
        made = Items()
        for _ in self.turns(node.generators):
            made.append(self.value(node.elt))
            fits(len(made), "a list")
        bounded(made)
        return made

    def of_dict_comp(self, node: ast.DictComp) -> Table:
        made = Table()
        for _ in self.turns(node.generators):
            key = self.value(node.key)
            if not is_scalar(key):
                raise Refusal(f"{kind_of(key)} as a key")
            self.hold(made, key, self.value(node.value))
        return made

    def turns_over(self, node: ast.expr) -> list[Any]:
        """Return what a loop goes through."""
        items = operations.elements(self.value(node))
        self.charge(items)
        return items

    def turns(self, generators: list[ast.comprehension]) -> Iterator[None]:
        """Go through the nested loops of a comprehension, in a scope of its own."""
        outer = self.scope
        self.scope = Scope(outer)
        try:
            yield from self.nested(generators)
        finally:
            self.scope = outer

    def nested(self, generators: list[ast.comprehension]) -> Iterator[None]:
        """Go through the loops from the first generator on."""
        if not generators:
            yield None
            return
        first, rest = generators[0], generators[1:]
        if first.is_async:
            raise Refusal("an async comprehension")
        for item in self.turns_over(first.iter):
            self.step(first.iter)
            self.assign(first.target, item)
            if all(operations.truth(self.value(test)) for test in first.ifs):
                yield from self.nested(rest)

    def readers(self) -> dict[type[ast.expr], Callable[[Any, Any], Any]]:
        """Return which method reads which kind of expression."""
        return EXPRESSIONS


EXPRESSIONS: dict[type[ast.expr], Callable[[Any, Any], Any]] = {
    ast.Constant: Expressions.of_constant,
    ast.Name: Expressions.of_name,
    ast.Attribute: Expressions.of_attribute,
    ast.List: Expressions.of_list,
    ast.Tuple: Expressions.of_tuple,
    ast.Set: Expressions.of_set,
    ast.Dict: Expressions.of_dict,
    ast.BinOp: Expressions.of_bin_op,
    ast.UnaryOp: Expressions.of_unary_op,
    ast.BoolOp: Expressions.of_bool_op,
    ast.Compare: Expressions.of_compare,
    ast.IfExp: Expressions.of_if_exp,
    ast.Subscript: Expressions.of_subscript,
    ast.Slice: Expressions.of_slice,
    ast.JoinedStr: Expressions.of_joined_str,
    ast.NamedExpr: Expressions.of_named_expr,
    ast.ListComp: Expressions.of_list_comp,
    ast.DictComp: Expressions.of_dict_comp,
    ast.GeneratorExp: Expressions.of_list_comp,
}
_PYTHON_NAMES = frozenset(
    (
        *("open", "exec", "eval", "compile", "getattr", "setattr", "delattr", "globals", "locals", "vars", "input"),
        *("__import__", "__builtins__", "type", "object", "super", "hash", "id", "dir", "map", "filter", "set"),
        *("frozenset", "bytes", "bytearray", "memoryview", "iter", "next", "callable", "classmethod", "property"),
        *("staticmethod", "breakpoint", "help", "pow", "round", "divmod", "hex", "oct", "bin", "chr", "ord"),
        *("slice", "format"),
    )
)
