"""WebSockets of the local server: each has a thread, which never makes others wait.

Rules:

1. The thread of an upgraded connection reads, answers, sends and closes. Others only wake it.
2. It takes the next message when the previous one has been sent, so a slow peer costs no memory
   here. While replies to the peer's messages pile up, nothing more is read.
3. A server that stops closes its WebSockets with 1001; a session that is over closes with 1000.
   Either way the peer has a moment to close first: unread bytes at a close would reset the
   connection, and the last frame might be lost (RFC 6455, 7.1.1).
4. Protocol and handshake are those of the client: ``ironflow._wire.websocket``.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from time import monotonic

from ironflow._wire.websocket import NORMAL, Message, ProtocolError, WebSocket

from ._engine.state import State
from ._log import logger

GOING_AWAY = 1001

_RECEIVE = 64 * 1024
_MAX_MESSAGE = 1024 * 1024
_MAX_ANSWERS = 1024 * 1024
_LINGER = 0.1  # seconds for the peer to close first


class Session:
    """One side of the conversation over a WebSocket; the connection's thread calls its methods.

    Attributes:
        over: Whether there is nothing more to send, so that the connection is closed.
    """

    over = False

    def open(self, connection: WebSocketConnection) -> None:
        """Begin; the connection may be woken and answered on from now on."""

    def receive(self, data: str | bytes) -> None:
        """Take a message of the peer."""

    def next_message(self) -> str | bytes | None:
        """Return the next message to send, None until there is one."""

    def close(self) -> None:
        """End: the connection is closed."""


class WebSocketConnection:
    """One open WebSocket.

    Args:
        sock: Its socket, after the handshake; it is closed in the end.
        rest: Bytes that came after the handshake.
        session: What receives and sends messages.
        max_message: Largest message to take, in bytes.
    """

    def __init__(
        self, sock: socket.socket, rest: bytes, session: Session, max_message: int = _MAX_MESSAGE
    ) -> None:
        self._sock = sock
        self._session = session
        self._websocket = WebSocket(client=False, max_message_bytes=max_message)
        self._websocket.receive(rest)
        self._pending = bytearray()
        self._answers = 0  # bytes of answers since everything was sent
        self._is_lost = False
        self._close: tuple[int, str] | None = None  # asked for by another thread
        self._close_by = 0.0
        self._waker, self._woken = socket.socketpair()
        self._is_woken = False
        self._ended = threading.Event()
        for end in (sock, self._waker, self._woken):
            end.setblocking(False)

    def answer(self, message: str | bytes) -> None:
        """Send a message; for the session, from its own methods."""
        if self._websocket.open:
            self._websocket.send(message)

    def wake(self) -> None:
        """Let the thread ask the session for its next message; any thread may do this."""
        if not self._is_woken:
            self._is_woken = True
            try:
                self._waker.send(b"\0")
            except OSError:
                return  # closed

    def close(self, code: int, reason: str) -> None:
        """Let the thread close the connection; any thread may do this."""
        self._close_by = monotonic() + _LINGER
        self._close = (code, reason)
        self.wake()

    def join(self, seconds: float) -> None:
        """Wait until the connection is closed."""
        self._ended.wait(seconds)

    def run(self) -> None:
        """Serve the connection until it has ended."""
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._sock, selectors.EVENT_READ)
                selector.register(self._woken, selectors.EVENT_READ)
                try:
                    self._session.open(self)
                    while self._advance():
                        self._wait(selector)
                finally:
                    self._session.close()
                self._hang_up(selector)
        except Exception:
            logger.exception("a WebSocket failed")
        finally:
            self._waker.close()
            self._woken.close()
            self._sock.close()
            self._ended.set()

    def _advance(self) -> bool:
        """Do what can be done now; return whether the connection goes on."""
        self._is_woken = False
        try:
            self._flush()
            try:
                self._read()
            except ProtocolError:
                self._flush()  # the close frame
            self._say()
        except OSError:
            self._is_lost = True
        return not self._is_lost and (self._websocket.open or bool(self._pending))

    def _read(self) -> None:
        """Take what the peer has sent; a piece only, so that sending has its turn."""
        if not self._websocket.done and self._answers <= _MAX_ANSWERS:
            with contextlib.suppress(BlockingIOError):
                data = self._sock.recv(_RECEIVE)
                if data:
                    self._websocket.receive(data)
                else:
                    self._websocket.receive_end()
        while self._answers <= _MAX_ANSWERS:
            event = self._websocket.next_event()
            if event is None:
                return
            if isinstance(event, Message) and self._websocket.open:
                self._session.receive(event.data)
            self._flush(answers=True)

    def _say(self) -> None:
        """Send the session's messages, one at a time."""
        while self._websocket.open and not self._pending:
            if self._close is not None:
                self._websocket.close(*self._close)
            else:
                message = self._session.next_message()
                if message is not None:
                    self._websocket.send(message)
                elif self._session.over:
                    self._websocket.close(NORMAL)
                else:
                    return
            self._flush()

    def _flush(self, answers: bool = False) -> None:
        """Send what there is to send, as far as the socket takes it now."""
        output = self._websocket.take_output()
        self._pending += output
        self._answers += len(output) if answers else 0
        while self._pending:
            try:
                count = self._sock.send(self._pending)
            except BlockingIOError:
                return
            del self._pending[:count]
        self._answers = 0

    def _wait(self, selector: selectors.BaseSelector) -> None:
        wanted = selectors.EVENT_READ if self._answers <= _MAX_ANSWERS else 0
        wanted |= selectors.EVENT_WRITE if self._pending else 0
        selector.modify(self._sock, wanted)
        left = None if self._close is None else max(0.0, self._close_by - monotonic())
        ready = selector.select(left)
        self._is_lost = left == 0  # a peer that reads nothing does not delay a stop
        if any(key.fileobj is self._woken for key, _ in ready):
            self._woken.recv(4096)

    def _hang_up(self, selector: selectors.BaseSelector) -> None:
        """Let the peer close first, for a moment; rule 3."""
        if self._is_lost:
            return
        selector.unregister(self._woken)
        selector.modify(self._sock, selectors.EVENT_READ)
        end = monotonic() + _LINGER
        try:
            self._sock.shutdown(socket.SHUT_WR)
            while (left := end - monotonic()) > 0 and selector.select(left):
                if not self._sock.recv(_RECEIVE):
                    return
        except OSError:
            return


class WebSockets:
    """The open WebSockets of a state."""

    transient = True

    def __init__(self, state: State) -> None:
        self._state = state
        self._open: set[WebSocketConnection] = set()

    def serve(self, sock: socket.socket, rest: bytes, session: Session) -> None:
        """Serve a WebSocket until it has ended."""
        connection = WebSocketConnection(sock, rest, session)
        with self._state.lock:
            self._open.add(connection)
            if self._state.closed:
                self._close(connection)
        try:
            connection.run()
        finally:
            with self._state.lock:
                self._open.discard(connection)

    def close(self) -> None:
        """Let every WebSocket be closed; with the state's lock held."""
        for connection in self._open:
            self._close(connection)

    def join(self, seconds: float) -> None:
        """Wait until those that are open have ended; call it without the lock."""
        with self._state.lock:
            ending = list(self._open)
        for connection in ending:
            connection.join(seconds)

    @staticmethod
    def _close(connection: WebSocketConnection) -> None:
        connection.close(GOING_AWAY, "the server stops")
