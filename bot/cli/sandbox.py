"""A GitHub of your own to practise on: with this repository, demo projects, and people whom you can be.

It keeps everything in one folder, answers only to this machine, and goes on where it was when you start it again.
Nothing that you do there reaches github.com, real data or real people. Control-C ends it.
"""

from __future__ import annotations

import argparse
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from bot.cli.output import print_json
from bot.errors import SettingsError
from bot.settings import Site

EXAMPLES = (
    "lmtbot sandbox                          in ./sandbox",
    "lmtbot sandbox --dir /tmp/hub --port 0  somewhere else, at any free port",
    "lmtbot sandbox --json                   tell addresses and tokens as JSON, then serve",
)

NEEDED = ("croniter", "httptools", "jwt", "markdown_it", "mdit_py_plugins", "nacl", "pygit2", "starlette", "uvicorn")
FIRST = """\
What to try first, in the browser: {page}
  1. Be `pi`: open projects/2024-S1-MX-2/qa.yaml, Edit, propose the change. It becomes a pull request.
  2. Be `po`: Actions, let the check of a fork run (Approve and run).
  3. Be `da`: look at its Files, comment on a line, approve.
  4. Be `po`: merge. Then look at Commits, and at what the stranger may (and may not) do.

By git, as one of {people} (the token is the password):
  git clone http://da:{da}@{host}/{repository}.git

By gh:
  export GH_HOST=github.localhost HTTP_PROXY={address} NO_PROXY=127.0.0.1 GH_TOKEN={da}
  gh pr list --repo github.localhost/{repository}

By any program: GITHUB_API_URL={address}, and a token:
{tokens}
Simulated raw data and results: DATA_LMT={data} WORK_LMT={work}
All of it is in {folder}. Control-C ends it; the same command goes on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot sandbox`."""
    parser.add_argument("--dir", metavar="DIR", default="sandbox", help="its folder (default: ./sandbox)")
    parser.add_argument(
        "--port", type=_port, metavar="P", help="its port on 127.0.0.1 (default: as last time, or 8327)"
    )


def run(args: argparse.Namespace, _site: Site) -> int:
    """Serve until interrupted."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"not installed: {', '.join(missing)}; the practice GitHub needs it: pip install 'lmtoy-run[github-sim]'"
        )
    from bot.sim.github.sandbox import opened

    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell's `&` has it ignored
        signal.signal(number, _interrupt)
    folder = Path(args.dir).absolute()
    try:
        with opened(folder, args.port) as (sandbox, running):
            print_json(sandbox.told()) if args.json else print(_words(sandbox.told()))
            print(end="", flush=True)
            running.wait()
    except KeyboardInterrupt:
        if not args.json:
            print("\nended; everything is kept")
    return 0


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 0 to 65535")
    return int(text)


def _interrupt(_number: int, _frame: Any) -> NoReturn:
    raise KeyboardInterrupt


def _words(told: dict[str, Any]) -> str:
    tokens = told["tokens"]
    width = max(len(name) for name in tokens)
    return FIRST.format(
        **{name: told[name] for name in ("page", "address", "repository", "folder")},
        people=", ".join(name for name in tokens if "[" not in name),
        da=tokens["da"],
        host=told["address"].removeprefix("http://"),
        tokens="\n".join(f"  {name:<{width}}  {token}" for name, token in tokens.items()),
        data=told["DATA_LMT"],
        work=told["WORK_LMT"],
    )
