"""What is handed over next: as much as there is room for, and no more at a time than the site takes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from bot.doors.slurm import QueueFull
from bot.model.batch import Batch
from bot.model.plan import Unit
from bot.rules import batches
from bot.stages.slurm.handover import HandOver


class Waves:
    """Units that wait to be handed over. There is no barrier between waves: members that still run are dependencies."""

    def __init__(self, handing: HandOver) -> None:
        self.waiting: dict[str, Unit] = {}
        self.blocked: dict[str, str] = {}
        """{combination: which of its members did not become good}."""
        self._handing, self._living = handing, handing.living
        self._max_submit = handing.shop.site.settings.slurm.max_submit
        self._most = self._max_submit
        """How many jobs the site takes, as far as we have learned."""
        self._is_refused = False
        """Whether Slurm takes no more now, be it ever so little."""
        self._is_limit_told = False

    def add(self, units: Iterable[Unit]) -> None:
        """Let these wait, behind those that do already."""
        self.waiting.update({unit.name: unit for unit in units})

    def hand_over(self, failed: Mapping[str, str]) -> None:
        """Finish batches that a crash or a full queue left unfinished, then submit the next waves if it is time.

        `failed`: {unit: why it did not become good}; combinations of such units are blocked.
        """
        self._is_refused = False
        for batch in self._living.batches:
            if not self._is_refused and self._living.unsent(batch):
                self._submit(batch)
        while not self._is_refused and (wave := self._next_wave(failed)):
            for unit in wave:
                del self.waiting[unit.name]
            if tasks := [task for unit in wave if (task := self._handing.task(unit))]:
                self._submit(self._handing.intend(tasks))

    def resume(self) -> None:
        """Begin with what a crash or a refusal left; the settings may have been mended since."""
        for batch in self._living.batches:
            self.take_back(batch)
            self._handing.renew(batch)

    def take_back(self, batch: Batch) -> int:
        """Let the units of a batch of which Slurm has nothing wait for another one; return how many lines they are."""
        units = {unit.name: unit for unit in self._handing.take_back(batch)}
        self.waiting = units | self.waiting
        return batches.lines_of(units.values())

    def _submit(self, batch: Batch) -> None:
        """Submit a batch. Where Slurm does not take all of it, the units of which it has nothing wait for another one.

        What was taken may be all that there is room for, or an array may be larger than the site allows anybody: each
        refusal halves what is tried next, each wave that is taken lets it grow.
        """
        try:
            self._handing.submit(batch)
            self._most = batches.grown(self._most, self._max_submit)
        except QueueFull as full:
            refused = self.take_back(batch)
            self._most = batches.lowered(self._living.lines, refused)
            self._is_refused = self._room() >= refused  # nothing smaller is left to try
            if self._living.unsent(batch):  # of units whose earlier lines Slurm has
                self._is_refused = True
                self._handing.split(batch)
            told = f"{full}; the rest follows in smaller waves, as there is room"
            logging.log(logging.INFO if self._is_limit_told else logging.WARNING, "%s", told)
            self._is_limit_told = True

    def _next_wave(self, failed: Mapping[str, str]) -> tuple[Unit, ...]:
        for name, unit in list(self.waiting.items()):
            if why := batches.lost_members(unit, failed):
                self.blocked[name] = why
                del self.waiting[name]
        lines, room = batches.lines_of(self.waiting.values()), self._room()
        if not self.waiting or not batches.is_worth_a_wave(room, lines, self._most):
            return ()
        return batches.choose_wave(tuple(self.waiting.values()), self._living.places, room)

    def _room(self) -> int:
        """Return for how many lines there is room; what is longer than every limit goes alone."""
        longest = max((len(unit.lines) for unit in self.waiting.values()), default=0)
        return max(self._most, longest) - self._living.lines
