"""Evaluates a mk_runs.py up to its generator call, by walking its syntax tree. Nothing is executed.

It knows plain data, arithmetic of lists and texts, loops, comprehensions, simple conditions and the file's own small
functions. It opens no file, imports nothing, and stops after a bounded number of steps. What it does not know is a
Refusal with its line; the statements after a refused one are still looked at, so that all are told at once.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from typing import Any

from bot.formats.legacy import methods, operations
from bot.formats.legacy.calls import ENDS, GENERATOR_ARGUMENTS, HARMLESS, Calls
from bot.formats.legacy.machine import MAX_STEPS
from bot.formats.legacy.own_code import changed_by
from bot.formats.legacy.scopes import (
    AlreadyTold,
    BrokenOff,
    Evaluation,
    NextTurn,
    OwnFunction,
    Refused,
    Returned,
    Stopped,
    keyword,
)
from bot.formats.legacy.tracked import WRITE_PLAINLY, Opaque, Refusal, Span, Table, bounded

MAX_OWN_CODE = 200
_OWN_MODULES = frozenset({"lmtoy", "lmtoy.runs", "runs"})


def evaluate(tree: ast.Module) -> Evaluation:
    """Walk a module; return what its generator call would be given. `freeze` happens at the call, not at the end."""
    walker = _Statements()
    walker.module(tree.body)
    return walker.result


class _Statements(Calls):
    """Walks statements; each of the module may be refused by itself."""

    def module(self, body: list[ast.stmt]) -> None:
        """Walk the statements of the module; each may be refused by itself."""
        try:
            for statement in body:
                self.around = Span(statement.lineno, statement.end_lineno or statement.lineno)
                self.guarded(statement)
        except Stopped:
            self.result.ended = True
        self.result.final = dict(self.module_scope)
        if not self.result.calls:
            self.read.update(GENERATOR_ARGUMENTS)
            self.note_lost([value for name in GENERATOR_ARGUMENTS if isinstance(value := self.scope.get(name), Table)])

    def guarded(self, statement: ast.stmt) -> None:
        """Walk one statement of the module; note its refusal and go on."""
        compound = isinstance(statement, ast.If | ast.Try) and self.scope.outer is None
        try:
            self.statement(statement)
        except (BrokenOff, NextTurn, Returned):
            self.result.is_binding = True
            self.result.refusals.append(
                Refusal("break, continue or return outside", "mend the file", line=statement.lineno)
            )
        except Refusal as refusal:
            refusal.line = refusal.line or self.line or statement.lineno
            self.result.refusals.append(refusal)
            self.result.is_binding |= refusal.cure != WRITE_PLAINLY  # Python itself would stop here
            self.set_aside(statement)
            self.poison(statement)
            if not compound and self.steps > MAX_STEPS:
                raise Stopped from None
        except AlreadyTold:
            self.set_aside(statement)
            self.poison(statement)
        except RecursionError:
            self.result.is_binding = True
            told = Refusal("an expression that nests too deeply", line=statement.lineno)
            self.result.refusals.append(told)
            self.poison(statement)

    def set_aside(self, statement: ast.stmt) -> None:
        """Note a refused statement as code of the file's own, with what it could change; or that it binds."""
        many = self.result.is_binding or self.steps > MAX_STEPS or len(self.result.own_code) >= MAX_OWN_CODE
        changed = None if many else changed_by(statement, self.scope)
        if changed is None:
            self.result.is_binding = True
        else:
            self.result.changed += changed
            self.result.own_code.append(Span(statement.lineno, statement.end_lineno or statement.lineno))

    def poison(self, statement: ast.stmt) -> None:
        """Mark what a refused statement would have set, so that using it is not told again."""
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.scope[node.id] = Refused()
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                self.poison_holder(node.value)

    def poison_holder(self, node: ast.expr) -> None:
        """Mark a dict of the file's own that a refused statement would have filled."""
        if isinstance(node, ast.Name) and node.id not in GENERATOR_ARGUMENTS[:4] and node.id in self.scope:
            self.scope[node.id] = Refused()

    def block(self, body: list[ast.stmt]) -> None:
        """Walk statements in order; those of the module are told one by one."""
        for statement in body:
            if self.scope.outer is None and self.depth == 0:
                self.guarded(statement) if self.loops == 0 else self.statement(statement)
            else:
                self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """Walk one statement."""
        self.step(node)
        if not isinstance(node, ast.If | ast.For | ast.While | ast.Try | ast.FunctionDef):
            self.span = Span(node.lineno, node.end_lineno or node.lineno)
            self.result.walked.add(self.span)
        walk = _STATEMENTS.get(type(node))
        if walk is None:
            raise Refusal(f"a `{keyword(node)}` statement", line=node.lineno)
        walk(self, node)

    def do_import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.check_module(alias.name)
            name = alias.asname or alias.name.partition(".")[0]
            self.scope[name] = Opaque(alias.name if alias.asname else name)

    def do_import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        self.check_module(module, relative=node.level > 0)
        for alias in node.names:
            if alias.name == "*":
                if module not in _OWN_MODULES:
                    raise Refusal(f"from {module} import *", line=node.lineno)
                self.scope["mk_runs"] = Opaque("runs.mk_runs")
                continue
            whole = f"{module}.{alias.name}"
            self.scope[alias.asname or alias.name] = Opaque("runs" if whole == "lmtoy.runs" else whole)

    def check_module(self, module: str, *, relative: bool = False) -> None:
        """Let pass the standard library and the generator's own module: naming them does nothing by itself."""
        root = module.partition(".")[0]
        if relative or (module not in _OWN_MODULES and root not in sys.stdlib_module_names):
            raise Refusal(
                f"import {module or '.'}: this would run code that is not in the file",
                "write its values into the file, or import with --trust",
            )

    def do_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def do_ann_assign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.value(node.value))

    def do_aug_assign(self, node: ast.AugAssign) -> None:
        stored = ast.copy_location(_loaded(node.target), node.target)
        current, value = self.value(stored), self.value(node.value)
        is_sum = isinstance(node.op, ast.Add) and not isinstance(value, Opaque) and not isinstance(current, Opaque)
        total = methods.in_place_sum(current, value) if is_sum else operations.binary(node.op, current, value)
        self.assign(node.target, bounded(total), again=True)

    def do_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in self.scope:
                del self.scope[target.id]
                self.bound.pop(target.id, None)
            elif isinstance(target, ast.Subscript):
                self.delete_element(self.value(target.value), self.value(target.slice))
            else:
                raise Refusal("a `del` of something that is not known")

    def do_if(self, node: ast.If) -> None:
        self.block(node.body if operations.truth(self.value(node.test)) else node.orelse)

    def do_for(self, node: ast.For) -> None:
        self.loop(node, iter(self.turns_over(node.iter)))

    def do_while(self, node: ast.While) -> None:
        def going() -> Iterator[None]:
            while operations.truth(self.value(node.test)):
                self.step(node)
                yield None

        self.loop(node, going())

    def loop(self, node: ast.For | ast.While, turns: Iterator[Any]) -> None:
        """Walk the body once a turn."""
        self.loops += 1
        try:
            for item in turns:
                if isinstance(node, ast.For):
                    self.assign(node.target, item, again=True)
                try:
                    self.block(node.body)
                except NextTurn:
                    continue
                except BrokenOff:
                    return
        finally:
            self.loops -= 1
        self.block(node.orelse)

    def do_break(self, node: ast.Break) -> None:  # noqa: ARG002
        raise BrokenOff

    def do_continue(self, node: ast.Continue) -> None:  # noqa: ARG002
        raise NextTurn

    def do_pass(self, node: ast.Pass) -> None:
        """Do nothing."""

    def do_try(self, node: ast.Try) -> None:
        """Walk what happens when nothing fails: the imports in it are there where the file runs."""
        for handler in node.handlers:
            check_handler(handler)
        self.block(node.body)
        self.block(node.orelse)
        self.block(node.finalbody)

    def do_global(self, node: ast.Global) -> None:
        self.scope.shared.update(node.names)

    def do_assert(self, node: ast.Assert) -> None:
        if not operations.truth(self.value(node.test)):
            raise Refusal("an assertion that does not hold", "mend the file; Python itself would stop here")

    def do_function_def(self, node: ast.FunctionDef) -> None:
        if node.decorator_list:
            raise Refusal(f"a decorator on {node.name}()", line=node.lineno)
        self.scope[node.name] = OwnFunction(node, self.scope)
        if self.scope.outer is None:
            self.bound[node.name] = Span(node.lineno, node.end_lineno or node.lineno)

    def do_return(self, node: ast.Return) -> None:
        raise Returned(None if node.value is None else self.value(node.value))

    def do_expr(self, node: ast.Expr) -> None:
        self.value(node.value)


def check_handler(handler: ast.ExceptHandler) -> None:
    """Refuse an `except` that does more than to talk, to stop, or to import from another place."""
    for node in ast.walk(handler):
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in HARMLESS | ENDS:
            raise Refusal(f"a call of {ast.unparse(node.func)[:60]}() where something fails", line=node.lineno)


def _loaded(target: ast.expr) -> ast.expr:
    """Return an assignment target as an expression to be read."""
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    if isinstance(target, ast.Subscript):
        return ast.Subscript(target.value, target.slice, ast.Load())
    raise Refusal(f"an assignment to {keyword(target)}")


_STATEMENTS: dict[type[ast.stmt], Callable[[Any, Any], None]] = {
    ast.Import: _Statements.do_import,
    ast.ImportFrom: _Statements.do_import_from,
    ast.Assign: _Statements.do_assign,
    ast.AnnAssign: _Statements.do_ann_assign,
    ast.AugAssign: _Statements.do_aug_assign,
    ast.Delete: _Statements.do_delete,
    ast.If: _Statements.do_if,
    ast.For: _Statements.do_for,
    ast.While: _Statements.do_while,
    ast.Break: _Statements.do_break,
    ast.Continue: _Statements.do_continue,
    ast.Pass: _Statements.do_pass,
    ast.Try: _Statements.do_try,
    ast.Global: _Statements.do_global,
    ast.Assert: _Statements.do_assert,
    ast.FunctionDef: _Statements.do_function_def,
    ast.Return: _Statements.do_return,
    ast.Expr: _Statements.do_expr,
}
