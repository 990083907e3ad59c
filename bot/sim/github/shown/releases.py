"""Releases and their assets."""

from __future__ import annotations

from urllib.parse import quote

from bot.sim.github.shown.accounts import Json, node_id, user_by_id
from bot.sim.github.shown.repos import api_url, full_name, html_url
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row


def asset(act: Act, repo: Row, row: Row) -> Json:
    """Show an asset as the API does."""
    release = act.db.row("releases", row["release_id"])
    page = f"{html_url(act, repo)}/releases/download/{quote(release['tag_name'])}/{quote(row['name'])}"
    return {
        "url": f"{api_url(act, repo)}/releases/assets/{row['id']}",
        "browser_download_url": page,
        "id": row["id"],
        "node_id": node_id("ReleaseAsset", row["id"]),
        "name": row["name"],
        "label": row["label"],
        "state": "uploaded",
        "content_type": row["content_type"],
        "size": row["size"],
        "digest": row["digest"],
        "download_count": row["downloads"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "uploader": user_by_id(act, row["uploader_id"]),
    }


def release(act: Act, repo: Row, row: Row) -> Json:
    """Show a release."""
    api, web = f"{api_url(act, repo)}/releases/{row['id']}", html_url(act, repo)
    assets = act.db.all("SELECT * FROM assets WHERE release_id = ? ORDER BY id", row["id"])
    archives = f"{api_url(act, repo)}/{{}}/{quote(row['tag_name'])}"
    return {
        "url": api,
        "assets_url": f"{api}/assets",
        "upload_url": f"{act.places.uploads}/repos/{full_name(act, repo)}/releases/{row['id']}/assets{{?name,label}}",
        "html_url": f"{web}/releases/tag/{quote(row['tag_name'])}",
        "id": row["id"],
        "node_id": node_id("Release", row["id"]),
        "author": user_by_id(act, row["author_id"]),
        "tag_name": row["tag_name"],
        "target_commitish": row["target"],
        "name": row["name"],
        "draft": bool(row["draft"]),
        "prerelease": bool(row["prerelease"]),
        "created_at": row["created_at"],
        "published_at": row["published_at"],
        "assets": [asset(act, repo, found) for found in assets],
        "tarball_url": None if row["draft"] else archives.format("tarball"),
        "zipball_url": None if row["draft"] else archives.format("zipball"),
        "body": row["body"],
    }


def told_release(act: Act, repo: Row, row: Row) -> Json:
    """Show a release as events do: their schema knows no digest, and no words that are null."""
    shown = release(act, repo, row)
    shown |= {"name": row["name"] or "", "body": row["body"] or ""}
    for found in shown["assets"]:
        del found["digest"]
    return shown
