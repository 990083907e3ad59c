"""The house has floors: imports go downwards only, also those inside functions (architecture.md section 3)."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

BOT = Path(__file__).parents[2] / "bot"
FLOORS = ("errors", "model", "settings", "formats", "doors", "rules", "report", "stages", "cli")
"""From the ground up. Settings are read by the formats' validation, so these two may meet."""
ALLOWED_UP = {("settings", "formats")}
DOORLESS = ("rules", "formats", "model", "report")


def modules() -> list[Path]:
    return sorted(path for path in BOT.rglob("*.py"))


def imported(path: Path) -> set[str]:
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
    return {name for name in names if name.startswith("bot.")}


def floor(dotted: str) -> str:
    return dotted.split(".")[1]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(BOT)))
def test_a_module_imports_only_from_floors_below_or_its_own(path: Path) -> None:
    own = path.relative_to(BOT).parts[0].removesuffix(".py")
    for name in imported(path):
        other = floor(name)
        if own in ("__init__", "__main__", other) or other in ("__version__", "cli" if own == "__main__" else ""):
            continue
        if other == "sim":
            assert own == "cli", f"{path} imports {name}: only practice and demo may"
            continue
        if own == "sim":
            assert other in ("formats", "model", "errors"), f"sim stands apart, but {path} imports {name}"
            continue
        assert FLOORS.index(other) < FLOORS.index(own) or (own, other) in ALLOWED_UP, f"{path} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(BOT)))
def test_decisions_formats_and_words_never_import_doors(path: Path) -> None:
    if path.relative_to(BOT).parts[0] in DOORLESS:
        assert not [name for name in imported(path) if floor(name) == "doors"]


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
