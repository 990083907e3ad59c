"""A webrun: what a PI asks for, and the session that it becomes. Values only; bot.rules.webrun decides."""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import Field

from bot.model.frozen import Frozen
from bot.model.project import Parameters, Tier
from bot.model.scalars import Day, Obsnum, Pid, Text, WholeNumber, Word

OFFICIAL = "official"
"""The base that is no session: what main's project files say."""
SESSION_NAME = re.compile(r"Session-([1-9][0-9]{0,5})", re.ASCII)


class WebrunRequest(Frozen):
    """A request: which observations of a project are to be reduced anew, and with which parameters."""

    project: Pid
    """ProjectId."""
    sources: tuple[Word, ...] = ()
    """Sources; all their obsnums are reduced anew, and combined."""
    obsnums: tuple[Obsnum, ...] = ()
    """Single obsnums, instead of whole sources or beside them."""
    parameters: Parameters = Parameters()
    """What differs from the base, e.g. `{extent: 200, pix_list: "-0,5"}`."""
    tiers: tuple[Tier, ...] = ()
    """Tiers that get the parameters: a, b, c; left out: every tier in which they act."""
    base: Word = Field(default=OFFICIAL, pattern=rf"^({OFFICIAL}|{SESSION_NAME.pattern})$")
    """`official`, or an earlier session whose parameters come first, e.g. Session-3."""
    words: Text | None = None
    """Words, for people."""


class Step(Frozen):
    """Parameters as one request says them; with an earlier session as base there are several steps."""

    parameters: Parameters = Parameters()
    """The parameters."""
    tiers: tuple[Tier, ...] = ()
    """The tiers that get them; (): every tier in which they act."""


class SessionState(StrEnum):
    """Where a session stands. Whether it runs at this moment is not written down: its lock says so."""

    ACCEPTED = "accepted"
    DONE = "done"
    FAILED = "failed"
    """Something of it did not become good."""
    CANCELLED = "cancelled"
    DELETED = "deleted"
    EXPIRED = "expired"

    @property
    def is_gone(self) -> bool:
        """Say whether its products were taken away; what was asked for stays on record."""
        return self in (SessionState.DELETED, SessionState.EXPIRED)


class Kept(Frozen):
    """What a session holds on the disk."""

    files: WholeNumber
    bytes: WholeNumber


class Session(Frozen):
    """A session: one accepted request, with a WORK_LMT of its own."""

    pid: Pid
    number: WholeNumber
    request: WebrunRequest
    digest: str
    """Of the request as it was accepted."""
    steps: tuple[Step, ...] = ()
    """The parameters, those of the base first."""
    who: str
    """Who asked."""
    accepted_by: str = ""
    """Who accepted it; "" when it was within the quota."""
    issue: int = 0
    """Number of the issue; 0: asked for without GitHub."""
    commit: str = ""
    """Commit of the project files that it was made from."""
    created: str
    expires: Day
    state: SessionState = SessionState.ACCEPTED
    told: str = ""
    """What became of it, in words."""
    warned: bool = False
    """It was said that it will expire."""
    taken: Kept | None = None
    """What was deleted with it, once it was measured for that."""
    is_buried: bool = False
    """It was said that it has expired."""
    uncovered: tuple[int, ...] = ()
    """Later obsnums of its sources of which it was said that it does not cover them."""

    @property
    def name(self) -> str:
        """Return the name of its folder."""
        return f"Session-{self.number}"

    @property
    def is_off(self) -> bool:
        """Say whether nothing of it is to be run any more."""
        return self.state.is_gone or self.state is SessionState.CANCELLED

    @property
    def is_open(self) -> bool:
        """Say whether it counts against the quota."""
        return not self.is_off
