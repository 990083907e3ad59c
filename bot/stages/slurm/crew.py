"""A project through Slurm: hand over in waves, watch, settle what ended without a verdict, try again what broke.

Slurm holds the order, the ledger the truth; this process may die at any time, and the next one takes up from both.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from bot.doors.batches import BatchStore
from bot.doors.files import append_text
from bot.doors.slurm import Slurm
from bot.formats.slurm_text import Row
from bot.model.batch import Batch
from bot.model.plan import Chain, Unit
from bot.model.record import Cause, Record, RunState
from bot.model.scalars import one_line
from bot.rules import batches, work
from bot.rules.slurm_states import BLOCKED, GONE, STATES, Meaning, Phase, meaning_of, obstacle
from bot.stages.attempt import Attempt, Workshop
from bot.stages.interruptible import Stop
from bot.stages.slurm.handover import HandOver
from bot.stages.slurm.lasting import Lasting
from bot.stages.slurm.living import Living, Meanings, Place, meanings_of
from bot.stages.slurm.waves import Waves

MEMORY_WORDS = "exceeded memory limit"
"""What slurmstepd writes into a job's output when it and not the kernel ends it (slurmstepd/mgr.c, jobacct_gather)."""
LONGEST_WORDS = 200
"""Of a job's last line in the verdict; all of it is in the log."""


class SlurmCrew:
    """Brings units to their end by Slurm."""

    def __init__(
        self, shop: Workshop, slurm: Slurm, store: BatchStore, told: Callable[[SlurmCrew, Record | None], None]
    ) -> None:
        max_array_size, self.has_accounting = slurm.limits()
        self.shop = shop
        self.settings = shop.site.settings.slurm
        self.living = Living(slurm, store)
        self.hand_over = HandOver(shop, self.living, max_array_size)
        self.waves = Waves(self.hand_over)
        self.told = told
        self.failed: dict[str, str] = {}
        self.ended: list[Record] = []
        self.running: tuple[str, ...] = ()
        self.failing: frozenset[str] = frozenset()
        """Units of which a job has not ended well, though others of them may still live."""
        self.is_ending = False
        self._said: set[str] = set()

    @property
    def left(self) -> tuple[str, ...]:
        """Return the units that have not ended."""
        return (*self.living.places, *self.waves.waiting)

    def attach(self, records: Iterable[Record]) -> None:
        """Take up what earlier runs handed over; an intent whose batch was never written whole is withdrawn."""
        store, known = self.living.store, dict[str, Batch | None]()
        newest: dict[str, Record] = {}
        for record in sorted(records, key=lambda one: one.attempt):
            newest[record.name] = record
            if record.state.is_open and record.batch:
                batch_id = record.batch.partition("/")[0]
                if batch_id not in known:
                    known[batch_id] = store.read(batch_id)
                self.hand_over.take_up(record, known[batch_id])
        self.failed = {name: one.verdict for name, one in newest.items() if one.state is RunState.FAILED}
        for batch_id in set(store.ids()) - set(self.living.jobs):
            store.remove(batch_id)

    def add(self, units: Mapping[str, Unit]) -> None:
        """Say what else has to be brought to its end, also what failed before."""
        self.failed = {name: why for name, why in self.failed.items() if name not in units}
        self.waves.add(unit for name, unit in units.items() if name not in self.living.places)

    def run(self, *, wait: bool) -> tuple[Record, ...]:
        """Hand over and, with `wait`, watch until everything has ended."""
        self._look()
        self.waves.resume()
        while self.left:
            self.waves.hand_over(self.failed)
            self.told(self, None)
            if not wait:
                break
            time.sleep(self.settings.poll_seconds if self.left else 0)
            self._look()
        return tuple(self.ended)

    def settle(self) -> None:
        """Watch what lives to its end and hand nothing over, also not the rest of what was begun."""
        self.is_ending = True
        lasting = Lasting()
        while self.living.places:
            self._look()
            self.waves.waiting.clear()
            if self.living.places:
                lasting.tell(f"{len(self.living.places)} units, {next(iter(self.living.places))} among them")
                time.sleep(1)

    def _look(self) -> None:
        """Ask Slurm once, and settle every unit of which nothing lives any more."""
        if not self.living.places:
            return
        rows = self.living.rows()
        self._say_strange(rows)
        meanings = meanings_of(rows)
        over = self.living.are_over(meanings, is_ending=self.is_ending)
        if over and self.has_accounting:
            meanings |= self.living.remembered(over, meanings)
            over = self.living.are_over(meanings, is_ending=self.is_ending)
        self.running = self.living.with_a_job(meanings, _works)
        self.failing = frozenset(self.living.with_a_job(meanings, _ended_badly))
        places = [self.living.places[name] for name in over]
        for place in sorted(places, key=lambda one: not isinstance(one.unit, Chain)):  # what blocks before the blocked
            self._settle(place, meanings)
        self.hand_over.release_held(rows)
        self.living.forget_ended()

    def _say_strange(self, rows: list[Row]) -> None:
        for row in rows:
            meaning = meaning_of(row.state, row.reason)
            if meaning.phase is Phase.UNKNOWN:
                self._say(row.state, f"job {row.job}: {meaning.words}; it counts as not finished")
            if reason := obstacle(row.state, row.reason):
                cure = f"mend it there or in `slurm` of .github/lmtbot.yml; `lmtbot cancel {self.shop.plan.pid}` takes"
                cure += " back what waits, and the next run hands it over anew"
                self._say(reason, f"job {row.job} waits, and Slurm says {reason}. If that does not pass, {cure}")

    def _say(self, key: str, words: str) -> None:
        if key not in self._said:
            self._said.add(key)
            logging.warning("%s", words)

    def _settle(self, place: Place, meanings: Meanings) -> None:
        """Take note of how a unit ended; close its record where the job could not."""
        unit = place.unit
        attempts = self.shop.door.read_unit(unit.name, unit.digest, place.batch.level)
        record = attempts[-1] if attempts else None
        if record is not None and record.state.is_open:
            ends = [meanings.get(spot, GONE) for spot in self.living.spots(place)]
            record = self._close(place, record, ends or [GONE])
        del self.living.places[unit.name]
        if record is None:  # withdrawn: it waited for what did not become good
            self.waves.waiting[unit.name] = unit
            return
        attempts = [*attempts[:-1], record]
        tries = self.shop.site.settings.pipeline.tries
        if not self.is_ending and batches.may_try_again(attempts, tries):
            self.waves.waiting[unit.name] = unit
            logging.warning("%s: %s; it is tried again", unit.name, record.verdict)
            return
        if record.state is not RunState.GOOD:
            self.failed[unit.name] = record.verdict
        self.ended.append(record)
        self.told(self, record)

    def _close(self, place: Place, record: Record, ends: list[Meaning]) -> Record | None:
        """Bring a record to its end whose job ended without doing so; None: it never began and is withdrawn."""
        if record.state is RunState.PUBLISHING:
            plan = replace(self.shop.plan, level=place.batch.level)
            shop = replace(self.shop, plan=plan, kept=place.batch.kept)
            return Attempt(shop, place.unit, Stop()).step()
        why = next((end for end in ends if end is not STATES["COMPLETED"]), STATES["COMPLETED"])
        before = {*self.failed, *self.waves.waiting, *self.failing}  # Slurm says CANCELLED of what waits for those, too
        if record.state is RunState.INTENT and (why is BLOCKED or work.waits_for(place.unit, before)):
            self.shop.door.withdraw(record)
            return None
        if record.state is RunState.INTENT and why is GONE:  # a waiting job leaves the queue without a trace
            why = STATES["CANCELLED"]
        if self.is_ending and why is STATES["COMPLETED"]:  # its other lines were taken back
            why = STATES["CANCELLED"]
        printed = self.living.store.output(place.batch, place.number)
        if printed:
            append_text(self.shop.log(record), printed)
        if MEMORY_WORDS in printed.lower():
            why = STATES["OUT_OF_MEMORY"]
        last = one_line(printed.strip().rpartition("\n")[2], LONGEST_WORDS) if why.cause is Cause.MACHINE else ""
        return self.shop.stop(record, f"{why.words}: {last}" if last else why.words, why.cause)


def _works(meaning: Meaning) -> bool:
    return meaning.phase is Phase.WORKS


def _ended_badly(meaning: Meaning) -> bool:
    return meaning.phase is Phase.ENDED and meaning is not STATES["COMPLETED"]
