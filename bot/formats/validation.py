"""Tree of a YAML file -> frozen model; every fault of the file at once, each with its line and its cure."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from bot.errors import Finding, ProjectError, Severity
from bot.formats.yaml_text import Document, read_document
from bot.model.project import MODE_PATTERN
from bot.model.scalars import PID_PATTERN, shown

Model = TypeVar("Model", bound=BaseModel)

FORMS = {
    MODE_PATTERN: "write instrument/obspgm, e.g. SEQ/Map",
    PID_PATTERN: "a ProjectId is made of letters, digits, '.', '_' and '-', e.g. 2024-S1-MX-2",
}
"""What to write where a pattern does not fit."""
SALVAGE_ROUNDS = 10
"""Taking one fault out can bring another to light; files are small, and so is their depth."""


def read_model(path: Path, model: type[Model], *, shown: str = "") -> tuple[Model, Document]:
    """Read a YAML file into its model; raise ProjectError with everything that is wrong in it."""
    document = read_document(path, shown=shown)
    return validate(document, model), document


def validate(document: Document, model: type[Model]) -> Model:
    """Check the tree against the model; raise ProjectError with one finding a fault, in line order."""
    tree = {} if document.tree is None else document.tree
    if not isinstance(tree, dict):
        found = f"the file holds a {'list' if isinstance(tree, list) else 'single value'}"
        cure = f"it is a mapping with the keys {', '.join(model.model_fields)}"
        raise ProjectError(findings=[Finding("SCHEMA", Severity.ERROR, document.path, 1, found, cure=cure)])
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        faults = [one for fault in error.errors(include_url=False) for one in _each(fault)]
        findings = [_finding(fault, document, model) for fault in faults]
        raise ProjectError(findings=sorted(findings, key=lambda one: one.line)) from error


def salvage(document: Document, model: type[Model], **given: Any) -> Model | None:
    """Return what is left of a wrong file when its wrong places are taken out, so that the rest can be judged too.

    `given` stands in for keys that are missing. None when nothing sensible is left.
    """
    tree = copy.deepcopy(document.tree)
    for _ in range(SALVAGE_ROUNDS):
        if not isinstance(tree, dict):
            return None
        try:
            return model.model_validate({**given, **tree})
        except ValidationError as error:
            faults = [one for fault in error.errors(include_url=False) for one in _each(fault)]
            tree = _without(tree, {tuple(part for part in fault["loc"] if part != "[key]") for fault in faults})
    return None


def _without(tree: Any, places: set[tuple[Any, ...]]) -> Any:
    """Return the tree without the nodes at these places; a place that is not there takes the innermost around it."""
    here = {place[0] for place in places if len(place) <= 1 or not isinstance(_step(tree, place[0]), dict | list)}
    if isinstance(tree, dict):
        return {
            key: _without(inner, _below(places, key)) for key, inner in tree.items() if str(key) not in map(str, here)
        }
    if isinstance(tree, list):
        return [_without(inner, _below(places, index)) for index, inner in enumerate(tree) if index not in here]
    return tree


def _step(tree: Any, key: Any) -> Any:
    """Return the node one step below, None if there is none."""
    if isinstance(tree, dict):
        return next((inner for name, inner in tree.items() if str(name) == str(key)), None)
    return tree[key] if isinstance(tree, list) and isinstance(key, int) and key < len(tree) else None


def _below(places: set[tuple[Any, ...]], key: Any) -> set[tuple[Any, ...]]:
    return {place[1:] for place in places if len(place) > 1 and str(place[0]) == str(key)}


def _each(fault: Any) -> list[Any]:
    """Part the faults of one set of parameters, which pydantic holds for one value."""
    if fault["type"] != "parameters":
        return [fault]
    told = fault["ctx"]["faults"]
    return [
        {"type": "value_error", "loc": (*fault["loc"], *([key] if key else [])), "ctx": {"error": ValueError(*words)}}
        for key, words in told
    ]


def _finding(fault: Any, document: Document, model: type[BaseModel]) -> Finding:
    loc = [part for part in fault["loc"] if part != "[key]"]
    what, cure = _told(fault, loc, model)
    path = ".".join(str(part) for part in loc)
    return Finding("SCHEMA", Severity.ERROR, document.path, document.line(loc), f"{path}: {what}", cure=cure)


def _told(fault: Any, loc: Sequence[Hashable], model: type[BaseModel]) -> tuple[str, str]:
    """Return what was found and the cure, in the words of a person."""
    kind, value = fault["type"], fault.get("input")
    if kind == "extra_forbidden":
        known = _keys_beside(model, loc)
        near = get_close_matches(str(loc[-1]), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
        return "this key is not known", hint
    if kind == "missing":
        return "this key is missing", f"add `{loc[-1]}: ...`"
    if kind == "value_error":
        what, cure = (*fault["ctx"]["error"].args, "", "")[:2]
        return str(what), str(cure)
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"{shown(value)} stands where a mapping is wanted", "write `key: value` lines under it"
    if kind in ("list_type", "tuple_type"):
        return f"{shown(value)} stands where a list is wanted", "write `- item` lines under it"
    if kind == "string_pattern_mismatch":
        return f"{shown(value)} does not have the right form", FORMS.get(fault["ctx"]["pattern"], "")
    return f"{shown(value)}: {fault['msg']}", ""


def _keys_beside(model: type[BaseModel], loc: Sequence[Hashable]) -> list[str]:
    """Return the keys that the model allows at the place of the last key of `loc`."""
    current: Any = model
    for part in loc[:-1]:
        if _is_model(current):
            known = current.model_fields.get(str(part))
            current = known.annotation if known else None
        else:
            current = _inside(current)
    current = _model_in(current)
    return list(current.model_fields) if current else []


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _inside(kind: Any) -> Any:
    """Return the type of what a dict, list or tuple holds."""
    inner = getattr(kind, "__args__", ())
    return next((one for one in reversed(inner) if one is not Ellipsis), None)


def _model_in(kind: Any) -> type[BaseModel] | None:
    if kind is None or _is_model(kind):
        return kind  # type: ignore[no-any-return]
    return next((one for one in getattr(kind, "__args__", ()) if _is_model(one)), None)
