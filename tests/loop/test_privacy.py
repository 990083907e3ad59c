"""Before the public day the bot tells on GitHub what the site's settings allow: numbers, or states only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.settings import Machine
from bot.stages.trial import run_trial
from tests.github.hub import REPO
from tests.github.judge import need_judges
from tests.loop.play import QA, Play, opened
from tests.loop.world import PIPELINE, PROJECT, SETTINGS

pytestmark = pytest.mark.slow
LOUD = f'#!/bin/sh\necho "error: rms 0.4242 K in /nese/raw"\nexec sh {PIPELINE} "$@"\n'
MEASURED = ("0.4242", "/nese/raw", "rms (official)", "| rms |", "radiometer |", "0.000")


def told(play: Play) -> str:
    """Return all that the bot has written on pull requests."""
    numbers = range(1, play.number + 1)
    pulls = [play.pull(number) for number in numbers]
    checks = [
        run["output"]["summary"] or ""
        for pull in pulls
        for run in play.hub.po.get(f"{REPO}/commits/{pull['head']['sha']}/check-runs").json["check_runs"]
    ]
    return "\n".join(
        [*(one for number in numbers for one in play.comments(number)), *(p["body"] for p in pulls), *checks]
    )


@pytest.mark.parametrize("privacy", ["numbers", "states"])
def test_what_was_measured_is_told_where_the_settings_allow_it(
    privacy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_judges()
    script = tmp_path / "loud.sh"
    script.write_text(LOUD)
    monkeypatch.setenv("QUICK_HOLLOW", "117362")
    settings = SETTINGS.replace(str(PIPELINE), str(script)) + f"policies: {{privacy: {privacy}}}\n"
    with opened(tmp_path / "lmt", settings) as loop:
        play = Play(loop)
        play.write("project.yaml", f"{PROJECT}public: 2099-01-01\n")
        play.arrive(117361, 117362)
        assert not play.reconcile().is_good
        comment = play.comment("/run 117361")
        site, github = play.bot()
        own = replace(site, machine=Machine(trial_work=f"{tmp_path}/trials/{{login}}"))
        assert run_trial(own, github, play.number, comment, 1, play.hub.tip(QA), lambda _progress: None).good == 1
        words = told(play)
    found = [one for one in MEASURED if one in words]
    assert found == (list(MEASURED) if privacy == "numbers" else []), found
    assert "Trial of" in words and "<code>GALAXY</code> failed" in words and "**failed**" in words
