"""The little of a WebSocket server that scripts need; none of our code is used."""

from __future__ import annotations

import base64
import hashlib

from .hostile import HungUp


def accept_key(key):
    """Return the answer to a client's key (RFC 6455, 4.2.2)."""
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return base64.b64encode(digest).decode()


def read_frame(peer):
    """Receive one masked frame and return its opcode and its payload."""
    first, second = _take(peer, 2)
    assert second & 0x80, "a client masks"
    length = second & 0x7F
    if length > 125:
        length = int.from_bytes(_take(peer, 2 if length == 126 else 8), "big")
    key = _take(peer, 4)
    return first & 15, bytes(b ^ key[i % 4] for i, b in enumerate(_take(peer, length)))


def _take(peer, size):
    while len(peer._buffer) < size:
        more = peer.sock.recv(1 << 16)
        if not more:
            raise HungUp
        peer._buffer += more
    taken, peer._buffer = peer._buffer[:size], peer._buffer[size:]
    return taken
