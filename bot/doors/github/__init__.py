"""The door to GitHub, by REST only: `open_github` -> GitHub, whose every write is an "ensure"."""

from bot.doors.github.opening import find_place, open_github
from bot.doors.github.repository import GitHub
from bot.doors.github.session import GitHubRefused, Session

__all__ = ["GitHub", "GitHubRefused", "Session", "find_place", "open_github"]
