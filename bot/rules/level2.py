"""The plan of level 2 <-> level2.yaml: the exact run lines that a DA approves and that are run after the merge.

What is approved is text: the digest only says quickly whether two texts are the same plan.
"""

from __future__ import annotations

from bot.model.plan import Plan
from bot.model.project import Level2

HEAD = (
    "# yaml-language-server: $schema=../../templates/schema/level2.json",
    "# The run lines of level 2, as they follow from project.yaml and qa.yaml. lmtbot writes this file; who approves",
    "# the pull request approves these commands. Change the other two files, never this one.",
)


def level2_of(plan: Plan) -> Level2:
    """Return what level2.yaml has to say of a plan of level 2: every line that may run, in the plan's order."""
    lines = tuple(str(line) for unit in plan.units if not unit.blocked for line in unit.lines)
    return Level2(digest=plan.digest, lines=lines)


def is_current(approved: Level2 | None, plan: Plan) -> bool:
    """Say whether what stands in level2.yaml is, line by line, what the plan would run."""
    wanted = level2_of(plan)
    return approved is not None and (approved.digest, approved.lines) == (wanted.digest, wanted.lines)


def level2_text(level2: Level2) -> str:
    """Return the text of level2.yaml, one run line a line, so that its difference is the difference of commands."""
    head = [*HEAD, f'digest: "{level2.digest}"', *([f"after: {_quoted(level2.after)}"] if level2.after else [])]
    if not level2.lines:
        return "\n".join((*head, "lines: []", ""))
    lines = (f"  - {_quoted(line)}" for line in level2.lines)
    return "\n".join((*head, "lines:", *lines, ""))


def _quoted(line: str) -> str:
    """Return a run line as a YAML text; the model of parameters lets no quote through, old words may hold one."""
    return "'" + line.replace("'", "''") + "'"
