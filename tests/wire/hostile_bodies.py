"""Bodies that cost more than they weigh, read by a process with little memory.

Run as ``python -m tests.wire.hostile_bodies``: it limits its own address space to four times the
default ``max_response_bytes`` and prints a line for each body: its name, and what came of it.
"""

from __future__ import annotations

import gzip
import resource
import sys
import tempfile
import time
import zlib

LIMIT = 64 * 1024 * 1024  # the default of max_response_bytes
PIECE = 64 * 1024

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def filled(unit, size=LIMIT - 1024, opening=b"[", closing=b"0]"):
    """Return JSON of about a size that repeats a unit."""
    return opening + unit * ((size - len(opening) - len(closing)) // len(unit)) + closing


def distinct_keys(size):
    body = bytearray(b"{")
    number = 0
    while len(body) < size:
        body += b'"%x":1,' % number
        number += 1
    return bytes(body + b'"last":1}')


def largest(unit):
    """Return the largest size of a body of these units that the estimate lets pass."""
    marks = sum(unit.count(mark) for mark in (b",", b":", b"[", b"{"))
    return int(2.45 * LIMIT / (2 + 100 * marks / len(unit)))


# Name, body, and whether it has to be read.
BODIES = {
    "text of ASCII": (lambda: b'"' + b"x" * (LIMIT - 1024) + b'"', True),
    "text with an emoji": (lambda: b'"' + b"x" * (LIMIT - 2048) + "😀".encode() + b'"', False),
    "text of emoji": (lambda: b'"' + "😀".encode() * (LIMIT // 4 - 512) + b'"', None),
    "text with an escaped emoji": (
        lambda: b'"' + b"x" * (LIMIT - 2048) + b"\\ud83d\\ude00" + b'"',
        False,
    ),
    "text with an escaped letter": (lambda: b'"' + b"x" * (LIMIT // 2) + b'\\u4e00"', True),
    "empty lists": (lambda: filled(b"[],"), False),
    "empty objects": (lambda: filled(b"{},"), False),
    "objects of one member": (lambda: filled(b'{"a":0},'), False),
    "numbers": (lambda: filled(b"0,"), False),
    "fractions": (lambda: filled(b"1.5,"), False),
    "large numbers": (lambda: filled(b"12345678901,"), False),
    "short texts": (lambda: filled(b'"ab",'), False),
    "lists in lists": (lambda: filled(b"[" * 400 + b"]" * 400 + b","), False),
    "distinct keys": (lambda: distinct_keys(LIMIT // 2), False),
    "as many empty lists as pass": (lambda: filled(b"[],", largest(b"[],")), True),
    "as many empty objects as pass": (lambda: filled(b"{},", largest(b"{},")), True),
    "as many objects of one member": (lambda: filled(b'{"a":0},', largest(b'{"a":0},')), True),
    "as many fractions as pass": (lambda: filled(b"1.5,", largest(b"1.5,")), True),
    "as many short texts as pass": (lambda: filled(b'"ab",', largest(b'"ab",')), True),
    "as many lists in lists as pass": (
        lambda: filled(b"[" * 400 + b"]" * 400 + b",", largest(b"[" * 400 + b"]" * 400 + b",")),
        True,
    ),
    "as many distinct keys as pass": (lambda: distinct_keys(largest(b'"1234":1,')), True),
    "a usual reply of 10 MB": (
        lambda: filled(
            b'{"id":"run_1","function_id":"process-order","status":"completed","attempt":1,'
            b'"created_at":"2026-01-15T09:30:00Z","n":12,"x":1.5},',
            size=10_000_000,
        ),
        True,
    ),
}


def read(head, pieces):
    """Read a reply as the client does; return what came of it in a word."""
    from ironflow._wire.content import decode, inflate
    from ironflow._wire.replies import BadReply, ReplyParser

    parser = ReplyParser()
    parser.expect("GET", LIMIT)
    try:
        reply = parser.feed(head)
        for piece in pieces:
            if reply is not None:
                break
            reply = parser.feed(piece)
        if reply is None:
            reply = parser.end()
        if "content-encoding" in reply.headers:
            inflate(reply, LIMIT, time.monotonic() + 60)
        decode(reply, LIMIT, False)
    except BadReply as error:
        return f"refused: {error.problem}"
    return "read"


def in_pieces(body):
    view = memoryview(body)
    return (bytes(view[at : at + PIECE]) for at in range(0, len(body), PIECE))


def bomb(unit, opening, closing, size=LIMIT - 4096):
    """Return a gzip of a size, made without holding what it inflates to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = unit * (PIECE // len(unit))
    parts = [packer.compress(opening)]
    parts += [packer.compress(block) for _ in range(size // len(block))]
    return b"".join([*parts, packer.compress(closing), packer.flush()])


def main():
    soft = 4 * LIMIT
    resource.setrlimit(resource.RLIMIT_AS, (soft, soft))
    for name, (make, must) in BODIES.items():
        body = make()
        head = HEAD + b"Content-Length: %d\r\n\r\n" % len(body)
        with tempfile.TemporaryFile() as file:  # what the process holds itself does not count
            file.write(body)
            file.seek(0)
            del body
            word = read(head, iter(lambda file=file: file.read(PIECE), b""))
        print(f"{name}: {word}")
        assert must is None or (word == "read") is must, word
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    chunks = b"1\r\n1\r\n" * (PIECE // 6)
    print(f"chunks of one byte: {read(head, (chunks for _ in range(100)))}")
    endless = (b"1\r\n1\r\n" * 10_000 for _ in range(100))
    print(f"a million chunks of one byte: {read(head, endless)}")
    for name, unit in (("lists", b"[],"), ("texts", b'"ab",'), ("spaces", b" ")):
        packed = bomb(unit, b"[", b"0]")
        head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
        print(f"gzip of {name}, {len(packed)} bytes: {read(head, in_pieces(packed))}")
    empty = gzip.compress(b"") * 200_000
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(empty)
    print(f"empty members of gzip: {read(head, in_pieces(empty))}")


if __name__ == "__main__":
    main()
    sys.exit(0)
