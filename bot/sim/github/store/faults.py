"""Faults on demand, for tests and practice: which call, which delivery goes wrong, how, and how many times.

Who tests puts them in; the doors (`wire/app`, `events/deliveries`) ask here and play them. Must do no I/O.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

CUTS, WEBHOOKS = ("", "before", "after", "half"), ("lost", "doubled", "late", "shuffled")
MESSAGES = {
    403: "Resource not accessible by integration",
    404: "Not Found",
    409: "Conflict",
    422: "Validation Failed",
    429: "API rate limit exceeded",
    500: "Server Error",
    502: "Server Error",
    503: "Service unavailable",
    504: "We couldn't respond to your request in time. Sorry about that. Please try resubmitting your request.",
}
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID."
)
RATE_PAGE = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"


@dataclass
class CallFault:
    """A fault of calls. `path`: a pattern with `*`; `count`: how many calls it strikes, after letting `skip` pass.

    `cut`: the connection is cut before the deed, after it, or after half of the answer. `delay_s` alone only delays.
    `secondary`: the secondary limit's body, with `status` (403 or 429).
    """

    path: str
    method: str = "*"
    count: int = 1
    skip: int = 0
    status: int = 0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: int | None = None
    delay_s: float = 0.0
    cut: str = ""
    secondary: bool = False

    def __post_init__(self) -> None:
        if self.cut not in CUTS:
            raise ValueError(f"cut {self.cut!r}: one of {', '.join(CUTS[1:])}")
        if self.secondary:
            self.status = self.status or 403

    def answer(self) -> tuple[int, dict[str, str], Any]:
        """Return status, headers and body of a faulty answer, as GitHub documents it."""
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        message = SECONDARY if self.secondary else MESSAGES.get(self.status, "Server Error")
        usual = {
            "message": message,
            "documentation_url": RATE_PAGE if self.secondary else "https://docs.github.com/rest",
        }
        return self.status, headers, usual if self.body is None else self.body


@dataclass
class HookFault:
    """A fault of the next deliveries of webhooks: lost, doubled, late (by `delay_s`), or shuffled among themselves."""

    webhooks: str
    count: int = 1
    delay_s: float = 1.0

    def __post_init__(self) -> None:
        if self.webhooks not in WEBHOOKS:
            raise ValueError(f"webhooks {self.webhooks!r}: one of {', '.join(WEBHOOKS)}")


class Faults:
    """What is to go wrong; may be asked from any thread."""

    def __init__(self) -> None:
        self._calls: list[CallFault] = []
        self._hooks: list[HookFault] = []
        self._lock = threading.Lock()

    def add(self, fault: CallFault | HookFault) -> None:
        """Let something go wrong from now on."""
        with self._lock:
            if isinstance(fault, CallFault):
                self._calls.append(fault)
            else:
                self._hooks.append(fault)

    def read(self, told: Mapping[str, Any]) -> None:
        """Add a fault that came as JSON; raise TypeError or ValueError for what is none."""
        self.add(HookFault(**told) if "webhooks" in told else CallFault(**told))

    def clear(self) -> None:
        """Let everything go right again."""
        with self._lock:
            self._calls.clear()
            self._hooks.clear()

    def told(self) -> list[dict[str, Any]]:
        """Return what is still to go wrong."""
        with self._lock:
            return [asdict(fault) for fault in self._calls] + [asdict(fault) for fault in self._hooks]

    def for_call(self, method: str, path: str) -> CallFault | None:
        """Return the fault that strikes this call, and count it."""
        with self._lock:
            for fault in self._calls:
                if not (fault.method in ("*", method) and fnmatchcase(path, fault.path)):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                self._used(self._calls, fault)
                return fault
        return None

    def for_delivery(self) -> HookFault | None:
        """Return the fault that strikes the next delivery, and count it."""
        with self._lock:
            fault = self._hooks[0] if self._hooks else None
            if fault is not None:
                self._used(self._hooks, fault)
            return fault

    def _used(self, among: list[Any], fault: Any) -> None:
        fault.count -= 1
        if fault.count <= 0:
            among.remove(fault)
