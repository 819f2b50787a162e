"""A connection among many that one selector waits for: nothing in here waits.

Rules:

1. No step blocks: sending takes what the socket takes, receiving gives what is there, and opening
   is done in steps, each of which says what it waits for. Only the first connection to a server is
   opened in one go, for it finds out which address works, and so are tunnels through proxies.
2. Calls that share a connection are answered in the order in which they were sent (RFC 9112,
   9.3.2).
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
from collections import deque

from .connection import Connection, TlsConnection

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from typing import Any

    from .replies import ReplyParser

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE

_UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, 10035})


class Lane:
    """A connection with the calls that are on their way on it.

    Attributes:
        connection: The connection, None until it is open.
        sock: Its socket, None until somebody begins to open it.
        calls: The calls that were sent and are not answered, oldest first.
        answered: How many calls were answered on it.
        is_shared: Whether calls are sent on it behind others that are not answered.
        deadline: When opening it has to be over.
        watched: The events that a selector waits for.
    """

    __slots__ = (
        "_outgoing",
        "_steps",
        "answered",
        "calls",
        "connection",
        "deadline",
        "is_shared",
        "sock",
        "watched",
    )

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.sock: Any = None
        self.calls: deque[Any] = deque()
        self.answered = 0
        self.is_shared = False
        self.deadline = 0.0
        self.watched = 0  # the events that the selector waits for
        self._outgoing: list[memoryview] = []
        self._steps: Iterator[int] | None = None

    @property
    def is_new(self) -> bool:
        """Whether nobody has begun to open it."""
        return self.sock is None

    @property
    def is_open(self) -> bool:
        """Whether the connection is there."""
        return self.connection is not None

    @property
    def parser(self) -> ReplyParser:
        """What reads the replies."""
        assert self.connection is not None  # nothing comes before it is open
        return self.connection.parser

    def adopt(self, connection: Connection) -> None:
        """Take a connection that is open."""
        self.connection = connection
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
        self.sock = tls = context.wrap_socket(
            sock, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
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

    def flush(self) -> int:
        """Send what the socket takes; return the events to wait for from here on."""
        if self.connection is None or not self._outgoing:
            return READ
        outgoing = self._outgoing
        # Several messages in one send: a system call costs more than a copy of a few hundred bytes.
        data = outgoing[0] if len(outgoing) == 1 else memoryview(b"".join(outgoing))
        sent = self.connection.send_now(data)
        self._outgoing = [data[sent:]] if sent < len(data) else []
        return READ | WRITE if self._outgoing else READ

    def stop_sending(self) -> None:
        """Send no more: the other side does not read, but may have said why."""
        self._outgoing = []
        self.parser.reusable = False

    def close(self) -> None:
        """Close the socket, at whatever step it is."""
        self._steps = None
        self._outgoing = []
        if self.sock is not None:
            self.sock.close()
