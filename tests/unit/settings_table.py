"""The tables of docs/settings.md, from the Settings model: one a part, every key with its form, default and meaning."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.formats.schema import docstrings_of
from bot.settings import Settings

WORDS: dict[Any, str] = {int: "whole number", float: "number", bool: "true or false", str: "text", date: "YYYY-MM-DD"}
LIMITS = {"ge": "at least {}", "le": "at most {}", "gt": "more than {}"}


def settings_table() -> str:
    """Return the tables: the keys on top, then those of each part, named as they are reached."""
    places: dict[type[BaseModel], list[str]] = {}
    for where, model in _parts("", Settings):
        places.setdefault(model, []).append(where)
    told = []
    for model, where_all in places.items():
        told += [f"### {', '.join(where_all) or 'On top'}", "", model.__doc__ or "", ""]
        told += ["| key | form | default | what it says |", "|---|---|---|---|"]
        said = docstrings_of(model)
        for name, field in model.model_fields.items():
            cells = (f"`{name}`", _form(field), _default(field), said.get(name, ""))
            told.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
        told.append("")
    return "\n".join(told)


def _parts(where: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    yield where, model
    for name, field in model.model_fields.items():
        below = _model(field.annotation)
        if below:
            is_named = get_origin(field.annotation) is dict
            path = f"{where}.{name}".lstrip(".") + (".NAME" if is_named else "")
            yield from _parts(path, below)


def _model(kind: Any) -> type[BaseModel] | None:
    """Return the model that a field holds: itself, or none, or by name."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((found for one in get_args(kind) if (found := _model(one))), None)


def _form(field: FieldInfo) -> str:
    words = _words(field.annotation)
    limits = [text.format(value) for name, text in LIMITS.items() if (value := _limit(field, name)) is not None]
    return ", ".join((words, *limits))


def _limit(field: FieldInfo, name: str) -> Any:
    return next((value for one in field.metadata if (value := getattr(one, name, None)) is not None), None)


def _words(kind: Any) -> str:
    origin, inner = get_origin(kind), [one for one in get_args(kind) if one not in (type(None), Ellipsis)]
    if origin in (Union, types.UnionType):
        return " or ".join(map(_words, inner))
    if origin is Literal:
        return " or ".join(inner)
    if origin is tuple:
        return f"list of {_words(inner[0])}s"
    if origin is dict:
        return "a part by name" if _model(kind) else f"{_words(inner[0])}: {_words(inner[1])}"
    if origin is not None:  # Annotated
        return _words(inner[0])
    return WORDS.get(kind, "a part, below")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "to be given"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return ""
    if isinstance(value, dict) and _model(field.annotation):
        return ", ".join(f"`{name}`: {_shown(one)}" for name, one in value.items())
    return f"`{json.dumps(value)}`" if value not in (None, (), {}, "") else ""


def _shown(model: BaseModel) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in model.model_dump().items())
