"""A mk_runs.py that has code of its own behind its description, or never calls the generator: what it still says.

Both are habits of the first years. What such code is allowed to do, bot.formats.legacy.own_code says.
"""

from __future__ import annotations

import ast

from bot.errors import Finding, Severity
from bot.formats.legacy.calls import GENERATOR_ARGUMENTS
from bot.formats.legacy.own_code import is_touched
from bot.formats.legacy.scopes import Evaluation, GeneratorCall, frozen
from bot.formats.legacy.tracked import Span, Table

_TIERS = GENERATOR_ARGUMENTS[2:5]


def uncalled(evaluation: Evaluation, tree: ast.Module, last: int) -> list[GeneratorCall]:
    """Return the call that a file without one would make if it ended with it; nothing where that is a guess."""
    names = {ast.unparse(node.func)[-20:].rpartition(".")[2] for node in ast.walk(tree) if isinstance(node, ast.Call)}
    given = {name: evaluation.final.get(name) for name in ("project", "on", *_TIERS)}
    plain = isinstance(given["project"], str) and all(isinstance(given[name], Table) for name in ("on", *_TIERS[:2]))
    if evaluation.ended or "mk_runs" in names or not plain or not given["on"]:
        return []
    own, on = given["pars3"], given["on"]
    if not (isinstance(own, Table) and all(key in on and isinstance(value, str) for key, value in own.items())):
        del given["pars3"]  # in such files the name is that of the arguments of single obsnums
    evaluation.is_binding |= is_touched(given.values(), evaluation.changed)
    end = Span(last, last)
    return [GeneratorCall(end, {name: frozen(value) for name, value in given.items()}, end, is_made=False)]


def is_set_aside(evaluation: Evaluation) -> bool:
    """Say whether all that was refused is code behind the description, which can only look at it."""
    if evaluation.is_binding or len(evaluation.calls) != 1:
        return False
    last = _last_line(evaluation.calls[0])
    return bool(last) and all(span.first > last for span in evaluation.own_code)


def own_code(evaluation: Evaluation, tree: ast.Module) -> Span | None:
    """Return the lines of the code that was set aside before the call, with the plain statements between."""
    call = evaluation.calls[0]
    is_within = call.around.first <= call.span.first <= call.around.last
    end = call.span.first if is_within and call.is_made else call.around.last + 1
    code = [span for span in evaluation.own_code if span.first < end]
    if not code:
        return None
    said = _last_line(call)
    spans = [Span(node.lineno, node.end_lineno or node.lineno) for node in tree.body]
    around = [*code, *(span for span in spans if said < span.first and span.last < end)]
    return Span(min(span.first for span in around), max(span.last for span in around))


def tell_uncalled(evaluation: Evaluation, path: str) -> Finding:
    """Tell that the run lines of this file come from somewhere else than the generator."""
    what = "it never calls the generator mk_runs(...)"
    why = "today it gives no runfiles"
    if evaluation.own_code:
        why = f"its own code from line {evaluation.own_code[0].first} on writes runfiles, in its own way"
    cure = "it is carried over as if the generator were called at its end; see with `lmtbot plan` if that is meant"
    return Finding("NO_GENERATOR", Severity.WARNING, path, 0, what, why, cure)


def _last_line(call: GeneratorCall) -> int:
    """Return the last line of what the generator is given."""
    tables = (value for value in call.arguments.values() if isinstance(value, Table))
    return max((span.last for table in tables for span in table.spans.values()), default=0)
