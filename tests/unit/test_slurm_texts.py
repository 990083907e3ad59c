"""What Slurm's commands print, and what its states mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import DoorError, ProjectError
from bot.formats.batch_file import batch_text, jobs_text, parse_batch, parse_jobs, parse_task
from bot.formats.slurm_text import indices_text, is_away, is_full, parse_job_id, parse_limits, parse_rows
from bot.model.batch import Array, Batch, Resources, Task
from bot.rules.slurm_states import STATES, Phase, meaning_of
from tests.unit.test_batches import LARGE, chain, combination

SQUEUE = """\
7_[29-31,40%20]|PENDING|Resources|root|lmtbot.P.L1.ab.0a|P level 1 | with a bar
7_3|RUNNING|None|root|lmtbot.P.L1.ab.0a|
12|COMPLETED|None|lmtslr|wrap|(null)
slurm_load_jobs error: Unable to contact slurm controller
7_3.batch|COMPLETED||root|batch|
"""


def test_rows_of_the_queue_are_read_with_tasks_that_wait_together() -> None:
    first, second, third = parse_rows(SQUEUE)
    assert (first.job, first.indices, first.state) == (7, (29, 30, 31, 40), "PENDING")
    assert first.comment == "P level 1 | with a bar"
    assert (second.indices, second.user) == ((3,), "root")
    assert (third.job, third.indices) == (12, ())


def test_tasks_in_steps_are_read_and_such_as_cannot_be_are_never_left_out() -> None:
    (row,) = parse_rows("7_[1-9:4,12]|PENDING||root|lmtbot.P.L1.ab.0a|")
    assert row.indices == (1, 5, 9, 12)
    with pytest.raises(DoorError, match="cannot be read"):
        list(parse_rows("1712_[0-14,33-145,225-2|PENDING||root|lmtbot.P.L1.ab.0a|"))


@given(st.sets(st.integers(0, 50), min_size=1))
def test_indices_are_written_as_slurm_reads_them(indices: set[int]) -> None:
    ordered = tuple(sorted(indices))
    (row,) = parse_rows(f"1_[{indices_text(ordered)}]|PENDING||u|n|")
    assert row.indices == ordered


@pytest.mark.parametrize(
    ("text", "job"),
    [
        ("123\n", 123),
        ("123;unity\n", 123),
        ("17\n123\n", 123),
        ("", None),
        ("Submitted batch job 5", None),
        ("12x", None),
    ],
)
def test_a_job_id_is_the_last_line_and_nothing_else(text: str, job: int | None) -> None:
    assert parse_job_id(text) == job


def test_limits_come_from_the_clusters_configuration() -> None:
    told = "AccountingStorageType   = accounting_storage/slurmdbd\nMaxArraySize            = 5000\n"
    assert parse_limits(told) == (5000, True)
    assert parse_limits(told.replace("slurmdbd", "none"))[1] is False


def test_an_unknown_state_is_never_the_end() -> None:
    assert meaning_of("QUANTUM").phase is Phase.UNKNOWN and "QUANTUM" in meaning_of("QUANTUM").words


@pytest.mark.parametrize("state", STATES)
def test_every_state_that_ends_says_why(state: str) -> None:
    meaning = meaning_of(state.lower())
    assert meaning is STATES[state]
    assert bool(meaning.words) == (meaning.phase is Phase.ENDED)


def test_sacct_adds_words_to_states() -> None:
    assert meaning_of("CANCELLED by 0") is STATES["CANCELLED"] and meaning_of("CANCELLED+") is STATES["CANCELLED"]
    assert meaning_of("CANCELLED", "DependencyNeverSatisfied").words == "what it waits for did not become good"


def batch() -> Batch:
    tasks = (Task(chain(101, 3), 2, LARGE), Task(combination(101, 102), 1, Resources(1, 2, 3)))
    arrays = (Array("0a", 0, 0, (0,), LARGE), Array("1c", 1, 0, (0,), LARGE, waits=True))
    return Batch("ab", "2024-S1-MX-2", 1, "c0ffee", "A <a@b>", ("x", "y z"), tasks, arrays, "d", ("101_102",))


def test_a_manifest_is_read_whole_or_by_one_task() -> None:
    rows = batch_text(batch()).splitlines()
    assert parse_batch(rows, "m") == batch()
    head, task = parse_task(rows, 1, "m")
    assert task == batch().tasks[1] and head.tasks == () and head.kept == ("101_102",)


def test_a_torn_manifest_is_told() -> None:
    rows = batch_text(batch()).splitlines()
    for torn in ([], [rows[0], rows[1][:30]], ["{}"]):
        with pytest.raises(ProjectError, match="m: no manifest"):
            parse_batch(torn, "m")
    with pytest.raises(ProjectError, match="there is no task 7"):
        parse_task(rows, 7, "m")


def test_the_ids_of_arrays_are_kept_by_name() -> None:
    assert parse_jobs(jobs_text({"0a": 17})) == {"0a": 17} and parse_jobs("") == {}


def test_a_batch_names_its_jobs_by_project_level_and_itself() -> None:
    one = batch()
    assert one.job_name(one.arrays[0]) == "lmtbot.2024-S1-MX-2.L1.ab.0a"
    assert [array.name for array in one.steps_of(1)] == ["1c"]


POLICY = (
    "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy "
    "(job submit limit, user's size and/or time limits)"
)
"""What Slurm 22.05 says whatever the limit is; the line before it names the one that was met."""


@pytest.mark.parametrize(
    ("limit", "comes_again"),
    [
        ("AssocMaxSubmitJobLimit", True),
        ("AssocGrpSubmitJobsLimit", True),
        ("QOSMaxSubmitJobPerUserLimit", True),
        ("QOSGrpSubmitJobsLimit", True),
        ("QOSMaxWallDurationPerJobLimit", False),
        ("QOSMaxMemoryPerJob", False),
        ("AssocMaxCpuPerJobLimit", False),
    ],
)
def test_a_full_queue_is_told_from_a_job_that_is_too_large(limit: str, comes_again: bool) -> None:
    assert is_full(f"sbatch: error: {limit}\n{POLICY}") is comes_again


def test_a_limit_without_a_name_and_a_slurm_that_is_away() -> None:
    assert is_full(POLICY) and not is_away(POLICY)
    told = "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)"
    assert is_away(told) and not is_full(told)
    assert not is_full("sbatch: error: Batch job submission failed: Invalid account or account/partition combination")
