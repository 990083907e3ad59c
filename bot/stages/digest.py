"""The digest of a night, from the log and what the projects' files and runs say now; and its issue on GitHub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.doors.github import GitHub
from bot.doors.ledger import LedgerDoor
from bot.doors.logfile import LOG_FILE
from bot.doors.templates import render_template
from bot.errors import LmtBotError, ProjectError
from bot.formats.marker import read_marker
from bot.formats.obslog import parse_log
from bot.model.github import Topic
from bot.model.label import NIGHT
from bot.model.observation import Observation
from bot.model.site import Card, Seen
from bot.report.digest import KIND, IssueText, digest_values, issue_of, mail_values
from bot.report.site.night import night_page
from bot.rules.attention import ungraded_rows, wants_of, who_acts
from bot.rules.grading import worksheet
from bot.rules.publicity import without_numbers
from bot.rules.timeline import night_of
from bot.settings import Site
from bot.stages.arrival import look
from bot.stages.exposing import exposure_of
from bot.stages.level1 import foreign_ledgers
from bot.stages.overview import standing_of
from bot.stages.planning import project_ids, read_plan
from bot.stages.site.project import seen_of

LETTERS = 10


@dataclass(frozen=True)
class Digest:
    """A night in words."""

    night: str
    issue: IssueText
    mail: str
    newest: str
    """The newest night in the log."""


def make_digest(site: Site, night: str | None = None) -> Digest:
    """Return the digest of a night (UT day), of the newest one in the log where none is given."""
    lines = _lines(site)
    chosen = night or max(lines, default="")
    if chosen not in lines:
        told = f"the newest is {max(lines)}" if lines else "the log is empty"
        raise ProjectError(f"{chosen or 'no night'}: the observation log has nothing of this night; {told}")
    rows: dict[int, Observation] = {}
    for row in parse_log(b"\n".join(lines[chosen]) + b"\n"):
        if isinstance(row, Observation):
            rows.setdefault(row.obsnum, row)
    pids = sorted({row.pid for row in rows.values()} & set(project_ids(site)))
    cards, seen = _projects(site, pids, rows)
    log = site.need_data() / LOG_FILE
    page = night_page(chosen, list(rows.values()), seen, look(site, log).held, known=frozenset(pids))
    body = render_template(site.code, "site/digest.md.j2", **digest_values(page, cards))
    mail = render_template(site.code, "site/digest.txt.j2", **mail_values(page, cards))
    return Digest(page.night, issue_of(page, body), mail, max(lines))


def keep_issue(github: GitHub, digest: Digest) -> Topic:
    """Have one issue for the night that says this; open is only the one of the newest night."""
    issue, begins = digest.issue, f"{digest.night}T00:00:00Z"
    kept = github.ensure_issue(
        issue.title, issue.body, label=NIGHT.name, since=begins, kind=KIND, night=digest.night
    )  # fmt: skip
    for topic in github.topics("open", label=NIGHT.name):
        night = (read_marker(topic.body, KIND) or {}).get("night", "") if github.own(topic.author) else ""
        is_twin = night == digest.night and topic.number != kept.number
        if night and (night < digest.newest or is_twin):
            github.close_issue(topic)
    return kept


def _projects(site: Site, pids: list[str], rows: Mapping[int, Observation]) -> tuple[list[Card], dict[int, Seen]]:
    """Return where the projects of the night stand, and its obsnums; one that cannot be read tells nothing."""
    cards, seen = [], {}
    for pid in pids:
        try:
            folder, plan = read_plan(site, pid)
            door = LedgerDoor(site.need_work(), pid)
            ledger = door.read()
            foreign = foreign_ledgers(site, plan)
            sheet = worksheet(folder, plan, ledger, present=door.present(), observed=rows, foreign=foreign)
            stands = standing_of(site, folder, plan, ledger)
            if not exposure_of(site, folder).has_numbers:
                sheet = without_numbers(sheet)
        except LmtBotError:
            continue
        who, wants = who_acts(stands.state), wants_of(stands, ungraded_rows(sheet.rows))
        cards.append(Card(pid, str(stands.state), stands.waits_for, who, wants=wants))
        seen.update({one.obsnum: one for one in seen_of(pid, sheet, ledger)})
    return cards, seen


def _lines(site: Site) -> dict[str, list[bytes]]:
    """Return {night: lines of the log}."""
    path = site.need_data() / LOG_FILE
    found: dict[str, list[bytes]] = {}
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ProjectError(f"{path}: cannot be read ({error.strerror}); `lmtbot scan` makes it") from error
    for line in text.splitlines():
        if night := night_of(line[:LETTERS].decode("ascii", "replace")):
            found.setdefault(night, []).append(line)
    return found
