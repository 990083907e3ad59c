"""How a service is written down: words of a systemd unit, of a shell, of a crontab. Text only; nothing is installed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from bot.errors import SettingsError


def marker_of(service: str) -> str:
    """Return the words by which we know again what we wrote for a service."""
    return f"lmtbot {service}: made by `lmtbot install {service}`; what you change here is lost at the next install"


def systemd_command(words: Sequence[str]) -> str:
    """Write a command as ExecStart= reads it."""
    return " ".join(systemd_word(word).replace("$", "$$") for word in words)


def systemd_word(word: str) -> str:
    """Quote a word of a unit file, where % begins a specifier; raise SettingsError for what no line can hold."""
    escaped = _one_line(word).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def shell_command(words: Sequence[str]) -> str:
    """Write a command as a shell reads it."""
    return shlex.join(_one_line(word) for word in words)


def cron_word(word: str) -> str:
    r"""Quote a word of a crontab's command: as for a shell, but cron, quotes or not, ends the line at a bare %."""
    return shlex.quote(_one_line(word)).replace("%", r"\%")


def with_block(crontab: str, marker: str, block: str) -> str:
    """Return a crontab whose block with this marker is `block` ("": taken out); all other lines stay as they are.

    Raises SettingsError when the marks do not pair: then nobody knows which lines are ours.
    """
    begin, end = f"# >>> {marker}", f"# <<< {marker}"
    lines = crontab.splitlines(keepends=True)
    begins = [number for number, line in enumerate(lines) if line.rstrip() == begin]
    ends = [number for number, line in enumerate(lines) if line.rstrip() == end]
    if not begins and not ends:
        gap = "" if not crontab or crontab.endswith("\n") or not block else "\n"
        return crontab + gap + block
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        raise SettingsError(
            f"the crontab holds {len(begins)} times {begin!r} and {len(ends)} times its end; `crontab -e` and mend it"
        )
    return "".join(lines[: begins[0]]) + block + "".join(lines[ends[0] + 1 :])


def _one_line(word: str) -> str:
    if not word.isprintable():
        raise SettingsError(f"{word!r} holds characters that no unit file or crontab can; choose another folder")
    return word
