"""Runs a mk_runs.py with a stub in the generator's place and prints what it was given, as JSON. A program of its own.

Started by bot.doors.trusted_description as `python -I trusted_child.py`, in a copy of the folder; uses nothing of bot.
"""

from __future__ import annotations

import json
import os
import resource
import runpy
import sys
import types
from typing import Any

NAMES = ("project", "on", "pars1", "pars2", "pars3", "argv")
SECONDS, BYTES, FILE_BYTES = 60, 2 << 30, 64 << 20


def main() -> None:
    """Run mk_runs.py of the working directory; the result goes to the first stdout, its own prints to stderr."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for what, limit in (
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_AS, BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
    ):
        resource.setrlimit(what, (limit, limit))
    result: dict[str, Any] = {"calls": [], "error": "", "line": 0}
    _install_stub(result["calls"])
    sys.argv = ["mk_runs.py"]
    try:
        runpy.run_path("mk_runs.py", run_name="__main__")
    except SystemExit:
        pass
    except BaseException as error:  # noqa: BLE001 - whatever the file does wrong is told
        result["error"], result["line"] = f"{type(error).__name__}: {error}"[:500], _line_of(error)
    json.dump(result, out)
    out.flush()
    os._exit(0)


def _install_stub(calls: list[Any]) -> None:
    """Put modules `lmtoy`, `lmtoy.runs` and `runs` in place whose mk_runs only notes its arguments."""
    package, runs = types.ModuleType("lmtoy"), types.ModuleType("runs")
    package.__path__ = []

    def mk_runs(*args: Any, **named: Any) -> None:
        given = {**dict(zip(NAMES, args, strict=False)), **named}
        plain = {name: _plain(value) for name, value in given.items() if name in NAMES}
        calls.append({"line": sys._getframe(1).f_lineno, "arguments": plain})

    runs.mk_runs = mk_runs  # type: ignore[attr-defined]
    package.runs = runs  # type: ignore[attr-defined]
    sys.modules.update({"lmtoy": package, "lmtoy.runs": runs, "runs": runs})


def _plain(value: Any) -> Any:
    """Return a value as JSON can carry it; dicts as pairs, so that keys keep their type and order."""
    if isinstance(value, dict):
        return {"pairs": [[_plain(key), _plain(inner)] for key, inner in value.items()]}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | type(None)) else repr(value)


def _line_of(error: BaseException) -> int:
    """Return the last line of mk_runs.py that took part."""
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    line, trace = 0, error.__traceback__
    while trace is not None:
        if os.path.basename(trace.tb_frame.f_code.co_filename) == "mk_runs.py":  # noqa: PTH119
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


if __name__ == "__main__":
    main()
