"""Whatever bytes come back, a call ends, with a value or with an ``IronflowError``.

The cases are made by a seeded generator: good replies, damaged in ways that networks, proxies and
people with bad intentions damage them, and plain noise. A failure prints the seed of its case;
``IRONFLOW_TEST_SEED`` sets where the seeds start.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import socket
import subprocess
import sys
from time import monotonic

import pytest

from ironflow import IronflowClient, IronflowError
from ironflow._wire import connection as connection_module
from ironflow._wire.content import decode, inflate
from ironflow._wire.replies import BadReply, ReplyParser

from ..conftest import KEY, ROOT
from ..hostile import clear_proxies, reply

CASES = 200_000 if os.environ.get("CI") else 5_000  # of the parser alone
CALLS = 10_000 if os.environ.get("CI") else 1_000  # over a socket
FIRST_SEED = int(os.environ.get("IRONFLOW_TEST_SEED", "1"))

CHUNKS = b'4\r\n{"a"\r\n3;x=y\r\n: 1\r\n1\r\n}\r\n0\r\nX-Sum: 1\r\n\r\n'
HTML = b"<html><style>b {x: y}</style><body><b>502</b> Bad Gateway</body></html>"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"

REPLIES = [
    reply(b'{"id": "run_1", "items": [1, -2.5e3, null, true, "\\u00e4\\n"]}', "X-Request-Id: r"),
    reply(b"", status="204 No Content", length=False),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    reply(gzip.compress(b'{"a": [1, 2, 3]}', mtime=0), "Content-Encoding: gzip"),
    UNTIL_CLOSE + b'{"a": 1}',
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n" + reply(b"[1]"),
    reply(b"[1]", "Connection: keep-alive", "Keep-Alive: timeout=5", version="HTTP/1.0"),
    reply(b"", "Location: /elsewhere?a=b#c", status="302 Found"),
    reply(b"", "Location: http://other.example/x", status="308 Permanent Redirect"),
    reply(b'{"error": "bucket not found"}', "Set-Cookie: a=b", status="404 Not Found"),
    reply(b'{"code": "NOT_FOUND", "message": "run not found"}', status="404 Not Found"),
    reply(b'{"error": {"code": "quota", "message": "too much"}}', status="409 Conflict"),
    reply(
        b'{"message": "slow down", "retryable": true, "retry_after": 1.5}',
        "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT",
        status="429 Too Many Requests",
    ),
    reply(b"busy", "Retry-After: 120", status="503 Service Unavailable"),
    reply(HTML, "Content-Type: text/html", status="502 Bad Gateway"),
    reply(gzip.compress(b'{"error": "x"}', mtime=0), "Content-Encoding: gzip", status="500 Oops"),
    b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    f"HTTP/1.1 401 No {KEY}\r\nX-Echo: Bearer {KEY}\r\n\r\n".encode() + f"bad {KEY}".encode(),
]

# What damage is made of, besides single bytes.
PIECES = [
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\0", b":", b";", b" ", b"\t", b",", b"-", b"0x"),
    *(b"0", b"00000000", b"99999999999999999999", b"fffffffffffffffff", b"1e999", b"NaN"),
    *(b"[" * 2000, b'{"a":' * 500, b'"', b"\\ud800", b"\xff\xfe", b"\xc3", b"\x1b[31m"),
    *(b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Content-Encoding: gzip\r\n", b"Content-Encoding: br\r\n", b"Connection: close\r\n"),
    *(b"Location: /x\r\n", b"Location: http://[\r\n", b"Retry-After: -1\r\n"),
    *(
        b"Retry-After: Wed, 99 Oct 99999 99:99:99 +9999\r\n",
        b"Retry-After: 1 Feb , 1 0\r\n",
        b"X-Request-Id: \x07\r\n",
    ),
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 C\r\n\r\n", b"HTTP/1.0 ", b"\x1f\x8b\x08\x00"),
]


def damage(chance, content):
    """Return ``content`` with one change."""
    content = bytearray(content)
    place = chance.randrange(len(content) + 1)
    end = min(len(content), place + chance.choice((1, 1, 2, 4, 16, 64)))
    kind = chance.randrange(7)
    if kind == 0 and place < len(content):
        content[place] ^= 1 << chance.randrange(8)
    elif kind == 1:
        del content[place:end]
    elif kind == 2:
        content[place:place] = chance.choice(PIECES)
    elif kind == 3:
        content[place:end] = content[place:end] * chance.choice((2, 3, 20))
    elif kind == 4:
        del content[place:]
    elif kind == 5:
        other = chance.choice(REPLIES)
        content[place:] = other[chance.randrange(len(other)) :]
    else:
        content[place:end] = noise(chance, chance.choice((1, 1, 3, 20)))
    return bytes(content)


def noise(chance, length):
    return bytes(chance.randrange(256) for _ in range(length))


def stream_for(chance):
    """Return what a server sends: a damaged reply as a rule, noise now and then."""
    kind = chance.randrange(20)
    if kind == 0:
        return noise(chance, chance.randrange(200))
    if kind == 1:
        return b"HTTP/1.1 200 OK\r\n" + noise(chance, chance.randrange(200))
    if kind == 2:
        return reply(noise(chance, chance.randrange(200)), status=f"{chance.randrange(600)} X")
    if kind == 3:
        return b"".join(chance.choice(PIECES) for _ in range(chance.randrange(30)))
    content = chance.choice(REPLIES)
    for _ in range(chance.choice((0, 0, 1, 1, 1, 2, 3, 8))):
        content = damage(chance, content)
    return content


class Wire:
    """Stands in for the opening of connections: each new one has a reply waiting on it."""

    def __init__(self):
        self._ends = []
        self.content = b""
        self.hangs_up = False

    def __call__(self, *_):
        near, far = socket.socketpair()
        near.setblocking(False)
        far.sendall(self.content[:100_000])
        far.shutdown(socket.SHUT_RDWR if self.hangs_up else socket.SHUT_WR)
        self._ends.append(far)
        return near

    def close(self):
        while self._ends:
            self._ends.pop().close()


def call_for(chance, client):
    """Make one call of some kind; return its value."""
    kind = chance.randrange(6)
    if kind == 0:
        return client.request("POST", "/x", body={"a": 1})
    if kind == 1:
        return client.request("HEAD", "/x")
    if kind == 2:
        return client.metrics()
    return client.request("GET", "/x")


def check(error):
    """Check what every error promises, whatever it was made from."""
    assert not isinstance(error, TimeoutError), "the reply had ended, and more was waited for"
    assert str(error)
    assert str(error).isprintable()
    assert KEY not in f"{error!r} {vars(error)!r} {error.__cause__!r}"
    assert error.attempts == 1
    assert error.code
    assert error.status_code == 0 or 100 <= error.status_code <= 599
    wait = error.retry_after
    assert wait is None or 0 <= wait < float("inf")


def one_case(seed, client, wire):
    chance = random.Random(seed)
    wire.content = stream_for(chance)
    wire.hangs_up = chance.random() < 0.1
    try:
        value = call_for(chance, client)
    except IronflowError as error:
        check(error)
    else:
        json.dumps(value)
    finally:
        client.close()
        wire.close()


@pytest.fixture
def wire(monkeypatch):
    clear_proxies(monkeypatch)
    wire = Wire()
    monkeypatch.setattr(connection_module, "connect", wire)
    return wire


def test_no_bytes_of_a_server_make_a_call_hang_or_raise_anything_but_our_errors(wire):
    with IronflowClient(
        "http://127.0.0.1:1", KEY, timeout=2, max_attempts=1, max_response_bytes=50_000
    ) as client:
        for seed in range(FIRST_SEED, FIRST_SEED + CALLS):
            try:
                one_case(seed, client, wire)
            except Exception as error:
                raise AssertionError(f"seed {seed}, which sent {wire.content!r}") from error


def parsed(chance, content):
    """Give a stream to the parser in pieces of any size; return what came of it."""
    parser = ReplyParser()
    parser.expect(chance.choice(("GET", "GET", "POST", "HEAD")), 50_000)
    at, reply = 0, None
    while reply is None and at < len(content):
        end = at + chance.choice((1, 2, 7, 100, 100_000))
        reply = parser.feed(content[at:end])
        at = end
    if reply is None and parser.began:
        reply = parser.end(announced=chance.random() < 0.5)
    if reply is not None and "content-encoding" in reply.headers:
        inflate(reply, 50_000, monotonic() + 20)
    if reply is not None and reply.status <= 299:
        decode(reply, 50_000, chance.random() < 0.2)
    return reply


def test_no_bytes_make_the_parser_raise_anything_but_a_bad_reply():
    seen = {"reply": 0, "bad": 0, "nothing": 0}
    for seed in range(FIRST_SEED, FIRST_SEED + CASES):
        chance = random.Random(seed)
        content = stream_for(chance)
        try:
            seen["nothing" if parsed(chance, content) is None else "reply"] += 1
        except BadReply as error:
            seen["bad"] += 1
            assert error.problem.isprintable(), seed
        except Exception as error:
            raise AssertionError(f"seed {seed}, which sent {content!r}") from error
    assert min(seen.values()) > CASES // 500


def test_a_process_with_little_memory_survives_bodies_that_cost_more_than_they_weigh():
    pytest.importorskip("resource", reason="this system cannot limit the memory of a process")
    if sys.platform != "linux":
        pytest.skip("only Linux bounds the address space of a process")
    done = subprocess.run(
        [sys.executable, "-m", "tests.wire.hostile_bodies"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "as many objects of one member: read" in done.stdout
    assert "empty members of gzip: refused: is a gzip of too many members" in done.stdout


def test_a_case_of_the_generator_is_the_same_each_time_and_sometimes_succeeds(wire):
    # Else a printed seed would tell nothing, and damage alone would test only the first check.
    assert stream_for(random.Random(7)) == stream_for(random.Random(7))
    seen = {"value": 0, "error": 0}
    with IronflowClient("http://127.0.0.1:1", timeout=2, max_attempts=1) as client:
        for seed in range(200):
            wire.content = stream_for(random.Random(seed))
            try:
                client.request("GET", "/x")
                seen["value"] += 1
            except IronflowError:
                seen["error"] += 1
            finally:
                client.close()
                wire.close()
    assert min(seen.values()) > 10


def test_the_good_replies_of_the_generator_are_good(wire):
    # Undamaged, each gives its value or the error that its status stands for.
    with IronflowClient("http://127.0.0.1:1", timeout=2, max_attempts=1) as client:
        for content in REPLIES:
            wire.content = content
            try:
                client.request("GET", "/x")
                status = 200
            except IronflowError as error:
                status = error.status_code
            finally:
                client.close()
                wire.close()
            last = content.rindex(b"HTTP/1.")
            assert status // 100 == int(content[last + 9 : last + 10])
