"""Every recorded call of the real pipeline, done again by the simulation and compared.

`contract/runs.json` holds the facts of the recorded calls: arguments, exit code, file lists, rc keys in their order,
lines of the small logs, zip members, link counts and the shape of the metadata.
"""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.sim.pipeline import rcwriter

from .conftest import PID, Telescope

CONTRACT = json.loads((Path(__file__).parent / "contract" / "runs.json").read_text())
RUNS: dict[str, dict[str, Any]] = CONTRACT["runs"]
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d+)?")
PIDS = {"B7": "2024S1MSIP1mmCommissioning"}

MAP2 = ("obsnum=110011 restart=1", "obsnum=110012 restart=1", "obsnums=110011,110012 restart=1")
AGAIN = (*MAP2, "obsnum=110011 bank=0 dv=50 pix_list=-3", "obsnum=110011 bank=1 dv=60")
# what had been done in the same WORK_LMT before a recorded call
BEFORE: dict[str, tuple[str, ...]] = {
    "C1": ("obsnum=110002 restart=1", "obsnum=110003 restart=1"),
    "C2": MAP2[:2],
    "D13": ("obsnum=120002 restart=1", "obsnum=120003 restart=1"),
    "D18": ("obsnum=120002 restart=1", "obsnum=120003 restart=1", "obsnums=120002,120003 restart=1"),
    "E10": MAP2,
    "E11": AGAIN[:4],
    "E12": AGAIN,
    "E13": AGAIN,
    "E24": ("obsnum=110041 restart=1",),
    "E50": ("obsnum=110012 restart=1",),
}
# the first of a pair had no tool for masked moments, the last recorded ones one for histograms
TOOLS = {"C1": "", "E13": "hist", "E50": "hist", "G2": "hist", "G5": "hist"}
GENERATOR = ("G1", "G2", "G5")
APART = ("E31", "E40", "E51")  # a relative directory, a kill and a race have tests of their own


def prepare(telescope: Telescope, name: str) -> None:
    """Bring about what had been there before a recorded call."""
    if name in GENERATOR:
        generator = telescope.work / "lmtoy_run" / f"lmtoy_{PID}"
        generator.mkdir(parents=True)
        (generator / "mk_runs.py").write_text("on = {}\n")
    if name == "E20":
        telescope.raw(110041)
        telescope.raw(110020, roaches=(0, 1, 2, 3))
    if name == "E21":
        telescope.raw(110042, roaches=(0, 1, 2, 3))
        telescope.truth[110042]["calobsnum"] = 110999
    if name == "E22":
        telescope.raw(110043, roaches=(0, 1, 3))
        telescope.raw(110020, roaches=(0, 1, 2, 3))
    if name == "D15":
        telescope.raw(120005, chassis=(0, 1, 3))
        telescope.raw(120001, chassis=(0, 1, 2, 3))
    if name == "E30":
        for obsnum in (110001, 110002):
            telescope.raw(obsnum, roaches=(0, 1, 2, 3))
    if name == "E02b":
        telescope.folder(110040).mkdir(parents=True)
        (telescope.folder(110040) / "precious.txt").write_text("kept\n")
    for line in BEFORE.get(name, ()):
        assert telescope.run(*line.split()) == 0


def tree(folder: Path) -> Counter[str]:
    """List a directory as the contract does: `d:` and `l:` mark directories and links."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*"):
        name = STAMP.sub("STAMP", str(path.relative_to(folder)))
        if path.is_symlink():
            name = f"l:{name} -> {path.readlink()}"
        elif path.is_dir():
            name = f"d:{name}"
        found[name] += 1
    return found


def recorded_tree(name: str) -> Counter[str]:
    """Return the recorded list of a directory; reruns are written as differences."""
    told = RUNS[name].get("tree", [])
    if isinstance(told, list):
        return Counter(told)
    base = RUNS[told["as"]]
    names = Counter(entry.replace(base["oid"], RUNS[name]["oid"]) for entry in recorded_tree(told["as"]).elements())
    return names + Counter(told["plus"]) - Counter(told["minus"])


def without_fits(names: Counter[str], name: str) -> Counter[str]:
    """Leave out the plots of fitted peaks where other data decided which of the four peaks could be fitted."""
    if name not in ("D15", "D18"):
        return names
    return Counter({entry: n for entry, n in names.items() if not re.fullmatch(r"fit\.\w+\d\.png", entry)})


def call(telescope: Telescope, name: str) -> tuple[int, Path]:
    """Do the recorded call; returns exit code and result directory."""
    prepare(telescope, name)
    words = [word.replace("TOP", str(telescope.root)) for word in RUNS[name]["args"]]
    given = [word.split("=")[1] for word in words if word.startswith("work_lmt=")]
    work = Path(given[0]) if given else telescope.work
    code = telescope.run(*words, LMTSIM_TOOLS=TOOLS.get(name, "maskmoment"))
    return code, work / PIDS.get(name, PID) / RUNS[name]["oid"]


def check_links(folder: Path, recorded: dict[str, Any]) -> None:
    """Compare dir4dv and dirzip: names and hard-link counts."""
    oid, pid = folder.name, folder.parent.name
    package = folder.parent / "dir4dv" / oid / pid / oid
    found = {f"dir4dv/{path.name}": path.stat().st_nlink for path in package.glob("*")}
    found |= {f"dirzip/{path.name}": path.stat().st_nlink for path in (folder.parent / "dirzip").glob(f"{oid}_[A-Zl]*")}
    assert found == recorded["package"]
    for path in package.glob("*.zip"):
        assert path.samefile(folder.parent / "dirzip" / path.name)


def check_zips(folder: Path, recorded: dict[str, Any]) -> None:
    """Compare the members of the zips."""
    root = f"{folder.parent.name}/{folder.name}/"
    for kind, told in recorded.get("zips", {}).items():
        with zipfile.ZipFile(folder.parent / "dirzip" / f"{folder.name}_{kind}.zip") as packed:
            assert packed.testzip() is None
            members = {STAMP.sub("STAMP", name).replace(root, "./", 1) for name in packed.namelist()}
        if kind == "RAW":
            assert {re.sub(r"_\d{6}\.nc", ".nc", name) for name in members} == {
                re.sub(r"_\d{6}\.nc", ".nc", name) for name in told
            }
        elif kind == "SDFITS":
            assert members == set(told)
        else:
            here = {f"./{STAMP.sub('STAMP', str(p.relative_to(folder)))}" + "/" * p.is_dir() for p in folder.rglob("*")}
            expected = here - set(told["left_out"]) | set(told["added"]) | ({"./"} if told["has_root"] else set())
            assert members == expected


def shape(value: Any) -> Any:
    """Reduce metadata to its keys and types."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


@pytest.mark.parametrize("name", [name for name in RUNS if name not in APART])
def test_a_recorded_call_leaves_what_the_real_one_left(telescope: Telescope, name: str) -> None:
    recorded = RUNS[name]
    code, folder = call(telescope, name)
    assert code == recorded["exit"]
    assert without_fits(tree(folder), name) == without_fits(recorded_tree(name), name)
    for rc, keys in recorded.get("rc", {}).items():
        assert [key for key, _ in rcwriter.ASSIGNMENT.findall((folder / rc).read_text())] == keys.split(), rc
    for file, key in (("date.log", "dates"), ("lmtoy_args.log", "args_lines"), ("lmtoy.rc", "versions")):
        if key in recorded:
            assert len((folder / file).read_text().splitlines()) == recorded[key], file
    if folder.is_dir() and "rc" in recorded:
        check_links(folder, recorded)
        check_zips(folder, recorded)
    yaml_file = folder.parent / "dirzip" / f"{folder.name}_lmtmetadata.yaml"
    assert yaml_file.exists() == ("metadata" in recorded)
    if "metadata" in recorded:
        text = yaml_file.read_text()
        assert shape(yaml.safe_load(text)) == CONTRACT["metadata_shapes"][recorded["metadata"]]
        assert list(yaml.safe_load(text)) == list(CONTRACT["metadata_shapes"][recorded["metadata"]])


def test_a_relative_work_lmt_loses_zips_and_metadata(telescope: Telescope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(telescope.root)
    assert telescope.run(*RUNS["E31"]["args"]) == 0
    folder = telescope.root / "rel" / PID / "110021"
    assert tree(folder) == recorded_tree("E31")
    assert list((folder.parent / "dir4dv" / "110021" / PID / "110021").iterdir()) == []
    assert list((folder.parent / "dirzip").iterdir()) == []


def wait_for(path: Path, seconds: float = 20) -> None:
    """Wait until a file is there."""
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.01)


def test_sigterm_leaves_a_partial_tree_and_one_line_in_date_log(telescope: Telescope) -> None:
    work = telescope.root / "killwork"
    process = telescope.start("obsnum=110012", "restart=1", f"work_lmt={work}", LMTSIM_SECONDS="60")
    folder = work / PID / "110012"
    wait_for(folder / "SYN1_110012__0_specviews.5.png")
    time.sleep(0.2)
    process.terminate()
    assert process.wait(10) == RUNS["E40"]["exit"]
    assert set(tree(folder)) == set(RUNS["E40"]["tree"])
    assert len((folder / "date.log").read_text().splitlines()) == 1
    assert list((work / "tmp").iterdir()) == []
    for rc, keys in RUNS["E40"]["rc"].items():
        assert [key for key, _ in rcwriter.ASSIGNMENT.findall((folder / rc).read_text())] == keys.split()


def test_a_second_call_for_an_obsnum_that_is_running_loses_in_silence(telescope: Telescope) -> None:
    assert telescope.run("obsnum=110012", "restart=1") == 0
    before = tree(telescope.folder(110012))
    winner = telescope.start("obsnum=110012", "bank=0", "dv=50", LMTSIM_SECONDS="30")
    wait_for(telescope.work / "tmp" / "lmtoy_110012.rc")
    rc = telescope.folder(110012) / "lmtoy_110012__1.rc"
    kept = rc.read_text()
    loser = telescope.start("obsnum=110012", "bank=1", "dv=60")
    assert loser.wait(10) == RUNS["E51"]["exit"]
    assert rc.read_text() == kept
    winner.terminate()
    winner.wait(10)
    assert before - tree(telescope.folder(110012)) == Counter()
