"""One contender in a process of its own, obeying lines on standard input.

Rules:

1. Run as ``python -I worker.py``: nothing is imported but the standard library and what the virtual
   environment holds, so that the published client and ours, which share a name, never meet.
2. The first line is a JSON object: contender, URL, paths, headers, event, certificates, and the
   bytes of our own requests. Each further line is a command; each answer is one JSON line.
3. Every contender is used as its documentation tells, on one kept-alive client where it has one,
   with the headers that ours sends, and decodes the reply. The bare socket alone does not: it
   sends the bytes that ours sends and reads as many as come back.

Commands: ``check CALL``, ``run CALL COUNT``, ``threads THREADS COUNT``, and ``large PATH COUNT``.
A call is ``get`` or ``post``; ours also goes through a list, ``by-hand`` and by ``iterate``.
"""

from __future__ import annotations

import json
import sys
import threading
from time import perf_counter, process_time
from typing import Any, Callable

Task = dict[str, Any]
Calls = dict[str, Callable[[], Any]]


def bare_socket(task: Task) -> Calls:
    import socket
    import ssl

    host, _, port = task["authority"].partition(":")

    def call(message: bytes) -> Callable[[], Any]:
        sock = socket.create_connection((host, int(port)))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if task["url"].startswith("https"):
            context = ssl.create_default_context(cafile=task["authorities"])
            sock = context.wrap_socket(sock, server_hostname=host)
        sock.sendall(message)
        reply = sock.recv(65536)
        head, _, body = reply.lower().partition(b"\r\n\r\n")
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += sock.recv(65536)
        expected = len(head) + 4 + length

        def exchange() -> None:
            sock.sendall(message)
            missing = expected
            while missing:
                missing -= len(sock.recv(65536)) or missing + 1
                if missing < 0:
                    raise ConnectionError("the reply differs from the first one")

        return exchange

    return {name: call(task["messages"][name].encode("latin-1")) for name in task["messages"]}


def ours(task: Task) -> Calls:
    from ironflow import IronflowClient

    # The certificates come from SSL_CERT_FILE, as they do for urllib.request.
    client = IronflowClient(task["url"], task["api_key"])
    event, size = task["event"], task["page_size"]

    def by_hand() -> int:
        count = offset = 0
        while True:
            reply = client.runs_list(limit=size, offset=offset)
            for _ in reply["runs"]:
                count += 1
            offset += len(reply["runs"])
            if offset >= reply["total_count"]:
                return count

    def iterate() -> int:
        count = 0
        for _ in client.runs_iterate(page_size=size):
            count += 1
        return count

    return {
        "get": lambda: client.runs_get("run_abc123"),
        "post": lambda: client.events_create(body=event),
        "large": lambda: client.request("GET", task["large"]),
        "by-hand": by_hand,
        "iterate": iterate,
    }


def published(task: Task) -> Calls:
    from ironflow import IronflowClient

    # Its generated methods leave these two routes to its any-route call.
    client = IronflowClient(task["url"], task["api_key"])
    get_path, post_path, event = task["get_path"], task["post_path"], task["event"]
    return {
        "get": lambda: client.request("GET", get_path),
        "post": lambda: client.request("POST", post_path, body=event),
    }


def http_client(task: Task) -> Calls:
    import http.client
    import ssl

    host, _, port = task["authority"].partition(":")
    if task["url"].startswith("https"):
        context = ssl.create_default_context(cafile=task["authorities"])
        connection: Any = http.client.HTTPSConnection(host, int(port), context=context)
    else:
        connection = http.client.HTTPConnection(host, int(port))
    headers, post_headers, event = task["headers"], task["post_headers"], task["event"]

    def get(path: str) -> Any:
        connection.request("GET", path, headers=headers)
        return json.loads(connection.getresponse().read())

    def post() -> Any:
        content = json.dumps(event).encode("utf-8")
        connection.request("POST", task["post_path"], body=content, headers=post_headers)
        return json.loads(connection.getresponse().read())

    return {
        "get": lambda: get(task["get_path"]),
        "post": post,
        "large": lambda: get(task["large"]),
    }


def urllib_request(task: Task) -> Calls:
    from urllib.request import Request, urlopen

    get_url, post_url = task["url"] + task["get_path"], task["url"] + task["post_path"]
    headers, post_headers, event = task["headers"], task["post_headers"], task["event"]

    def get() -> Any:
        with urlopen(Request(get_url, headers=headers)) as reply:
            return json.loads(reply.read())

    def post() -> Any:
        content = json.dumps(event).encode("utf-8")
        with urlopen(Request(post_url, data=content, headers=post_headers)) as reply:
            return json.loads(reply.read())

    return {"get": get, "post": post}


def urllib3(task: Task) -> Calls:
    import urllib3 as library

    pool = library.PoolManager(maxsize=64, ca_certs=task["authorities"])
    get_url, post_url = task["url"] + task["get_path"], task["url"] + task["post_path"]
    headers, event = task["headers"], task["event"]
    return {
        "get": lambda: pool.request("GET", get_url, headers=headers).json(),
        "post": lambda: pool.request("POST", post_url, json=event, headers=headers).json(),
    }


def requests(task: Task) -> Calls:
    import requests as library

    session = library.Session()
    session.verify = task["authorities"]
    session.headers.update(task["headers"])
    for scheme in ("http://", "https://"):
        session.mount(scheme, library.adapters.HTTPAdapter(pool_maxsize=64))
    get_url, post_url = task["url"] + task["get_path"], task["url"] + task["post_path"]
    event = task["event"]
    return {
        "get": lambda: session.get(get_url).json(),
        "post": lambda: session.post(post_url, json=event).json(),
    }


def httpx(task: Task) -> Calls:
    import ssl

    import httpx as library

    client = library.Client(
        verify=ssl.create_default_context(cafile=task["authorities"]),
        headers=task["headers"],
        limits=library.Limits(max_connections=64, max_keepalive_connections=64),
    )
    get_url, post_url = task["url"] + task["get_path"], task["url"] + task["post_path"]
    event = task["event"]
    return {
        "get": lambda: client.get(get_url).json(),
        "post": lambda: client.post(post_url, json=event).json(),
    }


def pycurl(task: Task) -> Calls:
    from io import BytesIO

    import pycurl as library

    def handle(headers: dict[str, str]) -> Any:
        curl = library.Curl()
        curl.setopt(library.CAINFO, task["authorities"])
        curl.setopt(library.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
        return curl

    getter, poster = handle(task["headers"]), handle(task["post_headers"])
    get_url, post_url = task["url"] + task["get_path"], task["url"] + task["post_path"]
    event = task["event"]

    def perform(curl: Any, url: str) -> Any:
        buffer = BytesIO()
        curl.setopt(library.URL, url)
        curl.setopt(library.WRITEDATA, buffer)
        curl.perform()
        if curl.getinfo(library.RESPONSE_CODE) != 200:
            raise ValueError("not 200")
        return json.loads(buffer.getvalue())

    def post() -> Any:
        poster.setopt(library.POSTFIELDS, json.dumps(event))
        return perform(poster, post_url)

    return {"get": lambda: perform(getter, get_url), "post": post}


CONTENDERS: dict[str, Callable[[Task], Calls]] = {
    "bare socket": bare_socket,
    "ours": ours,
    "http.client": http_client,
    "urllib.request": urllib_request,
    "urllib3": urllib3,
    "requests": requests,
    "httpx": httpx,
    "pycurl": pycurl,
    "published": published,
}


def run(call: Callable[[], Any], count: int) -> dict[str, float]:
    """Make calls one after the other; one that is not counted goes first."""
    call()
    cpu, wall = process_time(), perf_counter()
    for _ in range(count):
        call()
    return {"wall": perf_counter() - wall, "cpu": process_time() - cpu}


def run_threads(call: Callable[[], Any], threads: int, count: int, expected: Any) -> dict[str, Any]:
    """Make calls from several threads that begin together."""
    errors: list[str] = []
    gate = threading.Barrier(threads + 1)

    def work() -> None:
        gate.wait()
        for _ in range(count):
            try:
                if call() != expected:
                    errors.append("another reply")
            except Exception as error:
                errors.append(repr(error))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    gate.wait()
    cpu, wall = process_time(), perf_counter()
    for worker in workers:
        worker.join()
    wall, cpu = perf_counter() - wall, process_time() - cpu
    return {"wall": wall, "cpu": cpu, "calls": threads * count, "errors": len(errors)}


def run_large(calls: Calls, count: int) -> dict[str, float]:
    """Fetch a large document: what the first fetch adds to the peak memory, and the best time."""
    calls["get"]()
    before = peak_memory()
    calls["large"]()
    added = peak_memory() - before
    times = []
    for _ in range(count):
        started = perf_counter()
        calls["large"]()
        times.append(perf_counter() - started)
    return {"wall": min(times), "added": added}


def peak_memory() -> int:
    """Return the largest resident size of this process so far, in bytes."""
    try:
        # Not getrusage on Linux: there a process inherits the peak of the one that started it.
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line[:6] == "VmHWM:")
    except OSError:
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Read the task, then obey commands until the end of the input."""
    task = json.loads(sys.stdin.readline())
    calls = CONTENDERS[task["contender"]](task)
    for line in sys.stdin:
        command, *rest = line.split()
        answer: Any
        if command == "run":
            answer = run(calls[rest[0]], int(rest[1]))
        elif command == "check":
            answer = calls[rest[0]]()
        elif command == "threads":
            answer = run_threads(calls["get"], int(rest[0]), int(rest[1]), task["get_reply"])
        else:
            task["large"] = rest[0]
            answer = run_large(calls, int(rest[1]))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
