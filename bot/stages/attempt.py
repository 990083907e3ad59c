"""One unit of work from intent to record: its calls in order, the verdict, the publication."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.doors.clock import now, stamp
from bot.doors.ledger import LedgerDoor
from bot.doors.pipeline import LOOK_UP_S, Call, LocalPipeline
from bot.doors.results import DOOMED, discard, link_member, publish, read_products
from bot.errors import DoorError
from bot.formats.record_file import SUFFIX, record_name
from bot.model.plan import Chain, Plan, Unit
from bot.model.record import Cause, Ledger, LineOutcome, Record, RunState
from bot.rules import work
from bot.rules.verdict import Judgement, judge
from bot.settings import Site
from bot.stages.interruptible import Stop


@dataclass(frozen=True)
class Workshop:
    """What all attempts of one run share."""

    site: Site
    door: LedgerDoor
    pipeline: LocalPipeline
    plan: Plan
    commit: str
    who: str
    kept: Collection[str] = ()
    """Names of the plan's combinations: products of a source's combination under another name are superseded."""
    batch: str = ""
    """BATCH/NUMBER of what was handed to Slurm, for attempts on a node."""
    job: str = ""
    """The Slurm job that we are."""

    def intent(self, unit: Unit, attempt: int, batch: str) -> Record:
        """Return the record of an attempt that is going to be made."""
        members = () if isinstance(unit, Chain) else tuple(member.obsnum for member in unit.members)
        record = Record(
            pid=self.plan.pid,
            name=unit.name,
            source=unit.source,
            level=self.plan.level,
            digest=unit.digest,
            attempt=attempt,
            state=RunState.INTENT,
            lines=tuple(str(line) for line in unit.lines),
            members=members,
            commit=self.commit,
            who=self.who,
            host=socket.gethostname(),
            batch=batch,
            started=now(),
        )
        return record.model_copy(update={"log": str(self.log(record).relative_to(self.door.work))})

    def stop(self, record: Record, verdict: str, cause: Cause) -> Record:
        """Close an attempt that something else than its data has ended; its work area goes."""
        told = {"state": RunState.STOPPED, "ended": now(), "verdict": verdict, "cause": cause, "job": ""}
        record = record.model_copy(update=told)
        self.door.write(record)
        self.clear(self.area(record))
        return record

    def area(self, record: Record) -> Path:
        """Return the work area of an attempt: beside the official results, on the same storage."""
        return self.door.folder("area") / record_name(record).removesuffix(SUFFIX)

    def log(self, record: Record) -> Path:
        """Return the log file of an attempt."""
        return self.door.folder("log") / f"{record_name(record).removesuffix(SUFFIX)}.log"

    def put_away(self, record: Record, *, keep: bool) -> None:
        """Clear an attempt's work area; a failed one stays in failed/NAME until the unit is good or fails again."""
        area, kept = self.area(record), self.door.folder("failed") / record.name
        if keep and area.exists():
            discard(kept)
            area.rename(kept)
        discard(area)

    def finish_publication(self, record: Record, *, superseded: tuple[str, ...] = ()) -> None:
        """Move the validated products into place; goes on where a crash cut it off."""
        area = self.area(record)
        if area.exists():
            publish(area, record.name, self.door.products, self.door.folder("old") / area.name, superseded)
        discard(self.door.folder("failed") / record.name)

    def abandon(self, record: Record) -> None:
        """End an open attempt that the plan no longer asks for, without losing what was validated."""
        if record.state is RunState.PUBLISHING:
            self.finish_publication(record)
            self.door.write(record.model_copy(update={"state": RunState.GOOD, "ended": self.end_of(record)}))
            return
        self.stop(record, "given up: the plan asks for something else now", Cause.OPERATOR)

    def clear(self, area: Path) -> None:
        """Make a work area's place empty, and end who still works there."""
        call = self.pipeline.find(area)
        if call is not None:
            call.stop()
        discard(area)

    def clear_left(self, ledger: Ledger) -> None:
        """Put away the work areas of attempts that have ended, or whose record is lost: a crash left them."""
        records = {self.area(record).name: record for record in ledger.records}
        for area in sorted(self.door.folder("area").iterdir()):
            if area.name.startswith(DOOMED):  # a job is deleting it
                continue
            begun = () if area.name in records else self.door.read(area.name).records  # by a job, this very moment
            record = records.get(area.name, next(iter(begun), None))
            if record is None or record.state is RunState.STOPPED:
                self.clear(area)
            elif not record.state.is_open:
                self.put_away(record, keep=record.state is RunState.FAILED)

    def end_of(self, record: Record) -> str:
        """Return the time at which a publication ended: now, but later than those that it replaces.

        The newest good record tells what lies in the official directory; clocks of hosts differ, and are set back.
        """
        before = [one.ended for one in self.door.read(f"{record.name}.*").records if one.name == record.name]
        return work.later_than(before, now())


class Attempt:
    """Runs one unit, trying again a bounded number of times when the machine and not the data stopped it."""

    def __init__(self, shop: Workshop, unit: Unit, stop: Stop, lines: int | None = None) -> None:
        self.shop = shop
        self.unit = unit
        self.stop = stop
        self.lines = lines or len(unit.lines)
        """How many of the unit's lines are to be made; with fewer than all it stays open for who makes the others."""
        self.call: Call | None = None
        """The call that is being waited for."""

    def run(self) -> Record:
        """Return the final record; a failing pipeline is a record too, a failing disk is a DoorError."""
        record = self.step()
        for _ in range(1, self.shop.site.settings.pipeline.tries):
            if record.state is not RunState.STOPPED or self.stop.is_set():
                break
            record = self.step()
        return record

    def step(self) -> Record:
        """Go on with the open attempt, or begin one; return its record when its lines are made or it has ended."""
        try:
            return self._one()
        except OSError as error:
            raise DoorError(f"{self.shop.plan.pid} {self.unit.name}: the machine failed: {error}") from error
        finally:
            if self.call is not None:  # nobody is going to wait for it
                self.call.stop()

    def _one(self) -> Record:
        door, name, digest, level = self.shop.door, self.unit.name, self.unit.digest, self.shop.plan.level
        attempts = door.read_unit(name, digest, level)
        record = attempts[-1] if attempts and attempts[-1].state.is_open else None
        if record is None:
            return self._calls(self._begin(door.next_attempt(name, digest, level)))
        if record.state is RunState.PUBLISHING:
            return self._publish(record)
        if record.state is RunState.INTENT:
            return self._calls(self._begin(record.attempt))
        return self._resume(record)

    def _begin(self, attempt: int) -> Record:
        """Write the intent before anything is started, and lay out a clean work area."""
        shop, unit = self.shop, self.unit
        record = shop.intent(unit, attempt, shop.batch)
        shop.door.write(record)
        area = shop.area(record)
        shop.clear(area)
        area.mkdir(parents=True)
        for member in () if isinstance(unit, Chain) else unit.members:
            link_member(shop.door.work / member.pid / str(member.obsnum), area, member.pid)
        return self._note(record, state=RunState.RUNNING)

    def _resume(self, record: Record) -> Record:
        """Take up what a killed runner left: between two calls, in a call that lives or has ended, or lost."""
        area = self.shop.area(record)
        if not area.is_dir():
            self._end(record, RunState.STOPPED, "its work area is gone", Cause.MACHINE)
            return self._one()
        if not record.job:
            return self._calls(record)
        call = self.shop.pipeline.find(area)
        if call is None and self.shop.pipeline.exit_of(area, len(record.outcomes)) is None:
            self._end(record, RunState.STOPPED, "its runner was killed, and the call with it", Cause.MACHINE)
            return self._one()
        return self._calls(self._after_call(record, call))

    def _calls(self, record: Record) -> Record:
        """Make the calls that are still to be made; after each, what lies there decides whether to go on."""
        while record.state is RunState.RUNNING:
            judgement = self._judge(record)
            if record.outcomes and judgement.faults:
                return self._end(self._with(record, judgement), RunState.FAILED, "; ".join(judgement.faults))
            if len(record.outcomes) == len(self.unit.lines):
                ready = self._with(record, judgement)
                return self._publish(self._note(ready, state=RunState.PUBLISHING, verdict="good"))
            if len(record.outcomes) >= self.lines:
                break
            if self.stop.is_set():
                return self._end(record, RunState.STOPPED, work.STOPPED_BY_OPERATOR, Cause.OPERATOR)
            record = self._note(record, job=f"{self.shop.job} starting".strip())
            number = len(record.outcomes)
            words = self.unit.lines[number].words
            self.call = self.shop.pipeline.start(words, self.shop.area(record), self.shop.log(record), number)
            record = self._after_call(
                self._note(record, job=f"{self.shop.job} process {self.call.process_id}".strip()), self.call
            )
        return record

    def _after_call(self, record: Record, call: Call | None) -> Record:
        """Wait for a call and note how it ended; what the machine or the operator stopped ends the attempt."""
        limit_s = 60 * self.shop.site.settings.pipeline.timeout_minutes
        area = self.shop.area(record)
        began = self.shop.pipeline.begun_at(area, len(record.outcomes))
        self.call = call
        # what we have just started is timed by a clock that nobody sets; what we found, by when it says it began
        elapsed_s = 0 if call is not None and call.child else max(time.time() - began, 0)
        reason, cause = self._wait(call, time.monotonic() + limit_s - elapsed_s)
        left = self.shop.pipeline.find(area)
        if left is not None:  # it would go on writing into what is judged and published
            left.stop()
        self.call = None
        code = self.shop.pipeline.exit_of(area, len(record.outcomes))
        outcome = LineOutcome(
            line=record.lines[len(record.outcomes)],
            exit=code,
            started=stamp(began),
            ended=now(),
            seconds=round(max(time.time() - began, 0), 3),
        )
        record = self._note(record, outcomes=(*record.outcomes, outcome), job="")
        if not reason and work.is_stopped_by_machine(code):
            reason, cause = _machine_words(code)
            if self.stop.is_set():
                reason, cause = work.STOPPED_BY_OPERATOR, Cause.OPERATOR
        return self._end(record, RunState.STOPPED, reason, cause) if reason else record

    def _wait(self, call: Call | None, deadline: float) -> tuple[str, Cause]:
        """Wait for the end of a call; return why we ended it ourselves, "" if it ended by itself."""
        while call is not None and not call.has_ended():
            if self.stop.is_set():
                call.stop()
                return work.STOPPED_BY_OPERATOR, Cause.OPERATOR
            if time.monotonic() > deadline:
                call.stop()
                minutes = self.shop.site.settings.pipeline.timeout_minutes
                return f"it took more than {minutes} minutes and was ended", Cause.TIME
            call.wait(LOOK_UP_S)
        return "", Cause.NONE

    def _judge(self, record: Record) -> Judgement:
        """Judge what lies in the work area by the lines called so far, and by how the last of them ended."""
        if not record.outcomes:
            return Judgement((), {})
        unit = replace(self.unit, lines=self.unit.lines[: len(record.outcomes)])
        judgement = judge(unit, read_products(self.shop.area(record), record.name))
        code = record.outcomes[-1].exit
        return replace(judgement, faults=(f"exit code {code}", *judgement.faults)) if code else judgement

    def _publish(self, record: Record) -> Record:
        ledger = Ledger(()) if isinstance(self.unit, Chain) else self.shop.door.read()
        older = work.superseded_names(self.unit, self.shop.kept, ledger)
        self.shop.finish_publication(record, superseded=older)
        for one in ledger.records:  # before our own record is closed: who goes on after a crash does it again
            if one.name in older and one.state is RunState.GOOD:
                self.shop.door.write(one.model_copy(update={"state": RunState.SUPERSEDED}))
        return self._note(record, state=RunState.GOOD, ended=self.shop.end_of(record))

    def _end(self, record: Record, state: RunState, verdict: str, cause: Cause = Cause.NONE) -> Record:
        """Close an attempt that did not become good; the official products stay, what failed is kept to look at."""
        record = self._note(record, state=state, ended=now(), verdict=verdict, cause=cause)
        self.shop.put_away(record, keep=state is RunState.FAILED)
        return record

    def _with(self, record: Record, judgement: Judgement) -> Record:
        return record.model_copy(update={"metrics": judgement.metrics, "pipeline": judgement.pipeline})

    def _note(self, record: Record, **told: Any) -> Record:
        """Write the record with what is new, and return it."""
        record = record.model_copy(update=told)
        self.shop.door.write(record)
        return record


def _machine_words(code: int | None) -> tuple[str, Cause]:
    if code is None:
        return "the call vanished without an exit code", Cause.MACHINE
    if code in (-9, 137):
        return "killed by signal 9; where nobody did it, the machine was out of memory", Cause.MEMORY
    return f"ended by signal {-code if code < 0 else code - 128}", Cause.MACHINE
