"""What to do with a call to GitHub that did not go well: wait and call again, or give up. Pure.

GitHub: best practices for using the REST API (Retry-After first, then x-ratelimit-reset, then a minute and growing).
A write that may have been done (no answer, or 5xx) is never sent again blindly: who called looks what is there, and
writes what is missing. PyGithub's own retry cannot tell the two apart, so it is switched off.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

SAFE = ("GET", "HEAD", "PUT", "PATCH", "DELETE")
"""Methods that say the same when they are said twice (all our PATCHes set, none adds)."""
RATE_WORDS = ("rate limit", "abuse detection", "retry your request again later")
NO_ANSWER = 0
"""Status of a call of which no whole answer came."""


@dataclass(frozen=True)
class Patience:
    """How long a call is worth waiting for."""

    tries: int = 6
    longest_s: float = 900
    """A wait that GitHub asks for and that is longer ends the call with an error."""
    secondary_s: float = 60
    """Wait after a secondary limit that says no time (GitHub asks for a minute)."""
    first_s: float = 0.5
    """Wait after the first failure that is nobody's wish; it doubles each time."""


@dataclass(frozen=True)
class Answer:
    """What came back: status (NO_ANSWER if nothing whole did), headers in small letters, the message."""

    status: int
    headers: Mapping[str, str]
    message: str = ""

    @property
    def is_limited(self) -> bool:
        """Say whether GitHub refused the call because there were too many; nothing was done then."""
        if self.status == 429:
            return True
        told = self.message.lower()
        return self.status == 403 and ("retry-after" in self.headers or any(word in told for word in RATE_WORDS))

    @property
    def is_broken(self) -> bool:
        """Say whether the answer tells nothing of what was done."""
        return self.status == NO_ANSWER or self.status >= 500


def wait_s(answer: Answer, method: str, attempt: int, patience: Patience, now_s: float) -> float | None:
    """Return how long to wait before the call is sent again, None to give up. `attempt` counts from 1."""
    if attempt >= patience.tries:
        return None
    if answer.is_limited:
        wanted = _wished(answer, attempt, patience, now_s)
        return wanted if wanted <= patience.longest_s else None
    if answer.is_broken and method in SAFE:
        return growing(patience.first_s, attempt)
    return None


def _wished(answer: Answer, attempt: int, patience: Patience, now_s: float) -> float:
    after = answer.headers.get("retry-after", "")
    if after.isdecimal():
        return float(after)
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(float(reset) - now_s, 0) + 1
    return growing(patience.secondary_s, attempt)


def growing(first_s: float, attempt: int) -> float:
    """Return a wait that doubles, a little different for everybody so that not all come back at once."""
    return first_s * float(2 ** (attempt - 1)) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
