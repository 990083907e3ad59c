"""The words of every run line, exactly as today's generator writes them (LMTOY lmtoy/runs.py, version 23-sep-2025).

This is the one place that knows how project.yaml and qa.yaml become pipeline arguments. What may run, and in which
order, is bot.rules.plan's part.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.formats.project_file import ProjectFolder
from bot.formats.runfile import runfile_texts
from bot.model.project import TIERS, Listing, Parameters, Project, Qa, Source, Tier, Verdict
from bot.rules.parameters import expand_beams

UNKNOWN_MODE = "TBD"

Words = tuple[str, ...]


def mode_tag(project: Project, source: Source) -> str:
    """Return what the line carries as `_io`: the source's mode, the project's, or TBD as the generator says."""
    return source.mode or project.mode or UNKNOWN_MODE


def expanded_listings(project: Project, name: str) -> tuple[Listing, ...]:
    """Return a source's listings with those of its mosaic parts in this project first, in order."""
    source = project.sources[name]
    parts = [project.sources.get(part.source) for part in source.mosaic if part.project in (None, project.pid)]
    return tuple(listing for part in [*parts, source] if part for listing in part.obsnums)


def is_combined(listing: Listing, qa: Qa) -> bool:
    """Say whether this listing goes into the source's combination: neither the list nor the DA keeps it out."""
    verdict = qa.obsnums.get(listing.obsnum)
    return listing.combine and (verdict is None or verdict.combine)


def single_words(project: Project, qa: Qa, name: str, obsnum: int, tier: Tier) -> Words | None:
    """Return the words of one tier's run line for an obsnum; None where the source does not have the tier."""
    source = project.sources[name]
    parameters = source.tiers.get(tier)
    if parameters is None:
        return None
    head = (f"obsnum={obsnum}", f"_io={mode_tag(project, source)}", f"_s={name}", *parameters)
    if tier == "a":
        return (*head, "restart=1")
    return (*head, *exception_words(qa.obsnums.get(obsnum), 1 if tier == "c" else 0))


def exception_words(verdict: Verdict | None, bank: int) -> Words:
    """Return the DA's words for one bank of an obsnum; what is said without a bank reaches bank 0 only.

    A grade comes last, as the generator writes it for QAFAIL. `pix_list=-0,5` is written out only here: in the
    parameters of a tier it stays as it is.
    """
    if verdict is None:
        return ()
    banked = verdict.banks.get(bank)
    grade = banked.grade if banked else None
    flags: list[str] = [] if bank == 1 else list(verdict.flags)
    if banked:
        flags += banked.flags
    if grade is None and bank == 0:
        grade = verdict.grade
    return (*map(_written_out, flags), *([] if grade is None else [f"qagrade={grade}"]))


def combination_words(project: Project, name: str, obsnums: tuple[int, ...]) -> Words:
    """Return the words of a source's combination; `admit` is for modes that ADMIT knows, not RSR and not TBD."""
    mode = mode_tag(project, project.sources[name])
    admit = 0 if mode.startswith(("RSR", UNKNOWN_MODE)) else 1
    listed = ",".join(map(str, obsnums))
    return (f"obsnums={listed}", f"_io={mode}", f"_s={name}", "restart=1", f"admit={admit}")


def legacy_lines(project: Project, qa: Qa) -> Iterator[tuple[str, Words]]:
    """Yield (runfile, words) in the generator's order, with its habits: listed twice is written twice.

    Left out is one fault of the generator: lines with an empty `obsnums=` for sources whose obsnums are all kept out.
    """
    for name, source in project.sources.items():
        tag = (f"_io={mode_tag(project, source)}", f"_s={name}", "archive=1")
        listings = expanded_listings(project, name)
        for listing in listings:
            for tier in TIERS:
                words = single_words(project, qa, name, listing.obsnum, tier)
                if words is not None:
                    yield f"run1{tier}", words
            yield "run1.sh", (f"obsnum={listing.obsnum}", *tag)
        combined = tuple(one.obsnum for one in listings if is_combined(one, qa))
        if combined:
            if source.tiers.a is not None:
                yield "run2", combination_words(project, name, combined)
            yield "run2.sh", (f"obsnums={','.join(map(str, combined))}", *tag)


def legacy_runfiles(folder: ProjectFolder) -> dict[str, list[str]]:
    """Return the six runfiles of a project, {"run1a": [line, ...], ...}, all six even when empty."""
    texts = runfile_texts(legacy_lines(folder.project, folder.qa))
    return {name: text.splitlines() for name, text in texts.items()}


def is_skipped(words: Words) -> bool:
    """Say whether the line tells the pipeline to do nothing (`skip=1`, the last one counts)."""
    return Parameters(words).get("skip") == "1"


def _written_out(word: str) -> str:
    key, equals, value = word.partition("=")
    return f"{key}{equals}{expand_beams(value)}" if key == "pix_list" and value.startswith("-") else word
