"""Arrival pull requests on a real GitHub: opened once, renewed in place, edits kept, closed when main has all."""

from __future__ import annotations

import pytest

from bot.formats.project_file import parse_folder
from bot.rules.arrival import listed_obsnums
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.loop.world import Loop, rows

PATH = f"projects/{PID}/project.yaml"


def listed(text: str) -> set[int]:
    return listed_obsnums(parse_folder(text, pid=PID).project)


def test_new_observations_come_as_one_pull_request_of_the_bot(loop: Loop) -> None:
    loop.observe(rows(117361, 117362, 117363))
    told = loop.lmtbot("arrive")
    assert [(one["pid"], one["became"]) for one in told["proposals"]] == [(PID, "opened")]
    pull = loop.pulls()[0]
    assert pull["user"]["login"] == "lmtbot[bot]"
    assert pull["title"] == f"{PID}: 2 new observations"
    assert {label["name"] for label in pull["labels"]} == {"arrival"}
    assert [one["login"] for one in pull["requested_reviewers"]] == ["po"]
    text = loop.hub.text(PATH, f"arrival/{PID}")
    assert listed(text) == {117361, 117362, 117363}
    assert text.startswith("# remarks survive\n")
    assert "SLpipeline.sh obsnum=117362 _io=RSR/Bs _s=GALAXY badcb=2/3" in pull["body"]
    assert "3 Science obsnums of this project = 1 listed on main + 2 here + 0 held back" in pull["body"]


def test_a_second_pass_writes_nothing_and_asks_once(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))
    loop.lmtbot("arrive")
    told = loop.lmtbot("arrive")
    assert [one["became"] for one in told["proposals"]] == ["unchanged"]
    assert told["writes"] == 0
    assert told["calls"] == 1


def test_nothing_new_is_one_call_and_no_write(loop: Loop) -> None:
    loop.observe(rows(117361))
    told = loop.lmtbot("arrive")
    assert (told["proposals"], told["calls"], told["writes"]) == ([], 1, 0)


@pytest.mark.parametrize("count", [1, 50, pytest.param(400, marks=pytest.mark.slow)])
def test_the_calls_for_a_pull_request_do_not_grow_with_the_obsnums(loop: Loop, count: int) -> None:
    loop.observe(rows(*range(117362, 117362 + count)))
    told = loop.lmtbot("arrive")
    assert told["calls"] == 15
    assert len(loop.pulls()[0]["body"]) < 65_536


def test_later_arrivals_renew_it_and_keep_what_people_changed(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))
    loop.lmtbot("arrive")
    branch = f"arrival/{PID}"
    edited = loop.hub.text(PATH, branch).replace("# remarks survive", "# the PO was here")
    assert loop.hub.write(PATH, edited, branch, loop.hub.po).status == 200
    loop.observe(rows(117361, 117362, 117363))
    told = loop.lmtbot("arrive")
    assert [one["became"] for one in told["proposals"]] == ["updated"]
    assert len(loop.pulls()) == 1
    text = loop.hub.text(PATH, branch)
    assert text.startswith("# the PO was here\n")
    assert listed(text) == {117361, 117362, 117363}


@pytest.mark.slow
def test_what_a_person_leaves_out_stays_out_and_what_is_deleted_comes_back(loop: Loop) -> None:
    loop.observe(rows(117361, 117362, 117363))
    loop.lmtbot("arrive")
    branch = f"arrival/{PID}"
    text = loop.hub.text(PATH, branch).replace("      - 117362\n", "").replace("      - 117363\n", "")
    assert loop.hub.write(PATH, f"{text}left_out: {{117362: wrong focus}}\n", branch, loop.hub.po).status == 200
    loop.lmtbot("arrive")
    assert listed(loop.hub.text(PATH, branch)) == {117361, 117363}


@pytest.mark.slow
def test_it_closes_itself_when_main_has_all(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))
    loop.lmtbot("arrive")
    assert loop.hub.write(PATH, loop.hub.text(PATH, f"arrival/{PID}"), who=loop.hub.po).status == 200
    told = loop.lmtbot("arrive")
    assert [one["became"] for one in told["proposals"]] == ["closed"]
    assert loop.pulls() == []
    assert loop.hub.po.get(f"{REPO}/git/ref/heads/arrival/{PID}").status == 404


@pytest.mark.slow
def test_closed_by_a_person_it_waits_until_something_new_arrives(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))
    number = loop.lmtbot("arrive")["proposals"][0]["number"]
    loop.hub.po.patch(f"{REPO}/pulls/{number}", {"state": "closed"})
    told = loop.lmtbot("arrive")["proposals"][0]
    assert told["became"] == "waiting"
    assert f"#{number} was closed without merging" in told["told"]
    loop.observe(rows(117361, 117362, 117363))
    assert loop.lmtbot("arrive")["proposals"][0]["became"] == "opened"
    assert listed(loop.hub.text(PATH, f"arrival/{PID}")) == {117361, 117362, 117363}


@pytest.mark.slow
def test_main_that_moved_is_merged_into_the_branch(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))
    loop.lmtbot("arrive")
    main = loop.hub.text(PATH).replace("# remarks survive", "# main moved")
    assert loop.hub.write(PATH, main, who=loop.hub.po).status == 200
    loop.lmtbot("arrive")
    text = loop.hub.text(PATH, f"arrival/{PID}")
    assert text.startswith("# main moved\n")
    assert listed(text) == {117361, 117362}


@pytest.mark.slow
def test_a_conflict_keeps_main_and_every_obsnum(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))
    loop.lmtbot("arrive")
    branch = f"arrival/{PID}"
    theirs = loop.hub.text(PATH, branch).replace("# remarks survive", "# the branch says this")
    assert loop.hub.write(PATH, theirs, branch, loop.hub.po).status == 200
    ours = loop.hub.text(PATH).replace("# remarks survive", "# main says that")
    assert loop.hub.write(PATH, ours, who=loop.hub.po).status == 200
    loop.lmtbot("arrive")
    text = loop.hub.text(PATH, branch)
    assert text.startswith("# main says that\n")
    assert listed(text) == {117361, 117362}


def test_a_new_project_comes_whole_with_what_the_table_says(loop: Loop) -> None:
    table = "pid,title,pi,github,public\n2025-S1-US-9,Dust: a survey,A. Person,pi,2027-01-01\n"
    settings = loop.hub.text(".github/lmtbot.yml") + "project_table: table.csv\n"
    assert loop.hub.write("table.csv", table, who=loop.hub.po).status == 201
    assert loop.hub.write(".github/lmtbot.yml", settings, who=loop.hub.po).status == 200
    loop.observe(rows(130001, pid="2025-S1-US-9", source="NGC1"))
    told = loop.lmtbot("arrive")["proposals"]
    assert [(one["pid"], one["became"]) for one in told] == [("2025-S1-US-9", "opened")]
    text = loop.hub.text("projects/2025-S1-US-9/project.yaml", "arrival/2025-S1-US-9")
    project = parse_folder(text, pid="2025-S1-US-9").project
    assert (project.title, project.pi.name, project.pi.github) == ("Dust: a survey", "A. Person", ("pi",))
    assert str(project.public) == "2027-01-01"
    assert "a new project" in loop.pulls()[0]["title"]


@pytest.mark.slow
def test_a_project_may_begin_before_it_has_data(loop: Loop) -> None:
    assert loop.lmtbot("new", "2025-S1-US-9")["became"] == "opened"
    assert loop.lmtbot("new", "2025-S1-US-9")["became"] == "unchanged"
    assert [pull["head"]["ref"] for pull in loop.pulls()] == ["new/2025-S1-US-9"]
    assert "nothing is to be begun" in loop.lmtbot("new", PID, code=1)


@pytest.mark.slow
def test_a_branch_that_no_longer_reads_holds_up_nobody_else(loop: Loop) -> None:
    other = "2025-S1-US-9"
    loop.observe(rows(117361, 117362))
    loop.lmtbot("arrive")
    assert loop.hub.write(PATH, "pid: [", f"arrival/{PID}", loop.hub.po).status == 200
    loop.observe(rows(117361, 117362, 117363) + rows(130001, pid=other))
    told = {one["pid"]: one for one in loop.lmtbot("arrive", code=1)["proposals"]}
    assert "cannot be read" in told[PID]["told"]
    assert told[other]["became"] == "opened"


def test_a_dry_run_writes_nothing(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))
    told = loop.lmtbot("arrive", "--dry-run")
    assert [one["became"] for one in told["proposals"]] == ["opened"]
    assert told["writes"] == 0
    assert loop.pulls() == []


@pytest.mark.slow
def test_a_checkout_that_is_not_main_is_refused(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))
    loop.pull()
    (loop.checkout / PATH).write_text(loop.hub.text(PATH) + "# dirty\n")
    assert "not committed" in loop.lmtbot("arrive", code=1)
