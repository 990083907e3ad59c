"""What the site and the digest have of GitHub: threads of projects by one call, one issue a night."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.doors.github import GitHub, open_github
from bot.formats.marker import marker
from bot.report.digest import KIND
from bot.sim.github.store.faults import CallFault
from bot.stages.digest import keep_issue, make_digest
from bot.stages.site.build import SiteReport, SiteRequest, build_site
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.loop.play import Play
from tests.loop.world import Loop, rows

pytestmark = pytest.mark.slow
NEW = "2025-S1-US-7"
IMPATIENT = {"tries": 1}


def door(loop: Loop) -> GitHub:
    hub = loop.pull().settings.github.model_copy(update=IMPATIENT)
    return open_github(hub, loop.environment())


def build(loop: Loop, github: GitHub | None, *, public: bool = False) -> SiteReport:
    return build_site(loop.pull(), SiteRequest(loop.root / "work" / f"site{public}", public=public), github)


def page(report: SiteReport, name: str) -> str:
    return (report.out / name).read_text()


def test_open_threads_are_on_the_index_the_project_and_in_its_story(loop: Loop) -> None:
    play = Play(loop)
    loop.observe(rows(117361, 117362) + rows(117500, pid=NEW))
    loop.lmtbot("arrive")
    first = build(loop, door(loop))
    index, project = page(first, "index.html"), page(first, f"p/{PID}/index.html")
    number, other = (next(one["number"] for one in loop.pulls() if pid in one["title"]) for pid in (PID, NEW))
    assert f"#{number} 1 new observation" in index and f"/pull/{number}" in index
    assert NEW in index and f"#{other} 1 new observation of a new project" in index, "main does not have it yet"
    assert f"pull request #{number} open: 1 new observation" in project
    stands = loop.lmtbot("status", "--pulls")["projects"][0]
    assert (stands["state"], stands["waits_for"] in project) == ("arriving", True)
    loop.merge(number)
    assert play.reconcile().is_good
    second = page(build(loop, door(loop)), f"p/{PID}/index.html")
    assert f"pull request #{number} merged" in second and f"2 to grade in #{play.number}" in second
    assert f'data-pull="{play.number}"' in page(first, f"p/{PID}/qa.html")


@pytest.mark.slow
def test_a_site_with_nothing_new_asks_once_and_writes_nothing(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))
    loop.lmtbot("arrive")
    out = str(loop.root / "work" / "site")
    assert loop.lmtbot("site", "build", "--github", "--out", out)["threads"] == ""
    loop.lmtbot("site", "build", "--out", out)

    again = loop.lmtbot("site", "build", "--out", out)
    assert (again["written"], again["rebuilt"]) == (0, [])
    github = door(loop)
    assert build(loop, github).written and build(loop, github).written == 0
    assert github.session.calls == 2, "one list each time"


def test_without_github_the_last_threads_stand_and_the_site_says_of_when(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))
    loop.lmtbot("arrive")
    assert "not known here" in build(loop, None).threads
    known = build(loop, door(loop))
    assert known.threads == ""
    loop.hub.state.faults.add(CallFault("/repos/*/issues", status=502, count=9))
    told = build(loop, door(loop))
    assert "those of 20" in told.threads and told.threads in page(told, "index.html")
    assert "#1 1 new observation" in page(told, "index.html")
    loop.hub.state.faults.clear()
    assert build(loop, door(loop)).threads == "" and "those of 20" not in page(told, "index.html")


def test_what_strangers_write_waits_for_nobody_and_words_stay_out_of_a_public_site(loop: Loop) -> None:
    for title, labels in ((f"{PID} <script>spam", ["qa"]), ("no project", [])):
        came = loop.hub.stranger.post(f"{REPO}/issues", {"title": title, "labels": labels})
        assert came.status == 201
    inside, outside = build(loop, door(loop)), build(loop, door(loop), public=True)
    assert "&lt;script&gt;spam" in page(inside, f"p/{PID}/index.html") and "spam" not in page(inside, "index.html")
    told = "".join(one.read_text() for one in Path(outside.out).rglob("*") if one.suffix in (".html", ".json", ".xml"))
    assert "spam" not in told and "issue #1" in told


def nights(loop: Loop) -> list[tuple[str, str, str]]:
    """Return (title, state, author) of the issues of nights, oldest first."""
    found = loop.hub.po.get(f"{REPO}/issues?labels=night&state=all&sort=created&direction=asc").json
    return [(one["title"].partition(":")[0], one["state"], one["user"]["login"]) for one in found]


@pytest.mark.slow
def test_a_night_has_one_issue_that_is_edited_and_closed_when_the_next_has_come(loop: Loop) -> None:
    def digest(*words: str) -> Any:
        return loop.lmtbot("digest", "--issue", *words)

    forged = {"title": "LMT night", "body": f"{marker(KIND, night='2024-05-14')}\n", "labels": ["night"]}
    assert loop.hub.po.post(f"{REPO}/issues", forged).status == 201
    loop.observe(rows(117361))
    digest("--dry-run")
    assert len(nights(loop)) == 1, "a dry run writes nothing, and what others write is theirs"
    first = digest()
    assert (digest()["number"], digest()["writes"]) == (first["number"], 0)
    body = loop.hub.po.get(f"{REPO}/issues/{first['number']}").json["body"]
    assert "117361" in body and "never run" in body
    Play(loop).reconcile()
    assert (digest()["number"], digest()["writes"]) == (first["number"], 0)
    renewed = loop.hub.po.get(f"{REPO}/issues/{first['number']}").json["body"]
    assert renewed != body and "DA" in renewed
    loop.observe(rows(117361, 117362))
    second = digest()
    assert second["number"] != first["number"] and digest()["writes"] == 0
    assert digest("--night", "2024-05-14")["number"] == first["number"], "an older night is the same issue, and closed"
    bot = "lmtbot[bot]"
    told = [("LMT night 2024-05-14", "closed", bot), ("LMT night 2024-05-15", "open", bot)]
    assert nights(loop) == [("LMT night", "open", "po"), *told]


@pytest.mark.parametrize("cut", ["before", "after", "half"])
def test_an_issue_of_which_no_answer_came_stands_once(loop: Loop, cut: str) -> None:
    loop.observe(rows(117361))
    site = loop.pull()
    loop.hub.state.faults.add(CallFault("/repos/*/issues", method="POST", cut=cut))
    keep_issue(loop.door(), make_digest(site))
    assert [state for _, state, _ in nights(loop)] == ["open"]
