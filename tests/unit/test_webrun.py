"""The rules of a webrun: parameters where they act, every mistake at once, quota, cost, what a session may never do."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import ProjectError
from bot.formats.project_file import ProjectFolder, parse_folder
from bot.model.project import Parameters
from bot.model.record import Ledger, LineOutcome, Record, RunState
from bot.model.role import Role
from bot.model.webrun import Session, Step, WebrunRequest
from bot.rules.plan import plan_project, with_words
from bot.rules.promotion import promote
from bot.rules.webrun import (
    BEHIND,
    Understood,
    covered_by,
    estimate,
    over_quota,
    request_digest,
    uncovered,
    understand,
)
from bot.settings import Webruns

PID = "2024-S1-MX-2"
PROJECT = """\
pid: 2024-S1-MX-2
mode: SEQ/Map
sources:
  GALAXY:
    obsnums:
      - 110041
      - 110053
    tiers:
      a: {dv: 50}
      b: {extent: 120, bank: 0}
      c: {extent: 120, bank: 1}
  CLOUD:
    obsnums:
      - 110061
    tiers:
      a: {}
  STAR:
    mode: RSR/Bs
    obsnums:
      - 110071
      - 110072
    tiers:
      a: {}
      b: {badcb: 2/3}
  BOTH:
    mosaic: [GALAXY, CLOUD]
    tiers:
      a: {}
  LENT:
    mosaic: [{source: FAR, project: 2023-S1-US-17}]
    obsnums:
      - 110081
    tiers:
      a: {}
left_out:
  110099: no valid data
"""
QA = """\
obsnums:
  110041:
    banks:
      0: {flags: {pix_list: "-3", birdies: "7,8"}, grade: 3}
      1: {flags: {pix_list: "-4"}}
  110072:
    combine: false
    flags: {blo: 2}
"""


def folder(qa: str = QA) -> ProjectFolder:
    return parse_folder(PROJECT, qa, pid=PID)


def asked(*words: str, role: Role = Role.PI, sessions: tuple[Session, ...] = (), **more: Any) -> Understood:
    request = WebrunRequest(project=PID, parameters=Parameters(words), **more)
    return understand(request, folder(), roles={role}, sessions=sessions)


def lines(found: Understood) -> list[str]:
    return [str(line).removeprefix("SLpipeline.sh ") for unit in found.plan.units for line in unit.lines]


def mistakes(*words: str, **more: Any) -> str:
    with pytest.raises(ProjectError) as caught:
        asked(*words, **more)
    assert caught.value.findings
    return "\n".join(str(one) for one in caught.value.findings)


def session(found: Understood, number: int = 1, **more: Any) -> Session:
    told = {"digest": request_digest(found.request), "who": "pi", "created": "2026-11-28T12:00:00.000Z", **more}
    return Session(
        pid=PID, number=number, request=found.request, steps=found.steps, expires="2026-12-28", **told
    )  # fmt: skip


def test_a_parameter_goes_into_every_tier_and_the_first_calls_into_the_first() -> None:
    found = asked("dv=80", "rms_cut=-3", sources=("GALAXY",))
    assert lines(found)[:3] == [
        "obsnum=110041 _io=SEQ/Map _s=GALAXY dv=80 rms_cut=-3 restart=1 meta=0 srdp=0 sdfits=0 archive=0",
        "obsnum=110041 _io=SEQ/Map _s=GALAXY extent=120 bank=0 rms_cut=-3 pix_list=0,1,2,4,5,6,7,8,9,10,11,12,13,14,15 "
        "birdies=7,8 qagrade=3 meta=0 srdp=0 sdfits=0 archive=0",
        "obsnum=110041 _io=SEQ/Map _s=GALAXY extent=120 bank=1 rms_cut=-3 pix_list=0,1,2,3,5,6,7,8,9,10,11,12,13,14,15 "
        "meta=0 srdp=0 sdfits=0 archive=0",
    ]
    assert [one.name for one in found.plan.combinations] == ["110041_110053"]
    assert found.lines == 7


def test_what_the_request_sets_wins_over_the_flags_and_the_other_flags_stay() -> None:
    found = asked("pix_list=-0,5", sources=("GALAXY",), tiers=("b",))
    first, second, third = lines(found)[:3]
    assert "pix_list" not in first
    assert second.count("pix_list=") == 1 and "pix_list=1,2,3,4,6," in second and "birdies=7,8" in second
    assert "pix_list=0,1,2,3,5," in third, "tier c was not asked for: the DA's flag acts"
    assert found.placed[1:] == ("the DA's `pix_list=-3` of 110041__0 does not act here",)


def test_no_session_ever_archives_whatever_stands_before() -> None:
    for line in lines(asked("srdp=1", "sdfits=1", role=Role.DA, obsnums=(110041,))):
        assert line.endswith(" ".join(BEHIND))


def test_single_obsnums_are_combined_among_themselves_and_a_mosaic_brings_its_parts() -> None:
    found = asked("blo=3", obsnums=(110071,))
    assert [one.name for one in found.plan.units] == ["110071", "110071_110071"]
    found = asked("rms_cut=-3", sources=("BOTH",))
    assert [one.name for one in found.plan.chains] == ["110041", "110053", "110061"]
    assert "110041_110061" in [one.name for one in found.plan.combinations]
    assert covered_by(found.plan) == {110041, 110053, 110061}


def test_single_obsnums_of_a_mosaic_come_without_its_parts_elsewhere() -> None:
    found = asked("rms_cut=-3", obsnums=(110081,))
    assert [one.name for one in found.plan.units] == ["110081", "110081_110081"]
    assert found.folder.project.sources["LENT"].mosaic == ()


@pytest.mark.parametrize(
    ("words", "more", "told"),
    [
        (("extnt=1",), {"sources": ("GALAXY",)}, "did you mean extent?"),
        (("dv=80",), {"sources": ("GALAXY",), "tiers": ("b",)}, "dv would do nothing in tier b of GALAXY"),
        (("bank=1",), {"sources": ("GALAXY",)}, "choose tier b for bank 0 or tier c for bank 1"),
        (("badcb=2/3",), {"sources": ("GALAXY",)}, "badcb acts in RSR/Bs only, this is SEQ/Map"),
        (("extent=x",), {"sources": ("GALAXY",)}, "write a number"),
        (("work_lmt=/official",), {"sources": ("GALAXY",)}, "work_lmt is lmtbot's to set"),
        (("restart=1",), {"sources": ("GALAXY",)}, "restart=1 is set by hand"),
        (("archive=1",), {"sources": ("GALAXY",)}, "archive is lmtbot's to set"),
        (("admit=1",), {"sources": ("GALAXY",)}, "admit is for the DA to set, not for the PI"),
        (("notch=1",), {"sources": ("STAR",)}, "notch acts only together with sgf"),
        (("extent=1", "extent=2"), {"sources": ("GALAXY",)}, "extent stands twice"),
        (("extent=1",), {"sources": ("GALAXI",)}, "did you mean GALAXY?"),
        (("extent=1",), {"obsnums": (110042,)}, "no source of 2024-S1-MX-2 lists obsnum 110042"),
        (("extent=1",), {"obsnums": (110099,)}, "left out of the project: no valid data"),
        (("extent=1",), {}, "neither a source nor an obsnum"),
        (("extent=1",), {"sources": ("CLOUD",), "tiers": ("c",)}, "CLOUD has no tier c"),
        (("extent=1",), {"sources": ("LENT",)}, "observations of 2023-S1-US-17, which a webrun"),
        (("extent=1",), {"sources": ("CLOUD",), "base": "Session-4"}, "has no Session-4"),
        (("extent=120",), {"sources": ("GALAXY",), "tiers": ("b", "c")}, "nothing would differ from the official"),
        ((), {"sources": ("GALAXY",)}, "nothing would differ from the official"),
    ],
)
def test_what_cannot_act_is_refused_with_the_reason(words: tuple[str, ...], more: dict[str, Any], told: str) -> None:
    assert told in mistakes(*words, **more)


def test_every_mistake_is_told_at_once_but_not_without_end() -> None:
    told = mistakes("extnt=1", "dv=-1", "work_lmt=/x", sources=("GALAXI", "STAR"), obsnums=tuple(range(1, 300)))
    assert "extnt" in told and "GALAXI" in told and "work_lmt" in told
    assert "no source of 2024-S1-MX-2 lists obsnum 1, 2, 3, 4, 5, 6, 7, 8 and 291 more" in told


def test_a_da_may_set_what_is_the_das() -> None:
    assert "admit=1" in lines(asked("admit=1", role=Role.DA, sources=("CLOUD",)))[0]


def test_the_base_session_comes_first_and_gives_the_selection() -> None:
    first = asked("extent=200", "rms_cut=-3", sources=("CLOUD",))
    second = asked("rms_cut=-2", base="Session-1", sessions=(session(first),))
    assert second.request.sources == ("CLOUD",)
    assert lines(second)[0].split()[3:5] == ["extent=200", "rms_cut=-2"]
    third = asked("cell=5", base="Session-2", sessions=(session(first), session(second, 2)))
    assert lines(third)[0].split()[3:6] == ["extent=200", "rms_cut=-2", "cell=5"]


def test_words_change_no_digest_and_all_else_does() -> None:
    plain = WebrunRequest(project=PID, sources=("A",))
    assert request_digest(plain) == request_digest(plain.model_copy(update={"words": "please"}))
    changes: list[dict[str, Any]] = [
        {"sources": ("B",)}, {"obsnums": (1,)}, {"parameters": Parameters(("x=1",))}, {"tiers": ("a",)},
        {"base": "Session-1"}, {"project": "2024-S1-MX-3"},
    ]  # fmt: skip
    digests = {request_digest(plain.model_copy(update=one)) for one in changes} | {request_digest(plain)}
    assert len(digests) == 7


def record(name: str, seconds: float) -> Record:
    outcome = LineOutcome(line="x", exit=0, started="s", ended="e", seconds=seconds)
    return Record(pid=PID, name=name, source="S", level=1, digest="d", attempt=1, state=RunState.GOOD, lines=("x",),
                  outcomes=(outcome,), ended="2026")  # fmt: skip


def test_the_cost_is_what_the_same_took_before_and_nobody_knows_without() -> None:
    plan = asked("rms_cut=-3", sources=("GALAXY",)).plan
    assert estimate(plan, Ledger(())).seconds is None
    known = estimate(plan, Ledger((record("110041", 100), record("110053", 200))))
    assert (known.seconds, known.guessed) == (450, 1)


def test_the_quota_names_all_that_is_exceeded() -> None:
    found = asked("rms_cut=-3", sources=("GALAXY",))
    cost = estimate(found.plan, Ledger((record("110041", 3600 * 30),)))
    quota = Webruns(open_sessions=2, open_by_person=1, run_lines=3, hours=10)
    others = (session(found, 1), session(found, 2, who="co"))
    told = over_quota(quota, found, cost, others, "PI")
    assert len(told) == 4 and "2 sessions of the project" in told[0] and "90.0 hours" in told[3]
    assert over_quota(Webruns(), found, estimate(found.plan, Ledger(())), (), "pi") == ()
    gone = (session(found, 1, state="deleted"), session(found, 2, state="cancelled"))
    assert (
        over_quota(Webruns(open_sessions=1, open_by_person=1), found, estimate(found.plan, Ledger(())), gone, "pi")
        == ()
    )


def test_later_obsnums_of_whole_sources_are_not_covered() -> None:
    found = asked("rms_cut=-3", sources=("GALAXY",), obsnums=(110061,))
    after = parse_folder(PROJECT.replace("- 110053", "- 110053\n      - 110054"), QA, pid=PID)
    assert uncovered(session(found), after, covered_by(found.plan)) == (110054,)
    assert uncovered(session(found), folder(), covered_by(found.plan)) == ()


def test_a_whole_source_is_promoted_into_its_tiers_and_the_flags_in_the_way_go() -> None:
    made = promote(session(asked("pix_list=-0,5", "dv=80", sources=("GALAXY",))), folder())
    after = parse_folder(made.texts["project.yaml"], made.texts["qa.yaml"], pid=PID)
    tiers = after.project.sources["GALAXY"].tiers
    assert tiers.a and tiers.a.get("dv") == "80" and tiers.b and tiers.b.get("dv") is None
    assert tiers.c and (tiers.c.get("pix_list") or "").startswith("1,2,3,4,6")
    banks = after.qa.obsnums[110041].banks
    assert banks[0].flags == ("birdies=7,8",) and banks[0].grade == 3 and not banks[1].flags
    assert made.texts["project.yaml"].count("\n") == PROJECT.count("\n")


@pytest.mark.parametrize("words", [("pix_list=-0,5", "dv=80"), ("rms_cut=-3",), ("birdies=9", "extent=7", "dw=90")])
def test_what_is_promoted_is_what_ran_line_by_line(words: tuple[str, ...]) -> None:
    found = asked(*words, sources=("GALAXY",))
    texts = {"project.yaml": PROJECT, "qa.yaml": QA} | dict(promote(session(found), folder()).texts)
    after = plan_project(parse_folder(texts["project.yaml"], texts["qa.yaml"], pid=PID), 2)
    lines_now = {unit.name: [line.words for line in unit.lines] for unit in with_words(after, BEHIND).units}
    for unit in found.plan.units:
        assert lines_now[unit.name] == [line.words for line in unit.lines]


def test_single_obsnums_are_promoted_into_flags_and_what_no_flag_reaches_is_refused() -> None:
    made = promote(session(asked("blo=3", obsnums=(110072,))), folder())
    after = parse_folder(PROJECT, made.texts["qa.yaml"], pid=PID)
    assert after.qa.obsnums[110072].flags == ("blo=3",) and not after.qa.obsnums[110072].combine
    assert "project.yaml" not in made.texts
    made = promote(session(asked("birdies=9", obsnums=(110053,))), folder())
    banks = parse_folder(PROJECT, made.texts["qa.yaml"], pid=PID).qa.obsnums[110053].banks
    assert [banks[one].flags for one in (0, 1)] == [("birdies=9",)] * 2
    for words, obsnum in ((("dv=80",), 110053), (("extent=9",), 110061)):
        with pytest.raises(ProjectError, match="which no flag of a single obsnum reaches"):
            promote(session(asked(*words, obsnums=(obsnum,))), folder())


def test_what_main_says_already_is_promoted_to_nothing() -> None:
    found = session(asked("extent=200", sources=("CLOUD",)))
    once = promote(found, folder())
    again = promote(found, parse_folder(once.texts["project.yaml"], QA, pid=PID))
    assert again.texts == {} and again.told == ()


def test_a_session_says_step_by_step_what_it_was_made_with() -> None:
    found = asked("extent=200", sources=("CLOUD",), tiers=("a",))
    assert found.steps == (Step(parameters=Parameters(("extent=200",)), tiers=("a",)),)
    assert Session.model_validate_json(session(found).model_dump_json()) == session(found)
