"""The index only narrows: with it or without it, whole, stale, broken or shared, the answer is the files' answer."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.doors.index import index_file
from bot.errors import ProjectError
from bot.rules.arrival import Arrivals
from bot.settings import Settings, Site
from bot.stages.arrival import index_folder, list_projects, look

REAL = (Path(__file__).parents[1] / "data" / "log" / "data_lmt.log").read_bytes().split(b"\n")
ROWS = [line for line in REAL if line.strip() and not line.startswith(b"#")]
FAILED = b"# 2024-03-05 110002  failed for slr x/ifproc_2024-03-05_110002_00_0001.nc"
SCIENCE = [line for line in ROWS if b" Science " in line]


def site_in(root: Path) -> Site:
    (root / "projects").mkdir(parents=True, exist_ok=True)
    return Site(root, data=root, work=root / "work", settings=Settings())


def write_log(site: Site, lines: list[bytes], *, end: bytes = b"\n") -> Path:
    path = site.root / "data_lmt.log"
    path.write_bytes(b"\n".join(lines) + end)
    return path


def write_project(site: Site, pid: str, obsnums: list[int], left_out: tuple[int, ...] = ()) -> None:
    folder = site.projects / pid
    folder.mkdir(exist_ok=True)
    listed = "".join(f"      - {obsnum}\n" for obsnum in obsnums)
    out = "left_out:\n" + "".join(f"  {obsnum}: short\n" for obsnum in left_out) if left_out else ""
    text = f"pid: {pid}\nsources:\n  Region_H:\n    obsnums:\n{listed}{out}"
    (folder / "project.yaml").write_text(text, encoding="utf-8")


def both(site: Site, log: Path) -> Arrivals:
    """Return the answer, the same one with the index and without."""
    plain = look(site, log, with_index=False)
    cached = look(site, log)
    assert cached.projects == plain.projects
    assert cached.held == plain.held
    assert dict(cached.listed) == {pid: tuple(sorted(obsnums)) for pid, obsnums in plain.listed.items()}
    assert dict(cached.other_goals) == dict(plain.other_goals)
    return cached


def obsnum_of(line: bytes) -> int:
    return int(line.split()[1])


def pid_of(line: bytes) -> str:
    return next(
        word for word in line.decode().split()[4:8] if word.startswith("20") and ("-S1-" in word or "S1" in word)
    )


lines = st.lists(
    st.one_of(
        st.sampled_from(SCIENCE),
        st.sampled_from(ROWS),
        st.sampled_from(SCIENCE).map(lambda line: line.replace(b"Science ", b"Pointing")),
        st.sampled_from(SCIENCE).map(lambda line: line[:90]),
        st.sampled_from(SCIENCE).map(lambda line: b" ".join(line.split())),
        st.sampled_from(SCIENCE).map(lambda line: line.replace(b"2018-S1-MU-46", b"2024-S1-MX-35")),
        st.sampled_from(
            (
                b"",
                b"# remark",
                b"# 2024-03-05 110002  failed for slr x/ifproc_2024-03-05_110002_00_0001.nc",
                b"\xff\x00",
            )
        ),
    ),
    max_size=12,
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("head"), lines),
        st.tuples(st.just("tail"), lines),
        st.tuples(st.just("replace"), lines),
        st.tuples(st.just("cut"), st.integers(1, 300)),
        st.tuples(st.just("project"), st.lists(st.sampled_from(SCIENCE), max_size=5)),
        st.tuples(st.just("leave out"), st.lists(st.sampled_from(SCIENCE), max_size=2)),
        st.tuples(st.just("break"), st.sampled_from(("pid: [", "pid: other\n", "sources: 5\n"))),
        st.tuples(st.just("remove"), st.just(0)),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=60)
@given(steps)
def test_whatever_happens_to_the_files_the_index_answers_what_they_answer(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, object]]
) -> None:
    site = site_in(tmp_path_factory.mktemp("site"))
    log = write_log(site, [])
    for kind, what in steps:
        data = log.read_bytes()
        if kind == "head":
            log.write_bytes(b"\n".join([*what, data]))
        elif kind == "tail":
            log.write_bytes(data + b"\n".join([*what, b""]))
        elif kind == "replace":
            write_log(site, what)
        elif kind == "cut":
            log.write_bytes(data[: -int(what)])
        elif kind in ("project", "leave out"):
            for pid in {pid_of(line) for line in what} | {"2018-S1-MU-46"}:
                own = sorted({obsnum_of(line) for line in what if pid_of(line) == pid})
                write_project(site, pid, *((own,) if kind == "project" else ([], tuple(own))))
        elif kind == "break":
            write_project(site, "2018-S1-MU-46", [])
            (site.projects / "2018-S1-MU-46" / "project.yaml").write_text(str(what), encoding="utf-8")
        else:
            (site.projects / "2018-S1-MU-46" / "project.yaml").unlink(missing_ok=True)
        both(site, log)


def test_a_log_that_grew_at_its_head_is_read_only_there(tmp_path: Path) -> None:
    site = site_in(tmp_path)
    log = write_log(site, ROWS[50:])
    both(site, log)
    with sqlite3.connect(index_file(index_folder(site))) as connection:
        connection.execute("DELETE FROM entry WHERE obsnum = ?", (obsnum_of(SCIENCE[-1]),))
    write_log(site, ROWS)
    look(site, log)
    with sqlite3.connect(index_file(index_folder(site))) as connection:
        found = {obsnum for (obsnum,) in connection.execute("SELECT obsnum FROM entry")}
    assert obsnum_of(ROWS[0]) in found
    assert obsnum_of(SCIENCE[-1]) not in found, "the old part was read again"


def test_the_lines_of_faults_stay_right_when_the_log_grows(tmp_path: Path) -> None:
    site = site_in(tmp_path)
    log = write_log(site, [b"broken row", *ROWS[:5]])
    both(site, log)
    write_log(site, [*ROWS[5:15], b"broken row", *ROWS[:5]])
    assert [one.line for one in both(site, log).held if one.why == "unreadable row"] == [11]


def test_an_index_that_is_deleted_comes_back(tmp_path: Path) -> None:
    site = site_in(tmp_path)
    log = write_log(site, ROWS)
    first = both(site, log)
    index_file(index_folder(site)).unlink()
    assert both(site, log) == first


@pytest.mark.parametrize("damage", ["garbage", "cut", "page", "other version", "empty"])
def test_a_broken_index_is_made_anew_with_a_warning(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    site = site_in(tmp_path)
    log = write_log(site, ROWS)
    first = both(site, log)
    path = index_file(index_folder(site))
    data = path.read_bytes()
    if damage == "other version":
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE meta SET value = 'older'")
            connection.execute("ALTER TABLE log RENAME COLUMN segments TO digest")
    else:
        path.write_bytes(
            {
                "garbage": b"no database" * 1000,
                "cut": data[: len(data) // 2],
                "page": data[:4096] + b"\xff" * (len(data) - 4096),
                "empty": b"",
            }[damage]
        )
    with caplog.at_level(logging.WARNING):
        assert both(site, log) == first
    assert bool(caplog.records) == (damage in ("garbage", "cut", "page"))
    assert both(site, log) == first


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = site_in(tmp_path)
    log = write_log(site, ROWS)
    (tmp_path / "work").write_text("a file where a folder should be", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        both(site, log)
    assert "cannot be kept" in caplog.text


@pytest.mark.slow
def test_two_processes_at_once_and_killed_ones_do_no_harm(tmp_path: Path) -> None:
    site = site_in(tmp_path)
    log = write_log(site, ROWS)
    own = [obsnum_of(line) for line in SCIENCE if b"2018-S1-MU-46" in line]
    write_project(site, "2018-S1-MU-46", own)
    code = "import sys; from bot.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [
        sys.executable,
        "-c",
        code,
        "arrivals",
        "--root",
        str(tmp_path),
        "--log",
        str(log),
        "--work",
        str(site.work),
    ]
    for delay_s in (0.15, 0.25, 0.35, 0.45):
        index_file(index_folder(site)).unlink(missing_ok=True)
        pair = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
        time.sleep(delay_s)
        os.kill(pair[0].pid, signal.SIGKILL)
        answers = [process.communicate(timeout=60) for process in pair]
        assert answers[1][0] == answers[2][0] != b""
        assert answers[1][1] == answers[2][1] == b""
    both(site, log)


def test_all_projects_are_listed_with_their_counts(tmp_path: Path) -> None:
    site = site_in(tmp_path)
    write_project(site, "2024-S1-MX-2", [5, 6], (7,))
    (site.projects / "broken").mkdir()
    (site.projects / "broken" / "project.yaml").write_text("pid: [", encoding="utf-8")
    (site.projects / "README.md").write_text("no project", encoding="utf-8")
    good, broken = list_projects(site)
    assert (good.pid, good.sources, good.obsnums, good.left_out, good.fault) == ("2024-S1-MX-2", 1, 2, 1, "")
    assert broken.pid == "broken" and "projects/broken/project.yaml" in broken.fault
    write_project(site, "2024-S1-MX-2", [5])
    assert list_projects(site)[0].obsnums == 1


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_a_log_that_is_none_is_told(tmp_path: Path, what: str) -> None:
    site = site_in(tmp_path)
    path = tmp_path / "data_lmt.log"
    if what == "folder":
        path.mkdir()
    for with_index in (True, False):
        with pytest.raises(ProjectError, match="--log"):
            look(site, path, with_index=with_index)


@pytest.mark.parametrize("data", [b"\x00" * 5000, b"x" * 10_000_000, os.urandom(50_000), b"\r\n" * 1000])
def test_a_binary_file_gives_faults_and_no_traceback(tmp_path: Path, data: bytes) -> None:
    site = site_in(tmp_path)
    log = tmp_path / "data_lmt.log"
    log.write_bytes(data + b"\n")
    assert both(site, log).projects == ()
