"""Names of releases, what they archive, the text of archive.yaml, and who may bring it."""

from __future__ import annotations

from datetime import date

import pytest

from bot.errors import ProjectError
from bot.formats.dataverse_json import read_version, told_fields, version_json
from bot.formats.rcfile import RcFile
from bot.formats.validation import validate
from bot.formats.yaml_text import parse_document
from bot.model.deposit import Manifest, Metadata, Parcel, ReleaseTag, Sent, archive_of, checksum_of
from bot.model.observation import Observation
from bot.model.project import Archive, Deposit
from bot.model.tree import Entry, Kind, Trees
from bot.model.worksheet import Row, Worksheet
from bot.rules.archive import archive_text, is_overtaken, kept, left_out, next_tag, parse_tag, told_manifest
from bot.rules.deposit_facts import position_of
from bot.rules.publicity import Exposure
from bot.rules.pull_files import archive_findings, file_findings
from bot.rules.spectral_lines import line_at

PID = "2024-S1-MX-2"
METADATA = Metadata.model_validate({
    "identifier": f"{PID}/1", "kind": "observation", "project": PID, "title": "A title", "pi": "Ada", "source": "M51",
    "ra_deg": 202.47, "dec_deg": 47.2, "instrument": "SEQ", "mode": "SEQ/Map", "observed": "2024-05-01T01:02:03",
    "integration_s": 600, "tau": 0.1, "level": 2, "members": [
        {"obsnum": 1, "project": PID, "observed": "2024-05-01T01:02:03"}],
    "bands": [{"bank": "0", "frequency_ghz": 115.2712, "line": "CO 1-0", "rms": 40, "rms_unit": "mK", "grade": 3}],
    "lines": ["SLpipeline.sh obsnum=1 _io=SEQ/Map _s=M51 restart=1"], "pipeline": "1.2.3", "commit": "abcdef0",
    "decided": "po merged #2", "made": "2024-06-01", "public": "2025-05-01",
})  # fmt: skip
FILE = Sent(name="1_SRDP.zip", bytes=3, sha256="aa", md5="bb", sha1="cc", sha512="dd")
PARCEL = Parcel(name="1", metadata=METADATA, files=(FILE,))
DEPOSIT = Deposit(name="1", id="bag:P/1/v1", checksum=PARCEL.checksum, tag=f"{PID}/v1")
MANIFEST = Manifest(
    tag=f"{PID}/v1", commit="abcdef0", date=date(2026, 1, 2), digest="d", store="bag",
    lines=("SLpipeline.sh obsnum=1",), parcels=(PARCEL,), deposits=(DEPOSIT,), left_out={"2": "it's failed"},
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", PID, "v1", f"{PID}/v0", f"{PID}/v01", f"{PID}/v1.2", "../x/v1", f"{PID}/v1\n", f"a/{PID}/v1", f"{PID}/V1"],
)
def test_only_pid_and_version_name_a_release(text: str) -> None:
    with pytest.raises(ProjectError, match="PID/vN"):
        parse_tag(text)


def test_the_next_release_is_above_all_that_there_are() -> None:
    assert parse_tag(f"{PID}/v12") == ReleaseTag(PID, 12)
    assert next_tag(PID, [], None) == ReleaseTag(PID, 1)
    tags = [f"{PID}/v1", f"{PID}/v10", f"{PID}2/v77", f"{PID}/words"]
    assert next_tag(PID, tags, None) == ReleaseTag(PID, 11)
    archive = archive_of(MANIFEST).model_copy(update={"tag": f"{PID}/v20"})
    assert next_tag(PID, tags, archive) == ReleaseTag(PID, 21)
    assert is_overtaken(ReleaseTag(PID, 19), archive) and not is_overtaken(ReleaseTag(PID, 20), archive)


def test_archive_yaml_says_what_the_manifest_says() -> None:
    text = archive_text(archive_of(MANIFEST))
    assert validate(parse_document(text, "archive.yaml"), Archive) == archive_of(MANIFEST)
    assert archive_text(archive_of(MANIFEST.model_copy(update={"deposits": (), "left_out": {}}))).endswith(
        "deposits: []\n"
    )


def test_a_release_shows_no_measured_facts_where_the_site_tells_states_only() -> None:
    assert told_manifest(MANIFEST, Exposure.NUMBERS) == MANIFEST
    shown = told_manifest(MANIFEST, Exposure.STATES)
    assert shown.parcels == () and "tau" not in shown.model_dump_json()
    assert archive_text(archive_of(shown)) == archive_text(archive_of(MANIFEST)), "the check needs no more"


def test_a_product_is_left_out_when_every_bank_of_it_failed() -> None:
    def row(name: str, bank: int | None, grade: int | None) -> Row:
        return Row(name, bank, "M51", "SEQ/Map", None, grade=grade)  # type: ignore[arg-type]

    rows = (row("1", 0, -2), row("1", 1, 3), row("2", 0, -2), row("2", 1, -1), row("3", None, None))
    sheet = Worksheet(PID, rows, (row("1_3", None, -2),))
    assert set(left_out(sheet, "leave_out")) == {"2", "1_3"}
    assert left_out(sheet, "archive") == {}


def test_an_earlier_deposit_is_kept_only_with_the_same_files_in_the_same_store() -> None:
    archive = archive_of(MANIFEST)
    assert kept(PARCEL, archive, "bag") == DEPOSIT
    assert kept(PARCEL, archive, "dataverse") is None and kept(PARCEL, None, "bag") is None
    other = PARCEL.model_copy(update={"files": (FILE.model_copy(update={"sha256": "ab"}),)})
    assert kept(other, archive, "bag") is None
    assert checksum_of([("a", "1"), ("b", "2")]) == checksum_of([("b", "2"), ("a", "1")]) != checksum_of([("a", "1")])


def test_only_the_bots_own_archive_yaml_with_the_words_of_the_manifest_passes() -> None:
    path = f"projects/{PID}/archive.yaml"
    entry = Entry(Kind.FILE, 10)
    trees = Trees({}, {path: entry, f"projects/{PID}/project.yaml": entry}, (path,))
    assert [one.code for one in file_findings(trees)] == ["ARCHIVE_BY_HAND"]
    assert [one.code for one in file_findings(trees, archiving="another")] == ["ARCHIVE_BY_HAND"]
    assert list(file_findings(trees, archiving=PID)) == []
    gone = Trees({path: entry}, {f"projects/{PID}/project.yaml": entry}, (path,))
    assert [one.code for one in file_findings(gone, archiving=PID)] == ["ARCHIVE_BY_HAND"]
    text = archive_text(archive_of(MANIFEST))
    assert list(archive_findings(PID, text, MANIFEST)) == []
    for wrong, manifest in ((text.replace("bag:", "doi:"), MANIFEST), (text, None), ("", MANIFEST)):
        assert [one.code for one in archive_findings(PID, wrong, manifest)] == ["ARCHIVE_WRONG"]


def test_the_pipelines_own_archive_line_names_what_was_reduced() -> None:
    assert PARCEL.archive_words == ("obsnum=1", "_io=SEQ/Map", "_s=M51", "archive=1")


def test_what_dataverse_is_told_is_what_is_read_back() -> None:
    told = version_json(METADATA, "a@example.org", "terms")
    file = {"label": "1_SRDP.zip", "dataFile": {"id": 5, "filename": "x", "checksum": {"type": "MD5", "value": "BB"}}}
    version = read_version({**told, "versionState": "RELEASED", "files": [file]})
    assert version.is_released and version.identifier == f"{PID}/1"
    assert version.told == told_fields(METADATA, "a@example.org")
    assert version.files["1_SRDP.zip"].checksum == "bb"
    assert read_version({"versionState": "DRAFT"}).identifier == ""


@pytest.mark.parametrize(("ghz", "line"), [(115.2712, "CO 1-0"), (115.2722, "CO 1-0"), (115.28, ""), (92.0, "")])
def test_lines_are_known_by_their_rest_frequency(ghz: float, line: str) -> None:
    assert line_at(ghz) == line


def test_a_position_of_zero_and_zero_is_none() -> None:
    def row(ra: float | None, dec: float | None) -> Observation:
        return Observation(1, "2024-08-21T03:41:36", "SEQ", "Science", "Map(L/C)", "G1.7", PID, ra_deg=ra, dec_deg=dec)

    nothing = RcFile(())
    assert (
        position_of(nothing, row(0.0, 0.0)) == position_of(nothing, row(None, 3.0)) == position_of(nothing, None) == {}
    )
    assert position_of(nothing, row(0.0, 12.5)) == {"ra_deg": 0.0, "dec_deg": 12.5}
    told = told_fields(METADATA.model_copy(update={"ra_deg": None, "dec_deg": None}), "a@example.org")
    assert "RA" not in str(told["dsDescription"]) and "RA 202.47" in str(told_fields(METADATA, "a@example.org"))
