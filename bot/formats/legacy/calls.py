"""Calls in a mk_runs.py: the generator's, which is the aim; known functions and methods; the file's own functions.

Whatever else is called is refused: what it gives or does is known only when the file runs.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from bot.formats.legacy import methods, operations
from bot.formats.legacy.expressions import EXPRESSIONS, Expressions
from bot.formats.legacy.own_code import is_touched
from bot.formats.legacy.scopes import GeneratorCall, OwnFunction, Returned, Scope, Stopped, frozen
from bot.formats.legacy.tracked import Opaque, Refusal, Span, Table, is_scalar, kind_of

MAX_CALL_DEPTH = 8

GENERATORS = frozenset({"runs.mk_runs", "lmtoy.runs.mk_runs", "mk_runs"})
GENERATOR_ARGUMENTS = ("project", "on", "pars1", "pars2", "pars3", "argv")
HARMLESS = frozenset(
    {
        *("print", "os.environ.get", "os.getenv", "os.path.join", "os.path.dirname", "os.path.abspath", "os.getcwd"),
        *("os.path.basename", "os.path.realpath", "os.path.expanduser", "os.path.expandvars", "sys.path.append"),
        *("sys.path.insert", "os.environ.setdefault", "os.environ.update", "sys.stdout.flush", "sys.stdout.write"),
        *("sys.stderr.write", "sys.dont_write_bytecode"),
    }
)
"""What only looks at the environment or talks: let pass, and what it gives is not known."""
ENDS = frozenset({"sys.exit", "exit", "quit"})
_TYPES: dict[str, Any] = {"str": str, "int": int, "list": list, "dict": dict, "tuple": tuple, "float": float}


class Calls(Expressions):
    """Walks calls."""

    def statement(self, node: ast.stmt) -> None:
        """Walk a statement of a function's body; bot.formats.legacy.evaluator knows how."""
        raise NotImplementedError

    def readers(self) -> dict[type[ast.expr], Callable[[Any, Any], Any]]:
        """Return which method reads which kind of expression, calls among them."""
        return _WITH_CALLS

    def of_call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute):
            holder = self.value(node.func.value)
            if not isinstance(holder, Opaque):
                return self.call_method(holder, node.func.attr, node)
        function = self.value(node.func)
        if isinstance(function, Opaque):
            return self.call_named(function.name, node)
        if isinstance(function, OwnFunction):
            return self.call_own(function, node)
        raise Refusal(f"a call of {kind_of(function)}", line=node.lineno)

    def arguments(self, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        """Return the evaluated arguments, by place and by name."""
        args: list[Any] = []
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                args += operations.elements(self.value(arg.value))
            else:
                args.append(self.value(arg))
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is not None:
                named[keyword.arg] = value
            elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
                named.update(value)
            else:
                raise Refusal(f"**{kind_of(value)} in a call")
        return args, named

    def call_method(self, holder: Any, name: str, node: ast.Call) -> Any:
        """Call a method of a known value."""
        args, named = self.arguments(node)
        self.charge(holder, *args)
        if isinstance(holder, Table) and name in ("update", "pop", "setdefault", "clear"):
            return self.change_table(holder, name, args, named)
        return methods.called(methods.method(holder, name), [holder, *args], named)

    def change_table(self, table: Table, name: str, args: list[Any], named: dict[str, Any]) -> Any:
        """Do what changes a dict, with the line noted."""
        if name == "update":
            for more in (*args, named):
                self.update(table, more)
            return None
        if name == "clear":
            for key in list(table):
                table.take(key, self.line)
            return None
        if not args or not is_scalar(args[0]):
            raise Refusal(f".{name}() without a key")
        if name == "setdefault":
            if args[0] not in table:
                self.hold(table, args[0], args[1] if len(args) > 1 else None)
            return table[args[0]]
        if args[0] not in table:
            if len(args) > 1:
                return args[1]
            raise Refusal(f".pop() of {args[0]!r}, which is not there", "mend the file; Python itself would stop here")
        return table.take(args[0], self.line)

    def call_named(self, name: str, node: ast.Call) -> Any:
        """Call a function that is not the file's own: the generator, a built-in, or something harmless."""
        if name in GENERATORS:
            return self.generator(node)
        args, named = self.arguments(node)
        self.charge(*args, *(item for arg in args if isinstance(arg, list) for item in arg if not is_scalar(item)))
        if name in ENDS:
            raise Stopped
        if name in HARMLESS:
            return Opaque(f"{name}(...)")
        if name == "dict":
            made = Table()
            for more in (*args, named):
                self.update(made, more)
            return made
        if name == "isinstance" and len(args) == 2 and isinstance(args[1], Opaque):
            return isinstance(args[0], _TYPES[args[1].name]) if args[1].name in _TYPES else False
        if name in operations.BUILTINS:
            return methods.called(operations.BUILTINS[name], args, named)
        raise Refusal(f"a call of {name}(): what it gives or does is known only when the file runs", line=node.lineno)

    def generator(self, node: ast.Call) -> None:
        """Note the generator's arguments as they are at this moment."""
        args, named = self.arguments(node)
        if len(args) > len(GENERATOR_ARGUMENTS) or not set(named) <= set(GENERATOR_ARGUMENTS):
            raise Refusal("mk_runs() with arguments that it does not have", "mend the call", line=node.lineno)
        given = {**dict(zip(GENERATOR_ARGUMENTS, args, strict=False)), **named}
        lost = [name for name in GENERATOR_ARGUMENTS[:4] if name not in given]
        if lost:
            raise Refusal(f"mk_runs() without {', '.join(lost)}", "mend the call", line=node.lineno)
        if not self.result.calls:
            self.note_lost([value for value in given.values() if isinstance(value, Table)])
        self.result.is_binding |= is_touched(given.values(), self.result.changed)
        span = Span(node.lineno, node.end_lineno or node.lineno)
        self.result.calls.append(
            GeneratorCall(span, {name: frozen(value) for name, value in given.items()}, self.around)
        )

    def note_lost(self, given: list[Table]) -> None:
        """Note what was set, but does not reach the generator."""
        for name, span in self.bound.items():
            if name not in self.read and not isinstance(self.module_scope[name], Table):
                self.result.lost.append((span, f"{name} is never used"))
        for name, value in self.module_scope.items():
            if isinstance(value, Table):
                self.result.lost += value.lost
                if all(value is not one for one in given):
                    told = f"{name} is not given to the generator"
                    self.result.lost += [(span, told) for span in value.spans.values()]

    def call_own(self, function: OwnFunction, node: ast.Call) -> Any:
        """Call one of the file's own functions, to a bounded depth."""
        args, named = self.arguments(node)
        if self.scope.depth >= MAX_CALL_DEPTH:
            raise Refusal(f"{function.node.name}() calls itself too often", line=node.lineno)
        inner = Scope(function.scope)
        self.bind_arguments(function.node, inner, args, named)
        outer, self.scope = self.scope, inner
        depth, loops, span = self.depth, self.loops, self.span
        try:
            for statement in function.node.body:
                self.statement(statement)
        except Returned as returned:
            return returned.value
        finally:
            self.scope, self.depth, self.loops, self.span = outer, depth, loops, span
        return None

    def bind_arguments(self, node: ast.FunctionDef, inner: Scope, args: list[Any], named: dict[str, Any]) -> None:
        """Set a function's parameters; those of the standard forms, with defaults."""
        form = node.args
        names = [arg.arg for arg in (*form.posonlyargs, *form.args)]
        if form.vararg or form.kwarg or len(args) > len(names):
            raise Refusal(f"the arguments of {node.name}()", line=node.lineno)
        defaults = dict(zip(names[len(names) - len(form.defaults) :], form.defaults, strict=True))
        defaults |= {arg.arg: one for arg, one in zip(form.kwonlyargs, form.kw_defaults, strict=True) if one}
        known = [*names, *(arg.arg for arg in form.kwonlyargs)]
        given = {**dict(zip(names, args, strict=False)), **named}
        for name in known:
            if name not in given and name not in defaults:
                raise Refusal(f"{node.name}() without its argument {name}", "mend the call")
            inner[name] = given[name] if name in given else self.value(defaults[name])
        if set(given) - set(known):
            raise Refusal(f"{node.name}() with an argument that it does not have", "mend the call")


_WITH_CALLS = {**EXPRESSIONS, ast.Call: Calls.of_call}
