"""The rules on any project: they never fall over, and a correct project has no finding, however it is made."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.formats.project_file import ProjectFolder, parse_folder
from bot.model.observation import Observation
from bot.rules.lint import Checked, LogView, findings_of

PID = "2024-S1-XX-1"
NAMES = ("A", "B", "C", "A-mos")
obsnums = st.integers(100, 112)
words = st.sampled_from(
    [
        "dv=5",
        "dv=6",
        "dw=x",
        "bank=0",
        "bank=1",
        "bank=7",
        "qagrade=-2",
        "qagrade=x",
        "badcb=2/3,",
        "foo=1",
        "bare",
        "restart=1",
    ]
)
parameters = st.lists(words, max_size=4).map(" ".join)
notes = st.sampled_from(["bad", "QAFAIL", "c/b 2/3", "[1/2]", "dv=5", "x"])
listing = obsnums | st.fixed_dictionaries({"obsnum": obsnums, "combine": st.booleans()})
source = st.fixed_dictionaries(
    {},
    optional={
        "obsnums": st.lists(listing, max_size=5),
        "mosaic": st.lists(st.sampled_from(NAMES), max_size=3),
        "tiers": st.dictionaries(st.sampled_from("abc"), parameters),
        "mode": st.sampled_from(["SEQ/Map", "RSR/Bs", "OMAYA/Map"]),
        "aliases": st.lists(st.sampled_from(NAMES), max_size=2),
    },
)
bank = st.fixed_dictionaries({}, optional={"grade": st.integers(-2, 3), "flags": parameters, "note": notes})
verdict = st.fixed_dictionaries(
    {},
    optional={
        "grade": st.integers(-2, 3),
        "combine": st.booleans(),
        "flags": parameters,
        "note": notes,
        "banks": st.dictionaries(st.sampled_from(["0", "1"]), bank),
    },
)
qa = st.fixed_dictionaries(
    {
        "obsnums": st.dictionaries(obsnums.map(str), verdict, max_size=5),
        "combinations": st.dictionaries(
            st.tuples(obsnums, obsnums).map(lambda p: f"{p[0]}_{p[1]}"), verdict, max_size=3
        ),
    }
)
row = st.builds(
    Observation,
    obsnum=obsnums,
    date_obs=st.just("2024-01-01T00:00:00"),
    instrument=st.sampled_from(["SEQ", "RSR", ""]),
    goal=st.sampled_from(["Science", "Pointing", "Calibration"]),
    pgm=st.sampled_from(["Map(Az)", "Bs", "Cal"]),
    source=st.sampled_from(NAMES),
    pid=st.sampled_from([PID, "2024-S1-XX-10"]),
    valid=st.sampled_from([None, True, False]),
)


def folder(sources: dict[str, Any], verdicts: dict[str, Any], **more: Any) -> ProjectFolder:
    """Return a project from plain values (JSON is YAML; a line a value, so that lines differ)."""
    project = {"pid": PID, "sources": sources, **more}
    texts = [_bare(json.dumps(value, indent=1)) for value in (project, verdicts)]
    return parse_folder(*texts, pid=PID)


def _bare(text: str) -> str:
    """Take the quotes off keys that are obsnums or banks: in quotes they are texts."""
    return re.sub(r'^( *)"(\d+)":', r"\1\2:", text, flags=re.MULTILINE)


@given(st.dictionaries(st.sampled_from(NAMES), source), qa, st.none() | st.lists(row))
def test_the_rules_answer_for_any_project(
    sources: dict[str, Any], verdicts: dict[str, Any], rows: list[Observation] | None
) -> None:
    project = folder(sources, verdicts)
    grouped: dict[int, tuple[Observation, ...]] = {}
    for one in rows or ():
        grouped[one.obsnum] = (*grouped.get(one.obsnum, ()), one)
    view = None if rows is None else LogView(grouped)
    others = {PID: project, "2024-S1-XX-2": project}
    listed_by = dict.fromkeys(range(100, 113), tuple(others))
    for finding in findings_of(Checked(project, view, others, listed_by)):
        document = {one.path: one for one in (project.project_document, project.qa_document)}[finding.path]
        assert 1 <= finding.line <= document.text.count("\n") + 1
        assert finding.what and finding.why and finding.cure


TIERS = {
    "SEQ/Map": st.sampled_from(
        [
            {"a": "dv=100 dw=250", "b": "bank=0 pix_list=-13", "c": "bank=1"},
            {"a": "", "b": "b_order=1 extent=150", "c": None},
            {"a": "extent=240 vlsr=-5.5 otf_cal=1", "b": None, "c": None},
        ]
    ),
    "RSR/Bs": st.sampled_from([{"a": "", "b": "srdp=1 xlines=110.5,0.3", "c": None}]),
}
FLAGS = {
    "SEQ/Map": st.sampled_from(["pix_list=-0,5", "birdies=512,1024 pix_list=1,2", "extent=5.10"]),
    "RSR/Bs": st.sampled_from(["badcb=2/3,3/5", "badcb=0/0", "speczoom=110.5,3"]),
}


@st.composite
def correct(draw: st.DrawFn) -> ProjectFolder:
    """Make a project as a careful person would."""
    mode = draw(st.sampled_from(sorted(TIERS)))
    tiers = {tier: text for tier, text in draw(TIERS[mode]).items() if text is not None}
    numbers = iter(draw(st.permutations(range(100, 130))))
    sources: dict[str, Any] = {}
    verdicts: dict[str, Any] = {}
    for name in NAMES[: draw(st.integers(1, 3))]:
        own = [next(numbers) for _ in range(draw(st.integers(1, 6)))]
        sources[name] = {"obsnums": own, "tiers": tiers}
        for obsnum in own[1:]:
            verdicts[str(obsnum)] = draw(_correct_verdict(mode, tiers))
    sources["A-mos"] = {"mosaic": list(sources), "tiers": tiers}
    return folder(sources, {"obsnums": {key: value for key, value in verdicts.items() if value}}, mode=mode)


def _correct_verdict(mode: str, tiers: dict[str, str]) -> st.SearchStrategy[dict[str, Any]]:
    failed = {"grade": -2, "combine": False, "note": "no valid data"}
    if "c" in tiers:
        said = st.fixed_dictionaries({"grade": st.integers(1, 3), "flags": FLAGS[mode]})
        failed |= {"banks": {"1": {"grade": -2}}}
        return st.sampled_from([{}, failed]) | st.fixed_dictionaries(
            {"banks": st.fixed_dictionaries({"0": said, "1": said})}
        )
    if "b" in tiers:
        return st.sampled_from([{}, failed]) | st.fixed_dictionaries(
            {"grade": st.integers(1, 3), "flags": FLAGS[mode], "note": st.just("fine")}
        )
    return st.just({})


@given(correct())
def test_a_correct_project_has_no_finding(project: ProjectFolder) -> None:
    assert findings_of(Checked(project)) == []
