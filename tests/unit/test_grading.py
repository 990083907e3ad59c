"""The worksheet's numbers, what they suggest, what is proposed, and why a verdict is not complete."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ProjectError
from bot.formats.comment_command import Command, parse_commands
from bot.formats.project_file import ProjectFolder, parse_folder, read_folder
from bot.model.observation import Observation
from bot.model.record import Ledger, RunState
from bot.model.worksheet import Reduced, Row, Worksheet
from bot.rules.commands import apply
from bot.rules.freshness import why_stale
from bot.rules.grading import propose, qa_faults, worksheet
from bot.rules.plan import plan_project
from bot.rules.suggestions import noise_of, with_suggestions
from bot.rules.work import current_record, current_records, is_done
from bot.sim.demo import HERE
from tests.unit.worksheets import a_map, all_good, but, plan_of, project, record_of

ONE_BANK = "  S: {obsnums: [101, 102], tiers: {a: {}, b: {birdies: 5}}}\n"
TWO_BANKS = "  S: {obsnums: [101, 102], tiers: {a: {}, b: {bank: 0}, c: {bank: 1}}}\n"
ONE = {"0": a_map()}
BOTH = {"0": a_map(60, 1.1), "1": a_map(66, 1.2)}


def sheet_of(folder: ProjectFolder, ledger: Ledger | None = None, **more) -> Worksheet:  # type: ignore[no-untyped-def]
    plan = plan_of(folder)
    return worksheet(folder, plan, all_good(plan, ONE) if ledger is None else ledger, **more)


def faults(
    sources: str, qa: str = "", *, main_qa: str = "", unprocessed: dict[int, str] | None = None
) -> tuple[str, ...]:
    """Return the faults of a QA branch, when level 1 has reduced all that main says."""
    folder, main = project(sources, qa), plan_of(project(sources, main_qa))
    made = all_good(main, BOTH if sources == TWO_BANKS else ONE)
    sheet = worksheet(folder, plan_of(folder, 2), made, main=main)
    return qa_faults(folder, plan_of(folder, 2), sheet, unprocessed)


# ---- rows


def test_an_obsnum_with_one_bank_has_one_row_and_one_with_two_has_two() -> None:
    (first, second) = sheet_of(project(ONE_BANK)).rows
    assert (first.label, second.label) == ("101", "102") and first.rms == 60 and first.unit == "mK"
    folder = project(TWO_BANKS)
    sheet = sheet_of(folder, all_good(plan_of(folder), BOTH))
    assert [(row.label, row.rms, row.ratio) for row in sheet.rows[:2]] == [("101__0", 60, 1.1), ("101__1", 66, 1.2)]
    assert sheet.banks == {101: {0, 1}, 102: {0, 1}}
    assert [row.label for row in sheet.combinations] == ["101_102__0", "101_102__1"]


def test_rsr_and_spectra_speak_in_kelvin() -> None:
    folder = project("  S: {mode: RSR/Bs, obsnums: [101], tiers: {a: {}}}\n")
    rsr = {"all": {"instrument": "RSR", "obspgm": "Bs", "rms": 0.004, "inttime": 20.0}}
    (row,) = sheet_of(folder, all_good(plan_of(folder), rsr)).rows
    assert (row.bank, row.rms, row.unit, row.ratio) == (None, 0.004, "K", pytest.approx(1.0))
    spectrum = {"0": {"instrument": "SEQ", "obspgm": "Ps", "rms": 0.05, "inttime": 20.0}}
    (row,) = sheet_of(folder, all_good(plan_of(folder), spectrum)).rows
    assert (row.rms, row.unit, row.ratio) == (0.05, "K", None)


def test_rows_stand_by_source_and_date_and_what_has_no_date_last() -> None:
    folder = project("  B: {obsnums: [103, 101, 102], tiers: {a: {}}}\n  A: {obsnums: [100], tiers: {a: {}}}\n")
    plan = plan_of(folder)
    dates = {100: "2024-01-01", 101: "2024-03-01", 102: "2024-02-01"}
    records = [
        record_of(chain, plan, {"0": a_map(date=dates[chain.obsnum])}) for chain in plan.chains if chain.obsnum in dates
    ]
    assert [row.name for row in sheet_of(folder, Ledger(tuple(records))).rows] == ["102", "101", "103", "100"]


def test_the_log_tells_date_and_time_where_the_products_do_not() -> None:
    seen = Observation(101, "2024-03-06T11:21:31", "SEQ", "Science", "Map", "S", "P-1", tint_s=30.0)
    row = sheet_of(project(ONE_BANK), Ledger(()), observed={101: seen}).rows[0]
    assert (row.date, row.inttime_s, row.rms) == ("2024-03-06T11:21:31", 30.0, None)


def test_a_row_says_what_the_data_analyst_said() -> None:
    qa = """\
obsnums:
  101: {grade: 1, flags: {extent: 7}, note: both, banks: {1: {grade: 3, flags: {birdies: 5}, note: fine}}}
  102: {grade: 2, combine: false}
"""
    folder = project(TWO_BANKS, qa)
    rows = {row.label: row for row in sheet_of(folder, all_good(plan_of(folder), BOTH)).rows}
    assert (rows["101__0"].grade, rows["101__1"].grade) == (1, 3)
    assert (rows["101__0"].flags, rows["101__1"].flags) == (("extent=7",), ("birdies=5",))
    assert (rows["101__0"].note, rows["101__1"].note) == ("both", "both; fine")
    assert (rows["102__0"].grade, rows["102__1"].grade) == (2, None)
    assert rows["101__0"].is_accepted and not rows["102__0"].is_accepted


@pytest.mark.parametrize("sources", [ONE_BANK, TWO_BANKS])
@settings(max_examples=40)
@given(grades=st.tuples(*[st.sampled_from((None, -2, 0, 1, 2, 3))] * 3))
def test_the_grade_of_a_row_is_the_one_on_the_run_line(sources: str, grades: tuple[int | None, ...]) -> None:
    whole, *banks = ("" if grade is None else f"grade: {grade}" for grade in grades)
    by_bank = f"banks: {{0: {{{banks[0]}}}, 1: {{{banks[1]}}}}}"
    folder = project(sources, f"obsnums: {{101: {{{', '.join(filter(None, (whole, by_bank)))}}}}}\n")
    chain = plan_of(folder).chains[0]
    told = {line.tier: [word for word in line.words if word.startswith("qagrade=")] for line in chain.lines}
    for row in sheet_of(folder).rows:
        if row.name == "101":
            assert told["c" if row.bank == 1 else "b"] == ([] if row.grade is None else [f"qagrade={row.grade}"])


def test_products_carry_an_earlier_grade() -> None:
    folder = project(ONE_BANK)
    ledger = all_good(plan_of(folder), {"0": a_map(qagrade="-2")})
    assert sheet_of(folder, ledger).rows[0].previous == -2
    assert sheet_of(folder, all_good(plan_of(folder), {"0": a_map(qagrade="$(x)")})).rows[0].previous is None


@pytest.mark.parametrize("odd", ["60", None, True, math.nan, math.inf, -1, 0, [1]])
def test_a_number_that_is_none_is_not_known(odd: object) -> None:
    folder = project(ONE_BANK)
    ledger = all_good(plan_of(folder), {"0": a_map() | dict.fromkeys(("rms", "rms0", "inttime", "tau"), odd)})
    row = sheet_of(folder, ledger).rows[0]
    assert (row.rms, row.ratio, row.inttime_s, row.tau, row.unit) == (None, None, None, None, "")
    assert row.suggestion is not None and row.suggestion.grade is None


# ---- what stands in the directories


def test_states_follow_from_the_ledger() -> None:
    folder = project("  S: {obsnums: [101, 102, 103, 104, 105, 106], tiers: {a: {}, b: {birdies: 5}}}\n")
    plan = plan_of(folder)
    other = plan_of(project("  S: {obsnums: [101, 102, 103, 104, 105, 106], tiers: {a: {}, b: {birdies: 6}}}\n"))
    chains, earlier = {one.obsnum: one for one in plan.chains}, {one.obsnum: one for one in other.chains}
    records = (
        record_of(chains[101], plan),
        record_of(chains[102], plan, state=RunState.FAILED, verdict="no calibration"),
        record_of(earlier[103], plan),
        record_of(chains[104], plan, state=RunState.RUNNING),
        record_of(earlier[106], plan),
        record_of(chains[106], plan, state=RunState.FAILED, at=2),
    )
    rows = {row.name: row for row in sheet_of(folder, Ledger(records)).rows}
    states = [rows[str(obsnum)].state for obsnum in range(101, 107)]
    assert states == [Reduced.GOOD, Reduced.FAILED, Reduced.STALE, Reduced.RUNNING, Reduced.NEVER, Reduced.FAILED]
    assert rows["102"].told == "no calibration" and "other parameters" in rows["103"].told
    assert sheet_of(folder, Ledger(records), present=()).rows[0].state is Reduced.NEVER


def test_a_line_that_cannot_run_is_told() -> None:
    folder = project("  S: {obsnums: [101], tiers: {a: {extend: 7}}}\n")
    (row,) = sheet_of(folder, Ledger(())).rows
    assert row.state is Reduced.BLOCKED and "extend" in row.told
    assert any(
        "cannot run" in fault and "extend" in fault
        for fault in qa_faults(folder, plan_of(folder), sheet_of(folder, Ledger(())))
    )


GRADED = "obsnums: {101: {banks: {0: {grade: 3}, 1: {grade: -2}}}, 102: {banks: {0: {grade: 2}, 1: {grade: 2}}}}\n"


def test_a_grade_makes_nothing_stale() -> None:
    before, after = plan_of(project(TWO_BANKS)), plan_of(project(TWO_BANKS, GRADED))
    ledger = all_good(before, BOTH)
    names = {unit.name for unit in after.units}
    assert not any(is_done(unit, 1, ledger, names) for unit in after.units), "digests do change with a grade"
    assert [why_stale(unit, after, current_records(ledger)) for unit in after.units] == [""] * 3
    graded = all_good(after, BOTH)
    assert [why_stale(unit, before, current_records(graded)) for unit in before.units] == [""] * 3


@pytest.mark.parametrize(
    "sources",
    [
        TWO_BANKS.replace("bank: 1", "bank: 1, birdies: 5"),
        TWO_BANKS.replace(", c: {bank: 1}", ""),
        TWO_BANKS.replace("a: {}", "a: {extent: 7}"),
        TWO_BANKS.replace("  S:", "  T:"),
    ],
)
def test_whatever_else_changes_a_line_makes_it_stale(sources: str) -> None:
    ledger, now = all_good(plan_of(project(TWO_BANKS)), BOTH), plan_of(project(sources))
    assert all(why_stale(unit, now, current_records(ledger)) for unit in now.units)


def test_products_of_level_2_are_good_though_level_1_would_make_others() -> None:
    folder = project(ONE_BANK, "combinations: {101_102: {flags: {admit: 0}}}\n")
    first, second = plan_of(folder), plan_of(folder, 2)
    better = {unit.name: unit.digest for unit in second.units}
    made = all_good(second, ONE)
    assert worksheet(folder, first, made).combinations[0].state is Reduced.STALE
    assert worksheet(folder, first, made, better=better).combinations[0].state is Reduced.GOOD
    assert worksheet(folder, first, made, better=better, present=()).combinations[0].state is Reduced.NEVER


def test_a_combination_is_stale_with_its_members() -> None:
    plan, graded = plan_of(project(ONE_BANK)), plan_of(project(ONE_BANK, "obsnums: {101: {grade: 2}}\n"))
    combination, ledger = graded.combinations[0], all_good(plan, BOTH)
    assert why_stale(combination, graded, current_records(ledger)) == ""
    again = Ledger((*ledger.records, record_of(plan.chains[0], plan, at=50)))
    assert "101 was reduced again" in why_stale(combination, graded, current_records(again))
    assert "101 is not reduced" in why_stale(combination, graded, current_records(but(ledger, ["101"])))
    shorter = plan_of(project(ONE_BANK, "obsnums: {102: {combine: false}}\n")).combinations[0]
    assert why_stale(shorter, graded, current_records(ledger))


def test_a_member_of_another_project_is_the_one_that_was_combined() -> None:
    other = parse_folder("pid: P-2\nmode: SEQ/Map\nsources: {X: {obsnums: [7], tiers: {a: {}}}}\n", pid="P-2")
    mosaic = "  M: {mosaic: [{source: X, project: P-2}], obsnums: [101], tiers: {a: {}}}\n"
    there = plan_project(other)
    main = plan_project(project(mosaic), others={"P-2": other})
    branch = plan_project(project(mosaic, "obsnums: {101: {grade: 2, flags: {birdies: 5}}}\n"), others={"P-2": other})
    assert main.combinations[0].digest == branch.combinations[0].digest, "a tier that is not run changes nothing"
    main = replace(main, combinations=(replace(main.combinations[0], digest="other"),))
    official, foreign = current_records(all_good(main, BOTH)), {"P-2": current_records(all_good(there, BOTH))}
    assert why_stale(branch.combinations[0], branch, official, foreign) == ""
    assert "7 is not reduced" in why_stale(branch.combinations[0], branch, official)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(list(RunState)), st.integers(0, 59)), max_size=8))
def test_one_look_at_the_ledger_finds_what_many_find(told: list[tuple[str, RunState, int]]) -> None:
    plan = plan_of(project(ONE_BANK))
    ledger = Ledger(
        tuple(
            record_of(plan.chains[0], plan, state=state, at=at).model_copy(update={"name": name})
            for name, state, at in told
        )
    )
    assert current_records(ledger) == {name: one for name in "ab" if (one := current_record(ledger, name))}


# ---- suggestions


def rows_with(ratios: list[float], **more: object) -> list[Row]:
    plain = Row("1", None, "S", "SEQ/Map", Reduced.GOOD, unit="mK", inttime_s=100.0)
    return [replace(plain, name=str(n), ratio=ratio, rms=60 * ratio, **more) for n, ratio in enumerate(ratios)]


def suggested(rows: list[Row]) -> list[int | None]:
    return [row.suggestion.grade if row.suggestion else None for row in with_suggestions(rows)]


def test_the_radiometer_equation_suggests_a_grade_with_its_reason() -> None:
    assert suggested(rows_with([1.0, 2.0, 4.0])) == [3, 2, 1] and suggested(rows_with([9.0])) == [-2]
    assert suggested(rows_with([0.3])) == [1]
    (row,) = with_suggestions(rows_with([2.0]))
    assert row.suggestion is not None and row.suggestion.reason == "rms 120 mK is 2.00 × the radiometer equation"


def test_an_outlier_among_its_own_kind_is_found_with_numbers() -> None:
    rows = with_suggestions(rows_with([1.0, 1.02, 0.98, 1.01, 1.45]))
    assert [row.suggestion.grade for row in rows if row.suggestion] == [3, 3, 3, 3, 1]
    reason = rows[-1].suggestion.reason if rows[-1].suggestion else ""
    assert "1.44 × the median of the 5" in reason and "robust sigma noisier" in reason
    assert suggested(rows_with([1.0, 1.02, 0.98, 1.01, 3.2]))[-1] == -2
    quiet = with_suggestions(rows_with([1.0, 1.02, 0.98, 1.01, 0.6]))[-1].suggestion
    assert quiet is not None and quiet.grade == 3 and "quieter" in quiet.reason


def test_fewer_than_four_points_and_other_sources_say_nothing() -> None:
    assert suggested(rows_with([1.0, 1.0, 1.45])) == [3, 3, 3]
    others = rows_with([1.0, 1.0, 1.0, 1.0], source="T") + rows_with([1.45])
    assert suggested(others)[-1] == 3


def test_without_a_radiometer_rule_the_others_of_the_source_tell() -> None:
    def spectra(values: list[float]) -> list[Row]:
        rows = rows_with(values, mode="SEQ/Ps", unit="K")
        return [replace(row, ratio=None, inttime_s=100.0 * (n + 1), rms=value / math.sqrt(n + 1))
                for n, (row, value) in enumerate(zip(rows, values, strict=True))]  # fmt: skip

    assert suggested(spectra([1.0, 1.1, 0.9, 1.0, 2.0])) == [2, 2, 2, 2, 1]
    first = with_suggestions(spectra([1.0, 1.1, 0.9, 1.0, 2.0]))[-1].suggestion
    assert first is not None and "K √s" in first.reason
    alone = with_suggestions(spectra([1.0, 1.1]))[0].suggestion
    assert alone is not None and alone.grade is None and "no radiometer rule for SEQ/Ps" in alone.reason


def test_what_has_no_good_product_is_not_judged_by_old_numbers() -> None:
    (failed,) = with_suggestions(rows_with([1.0], state=Reduced.FAILED, told="no calibration"))
    assert (
        failed.suggestion is not None and failed.suggestion.grade == -2 and "no calibration" in failed.suggestion.reason
    )
    (stale,) = with_suggestions(rows_with([1.0], state=Reduced.STALE, told="other parameters"))
    assert stale.suggestion is not None and stale.suggestion.grade is None
    assert suggested(rows_with([1.0], state=Reduced.NEVER)) == [None]
    mixed = rows_with([1.0, 1.0, 1.0]) + rows_with([1.0], state=Reduced.STALE)
    assert all("median" not in row.suggestion.reason for row in with_suggestions(mixed) if row.suggestion)


@settings(max_examples=40)
@given(st.lists(st.floats(0.5, 20), min_size=1, max_size=12), st.floats(1, 4))
def test_more_noise_never_suggests_a_better_grade(ratios: list[float], worse: float) -> None:
    (alone,) = suggested(rows_with(ratios[:1]))
    (noisier,) = suggested(rows_with([ratios[0] * worse]))
    assert alone is not None and noisier is not None and noisier <= alone
    among = suggested(rows_with(ratios))[0]
    assert among is not None and among <= alone, "the others never make a grade better"


@settings(max_examples=40)
@given(st.lists(st.floats(0.01, 100), max_size=12), st.floats(0.1, 10))
def test_the_look_at_the_others_does_not_depend_on_the_unit(values: list[float], scale: float) -> None:
    def spectra(factor: float) -> list[Row]:
        return [
            replace(row, ratio=None, rms=value * factor) for row, value in zip(rows_with(values), values, strict=True)
        ]

    found, scaled = suggested(spectra(1.0)), suggested(spectra(2.0 ** round(scale)))
    assert found == scaled and all(noise_of(row) for row in spectra(1.0))


# ---- proposals


def test_ungraded_obsnums_get_an_entry_and_the_others_stay() -> None:
    qa = "# mine\nobsnums:\n  102: {banks: {0: {grade: 3}, 1: {flags: {birdies: 5}}}, note: a}\n"
    folder = project(TWO_BANKS, qa)
    text = propose(qa, sheet_of(folder), folder)
    assert text == (
        "# mine\nobsnums:\n  102: {banks: {0: {grade: 3}, 1: {flags: {birdies: 5}, grade: 0}}, note: a}\n"
        "  101:\n    banks:\n      0: {grade: 0}\n      1: {grade: 0}\n"
    )
    again = project(TWO_BANKS, text)
    assert propose(text, sheet_of(again), again) == text


def test_an_obsnum_without_tiers_for_its_banks_gets_one_grade() -> None:
    folder = project(ONE_BANK)
    assert propose("", sheet_of(folder, all_good(plan_of(folder), BOTH)), folder) == (
        "obsnums:\n  101: {grade: 0}\n  102: {grade: 0}\n"
    )


@pytest.mark.parametrize("pid", sorted(path.name for path in (HERE / "projects").iterdir()))
def test_a_real_project_is_proposed_once_and_complete_when_graded(pid: str) -> None:
    main = read_folder(HERE / "projects" / pid)
    plan = plan_project(main)
    metrics = {"all": a_map()} if pid.startswith("2023") else BOTH
    ledger = all_good(plan, metrics)
    text = propose(main.qa_document.text, worksheet(main, plan, ledger), main)
    branch = parse_folder(main.project_document.text, text, pid=pid)
    sheet = worksheet(branch, plan_project(branch, 2), ledger, main=plan)
    assert sheet.rows and all(row.grade == 0 for row in sheet.rows)
    assert propose(text, sheet, branch) == text
    told = qa_faults(branch, plan_project(branch, 2), sheet)
    assert len(told) == 1 and told[0].startswith("combined and not graded")
    for row in sheet.rows:
        (one,) = parse_commands(f"/grade {row.label} 2 fine")
        assert isinstance(one, Command)
        text = apply(one, text, branch, banks=sheet.banks).text
    done = parse_folder(main.project_document.text, text, pid=pid)
    assert qa_faults(done, plan_project(done, 2), worksheet(done, plan_project(done, 2), ledger, main=plan)) == ()


# ---- why the verdict is not complete

FIRST_GRADED = "obsnums: {101: {grade: 3}, 102: {grade: 2}}\n"


def test_everything_graded_is_complete() -> None:
    assert faults(ONE_BANK, FIRST_GRADED) == ()
    assert faults(TWO_BANKS, GRADED) == ()
    assert faults(TWO_BANKS, GRADED, main_qa=GRADED) == ()


@pytest.mark.parametrize(
    ("qa", "told"),
    [
        ("", "combined and not graded: 101, 102"),
        (FIRST_GRADED.replace("2}", "0}"), "combined and not graded: 102"),
        (FIRST_GRADED.replace("2}", "-2}"), "graded -2 (fail) and still combined: 102"),
        (FIRST_GRADED.replace("2}", "-1}"), "graded -1, which is the pipeline's grade: 102"),
        (FIRST_GRADED.replace("2}", "0, combine: false}"), ""),
        (FIRST_GRADED.replace("2}", "-2, combine: false}"), ""),
    ],
)
def test_every_combined_obsnum_wants_a_grade(qa: str, told: str) -> None:
    assert faults(ONE_BANK, qa) == ((told,) if told else ())


def test_every_bank_of_a_combined_obsnum_wants_a_grade() -> None:
    assert faults(TWO_BANKS, GRADED.replace("1: {grade: -2}", "")) == ("combined and not graded: 101__1",)
    both = GRADED.replace("0: {grade: 3}", "0: {grade: -2}")
    assert faults(TWO_BANKS, both) == ("graded -2 (fail) and still combined: 101",)


def test_flags_of_the_branch_are_for_level_2_to_run_and_no_fault() -> None:
    assert faults(ONE_BANK, FIRST_GRADED.replace("3}", "3, flags: {extent: 7}}")) == ()
    assert faults(ONE_BANK, FIRST_GRADED.replace("3}", "-2, combine: false}")) == ()


def test_what_level_1_did_not_make_is_told_unless_the_analyst_failed_it() -> None:
    main = project(ONE_BANK)
    plan = plan_of(main)
    failed = record_of(plan.chains[1], plan, state=RunState.FAILED, verdict="no calibration")
    ledger = Ledger((*but(all_good(plan, ONE), ["102", "101_102"]).records, failed))

    def told(qa: str) -> tuple[str, ...]:
        branch = project(ONE_BANK, qa)
        return qa_faults(branch, plan_of(branch, 2), worksheet(branch, plan_of(branch, 2), ledger, main=plan))

    assert told(FIRST_GRADED) == ("failed: no calibration (mend it, or fail it): 102", "never run: 101_102")
    assert told("obsnums: {101: {grade: 3}, 102: {grade: -2, combine: false}}\n") == ()
    mended = told("obsnums: {101: {grade: 3}, 102: {grade: 2, flags: {extent: 7}}}\n")
    assert mended == ("never run: 101_102",)


def test_a_change_on_main_that_nobody_reduced_is_told() -> None:
    before, now = plan_of(project(ONE_BANK)), project(ONE_BANK.replace("5", "6"), FIRST_GRADED)
    sheet = worksheet(now, plan_of(now, 2), all_good(before, ONE), main=plan_of(now))
    told = qa_faults(now, plan_of(now, 2), sheet)
    assert told[0].startswith("stale") and told[0].endswith(": 101, 102") and "101_102" in told[1]


def test_what_is_not_processed_wants_a_reason() -> None:
    idle = ONE_BANK + "  T: {obsnums: [103]}\n"
    assert faults(idle, FIRST_GRADED) == ("no tier of T runs it: 103",)
    told = faults(ONE_BANK, FIRST_GRADED, unprocessed={104: "", 105: "invalid", 106: "", 101: ""})
    assert told == ("not processed, and nothing says why: 104, 106",)


def test_many_of_a_kind_are_one_fault() -> None:
    (told,) = faults(f"  S: {{obsnums: {list(range(100, 200))}, tiers: {{a: {{}}, b: {{}}}}}}\n")
    assert told.startswith("combined and not graded: 100, 101,") and told.endswith("and 88 more")
    assert len(told) < 200


GRADES = st.sampled_from(("", "/grade {} 2", "/fail {}", "/flag {} birdies=7", "/combine {} no", "/grade {}__1 3"))


@settings(max_examples=40)
@given(GRADES, GRADES)
def test_a_complete_verdict_leaves_no_accepted_bank_without_a_grade(first: str, second: str) -> None:
    main = project(TWO_BANKS)
    text = ""
    for obsnum, form in ((101, first), (102, second)):
        for command in parse_commands(form.format(obsnum)):
            try:
                text = apply(command, text, main).text  # type: ignore[arg-type]
            except ProjectError:
                continue
    branch = project(TWO_BANKS, text)
    sheet = worksheet(branch, plan_of(branch, 2), all_good(plan_of(main), BOTH), main=plan_of(main))
    missing = [row for row in sheet.rows if row.is_accepted and row.grade in (None, 0)]
    assert bool(qa_faults(branch, plan_of(branch, 2), sheet)) == bool(missing)
