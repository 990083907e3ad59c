"""Archive a release of a project: check, send what is not there yet, read all of it back, bring archive.yaml.

The workflow of a published release runs this. On GitHub archive.yaml comes back by a pull request, and the release gets
manifest.json and runlines.txt; with --local it is written into this checkout, to be committed. Run again after a crash
or a failure, it goes on where it was. docs/archive.md has the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack

from bot.cli.github import add_dry_run, event_text, opened
from bot.cli.output import is_terminal, print_json
from bot.doors.stores import Store
from bot.doors.stores.opening import open_store
from bot.doors.stores.pipeline import PipelineStore
from bot.errors import ProjectError
from bot.model.deposit import ReleaseTag
from bot.rules.archive import parse_tag
from bot.settings import Site
from bot.stages.archive.deposit import Archived, archive_path, archive_release

EXAMPLES = (
    "lmtbot archive 2024-S1-MX-2/v1            archive that release",
    "lmtbot archive 2024-S1-MX-2/v1 --dry-run  tell what would be sent, or what speaks against it",
    "lmtbot archive 2024-S1-MX-2/v1 --local    of a tag in this checkout, without GitHub",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot archive`."""
    parser.add_argument("tag", nargs="?", metavar="PID/vN", help="the release")
    parser.add_argument("--event", action="store_true", help="the release that the event of this workflow run names")
    told = parser.add_argument_group("by the pipeline's archive=1, of a call whose end nobody saw")
    told.add_argument("--sent", metavar="NAME=ID", action="append", default=[], help="it lies there, under this name")
    told.add_argument("--send-again", metavar="NAME", action="append", default=[], help="it does not lie there")
    parser.add_argument(
        "--wait", type=float, default=0, metavar="MINUTES", help="how long to wait for who archives or reduces it now"
    )
    parser.add_argument("--local", action="store_true", help="ask and tell GitHub nothing: a tag of this checkout")
    add_dry_run(parser)


def run(args: argparse.Namespace, site: Site) -> int:
    """Archive; 1 when the release is refused."""
    tag = parse_tag(_asked(event_text()) if args.event else args.tag or "")
    store = open_store(site, os.environ, pid=tag.pid, dry_run=args.dry_run)
    _settle(args, store, tag)
    with ExitStack() as stack:
        github = None if args.local else stack.enter_context(opened(site, dry_run=args.dry_run))
        watch = _watch if is_terminal() and not args.quiet else lambda *_: None
        done = archive_release(
            site, store, tag, watch, github=github, who=_who(), wait_s=60 * args.wait, dry_run=args.dry_run
        )
    print_json(_as_json(done)) if args.json else _tell(done, site, local=args.local, dry_run=args.dry_run)
    return 0 if done.is_good else 1


def _settle(args: argparse.Namespace, store: Store, tag: ReleaseTag) -> None:
    """Take a person's word on what nobody saw."""
    words = [one.partition("=")[::2] for one in args.sent] + [(name, "") for name in args.send_again]
    if words and not isinstance(store, PipelineStore):
        raise ProjectError("--sent and --send-again are for the pipeline's own route; this store looks by itself")
    for name, identifier in words:
        if isinstance(store, PipelineStore):
            store.settle(name, tag, identifier)


def _asked(event: str) -> str:
    """Return the tag that the event names: of a release, or of a dispatch."""
    told = json.loads(event) if event else {}
    tag = (told.get("release") or {}).get("tag_name") or (told.get("inputs") or {}).get("tag")
    if not isinstance(tag, str):
        raise ProjectError("the event of this workflow run names no release")
    return tag


def _who() -> str:
    return os.environ.get("GITHUB_TRIGGERING_ACTOR") or os.environ.get("USER", "")


def _watch(name: str, done: int, of: int) -> None:
    print(f"\r{done} of {of}: {name}        ", end="\r", file=sys.stderr, flush=True)


def _as_json(done: Archived) -> dict[str, object]:
    archive, pull = done.archive, done.pull
    return {
        "tag": str(done.tag),
        "refused": [{"why": one.why, "cure": one.cure} for one in done.refused],
        "archive": archive.model_dump(mode="json") if archive else None,
        "sent": list(done.sent),
        "pull": {"became": pull.became, "number": pull.number, "told": pull.told} if pull else None,
    }


def _tell(done: Archived, site: Site, *, local: bool, dry_run: bool) -> None:
    for one in done.refused:
        print(f"{done.tag} is not archived: {one.why}\n    mend: {one.cure}")
    if done.archive is None:
        return
    would, count = ("would lie" if dry_run else "lie"), len(done.archive.deposits)
    print(f"{done.tag}: {count} products {would} in the archive, {len(done.sent)} of them sent now")
    if done.pull:
        print(f"archive.yaml: pull request #{done.pull.number} {done.pull.became}")
    elif local and not dry_run:
        print(f"commit {archive_path(site, done.archive).relative_to(site.root)}")
