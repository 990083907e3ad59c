"""Project and verdicts -> the plan: which run lines, in which chains, with which digests (architecture.md section 4).

A chain is an obsnum's tiers in order, from a clean directory, because a directory remembers earlier calls. A
combination waits for its members' chains and for nothing else. The digest of a unit changes exactly when what it
would run changes, so that a changed flag runs that obsnum and its combinations again, and nothing more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from bot.formats.project_file import ProjectFolder
from bot.model.modes import POINTS
from bot.model.plan import Chain, Combination, Member, Plan, RunLine
from bot.model.project import TIERS, Listing, Project, Qa, Source
from bot.rules import lines
from bot.rules.parameters import blocking_fault

DIGEST_LENGTH = 16
"""Hexadecimal digits of SHA-256: 64 bits tell a million units apart with room to spare."""


def plan_project(folder: ProjectFolder, level: int = 1, *, others: Mapping[str, ProjectFolder] | None = None) -> Plan:
    """Plan a whole project at a level. `others` {pid: folder} are the projects that its mosaics take obsnums from."""
    planner = _Planner(folder.project, folder.qa, others or {})
    chains = {chain.obsnum: chain for chain in planner.chains()}
    combinations: dict[str, Combination] = {}
    for name, source in folder.project.sources.items():
        found = planner.combination(name, source, chains, level)
        if found is not None and combinations.setdefault(found.name, found) is not found:
            other = combinations[found.name].source
            planner.remarks.append(f"{name}: its combination is not made: {found.name} is the directory of {other}'s")
    remarks = tuple(dict.fromkeys(planner.remarks))
    plan = Plan(folder.pid, level, tuple(chains.values()), tuple(combinations.values()), remarks)
    return replace(plan, digest=digest_of([unit.digest for unit in plan.units]))


def with_words(plan: Plan, words: lines.Words) -> Plan:
    """Return the plan with these words behind every run line, where the last of a key counts, and its new digests."""
    if not words:
        return plan

    def longer(unit: Chain | Combination) -> tuple[RunLine, ...]:
        return tuple(replace(line, words=(*line.words, *words)) for line in unit.lines)

    chains: dict[int, Chain] = {}
    for chain in plan.chains:
        found = longer(chain)
        chains[chain.obsnum] = replace(chain, lines=found, digest=digest_of([list(line.words) for line in found]))
    combinations = []
    for one in plan.combinations:
        members = tuple(
            replace(member, digest=chains[member.obsnum].digest)
            if member.pid == plan.pid and member.obsnum in chains
            else member
            for member in one.members
        )
        found = longer(one)
        content = [
            *(list(line.words) for line in found),
            [[member.pid, member.obsnum, member.digest] for member in members],
        ]
        combinations.append(replace(one, members=members, lines=found, digest=digest_of(content)))
    made = replace(plan, chains=tuple(chains.values()), combinations=tuple(combinations))
    return replace(made, digest=digest_of([unit.digest for unit in made.units]))


def select(plan: Plan, *, source: str | None = None, obsnum: int | None = None) -> Plan:
    """Return the part of the plan that concerns one source or one obsnum; combinations that hold it stay."""
    chains = [
        chain
        for chain in plan.chains
        if (source is None or chain.source == source) and (obsnum is None or chain.obsnum == obsnum)
    ]
    combinations = [
        one
        for one in plan.combinations
        if (source is None or one.source == source)
        and (obsnum is None or obsnum in [member.obsnum for member in one.members])
    ]
    return replace(plan, chains=tuple(chains), combinations=tuple(combinations))


def needed_projects(project: Project) -> tuple[str, ...]:
    """Return the ProjectIds that the mosaics take obsnums from."""
    pids = [part.project for source in project.sources.values() for part in source.mosaic]
    return tuple(dict.fromkeys(pid for pid in pids if pid and pid != project.pid))


def digest_of(value: object) -> str:
    """Return the digest of a value made of lists and texts."""
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()[:DIGEST_LENGTH]


def _chain_digests(folder: ProjectFolder) -> dict[int, str]:
    return {chain.obsnum: chain.digest for chain in _Planner(folder.project, folder.qa, {}).chains()}


class _Planner:
    """One walk over a project; gathers remarks on what it leaves out."""

    def __init__(self, project: Project, qa: Qa, others: Mapping[str, ProjectFolder]) -> None:
        self.project = project
        self.qa = qa
        self.others = others
        self.foreign = {pid: _chain_digests(other) for pid, other in others.items()}
        self.remarks: list[str] = []

    def chains(self) -> list[Chain]:
        """Return the chain of every obsnum that something is run for, in the order of the sources."""
        found: dict[int, Chain] = {}
        for name, source in self.project.sources.items():
            for listing in source.obsnums:
                chain = self.chain(name, source, listing.obsnum)
                first = found.get(listing.obsnum)
                if chain is None:
                    continue
                if first is None:
                    found[listing.obsnum] = chain
                elif first.digest != chain.digest:
                    told = f"obsnum {listing.obsnum} is reduced for {first.source}; its listing in {name} is not run"
                    self.remarks.append(f"{told}: one obsnum has one directory")
                else:
                    self.remarks.append(f"obsnum {listing.obsnum} stands twice in {name}; it is reduced once")
        return list(found.values())

    def chain(self, name: str, source: Source, obsnum: int) -> Chain | None:
        """Return an obsnum's chain, None when the source has no tier that runs."""
        mode = lines.mode_tag(self.project, source)
        run_lines = []
        for tier in TIERS:
            words = lines.single_words(self.project, self.qa, name, obsnum, tier)
            if words is not None and not lines.is_skipped(words):
                run_lines.append(RunLine(words, tier, blocking_fault(words, mode)))
        if not run_lines:
            return None
        return Chain(obsnum, name, mode, tuple(run_lines), digest_of([list(line.words) for line in run_lines]))

    def combination(self, name: str, source: Source, chains: Mapping[int, Chain], level: int) -> Combination | None:
        """Return the source's combination, None (with a remark) when nothing is accepted."""
        if source.tiers.a is None:
            if source.obsnums:
                self.remarks.append(f"{name} has no tier a: no first pass and no combination")
            return None
        mode = lines.mode_tag(self.project, source)
        if mode in POINTS:
            self.remarks.append(f"{name}: the pipeline has no combination for {mode}")
            return None
        members = self.members(source, chains)
        if not members:
            self.remarks.append(f"{name}: no obsnum is accepted, so there is no combination")
            return None
        words = lines.combination_words(self.project, name, tuple(members))
        unit = Combination(source=name, mode=mode, members=tuple(members.values()), lines=(), digest="")
        if level == 2:
            verdict = self.qa.combinations.get(unit.name)
            words = (*words, *lines.exception_words(verdict, 0))
        line = RunLine(words, None, blocking_fault(words, mode))
        content = [list(words), [[member.pid, member.obsnum, member.digest] for member in unit.members]]
        return replace(unit, lines=(line,), digest=digest_of(content))

    def members(self, source: Source, chains: Mapping[int, Chain]) -> dict[int, Member]:
        """Return what is combined, {obsnum: member}, each once, in order."""
        found: dict[int, Member] = {}
        for pid, listing in self.accepted(source):
            own = chains.get(listing.obsnum)
            digest = self.foreign[pid].get(listing.obsnum, "") if pid in self.foreign else own.digest if own else ""
            found.setdefault(listing.obsnum, Member(listing.obsnum, pid, digest))
        return found

    def accepted(self, source: Source) -> list[tuple[str, Listing]]:
        """Return (pid, listing) of what is combined, mosaic parts first."""
        found: list[tuple[str, Listing]] = []
        for part in source.mosaic:
            own = part.project in (None, self.project.pid)
            folder = None if own else self.others.get(str(part.project))
            project, qa = (self.project, self.qa) if own else (folder.project, folder.qa) if folder else (None, None)
            if project is None or qa is None or part.source not in project.sources:
                self.remarks.append(f"mosaic part {part.project or self.project.pid}: {part.source} does not exist")
                continue
            listed = project.sources[part.source].obsnums
            found += [(project.pid, one) for one in listed if lines.is_combined(one, qa)]
        found += [(self.project.pid, one) for one in source.obsnums if lines.is_combined(one, self.qa)]
        return found
