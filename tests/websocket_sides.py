"""Both sides of our WebSocket over plain blocking sockets, event by event.

For tests that look at what comes and say what goes. The shells that users get are in
``ironflow._wire.websocket_connection`` and ``ironflow.testing._websocket``.
"""

from __future__ import annotations

import contextlib
import socket
from http import HTTPStatus
from urllib.parse import urlsplit

from ironflow._wire.websocket import Message, ProtocolError, WebSocket
from ironflow._wire.websocket_handshake import (
    HandshakeError,
    check_reply,
    new_key,
    read_head,
    reply_head,
    request_head,
)

MAX_MESSAGE = 32 * 1024 * 1024
RECEIVE = 64 * 1024
PATIENCE = 30  # seconds of silence after which a peer is given up
CLOSE_PATIENCE = 2  # seconds that a peer has to close the socket after the last frame


class Peer:
    """One open WebSocket on a socket, which it closes in ``with``."""

    def __init__(self, sock, websocket, client):
        self.sock = sock
        self.websocket = websocket
        self._client = client

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def events(self):
        """Yield every event; what was sent meanwhile leaves before the next one is parsed.

        Raises:
            ProtocolError: The peer broke the protocol; it has been told.
        """
        try:
            while not self.websocket.done:
                event = self.websocket.next_event()
                self.flush()
                if event is None:
                    self._receive()
                else:
                    yield event
        except ProtocolError:
            self.flush()
            raise
        finally:
            if self.websocket.done:
                self._hang_up()

    def flush(self):
        """Send what is to be sent."""
        output = self.websocket.take_output()
        if output:
            self.sock.sendall(output)

    def _receive(self):
        data = self.sock.recv(RECEIVE)
        if data:
            self.websocket.receive(data)
        else:
            self.websocket.receive_end()

    def _hang_up(self):
        """Let the server close first (RFC 6455, 7.1.1).

        Unread bytes at a close would reset the connection, and the last frame might be lost.
        """
        self.sock.settimeout(CLOSE_PATIENCE)
        with contextlib.suppress(OSError):
            if not self._client:
                self.sock.shutdown(socket.SHUT_WR)
            while self.sock.recv(RECEIVE):
                pass


def dial(url, max_message=MAX_MESSAGE, headers=None):
    """Open a WebSocket as a client."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    key = new_key()
    sock = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(request_head(target, parts.netloc, key, headers or {}))
        head = _receive_head(sock)
        check_reply(int(head.start[1]), head.headers, key)
    except BaseException:
        sock.close()
        raise
    websocket = WebSocket(client=True, max_message_bytes=max_message)
    websocket.receive(head.rest)
    return Peer(sock, websocket, client=True)


def accept(sock, max_message=MAX_MESSAGE):
    """Open a WebSocket as a server, on a socket that was just accepted."""
    try:
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = _receive_head(sock)
        method, _, version = head.start
        sock.sendall(reply_head(method, version, head.headers))
    except HandshakeError as error:
        sock.sendall(_refusal(error))
        sock.close()
        raise
    except BaseException:
        sock.close()
        raise
    websocket = WebSocket(client=False, max_message_bytes=max_message)
    websocket.receive(head.rest)
    return Peer(sock, websocket, client=False)


def _receive_head(sock):
    data = b""
    while True:
        head = read_head(data)
        if head is not None:
            return head
        more = sock.recv(RECEIVE)
        if not more:
            raise ConnectionError("the peer closed the connection in the handshake")
        data += more


def _refusal(error):
    lines = [f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in error.headers.items()]
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode("ascii")


def echo(peer):
    """Send every message back until the peer closes or is failed."""
    with peer, contextlib.suppress(ProtocolError, OSError):
        for event in peer.events():
            if isinstance(event, Message):
                peer.websocket.send(event.data)
