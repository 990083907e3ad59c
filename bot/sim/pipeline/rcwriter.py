"""The rc files: append-only shell, the last assignment wins.

Texts follow the real pipeline's, key by key and in its order. Must not compute anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .arguments import Call
from .facts import Facts
from .physics import LIGHT_KMS, map_side
from .settings import expand_beams, regions_around

VERSION = "1.2.3"
REPO = "2661"
ASSIGNMENT = re.compile(r"^([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|[^\s#]*)", re.MULTILINE)

MAP_VARIABLES = {
    "extent": "0", "dv": "100", "dw": "250", "birdies": "0", "birdies_shift": "0", "map_coord_use": "-1",
    "pix_list": ",".join(str(beam) for beam in range(16)), "rms_cut": "-4", "location": "0,0", "rmax": "3",
    "otf_select": "1", "otf_a": "1.1", "otf_b": "4.75", "otf_c": "2", "noise_sigma": "1", "b_order": "0",
    "stype": "2", "offx": "0", "offy": "0", "sample": "-1", "otf_cal": "0", "edge": "0", "bank": "-1",
}  # fmt: skip
RSR_VARIABLES = {
    "xlines": "", "badcb": "", "badlags": "", "jitter": "1", "linecheck": "0", "bandzoom": "5", "speczoom": "",
    "rthr": "0.01", "cthr": "0.01", "sgf": "0", "notch": "0", "blo": "1", "bandstats": "0",
}  # fmt: skip


def read(path: Path) -> dict[str, str]:
    """Read what a shell would know after sourcing an rc file; nothing when there is none."""
    if not path.exists():
        return {}
    return {key: value.strip("\"'") for key, value in ASSIGNMENT.findall(path.read_text())}


def append(path: Path, text: str) -> None:
    """Add lines to an rc file."""
    with path.open("a") as rc:
        rc.write(text)


@dataclass(frozen=True)
class Heading:
    """All that the raw headers say of an observation."""

    facts: Facts
    rawnc: str
    calobsnum: int
    restfreqs: tuple[float, ...]
    tau: float

    @property
    def numbands(self) -> int:
        """How many IF bands there are."""
        return len(self.restfreqs)

    @property
    def skyfreqs(self) -> tuple[float, ...]:
        """The frequencies as received."""
        return tuple(f * (1 - self.facts.vlsr / LIGHT_KMS) for f in self.restfreqs)


def _join(values: tuple[float, ...]) -> str:
    return ",".join(f"{value:.10g}" for value in values)


def _people(facts: Facts) -> str:
    if "Commissioning" in facts.pid:
        return 'PIName="LMT"\nprojectTitle="Commissioning"\n'
    known = "# project info: $LMTOY/etc/ProjectId.csv\n"
    return f'{known}PIName="P.I. of {facts.pid}"\nprojectTitle="Simulated project {facts.pid}"\n'


def _who(heading: Heading, *, goal: bool = False) -> str:
    facts = heading.facts
    extra = ""
    if facts.is_map:
        extra = f'map_coord="{facts.map_coord}"\nmap_motion="{facts.map_motion}"\n'
    if goal:
        extra = f'obsgoal="{facts.goal}"\n'
    return (
        f"obsnum={facts.obsnum}\nsubobsnum=0\nscannum=1\ncalobsnum={heading.calobsnum}\nvalid=1\n"
        f'obspgm="{facts.program}"\n{extra}ProjectId="{facts.pid}"\n'
        f"ra={facts.ra_deg:.6f}  # deg\ndec={facts.dec_deg:.6f} # deg\n"
    )


def lmtinfo(heading: Heading) -> str:
    """What the header reader says of a SEQ or 1MM observation."""
    facts, freqs = heading.facts, heading.restfreqs
    side = f"{map_side(facts.tint_s):g}" if facts.is_map else "0"
    step = "1 1" if facts.is_map else "0 0"
    rows = "nrows=10\nrowtint=4\ntint_on=40" if facts.is_map else "nrows=0\nrowtint=0\ntint_on=-1"
    resolution = math.ceil(206265 * LIGHT_KMS / (freqs[0] * 1e6) / 50)
    tint = f"{facts.tint_s:g}"
    return (
        "# <lmtinfo>\n# version=17-oct-2025\n"
        f'rawnc="{heading.rawnc}"\ndate_obs="{facts.date_obs}"\nskytime={tint}\ninttime={tint}\n'
        f"{_who(heading)}# SkyOff=0 0\n# HPBW={13 if facts.is_map else 0} arcsec\n# XYLength={side} {side} arcsec\n"
        f"# XYRamp=0 0 arcsec\n# XYoff=0 0 arcsec\n# XYstep={step}\n{rows}  # excluding 1.6sec (?) switchback\n"
        f"numbands={heading.numbands}\nvlsr={facts.vlsr:g}        # km/s\n"
        f"skyfreq={','.join(repr(f) for f in heading.skyfreqs)}     # GHz\nrestfreq={_join(freqs)}    # Ghz\n"
        f'bandwidth={_join((0.8,) * heading.numbands)}   # Ghz\nsrc="{facts.source}"\n'
        f"resolution={resolution}  # arcsec\nnppb=2   # number of points per beam\ncell={resolution / 2:g}   # arcsec\n"
        f"x_extent={side}   # arcsec\ny_extent={side}   # arcsec\n"
        f'instrument="{facts.instrument}"\ntau={heading.tau:g}\n'
        f"{_people(facts)}config={facts.pid}__SEQ__{facts.program}__{facts.source}__{_join(freqs)}\n# </lmtinfo>\n"
    )


def rsr_lmtinfo(heading: Heading) -> str:
    """What the header reader says of an RSR observation."""
    facts = heading.facts
    return (
        f'# rsr_pipeline: 7-nov-2024\nlmtoy_repo={REPO}\n# <lmtinfo>\n# version=17-oct-2025\nrawnc="{heading.rawnc}"\n'
        f'date_obs="{facts.date_obs}"\ninttime={facts.tint_s:g} # sec\n{_who(heading, goal=True)}src="{facts.source}"\n'
        f'instrument="RSR"\nbsbeam=0,1\nnumbeams=2\ntau={heading.tau:g}\n{_people(facts)}'
        f"config={facts.pid}__RSR__{facts.program}__{facts.source}\n# </lmtinfo>\n"
    )


def show_variables(defaults: Mapping[str, str], call: Call) -> str:
    """The instrument's parameters, as they came out of the command line."""
    lines = [f"{key}={call.text(key, default)}\n" for key, default in defaults.items()]
    return "# <show_vars>\n" + "".join(lines) + "# </show_vars>\n"


def show_arguments(call: Call, pdir: Path) -> str:
    """The command line itself."""
    words = "".join(f"{word}\n" for word in call.words)
    return f"# <show_args>\npdir={pdir}\n{words}# </show_args>\n"


def map_start(heading: Heading, call: Call, pdir: Path) -> str:
    """The beginning of `lmtoy_N.rc` of a map."""
    return (
        f"#! rc=./lmtoy_{heading.facts.obsnum}.rc:\n# seq_pipeline: 3-jul-2025 bootstrap version rc\n"
        f"lmtoy_repo={REPO}\n{lmtinfo(heading)}{show_variables(MAP_VARIABLES, call)}{show_arguments(call, pdir)}"
    )


def regions(call: Call, vlsr: float) -> str:
    """The regions that the first call of a directory fixes; explicit ones go before dv and dw."""
    dv, dw = call.text("dv", "100"), call.text("dw", "250")
    try:
        made = regions_around(vlsr, float(dv), float(dw))
    except ValueError:
        made = regions_around(vlsr, 100, 250)
    lines = [f"{key}={call.text(key, value)}\n" for key, value in made.items()]
    return f"# based on vlsr={vlsr:g}, dv={dv},  dw={dw}\n" + "".join(lines)


def map_settings(heading: Heading, call: Call, pdir: Path, vlsr: float) -> str:
    """How a map is going to be reduced, in the first call of a directory."""
    beams = call.text("pix_list", MAP_VARIABLES["pix_list"])
    return (
        f"{show_arguments(call, pdir)}vlsr={vlsr:g}              # Warning: reset\n"
        f"restfreq={call.text('restfreq', _join(heading.restfreqs))}      # Warning: reset\n{regions(call, vlsr)}"
        f"{_extent(call)}{_beams(beams)}vlsr={vlsr:g}         # set\nmap_coord_use={call.text('map_coord_use', '-1')}\n"
    )


def _extent(call: Call) -> str:
    extent = call.text("extent", "0")
    lines = "# setting extent\n#xy_extent forced same\n"
    return lines if extent in ("0", "") else f"{lines}x_extent={extent}\ny_extent={extent}\n"


def _beams(text: str) -> str:
    return f"# setting pix_list {text}\npix_list={','.join(str(beam) for beam in expand_beams(text))}\n"


def map_again(call: Call, pdir: Path, name: str, known: Mapping[str, str]) -> str:
    """How a bank is going to be reduced once more: the regions of the first call stay."""
    kept = "".join(
        f"{key}={call.text(key, known.get(key, ''))}\n" for key in ("b_regions", "l_regions", "slice", "v_range")
    )
    extent = _extent(call) if "extent" in call.values else ""
    beams = _beams(call.text("pix_list")) if call.text("pix_list") else ""
    return (
        f'#! rc={name}\ndate="{known.get("date", "")}"     # begin\n{show_arguments(call, pdir)}'
        f"vlsr={call.text('vlsr', known.get('vlsr', '0'))}              # Warning: reset\n"
        f"restfreq={call.text('restfreq', known.get('restfreq', ''))}      # Warning: reset\n"
        f"# based on b_regions etc.\n{kept}{extent}{beams}map_coord_use={call.text('map_coord_use', '-1')}\n"
    )


def bank_frequencies(heading: Heading, bank: int) -> str:
    """Which band a bank's rc is about, where there are two."""
    return (
        f"skyfreq={heading.skyfreqs[bank]!r}      # special for bank={bank} \n"
        f"restfreq={heading.restfreqs[bank]:.10g}    # special for bank={bank} \n"
        f"bandwidth=0.8  # special for bank={bank} \n"
    )


def ended(date: str) -> str:
    """The time stamp that closes a block."""
    return f'date="{date}"     # end \n'


def finished(date: str, members: str, *, qagrade: str | None, public: str = "") -> str:
    """The lines with which the driver closes the main rc; a combination's grade goes elsewhere."""
    grade = "" if qagrade is None else f"qagrade={qagrade or 0}\n"
    day = f'date_public="{public}"\n' if public else ""
    return f"obsnum_list={members}\n{ended(date)}lmtoy_version={VERSION}\n{grade}{day}"


def version_line(date: str) -> str:
    """The line that each start adds to `lmtoy.rc`."""
    return f"{VERSION}  {REPO}  {date}  Linux simulated 0.0 #1 SMP x86_64 GNU/Linux\n"
