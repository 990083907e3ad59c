"""What the commands of a comment are for, who may give them, and what they change in qa.yaml. Pure: text in, text out.

Roles are closed by default: who has none may nothing. What a command asks for is refused when it could not act: an
obsnum that no source lists, a bank that is not there, a parameter that the pipeline would ignore.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, NoReturn

from bot.errors import Finding, ProjectError, Severity
from bot.formats.comment_command import PULL_REQUEST, Command, Language
from bot.formats.project_file import ProjectFolder
from bot.formats.validation import validate
from bot.formats.yaml_edit import set_verdict
from bot.formats.yaml_text import parse_document
from bot.model.plan import Plan
from bot.model.project import BankVerdict, Parameters, Qa, Verdict
from bot.model.role import Role
from bot.rules.lint.acting import GRADE_KEY, has_two_banks, late_flag, lost_flags, lost_grades
from bot.rules.lint.checked import Checked, Hit
from bot.rules.lint.verdicts import grade_of
from bot.rules.parameters import catalogue, faults_of

FAIL, PIPELINE_FAIL, BEST = -2, -1, 3
NOT_AS_MEANT = ("OTHER_MODE", "KEY_TWICE", "RESTART_BY_HAND")
"""Warnings of the parameter rules for which a command is refused: not what it asks for would happen."""
UNCHANGED = "it was so already, nothing is changed"

_DA, _OPERATING = frozenset({Role.DA}), frozenset({Role.DA, Role.PO})
_ANYBODY_OF_OURS = frozenset({Role.DA, Role.PO, Role.PI})


@dataclass(frozen=True, slots=True)
class CommandRule:
    """One command: what it is for, and who may give it."""

    name: str
    help: str
    roles: frozenset[Role]
    edits: bool = False
    """It changes qa.yaml."""
    starts: bool = False
    """It makes something run on the cluster."""
    language: Language = PULL_REQUEST

    @property
    def example(self) -> str:
        """Return the command as it may stand in a comment."""
        return self.language.examples[self.name]


COMMANDS: tuple[CommandRule, ...] = (
    CommandRule(
        "grade",
        "grade an obsnum, one bank of it, or a combination (FIRST_LAST): -2 fail, 0 not graded, 1 poor, 2 usable, "
        "3 good; words behind it become the note",
        _DA,
        edits=True,
    ),
    CommandRule(
        "fail",
        "grade -2 and keep the obsnum out of the combination; with a bank, only that bank's grade",
        _DA,
        edits=True,
    ),
    CommandRule("flag", "set parameters for an obsnum or one bank of it; others stay", _DA, edits=True),
    CommandRule("unflag", "take these parameters back, or all of them", _DA, edits=True),
    CommandRule("combine", "take an obsnum into its combination (yes) or keep it out (no)", _DA, edits=True),
    CommandRule(
        "run",
        "make a trial beside the official results: an obsnum, a source, a combination; alone: all that changed",
        _OPERATING,
        starts=True,
    ),
    CommandRule("status", "tell where the project stands and what it waits for", _ANYBODY_OF_OURS),
    CommandRule("refresh", "make this text, the worksheet and level2.yaml anew", _OPERATING),
    CommandRule("retry", "run again what failed, of the same commit", _OPERATING, starts=True),
    CommandRule("help", "list the commands that you may give", _ANYBODY_OF_OURS),
)
Rules = Sequence[CommandRule]
"""The commands of one kind of conversation."""


@dataclass(frozen=True, slots=True)
class Applied:
    """qa.yaml after a command, and what it did in words."""

    text: str
    told: str


def rule_of(command: Command, rules: Rules = COMMANDS) -> CommandRule:
    """Return the table's row of a command."""
    return next(rule for rule in rules if rule.name == command.name)


def may(command: Command, roles: Collection[Role], rules: Rules = COMMANDS) -> bool:
    """Say whether somebody with these roles may give the command."""
    return bool(rule_of(command, rules).roles & frozenset(roles))


def allowed(roles: Collection[Role], rules: Rules = COMMANDS) -> tuple[CommandRule, ...]:
    """Return the commands that somebody with these roles may give, in the table's order."""
    return tuple(rule for rule in rules if rule.roles & frozenset(roles))


def help_text(roles: Collection[Role], among: Rules = COMMANDS) -> str:
    """Return, in Markdown, what the caller may do, and nothing else."""
    rules = allowed(roles, among)
    if not rules:
        return "You have no role in this project, so there is no command for you here; the settings name who has one."
    rows = [f"| `{rule.example}` | {rule.help} |" for rule in rules]
    head = f"As {', '.join(sorted(set(roles)))} of this project you may write, each on a line of its own:"
    return "\n".join((head, "", "| for example | to |", "|---|---|", *rows))


def apply(
    command: Command,
    qa_text: str,
    folder: ProjectFolder,
    *,
    others: Mapping[str, ProjectFolder] | None = None,
    banks: Mapping[int, Collection[int]] | None = None,
) -> Applied:
    """Return qa.yaml with what the command says; raise ProjectError when it could not act. Twice is once.

    `folder` says what the project is; its verdicts are read from `qa_text`. `others` {pid: folder} are the projects
    that its mosaics take obsnums from, `banks` {obsnum: banks} what the products show.
    """
    deed = _DEEDS.get(command.name)
    if deed is None or command.target is None:
        return Applied(qa_text, "")
    name = folder.qa_document.path
    qa = validate(parse_document(qa_text, name), Qa)
    scene = _Scene(command, Checked(replace(folder, qa=qa), others=others or {}), banks or {})
    scene.refuse_wrong_target()
    changes = deed(scene)
    text = set_verdict(qa_text, command.target, changes, name=name)
    if text == qa_text:
        return Applied(text, f"{scene.shown}: {UNCHANGED}")
    after = replace(scene.checked.folder, qa=validate(parse_document(text, name), Qa))
    scene.look_at(Checked(after, others=others or {}))
    return Applied(text, "; ".join((f"{scene.shown}: {scene.told}", *scene.remarks)))


def units_to_run(command: Command, plan: Plan) -> tuple[str, ...]:
    """Return the names of the units that a /run asks for, in the plan's order; () when it names nothing.

    An obsnum is its chain alone, a source all its obsnums and its combination. Raise ProjectError on unknown names.
    """
    known = {unit.name for unit in plan.units} | {unit.source for unit in plan.units}
    for word in command.what:
        if word not in known:
            _refuse(command, f"nothing in {plan.pid} has the name {word}", _near(word, known))
    return tuple(unit.name for unit in plan.units if {unit.name, unit.source} & set(command.what))


def _refuse(command: Command, what: str, cure: str, why: str = "") -> NoReturn:
    raise ProjectError(findings=[Finding("COMMAND", Severity.ERROR, "comment", command.line, what, why, cure)])


def _near(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    alike = get_close_matches(word, names, n=3, cutoff=0.7)
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"did you mean {' or '.join(alike)}?" if alike else f"there is {shown or 'nothing yet'}"


@dataclass
class _Scene:
    """One command and the project that it speaks of; gathers what is told."""

    command: Command
    checked: Checked
    banks: Mapping[int, Collection[int]]
    told: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        bank = self.command.bank
        return f"{self.command.target}" + ("" if bank is None else f"__{bank}")

    @property
    def obsnum(self) -> int | None:
        return self.command.target if isinstance(self.command.target, int) else None

    @property
    def verdict(self) -> Verdict:
        """Return what qa.yaml says so far."""
        qa = self.checked.qa
        found = qa.combinations.get(self.shown) if self.obsnum is None else qa.obsnums.get(self.obsnum)
        return found or Verdict()

    @property
    def is_for_both_banks(self) -> bool:
        """Say whether no bank is named and each has a tier of its own: then the word has to be said for each."""
        places = self.checked.listed.get(self.obsnum or 0, ())
        return self.command.bank is None and any(has_two_banks(place.source) for place in places)

    def refuse_wrong_target(self) -> None:
        if self.obsnum is None:
            if self.shown not in self.checked.combinations:
                what = f"{self.checked.pid} has no combination {self.shown}"
                _refuse(self.command, what, _near(self.shown, self.checked.combinations))
            return
        if self.obsnum not in self.checked.listed:
            self._refuse_unlisted(self.obsnum)
        self._refuse_wrong_bank(self.obsnum)

    def _refuse_unlisted(self, obsnum: int) -> NoReturn:
        if obsnum in self.checked.project.left_out:
            reason = self.checked.project.left_out[obsnum]
            cure = "list it in a source of project.yaml, and take it out of left_out"
            _refuse(self.command, f"obsnum {obsnum} is left out of the project: {reason}", cure)
        for pid, other in self.checked.others.items():
            if any(obsnum == one.obsnum for source in other.project.sources.values() for one in source.obsnums):
                cure = "the verdict on it stands there, and holds here too"
                _refuse(self.command, f"obsnum {obsnum} is {pid}'s, not {self.checked.pid}'s", cure)
        what = f"no source of {self.checked.pid} lists obsnum {obsnum}"
        _refuse(self.command, what, _near(str(obsnum), map(str, self.checked.listed)))

    def _refuse_wrong_bank(self, obsnum: int) -> None:
        bank, known = self.command.bank, self.banks.get(obsnum)
        if bank is None:
            return
        mode = self.checked.mode_of_obsnum(obsnum)
        if mode.startswith("RSR"):
            _refuse(self.command, f"obsnum {obsnum} is {mode}, which has no banks", f"write {obsnum} without a bank")
        if known and bank not in known:
            there = " and ".join(map(str, sorted(known)))
            _refuse(self.command, f"obsnum {obsnum} has no bank {bank}, its products are of bank {there}", "")

    @property
    def parts(self) -> tuple[int | None, ...]:
        """Return the parts of the verdict that the command is for: banks, or None for the obsnum as a whole."""
        if self.command.bank is not None:
            return (self.command.bank,)
        return (0, 1) if self.is_for_both_banks else (None,)

    @property
    def rivals(self) -> tuple[int, ...]:
        """Return the banks whose own words would win over a word on the whole, where they have said it already."""
        return tuple(self.verdict.banks) if self.parts == (None,) else ()

    def part(self, bank: int | None) -> Verdict | BankVerdict:
        """Return what is said so far of the obsnum (None) or of a bank."""
        return self.verdict if bank is None else self.verdict.banks.get(bank, BankVerdict())

    def changed(
        self, parts: Iterable[int | None], change: Callable[[Verdict | BankVerdict], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return the changes of several parts as set_verdict wants them."""
        changes: dict[str, Any] = {}
        for bank in parts:
            value = change(self.part(bank))
            if bank is None:
                changes.update(value)
            elif value:
                changes.setdefault("banks", {})[bank] = value
        return changes

    def look_at(self, after: Checked) -> None:
        """Refuse what cannot act, by the rules of the check on what the edit left; remark what it leads to."""
        if self.obsnum is None:
            return
        only = Qa(obsnums={self.obsnum: after.qa.obsnums.get(self.obsnum, Verdict())})
        alone = Checked(replace(after.folder, qa=only), others=after.others)
        if self.command.flags:
            for hit in (*late_flag(alone), *lost_flags(alone)):
                if self._is_of_this_command(hit):
                    _refuse(self.command, hit.what, hit.cure, "the pipeline would take it, and nothing would happen")
        if self.command.grade is not None:
            self.remarks += [f"but {hit.what}; {hit.cure}" for hit in lost_grades(alone)]
        self._remark_on_combination(after)

    def _is_of_this_command(self, hit: Hit) -> bool:
        bank = int(str(hit.loc[3])) if hit.loc[2] == "banks" else None
        if bank not in self.parts:
            return False
        key = str(hit.loc[-1])
        return key == "flags" or self.command.flags.get(key) is not None

    def _remark_on_combination(self, after: Checked) -> None:
        if self.command.grade == FAIL and self.obsnum in after.combined and self.command.bank is None:
            self.remarks.append(f"it is still combined: `/fail {self.obsnum}` takes it out too")
        elif (self.command.grade or 0) > 0 and self.obsnum not in after.combined:
            self.remarks.append(f"it is in no combination: `/combine {self.obsnum} yes` takes it in")
        for source in after.project.sources:
            before, now = (_combination(checked, source) for checked in (self.checked, after))
            if before != now:
                told = f"{source} has no combination any more"
                self.remarks.append(f"the combination of {source} is now {now}" if now else told)


def _combination(checked: Checked, source: str) -> str:
    members = checked.members(source)
    return f"{members[0]}_{members[-1]}" if members else ""


def _grade(scene: _Scene) -> dict[str, Any]:
    grade = scene.command.grade
    if grade is None or not FAIL <= grade <= BEST:
        _refuse(scene.command, f"there is no grade {grade}", "write -2 (fail), 0 (not graded), 1, 2 or 3 (good)")
    if grade == PIPELINE_FAIL:
        what = f"{PIPELINE_FAIL} is what the pipeline gives to a run that failed"
        _refuse(scene.command, what, f"write {FAIL} for fail, 1 for poor")
    scene.told = f"grade {grade}" + (" for both banks" if scene.is_for_both_banks else "")
    changes = scene.changed(scene.parts, lambda part: {"grade": grade, **_no_grade_among_flags(part)})
    changes |= scene.changed(scene.rivals, lambda part: _regraded(part, grade))
    if scene.is_for_both_banks:
        changes |= {"grade": None, **_no_grade_among_flags(scene.verdict)}
    return _with_note(scene, changes)


def _regraded(part: Verdict | BankVerdict, grade: int) -> dict[str, Any]:
    return {} if grade_of(part) is None else {"grade": grade, **_no_grade_among_flags(part)}


def _no_grade_among_flags(part: Verdict | BankVerdict) -> dict[str, Any]:
    return {} if part.flags.get(GRADE_KEY) is None else {"flags": without(part.flags, (GRADE_KEY,))}


def _fail(scene: _Scene) -> dict[str, Any]:
    changes = _grade(scene)
    if scene.command.bank is None:
        changes["combine"] = False
        scene.told += ", not combined"
    return changes


def _combine(scene: _Scene) -> dict[str, Any]:
    wanted, changes = bool(scene.command.combine), {}
    places = scene.checked.listed[scene.obsnum or 0]
    if wanted and not any(place.listing.combine for place in places):
        what = f"obsnum {scene.obsnum} is listed in project.yaml with `combine: false`"
        _refuse(scene.command, what, f"take it out there (source {places[0].name}); here it would change nothing")
    if wanted != scene.verdict.combine:
        changes["combine"] = None if wanted else False
    scene.told = "combined" if wanted else "not combined"
    return _with_note(scene, changes)


def _with_note(scene: _Scene, changes: dict[str, Any]) -> dict[str, Any]:
    words, bank = scene.command.words, scene.command.bank
    if not words:
        return changes
    if bank is None:
        return {**changes, "note": words}
    return {**changes, "banks": {bank: {**changes["banks"][bank], "note": words}}}


def _flag(scene: _Scene) -> dict[str, Any]:
    new, mode = scene.command.flags, scene.checked.mode_of_obsnum(scene.obsnum or 0)
    if new.get(GRADE_KEY) is not None:
        cure = f"write `/grade {scene.shown} {new.get(GRADE_KEY)}`"
        _refuse(scene.command, f"{GRADE_KEY} is no flag, a grade has a place of its own", cure)
    for fault in faults_of(new, mode, role="da"):
        if fault.severity is Severity.ERROR or fault.code in NOT_AS_MEANT:
            _refuse(scene.command, fault.what, fault.cure, fault.why)
        scene.remarks.append(f"{fault.what}: {fault.cure}" if fault.cure else fault.what)
    scene.told = " ".join(new) + (" for both banks" if scene.is_for_both_banks else "")
    changes = scene.changed(scene.parts, lambda part: {"flags": merged(part.flags, new)})
    return changes | scene.changed({0} & set(scene.rivals), lambda part: _reflagged(part, new))


def _reflagged(part: Verdict | BankVerdict, new: Parameters) -> dict[str, Any]:
    said = Parameters(word for word in new if part.flags.get(word.partition("=")[0]) is not None)
    return {"flags": merged(part.flags, said)} if said else {}


def _unflag(scene: _Scene) -> dict[str, Any]:
    keys, bank = scene.command.what, scene.command.bank
    parts = (None, *scene.verdict.banks) if bank is None else (bank,)
    found = {key for part in parts for key, _ in scene.part(part).flags.pairs}
    for key in keys:
        if key not in found and key not in catalogue(""):
            _refuse(scene.command, f"{scene.shown} has no flag {key}", _near(key, found))
    elsewhere = [key for key in keys if key not in found and scene.verdict.flags.get(key) is not None]
    if elsewhere:
        what = f"{elsewhere[0]} is said of the whole obsnum, not of bank {bank}"
        _refuse(scene.command, what, f"write `/unflag {scene.obsnum} {elsewhere[0]}`")
    scene.told = f"without {' '.join(keys)}" if keys else "without flags"
    return scene.changed(parts, lambda part: {"flags": without(part.flags, keys or found)} if part.flags else {})


def merged(old: Parameters, new: Parameters) -> Parameters:
    """Return the old words with the new values in their places, and new keys behind; each key stands once."""
    fresh = {key: f"{key}={value}" for key, value in new.pairs}
    kept = [fresh.get(key, word) for word, (key, _) in zip(old, old.pairs, strict=True)]
    return Parameters(dict.fromkeys((*kept, *fresh.values())))


def without(flags: Parameters, keys: Collection[str]) -> Parameters | None:
    """Return the words whose keys are none of these, None where nothing is left."""
    kept = Parameters(word for word, (key, _) in zip(flags, flags.pairs, strict=True) if key not in keys)
    return kept or None


_DEEDS: Mapping[str, Callable[[_Scene], dict[str, Any]]] = {
    "grade": _grade,
    "fail": _fail,
    "flag": _flag,
    "unflag": _unflag,
    "combine": _combine,
}
"""What each command that edits asks set_verdict for."""
