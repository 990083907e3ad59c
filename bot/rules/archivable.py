"""What the archive needs of a unit beside its products, as the recorded runs of the pipeline left it. Pure.

Every unit has its science-ready products (SRDP) in a zip, and metadata except spectra of SEQ/Bs; calibrated spectra
(SDFITS) come from maps of single obsnums and from everything of RSR.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from bot.model.plan import Chain, Unit

SRDP, SDFITS, METADATA = "SRDP.zip", "SDFITS.zip", "lmtmetadata.yaml"
WITHOUT_METADATA = ("SEQ/Bs",)
WITH_SDFITS = ("SEQ/Map", "RSR/Bs")


def needed(unit: Unit) -> tuple[str, ...]:
    """Return the endings (behind NAME_) of the files that the archive needs; of an unknown mode only what all have."""
    has_spectra = unit.mode == "RSR/Bs" or (isinstance(unit, Chain) and unit.mode in WITH_SDFITS)
    metadata = () if unit.mode in WITHOUT_METADATA else (METADATA,)
    return (SRDP, *((SDFITS,) if has_spectra else ()), *metadata)


def missing(units: Iterable[Unit], staged: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Return {name: endings} of what is not there; `staged` {name: endings} is what lies ready for the archive."""
    lost = {unit.name: tuple(one for one in needed(unit) if one not in staged.get(unit.name, ())) for unit in units}
    return {name: endings for name, endings in lost.items() if endings}
