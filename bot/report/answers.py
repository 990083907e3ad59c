"""The bot's answer to a comment with commands: what was done, and what was refused, with reason and cure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import ProjectError
from bot.formats.comment_command import Command, Misread
from bot.formats.markdown import code, prose
from bot.model.role import Role
from bot.rules.commands import COMMANDS, Rules, rule_of

LONGEST_ANSWER = 65_000
"""Characters; GitHub refuses more than 65,536."""
NO_CHANGE = "No file was changed."
MARKS = {True: "✔", False: "✘"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one command. `told` and `cure` are plain words, escaped here."""

    asked: Command | Misread
    is_done: bool
    told: str
    cure: str = ""


def done(command: Command, told: str) -> Answer:
    """Answer a command that was carried out."""
    return Answer(command, True, told)


def misread(line: Misread) -> Answer:
    """Answer a line that could not be read."""
    return Answer(line, False, line.what, line.cure)


def refused(command: Command, error: ProjectError) -> Answer:
    """Answer a command that could not act, in the words of the error."""
    if not error.findings:
        return Answer(command, False, str(error))
    what = "; ".join(f"{one.what} ({one.why})" if one.why else one.what for one in error.findings)
    return Answer(command, False, what, "; ".join(one.cure for one in error.findings if one.cure))


def not_allowed(command: Command, rules: Rules = COMMANDS) -> Answer:
    """Answer, politely, a command of somebody who may not give it."""
    roles = sorted(rule_of(command, rules).roles)
    who = " or ".join(f"a {role}" for role in roles)
    told = f"this is for {who} of the project; nothing was done"
    cure = "`/help` lists what you may do" if Role.PI in roles else f"ask {who}"
    return Answer(command, False, told, cure)


def answer_text(answers: Sequence[Answer], *, commit: str = "", help_words: str = "", rules: Rules = COMMANDS) -> str:
    """Return the answer as Markdown. `commit`: what the edits became; `help_words`: of rules.commands.help_text."""
    rows = [_row(one) for one in answers if not (help_words and one.is_done and _name(one) == "help")]
    edits = any(isinstance(one.asked, Command) and rule_of(one.asked, rules).edits for one in answers)
    tail = f"In commit {commit}." if commit else NO_CHANGE if edits else ""
    rest = "\n\n".join(part for part in (tail, help_words) if part)
    room, kept = LONGEST_ANSWER - len(rest) - 200, 0
    while kept < len(rows) and room > len(rows[kept]):
        room -= len(rows[kept]) + 1
        kept += 1
    if kept < len(rows):
        rows = [*rows[:kept], f"- and {len(rows) - kept} more, for which there is no room here"]
    return "\n\n".join(part for part in ("\n".join(rows), rest) if part) + "\n"


def _name(answer: Answer) -> str:
    return answer.asked.name if isinstance(answer.asked, Command) else ""


def _row(answer: Answer) -> str:
    text = f"- {MARKS[answer.is_done]} {code(answer.asked.text or str(answer.asked))}: {prose(answer.told)}"
    return f"{text}. **Cure:** {prose(answer.cure)}" if answer.cure else text
