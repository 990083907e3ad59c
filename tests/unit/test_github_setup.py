"""How the repository shall be: values from settings, differences between answers and wishes."""

from __future__ import annotations

import shlex
from pathlib import Path

from bot.model.setup import Difference, Write
from bot.rules.github_setup import (
    by_hand,
    differences,
    owners,
    protection,
    read_owners,
    repository_parts,
    role_teams,
    value_at,
)
from bot.settings import RoleHolders, Roles, Settings, read_settings

ROOT = Path(__file__).parents[2]
FOUND = {
    "enforce_admins": {"enabled": True},
    "restrictions": {"teams": [{"slug": "po", "name": "PO"}, {"slug": "admins", "name": "A"}], "users": []},
    "checks": {"contexts": ["check"]},
    "rules": [{"type": "wait_timer", "wait_timer": 5}, {"type": "reviewers", "who": [{"reviewer": {"slug": "po"}}]}],
}


def test_a_value_is_found_by_its_dotted_place_and_lists_are_names() -> None:
    assert value_at(FOUND, "enforce_admins.enabled") is True
    assert value_at(FOUND, "restrictions.teams") == ["admins", "po"]
    assert value_at(FOUND, "checks.contexts") == ["check"]
    assert value_at(FOUND, "rules.wait_timer.wait_timer") == 5
    assert value_at(FOUND, "rules.reviewers.who") == ["po"]
    assert (
        value_at(FOUND, "rules.nothing.who") is value_at(None, "a.b") is value_at(FOUND, "checks.contexts.x.y") is None
    )


def test_what_is_missing_counts_as_off_and_everything_else_differs() -> None:
    assert differences({"a": False, "b.c": [], "d": None}, None) == ()
    assert differences({"a": True, "n": 0}, {"n": 3}) == (Difference("a", None, True), Difference("n", 3, 0))


def test_pos_alone_merge_where_there_is_an_organisation_and_they_are_known() -> None:
    settings = Settings(roles=Roles(po=RoleHolders(users=("ann",), teams=("po", "gone"))))
    body = protection(settings, {"po", "ann"}, has_organisation=True).write.body
    assert body["restrictions"] == {"users": ["ann"], "teams": ["po"], "apps": []}
    assert protection(settings, {"po"}, has_organisation=False).write.body["restrictions"] is None
    assert protection(Settings(), (), has_organisation=True).write.body["restrictions"] is None


def test_a_protection_is_wanted_wherever_its_call_sets_something() -> None:
    part = protection(read_settings(ROOT), ("po",), has_organisation=True)
    named = {where.split(".")[0] for where in part.wanted}
    assert named == set(part.write.body)


def test_a_team_with_two_roles_gets_the_stronger_permission() -> None:
    both = RoleHolders(teams=("staff",))
    assert role_teams(Settings(roles=Roles(po=both, da=both))) == {"staff": "maintain"}


def test_a_private_repository_is_asked_nothing_about_forks() -> None:
    parts = {is_public: {one.read for one in repository_parts(is_public=is_public)} for is_public in (True, False)}
    assert parts[True] - parts[False] == {"actions/permissions/fork-pr-contributor-approval"}


def test_what_a_person_types_is_the_same_call() -> None:
    write = Write("PATCH", "labels/new%20project", {"description": "it's; $HOME"})
    words = shlex.split(by_hand(write, "o/r"))
    assert words == [
        "echo", '{"description": "it\'s; $HOME"}', "|", "gh", "api", "--method", "PATCH",
        "repos/o/r/labels/new%20project", "--input", "-",
    ]  # fmt: skip
    assert " orgs/o/teams " in by_hand(Write("POST", "/orgs/o/teams", {}), "o/r")


def test_codeowners_of_this_repository_says_what_its_roles_say() -> None:
    settings = read_settings(ROOT)
    text = (ROOT / ".github" / "CODEOWNERS").read_text()
    assert read_owners(text) == owners(settings, settings.github.repository.partition("/")[0])


def test_the_runners_question_names_the_repository_and_branch_of_the_settings() -> None:
    hub, text = read_settings(ROOT).github, (ROOT / "templates" / "install" / "only_main.sh").read_text()
    assert f"\nREPOSITORY={hub.repository}\nMAIN={hub.main}\n" in text
