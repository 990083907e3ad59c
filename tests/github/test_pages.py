"""The pages in a real browser, at a desk and on a phone: three people take a change from an edit to main."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from bot.sim.github.pages.session import Session
from tests.e2e.test_last100_page import CHROMIUM, FLAGS, WIDTHS
from tests.github.hub import REPO, Hub
from tests.taps import need

QA = "projects/2024-S1-MX-2/qa.yaml"
BOTH, PHONE, DESK = (
    pytest.mark.parametrize("browser", kinds, indirect=True) for kinds in (WIDTHS, ["phone"], ["desk"])
)
HOSTILE = "<script>document.title='evil'</script>\"'><img src=x onerror=document.title='evil'><!-- -->"
FORM = """\
name: A problem with the data
description: Tell us what is wrong
title: "[data] "
labels: [data]
assignees: [da]
body:
  - type: markdown
    attributes: {value: "Thank you. **Be short.**"}
  - type: input
    attributes: {label: Obsnum}
    validations: {required: true}
  - type: dropdown
    attributes: {label: Instrument, options: [SEQ, RSR]}
  - type: textarea
    attributes: {label: What happens, render: shell}
  - type: textarea
    attributes: {label: Anything else}
  - type: checkboxes
    attributes:
      label: Before you send
      options:
        - {label: I looked at the plots, required: true}
        - {label: I asked the DA}
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    need(CHROMIUM)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=[f"--{flag}" for flag in FLAGS.split()])
        yield made
        made.close()


class Browser:
    """One tab: who uses it, where it is; what a page must never do is looked for after each step."""

    def __init__(self, tab: Any, hub: Hub) -> None:
        self.tab, self.hub = tab, hub

    def be(self, login: str) -> None:
        self.tab.get_by_role("button", name=login, exact=True).click()
        assert self.tab.locator("[aria-pressed=true]").inner_text() == login

    def go(self, path: str) -> str:
        """Open a page of the repository; return its text."""
        self.tab.goto(f"{self.hub.address}/lmtoy/lmtoy_run{path}")
        return self.look()

    def press(self, name: str) -> str:
        with self.tab.expect_navigation():
            self.tab.get_by_role("button", name=name, exact=True).click()
        return self.look()

    def follow(self, name: str, **how: Any) -> str:
        with self.tab.expect_navigation():
            self.tab.get_by_role("link", name=name, **how).first.click()
        return self.look()

    def look(self) -> str:
        """Return what the page says; it scrolls only up and down, and holds nothing that could run."""
        assert self.tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), self.tab.url
        assert self.tab.locator("script, iframe, object, embed, [onerror], [onload], [src=x]").count() == 0
        assert self.tab.title() != "evil", "hostile words have run"
        return str(self.tab.locator("main").inner_text())


@pytest.fixture
def browser(request: pytest.FixtureRequest, chromium: Any, hub: Hub) -> Iterator[Browser]:
    context = chromium.new_context(viewport={"width": WIDTHS[request.param], "height": 900})
    tab = context.new_page()
    tab.set_default_timeout(5000)
    asked: list[str] = []
    told: list[str] = []
    tab.on("request", lambda one: asked.append(one.url))
    tab.on("pageerror", lambda one: told.append(str(one)))
    tab.goto(hub.address)
    yield Browser(tab, hub)
    assert told == []
    assert [url for url in asked if not url.startswith((hub.address, "data:"))] == [], "a page asked elsewhere"
    context.close()


@BOTH
@pytest.mark.slow
def test_the_pi_edits_a_file_the_da_approves_and_the_po_merges(browser: Browser, hub: Hub) -> None:
    hub.protect(required_pull_request_reviews={"required_approving_review_count": 1})
    browser.be("pi")
    browser.go(f"/blob/main/{QA}")
    browser.follow("Edit", exact=True)
    browser.tab.get_by_label("Text").fill("qa:\n  117345: {grade: 3}\n")
    browser.tab.get_by_label("What changes").fill("Grade 117345")
    text = browser.press("Propose the change")
    assert "Grade 117345 #1" in text and "pi:pi-patch-1" in text
    assert "Nobody approves their own pull request." in text
    assert browser.tab.get_by_role("button", name="Approve").count() == 0

    browser.be("po")
    assert "At least 1 approving review is required" in browser.look()
    assert browser.tab.get_by_role("button", name="Merge", exact=True).count() == 0

    browser.be("da")
    browser.follow("Files")
    browser.follow("comment on line 2", exact=False)
    browser.tab.get_by_role("textbox", name="Comment on line 2").fill("Is bank 1 as *good*?")
    assert "Is bank 1 as good?" in browser.press("Comment")
    browser.follow("Conversation")
    browser.tab.get_by_label("Words").fill("Yes, it is.")
    text = browser.press("Approve")
    assert "da approved" in text.replace("\n", " ")
    assert "da may not merge" not in text

    browser.be("po")
    browser.tab.get_by_role("combobox").first.select_option("squash")
    text = browser.press("Merge")
    assert "Merged by po" in text
    assert hub.text(QA) == "qa:\n  117345: {grade: 3}\n"
    assert hub.actions("pull_request")[-1] == "closed" and hub.actions("pull_request_review")[-1] == "submitted"
    review = hub.po.get(f"{REPO}/pulls/1/reviews").json[-1]
    assert (review["user"]["login"], review["state"]) == ("da", "APPROVED")
    assert review["commit_id"] == hub.po.get(f"{REPO}/pulls/1").json["head"]["sha"]


@PHONE
@pytest.mark.slow
def test_an_issue_form_asks_what_it_must_and_writes_the_body_as_github_does(browser: Browser, hub: Hub) -> None:
    hub.write(".github/ISSUE_TEMPLATE/data.yml", FORM, who=hub.po)
    hub.write(".github/ISSUE_TEMPLATE/broken.yml", "name: x\nbody: [{type: nonsense}]\n", who=hub.po)
    hub.po.post(f"{REPO}/labels", {"name": "data", "color": "aa0000"})
    browser.be("stranger")
    browser.go("/issues")
    assert "'nonsense'" in browser.follow("New issue", exact=True)
    browser.follow("A problem with the data")
    browser.tab.get_by_label("Title").fill("[data] stripes")
    browser.tab.get_by_label("What happens").fill("lines\nof it")
    browser.tab.locator("form.ask").evaluate("form => form.noValidate = true")
    text = browser.press("Create issue")
    assert "Still to be answered:\n\nObsnum\nI looked at the plots" in text
    assert browser.tab.get_by_label("What happens").input_value() == "lines\nof it", "what was written is kept"
    browser.tab.get_by_label("Obsnum").fill("120317")
    browser.tab.get_by_label("Instrument").select_option("RSR")
    browser.tab.get_by_label("I looked at the plots").check()
    browser.press("Create issue")
    made = hub.po.get(f"{REPO}/issues/1").json
    assert made["body"] == (
        "### Obsnum\n\n120317\n\n### Instrument\n\nRSR\n\n### What happens\n\n```shell\nlines\nof it\n```\n\n"
        "### Anything else\n\n_No response_\n\n### Before you send\n\n- [x] I looked at the plots\n- [ ] I asked the DA"
    )
    assert [made["title"], made["user"]["login"]] == ["[data] stripes", "stranger"]
    assert [one["name"] for one in made["labels"]] == ["data"] and made["assignee"]["login"] == "da"
    assert browser.tab.locator("input[type=checkbox][checked]").count() == 1


@DESK
@pytest.mark.slow
def test_people_talk_close_open_label_and_release(browser: Browser, hub: Hub) -> None:
    hub.pi.post(f"{REPO}/issues", {"title": "Stripes", "body": "<!-- lmtbot: marker -->\nsee `120317`"})
    browser.be("pi")
    assert "marker" not in browser.go("/issues/1")
    browser.tab.keyboard.press("Tab")
    assert browser.tab.locator(":focus").inner_text() == "to the page", "keys reach the page past the bar"
    browser.tab.get_by_label("Comment").fill("/status")
    browser.press("Comment")
    browser.tab.locator("article.comment summary").last.click()
    browser.tab.locator("article.comment textarea").last.fill("/help")
    assert "/help" in browser.press("Save")
    assert hub.actions("issue_comment") == ["created", "edited"]
    assert "Closed" in browser.press("Close") and "Open" in browser.press("Open again")
    browser.be("da")
    browser.tab.get_by_text("Change", exact=True).click()
    browser.tab.get_by_label("a new one").fill("striped")
    assert "striped" in browser.press("Set labels")
    browser.go("/releases")
    browser.tab.get_by_text("New release").click()
    browser.tab.get_by_label("Tag").fill("v1.0")
    assert "v1.0" in browser.press("Publish")
    hub.git("clone", "-q", hub.url(), "released")
    assert hub.git("tag", cwd=hub.folder / "released") == "v1.0\n"


@DESK
@pytest.mark.slow
def test_a_da_commits_to_a_branch_from_the_browser_and_nobody_overwrites_what_they_have_not_seen(
    browser: Browser, hub: Hub
) -> None:
    hub.pull("qa/2024-S1-MX-2", {"dos.txt": "one\r\ntwo\r\n"}, who=hub.bot())
    browser.be("da")
    browser.go("/edit/qa/2024-S1-MX-2/dos.txt")
    browser.tab.get_by_label("Text").fill("one\n\n  <two>\n")
    assert "<two>" in browser.press("Commit")
    assert hub.text("dos.txt", "qa/2024-S1-MX-2") == "one\r\n\r\n  <two>\r\n"
    assert hub.actions("pull_request")[-1] == "synchronize"
    browser.go("/edit/qa/2024-S1-MX-2/dos.txt")
    hub.write("dos.txt", "by git\n", "qa/2024-S1-MX-2")
    browser.tab.get_by_label("Text").fill("late")
    assert "Somebody was faster" in browser.press("Commit")
    assert hub.text("dos.txt", "qa/2024-S1-MX-2") == "by git\n"


@PHONE
@pytest.mark.slow
def test_hostile_words_are_words_everywhere(browser: Browser, hub: Hub) -> None:
    name = "a<img src=x onerror=alert(1)>.txt"
    files = {quote(name): HOSTILE, "evil.md": f"{HOSTILE}\n\n[x](javascript:alert(1))\n"}
    number = hub.pull("evil", files, title=HOSTILE, body=f"{HOSTILE}\n\n{HOSTILE}\n\n<details onclick=x>")
    head = hub.tip("evil")
    hub.da.post(f"{REPO}/issues/{number}/comments", {"body": f"| a |\n|---|\n| {HOSTILE} |"})
    hub.po.put(f"{REPO}/issues/{number}/labels", {"labels": ["<b onload=x>"]})
    line = {"body": HOSTILE, "path": "evil.md", "line": 1, "side": "RIGHT", "commit_id": head}
    hub.da.post(f"{REPO}/pulls/{number}/comments", line)
    told = {"title": HOSTILE, "summary": HOSTILE, "annotations": [
        {"path": name, "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": HOSTILE}]}  # fmt: skip
    run = {"name": HOSTILE, "head_sha": head, "status": "completed", "conclusion": "failure", "output": told}
    check = hub.bot().post(f"{REPO}/check-runs", run | {"details_url": "javascript:alert(1)"}).json["id"]
    hub.ask(lambda: _add_run(hub, head))
    for path in (
        "", "/pulls", f"/pull/{number}", f"/pull/{number}/files", f"/pull/{number}/checks", f"/pull/{number}/commits",
        "/tree/evil", "/blob/evil/evil.md", f"/blob/evil/{quote(name)}",
        f"/commit/{head}", "/commits/evil", "/branches", "/compare/main...evil", f"/runs/{check}", "/actions",
        "/actions/runs/1", "/actions/runs/1/job/1", "/nowhere/<script>", f"/issues/new?template={HOSTILE}",
    ):  # fmt: skip
        browser.go(path)
        assert browser.tab.locator("a[href^='javascript' i]").count() == 0, path
    assert "<script>" in browser.go(f"/pull/{number}")


def _add_run(hub: Hub, sha: str) -> None:
    db, now = hub.state.db, hub.state.now()
    flow = db.insert("workflows", repo_id=1, path="x.yml", name=HOSTILE, created_at=now, updated_at=now)
    over: dict[str, Any] = {"status": "completed", "conclusion": "failure", "created_at": now}
    run = db.insert("runs", repo_id=1, workflow_id=flow, event="push", head_sha=sha, title=HOSTILE, number=1,
                    actor_id=2, summary=HOSTILE, updated_at=now, **over)  # fmt: skip
    steps = [{"name": HOSTILE, "status": "completed", "conclusion": "failure", "number": 1}]
    db.insert(
        "jobs", run_id=run, attempt=1, name=HOSTILE, log=HOSTILE, summary=HOSTILE, steps=json.dumps(steps), **over
    )


def _send(url: str, data: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, told)) as answer:  # noqa: S310
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


@pytest.mark.slow
def test_a_foreign_page_can_neither_send_our_forms_nor_read_us(hub: Hub) -> None:
    hub.po.post(f"{REPO}/issues", {"title": "x"})
    session = Session("a" * 64, "po")
    cookie = {"Cookie": f"practice_{hub.address.rpartition(':')[2]}={session.cookie}"}
    url = f"{hub.address}/lmtoy/lmtoy_run/issues/1/comments"
    assert _send(url, b"body=hello", **cookie)[0] == 403
    assert _send(url, f"body=hello&token={Session('b' * 64).token}".encode(), **cookie)[0] == 403
    assert hub.po.get(f"{REPO}/issues/1/comments").json == []
    status, headers, _ = _send(url, f"body=hello&token={session.token}".encode(), **cookie)
    assert (status, hub.po.get(f"{REPO}/issues/1/comments").json[0]["user"]["login"]) == (200, "po")
    assert _send(f"{hub.address}/", Host="evil.example.org", Accept="text/html")[0] == 403
    assert "default-src 'none'" in headers["content-security-policy"]
    back = f"token={session.token}&login=da&back=//evil.example.org/".encode()
    assert _send(f"{hub.address}/-/who", back, **cookie)[0] == 200, "it leads home, not away"


@pytest.mark.slow
def test_a_form_made_by_hand_is_refused_by_the_rule_of_the_api(hub: Hub) -> None:
    number = hub.pull("one")
    web = f"{hub.address}/lmtoy/lmtoy_run"
    for login, path, fields, status in (
        ("stranger", f"pull/{number}/merge", "method=merge", 403),
        ("", f"pull/{number}/merge", "method=merge", 401),
        ("da", f"pull/{number}/reviews", "event=APPROVE", 422),
        ("da", f"pull/{number}/merge", f"method=merge&sha={'0' * 40}", 409),
        ("pi", f"issues/{number}/labels", "label=x", 403),
        ("nobody-known", f"issues/{number}/comments", "body=x", 401),
        ("stranger", "branches/delete", "branch=one", 403),
        ("stranger", "releases", "tag=v1", 403),
    ):
        session = Session("c" * 64, login)
        cookie = f"practice_{hub.address.rpartition(':')[2]}={session.cookie}"
        answer = _send(f"{web}/{path}", f"token={session.token}&{fields}".encode(), Cookie=cookie)
        assert answer[0] == status, (login, path)
    pull = hub.po.get(f"{REPO}/pulls/{number}").json
    assert (pull["state"], pull["labels"], pull["comments"], hub.tip("one")) == ("open", [], 0, pull["head"]["sha"])
    assert hub.po.get(f"{REPO}/pulls/{number}/reviews").json == [] == hub.po.get(f"{REPO}/releases").json


@pytest.mark.slow
def test_raw_files_differences_and_assets_are_what_was_put_in(hub: Hub) -> None:
    number = hub.pull("qa/x", {"a.html": "<script>1</script>\n"})
    web = f"{hub.address}/lmtoy/lmtoy_run"
    status, headers, data = _send(f"{web}/raw/qa/x/a.html")
    assert (status, data, headers["content-type"]) == (200, b"<script>1</script>\n", "text/plain; charset=utf-8")
    assert "sandbox" in headers["content-security-policy"]
    pull = hub.po.get(f"{REPO}/pulls/{number}").json
    clone = hub.clone()
    for address in (pull["diff_url"], pull["patch_url"], f"{web}/compare/main...qa/x.diff"):
        (clone / "x.diff").write_bytes(_send(address)[2])
        hub.git("apply", "x.diff", cwd=clone)
        assert (clone / "a.html").read_text() == "<script>1</script>\n"
        (clone / "a.html").unlink()
    release = hub.po.post(f"{REPO}/releases", {"tag_name": "data/v1"}).json["id"]
    asset = hub.po.send("POST", f"{REPO}/releases/{release}/assets?name=a%20b.bin", bytes(range(256))).json
    assert _send(asset["browser_download_url"])[2] == bytes(range(256))
    assert hub.po.get(f"{REPO}/releases/assets/{asset['id']}").json["download_count"] == 1
    assert _send(f"{web}/releases/download/data/v1/none.bin")[0] == 404


@pytest.mark.slow
def test_a_private_repository_is_not_found_by_who_may_not_see_it(hub: Hub) -> None:
    hub.po.patch(REPO, {"private": True})
    for path in ("", "/pulls", f"/raw/main/{QA}", "/issues/new", "/actions", "/releases", "/branches"):
        assert _send(f"{hub.address}/lmtoy/lmtoy_run{path}")[0] == 404, path
    assert b"lmtoy_run" not in _send(f"{hub.address}/", Accept="text/html")[2]
