"""`lmtbot run --executor slurm` on a real Slurm: order, failures, retries, people's verbs."""

from __future__ import annotations

import json
import signal
import time

import pytest

from bot.doors.ledger import LedgerDoor
from tests.e2e.site import PID
from tests.slurm.site import SlurmSite

ALL_OF_TWO = {"117001", "117002", "117003", "117001_117003", "117004", "117005", "117006", "117004_117006"}


def check_memory(site: SlurmSite) -> None:
    """A line of 300 MB gets 0.2 GB, and then four times as much."""
    greedy = site.root / "greedy.sh"
    site.laid_out(sources=1, obsnums=1, tiers=1, command=str(greedy))
    greedy.write_text(
        "#!/bin/sh\npython3 -c 'import time; x = bytearray(300_000_000); time.sleep(3)' && exec /bin/sh \"$@\"\n"
    )
    greedy.chmod(0o755)
    site.settings(command=str(greedy), memory_gb=0.2, more="  escalation: {factor: 4}\n")
    site.slurm()
    attempts = sorted((one for one in site.ledger() if one.name == "117001"), key=lambda one: one.attempt)
    assert [(str(one.state), str(one.cause)) for one in attempts] == [("stopped", "memory"), ("good", "")]


def test_a_project_is_run_in_order_by_a_handful_of_calls_and_then_nothing_is_left(site: SlurmSite) -> None:
    notes = site.commands("sbatch", 'exec $REAL "$@"')
    site.whims["QUICK_S"] = "0.3"
    told = site.slurm()
    assert "8 done now" in told
    assert site.states() == dict.fromkeys(ALL_OF_TWO, "good")
    assert len(notes.read_text().splitlines()) == 4
    assert len(site.calls()) == 20
    began = {row.split(" start ")[1].partition(" work_lmt=")[0]: float(row.split()[0]) for row in site.calls()}
    for obsnum in range(117001, 117007):
        own = [word for word in sorted(began, key=began.__getitem__) if f"obsnum={obsnum} " in word]
        assert ["restart=1" in own[0], "badcb=2/3" in own[1], "badcb=1/3" in own[2]] == [True] * 3
    records = {one.name: one for one in site.ledger()}
    for name in ("117001_117003", "117004_117006"):
        combination = records[name]
        assert combination.outcomes[0].started > max(records[str(one)].ended for one in combination.members)
    assert all(one.batch and one.pipeline == "1.2.3" and (site.work / one.log).exists() for one in site.ledger())
    assert "nothing was left to do" in site.slurm()
    assert not list((site.work / "lmtbot" / PID / "batch").iterdir()), "a batch was left behind"


def test_a_failing_obsnum_blocks_only_its_later_tiers_and_its_combination(site: SlurmSite) -> None:
    site.whims["QUICK_HOLLOW"] = "117002 _io=RSR/Bs _s=GALAXY_0 badcb=2/3"
    told = site.slurm(code=1)
    assert "117001_117003  cannot run: its member 117002 did not become good" in told
    states = site.states()
    assert states.pop("117002") == "failed"
    assert states == dict.fromkeys(ALL_OF_TWO - {"117002", "117001_117003"}, "good")
    assert not [row for row in site.called() if "obsnum=117002" in row and "badcb=1/3" in row]
    calls = len(site.calls())
    del site.whims["QUICK_HOLLOW"]
    told = site.slurm(code=1)
    assert "117002  cannot run: failed before" in told and len(site.calls()) == calls
    assert "2 done now" in site.call("retry", PID)
    assert site.states() == dict.fromkeys(ALL_OF_TWO, "good")


@pytest.mark.slow
def test_who_leaves_comes_back_and_nothing_is_handed_over_twice(site: SlurmSite) -> None:
    site.whims["QUICK_S"] = "6"
    assert "8 with Slurm" in site.slurm("--no-wait")
    assert "8 with Slurm" in site.slurm("--no-wait")
    assert "are with Slurm" in site.call("run", PID, code=1)
    rows = json.loads(site.call("queue", "--json"))
    assert len(rows) == 1 and rows[0]["pid"] == PID and rows[0]["waits"] + rows[0]["works"] <= 20
    process = site.start("run", PID, "--executor", "slurm")
    site.await_(LedgerDoor(site.work, PID).is_locked)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130 and "the jobs stay with Slurm" in told and site.queued()
    assert "done now" in site.slurm()
    assert site.states() == dict.fromkeys(ALL_OF_TWO, "good")
    assert len(site.calls()) == 20


@pytest.mark.slow
def test_cancel_ends_a_projects_own_jobs_and_leaves_the_others(site: SlurmSite) -> None:
    site.whims["QUICK_S"] = "20"
    foreign = site.cluster.run(
        "sbatch", "--parsable", "-o", "/dev/null", "-J", f"lmtbot.{PID}.L1.0123456789.0a", "--wrap", "sleep 60"
    )
    site.slurm("--no-wait")
    site.await_(lambda: len(site.calls()) >= 6)
    assert "20 jobs cancelled" in site.call("cancel", PID)
    assert [row.split()[0] for row in site.queued() if "COMPLETING" not in row] == [foreign.strip()]
    assert set(site.states().values()) == {"stopped"}
    assert {str(one.cause) for one in site.ledger()} == {"operator"}
    assert not (site.work / PID).exists()
    site.whims["QUICK_S"] = "0"
    site.slurm()
    assert site.states() == dict.fromkeys(ALL_OF_TWO, "good")


@pytest.mark.slow
def test_arrays_are_cut_at_the_clusters_size_and_waves_keep_within_the_sites_limit(site: SlurmSite) -> None:
    site.laid_out(sources=3, obsnums=10, tiers=2)
    site.settings(more="  max_submit: 40\n")
    notes = site.commands("sbatch", 'echo "$@" >>$NOTES; exec $REAL "$@"')
    most = 0
    process = site.start("run", PID, "--executor", "slurm")
    while process.poll() is None:
        most = max(most, len(site.queued()))
        time.sleep(0.2)
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    assert set(site.states().values()) == {"good"} and len(site.calls()) == 63
    assert 20 < most <= 40
    assert notes.read_text().count("called") <= 20


@pytest.mark.slow
def test_a_job_that_ran_out_of_memory_is_tried_again_with_more(site: SlurmSite) -> None:
    check_memory(site)


@pytest.mark.slow
def test_a_job_that_ran_out_of_time_is_tried_again_with_more(site: SlurmSite) -> None:
    site.laid_out(sources=1, obsnums=2, tiers=1)
    site.settings(minutes=1, more="  escalation: {factor: 10}\n")
    site.whims["QUICK_S"] = "70"
    process = site.start("run", PID, "--executor", "slurm", "--obsnum", "117001")
    out, err = process.communicate(timeout=280)
    assert "tried again" in err, out + err
    causes = {(one.name, str(one.state), str(one.cause)) for one in site.ledger()}
    assert {("117001", "stopped", "time"), ("117001", "good", "")} <= causes
