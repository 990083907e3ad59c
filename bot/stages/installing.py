"""Install the quick look as a service of this user: a systemd user unit, or a block in the crontab.

The environment of today's shell goes into it, because neither systemd nor cron reads a shell's start files. Done twice
is done once; nothing that we did not write is touched.
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
from bot.formats.service import MARKER, cron_word, shell_command, systemd_command, systemd_word, with_block
from bot.settings import Site

UNIT = "lmtbot-quicklook.service"
KEPT = ("PATH", "LMTOY", "PYTHONPATH", "LD_LIBRARY_PATH")
"""What LMTOY's start file sets and the pipeline needs, beside DATA_LMT and WORK_LMT."""
MANAGER = ["systemctl", "--user"]


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


def plan_systemd(site: Site, environment: Mapping[str, str]) -> Installation:
    """Return the unit and the commands that start it, now and after every boot."""
    text = render_template(
        site.code,
        f"install/{UNIT}.j2",
        marker=MARKER,
        environment=[systemd_word(f"{name}={value}") for name, value in _environment(site, environment).items()],
        command=systemd_command(_command(site)),
    )
    commands = (
        (*MANAGER, "daemon-reload"),
        (*MANAGER, "enable", "--now", UNIT),
        ("loginctl", "enable-linger"),
    )
    return Installation((Change(_unit_path(environment), text),), None, commands)


def plan_cron(site: Site, environment: Mapping[str, str]) -> Installation:
    """Return the launcher and the crontab with our block; a service that is running already ends quietly."""
    launcher = _launcher_path(environment)
    script = render_template(
        site.code,
        "install/quicklook.sh.j2",
        marker=MARKER,
        environment=[f"{name}={shell_command([value])}" for name, value in _environment(site, environment).items()],
        command=shell_command(_command(site)),
    )
    block = render_template(site.code, "install/crontab.j2", marker=MARKER, launcher=cron_word(str(launcher)))
    return Installation((Change(launcher, script),), with_block(services.read_crontab(), block), ())


def plan_removal(environment: Mapping[str, str], *, cron: bool) -> Installation:
    """Return how the service goes away."""
    if cron:
        return Installation((Change(_launcher_path(environment), None),), with_block(services.read_crontab(), ""), ())
    unit = _unit_path(environment)
    wanted = unit.parent / "default.target.wants" / UNIT
    commands = ((*MANAGER, "stop", UNIT), (*MANAGER, "daemon-reload"))
    return Installation((Change(wanted, None), Change(unit, None)), None, commands)


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


def start(plan: Installation) -> None:
    """Run the commands of a plan; raise SettingsError where there is no systemd, DoorError when it refuses."""
    if plan.commands and not services.has_program(MANAGER[0]):
        raise SettingsError("there is no systemctl on this machine; use `lmtbot install quicklook --cron`")
    for command in plan.commands:
        try:
            services.run(command)
        except DoorError as error:
            cure = "where there is no systemd user session, use `lmtbot install quicklook --cron`"
            raise DoorError(f"{error}; {cure}") from error


def _environment(site: Site, environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: environment[name] for name in KEPT if environment.get(name)}
    return {"DATA_LMT": str(site.need_data()), "WORK_LMT": str(site.need_work()), **kept}


def _command(site: Site) -> Sequence[str]:
    """Return the service's command; lmtbot by its whole path, so that PATH decides nothing."""
    program = Path(sys.executable).with_name("lmtbot")
    if not program.is_file():
        raise SettingsError(f"{program} is not there; a service needs lmtbot installed beside its Python: `make test`")
    return (str(program), "quicklook", "--root", str(site.root))


def _unit_path(environment: Mapping[str, str]) -> Path:
    return _config(environment) / "systemd" / "user" / UNIT


def _launcher_path(environment: Mapping[str, str]) -> Path:
    return _config(environment) / "lmtbot" / "quicklook.sh"


def _config(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
