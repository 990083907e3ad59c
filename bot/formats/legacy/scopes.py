"""What the evaluator of mk_runs.py keeps while it walks: scopes, signals, the calls that it has seen. Values only."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from bot.formats.legacy.tracked import Items, Refusal, Span, Table


@dataclass(frozen=True)
class GeneratorCall:
    """The arguments of mk_runs(...) as evaluated, by name; what is not given is not there."""

    span: Span
    arguments: dict[str, Any]
    around: Span
    """The statement of the module in which the call happened."""
    is_made: bool = True
    """False: the file does not call the generator; this is what it would say."""


@dataclass
class Evaluation:
    """What came out: the calls of the generator, what was refused, and what was set but reaches no call, and why."""

    calls: list[GeneratorCall] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    lost: list[tuple[Span, str]] = field(default_factory=list)
    walked: set[Span] = field(default_factory=set)
    own_code: list[Span] = field(default_factory=list)
    """Statements of the module that were refused, but can only look at the description."""
    is_binding: bool = False
    """Something was refused that could change what the generator is given."""
    changed: list[Any] = field(default_factory=list)
    """The lists and dicts that refused statements could change."""
    ended: bool = False
    """The file ended itself before its last line."""
    final: dict[str, Any] = field(default_factory=dict)
    """The module's names as they stand behind its last statement."""


@dataclass(frozen=True)
class OwnFunction:
    node: ast.FunctionDef
    scope: Scope


class Scope(dict[str, Any]):
    """Names of the module or of one call; a name that is not here is looked for outside."""

    def __init__(self, outer: Scope | None = None) -> None:
        super().__init__()
        self.outer = outer
        self.shared: set[str] = set()

    def holder(self, name: str) -> Scope | None:
        """Return the innermost scope that knows the name."""
        scope: Scope | None = self
        while scope is not None and name not in scope:
            scope = scope.outer
        return scope

    @property
    def depth(self) -> int:
        """Return how many scopes lie around this one."""
        return 0 if self.outer is None else self.outer.depth + 1


class Stopped(Exception):  # a signal inside the evaluator, never an error
    """The file ended itself (sys.exit), or its steps are used up."""


class Returned(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class BrokenOff(Exception):
    pass


class NextTurn(Exception):
    pass


class Refused:
    """Stands for a value that was refused where it was made; using it is no further fault."""


class AlreadyTold(Exception):
    """A consequence of something already refused."""


def frozen(value: Any) -> Any:
    """Return the value as it is now, with its memory, so that later statements cannot change it."""
    if isinstance(value, Table):
        copy = Table({key: frozen(inner) for key, inner in value.items()})
        copy.spans, copy.lost = dict(value.spans), list(value.lost)
        _resolve(value, copy)
        return copy
    if isinstance(value, Items):
        kept = Items(value)
        kept.parts = value.parts
        return kept
    return value


def _resolve(value: Table, copy: Table) -> None:
    """Let sums point to the frozen lists where they pointed to the living ones."""
    frozen: dict[int, Items] = {}
    for key, items in value.items():
        if isinstance(items, Items) and id(items) in frozen:
            copy[key] = frozen[id(items)]
        elif isinstance(items, Items):
            frozen[id(items)] = copy[key]
    for items in copy.values():
        if isinstance(items, Items) and items.parts is not None:
            items.parts = tuple(
                type(part)(frozen.get(id(part.origin), part.origin), part.values) for part in items.parts
            )


def keyword(node: ast.AST) -> str:
    names: dict[str, str] = {"With": "with", "ClassDef": "class", "Raise": "raise", "Lambda": "lambda"}
    return names.get(type(node).__name__, type(node).__name__)
