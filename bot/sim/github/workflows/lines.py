"""The lines that `act --json` writes -> steps with their results, log, summary. Values in, values out."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

SAID = {"error": "failure", "warning": "warning", "notice": "notice"}
"""Workflow command -> the level of its annotation."""
MOST_OF_A_KIND = 10
"""Annotations of one kind that a step may leave; the log has the rest."""
WORDS = {"--setup-job": "Set up job", "--complete-job": "Complete job"}


@dataclass
class Step:
    """One step as the API tells it."""

    name: str
    number: int
    status: str = "queued"
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None


@dataclass
class Record:
    """What a job said so far. `secrets` never stand in it, whatever step printed them."""

    key: str
    names: tuple[str, ...]
    ids: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    log: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    result: str | None = None

    def __post_init__(self) -> None:
        names = (WORDS["--setup-job"], *self.names, WORDS["--complete-job"])
        ids = ("--setup-job", *self.ids, "--complete-job")
        self.steps = {word: Step(name, number) for number, (word, name) in enumerate(zip(ids, names, strict=True), 1)}
        lines = {line for secret in self.secrets for line in secret.splitlines() if line.strip()}
        self._annotated: Counter[tuple[str, str]] = Counter()
        self._hidden = [re.escape(line) for line in sorted(lines, key=len, reverse=True)]

    def hide(self, text: str) -> str:
        """Return the text without secrets."""
        return re.sub("|".join(self._hidden), "***", text) if self._hidden else text

    def take(self, line: str, now: str) -> bool:
        """Take one line; tell whether a step began or ended with it."""
        try:
            told = json.loads(line)
        except ValueError:
            told = {"jobID": self.key, "msg": line, "raw_output": True}
        if told.get("jobID") != self.key:
            return False
        words = self.hide(str(told.get("msg", "")))
        if told.get("raw_output"):
            self.log += [f"{now} {words.rstrip()}\n"]
        elif told.get("command") == "summary":
            self.summary.append(self.hide(str(told.get("content", ""))))
        elif found := re.fullmatch(r"exit status (\d+)", words):
            self.log.append(f"{now} ##[error]Process completed with exit code {found.group(1)}.\n")
        elif told.get("command") in SAID:
            self.log.append(f"{now} ##[{told['command']}]{self.hide(str(told.get('arg', words))).strip()}\n")
            self._annotate(told)
        elif told.get("level") in SAID:
            self.log.append(f"{now} ##[{told['level']}]{words.strip()}\n")
        self.result = told.get("jobResult", self.result)
        return self._step(told, now)

    def _annotate(self, told: dict[str, Any]) -> None:
        """Keep what a workflow command says of a line of a file."""
        place = told.get("kvPairs") or {}
        line = place.get("line", "")
        first = int(line) if line.isdecimal() else 1
        kind = (SAID[told["command"]], json.dumps(told.get("stepID")))
        if self._annotated[kind] < MOST_OF_A_KIND:
            self._annotated[kind] += 1
            words = {"message": told.get("arg", ""), "title": place.get("title"), "path": place.get("file", ".github")}
            told_words = {name: self.hide(text) for name, text in words.items() if text is not None}
            self.annotations.append({"start_line": first, "end_line": first, "annotation_level": kind[0]} | told_words)

    def _step(self, told: dict[str, Any], now: str) -> bool:
        path = told.get("stepID") or told.get("stepid") or []
        step = self.steps.get(path[0]) if len(path) == 1 else None
        if step is None or told.get("stage", "Main") != "Main":
            return False
        if "stepResult" in told:
            step.status, step.completed_at, step.conclusion = "completed", now, told["stepResult"]
            return True
        if step.status == "queued" and str(told.get("msg", "")).startswith("⭐ Run"):
            step.status, step.started_at = "in_progress", now
            self.log.append(f"{now} ##[group]{self.hide(step.name)}\n")
            return True
        return False

    def end(self, now: str, rest: str) -> None:
        """Note that it is over: steps that never ended are the `rest`, skipped or cancelled."""
        for step in self.steps.values():
            if step.status != "completed":
                step.status, step.conclusion = "completed", rest
                step.started_at, step.completed_at = step.started_at or now, now

    def shown(self) -> list[dict[str, Any]]:
        """Return the steps as the API tells them."""
        return [vars(step) | {"name": self.hide(step.name)} for step in self.steps.values()]

    def take_log(self) -> str:
        """Return what the log holds since the last time."""
        text = "".join(self.log)
        self.log.clear()
        return text


def ids_of(steps: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """Return the names by which act knows steps: their ids, else their places."""
    return tuple(str(step.get("id") or number) for number, step in enumerate(steps))
