"""The primary rate limit: calls an hour, by account; told in headers and by /rate_limit."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sim.github.refusals import Refusal
from bot.sim.github.rules.access import Kind, Who
from bot.sim.github.store.state import State

HOUR = 3600


@dataclass
class Window:
    """One account's hour."""

    limit: int
    reset: int
    used: int = 0

    def told(self) -> dict[str, int]:
        """Return it as /rate_limit does."""
        remaining = max(0, self.limit - self.used)
        return {"limit": self.limit, "used": self.used, "remaining": remaining, "reset": self.reset}


def window_of(state: State, who: Who) -> Window:
    """Return the caller's running hour."""
    now = int(state.clock().timestamp())
    key = f"{who.kind} {who.account['id'] if who.account else who.app_id}"
    window: Window | None = state.windows.get(key)
    if window is None or window.reset <= now:
        limits = {Kind.ANONYMOUS: state.limits.anonymous, Kind.WORKFLOW: state.limits.workflow}
        window = state.windows[key] = Window(limits.get(who.kind, state.limits.person), now + HOUR)
    return window


def count(state: State, who: Who) -> Window:
    """Count one call; refuse it when the hour's are used up."""
    window = window_of(state, who)
    if window.used >= window.limit:
        name = who.account["login"] if who.account else "your address"
        raise Refusal(403, f"API rate limit exceeded for {name}.", headers=headers(window))
    window.used += 1
    return window


def headers(window: Window) -> dict[str, str]:
    """Return the headers that tell the limit."""
    return {f"X-RateLimit-{name.title()}": str(value) for name, value in window.told().items()} | {
        "X-RateLimit-Resource": "core"
    }
