"""Commands in comments on the issue of a webrun, written as those on pull requests (bot.formats.comment_command)."""

from __future__ import annotations

import re
from typing import Any

from bot.formats.comment_command import Language, Wrong, read_nothing, read_parameters
from bot.model.scalars import one_line

EXAMPLES = {
    "run": "/run extent=200",
    "accept": "/accept",
    "cancel": "/cancel",
    "compare": "/compare 3",
    "promote": "/promote",
    "extend": "/extend",
    "delete": "/delete",
    "status": "/status",
    "help": "/help",
}
"""Every command, written as it may stand in a comment."""
DIGEST = re.compile(r"[0-9a-f]{8,16}", re.ASCII)
_SESSION = re.compile(r"(?:Session-)?([1-9][0-9]{0,5})", re.ASCII)


def _run(rest: str) -> dict[str, Any]:
    return {"flags": read_parameters(rest.split())} if rest else {}


def _accept(rest: str) -> dict[str, Any]:
    if rest and not DIGEST.fullmatch(rest):
        raise Wrong(f"{one_line(rest, 40)!r} is not the short name of a request, which the bot's answer says")
    return {"words": rest}


def _compare(rest: str) -> dict[str, Any]:
    return {"target": _number(rest)}


def _maybe_session(rest: str) -> dict[str, Any]:
    return {"target": _number(rest)} if rest else {}


def _number(rest: str) -> int:
    found = _SESSION.fullmatch(rest)
    if found is None:
        raise Wrong(
            f"{one_line(rest, 40)!r} is not the number of a session" if rest else "it does not say which session"
        )
    return int(found[1])


WEBRUN = Language(
    EXAMPLES,
    {
        "run": _run,
        "accept": _accept,
        "cancel": _maybe_session,
        "compare": _compare,
        "promote": _maybe_session,
        "extend": _maybe_session,
        "delete": _maybe_session,
        "status": read_nothing,
        "help": read_nothing,
    },
)
"""The commands on a webrun's issue; a number behind some of them names a session of the issue, else its newest."""
