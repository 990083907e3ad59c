"""The JSON Schemas of project files and settings, made from the models: editors complete and check what people type.

The files themselves are read by bot.formats.validation; a schema only says the same in the editors' language.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import DefsRef, GenerateJsonSchema, JsonRef, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import ModelSchema

from bot.errors import ProjectError
from bot.formats.project_file import MODELS
from bot.model.deposit import Manifest, Metadata
from bot.model.project import MODE_PATTERN
from bot.model.scalars import Grade, Pid
from bot.model.webrun import WebrunRequest
from bot.settings import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODELS: dict[str, type[BaseModel]] = {
    **{name.removesuffix(".yaml"): model for name, model in MODELS.items()},
    "settings": Settings,
    "deposit": Metadata,
    "manifest": Manifest,
    "webrun": WebrunRequest,
}
NAMES = tuple(_MODELS)
"""project, qa, level2, archive, settings; deposit, manifest, webrun."""

PARAMETERS = "#/$defs/Parameters"

Json = dict[str, Any]

_VALUE: Json = {"type": ["string", "number", "null"]}
_PLACE: Json = {"type": "object", "$comment": "parameters"}
"""Stands where the definition of parameters is meant, until it is put in."""
_SHORT = {"Listing": {"type": "integer", "minimum": 1}, "MosaicPart": {"type": ["string", "number"]}}
"""What may be written as one bare word instead of a mapping."""


def _limits_of(scalar: Any) -> tuple[str, Json]:
    """Return the description of a scalar type and the limits that pydantic does not tell behind our own readers."""
    field = next(one for one in get_args(scalar) if isinstance(one, FieldInfo))
    names = {"pattern": "pattern", "ge": "minimum", "le": "maximum"}
    limits = {
        told: getattr(one, name)
        for one in field.metadata
        for name, told in names.items()
        if getattr(one, name, None) is not None
    }
    return str(field.description), limits


_LIMITS: dict[str, Json] = dict(map(_limits_of, (Pid, Grade)))


class _Generator(GenerateJsonSchema):
    """Knows the definition that the model refers to for parameters, and what the keys mean."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """Generate with the definition in place, which pydantic cannot make for a class of our own."""
        self.definitions[DefsRef("Parameters")] = _PLACE
        self.json_to_defs_refs[JsonRef(PARAMETERS)] = DefsRef("Parameters")
        return super().generate(schema, mode)

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Describe each key by the docstring below its field, where its type does not say what it is."""
        made = super().model_schema(schema)
        for name, words in docstrings_of(schema["cls"]).items():
            made.get("properties", {}).get(name, {}).setdefault("description", words)
        return made


def docstrings_of(model: type) -> dict[str, str]:
    """Return what stands below each field of a model of ours."""
    told: dict[str, str] = {}
    for one in reversed([cls for cls in model.__mro__ if cls.__module__.startswith("bot.")]):
        body = ast.parse(inspect.getsource(one)).body[0].body  # type: ignore[attr-defined]
        for field, below in pairwise(body):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as words)):
                    told[name] = inspect.cleandoc(words)
    return told


def schema_of(name: str, parameters: Mapping[str, str] | None = None) -> Json:
    """Return the schema of a file by its name; `parameters`: keyword -> what it means, for completion."""
    if name not in _MODELS:
        raise ProjectError(f"{name!r} is no file of ours; there are {', '.join(NAMES)}")
    model = _MODELS[name]
    made = model.model_json_schema(schema_generator=_Generator)
    made.setdefault("$defs", {}).pop("Parameters", None)
    schema = {"$schema": DIALECT, "title": name, **{key: made[key] for key in made if key != "title"}}
    told: Json = _as_written(schema)
    if PARAMETERS in json.dumps(told):
        told["$defs"]["Parameters"] = _parameters(parameters or {})
    return told


def schema_text(name: str, parameters: Mapping[str, str] | None = None) -> str:
    """Return the schema as the text of a file."""
    return json.dumps(schema_of(name, parameters), indent=2, ensure_ascii=False) + "\n"


def _parameters(known: Mapping[str, str]) -> Json:
    """Return the definition of parameters: a mapping with the known keys, or one text."""
    mapping: Json = {
        "type": "object",
        "properties": {key: {**_VALUE, "description": told} for key, told in sorted(known.items())},
        "additionalProperties": _VALUE,
    }
    text = {"type": "string", "description": "the words of a run line: key=value key=value"}
    return {"description": "parameters of the pipeline", "anyOf": [mapping, text]}


def _as_written(part: Any) -> Any:
    """Allow what a file may write: `key:` with nothing behind it, and bare words for short mappings."""
    if isinstance(part, list):
        return [_as_written(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    if part == _PLACE or part.get("$ref") == PARAMETERS:
        return {"$ref": PARAMETERS}
    told = {key: _as_written(inner) for key, inner in part.items() if key not in ("title", "default")}
    if "$schema" in part:
        told = {"$schema": part["$schema"], "title": part["title"], **told}
    told.update(_LIMITS.get(str(part.get("description")), {}))
    if isinstance(part.get("properties"), dict):
        told["properties"] = _properties(part["properties"], part.get("required", ()))
    if isinstance(part.get("patternProperties"), dict):
        told["patternProperties"] = {key: _or_nothing(one) for key, one in told["patternProperties"].items()}
        told["additionalProperties"] = False
    elif isinstance(part.get("additionalProperties"), dict):
        told["additionalProperties"] = _or_nothing(told["additionalProperties"])
    short = _SHORT.get(str(part.get("$ref", "")).rpartition("/")[2])
    return {"anyOf": [short, told]} if short else told


def _properties(properties: Json, required: Sequence[str]) -> Json:
    """Return the keys of a mapping; the mode has a form that its scalar type does not tell."""
    told = {key: _as_written(inner) for key, inner in properties.items()}
    if "mode" in told:
        told["mode"] = {"type": "string", "pattern": MODE_PATTERN, "description": properties["mode"]["description"]}
    return {key: one if key in required else _or_nothing(one) for key, one in told.items()}


def _or_nothing(schema: Json) -> Json:
    """Allow nothing behind the key, without hiding the description from the editor."""
    if (
        schema == _VALUE
        or schema.get("type") == "null"
        or any(one == {"type": "null"} for one in schema.get("anyOf", ()))
    ):
        return schema
    description = {"description": schema["description"]} if "description" in schema else {}
    inner = {key: value for key, value in schema.items() if key != "description"}
    if "anyOf" in inner and len(inner) == 1:
        return {**description, "anyOf": [*inner["anyOf"], {"type": "null"}]}
    return {**description, "anyOf": [inner, {"type": "null"}]}
