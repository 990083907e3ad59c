"""GitHub's expression language, `${{ ... }}`, for what is decided before a job has a host. Values only.

Literals, operators, contexts, filters and functions as GitHub documents them. `hashFiles` and the contexts of steps
need a host: asked for here they are a fault, never a guess. Inside a job `act` evaluates.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Context = Mapping[str, Any]
TOKEN = re.compile(
    r"\s*(?:(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?))|(?P<text>'(?:[^']|'')*')"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<sign>&&|\|\||==|!=|<=|>=|[!<>().,\[\]*]))"
)
INSIDE = re.compile(r"\$\{\{((?:[^'}]|'(?:[^']|'')*'|\}(?!\}))*)\}\}")
WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "nan": math.nan, "infinity": math.inf}
STATUS: dict[str, Callable[[tuple[str, ...]], bool]] = {
    "success": lambda needs: all(result == "success" for result in needs),
    "failure": lambda needs: "failure" in needs,
    "always": lambda needs: True,  # noqa: ARG005
    "cancelled": lambda needs: "cancelled" in needs,
}
"""The functions of a job's `if`; `needs`: the results of all jobs that it needs, directly or not."""


class ExpressionFault(Exception):
    """The expression cannot be evaluated; says which, and why."""


@dataclass(frozen=True)
class Scope:
    """What an expression may name: contexts, and the results of the jobs that came before."""

    contexts: Context
    results: tuple[str, ...] = ()
    is_cancelled: bool = False


Evaluator = Callable[[Scope], Any]


def evaluate(text: str, scope: Scope) -> Any:
    """Return the value of an expression written without `${{ }}`."""
    try:
        return parsed(text)(scope)
    except ExpressionFault as fault:
        raise ExpressionFault(f"${{{{ {text.strip()} }}}}: {fault}") from fault


def fill(value: Any, scope: Scope) -> Any:
    """Fill in every expression of a value of YAML, at any depth; a text that is one expression becomes its value."""
    if isinstance(value, dict):
        return {key: fill(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, scope) for item in value]
    if not isinstance(value, str) or "${{" not in value:
        return value
    if whole := INSIDE.fullmatch(value.strip()):
        return evaluate(whole.group(1), scope)
    return INSIDE.sub(lambda found: as_text(evaluate(found.group(1), scope)), value)


def with_values(value: Any, name: str, known: Any, *, is_expression: bool = False) -> Any:
    """Return a value of YAML in whose expressions a context is replaced by what it holds, for who does not know it."""
    if isinstance(value, dict):
        return {key: with_values(item, name, known, is_expression=key == "if") for key, item in value.items()}
    if isinstance(value, list):
        return [with_values(item, name, known) for item in value]
    if not isinstance(value, str):
        return value
    literal = "fromJSON('" + json.dumps(known).replace("'", "''") + "')"
    if is_expression and "${{" not in value:
        return _replaced(value, name, literal)
    return INSIDE.sub(lambda found: "${{" + _replaced(found.group(1), name, literal) + "}}", value)


def _replaced(text: str, name: str, literal: str) -> str:
    """Return an expression with a context's name replaced; members and texts of that name stay."""
    parts, at, before = [], 0, ""
    while found := TOKEN.match(text, at):
        token = found.group(str(found.lastgroup))
        is_it = found.lastgroup == "name" and before != "." and token.lower() == name
        parts.append(found.group(0).replace(token, literal) if is_it else found.group(0))
        at, before = found.end(), token
    return "".join(parts) + text[at:]


def is_met(condition: Any, scope: Scope) -> bool:
    """Tell whether a job's `if` holds; without a status function it also asks for success."""
    text = as_text(condition if condition is not None else "").strip()
    whole = INSIDE.fullmatch(text)
    text = whole.group(1) if whole else text
    if "${{" in text:
        return is_true(fill(text, scope))
    asks_status = re.search(r"\b(success|failure|always|cancelled)\s*\(", text)
    has_way = bool(asks_status) or (STATUS["success"](scope.results) and not scope.is_cancelled)
    return has_way and (not text or is_true(evaluate(text, scope)))


def is_true(value: Any) -> bool:
    """Tell what a value is as a condition: false, 0, "" and null are not."""
    return bool(value) and not (isinstance(value, float) and math.isnan(value)) if is_plain(value) else True


def is_plain(value: Any) -> bool:
    """Tell a literal from an array or object."""
    return not isinstance(value, dict | list)


def as_text(value: Any) -> str:
    """Return a value as it is written into a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if is_plain(value) else "Object" if isinstance(value, dict) else "Array"


def as_number(value: Any) -> float:
    """Return a value as a number, as comparisons of different kinds need it."""
    if value is None:
        return 0.0
    if isinstance(value, str):
        try:
            return float(int(value, 16)) if value.strip().lower().startswith("0x") else float(value.strip() or 0)
        except ValueError:
            return math.nan
    return float(value) if is_plain(value) else math.nan


def are_equal(one: Any, other: Any) -> bool:
    """Compare as GitHub does: texts without case, different kinds as numbers, objects by being the same."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    if not (is_plain(one) and is_plain(other)):
        return one is other
    return (one is None and other is None) or as_number(one) == as_number(other)


@lru_cache(maxsize=1024)
def parsed(text: str) -> Evaluator:
    """Return an expression as a function of its scope; raise ExpressionFault when it is no expression."""
    tokens, at = [], 0
    while at < len(text.rstrip()):
        found = TOKEN.match(text, at)
        if found is None:
            raise ExpressionFault(f"{text[at:].strip()[:30]!r} is not understood")
        tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
        at = found.end()
    parser = Parser(tokens)
    result = parser.either()
    if parser.next_sign is not None:
        raise ExpressionFault(f"{parser.next_sign!r} is too much")
    return result


class Parser:
    """Recursive descent over tokens; each method takes one level of the operators' order."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at = tokens, 0

    @property
    def next_sign(self) -> str | None:
        """Return the next token's text; None at the end."""
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def _take(self, *signs: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "sign" and self.next_sign in signs:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise ExpressionFault(f"{sign!r} is missing before {self.next_sign or 'the end'!r}")

    def either(self) -> Evaluator:
        """`a || b`: the first that is true, else the last."""
        left = self._both()
        while self._take("||"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Evaluator:
        left = self._compared()
        while self._take("&&"):
            left = _and(left, self._compared())
        return left

    def _compared(self) -> Evaluator:
        left = self._inverted()
        while sign := self._take("==", "!=", "<", "<=", ">", ">="):
            left = _comparison(sign, left, self._inverted())
        return left

    def _inverted(self) -> Evaluator:
        if self._take("!"):
            inner = self._inverted()
            return lambda scope: not is_true(inner(scope))
        return self._reached()

    def _reached(self) -> Evaluator:
        value = self._simple()
        while sign := self._take(".", "["):
            if self._take("*"):
                value = _star(value)
            elif sign == ".":
                value = _member(value, self._name())
            else:
                value = _member(value, self.either())
            if sign == "[":
                self._need("]")
        return value

    def _name(self) -> Evaluator:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
            raise ExpressionFault(f"a name is missing before {self.next_sign or 'the end'!r}")
        self._at += 1
        name = self._tokens[self._at - 1][1]
        return lambda _scope: name

    def _simple(self) -> Evaluator:
        if self._take("("):
            inner = self.either()
            self._need(")")
            return inner
        if self._at >= len(self._tokens):
            raise ExpressionFault("it ends too early")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            number = as_number(text)
            return lambda _scope: number
        if kind == "text":
            return lambda _scope: text[1:-1].replace("''", "'")
        if kind == "name" and self._take("("):
            return _call(text, self._arguments())
        if kind == "name":
            return _word(text)
        raise ExpressionFault(f"{text!r} stands where a value should")

    def _arguments(self) -> list[Evaluator]:
        if self._take(")"):
            return []
        found = [self.either()]
        while self._take(","):
            found.append(self.either())
        self._need(")")
        return found


class Starred(list[Any]):
    """What `*` found: a member of it is the member of each."""


def _or(left: Evaluator, right: Evaluator) -> Evaluator:
    return lambda scope: value if is_true(value := left(scope)) else right(scope)


def _and(left: Evaluator, right: Evaluator) -> Evaluator:
    return lambda scope: right(scope) if is_true(value := left(scope)) else value


def _comparison(sign: str, left: Evaluator, right: Evaluator) -> Evaluator:
    def compare(scope: Scope) -> bool:
        one, other = left(scope), right(scope)
        if sign in ("==", "!="):
            return are_equal(one, other) is (sign == "==")
        pair = (one.lower(), other.lower()) if isinstance(one, str) and isinstance(other, str) else None
        a, b = pair or (as_number(one), as_number(other))
        return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign])  # type: ignore[operator]

    return compare


def _star(value: Evaluator) -> Evaluator:
    def spread(scope: Scope) -> Starred:
        found = value(scope)
        return Starred(found.values() if isinstance(found, dict) else found if isinstance(found, list) else [])

    return spread


def _member(value: Evaluator, key: Evaluator) -> Evaluator:
    def reach(scope: Scope) -> Any:
        found, name = value(scope), key(scope)
        if isinstance(found, Starred):
            return Starred(item for each in found if (item := member(each, name)) is not None)
        return member(found, name)

    return reach


def member(value: Any, name: Any) -> Any:
    """Return a member of an object (names without case) or of an array; null when there is none."""
    if isinstance(value, Mapping):
        wanted = as_text(name).lower()
        return next((item for key, item in value.items() if str(key).lower() == wanted), None)
    if isinstance(value, list) and not isinstance(name, str):
        number = as_number(name)
        return value[int(number)] if number.is_integer() and 0 <= number < len(value) else None
    return None


def _word(name: str) -> Evaluator:
    if name.lower() in WORDS:
        return lambda _scope: WORDS[name.lower()]

    def look_up(scope: Scope) -> Any:
        if name.lower() not in scope.contexts:
            raise ExpressionFault(f"there is no {name!r} here; known: {', '.join(sorted(scope.contexts))}")
        return scope.contexts[name.lower()]

    return look_up


def _call(name: str, arguments: list[Evaluator]) -> Evaluator:
    word = name.lower()
    if word in STATUS:
        return lambda scope: (
            scope.is_cancelled or STATUS[word](scope.results)
            if word == "cancelled"
            else STATUS[word](scope.results) and (word == "always" or not scope.is_cancelled)
        )
    if word not in FUNCTIONS:
        raise ExpressionFault(f"{name}() is not simulated here; known: {', '.join((*FUNCTIONS, *STATUS))}")

    def call(scope: Scope) -> Any:
        try:
            return FUNCTIONS[word](*(argument(scope) for argument in arguments))
        except (TypeError, ValueError, IndexError) as error:
            raise ExpressionFault(f"{name}(): {error}") from error

    return call


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, list):
        return any(are_equal(item, what) for item in where)
    return as_text(what).lower() in as_text(where).lower()


def _format(template: str, *values: Any) -> str:
    def put(found: re.Match[str]) -> str:
        return found.group(0)[0] if found.group(1) is None else as_text(values[int(found.group(1))])

    return re.sub(r"\{\{|\}\}|\{(\d+)\}", put, template)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _contains,
    "startswith": lambda text, word: as_text(text).lower().startswith(as_text(word).lower()),
    "endswith": lambda text, word: as_text(text).lower().endswith(as_text(word).lower()),
    "format": _format,
    "join": lambda values, by=",": as_text(by).join(as_text(v) for v in values) if not is_plain(values) else values,
    "tojson": lambda value: json.dumps(value, indent=2),
    "fromjson": lambda text: json.loads(as_text(text)),
}
