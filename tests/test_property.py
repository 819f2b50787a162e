"""Whatever bytes come as a reply: a value or an IronflowError, and soon.

Mutated and random replies from a seeded generator; 20,000 cases in CI, fewer by hand. A failure
prints the seed of its case: ``case(seed)`` plays it again.
"""

from __future__ import annotations

import gzip
import os
import random
import socket

import pytest

import ironflow._transport
from ironflow import IronflowClient, IronflowError

from .conftest import KEY

CASES = 20_000 if os.environ.get("CI") else 1_000


def _reply(head, body=b""):
    return b"\r\n".join([*head, b"", b""]) + body


def _sized(status, body, *headers):
    length = b"Content-Length: %d" % len(body)
    return _reply([b"HTTP/1.1 " + status, length, *headers], body)


CHUNKS = b'4\r\n{"a"\r\n7;x=y\r\n: [1,2]\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n'
VALID = [
    _sized(b"200 OK", b'{"id":"run_1","n":[1,2.5,null,true]}'),
    _sized(b"200 OK", b'[{"a":"\xc3\xa9"},{}]', b"Content-Type: application/json"),
    _sized(b"200 OK", gzip.compress(b'{"a":1}' + b" " * 500), b"Content-Encoding: gzip"),
    _reply([b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked"], CHUNKS),
    _reply([b"HTTP/1.1 200 OK", b"Connection: close"], b'{"until":"close"}'),
    _reply([b"HTTP/1.0 200 OK"], b"[]"),
    _reply([b"HTTP/1.1 100 Continue"]) + _sized(b"201 Created", b'{"id":1}'),
    _reply([b"HTTP/1.1 204 No Content", b"X-Request-Id: r"]),
    _sized(b"302 Found", b"", b"Location: /there"),
    _sized(b"404 Not Found", b'{"code":"NOT_FOUND","message":"run not found"}'),
    _sized(b"400 Bad Request", b'{"error":"bad"}', b"Retry-After: 3"),
    _sized(b"409 Conflict", b'{"error":"STALE_EXECUTION","retryable":false}'),
    _sized(b"429 Too Many Requests", b"slow down", b"Retry-After: Mon, 01 Jan 2001 00:00:00 GMT"),
    _sized(b"502 Bad Gateway", b"<html><b>502</b> Bad Gateway</html>", b"Content-Type: text/html"),
    _sized(b"500 Oops", gzip.compress(b'{"error":{"code":"x"}}'), b"Content-Encoding: gzip"),
]


def _delete(data, generator):
    at = generator.randrange(len(data) + 1)
    return data[:at] + data[at + generator.randrange(1, 9) :]


def _insert(data, generator):
    at = generator.randrange(len(data) + 1)
    return data[:at] + generator.choice(SPLICES) + data[at:]


def _flip(data, generator):
    if not data:
        return data
    at = generator.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << generator.randrange(8))]) + data[at + 1 :]


def _truncate(data, generator):
    return data[: generator.randrange(len(data) + 1)]


def _duplicate(data, generator):
    start = generator.randrange(len(data) + 1)
    end = start + generator.randrange(1, 40)
    return data[:end] + data[start:]


def _splice(data, generator):
    other = generator.choice(VALID)
    return _truncate(data, generator) + other[generator.randrange(len(other)) :]


MUTATIONS = (_delete, _insert, _flip, _truncate, _duplicate, _splice)
SPLICES = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\r\n\r\n", b"-1", b"0x5", b"99999999999999999999",
    b"Content-Length: 5\r\n", b"Transfer-Encoding: gzip\r\n", b"Transfer-Encoding: chunked\r\n",
    b"HTTP/1.1 200 OK\r\n", b"Content-Encoding: br\r\n", b"\xff\xfe", b"[[[[", b"NaN", b"ffff\r\n",
]  # fmt: skip


def case(seed):
    """Return the reply of one case."""
    generator = random.Random(seed)
    if generator.random() < 0.1:
        return bytes(generator.randrange(256) for _ in range(generator.randrange(200)))
    data = generator.choice(VALID)
    for _ in range(generator.randrange(1, 5)):
        data = generator.choice(MUTATIONS)(data, generator)
    return data


@pytest.fixture
def answering(monkeypatch):
    """A client whose every connection answers with the bytes in ``replies[0]``, then ends."""
    replies = [b""]

    def connect(*_):
        ours, theirs = socket.socketpair()
        theirs.sendall(replies[0])
        theirs.shutdown(socket.SHUT_WR)
        peers.append(theirs)
        ours.settimeout(2)
        return ours

    peers = []
    monkeypatch.setattr(ironflow._transport, "connect", connect)
    with IronflowClient("http://stub", api_key=KEY, timeout=2, max_attempts=1) as client:
        yield client, replies, peers


def test_any_reply_is_a_value_or_an_ironflow_error(answering):
    client, replies, peers = answering
    start = random.SystemRandom().randrange(2**48)
    outcomes = set()
    for seed in range(start, start + CASES):
        replies[0] = case(seed)
        method = ("GET", "POST", "DELETE")[seed % 3]
        try:
            client.request(method, "/x", body={} if method == "POST" else None)
            outcomes.add("value")
        except IronflowError as error:
            outcomes.add(type(error).__name__)
            assert KEY not in str(error) + repr(error), f"seed {seed}: {replies[0]!r}"
        except BaseException as error:
            raise AssertionError(f"seed {seed}: {replies[0]!r}") from error
        client.close()
        while peers:
            peers.pop().close()
    assert {"value", "InvalidResponseError", "NotFoundError", "ServerError"} <= outcomes


@pytest.mark.parametrize("reply", VALID, ids=range(len(VALID)))
def test_the_replies_that_the_cases_start_from_are_good_ones(answering, reply):
    client, replies, peers = answering
    replies[0] = reply
    try:
        client.request("DELETE", "/x")
        good = reply.partition(b" ")[2][:1] in b"12"
    except IronflowError as error:
        good = error.status_code >= 300
    peers.pop().close()
    assert good
