"""Look at this machine: what lmtbot needs, what is there, and how to get what is missing. Changes nothing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.doors.locks import hold
from bot.doors.quicklook_store import STANDING_FILE, QuickLookStore
from bot.doors.rawdata import RawData
from bot.doors.tapbox import SshBox
from bot.errors import DoorError, LmtBotError, ProjectError
from bot.model.raw import PARTS
from bot.settings import SETTINGS_FILE, Site
from bot.stages.planning import project_ids
from bot.stages.quicklook.survey import read_parameters
from bot.stages.quicklook.taps import tapbox

FREE_GB_WANTED = 50
"""A SEQ map leaves up to a few GB; a night of them should fit."""


@dataclass(frozen=True)
class Checkup:
    """One thing looked at. `is_needed`: lmtbot cannot run level 1 without it."""

    name: str
    is_good: bool
    found: str
    cure: str = ""
    is_needed: bool = True


def examine(site: Site) -> Iterator[Checkup]:
    """Yield one checkup a thing, the basic ones first."""
    yield _python()
    yield _repository(site)
    yield _settings(site)
    yield from _data(site)
    yield from _work(site)
    yield from _quick_look(site)
    yield _pipeline(site)
    yield _program("git", "sudo apt-get install git", "records carry the commit")
    yield _program(
        "xvfb-run", "sudo apt-get install xvfb", "the pipeline draws without a screen on unity", needed=False
    )
    yield _program("sbatch", "run on a login node of the cluster", "the Slurm executor", needed=False)
    yield _program("gh", "sudo apt-get install gh", "pull requests and releases from a terminal", needed=False)
    yield _extra("h5py", "raw", "raw files that are HDF5 cannot be read; classic netCDF can")
    yield _extra("matplotlib", "sim", "the simulated pipeline of `lmtbot demo`")


def _python() -> Checkup:
    version = ".".join(map(str, sys.version_info[:3]))
    return Checkup("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")


def _repository(site: Site) -> Checkup:
    try:
        count = len(project_ids(site))
    except ProjectError:
        return Checkup(
            "projects", False, f"{site.projects} is not there", "stand in the repository, or give --root DIR"
        )
    return Checkup("projects", True, f"{count} in {site.projects}")


def _settings(site: Site) -> Checkup:
    path = site.root / SETTINGS_FILE
    told = f"{path}: read" if path.exists() else f"{path}: not there, all settings have their defaults"
    return Checkup("settings", True, told)


def _data(site: Site) -> Iterator[Checkup]:
    if site.data is None:
        yield Checkup("DATA_LMT", False, "not set", "export DATA_LMT=/path/of/raw/data, or give --data DIR")
        return
    log = site.data / "data_lmt.log"
    if log.is_file():
        yield Checkup("DATA_LMT", True, f"{log}, {log.stat().st_size / 1e6:.1f} MB")
    else:
        cure = "data_lmt.log is the observation log; `lmtbot scan` writes it, if this is the right folder"
        yield Checkup("DATA_LMT", False, f"{log} is not there", cure)
    yield _raw_files(site.data)
    writable = os.access(site.data, os.W_OK)
    found = f"{'may' if writable else 'cannot'} be written in {site.data}"
    cure = "`lmtbot scan --out DIR` keeps log and index elsewhere; then `lmtbot arrivals --log DIR/data_lmt.log`"
    yield Checkup("log and index", writable, found, cure, is_needed=False)


def _raw_files(data: Path) -> Checkup:
    """Look whether the folders of raw data are there and may be listed; a dead board leaves none."""
    raw = RawData(data)
    try:
        there = [part for part in PARTS if raw.folder_stamp(part) is not None]
        for part in there:
            raw.has_files(part)
    except DoorError as error:
        return Checkup("raw files", False, str(error), "ask for the right to read there: chmod -R a+rX")
    if not there:
        cure = "DATA_LMT names the folder that holds ifproc, spectrometer and RedshiftChassis0; is it mounted?"
        return Checkup("raw files", False, f"no folder of raw data is in {data}", cure)
    absent = ", ".join(part for part in PARTS if part not in there)
    found = f"{len(there)} of {len(PARTS)} folders" + (f"; without {absent}" if absent else "")
    return Checkup("raw files", True, found)


def _work(site: Site) -> Iterator[Checkup]:
    if site.work is None:
        yield Checkup("WORK_LMT", False, "not set", "export WORK_LMT=/path/of/results, or give --work DIR")
        return
    try:
        with tempfile.TemporaryDirectory(dir=site.work) as folder, hold(Path(folder) / "lock", "WORK_LMT", "doctor"):
            pass
    except DoorError as error:
        yield Checkup("WORK_LMT", False, str(error), "without locks two runners could work on one project")
        return
    except OSError as error:
        yield Checkup(
            "WORK_LMT", False, f"{site.work}: {error.strerror}", "make the folder, or ask for the right to write there"
        )
        return
    yield Checkup("WORK_LMT", True, f"{site.work}, writable, with working locks")
    free_gb = shutil.disk_usage(site.work).free / 1e9
    cure = f"{FREE_GB_WANTED} GB should be free for a night of maps"
    yield Checkup("disk", free_gb >= FREE_GB_WANTED, f"{free_gb:.0f} GB free in WORK_LMT", cure, is_needed=False)


def _quick_look(site: Site) -> Iterator[Checkup]:
    """Look at what `lmtbot quicklook` needs besides: its parameters, and the way to where the TAPs go."""
    if site.work is None:
        return
    cure = f"change the words in {site.work / STANDING_FILE}, or quicklook.parameters in {SETTINGS_FILE}"
    try:
        standing = read_parameters(site, QuickLookStore(site.work))
    except LmtBotError as error:
        yield Checkup("SLpipeline.in", False, str(error), cure, is_needed=False)
    else:
        found = f"left out: {'; '.join(standing.refused)}" if standing.refused else " ".join(standing.words)
        yield Checkup("SLpipeline.in", not standing.refused, found or "no standing parameters", cure, is_needed=False)
    if site.settings.quicklook.send_to:
        yield from _way(site, site.settings.quicklook.send_to)


def _way(site: Site, target: str) -> Iterator[Checkup]:
    """Look at the way of the TAPs. The far side is not asked: `lmtbot quicklook --status` tells what is unsent."""
    try:
        box = tapbox(site, target)
    except LmtBotError as error:
        yield Checkup("send_to", False, str(error), f"mend quicklook.send_to in {SETTINGS_FILE}", is_needed=False)
        return
    if isinstance(box, SshBox):
        for name, package in (("rsync", "rsync"), (site.settings.taps.ssh[0], "openssh-client")):
            yield _program(name, f"sudo apt-get install {package}", f"TAPs go to {target}", needed=False)
    elif not os.access(target, os.W_OK):
        cure = f"mount it, or mend quicklook.send_to in {SETTINGS_FILE}"
        yield Checkup("send_to", False, f"{target} is not there, or cannot be written", cure, is_needed=False)


def _pipeline(site: Site) -> Checkup:
    command = site.settings.pipeline.command
    found = shutil.which(command[0], path=os.environ.get("PATH"))
    cure = (
        f"source the LMTOY start file, or set pipeline.command in {SETTINGS_FILE}; `lmtbot demo` brings a simulated one"
    )
    return Checkup("pipeline", found is not None, found or f"{command[0]} is not on PATH", cure)


def _program(name: str, cure: str, purpose: str, *, needed: bool = True) -> Checkup:
    found = shutil.which(name)
    return Checkup(name, found is not None, found or f"not on PATH ({purpose})", cure, is_needed=needed)


def _extra(module: str, extra: str, purpose: str) -> Checkup:
    there = importlib.util.find_spec(module) is not None
    found = "installed" if there else f"not installed ({purpose})"
    return Checkup(module, there, found, f"{sys.executable} -m pip install -e '.[{extra}]'", is_needed=False)
