"""A webrun from the form to its end, in the issue: asked, accepted, run, compared, promoted, kept, deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.doors.github import GitHubRefused
from bot.formats.webrun_form import form_text
from bot.model.role import Role
from bot.model.webrun import SessionState
from bot.sim.github.store.faults import CallFault
from bot.stages.webrun.sessions import accept, ask, store_of, today
from bot.stages.webrun.sweep import sweep
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.webrun.scene import FLAGGED, Scene, request

pytestmark = pytest.mark.slow


def test_a_pi_asks_and_gets_a_session_beside_the_official_results(scene: Scene) -> None:
    before = scene.outside()
    assert scene.ask().state == "accepted"
    (said,) = scene.said()
    assert "Session-1" in said and "`badcb=1/2`" not in said and "3 run lines" not in said
    assert "5 run lines" in said and "meta=0 srdp=0" in said and "in tier a, b of GALAXY" in said
    assert scene.dispatched() == [{"issue": scene.issue, "pid": PID}]
    (session,) = scene.work()
    assert session.state is SessionState.DONE, session.told
    (result,) = scene.said("webrun-result")
    assert "http://taps.example.org/lmtslr/2024-S1-MX-2/Session-1/index.html" in result
    assert "2024-S1-MX-2 is done, beside official: 3 of 3 good" in result.replace("\\", "")
    args = (scene.folder() / PID / "117361" / "lmtoy_args.log").read_text()
    assert args.count(FLAGGED) == 2 and "badcb=2/3" not in args
    assert (scene.folder() / "index.html").exists()
    assert scene.outside() == before


def test_who_may_not_label_says_it_in_the_title(scene: Scene) -> None:
    number = scene.open(request(), labels=(), title="webrun of the core")
    assert scene.attend().state == "accepted"
    labels = scene.hub.po.get(f"{REPO}/issues/{number}").json["labels"]
    assert [one["name"] for one in labels] == ["webrun"]


def test_every_mistake_is_told_at_once_in_the_form_and_in_what_it_means(scene: Scene) -> None:
    text = form_text(request()).replace(FLAGGED, "badcb=$(id)\nbadcd=1\nwork_lmt=/tmp")
    scene.ask(text)
    (said,) = scene.said()
    assert all(word in said for word in ("$", "badcd", "work\\_lmt")), said
    assert scene.sessions() == []


def test_an_issue_whose_event_was_lost_is_found_by_the_sweep(scene: Scene) -> None:
    scene.open(request())
    scene.comment("/status", "pi", scene.issue)
    assert scene.sweep() == [f"#{scene.issue}: 1 commands answered"]
    assert scene.sessions() and scene.dispatched() and len(scene.comments(scene.issue)) == 2
    assert scene.sweep() == []


def test_twice_is_once(scene: Scene) -> None:
    for _ in range(3):
        scene.ask() if not scene.issue else scene.attend()
    scene.work()
    comments = scene.comments(scene.issue)
    assert scene.work() == [] and scene.attend().sessions == ("Session-1",)
    assert scene.comments(scene.issue) == comments and len(scene.sessions()) == 1


def test_a_pass_that_was_cut_off_after_it_had_accepted_is_gone_on_with(scene: Scene) -> None:
    number, site = scene.open(request()), scene.loop.pull()
    accept(site, ask(site, request(), "pi", {Role.PI}, issue=number))
    assert scene.comments(number) == [] and scene.attend().state == "accepted"
    assert len(scene.sessions()) == 1 and len(scene.dispatched()) == 1 and len(scene.said()) == 1


def test_beyond_the_quota_it_waits_for_a_po(scene: Scene) -> None:
    settings = scene.hub.text(".github/lmtbot.yml") + "webrun: {run_lines: 2}\n"
    scene.hub.write(".github/lmtbot.yml", settings, who=scene.hub.po)
    assert scene.ask().state == "waits"
    assert "5 run lines are more than 2" in scene.said()[0] and scene.dispatched() == []
    for who in ("pi", "da", "stranger"):
        assert not scene.tell("/accept", who).answers[0].is_done
    assert scene.sessions() == []
    (answer,) = scene.tell("/accept", "po").answers
    assert answer.is_done and scene.sessions()[0].accepted_by == "po"
    assert "**Accepted by po: Session-1**" in scene.said()[0]
    assert not scene.tell("/accept", "pi").answers[0].is_done and len(scene.sessions()) == 1


def test_a_label_counts_only_when_a_po_put_it_there(scene: Scene) -> None:
    settings = scene.hub.text(".github/lmtbot.yml") + "webrun: {run_lines: 2}\n"
    scene.hub.write(".github/lmtbot.yml", settings, who=scene.hub.po)
    scene.ask()
    labels = f"{REPO}/issues/{scene.issue}/labels"
    assert scene.hub.da.post(labels, {"labels": ["webrun: accepted"]}).status == 200
    assert scene.attend().state == "waits"
    assert scene.hub.da.delete(f"{labels}/webrun:%20accepted").status == 200
    assert scene.hub.po.post(labels, {"labels": ["webrun: accepted"]}).status == 200
    assert scene.attend().state == "accepted" and scene.sessions()[0].accepted_by == "po"


def test_a_text_that_was_edited_after_it_was_accepted_is_not_run(scene: Scene) -> None:
    scene.ask()
    assert scene.edit(request("badcb=1/3")).state == "edited"
    assert "Nothing of the new text is run" in scene.said()[-1]
    (session,) = scene.work()
    assert session.request.parameters == (FLAGGED,)
    (answer,) = scene.tell("/run").answers
    assert answer.told == "accepted as Session-2"
    (session,) = scene.work()
    assert session.number == 2 and session.request.parameters == ("badcb=1/3",)
    assert scene.attend().state == "accepted" and len(scene.sessions()) == 2


def test_an_issue_stays_with_its_project_and_a_broken_text_leaves_its_sessions_reachable(scene: Scene) -> None:
    scene.ask()
    other = request(project="2024-S1-MX-3", sources=("X",))
    scene.hub.write("projects/2024-S1-MX-3/project.yaml", "pid: 2024-S1-MX-3\npi: {github: [pi]}\n", who=scene.hub.po)
    assert scene.edit(other).state == "refused" and "is about 2024-S1-MX-2" in scene.said()[-1].replace("\\", "")
    assert scene.edit("nonsense").state == "refused"
    assert not scene.tell("/delete", "stranger").answers[0].is_done
    assert scene.tell("/cancel").answers[0].told.startswith("Session-1 is cancelled, kept until")
    assert scene.tell("/delete").answers[0].is_done


def test_what_a_po_accepts_is_what_the_answer_before_says(scene: Scene) -> None:
    settings = scene.hub.text(".github/lmtbot.yml") + "webrun: {run_lines: 2}\n"
    scene.hub.write(".github/lmtbot.yml", settings, who=scene.hub.po)
    scene.ask()
    harmless = scene.said()[0].split("/accept ")[1][:8]
    scene.hub.person("pi").patch(f"{REPO}/issues/{scene.issue}", {"body": "### Project\n\n2024-S1-MX-2"})
    assert not scene.tell("/accept", "po").answers[0].is_done
    scene.edit(request("badcb=0/0"))
    assert not scene.tell(f"/accept {harmless}", "po").answers[0].is_done
    assert scene.sessions() == []
    assert scene.tell("/accept", "po").answers[0].is_done
    assert scene.sessions()[0].request.parameters == ("badcb=0/0",)


def test_the_commands_of_a_session(scene: Scene) -> None:
    scene.ask()
    scene.work()
    assert scene.tell("/run blo=2").answers[0].told == "accepted as Session-2"
    scene.work()
    assert "Session-1 is done" in scene.tell("/status").answers[0].told
    assert scene.tell("/compare 1").answers[0].is_done and scene.tell("/compare 1").answers[0].is_done
    (beside,) = scene.said("webrun-compare")
    assert "beside Session-1" in beside
    told = scene.tell("/extend 1\n/cancel 2\n/help\n/compare 9\n/delete 3\n/promote now").answers
    assert [one.is_done for one in told] == [True, True, True, False, False, False]
    before = scene.outside()
    (gone,) = scene.tell("/delete 1").answers
    assert gone.is_done and "files with" in gone.told
    assert [path.name for path in scene.folder().iterdir()] == ["session.json"]
    assert scene.outside() == before and scene.folder(2).joinpath(PID).exists()
    assert scene.tell("/delete 1").answers[0].told == gone.told, "twice is once"
    assert scene.tell("/run").answers[0].told == "accepted as Session-3", "what is gone can be made again"


def test_promote_brings_the_parameters_to_main_by_a_pull_request(scene: Scene) -> None:
    scene.ask()
    assert "is promoted when all of it is good" in scene.tell("/promote").answers[0].told
    scene.work()
    for _ in range(2):
        assert scene.tell("/promote").answers[0].is_done
    (pull,) = [one for one in scene.loop.pulls() if one["head"]["ref"] == f"promote/{PID}-1"]
    assert pull["user"]["login"] == "lmtbot[bot]" and [one["slug"] for one in pull["requested_teams"]] == ["da"]
    assert "badcb: 1/2" in scene.text("project.yaml", f"promote/{PID}-1")
    changed = scene.hub.po.get(f"{REPO}/pulls/{pull['number']}/files").json
    assert [one["filename"] for one in changed] == [f"projects/{PID}/project.yaml"]
    scene.loop.merge(int(pull["number"]))
    assert scene.reconcile().is_good
    assert "was merged" in scene.tell("/promote").answers[0].told


def test_a_session_warns_expires_and_says_when_more_has_arrived(scene: Scene) -> None:
    scene.ask()
    scene.work()
    assert scene.sweep() == []
    scene.arrive(117361, 117362, 117363)
    assert scene.sweep() == [f"{PID} Session-1: no longer covers all"] and scene.sweep() == []
    (data,) = scene.said("webrun-data")
    assert "117363 came later" in data
    soon, then = today() + timedelta(days=26), today() + timedelta(days=30)
    assert scene.sweep(day=soon) == [f"{PID} Session-1: expires soon"] and scene.sweep(day=soon) == []
    assert scene.tell("/extend").answers[0].is_done
    assert scene.sweep(day=soon) == [f"{PID} Session-1: expires soon"], "it was extended to the same day: said again"
    before = scene.outside()
    assert scene.sweep(day=then) == [f"{PID} Session-1: is expired"] and scene.sweep(day=then) == []
    assert len(scene.said("webrun-expiry")) == 1 and "was deleted" in scene.said("webrun-expiry")[0]
    assert not (scene.folder() / PID).exists() and scene.outside() == before
    assert scene.sessions()[0].state is SessionState.EXPIRED


def test_a_result_that_could_not_be_told_is_told_by_the_next_run_and_nothing_is_made_again(scene: Scene) -> None:
    scene.ask()
    scene.hub.state.faults.add(CallFault("*/comments", method="POST", status=422, count=9))
    with pytest.raises(GitHubRefused):
        scene.work()
    scene.hub.state.faults.clear()
    assert scene.said("webrun-result") == [] and scene.sessions()[0].state is SessionState.ACCEPTED
    made = {path: path.stat().st_mtime_ns for path in (scene.folder() / PID).rglob("*")}
    before = len(scene.dispatched())
    scene.sweep()
    assert len(scene.dispatched()) == before + 1, "the sweep asks the runner for it"
    assert [one.state for one in scene.work()] == [SessionState.DONE] and len(scene.said("webrun-result")) == 1
    assert {path: path.stat().st_mtime_ns for path in (scene.folder() / PID).rglob("*")} == made


def test_a_session_that_cannot_be_looked_at_keeps_no_other_from_its_end(scene: Scene) -> None:
    scene.ask()
    scene.work()
    scene.tell("/run blo=2")
    scene.work()
    then, link = today() + timedelta(days=30), scene.folder() / "lmtbot" / PID / "batch"
    link.symlink_to(scene.work_lmt)
    swept = sweep(*scene.bot(), day=then)
    assert swept.news == [f"{PID} Session-2: is expired"]
    assert len(swept.hindered) == 1 and "Session-1" in swept.hindered[0] and "is a link" in swept.hindered[0]
    link.unlink()
    assert scene.sweep(day=then) == [f"{PID} Session-1: is expired"] and scene.sweep(day=then) == []


def test_a_session_whose_issue_is_gone_ends_like_others(scene: Scene) -> None:
    scene.ask()
    scene.work()
    (session,) = scene.sessions()
    store_of(scene.loop.site, PID).update(session, lambda _one: {"issue": 999})
    assert scene.hub.po.patch(f"{REPO}/issues/{scene.issue}", {"state": "closed"}).status == 200
    soon, then = today() + timedelta(days=26), today() + timedelta(days=30)
    assert scene.sweep(day=soon) == [f"{PID} Session-1: expires soon"]
    assert scene.sweep(day=then) == [f"{PID} Session-1: is expired"] and scene.sweep(day=then) == []
