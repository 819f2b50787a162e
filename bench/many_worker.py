"""Many calls of one contender in a process of its own, obeying lines as ``worker.py`` does.

Rules:

1. Rules 1 to 3 of ``worker.py``. A contender is named by its library and how it makes many calls.
2. All of them keep 16 connections busy. Every batch is counted by the replies that came whole and
   were decoded, in whatever order they come.
3. "16 perfect threads" are what the network alone allows: a bare socket makes the share of one.

Commands: ``check get|post``, ``run get|post COUNT`` and ``memory COUNT``.
"""

from __future__ import annotations

import atexit
import json
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Callable

if __package__:
    from . import worker
else:  # run as a script; -I leaves its folder out of the path
    sys.path.append(str(Path(__file__).parent))
    import worker

AT_ONCE = 16
CHECKED = 100

Task = dict[str, Any]
Batch = Callable[[int], Any]  # makes so many calls and gives their replies, or how many there were
Batches = dict[str, Batch]
Awaited = Callable[[], Coroutine[Any, Any, Any]]


def ours_map(task: Task, pipeline: int = 1) -> Batches:
    from ironflow import IronflowClient

    client = IronflowClient(task["url"], task["api_key"])
    get, post, event = client.runs_get, client.events_create, task["event"]

    def batch(method: Callable[..., Any], argument: Any, count: int) -> Any:
        arguments = repeat(argument, count)
        for outcome in client.map(method, arguments, concurrency=AT_ONCE, pipeline=pipeline):
            yield outcome.result()

    return {
        "get": lambda n: batch(get, "run_abc123", n),
        "post": lambda n: batch(post, event, n),
    }


def ours_pipelined(task: Task) -> Batches:
    return ours_map(task, pipeline=16)


def in_threads(task: Task) -> Batches:
    def batch(call: Callable[[], Any], count: int) -> Any:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            yield from pool.map(lambda _: call(), range(count))

    return _batches(task, batch)


def in_a_loop(task: Task) -> Batches:
    return _batches(task, lambda call, count: (call() for _ in range(count)))


def in_perfect_threads(task: Task) -> Batches:
    def batch(exchange: Callable[[], None], count: int) -> Any:
        for _ in range(0, count, AT_ONCE):
            exchange()
        return count

    return _batches(task, batch)


def httpx_async(task: Task) -> Batches:
    import asyncio
    import ssl

    import httpx

    loop = asyncio.new_event_loop()
    client = httpx.AsyncClient(
        verify=ssl.create_default_context(cafile=task["authorities"]),
        headers=task["headers"],
        limits=httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
    )
    get_url, post_url = task["url"] + task["get_path"], task["url"] + task["post_path"]

    async def get() -> Any:
        return (await client.get(get_url)).json()

    async def post() -> Any:
        return (await client.post(post_url, json=task["event"])).json()

    return _asynchronous(loop, {"get": get, "post": post})


def aiohttp_async(task: Task) -> Batches:
    import asyncio

    import aiohttp

    loop = asyncio.new_event_loop()

    async def connect() -> Any:
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        return aiohttp.ClientSession(connector=connector, headers=task["headers"])

    session = loop.run_until_complete(connect())
    atexit.register(lambda: loop.run_until_complete(session.close()))
    get_url, post_url = task["url"] + task["get_path"], task["url"] + task["post_path"]

    async def get() -> Any:
        async with session.get(get_url) as reply:
            return await reply.json()

    async def post() -> Any:
        async with session.post(post_url, json=task["event"]) as reply:
            return await reply.json()

    return _asynchronous(loop, {"get": get, "post": post})


def pycurl_multi(task: Task) -> Batches:
    from io import BytesIO

    import pycurl

    def batch(url: str, headers: dict[str, str], event: Any, count: int) -> Any:
        def begin(curl: Any) -> None:
            buffers[curl] = BytesIO()
            curl.setopt(pycurl.WRITEDATA, buffers[curl])
            if event is not None:
                curl.setopt(pycurl.POSTFIELDS, json.dumps(event))
            multi.add_handle(curl)

        buffers: dict[Any, BytesIO] = {}
        left = count
        for curl in handles[:count]:
            curl.reset()
            curl.setopt(pycurl.URL, url)
            curl.setopt(pycurl.HTTPHEADER, [f"{name}: {headers[name]}" for name in headers])
            begin(curl)
            left -= 1
        while buffers:
            multi.perform()
            _, done, failed = multi.info_read()
            if failed:
                raise ConnectionError(failed[0][2])
            for curl in done:
                multi.remove_handle(curl)
                if curl.getinfo(pycurl.RESPONSE_CODE) != 200:
                    raise ValueError("not 200")
                yield json.loads(buffers.pop(curl).getvalue())
                if left:
                    begin(curl)
                    left -= 1
            if not done:
                multi.select(1.0)

    multi = pycurl.CurlMulti()
    handles = [pycurl.Curl() for _ in range(AT_ONCE)]
    get_url, post_url = task["url"] + task["get_path"], task["url"] + task["post_path"]
    headers, post_headers, event = task["headers"], task["post_headers"], task["event"]
    return {
        "get": lambda n: batch(get_url, headers, None, n),
        "post": lambda n: batch(post_url, post_headers, event, n),
    }


CONTENDERS: dict[str, Callable[[Task], Batches]] = {
    "ours, map": ours_map,
    "ours, map, pipeline=16": ours_pipelined,
    "ours, 16 threads": in_threads,
    "ours, plain loop": in_a_loop,
    "urllib3, 16 threads": in_threads,
    "httpx, async": httpx_async,
    "aiohttp, async": aiohttp_async,
    "pycurl, multi": pycurl_multi,
    "bare socket, 16 perfect threads": in_perfect_threads,
}


def _batches(task: Task, batch: Callable[[Callable[[], Any], int], Any]) -> Batches:
    """Return batches that are made of single calls, those of ``worker.py``."""
    library = task["contender"].partition(",")[0]
    calls = worker.CONTENDERS[library](task)
    return {
        "get": lambda n: batch(calls["get"], n),
        "post": lambda n: batch(calls["post"], n),
    }


def _asynchronous(loop: Any, calls: dict[str, Awaited]) -> Batches:
    """Return batches in which so many tasks make one call after another."""
    import asyncio

    async def work(call: Awaited, turns: Any, replies: list[Any]) -> None:
        for _ in turns:
            replies.append(await call())

    async def batch(call: Awaited, count: int) -> list[Any]:
        turns, replies = iter(range(count)), list[Any]()
        await asyncio.gather(*(work(call, turns, replies) for _ in range(AT_ONCE)))
        return replies

    return {
        "get": lambda n: loop.run_until_complete(batch(calls["get"], n)),
        "post": lambda n: loop.run_until_complete(batch(calls["post"], n)),
    }


def check(batch: Batch, expected: Any) -> None:
    """Make a few calls and compare every reply; this opens the connections too."""
    replies = batch(CHECKED)
    if isinstance(replies, int):
        return
    for reply in replies:
        if reply != expected:
            raise RuntimeError("another reply")


def run(batch: Batch, count: int) -> dict[str, float]:
    """Make a batch of calls; return what it took."""
    cpu, wall = process_time(), perf_counter()
    replies = batch(count)
    came = replies if isinstance(replies, int) else sum(1 for _ in replies)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    if came < count:
        raise RuntimeError(f"{came} replies to {count} calls")
    return {"wall": wall, "cpu": cpu}


def run_for_memory(batch: Batch, count: int) -> int:
    """Return how many bytes a batch of calls adds to the peak memory."""
    run(batch, CHECKED)
    before = worker.peak_memory()
    run(batch, count)
    return worker.peak_memory() - before


def main() -> None:
    """Read the task, then obey commands until the end of the input."""
    task = json.loads(sys.stdin.readline())
    batches = CONTENDERS[task["contender"]](task)
    for line in sys.stdin:
        command, *rest = line.split()
        answer: Any = None
        if command == "check":
            check(batches[rest[0]], task[f"{rest[0]}_reply"])
        elif command == "run":
            answer = run(batches[rest[0]], int(rest[1]))
        else:
            answer = run_for_memory(batches["get"], int(rest[0]))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
