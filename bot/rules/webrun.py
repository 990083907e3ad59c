"""A request for a webrun -> the project and the plan of its session, or every mistake at once. Pure.

A parameter goes where it acts: one that acts in the first call of a directory only into the first tier, the others into
all tiers or those that were named. What would not act is refused, with the reason. What the DA flagged stays, except
for the very keys that the request sets.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from bot.errors import Finding, ProjectError, Severity
from bot.formats.project_file import ProjectFolder
from bot.formats.webrun_form import CODE
from bot.model.plan import Combination, Plan
from bot.model.project import TIERS, Bank, BankVerdict, Parameters, Qa, Source, Tier, Tiers, Verdict
from bot.model.record import Ledger
from bot.model.role import Role
from bot.model.webrun import OFFICIAL, Session, Step, WebrunRequest
from bot.rules.commands import NOT_AS_MEANT, merged, without
from bot.rules.lines import mode_tag
from bot.rules.lint.acting import has_two_banks
from bot.rules.parameters import Role as SetBy
from bot.rules.parameters import catalogue, expand_beams, faults_of
from bot.rules.plan import digest_of, plan_project, with_words
from bot.rules.work import current_records
from bot.settings import Webruns

BEHIND = ("meta=0", "srdp=0", "sdfits=0", "archive=0")
"""Behind every run line of a session, where the last one counts: it makes nothing for the archive."""
LEVEL = 2
"""A session is made as level 2 would be, with the DA's verdicts, so that the two can be compared."""
NOT_ACTING = (*NOT_AS_MEANT, "NEEDS_ANOTHER")
MOST_TOLD, MOST_NAMED = 20, 8
"""Mistakes of one request, and obsnums in one of them; the rest is counted."""
_ROLE_OF: tuple[tuple[Role, SetBy], ...] = ((Role.PO, "po"), (Role.DA, "da"), (Role.PI, "pi"))


@dataclass(frozen=True)
class Understood:
    """What a request comes to."""

    request: WebrunRequest
    """With the selection that it takes from its base."""
    steps: tuple[Step, ...]
    folder: ProjectFolder
    """The session's project: the chosen observations, with the parameters in their places."""
    plan: Plan
    official: Plan
    placed: tuple[str, ...]
    """Which parameter went where, and which flags of the DA it replaces, in words."""

    @property
    def lines(self) -> int:
        """Return the number of run lines."""
        return sum(len(unit.lines) for unit in self.plan.units)


@dataclass(frozen=True)
class Placed:
    """Where the parameters of a request go."""

    chosen: Mapping[str, tuple[int, ...]]
    """{source: obsnums}, in the project's order."""
    whole: frozenset[str]
    """Sources that were asked for by name."""
    tiers: Mapping[str, Tiers]
    """{source: its tiers with the parameters}."""
    words: tuple[str, ...]


@dataclass(frozen=True)
class Estimate:
    """What a plan may cost, by what the same units took before."""

    seconds: float | None
    """None: nothing of it, and nothing like it, was run before."""
    guessed: int = 0
    """Units that were not run before, and count as much as others of the plan."""


def request_digest(request: WebrunRequest) -> str:
    """Return the digest of what is asked for; words for people do not count."""
    return digest_of(request.model_dump(mode="json", exclude={"words"}))


def understand(
    request: WebrunRequest, folder: ProjectFolder, *, roles: Collection[Role], sessions: Sequence[Session] = ()
) -> Understood:
    """Return what a request comes to; raise ProjectError with every mistake. `sessions`: those of the project."""
    asking = _Asking(request, folder, _set_by(roles))
    whole, steps = asking.with_base(sessions)
    placed = asking.place(whole, steps)
    session = session_folder(folder, placed.chosen, placed.tiers)
    plan = with_words(plan_project(session, LEVEL), BEHIND)
    official = with_words(plan_project(folder, LEVEL), BEHIND)
    known = {unit.name: unit.digest for unit in official.units}
    if all(known.get(unit.name) == unit.digest for unit in plan.units):
        asking.tell("nothing would differ from the official results", "set a parameter to another value")
    for unit in plan.units:
        if unit.blocked:
            asking.tell(f"{unit.name} of {unit.source} cannot run: {unit.blocked}", "leave its source out")
    asking.end()
    return Understood(whole, steps, session, plan, official, (*placed.words, *_replaced(folder, session)))


def _replaced(folder: ProjectFolder, session: ProjectFolder) -> list[str]:
    """Say which flags of the DA do not act in a session, because the request sets their keys."""
    lost: list[str] = []
    for obsnum, after in session.qa.obsnums.items():
        before = folder.qa.obsnums[obsnum]
        pairs = {str(obsnum): (before.flags, after.flags)}
        pairs |= {f"{obsnum}__{bank}": (before.banks[bank].flags, part.flags) for bank, part in after.banks.items()}
        for label, (old, new) in pairs.items():
            lost += [f"the DA's `{word}` of {label} does not act here" for word in old if word not in new]
    more = len(lost) - MOST_NAMED
    return [*lost[:MOST_NAMED], *([f"and {more} more flags of the DA"] if more > 0 else [])]


def place(request: WebrunRequest, steps: Sequence[Step], folder: ProjectFolder) -> Placed:
    """Return where the parameters of an accepted request go in main's files as they are now; raise ProjectError."""
    return _Asking(request, folder, "po").place(request, steps)


def _set_by(roles: Collection[Role]) -> SetBy:
    return next((name for role, name in _ROLE_OF if role in roles), "pi")


@dataclass
class _Asking:
    """One request; gathers mistakes."""

    request: WebrunRequest
    folder: ProjectFolder
    set_by: SetBy
    mistakes: dict[tuple[str, str], str] = field(default_factory=dict)
    words: dict[str, None] = field(default_factory=dict)

    def tell(self, what: str, cure: str, why: str = "") -> None:
        self.mistakes.setdefault((what, why), cure)

    def end(self) -> None:
        """Raise ProjectError if there are mistakes."""
        told = [Finding(CODE, Severity.ERROR, "request", 0, *key, cure) for key, cure in self.mistakes.items()]
        if len(told) > MOST_TOLD:
            rest = Finding(CODE, Severity.ERROR, "request", 0, f"and {len(told) - MOST_TOLD} more mistakes")
            told = [*told[:MOST_TOLD], rest]
        if told:
            raise ProjectError(findings=told)

    def with_base(self, sessions: Sequence[Session]) -> tuple[WebrunRequest, tuple[Step, ...]]:
        """Return the request with the selection of its base, where it names none, and all steps, the base's first."""
        request = self.request
        step = Step(parameters=request.parameters, tiers=request.tiers)
        if request.base == OFFICIAL:
            return request, (step,)
        known = {one.name: one for one in sessions}
        base = known.get(request.base)
        if base is None:
            self.tell(f"{request.project} has no {request.base}", _near(request.base, known, "there is no session yet"))
            return request, (step,)
        if not request.sources and not request.obsnums:
            taken = {"sources": base.request.sources, "obsnums": base.request.obsnums}
            request = request.model_copy(update=taken)
        return request, (*base.steps, *((step,) if step.parameters else ()))

    def place(self, request: WebrunRequest, steps: Sequence[Step]) -> Placed:
        """Choose the observations and put the parameters in their places; raise ProjectError with every mistake."""
        chosen = self.chosen(request)
        tiers = {name: self.placed(name, steps) for name in chosen}
        self.end()
        whole = frozenset(part for name in request.sources for part in self._parts(name))
        return Placed(chosen, whole, tiers, tuple(self.words))

    def chosen(self, request: WebrunRequest) -> dict[str, tuple[int, ...]]:
        """Return {source: obsnums} in the project's order; a mosaic brings the sources that it is made of."""
        sources = self.folder.project.sources
        if not request.sources and not request.obsnums:
            shown = ", ".join(list(sources)[:5])
            self.tell("it names neither a source nor an obsnum", f"name some; the project has {shown}")
        wanted: dict[str, set[int]] = {}
        for name in request.sources:
            if name not in sources:
                self.tell(f"{self.folder.pid} has no source {name}", _near(name, sources, "it has none yet"))
                continue
            for part in self._parts(name):
                wanted[part] = {one.obsnum for one in sources[part].obsnums}
        listed = {one.obsnum: name for name, source in sources.items() for one in source.obsnums}
        for obsnum in request.obsnums:
            if obsnum in listed:
                wanted.setdefault(listed[obsnum], set()).add(obsnum)
        self._tell_unlisted([one for one in request.obsnums if one not in listed], listed)
        return {
            name: tuple(dict.fromkeys(one.obsnum for one in source.obsnums if one.obsnum in wanted[name]))
            for name, source in sources.items()
            if name in wanted
        }

    def _parts(self, name: str) -> list[str]:
        source, pid = self.folder.project.sources[name], self.folder.pid
        foreign = [part.project for part in source.mosaic if part.project not in (None, pid)]
        if foreign:
            what = f"{name} combines observations of {foreign[0]}, which a webrun of {pid} cannot reduce"
            self.tell(what, f"ask for the sources of {pid} that it is made of")
            return []
        known = self.folder.project.sources
        return [*(part.source for part in source.mosaic if part.source in known), name]

    def _tell_unlisted(self, obsnums: Sequence[int], listed: Mapping[int, str]) -> None:
        left_out = self.folder.project.left_out
        for obsnum in [one for one in obsnums if one in left_out]:
            self.tell(f"obsnum {obsnum} is left out of the project: {left_out[obsnum]}", "ask the DA to take it in")
        unknown = [str(one) for one in obsnums if one not in left_out]
        if unknown:
            more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
            cure = _near(unknown[0], map(str, listed), "it has none yet")
            what = f"no source of {self.folder.pid} lists obsnum {', '.join(unknown[:MOST_NAMED])}{more}"
            self.tell(what, cure, "a webrun is for observations of its own project")

    def placed(self, name: str, steps: Iterable[Step]) -> Tiers:
        """Return the tiers of a source with the parameters of all steps in their places."""
        source = self.folder.project.sources[name]
        made = {tier: words for tier in TIERS if (words := source.tiers.get(tier)) is not None}
        if not made:
            self.tell(f"{name} has no tier: nothing is run for it", "leave it out")
            return source.tiers
        for step in steps:
            for key, value, tiers in self._places(name, source, step):
                word = f"{key}={expand_beams(value) if key == 'pix_list' else value}"
                for tier in tiers:
                    made[tier] = merged(made[tier], Parameters((word,)))
                self.words[f"`{key}={value}` in tier {', '.join(tiers)} of {name}"] = None
        return Tiers(**made)

    def _places(self, name: str, source: Source, step: Step) -> list[tuple[str, str, tuple[Tier, ...]]]:
        """Return (key, value, tiers that get it) of a step, without what cannot act, which is told."""
        mode = mode_tag(self.folder.project, source)
        bad: set[str] = set()
        for fault in faults_of(step.parameters, mode, role=self.set_by):
            if fault.severity is Severity.ERROR or fault.code in NOT_ACTING:
                where = f"{name}: " if fault.code == "OTHER_MODE" else ""
                self.tell(where + fault.what, fault.cure, fault.why)
                bad.add(fault.key)
        tiers = tuple(tier for tier in TIERS if source.tiers.get(tier) is not None)
        lost = [tier for tier in step.tiers if tier not in tiers]
        if lost:
            self.tell(f"{name} has no tier {', '.join(lost)}", f"it has {', '.join(tiers)}")
        asked = tuple(tier for tier in tiers if tier in (step.tiers or tiers))
        found = []
        for key in dict.fromkeys(key for key, _ in step.parameters.pairs if key not in bad):
            places = self._acting(name, source, key, tiers[0], asked, mode)
            if places:
                found.append((key, step.parameters.get(key) or "", places))
        return found

    def _acting(
        self, name: str, source: Source, key: str, first: Tier, asked: tuple[Tier, ...], mode: str
    ) -> tuple[Tier, ...]:
        parameter = catalogue(mode).get(key)
        if key == "bank" and has_two_banks(source):
            cure = "leave bank out, and choose tier b for bank 0 or tier c for bank 1"
            self.tell(f"bank cannot be set for {name}", cure, "tier b is its bank 0 and tier c its bank 1")
            return ()
        if parameter is None or not parameter.first_call:
            return asked
        if first in asked:
            return (first,)
        why = "it acts only in the first call of a directory; the later ones keep what that one made of it"
        self.tell(f"{key} would do nothing in tier {', '.join(asked)} of {name}", f"choose tier {first}, or none", why)
        return ()


def session_folder(
    folder: ProjectFolder, chosen: Mapping[str, Collection[int]], tiers: Mapping[str, Tiers]
) -> ProjectFolder:
    """Return the project with these obsnums and tiers only; flags whose keys the new tiers set are gone."""
    sources, verdicts = {}, {}
    for name, obsnums in chosen.items():
        source = folder.project.sources[name]
        listed = tuple(one for one in source.obsnums if one.obsnum in obsnums)
        own = tuple(part for part in source.mosaic if part.project in (None, folder.pid) and part.source in chosen)
        sources[name] = source.model_copy(update={"obsnums": listed, "mosaic": own, "tiers": tiers[name]})
        for obsnum in obsnums:
            if obsnum in folder.qa.obsnums:
                verdicts[obsnum] = unflagged(folder.qa.obsnums[obsnum], new_keys(source.tiers, tiers[name]))
    project = folder.project.model_copy(update={"sources": sources})
    return replace(folder, project=project, qa=Qa(obsnums=verdicts, combinations=folder.qa.combinations))


def new_keys(before: Tiers, after: Tiers) -> dict[Tier, frozenset[str]]:
    """Return, by tier, the keys whose words differ."""
    found: dict[Tier, frozenset[str]] = {}
    for tier in TIERS:
        old, new = before.get(tier) or Parameters(), after.get(tier) or Parameters()
        found[tier] = frozenset(key for key, _ in new.pairs if old.get(key) != new.get(key))
    return found


def unflagged(verdict: Verdict, keys: Mapping[Tier, Collection[str]]) -> Verdict:
    """Return a verdict without the flags that would win over these keys of its tiers: b is bank 0, c is bank 1."""
    of_bank: dict[Bank, Collection[str]] = {0: keys["b"], 1: keys["c"]}
    banks: dict[int, BankVerdict] = {
        bank: part.model_copy(update={"flags": without(part.flags, of_bank[1 if bank == 1 else 0]) or Parameters()})
        for bank, part in verdict.banks.items()
    }
    return verdict.model_copy(update={"flags": without(verdict.flags, keys["b"]) or Parameters(), "banks": banks})


def estimate(plan: Plan, official: Ledger) -> Estimate:
    """Return what a plan may take, by the seconds that the same observations took in the official reduction."""
    records = current_records(official)
    known: dict[str, float] = {}
    for unit in plan.units:
        record = records.get(unit.name)
        if record is not None and record.outcomes:
            known[unit.name] = sum(one.seconds for one in record.outcomes)
    if not known:
        return Estimate(None)
    mean = sum(known.values()) / len(known)
    return Estimate(sum(known.get(unit.name, mean) for unit in plan.units), len(plan.units) - len(known))


def over_quota(
    quota: Webruns, understood: Understood, cost: Estimate, sessions: Iterable[Session], who: str
) -> tuple[str, ...]:
    """Say what of the quota a request would exceed; () when it may be accepted at once."""
    still_open = [one for one in sessions if one.is_open]
    own = [one for one in still_open if one.who.lower() == who.lower()]
    hours = (cost.seconds or 0) / 3600
    counts: tuple[tuple[float, float, Callable[[float, float], str]], ...] = (
        (len(still_open), quota.open_sessions - 1, lambda n, _: f"{n:g} sessions of the project are open already"),
        (len(own), quota.open_by_person - 1, lambda n, _: f"{n:g} of your sessions are open already"),
        (understood.lines, quota.run_lines, lambda n, most: f"{n:g} run lines are more than {most:g}"),
        (hours, quota.hours, lambda n, most: f"about {n:.1f} hours are more than {most:g}"),
    )
    return tuple(words(found, most) for found, most, words in counts if found > most)


def uncovered(session: Session, folder: ProjectFolder, covered: Collection[int]) -> tuple[int, ...]:
    """Return the obsnums that main lists now in sources of which the session was to cover all."""
    sources = folder.project.sources
    found = [one.obsnum for name in session.request.sources if name in sources for one in sources[name].obsnums]
    return tuple(sorted(set(found) - set(covered)))


def covered_by(plan: Plan) -> frozenset[int]:
    """Return the obsnums that a session's plan reduces or combines."""
    combined = [one.obsnum for unit in plan.units if isinstance(unit, Combination) for one in unit.members]
    return frozenset((*(chain.obsnum for chain in plan.chains), *combined))


def _near(word: str, known: Iterable[str], none: str) -> str:
    names = sorted(known)
    alike = get_close_matches(word, names, n=3, cutoff=0.6)
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"did you mean {' or '.join(alike)}?" if alike else f"there is {shown}" if names else none
