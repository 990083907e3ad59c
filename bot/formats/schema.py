"""The JSON Schemas of the project files, made from the models: editors complete and check while people type.

The files themselves are read by bot.formats.validation; a schema only says the same in the editors' language.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import DefsRef, GenerateJsonSchema, JsonRef, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema

from bot.errors import ProjectError
from bot.formats.project_file import MODELS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAMES = tuple(name.removesuffix(".yaml") for name in MODELS)
"""project, qa, level2, archive."""

Json = dict[str, Any]

_VALUE: Json = {"type": ["string", "number", "null"]}
_SHORT = {"Listing": {"type": "integer", "minimum": 1}, "MosaicPart": {"type": ["string", "number"]}}
"""What may be written as one bare word instead of a mapping."""


class _Generator(GenerateJsonSchema):
    """Knows the definition that the model refers to for parameters."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """Generate with the definition in place, which pydantic cannot make for a class of our own."""
        self.definitions[DefsRef("Parameters")] = {}
        self.json_to_defs_refs[JsonRef("#/$defs/Parameters")] = DefsRef("Parameters")
        return super().generate(schema, mode)


def schema_of(name: str, parameters: Mapping[str, str] | None = None) -> Json:
    """Return the schema of project, qa, level2 or archive; `parameters`: keyword -> what it means, for completion."""
    if f"{name}.yaml" not in MODELS:
        raise ProjectError(f"{name!r} is no project file; there are {', '.join(NAMES)}")
    model = MODELS[f"{name}.yaml"]
    made = model.model_json_schema(schema_generator=_Generator)
    if "Parameters" in made.get("$defs", {}):
        made["$defs"]["Parameters"] = _parameters(parameters or {})
    schema = {"$schema": DIALECT, "title": f"{name}.yaml", **{key: made[key] for key in made if key != "title"}}
    told: Json = _as_written(schema)
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
    told = {key: _as_written(inner) for key, inner in part.items() if key not in ("title", "default")}
    if "title" in part and "$schema" in part:
        told = {"$schema": part["$schema"], "title": part["title"], **told}
    if isinstance(part.get("properties"), dict):
        required = part.get("required", ())
        told["properties"] = {
            key: _as_written(inner) if key in required else _or_nothing(_as_written(inner))
            for key, inner in part["properties"].items()
        }
    if isinstance(part.get("additionalProperties"), dict) and part["additionalProperties"] != _VALUE:
        told["additionalProperties"] = _or_nothing(told["additionalProperties"])
    short = _SHORT.get(str(part.get("$ref", "")).rpartition("/")[2])
    return {"anyOf": [short, told]} if short else told


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
