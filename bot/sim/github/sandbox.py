"""A folder to practise in: the simulated GitHub with this repository's own files, demo projects, and a simulated site.

`Sandbox` opens a folder (makes it the first time, goes on afterwards), serves it on loopback, and says its addresses.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from bot.errors import DoorError, ProjectError, SettingsError
from bot.sim.demo import SETTINGS_PATH, lay_out
from bot.sim.github import house_rules
from bot.sim.github.deeds.refs import settle_all
from bot.sim.github.events.outbox import take_over, unread
from bot.sim.github.git import program
from bot.sim.github.rules.access import Kind
from bot.sim.github.seed import BOT_PERMISSIONS, World, is_planted, plant, token_of
from bot.sim.github.server import HOST, Running, address_of, listen
from bot.sim.github.store.state import State
from bot.sim.github.store.tokens import make_token
from bot.sim.github.workflows.dispatcher import READER
from bot.sim.github.workflows.hosts import HOSTS, Host

PACKAGE = Path(__file__).parents[2]
MARK, STATE, SITE, STAGE = "sandbox.json", "github", "site", "stage"
USUAL_PORT = 8327
SETTINGS_FILE = ".github/lmtbot.yml"
SETTINGS_OF_THE_LOOP = """
github: {{progress_seconds: 2}}
roles:
  po: {{teams: [po]}}
  da: {{teams: [da]}}
machines:
  unity: {{}}
  helpdesk: {{trial_work: '{site}/trials/{{login}}'}}
  malt: {{}}
"""
AUTHOR = ("-c", "user.name=po", "-c", "user.email=po@users.noreply.github.com")


@dataclass(frozen=True)
class Sandbox:
    """One folder that is served at one port."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        """Return the address of the pages, of the API and of git."""
        return f"http://{HOST}:{self.port}"

    @property
    def repository(self) -> str:
        """Return OWNER/NAME of the repository."""
        return f"{World().org}/{World().repo}"

    @property
    def bot_token(self) -> str:
        """Return the token of the bot's installation; it does not expire."""
        return "ghs_lmtbot_for_practice"

    def told(self) -> dict[str, Any]:
        """Return what programs want to know: addresses, tokens, folders."""
        world, site = World(), self.folder / SITE
        people = {login: token_of(login) for login in (*world.teams, *world.strangers)}
        return {
            "address": self.address,
            "repository": self.repository,
            "page": f"{self.address}/{self.repository}",
            "git": f"{self.address}/{self.repository}.git",
            "tokens": people | {f"{world.bot}[bot]": self.bot_token},
            "app_key": str(self.folder / STATE / f"{world.bot}.pem"),
            "gh": {"GH_HOST": "github.localhost", "HTTP_PROXY": self.address, "NO_PROXY": HOST},
            "DATA_LMT": str(site / "data"),
            "WORK_LMT": str(site / "work"),
            "folder": str(self.folder),
            "process": os.getpid(),
        }


@contextmanager
def opened(folder: Path, port: int | None) -> Iterator[tuple[Sandbox, Running]]:
    """Serve a sandbox; an unknown port is the one of the last time. Raise LmtBotError when it cannot be."""
    with _own(folder) as mark:
        known = json.loads(mark.read() or "{}")
        listener = _listen(port if port is not None else known.get("port", USUAL_PORT))
        sandbox = Sandbox(folder, listener.getsockname()[1])
        if not known.get("is_ready"):
            _clear(folder)
        state = State(folder / STATE, address=address_of(listener))
        if not state.do(lambda: is_planted(state)).result():
            _make(folder, state)
        _write(mark, {"port": sandbox.port, "is_ready": True})
        with Running(state, listener, hosts=_hosts(folder / SITE)) as running:
            yield sandbox, running


@contextmanager
def _own(folder: Path) -> Iterator[TextIO]:
    """Hold the folder's mark, locked; refuse a folder that is something else, or that is served already."""
    if len(str(folder).split()) != 1:
        raise ProjectError(
            f"{folder}: `act`, which runs the workflows, takes no blanks in a path; give another --dir DIR"
        )
    path = folder / MARK
    if folder.exists() and not path.is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(f"{folder}: this folder exists and is no sandbox; give another with --dir DIR")
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ProjectError(
                f"{folder}: another process serves this sandbox; end it, or give another folder with --dir DIR"
            ) from error
        mark.seek(0)
        yield mark


def _write(mark: TextIO, told: dict[str, Any]) -> None:
    mark.seek(0)
    mark.truncate()
    mark.write(json.dumps(told))
    mark.flush()
    os.fsync(mark.fileno())


def _listen(port: int) -> socket.socket:
    try:
        return listen(port)
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"port {port} of {HOST} cannot be used ({error}); give another with --port N, or --port 0 for any"
        ) from error


def _clear(folder: Path) -> None:
    """Take away what a start left that was ended in the middle."""
    for name in (STATE, SITE, STAGE):
        shutil.rmtree(folder / name, ignore_errors=True)


def _make(folder: Path, state: State) -> None:
    """Lay out the site and the repository, and people the world."""
    stage = folder / STAGE
    lay_out(folder / SITE)
    _take_own_files(stage)
    world = World()
    house_rules.add_files(stage, world)
    _add_demo(stage, folder / SITE)

    def populate() -> None:
        with state.db.transaction():
            plant(state, world, stage)
            installation = state.db.row("installations", 1)
            bot = state.db.one("SELECT * FROM accounts WHERE type = 'Bot'")
            token = Sandbox(folder, 0).bot_token
            held = {"metadata": "read"} | BOT_PERMISSIONS
            if bot:
                make_token(state, Kind.INSTALLATION, bot, permissions=held, installation=installation, text=token)
            house_rules.protect_main(state, world)

    state.do(populate).result()
    state.do(lambda: _pass_over_beginning(state)).result()
    shutil.rmtree(stage)


def _pass_over_beginning(state: State) -> None:
    """Let the events of the beginning start no workflow: the site has no raw data yet."""
    settle_all(state)
    with state.db.transaction():
        unread(state.db, READER)
        take_over(state.db, READER, state.db.value("SELECT max(id) FROM outbox"))


def _take_own_files(stage: Path) -> None:
    """Clone the checkout that this program lives in; where it is none, take the package's files."""
    checkout = PACKAGE.parent
    if (checkout / ".git").exists():
        try:
            program.git(stage.parent, "clone", "-q", "--no-tags", str(checkout), str(stage))
            program.git(stage, "checkout", "-q", "-B", "main")
            for branch in program.git(stage, "for-each-ref", "--format=%(refname:short)", "refs/heads")[1].split():
                if branch != "main":  # the one that is worked on here: one named `qa` would leave no room for qa/PID
                    program.git(stage, "branch", "-q", "-D", branch)
            return
        except DoorError:  # not ours to read, or no commit yet: the files will do
            shutil.rmtree(stage, ignore_errors=True)
    program.git(stage.parent, "init", "-q", "--initial-branch=main", str(stage))
    shutil.copytree(PACKAGE, stage / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))


def _add_demo(stage: Path, site: Path) -> None:
    """Add the demo projects to the repository, and the settings of the simulated site; keep all else that is there."""
    settings = site / SETTINGS_PATH
    with settings.open("a", encoding="utf-8") as file:
        file.write(SETTINGS_OF_THE_LOOP.format(site=str(site).replace("'", "''")))
    for name in ("projects", ".github", "templates"):
        for path in sorted((site / name).rglob("*")):
            goal = stage / path.relative_to(site)
            if path.is_file() and (path == settings or not goal.exists()):
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, goal)
        shutil.rmtree(site / name)
    program.git(stage, "add", "-A")
    program.git(stage, *AUTHOR, "commit", "-q", "--allow-empty", "-m", "Projects to practise with")


def _hosts(site: Path) -> tuple[Host, ...]:
    """Return the hosts; those of the observatory see the simulated raw data, each its own results."""
    variables = {"DATA_LMT": str(site / "data"), "LMTSIM_PYTHON": sys.executable, "LMTSIM_PLOTS": "few"}
    found = []
    for host in HOSTS:
        work = site / "work" if host.name != "malt" else site / "malt"
        work.mkdir(exist_ok=True)
        machine = host.name.rpartition("-")[2]
        ours = variables | {"WORK_LMT": str(work), "LMTBOT_MACHINE": machine} if "self-hosted" in host.labels else {}
        found.append(Host(host.name, host.labels, host.slots, dict(host.environment) | ours))
    return tuple(found)
