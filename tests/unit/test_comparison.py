"""Two reductions side by side."""

from __future__ import annotations

from bot.formats.project_file import parse_folder
from bot.model.record import Ledger, Record, RunState
from bot.report.webrun import comparison_table
from bot.rules.comparison import compare
from bot.rules.plan import plan_project, with_words

PID = "2024-S1-MX-2"
PLAN = plan_project(
    parse_folder(
        f"pid: {PID}\nmode: SEQ/Map\nsources:\n  A:\n    obsnums:\n      - 110041\n    tiers: {{a: {{}}}}\n", pid=PID
    )
)


def record(digest: str, rms: float, state: RunState = RunState.GOOD, ended: str = "1") -> Record:
    metrics = {"0": {"rms": rms, "rms0": rms / 40, "inttime": 100.0, "instrument": "SEQ", "obspgm": "Map"}}
    return Record(pid=PID, name="110041", source="A", level=1, digest=digest, attempt=1, state=state, lines=("x",),
                  metrics=metrics if state is RunState.GOOD else {}, verdict="lost", ended=ended)  # fmt: skip


def test_the_numbers_stand_beside_each_other() -> None:
    digest = PLAN.chains[0].digest
    own, other = Ledger((record(digest, 44.0),)), Ledger((record("x", 80.0), record("y", 40.0, ended="2")))
    first, second = compare(PLAN, own, other)
    assert (first.own.rms, first.other.rms, first.own.unit, first.own.ratio) == (44.0, 40.0, "mK", 1.1)
    assert first.change is not None and round(first.change, 6) == 0.1
    assert (second.name, second.state, second.change) == ("110041_110041", "not run", None)
    assert "| <code>110041</code> | 0 | good | 44 mK | 40 | +10.0 % | 1.1 | 1 | 100 | 100 |" in comparison_table(
        (first,)
    )


def test_what_failed_says_why_and_has_no_numbers() -> None:
    digest = PLAN.chains[0].digest
    row = compare(PLAN, Ledger((record(digest, 1.0, RunState.FAILED),)), Ledger((record("x", 40.0),)))[0]
    assert (row.state, row.own.rms, row.other.rms, row.bank) == ("failed: lost", None, 40.0, "0")


def test_words_behind_the_lines_change_every_digest_and_nothing_else() -> None:
    longer = with_words(PLAN, ("meta=0",))
    assert with_words(PLAN, ()) is PLAN
    assert [line.words[-1] for unit in longer.units for line in unit.lines] == ["meta=0"] * 2
    assert not {unit.digest for unit in longer.units} & {unit.digest for unit in PLAN.units}
    assert longer.combinations[0].members[0].digest == longer.chains[0].digest
    assert [unit.name for unit in longer.units] == [unit.name for unit in PLAN.units]
