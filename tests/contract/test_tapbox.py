"""TAPs travel, by folder and by real rsync over real ssh; nothing in a TAP can leave its place."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.doors.tapbox import FACTS, INBOX, TAP, TapBox, facts_text, name_of, open_tapbox
from bot.doors.tapfile import check_tap, unpack_tap
from bot.doors.tapstore import Line, TapStore
from bot.errors import DoorError, ProjectError, SettingsError
from bot.settings import Settings, Site, Taps
from bot.stages.quicklook.taps import receive_taps, tapbox
from tests.contract.sshd import Sshd
from tests.taps import PID, Member, good_members, good_tap, link, look, member, need, pack

REPOSITORY = Path(__file__).parents[2]
BASE = f"{PID}/112139"


def site_at(folder: Path, taps: Taps | None = None) -> Site:
    work = folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    return Site(root=folder, data=None, work=work, settings=Settings(taps=taps or Taps()))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def no_receiving(work: Path) -> dict[str, str]:
    raise AssertionError(f"nobody should receive in {work}")


# -- a TAP as a file


def test_a_taps_files_lie_where_people_look_and_nothing_else_of_it_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "TAP" / "112139"
    tap = good_tap(tmp_path, look())
    unpack_tap(tap, folder, look(), Taps())
    assert set(tree(folder)) == {"README.html", "000README.html", "js/plot.png"}
    assert (folder / "000README.html").readlink() == Path("README.html")
    assert (folder / "js" / "plot.png").stat().st_mode & 0o7777 == 0o644 & ~umask()
    assert [path.name for path in folder.parent.iterdir()] == ["112139"]


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


HOSTILE: dict[str, list[Member]] = {
    "absolute": [member("/etc/cron.d/evil")],
    "up": [member(f"{BASE}/../../../evil")],
    "up in the middle": [member(f"{BASE}/a/../../113000/x")],
    "another project": [member("2024-S1-MX-22/112139/README.html")],
    "another obsnum": [member(f"{PID}/112140/README.html")],
    "the folder itself as a file": [member(BASE)],
    "beside": [member(f"{PID}/README.html")],
    "dot": [member(f"{BASE}/./x")],
    "link out": [link(f"{BASE}/a", "/etc/passwd")],
    "link up": [link(f"{BASE}/a", "../../x")],
    "link to a folder": [member(f"{BASE}/d/x"), link(f"{BASE}/a", "d")],
    "link to nothing": [link(f"{BASE}/a", "b")],
    "link to a link": [link(f"{BASE}/a", "b"), link(f"{BASE}/b", "a")],
    "through a link": [link(f"{BASE}/a", "b"), member(f"{BASE}/a/x")],
    "hard link": [link(f"{BASE}/a", "/etc/passwd", tarfile.LNKTYPE)],
    "pipe": [member(f"{BASE}/a", b"", type=tarfile.FIFOTYPE)],
    "device": [member(f"{BASE}/a", b"", type=tarfile.CHRTYPE, devmajor=1, devminor=3)],
    "setuid": [member(f"{BASE}/a", mode=0o4755)],
    "twice": [member(f"{BASE}/a"), member(f"{BASE}/a", b"other")],
    "file as folder": [member(f"{BASE}/a"), member(f"{BASE}/a/b")],
    "name too long": [member(f"{BASE}/{'n' * 300}")],
    "control characters": [member(f"{BASE}/a\x1b[2Jb")],
    "line end": [member(f"{BASE}/a\nb")],
    "empty": [],
    "too many": [member(f"{BASE}/{number}") for number in range(30)],
    "too large": [member(f"{BASE}/{number}", bytes(900_000)) for number in range(3)],
}
SMALL = Taps(most_files=20, most_mb=2)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tap_is_refused_whole_and_the_old_products_stay(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "inside" / PID / "TAP" / "112139"
    unpack_tap(good_tap(tmp_path, look(), "old"), folder, look(), SMALL)
    before = tree(tmp_path / "inside")
    fill = [] if name == "empty" else good_members(look(), "new")
    tap = pack(tmp_path / "evil.tar", [*fill, *HOSTILE[name]])
    with pytest.raises(ProjectError, match=r"evil\.tar"):
        unpack_tap(tap, folder, look(), SMALL)
    assert tree(tmp_path / "inside") == before
    assert [path.name for path in folder.parent.iterdir()] == ["112139"]


names = st.lists(st.sampled_from([PID, "112139", "a", "b", "..", ".", "", "112140"]), max_size=6).map("/".join)
members = st.builds(
    lambda name, target, kind: member(name) if kind == tarfile.REGTYPE else link(name, target, kind),
    st.one_of(names, names.map(lambda rest: f"{BASE}/{rest}")),
    names,
    st.sampled_from([tarfile.REGTYPE, tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE]),
)


@settings(max_examples=150)
@given(st.lists(members, min_size=1, max_size=4))
def test_whatever_is_in_a_tap_nothing_is_written_outside(
    tmp_path_factory: pytest.TempPathFactory, content: list[Member]
) -> None:
    root = tmp_path_factory.mktemp("any")
    tap = pack(root / "any.tar", content)
    folder = root / "work" / PID / "TAP" / "112139"
    try:
        unpack_tap(tap, folder, look(), Taps())
    except ProjectError:
        assert not folder.exists()
    else:
        inside = root / "work"
        with tarfile.open(tap) as tar:
            for one in tar:
                tarfile.data_filter(one, str(inside))  # Python's own judge must find nothing wrong either
        assert all(path.resolve().is_relative_to(folder) for path in folder.rglob("*"))
    assert {path.name for path in root.iterdir()} <= {"any.tar", "work"}
    assert {path.name for path in (root / "work").rglob("*") if folder not in path.parents} <= {PID, "TAP", "112139"}


def test_a_tap_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = good_tap(tmp_path, look()).read_bytes()
    cut = tmp_path / "cut.tar"
    for size in range(0, 512 * 6, 256):
        cut.write_bytes(whole[:size])
        with pytest.raises(ProjectError, match="cut off"):
            check_tap(cut, look(), Taps())


def test_garbage_is_no_tap(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"\x1f\x8b" + bytes(range(256)) * 40 + bytes(1024))
    with pytest.raises(ProjectError, match="cannot be read as a tar"):
        check_tap(tmp_path / "x.tar", look(), Taps())


# -- the logs


def test_an_obsnum_has_one_line_however_long_the_log(tmp_path: Path) -> None:
    store = TapStore(tmp_path)
    store.log.parent.mkdir()
    store.log.write_text("".join(f"2024-03-06T11:21:31 {number} {PID}\n" for number in range(100_000, 150_000)))
    for obsnum in (100_000, 149_999, 5, 5):
        store.append_once(Line("2024-03-07T00:00:00", obsnum, PID))
    assert len(store.log.read_text().splitlines()) == 50_001
    assert [one.obsnum for one in store.newest()][:2] == [5, 149_999] and len(store.newest()) == 100


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    store = TapStore(tmp_path)
    store.log.parent.mkdir()
    store.log.write_text("2024-03-06T11:21:31 1 P\n2024-03-06T11:2")
    store.append_once(Line("2024-03-07T00:00:00", 2, "P"))
    assert [str(one) for one in store.newest()] == ["2024-03-07T00:00:00 2 P", "2024-03-06T11:21:31 1 P"]


# -- the box


@pytest.mark.parametrize("target", ["-oProxyCommand=x:/far", "a b:/far", "unity:", "unity:~/far", ":/far", "a;b:/far"])
def test_a_target_of_no_form_is_refused(target: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"host:DIR|whole path"):
        open_tapbox(target, tmp_path, no_receiving)


def test_a_folder_that_is_not_mounted_is_a_link_that_is_down(tmp_path: Path) -> None:
    box = open_tapbox(str(tmp_path / "unity"), tmp_path, no_receiving)
    with pytest.raises(DoorError, match="mount it"):
        box.send(look(), None)
    assert not (tmp_path / "unity").exists()


def test_a_refused_tap_is_told_to_its_sender_with_the_reason(tmp_path: Path) -> None:
    bad = pack(tmp_path / "bad.tar", [member("/etc/x")])
    with pytest.raises(DoorError, match=r"112139 is refused: .*'/etc/x'"):
        tapbox(site_at(tmp_path), "").send(look(), bad)


def test_sending_again_after_a_refusal_mends_it(tmp_path: Path) -> None:
    site = site_at(tmp_path)
    with pytest.raises(DoorError):
        tapbox(site, "").send(look(), pack(tmp_path / "bad.tar", [member("/etc/x")]))
    tapbox(site, "").send(look(), good_tap(tmp_path, look()))
    assert TapStore(site.need_work()).reasons() == {}
    assert (site.need_work() / PID / "TAP" / "112139" / "README.html").is_file()


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    need("sshd", "ssh", "ssh-keygen", "rsync")
    server = Sshd(tmp_path / "sshd")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def far_side(tmp_path: Path) -> Path:
    """Return a WORK_LMT with a name that no shell may look into."""
    folder = tmp_path / "far side's $(touch evil) %s"
    folder.mkdir()
    return folder


def ssh_box(sshd: Sshd, far_side: Path, tmp_path: Path) -> TapBox:
    python = shlex.join(["cd", str(REPOSITORY)]) + " && " + shlex.join([sys.executable, "-m", "bot"])
    taps = Taps(ssh=sshd.ssh, remote_command=("sh", "-c", f'{python} "$@"', "lmtbot"))
    return open_tapbox(f"unity:{far_side}", tmp_path, no_receiving, taps)


@pytest.mark.slow
def test_taps_travel_by_rsync_over_ssh_and_the_link_may_go_and_come(sshd: Sshd, far_side: Path, tmp_path: Path) -> None:
    box = ssh_box(sshd, far_side, tmp_path)
    one, two, failed = look(112139), look(112140), look(112141, verdict="no calibration")
    box.send(one, good_tap(tmp_path / "my taps", one))
    sshd.stop()
    with pytest.raises(DoorError, match="must work without a password"):
        box.send(two, good_tap(tmp_path, two))
    sshd.start()
    box.send(two, good_tap(tmp_path, two))
    box.send(failed, None)
    assert (far_side / PID / "TAP" / "112140" / "README.html").read_text() == "<p>look 112140</p>"
    assert [line.split()[1] for line in (far_side / "lmtoy_run" / "rsync.log").read_text().splitlines()] == [
        "112139",
        "112140",
    ]
    assert "no calibration" in (far_side / "lmtoy_run" / "last100.html").read_text()
    assert not list((far_side / INBOX).glob("*.*")) and not (far_side / "evil").exists()
    bad = look(112142)
    with pytest.raises(DoorError, match=r"112142 is refused: .*does not lie below"):
        box.send(bad, pack(tmp_path / "bad.tar", [member("x")]))


def test_what_the_far_side_lacks_is_told_and_nothing_is_made_there(sshd: Sshd, far_side: Path, tmp_path: Path) -> None:
    lost = open_tapbox(f"unity:{far_side}/typo", tmp_path, no_receiving, Taps(ssh=sshd.ssh))
    with pytest.raises(DoorError, match="typo must be there"):
        lost.send(look(), None)
    assert list(far_side.iterdir()) == []
    bare = open_tapbox(f"unity:{far_side}", tmp_path, no_receiving, Taps(ssh=sshd.ssh, remote_command=("no-lmtbot",)))
    with pytest.raises(DoorError, match=r"taps\.remote_command"):
        bare.send(look(), good_tap(tmp_path, look()))
    name = name_of(look())
    assert sorted(path.name for path in (far_side / INBOX).iterdir()) == [f"{name}{FACTS}", f"{name}{TAP}"]
    site = Site(tmp_path, None, far_side, Settings())
    assert [one.outcome for one in receive_taps(site, far_side)] == ["unpacked"], "cron on unity takes it later"


def test_a_transfer_that_is_killed_leaves_nothing_that_looks_whole(sshd: Sshd, far_side: Path, tmp_path: Path) -> None:
    name = name_of(look())
    inbox = far_side / INBOX
    inbox.mkdir(parents=True)
    (inbox / f"{name}{TAP}").write_bytes(good_tap(tmp_path, look()).read_bytes())
    (inbox / f".{name}{FACTS}.Ab3dEf").write_text(facts_text(look())[:40])
    assert receive_taps(Site(tmp_path, None, far_side, Settings()), far_side) == []
    assert (inbox / f"{name}{TAP}").exists()
    ssh_box(sshd, far_side, tmp_path).send(look(), good_tap(tmp_path, look()))
    assert (far_side / PID / "TAP" / "112139").is_dir()


def test_the_facts_travel_whole(tmp_path: Path) -> None:
    site = site_at(tmp_path)
    odd = look(source='"\\<é \U0001f52d', gap=("roach3",), verdict="it's\nbroken")
    tapbox(site, "").send(odd, None)
    kept = json.loads((site.need_work() / "lmtbot" / "taps" / "112139.json").read_text())
    assert kept == json.loads(facts_text(odd))


def test_gnu_tar_reads_the_same_as_we_do(tmp_path: Path) -> None:
    (tmp_path / BASE).mkdir(parents=True)
    (tmp_path / BASE / "README.html").write_text("x")
    subprocess.run(["tar", "cf", "gnu.tar", BASE], cwd=tmp_path, check=True)
    unpack_tap(tmp_path / "gnu.tar", tmp_path / "out", look(), Taps())
    assert set(tree(tmp_path / "out")) == {"README.html"}
