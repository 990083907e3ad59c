"""The state of the evaluator: names, what is bound to them, and how many steps are left. Knows targets only."""

from __future__ import annotations

import ast
from collections.abc import Sized
from typing import Any

from bot.formats.legacy import operations
from bot.formats.legacy.scopes import Evaluation, Scope, keyword
from bot.formats.legacy.tracked import Items, Opaque, Refusal, Span, Table, bounded, is_scalar, kind_of, weight

MAX_STEPS = 400_000
ITEMS_A_STEP = 20


class Machine:
    """Names and bounds; what expressions, calls and statements are stands in the classes built on it."""

    def __init__(self) -> None:
        self.result = Evaluation()
        self.steps = 0
        self.depth = 0
        self.line = 0
        self.span = self.around = Span(0, 0)
        self.scope = self.module_scope = Scope()
        self.loops = 0
        self.bound: dict[str, Span] = {}
        self.read: set[str] = set()
        self.scope.update({"__name__": "__main__", "__file__": Opaque("__file__"), "__doc__": Opaque("__doc__")})

    def value(self, node: ast.expr) -> Any:
        """Return the value of an expression; bot.formats.legacy.expressions knows how."""
        raise NotImplementedError

    def step(self, node: ast.AST) -> None:
        """Count; the steps are bounded."""
        self.steps += 1
        self.line = getattr(node, "lineno", self.line)
        if self.steps > MAX_STEPS:
            raise Refusal(f"more than {MAX_STEPS:,} steps: a loop that is too long for a description", line=self.line)

    def charge(self, *values: Any) -> None:
        """Count what handling whole lists and texts costs, so that many large ones end like many steps."""
        self.steps += sum(len(value) for value in values if isinstance(value, Sized)) // ITEMS_A_STEP

    def assign(self, target: ast.expr, value: Any, *, again: bool = False) -> None:
        """Bind a target: a name, several names, an element of a list or dict."""
        if isinstance(target, ast.Name):
            self.bind(target.id, value, again=again)
        elif isinstance(target, ast.Tuple | ast.List):
            values = operations.elements(value)
            if len(values) != len(target.elts):
                raise Refusal(f"{len(values)} values for {len(target.elts)} names", "mend the file")
            for inner, one in zip(target.elts, values, strict=True):
                self.assign(inner, one)
        elif isinstance(target, ast.Subscript):
            self.assign_element(self.value(target.value), self.value(target.slice), value, again=again)
        elif isinstance(target, ast.Attribute) and isinstance(self.value(target), Opaque):
            return
        else:
            raise Refusal(f"an assignment to {keyword(target)}")

    def assign_element(self, holder: Any, key: Any, value: Any, *, again: bool = False) -> None:
        """Set an element; a dict remembers the statement, the first one where a value only grows."""
        if isinstance(holder, Opaque) and holder.name.startswith(("os.environ", "sys.path")):
            return
        if not is_scalar(key) and not isinstance(key, slice):
            raise Refusal(f"{kind_of(key)} as a key")
        self.charge(value)
        if isinstance(holder, Table):
            bounded(value)
            outer = self.span
            self.span = holder.spans.get(key, outer) if again else outer
            self.hold(holder, key, value)
            self.span = outer
        elif isinstance(holder, Items) and isinstance(key, int) and -len(holder) <= key < len(holder):
            holder[key] = value
            holder.parts = None
            if not is_scalar(value):
                self.charge(holder)
                bounded(holder)
        else:
            raise Refusal(f"an assignment to an element of {kind_of(holder)}")

    def hold(self, table: Table, key: Any, value: Any) -> None:
        """Put a value into a dict, within bounds."""
        if isinstance(value, dict | tuple) or (isinstance(value, list) and not all(map(is_scalar, value))):
            self.steps += weight(Items([*table.values(), value])) // 2
            bounded(Items([*table.values(), value]))
        table.put(key, value, self.span)
        if len(table) > 20_000:
            raise Refusal("a dict of more than 20,000 keys")

    def bind(self, name: str, value: Any, *, again: bool = False) -> None:
        """Set a name in its scope."""
        scope = self.scope
        if name in scope.shared:
            scope = self.module_scope
        old = scope.get(name)
        scope[name] = value
        if scope.outer is not None or again or self.result.calls:
            return
        told = f"{name} was set anew in line {self.line}"
        if isinstance(old, Table) and old is not value:
            self.result.lost += [*((span, told) for span in old.spans.values()), *old.lost]
        elif name in self.bound and name not in self.read:
            self.result.lost.append((self.bound[name], told))
        self.read.discard(name)
        self.bound[name] = self.span

    def delete_element(self, holder: Any, key: Any) -> None:
        """Take an element out."""
        if isinstance(holder, Table) and is_scalar(key) and key in holder:
            holder.take(key, self.line)
        elif isinstance(holder, Items) and isinstance(key, int) and -len(holder) <= key < len(holder):
            del holder[key]
            holder.parts = None
        else:
            raise Refusal("a `del` of something that is not there", "mend the file; Python itself would stop here")

    def update(self, table: Table, more: Any) -> None:
        """Do `table.update(more)`; keys keep the lines where they were written."""
        for key, value in more.items() if isinstance(more, dict) else map(tuple, operations.elements(more)):
            if not is_scalar(key):
                raise Refusal(f"{kind_of(key)} as a key")
            outer = self.span
            self.span = more.spans.get(key, outer) if isinstance(more, Table) else outer
            self.hold(table, key, value)
            self.span = outer
