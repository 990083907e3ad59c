"""The raw data door on real files of both kinds: whole, cut off, hostile, changing, and folders that are not there."""

from __future__ import annotations

import fcntl
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest

from bot.doors.rawdata import RawData
from bot.errors import DoorError, RawDataError, SettingsError
from bot.formats.rawname import parse_name
from bot.model.raw import IFPROC, Header, RawName
from tests.rawfiles import (
    CLASSIC,
    FORMS,
    write_1mm,
    write_chassis,
    write_ifproc,
    write_netcdf,
    write_roach,
    write_rsr,
    write_seq,
)

BOTH = (CLASSIC, "NETCDF4")


def name_of(path: Path) -> RawName:
    name = parse_name(path.name)
    assert name is not None
    return name


def read(root: Path, path: Path) -> Header:
    return RawData(root).read_header(name_of(path))


def refused(root: Path, path: Path) -> str:
    with pytest.raises(RawDataError) as caught:
        read(root, path)
    assert str(caught.value).startswith(f"{path.name}: ")
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("unlimited", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_a_header_says_the_same_in_every_form(tmp_path: Path, form: str, unlimited: bool) -> None:
    ifproc = write_ifproc(tmp_path, 112139, numbands=2, calobsnum=112137, form=form, unlimited=unlimited)
    chassis = write_chassis(tmp_path, 2, 112140, calobsnum=112138, form=form, unlimited=unlimited)
    header = read(tmp_path, ifproc)
    told = header.observation
    assert (told.obsnum, told.mode, told.source, told.restfreq_ghz) == (112139, "SEQ/Map", "SYN1", 115.2712)
    assert (header.scannum, header.numbands, header.calobsnum) == (1, 2, 112137)
    header = read(tmp_path, chassis)
    assert (header.observation.mode, header.numbands, header.calobsnum) == ("RSR/Bs", 1, 112138)
    for path in (ifproc, chassis):
        assert RawData(tmp_path).check_whole(name_of(path)) == ""


def test_whole_observations_are_written_for_every_instrument(tmp_path: Path) -> None:
    data = RawData(tmp_path)
    for paths, mode in (
        (write_seq(tmp_path, 1, numbands=2), "SEQ/Map"),
        (write_1mm(tmp_path, 2), "1MM/Ps"),
        (write_rsr(tmp_path, 3, pgm="Cal", goal="Calibration"), "RSR/Cal"),
    ):
        assert read(tmp_path, paths[0]).observation.mode == mode
        assert {data.check_whole(name_of(path)) for path in paths} == {""}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_cut_off_anywhere_is_neither_whole_nor_read(tmp_path: Path, form: str) -> None:
    path = write_ifproc(tmp_path, 112139, form=form, samples=999)
    roach = write_roach(tmp_path, 3, 112139, form=form, samples=999)
    for file in (path, roach):
        whole = file.read_bytes()
        for length in [len(whole) * tenth // 10 for tenth in range(10)] + [1, 7, 20, 50, 4000, len(whole) - 4]:
            file.write_bytes(whole[:length])
            assert RawData(tmp_path).check_whole(name_of(file)), length
            if file is path:
                assert refused(tmp_path, file), length
        file.write_bytes(whole)
        assert RawData(tmp_path).check_whole(name_of(file)) == ""


def test_a_cut_file_says_how_much_is_missing(tmp_path: Path) -> None:
    for number, form in enumerate(BOTH):
        path = write_ifproc(tmp_path, 112139 + number, form=form, samples=5000)
        size = path.stat().st_size
        os.truncate(path, size - 1000)
        assert f"cut off: it has {size - 1000:,} of {size:,} bytes" in refused(tmp_path, path)


@pytest.mark.parametrize("content", [b"", b"C", b"CDF\x01", b"\0" * 5000, b"SIMPLE  = T" * 100, b"\x89HDF\r\n\x1a\n"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = write_ifproc(tmp_path, 112139)
    path.write_bytes(content)
    reason = refused(tmp_path, path)
    assert RawData(tmp_path).check_whole(name_of(path)) == reason


@pytest.mark.parametrize("form", BOTH)
def test_damaged_files_are_read_or_refused_and_nothing_is_printed(
    tmp_path: Path, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_ifproc(tmp_path, 112139, form=form)
    whole, dice = path.read_bytes(), random.Random(4)

    def damage() -> None:
        for _ in range(150):
            data = bytearray(whole)
            for _ in range(dice.choice((1, 3, 30))):
                data[dice.randrange(len(data))] = dice.randrange(256)
            path.write_bytes(data)
            try:
                read(tmp_path, path)
            except RawDataError as error:
                assert str(error).isprintable()
                continue
            seen.append(1)

    seen: list[int] = []
    thread = threading.Thread(target=damage)  # HDF5 keeps its error printing per thread
    thread.start()
    thread.join()
    assert 0 < len(seen) < 150
    assert capfd.readouterr() == ("", "")


def test_a_classic_header_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = write_ifproc(tmp_path, 112139)
    dimension = struct.pack(">I", 4) + b"abcd" + struct.pack(">I", 1)
    path.write_bytes(b"CDF\x01" + struct.pack(">III", 0, 10, 99_999) + dimension * 99_999 + bytes(8))
    os.truncate(path, 1 << 32)
    assert "does not end within 1,048,576 bytes" in refused(tmp_path, path)


def test_values_behind_the_first_bytes_are_found(tmp_path: Path) -> None:
    many = {f"Header.More.N{number}": "x" * 20 for number in range(900)}
    path = write_ifproc(tmp_path, 112139)
    header = read(tmp_path, path)
    write_ifproc(tmp_path, 112139, header=many)
    assert path.stat().st_size > 90_000
    assert read(tmp_path, path) == header


@pytest.mark.parametrize("form", BOTH)
@pytest.mark.parametrize(
    ("name", "value"),
    [("Header.Source.Ra", np.zeros(100_000)), ("Header.Source.SourceName", np.full(9000, b"x", "S1"))],
)
def test_a_huge_array_in_the_place_of_a_value_is_refused(
    tmp_path: Path, form: str, name: str, value: np.ndarray
) -> None:
    path = write_ifproc(tmp_path, 112139, form=form, header={name: value})
    assert f"{name} has the shape ({len(value)},), at most 4096" in refused(tmp_path, path)


def change(path: Path, name: str, make: str) -> None:
    """Put something else in the place of a variable of an HDF5 file."""
    with h5py.File(path, "r+") as file:
        del file[name]
        if make == "compound":
            file[name] = np.zeros(2, [("a", "i4"), ("b", "f8")])
        elif make == "reference":
            file.create_dataset(name, (1,), h5py.ref_dtype)
        elif make == "long string":
            file.create_dataset(name, (1,), h5py.string_dtype())
        elif make == "group":
            file.create_group(name)
        elif make == "external link":
            file[name] = h5py.ExternalLink("/etc/passwd", "/x")
        elif make == "soft link":
            file[name] = h5py.SoftLink(f"/{name}")
        elif make == "external storage":
            file.create_dataset(name, (2,), "f8", external=[("/etc/passwd", 0, 16)])
        elif make == "huge and empty":
            file.create_dataset(name, (1 << 20, 1 << 20, 1 << 10), "f8", chunks=(64, 64, 64))
        elif make == "bomb":
            file.create_dataset(name, (1,), "f8", maxshape=(None,), chunks=(1 << 22,), compression="gzip")[0] = 1
        elif make == "virtual":
            layout = h5py.VirtualLayout((2,), "f8")
            layout[:] = h5py.VirtualSource("/etc/passwd", "x", (2,))
            file.create_virtual_dataset(name, layout)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        ("compound", "neither characters nor numbers"),
        ("reference", "neither characters nor numbers"),
        ("long string", "neither characters nor numbers"),
        ("group", "is no variable"),
        ("external link", "is a link"),
        ("soft link", "is a link"),
        ("external storage", "in another file"),
        ("virtual", "in another file"),
        ("huge and empty", "at most 4096 values"),
        ("bomb", "pieces of more than"),
    ],
)
def test_what_hdf5_can_put_in_the_place_of_a_value_is_refused(tmp_path: Path, make: str, reason: str) -> None:
    path = write_ifproc(tmp_path, 112139, form="NETCDF4")
    change(path, "Header.Source.Ra", make)
    assert re.search(rf"Header.Source.Ra .*{reason}", refused(tmp_path, path))


def test_packed_values_are_read(tmp_path: Path) -> None:
    path = write_ifproc(tmp_path, 112139, form="NETCDF4")
    header = read(tmp_path, path)
    with h5py.File(path, "r+") as file:
        del file["Header.Source.Ra"]
        file.create_dataset("Header.Source.Ra", data=np.full(2, 2.6179938779914944), chunks=(2,), compression="gzip")
    assert read(tmp_path, path) == header


@pytest.mark.parametrize("libver", ["earliest", "v108", "v110", "latest"])
def test_every_superblock_tells_the_length(tmp_path: Path, libver: str) -> None:
    path = write_roach(tmp_path, 0, 112139)
    with h5py.File(path, "w", libver=(libver, "latest")) as file:
        file["Data.Integrate.time"] = np.zeros(9000)
    data = RawData(tmp_path)
    assert data.check_whole(name_of(path)) == ""
    os.truncate(path, path.stat().st_size - 1)
    assert "is cut off" in data.check_whole(name_of(path))


@pytest.mark.parametrize("form", BOTH)
def test_a_file_that_changes_while_being_read_is_not_believed(tmp_path: Path, form: str) -> None:
    path = write_ifproc(tmp_path, 112139, form=form)
    header = read(tmp_path, path)
    done = threading.Event()

    def grow() -> None:
        while not done.is_set():
            with path.open("ab") as file:
                file.write(b"\0")

    writer = threading.Thread(target=grow)
    writer.start()
    seen = ""
    for _ in range(5000):
        try:
            assert read(tmp_path, path) == header
        except RawDataError as error:
            seen = str(error)
            break
    done.set()
    writer.join()
    assert "it changed while its header was being read" in seen


def test_names_are_listed_without_what_is_hidden(tmp_path: Path) -> None:
    path = write_ifproc(tmp_path, 112139)
    path.with_name(f".{path.name}.a1B2c3").touch()
    path.with_name("notes.txt").touch()
    data = RawData(tmp_path)
    assert sorted(data.names(IFPROC)) == [path.name, "notes.txt"]
    assert data.opened == 0


def test_a_folder_that_is_not_there_is_empty_and_has_no_stamp(tmp_path: Path) -> None:
    data = RawData(tmp_path / "nowhere")
    assert (list(data.names("roach7")), data.folder_stamp("roach7"), data.stamp("roach7", "x")) == ([], None, None)


def test_a_folder_that_is_none_is_an_error_of_the_world(tmp_path: Path) -> None:
    (tmp_path / "ifproc").touch()
    with pytest.raises(DoorError, match="ifproc: the folder of raw data cannot be read: Not a directory"):
        list(RawData(tmp_path).names(IFPROC))


def test_the_folder_stamp_changes_with_its_names(tmp_path: Path) -> None:
    path = write_ifproc(tmp_path, 112139)
    os.utime(path.parent, ns=(5, 5))
    data = RawData(tmp_path)
    assert data.folder_stamp(IFPROC) == 5
    path.rename(path.with_name("x"))
    assert data.folder_stamp(IFPROC) != 5


def test_a_stamp_is_of_files_only_and_follows_links(tmp_path: Path) -> None:
    path = write_ifproc(tmp_path, 112139)
    data = RawData(tmp_path)
    stamp = data.stamp(IFPROC, path.name)
    assert stamp is not None and (stamp.size, stamp.mtime_ns) == (path.stat().st_size, path.stat().st_mtime_ns)
    (path.parent / "link").symlink_to(path.name)
    (path.parent / "dangling").symlink_to("nothing")
    (path.parent / "loop").symlink_to("loop")
    (path.parent / "folder").mkdir()
    os.mkfifo(path.parent / "pipe")
    assert data.stamp(IFPROC, "link") == stamp
    assert {data.stamp(IFPROC, name) for name in ("dangling", "loop", "folder", "pipe", "gone")} == {None}


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    path = write_ifproc(tmp_path, 112139)
    path.unlink()
    assert "No such file" in refused(tmp_path, path)
    os.mkfifo(path)
    assert "it is no file" in refused(tmp_path, path)
    path.unlink()
    path.mkdir()
    assert "it is no file" in refused(tmp_path, path)


def test_every_file_opened_is_counted(tmp_path: Path) -> None:
    paths = write_seq(tmp_path, 112139)
    data = RawData(tmp_path)
    data.read_header(name_of(paths[0]))
    assert data.opened == 1
    for path in paths:
        data.check_whole(name_of(path))
    assert data.opened == 1 + len(paths)


def test_a_file_without_permission_says_who_can_mend_it() -> None:
    code = (
        "import os, sys; from pathlib import Path; from bot.doors.rawdata import RawData\n"
        "from bot.formats.rawname import parse_name; os.geteuid() or os.setuid(65534)  # root may read everything\n"
        "print(RawData(Path(sys.argv[1])).check_whole(parse_name(sys.argv[2])))"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = write_ifproc(Path(folder), 112139)
        Path(folder).chmod(0o755)
        path.chmod(0)
        asked = [sys.executable, "-c", code, folder, path.name]
        reason = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "no permission to read it" in reason and "chmod a+r" in reason


def test_classic_files_need_no_h5py_and_hdf5_files_say_how_to_get_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['h5py'] = None; from pathlib import Path; from bot.doors.rawdata import RawData\n"
        "from bot.formats.rawname import parse_name; data = RawData(Path(sys.argv[1]))\n"
        "print(data.read_header(parse_name(sys.argv[2])).observation.obsnum, 'numpy' in sys.modules)\n"
        "print(data.check_whole(parse_name(sys.argv[3])) == '')\n"
        "data.read_header(parse_name(sys.argv[3]))"
    )
    names = [write_ifproc(tmp_path, 112139 + number, form=form).name for number, form in enumerate(BOTH)]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), *names], capture_output=True, text=True, check=False
    )
    assert done.stdout == "112139 False\nTrue\n"
    last = done.stderr.strip().splitlines()[-1]
    assert SettingsError.__name__ in last and "pip install 'lmtoy-run[raw]'" in last


def test_files_that_others_hold_open_are_read_without_locks(tmp_path: Path) -> None:
    path = write_ifproc(tmp_path, 112139, form="NETCDF4")
    header = read(tmp_path, path)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert read(tmp_path, path) == header


def test_a_series_along_an_unlimited_dimension_that_is_empty_is_whole(tmp_path: Path) -> None:
    path = write_roach(tmp_path, 0, 112139)
    write_netcdf(path, {"Header.Telescope.ObsNum": 112139}, {"Data.Integrate.time": 0}, unlimited=True)
    assert RawData(tmp_path).check_whole(name_of(path)) == ""
