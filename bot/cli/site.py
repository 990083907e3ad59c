"""The site that people look at: every project, night and observation as a page, with plots and pictures.

It is static: it opens from the disk, on a plain web server and on GitHub Pages. `build` makes what changed, `serve`
shows it on this machine. A public site holds numbers and states, and more only of projects that are public.
Pull requests and issues are asked for by one call where there is a way into GitHub; without, the last known ones stand.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.cli.output import print_json
from bot.doors.github import GitHub, open_github
from bot.doors.github.opening import keep
from bot.errors import DoorError, ProjectError, SettingsError
from bot.settings import Site
from bot.stages.arrival import index_folder
from bot.stages.site.build import SiteRequest, build_site, default_out

EXAMPLES = (
    "lmtbot site build                           in $WORK_LMT/site, beside the results",
    "lmtbot site build --public --out public     for everybody, e.g. GitHub Pages",
    "lmtbot site serve                           look at it: http://127.0.0.1:8100/",
)
PORT = 8100
KEPT = "github-site.json"
IN_HASTE = {"tries": 2, "patience_minutes": 1, "timeout_seconds": 20}
"""A site does not wait for GitHub as what has to be done there does."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot site`."""
    parser.add_argument("what", choices=("build", "serve"), help="make what changed, or show it on this machine")
    parser.add_argument("--out", metavar="DIR", help="the site (default: $WORK_LMT/site, or site-public)")
    parser.add_argument("--public", action="store_true", help="nothing proprietary: numbers and states")
    parser.add_argument(
        "--github", action=argparse.BooleanOptionalAction, help="ask GitHub, or do not (default: where there is a way)"
    )
    parser.add_argument("--url", metavar="URL", default="", help="address of the site, for the links in feeds")
    parser.add_argument("--all", action="store_true", help="every page anew, whatever is remembered")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for another build of the same site")
    parser.add_argument("--port", type=int, default=PORT, help=f"of `serve` (default: {PORT})")


def run(args: argparse.Namespace, site: Site) -> int:
    """Build and tell what changed, or serve until interrupted."""
    out = Path(args.out).absolute() if args.out else default_out(site, public=args.public)
    if args.what == "serve":
        return _serve(site, out, args.port)
    with _asked(site, args.github) as github:
        wait_s = 0 if args.no_wait else math.inf
        report = build_site(site, SiteRequest(out, args.public, args.all, args.url, wait_s), github)
    if args.json:
        told = {"index": str(out / "index.html"), "projects": report.projects, "rebuilt": report.rebuilt}
        print_json({**told, "written": report.written, "threads": report.threads})
        return 0
    changed = f"{len(report.rebuilt):,} of {report.projects:,} projects changed, {report.written:,} files written"
    print("\n".join(line for line in (str(out / "index.html"), changed, report.threads) if line))
    return 0


@contextmanager
def _asked(site: Site, wanted: bool | None) -> Iterator[GitHub | None]:
    """Give GitHub, or None where there is no way into it: it must be wanted to be missed."""
    path = index_folder(site) / KEPT
    try:
        hub = site.settings.github.model_copy(update=IN_HASTE)
        github = None if wanted is False else open_github(hub, os.environ, kept=path)
    except (DoorError, SettingsError) as error:
        if wanted and isinstance(error, SettingsError):
            raise
        logging.info("GitHub is not asked: %s", error)
        github = None
    yield github
    if github is not None:
        keep(github, path)


def _serve(site: Site, out: Path, port: int) -> int:
    from bot.doors.site_server import SiteServer

    if not (out / "index.html").is_file():
        raise ProjectError(f"{out}: there is no site here; `lmtbot site build` makes it")
    work = site.need_work()
    folder = work if out.is_relative_to(work) else out
    server = SiteServer(folder, port)
    print(f"http://127.0.0.1:{server.port}/{'' if folder == out else f'{out.relative_to(work)}/'}", flush=True)
    server.serve()
    return 0
