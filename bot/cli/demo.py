"""A night at the telescope, and all that follows until the project is archived: on a GitHub of its own, simulated data.

The commands are those that an operator types, the workflows are the repository's own, and the people (PO, DA) act
through GitHub. All of it lies in a folder of its own, with a transcript to read; afterwards it stays, to go on by hand.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.sandbox import NEEDED
from bot.errors import DoorError, ProjectError, SettingsError
from bot.settings import Site

if TYPE_CHECKING:
    from bot.sim.github.sandbox import Sandbox
    from bot.sim.story.transcript import Transcript

EXAMPLES = (
    "lmtbot demo                   in ./demo",
    "lmtbot demo --dir /tmp/lmt    somewhere else",
)
TITLE = "A night at the telescope, and what becomes of it"
NIGHT = (
    (
        "A night at the telescope: raw files arrive as rsync brings them, hidden and growing, in any order.",
        ("sim telescope --data {data} --from {observed}",),
    ),
    ("What has arrived, and is it whole? The scan writes the observation log.", ("scan", "last")),
    (
        "At the telescope every new observation gets a quick look; its light products travel to the cluster.",
        ("quicklook --once --quiet --work {malt} --send-to {work}",),
    ),
    ("On the cluster two projects are in the repository, and the log has more than they list.", ("status", "arrivals")),
)
"""(what happens, the commands that an operator types)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot demo`."""
    parser.add_argument("--dir", metavar="DIR", default="demo", help="a folder that does not exist yet (default: demo)")
    parser.add_argument("--port", type=int, default=0, metavar="P", help="port of its GitHub (default: any free one)")


def run(args: argparse.Namespace, _site: Site) -> int:
    """Play the story; 0 when every step ended well."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SettingsError(f"not installed: {', '.join(missing)}; pip install 'lmtoy-run[github-sim,sim]'")
    from bot.sim.github.sandbox import opened
    from bot.sim.story.transcript import Transcript

    folder, began = _fresh(Path(args.dir).absolute()), time.monotonic()
    told = Transcript(TITLE, lambda line: print(line, flush=True))
    with opened(folder, args.port) as (sandbox, _running):
        try:
            _play(sandbox, told)
        finally:
            paths = told.write(folder)
    print(f"\nDone in {time.monotonic() - began:.0f} s. All pull requests, comments and reports, to read:")
    print("\n".join(f"  {path}" for path in paths))
    _tell_how_to_go_on(folder)
    return 0


def _play(sandbox: Sandbox, told: Transcript) -> None:
    from bot.sim.story.archive import Archiving
    from bot.sim.story.loop import Loop
    from bot.sim.story.people import People
    from bot.sim.story.webrun import Webrunning

    site = sandbox.folder / "site"
    checkout = _Checkout(sandbox, site)
    places = {name: site / name for name in ("data", "work", "malt")} | {"observed": site / "observed.log"}
    for words, commands in NIGHT:
        told.step(words)
        for command in commands:
            typed = [word.format_map(places) for word in command.split()]
            told.terminal(f"lmtbot {shlex.join(typed)}".replace(f"{site}{os.sep}", ""), checkout.lmtbot(*typed))
    people = People(sandbox.address, sandbox.repository)
    _must(Loop(people, told, checkout.lmtbot).play(), "done", site)
    _must(Archiving(people, told, checkout.lmtbot, sandbox.folder).play(), "archived", site)
    Webrunning(people, told, checkout.lmtbot, sandbox.folder).play()


def _must(state: str, wanted: str, site: Path) -> None:
    if state != wanted:
        raise DoorError(f"the project is {state!r} and not {wanted}; the site is in {site}")


class _Checkout:
    """A checkout of main beside the site, as the PO has it, with a way into GitHub."""

    def __init__(self, sandbox: Sandbox, site: Path) -> None:
        self.folder = sandbox.folder / "checkout"
        self.site = site
        self.hub = {
            "GITHUB_API_URL": sandbox.address, "GITHUB_REPOSITORY": sandbox.repository,
            "GH_TOKEN": sandbox.told()["tokens"]["po"],
        }  # fmt: skip
        _git("clone", "-q", f"{sandbox.address}/{sandbox.repository}.git", str(self.folder))

    def lmtbot(self, *words: str) -> str:
        """Run lmtbot as if it had been typed on a fresh checkout; return what it printed."""
        _git("-C", str(self.folder), "pull", "-q", "--ff-only")
        told = {"DATA_LMT": str(self.site / "data"), "WORK_LMT": str(self.site / "work"), "LMTSIM_PLOTS": "few"}
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("GH_", "GITHUB_", "LMTBOT_"))}
        environment = ours | self.hub | told | {"LMTSIM_PYTHON": sys.executable}
        command = [sys.executable, "-m", "bot", *words]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DoorError(f"`lmtbot {shlex.join(words)}` ended with {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout


def _git(*words: str) -> None:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise DoorError(f"git {words[0]}: {done.stderr.strip()}")


def _tell_how_to_go_on(folder: Path) -> None:
    work = folder / "site" / "work"
    print(f"The results: {work / 'site' / 'index.html'}, the newest quick looks: {work / 'lmtoy_run' / 'last100.html'}")
    print("To go on by hand, as PO, DA, PI or stranger, in the browser:")
    if sys.prefix != sys.base_prefix:
        print(f"  . {shlex.quote(sys.prefix)}/bin/activate")
    print(f"  lmtbot sandbox --dir {shlex.quote(str(folder))}")


def _fresh(root: Path) -> Path:
    """Return the folder; an earlier demo in it is moved aside by its number, never deleted."""
    if not root.exists():
        return root
    if not (root / "sandbox.json").exists():
        raise ProjectError(f"{root}: this folder exists and is no demo; give another with --dir DIR")
    number = 1
    while (aside := root.with_name(f"{root.name}.{number}")).exists():
        number += 1
    root.rename(aside)
    print(f"the earlier demo is now in {aside}")
    return root
