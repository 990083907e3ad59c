"""Releases: the list, one release, a new one with its tag."""

from __future__ import annotations

from urllib.parse import quote

from bot.sim.github.pages.visit import Answer, Away, Shown, View, Visit


def releases(visit: Visit) -> Answer:
    """List the releases, with the form for a new one for who may write."""
    found = visit.list(f"{visit.here}/releases")
    return _page(visit, found)


def release(visit: Visit) -> Answer:
    """Show the release of a tag."""
    return _page(visit, [visit.get(f"{visit.here}/releases/tags/{quote(visit.path['tag'])}")])


def _page(visit: Visit, found: list[object]) -> Answer:
    values = {"repo": visit.get(visit.here), "releases": found, "tab": "releases", "may_write": visit.may("write")}
    return Shown("releases.html.j2", values)


def create(visit: Visit) -> Answer:
    """Make a release; its tag is made if there is none."""
    body = {"tag_name": visit.said("tag").strip(), "name": visit.said("name"), "body": visit.said("body")}
    body |= {"target_commitish": visit.said("target")} if visit.said("target") else {}
    made = visit.ask("POST", f"{visit.here}/releases", body)
    return Away(f"{visit.web}/releases/tag/{quote(made['tag_name'])}")


VIEWS = (
    View("GET", "/{owner}/{repo}/releases", releases),
    View("POST", "/{owner}/{repo}/releases", create),
    View("GET", "/{owner}/{repo}/releases/tag/{tag:path}", release),
)
