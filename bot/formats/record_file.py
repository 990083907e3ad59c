"""A record <-> one JSON file. A torn or foreign file is told, never guessed."""

from __future__ import annotations

from pydantic import ValidationError

from bot.errors import ProjectError
from bot.model.record import Record

SUFFIX = ".json"


def record_name(record: Record) -> str:
    """Return the file name of a record: unit, level, digest, attempt."""
    return f"{record.name}.L{record.level}.{record.digest}.{record.attempt}{SUFFIX}"


def record_text(record: Record) -> str:
    """Return the record as JSON that a person can read, with a newline at its end."""
    return record.model_dump_json(indent=1, exclude_defaults=True) + "\n"


def parse_record(text: str, name: str) -> Record:
    """Read one record; raise ProjectError when it is no whole record."""
    try:
        return Record.model_validate_json(text, strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ProjectError(f"{name}: torn or foreign record: {first['msg']}") from error
