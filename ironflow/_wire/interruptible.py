"""A transport on which another thread can end whatever a call is waiting for.

Rules:

1. Connections, options and retries are those of the transport that it is made from.
2. ``interrupt`` shuts down the connection that is in use, so whoever waits on it wakes up and fails
   as if the connection was lost. A call that gets its connection later fails then, and no call is
   repeated. Only name resolution ends by itself.
3. A connection that has gone back to the pool may belong to another call, and is left alone.
"""

from __future__ import annotations

import socket
import threading

from .connection import Connection
from .transport import Transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._errors import IronflowError
    from .limits import Limits
    from .messages import Request
    from .replies import Reply


class InterruptibleTransport(Transport):
    """A transport for one user, whose calls can be interrupted.

    Args:
        transport: The transport that it uses for everything else.
    """

    def __init__(self, transport: Transport) -> None:
        # Attributes that are not set here are those of the shared transport.
        self._shared = transport
        self._interrupted = threading.Event()
        self._lock = threading.Lock()
        self._in_use: Connection | None = None
        self.sleep = self._interrupted.wait  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shared, name)

    def interrupt(self) -> None:
        """End the call that is under way, and let no other one succeed; any thread may do so."""
        self._interrupted.set()
        with self._lock:
            self._shut_down()

    def dial(self, host: str, port: int, deadline: float) -> Connection:
        connection = Connection.open(host, port, deadline, self._interrupted.is_set)
        self._use(connection)
        return connection

    def open(self, deadline: float, *, tunnel: bool = False) -> Connection:
        connection = super().open(deadline, tunnel=tunnel)
        self._use(connection)
        return connection

    def take_idle(self) -> Connection | None:
        connection = super().take_idle()
        self._use(connection)
        return connection

    def put_idle(self, connection: Connection, closings: int) -> None:
        with self._lock:
            self._in_use = None
        super().put_idle(connection, closings)

    def upgrade(
        self, request: Request, message: memoryview, deadline: float, limits: Limits
    ) -> tuple[Connection, Reply]:
        upgraded = super().upgrade(request, message, deadline, limits)
        self._use(None)  # whoever asked for the other protocol ends it in its own way
        return upgraded

    def wait_after(
        self, failure: IronflowError, request: Request, seconds_left: float, limits: Limits
    ) -> float | None:
        if self._interrupted.is_set():
            return None
        return super().wait_after(failure, request, seconds_left, limits)

    def _context(self) -> Any:
        return self._shared._context()

    def _use(self, connection: Connection | None) -> None:
        with self._lock:
            self._in_use = connection
            if self._interrupted.is_set():
                self._shut_down()

    def _shut_down(self) -> None:
        connection = self._in_use
        if connection is None or not connection.is_ours:
            return
        try:
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
        except OSError:  # it is not connected, or has been closed
            return
