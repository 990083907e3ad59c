"""What Dataverse's native API is told of a dataset, and what it tells: its JSON <-> our values, no decisions.

Fields are those of the citation block, which every installation has; the product's own metadata.json says the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.deposit import Metadata

Json = Any
AGENCY = "LMT"
SUBJECT = "Astronomy and Astrophysics"


@dataclass(frozen=True, slots=True)
class FarFile:
    """A file as it lies in a dataset."""

    id: int
    name: str
    algorithm: str
    """MD5, SHA-1, SHA-256 or SHA-512, as the installation chose."""
    checksum: str


@dataclass(frozen=True, slots=True)
class FarVersion:
    """A version of a dataset."""

    is_released: bool
    identifier: str
    """Our own, PID/NAME; "" where it is none of ours."""
    told: Mapping[str, Json]
    """{field: value}, reduced to what people wrote."""
    files: Mapping[str, FarFile]


def dataset_json(metadata: Metadata, contact: str, terms: str) -> Json:
    """Return the body that makes a dataset."""
    return {"datasetVersion": version_json(metadata, contact, terms)}


def version_json(metadata: Metadata, contact: str, terms: str) -> Json:
    """Return the body that renews what a dataset says."""
    fields = [_field(name, value) for name, value in told_fields(metadata, contact).items()]
    block = {"displayName": "Citation Metadata", "fields": fields}
    return {"termsOfUse": terms, "metadataBlocks": {"citation": block}}


def told_fields(metadata: Metadata, contact: str) -> dict[str, Json]:
    """Return {field: value} of the citation block: a text, a list of texts, or a list of compound values."""
    name = metadata.identifier.rpartition("/")[2]
    bands = "; ".join(f"{one.frequency_ghz:g} GHz {one.line}".strip() for one in metadata.bands)
    members = ", ".join(str(one.obsnum) for one in metadata.members)
    words = (
        f"{metadata.kind.capitalize()} {name} of the LMT project {metadata.project}: {metadata.title}. Source "
        f"{metadata.source}{_place(metadata)}. {metadata.mode}, "
        f"{bands}; {metadata.integration_s:g} s, observed {metadata.observed} UT. Obsnums {members}. Level 2, "
        f"pipeline {metadata.pipeline}, commit {metadata.commit}. Public from {metadata.public}."
    )
    return {
        "title": f"LMT {metadata.project}: {metadata.source} ({name})",
        "author": [{"authorName": metadata.pi}],
        "datasetContact": [{"datasetContactEmail": contact}],
        "dsDescription": [{"dsDescriptionValue": words}],
        "subject": [SUBJECT],
        "otherId": [{"otherIdAgency": AGENCY, "otherIdValue": metadata.identifier}],
    }


def _place(metadata: Metadata) -> str:
    if metadata.ra_deg is None or metadata.dec_deg is None:
        return ""
    return f" at RA {metadata.ra_deg:.6f}, Dec {metadata.dec_deg:.6f} deg (J2000)"


def _field(name: str, value: Json) -> Json:
    kind = "controlledVocabulary" if name == "subject" else "primitive"
    if isinstance(value, list) and isinstance(value[0], dict):
        kind, value = "compound", [{key: _field(key, one[key]) for key in one} for one in value]
    return {"typeName": name, "typeClass": kind, "multiple": isinstance(value, list), "value": value}


def read_version(told: Json) -> FarVersion:
    """Read a version as the API tells it."""
    fields = ((told.get("metadataBlocks") or {}).get("citation") or {}).get("fields") or ()
    values = {one["typeName"]: _plain(one["value"]) for one in fields}
    ours = [one.get("otherIdValue", "") for one in values.get("otherId", ()) if one.get("otherIdAgency") == AGENCY]
    files = [_file(one) for one in told.get("files") or ()]
    return FarVersion(
        told.get("versionState") == "RELEASED", next(iter(ours), ""), values, {one.name: one for one in files}
    )


def _plain(value: Json) -> Json:
    if isinstance(value, list):
        return [{key: _plain(one[key]["value"]) for key in one} if isinstance(one, dict) else one for one in value]
    return value


def _file(told: Json) -> FarFile:
    data = told["dataFile"]
    checksum = data.get("checksum") or {"type": "MD5", "value": data.get("md5", "")}
    return FarFile(data["id"], told.get("label") or data["filename"], checksum["type"], checksum["value"].lower())
