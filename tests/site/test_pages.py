"""The site in a real browser: sorted, filtered, searched, walked and compared, at a desk and on a phone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bot.doors.site_store import SiteStore
from bot.doors.templates import PageMaker
from bot.model.site import PULL, Card, Thread
from bot.report.site.index import FIRST_ROWS, index_page
from bot.stages.site.build import SiteRequest, build_site
from bot.stages.site.threads import STATE, Threads
from tests.e2e.site import REPOSITORY
from tests.site.browser import WIDTHS, axe_faults, chromium, opened
from tests.site.hard import BROKEN, HOSTILE, OPEN, PID, make_hard_site

THREAD = Thread(PID, PULL, 17, "verdicts <b>", "https://example.org/17", "open", "DA", about="qa")
PAGES = (
    "index.html", f"p/{PID}/index.html", f"p/{PID}/110001.html", f"p/{PID}/110002.html", f"p/{PID}/qa.html",
    f"p/{BROKEN}/index.html", "nights/2024-03-06.html", "nights/index.html", "last100.html",
)  # fmt: skip


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = make_hard_site(tmp_path_factory.mktemp("hard") / "lmt")
    folder = site.need_work() / "site"
    SiteStore(folder).write_state(STATE, asdict(Threads((THREAD,), "2026-11-28T10:00")))
    build_site(site, SiteRequest(folder))
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as made:
        yield made


@pytest.fixture
def index(browser: Any, out: Path) -> Iterator[Any]:
    with opened(browser, (out / "index.html").as_uri()) as tab:
        yield tab


def shown(tab: Any, column: int = 1) -> list[str]:
    """Return a column of the rows that are shown."""
    found: list[str] = tab.locator(f"#projects tbody tr:not([hidden]) td:nth-child({column})").all_inner_texts()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible_quiet_and_as_wide_as_the_screen(
    name: str, width: str, browser: Any, out: Path
) -> None:
    with opened(browser, (out / name).as_uri(), width=WIDTHS[width]) as tab:
        assert axe_faults(tab) == []
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES[:5])
def test_the_night_colours_are_as_readable(name: str, browser: Any, out: Path) -> None:
    with opened(browser, (out / name).as_uri(), scheme="dark") as tab:
        assert axe_faults(tab) == []


def test_projects_sort_by_a_click_numbers_as_numbers_and_empty_ones_last(index: Any) -> None:
    index.get_by_role("button", name="obs", exact=True).click()
    assert [one for one in shown(index, 7) if one] == ["2", "2", "2", "7"] and shown(index, 7)[-1] == ""
    index.get_by_role("button", name="obs", exact=True).click()
    assert shown(index)[0] == PID
    assert index.locator("th[aria-sort=descending]").inner_text().startswith("obs")


def test_search_and_filters_narrow_together_and_stay_in_the_address(index: Any) -> None:
    index.get_by_label("search").fill("2024-s1 failed")
    assert shown(index) == [PID] and index.locator("output").inner_text() == "1 of 5 shown"
    assert "text=2024-s1+failed" in index.url
    index.get_by_label("search").fill("")
    index.get_by_label("waits for").select_option("DA")
    assert set(shown(index, 2)) == {"in QA"}
    index.get_by_label("semester").select_option("2019-S1")
    assert shown(index) == [OPEN]
    index.reload()
    assert shown(index) == [OPEN], "a link that is sent to somebody shows the same"


@pytest.mark.slow
def test_of_many_projects_the_first_are_shown_and_all_are_found_and_sorted(browser: Any, out: Path) -> None:
    cards = [Card(f"2024-S1-US-{n}", "in QA", "the DA", "DA", obsnums=n, observed="2024-03-06") for n in range(1000)]
    home = REPOSITORY / "templates" / "site"
    path = out / "many.html"
    path.write_text(PageMaker(home)("index.html.j2", root="", page=index_page(cards, "now"), public=False))
    with opened(browser, path.as_uri()) as tab:
        told = tab.locator("output")
        assert (len(shown(tab)), told.inner_text()) == (FIRST_ROWS, "100 of 1000 shown")
        tab.get_by_label("search").fill("us-77")
        assert (len(shown(tab)), told.inner_text()) == (11, "11 of 1000 shown")
        tab.get_by_label("search").fill("")
        tab.get_by_role("button", name="obs", exact=True).click()
        assert shown(tab)[1] == "2024-S1-US-2" and len(shown(tab)) == FIRST_ROWS, "none has 0: it stands last"
        tab.get_by_role("button", name="show all").click()
        assert len(shown(tab)) == 1000
    path.unlink()


def test_only_mine_is_by_name_or_login_and_remembered(index: Any) -> None:
    index.get_by_label("my name or login").fill("ohara")
    index.get_by_label("only mine").check()
    assert shown(index) == [PID]
    index.reload()
    assert index.get_by_label("my name or login").input_value() == "ohara"


def test_what_needs_a_person_leads_to_where_it_can_be_done(index: Any) -> None:
    wants = index.locator(".now .card").first.inner_text()
    assert f"{BROKEN} its files cannot be read" in wants and "1 reduction failed" in wants
    index.get_by_role("link", name=OPEN).first.click()
    assert index.url.endswith(f"p/{OPEN}/qa.html")


def test_the_keyboard_walks_and_collects_commands_that_the_bot_reads(browser: Any, out: Path) -> None:
    from bot.formats.comment_command import Misread, parse_commands

    with opened(browser, (out / "p" / PID / "qa.html").as_uri()) as tab:
        visible = tab.locator(".slide:visible")
        assert visible.count() == 1 and visible.get_attribute("data-label") == "110001__0"
        tab.keyboard.press("3")
        assert tab.locator(".slide:visible").get_attribute("data-label") == "110001__1"
        tab.keyboard.press("f")
        tab.keyboard.press("k")
        tab.keyboard.press("g")
        tab.keyboard.type("pix_list=-0,5")
        tab.keyboard.press("Escape")
        tab.keyboard.press("n")
        tab.keyboard.type("it's $HOME `ripples`")
        tab.keyboard.press("Escape")
        tab.keyboard.press("j")
        assert tab.locator(".slide:visible").get_attribute("data-label") == "110011", "back by k, and on by j"
        text = tab.locator("#lines").input_value()
        tab.reload()
        assert tab.locator("#lines").input_value() == text, "verdicts outlive a reload"
        command = tab.locator("#command").input_value()
        told = parse_commands(text)
    assert not [one for one in told if isinstance(one, Misread)]
    assert text.splitlines() == [
        "/grade 110001__0 3", "/fail 110001__1 it's $HOME `ripples`", "/flag 110001__1 pix_list=-0,5",
    ]  # fmt: skip
    assert posted_by(command) == f"pr comment 17 --body-file -\n{text}\n"


def posted_by(command: str) -> str:
    """Return the arguments that a command gives to gh, and what it says to it, as a shell reads it."""
    script = f'gh() {{ echo "$@"; cat; }}\n{command}\n'
    return subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True).stdout


def test_enter_takes_the_suggestion_and_zero_takes_it_back(browser: Any, out: Path) -> None:
    with opened(browser, (out / "p" / PID / "qa.html").as_uri()) as tab:
        tab.keyboard.press("Enter")
        assert tab.locator("#lines").input_value() == "/grade 110001__0 3"
        tab.keyboard.press("ArrowLeft")
        tab.keyboard.press("0")
        assert tab.locator("#lines").input_value() == ""


def test_two_makings_are_compared_by_slider_blink_and_side_by_side(browser: Any, out: Path) -> None:
    with opened(browser, (out / "p" / PID / "110001.html").as_uri()) as tab:
        names = tab.get_by_label("left").locator("option").all_inner_texts()
        assert names == ["official", "first pass", "quick look", "Session-1"]
        tab.get_by_label("right").select_option("Session-1")
        stage = tab.locator(".stage")
        assert "/Session-1/" in stage.locator("img.right").get_attribute("src")
        tab.wait_for_function("[...document.querySelectorAll('.stage img')].every(one => one.naturalWidth > 0)")
        tab.get_by_label("divide").fill("20")
        assert stage.evaluate("one => one.style.getPropertyValue('--at')") == "20%"
        tab.locator("h1").click()
        tab.keyboard.press("b")
        assert "blink" in (stage.get_attribute("class") or "")
        assert tab.locator(".caption").inner_text() in ("official", "Session-1")
        tab.get_by_label("how").select_option("side")
        boxes = [stage.locator(f"img.{side}").bounding_box() for side in ("left", "right")]
        assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"] + 1


def test_neighbours_are_a_key_away(browser: Any, out: Path) -> None:
    with opened(browser, (out / "p" / PID / "110001.html").as_uri()) as tab:
        tab.keyboard.press("j")
        tab.wait_for_url("**/110002.html")
        assert HOSTILE in tab.locator("h1").inner_text()
        tab.keyboard.press("k")
        tab.wait_for_url("**/110001.html")
        tab.keyboard.press("u")
        tab.wait_for_url("**/index.html")


def test_a_failed_run_shows_its_reason_and_nothing_of_its_neighbour(browser: Any, out: Path) -> None:
    with opened(browser, (out / "p" / PID / "110002.html").as_uri()) as tab:
        words = tab.locator("main").inner_text()
        assert "lmtoy_110002__0.rc is missing or empty" in words and "OSError: no space left <b>" in words
        assert "mK" not in tab.locator(".numbers").inner_text() and tab.locator(".gallery img").count() == 0


@pytest.mark.skipif("LMTBOT_PICTURES" not in os.environ, reason="pictures to look at: LMTBOT_PICTURES=DIR")
def test_pictures_to_look_at(browser: Any, out: Path) -> None:
    for name in PAGES:
        for width in WIDTHS:
            with opened(browser, (out / name).as_uri(), width=WIDTHS[width]) as tab:
                path = f"{os.environ['LMTBOT_PICTURES']}/{name.replace('/', '-')}-{width}.png"
                tab.screenshot(path=path, full_page=True)
