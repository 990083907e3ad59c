"""What the rules of `lmtbot check` look at, and what a rule is. Pure values; the stage fills them.

A rule gets one `Checked` (a project, and what the log and the other projects say about its obsnums) and yields a `Hit`
for each place that it finds wrong. Code, severity, why and cure stand on the rule; a hit may say a better one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from bot.errors import Finding, Severity
from bot.formats.project_file import ProjectFolder
from bot.formats.yaml_text import Document, Loc
from bot.model.observation import Observation
from bot.model.project import TIERS, BankVerdict, Listing, Parameters, Project, Qa, Source, Verdict
from bot.rules.lines import is_combined
from bot.rules.parameters import COMBINATION, Fault, Role, faults_of


@dataclass(frozen=True, slots=True)
class LogView:
    """What the observation log says, as far as one project is concerned."""

    rows: Mapping[int, tuple[Observation, ...]]
    """The rows of every obsnum that the project names, and of every obsnum with its ProjectId. Several rows: the log
    says several things of one obsnum."""


@dataclass(frozen=True)
class Checked:
    """One project, with all that a rule may know."""

    folder: ProjectFolder
    log: LogView | None = None
    """None: no log is at hand, and the rules that need it are silent."""
    others: Mapping[str, ProjectFolder] = field(default_factory=dict)
    """pid -> the projects that could be read."""
    listed_by: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """obsnum -> the projects that list it, where they are several."""

    @property
    def project(self) -> Project:
        """Return project.yaml."""
        return self.folder.project

    @property
    def qa(self) -> Qa:
        """Return qa.yaml."""
        return self.folder.qa

    @property
    def pid(self) -> str:
        """Return the ProjectId."""
        return self.folder.pid

    @cached_property
    def listed(self) -> Mapping[int, tuple[Place, ...]]:
        """Return obsnum -> every place where a source of this project lists it, in order."""
        found: dict[int, list[Place]] = {}
        for name, source in self.project.sources.items():
            for index, listing in enumerate(source.obsnums):
                found.setdefault(listing.obsnum, []).append(Place(name, source, index, listing))
        return {obsnum: tuple(places) for obsnum, places in found.items()}

    @cached_property
    def expanded(self) -> Mapping[str, tuple[tuple[Listing, bool], ...]]:
        """Return source -> (listing, is it combined), those of the mosaic parts first, other projects' too."""
        return {name: tuple(self._expand(source)) for name, source in self.project.sources.items()}

    def _expand(self, source: Source) -> Iterator[tuple[Listing, bool]]:
        for part in source.mosaic:
            home = self.folder if part.project in (None, self.pid) else self.others.get(str(part.project))
            member = home.project.sources.get(part.source) if home else None
            for listing in member.obsnums if member else ():
                yield listing, bool(home) and is_combined(listing, home.qa)  # type: ignore[union-attr]
        for listing in source.obsnums:
            yield listing, is_combined(listing, self.qa)

    def members(self, name: str) -> tuple[int, ...]:
        """Return the obsnums of a source's combination, in order, each once."""
        return tuple(dict.fromkeys(listing.obsnum for listing, combined in self.expanded[name] if combined))

    @cached_property
    def combinations(self) -> Mapping[str, str]:
        """Return name of the combination, FIRST_LAST -> source; sources with nothing accepted have none."""
        named = {name: self.members(name) for name in self.project.sources}
        return {f"{found[0]}_{found[-1]}": name for name, found in named.items() if found}

    @cached_property
    def combined(self) -> frozenset[int]:
        """Return every obsnum that goes into some combination of this project."""
        return frozenset(obsnum for name in self.project.sources for obsnum in self.members(name))

    def rows(self, obsnum: int) -> tuple[Observation, ...]:
        """Return what the log says of an obsnum; nothing without a log."""
        return self.log.rows.get(obsnum, ()) if self.log else ()

    def mode_of(self, name: str) -> str:
        """Return a source's mode: its own, the project's, or the one that all its rows in the log have; else ""."""
        source = self.project.sources[name]
        return source.mode or self.project.mode or self._logged_modes[name]

    @cached_property
    def _logged_modes(self) -> Mapping[str, str]:
        found = {}
        for name, source in self.project.sources.items():
            modes = {row.mode for listing in source.obsnums for row in self.rows(listing.obsnum)}
            found[name] = modes.pop() if len(modes) == 1 else ""
        return found

    def mode_of_obsnum(self, obsnum: int) -> str:
        """Return the mode of the first source that lists the obsnum, else the project's."""
        places = self.listed.get(obsnum)
        return self.mode_of(places[0].name) if places else self.project.mode or ""

    @cached_property
    def wordings(self) -> tuple[Wording, ...]:
        """Return every set of parameters in both files."""
        return (*self._tier_wordings(), *self._qa_wordings())

    @cached_property
    def faults(self) -> tuple[tuple[Wording, Fault], ...]:
        """Return what is wrong with single words of parameters, in file order."""
        return tuple(
            (wording, fault)
            for wording in self.wordings
            for fault in faults_of(wording.words, wording.mode, role=wording.role)
        )

    @cached_property
    def logged(self) -> Mapping[str, tuple[Place, ...]]:
        """Return source -> those of its listings that the log has, in order; sources without any are left out."""
        found: dict[str, list[Place]] = {}
        for obsnum, places in self.listed.items():
            for place in places if self.rows(obsnum) else ():
                found.setdefault(place.name, []).append(place)
        return {name: tuple(places) for name, places in found.items()}

    def _tier_wordings(self) -> Iterator[Wording]:
        for name, source in self.project.sources.items():
            for tier in TIERS:
                words = source.tiers.get(tier)
                if words is not None:
                    loc = ("sources", name, "tiers", tier)
                    yield Wording(False, loc, words, self.mode_of(name), "po", f"{name}, tier {tier}")

    def _qa_wordings(self) -> Iterator[Wording]:
        for obsnum, verdict in self.qa.obsnums.items():
            mode, loc = self.mode_of_obsnum(obsnum), ("obsnums", str(obsnum))
            yield from _flags(loc, verdict, mode, f"obsnum {obsnum}")
        for name, verdict in self.qa.combinations.items():
            yield from _flags(("combinations", name), verdict, COMBINATION, f"combination {name}")


@dataclass(frozen=True, slots=True)
class Place:
    """One obsnum in one source's list."""

    name: str
    source: Source
    index: int
    listing: Listing

    @property
    def loc(self) -> Loc:
        """Return where it stands in project.yaml."""
        return ("sources", self.name, "obsnums", self.index)


@dataclass(frozen=True, slots=True)
class Wording:
    """Parameters, with where they stand and whom they are for."""

    in_qa: bool
    loc: Loc
    words: Parameters
    mode: str
    role: Role
    about: str
    """Whom they are for, in words."""


def _flags(loc: Loc, verdict: Verdict, mode: str, about: str) -> Iterator[Wording]:
    if verdict.flags:
        yield Wording(True, (*loc, "flags"), verdict.flags, mode, "da", about)
    for bank, banked in verdict.banks.items():
        if banked.flags:
            place = (*loc, "banks", str(bank), "flags")
            yield Wording(True, place, banked.flags, mode, "da", f"{about} bank {bank}")


def parts_of(loc: Loc, verdict: Verdict) -> Iterator[tuple[Loc, int | None, Verdict | BankVerdict]]:
    """Yield a verdict and its banks, each with its place and its bank (None: the verdict itself)."""
    yield loc, None, verdict
    for bank, banked in verdict.banks.items():
        yield (*loc, "banks", str(bank)), bank, banked


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a rule is broken. "" and None: the rule's own words hold."""

    in_qa: bool
    loc: Loc
    what: str
    cure: str = ""
    why: str = ""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of `lmtbot check`."""

    code: str
    severity: Severity
    title: str
    """What it finds, for the table in docs/checks.md."""
    why: str
    cure: str
    check: Callable[[Checked], Iterable[Hit]]

    def findings(self, checked: Checked) -> Iterator[Finding]:
        """Yield what the rule finds in a project."""
        for hit in self.check(checked):
            document: Document = checked.folder.qa_document if hit.in_qa else checked.folder.project_document
            yield Finding(
                self.code,
                hit.severity or self.severity,
                document.path,
                document.line(hit.loc),
                hit.what,
                hit.why or self.why,
                hit.cure or self.cure,
                checked.pid,
            )
