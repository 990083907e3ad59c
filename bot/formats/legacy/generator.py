"""The existing generator, written anew from its rules: what its six runfiles hold for a description and comments.txt.

An oracle for `lmtbot import --verify` and the tests. It is kept apart from bot.rules.lines on purpose: two ways to the
same lines, so that a fault in one shows. Rules: LMTOY lmtoy/runs.py (23-sep-2025), two faults not copied: a source
without positive obsnums gives no line with an empty `obsnums=`, and prose that a shell would act on is in no line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.formats.legacy.comments import FAIL_WORD, expanded_beams, parted

Runfiles = dict[str, list[str]]


def expected_runfiles(
    on: Sequence[tuple[str, Sequence[int]]],
    pars: Sequence[Mapping[str, str]],
    comments: str,
    io: str,
) -> Runfiles:
    """Return the lines of run1a, run1b, run1c, run2, run1.sh, run2.sh, their words parted by one blank.

    `on` is [(source, signed obsnums), ...] in order, `pars` the three tiers by source, `io` the mode or TBD.
    """
    bank_0, bank_1 = obsnum_arguments(comments)
    files: Runfiles = {name: [] for name in ("run1a", "run1b", "run1c", "run2", "run1.sh", "run2.sh")}
    admit = "0" if io.startswith(("RSR", "TBD")) else "1"
    for source, signed in on:
        for number in signed:
            start, key = f"obsnum={abs(number)} _io={io} _s={source}", str(abs(number))
            if source in pars[0]:
                _write(files["run1a"], start, pars[0][source], "restart=1")
            if source in pars[1]:
                _write(files["run1b"], start, pars[1][source], *bank_0.get(key, ()))
            if source in pars[2]:
                _write(files["run1c"], start, pars[2][source], *bank_1.get(key, ()))
            _write(files["run1.sh"], start, "archive=1")
    for source, signed in on:
        accepted = ",".join(str(number) for number in signed if number > 0)
        start = f"obsnums={accepted} _io={io} _s={source}"
        if accepted and source in pars[0]:
            _write(files["run2"], start, "restart=1", f"admit={admit}")
        if accepted:
            _write(files["run2.sh"], start, "archive=1")
    return files


def _write(lines: list[str], *pieces: str) -> None:
    lines.append(" ".join(" ".join(("SLpipeline.sh", *pieces)).split()))


def obsnum_arguments(text: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the arguments of comments.txt, {key: [word, ...]}, for tier b and for tier c (bank 1)."""
    found: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
    for line in text.split("\n"):
        words = line.split()
        if line.startswith("#") or not words:
            continue
        key, bank = words[0], ""
        if key.find("__") > 0:
            key, bank = key[: key.find("__")], key[key.find("__") + 2 :]
            if not re.fullmatch(r"[0-9]{1,8}", bank):
                continue  # the generator itself stops at such a line
        arguments = found[1 if bank and int(bank) == 1 else 0]
        key = key[1:] if key.startswith("-") else key
        mark = line.find("#")
        said, _ = parted(line[mark + 1 :].split() if mark > 0 else [])
        arguments[key] = [_written(word) for word in said]
        if line.find(FAIL_WORD) > 0:
            arguments[key].append("qagrade=-2")
    return found


def _written(word: str) -> str:
    parts = word.split("=")
    if parts[0] != "pix_list" or len(parts) == 1:
        return word
    return f"pix_list={expanded_beams(parts[1]) or ''}"
