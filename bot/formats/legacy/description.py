"""mk_runs.py -> what it tells the generator, with the line of everything and every comment. Never executes it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.errors import Finding, ProjectError, Severity
from bot.formats.legacy.evaluator import evaluate
from bot.formats.legacy.remarks import Leftover, Remark, read_remarks
from bot.formats.legacy.scopes import Evaluation, GeneratorCall
from bot.formats.legacy.tracked import Items, Number, Span, Table, kind_of
from bot.formats.legacy.uncalled import is_set_aside, own_code, tell_uncalled, uncalled
from bot.model.scalars import OBSNUM_MAX

MAX_BYTES = 1_000_000
OWN_CODE = "code of its own, which only looks at the description; it is not carried over"
TIER_NAMES = ("pars1", "pars2", "pars3")


@dataclass(frozen=True, slots=True)
class Listed:
    """One number of a source's list: negative as written, and its line (0: not known)."""

    signed: int
    line: int = 0

    @property
    def obsnum(self) -> int:
        """Return the obsnum without its sign."""
        return abs(self.signed)


@dataclass(frozen=True, slots=True)
class LegacySource:
    """A key of `on`: its list as the generator gets it; the first `inherited` numbers are those of the `mosaic`."""

    name: str
    span: Span
    listed: tuple[Listed, ...]
    mosaic: tuple[str, ...] = ()
    inherited: int = 0


@dataclass(frozen=True, slots=True)
class LegacyParameters:
    """A value of pars1, pars2 or pars3, and its statement."""

    text: str
    span: Span


@dataclass(frozen=True)
class Description:
    """What a mk_runs.py gives the generator."""

    path: str
    project: str
    sources: tuple[LegacySource, ...]
    pars: tuple[Mapping[str, LegacyParameters], ...]
    """pars1, pars2, pars3 by source; empty where one is absent."""
    remarks: tuple[Remark, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    statements: tuple[Span, ...] = ()
    """Every statement that is not made of others."""
    findings: tuple[Finding, ...] = ()
    """What is odd about the file, but takes nothing away."""
    is_called: bool = True
    """The file calls the generator."""


def read_description(text: str, path: str) -> Description:
    """Read a mk_runs.py without executing it; raise ProjectError with everything that cannot be read."""
    tree = parse_tree(text, path)
    evaluation = evaluate(tree)
    if not evaluation.calls:
        evaluation.calls += uncalled(evaluation, tree, len(text.splitlines()))
    findings = []
    if not is_set_aside(evaluation):
        findings = [finding(path, one.line, one.what, one.cure) for one in evaluation.refusals]
    if not findings:
        findings += _check_calls(evaluation, path)
    if findings:
        raise ProjectError(findings=sorted(set(findings), key=lambda one: one.line))
    return _described(evaluation, tree, text, path)


def parse_tree(text: str, path: str) -> ast.Module:
    """Return the syntax tree of a mk_runs.py; raise ProjectError where it is none."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        told = finding(path, 0, "the file is larger than 1 MB", "a description has a few hundred lines")
        raise ProjectError(findings=[told])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        raise ProjectError(findings=[_syntax_finding(error, path)]) from error
    except (RecursionError, MemoryError, ValueError) as error:
        told = finding(path, 0, f"the text is no Python that can be read ({error})", "see where it nests so deeply")
        raise ProjectError(findings=[told]) from error


def finding(path: str, line: int, what: str, cure: str = "", *, code: str = "DESCRIPTION") -> Finding:
    """Return an error finding of this reader."""
    why = "the import carries over what the file says, and never runs it" if code == "DESCRIPTION" else ""
    return Finding(code, Severity.ERROR, path, line, what, why, cure)


def _syntax_finding(error: SyntaxError, path: str) -> Finding:
    message = str(error.msg)
    cure = "mend the file at this line, or just before it; Python cannot read it either"
    if "print" in message or "exec" in message:
        cure = "this is Python 2; write print(...) as Python 3 does, or take the line out"
    elif "Tab" in message or "indent" in message:
        cure = "TABs and blanks are mixed; indent the lines alike, with blanks"
    return finding(path, error.lineno or 0, f"syntax error: {message}", cure, code="SYNTAX")


def _check_calls(evaluation: Evaluation, path: str) -> list[Finding]:
    calls = evaluation.calls
    if not calls:
        cure = "end the file with runs.mk_runs(project, on, pars1, pars2, pars3, sys.argv)"
        return [finding(path, 0, "the generator mk_runs(...) is never called", cure)]
    if len(calls) > 1:
        lines = ", ".join(str(call.span.first) for call in calls)
        what = f"the generator is called {len(calls)} times (lines {lines})"
        return [finding(path, calls[1].span.first, what, "leave one call: each overwrites the runfiles of the last")]
    return check_arguments(calls[0], path)


def check_arguments(call: GeneratorCall, path: str) -> list[Finding]:
    """Return what is wrong with the values that the generator gets."""
    line, given = call.span.first, call.arguments
    findings = []
    if not isinstance(given["project"], str) or not given["project"]:
        findings.append(finding(path, line, f"project is {kind_of(given['project'])}", "it is the ProjectId, a text"))
    if isinstance(given["on"], dict):
        findings += [one for key, value in given["on"].items() for one in _check_list(given["on"], key, value, path)]
    else:
        findings.append(finding(path, line, f"on is {kind_of(given['on'])}", "it is a dict {source: [obsnum, ...]}"))
    for name in TIER_NAMES:
        table = given.get(name)
        if isinstance(table, dict):
            findings += [one for key, value in table.items() for one in _check_text(name, table, key, value, path)]
        elif name != "pars3" or not (table is None or isinstance(table, list | tuple)):
            findings.append(finding(path, line, f"{name} is {kind_of(table)}", "it is a dict {source: text}"))
    return findings


def _line_in(table: Any, key: Any) -> int:
    return table.spans[key].first if isinstance(table, Table) and key in table.spans else 0


def _check_list(table: Any, key: Any, value: Any, path: str) -> list[Finding]:
    line = _line_in(table, key)
    if not isinstance(key, str) or not key or key.split() != [key]:
        return [finding(path, line, f"the source {key!r} is not one word", "write its name as a text without blanks")]
    if not isinstance(value, list | tuple):
        return [finding(path, line, f"on[{key!r}] is {kind_of(value)}", "it is a list of obsnums")]
    findings = []
    for item in value:
        if isinstance(item, bool) or not isinstance(item, int) or not 0 < abs(item) <= OBSNUM_MAX:
            where = item.line if isinstance(item, Number) else line
            what = f"on[{key!r}] holds {str(item)[:40]!r}, which is no obsnum"
            findings.append(finding(path, where, what, f"obsnums are whole numbers, 1 to {OBSNUM_MAX}"))
    return findings


def _check_text(name: str, table: Any, key: Any, value: Any, path: str) -> list[Finding]:
    line = _line_in(table, key)
    if not isinstance(key, str) or not key or key.split() != [key]:
        return [finding(path, line, f"{name} has the source {key!r}, which is not one word", "write it as in `on`")]
    if not isinstance(value, str):
        what = f"{name}[{key!r}] is {kind_of(value)}"
        return [finding(path, line, what, 'write the parameters as one text, "key=value key=value"')]
    return []


def _described(evaluation: Evaluation, tree: ast.Module, text: str, path: str) -> Description:
    call = evaluation.calls[0]
    leftovers = _leftovers(evaluation, call, tree, text.splitlines())
    described = describe_call(call, text, path, leftovers)
    if call.is_made:
        return described
    return replace(described, is_called=False, findings=(tell_uncalled(evaluation, path),))


def describe_call(call: GeneratorCall, text: str, path: str, leftovers: tuple[Leftover, ...]) -> Description:
    """Return the description that a generator call comes to, with the remarks of the text around it."""
    given, tree = call.arguments, parse_tree(text, path)
    hidden = {
        number for one in leftovers if one.text or one.why == OWN_CODE for number in range(one.first, one.last + 1)
    }
    return Description(
        path=path,
        project=str(given["project"]),
        sources=_sources(given["on"]),
        pars=tuple(_texts(given.get(name)) for name in TIER_NAMES),
        remarks=tuple(one for one in (*_docstrings(tree), *read_remarks(text)) if one.line not in hidden),
        leftovers=leftovers,
        statements=tuple(_simple_statements(tree.body)),
    )


def _simple_statements(body: Iterable[ast.stmt]) -> Iterable[Span]:
    """Yield the lines of every statement that holds no other statements; what an `except` would do is left out."""
    for node in body:
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
        if isinstance(node, ast.FunctionDef):
            inner = []
        if inner:
            yield from _simple_statements(inner)
        else:
            yield Span(node.lineno, node.end_lineno or node.lineno)


def _docstrings(tree: ast.Module) -> Iterable[Remark]:
    """Yield the lines of texts that stand in the module by themselves."""
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for number, line in enumerate(node.value.value.splitlines()):
                if line.strip():
                    yield Remark(node.lineno + number, line.strip(), alone=True)


def _leftovers(evaluation: Evaluation, call: GeneratorCall, tree: ast.Module, lines: list[str]) -> tuple[Leftover, ...]:
    """Return what has no effect: overwritten, unused, or behind the generator's call."""
    statements = tuple(_simple_statements(tree.body))
    why = {Span(span.first, span.last): told for span, told in evaluation.lost if span.first}
    last = call.around.last
    defined = {Span(node.lineno, node.end_lineno or 0) for node in tree.body if isinstance(node, ast.FunctionDef)}
    code = own_code(evaluation, tree)
    passed_by = [span for span in statements if span not in evaluation.walked | defined]
    why |= dict.fromkeys(passed_by, "its condition does not hold")
    if code:
        why = {span: told for span, told in why.items() if not code.first <= span.first <= code.last}
        why[code] = OWN_CODE
    if any(span.first > last for span in statements):
        why = {span: told for span, told in why.items() if span.first <= last}
        why[Span(last + 1, len(lines))] = "it stands behind the call of the generator"
    return tuple(_joined(sorted(why.items(), key=lambda one: one[0].first), lines))


def _joined(spans: Iterable[tuple[Span, str]], lines: list[str]) -> Iterable[Leftover]:
    """Yield one Leftover for neighbours with the same reason, blank lines between them or not."""
    runs: list[tuple[Span, str]] = []
    for span, told in spans:
        before, same = runs[-1] if runs else (Span(0, 0), "")
        if span.last <= before.last:
            continue
        if told == same and not any(line.strip() for line in lines[before.last : span.first - 1]):
            runs[-1] = (Span(before.first, span.last), told)
        else:
            runs.append((span, told))
    for span, told in runs:
        if told == OWN_CODE:
            yield Leftover(span.first, span.last, told, ())
            continue
        kept = [line.rstrip().expandtabs() for line in lines[span.first - 1 : span.last]]
        first = next((at for at, line in enumerate(kept) if line), 0)
        yield Leftover(span.first + first, span.last, told, tuple(line for line in kept if line))


def _texts(table: Any) -> Mapping[str, LegacyParameters]:
    if not isinstance(table, dict):
        return {}
    spans = table.spans if isinstance(table, Table) else {}
    return {key: LegacyParameters(value, spans.get(key, Span(0, 0))) for key, value in table.items()}


def _sources(on: Any) -> tuple[LegacySource, ...]:
    """Return the sources in order, with what they are the sum of."""
    spans = on.spans if isinstance(on, Table) else {}
    mosaics = {name: _mosaic_of(name, items, on) for name, items in on.items()}
    found = []
    for name, items in on.items():
        members, inherited = mosaics[name]
        if any(mosaics[member][0] for member in members):
            members, inherited = (), 0
        span = spans.get(name, Span(0, 0))
        listed = tuple(Listed(int(one), one.line if isinstance(one, Number) else span.first) for one in items)
        found.append(LegacySource(name, span, listed, members, inherited))
    return tuple(found)


def _mosaic_of(name: str, items: Any, on: Mapping[str, Any]) -> tuple[tuple[str, ...], int]:
    """Return the sources that a list was added up from, and how many numbers come from them; () if it was not.

    Only what project.yaml can say counts: whole lists of other sources, unchanged since, before the own numbers.
    """
    twin = next((other for other, value in on.items() if value is items), name)
    if twin != name:
        return ((twin,), len(items)) if items else ((), 0)
    if not isinstance(items, Items) or items.parts is None:
        return (), 0
    members: list[str] = []
    inherited, own = 0, False
    for part in items.parts:
        member = next((other for other, value in on.items() if value is part.origin and other != name), None)
        if member is None or tuple(on[member]) != part.values:
            own = own or bool(part.values)
        elif own:
            return (), 0
        else:
            members.append(member)
            inherited += len(part.values)
    return tuple(members), inherited
