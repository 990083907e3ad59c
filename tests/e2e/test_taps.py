"""`lmtbot taps`: what lies in the inbox ends where people look, whatever lies beside it and whatever is killed."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.doors.tapbox import FACTS, INBOX, TAP, facts_text, name_of
from bot.model.quicklook import QuickLook
from bot.settings import find_site
from bot.stages.quicklook.taps import receive_taps
from tests.e2e.site import REPOSITORY, PracticeSite
from tests.e2e.struck import Server, Strike
from tests.taps import PID, good_tap, look, member, pack


@dataclass(frozen=True)
class TapSite(PracticeSite):
    """A WORK_LMT that receives."""

    @property
    def inbox(self) -> Path:
        return self.work / INBOX

    def post(self, one: QuickLook, tap: Path | None, at: int) -> None:
        """Put a quick look into the inbox, arrived at a time in s."""
        name = name_of(one)
        if tap:
            shutil.move(tap, self.inbox / f"{name}{TAP}")
        facts = self.inbox / f"{name}{FACTS}"
        facts.write_text(facts_text(one))
        os.utime(facts, (at, at))

    def log(self) -> list[str]:
        path = self.work / "lmtoy_run" / "rsync.log"
        return path.read_text().splitlines() if path.exists() else []

    def receive(self) -> list[str]:
        """Receive in this process; return the outcomes."""
        site = find_site(str(self.root), None, str(self.work), {})
        return [one.outcome for one in receive_taps(site, self.work)]


@pytest.fixture
def site(tmp_path: Path) -> TapSite:
    made = TapSite(tmp_path / "site")
    (made.root / "projects").mkdir(parents=True)
    made.inbox.mkdir(parents=True)
    return made


NOON = 1_709_726_400
"""2024-03-06T12:00:00 UT."""


def test_an_inbox_is_told_received_and_logged_with_columns_that_tools_of_today_read(site: TapSite) -> None:
    one, failed = look(112139), look(112140, verdict="no calibration", gap=("roach3",))
    site.post(one, good_tap(site.root, one), NOON)
    site.post(failed, None, NOON + 60)
    (site.inbox / "7.x.json").write_text('{"obsnum": 7, "colour": "red"}')
    assert "unpacked" in site.call("taps", code=1) and site.log() == []
    site.call("taps", "--receive", "--dry-run", code=1)
    assert not (site.work / PID).exists()
    told = site.json("taps", "--receive", code=1)
    assert [(tap.get("obsnum"), tap["outcome"]) for tap in told["taps"]] == [
        (112139, "unpacked"),
        (112140, "failed quick look"),
        (None, "refused"),
    ]
    assert "colour" in told["refused"]["7.x"] and (site.inbox / "refused" / "7.x.json").exists()
    assert (site.work / PID / "TAP" / "112139" / "README.html").read_text() == "<p>look 112139</p>"
    assert site.log() == ["2024-03-06T12:00:00 112139 2024-S1-MX-2"]
    assert (site.work / "lmtoy_run" / "last100.log").read_text().splitlines() == site.log()
    page = (site.work / "lmtoy_run" / "last100.html").read_text()
    assert page.index("112140") < page.index("112139") and "no calibration; roach3 missing" in page
    assert site.json("taps", "--receive")["taps"] == []


def test_a_page_is_made_when_nothing_has_come_yet(site: TapSite) -> None:
    assert "inbox is empty" in site.call("taps", "--receive")
    assert "No quick look has arrived yet" in (site.work / "lmtoy_run" / "last100.html").read_text()


def test_what_a_cut_transfer_left_in_the_inbox_goes_a_day_later(site: TapSite) -> None:
    old, young = site.inbox / ".112139.ab.json.9d7f78a7.new", site.inbox / ".112140.cd.tar.Xy12"
    for path in (old, young):
        path.write_text("half")
    os.utime(old, (NOON, NOON))
    assert site.receive() == []
    assert [path.name for path in site.inbox.iterdir() if path.is_file()] == [young.name]


WRONG = {
    "7.a.json": facts_text(look(8, verdict="x")),
    "9.b.json": facts_text(look(9, verdict="x")).replace(PID, "../../etc"),
    "10.c.json": "{",
    "11.d.json": "[]",
    "12.e.json": facts_text(look(12)),
    "13.f.json": facts_text(look(13, verdict="x")).replace('"source"', '"sauce"'),
    "14.g.json": "\x00" * 10,
}


@pytest.mark.parametrize("name", WRONG)
def test_facts_that_are_wrong_are_put_aside_with_the_reason(name: str, site: TapSite) -> None:
    (site.inbox / name).write_text(WRONG[name])
    assert site.receive() == ["refused"]
    assert (site.inbox / "refused" / name).read_text() == WRONG[name]
    assert (site.inbox / "refused" / name).with_suffix(".txt").read_text().strip()
    assert site.receive() == [] and site.log() == []


def test_a_link_in_the_inbox_is_not_followed(site: TapSite) -> None:
    secret = site.root / "secret.json"
    secret.write_text(facts_text(look(5, verdict="x")))
    (site.inbox / "5.a.json").symlink_to(secret)
    assert site.receive() == ["refused"] and secret.exists()


def test_a_re_made_quick_look_takes_the_place_of_the_old_one_in_whatever_order_they_come(site: TapSite) -> None:
    old = look(112139, reduced="2024-03-06T11:36:31.000Z", verdict="the pipeline stopped")
    new = look(112139, reduced="2024-03-06T11:50:00.000Z")
    newest = look(112139, reduced="2024-03-06T12:50:00.000Z", source="BETTER")
    site.post(old, None, NOON)
    assert site.receive() == ["failed quick look"] and site.log() == []
    site.post(newest, good_tap(site.root, newest, "newest"), NOON + 120)
    site.post(new, good_tap(site.root, new, "new"), NOON + 240)
    assert site.receive() == ["unpacked", "known already"]
    site.post(newest, good_tap(site.root, newest, "newest"), NOON + 999)
    assert site.receive() == ["known already"]
    assert site.log() == ["2024-03-06T12:02:00 112139 2024-S1-MX-2"]
    assert "newest" in (site.work / PID / "TAP" / "112139" / "README.html").read_text()
    page = (site.work / "lmtoy_run" / "last100.html").read_text()
    assert page.count('data-key="112139"') == 1 and "BETTER" in page
    assert not list(site.inbox.glob("*.*"))


def test_the_page_holds_the_newest_hundred_and_the_log_all(site: TapSite) -> None:
    for number in range(1, 131):
        one = look(number)
        site.post(one, good_tap(site.root, one), NOON + number)
    site.receive()
    assert len(site.log()) == 130
    obsnums = re.findall(r'data-key="(\d+)" data-name="obsnum"', (site.work / "lmtoy_run" / "last100.html").read_text())
    assert obsnums == [str(number) for number in range(130, 30, -1)]


def final_state(site: TapSite) -> dict[str, str]:
    """Return every file below WORK_LMT but the lock, without the time of the page."""
    files = {str(path.relative_to(site.work)): path for path in site.work.rglob("*") if path.is_file()}
    texts = {name: path.read_text() for name, path in files.items() if not name.endswith(".lock")}
    return {name: re.sub(r"Last renewed [\d: -]+ UT", "", text) for name, text in texts.items()}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server(REPOSITORY)
    yield made
    made.close()


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_receiving_killed_at_any_step_and_run_again_ends_as_if_it_never_was(
    server: Server, tmp_path: Path, stride: int
) -> None:
    start = TapSite(tmp_path / "start")
    (start.root / "projects").mkdir(parents=True)
    start.inbox.mkdir(parents=True)
    first = look(112139, source="OLD", reduced="2024-03-06T11:00:00Z")
    start.post(first, good_tap(start.root, first, "old"), NOON - 60)
    start.receive()
    one, two, bad = look(112139), look(112140, verdict="no calibration"), look(112141)
    start.post(one, good_tap(start.root, one, "new"), NOON)
    start.post(two, None, NOON + 1)
    start.post(bad, pack(start.root / "bad.tar", [member("/etc/x")]), NOON + 2)

    def run(site: TapSite, step: int = 0, how: str = "kill") -> str:
        words = ("taps", "--receive", "--root", str(site.root))
        return server.run(Strike(words, site.environment(), str(site.root / "told"), step, how))[1]

    def fresh(name: str) -> TapSite:
        shutil.copytree(start.root, tmp_path / name, symlinks=True)
        return TapSite(tmp_path / name)

    calm = fresh("calm")
    steps = int(re.findall(r"steps: (\d+)", run(calm))[0])
    wanted = final_state(calm)
    assert steps > 30 and json.loads(wanted["lmtbot/taps/112139.json"])["source"] == "IRC+10216"
    for step in range(1, steps + 1, stride):
        for how in ("kill", "full") if step % 4 == 0 else ("kill",):
            struck = fresh(f"{how}{step}")
            run(struck, step, how)
            assert page_of_tap(struck) in ("", "old", "new"), f"{how} at step {step}"
            struck.receive()
            assert final_state(struck) == wanted, f"{how} at step {step}"
            shutil.rmtree(struck.root)


def page_of_tap(site: TapSite) -> str:
    """Return which products people see; "" between the two renames that replace them."""
    path = site.work / PID / "TAP" / "112139" / "README.html"
    return path.read_text().removeprefix("<p>").removesuffix(" 112139</p>") if path.parent.exists() else ""
