"""The small files of a lmtoy_PID folder, with all their habits; every fault of all files at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import ProjectError, Severity
from bot.formats.legacy.folder import parse_pid_file, read_legacy_folder, read_runfiles

PLAIN = "from lmtoy import runs\nruns.mk_runs('2024-S1-XX-1', {'a': [1]}, {}, {})\n"


def folder(place: Path, **files: str | bytes) -> Path:
    for name, content in {"mk_runs.py": PLAIN, **files}.items():
        path = place / name.replace("_txt", ".txt")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('PID="2018-S1-MU-1"\nDONE=n/a\nARCHIVED=2025-08-26/\n', ("2018-S1-MU-1", "n/a", "2025-08-26")),
        ("PID  = 2018-S1-MU-64\n", ("2018-S1-MU-64", "", "")),
        ("\nexport PID='x' # words\nDONE=\nARCHIVED=\"2024-06-10\"", ("x", "", "2024-06-10")),
        ("", ("", "", "")),
        ("PID=a\nPID=b\nOTHER=c", ("b", "", "")),
    ],
)
def test_the_pid_file_is_read_as_a_shell_would_nearly(text: str, expected: tuple[str, str, str]) -> None:
    assert parse_pid_file(text) == expected


@pytest.mark.parametrize(
    ("text", "mode"),
    [("SEQ/Map\n", "SEQ/Map"), ("# words\nSEQ/Map\nRSR/Bs\n#1MM/Ps\n\n", "RSR/Bs"), ("", "TBD"), ("TBD\n", "TBD")],
)
def test_the_last_line_of_io_counts(tmp_path: Path, text: str, mode: str) -> None:
    assert read_legacy_folder(folder(tmp_path, IO=text)).io == mode


def test_without_its_small_files_a_folder_says_little(tmp_path: Path) -> None:
    found = read_legacy_folder(folder(tmp_path))
    assert (found.pid, found.io, found.comments, found.log) == ("", "TBD", (), ())


def test_the_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    bad = folder(tmp_path, IO="SEQ Map 12\n", comments_txt=b"97520 caf\xe9\n", PID="PID=x\n")
    (bad / "mk_runs.py").write_text("x = open('f')\n")
    with pytest.raises(ProjectError) as caught:
        read_legacy_folder(bad)
    told = {(Path(one.path).name, one.line) for one in caught.value.findings}
    assert told == {("mk_runs.py", 1), ("comments.txt", 1), ("IO", 1)}


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x02", b"\xff\xfe\x00", b"x = 1\n" * 1_000_000, "x = ('é'\n".encode("latin1")]
)
def test_garbage_in_place_of_the_description_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mk_runs.py").write_bytes(content)
    with pytest.raises(ProjectError) as caught:
        read_legacy_folder(tmp_path)
    assert len(caught.value.findings) == 1 and caught.value.findings[0].path.endswith("mk_runs.py")


def test_a_folder_without_description_or_with_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"mk_runs.py.*missing"):
        read_legacy_folder(tmp_path)
    (tmp_path / "mk_runs.py").mkdir()
    with pytest.raises(ProjectError, match="no file"):
        read_legacy_folder(tmp_path)


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode()
    (tmp_path / "mk_runs.py").write_bytes(text)
    (tmp_path / "comments.txt").write_bytes(b"1 x # a=1\r\n2 y\r3 z\r\n")
    found = read_legacy_folder(tmp_path)
    assert [one.text for one in found.comments] == ["1 x # a=1", "2 y", "3 z"]


def test_an_old_argument_file_is_told(tmp_path: Path) -> None:
    (told,) = read_legacy_folder(folder(tmp_path, **{"obsnum.args": "1 a=1\n"})).findings
    assert told.code == "OBSOLETE"


def test_the_runfiles_that_lie_there_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.run1a").write_text("one\n")
    (tmp_path / "x.run1.sh").write_text("two\n")
    (tmp_path / "x.run9").write_text("no\n")
    assert read_runfiles(tmp_path, "x") == {"run1a": "one\n", "run1.sh": "two\n"}


def test_files_of_arguments_from_before_comments_txt_are_told_with_the_line_to_write(tmp_path: Path) -> None:
    found = read_legacy_folder(folder(tmp_path, **{"801.args": "dv=2\n", "obsnum.args": "802 dv=3\n"}))
    told = {Path(one.path).name: one for one in found.findings}
    assert set(told) == {"801.args", "obsnum.args"}
    assert {one.severity for one in told.values()} == {Severity.WARNING}
    assert "801 # dv=2" in told["801.args"].cure and "overlooks" in told["801.args"].why
    assert "refuses to run" in told["obsnum.args"].why


def test_arguments_that_only_the_files_own_code_reads_are_an_error_for_they_would_be_lost(tmp_path: Path) -> None:
    text = "project = 'x'\non = {'a': [801]}\npars1, pars2 = {'a': ''}, {'a': ''}\nprint(open('801.args').read())\n"
    empty = folder(tmp_path, **{"mk_runs.py": text, "802.args": "\n"})
    assert [one.severity for one in read_legacy_folder(empty).findings] == [Severity.WARNING] * 2
    with pytest.raises(ProjectError) as caught:
        read_legacy_folder(folder(tmp_path, **{"mk_runs.py": text, "801.args": "dv=2", "lmtoy.flags": "dw=3"}))
    errors = [one for one in caught.value.findings if one.severity is Severity.ERROR]
    assert [Path(one.path).name for one in errors] == ["801.args", "lmtoy.flags"]
    assert "801 # dv=2" in errors[0].cure and "pars2" in errors[1].cure


def test_other_lines_of_the_pid_file_are_kept(tmp_path: Path) -> None:
    (tmp_path / "mk_runs.py").write_text(
        "import sys\nfrom lmtoy import runs\nproject='P-1'\non={'a':[1]}\npars1={'a':''}\npars2={}\n"
        "runs.mk_runs(project,on,pars1,pars2)\n"
    )
    (tmp_path / "PID").write_text("PID = P-1\n# by hand\n\nFOO=1\n")
    assert read_legacy_folder(tmp_path).pid_remarks == ("# by hand", "FOO=1")
