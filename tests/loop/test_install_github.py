"""`lmtbot install github` on a GitHub that answers for real: everything set, nothing twice, nothing half done."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass

import pytest

from bot.doors.github.administration import open_administration
from bot.formats.validation import validate
from bot.formats.yaml_text import parse_document
from bot.model.label import LABELS
from bot.model.setup import Became, Settled
from bot.rules.github_setup import owners, owners_text
from bot.settings import Settings
from bot.sim.github.seed import token_of
from bot.sim.github.store.faults import CallFault
from bot.stages.install_github import set_up
from tests.e2e.site import PID, REPOSITORY
from tests.github.client import Client
from tests.github.hub import REPO
from tests.loop.test_reconcile import checks, reduced, say
from tests.loop.world import SETTINGS, Loop

TEAMS = SETTINGS.replace("users: [po]", "teams: [po]") + "policies: {}\n"
CODEOWNERS = "* @lmtoy/po\n/projects/*/qa.yaml @lmtoy/da @lmtoy/po\n/projects/*/level2.yaml @lmtoy/da\n"
PROTECTION = f"{REPO}/branches/main/protection"


def read(text: str) -> Settings:
    return validate(parse_document(text, "lmtbot.yml"), Settings)


@dataclass
class Pass:
    """What one pass did."""

    parts: list[Settled]
    writes: int

    def became(self, became: Became) -> list[str]:
        return [one.what for one in self.parts if one.became is became]

    def of(self, what: str) -> Settled:
        return next(one for one in self.parts if one.what == what)


def installed(loop: Loop, who: str = "po", *, text: str = TEAMS, dry_run: bool = False) -> Pass:
    """Make a pass in this process, with somebody's token."""
    settings = read(text)
    door = open_administration(settings.github, loop.environment() | {"GH_TOKEN": token_of(who)}, dry_run=dry_run)
    return Pass(list(set_up(settings, door)), door.session.writes)


@pytest.fixture
def ready(loop: Loop) -> Loop:
    """Give a repository whose files are in order, and nothing else."""
    for path, text in ((".github/lmtbot.yml", TEAMS), (".github/CODEOWNERS", CODEOWNERS)):
        assert loop.hub.write(path, text, who=loop.hub.po).status in (200, 201)
    return loop


def state(loop: Loop) -> tuple[object, ...]:
    """Return all that a pass may change."""
    po, permissions = loop.hub.po, f"{REPO}/actions/permissions"
    paths = (f"{REPO}/labels", f"{REPO}/teams", PROTECTION, f"{REPO}/environments", permissions)
    paths += (f"{permissions}/selected-actions", f"{permissions}/workflow", "/orgs/lmtoy/teams")
    paths += (f"{permissions}/fork-pr-contributor-approval",)
    repo = po.get(REPO).json
    return (*(po.get(path).json for path in paths), repo["allow_squash_merge"], repo["delete_branch_on_merge"])


def test_a_fresh_repository_gets_everything_and_a_second_pass_writes_nothing(ready: Loop) -> None:
    first = installed(ready)
    assert not first.became(Became.LEFT)
    assert first.became(Became.NOTE) == ["environment archive"], "its tags are for a person to choose"
    po, permissions = ready.hub.po, f"{REPO}/actions/permissions"
    rules = po.get(PROTECTION).json
    reviews = rules["required_pull_request_reviews"]
    assert (reviews["require_code_owner_reviews"], reviews["require_last_push_approval"]) == (True, True)
    assert (reviews["dismiss_stale_reviews"], reviews["required_approving_review_count"]) == (True, 1)
    assert rules["required_status_checks"]["contexts"] == ["check"]
    assert rules["enforce_admins"]["enabled"] and not rules["allow_force_pushes"]["enabled"]
    assert [team["slug"] for team in rules["restrictions"]["teams"]] == ["po"]
    assert {one["name"]: one["color"] for one in po.get(f"{REPO}/labels").json}.items() >= {
        (one.name, one.colour) for one in LABELS
    }
    assert po.get(f"{permissions}/selected-actions").json["github_owned_allowed"] is True
    assert po.get(permissions).json["sha_pinning_required"] is True
    assert po.get(f"{permissions}/fork-pr-contributor-approval").json == {
        "approval_policy": "all_external_contributors"
    }
    (rule,) = po.get(f"{REPO}/environments/archive").json["protection_rules"]
    assert [one["reviewer"]["slug"] for one in rule["reviewers"]] == ["po"]
    assert installed(ready).writes == 0


def test_main_is_then_changed_by_reviewed_pull_requests_that_a_po_merges(ready: Loop) -> None:
    installed(ready)
    hub, bot = ready.hub, ready.hub.bot(permissions={"contents": "write", "pull_requests": "write"})
    assert hub.write("README.md", "by hand\n", who=hub.po).status in (403, 409, 422)
    number = hub.pull("arrival/x", {"projects/x/project.yaml": "pid: x\n"}, who=bot)

    def merge(who: Client) -> int:
        return who.put(f"{REPO}/pulls/{number}/merge").status

    def approve(who: Client) -> None:
        assert who.post(f"{REPO}/pulls/{number}/reviews", {"event": "APPROVE"}).status == 200

    head = hub.po.get(f"{REPO}/pulls/{number}").json["head"]["sha"]
    assert hub.bot().post(f"{REPO}/statuses/{head}", {"state": "success", "context": "check"}).status == 201
    approve(hub.da)
    assert merge(hub.po) == 405, "a DA does not own project.yaml"
    approve(hub.po)
    assert merge(hub.da) in (403, 405), "only a PO merges"
    assert merge(hub.po) == 200


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"enforce_admins": False}, "enforce_admins.enabled"),
        ({"required_status_checks": None}, "required_status_checks.contexts"),
        ({"allow_force_pushes": True}, "allow_force_pushes.enabled"),
        ({"restrictions": None}, "restrictions.teams"),
        ({"required_pull_request_reviews": {"bypass_pull_request_allowances": {"users": ["da"]}}},
         "required_pull_request_reviews.bypass_pull_request_allowances.users"),
    ],
)  # fmt: skip
def test_a_protection_that_a_person_changed_is_put_right_and_told(
    ready: Loop, changed: dict[str, object], where: str
) -> None:
    installed(ready)
    before = state(ready)
    main = ("required_status_checks", "required_pull_request_reviews", "restrictions")
    assert ready.hub.po.put(PROTECTION, dict.fromkeys(main) | {"enforce_admins": True} | changed).status == 200
    done = installed(ready)
    assert done.became(Became.CHANGED) == ["protection of main"] and done.writes == 1
    assert where in [differ.where for differ in done.of("protection of main").differences]
    assert state(ready) == before


def test_other_things_changed_by_hand_are_put_right(ready: Loop) -> None:
    installed(ready)
    before = state(ready)
    po = ready.hub.po
    assert po.patch(f"{REPO}/labels/new%20project", {"color": "000000"}).status == 200
    assert po.delete(f"{REPO}/labels/qa").status == 204
    assert po.patch(REPO, {"allow_squash_merge": True}).status == 200
    assert po.put(f"{REPO}/environments/archive", {"reviewers": []}).status == 200
    assert po.put(f"{REPO}/actions/permissions", {"enabled": True, "allowed_actions": "all"}).status == 204
    done = installed(ready)
    assert done.became(Became.MADE) == ["label qa"] and done.writes == 5
    assert len(done.became(Became.CHANGED)) == 4 and not done.became(Became.LEFT)
    again = state(ready)
    assert sorted(one["name"] for one in again[0]) == sorted(one["name"] for one in before[0])  # type: ignore[attr-defined]
    assert again[1:3] == before[1:3] and again[4:] == before[4:]


def test_without_admin_rights_nothing_is_written_and_every_step_is_told(ready: Loop) -> None:
    before = state(ready)
    done = installed(ready, "da")
    assert (done.writes, state(ready)) == (0, before)
    assert set(done.became(Became.LEFT)) >= {"protection of main", "environment archive", "label qa"}
    left = [one for one in done.parts if one.became is Became.LEFT]
    assert all(one.told and "http" in one.step for one in left)
    assert (
        "gh api --method PUT repos/lmtoy/lmtoy_run/branches/main/protection --input -"
        in done.of("protection of main").step
    )


@pytest.mark.slow
def test_the_command_tells_what_it_did_and_ends_with_1_when_something_is_left(ready: Loop) -> None:
    assert ready.lmtbot("install", "github", code=1, GH_TOKEN=token_of("da"))["writes"] == 0
    told = ready.lmtbot("install", "github", GH_TOKEN=token_of("po"))
    became = {one["what"]: one["became"] for one in told["parts"]}
    assert became["protection of main"] == "made" and told["writes"] > 8
    assert ready.lmtbot("install", "github", GH_TOKEN=token_of("po"))["writes"] == 0


def test_a_dry_run_tells_the_same_and_writes_nothing(ready: Loop) -> None:
    before = state(ready)
    dry = installed(ready, dry_run=True)
    assert (dry.writes, state(ready)) == (0, before)
    real = installed(ready)
    assert {one.what for one in dry.parts} == {one.what for one in real.parts}
    for what in (*real.became(Became.MADE), *real.became(Became.CHANGED)):
        assert dry.of(what).became in (Became.MADE, Became.CHANGED), what


def test_teams_that_are_missing_are_made_with_what_they_may(ready: Loop) -> None:
    text = TEAMS.replace("teams: [da]", "teams: [da, analysts]")
    done = installed(ready, text=text)
    assert "leave it unless" in done.of("team analysts").told and not done.of("team da").told
    may = {one["slug"]: one["permission"] for one in ready.hub.po.get(f"{REPO}/teams").json}
    assert (may["analysts"], may["da"], may["po"]) == ("push", "push", "admin"), "who may more is left alone"
    assert done.became(Became.LEFT) == [".github/CODEOWNERS"], "it does not name the new team"
    assert "@lmtoy/da @lmtoy/analysts @lmtoy/po" in done.of(".github/CODEOWNERS").step
    assert installed(ready, text=text).writes == 0


def test_an_admin_who_may_make_no_team_is_told_so_and_the_rest_is_done(ready: Loop) -> None:
    assert ready.hub.po.put(f"{REPO}/collaborators/stranger", {"permission": "admin"}).status in (201, 204)
    invited = ready.hub.stranger.get("/user/repository_invitations")
    for one in invited.json if invited.status == 200 else ():
        ready.hub.stranger.patch(f"/user/repository_invitations/{one['id']}")
    done = installed(ready, "stranger", text=TEAMS.replace("teams: [da]", "teams: [da, analysts]"))
    assert "team analysts" in done.became(Became.LEFT) and "team analysts may push" not in [
        one.what for one in done.parts
    ]
    assert "orgs/lmtoy/teams" in done.of("team analysts").step
    assert "protection of main" in done.became(Became.MADE)


def test_what_is_missing_for_the_bot_is_told_by_name_only(ready: Loop) -> None:
    key = (ready.hub.state.folder / "lmtbot.pem").read_text()
    assert ready.hub.po.delete(f"{REPO}/actions/secrets/LMTBOT_APP_KEY").status == 204
    assert ready.hub.po.delete(f"{REPO}/actions/variables/LMTBOT_APP_ID").status == 204
    done = installed(ready)
    assert done.became(Became.LEFT) == ["variable LMTBOT_APP_ID", "secret LMTBOT_APP_KEY"]
    assert "gh secret set LMTBOT_APP_KEY --repo lmtoy/lmtoy_run < KEY.pem" in done.of("secret LMTBOT_APP_KEY").step
    assert not any(line in str(done.parts) for line in key.splitlines() if len(line) > 20)


@pytest.mark.parametrize("fault", [{"cut": "after"}, {"cut": "before"}, {"status": 502}])
def test_a_call_that_breaks_is_told_or_was_done_and_the_next_pass_ends_it(
    ready: Loop, fault: dict[str, object]
) -> None:
    ready.hub.state.faults.add(CallFault(path="/repos/*/labels", method="POST", count=1, **fault))
    installed(ready)
    done = installed(ready)
    assert not done.became(Became.LEFT)
    names = [one["name"] for one in ready.hub.po.get(f"{REPO}/labels").json]
    assert sorted(name for name in names if name == "arrival") == ["arrival"]
    assert installed(ready).writes == 0


def test_without_a_persons_token_nothing_is_asked(ready: Loop) -> None:
    assert "gh auth token" in ready.lmtbot("install", "github", code=1)


def test_the_codeowners_of_the_tests_are_those_of_the_rules() -> None:
    assert owners_text(owners(read(TEAMS), "lmtoy")) == CODEOWNERS


DOCUMENTED = {
    "Contents": "contents", "Pull requests": "pull_requests", "Issues": "issues", "Checks": "checks",
    "Members (organisation)": "members", "Metadata": "metadata",
}  # fmt: skip


@pytest.mark.slow
def test_the_permissions_that_the_document_gives_the_app_are_enough_for_the_loop(loop: Loop) -> None:
    text = (REPOSITORY / "docs" / "github.md").read_text()
    table = re.findall(r"^\| ([A-Z][^|]*) \| (read|write) \|", text, re.M)
    held = json.dumps({DOCUMENTED[name]: level for name, level in table})
    assert len(table) == len(DOCUMENTED)
    for sql in ("UPDATE apps SET permissions = ?", "UPDATE installations SET permissions = ?"):
        loop.hub.ask(functools.partial(loop.hub.state.db.run, sql, held))
    number = reduced(loop)
    assert say(loop, number, "/status") and checks(loop, loop.hub.tip(f"qa/{PID}"))
    assert {one["name"] for one in loop.hub.po.get(f"{REPO}/issues/{number}/labels").json} == {"qa"}
