"""The hidden marker by which the bot knows its own pull requests and comments: `<!-- lmtbot:KIND key=value ... -->`.

Anybody can write one; who reads it asks first whether the bot wrote the text. Only where the bot puts it, at the very
beginning, does it count: further down a text of ours shows what others wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MARKER = re.compile(r"<!-- lmtbot:(?P<kind>[a-z0-9-]+)(?P<rest>(?: [a-z]+=[A-Za-z0-9_.:/+-]*)*) -->")


def marker(kind: str, **values: str | int) -> str:
    """Return the marker; values are single words of letters, digits and `_.:/+-`."""
    text = f"<!-- lmtbot:{kind}" + "".join(f" {key}={value}" for key, value in values.items()) + " -->"
    if not _MARKER.fullmatch(text):
        raise ValueError(f"{text}: a marker holds single words only")
    return text


def read_marker(body: str, kind: str) -> Mapping[str, str] | None:
    """Return the values of the marker of this kind with which the text begins, None if it begins with no such one."""
    found = _MARKER.match(body)
    if found is None or found["kind"] != kind:
        return None
    return dict(word.split("=", 1) for word in found["rest"].split())
