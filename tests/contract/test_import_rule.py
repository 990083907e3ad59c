"""The house has floors: imports go downwards only, also those inside functions (architecture.md section 3)."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

BOT = Path(__file__).parents[2] / "bot"
FLOORS = ("errors", "model", "settings", "formats", "doors", "rules", "report", "stages", "cli")
"""From the ground up. Settings are read by the formats' validation, so these two may meet."""
ALLOWED_UP = {("settings", "formats")}
DOORLESS = ("rules", "formats", "model", "report")


def modules() -> list[Path]:
    return sorted(path for path in BOT.rglob("*.py"))


@cache
def imported(path: Path) -> frozenset[str]:
    """Return the dotted names below bot that the file imports, anywhere in it."""
    names = set()
    package = ("bot", *path.relative_to(BOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (start, node.module or "") if part)
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return frozenset(name for name in names if name.startswith("bot."))


def floor(dotted: str) -> str:
    return dotted.split(".")[1]


def upwards(path: Path) -> list[str]:
    """Return what a module imports that it must not."""
    own, found = path.relative_to(BOT).parts[0].removesuffix(".py"), []
    for name in sorted(imported(path)):
        other = floor(name)
        if own in ("__init__", "__main__", other) or other in ("__version__", "cli" if own == "__main__" else ""):
            continue
        if other == "sim":
            is_right = own == "cli"  # practice and demo
        elif own == "sim":
            is_right = other in ("formats", "model", "errors")
        else:
            is_right = FLOORS.index(other) < FLOORS.index(own) or (own, other) in ALLOWED_UP
        found += [] if is_right else [f"{path.relative_to(BOT)} imports {name}"]
    return found


def test_every_module_imports_only_from_floors_below_or_its_own() -> None:
    found = [one for path in modules() for one in upwards(path)]
    assert len(modules()) > 300 and not found, "\n".join(found)


def test_decisions_formats_and_words_never_import_doors() -> None:
    bound = [path for path in modules() if path.relative_to(BOT).parts[0] in DOORLESS]
    found = [
        f"{path.relative_to(BOT)} imports {name}" for path in bound for name in imported(path) if floor(name) == "doors"
    ]
    assert bound and not found, "\n".join(found)


def test_no_module_imports_itself_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    known = {".".join(("bot", *path.relative_to(BOT).with_suffix("").parts)): path for path in modules()}
    for name, path in known.items():
        wanted = imported(path)
        graph[name] = {
            other for other in known if other != name and any(w == other or w.startswith(f"{other}.") for w in wanted)
        }
        graph[name] -= {other for other in graph[name] if name.startswith(f"{other}.")}
    TopologicalSorter(graph).prepare()
