"""Where the simulation runs and how it is told to behave: the environment as one frozen value.

Must not read files. The variables:

    WORK_LMT, DATA_LMT  as for the real pipeline (`work_lmt=` on the command line goes before WORK_LMT)
    LMTSIM_PLOTS        none | few | all: how many plots are drawn (default few); the rest are one small PNG
    LMTSIM_SECONDS      a call lasts at least so long, with its first products already written
    LMTSIM_FAULTS       faults on demand (default $DATA_LMT/sim_faults.yaml), see faults.py
    LMTSIM_STATE        directory that counts the faults done (default: the faults file's name + `.state`)
    LMTSIM_JOURNAL      file that gets one line at the start and one at the end of every call
    LMTSIM_TOOLS        optional tools that are installed, a comma list of maskmoment, hist (default maskmoment)
    LMTSIM_HOSTS        a directory that stands for other computers: rsync=HOST:DIR copies to HOSTS/HOST/DIR
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .arguments import Call, UsageError


@dataclass(frozen=True)
class Site:
    """One place to run in."""

    work: Path
    data: Path
    plots: str
    seconds: float
    faults: Path
    state: Path
    tools: frozenset[str]
    hosts: Path | None

    @property
    def is_relative(self) -> bool:
        """Tell whether results go to a relative directory, which loses zips and metadata."""
        return not self.work.is_absolute()


def from_environment(environ: Mapping[str, str], call: Call) -> Site:
    """Read the environment; raises UsageError when a needed variable is missing."""
    work = call.text("work_lmt") or environ.get("WORK_LMT", "")
    data = environ.get("DATA_LMT", "")
    if not work or not data:
        raise UsageError("WORK_LMT and DATA_LMT must be set")
    faults = Path(environ.get("LMTSIM_FAULTS") or f"{data}/sim_faults.yaml")
    hosts = environ.get("LMTSIM_HOSTS")
    return Site(
        work=Path(work),
        data=Path(data),
        plots=environ.get("LMTSIM_PLOTS") or "few",
        seconds=float(environ.get("LMTSIM_SECONDS") or 0),
        faults=faults,
        state=Path(environ.get("LMTSIM_STATE") or f"{faults}.state"),
        tools=frozenset(environ.get("LMTSIM_TOOLS", "maskmoment").split(",")),
        hosts=Path(hosts) if hosts else None,
    )
