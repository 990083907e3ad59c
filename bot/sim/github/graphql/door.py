"""POST /graphql: reads a query against our schema, answers it by the API; what it does not know, it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    OverlappingFieldsCanBeMergedRule,
    build_schema,
    execute_sync,
    parse,
    specified_rules,
    validate,
)

from bot.sim.github.graphql.asking import Asking
from bot.sim.github.graphql.fields import FIELDS, SHARED, Found
from bot.sim.github.graphql.mutations import MUTATIONS
from bot.sim.github.refusals import Refusal
from bot.sim.github.wire.api import Api
from bot.sim.github.wire.call import Call, Reply
from bot.sim.github.wire.routing import Route

RULES = tuple(rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule)
"""GitHub lets fields of two types share a name, and `gh issue view` does so."""
SCHEMA = Path(__file__).with_name("schema.graphql")
PATH = "/graphql"
KINDS = {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND"}


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """Return the schema with the functions that find its fields."""
    found = build_schema(SCHEMA.read_text())
    for name, kind in found.type_map.items():
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = _kind_of
        elif isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            own: Mapping[str, Found] = FIELDS.get(name, {})
            for word, field in kind.fields.items():
                field.resolve = _resolver(own.get(word) or SHARED.get(word) or _plain(word))
    for word, change in MUTATIONS.items():
        found.mutation_type.fields[word].resolve = _mutation(change)  # type: ignore[union-attr]
    return found


def _plain(word: str) -> Found:
    """Return how a field is found whose name is the API's but for its capitals."""
    name = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", word).lower()
    return lambda shown, _asking, **_asked: shown[name]


def _resolver(find: Found) -> Any:
    def resolve(shown: Any, info: GraphQLResolveInfo[Any], **asked: Any) -> Any:
        return find(shown, info.context, **asked)

    return resolve


def _mutation(change: Any) -> Any:
    def resolve(_root: Any, info: GraphQLResolveInfo[Any], input: dict[str, Any]) -> Any:  # noqa: A002  (GraphQL's name)
        return {"client_mutation_id": input.get("clientMutationId")} | change(info.context, input)

    return resolve


def _kind_of(shown: Any, _info: GraphQLResolveInfo[Any], _kind: Any) -> str:
    """Tell of which type something is that the API shows."""
    marks = {"merge_commit_sha": "PullRequest", "slug": "Team", "full_name": "Repository", "context": "StatusContext",
             "check_suite": "CheckRun", "number": "Issue"}  # fmt: skip
    return next((kind for mark, kind in marks.items() if mark in shown), str(shown.get("type")))


@lru_cache(maxsize=512)
def _read(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    try:
        document = parse(query)
    except GraphQLError as error:
        return DocumentNode(definitions=()), [error]
    return document, validate(schema(), document, RULES)


def route(api: Api) -> Route:
    """Return the endpoint; its handler asks this API."""

    def answer(call: Call) -> Reply:
        """Answer a query."""
        if call.who.account is None:
            raise Refusal(401, "This endpoint requires you to be authenticated.")
        document, faults = _read(call.need("query", str))
        if faults:
            return Reply({"errors": [fault.formatted for fault in faults]})
        asking = Asking(call.state, call.who, call.places, api)
        variables, name = call.get("variables", dict), call.get("operationName", str) or None
        result = execute_sync(schema(), document, None, asking, variables, name)
        errors = [_told(error) for error in result.errors or ()]
        return Reply({"data": result.data} | ({"errors": errors} if errors else {}))

    return Route("POST", PATH, answer, None)


def _told(error: GraphQLError) -> dict[str, Any]:
    """Return an error as GitHub tells it; a fault of ours stays one."""
    cause = error.original_error
    if isinstance(cause, Refusal):
        return {"type": KINDS.get(cause.status, "UNPROCESSABLE")} | dict(error.formatted) | {"message": _words(cause)}
    if cause is not None and not isinstance(cause, GraphQLError):
        raise cause
    return dict(error.formatted)


def _words(refusal: Refusal) -> str:
    """Return what a refusal says, with the words of its fields."""
    more = [one.get("message", "") if isinstance(one, dict) else str(one) for one in refusal.body.get("errors", ())]
    return " ".join([str(refusal), *filter(None, more)]) if more else str(refusal)
