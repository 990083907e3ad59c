"""What all models of our files have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Frozen(BaseModel):
    """A value that cannot change and knows no keys but its own.

    What a key means stands below it as a docstring. Only schemas need that (bot.formats.schema), and reading every
    class's source for it would cost each start of lmtbot a tenth of a second.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_left_out(cls, value: Any) -> Any:
        """Read `key:` with nothing behind it as if the line were not there."""
        if value is None:
            return {}
        if isinstance(value, dict) and None in value.values():
            return {key: inner for key, inner in value.items() if inner is not None}
        return value
