"""The true gh, as people use it: its GraphQL is answered where we know it, and what we do not know is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import build_schema

from bot.sim.github.graphql.door import SCHEMA
from tests.github.hub import REPO, Hub
from tests.github.judge import NPM
from tests.github.test_clients import gh

NEWER = ("Issue.issueType", "Issue.blockedBy", "Issue.blocking", "IssueType")
"""What gh asks for and the newest published copy of the schema does not hold yet."""
PUBLISHED = NPM / "@octokit" / "graphql-schema" / "schema.graphql"


def test_gh_lists_shows_reviews_and_merges_a_pull_request(hub: Hub) -> None:
    number = str(hub.pull("feature", body="Please look."))
    told = json.loads(gh(hub, "po", "pr", "list", "--json", "number,title,author,headRefName,mergeable,labels"))
    assert [(one["number"], one["author"]["login"], one["headRefName"]) for one in told] == [(1, "da", "feature")]
    assert "feature" in gh(hub, "po", "pr", "list")
    gh(hub, "po", "pr", "comment", number, "--body", "I look at it.")
    assert "Can not approve your own pull request" in gh(hub, "da", "pr", "review", number, "--approve", good=False)
    gh(hub, "po", "pr", "review", number, "--approve", "--body", "Good.")
    shown = gh(hub, "pi", "pr", "view", number, "--comments")
    assert "I look at it." in shown and "Good." in shown
    assert "Please look." in gh(hub, "pi", "pr", "view", number)
    reviews = hub.po.get(f"{REPO}/pulls/1/reviews").json
    assert [(review["user"]["login"], review["state"]) for review in reviews] == [("po", "APPROVED")]
    assert "+feature" in gh(hub, "pi", "pr", "diff", number)
    refused = gh(hub, "pi", "pr", "merge", number, "--merge", good=False)
    assert "Must have push access" in refused
    gh(hub, "po", "pr", "merge", number, "--squash", "--delete-branch")
    assert hub.po.get(f"{REPO}/pulls/1").json["merged"] is True
    assert "MERGED" in gh(hub, "po", "pr", "view", number, "--json", "state")
    assert gh(hub, "po", "pr", "list") == ""


def test_gh_opens_and_closes_a_pull_request(hub: Hub) -> None:
    hub.branch("side")
    hub.write("a", "a\n", "side")
    made = gh(hub, "da", "pr", "create", "--title", "T", "--body", "B", "--head", "side", "--base", "main")
    assert made.strip().endswith("/lmtoy/lmtoy_run/pull/1")
    gh(hub, "da", "pr", "close", "1")
    assert hub.po.get(f"{REPO}/pulls/1").json["state"] == "closed"


def test_gh_tells_that_the_rules_of_a_branch_forbid_a_merge(hub: Hub) -> None:
    number = str(hub.pull("feature"))
    hub.protect(required_pull_request_reviews={"required_approving_review_count": 1})
    hub.po.get(f"{REPO}/pulls/{number}")
    hub.wait_for(lambda: hub.po.get(f"{REPO}/pulls/{number}").json["mergeable"])
    assert "the base branch policy prohibits the merge" in gh(hub, "po", "pr", "merge", number, "--merge", good=False)


def test_gh_checks_shows_what_the_checks_say(hub: Hub) -> None:
    number = str(hub.pull("feature"))
    sha = hub.tip("feature")
    check = {"name": "lmtbot", "head_sha": sha, "status": "completed", "conclusion": "success"}
    assert hub.bot().post(f"{REPO}/check-runs", check).status == 201
    assert hub.da.post(f"{REPO}/statuses/{sha}", {"state": "failure", "context": "old"}).status == 201
    told = gh(hub, "da", "pr", "checks", number, good=None)
    assert "lmtbot\tpass" in told and "old\tfail" in told


def test_gh_opens_lists_shows_comments_and_closes_an_issue(hub: Hub) -> None:
    hub.po.post(f"{REPO}/labels", {"name": "webrun", "color": "00ff00", "description": "of a PI"})
    assert "webrun\tof a PI" in gh(hub, "da", "label", "list")
    gh(hub, "da", "issue", "create", "--title", "labelled", "--body", "B", "--label", "webrun")
    assert [label["name"] for label in hub.po.get(f"{REPO}/issues/1").json["labels"]] == ["webrun"]
    gh(hub, "da", "issue", "close", "1")
    assert gh(hub, "pi", "issue", "create", "--title", "webrun", "--body", "Please.").strip().endswith("/issues/2")
    assert [one["title"] for one in json.loads(gh(hub, "da", "issue", "list", "--json", "title,author"))] == ["webrun"]
    gh(hub, "da", "issue", "comment", "2", "--body", "It runs.")
    shown = gh(hub, "pi", "issue", "view", "2", "--comments")
    assert "It runs." in shown
    assert "Please." in gh(hub, "pi", "issue", "view", "2")
    gh(hub, "pi", "issue", "close", "2")
    assert hub.po.get(f"{REPO}/issues/2").json["state"] == "closed"
    assert gh(hub, "da", "issue", "list") == ""


def test_gh_lists_releases_runs_and_who_one_is(hub: Hub) -> None:
    hub.po.post(f"{REPO}/releases", {"tag_name": "P/v1", "name": "v1", "target_commitish": "main"})
    assert "P/v1" in gh(hub, "pi", "release", "list") and "Latest" in gh(hub, "pi", "release", "list")
    assert "Logged in to github.localhost account da" in gh(
        hub, "da", "auth", "status", "--hostname", "github.localhost"
    )
    assert gh(hub, "da", "run", "list", "--json", "name") == "[]\n"
    hub.write(".github/workflows/w.yml", "name: W\non: workflow_dispatch\njobs: {}\n")
    gh(hub, "da", "workflow", "run", "w.yml")
    assert hub.actions("workflow_dispatch") == [None]
    assert "lmtoy/lmtoy_run" in gh(hub, "pi", "repo", "view", "lmtoy/lmtoy_run", "--json", "nameWithOwner")


def test_gh_inside_a_clone_knows_the_repository(hub: Hub) -> None:
    hub.pull("feature")
    hub.git("init", "-q", "clone")
    port = hub.address.rpartition(":")[2]
    url = f"http://github.localhost:{port}/lmtoy/lmtoy_run.git"
    hub.git("remote", "add", "origin", url, cwd=hub.folder / "clone")
    assert "feature" in gh(hub, "da", "pr", "list", cwd=hub.folder / "clone", GH_REPO="")


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        (
            '{repository(owner: "lmtoy", name: "lmtoy_run") {stargazerCount}}',
            None,
            "Cannot query field 'stargazerCount'",
        ),
        ('{repository(owner: "lmtoy", name: "none") {id}}', "NOT_FOUND", "Could not resolve to a Repository"),
        ('{node(id: "eA==") {id}}', "NOT_FOUND", "Could not resolve to a node"),
        ("{search", None, "Syntax Error"),
        ("mutation {starRepository(input: {}) {clientMutationId}}", None, "Cannot query field 'starRepository'"),
    ],
)
def test_a_question_that_is_not_known_is_refused_by_name(hub: Hub, query: str, kind: str | None, words: str) -> None:
    told = hub.da.post("/graphql", {"query": query}).json
    assert words in told["errors"][0]["message"] and told["errors"][0].get("type") == kind


def test_graphql_wants_to_know_who_asks_and_counts_no_calls_of_others(hub: Hub) -> None:
    assert hub.nobody.post("/graphql", {"query": "{viewer {login}}"}).status == 401
    assert hub.pi.post("/graphql", {"query": "{viewer {login}}"}).json == {"data": {"viewer": {"login": "pi"}}}


def test_lists_of_graphql_have_pages(hub: Hub) -> None:
    for number in range(5):
        hub.pi.post(f"{REPO}/issues", {"title": f"t{number}"})
    query = """query($after: String) {repository(owner: "lmtoy", name: "lmtoy_run") {
        issues(first: 2, after: $after) {nodes {title} totalCount pageInfo {hasNextPage endCursor}}}}"""
    after, found = None, []
    for _ in range(3):
        told = hub.pi.post("/graphql", {"query": query, "variables": {"after": after}}).json
        issues = told["data"]["repository"]["issues"]
        found += [issue["title"] for issue in issues["nodes"]]
        after = issues["pageInfo"]["endCursor"]
    assert found == [f"t{number}" for number in range(5)]
    assert (issues["totalCount"], issues["pageInfo"]["hasNextPage"]) == (5, False)


@pytest.mark.slow
def test_our_schema_holds_nothing_that_githubs_published_schema_does_not(judge: object) -> None:
    ours = build_schema(SCHEMA.read_text()).type_map
    theirs = build_schema(PUBLISHED.read_text(), assume_valid=True, assume_valid_sdl=True).type_map
    odd = [
        fault for name, kind in ours.items() if not name.startswith("__") for fault in differences(name, kind, theirs)
    ]
    assert not [fault for fault in odd if not fault.startswith(NEWER)]


def differences(name: str, kind: Any, theirs: dict[str, Any]) -> Iterator[str]:
    """Tell what a type of ours has that the published one has not, or has otherwise."""
    other = theirs.get(name)
    if type(kind) is not type(other):
        yield name
    elif hasattr(kind, "values"):
        yield from (f"{name}.{word}" for word in kind.values if word not in other.values)
    elif hasattr(kind, "types"):
        yield from (f"{name} = {one}" for one in kind.types if str(one) not in map(str, other.types))
    for word, field in getattr(kind, "fields", {}).items():
        known = getattr(other, "fields", {}).get(word)
        told = {arg: str(one.type) for arg, one in getattr(field, "args", {}).items()}
        if known is None or str(known.type) != str(field.type):
            yield f"{name}.{word}: {known and known.type}"
        elif not told.items() <= {arg: str(one.type) for arg, one in getattr(known, "args", {}).items()}.items():
            yield f"{name}.{word}({', '.join(known.args)})"
