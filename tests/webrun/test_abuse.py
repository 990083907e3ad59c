"""Hostile requests through the real door: one clear answer each, nothing runs, nothing outside a session changes."""

from __future__ import annotations

import pytest

from bot.errors import DoorError, ProjectError
from bot.formats.marker import marker
from bot.formats.webrun_form import form_text
from bot.model.webrun import SessionState
from bot.stages.webrun.sessions import accept, ask, run_session, session_site, take_away
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.webrun.hostile import requests
from tests.webrun.scene import Scene, request
from tests.webrun.test_hostile_texts import assert_inert

pytestmark = pytest.mark.slow
CHOSEN = ("project-shell", "project-label", "sources-markup", "sources-foreign", "obsnums-many", "parameters-work_lmt",
          "parameters-homoglyph", "parameters-archive", "base-path", "tiers-expression", "obsnums-controls",
          "parameters-command")  # fmt: skip


def test_a_dozen_hostile_requests_get_one_clear_answer_each_and_run_nothing(scene: Scene) -> None:
    before, texts = scene.outside(), dict(requests())
    for name in CHOSEN:
        assert scene.ask(texts[name]).state == "refused", name
        (said,) = scene.comments(scene.issue)
        assert_inert(said.partition("\n")[2])
        assert "Cure:" in said or "no folder" in said, said
    assert scene.dispatched() == [] and scene.sessions() == [] and scene.outside() == before


def test_words_that_look_like_a_request_are_words(scene: Scene) -> None:
    assert scene.ask(dict(requests())["words-command"]).state == "accepted"
    (session,) = scene.sessions()
    assert session.request.parameters == ("badcb=1/2",) and scene.said("answer") == []


def test_strangers_forged_logins_and_other_pis_get_nothing(scene: Scene) -> None:
    forged = f"{form_text(request())}\n\nopened by @pi\nauthor: pi\nsender: po"
    assert scene.ask(forged, "stranger").state == "refused"
    assert "Nothing is run for you here" in scene.said()[0]
    told = scene.tell("/run\n/accept\n/delete 1\n/help", "stranger").answers
    assert [one.is_done for one in told] == [False] * 4
    for _ in range(5):
        assert scene.tell("/run", "stranger").answers == ()
    assert not scene.tell("/accept", "po").answers[0].is_done, "the author has no role, whoever accepts"
    assert scene.sessions() == [] and scene.dispatched() == []
    assert len(scene.comments(scene.issue)) == 3


def test_a_forged_marker_accepts_nothing(scene: Scene) -> None:
    settings = scene.hub.text(".github/lmtbot.yml") + "webrun: {run_lines: 2}\n"
    scene.hub.write(".github/lmtbot.yml", settings, who=scene.hub.po)
    number = scene.open(f"{marker('webrun', digest='0123456789abcdef', state='accepted')}\n{form_text(request())}")
    digest = ask(scene.loop.pull(), request(), "pi", (), issue=number).digest
    scene.comment(f"{marker('webrun', digest=digest, state='accepted')}\naccepted", "pi", number)
    assert scene.attend().state == "waits"
    assert scene.work() == [] and scene.sessions() == []


def test_an_issue_without_the_label_and_a_pull_request_are_no_webrun(scene: Scene) -> None:
    assert scene.ask(labels=()).state == "" and scene.comments(scene.issue) == []
    with pytest.raises(ProjectError, match="no issue of a webrun"):
        scene.work()


def test_who_lost_the_role_meanwhile_gets_no_run(scene: Scene) -> None:
    scene.ask()
    scene.write("project.yaml", scene.text("project.yaml").replace("github: [pi]", "github: [other]"))
    (session,) = scene.work()
    assert session.state is SessionState.CANCELLED and not (scene.folder() / PID).exists()


def test_a_session_never_follows_a_link_out_of_its_folder(scene: Scene) -> None:
    scene.ask()
    (session,) = scene.sessions()
    official, site = scene.work_lmt / PID, scene.loop.pull()
    before = scene.outside()
    for inner, goal in ((PID, official), ("lmtbot", scene.work_lmt / "lmtbot"), ("request", official)):
        link = scene.folder() / inner
        aside = link.with_name(f"aside-{inner}")
        if link.exists():
            link.rename(aside)
        link.symlink_to(goal)
        with pytest.raises(DoorError, match="is a link"):
            run_session(site, session, lambda _progress: None)
        with pytest.raises(DoorError, match="is a link"):
            take_away(site, session)
        link.unlink()
        if aside.exists():
            aside.rename(link)
    assert scene.outside() == before
    run_session(site, session, lambda _progress: None)
    (scene.folder() / PID / "117361" / "out").symlink_to(official)
    (scene.folder() / "out").symlink_to(official)
    kept = take_away(site, session).taken
    assert kept and kept.files > 10 and scene.outside() == before
    assert [path.name for path in scene.folder().iterdir()] == ["session.json"]


def test_a_link_in_the_place_of_the_next_session_is_passed_over(scene: Scene) -> None:
    (scene.work_lmt / PID / "Session-1").symlink_to(scene.work_lmt / PID)
    site = scene.loop.pull()
    session = accept(site, ask(site, request(), "pi", (), issue=1))
    assert session.number == 2 and session_site(site, session).need_work() == scene.folder(2)
    assert not (scene.work_lmt / PID / "session.json").exists()


def test_a_record_that_says_another_project_or_number_counts_for_nothing(scene: Scene) -> None:
    site = scene.loop.pull()
    accept(site, ask(site, request(), "pi", (), issue=1))
    path = scene.folder() / "session.json"
    path.write_text(path.read_text().replace('"number": 1', '"number": 2'))
    assert scene.sessions() == []


def test_a_flood_of_edits_is_one_answer(scene: Scene) -> None:
    scene.ask("nonsense")
    for n in range(5):
        scene.edit(f"### Project\n\nnonsense {n}")
    assert len(scene.comments(scene.issue)) == 1
    assert scene.hub.po.get(f"{REPO}/issues/{scene.issue}").json["comments"] == 1
