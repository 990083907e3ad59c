"""A bad day with a real Slurm: killed runners, a controller that is away, a node that fails, an odd `sbatch`."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from bot.doors.ledger import LedgerDoor
from tests.e2e.site import PID, kill_tree
from tests.slurm.cluster import Cluster, Shape
from tests.slurm.conftest import raise_cluster
from tests.slurm.site import TIERS, SlurmSite
from tests.slurm.test_slurm_run import check_memory

ALL = {"117001", "117002", "117003", "117001_117003", "117004", "117005", "117006", "117004_117006"}


def check_all_good(site: SlurmSite, *, calls: int = 20) -> None:
    """No line twice, none lost, nothing left behind."""
    assert site.states() == dict.fromkeys(ALL, "good")
    assert max(Counter(site.called()).values()) == 1 and len(site.calls()) == calls
    assert not site.queued()
    for name in ("area", "old", "failed", "batch"):
        assert not list((site.work / "lmtbot" / PID / name).iterdir()), f"something was left in {name}/"


def kill_until_done(site: SlurmSite, chance: random.Random, kills: int) -> int:
    """Start, kill at a random instant, start again; return how often it was killed before it came to its end."""
    for done in range(kills):
        process = site.start("run", PID, "--executor", "slurm")
        deadline = time.monotonic() + chance.choice([chance.uniform(0.2, 1.0), chance.uniform(0.2, 4.0)])
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.005)
        if process.poll() is not None:
            out, err = process.communicate()
            if "is at work for" in err:  # an sbatch that outlived its caller still holds the lock
                continue
            assert process.returncode == 0, out + err
            return done
        kill_tree(process, also_children=chance.random() < 0.5)
    return kills


def check_kills(cluster: Cluster, folder: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    done = round_ = 0
    while done < kills:
        site = SlurmSite(folder / f"site{round_}", cluster=cluster).laid_out()
        site.whims["QUICK_S"] = str(chance.choice([0, 0.2, 1]))
        site.commands("sbatch", f'sleep 0.{chance.randrange(4)}; exec $REAL "$@"')
        done += kill_until_done(site, chance, kills - done)
        site.await_(lambda site=site: not LedgerDoor(site.work, PID).is_locked())
        site.slurm()
        check_all_good(site)
        round_ += 1


def test_a_runner_killed_at_random_instants_runs_no_line_twice_and_loses_none(cluster: Cluster, tmp_path: Path) -> None:
    check_kills(cluster, tmp_path, kills=5, seed=1)


@pytest.mark.slow
def test_a_runner_killed_at_thirty_random_instants_runs_no_line_twice(cluster: Cluster, tmp_path: Path) -> None:
    check_kills(cluster, tmp_path, kills=30, seed=2)


@pytest.mark.slow
def test_a_controller_that_is_away_is_waited_for(site: SlurmSite) -> None:
    site.whims["QUICK_S"] = "1"
    process = site.start("run", PID, "--executor", "slurm")
    site.await_(lambda: len(site.calls()) >= 3)
    site.cluster.stop("slurmctld")
    time.sleep(12)
    site.cluster.start("slurmctld")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    assert "Unable to contact slurm controller" in err and "waiting" in err
    check_all_good(site)


def check_begun_again(site: SlurmSite) -> None:
    """Everything became good, and what Slurm began again is on record as the machine's fault."""
    assert site.states() == dict.fromkeys(ALL, "good")
    lost = [one for one in site.ledger() if one.state == "stopped"]
    assert lost and all("begun again by Slurm" in one.verdict and str(one.cause) == "machine" for one in lost)
    assert {one.batch for one in lost} <= {one.batch for one in site.ledger() if one.state == "good"}, "not by Slurm"
    good = {one.name: one for one in site.ledger() if one.state == "good"}
    assert all(len(one.outcomes) == len(one.lines) for one in good.values())
    for name in ("area", "old", "failed", "batch"):
        assert not list((site.work / "lmtbot" / PID / name).iterdir()), f"something was left in {name}/"


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["restart=1", "badcb=1/3"])
def test_what_a_node_took_with_it_is_begun_again_by_slurm(site: SlurmSite, tier: str) -> None:
    site.whims["QUICK_S"] = "4"
    process = site.start("run", PID, "--executor", "slurm")
    site.await_(lambda: sum(tier in row for row in site.called()) >= 6)
    site.cluster.stop("slurmd", signal.SIGKILL)
    site.cluster.kill_jobs()
    site.cluster.await_node("down*", "down")
    site.cluster.start("slurmd")
    site.cluster.await_node("idle", "mixed", "allocated")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    check_begun_again(site)


@pytest.mark.slow
def test_what_a_node_did_while_it_was_cut_off_is_not_done_again(site: SlurmSite) -> None:
    site.laid_out(sources=1, obsnums=3, tiers=1)
    site.whims["QUICK_S"] = "10"
    process = site.start("run", PID, "--executor", "slurm")
    site.await_(lambda: len(site.calls()) == 3)
    site.cluster.stop("slurmd", signal.SIGKILL)  # the jobs live on, and come to their end
    site.cluster.await_node("down*", "down")
    assert set(site.states().values()) == {"good", "intent"} and not site.cluster.job_processes()
    site.cluster.start("slurmd")
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, out + err
    assert site.states() == dict.fromkeys(("117001", "117002", "117003", "117001_117003"), "good")
    assert len(site.calls()) == 4


@pytest.mark.slow
def test_a_job_that_somebody_requeues_goes_on(site: SlurmSite) -> None:
    site.whims["QUICK_S"] = "3"
    process = site.start("run", PID, "--executor", "slurm")
    site.await_(lambda: any("obsnum=117002" in row and "badcb=2/3" in row for row in site.called()))
    job = next(row.split()[0] for row in site.queued() if row.split()[0].endswith("_1") and "RUNNING" in row)
    site.cluster.run("scontrol", "requeue", job)
    site.await_(lambda: any(row.split()[0] == job and "PENDING" in row for row in site.queued()))
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    assert site.states() == dict.fromkeys(ALL, "good")
    assert [(one.attempt, str(one.state)) for one in site.ledger() if one.name == "117002"] == [
        (1, "stopped"),
        (2, "good"),
    ]


@pytest.mark.slow
def test_a_dependency_that_can_never_be_satisfied_ends_what_waits_and_the_next_run_goes_on(site: SlurmSite) -> None:
    site.whims["QUICK_S"] = "3"
    site.cluster.run("scontrol", "update", "partitionname=practice", "state=down")
    process = site.start("run", PID, "--executor", "slurm")
    site.await_(lambda: len(site.queued()) == 20)
    job = next(row.split()[0] for row in site.queued() if ".0a " in row and row.split()[0].endswith("_1"))
    site.cluster.run("scancel", job)  # before it began: Slurm takes its later steps and its combination away
    site.cluster.run("scontrol", "update", "partitionname=practice", "state=up")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1 and "117002  GALAXY_0  stopped: cancelled" in out, out + err
    assert "117001_117003  cannot run: its member 117002 did not become good" in out
    assert not [row for row in site.called() if "obsnum=117002" in row]
    states = site.states()
    assert states.pop("117002") == "stopped" and set(states.values()) == {"good"} and "117001_117003" not in states
    site.slurm()
    check_all_good_at_last(site)


def check_all_good_at_last(site: SlurmSite) -> None:
    assert site.states() == dict.fromkeys(ALL, "good")
    assert max(Counter(site.called()).values()) == 1


@pytest.mark.slow
def test_a_step_whose_forerunner_slurm_has_forgotten_is_still_handed_over(tmp_path: Path) -> None:
    for cluster in raise_cluster(tmp_path / "forgetful", Shape(min_job_age_s=2)):
        site = SlurmSite(tmp_path / "site", cluster=cluster).laid_out()
        notes = site.commands("sbatch", 'test $(wc -l <$NOTES) -ne 2 || exit 1\nexec $REAL "$@"')
        site.slurm(code=1)
        site.await_(lambda site=site: not site.cluster.run("squeue", "-h", "-a", "-t", "all"))
        site.slurm()
        check_all_good(site)
        assert len(notes.read_text().splitlines()) == 5


@pytest.mark.slow
def test_one_cancelled_job_stops_its_unit_and_blocks_its_combination(site: SlurmSite) -> None:
    site.whims["QUICK_S"] = "2"
    process = site.start("run", PID, "--executor", "slurm")
    site.await_(lambda: any("obsnum=117002" in row for row in site.called()))
    job = next(row.split()[0] for row in site.queued() if row.split()[0].endswith("_1") and "RUNNING" in row)
    site.cluster.run("scancel", job)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1 and "117001_117003  cannot run: its member 117002" in out, out + err
    states = site.states()
    assert states.pop("117002") == "stopped"
    assert states == dict.fromkeys(ALL - {"117002", "117001_117003"}, "good")
    site.slurm()
    assert site.states() == dict.fromkeys(ALL, "good")


@pytest.mark.slow
def test_warnings_of_sbatch_are_no_job_ids_and_slow_ones_are_waited_for(site: SlurmSite) -> None:
    site.commands("sbatch", 'echo "sbatch: warning: 4242 is a fine number" >&2; sleep 0.5; echo 17; exec $REAL "$@"')
    site.slurm()
    check_all_good(site)


@pytest.mark.slow
def test_an_sbatch_that_fails_in_the_middle_leaves_what_was_submitted_and_the_next_run_goes_on(site: SlurmSite) -> None:
    notes = site.commands(
        "sbatch",
        'test $(wc -l <$NOTES) -ne 3 || { echo "sbatch: error: Invalid account" >&2; exit 1; }\nexec $REAL "$@"',
    )
    assert "Invalid account" in site.slurm(code=1)
    site.slurm()
    check_all_good(site)
    assert len(notes.read_text().splitlines()) == 5


@pytest.mark.slow
def test_an_sbatch_whose_answer_is_lost_is_looked_up_and_not_repeated(site: SlurmSite) -> None:
    notes = site.commands(
        "sbatch", '$REAL "$@" >/dev/null; echo "sbatch: error: Socket timed out on send/recv operation" >&2; exit 1'
    )
    site.slurm()
    check_all_good(site)
    assert len(notes.read_text().splitlines()) == 4


@pytest.mark.slow
def test_a_full_queue_is_waited_for(tmp_path: Path) -> None:
    for cluster in raise_cluster(tmp_path / "small", Shape(max_jobs=25, min_job_age_s=2)):
        site = SlurmSite(tmp_path / "site", cluster=cluster).laid_out(sources=2, obsnums=10, tiers=2)
        site.slurm()
        assert set(site.states().values()) == {"good"} and len(site.calls()) == 42


@pytest.mark.slow
def test_three_thousand_lines_are_handed_over_in_a_few_calls_and_cancelled(tmp_path: Path) -> None:
    for cluster in raise_cluster(tmp_path / "big", Shape()):
        cluster.run("scontrol", "update", "partitionname=practice", "state=down")
        site = SlurmSite(tmp_path / "site", cluster=cluster).laid_out(sources=50, obsnums=20, tiers=3)
        notes = site.commands("sbatch", 'exec $REAL "$@"')
        assert "1050 with Slurm" in site.slurm("--no-wait")
        assert len(notes.read_text().splitlines()) == 4
        assert len(site.queued()) == 3050
        assert "3050 jobs cancelled" in site.call("cancel", PID)
        assert not site.queued()


@pytest.mark.slow
def test_accounting_tells_how_jobs_ended_that_the_queue_has_forgotten(accounted: Cluster, tmp_path: Path) -> None:
    site = SlurmSite(tmp_path / "site", cluster=accounted).laid_out(sources=1, obsnums=2, tiers=1)
    site.whims["QUICK_S"] = "60"
    site.slurm("--no-wait")
    site.await_(lambda: len(site.calls()) == 2)
    for number in accounted.job_processes():
        accounted.kill(number)
    site.await_(lambda: not accounted.run("squeue", "-h", "-a", "-t", "all").replace("PENDING", "").strip())
    site.whims["QUICK_S"] = "0"
    site.slurm()
    assert "the job failed before it could say why" in {one.verdict for one in site.ledger()}
    assert site.states() == {"117001": "good", "117002": "good", "117001_117002": "good"}


@pytest.mark.slow
def test_memory_and_cancelled_jobs_have_their_causes_with_accounting_too(accounted: Cluster, tmp_path: Path) -> None:
    check_memory(SlurmSite(tmp_path / "greedy", cluster=accounted))
    site = SlurmSite(tmp_path / "cancelled", cluster=accounted).laid_out(sources=1, obsnums=1, tiers=1)
    site.whims["QUICK_S"] = "60"
    site.slurm("--no-wait")
    site.await_(site.calls)
    job = next(row.split()[0] for row in site.queued() if "RUNNING" in row)
    accounted.run("scancel", job)
    site.await_(lambda: "CANCELLED" in accounted.run("sacct", "-X", "-n", "-P", "-o", "State", "-j", job))
    site.whims["QUICK_S"] = "0"
    site.slurm(code=None)  # tells of it, where the job was ended before it could
    site.slurm()
    attempts = sorted((one for one in site.ledger() if one.name == "117001"), key=lambda one: one.attempt)
    assert [(str(one.state), str(one.cause)) for one in attempts] == [("stopped", "operator"), ("good", "")]


@pytest.mark.slow
def test_indices_that_lie_scattered_are_read(accounted: Cluster, tmp_path: Path) -> None:
    """Slurm writes them in steps, and cuts the list off where it is long, unless it is told not to."""
    site = SlurmSite(tmp_path / "site", cluster=accounted).laid_out(sources=0)
    chance = random.Random(4)
    tiers = [chance.choice((1, 2, 2)) for _ in range(40)] + [1, 2] * 8
    rows = [f"pid: {PID}", "sources:"]
    for number, count in enumerate(tiers):
        rows += [f"  GALAXY_{number}:", "    mode: RSR/Bs", "    obsnums:", f"      - {117001 + number}"]
        rows += ["    tiers:", *TIERS[:count]]
    site.project.write_text("\n".join(rows) + "\n")
    site.whims["QUICK_S"] = "0.5"
    site.slurm()
    assert len(site.states()) >= len(tiers) and set(site.states().values()) == {"good"}
    assert max(Counter(site.called()).values()) == 1


@pytest.mark.slow
def test_modules_that_cannot_be_loaded_are_told_and_nothing_is_called(site: SlurmSite) -> None:
    site.laid_out(sources=1, obsnums=1, tiers=1)
    site.settings(more="  modules: [nosuch/1.0]\n")
    assert "module" in site.slurm("--obsnum", "117001", code=1)
    assert site.ledger()
    for one in site.ledger():
        assert one.verdict.startswith("the job failed before it could say why: ") and "module" in one.verdict
    assert not site.calls()


@pytest.mark.slow
def test_a_job_that_slurm_forgot_before_anybody_knew_its_id_is_not_handed_over_again(
    accounted: Cluster, tmp_path: Path
) -> None:
    site = SlurmSite(tmp_path / "site", cluster=accounted).laid_out()
    notes = site.commands(
        "sbatch", 'test $(wc -l <$NOTES) -ne 1 || { $REAL "$@"; kill -9 $PPID; exit; }\nexec $REAL "$@"'
    )
    site.slurm(code=None)
    site.await_(lambda: not accounted.run("squeue", "-h", "-a", "-t", "all").strip())
    assert len(site.calls()) == 6
    site.slurm()
    check_all_good(site)
    assert len(notes.read_text().splitlines()) == 4
