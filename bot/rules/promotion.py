"""A session's parameters -> main's files: whole sources into tiers of project.yaml, single obsnums into qa.yaml. Pure.

Flags whose keys a session set go, for they would win over it; everything else of both files stays as it is. What could
not act there is refused: a flag reaches tiers b and c only, and no parameter of the first call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import Finding, ProjectError, Severity
from bot.formats.project_file import PROJECT_FILE, QA_FILE, ProjectFolder
from bot.formats.webrun_form import CODE
from bot.formats.yaml_edit import set_tiers, set_verdict
from bot.model.project import TIERS, BankVerdict, Parameters, Source, Tier, Tiers, Verdict
from bot.model.webrun import Session
from bot.rules.commands import merged
from bot.rules.lint.acting import has_two_banks
from bot.rules.webrun import new_keys, place, unflagged


@dataclass(frozen=True)
class Promoted:
    """The files that change, and what changes in words."""

    texts: Mapping[str, str]
    """{project.yaml or qa.yaml: text}."""
    told: tuple[str, ...]


def promote(session: Session, folder: ProjectFolder) -> Promoted:
    """Return main's files with a session's parameters in them; raise ProjectError where some could not act there."""
    placed = place(session.request, session.steps, folder)
    whole = {name: tiers for name, tiers in placed.tiers.items() if name in placed.whole}
    before = {PROJECT_FILE: folder.project_document.text, QA_FILE: folder.qa_document.text}
    texts, told = dict(before), []
    for name, tiers in whole.items():
        texts[PROJECT_FILE] = set_tiers(texts[PROJECT_FILE], name, tiers, name=folder.project_document.path)
        told += _words_of_tiers(name, folder.project.sources[name].tiers, tiers)
    mistakes: list[str] = []
    for obsnum, verdict in _verdicts(folder, placed.chosen, placed.tiers, whole, mistakes):
        changes = _changes(folder.qa.obsnums.get(obsnum, Verdict()), verdict)
        if changes:
            texts[QA_FILE] = set_verdict(texts[QA_FILE], obsnum, changes, name=folder.qa_document.path)
            told.append(f"{QA_FILE}: flags of {obsnum}")
    if mistakes:
        cure = "ask for a session of the whole source, and promote that"
        raise ProjectError(findings=[Finding(CODE, Severity.ERROR, "promote", 0, one, "", cure) for one in mistakes])
    return Promoted({name: text for name, text in texts.items() if text != before[name]}, tuple(told))


def _words_of_tiers(name: str, before: Tiers, after: Tiers) -> list[str]:
    return [
        f"{PROJECT_FILE}: tier {tier} of {name}: `{' '.join(after.get(tier) or ())}`"
        for tier in TIERS
        if before.get(tier) != after.get(tier)
    ]


def _verdicts(
    folder: ProjectFolder,
    chosen: Mapping[str, tuple[int, ...]],
    tiers: Mapping[str, Tiers],
    whole: Mapping[str, Tiers],
    mistakes: list[str],
) -> Iterator[tuple[int, Verdict]]:
    """Yield (obsnum, its verdict with and without the flags that a session's parameters ask for)."""
    for name, obsnums in chosen.items():
        source = folder.project.sources[name]
        keys = new_keys(source.tiers, tiers[name])
        mistakes += [] if name in whole else _unreachable(name, source, keys)
        for obsnum in obsnums:
            verdict = unflagged(folder.qa.obsnums.get(obsnum, Verdict()), keys)
            yield obsnum, verdict if name in whole else _flagged(verdict, source, tiers[name], keys)


def _unreachable(name: str, source: Source, keys: Mapping[Tier, frozenset[str]]) -> list[str]:
    reached = {key for tier in ("b", "c") if source.tiers.get(tier) is not None for key in keys[tier]}
    lost = sorted(keys["a"] - reached)
    return (
        [f"{', '.join(lost)} acts in tier a of {name} only, which no flag of a single obsnum reaches"] if lost else []
    )


def _flagged(verdict: Verdict, source: Source, tiers: Tiers, keys: Mapping[Tier, frozenset[str]]) -> Verdict:
    flags = {
        tier: Parameters(
            f"{key}={value}" for key, value in (tiers.get(tier) or Parameters()).pairs if key in keys[tier]
        )
        for tier in TIERS
    }
    if not has_two_banks(source):
        return verdict.model_copy(update={"flags": merged(verdict.flags, flags["b"])})
    banks = dict(verdict.banks)
    for bank, new in enumerate((flags["b"], flags["c"])):
        if new:
            part = banks.get(bank, BankVerdict())
            banks[bank] = part.model_copy(update={"flags": merged(part.flags, new)})
    return verdict.model_copy(update={"banks": banks})


def _changes(before: Verdict, after: Verdict) -> dict[str, Any]:
    """Return the flags that differ, as set_verdict wants them."""
    changes: dict[str, Any] = {}
    if before.flags != after.flags:
        changes["flags"] = after.flags or None
    for bank, part in after.banks.items():
        known = before.banks.get(bank)
        if (known.flags if known else Parameters()) != part.flags:
            changes.setdefault("banks", {})[bank] = {"flags": part.flags or None}
    return changes
