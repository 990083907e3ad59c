"""What every pull request of the bot has in common: its branch, its hidden mark, main inside it, and another try.

The mark stands in the body: `key`, a digest of all that the pull request follows from, whose first part is main's files
of the project, and `head`, the commit that the bot left the branch at. Marks in what others wrote count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.doors.github import GitHub
from bot.doors.github.repository import Moved
from bot.formats.marker import read_marker
from bot.model.github import Pull
from bot.model.trail import Proposal

TRIES = 3
"""How often a branch that somebody moves meanwhile is read again."""


@dataclass(frozen=True)
class Branch:
    """The branch of one project's pull request of one kind."""

    github: GitHub
    name: str
    kind: str
    """Of its marker."""

    def known(self) -> Pull | None:
        """Return its open pull request, None if there is none."""
        return next((one for one in self.github.open_pulls(self.name) if one.branch == self.name), None)

    def mark(self, pull: Pull) -> dict[str, str]:
        """Return what the bot wrote into a pull request's mark, nothing where it did not."""
        return dict(read_marker(pull.body, self.kind) or {}) if self.github.own(pull.author) else {}

    def head(self, known: Pull | None, base: str, main: str) -> tuple[str, str | None]:
        """Return the commit to go on from, and the branch's own tip where main cannot be merged into it.

        `base`: digest of main's files of the project; while the mark has it, main need not be merged. `main`: where a
        new branch begins.
        """
        tip = known.head if known else self.github.tip(self.name)
        if not tip:
            return main, None
        if known and self.mark(known).get("key", "").partition(".")[0] == base:
            return tip, None
        merged = self.github.merge_main_into(self.name)
        return (merged or tip), (tip if merged is None else None)

    def renew(self, known: Pull | None, renewing: Callable[[Pull | None], Proposal]) -> Proposal:
        """Renew the pull request; where somebody moves the branch meanwhile, read it again and decide anew."""
        for left in reversed(range(TRIES)):
            try:
                return renewing(known)
            except Moved:
                if not left:
                    raise
                known = self.github.pull(known.number) if known else None
        raise AssertionError("unreachable")
