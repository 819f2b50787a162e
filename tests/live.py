"""A scripted server of live streams: WebSockets and the routes that their state is read from.

A script for ``HostileServer`` begins with ``upgrade``. ``Bucket`` is a whole server of one bucket,
whose connections can be cut at any moment.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import json
import pickle
import random
import socket
import struct
import threading
from urllib.parse import unquote

from ironflow import IronflowClient, IronflowError

from .conftest import KEY
from .frames import TEXT, close_frame, frame
from .hostile import PATIENCE, HostileServer, reply
from .websocket_peer import accept_key, read_frame


def upgrade(peer):
    """Take the handshake of a WebSocket."""
    upgraded(peer, peer.request())


def upgraded(peer, received):
    """Answer the handshake of a WebSocket that was received."""
    key = accept_key(received.headers["sec-websocket-key"])
    peer.send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + key.encode() + b"\r\n\r\n"
    )


def text(message):
    """Return a message as a frame."""
    return frame(TEXT, json.dumps(message).encode())


def put(key, value, revision):
    """Return an update as a frame."""
    return text(put_message(key, value, revision))


def put_message(key, value, revision):
    return {
        "type": "kv_update",
        "bucket": "b",
        "key": key,
        "value": base64.b64encode(value).decode(),
        "revision": revision,
        "operation": "put",
    }


def delete_message(key, revision):
    return {
        "type": "kv_update",
        "bucket": "b",
        "key": key,
        "value": "",
        "revision": revision,
        "operation": "delete",
    }


def closed(code=1000, reason=b""):
    """Return an act that closes the WebSocket and waits for the answer."""

    def act(peer):
        peer.send(close_frame(code, reason))
        peer.drain()

    return act


def subscribed(*patterns, then=()):
    """A script that takes subscriptions to patterns, in their order."""

    def confirm(peer):
        for number, pattern in enumerate(patterns):
            _, payload = read_frame(peer)
            peer.asked = [*getattr(peer, "asked", []), json.loads(payload)]
            result = {"pattern": pattern, "status": "ok", "subscriptionId": f"sub_{number}"}
            peer.send(text({"type": "subscription_result", "results": [result]}))

    return [upgrade, confirm, *then]


def event(id="evt_1", **members):
    """Return an event as a message of a subscription."""
    return {"type": "event", "subscriptionId": "sub_0", "topic": "t", "data": 1, "eventId": id} | (
        members
    )


def connected(server, **options):
    options = {"timeout": 5, "initial_backoff": 0.001, **options}
    return IronflowClient(server.url, KEY, **options)


def keys(*names):
    """A script that answers a listing."""
    return reply(json.dumps({"keys": list(names)}).encode())


def entry(key, value, revision):
    """A script that answers a get."""
    return reply(json.dumps({"key": key, "value": value, "revision": revision}).encode())


def assert_is_safe(error):
    assert isinstance(error, IronflowError)
    for each in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert KEY not in f"{each!s} {each!r} {vars(each)}"
        assert type(each) is type(error)
    assert error.__cause__ is None or KEY not in repr(error.__cause__)


class Bucket(HostileServer):
    """A server of one bucket, with watches; ``with Bucket(7) as bucket``: ``bucket.url``."""

    def __init__(self, seed):
        super().__init__(then=(self._converse,))
        self.random = random.Random(seed)
        self.lock = threading.Condition()
        self.entries = {}
        self.revision = 0
        self.watching = []
        self.cuts = 0

    def put(self, key, value):
        with self.lock:
            self.revision += 1
            self.entries[key] = (value, self.revision)
            self._tell(put(key, value, self.revision))

    def delete(self, key):
        with self.lock:
            if self.entries.pop(key, None) is not None:
                self.revision += 1
                self._tell(text(delete_message(key, self.revision)))

    def cut(self):
        """Cut the watch, once one is open: between frames, in the middle of one, or by a reset."""
        with self.lock:
            assert self.lock.wait_for(lambda: self.watching, PATIENCE)
            for peer in self.watching:
                self.cuts += 1
                how = self.random.randrange(3)
                with contextlib.suppress(OSError):
                    if how == 0:
                        peer.send(put("half", b"x", self.revision)[:7])
                    if how == 1:  # the thread that reads wakes up, and its close is a reset
                        linger = struct.pack("ii", 1, 0)
                        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                        peer.sock.shutdown(socket.SHUT_RD)
                    else:
                        peer.sock.shutdown(socket.SHUT_RDWR)
            self.watching.clear()

    def finish(self):
        """End the watch for good, once all has been sent."""
        with self.lock:
            assert self.lock.wait_for(lambda: self.watching, PATIENCE)
            for peer in self.watching:
                peer.send(close_frame(1000))

    def _tell(self, content):
        for peer in self.watching:
            with contextlib.suppress(OSError):
                peer.send(content)

    def _converse(self, peer):
        while True:
            head = peer.request_head()
            parts = head.target.split("/")
            if parts[-1] == "watch":
                peer._buffer = b""
                with self.lock:
                    self._watch(peer, head)
                while peer.sock.recv(1 << 16):
                    pass
                return
            with self.lock:
                content = self._answer(unquote(parts[-1]))
            peer.send(content)

    def _watch(self, peer, head):
        upgraded(peer, head)
        for name, (value, revision) in self.entries.items():
            peer.send(put(name, value, revision))
        self.watching.append(peer)
        self.lock.notify_all()

    def _answer(self, name):
        if name == "keys":
            return reply(json.dumps({"keys": sorted(self.entries)}).encode())
        if name not in self.entries:
            return reply(b'{"error": "key not found"}', status="404 Not Found")
        value, revision = self.entries[name]
        entry = {"key": name, "value": base64.b64encode(value).decode(), "revision": revision}
        return reply(json.dumps(entry).encode())
