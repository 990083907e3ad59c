"""Issues and pull requests of GitHub -> threads of projects: which project, what about, whom it waits for. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.model.github import Topic
from bot.model.label import ARRIVAL, NEW_PROJECT, QA, REPORT, WEBRUN
from bot.model.role import Role
from bot.model.scalars import one_line
from bot.model.site import ISSUE, PULL, Thread

WAITS = {ARRIVAL: Role.PO, NEW_PROJECT: Role.PO, QA: Role.DA, WEBRUN: Role.PO, REPORT: Role.DA}
"""Label -> who has to act on it."""
BEGINS = (ARRIVAL.name, NEW_PROJECT.name)
"""Labels of pull requests that may bring a project which main does not have: their title begins with it."""
LONGEST_TITLE = 120
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(?<![.-])")


def thread_of(topic: Topic, pids: Collection[str]) -> Thread | None:
    """Return the thread, None where its title names no project; `pids`: those of main.

    Only labels, which strangers cannot give, say whom it waits for; any other pull request waits for the PO.
    """
    about = next((label for label in WAITS if label.name in topic.labels), None)
    pid = _pid_of(topic, pids)
    if not pid:
        return None
    waits = WAITS[about] if about else Role.PO if topic.is_pull else ""
    return Thread(
        pid=pid,
        kind=PULL if topic.is_pull else ISSUE,
        number=topic.number,
        title=one_line(topic.title.removeprefix(f"{pid}:"), LONGEST_TITLE),
        url=topic.url if topic.url.startswith(("https://", "http://")) else "",
        state="open" if topic.is_open else "merged" if topic.is_merged else "closed",
        waits_for=str(waits) if topic.is_open else "",
        changed=(topic.closed or topic.opened)[:19],
        about=about.name if about else "",
        who="" if topic.author.endswith("[bot]") else topic.author,
    )


def _pid_of(topic: Topic, pids: Collection[str]) -> str:
    """Return the first project that the title names, or what it begins with where that may be a new one."""
    words = _WORD.findall(topic.title)
    known = next((word for word in words if word in pids), "")
    return known or (words[0] if words and topic.is_pull and set(BEGINS) & set(topic.labels) else "")
