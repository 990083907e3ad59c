"""The page of the newest quick looks in a real browser: sorted, filtered, clicked, at a desk and on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

from bot.settings import Settings, Site
from bot.stages.quicklook.taps import receive_taps, tapbox
from tests.taps import good_tap, look, need

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update "
    "disable-sync"
)
WIDTHS = {"desk": 1280, "phone": 390}
HOSTILE = "<script>document.title='evil'</script>\"'><img src=x onerror=document.title='evil'>"
LOOKS = (
    look(112139, source="IRC+10216", tint_s=1940.9),
    look(9901395, source="M31_A", mode="RSR/Bs", pid="2024S1RSRCommissioning", metrics={"all": {"rms": 0.0042}}),
    look(33551, source=HOSTILE, mode="SEQ/Ps", metrics={"0": {"rms": 0.31}}, tint_s=None),
    look(133551, source="Orion-KL", gap=("roach3",), metrics={"0": {"rms": 99.5}, "1": {"rms": 310.0}}),
    look(112140, source="x" * 400, verdict="the pipeline stopped: exit code 1", metrics={}, pid="2024-S1-MX-22"),
    look(112141, source="CRL618", mode="1MM/Ps", date_obs="nobody knows", metrics={"0": {"rms": 0.052}}),
)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a page with its real tree of unpacked TAPs."""
    root = tmp_path_factory.mktemp("site")
    site = Site(root, None, root / "work", Settings())
    site.need_work().mkdir()
    for one in LOOKS:
        tapbox(site, "").send(one, good_tap(root / "taps", one) if one.is_good else None)
    return site.need_work() / "lmtoy_run" / "last100.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    need(CHROMIUM)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        args = [f"--{flag}" for flag in FLAGS.split()]
        made = play.chromium.launch(executable_path=CHROMIUM, args=args)
        yield made
        made.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Any, page_file: Path) -> Iterator[Any]:
    """Open the page from the disk; whatever it asks for elsewhere, or complains of, is a failure."""
    tab = browser.new_page(viewport={"width": WIDTHS[request.param], "height": 900})
    tab.set_default_timeout(5000)
    asked: list[str] = []
    told: list[str] = []
    tab.on("request", lambda one: asked.append(one.url))
    tab.on("console", lambda one: told.append(one.text))
    tab.on("pageerror", lambda one: told.append(str(one)))
    tab.goto(page_file.as_uri())
    yield tab
    assert told == []
    assert {urlparse(url).scheme for url in asked} <= {"file", "data"}
    assert tab.title() == "LMT: newest quick looks", "a hostile name has run"
    assert tab.locator("img").count() == 0
    tab.close()


def column(page: Any, name: str) -> list[str]:
    """Return what a column shows, from top to bottom, of the rows that are shown."""
    found: list[str] = page.locator(f"tbody tr:not([hidden]) td[data-name='{name}']").evaluate_all(
        "cells => cells.map(cell => cell.querySelector('svg') ? cell.firstChild.textContent.trim() : "
        "cell.textContent.trim())"
    )
    return found


def sort_by(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_numbers_sort_as_numbers_both_ways_and_empty_ones_stay_last(page: Any) -> None:
    sort_by(page, "obsnum")
    assert column(page, "obsnum") == ["33551", "112139", "112140", "112141", "133551", "9901395"]
    sort_by(page, "obsnum")
    assert column(page, "obsnum") == ["9901395", "133551", "112141", "112140", "112139", "33551"]
    sort_by(page, "rms")
    assert column(page, "rms") == ["0.0042 K", "0.052 K", "99.5 / 310 mK", "250 mK", "0.31 K", ""]
    sort_by(page, "rms")
    assert column(page, "rms")[-1] == "" and column(page, "rms")[0] == "0.31 K"
    sort_by(page, "time [s]")
    assert column(page, "time [s]") == ["300", "300", "300", "300", "1941", ""]
    sort_by(page, "sky to page")
    assert column(page, "sky to page")[-1] == ""


def test_states_sort_failed_first_and_the_sorted_column_is_told(page: Any) -> None:
    sort_by(page, "state")
    assert [words.split()[1] for words in column(page, "state")] == ["failed", "gap", *["good"] * 4]
    assert page.locator("th[aria-sort]").count() == 1
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("state")
    sort_by(page, "state")
    assert page.locator("th[aria-sort=descending]").count() == 1


def test_equal_rows_keep_the_newest_first_both_ways(page: Any) -> None:
    newest = column(page, "obsnum")
    for _ in range(2):
        sort_by(page, "mode")
        maps = [n for n, mode in zip(column(page, "obsnum"), column(page, "mode"), strict=True) if mode == "SEQ/Map"]
        assert maps == [obsnum for obsnum in newest if obsnum in maps] and len(maps) == 3


def test_the_keyboard_sorts_too(page: Any) -> None:
    page.get_by_role("button", name="obsnum", exact=True).focus()
    page.keyboard.press("Enter")
    assert column(page, "obsnum")[0] == "33551"
    page.keyboard.press("Space")
    assert column(page, "obsnum")[0] == "9901395"


def test_filters_narrow_together_and_say_how_many(page: Any) -> None:
    page.get_by_label("show").fill("ROACH3 orion")
    assert column(page, "obsnum") == ["133551"]
    assert page.locator("output").inner_text() == "1 of 6 shown"
    page.get_by_label("show").fill("")
    page.get_by_label("instrument").select_option("SEQ")
    assert len(column(page, "obsnum")) == 4
    page.get_by_label("project").select_option("2024-S1-MX-2")
    assert set(column(page, "obsnum")) == {"112139", "33551", "133551"}, "2024-S1-MX-22 is another project"
    sort_by(page, "obsnum")
    assert column(page, "obsnum") == ["33551", "112139", "133551"]


def test_every_link_leads_to_something_in_the_tree(page: Any) -> None:
    links = page.locator("a").evaluate_all("all => all.map(one => one.href)")
    assert len(links) == 10, "five with products, obsnum and project each"
    assert all(Path(unquote(urlparse(link).path)).exists() for link in links)
    page.get_by_role("link", name="9901395").click()
    assert page.locator("body").inner_text() == "look 9901395"
    page.go_back()


def test_nothing_is_wider_than_the_screen_and_everything_is_in_sight(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate(
        "(() => { const box = document.querySelector('.scroll'); return box.scrollWidth <= box.clientWidth; })()"
    )
    assert page.get_by_text("roach3 missing").is_visible()
    assert page.get_by_text("the pipeline stopped: exit code 1").is_visible()
    counts = [one.strip().split("\n")[0] for one in page.locator(".counts li").all_inner_texts()]
    assert [next(word for word in one.split() if word.isdecimal()) for one in counts] == ["4", "1", "1"]


def luminance(colour: str) -> float:
    parts = [int(one) / 255 for one in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_by_day_and_by_night(scheme: str, browser: Any, page_file: Path) -> None:
    tab = browser.new_page(color_scheme=scheme)
    tab.goto(page_file.as_uri())
    colours = tab.evaluate(
        "['body', 'a', '.soft', 'td .good', 'td .gap', 'td .failed', 'th button'].map(which => "
        "getComputedStyle(document.querySelector(which)).color)"
    )
    paper = luminance(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    for colour in colours:
        light, dark = sorted((luminance(colour), paper), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{colour} on {scheme} (WCAG 2, AA)"
    tab.close()


def test_a_page_without_quick_looks_opens_without_a_word(browser: Any, tmp_path: Path) -> None:
    receive_taps(Site(tmp_path, None, tmp_path, Settings()), tmp_path)
    tab = browser.new_page()
    told: list[str] = []
    tab.on("pageerror", lambda one: told.append(str(one)))
    tab.goto((tmp_path / "lmtoy_run" / "last100.html").as_uri())
    assert tab.get_by_text("No quick look has arrived yet").is_visible() and told == []
    tab.close()


@pytest.mark.skipif("LMTBOT_PICTURES" not in os.environ, reason="pictures to look at: LMTBOT_PICTURES=DIR")
def test_pictures_to_look_at(browser: Any, page_file: Path) -> None:
    for name, width in WIDTHS.items():
        for scheme in ("light", "dark"):
            tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            tab.goto(page_file.as_uri())
            tab.screenshot(path=f"{os.environ['LMTBOT_PICTURES']}/last100-{name}-{scheme}.png", full_page=True)
            tab.close()
