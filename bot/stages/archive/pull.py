"""What GitHub hears of an archived release: its files, and a pull request that brings archive.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from bot.doors.archive_journal import MANIFEST
from bot.doors.github import GitHub
from bot.doors.github.releases import Releases
from bot.doors.templates import render_markdown
from bot.errors import DoorError, ProjectError
from bot.formats.marker import marker
from bot.formats.project_file import ARCHIVE_FILE
from bot.model.deposit import Manifest, ReleaseTag
from bot.model.github import Pull
from bot.model.label import ARCHIVE
from bot.model.project import Archive
from bot.model.trail import Became, Proposal
from bot.rules.archive import ARCHIVE_PREFIX, archive_text, parse_tag
from bot.rules.plan import digest_of
from bot.settings import Site
from bot.stages.archive.facts import Releaser
from bot.stages.people import People
from bot.stages.proposing import Branch

KIND = "archive"


def releaser_of(site: Site, github: GitHub, tag: ReleaseTag) -> Releaser:
    """Return who published the release; raise ProjectError where there is none."""
    release = Releases(github).find(str(tag))
    if release is None:
        raise ProjectError(f"{github.place.repository} has no release {tag}; `lmtbot release {tag.pid}` makes one")
    return Releaser(release.author, People(site, github).roles(release.author))


def tell_release(github: GitHub, manifest: Manifest, files: Mapping[str, str]) -> None:
    """Have these files, {name: text}, at the release."""
    releases = Releases(github)
    release = releases.find(manifest.tag)
    if release is None:
        raise DoorError(f"the release {manifest.tag} is gone; publish it again, then run this again")
    for name, text in files.items():
        releases.ensure_asset(release, name, text.encode())


def propose_archive(site: Site, github: GitHub, archive: Archive) -> Proposal:
    """Have a pull request that brings archive.yaml as it has to be; none where main has it."""
    pid = parse_tag(archive.tag).pid
    branch = Branch(github, ARCHIVE_PREFIX + pid, KIND)
    known = branch.known()
    text = archive_text(archive)
    path = f"projects/{pid}/{ARCHIVE_FILE}"
    if known is None and github.text(path, github.place.main) == text:
        return Proposal(pid, Became.UNCHANGED, told="main has it")
    renewing = partial(_renew, site, github, branch, archive, text)
    return branch.renew(known, renewing)


def _renew(site: Site, github: GitHub, branch: Branch, archive: Archive, text: str, known: Pull | None) -> Proposal:
    pid = parse_tag(archive.tag).pid
    path, main = f"projects/{pid}/{ARCHIVE_FILE}", github.tip(github.place.main)
    base = digest_of([github.text(path, main)])
    key = f"{base}.{digest_of([text])}"
    if known and ARCHIVE.name in known.labels and branch.mark(known) == {"key": key, "head": known.head}:
        return Proposal(pid, Became.UNCHANGED, known.number, known.url, known.title)
    head, stuck = branch.head(known, base, main)
    if stuck or github.text(path, head) != text:
        parents = (main, stuck) if stuck else (head,)
        head = github.commit(branch.name, parents, {path: text}, f"{pid}: {archive.tag} lies in the archive")
    title = f"{pid}: {archive.tag} is archived"
    body = render_markdown(
        site.code, "github/archive.md.j2", pid=pid, archive=archive,
        sent=[one for one in archive.deposits if one.tag == archive.tag],
        kept=[one for one in archive.deposits if one.tag != archive.tag],
    )  # fmt: skip
    body = f"{marker(KIND, key=key, head=head)}\n{body}"
    pull = known or github.ensure_pull(None, branch.name, title, body)
    holders = site.settings.roles.po
    github.ensure_reviewers(pull, holders.users, holders.teams)
    github.ensure_labels(pull, (ARCHIVE.name,))
    pull = github.ensure_pull(pull, branch.name, title, body)
    return Proposal(pid, Became.UPDATED if known else Became.OPENED, pull.number, pull.url, pull.title)


def manifest_of(github: GitHub, tag: str) -> Manifest | None:
    """Return the manifest at a release, None where it has none that can be read."""
    releases = Releases(github)
    release = releases.find(tag)
    text = releases.asset_text(release, MANIFEST) if release else None
    try:
        return Manifest.model_validate_json(text) if text else None
    except ValueError:
        return None
