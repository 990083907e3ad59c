"""The committed JSON Schemas say what the models say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.cli.schema import told_parameters
from bot.errors import ProjectError
from bot.formats.schema import NAMES, schema_of, schema_text

COMMITTED = Path(__file__).parents[2] / "templates" / "schema"

DEPOSIT = """
identifier: P/1, kind: observation, project: P, title: t, pi: A, source: S, ra_deg: 1, dec_deg: 2, instrument: RSR,
mode: RSR/Bs, observed: "2024-05-01T00:00:00", integration_s: 600, tau: 0.1, level: 2, bands: [{bank: all,
frequency_ghz: 92, grade: 3}], members: [{obsnum: 1, project: P, observed: "2024-05-01T00:00:00"}],
lines: [SLpipeline.sh obsnum=1], pipeline: "1.2", commit: abcdef0, decided: po, made: now, public: "2025-05-01"
"""
GOOD = {
    "webrun": """
project: 2024-S1-MX-2
sources: [NGC5473]
obsnums: [101014]
parameters: {extent: 200, pix_list: "-0,5"}
tiers: [b, c]
base: Session-3
words: The edge looks odd
""",
    "project": """
pid: 2024-S1-MX-2
pi: {name: A. Person, github: [aperson]}
title: A title
mode: SEQ/Map
public: "2026-01-01"
sources:
  NGC5473:
    obsnums:
      - 101014
      - {obsnum: 101015, combine: false, project: 2023-S1-UM-16}
    tiers:
      a: {}
      b: {bank: 0, pix_list: "-0,5", dv: 5.10}
      c:
  169742: {mosaic: [NGC5473, {source: other, project: 2023-S1-UM-16}], tiers: {a: "dv=5 dv=6"}}
  empty:
left_out: {101016: too short}
""",
    "qa": """
obsnums:
  101014: {grade: -2, combine: false, flags: {birdies: "1,2"}, note: words, banks: {1: {grade: 2}}}
combinations: {"101014_101015": {grade: 3}}
""",
    "level2": "{digest: abc, lines: ['SLpipeline.sh obsnum=1']}",
    "archive": """
{tag: P/v1, date: "2026-01-01", commit: abc, digest: abc, store: bag,
 deposits: [{name: 101014, id: "doi:1", checksum: "sha256:0", tag: P/v1}]}
""",
    "deposit": f"{{{DEPOSIT}}}",
    "manifest": f"""
{{tag: P/v1, commit: abc, date: "2026-01-01", digest: abc, store: bag, lines: [SLpipeline.sh obsnum=1], parcels: [
  {{name: "1", metadata: {{{DEPOSIT}}}, files: [{{name: a, bytes: 1, sha256: a, md5: a, sha1: a, sha512: a}}]}}]}}
""",
    "settings": "{pipeline: {command: [xvfb-run, -a, SLpipeline.sh], tries: 3}, jobs: 4}",
}
BAD = (
    ("deposit", "{identifier: P/1}"),
    ("manifest", "{tag: P/v1}"),
    ("settings", "{pipeline: {comand: [x]}}"),
    ("settings", "{jobs: 0}"),
    ("project", "mode: SEQ/Map"),
    ("project", "{pid: P, soruces: {}}"),
    ("project", "{pid: P, mode: no mode}"),
    ("project", "{pid: ../P}"),
    ("project", "{pid: P, sources: {A: {obsnums: [-5]}}}"),
    ("project", "{pid: P, sources: {A: {obsnums: [{combine: false}]}}}"),
    ("project", "{pid: P, sources: {'two words': {}}}"),
    ("project", "{pid: P, sources: {A: {tiers: {d: {}}}}}"),
    ("project", "{pid: P, sources: {A: {tiers: {a: [1]}}}}"),
    ("qa", "{obsnums: {5: {grade: 7}}}"),
    ("qa", "{obsnums: {5: {grades: 1}}}"),
    ("level2", "{lines: []}"),
)


def validator(name: str) -> Any:
    schema = yaml.safe_load((COMMITTED / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def with_text_keys(value: Any) -> Any:
    """Read a file as editors do, for whom every key is text."""
    if isinstance(value, dict):
        return {str(key): with_text_keys(inner) for key, inner in value.items()}
    return [with_text_keys(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schema_is_up_to_date(name: str) -> None:
    committed = (COMMITTED / f"{name}.json").read_text(encoding="utf-8")
    assert committed == schema_text(name, told_parameters()), "run `lmtbot schema --write`"


@pytest.mark.parametrize("name", NAMES)
def test_a_good_file_is_accepted(name: str) -> None:
    assert list(validator(name).iter_errors(with_text_keys(yaml.safe_load(GOOD[name])))) == []


@pytest.mark.parametrize(("name", "text"), BAD)
def test_a_wrong_file_is_refused(name: str, text: str) -> None:
    assert list(validator(name).iter_errors(with_text_keys(yaml.safe_load(text))))


def test_editors_are_told_the_parameters() -> None:
    known = schema_of("project", {"pix_list": "beams"})["$defs"]["Parameters"]["anyOf"][0]["properties"]
    assert known["pix_list"]["description"] == "beams"
    assert "pix_list" in told_parameters() and "restart" not in told_parameters()


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(ProjectError, match="project, qa"):
        schema_of("projects")
