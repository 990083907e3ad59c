"""Building the site: only what changed is written, each file whole; nothing proprietary in a public one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import urllib.request
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from bot.cli.main import main
from bot.doors.git_history import project_commits
from bot.doors.locks import hold
from bot.doors.site_server import SiteServer
from bot.doors.templates import PageMaker
from bot.errors import Busy
from bot.formats.marker import read_marker
from bot.model.record import RunState
from bot.model.site import Card
from bot.report.digest import KIND
from bot.report.site.index import index_page
from bot.rules.attention import wants_of_broken
from bot.settings import Policies, Settings, Site
from bot.stages.digest import make_digest
from bot.stages.site.build import SiteReport, SiteRequest, build_site
from tests.e2e.site import REPOSITORY
from tests.site.hard import BROKEN, HOSTILE, NEW, OPEN, OTHER, PID, done, make_hard_site, numbers, recorded, unit_of

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_hard_site(tmp_path / "lmt")


def build(site: Site, *, public: bool = False) -> SiteReport:
    return build_site(site, SiteRequest(site.need_work() / ("site-public" if public else "site"), public=public))


def stamps(out: Path) -> dict[str, int]:
    """Return {file: when it was written} of what people see."""
    files = [path for path in out.rglob("*") if path.is_file() and ".lmtbot" not in path.parts]
    return {str(path.relative_to(out)): path.stat().st_mtime_ns for path in files}


def text(report: SiteReport, name: str) -> str:
    return (report.out / name).read_text()


def test_a_second_build_writes_nothing(site: Site) -> None:
    first = build(site)
    before = stamps(first.out)
    again = build(site)
    assert (again.rebuilt, again.written) == ((), 0) and stamps(first.out) == before


def test_one_changed_project_touches_its_pages_its_nights_the_feed_and_the_index(site: Site) -> None:
    before = stamps(build(site).out)
    unit = unit_of(site, OPEN, "90001")
    recorded(site, OPEN, unit, RunState.FAILED, attempt=2, verdict="the pipeline stopped")
    report = build(site)
    changed = {name for name, at in stamps(report.out).items() if before.get(name) != at}
    assert report.rebuilt == (OPEN,)
    assert f"p/{OPEN}/index.html" in changed and "index.html" in changed
    assert all(name.startswith(f"p/{OPEN}/") or name in ("index.html", "feed.xml") for name in changed), changed


def test_a_night_is_renewed_when_one_of_its_obsnums_was_reduced(site: Site) -> None:
    before = stamps(build(site).out)
    done(site, PID, unit_of(site, PID, "110004"), {"0": numbers(70, 1.0), "1": numbers(70, 1.0)}, ["x__0.mom0.png"])
    report = build(site)
    changed = {name for name, at in stamps(report.out).items() if before.get(name) != at}
    assert "nights/2024-03-09.html" in changed and "nights/2024-03-06.html" not in changed


def test_a_new_row_of_the_log_reaches_its_night_and_its_project(site: Site) -> None:
    build(site)
    log = site.need_data() / "data_lmt.log"
    row = log.read_text().splitlines()[-1].replace("2018-04-01", "2018-04-05").replace(" 90001 ", " 90009 ")
    log.write_text(f"{row}\n{log.read_text()}")
    report = build(site)
    assert report.rebuilt == (OPEN,) and "90009" in text(report, "nights/2018-04-05.html")
    assert "1 new in the log" in text(report, f"p/{OPEN}/index.html")


def test_a_project_that_is_gone_leaves_no_page(site: Site) -> None:
    build(site)
    (site.projects / NEW / "project.yaml").unlink()
    (site.projects / NEW).rmdir()
    report = build(site)
    assert not (report.out / "p" / NEW).exists() and NEW not in text(report, "index.html")


def test_a_cut_build_is_gone_on_with(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = build(site, public=False)
    wanted = {name: (whole.out / name).read_bytes() for name in stamps(whole.out) if name != "index.html"}
    for name in (f"p/{PID}/110001.html", f"p/{PID}/index.html", ".lmtbot/p/2024-S1-MX-2.json"):
        (whole.out / name).unlink()
    (whole.out / "p" / PID / ".index.html.0badcafe.new").write_text("half a pa")
    assert build(site).rebuilt == (PID,)
    assert {name: (whole.out / name).read_bytes() for name in stamps(whole.out) if name != "index.html"} == wanted


def test_two_builds_of_one_site_do_not_meet(site: Site) -> None:
    out = build(site).out
    words = [sys.executable, "-m", "bot", "site", "build", "--out", str(out), "--work", str(site.need_work())]
    words += ["--root", str(site.root)]
    with hold(out / ".lmtbot" / "lock", str(out), "another"):
        with pytest.raises(Busy, match=f"process {os.getpid()}"):
            build_site(site, SiteRequest(out, wait_s=0))
        waiting = subprocess.Popen(words, cwd=REPOSITORY, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert waiting.stderr
        assert f"process {os.getpid()}" in waiting.stderr.readline()
    assert waiting.communicate()[1] == ""
    assert waiting.returncode == 0


def test_failed_torn_and_unfinished_are_shown_as_what_they_are(site: Site) -> None:
    report = build(site)
    page = text(report, f"p/{PID}/index.html")
    assert "lmtoy_110002__0.rc is missing or empty" in page and "torn or foreign record" in page
    for name, state in (("110002", "failed"), ("110003", "never run"), ("110004", "never run")):
        rows = re.findall(rf'<tr><th scope="row"><a href="{name}.html">.*?</tr>', page, re.S)
        assert len(rows) == 2 and all(f"</b> {state}<" in row and " mK" not in row for row in rows)
    assert "cannot be read" in text(report, f"p/{BROKEN}/index.html")
    assert "files broken" in text(report, "index.html")


def test_nothing_that_a_stranger_wrote_becomes_markup(site: Site) -> None:
    report = build(site)
    for path in report.out.rglob("*"):
        if path.suffix in (".html", ".xml"):
            page = path.read_text()
            assert HOSTILE not in page and "<img src=x" not in page and "</q><script>" not in page, path


def test_every_link_leads_to_something(site: Site) -> None:
    out = build(site).out
    for path in out.rglob("*.html"):
        for link in re.findall(r'(?:href|src|data-link)="([^"]+)"', path.read_text()):
            if not link.startswith(("data:", "#")):
                goal, _, anchor = unquote(link).partition("#")
                assert (path.parent / goal).exists(), f"{path}: {link}"
                assert not anchor or f'id="{anchor}"' in (path.parent / goal).read_text(), f"{path}: {link}"


def test_what_no_plan_reduces_is_told_with_the_reason_where_links_lead(site: Site) -> None:
    project = site.projects / PID / "project.yaml"
    project.write_text(project.read_text().replace(", 110005]", "]") + "left_out: {110005: clouds, 109000: a test}\n")
    report = build(site)
    night, page = text(report, "nights/2024-03-09.html"), text(report, f"p/{PID}/index.html")
    for obsnum, state, why in ((110005, "left out", "clouds"), (110006, "new in the log", "arrival pull request")):
        (line,) = re.findall(rf'<tr>.*?#o{obsnum}">{obsnum}</a>.*?</tr>', night)
        (row,) = re.findall(rf'<tr id="o{obsnum}">.*?</tr>', page)
        assert state in line and why in line and state in row and why in row and "../../nights/2024-03-09.html" in row
    assert "109000: a test" in page and "110005: clouds" not in page, "the log does not know the first"
    assert f"p/{PID}/index.html#o110006" in text(report, "index.html")


def test_a_public_site_holds_pictures_of_public_projects_only_and_no_log(site: Site) -> None:
    done(site, OPEN, unit_of(site, OPEN, "90001"), {"all": numbers(0.002, None, "RSR", "Bs")}, ["rsr.spectra.png"])
    report = build(site, public=True)
    pictures = [path.relative_to(report.out).parts[1] for path in report.out.rglob("*.png")]
    assert set(pictures) == {OPEN}, "it was observed in 2018; the others are not public, or nobody knows"
    everything = "".join(
        path.read_text() for path in report.out.rglob("*") if path.suffix in (".html", ".json", ".xml")
    )
    assert "no space left" not in everything and "unity7" not in everything and ".mom0.png" not in everything
    assert str(site.need_work()) not in everything
    assert "not public yet" in text(report, f"p/{PID}/110001.html") and "70.0 mK" in text(
        report, f"p/{PID}/110001.html"
    )


SECRET = ("/nese/secret", "malt.example.org", "TOP SECRET", "a galaxy nobody knows", "po@example.org")


def hide_secrets(site: Site) -> None:
    """Write what nobody outside may read wherever a person, the pipeline or a machine can write words."""
    path, host, words, title, _ = SECRET
    project = site.projects / OTHER / "project.yaml"
    text = project.read_text().replace("    mode:", f"    note: {words}\n    mode:")
    project.write_text(f"{text}title: {title}\npublic: 2099-01-01\nleft_out: {{107009: '{words}'}}\n")
    (site.projects / OTHER / "qa.yaml").write_text(
        f"note: {words}\nobsnums:\n  107001: {{note: 'see {path}', flags: {{rfile: {path}/blank}}}}\n"
    )
    unit = unit_of(site, OTHER, "107002")
    recorded(site, OTHER, unit, RunState.FAILED, 2, verdict=f"OSError: {path}: {words}", pipeline=f"{path} 5.1")
    log = site.need_work() / "lmtbot" / PID / "log" / "110002.log"
    log.write_text(f"error in {path} on {host}\n")
    broken = site.projects / BROKEN / "project.yaml"
    broken.write_text(f"{broken.read_text()}{path}: 1\n")
    look = site.need_work() / "lmtbot" / "taps" / "110001.json"
    look.write_text(look.read_text().replace('"verdict": "good"', f'"verdict": "{path} is full"'))


@pytest.mark.parametrize("privacy", ["numbers", "states"])
def test_a_public_site_tells_no_words_of_a_closed_project_and_no_numbers_where_states_do(
    site: Site, privacy: str
) -> None:
    hide_secrets(site)
    git(site, f"a change: {SECRET[2]} {SECRET[0]}", f"projects/{OTHER}")
    site = replace(site, settings=Settings(policies=Policies(privacy=privacy)))
    inside, outside = everything(build(site)), everything(build(site, public=True))
    assert [word for word in SECRET if word not in inside] == []
    assert [word for word in SECRET if word in outside] == []
    numbers_of = {"70.0 mK": "rms", "1.03": "its ratio", "99.5": "of a quick look"}
    assert {told for told in numbers_of if told in outside} == (set(numbers_of) if privacy == "numbers" else set())
    page = (site.need_work() / "site-public" / "p" / PID / "index.html").read_text()
    assert "</b> failed<" in page and "</b> never run<" in page and page.count('class="grade g2"') == 1


def everything(report: SiteReport) -> str:
    """Return all texts of a site, with what it remembers."""
    return "".join(one.read_text() for one in report.out.rglob("*") if one.suffix in (".html", ".json", ".xml"))


def git(site: Site, message: str, files: str = "projects") -> None:
    """Commit project files as a person."""
    who = ["-c", "user.name=Dana <A>", "-c", "user.email=po@example.org", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["add", files], ["commit", "-q", "-m", message]):
        subprocess.run(["git", "-C", str(site.root), *who, *words], check=True, env={**os.environ})


def test_feeds_are_atom_with_entries_that_stay_the_same(site: Site) -> None:
    out = site.need_work() / "site"
    build_site(site, SiteRequest(out, base="https://example.org/lmt"))
    for name in ("feed.xml", f"p/{PID}/feed.xml"):
        feed = ElementTree.fromstring((out / name).read_text())  # noqa: S314 - our own text
        ids = [one.text for one in feed.iter(f"{ATOM}id")]
        assert len(ids) == len(set(ids)) > 3
        links = [one.get("href", "") for one in feed.iter(f"{ATOM}link")]
        assert all(link.startswith("https://example.org/lmt/") for link in links)
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}Z", one.text or "") for one in feed.iter(f"{ATOM}updated"))


def test_the_site_is_served_to_this_machine_with_its_pictures(site: Site) -> None:
    build(site)
    server = SiteServer(site.need_work(), 0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        base = f"http://127.0.0.1:{server.port}/"
        page = urllib.request.urlopen(f"{base}site/p/{PID}/110001.html").read().decode()  # noqa: S310 - our own server
        picture = re.search(r'src="\.\./\.\./\.\./([^"]+\.png)"', page)
        assert picture and urllib.request.urlopen(base + picture[1]).read()[:4] == b"\x89PNG"  # noqa: S310
    finally:
        server.stop()
        thread.join()


def test_the_commands_build_and_tell(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    places = ["--root", str(site.root), "--data", str(site.need_data()), "--work", str(site.need_work())]
    assert main(["site", "build", *places]) == 0
    assert "5 of 5 projects changed" in capsys.readouterr().out
    assert main(["site", "serve", "--out", str(site.root), *places]) == 1
    assert "lmtbot site build" in capsys.readouterr().err
    assert main(["digest", "--night", "2024-03-06", *places]) == 0
    told = capsys.readouterr().out
    assert told.startswith("# LMT night 2024-03-06: 1 failed, 1 good, 1 never run")
    assert main(["digest", "--night", "1999-01-01", *places]) == 1
    assert "the newest is 2024-03-11" in capsys.readouterr().err


def test_a_digest_is_inert_markdown_with_a_marker_and_a_mail(site: Site) -> None:
    digest = make_digest(site, "2024-03-06")
    assert read_marker(digest.issue.body, KIND) == {"night": "2024-03-06"} and "<script>" not in digest.issue.body
    assert digest.mail.startswith("Subject: LMT night 2024-03-06:") and "110002" in digest.mail
    assert "DA" in digest.issue.body and make_digest(site).night == "2024-03-11"


def test_commits_are_told_with_people(site: Site) -> None:
    git(site, "qa: grades of the <night>")
    assert set(project_commits(site.root)) == {PID, OTHER, NEW, OPEN, BROKEN}
    page = text(build(site), f"p/{PID}/index.html")
    assert "qa: grades of the &lt;night&gt;" in page and "Dana" in page


def test_the_index_of_a_thousand_projects_stays_light() -> None:
    cards = [
        Card(
            f"2024-S1-US-{number}", "level 1 partly done", "`lmtbot run`", "PO", ("SEQ", "RSR"), "2024-S1",
            "A Proposer's Name", sources=12, obsnums=100, combinations=12, done=90, todo=22, failed=3, ungraded=40,
            observed="2024-03-06", reduced="2024-05-01", wants=wants_of_broken("x", 1),
        )
        for number in range(1000)
    ]  # fmt: skip
    home = REPOSITORY / "templates" / "site"
    page = PageMaker(home)("index.html.j2", root="", page=index_page(cards, "now"), public=False)
    assert page.count("<tr") == 1001
    assert len(page.encode()) + sum(one.stat().st_size for one in (home / "assets").iterdir()) < 300_000


def test_names_whose_bytes_are_no_text_are_shown_escaped_and_stop_no_page(site: Site) -> None:
    strange = os.fsdecode(b"x\xff.png")
    for folder in (site.need_work() / PID / "110001", site.need_work() / PID / "Session-1" / PID / "110001"):
        (folder / strange).write_bytes(b"no picture")
    (site.need_work() / PID / os.fsdecode(b"Session-\xff")).mkdir()
    (site.projects / os.fsdecode(b"2024-S1-\xff")).mkdir()
    page = text(build(site), f"p/{PID}/110001.html")
    assert r"x\xff.png" in page and "SRC_110001__0.mom0.png" in page
