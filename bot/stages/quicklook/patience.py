"""What the service says once and not at every pass, and what it leaves alone for a while."""

from __future__ import annotations

import logging
import time

from bot.rules.quicklook import Task

LONGEST_PAUSE_S = 600


class Told:
    """Says a thing once, and again only when it has become another."""

    def __init__(self, log: logging.Logger) -> None:
        self.log = log
        self.last: dict[str, str] = {}

    def warn(self, about: str, text: str) -> None:
        """Warn, unless this was the last word about it."""
        self.tell(about, text, logging.WARNING)

    def tell(self, about: str, text: str, level: int = logging.INFO) -> None:
        """Tell, unless this was the last word about it."""
        if self.last.get(about) != text:
            self.last[about] = text
            self.log.log(level, "%s", text)

    def forget(self, about: str) -> None:
        """Take note that it is over."""
        self.last.pop(about, None)


class Pauses:
    """What is left alone for a while: obsnums that the machine failed, projects that somebody else works on."""

    def __init__(self, least_s: float) -> None:
        self.least_s = least_s
        self.until: dict[str, float] = {}
        self.length_s: dict[str, float] = {}

    def put(self, name: str, *, longer: bool = False) -> float:
        """Leave it alone, twice as long as last time if so wanted; return for how long in s."""
        before = self.length_s.get(name, 0) if longer else 0
        self.length_s[name] = min(max(self.least_s, 2 * before), LONGEST_PAUSE_S)
        self.until[name] = time.monotonic() + self.length_s[name]
        return self.length_s[name]

    def hold_up(self, task: Task) -> bool:
        """Say whether the task has to wait."""
        return any(self.until.get(name, 0) > time.monotonic() for name in (task.name, task.pid))

    def forget(self, task: Task) -> None:
        """Take note that all went well."""
        self.until.pop(task.name, None)
        self.length_s.pop(task.name, None)
