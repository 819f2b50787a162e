"""Replies made by a seeded generator: good ones, damaged ones, and plain noise.

They are damaged in ways that networks, proxies and people with bad intentions damage replies.
``IRONFLOW_TEST_SEED`` sets where the seeds of the tests start.
"""

from __future__ import annotations

import gzip
import os

from .conftest import KEY
from .hostile import reply

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
    return chance.getrandbits(8 * length).to_bytes(length, "little") if length else b""


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
