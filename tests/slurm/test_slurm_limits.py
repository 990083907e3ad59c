"""What a site allows: fewer jobs, less time and memory than we ask for; and what may never start is told."""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.site import PID
from tests.slurm.cluster import Cluster
from tests.slurm.site import SlurmSite
from tests.slurm.test_slurm_faults import check_all_good, check_kills


@pytest.fixture
def limited(accounted: Cluster) -> Iterator[Callable[..., None]]:
    """Sets limits of everybody's quality of service, and takes them back."""
    names = ("maxsubmitjobsperuser", "maxwall")

    def set_(**limits: object) -> None:
        accounted.run("sacctmgr", "-i", "modify", "qos", "normal", "set", *(f"{k}={v}" for k, v in limits.items()))

    accounted.run("sacctmgr", "-i", "modify", "qos", "normal", "set", "flags=DenyOnLimit")
    yield set_
    accounted.clear()
    set_(**dict.fromkeys(names, -1))


@pytest.mark.slow
def test_waves_become_as_small_as_the_site_wants_them(
    accounted: Cluster, limited: Callable[..., None], tmp_path: Path
) -> None:
    limited(maxsubmitjobsperuser=12)
    site = SlurmSite(tmp_path / "site", cluster=accounted).laid_out(sources=3, obsnums=10, tiers=2)
    notes = site.commands("sbatch", 'exec $REAL "$@"')
    site.whims["QUICK_S"] = "5"
    told = "".join(site.start("run", PID, "--executor", "slurm", "--no-wait").communicate(timeout=120))
    assert told.count("QOSMaxSubmitJobPerUserLimit") == 1 and 0 < len(site.queued()) <= 12
    assert re.search(r" 0 failed, 0 blocked, 7 with Slurm, (33|26) wait, whole or in part, for room in its queue", told)
    site.whims["QUICK_S"] = "0"
    site.slurm()
    assert set(site.states().values()) == {"good"} and len(site.ledger()) == 33 and len(site.calls()) == 63
    assert len(notes.read_text().splitlines()) <= 60


@pytest.mark.slow
def test_a_runner_killed_where_the_site_takes_few_jobs_loses_none(
    accounted: Cluster, limited: Callable[..., None], tmp_path: Path
) -> None:
    limited(maxsubmitjobsperuser=7)
    check_kills(accounted, tmp_path, kills=8, seed=3)


@pytest.mark.slow
def test_what_the_site_never_takes_is_no_full_queue(
    accounted: Cluster, limited: Callable[..., None], tmp_path: Path
) -> None:
    limited(maxwall="00:02:00")
    site = SlurmSite(tmp_path / "site", cluster=accounted).laid_out(sources=1, obsnums=2, tiers=1)
    assert "QOSMaxWallDurationPerJobLimit" in site.slurm(code=1)
    site.settings(minutes=2)
    site.slurm()
    assert set(site.states().values()) == {"good"}


@pytest.mark.slow
def test_a_limit_that_becomes_smaller_than_an_array_stops_nothing(
    accounted: Cluster, limited: Callable[..., None], tmp_path: Path
) -> None:
    site = SlurmSite(tmp_path / "site", cluster=accounted).laid_out(sources=1, obsnums=12, tiers=2)
    site.whims["QUICK_S"] = "2"
    limited(maxsubmitjobsperuser=13)
    process = site.start("run", PID, "--executor", "slurm")
    site.await_(lambda: len(site.queued()) == 12)
    limited(maxsubmitjobsperuser=4)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, out + err
    assert set(site.states().values()) == {"good"}
    assert max(Counter(site.called()).values()) == 1 and len(site.calls()) == 25


@pytest.mark.slow
def test_what_no_node_can_run_is_told_at_once_and_mended_by_the_settings(site: SlurmSite) -> None:
    site.settings(memory_gb=500)
    assert "Requested node configuration is not available" in site.slurm(code=1)
    assert {str(one.state) for one in site.ledger()} == {"intent"}
    site.settings()
    site.slurm()
    check_all_good(site)
    assert {one.attempt for one in site.ledger()} == {1}


@pytest.mark.slow
def test_lines_that_follow_are_asked_for_by_the_settings_of_today(site: SlurmSite) -> None:
    notes = site.commands(
        "sbatch",
        'echo "$@" >>$NOTES; test $(grep -c called $NOTES) -ne 2 || { echo "sbatch: error: too long" >&2; exit 1; }\n'
        'exec $REAL "$@"',
    )
    assert "too long" in site.slurm(code=1)
    site.settings(minutes=2)
    site.slurm()
    check_all_good(site)
    asked = re.findall(r"--time=(\d+)", notes.read_text())
    assert asked[:2] == ["5", "5"] and set(asked[2:]) == {"2"}


@pytest.mark.slow
def test_what_may_never_start_is_told_and_cancelled_though_the_project_is_broken(
    cluster: Cluster, site: SlurmSite
) -> None:
    cluster.run("scontrol", "update", "partitionname=practice", "maxtime=2")
    try:
        process = site.start("run", PID, "--executor", "slurm")
        assert process.stderr
        told = next(line for line in process.stderr if "Slurm says" in line)
        assert "PartitionTimeLimit" in told and f"lmtbot cancel {PID}" in told
        process.send_signal(signal.SIGINT)
        process.communicate()
        assert "PartitionTimeLimit" in site.call("queue")
        site.project.write_text("pid: [")
        assert "20 jobs cancelled" in site.call("cancel", PID)
        assert not site.queued() and {str(one.cause) for one in site.ledger()} <= {"operator"}
    finally:
        cluster.run("scontrol", "update", "partitionname=practice", "maxtime=infinite")
