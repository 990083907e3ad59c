"""Wrong input: a clear error each, no traceback, nothing changed on disk."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from tests.e2e.site import LOG, PID, PROJECT, PracticeSite, make_site
from tests.sampling import one_in

BOMB = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nsources: {A: *c}\n"
WRONG_YAML: dict[str, tuple[bytes, str]] = {
    "binary garbage": (random.Random(1).randbytes(5000), "UTF-8"),
    "a line of 10 MB": (b"pid: " + b"x" * 10_000_000, "bytes"),
    "a long line": (b"pid: 2024-S1-MX-2\ntitle: " + b"x" * 100_000, "characters"),
    "a bomb of aliases": (BOMB.encode(), "alias"),
    "an anchor that is used": (b"pid: &p 2024-S1-MX-2\ntitle: *p\n", "alias"),
    "a merge key": (b"pid: 2024-S1-MX-2\nsources: {A: {<<: {}}}\n", "simple word"),
    "a tag that would run code": (b"pid: !!python/object/apply:os.system [id]\n", "tag"),
    "a tab for an indent": (PROJECT.replace("    mode", "\tmode").encode(), "project.yaml:4"),
    "latin-1 text": ("pid: 2024-S1-MX-2\ntitle: \xe9t\xe9\n".encode("latin-1"), "iconv"),
    "windows line ends": (PROJECT.replace("\n", "\r\n").encode(), "dos2unix"),
    "a byte order mark": (b"\xef\xbb\xbf" + PROJECT.encode(), "BOM"),
    "a NUL": (PROJECT.replace("FIELD_A", "FIELD\x00A").encode(), "control character"),
    "a key twice": (PROJECT.replace("GALAXY", "FIELD_A").encode(), "twice"),
    "an obsnum in quotes": (PROJECT.replace("117345", "'117345'").encode(), "quotes"),
    "a negative obsnum": (PROJECT.replace("- 117345", "- -117345").encode(), "combine: false"),
    "an obsnum of 20 digits": (PROJECT.replace("117345", "12345678901234567890").encode(), "whole number"),
    "an obsnum with underscores": (PROJECT.replace("117345", "117_345").encode(), "whole number"),
    "an octal obsnum": (PROJECT.replace("117345", "0117345").encode(), "whole number"),
    "a float obsnum": (PROJECT.replace("117345", "117345.0").encode(), "whole number"),
    "zero": (PROJECT.replace("117345", "0").encode(), "obsnum"),
    "an unknown key": (PROJECT.replace("obsnums:", "obsnum:", 1).encode(), "did you mean obsnums?"),
    "a shell character": (PROJECT.replace("extent: 120", "extent: 120;id").encode(), "';'"),
    "a dollar": (PROJECT.replace("extent: 120", "extent: $HOME").encode(), "'$'"),
    "quotes in a value": (PROJECT.replace("extent: 120", "extent: '1\"2'").encode(), "shell"),
    "white space in a value": (PROJECT.replace("extent: 120", "extent: 1 2").encode(), "white space"),
    "an environment variable": (PROJECT.replace("extent: 120", "PATH: /tmp").encode(), "small letters"),
    "another pid than the folder's": (PROJECT.replace(PID, "2024-S1-MX-3").encode(), "stands in the folder"),
    "no pid": (PROJECT.replace(f"pid: {PID}\n", "").encode(), "missing"),
    "a list": (b"- 1\n- 2\n", "mapping"),
    "two documents": (PROJECT.encode() + b"---\npid: x\n", "document"),
    "an open bracket": (b"pid: [\n", "project.yaml:"),
    "deep nesting": (b"pid: " + b"[" * 5000 + b"]" * 5000, "deep"),
    "nothing": (b"", "missing"),
}


def snapshot(root: Path) -> dict[str, str]:
    """Return a digest of every file but our own lock and index, which hold no result."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and "lmtbot" not in path.parts and ".lmtbot" not in path.parts:
            found[str(path.relative_to(root))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.fixture
def site(tmp_path: Path) -> PracticeSite:
    return make_site(tmp_path)


def refused(site: PracticeSite, *words: str) -> str:
    """Call lmtbot, which must refuse without a traceback and without changing anything; return what it says."""
    before = snapshot(site.root)
    told = site.call(*words, code=1)
    assert "Traceback" not in told
    assert snapshot(site.root) == before
    assert len(told) < 20_000, "an error message is for reading"
    return told


@pytest.mark.parametrize("name", one_in(4, WRONG_YAML))
def test_a_wrong_project_file_is_refused_by_check_with_its_line(site: PracticeSite, name: str) -> None:
    content, word = WRONG_YAML[name]
    site.project.write_bytes(content)
    told = refused(site, "check")
    assert word in told and f"projects/{PID}/project.yaml" in told


@pytest.mark.parametrize("verb", one_in(3, ["run", "plan", "history"]))
@pytest.mark.parametrize("name", ["binary garbage", "a bomb of aliases", "a negative obsnum", "a dollar"])
def test_no_command_works_on_a_wrong_project_file(site: PracticeSite, name: str, verb: str) -> None:
    site.project.write_bytes(WRONG_YAML[name][0])
    assert "project.yaml" in refused(site, verb, PID)


def test_all_faults_of_all_files_are_told_at_once(site: PracticeSite) -> None:
    site.project.write_text(PROJECT.replace("117345", "-117345").replace("mode: RSR/Bs", "mod: RSR/Bs"))
    (site.project.parent / "qa.yaml").write_text("obsnums:\n  117361: {grad: 3}\n  x: {}\n")
    told = refused(site, "check")
    for word in ("project.yaml:6", "did you mean mode?", "qa.yaml:2", "did you mean grade?", "qa.yaml:3"):
        assert word in told


def test_a_misspelt_parameter_is_told_together_with_faults_of_the_schema(site: PracticeSite) -> None:
    wrong = PROJECT.replace("117345", "-117345").replace("{extent: 120}", "{extent: 120, birdie: 3, dv: '1;rm x'}")
    site.project.write_text(wrong)
    told = refused(site, "check")
    assert "combine: false" in told and "did you mean birdies?" in told
    assert "'dv=1;rm x' holds ' ' ';'\n    mend: a value is one word" in told


def test_one_wrong_project_does_not_stop_the_others(site: PracticeSite) -> None:
    other = site.root / "projects" / "2024-S1-XX-1"
    other.mkdir()
    (other / "project.yaml").write_bytes(b"\xff\xfe")
    told = site.call("status", code=1)
    assert PID in told and "2024-S1-XX-1/project.yaml" in told


WRONG_LOGS: dict[str, bytes] = {
    "binary garbage": random.Random(2).randbytes(200_000),
    "a line of 10 MB": LOG.encode() + b"x" * 10_000_000 + b"\n",
    "latin-1 and NULs": LOG.encode() + b"2024-04-20T08:55:02 117399 SEQ Science Map \xe9\x00 2024-S1-MX-2 1 2 3\n",
    "windows line ends": LOG.replace("\n", "\r\n").encode(),
    "cut in the middle of a row": LOG.encode()[:-60],
    "an obsnum of 20 digits": LOG.replace("117363", "12345678901234567890").encode(),
    "a source that is a command": LOG.replace("GALAXY", "$(id);`id`").encode(),
    "nothing": b"",
}


@pytest.mark.parametrize("name", one_in(3, WRONG_LOGS))
def test_a_wrong_log_never_leads_to_a_traceback_or_a_lost_project(site: PracticeSite, name: str) -> None:
    (site.data / "data_lmt.log").write_bytes(WRONG_LOGS[name])
    before = site.project.read_text()
    told = site.call("arrivals", "--apply", code=None)
    assert "Traceback" not in told
    for line in before.splitlines():
        assert line in site.project.read_text()
    assert "Traceback" not in site.call("check", code=None)


def test_a_missing_log_is_told_with_its_cure(site: PracticeSite) -> None:
    (site.data / "data_lmt.log").unlink()
    assert "--log" in refused(site, "arrivals")


@pytest.mark.parametrize("pid", one_in(4, ["../data", "..", ".", "/etc", "2024-S1-MX", "nonsense", "a/b"]))
def test_a_project_that_does_not_exist_is_no_path(site: PracticeSite, pid: str) -> None:
    for verb in ("plan", "run", "history"):
        assert "there is no folder" in refused(site, verb, pid)


def test_wrong_settings_name_the_line_and_the_right_key(site: PracticeSite) -> None:
    (site.root / ".github" / "lmtbot.yml").write_text("pipeline:\n  comand: [x]\n")
    told = refused(site, "run", PID)
    assert "lmtbot.yml:2" in told and "did you mean command?" in told


@pytest.mark.parametrize(
    "place",
    [
        "work/lmtbot",
        *(pytest.param(one, marks=pytest.mark.slow) for one in (".github/lmtbot.yml", "data/data_lmt.log")),
    ],
)
def test_a_folder_where_a_file_is_wanted_or_the_reverse_is_no_traceback(site: PracticeSite, place: str) -> None:
    path = site.root / place
    if path.is_file():
        path.unlink()
        path.mkdir()
    else:
        path.write_text("")
    for words in (["status"], ["run", PID], ["arrivals"], ["check"], ["doctor"], ["site", "build"]):
        assert "Traceback" not in site.call(*words, code=None)


def test_a_site_without_results_folder_says_what_to_set(site: PracticeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess
    import sys

    words = [sys.executable, "-m", "bot", "run", PID, "--root", str(site.root)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=site.root.parent, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 1 and "export it or give --work DIR" in done.stderr
