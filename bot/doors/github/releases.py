"""Releases of the repository: find one, have one, have its files. Nothing is uploaded twice."""

from __future__ import annotations

import hashlib
import logging
from urllib.parse import quote

from bot.doors.github import shapes
from bot.doors.github.repository import LOOKS, GitHub
from bot.doors.github.session import GitHubRefused
from bot.errors import DoorError
from bot.model.github import Asset, Release

KINDS = {".json": "application/json", ".txt": "text/plain"}


class Releases:
    """The releases of one repository, seen by whoever opened the door."""

    def __init__(self, github: GitHub) -> None:
        self.session, self.main = github.session, github.place.main

    def find(self, tag: str) -> Release | None:
        """Return the published release of a tag, None if there is none."""
        found = self.session.find(f"releases/tags/{quote(tag, safe='/')}", looks=LOOKS)
        return shapes.release(found) if found else None

    def tags(self, prefix: str) -> dict[str, str]:
        """Return {tag: commit or tag object} of all tags whose names begin so."""
        found = self.session.pages(f"git/matching-refs/tags/{quote(prefix, safe='/')}")
        return {one["ref"].removeprefix("refs/tags/"): one["object"]["sha"] for one in found}

    def ensure(self, tag: str, commit: str, name: str, body: str) -> Release:
        """Have a release on a tag, which is made on this commit if it is not there."""
        body_of = {"tag_name": tag, "target_commitish": commit, "name": name, "body": body}
        for attempt in range(1, LOOKS + 1):
            if found := self.find(tag):
                return found
            try:
                return shapes.release(self.session.send("POST", "releases", body_of))
            except GitHubRefused as refused:
                if not (refused.may_be_done or refused.status == 422) or attempt == LOOKS:
                    raise
                self.session.pause(attempt)
        raise AssertionError("unreachable")

    def ensure_asset(self, release: Release, name: str, data: bytes) -> None:
        """Have a file at a release; one of other content is replaced."""
        for attempt in range(1, LOOKS + 1):
            known = self._asset(release, name)
            if known and _is_same(known, data):
                return
            if known:
                self.session.send("DELETE", f"releases/assets/{known.id}")
            try:
                kind = next(
                    (told for ending, told in KINDS.items() if name.endswith(ending)), "application/octet-stream"
                )
                self.session.upload(f"{release.upload_url}?name={quote(name)}", data, kind)
                return
            except GitHubRefused as refused:
                if not (refused.may_be_done or refused.status == 422) or attempt == LOOKS:
                    raise
                self.session.pause(attempt)

    def asset_text(self, release: Release, name: str) -> str | None:
        """Return the text of a release's file, None if it has no such file."""
        known = self._asset(release, name)
        return self.session.download(f"releases/assets/{known.id}") if known else None

    def _asset(self, release: Release, name: str) -> Asset | None:
        now = self.session.get(f"releases/{release.id}")
        return next((one for one in shapes.release(now).assets if one.name == name), None)


class DryReleases(Releases):
    """Releases that are only told."""

    def ensure(self, tag: str, commit: str, name: str, body: str) -> Release:  # noqa: ARG002
        """Tell it."""
        logging.warning("would release %s on %s", tag, commit[:12])
        return Release(0, tag, "", "", "")

    def ensure_asset(self, release: Release, name: str, data: bytes) -> None:
        """Tell it."""
        logging.warning("would attach %s (%s bytes) to %s", name, f"{len(data):,}", release.tag)


def _is_same(asset: Asset, data: bytes) -> bool:
    if asset.digest:
        algorithm, _, told = asset.digest.partition(":")
        if algorithm not in hashlib.algorithms_guaranteed:
            raise DoorError(f"GitHub tells the {algorithm} of {asset.name}, which is not known here")
        return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest() == told
    return asset.size == len(data)
