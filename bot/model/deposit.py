"""What goes to the archive of one observation or combination, and what a release is made of.

The descriptions below the fields are those of templates/schema/deposit.json and manifest.json.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pydantic import Field

from bot.model.frozen import Frozen
from bot.model.project import Archive, Deposit
from bot.model.scalars import Day, Grade, Obsnum, Pid, Text, Word

ORIGIN = "bag", "dataverse", "pipeline"
"""The stores, as archive.yaml names them."""


@dataclass(frozen=True, slots=True, order=True)
class ReleaseTag:
    """PID/vN: the Nth release of a project."""

    pid: str
    version: int

    def __str__(self) -> str:
        return f"{self.pid}/v{self.version}"


class Band(Frozen):
    """What was measured in one band: of SEQ a bank, of RSR all of it."""

    bank: Word
    """0, 1, or all."""
    frequency_ghz: float = Field(gt=0)
    """Rest frequency; of RSR the middle of its range."""
    bandwidth_ghz: float | None = Field(default=None, gt=0)
    """Its width, where it is known."""
    line: Text = ""
    """Spectral line at that frequency, where one is known."""
    channels: int | None = Field(default=None, ge=1)
    """Number of channels."""
    rms: float | None = Field(default=None, ge=0)
    """Noise; spectra of SEQ/Bs have none."""
    rms_unit: Text = Field(default="", pattern=r"^(mK|K|)$")
    """Unit of rms."""
    grade: Grade
    """Grade of the data analyst."""


class Member(Frozen):
    """One observation that is in the product."""

    obsnum: Obsnum
    """Obsnum."""
    project: Pid
    """Project to which it belongs."""
    observed: Text = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
    """UT."""


class Metadata(Frozen):
    """What the archive is told of one observation or combination, whatever store it is."""

    identifier: Text
    """PID/NAME."""
    kind: Literal["observation", "combination"]
    """Whether one obsnum was reduced, or several together."""
    project: Pid
    """ProjectId."""
    title: Text = Field(min_length=1)
    """Title of the proposal."""
    pi: Text = Field(min_length=1)
    """Name of the proposer."""
    source: Text = Field(min_length=1)
    """Name of the target."""
    ra_deg: float | None = Field(default=None, ge=0, le=360)
    """Right ascension, J2000; left out where neither the products nor the log tell it (the log has 0, 0 then)."""
    dec_deg: float | None = Field(default=None, ge=-90, le=90)
    """Declination, J2000; left out like the right ascension."""
    velocity_kms: float | None = None
    """Velocity of the target (LSR); RSR has none."""
    instrument: Word
    """SEQ, RSR, 1MM."""
    mode: Word
    """Instrument/obspgm."""
    observed: Text = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
    """UT, when the first of its observations was made."""
    integration_s: float = Field(gt=0)
    """Integration time."""
    tau: float = Field(ge=0)
    """Opacity at 225 GHz."""
    level: Literal[2]
    """Level of the reduction."""
    bands: tuple[Band, ...] = Field(min_length=1)
    """One a band."""
    members: tuple[Member, ...] = Field(min_length=1)
    """The observations that are in it, in the order in which they were combined."""
    lines: tuple[Text, ...] = Field(min_length=1)
    """The run lines that made it."""
    pipeline: Text = Field(min_length=1)
    """Version of the pipeline."""
    commit: Text = Field(min_length=7)
    """Commit of the project's files that it was made from."""
    decided: Text = Field(min_length=1)
    """Who brought that commit onto main, and who approved it."""
    made: Text = Field(min_length=1)
    """UT, when it was made."""
    public: Day
    """End of the proprietary time."""


class Sent(Frozen):
    """One file of a deposit. Stores differ in which checksum they tell."""

    name: Word
    """Its name."""
    bytes: int = Field(ge=1)
    """Its size."""
    sha256: Word
    """SHA-256."""
    md5: Word
    """MD5."""
    sha1: Word
    """SHA-1."""
    sha512: Word
    """SHA-512."""


class Parcel(Frozen):
    """One observation or combination as it goes to the archive."""

    name: Word
    """Obsnum, or FIRST_LAST."""
    metadata: Metadata
    """What the archive is told."""
    files: tuple[Sent, ...] = Field(min_length=1)
    """Its files, by name."""

    @property
    def archive_words(self) -> tuple[str, ...]:
        """Return the words of the run line by which the pipeline itself sends it."""
        obsnums = ",".join(str(one.obsnum) for one in self.metadata.members)
        key = "obsnum" if self.metadata.kind == "observation" else "obsnums"
        kept = [word for word in self.metadata.lines[0].split() if word.startswith(("_io=", "_s="))]
        return (f"{key}={obsnums}", *kept, "archive=1")

    @property
    def checksum(self) -> str:
        """Return the one checksum of all its files."""
        return checksum_of((one.name, one.sha256) for one in self.files)


def checksum_of(files: Iterable[tuple[str, str]]) -> str:
    """Return the checksum of a list of files: (name, SHA-256), in any order."""
    text = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class Manifest(Frozen):
    """manifest.json of a release: all that it sends, and all that it does not."""

    tag: Word
    """PID/vN."""
    commit: Word
    """The commit that the tag named when it was first seen."""
    date: Day
    """When the release was first seen."""
    digest: Word
    """Digest of the plan of level 2."""
    store: Word
    """bag, dataverse, or pipeline."""
    lines: tuple[Text, ...]
    """The run lines of level 2."""
    parcels: tuple[Parcel, ...]
    """What is archived; nothing in the copy at the release where the site tells states only."""
    left_out: dict[Word, Text] = Field(default_factory=dict)
    """What is not archived, with the reason."""
    deposits: tuple[Deposit, ...] = ()
    """Where it lies, once it was sent."""


class Stage(StrEnum):
    """How far the archiving of a release is."""

    BEGUN = "begun"
    DEPOSITED = "deposited"
    """All lies in the archive and was verified."""
    TOLD = "told"
    """archive.yaml is proposed, the release has its files."""


class Pinned(Frozen):
    """What is remembered of a release from the moment it was first seen."""

    tag: Word
    commit: Word
    date: Day
    digest: Word
    who: Text = ""
    stage: Stage = Stage.BEGUN
    deposits: tuple[Deposit, ...] = ()

    def with_deposit(self, deposit: Deposit) -> Pinned:
        """Return the same with one more deposit."""
        kept = tuple(one for one in self.deposits if one.name != deposit.name)
        return self.model_copy(update={"deposits": (*kept, deposit)})


def archive_of(manifest: Manifest) -> Archive:
    """Return what archive.yaml says of a manifest whose parcels were all sent."""
    return Archive(
        tag=manifest.tag, date=manifest.date, commit=manifest.commit, digest=manifest.digest, store=manifest.store,
        deposits=manifest.deposits, left_out=manifest.left_out,
    )  # fmt: skip
