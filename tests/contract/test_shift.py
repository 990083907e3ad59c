"""Workers that can be stopped for certain, whenever ^C comes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import CancelledError

import pytest

from bot.stages.shift import Shift

INTERRUPTED = """
import os, random, signal, sys, threading, time
from bot.stages.shift import Shift

begun, ended = [], []
def work():
    begun.append(1)
    while not shift.stop.is_set():
        time.sleep(0.001)
    ended.append(1)

bad = 0
for number in range(400):
    begun.clear(), ended.clear()
    shift = Shift(4)
    after = random.Random(number).uniform(0, 0.0008)
    try:
        threading.Timer(after, os.kill, (os.getpid(), signal.SIGINT)).start()
        while True:
            shift.submit(work) if len(begun) < 4 else time.sleep(0.01)
    except KeyboardInterrupt:
        shift.close()
        closed = len(begun), len(ended)
        time.sleep(0.002)
        bad += closed != (len(begun), len(ended)) or closed[0] != closed[1]
print(bad)
"""


def test_after_an_interrupt_at_any_instant_nobody_is_at_work_and_nobody_begins() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120)
    assert done.stdout == "0\n", done.stdout + done.stderr


def test_what_is_submitted_to_a_closed_shift_is_not_begun() -> None:
    shift = Shift(1)
    blocked = shift.submit(lambda: shift.stop.wait(10))
    late = shift.submit(lambda: pytest.fail("it was begun"))
    shift.close()
    assert blocked.result() is True
    with pytest.raises(CancelledError):
        late.result()
