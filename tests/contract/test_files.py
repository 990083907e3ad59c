"""Files are written whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.doors.files import STALE_S, clear_unfinished, read_text, write_whole
from bot.errors import DoorError


def test_a_file_is_made_with_its_folder_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.yaml"
    write_whole(path, "one é\n")
    write_whole(path, "two\n")
    assert path.read_text(encoding="utf-8") == "two\n"
    assert [one.name for one in path.parent.iterdir()] == ["b.yaml"]


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("one", encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    write_whole(link, "two")
    assert link.is_symlink() and real.read_text(encoding="utf-8") == "two"
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_new_file_is_as_readable_as_the_umask_says(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x", encoding="utf-8")
    write_whole(tmp_path / "whole", "x")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(DoorError, match="folder"):
        write_whole(tmp_path / "folder", "x")
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert read_text(tmp_path / "none") == ""
    (tmp_path / "latin").write_bytes(b"\xff")
    with pytest.raises(DoorError, match="latin"):
        read_text(tmp_path / "latin")


def test_old_leavings_of_killed_writers_are_cleared_and_young_ones_are_not(tmp_path: Path) -> None:
    old, young = tmp_path / ".a.1.new", tmp_path / ".a.2.new"
    for path in (old, young):
        path.write_text("x", encoding="utf-8")
    os.utime(old, (time.time() - 2 * STALE_S,) * 2)
    clear_unfinished(tmp_path)
    assert not old.exists() and young.exists()


def test_a_killed_writer_leaves_the_old_text_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    texts = {"a" * 200_000, "b" * 200_000}
    write_whole(path, "a" * 200_000)
    code = (
        "import sys; from pathlib import Path; from bot.doors.files import write_whole\n"
        "while True:\n    for letter in 'ab':\n        write_whole(Path(sys.argv[1]), letter * 200_000)\n"
    )
    for number in range(6):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)])
        time.sleep(0.3 + number * 0.013)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert path.read_text(encoding="utf-8") in texts
