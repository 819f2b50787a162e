"""Calls over kept connections: one after the other, from many threads, and of large replies.

Rules:

1. One worker process a contender and scheme; a single one works at any time.
2. Everything is measured in rounds. In a round every contender makes a batch, in an order that is
   drawn anew with a fixed seed: what disturbs the machine disturbs all of them alike.
3. A ratio is the median of the ratios within the rounds, not a ratio of medians.
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from . import server as site
from .environments import Environments, environ
from .server import Server
from .worker import CONTENDERS

API_KEY = "ifkey_bench"
THREADED = ("ours", "urllib3", "requests", "httpx")
SCHEMES = ("HTTP", "TLS")

# These open a connection for each call: few calls a batch, lest the machine run out of ports.
_ONE_SHOT = frozenset({"urllib.request", "published"})
_ONE_SHOT_CALLS = 40
_BATCH_SECONDS = 0.04
_THREADS_BATCH_SECONDS = 0.4
_SEED = 20260115
_WORKER = Path(__file__).with_name("worker.py")


class Worker:
    """A process of one contender; use it in ``with``."""

    def __init__(self, python: str, task: dict[str, Any], script: Path = _WORKER) -> None:
        self._process = subprocess.Popen(
            [python, "-I", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environ(), "SSL_CERT_FILE": task["authorities"]},
        )
        self._write(json.dumps(task))

    def ask(self, command: str) -> Any:
        """Send a command and return its answer."""
        self._write(command)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker died at: {command}")
        return json.loads(line)

    def keep_to(self, cores: list[int]) -> None:
        """Let its main thread, and those that it starts, run on these cores only."""
        site.keep_to(cores, self._process.pid)

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


@dataclass
class Bench:
    """What every measurement needs: the server, the environments, the bytes that ours sends."""

    server: Server
    environments: Environments
    messages: dict[str, str]
    authority: str

    def worker(
        self,
        contender: str,
        scheme: str,
        authority: str | None = None,
        script: Path = _WORKER,
    ) -> Worker | None:
        """Start the worker of a contender, None where that is not installed.

        Args:
            contender: Its library, and after a comma how that is used.
            scheme: ``HTTP`` or ``TLS``.
            authority: Host and port of what stands before the server, None without.
            script: The program of the worker.
        """
        python = self.environments.python_of(contender)
        if python is None:
            return None
        own = self.server.authority[scheme]
        authority = authority or own
        messages = {
            name: message.replace(self.authority, authority)
            for name, message in self.messages.items()
        }
        url = self.server.url[scheme].replace(own, authority)
        task = _task(contender, url, authority, self.server.authorities)
        headers, post_headers = _headers(messages["get"]), _headers(messages["post"])
        return Worker(
            python,
            {**task, "messages": messages, "headers": headers, "post_headers": post_headers},
            script,
        )


def prepare(server: Server, environments: Environments) -> Bench:
    """Learn from a small server of our own which bytes our client sends."""
    messages: dict[str, str] = {}
    with socket.create_server((site.HOST, 0)) as listener:
        authority = f"{site.HOST}:{listener.getsockname()[1]}"
        taker = threading.Thread(target=_take_requests, args=(listener, messages), daemon=True)
        taker.start()
        task = _task("ours", f"http://{authority}", authority, server.authorities)
        with Worker(str(environments.python), task) as worker:
            worker.ask("check get")
            worker.ask("check post")
        taker.join(10)
    return Bench(server, environments, messages, authority)


def measure_calls(bench: Bench, rounds: int) -> dict[str, Any]:
    """Measure small GETs and POSTs, one after the other, of every contender over HTTP and TLS."""
    workers = {
        (contender, scheme): worker
        for contender in CONTENDERS
        for scheme in SCHEMES
        if (worker := bench.worker(contender, scheme)) is not None
    }
    jobs = [(*key, verb) for key in workers for verb in ("get", "post")]
    found: dict[tuple[str, str, str], list[tuple[float, float]]] = {job: [] for job in jobs}
    try:
        counts = {job: _batch(workers[job[:2]], *job) for job in jobs}
        shuffle = random.Random(_SEED).shuffle
        for _ in range(rounds):
            shuffle(jobs)
            for job in jobs:
                took = workers[job[:2]].ask(f"run {job[2]} {counts[job]}")
                found[job].append((took["wall"] / counts[job], took["cpu"] / counts[job]))
    finally:
        for worker in workers.values():
            worker.__exit__()
    return {
        f"{verb.upper()} {scheme}": {
            contender: _summary(found, contender, scheme, verb)
            for contender in CONTENDERS
            if (contender, scheme) in workers
        }
        for verb in ("get", "post")
        for scheme in SCHEMES
    }


def measure_threads(bench: Bench, rounds: int) -> dict[str, Any]:
    """Measure small GETs over HTTP from 16 and from 64 threads that share one client.

    Contender and server share one core, then two.
    """
    results = {}
    for cores in site.choices_of_cores():
        bench.server.keep_to(cores)
        for threads in (16, 64):
            measure = f"{threads} threads, {site.on_cores(cores)}"
            results[measure] = _measure_threads(bench, threads, cores, rounds)
    return results


def measure_large(bench: Bench, rounds: int) -> dict[str, Any]:
    """Measure large JSON replies against ``http.client``, each in a fresh process."""
    shuffle = random.Random(_SEED).shuffle
    results: dict[str, Any] = {}
    for label, path in site.LARGE.items():
        names = ["http.client", "ours"]
        found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for _ in range(rounds):
            shuffle(names)
            for name in names:
                worker = bench.worker(name, "HTTP")
                assert worker is not None
                with worker:
                    found[name].append(worker.ask(f"large {path} 5"))
        floor = [each["wall"] for each in found["http.client"]]
        results[label] = {
            name: {
                "ms": median(each["wall"] for each in took) * 1e3,
                "ratio": median(each["wall"] / low for each, low in zip(took, floor)),
                "added_mb": median(each["added"] for each in took) / 1e6,
            }
            for name, took in found.items()
        }
    return results


def measure_pages(bench: Bench, rounds: int) -> dict[str, Any]:
    """Measure going through a long list: by ``runs_iterate``, and by a loop over ``runs_list``."""
    names = ["by-hand", "iterate"]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    worker = bench.worker("ours", "HTTP")
    assert worker is not None
    with worker:
        for name in names:
            if worker.ask(f"check {name}") != site.LISTED:
                raise RuntimeError(f"{name} gives another number of items")
        shuffle = random.Random(_SEED).shuffle
        for _ in range(rounds):
            shuffle(names)
            for name in names:
                found[name].append(worker.ask(f"run {name} 1"))
    floor = found["by-hand"]
    return {
        name: {
            "ms": median(each["wall"] for each in took) * 1e3,
            "cpu_ms": median(each["cpu"] for each in took) * 1e3,
            "ratio": median(each["wall"] / low["wall"] for each, low in zip(took, floor)),
            "cpu_ratio": median(each["cpu"] / low["cpu"] for each, low in zip(took, floor)),
        }
        for name, took in found.items()
    }


def _measure_threads(bench: Bench, threads: int, cores: list[int], rounds: int) -> dict[str, Any]:
    workers = {
        name: worker for name in THREADED if (worker := bench.worker(name, "HTTP")) is not None
    }
    for worker in workers.values():
        worker.keep_to(cores)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in workers}
    sockets = dict.fromkeys(workers, 0)
    names = list(workers)
    shuffle = random.Random(_SEED).shuffle
    try:
        counts: dict[str, int] = {}
        for number in range(rounds + 1):
            shuffle(names)
            for name in names:
                before = bench.server.accepted()
                took = workers[name].ask(f"threads {threads} {counts.get(name, 20)}")
                sockets[name] += bench.server.accepted() - before - 1
                if number:
                    found[name].append(took)
                else:
                    share = _THREADS_BATCH_SECONDS / (took["wall"] / took["calls"]) / threads
                    counts[name] = max(10, int(share))
    finally:
        for worker in workers.values():
            worker.__exit__()
    return {
        name: {
            "calls_per_s": median(each["calls"] / each["wall"] for each in took),
            "cpu_us": median(each["cpu"] / each["calls"] for each in took) * 1e6,
            "sockets": sockets[name],
            "errors": sum(each["errors"] for each in took),
        }
        for name, took in found.items()
    }


def _task(contender: str, url: str, authority: str, authorities: Path) -> dict[str, Any]:
    return {
        "contender": contender,
        "url": url,
        "authority": authority,
        "authorities": str(authorities),
        "api_key": API_KEY,
        "get_path": site.GET_PATH,
        "post_path": site.POST_PATH,
        "event": site.EVENT,
        "page_size": site.PAGE_SIZE,
        "get_reply": site.RUN,
        "post_reply": site.ACCEPTED,
    }


def _batch(worker: Worker, contender: str, scheme: str, verb: str) -> int:
    """Check that a contender gets the right reply; return how many calls fill a batch."""
    expected = {"get": site.RUN, "post": site.ACCEPTED}[verb]
    if worker.ask(f"check {verb}") != (None if contender == "bare socket" else expected):
        raise RuntimeError(f"{contender} gets another reply over {scheme}")
    took = worker.ask(f"run {verb} 20")["wall"] / 20
    most = _ONE_SHOT_CALLS if contender in _ONE_SHOT else 5000
    return max(3, min(most, int(_BATCH_SECONDS / took)))


def _summary(
    found: dict[tuple[str, str, str], list[tuple[float, float]]],
    contender: str,
    scheme: str,
    verb: str,
) -> dict[str, float]:
    took = found[contender, scheme, verb]
    bare = found["bare socket", scheme, verb]
    our = found["ours", scheme, verb]
    return {
        "wall_us": median(wall for wall, _ in took) * 1e6,
        "cpu_us": median(cpu for _, cpu in took) * 1e6,
        "wall_ratio": median(each[0] / floor[0] for each, floor in zip(took, bare)),
        "cpu_ratio": median(each[1] / floor[1] for each, floor in zip(took, bare)),
        "wall_to_ours": median(each[0] / mine[0] for each, mine in zip(took, our)),
    }


def _headers(message: str) -> dict[str, str]:
    """Return the headers of a request, without those that each client makes for itself."""
    lines = message.partition("\r\n\r\n")[0].split("\r\n")[1:]
    headers = dict(line.split(": ", 1) for line in lines)
    own = {"host", "content-length", "connection"}
    return {name: value for name, value in headers.items() if name.lower() not in own}


def _take_requests(listener: socket.socket, messages: dict[str, str]) -> None:
    """Answer a GET and a POST, on however many connections, and keep their bytes."""
    while len(messages) < 2:
        connection, _ = listener.accept()
        connection.settimeout(10)
        with connection:
            while message := _take_request(connection):
                messages[message.partition(" ")[0].lower()] = message
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull")


def _take_request(connection: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data or len(data) < _length(data):
        more = connection.recv(65536)
        if not more:
            return ""
        data += more
    return data.decode("latin-1")


def _length(data: bytes) -> int:
    head, separator, _ = data.lower().partition(b"\r\n\r\n")
    length = head.partition(b"\r\ncontent-length:")[2].split(b"\r\n")[0]
    return len(head) + len(separator) + int(length or b"0")
