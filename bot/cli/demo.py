"""A night arrives: three real projects, a real slice of the observation log, and a simulated pipeline.

Everything happens in a folder of its own; the commands that it shows are the ones that an operator types. Afterwards
the site stays, to go on by hand.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from bot.cli.main import main
from bot.errors import DoorError, ProjectError
from bot.settings import Site

EXAMPLES = (
    "lmtbot demo                   in ./demo",
    "lmtbot demo --dir /tmp/lmt    somewhere else",
)

STORY = (
    (
        "A night at the telescope: raw files arrive as rsync brings them, hidden and growing, in any order.",
        ("sim telescope --data {data} --from {observed}",),
    ),
    ("What has arrived, and is it whole? The scan writes the observation log.", ("scan", "last")),
    (
        "At the telescope every new observation gets a quick look; its light products travel to the cluster.",
        ("quicklook --once --quiet --work {malt} --send-to {work}", "quicklook --status --work {malt}"),
    ),
    ("On the cluster two projects are in the repository, and nothing of them has been run.", ("status",)),
    ("The log has more than they list: new obsnums, a new source, a project nobody has seen.", ("arrivals",)),
    ("They go into the project files; every other byte of them stays as it was.", ("arrivals --apply",)),
    ("Is everything well? What is an error would keep its run line from the pipeline.", ("check",)),
    (
        "What follows for one obsnum: its chain of tiers, and the combinations that wait for it.",
        ("plan 2024-S1-MX-2 --obsnum 120317",),
    ),
    (
        "Level 1: only what has no good record is run, side by side where nothing waits.",
        tuple(f"run {pid} --level 1" for pid in ("2024-S1-MX-2", "2023-S1-US-17", "2024-S1-UM-11")),
    ),
    ("Where do the projects stand?", ("status",)),
    ("Two beams of 120317 are bad and nobody has flagged them yet: look at the page.", ("summary",)),
)
"""(what happens, the commands that an operator types)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot demo`."""
    parser.add_argument("--dir", metavar="DIR", default="demo", help="a folder that does not exist yet (default: demo)")


def run(args: argparse.Namespace, _site: Site) -> int:
    """Play the story; 0 when every step ended well."""
    from bot.sim.demo import OBSERVED, lay_out

    root = _fresh(Path(args.dir).absolute())
    began = time.monotonic()
    os.environ.update(lay_out(root))
    os.environ.setdefault("LMTSIM_PLOTS", "few")
    places = {name: root / name for name in ("data", "work", "malt")} | {"observed": root / OBSERVED}
    places["malt"].mkdir()
    _commit(root, "The projects as they were")
    for words, commands in STORY:
        print(f"\n\x1b[1m{words}\x1b[0m" if sys.stdout.isatty() else f"\n{words}")
        for command in commands:
            _play([word.format_map(places) for word in command.split()], root)
        if "arrivals --apply" in commands:
            _commit(root, "Arrivals of the night")
    _tell_how_to_go_on(root, time.monotonic() - began)
    return 0


def _tell_how_to_go_on(root: Path, seconds: float) -> None:
    print(f"\nThe newest quick looks: {root / 'work' / 'lmtoy_run' / 'last100.html'}")
    print(f"Done in {seconds:.0f} s. To go on by hand:")
    if sys.prefix != sys.base_prefix:
        print(f"  . {shlex.quote(sys.prefix)}/bin/activate")
    print(f"  cd {shlex.quote(str(root))}")
    names = ("DATA_LMT", "WORK_LMT", "LMTSIM_PYTHON")
    print("  export " + " ".join(f"{name}={shlex.quote(os.environ[name])}" for name in names))
    print("  edit projects/2024-S1-MX-2/qa.yaml, then: lmtbot run 2024-S1-MX-2 --dry-run")


def _fresh(root: Path) -> Path:
    """Return the folder; an earlier demo in it is moved aside by its number, never deleted."""
    if not root.exists():
        return root
    if not (root / "data" / "sim_truth.yaml").exists():
        raise ProjectError(f"{root}: this folder exists and is no demo; give another with --dir DIR")
    number = 1
    while (aside := root.with_name(f"{root.name}.{number}")).exists():
        number += 1
    root.rename(aside)
    print(f"the earlier demo is now in {aside}")
    return root


def _play(words: list[str], root: Path) -> None:
    """Show a command and run it as if it had been typed."""
    command = shlex.join(words).replace(f"{root}{os.sep}", "")
    print(f"$ lmtbot {command}", flush=True)
    code = main([*words, "--root", str(root)])
    if code != 0:
        raise DoorError(f"`lmtbot {command}` ended with {code}; the site is in {root}")


def _commit(root: Path, message: str) -> None:
    """Keep the projects in git, as every site does; without git the demo goes on."""
    who = ["-c", "user.name=Demo Operator", "-c", "user.email=po@example.org", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["add", "projects", ".github"], ["commit", "-q", "--no-verify", "-m", message]):
        try:
            subprocess.run(["git", "-C", str(root), *who, *words], check=True, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"(git: {error})", file=sys.stderr)
            return
