"""The door to GitHub that only reads: tells what it would write, on stderr, and answers as if it were done."""

# ruff: noqa: ARG002 - the parameters are those of the door

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from bot.doors.github.repository import GitHub
from bot.model.github import Check, Comment, Pull, Topic

NO_SHA = "0" * 40


class DryGitHub(GitHub):
    """One repository, that nothing is written to."""

    def commit(self, branch: str, parents: tuple[str, ...], files: Mapping[str, str | None], message: str) -> str:
        """Tell it."""
        _would(f"commit on {branch}: {message.splitlines()[0]} ({', '.join(sorted(files))})")
        return NO_SHA

    def merge_main_into(self, branch: str) -> str | None:
        """Tell it."""
        _would(f"merge {self.place.main} into {branch}")
        return ""

    def delete_branch(self, branch: str) -> None:
        """Tell it."""
        _would(f"delete branch {branch}")

    def ensure_pull(self, known: Pull | None, branch: str, title: str, body: str) -> Pull:
        """Tell it."""
        if known is None:
            _would(f"open a pull request from {branch}: {title}")
            return Pull(0, title, body, "", branch, self.place.main, NO_SHA, self.place.bot, is_own=True, is_open=True)
        if (known.title, known.body) != (title, body):
            _would(f"edit pull request #{known.number}: {title}")
        return known

    def close_pull(self, pull: Pull, body: str) -> None:
        """Tell it."""
        _would(f"close pull request #{pull.number}: {pull.title}")

    def ensure_labels(self, thread: Pull | Topic, labels: Iterable[str]) -> None:
        """Nothing is worth telling."""

    def ensure_reviewers(self, pull: Pull, users: Iterable[str], teams: Iterable[str]) -> None:
        """Nothing is worth telling."""

    def ensure_issue(self, title: str, body: str, *, label: str, since: str, kind: str, **values: str | int) -> Topic:
        """Tell it."""
        _would(f"open or edit an issue: {title}")
        return Topic(0, title, body, "", self.place.bot, is_pull=False, is_open=True, labels=(label,))

    def close_issue(self, topic: Topic) -> None:
        """Tell it."""
        _would(f"close issue #{topic.number}: {topic.title}")

    def ensure_comment(self, number: int, kind: str, body: str, **values: str | int) -> str:
        """Tell it."""
        _would(f"comment on #{number}: {_first_words(body)}")
        return ""

    def react(self, comment: Comment, content: str) -> None:
        """Tell it."""
        _would(f"react to {comment.url} with {content}")

    def ensure_check(self, commit: str, check: Check) -> None:
        """Tell it."""
        _would(f"check {check.name} on {commit[:7]}: {check.conclusion or 'goes on'}: {check.title}")

    def dispatch(self, event: str, payload: Mapping[str, Any]) -> None:
        """Tell it."""
        _would(f"dispatch {event} {dict(payload)}")


def _would(told: str) -> None:
    logging.warning("would %s", told)


def _first_words(body: str) -> str:
    lines = (line for line in body.splitlines() if line and not line.startswith("<!--"))
    return next(lines, "")[:100]
