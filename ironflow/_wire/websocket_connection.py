"""A WebSocket over a connection of the transport: opened, waited on, closed.

Rules:

1. It is opened as a GET is made: attempts, deadlines, TLS and proxies are those of the transport.
   The credential goes in a header, never in the URL. Redirects are not followed.
2. Bytes are read only when an event is asked for, so a slow consumer slows the socket. While a
   message cannot be sent, they are kept, up to the size of one message: a peer that is stuck in
   sending would never read it.
3. Other threads may send, or wake the one that waits. A lock is held only for what takes no time:
   parsing, and system calls that do not wait.
4. Whatever goes wrong is an ``IronflowError``: an ``InvalidResponseError`` if the peer breaks the
   protocol, of which it is told first, and an ``IronflowConnectionError`` if the connection is
   lost.
"""

from __future__ import annotations

import selectors
import socket
import threading
from time import monotonic

from .._errors import InvalidResponseError, IronflowConnectionError, IronflowTimeoutError
from .failures import clean, request_facts
from .replies import BadReply
from .signals import is_from_signal_handler
from .websocket import NO_CLOSE, Closed, ProtocolError, WebSocket
from .websocket_handshake import HandshakeError, check_reply, new_key, request_head

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._errors import IronflowError
    from .connection import Connection
    from .limits import Limits
    from .messages import Request
    from .replies import Reply
    from .transport import Transport
    from .websocket import Event

_SWITCHED = 101
_LONGEST_WAIT = 86_400.0  # seconds, for what is to wait forever
_CLOSE_LINGER = 0.05  # seconds for the server to close first (RFC 6455, 7.1.1)

# No epoll: a forked child that unregisters a socket from one reaches that of its parent.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)


def open_websocket(transport: Transport, request: Request, limits: Limits) -> WebSocketConnection:
    """Open a WebSocket.

    Args:
        transport: The way to the server.
        request: A GET for the route; ``retry=False`` makes one attempt only.
        limits: Limits on time, attempts, and the size of a message.

    Raises:
        IronflowError: It was not opened.
    """

    def attempt(request: Request, end: float, limits: Limits) -> Reply | IronflowError:
        return _attempt(transport, request, end, limits)

    opened: WebSocketConnection = transport.call(request, limits, attempt)
    return opened


def _attempt(
    transport: Transport, request: Request, end: float, limits: Limits
) -> Reply | IronflowError:
    started = monotonic()
    deadline = min(end, started + limits.timeout)
    request.attempts += 1
    request.sent_before = request.sent
    try:
        reply = _opened(transport, request, deadline, limits)
    except Exception as error:
        if is_from_signal_handler(error):
            raise
        problem = error
    else:
        if reply.status == _SWITCHED:
            return reply
        return transport.outcome(reply, request, limits, started, deadline)
    return transport.failure(problem, request, limits, started)


def _opened(transport: Transport, request: Request, deadline: float, limits: Limits) -> Reply:
    """Make the handshake; return a refusal, or a reply whose value is the open WebSocket."""
    key = new_key()
    fields = {
        name: value
        for name, value in request.headers.fields.items()
        if name.lower() != "upgrade" and not name.lower().startswith("sec-websocket-")
    }
    # As a view, whose repr shows nothing of the credential in it.
    head = memoryview(request_head(request.target, transport.netloc, key, fields))
    connection, reply = transport.upgrade(request, head, deadline, limits)
    try:
        if not (reply.status == _SWITCHED or 200 <= reply.status <= 299):
            connection.close()
            return reply
        problem = _refusal(reply, key)
        if problem:
            raise BadReply(problem, reply)
        reply.value = WebSocketConnection(connection, request, limits)
    except BaseException:
        connection.close()
        raise
    return reply


def _refusal(reply: Reply, key: str) -> str:
    try:
        check_reply(reply.status, reply.headers, key)
    except HandshakeError as error:
        return f"does not open a WebSocket: {error}"
    return ""


class WebSocketConnection:
    """One open WebSocket. One thread receives; any thread may send and wake.

    Args:
        connection: Its connection, on which the handshake has been made.
        request: The call that opened it.
        limits: Limits of the client; ``max_response_bytes`` bounds a message.

    Attributes:
        silence: Seconds that were spent waiting since something came.
    """

    def __init__(self, connection: Connection, request: Request, limits: Limits) -> None:
        self.silence = 0.0
        self._connection = connection
        self._request = request
        self._room = limits.max_response_bytes
        self._websocket = WebSocket(client=True, max_message_bytes=self._room)
        self._websocket.receive(connection.parser.take_rest())
        self._pending = memoryview(b"")
        self._lock = threading.Lock()
        self._is_closed = False
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        self._selector = _Selector()
        self._selector.register(connection.sock, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        connection.stop_waiting()

    def receive(self, deadline: float) -> Event | None:
        """Return the next event, None when the deadline has passed or ``wake`` was called.

        An end without a close frame is ``Closed(NO_CLOSE, …)``.

        Args:
            deadline: On the monotonic clock; what has come already is returned after it too.

        Raises:
            InvalidResponseError: The peer broke the protocol, or a message is too large.
        """
        while True:
            event, moved = self._advance()
            if event is not None:
                return event
            if moved:
                self.silence = 0.0
            elif not self._wait(deadline):
                return None

    def send(self, data: str | bytes, deadline: float) -> None:
        """Send a message.

        Args:
            data: The message: text for a ``str``, binary for ``bytes``.
            deadline: When to give up, on the monotonic clock.

        Raises:
            IronflowConnectionError: The connection is lost or closed.
            IronflowTimeoutError: The peer does not read it in time.
        """
        problem = ""
        try:
            with self._lock:
                self._websocket.send(data)
                self._flush()
            room = self._room
            while self._pending and deadline > monotonic():
                has_come = self._wait_to_send(deadline, room > 0)
                with self._lock:
                    room -= self._take_in() if has_come else 0
                    self._flush()
        except (OSError, ValueError) as error:  # ValueError: another thread has closed it
            if is_from_signal_handler(error):
                raise
            problem = str(error) or type(error).__name__
        facts = request_facts(self._request, self._request.redactor())
        if problem:
            message = f"the WebSocket connection is lost: {clean(problem)}"
            raise IronflowConnectionError(message, code="CONNECTION_FAILED", **facts)
        if self._pending:
            raise IronflowTimeoutError(
                "the server does not read the message", code="TIMEOUT", **facts
            )

    def ping(self) -> None:
        """Send a ping, as far as that can be done without waiting."""
        with self._lock:
            if self._websocket.open:
                self._websocket.ping()

    def wake(self) -> None:
        """Let ``receive`` return, now or when it is called next."""
        try:
            self._waker.send(b"\0")
        except OSError:  # full, so it will wake; or closed, so nobody waits
            return

    def close(self, code: int = 1000, linger: float = _CLOSE_LINGER) -> None:
        """Send a close frame, as far as that can be done without waiting, and close the socket.

        Args:
            code: Close code.
            linger: Seconds that the server has to close first.
        """
        if not self._connection.is_ours:
            self._release()  # a forked child leaves it open, and its lock may never be free
            return
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            try:
                self._websocket.close(code)
                self._flush()
                self._hang_up(linger)
            except OSError as error:
                if is_from_signal_handler(error):
                    raise
            finally:
                self._release()

    def _release(self) -> None:
        self._selector.close()
        self._connection.close()
        self._waker.close()
        self._woken.close()

    def _hang_up(self, linger: float) -> None:
        """Let the server close first, briefly: a close with unread bytes resets the connection."""
        self._selector.unregister(self._woken)
        socket.socket.shutdown(self._connection.sock, socket.SHUT_WR)
        end = monotonic() + linger
        while (left := end - monotonic()) > 0:
            if not self._selector.select(left):
                return
            if self._connection.receive_now() == b"":
                return

    def _advance(self) -> tuple[Event | None, bool]:
        """Return the next event, and whether anything has come."""
        with self._lock:
            try:
                event = self._websocket.next_event()
                self._flush()
                if event is not None:
                    return event, True
                data = self._connection.receive_now()
            except ProtocolError as error:
                problem = str(error)
            except OSError as error:
                if is_from_signal_handler(error):
                    raise
                return Closed(NO_CLOSE, str(error)), True
            else:
                if data is None:
                    return None, False
                if data:
                    self._websocket.receive(data)
                else:
                    self._websocket.receive_end()
                return None, True
            self._flush_error()
        raise self.unusable(problem)

    def unusable(self, problem: str) -> IronflowError:
        """Return the error of a message that cannot be used."""
        facts = request_facts(self._request, self._request.redactor())
        message = f"the server's WebSocket message cannot be used: {clean(problem)}"
        return InvalidResponseError(message, code="INVALID_RESPONSE", delivered=True, **facts)

    def _flush_error(self) -> None:
        try:
            self._flush()
        except OSError as error:
            if is_from_signal_handler(error):
                raise

    def _flush(self) -> None:
        """Send what is to be sent, as far as the socket takes it now."""
        output = self._websocket.take_output()
        if output:
            self._pending = memoryview(bytes(self._pending) + output)
        while self._pending:
            count = self._connection.send_now(self._pending)
            if not count:
                return
            self._pending = self._pending[count:]

    def _wait_to_send(self, deadline: float, has_room: bool) -> bool:
        """Wait until the socket takes more, or has something to read; return whether it has."""
        wanted = selectors.EVENT_WRITE | (selectors.EVENT_READ if has_room else 0)
        with _Selector() as selector:
            selector.register(self._connection.sock, wanted)
            ready = selector.select(max(0.0, min(deadline - monotonic(), _LONGEST_WAIT)))
        return any(events & selectors.EVENT_READ for _, events in ready)

    def _take_in(self) -> int:
        """Keep what has come until an event is asked for; return how much room that takes."""
        data = self._connection.receive_now()
        if data is None:
            return 0
        self.silence = 0.0
        self.wake()  # the thread that receives may wait for what is here already
        if data:
            self._websocket.receive(data)
            return len(data)
        self._websocket.receive_end()
        return self._room  # there is nothing more to read

    def _wait(self, deadline: float) -> bool:
        """Wait for something to come; return whether that may be so."""
        began = monotonic()
        if began >= deadline:
            return False
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._pending else 0)
        self._selector.modify(self._connection.sock, wanted)
        ready = self._selector.select(min(deadline - began, _LONGEST_WAIT))
        self.silence += monotonic() - began
        woken = any(key.fileobj is self._woken for key, _ in ready)
        if woken:
            self._woken.recv(4096)
        return not woken
