"""What a pull request may do to which file, and who says so."""

from __future__ import annotations

import pytest

from bot.errors import Severity
from bot.model.project import Level2
from bot.model.tree import Entry, Kind, Trees
from bot.rules.level2 import level2_of, level2_text
from bot.rules.pull_files import RULES, changed_projects, file_findings, is_pid, level2_findings, no_files
from tests.unit.docs_tables import DOCS
from tests.unit.test_plan import plan

P = "projects/2024-S1-MX-2"
FILE = Entry(Kind.FILE, 10)
WANTED = level2_of(plan(level=2))
RIGHT = level2_text(WANTED)


def trees(before: list[str], after: list[str], *, changed: tuple[str, ...] = (), **odd: Entry) -> Trees:
    """Return trees of plain files; `odd`: other entries of the new one, `/` written `__`."""
    base, head = dict.fromkeys(before, FILE), dict.fromkeys(after, FILE)
    head |= {path.replace("__", "/"): entry for path, entry in odd.items()}
    differing = {*changed, *(path for path in {*base, *head} if base.get(path) != head.get(path))}
    return Trees(base, head, tuple(sorted(differing)))


def codes(found: Trees) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in file_findings(found)]


@pytest.mark.parametrize("path", ["projects", "projects__P-1", "projects__P-1__qa.yaml", ".github__workflows"])
@pytest.mark.parametrize("kind", [Kind.LINK, Kind.OTHER])
def test_what_is_no_file_is_refused_wherever_files_are_read(path: str, kind: Kind) -> None:
    (finding,) = no_files(trees([], [], **{path: Entry(kind)}))
    assert (finding.code, finding.severity) == ("NO_FILE", Severity.ERROR)
    assert finding.path == path.replace("__", "/") and kind in finding.what


def test_links_that_nothing_reads_are_let_be() -> None:
    assert no_files(trees([], [], docs__link=Entry(Kind.LINK))) == []


def test_changed_projects_are_told_with_their_files() -> None:
    found = trees([f"{P}/qa.yaml", "projects/A-1/project.yaml"], [f"{P}/qa.yaml", "projects/README.md", "README.md"])
    assert changed_projects(found) == {"A-1": ("project.yaml",)}


@pytest.mark.parametrize("name", ["2024-S1-MX-2", "2018S1SEQUOIACommissioning"])
def test_names_that_are_project_ids(name: str) -> None:
    assert is_pid(name)


@pytest.mark.parametrize("name", ["", ".hidden", "a b", "a\n", "-x", "a" * 65, "ä", "\udcff", "<b>"])
def test_a_folder_with_any_other_name_is_refused(name: str) -> None:
    assert not is_pid(name)
    found = codes(trees([], [f"projects/{name}/project.yaml"]))
    assert [code for code, _ in found] == ["NO_PROJECT_ID"]
    assert found[0][1].isprintable()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([f"{P}/archive.yaml"], [f"{P}/archive.yaml"], "changed"),
        ([], [f"{P}/archive.yaml"], "added"),
        ([f"{P}/archive.yaml", f"{P}/qa.yaml"], [f"{P}/qa.yaml"], "taken away"),
        ([f"{P}/archive.yaml"], [], "taken away"),
    ],
)
def test_archive_yaml_is_for_nobodys_hands(before: list[str], after: list[str], told: str) -> None:
    found = list(file_findings(trees(before, after, changed=(f"{P}/archive.yaml",))))
    assert [(one.code, one.severity) for one in found] == [("ARCHIVE_BY_HAND", Severity.ERROR)]
    assert told in found[0].what


def test_level2_yaml_may_only_go_with_its_project() -> None:
    whole = [f"{P}/project.yaml", f"{P}/level2.yaml"]
    assert codes(trees(whole, whole[:1])) == [("LEVEL2_BY_HAND", f"{P}/level2.yaml")]
    assert codes(trees(whole, [])) == []


def test_files_that_nothing_reads_and_large_ones_are_told() -> None:
    found = trees([], [f"{P}/Qa.yaml", f"{P}/README.md", f"{P}/plots/a.png"], **{f"{P}/b": Entry(Kind.FILE, 10**8)})
    assert codes(found) == [
        ("UNKNOWN_FILE", f"{P}/Qa.yaml"),
        ("TOO_LARGE", f"{P}/b"),
        ("UNKNOWN_FILE", f"{P}/b"),
        ("UNKNOWN_FILE", f"{P}/plots/a.png"),
    ]


def test_files_that_were_there_before_are_not_told_again() -> None:
    assert codes(trees([f"{P}/old"], [f"{P}/old", f"{P}/qa.yaml"])) == []


@pytest.mark.parametrize(
    "path", ["bot/cli/main.py", ".github/workflows/check.yml", "templates/a.j2", "requirements.txt"]
)
def test_code_and_projects_in_one_change_are_noticed_and_not_refused(path: str) -> None:
    (finding,) = file_findings(trees([], [path, f"{P}/qa.yaml"]))
    assert (finding.code, finding.severity, finding.path) == ("CODE_TOO", Severity.INFO, path)
    assert codes(trees([], [path])) == codes(trees([], ["docs/x.md", f"{P}/qa.yaml"])) == []


def judged(text: str | None, *, is_changed: bool, branch: str = "") -> list[tuple[str, str, int]]:
    found = level2_findings("P-1", text, WANTED, is_changed=is_changed, branch=branch)
    return [(one.code, str(one.severity), one.line) for one in found]


def test_the_file_that_follows_is_right_wherever_it_comes_from() -> None:
    for is_changed in (True, False):
        for branch in ("", "qa/P-1"):
            assert judged(RIGHT, is_changed=is_changed, branch=branch) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (RIGHT.replace("extent=100", "extent=101", 1), 6),
        (RIGHT.replace(WANTED.digest, "0" * 16), 4),
        (RIGHT + "# a word more\n", len(RIGHT.split("\n"))),
        (level2_text(Level2(digest=WANTED.digest, lines=WANTED.lines[:-1])), len(RIGHT.split("\n")) - 1),
        (level2_text(Level2(digest=WANTED.digest, lines=(*WANTED.lines[1:], WANTED.lines[0]))), 6),
        (RIGHT.rstrip("\n"), len(RIGHT.split("\n"))),
        ("", 1),
    ],
)
def test_a_file_that_says_anything_else_is_refused_at_the_line(text: str, line: int) -> None:
    assert judged(text, is_changed=True) == [("LEVEL2_BY_HAND", "error", line)]
    assert judged(text, is_changed=False) == [("LEVEL2_STALE", "warning", line)]
    assert judged(text, is_changed=False, branch="qa/P-1") == [("LEVEL2_STALE", "error", line)]
    assert judged(text, is_changed=False, branch="arrival/qa/P-1") == [("LEVEL2_STALE", "warning", line)]


def test_only_a_qa_pull_request_owes_the_file() -> None:
    assert judged(None, is_changed=False) == []
    assert judged(None, is_changed=False, branch="qa/P-1") == [("LEVEL2_STALE", "error", 0)]


def test_a_finding_quotes_no_more_than_a_part_of_a_long_line_and_no_control_character() -> None:
    (finding,) = level2_findings("P-1", "x" * 5000 + "\x1b[31m", WANTED, is_changed=True)
    assert len(finding.what) < 400 and finding.what.isprintable()


def test_every_rule_is_described_in_the_documents() -> None:
    text = (DOCS / "checks.md").read_text()
    rows = [f"| `{r.code}` | {r.severity} | {r.title}: {r.why} | {r.cure} |" for r in RULES]
    assert [row for row in rows if row not in text] == []
    assert len({rule.code for rule in RULES}) == len(RULES)
