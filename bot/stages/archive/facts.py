"""What is known of a release: what its tag names, what main says, what lies there, what the archive will be told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from bot.doors.archive_journal import ArchiveJournal
from bot.doors.files import write_whole
from bot.doors.git import commit_of, is_ancestor, text_at
from bot.doors.ledger import LedgerDoor
from bot.doors.products import measure, ready_products
from bot.doors.project_table import TableRow, table_row
from bot.doors.results import read_official
from bot.errors import ProjectError
from bot.formats.project_file import LEVEL2_FILE, PROJECT_FILE, QA_FILE, ProjectFolder, parse_folder, read_level2
from bot.formats.rcfile import Products
from bot.model.deposit import Metadata, Parcel, ReleaseTag
from bot.model.observation import Observation
from bot.model.plan import Chain, Unit
from bot.model.role import Role
from bot.model.worksheet import Row, Worksheet
from bot.rules import archive as rules
from bot.rules import work
from bot.rules.archivable import METADATA, SDFITS, SRDP, missing
from bot.rules.arrival import listed_obsnums
from bot.rules.deposit_facts import Known, describe
from bot.rules.grading import qa_faults, worksheet
from bot.rules.plan import needed_projects, plan_project
from bot.rules.publicity import public_since
from bot.rules.verdict import Judgement, judge
from bot.settings import Site
from bot.stages.check import find_log, read_rows
from bot.stages.level1 import foreign_ledgers
from bot.stages.level2 import unlisted_obsnums
from bot.stages.planning import read_plan


@dataclass(frozen=True)
class Releaser:
    """Who published the release, as GitHub tells."""

    login: str
    roles: frozenset[Role]


class ReleaseFacts:
    """One look at a release. The project must be kept from runners meanwhile."""

    def __init__(self, site: Site, tag: ReleaseTag) -> None:
        self.site, self.tag = site, tag
        self.folder, self.plan = read_plan(site, tag.pid, 2)
        self.door = LedgerDoor(site.need_work(), tag.pid)
        self.ledger = self.door.read()
        self.journal = ArchiveJournal(site.need_work(), tag)

    @cached_property
    def at_tag(self) -> rules.AtTag:
        """What the tag names."""
        commit = commit_of(self.site.root, f"refs/tags/{self.tag}")
        if not commit:
            return rules.AtTag()
        is_on_main = is_ancestor(self.site.root, commit)
        try:
            folder = _folder_at(self.site.root, commit, self.tag.pid)
            others = {pid: _folder_at(self.site.root, commit, pid) for pid in needed_projects(folder.project)}
        except ProjectError:
            return rules.AtTag(commit, is_on_main)
        return rules.AtTag(commit, is_on_main, folder, plan_project(folder, 2, others=others))

    def asked(self, releaser: Releaser | None = None) -> rules.Asked:
        """Return all that decides whether it may be archived."""
        pinned = self.journal.pinned()
        return rules.Asked(
            tag=self.tag,
            at_tag=self.at_tag,
            main=self.folder,
            plan=self.plan,
            work=self.work,
            first_seen=pinned.commit if pinned else "",
            releaser=releaser.login if releaser else None,
            roles=releaser.roles if releaser else (),
            open_verdicts=qa_faults(self.folder, self.plan, self.sheet, self._unprocessed()),
            left_out=self.left_out,
            bad=self._bad(),
            unknown={name: told for name, told in self.described.items() if not isinstance(told, Metadata)},
        )

    @cached_property
    def work(self) -> work.Work:
        """What of main's plan of level 2 is done."""
        return work.divide(self.plan, self.ledger, self.door.present(), foreign_ledgers(self.site, self.plan))

    @cached_property
    def sheet(self) -> Worksheet:
        """The worksheet of what level 2 made."""
        return worksheet(
            self.folder, self.plan, self.ledger, present=self.door.present(), observed=self.observed,
            foreign=foreign_ledgers(self.site, self.plan),
        )  # fmt: skip

    @cached_property
    def observed(self) -> Mapping[int, Observation]:
        """The log's rows of everything that is in it."""
        log = find_log(self.site)
        members = {member.obsnum for one in self.plan.combinations for member in one.members}
        wanted = listed_obsnums(self.folder.project) | members
        return {obsnum: rows[0] for obsnum, rows in read_rows(log, wanted, ()).items()} if log else {}

    @cached_property
    def left_out(self) -> dict[str, str]:
        """What is not archived, with the reason."""
        return rules.left_out(self.sheet, self.site.settings.archive.failed)

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """What is archived and done."""
        done = {unit.name for unit in self.work.done}
        return tuple(unit for unit in rules.wanted_units(self.plan, self.left_out) if unit.name in done)

    @cached_property
    def judged(self) -> dict[str, Judgement]:
        """The verdict on the products as they lie there now."""
        return {unit.name: judge(unit, self.products[unit.name]) for unit in self.units}

    @cached_property
    def products(self) -> dict[str, Products | None]:
        """What lies there of each unit."""
        return {unit.name: read_official(self.door.products, unit.name) for unit in self.units}

    @cached_property
    def ready(self) -> dict[str, dict[str, Path]]:
        """The files of each unit that lie ready for the archive, by ending."""
        return {unit.name: ready_products(self.door.products, unit.name) for unit in self.units}

    @cached_property
    def described(self) -> dict[str, Metadata | tuple[str, ...]]:
        """What the archive is told of each unit, or what of it nobody knows."""
        rows: dict[str, list[Row]] = {}
        for row in (*self.sheet.rows, *self.sheet.combinations):
            rows.setdefault(row.name, []).append(row)
        return {unit.name: self._described(unit, rows.get(unit.name, [])) for unit in self.units}

    def _described(self, unit: Unit, rows: list[Row]) -> Metadata | tuple[str, ...]:
        record = work.current_record(self.ledger, unit.name)
        products = self.products[unit.name]
        if record is None or products is None or not self.judged[unit.name].is_good:
            return ()  # told as not done, or as bad
        return describe(Known(
            unit, self.folder.project, record, products, self.judged[unit.name], rows, self.observed,
            pi=self.table.pi, title=self.table.title, public=self.public,
        ))  # fmt: skip

    @cached_property
    def table(self) -> TableRow:
        """What the site's table says of the project."""
        return table_row(self.site, self.tag.pid)

    @cached_property
    def public(self) -> date | None:
        """The end of the project's proprietary time; None: nobody knows."""
        if self.folder.project.public is None and self.table.public:
            return date.fromisoformat(self.table.public)
        chains = [unit for unit in self.units if isinstance(unit, Chain)]
        return public_since(self.folder.project, [self._observed_at(chain) for chain in chains])

    def _observed_at(self, chain: Chain) -> str:
        numbers = next(iter(self.judged[chain.name].metrics.values()), {})
        row = self.observed.get(chain.obsnum)
        return row.date_obs if row else str(numbers.get("date_obs", ""))

    def _bad(self) -> dict[str, tuple[str, ...]]:
        lost = missing(self.units, self.ready)
        found = {
            unit.name: (*self.judged[unit.name].faults, *(f"{one} is missing" for one in lost.get(unit.name, ())))
            for unit in self.units
        }
        return {name: faults for name, faults in found.items() if faults}

    def _unprocessed(self) -> dict[int, str]:
        told = "not on main yet: merge its arrival pull request"
        return dict.fromkeys(unlisted_obsnums(self.site, self.tag.pid), told)

    def parcels(self, home: Path) -> dict[str, tuple[Parcel, dict[str, Path]]]:
        """Return {unit: (parcel, {file: path})} of what is archived.

        What the archive is told is written down first, into `home`.
        """
        return {unit.name: self._parcel(unit, home) for unit in self.units}

    def _parcel(self, unit: Unit, home: Path) -> tuple[Parcel, dict[str, Path]]:
        told = self.described[unit.name]
        if not isinstance(told, Metadata):
            raise AssertionError(f"{unit.name}: it was to be refused")
        text = json.dumps(told.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
        own = home / f"{unit.name}_metadata.json"
        write_whole(own, text)
        # of a combination the pipeline's metadata describe its first member only
        endings = (SRDP, SDFITS, METADATA) if told.kind == "observation" else (SRDP, SDFITS)
        ready = self.ready[unit.name]
        paths = {path.name: path for path in (own, *(ready[one] for one in endings if one in ready))}
        return Parcel(name=unit.name, metadata=told, files=measure(paths.values())), paths


def _folder_at(root: Path, commit: str, pid: str) -> ProjectFolder:
    """Return a project as it was at a commit; raise ProjectError."""
    texts = {name: text_at(root, commit, f"projects/{pid}/{name}") for name in (PROJECT_FILE, QA_FILE, LEVEL2_FILE)}
    project = texts[PROJECT_FILE]
    if project is None:
        raise ProjectError(f"{pid} was no project at {commit[:12]}")
    folder = parse_folder(project, texts[QA_FILE] or "", pid=pid)
    return replace(folder, level2=read_level2(texts[LEVEL2_FILE] or "", pid))
