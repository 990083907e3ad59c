"""The door to a repository's set-up, opened with a person's own rights: the bot may not change its own rules."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from bot.doors.github.opening import open_as_person
from bot.doors.github.repository import GitHub
from bot.doors.github.session import GitHubRefused
from bot.errors import SettingsError
from bot.model.setup import Json, Write
from bot.settings import Hub


class Administration:
    """One repository, seen by who looks after it."""

    def __init__(self, github: GitHub) -> None:
        self.github = github
        self.session, self.place = github.session, github.place

    def read(self, path: str) -> Json:
        """Return what stands at a path, None where there is nothing; raise GitHubRefused."""
        try:
            return self.session.find(path)
        except GitHubRefused as refused:
            if refused.status != 409:  # not before something else is set: a list of actions that is not in use
                raise
            return None

    def change(self, write: Write, path: str) -> Json:
        """Make a change; return what stands at the path after it, None where nothing was changed."""
        self.session.send(write.method, write.path, dict(write.body))
        return self.read(path)

    def names(self, kind: str) -> set[str]:
        """Return the names of the `variables` or `secrets` of workflows, never a value."""
        return {str(one["name"]) for one in self.session.pages(f"actions/{kind}", kind)}

    def text(self, path: str) -> str:
        """Return a file of main, "" if there is none."""
        return self.github.text(path, self.place.main)


class DryAdministration(Administration):
    """The same, that nothing is written to."""

    def change(self, write: Write, path: str) -> Json:  # noqa: ARG002 - the parameters are the door's
        """Tell it."""
        logging.info("would %s %s", write.method, write.path)


def open_administration(hub: Hub, environment: Mapping[str, str], *, dry_run: bool = False) -> Administration:
    """Open the door with the token of a person; raise SettingsError when there is none."""
    github = open_as_person(hub, environment)
    if github is None:
        raise SettingsError(
            "whose rights? A person who administers the repository types `export GH_TOKEN=$(gh auth token)` first; "
            "the bot's App is not asked, it may not change its own rules"
        )
    return (DryAdministration if dry_run else Administration)(github)
