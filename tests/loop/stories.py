"""Stories of the loop whose last step is done again and again, each time with another fault: arrive, reconcile, answer,
archive, webrun.

A story is prepared once; every telling begins from a copy of its folders.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.doors.github import GitHub
from bot.doors.stores.bag import BagStore
from bot.rules.archive import parse_tag
from bot.settings import Site
from bot.stages.archive.deposit import archive_release
from bot.stages.arrival_pulls import propose_arrivals
from bot.stages.comments import answer_comments
from bot.stages.reconcile import reconcile, wanting
from bot.stages.webrun.issue import attend
from bot.stages.webrun.run import run_accepted
from bot.stages.webrun.sessions import today
from bot.stages.webrun.sweep import sweep
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.loop.play import opened
from tests.loop.world import NOON, SETTINGS, WITH_PI, Loop, rows
from tests.webrun.scene import Scene, request

QUIET = SETTINGS.replace("progress_seconds: 1", "progress_seconds: 3600")
"""The number of calls must not follow from the time."""
COMMANDS = "/grade 117361 3 good\n/flag 117362 badcb=1/2\n/grade 117362 2\n/unflag 117361 badcb\n/status\n/help"
TAG = f"{PID}/v1"
QA_NUMBER = 2
"""Of every story that comes so far: the arrival was #1."""
ISSUE = 3
"""The webrun of the stories, behind the QA pull request."""
SESSION_COMMANDS = "/run blo=2\n/compare 1\n/extend 1\n/promote\n/status\n/help"
Deed = Callable[[Loop, Site, GitHub], bool]
"""One step of the bot; says whether there is more to do."""


@dataclass(frozen=True)
class Story:
    """What went before, and the step that is struck."""

    name: str
    before: Callable[[Loop], None]
    deed: Deed


def arrive(loop: Loop, site: Site, github: GitHub) -> bool:
    """Make a pass over the log."""
    done = propose_arrivals(site, github, loop.log, now=NOON)
    return any(one.became in ("opened", "updated", "closed") for one in done.proposals)


def run(loop: Loop, site: Site, github: GitHub) -> bool:
    """Reconcile all that wants it."""
    pids = list(wanting(site))
    for pid in pids:
        reconcile(site, github, pid, lambda _progress: None)
    return bool(pids)


def answer(loop: Loop, site: Site, github: GitHub) -> bool:
    """Answer the comments of the QA pull request."""
    return bool(answer_comments(site, github, QA_NUMBER))


def archive(loop: Loop, site: Site, github: GitHub) -> bool:
    """Archive the release; all but the telling is done by the time that anything is told."""
    store = BagStore(site.need_work() / "archive", "terms")
    done = archive_release(site, store, parse_tag(TAG), lambda *_: None, github=github)
    return done.pull is not None and done.pull.became in ("opened", "updated")


def converse(loop: Loop, site: Site, github: GitHub) -> bool:
    """Answer the text and the commands of the webrun's issue."""
    return bool(attend(site, github, ISSUE).answers)


def reduce(loop: Loop, site: Site, github: GitHub) -> bool:
    """Run what was accepted in the webrun's issue."""
    return bool(run_accepted(site, github, ISSUE, PID, lambda _progress: None))


def expire(loop: Loop, site: Site, github: GitHub) -> bool:
    """Sweep on the day on which the session expires."""
    return bool(sweep(site, github, day=today() + timedelta(days=40)).news)


def do(loop: Loop, deed: Deed) -> bool:
    """Do a step on a fresh checkout, by a new door."""
    loop.pull()
    return deed(loop, loop.site, loop.door())


def _nothing(loop: Loop) -> None:
    loop.observe(rows(117361, 117362))


def _open(loop: Loop) -> None:
    """An arrival pull request is open that people wrote to, main moved, and more arrives."""
    _nothing(loop)
    do(loop, arrive)
    path, branch = f"projects/{PID}/project.yaml", f"arrival/{PID}"
    edited = loop.hub.text(path, branch).replace("# remarks survive", "# remarks survive, the PO was here")
    assert loop.hub.write(path, edited, branch, loop.hub.po).status == 200
    words = "# verdicts\n# main moved\n"
    assert loop.hub.write(f"projects/{PID}/qa.yaml", words, who=loop.hub.po).status == 200
    loop.observe(rows(117361, 117362, 117363))


def _merged(loop: Loop) -> None:
    _nothing(loop)
    do(loop, arrive)
    loop.merge(int(loop.pulls()[0]["number"]))


def _all_on_main(loop: Loop) -> None:
    """Main has by another way what an open arrival pull request brings."""
    _nothing(loop)
    do(loop, arrive)
    path = f"projects/{PID}/project.yaml"
    assert loop.hub.write(path, loop.hub.text(path, f"arrival/{PID}"), who=loop.hub.po).status == 200


def _in_qa(loop: Loop) -> None:
    _merged(loop)
    do(loop, run)


def _said(loop: Loop) -> None:
    _in_qa(loop)
    _say(loop, COMMANDS)


def _say(loop: Loop, words: str) -> None:
    assert loop.hub.da.post(f"{REPO}/issues/{QA_NUMBER}/comments", {"body": words}).status == 201


def _graded_and_more(loop: Loop) -> None:
    """Verdicts stand on the QA branch, and one more observation comes onto main."""
    _in_qa(loop)
    _say(loop, "/grade 117361 3\n/grade 117362 2 poor sky\n/flag 117362 badcb=1/2")
    do(loop, answer)
    loop.observe(rows(117361, 117362, 117363))
    do(loop, arrive)
    loop.merge(int(loop.pulls()[0]["number"]))


def _approved(loop: Loop) -> None:
    _in_qa(loop)
    _say(loop, "/grade 117361 3\n/grade 117362 2")
    do(loop, answer)
    head = loop.hub.po.get(f"{REPO}/pulls/{QA_NUMBER}").json["head"]["sha"]
    body = {"event": "APPROVE", "commit_id": head}
    assert loop.hub.da.post(f"{REPO}/pulls/{QA_NUMBER}/reviews", body).status == 200
    loop.merge(QA_NUMBER)


def _released(loop: Loop) -> None:
    _approved(loop)
    do(loop, run)
    body = {"tag_name": TAG, "target_commitish": loop.hub.tip("main"), "name": TAG, "body": "notes"}
    assert loop.hub.po.post(f"{REPO}/releases", body).status == 201
    loop.pull()
    loop.hub.git("fetch", "-q", "--tags", loop.hub.url("da"), cwd=loop.checkout)


def _wished(loop: Loop) -> None:
    """A PI asks for a webrun, and asks at once where it stands."""
    path = f"projects/{PID}/project.yaml"
    assert loop.hub.write(path, WITH_PI, who=loop.hub.po).status == 200
    _in_qa(loop)
    scene = Scene(loop)
    assert scene.open(request()) == ISSUE
    scene.comment("/status\n/help", "pi", ISSUE)


def _accepted(loop: Loop) -> None:
    _wished(loop)
    do(loop, converse)


def _made(loop: Loop) -> None:
    _accepted(loop)
    do(loop, reduce)


def _made_and_more(loop: Loop) -> None:
    _made(loop)
    Scene(loop).comment(SESSION_COMMANDS, "pi", ISSUE)


STORIES = {
    one.name: one
    for one in (
        Story("arrive", _nothing, arrive),
        Story("arrive-again", _open, arrive),
        Story("arrive-closes", _all_on_main, arrive),
        Story("level-1", _merged, run),
        Story("qa-again", _graded_and_more, run),
        Story("answer", _said, answer),
        Story("level-2", _approved, run),
        Story("archive", _released, archive),
        Story("webrun-ask", _wished, converse),
        Story("webrun-run", _accepted, reduce),
        Story("webrun-commands", _made_and_more, converse),
        Story("webrun-expires", _made, expire),
    )
}


def prepare(story: Story, root: Path) -> Path:
    """Tell all that goes before; return the folder to copy from."""
    root.mkdir()
    with opened(root, QUIET) as loop:
        story.before(loop)
        loop.pull()
    return root


@contextmanager
def retold(prepared: Path, root: Path) -> Iterator[Loop]:
    """Let a copy of a prepared story live."""
    shutil.copytree(prepared, root, symlinks=True)
    with opened(root) as loop:
        yield loop
    shutil.rmtree(root)
