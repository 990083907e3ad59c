"""Print the JSON Schemas of the project files and the settings, by which editors complete and check what people type.

A project file names its schema in its first line (`# yaml-language-server: $schema=...`). --write renews
templates/schema/ in the repository.
"""

from __future__ import annotations

import argparse

from bot.cli.output import print_json
from bot.doors.files import read_text, write_whole
from bot.formats.schema import NAMES, schema_of, schema_text
from bot.rules.parameters import catalogue
from bot.settings import Site

EXAMPLES: tuple[str, ...] = (
    "lmtbot schema               all, as one JSON document",
    "lmtbot schema project       the schema of project.yaml",
    "lmtbot schema --write       renew templates/schema/*.json",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("name", nargs="?", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--write", action="store_true", help="write templates/schema/NAME.json")


def run(args: argparse.Namespace, site: Site) -> int:
    """Print or write."""
    names, told = ((args.name,) if args.name else NAMES), told_parameters()
    if not args.write:
        print_json(schema_of(args.name, told) if args.name else {name: schema_of(name, told) for name in names})
        return 0
    written = []
    for name in names:
        path = site.root / "templates" / "schema" / f"{name}.json"
        if read_text(path) != schema_text(name, told):
            write_whole(path, schema_text(name, told))
            written.append(str(path.relative_to(site.root)))
    if args.json:
        print_json({"written": written})
    else:
        print("\n".join(f"wrote {path}" for path in written) or "The schemas are up to date.")
    return 0


def told_parameters() -> dict[str, str]:
    """Return what an editor says of each keyword that people may set."""
    told = {}
    for name, one in catalogue("").items():
        if one.who == "bot":
            continue
        notes = (one.note, f"[{one.unit}]" if one.unit else "", f"default {one.default}" if one.default else "")
        told[name] = "; ".join(note for note in notes if note)
    return told
