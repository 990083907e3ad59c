"""One call on its way: what was asked, what is known, and the directory that is being filled.

Must not reduce anything: the modes do (`mapping`, `points`, `rsr`, `combine`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import clock
from .arguments import Call
from .facts import Facts, ObservationLog, bands_of, line_frequencies
from .rawdata import RawState, look, raw_files
from .rcwriter import Heading, append, version_line
from .settings import read_floats
from .site import Site
from .truth import Truth, truth_of


@dataclass
class Job:
    """A call and its state."""

    call: Call
    site: Site
    log: ObservationLog
    overrides: Mapping[int, Mapping[str, Any]]
    headings: list[Heading]
    pdir: Path
    is_first: bool
    midway: Callable[[], None]
    is_broken: bool = False  # a Python error inside: the reduction yields nothing
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.pdir.parent

    @property
    def oid(self) -> str:
        """The name of the directory."""
        return self.call.oid

    @property
    def heading(self) -> Heading:
        """The first, or only, observation."""
        return self.headings[0]

    @property
    def facts(self) -> Facts:
        """What the log says of the first observation."""
        return self.heading.facts

    @property
    def main_rc(self) -> Path:
        """The rc file of the directory."""
        return self.pdir / f"lmtoy_{self.oid}.rc"

    def bank_rc(self, bank: int) -> Path:
        """The rc file of a bank."""
        return self.pdir / f"lmtoy_{self.oid}__{bank}.rc"

    @property
    def logfile(self) -> Path:
        """Where the reduction's own words go."""
        return self.pdir / f"lmtoy_{self.oid}.log"

    def say(self, text: str) -> None:
        """Add a line to the log of the reduction."""
        with self.logfile.open("a") as log:
            log.write(f"LMTOY>> {text}\n")

    def banks(self) -> list[int]:
        """Return the banks that are asked for and exist."""
        wanted = self.call.text("bank", "-1")
        have = list(range(self.heading.numbands))
        return [int(wanted)] if wanted in ("0", "1") and int(wanted) in have else have

    def note_version(self) -> None:
        """Add the line that each start of a reduction leaves in lmtoy.rc."""
        append(self.pdir / "lmtoy.rc", version_line(clock.stamp()))

    def raw(self, heading: Heading) -> RawState:
        """Say which raw data of a member are missing."""
        return look(self.site.data, heading.facts, heading.calobsnum, heading.numbands)

    def truth(self, heading: Heading, bank: int, nchan0: int = 2048) -> Truth:
        """Return what is true of a bank of a member."""
        facts = heading.facts
        return truth_of(facts.obsnum, bank, facts.instrument, self.overrides, nchan0)

    def copy_once(self, source: Path, target: Path) -> None:
        """Copy a file where there is none yet."""
        if source.exists() and not target.exists():
            shutil.copyfile(source, target)


def _restfreqs(facts: Facts, call: Call, fixed: Mapping[str, Any]) -> tuple[float, ...]:
    given = read_floats(call.text("restfreq"))
    if "restfreqs" in fixed:
        first = tuple(float(f) for f in fixed["restfreqs"])
    else:
        first = line_frequencies(facts.restfreq_ghz)
    known = facts.numbands or bands_of(facts.instrument, facts.date_obs)
    count = int(fixed.get("numbands", call.text("numbands") or known))
    return (given + first[len(given) :])[:count]


def make_heading(
    facts: Facts, call: Call, site: Site, log: ObservationLog, overrides: Mapping[int, Mapping[str, Any]]
) -> Heading:
    """Put together what the raw headers of an observation would say."""
    fixed = overrides.get(facts.obsnum, {})
    known = log.calibration_of(facts) if facts.calobsnum is None else facts.calobsnum
    calobsnum = int(fixed.get("calobsnum", known))
    kind = "RedshiftChassis0" if facts.instrument == "RSR" else "ifproc"
    found = [path for path in raw_files(site.data, facts, facts.obsnum) if path.parent.name == kind]
    name = site.data / kind / f"{kind}_{facts.date_obs[:10]}_{facts.obsnum:06d}_00_0001.nc"
    return Heading(
        facts=facts,
        rawnc=str(found[0] if found else name),
        calobsnum=calobsnum,
        restfreqs=(90.0,) if facts.instrument == "RSR" else _restfreqs(facts, call, fixed),
        tau=truth_of(facts.obsnum, 0, facts.instrument, overrides).tau,
    )
