"""Many calls at once: ``client.map`` beside threads, event loops and pycurl's multi interface.

Rules: those of ``calls.py``, for batches that ``many_worker.py`` makes.

1. A measurement is a verb, with or without a delay, on one core or on two. The delay is that of a
   relay in its own process, each way. Contender, server and relay share the cores.
2. A ratio compares calls per second, so that more is better.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from . import server as site
from .calls import Bench, Worker
from .environments import environ
from .many_worker import CONTENDERS

DELAY = 0.010
MEMORY_CALLS = 100_000

MAP, PIPELINED = "ours, map", "ours, map, pipeline=16"
POOL, LOOP = "ours, 16 threads", "ours, plain loop"
PERFECT = "bare socket, 16 perfect threads"

_BATCH_SECONDS = 0.4
_DELAYED_BATCH_SECONDS = 0.5
_SEED = 20260115
_WORKER = Path(__file__).with_name("many_worker.py")
_RELAY = Path(__file__).with_name("relay.py")


class Relay:
    """A relay before the server, in a process of its own; use it in ``with``."""

    def __init__(self, authority: str, delay: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_RELAY), *authority.split(":"), str(delay)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ(),
        )
        assert self._process.stdout is not None
        self.authority = f"{site.HOST}:{int(self._process.stdout.readline())}"

    def keep_to(self, cores: list[int]) -> None:
        """Let it run on these cores only."""
        site.keep_to(cores, self._process.pid)

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def measure_map(bench: Bench, rounds: int) -> dict[str, Any]:
    """Measure many small GETs and POSTs over HTTP, and what 100,000 of them add to the memory."""
    results: dict[str, Any] = {}
    direct = bench.server.authority["HTTP"]
    with Relay(direct, DELAY) as relay:
        for label, authority in (("", direct), (f", {DELAY * 1e3:g} ms", relay.authority)):
            workers = _workers(bench, authority, is_delayed=bool(label))
            try:
                for cores in site.choices_of_cores():
                    for each in (bench.server, relay):
                        each.keep_to(cores)
                    found = _measure(workers, cores, rounds, is_delayed=bool(label))
                    for verb, batches in found.items():
                        measure = f"{verb.upper()}{label}, {site.on_cores(cores)}"
                        results[measure] = _summary(batches)
            finally:
                for worker in workers.values():
                    worker.__exit__()
    return {"speed": results, "memory": _measure_memory(bench, direct)}


def _measure(
    workers: dict[str, Worker], cores: list[int], rounds: int, is_delayed: bool
) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Return calls per second and CPU seconds a call, of each batch by verb and contender."""
    jobs = [(name, verb) for name in workers for verb in ("get", "post")]
    jobs.remove((PIPELINED, "post"))  # a write is never pipelined
    found: dict[str, dict[str, list[tuple[float, float]]]] = {"get": {}, "post": {}}
    counts: dict[tuple[str, str], int] = {}
    for worker in workers.values():
        worker.keep_to(cores)
    for name, verb in jobs:
        workers[name].ask(f"check {verb}")
        counts[name, verb] = _count(workers[name], verb, is_delayed)
        found[verb][name] = []
    shuffle = random.Random(_SEED).shuffle
    for _ in range(rounds):
        shuffle(jobs)
        for name, verb in jobs:
            count = counts[name, verb]
            took = workers[name].ask(f"run {verb} {count}")
            found[verb][name].append((count / took["wall"], took["cpu"] / count))
    return found


def _measure_memory(bench: Bench, authority: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in (MAP, PIPELINED, POOL):
        worker = bench.worker(name, "HTTP", authority, _WORKER)
        assert worker is not None  # they are ours
        with worker:
            found[name] = worker.ask(f"memory {MEMORY_CALLS}") / 1e6
    return found


def _workers(bench: Bench, authority: str, is_delayed: bool) -> dict[str, Worker]:
    """Start the workers of a way to the server; a plain loop only sleeps behind a relay."""
    left_out = LOOP if is_delayed else PERFECT
    return {
        name: worker
        for name in CONTENDERS
        if name != left_out
        and (worker := bench.worker(name, "HTTP", authority, _WORKER)) is not None
    }


def _count(worker: Worker, verb: str, is_delayed: bool) -> int:
    """Return how many calls fill a batch: a multiple of what goes at once."""
    sample = 320 if is_delayed else 960
    took = worker.ask(f"run {verb} {sample}")["wall"]
    seconds = _DELAYED_BATCH_SECONDS if is_delayed else _BATCH_SECONDS
    return max(160, int(sample * seconds / took) // 160 * 160)


def _summary(found: dict[str, list[tuple[float, float]]]) -> dict[str, dict[str, float]]:
    def times(name: str, base: str) -> float:
        return median(mine[0] / its[0] for mine, its in zip(found[name], found[base]))

    return {
        name: {
            "calls_per_s": median(rate for rate, _ in took),
            "cpu_us": median(cpu for _, cpu in took) * 1e6,
            "to_map": times(name, MAP),
            "to_pool": times(name, POOL),
            **({"to_loop": times(name, LOOP)} if LOOP in found else {}),
            **({"to_perfect": times(name, PERFECT)} if PERFECT in found else {}),
        }
        for name, took in found.items()
    }
