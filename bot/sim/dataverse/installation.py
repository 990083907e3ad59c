"""One installation: collections, datasets with their versions and files, locks. Values and deeds, no HTTP."""

from __future__ import annotations

import copy
import hashlib
import io
import threading
import zipfile
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = Any
HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
REQUIRED = ("title", "author", "datasetContact", "dsDescription", "subject")
PUBLISHING = "finalizePublication"


class Refusal(Exception):
    """A no, with its status of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Fault(StrEnum):
    """What may go wrong with a call."""

    BROKEN = "broken"
    """500, and nothing was done."""
    BUSY = "busy"
    """503 from what stands in front of it, and nothing was done."""
    LOST = "lost"
    """It was done, and the answer was cut off."""
    CUT = "cut"
    """The connection ended before anything was done."""
    REFUSED = "refused"
    """403, and nothing was done."""
    SPOILT = "spoilt"
    """An upload arrives with another content."""


@dataclass
class File:
    """A file of a version."""

    id: int
    label: str
    content: bytes
    told: Json


@dataclass
class Version:
    """A draft, or a released version."""

    metadata: Json
    files: dict[int, File] = field(default_factory=dict)
    is_released: bool = False
    number: int = 0


@dataclass
class Dataset:
    """One dataset; its last version may be a draft."""

    id: int
    doi: str
    collection: str
    versions: list[Version]
    locks: list[str] = field(default_factory=list)
    lock_looks: int = 0
    """How often somebody still sees the lock."""


@dataclass
class Installation:
    """All of it. `faults`: {number of a call, from 1: what goes wrong with it}."""

    token: str = "simulated-token"  # noqa: S105 - it opens nothing
    collections: tuple[str, ...] = ("lmt",)
    algorithm: str = "MD5"
    faults: dict[int, Fault] = field(default_factory=dict)
    publishing_looks: int = 2
    """How often the lock of a publication is seen before it is over."""
    datasets: dict[str, Dataset] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _last: int = 0

    def number(self) -> int:
        """Return a number that nothing else has."""
        self._last += 1
        return self._last

    def contents(self, alias: str) -> Json:
        """List a collection."""
        self.collection(alias)
        found = [one for one in self.datasets.values() if one.collection == alias]
        return [
            {"id": one.id, "identifier": one.doi.split("/", 1)[1], "protocol": "doi",
             "authority": one.doi.split("/", 1)[0].removeprefix("doi:"), "type": "dataset"}
            for one in found
        ]  # fmt: skip

    def collection(self, alias: str) -> Json:
        """Show a collection."""
        if alias not in self.collections:
            raise Refusal(404, f"Can't find dataverse with identifier='{alias}'")
        return {"alias": alias, "name": alias}

    def create(self, alias: str, body: Json) -> Json:
        """Make a dataset as a draft."""
        self.collection(alias)
        metadata = self._metadata(body.get("datasetVersion"))
        number = self.number()
        doi = f"doi:10.5072/FK2/L{number:05d}"
        self.datasets[doi] = Dataset(number, doi, alias, [Version(metadata)])
        return {"id": number, "persistentId": doi}

    def _metadata(self, version: Json) -> Json:
        fields = (((version or {}).get("metadataBlocks") or {}).get("citation") or {}).get("fields") or []
        named = {one["typeName"] for one in fields if one.get("value")}
        if missing := [name for name in REQUIRED if name not in named]:
            raise Refusal(400, f"Validation Failed: {', '.join(missing)} is required.")
        return version

    def dataset(self, doi: str) -> Dataset:
        """Find a dataset."""
        if doi not in self.datasets:
            raise Refusal(404, f"Dataset with Persistent ID {doi} not found.")
        return self.datasets[doi]

    def show(self, doi: str, which: str) -> Json:
        """Show a version: :latest, :latest-published or :draft."""
        found = self.dataset(doi).versions
        fitting = {
            ":latest": found,
            ":latest-published": [one for one in found if one.is_released],
            ":draft": [one for one in found if not one.is_released],
        }
        if not fitting.get(which):
            raise Refusal(404, f"Dataset version {which} not found")
        version = fitting[which][-1]
        return {
            **version.metadata,
            "versionState": "RELEASED" if version.is_released else "DRAFT",
            "versionNumber": version.number,
            "files": [self._show(one) for one in version.files.values()],
        }

    def _show(self, file: File) -> Json:
        checksum = hashlib.new(HASHES[self.algorithm], file.content, usedforsecurity=False).hexdigest()
        data = {"id": file.id, "filename": file.label, "filesize": len(file.content),
                "checksum": {"type": self.algorithm, "value": checksum}}  # fmt: skip
        return {"label": file.label, "restricted": bool(file.told.get("restrict")), "dataFile": data}

    def edit(self, doi: str, body: Json) -> Json:
        """Renew the metadata of the draft, which is begun if there is none."""
        version = self._draft(doi)
        version.metadata = self._metadata(body)
        return self.show(doi, ":draft")

    def _draft(self, doi: str) -> Version:
        found = self.dataset(doi)
        if found.locks:
            raise Refusal(403, f"Dataset cannot be edited due to {found.locks[0]} dataset lock.")
        if found.versions[-1].is_released:
            last = found.versions[-1]
            found.versions.append(Version(copy.deepcopy(last.metadata), dict(last.files)))
        return found.versions[-1]

    def add(self, doi: str, name: str, content: bytes, told: Json, *, is_spoilt: bool = False) -> Json:
        """Add a file; a zip is unpacked, as Dataverse does. `is_spoilt`: it arrives with another content."""
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                members = {one.rpartition("/")[2]: packed.read(one) for one in packed.namelist() if one[-1] != "/"}
        else:
            members = {name: content}
        version = self._draft(doi)
        taken = {one.label for one in version.files.values()}
        made = []
        for label, inner in members.items():
            stem, dot, ending = label.partition(".")
            free = label if label not in taken else f"{stem}-1{dot}{ending}"  # it keeps both
            one = File(self.number(), free, inner[:-1] if is_spoilt else inner, told)
            version.files[one.id] = one
            made.append(self._show(one))
        return {"files": made}

    def delete(self, number: int) -> Json:
        """Take a file out of the draft."""
        for found in self.datasets.values():
            if number in found.versions[-1].files:
                del self._draft(found.doi).files[number]
                return {"message": f"File id {number} deleted"}
        raise Refusal(404, f"File with ID {number} not found.")

    def publish(self, doi: str, kind: str) -> Json:
        """Begin to publish the draft; it is over when the lock is gone."""
        found = self.dataset(doi)
        if found.locks:
            raise Refusal(409, f"Dataset is locked: {found.locks[0]}")
        if found.versions[-1].is_released or kind not in ("major", "minor"):
            raise Refusal(400, "There is nothing to publish, or no such type")
        found.locks, found.lock_looks = [PUBLISHING], self.publishing_looks
        return {"id": found.id, "persistentUrl": f"https://doi.org/{doi[4:]}"}

    def locks(self, doi: str) -> Json:
        """Show the locks of a dataset; a publication ends after a few looks."""
        found = self.dataset(doi)
        told = [{"lockType": one} for one in found.locks]
        if found.locks and found.lock_looks <= 1:
            self._release(found)
            return told
        found.lock_looks -= 1
        return told

    def _release(self, found: Dataset) -> None:
        version = found.versions[-1]
        version.is_released, version.number = True, 1 + sum(one.is_released for one in found.versions)
        found.locks = []
