"""The commands on the issue of a webrun: what each is for, and who may give it. Pure; closed by default."""

from __future__ import annotations

from bot.formats.webrun_command import WEBRUN
from bot.model.role import Role
from bot.rules.commands import CommandRule

_OURS = frozenset({Role.DA, Role.PO, Role.PI})


def _rule(name: str, told: str, roles: frozenset[Role] = _OURS, *, starts: bool = False) -> CommandRule:
    return CommandRule(name, told, roles, starts=starts, language=WEBRUN)


WEBRUN_COMMANDS: tuple[CommandRule, ...] = (
    _rule(
        "run",
        "ask for the request as the text above says it now, with other parameters where some stand behind the command; "
        "a session that failed is run again",
        starts=True,
    ),
    _rule(
        "accept",
        "accept the request as the bot's last answer understood it; its short name behind the command makes sure",
        frozenset({Role.PO}),
        starts=True,
    ),
    _rule("cancel", "end a session of this issue, the newest unless a number follows; what is made stays"),
    _rule("compare", "show the newest session beside session N of the project"),
    _rule("promote", "open a pull request with the session's parameters for the project's own files; a DA reviews it"),
    _rule("extend", "keep the session as long from today on as a new one is kept"),
    _rule("delete", "delete the session's results; the answer says what went"),
    _rule("status", "tell where the sessions of this issue stand"),
    _rule("help", "list the commands that you may give"),
)
