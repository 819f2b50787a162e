"""A connection among many that one selector waits for: nothing in here waits.

Rules:

1. No step blocks: a send hands over what the socket takes, a receive returns what is there, and
   opening is done in steps, each of which says what it waits for. Two things are opened in one go:
   the first connection to a server, which finds out which address works, and tunnels through
   proxies.
2. Calls that share a connection are answered in the order in which they were sent (RFC 9112,
   9.3.2).
3. A server may answer before it has read all of a request. The rest of that is not sent, and the
   connection carries no other call: the server may have stopped reading.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
from collections import deque
from itertools import islice

from .connection import Connection, TlsConnection, with_tls
from .signals import is_from_signal_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from typing import Any

    from .replies import Reply, ReplyParser


READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

_TOGETHER = 64 * 1024  # bytes of messages that are copied to go in one send
_UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, 10035})


class Lane:
    """A connection with the calls that are on their way on it.

    Attributes:
        connection: The connection, None until it is open.
        is_open: Whether it is there; asked for so often that a property would cost something.
        sock: Its socket, None until somebody begins to open it.
        calls: The calls that were sent and are not answered, oldest first.
        answered: How many calls were answered on it.
        is_shared: Whether calls are sent on it behind others that are not answered.
        ended: Whether the other side has ended it.
        watched: The events that a selector waits for.
        watched_as: The file descriptor that it does so by, which outlives the socket.
    """

    __slots__ = (
        "_outgoing",
        "_steps",
        "answered",
        "calls",
        "connection",
        "ended",
        "is_open",
        "is_shared",
        "sock",
        "watched",
        "watched_as",
    )

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.is_open = False
        self.sock: Any = None
        self.calls: deque[Any] = deque()
        self.answered = 0
        self.is_shared = False
        self.ended = False
        self.watched = 0
        self.watched_as = -1
        self._outgoing: deque[memoryview] = deque()
        self._steps: Iterator[int] | None = None

    @property
    def is_new(self) -> bool:
        """Whether nobody has begun to open it."""
        return self.sock is None

    @property
    def was_dead(self) -> bool:
        """Whether nothing has come on a connection that was kept from earlier calls."""
        connection = self.connection
        return (
            connection is not None and connection.used and not (self.answered or connection.heard)
        )

    @property
    def parser(self) -> ReplyParser:
        """What reads the replies."""
        assert self.connection is not None  # nothing comes before it is open
        return self.connection.parser

    def adopt(self, connection: Connection) -> None:
        """Take a connection that is open."""
        self.connection = connection
        self.is_open = True
        self.sock = connection.sock
        connection.stop_waiting()

    def start(self, family: int, address: Any, context: ssl.SSLContext | None, host: str) -> int:
        """Begin to open the connection; return the events that it waits for, 0 when it is open."""
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self._steps = self._open(address, context, host)
        return self.step()

    def step(self) -> int:
        """Go on with opening the connection; return the events that it waits for, 0 when done.

        Raises:
            OSError: It cannot be opened.
        """
        assert self._steps is not None  # started before
        return next(self._steps, 0)

    def _open(self, address: Any, context: ssl.SSLContext | None, host: str) -> Iterator[int]:
        sock = self.sock
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = sock.connect_ex(address)
        if code in _UNDER_WAY:
            yield WRITE
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        if context is None:
            self.adopt(Connection(sock))
            return
        self.sock = tls = with_tls(sock, context, host)
        while True:
            try:
                tls.do_handshake()
                break
            except OSError as error:
                wanted = {"SSLWantReadError": READ, "SSLWantWriteError": WRITE}
                event = wanted.get(type(error).__name__)
                if event is None:
                    raise
            yield event
        self.adopt(TlsConnection(tls))

    def add(self, call: Any, message: memoryview) -> None:
        """Put a call behind those that are on their way; ``flush`` sends it."""
        self.calls.append(call)
        self._outgoing.append(message)

    def receive(self) -> Reply | None:
        """Receive what has come; return the reply to the oldest call once it is whole.

        Of an error, what has come is the reply when the connection fails.

        Raises:
            BadReply: It breaks a rule, is too large, or was cut short.
            OSError: The connection failed, has ended, or says what nobody asked.
        """
        connection = self.connection
        assert connection is not None  # nothing comes before it is open
        try:
            data = connection.receive_now()
        except OSError as error:
            partial = None if is_from_signal_handler(error) else self.parser.partial()
            if partial is None:
                raise
            return partial
        if data is None:
            return None
        if data and self.calls:
            connection.heard = True
            return connection.parser.feed(data)
        self.ended = True
        if not self.calls or not connection.parser.began:
            raise ConnectionAbortedError("the server closed the connection without a reply")
        return connection.parser.end(connection.end_announced)

    def next_reply(self) -> Reply | None:
        """Return another reply of what came before, None when there is no whole one."""
        parser = self.parser
        return parser.advance() if parser.began else None

    def may_have_a_reply(self, error: Exception) -> bool:
        """Tell whether a request that could not be sent whole may have been answered."""
        connection = self.connection
        return isinstance(error, OSError) and connection is not None and connection.sent

    def take_answered(self) -> Any:
        """Take the oldest call off: its reply is whole."""
        connection = self.connection
        assert connection is not None  # it has replied
        call = self.calls.popleft()
        self.answered += 1
        connection.used = True
        if len(self._outgoing) > len(self.calls):
            self.stop_sending()  # rule 3
        return call

    def flush(self) -> int:
        """Send what the socket takes; return the events to wait for from here on."""
        outgoing, connection = self._outgoing, self.connection
        while outgoing:
            assert connection is not None  # nothing is flushed before it is open
            data = outgoing[0] if len(outgoing) == 1 else self._gathered()
            sent = connection.send_now(data)
            if sent < len(data):
                self._forget(sent)
                return READ | WRITE
            if data is outgoing[0]:
                outgoing.popleft()
            else:
                self._forget(sent)
        return READ

    def _gathered(self) -> memoryview:
        """Return what to send next: several messages in one, if these are small.

        A system call costs more than a copy of a few hundred bytes.
        """
        size = count = 0
        for message in self._outgoing:
            size += len(message)
            if size > _TOGETHER:
                break
            count += 1
        if count < 2:
            return self._outgoing[0]
        return memoryview(b"".join(islice(self._outgoing, count)))

    def _forget(self, sent: int) -> None:
        """Take the bytes that were sent off the front."""
        outgoing = self._outgoing
        while sent:
            message = outgoing.popleft()
            if sent < len(message):
                outgoing.appendleft(message[sent:])
                return
            sent -= len(message)

    def stop_sending(self) -> None:
        """Send no more: the other side does not read, but may have said why."""
        self._outgoing.clear()
        assert self.connection is not None  # it has sent something
        self.connection.parser.reusable = False

    def close(self) -> None:
        """Close the socket, at whatever step it is."""
        self._steps = None
        self._outgoing.clear()
        if self.sock is not None:
            self.sock.close()
