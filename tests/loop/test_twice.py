"""Promise 2: whatever is done twice, late, out of order or by two at once leaves the same state."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bot.errors import DoorError
from bot.stages.reconcile import reconcile
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.github.judge import need_judges
from tests.loop.seen import seen
from tests.loop.stories import QA_NUMBER, STORIES, answer, arrive, do, prepare, retold, run
from tests.loop.test_door_faults import differences
from tests.loop.world import Loop

STEPS = (arrive, run, answer)


def until_quiet(loop: Loop) -> None:
    """Do every step until none finds anything to do."""
    while [step for step in STEPS if do(loop, step)]:
        pass


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare a QA pull request with a comment that nobody answered yet."""
    need_judges()
    return prepare(STORIES["answer"], tmp_path_factory.mktemp("said") / "prepared")


@pytest.mark.slow
def test_every_command_repeated_in_any_order_changes_nothing(said: Path, tmp_path: Path) -> None:
    with retold(said, tmp_path / "twice") as loop:
        until_quiet(loop)
        wanted, tips = seen(loop), {name: loop.hub.tip(name) for name in ("main", f"qa/{PID}")}
        for step in random.Random(3).choices(STEPS, k=6):
            assert not do(loop, step), step
        assert list(differences(wanted, seen(loop))) == []
        assert {name: loop.hub.tip(name) for name in tips} == tips


@pytest.mark.slow
def test_two_who_answer_at_once_answer_once(said: Path, tmp_path: Path) -> None:
    with retold(said, tmp_path / "alone") as loop:
        do(loop, answer)
        until_quiet(loop)
        wanted = seen(loop)
    with retold(said, tmp_path / "two") as loop:
        both = [loop.start("answer", str(QA_NUMBER)) for _ in range(2)]
        for process in both:
            loop.ended(process, code=None)
        until_quiet(loop)
        assert list(differences(wanted, seen(loop))) == []


def test_a_late_run_of_an_older_main_is_refused_and_undoes_nothing(said: Path, tmp_path: Path) -> None:
    with retold(said, tmp_path / "late") as loop:
        path = f"projects/{PID}/project.yaml"
        changed = loop.hub.text(path).replace("badcb: 2/3", "badcb: 1/4")
        loop.pull()
        assert loop.hub.write(path, changed, who=loop.hub.po).status == 200
        with pytest.raises(DoorError, match="pull, then run again"):
            run_one(loop)
        until_quiet(loop)
        wanted = seen(loop)
        loop.hub.git("checkout", "-q", "-B", "main", "origin/main~1", cwd=loop.checkout)
        with pytest.raises(DoorError, match="pull, then run again"):
            run_one(loop)
        assert list(differences(wanted, seen(loop))) == []


def run_one(loop: Loop) -> None:
    """Reconcile on the checkout as it is."""
    reconcile(loop.site, loop.door(), PID, lambda _progress: None)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*range(2), *(pytest.param(n, marks=pytest.mark.sweep) for n in range(2, 20))])
def test_steps_before_and_after_each_event_in_any_order_end_the_same(seed: int, said: Path, tmp_path: Path) -> None:
    def tell(root: Path, chance: random.Random | None) -> object:
        with retold(said, root) as loop:
            for event in (_approve, _merge):
                for step in chance.choices(STEPS, k=chance.randrange(4)) if chance else ():
                    do(loop, step)
                do(loop, answer)
                event(loop)
            until_quiet(loop)
            return seen(loop)

    calm = tell(tmp_path / "calm", None)
    assert list(differences(calm, tell(tmp_path / "mixed", random.Random(seed)))) == []


def _approve(loop: Loop) -> None:
    head = loop.hub.po.get(f"{REPO}/pulls/{QA_NUMBER}").json["head"]["sha"]
    body = {"event": "APPROVE", "commit_id": head}
    assert loop.hub.da.post(f"{REPO}/pulls/{QA_NUMBER}/reviews", body).status == 200


def _merge(loop: Loop) -> None:
    loop.merge(QA_NUMBER)
