"""Work beside the main thread: ^C at any instant asks it to stop, waits for it, and is raised."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.stages.interruptible import Stop, interruptible

INTERRUPTED = """
import os, random, signal, threading, time
from concurrent.futures import ThreadPoolExecutor, wait
from bot.stages.interruptible import interruptible

begun, ended = [], []
def one(stop):
    begun.append(1)
    while not stop.is_set():
        time.sleep(0.001)
    ended.append(1)

def work(stop):
    with ThreadPoolExecutor(4) as pool:
        running = []
        while not stop.is_set():
            if len(running) < 4:
                running.append(pool.submit(one, stop))
            wait(running, 0.001)

bad = 0
for number in range(300):
    begun.clear(), ended.clear()
    times = random.Random(number)
    def strike():
        for _ in range(3):
            time.sleep(times.uniform(0, 0.001))
            os.kill(os.getpid(), signal.SIGINT)
    striking = threading.Thread(target=strike)
    interrupts = 0
    try:
        try:
            striking.start()
            interruptible(work)
        except KeyboardInterrupt:
            closed = len(begun), len(ended)
            interrupts += 1
            while striking.is_alive():
                time.sleep(0.0002)
            time.sleep(0.002)
    except KeyboardInterrupt:  # a further one, when we had done with the first
        interrupts += 1
    while striking.is_alive():
        try:
            time.sleep(0.0002)
        except KeyboardInterrupt:
            pass
    bad += len(begun) != len(ended) or not interrupts
print(bad)
"""


def test_after_interrupts_at_any_instant_nobody_is_at_work() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=120)
    assert done.stdout == "0\n", done.stdout + done.stderr


def test_what_the_work_returns_or_raises_comes_back() -> None:
    assert interruptible(lambda stop: stop.is_set()) is False

    def fail(_stop: Stop) -> None:
        raise LookupError("told")

    with pytest.raises(LookupError, match="told"):
        interruptible(fail)
