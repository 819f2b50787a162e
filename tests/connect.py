"""Streams of the Connect protocol as a server sends them."""

from __future__ import annotations

import json
import struct

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/connect+json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
LAST_CHUNK = b"0\r\n\r\n"


def enveloped(value, flags=0):
    """An envelope: a byte of flags, four of length, and the message, as JSON or as given bytes."""
    message = value if isinstance(value, bytes) else json.dumps(value).encode()
    return struct.pack(">BI", flags, len(message)) + message


def ended(value=b"{}"):
    """An end-of-stream message."""
    return enveloped(value, 2)


def failed(code, text="no luck"):
    """An end-of-stream message with an error."""
    return ended({"error": {"code": code, "message": text}})


def chunk(data):
    """A chunk of an HTTP body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def streamed(*envelopes):
    """A whole reply: each envelope in a chunk of its own."""
    return HEAD + b"".join(map(chunk, envelopes)) + LAST_CHUNK
