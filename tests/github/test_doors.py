"""Who calls, may they, and how every reply is dressed."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import pytest

from bot.sim.github.seed import token_of
from bot.sim.github.store.state import Limits
from tests.github.client import Client
from tests.github.hub import REPO, Hub


def test_bad_credentials_are_401(hub: Hub) -> None:
    for token in ("ghp_nobody", "x.y.z", "ghp_po_for_practice2"):
        came = Client(hub.address, token).get("/user")
        assert (came.status, "documentation_url" in came.json) == (401, True)
    assert hub.nobody.get("/user", Authorization="Digest x").status == 401
    assert hub.nobody.get("/user").json["message"] == "Requires authentication"


def test_a_token_is_taken_as_bearer_as_token_and_as_password(hub: Hub) -> None:
    token = token_of("po")
    password = base64.b64encode(f"x:{token}".encode()).decode()
    for words in (f"Bearer {token}", f"token {token}", f"Basic {password}"):
        assert hub.nobody.get("/user", Authorization=words).json["login"] == "po"


def test_a_private_repository_is_hidden_as_404_from_those_who_may_not_read_it(hub: Hub) -> None:
    assert hub.po.patch(REPO, {"private": True}).status == 200
    for who in (hub.stranger, hub.nobody):
        assert who.get(REPO).status == 404
        assert who.get(f"{REPO}/pulls").status == 404
    assert hub.stranger.post(f"{REPO}/issues", {"title": "x"}).status == 404
    assert hub.pi.get(REPO).json["permissions"] == {
        "admin": False,
        "maintain": False,
        "push": False,
        "triage": False,
        "pull": True,
    }
    assert hub.stranger.get("/orgs/lmtoy/repos").json == []


def test_who_may_read_but_not_write_gets_403(hub: Hub) -> None:
    sha = hub.tip()
    assert hub.stranger.post(f"{REPO}/git/refs", {"ref": "refs/heads/x", "sha": sha}).status == 403
    assert hub.pi.put(f"{REPO}/pulls/1/merge").status == 403
    assert hub.da.patch(REPO, {"description": "mine"}).status == 403
    assert hub.nobody.post(f"{REPO}/issues", {"title": "x"}).status == 401


def test_an_unknown_endpoint_is_501_and_named(hub: Hub) -> None:
    came = hub.po.get(f"{REPO}/pages/builds")
    assert came.status == 501
    assert "/pages/builds" in came.json["message"]


def test_broken_json_is_400_and_a_wrong_type_is_422(hub: Hub) -> None:
    assert hub.po.post(f"{REPO}/issues", b"{").status == 400
    assert hub.po.post(f"{REPO}/issues", b"[]").status == 400
    assert hub.po.post(f"{REPO}/labels", {"name": 1}).status == 422
    missing = hub.po.post(f"{REPO}/labels", {})
    assert (missing.status, '"name" wasn\'t supplied' in missing.json["message"]) == (422, True)


def test_every_reply_tells_the_limit_and_has_a_request_id(hub: Hub) -> None:
    first, second = hub.po.get("/user").headers, hub.po.get("/user").headers
    assert int(first["x-ratelimit-remaining"]) - 1 == int(second["x-ratelimit-remaining"])
    assert first["x-ratelimit-limit"] == "5000"
    assert first["x-github-request-id"] != second["x-github-request-id"]


def test_etag_and_304_do_not_count_against_the_limit(hub: Hub) -> None:
    came = hub.po.get(REPO)
    again = hub.po.get(REPO, If_None_Match=came.headers["etag"])
    assert (again.status, again.data) == (304, b"")
    assert again.headers["x-ratelimit-remaining"] == came.headers["x-ratelimit-remaining"]
    hub.po.patch(REPO, {"description": "new"})
    assert hub.po.get(REPO, If_None_Match=came.headers["etag"]).status == 200


def test_asking_for_the_limit_does_not_count(hub: Hub) -> None:
    used = [hub.po.get("/rate_limit").json["rate"]["used"] for _ in range(3)]
    assert used == [0, 0, 0]


def test_when_the_hour_is_used_up_it_is_403_until_the_reset(hub: Hub) -> None:
    hub.state.limits = Limits(person=3)
    statuses = [hub.po.get("/user").status for _ in range(5)]
    assert statuses == [200, 200, 200, 403, 403]
    assert hub.po.get("/user").headers["x-ratelimit-remaining"] == "0"
    assert hub.da.get("/user").status == 200
    clock = hub.state.clock
    hub.state.clock = lambda: clock() + timedelta(hours=1, seconds=1)
    assert hub.po.get("/user").status == 200


def test_lists_are_paged_with_link_and_at_most_a_hundred(hub: Hub) -> None:
    for number in range(105):
        assert hub.po.post(f"{REPO}/labels", {"name": f"l{number}"}).status == 201
    first = hub.po.get(f"{REPO}/labels?per_page=1000")
    assert len(first.json) == 100
    assert f'<{hub.address}{REPO}/labels?per_page=1000&page=2>; rel="next"' in first.headers["link"]
    assert 'rel="last"' in first.headers["link"]
    second = hub.po.get(f"{REPO}/labels?per_page=1000&page=2")
    assert (len(second.json), 'rel="next"' in second.headers["link"], 'rel="prev"' in second.headers["link"]) == (
        5,
        False,
        True,
    )
    assert len(hub.po.get(f"{REPO}/labels").json) == 30
    assert hub.po.get(f"{REPO}/labels?page=99").json == []


@pytest.mark.parametrize(
    ("target", "host", "address"),
    [
        ("{path}", "127.0.0.1", ""),
        ("/api/v3{path}", "127.0.0.1", "/api/v3"),
        ("{path}", "api.github.localhost", "http://api.github.localhost"),
        ("http://api.github.localhost{path}", "api.github.localhost", "http://api.github.localhost"),
    ],
)
def test_the_api_answers_at_all_its_addresses_and_speaks_of_itself_by_the_one_that_was_used(
    hub: Hub, target: str, host: str, address: str
) -> None:
    headers = {"Host": host} if host != "127.0.0.1" else {}
    came = hub.po.get(target.format(path=REPO), **headers)
    assert came.status == 200, came.data
    wanted = address if address.startswith("http") else hub.address + address
    assert came.json["url"] == f"{wanted}{REPO}"


def test_an_app_makes_tokens_of_an_hour_with_its_key(hub: Hub) -> None:
    app = hub.app()
    assert app.get("/app").json["slug"] == "lmtbot"
    assert hub.po.get("/app").status == 401
    bot = hub.bot()
    assert bot.get("/installation/repositories").json["total_count"] == 1
    assert bot.post(f"{REPO}/issues", {"title": "by the bot"}).json["user"]["login"] == "lmtbot[bot]"
    clock = hub.state.clock
    hub.state.clock = lambda: clock() + timedelta(minutes=61)
    assert bot.get("/installation/repositories").status == 401


def test_a_forged_or_late_jwt_is_401(hub: Hub) -> None:
    import jwt
    from cryptography.hazmat.primitives.asymmetric import rsa

    now = int(datetime.now().timestamp())
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = (hub.state.folder / "lmtbot.pem").read_text()
    for claims, key in (
        ({"iss": "1", "exp": now + 60}, other),
        ({"iss": "1", "exp": now - 60}, own),
        ({"iss": "1", "exp": now + 7200}, own),
        ({"iss": "x", "exp": now + 60}, own),
    ):
        assert Client(hub.address, jwt.encode(claims, key, algorithm="RS256")).get("/app").status == 401
    assert (
        Client(hub.address, jwt.encode({"iss": "1", "exp": now + 60}, None, algorithm="none")).get("/app").status == 401
    )


def test_an_installation_token_never_has_more_than_the_installation(hub: Hub) -> None:
    reader = hub.bot(permissions={"contents": "read"})
    assert reader.get(f"{REPO}/contents/README.md").status == 200
    assert reader.post(f"{REPO}/issues", {"title": "x"}).status == 403
    installation = hub.app().get("/orgs/lmtoy/installation").json["id"]
    url = f"/app/installations/{installation}/access_tokens"
    assert hub.app().post(url, {"permissions": {"administration": "write"}}).status == 422
    assert hub.app().post(url, {"repositories": ["unknown"]}).status == 422
    assert hub.app().post(url, {"repositories": ["lmtoy_run"]}).json["repository_selection"] == "selected"


def test_an_app_reads_and_writes_only_where_it_is_installed(hub: Hub) -> None:
    assert hub.da.post("/user/repos", {"name": "own", "auto_init": True}).status == 201
    assert hub.da.post("/user/repos", {"name": "secret", "private": True, "auto_init": True}).status == 201
    bot = hub.bot()
    assert bot.get("/repos/da/own/contents/README.md").status == 200
    assert bot.post("/repos/da/own/issues", {"title": "x"}).status == 403
    assert bot.get("/repos/da/secret").status == 404


def test_people_teams_and_roles_are_told(hub: Hub) -> None:
    assert hub.po.get(f"{REPO}/collaborators/da/permission").json["permission"] == "write"
    assert hub.po.get(f"{REPO}/collaborators/stranger/permission").json["permission"] == "read"
    assert hub.po.put(f"{REPO}/collaborators/stranger", {"permission": "push"}).status == 204
    assert hub.po.get(f"{REPO}/collaborators/stranger/permission").json["role_name"] == "write"
    assert [row["login"] for row in hub.po.get(f"{REPO}/collaborators").json] == ["po", "da", "pi", "stranger"]
    assert hub.po.delete(f"{REPO}/collaborators/stranger").status == 204
    assert hub.po.get(f"{REPO}/collaborators/stranger").status == 404
    assert [team["slug"] for team in hub.po.get("/orgs/lmtoy/teams").json] == ["po", "da", "pi"]
    assert hub.po.get("/orgs/lmtoy/teams/da/memberships/da").json["state"] == "active"
    assert hub.po.get("/orgs/lmtoy/teams/da/memberships/pi").status == 404
    assert hub.da.put("/orgs/lmtoy/teams/da/memberships/pi").status == 403
    assert hub.po.put("/orgs/lmtoy/teams/da/memberships/pi").status == 200
    assert hub.po.get(f"{REPO}/collaborators/pi/permission").json["permission"] == "write"
    assert hub.po.post("/orgs/lmtoy/teams", {"name": "New Team"}).json["slug"] == "new-team"
    assert hub.po.put(f"/orgs/lmtoy/teams/new-team{REPO}", {"permission": "triage"}).status == 204
    assert hub.po.get(f"{REPO}/teams").status == 200
    assert hub.po.get("/orgs/lmtoy/members").status == 200
    assert hub.po.get("/orgs/lmtoy/memberships/da").json["role"] == "member"
    assert hub.po.get("/users/da").json["login"] == "da"
    assert hub.da.get("/user/orgs").json[0]["login"] == "lmtoy"
    assert hub.da.get("/user/teams").json[0]["slug"] == "da"
    assert hub.po.get("/orgs/lmtoy").status == 200
    for path in (
        "/",
        "/meta",
        "/zen",
        "/users",
        "/user/repos",
        "/users/da/repos",
        "/apps/lmtbot",
        "/orgs/lmtoy/teams/da/members",
    ):
        assert hub.po.get(path).status == 200, path
    assert hub.app().get("/app/installations").status == 200
