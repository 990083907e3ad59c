"""Releases, their tags, and assets with their bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from bot.sim.github.deeds.refs import TAGS, move
from bot.sim.github.events.outbox import tell
from bot.sim.github.git.objects import NO_SHA
from bot.sim.github.refusals import Refusal, fault, invalid, not_found
from bot.sim.github.rules.access import Right, is_at_least
from bot.sim.github.rules.patterns import is_ref_name
from bot.sim.github.shown import releases as shown
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route


def release_of(call: Call) -> Row:
    """Return the release that the path names, or refuse (404); drafts are for those who can write."""
    sql = "SELECT * FROM releases WHERE id = ? AND repo_id = ?"
    return _seen(call, call.db.one(sql, call.number("release_id"), call.repo["id"]))


def _seen(call: Call, found: Row | None) -> Row:
    if found is None or (found["draft"] and not is_at_least(call.role, "write")):
        raise not_found()
    return found


def list_releases(call: Call) -> Reply:
    """List the releases, newest first."""
    rows = call.db.all("SELECT * FROM releases WHERE repo_id = ? ORDER BY id DESC", call.repo["id"])
    seen = [row for row in rows if not row["draft"] or is_at_least(call.role, "write")]
    return call.paged(seen, lambda row: shown.release(call, call.repo, row))


def get_release(call: Call) -> Reply:
    """Show a release."""
    return Reply(shown.release(call, call.repo, release_of(call)))


def get_latest(call: Call) -> Reply:
    """Show the newest release that is neither draft nor prerelease."""
    sql = (
        "SELECT * FROM releases WHERE repo_id = ? AND NOT draft AND NOT prerelease ORDER BY published_at DESC, id DESC"
    )
    return Reply(shown.release(call, call.repo, _seen(call, call.db.one(sql, call.repo["id"]))))


def get_by_tag(call: Call) -> Reply:
    """Show the published release of a tag."""
    sql = "SELECT * FROM releases WHERE repo_id = ? AND tag_name = ? AND NOT draft ORDER BY id DESC"
    return Reply(shown.release(call, call.repo, _seen(call, call.db.one(sql, call.repo["id"], call.path["tag"]))))


def _make_tag(act: Act, repo: Row, tag: str, target: str) -> None:
    """Make the tag of a release that has just been published, if there is none."""
    git = act.git(repo)
    if git.ref(TAGS + tag):
        return
    sha = git.resolve(target)
    if sha is None:
        raise fault("Release", "target_commitish")
    move(act, repo, TAGS + tag, sha, NO_SHA, "release")


def _tell(call: Call, release_id: int, *actions: str, **more: Any) -> None:
    for action in actions:
        row = call.db.row("releases", release_id)
        tell(call, "release", action, call.repo, {"release": shown.told_release(call.told, call.repo, row)} | more)


def create_release(call: Call) -> Reply:
    """Make a release; published at once unless it is a draft; its tag is made if there is none."""
    tag, is_draft = call.need("tag_name", str), call.get("draft", bool, False)
    if not is_ref_name(TAGS + tag):
        raise fault("Release", "tag_name", message="tag_name is not a valid tag")
    sql = "SELECT 1 FROM releases WHERE repo_id = ? AND tag_name = ? AND NOT draft"
    if not is_draft and call.db.one(sql, call.repo["id"], tag):
        raise fault("Release", "tag_name", "already_exists")
    target = call.get("target_commitish", str) or call.repo["default_branch"]
    release_id = call.db.insert(
        "releases",
        repo_id=call.repo["id"],
        tag_name=tag,
        target=target,
        name=call.get("name", str),
        body=call.get("body", str),
        draft=is_draft,
        prerelease=call.get("prerelease", bool, False),
        author_id=call.user["id"],
        created_at=call.now,
        published_at=None if is_draft else call.now,
    )
    if is_draft:
        _tell(call, release_id, "created")
    else:
        _make_tag(call, call.repo, tag, target)
        _tell(call, release_id, *_published(call.db.row("releases", release_id)))
    return created(shown.release(call, call.repo, call.db.row("releases", release_id)))


def _published(row: Row) -> tuple[str, ...]:
    """Return the actions that GitHub tells when a release appears."""
    return ("created", "published", "prereleased" if row["prerelease"] else "released")


def update_release(call: Call) -> Reply:
    """Change a release; publishing a draft makes its tag."""
    row = release_of(call)
    words = {name: call.get(name, str, row[name]) for name in ("tag_name", "name", "body")}
    words["target"] = call.get("target_commitish", str, row["target"])
    switches = {name: call.get(name, bool, bool(row[name])) for name in ("draft", "prerelease")}
    is_new = bool(row["draft"]) and not switches["draft"]
    published = call.now if is_new else row["published_at"]
    call.db.update("releases", row["id"], published_at=published, **words, **switches)
    if is_new:
        _make_tag(call, call.repo, words["tag_name"], words["target"])
        _tell(call, row["id"], *_published(call.db.row("releases", row["id"]))[1:])
    else:
        changes = {name: {"from": row[name] or ""} for name in ("name", "body") if words[name] != row[name]}
        _tell(call, row["id"], "edited", changes=changes)
    return get_release(call)


def delete_release(call: Call) -> Reply:
    """Delete a release; its tag stays."""
    row = release_of(call)
    _tell(call, row["id"], "deleted")
    for asset in call.db.all("SELECT * FROM assets WHERE release_id = ?", row["id"]):
        _file_of(call, asset["id"]).unlink(missing_ok=True)
    call.db.run("DELETE FROM releases WHERE id = ?", row["id"])
    return nothing()


def _file_of(call: Call, asset_id: int) -> Path:
    return call.state.folder / "assets" / str(asset_id)


def list_assets(call: Call) -> Reply:
    """List a release's assets."""
    rows = call.db.all("SELECT * FROM assets WHERE release_id = ? ORDER BY id", release_of(call)["id"])
    return call.paged(rows, lambda row: shown.asset(call, call.repo, row))


def upload_asset(call: Call) -> Reply:
    """Keep the bytes that were sent under a name of its own."""
    release, name = release_of(call), call.query.get("name", "")
    if not name or "/" in name:
        raise Refusal(400, "name wasn't supplied")
    if call.db.one("SELECT 1 FROM assets WHERE release_id = ? AND name = ?", release["id"], name):
        raise fault("ReleaseAsset", "name", "already_exists")
    asset_id = call.db.insert(
        "assets",
        release_id=release["id"],
        name=name,
        label=call.query.get("label", ""),
        content_type=call.headers.get("content-type", "application/octet-stream"),
        size=len(call.data),
        digest=f"sha256:{hashlib.sha256(call.data).hexdigest()}",
        uploader_id=call.user["id"],
        created_at=call.now,
        updated_at=call.now,
    )
    _file_of(call, asset_id).write_bytes(call.data)
    return created(shown.asset(call, call.repo, call.db.row("assets", asset_id)))


def asset_of(call: Call) -> Row:
    """Return the asset that the path names, or refuse (404)."""
    sql = "SELECT a.* FROM assets a JOIN releases r ON r.id = a.release_id WHERE a.id = ? AND r.repo_id = ?"
    found = call.db.one(sql, call.number("asset_id"), call.repo["id"])
    if found is None:
        raise not_found()
    return found


def get_asset(call: Call) -> Reply:
    """Show an asset, or give its bytes to who asks for application/octet-stream."""
    row = asset_of(call)
    if "application/octet-stream" not in call.headers.get("accept", ""):
        return Reply(shown.asset(call, call.repo, row))
    data = _file_of(call, row["id"]).read_bytes()
    call.db.update("assets", row["id"], downloads=row["downloads"] + 1)
    return Reply(data, media_type="application/octet-stream")


def update_asset(call: Call) -> Reply:
    """Change name or label."""
    row = asset_of(call)
    name = call.get("name", str, row["name"])
    if name != row["name"] and call.db.one(
        "SELECT 1 FROM assets WHERE release_id = ? AND name = ?", row["release_id"], name
    ):
        raise invalid("name already exists")
    call.db.update("assets", row["id"], name=name, label=call.get("label", str, row["label"]), updated_at=call.now)
    return Reply(shown.asset(call, call.repo, asset_of(call)))


def delete_asset(call: Call) -> Reply:
    """Delete an asset and its bytes."""
    row = asset_of(call)
    call.db.run("DELETE FROM assets WHERE id = ?", row["id"])
    _file_of(call, row["id"]).unlink(missing_ok=True)
    return nothing()


HERE = "/repos/{owner}/{repo}/releases"
RELEASE, ASSET = f"{HERE}/{{release_id}}", f"{HERE}/assets/{{asset_id}}"
READ, WRITE = Right("contents"), Right("contents", "write")
ROUTES = (
    Route("GET", HERE, list_releases, READ),
    Route("POST", HERE, create_release, WRITE),
    Route("GET", f"{HERE}/latest", get_latest, READ),
    Route("GET", f"{HERE}/tags/{{tag...}}", get_by_tag, READ),
    Route("GET", RELEASE, get_release, READ),
    Route("PATCH", RELEASE, update_release, WRITE),
    Route("DELETE", RELEASE, delete_release, WRITE),
    Route("GET", f"{RELEASE}/assets", list_assets, READ),
    Route("POST", f"{RELEASE}/assets", upload_asset, WRITE),
    Route("GET", ASSET, get_asset, READ),
    Route("PATCH", ASSET, update_asset, WRITE),
    Route("DELETE", ASSET, delete_asset, WRITE),
)
