"""The archive: a release on a tag PID/vN becomes deposits, and archive.yaml comes back by a pull request.

Look, refuse with all reasons, or go on: pin the commit, measure, send what is not there yet, read all of it back, tell.
A run that is cut off anywhere is gone on with by the next; what lies in the archive is never sent twice, and nothing is
told before all of it was verified.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.doors.archive_journal import MANIFEST, RUN_LINES, ArchiveJournal, lines_text, manifest_text
from bot.doors.clock import now
from bot.doors.files import write_whole
from bot.doors.git import commit_of, object_of
from bot.doors.github import GitHub
from bot.doors.github.releases import Releases
from bot.doors.ledger import LedgerDoor
from bot.doors.locks import in_turn
from bot.doors.stores import Store
from bot.errors import DoorError, ProjectError
from bot.formats.project_file import ARCHIVE_FILE
from bot.model.deposit import Manifest, Parcel, Pinned, ReleaseTag, Stage, archive_of
from bot.model.project import Archive, Deposit
from bot.model.trail import Proposal
from bot.rules import archive as rules
from bot.settings import Site
from bot.stages.archive.facts import ReleaseFacts, Releaser
from bot.stages.archive.pull import propose_archive, releaser_of, tell_release
from bot.stages.exposing import exposure_of
from bot.stages.planning import read_project
from bot.stages.reconcile import need_main

WAIT_S = 5.0
"""How often who waits for its turn looks."""
Watch = Callable[[str, int, int], None]
"""Hears the name of the unit that is sent next, how many are done, and of how many."""


@dataclass(frozen=True)
class Archived:
    """What came of a release."""

    tag: ReleaseTag
    refused: tuple[rules.Reason, ...] = ()
    archive: Archive | None = None
    sent: tuple[str, ...] = ()
    """Names of what this run sent."""
    pull: Proposal | None = None

    @property
    def is_good(self) -> bool:
        """Say whether it lies in the archive."""
        return not self.refused


def archive_release(
    site: Site, store: Store, tag: ReleaseTag, watch: Watch, *, github: GitHub | None = None, who: str = "",
    wait_s: float = 0, dry_run: bool = False,
) -> Archived:  # fmt: skip
    """Archive a release; without GitHub archive.yaml is written into the checkout, to be committed.

    Raise Busy when somebody archives or reduces the project for longer than `wait_s`, DoorError when the store fails:
    then run it again.
    """
    site.need_work_there()
    releaser = _releaser(site, github, tag) if github else None
    store.check()
    journal = ArchiveJournal(site.need_work(), tag)
    runners = LedgerDoor(site.need_work(), tag.pid)
    with in_turn(journal.lock, runners.share, wait_s=wait_s, pause_s=WAIT_S):  # nobody changes the products meanwhile
        found = journal.manifest()
        pinned = journal.pinned()
        if found and pinned and pinned.stage is not Stage.BEGUN:
            done = _again(site, tag, found, pinned)
        else:
            done = _Sending(site, store, tag, journal, watch, who, dry_run=dry_run).send(releaser)
    if done.refused or dry_run:
        return done
    if rules.is_overtaken(tag, read_project(site, tag.pid).archive):
        return done
    pull = _tell(site, github, journal)
    _finish(journal)
    return replace(done, pull=pull)


def _releaser(site: Site, github: GitHub, tag: ReleaseTag) -> Releaser:
    """Return who published the release; raise DoorError where this checkout has another main, or another tag."""
    need_main(site, github, tag.pid)
    here, there = object_of(site.root, f"refs/tags/{tag}"), Releases(github).tags(str(tag)).get(str(tag), "")
    if here != there:
        told = f"the tag {tag} is not here what it is on GitHub ({here[:12] or 'missing'}, {there[:12] or 'missing'})"
        raise DoorError(f"{told}: `git fetch --tags --force`, then run again")
    return releaser_of(site, github, tag)


def _again(site: Site, tag: ReleaseTag, manifest: Manifest, pinned: Pinned) -> Archived:
    """Return what was archived already, or that the tag is not what it was."""
    commit = commit_of(site.root, f"refs/tags/{tag}")
    if commit != pinned.commit:
        return Archived(tag, (rules.moved(tag, pinned.commit, commit),))
    return Archived(tag, archive=archive_of(manifest))


class _Sending:
    """Sends one release."""

    def __init__(
        self, site: Site, store: Store, tag: ReleaseTag, journal: ArchiveJournal, watch: Watch, who: str, *,
        dry_run: bool,
    ) -> None:  # fmt: skip
        self.site, self.store, self.tag, self.journal = site, store, tag, journal
        self.watch, self.who, self.dry_run = watch, who, dry_run
        self.facts = ReleaseFacts(site, tag)

    def send(self, releaser: Releaser | None) -> Archived:
        """Refuse it, or have all of it in the archive."""
        asked = self.facts.asked(releaser)
        if refused := rules.refusals(asked):
            return Archived(self.tag, refused)
        pinned = self.journal.pinned() or self._pin(releaser.login if releaser else self.who)
        with self._home() as home:
            return self._deposit(pinned, self.facts.parcels(home))

    @contextmanager
    def _home(self) -> Iterator[Path]:
        """Give the folder of the files that we make."""
        if not self.dry_run:
            yield self.journal.files
            return
        with TemporaryDirectory(prefix="lmtbot-archive-") as folder:
            yield Path(folder)

    def _deposit(self, pinned: Pinned, parcels: Mapping[str, tuple[Parcel, dict[str, Path]]]) -> Archived:
        deposits, sent = [], []
        for number, (name, (parcel, paths)) in enumerate(parcels.items()):
            self.watch(name, number, len(parcels))
            deposit = self._kept(parcel)
            if deposit is None:
                deposit = self.store.deposit(parcel, paths, self.tag)
                sent.append(name)
            pinned = pinned.with_deposit(deposit)
            self._remember(pinned)
            deposits.append(deposit)
        manifest = self._manifest(pinned, [parcel for parcel, _ in parcels.values()], deposits)
        if not self.dry_run:
            self.journal.write_manifest(manifest)
            self._remember(pinned.model_copy(update={"stage": Stage.DEPOSITED}))
        return Archived(self.tag, archive=archive_of(manifest), sent=tuple(sent))

    def _pin(self, who: str) -> Pinned:
        commit, digest = self.facts.at_tag.commit, self.facts.plan.digest
        today = date.fromisoformat(now()[:10])
        pinned = Pinned(tag=str(self.tag), commit=commit, date=today, digest=digest, who=who)
        self._remember(pinned)
        return pinned

    def _remember(self, pinned: Pinned) -> None:
        if not self.dry_run:
            self.journal.pin(pinned)

    def _kept(self, parcel: Parcel) -> Deposit | None:
        """Return the deposit of an earlier release that holds just these files, if it is whole there."""
        found = rules.kept(parcel, self.facts.folder.archive, self.store.name)
        if found and (faults := self.store.faults(found, parcel)):
            logging.warning("%s of %s is sent again: %s", parcel.name, found.tag, "; ".join(faults))
            return None
        return found

    def _manifest(self, pinned: Pinned, parcels: list[Parcel], deposits: list[Deposit]) -> Manifest:
        level2 = self.facts.folder.level2
        return Manifest(
            tag=pinned.tag, commit=pinned.commit, date=pinned.date, digest=pinned.digest, store=self.store.name,
            lines=level2.lines if level2 else (), parcels=tuple(parcels), left_out=self.facts.left_out,
            deposits=tuple(deposits),
        )  # fmt: skip


def _tell(site: Site, github: GitHub | None, journal: ArchiveJournal) -> Proposal | None:
    manifest = journal.manifest()
    if manifest is None:
        raise AssertionError("the manifest is written before anything is told")
    archive = archive_of(manifest)
    if github is not None:
        exposure = exposure_of(site, read_project(site, journal.tag.pid))
        shown = manifest_text(rules.told_manifest(manifest, exposure))
        tell_release(github, manifest, {MANIFEST: shown, RUN_LINES: lines_text(manifest)})
        return propose_archive(site, github, archive)
    write_whole(archive_path(site, archive), rules.archive_text(archive))
    return None


def archive_path(site: Site, archive: Archive) -> Path:
    """Return where archive.yaml of a release belongs in the checkout."""
    return site.projects / rules.parse_tag(archive.tag).pid / ARCHIVE_FILE


def _finish(journal: ArchiveJournal) -> None:
    pinned = journal.pinned()
    if pinned and pinned.stage is not Stage.TOLD:
        journal.pin(pinned.model_copy(update={"stage": Stage.TOLD}))


def known_manifest(site: Site, tag: str) -> Manifest | None:
    """Return the manifest of a release as it is remembered here, None where it is not."""
    try:
        return ArchiveJournal(site.need_work(), rules.parse_tag(tag)).manifest()
    except ProjectError:
        return None
