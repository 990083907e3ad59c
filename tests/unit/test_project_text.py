"""What is written as text reads back as the same values, comments and all."""

from __future__ import annotations

import re
from datetime import date

import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.project_file import parse_folder
from bot.formats.project_text import Margin, project_text, qa_text
from bot.model.project import (
    BankVerdict,
    Legacy,
    Listing,
    MosaicPart,
    Parameters,
    Person,
    Project,
    Qa,
    Source,
    Tiers,
    Verdict,
)

PID = "2024-S1-XX-1"
TRICKY = [
    "null",
    "~",
    "yes",
    "No",
    "on",
    "-0",
    "1_000",
    "0x1f",
    "1e5",
    "12:30",
    "2020-12-31",
    "=",
    "<<",
    "#",
    ": ",
    "- a",
]
TRICKY += [
    "",
    " ",
    "a: b",
    "a #b",
    "'",
    '"',
    "\\",
    "%x",
    "@a",
    "`",
    "[",
    "{}",
    "|",
    ">",
    "&a",
    "*a",
    "!t",
    "é",
    "0o7",
    "nan",
]

texts = st.one_of(
    st.sampled_from(TRICKY), st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.integers().map(str)
)
names = st.one_of(
    st.sampled_from([one for one in TRICKY if one and not re.search(r"\s", one)]),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=12),
    st.integers(0, 10**9).map(str),
).filter(lambda one: one.split() == [one])
words = st.from_regex(
    r"(?:_?[a-z][a-z0-9_]{0,8}(?:=[A-Za-z0-9_.,+\-/:%@\[\]=]{0,12})?|[=0-9.,+\-]{1,5})", fullmatch=True
)
parameters = st.lists(words, max_size=5).map(Parameters)
obsnums = st.integers(1, 99_999_999)
pids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
modes = st.sampled_from(["SEQ/Map", "RSR/Bs", "1MM/Ps"])
maybe = st.none()
listings = st.builds(Listing, obsnum=obsnums, combine=st.booleans(), project=maybe | pids)
sources = st.builds(
    Source,
    obsnums=st.lists(listings, max_size=4).map(tuple),
    mosaic=st.lists(st.builds(MosaicPart, source=names, project=maybe | pids), max_size=3).map(tuple),
    tiers=st.builds(Tiers, a=maybe | parameters, b=maybe | parameters, c=maybe | parameters),
    mode=maybe | modes,
    aliases=st.lists(names, max_size=2).map(tuple),
    note=maybe | texts,
)
projects = st.builds(
    Project,
    pid=st.just(PID),
    pi=st.builds(Person, name=maybe | texts, github=st.lists(names, max_size=2).map(tuple)),
    title=maybe | texts,
    mode=maybe | modes,
    public=maybe | st.dates(date(1990, 1, 1)),
    sources=st.dictionaries(names, sources, max_size=4),
    left_out=st.dictionaries(obsnums, texts, max_size=3),
    legacy=st.builds(Legacy, project=maybe | names, done=maybe | texts, archived=maybe | texts),
)
grades = maybe | st.integers(-2, 3)
banks = st.builds(BankVerdict, grade=grades, flags=parameters, note=maybe | texts)
verdicts = st.builds(
    Verdict,
    grade=grades,
    combine=st.booleans(),
    flags=parameters,
    note=maybe | texts,
    banks=st.dictionaries(st.sampled_from([0, 1]), banks, max_size=2),
)
combinations = st.tuples(obsnums, obsnums).map(lambda pair: f"{pair[0]}_{pair[1]}")
verdict_files = st.builds(
    Qa,
    obsnums=st.dictionaries(obsnums, verdicts, max_size=4),
    combinations=st.dictionaries(combinations, verdicts, max_size=3),
    note=maybe | texts,
)
lines = st.lists(texts, max_size=3).map(tuple)


@given(projects, verdict_files)
def test_values_survive_writing_and_reading(project: Project, qa: Qa) -> None:
    read = parse_folder(project_text(project), qa_text(qa), pid=PID)
    assert (read.project, read.qa) == (project, qa)


@given(projects, verdict_files, lines, lines, texts)
def test_comments_anywhere_change_no_value(
    project: Project, qa: Qa, top: tuple[str, ...], before: tuple[str, ...], behind: str
) -> None:
    places = [("pid",), ("sources",), *[("sources", name) for name in project.sources]]
    places += [("sources", name, part) for name in project.sources for part in ("obsnums", "tiers", "mosaic")]
    places += [("sources", name, "obsnums", 0) for name in project.sources]
    places += [("sources", name, "tiers", "a") for name in project.sources]
    margin = Margin(top, dict.fromkeys(places, before), dict.fromkeys(places, behind), frozenset(places[::2]), before)
    marks = [("obsnums", obsnum) for obsnum in qa.obsnums] + [("combinations", name) for name in qa.combinations]
    other = Margin(top, dict.fromkeys(marks, before), dict.fromkeys(marks, behind), end=top)
    read = parse_folder(project_text(project, margin), qa_text(qa, other), pid=PID)
    assert (read.project, read.qa) == (project, qa)


@given(projects)
def test_every_other_yaml_reader_finds_the_same_texts(project: Project) -> None:
    tree = yaml.safe_load(project_text(project))
    assert [str(name) for name in tree.get("sources", {})] == list(project.sources)
    assert all(isinstance(name, str) for name in tree.get("sources", {}))
    for name, source in project.sources.items():
        for tier, said in ((tree["sources"][name] or {}).get("tiers") or {}).items():
            expected = source.tiers.get(tier)
            assert expected is not None
            if isinstance(said, dict):
                assert {key: str(value) for key, value in said.items()} == dict(expected.pairs)


def test_a_project_reads_like_a_page() -> None:
    project = Project(
        pid=PID,
        mode="SEQ/Map",
        sources={
            "M 1".replace(" ", ""): Source(
                obsnums=(Listing(obsnum=1), Listing(obsnum=2, combine=False)),
                tiers=Tiers(a=Parameters(["extent=120", "pix_list=-0"]), b=Parameters(), c=Parameters(["x=1", "x=2"])),
            ),
            "169742": Source(mosaic=(MosaicPart(source="M1"), MosaicPart(source="b", project="P-2"))),
        },
    )
    margin = Margin(
        top=("about it all",),
        before={("sources", "M1"): ("a cloud",), ("sources", "M1", "obsnums", 1): ("second night",)},
        behind={("sources", "M1", "obsnums", 0): "first night"},
    )
    assert project_text(project, margin).split("\n", 1)[1] == (
        "# about it all\n"
        "pid: 2024-S1-XX-1\n"
        "mode: SEQ/Map\n"
        "\n"
        "sources:\n"
        "  # a cloud\n"
        "  M1:\n"
        "    obsnums:\n"
        "      - 1  # first night\n"
        "      # second night\n"
        "      - {obsnum: 2, combine: false}\n"
        "    tiers:\n"
        '      a: {extent: 120, pix_list: "-0"}\n'
        "      b: {}\n"
        '      c: "x=1 x=2"\n'
        "\n"
        '  "169742":\n'
        "    mosaic:\n"
        "      - M1\n"
        "      - {source: b, project: P-2}\n"
    )
