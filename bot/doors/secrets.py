"""Secrets from the environment: in a variable, or in the file that NAME_FILE leads to. Nothing of one is ever told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.errors import SettingsError


def secret(environment: Mapping[str, str], name: str) -> str:
    """Return the secret of this name, "" where there is none; raise SettingsError where its file cannot be read."""
    told, path = environment.get(name, ""), environment.get(f"{name}_FILE", "")
    if told or not path:
        return told
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE: {path} cannot be read ({type(error).__name__})") from error
