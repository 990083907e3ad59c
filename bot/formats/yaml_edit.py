"""Edits of project.yaml and qa.yaml: text in, text out, every other byte as it was.

After each edit the text is read back; it must hold exactly the asked change and still be a valid file, or the edit is
refused and nothing is returned. The same edit twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from bot.errors import ProjectError
from bot.formats.validation import validate
from bot.formats.yaml_places import Path
from bot.formats.yaml_printing import Inline, Value
from bot.formats.yaml_splice import append, insert_all, put, remove
from bot.formats.yaml_text import parse_document
from bot.model.project import TIERS, Parameters, Project, Qa, Source, Tiers

VERDICT_KEYS = ("grade", "combine", "flags", "note", "banks")


def add_obsnums(text: str, source: str, obsnums: Iterable[int], *, name: str = "project.yaml") -> str:
    """List obsnums in a source, behind those that it has; what it lists already is not repeated.

    Raise ProjectError when the project has no such source.
    """
    project = _read(text, name, Project)
    if source not in project.sources:
        known = ", ".join(project.sources) or "none"
        raise ProjectError(f"{name}: source {source!r} is not in the project (it has: {known}); add the source first")
    listed = {listing.obsnum for listing in project.sources[source].obsnums}
    new = [obsnum for obsnum in dict.fromkeys(obsnums) if obsnum not in listed]
    if not new:
        return text
    path = ("sources", source, "obsnums")
    known_items = _get(_tree(text, name), path) or []
    return _checked(text, append(text, path, new), {path: [*known_items, *map(str, new)]}, name, Project)


def add_source(text: str, source: str, value: Source, *, name: str = "project.yaml") -> str:
    """Add a source behind the last one; raise ProjectError when another one has the name."""
    project = _read(text, name, Project)
    if source in project.sources:
        if project.sources[source] == value:
            return text
        raise ProjectError(f"{name}: source {source!r} is there already and is another one; choose another name")
    path, tree = ("sources", source), source_tree(value)
    return _checked(text, put(text, path, tree), {path: _as_read(tree)}, name, Project)


def set_verdict(text: str, of: int | str, changes: Mapping[str, Any], *, name: str = "qa.yaml") -> str:
    """Set what the DA says of an obsnum or a combination (FIRST_LAST).

    `changes` holds any of grade, combine, flags (Parameters, mapping or text), note, and banks ({bank: changes});
    None takes the key out.
    """
    where = "combinations" if "_" in str(of) else "obsnums"
    edits: dict[Path, Value] = {}
    for key, value in changes.items():
        if key not in VERDICT_KEYS:
            raise ProjectError(f"{key!r} is no part of a verdict; it has {', '.join(VERDICT_KEYS)}")
        if key == "banks" and value is not None:
            for bank, inner in value.items():
                for word, one in inner.items():
                    edits[where, str(of), "banks", str(bank), word] = _verdict_value(word, one)
        else:
            edits[where, str(of), key] = _verdict_value(key, value)
    return _set_all(text, edits, name, Qa)


def add_grades(text: str, places: Iterable[tuple[int, int | None]], grade: int, *, name: str = "qa.yaml") -> str:
    """Give the grade to every obsnum (bank None) or bank of one that has none yet; the others stay as they are."""
    known = _read(text, name, Qa)
    new: dict[Path, int] = {}
    for obsnum, bank in places:
        verdict = known.obsnums.get(obsnum)
        part = verdict if bank is None or verdict is None else verdict.banks.get(bank)
        if part is None or part.grade is None:
            new["obsnums", str(obsnum), *(() if bank is None else ("banks", str(bank))), "grade"] = grade
    if not new:
        return text
    wanted = {path: str(value) for path, value in new.items()}
    return _checked(text, insert_all(text, new), wanted, name, Qa)


def set_tiers(text: str, source: str, tiers: Tiers, *, name: str = "project.yaml") -> str:
    """Set the parameters of a source's tiers; those that say the same already stay as they are written.

    Raise ProjectError when the project has no such source.
    """
    known = _read(text, name, Project).sources.get(source)
    if known is None:
        raise ProjectError(f"{name}: source {source!r} is not in the project; add the source first")
    place, tree = ("sources", source, "tiers"), tiers_tree(tiers)
    edits: dict[Path, Value] = {
        (*place, key): tree[key] for key in TIERS if key in tree and known.tiers.get(key) != tiers.get(key)
    }
    try:
        return _set_all(text, edits, name, Project)
    except ProjectError:  # written on one line, say: then all of them are written anew
        return _set_all(text, {place: tree}, name, Project)


def leave_out(text: str, obsnum: int, reason: str, *, name: str = "project.yaml") -> str:
    """Note that an obsnum is not reduced, and why."""
    return _set(text, ("left_out", str(obsnum)), reason, name, Project)


def set_scalar(
    text: str,
    path: Path,
    value: str | int | bool | None,
    *,
    name: str = "project.yaml",
    model: type[BaseModel] = Project,
) -> str:
    """Set one value by its path of keys, e.g. ("pi", "name"); None takes the key out."""
    return _set(text, tuple(map(str, path)), value, name, model)


def source_tree(source: Source) -> dict[str, Value]:
    """Return the source as the file writes it; what has its default is left out."""
    tree: dict[str, Value] = {}
    if source.mode:
        tree["mode"] = source.mode
    if source.aliases:
        tree["aliases"] = list(source.aliases)
    if source.note:
        tree["note"] = source.note
    if source.mosaic:
        tree["mosaic"] = [
            Inline(source=part.source, project=part.project) if part.project else part.source for part in source.mosaic
        ]
    if source.obsnums or not source.mosaic:
        tree["obsnums"] = [_listing(one) for one in source.obsnums]
    tiers = tiers_tree(source.tiers)
    return {**tree, "tiers": tiers} if tiers else tree


def tiers_tree(tiers: Tiers) -> dict[str, Value]:
    """Return the tiers as the file writes them, parameters on one line each."""
    return {key: parameters_value(words) for key in ("a", "b", "c") if (words := getattr(tiers, key)) is not None}


def parameters_value(words: Parameters) -> Value:
    """Return parameters as a mapping where it can say them, else as one text (a key twice, a bare word)."""
    pairs = words.pairs
    if len(dict(pairs)) == len(pairs) and all("=" in word and not word.startswith("=") for word in words):
        return Inline(pairs)
    return " ".join(words)


def _listing(listing: Any) -> Value:
    said = listing.model_dump(exclude_defaults=True)
    return listing.obsnum if set(said) == {"obsnum"} else Inline(said)


def _verdict_value(key: str, value: Any) -> Value:
    return parameters_value(Parameters.parse(value)) if key == "flags" and value is not None else value


def _set(text: str, path: Path, value: Value, name: str, model: type[BaseModel]) -> str:
    return _set_all(text, {path: value}, name, model)


def _set_all(text: str, edits: Mapping[Path, Value], name: str, model: type[BaseModel]) -> str:
    """Make several edits, one after the other, and look at the result once."""
    document = parse_document(text, name)
    validate(document, model)
    before, edited, changes = _as_read(document.tree), text, {}
    for path, value in edits.items():
        wanted = None if value is None else _as_read(value)
        if _get(before, path) == wanted and _in_order(_get(before, path), wanted):
            continue
        edited = remove(edited, path) if wanted is None else put(edited, path, value)
        changes[path] = wanted
    return _checked(text, edited, changes, name, model) if changes else text


def _in_order(found: Any, wanted: Any) -> bool:
    return not isinstance(found, dict) or list(found) == list(wanted)


def _read(text: str, name: str, model: type[Any]) -> Any:
    return validate(parse_document(text, name), model)


def _tree(text: str, name: str) -> Any:
    return _as_read(parse_document(text, name).tree)


def _as_read(value: Any) -> Any:
    """Return a value as the reader gives it: texts in lists and dicts, nothing for what is empty."""
    if isinstance(value, dict):
        return {str(key): _as_read(inner) for key, inner in value.items()} or None
    if isinstance(value, list):
        return [_as_read(inner) for inner in value] or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def _get(tree: Any, path: Path) -> Any:
    for word in path:
        if not isinstance(tree, dict) or word not in tree:
            return None
        tree = tree[word]
    return tree


def _checked(text: str, edited: str, changes: Mapping[Path, Any], name: str, model: type[BaseModel]) -> str:
    """Return the edited text if it holds the changes and nothing else; raise ProjectError if not."""
    expected = _tree(text, name)
    for path, value in changes.items():
        expected = _changed(expected, path, value)
    try:
        document = parse_document(edited, name)
        validate(document, model)
    except ProjectError as error:
        raise ProjectError(f"{name}: the edit at {_shown(changes)} is refused:\n{error}") from error
    if _without_ends(_as_read(document.tree)) != _without_ends(expected):
        raise ProjectError(
            f"{name}: the way in which the file is written around {_shown(changes)} defeats the editor, nothing was "
            "changed; write the place as a plain block of `key: value` lines, or make the change by hand"
        )
    return edited


def _changed(tree: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    known = dict(tree) if isinstance(tree, dict) else {}
    inner = _changed(known.get(path[0]), path[1:], value)
    if inner is None and value is None and len(path) == 1:
        known.pop(path[0], None)
    else:
        known[path[0]] = inner
    return known or None


def _without_ends(tree: Any) -> Any:
    """Leave line ends behind texts out of a comparison: a last line gains one when lines follow it."""
    if isinstance(tree, dict):
        return {key: _without_ends(inner) for key, inner in tree.items()}
    if isinstance(tree, list):
        return [_without_ends(inner) for inner in tree]
    return tree.rstrip("\n") if isinstance(tree, str) else tree


def _shown(changes: Mapping[Path, Any]) -> str:
    return ", ".join(".".join(path) for path in changes)
