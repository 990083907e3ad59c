"""A thousand observations at 50 times real speed: every complete one is looked at exactly once, and none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.thousand import JOBS, live_through, make_thousand


def check_night(tmp_path: Path, count: int, spacing_s: float) -> None:
    night = make_thousand(tmp_path, count=count, spacing_s=spacing_s)
    outcome = live_through(night)
    once = dict.fromkeys(outcome.wanted, 1)
    assert outcome.ended == once, "a pipeline that came to its end was called again, or one was never called"
    again = {obsnum for obsnum, calls in outcome.started.items() if calls > 1}
    assert again <= outcome.cut_off and len(outcome.cut_off) <= JOBS, "only what the kill cut off is begun again"
    assert outcome.received == once
    assert outcome.with_facts == outcome.latency_s.keys() == outcome.wanted
    assert len(outcome.lives) == 2, "the service was not killed"
    assert str(night.corrupt) in {row.split()[2] for row in (night.data / "data_lmt.log").read_text().splitlines()}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "count", [pytest.param(200, marks=pytest.mark.slow), pytest.param(1000, marks=pytest.mark.sweep)]
)
def test_a_night_at_fifty_times_real_speed_is_looked_at_once(tmp_path: Path, count: int) -> None:
    check_night(tmp_path, count=count, spacing_s=20)
