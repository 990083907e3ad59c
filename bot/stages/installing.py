"""Install a service of this user: the quick look, or the timer of the loop, with systemd or in the crontab.

The environment of today's shell goes into it, because neither systemd nor cron reads a shell's start files. Done twice
is done once; nothing that we did not write is touched. A secret is never written down, only the file that holds it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.doors import services
from bot.doors.files import read_text, write_whole
from bot.doors.templates import render_template
from bot.errors import DoorError, SettingsError
from bot.formats.service import cron_word, marker_of, shell_command, systemd_command, systemd_word, with_block
from bot.settings import Site

SHELLS = ("PATH", "LMTOY", "PYTHONPATH", "LD_LIBRARY_PATH")
"""What LMTOY's start file sets and the pipeline needs, beside DATA_LMT and WORK_LMT."""
GITHUBS = (
    "LMTBOT_MACHINE", "LMTBOT_APP_ID", "LMTBOT_APP_KEY_FILE", "LMTBOT_INSTALLATION_ID", "GITHUB_API_URL",
    "GITHUB_REPOSITORY",
)  # fmt: skip
"""What tells which GitHub, and as whom; the key itself stays in its file."""
MANAGER = ["systemctl", "--user"]
MINUTES = 10
NO_KEY = (
    "LMTBOT_APP_ID and LMTBOT_APP_KEY_FILE are not both set; keep the App's key in a file that only you may read, "
    "export its whole path as LMTBOT_APP_KEY_FILE (docs/github.md), then install again"
)


@dataclass(frozen=True)
class Service:
    """What is installed: its name, its units (the last one is enabled), and what of the environment goes into it."""

    name: str
    units: tuple[str, ...]
    target: str
    kept: tuple[str, ...]
    has_launcher: bool
    """The units start the launcher, which cron starts too."""


QUICKLOOK = Service("quicklook", ("lmtbot-quicklook.service",), "default.target", SHELLS, has_launcher=False)
TIMER = Service(
    "timer", ("lmtbot-loop.service", "lmtbot-loop.timer"), "timers.target", (*SHELLS, *GITHUBS), has_launcher=True
)
SERVICES = {service.name: service for service in (QUICKLOOK, TIMER)}


@dataclass(frozen=True)
class Change:
    """One file as it shall be; None: it goes away."""

    path: Path
    text: str | None


@dataclass(frozen=True)
class Installation:
    """What has to be done: files, the crontab (None: not touched), and the commands that start or stop the service."""

    changes: tuple[Change, ...]
    crontab: str | None
    commands: tuple[tuple[str, ...], ...]


class Places:
    """Where a service of this user is written down."""

    def __init__(self, service: Service, environment: Mapping[str, str]) -> None:
        config = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        folder = config / "systemd" / "user"
        self.units = {name: folder / name for name in service.units}
        self.wanted = folder / f"{service.target}.wants" / service.units[-1]
        self.launcher = config / "lmtbot" / f"{service.name}.sh"
        self.lock = self.launcher.with_suffix(".lock")


def plan_systemd(service: Service, site: Site, environment: Mapping[str, str], minutes: int = MINUTES) -> Installation:
    """Return the units and the commands that start it, now and after every boot."""
    places = Places(service, environment)
    kept = _environment(service, site, environment)
    command = ("/bin/sh", str(places.launcher)) if service.has_launcher else _command(site, "quicklook")
    launcher = (_launcher(service, site, environment),) if service.has_launcher else ()
    units = tuple(
        Change(path, render_template(
            site.code, f"install/{name}.j2", marker=marker_of(service.name), minutes=str(minutes),
            environment=[systemd_word(f"{key}={value}") for key, value in kept.items()],
            command=systemd_command(command),
        ))
        for name, path in places.units.items()
    )  # fmt: skip
    commands = (
        (*MANAGER, "daemon-reload"),
        (*MANAGER, "enable", "--now", service.units[-1]),
        ("loginctl", "enable-linger"),
    )
    return Installation((*launcher, *units), None, commands)


def plan_cron(service: Service, site: Site, environment: Mapping[str, str], minutes: int = MINUTES) -> Installation:
    """Return the launcher and the crontab with our block; a service that is running already ends quietly."""
    if minutes > 59:
        raise SettingsError(f"--every {minutes}: cron counts minutes up to 59; choose less, or systemd")
    launcher = _launcher(service, site, environment)
    block = render_template(
        site.code,
        f"install/{service.name}.crontab.j2",
        marker=marker_of(service.name),
        launcher=cron_word(str(launcher.path)),
        minutes=str(minutes),
    )
    return Installation((launcher,), with_block(services.read_crontab(), marker_of(service.name), block), ())


def plan_removal(service: Service, environment: Mapping[str, str], *, cron: bool) -> Installation:
    """Return how the service goes away."""
    places = Places(service, environment)
    if cron:
        crontab = with_block(services.read_crontab(), marker_of(service.name), "")
        return Installation((Change(places.launcher, None),), crontab, ())
    gone = [places.wanted, *places.units.values(), *((places.launcher,) if service.has_launcher else ())]
    commands = ((*MANAGER, "stop", service.units[-1]), (*MANAGER, "daemon-reload"))
    return Installation(tuple(Change(path, None) for path in gone), None, commands)


def install(plan: Installation) -> None:
    """Write what was planned; files first, so that nothing ever calls what is not there."""
    for change in plan.changes:
        if change.text is not None and read_text(change.path) != change.text:
            write_whole(change.path, change.text)
    if plan.crontab is not None and plan.crontab != services.read_crontab():
        services.write_crontab(plan.crontab)
    for change in plan.changes:
        if change.text is None:
            change.path.unlink(missing_ok=True)


def start(service: Service, plan: Installation) -> None:
    """Run the commands of a plan; raise SettingsError where there is no systemd, DoorError when it refuses."""
    cron = f"use `lmtbot install {service.name} --cron`"
    if plan.commands and not services.has_program(MANAGER[0]):
        raise SettingsError(f"there is no systemctl on this machine; {cron}")
    for command in plan.commands:
        try:
            services.run(command)
        except DoorError as error:
            raise DoorError(f"{error}; where there is no systemd user session, {cron}") from error


def _launcher(service: Service, site: Site, environment: Mapping[str, str]) -> Change:
    """Return the script that sets today's environment and runs the service, once or for ever."""
    places = Places(service, environment)
    kept = _environment(service, site, environment)
    text = render_template(
        site.code,
        f"install/{service.name}.sh.j2",
        marker=marker_of(service.name),
        environment=[f"{name}={shell_command([value])}" for name, value in kept.items()],
        command=shell_command(_command(site, service.name)),
        lmtbot=shell_command(_command(site)[:1]),
        folder=shell_command([str(site.root)]),
        lock=shell_command([str(places.lock)]),
    )
    return Change(places.launcher, text)


def _environment(service: Service, site: Site, environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: environment[name] for name in service.kept if environment.get(name)}
    if service is TIMER and not {"LMTBOT_APP_ID", "LMTBOT_APP_KEY_FILE"} <= kept.keys():
        raise SettingsError(NO_KEY)
    return {"DATA_LMT": str(site.need_data()), "WORK_LMT": str(site.need_work()), **kept}


def _command(site: Site, *verb: str) -> Sequence[str]:
    """Return the service's command; lmtbot by its whole path, so that PATH decides nothing."""
    program = Path(sys.executable).with_name("lmtbot")
    if not program.is_file():
        raise SettingsError(f"{program} is not there; a service needs lmtbot installed beside its Python: `make test`")
    return (str(program), *verb, "--root", str(site.root))
