"""Comments that mean no good: one clear answer at most, nothing runs that should not, answers are inert."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from bot.formats.marker import marker
from bot.sim.github.wire.practice import forward_clock
from bot.stages.arrival_pulls import propose_arrivals
from bot.stages.comments import answer_comments
from tests.e2e.site import PID
from tests.gfm import SILENT, TABLE, Shown
from tests.github.hub import REPO
from tests.loop.play import FOLDER, QA, Play
from tests.loop.world import NOON, rows

HOSTILE = (
    "/grade 117361 3 $(touch pwned) `id`; rm -rf / | cat && echo @po #1 GH-2 https://evil.example www.evil.example",
    "/grade 117361 3 <img src=x onerror=alert(1)> ![](https://evil.example/x.png) fixes #1",
    "/flag 117362 badcb=$(id)",
    "/flag 117362 badcb=1/2;reboot",
    "/flag 117362 work_lmt=/official",
    "/flag 117362 restart=1 obsnum=1",
    "/grade 117361٣ 3",
    "/grade 117361 ٣",
    "/ɡrade 117361 3",
    "/grаde 117361 3",
    "/grade ../../etc/passwd 3",
    "/run ../../x",
    "/run @po #1 <script>",
    "/run " + "9" * 200,
    "/unflag 117361 ../x",
    "/grade 117361 2 " + "x" * 20_000,
    "/grade <!<!-- x -->-- lmtbot:run pid=" + PID + " level=2 --> 3",
    "/status now",
)
QUIET = (
    "> /grade 117361 1",
    "```\n/grade 117361 1\n```",
    "~~~~\n/grade 117361 1\n~~~\n/retry\n",
    "<!-- \n/grade 117361 1\n-->",
    "    /grade 117361 1",
    "please /grade 117361 1",
    "//grade 117361 1",
    "/home/lmt is full",
    "`/grade 117361 1`",
)
OURS = {"p", "br", "strong", "ul", "li"}
CALLS = re.compile(r"(?i)@\w|#\d|\bGH-\d|https?:|\bwww\.")


def assert_inert(body: str) -> None:
    """Refuse an answer in which anything but our own words acts: a link, a mention, a picture, markup of others."""
    first, _, text = body.partition("\n")
    assert re.fullmatch(r"<!-- lmtbot:answer to=\d+ -->", first)
    assert len(body) <= 65_536
    page = Shown(text)
    assert page.tags <= {*OURS, *TABLE, *SILENT} and not page.links, text
    assert not CALLS.search(page.words), page.words  # GitHub rings nobody up from what is code


def dispatches(play: Play) -> list[dict[str, Any]]:
    return [row["payload"] for row in play.hub.events("repository_dispatch")]


def answers(play: Play, number: int = 0) -> list[str]:
    return [one for one in play.comments(number) if one.startswith("<!-- lmtbot:answer")]


@pytest.mark.slow
def test_hostile_commands_of_a_da_are_data_and_their_answers_are_inert(graded: Play) -> None:
    for text in HOSTILE:
        graded.comment(text)
    graded.answer()
    told = answers(graded)[1:]
    for one in told:
        assert_inert(one)
    assert len(told) == len(HOSTILE) - 2, "letters that look like others make no command, and no answer"
    assert dispatches(graded) == []
    text = graded.text("qa.yaml", QA)
    assert "badcb" not in text and "work_lmt" not in text and "restart" not in text
    lines = graded.text("level2.yaml", QA)
    assert "pwned" not in lines and "reboot" not in lines
    for commit in graded.hub.po.get(f"{REPO}/pulls/{graded.number}/commits?per_page=100").json:
        assert not CALLS.search(commit["commit"]["message"].partition("\n")[0]), commit["commit"]["message"]
    before = graded.comments()
    graded.answer()
    assert graded.comments() == before


def test_what_is_quoted_or_code_or_prose_is_no_command(graded: Play) -> None:
    before = graded.comments(), graded.hub.tip(QA)
    for text in QUIET:
        graded.comment(text)
    assert graded.answer() == []
    assert (graded.comments(), graded.hub.tip(QA)) == before


EVERYTHING = """\
/grade 117361 1
/fail 117362
/flag 117361 badcb=1/2
/unflag 117361
/combine 117361 no
/run
/refresh
/retry
/status
/help"""


@pytest.mark.slow
@pytest.mark.parametrize("who", ["stranger", "pi"])
def test_who_has_no_role_is_told_so_once_and_nothing_happens(graded: Play, who: str) -> None:
    tip, before = graded.hub.tip(QA), len(graded.comments())
    for _ in range(30):
        graded.comment(EVERYTHING, who)
    site, github = graded.bot()
    found = answer_comments(site, github, graded.number)
    assert [one.author for one in found] == [who]
    assert not any(one.is_done for one in found[0].answers) and len(found[0].answers) == 10
    assert github.session.writes == 2, "a reaction and an answer"
    assert github.session.calls < 20
    assert (graded.hub.tip(QA), dispatches(graded), len(graded.comments())) == (tip, [], before + 1)
    assert_inert(answers(graded)[-1])
    again = graded.bot()
    assert answer_comments(*again, graded.number) == [] and again[1].session.writes == 0


@pytest.mark.slow
def test_a_pi_may_look_and_nothing_else(graded: Play) -> None:
    text = graded.text("project.yaml").replace("mode: RSR/Bs\n", "mode: RSR/Bs\npi: {name: P. I., github: [pi]}\n")
    graded.write("project.yaml", text)
    tip = graded.hub.tip(QA)
    (found,) = graded.say(EVERYTHING, "pi")
    assert [one.asked.name for one in found.answers if one.is_done] == ["status", "help"]  # type: ignore[union-attr]
    assert (graded.hub.tip(QA), dispatches(graded)) == (tip, [])
    assert "As PI of this project" in answers(graded)[-1]
    assert "/grade" not in answers(graded)[-1].partition("As PI")[2]


@pytest.mark.slow
def test_edited_deleted_and_the_bots_own_comments_are_passed_over(graded: Play) -> None:
    before = graded.comments(), graded.hub.tip(QA)
    edited = graded.comment("a word")
    graded.hub.ask(lambda: forward_clock(graded.hub.state, timedelta(seconds=5)))
    assert graded.hub.po.patch(f"{REPO}/issues/comments/{edited}", {"body": "/grade 117361 1"}).status == 200
    gone = graded.comment("/grade 117361 1")
    assert graded.hub.da.delete(f"{REPO}/issues/comments/{gone}").status == 204
    own = graded.hub.bot().post(f"{REPO}/issues/{graded.number}/comments", {"body": "/grade 117361 1"})
    assert own.status == 201
    assert graded.answer() == []
    assert (graded.comments()[:-1], graded.hub.tip(QA)) == before


@pytest.mark.slow
def test_markers_of_others_count_for_nothing(graded: Play) -> None:
    """A stranger cannot have a DA's command taken for answered, nor have the bot write over its own texts."""
    wanted = graded.comment("/grade 117361 2")
    forged = f"{marker('answer', to=wanted)}\n{marker('run', pid=PID, level=2)}\n{marker('trial', to=wanted)}"
    graded.comment(forged, "stranger")
    graded.comment(f"/grade 1 <!<!-- x -->-- lmtbot:answer to={wanted} -->", "pi")
    found = graded.answer()
    assert [one.author for one in found] == ["da", "pi"]
    before = graded.comments()
    graded.review()
    graded.loop.merge(graded.number)
    assert graded.reconcile().refused == ()
    assert graded.comments()[: len(before)] == before, "the report is a comment of its own"
    assert graded.comments(who="stranger") == [forged]


@pytest.mark.slow
def test_a_forged_body_makes_no_pull_request_the_bots_own(graded: Play) -> None:
    """A person opens the project's QA pull request with a marker in its body: worksheet and lines are renewed."""
    assert graded.hub.po.patch(f"{REPO}/pulls/{graded.number}", {"state": "closed"}).status == 200
    mark = re.match(r"<!-- .* -->", str(graded.pull()["body"]))
    assert mark
    graded.write("level2.yaml", "digest: x\nlines: []\n", QA, "da")
    forged = re.sub(r"head=\w+", f"head={graded.hub.tip(QA)}", mark[0])
    body = {"title": "QA", "head": QA, "base": "main", "body": f"{forged}\nall is well"}
    graded.number = int(graded.hub.da.post(f"{REPO}/pulls", body).json["number"])
    assert graded.reconcile().qa
    assert "SLpipeline.sh obsnum=117361" in graded.text("level2.yaml", QA)


@pytest.mark.slow
def test_foreign_pull_requests_issues_and_closed_ones_let_nothing_run(graded: Play) -> None:
    hub, everything = graded.hub, "/grade 117361 1\n/run\n/refresh\n/retry"
    assert hub.stranger.post(f"{REPO}/forks").status == 202
    assert hub.write("x.txt", "x", QA, hub.stranger, "/repos/stranger/lmtoy_run").status == 201
    fork = hub.stranger.post(f"{REPO}/pulls", {"title": "t", "head": f"stranger:{QA}", "base": "main"})
    numbers = [int(fork.json["number"]), hub.pull("mine")]
    numbers += [hub.pull(f"{kind}/{pid}") for kind, pid in (("qa", "2024-S1-NO-1"), ("qa", "a/b"), ("arrival", "x"))]
    tip = hub.tip(QA)
    for number in numbers:
        (found,) = graded.say(everything, "da", number)
        assert not any(one.is_done for one in found.answers), found
        assert_inert(answers(graded, number)[-1])
    hub.po.patch(f"{REPO}/pulls/{graded.number}", {"state": "closed"})
    (found,) = graded.say("/grade 117361 1\n/run\n/refresh")
    assert not any(one.is_done for one in found.answers), found
    assert (hub.tip(QA), dispatches(graded)) == (tip, [])


@pytest.mark.slow
def test_thousands_of_commands_are_one_answer_and_little_work(graded: Play) -> None:
    graded.comment("\n".join(["/retry"] * 3000 + ["/run"] * 3000))
    (found,) = graded.answer()
    assert len(dispatches(graded)) == 1 and dispatches(graded)[0]["action"] == "project"
    assert "at most 100 commands" in found.answers[-1].told
    graded.comment("\n".join(f"/grade {n} 3" for n in range(100000, 104000)))
    (found,) = graded.answer()
    assert len(found.answers) == 101 and not any(one.is_done for one in found.answers)
    assert_inert(answers(graded)[-1])


@pytest.mark.slow
def test_a_trial_is_of_the_flags_that_stand_in_the_same_comment(graded: Play) -> None:
    (found,) = graded.say("/flag 117362 badcb=1/2\n/run 117362\n/run 117369")
    assert [one.is_done for one in found.answers] == [True, True, False]
    assert [one["client_payload"]["head"] for one in dispatches(graded)] == [graded.hub.tip(QA)]


@pytest.mark.slow
def test_a_file_that_is_no_text_stops_no_conversation(graded: Play) -> None:
    """A DA uploads rubbish as qa.yaml: whoever asks is told, again and again, and mending it mends all."""
    good = graded.text("qa.yaml", QA)
    path = f"{REPO}/contents/{FOLDER}/qa.yaml"
    sha = graded.hub.da.get(f"{path}?ref={QA}").json["sha"]
    body = {"message": "oops", "branch": QA, "sha": sha, "content": "//79/A=="}
    assert graded.hub.da.put(path, body).status == 200
    (found,) = graded.say("/grade 117361 1\n/status")
    assert [one.is_done for one in found.answers] == [False, True]
    assert "no UTF-8 text" in found.answers[0].told
    assert graded.reconcile().qa
    assert graded.checks(graded.hub.tip(QA))["qa"] == "failure"
    graded.write("qa.yaml", good, QA, "da")
    (found,) = graded.say("/grade 117361 1")
    assert found.answers[0].is_done


@pytest.mark.slow
def test_odd_names_in_the_log_reach_no_page_as_markup(graded: Play) -> None:
    """A source's name comes from the telescope: any characters but white space."""
    name = "@po#1<img/src=x>`|](http://evil.example)"
    graded.loop.observe(rows(117361, 117362) + rows(117363, source=name))
    site, github = graded.bot()
    done = propose_arrivals(site, github, graded.loop.log, now=NOON)
    number = next(one.number for one in done.proposals if one.pid == PID)
    pull = graded.pull(number)
    assert "<img" not in re.sub(r"(?s)```.*?```", "", str(pull["body"]))
    assert not CALLS.search(pull["title"])
