"""Look at this machine: what lmtbot needs, what is there, and how to get what is missing. Changes nothing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from bot.errors import ProjectError
from bot.settings import SETTINGS_FILE, Site
from bot.stages.planning import project_ids

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
    yield _data(site)
    yield from _work(site)
    yield _pipeline(site)
    yield _program("git", "sudo apt-get install git", "records carry the commit")
    yield _program(
        "xvfb-run", "sudo apt-get install xvfb", "the pipeline draws without a screen on unity", needed=False
    )
    yield _program("sbatch", "run on a login node of the cluster", "the Slurm executor", needed=False)
    yield _program("gh", "sudo apt-get install gh", "pull requests and releases from a terminal", needed=False)
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


def _data(site: Site) -> Checkup:
    if site.data is None:
        return Checkup("DATA_LMT", False, "not set", "export DATA_LMT=/path/of/raw/data, or give --data DIR")
    log = site.data / "data_lmt.log"
    if not log.is_file():
        return Checkup(
            "DATA_LMT", False, f"{log} is not there", "data_lmt.log is the observation log; is this the right folder?"
        )
    return Checkup("DATA_LMT", True, f"{log}, {log.stat().st_size / 1e6:.1f} MB")


def _work(site: Site) -> Iterator[Checkup]:
    if site.work is None:
        yield Checkup("WORK_LMT", False, "not set", "export WORK_LMT=/path/of/results, or give --work DIR")
        return
    try:
        with tempfile.TemporaryDirectory(dir=site.work):
            pass
    except OSError as error:
        yield Checkup(
            "WORK_LMT", False, f"{site.work}: {error.strerror}", "make the folder, or ask for the right to write there"
        )
        return
    yield Checkup("WORK_LMT", True, f"{site.work}, writable")
    free_gb = shutil.disk_usage(site.work).free / 1e9
    cure = f"{FREE_GB_WANTED} GB should be free for a night of maps"
    yield Checkup("disk", free_gb >= FREE_GB_WANTED, f"{free_gb:.0f} GB free in WORK_LMT", cure, is_needed=False)


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
