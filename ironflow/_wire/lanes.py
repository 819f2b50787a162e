"""The connections of a map: which of them carries the next call, and what all of them wait for.

Rules:

1. A call goes on an idle connection, otherwise on a new one as long as there may be more, and only
   then behind the calls of another: a server answers the calls on one connection in turn.
2. Connections that the client has kept are used before new ones are opened. If one of them turns
   out to be dead, the others are left alone.
3. The first connection is opened in one go, which finds out which address works. The others are
   opened in steps, to that address. If one of them fails, the next one finds out again.
4. An idle connection is checked before it is used, as for a single call. For calls that are safe to
   repeat the check is skipped right after a reply: if the connection is dead, they are sent again.
5. In the end, idle connections go back to the pool. If nobody ends the map, because it is in a
   cycle that the garbage collector finds or the interpreter exits, all of them are closed.
"""

from __future__ import annotations

import selectors
import weakref
from time import monotonic

from .addresses import LONGEST_WAIT
from .lane import Lane
from .transport import is_usable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Any

    from .transport import Transport

_MOMENT = 0.01  # seconds


class Lanes:
    """Up to so many connections to one server, watched by one selector.

    Args:
        transport: What keeps and opens connections.
        most: How many there may be.

    Attributes:
        all: Those that there are.
    """

    def __init__(self, transport: Transport, most: int) -> None:
        self.all: set[Lane] = set()
        self._transport = transport
        self._closings = transport.closings
        self._most = most
        self._idle: list[Lane] = []
        self._with_room: dict[Lane, None] = {}  # those that take a call behind others
        self._takes_kept = True
        self._way: tuple[int, Any, ssl.SSLContext | None, str] | None = None
        self._selector = selectors.DefaultSelector()
        # Sockets by file descriptor. The finalizer must hold nothing that may lead back to here.
        self._sockets: dict[int, Any] = {}
        self._finalizer = weakref.finalize(self, _hang_up, self._sockets)

    def pick(self, is_safe: bool, shares: bool) -> Lane | None:
        """Return a lane for a call, None while all are busy (rule 1).

        Args:
            is_safe: Whether the call is safe to repeat.
            shares: Whether it may go behind others.
        """
        while self._idle:
            lane = self._idle.pop()
            connection = lane.connection
            assert connection is not None  # it was open before it was idle
            is_fresh = is_safe and monotonic() - connection.idle_since < _MOMENT
            if is_fresh or is_usable(connection):
                return lane
            self.drop(lane)
        if len(self.all) < self._most:
            lane = Lane()
            self.all.add(lane)
            return lane
        if shares:
            for lane in reversed(self._with_room):
                return lane
        return None

    def note_room(self, lane: Lane) -> None:
        """Note that a lane takes another call behind those that are on their way."""
        self._with_room[lane] = None

    def note_full(self, lane: Lane) -> None:
        """Note that it takes no other call for now."""
        self._with_room.pop(lane, None)

    def note_idle(self, lane: Lane, now: float) -> None:
        """Note that from now on no call is on its way on an open lane."""
        assert lane.connection is not None  # it is open
        lane.connection.idle_since = now
        self._idle.append(lane)
        if lane.is_shared:
            self._with_room.pop(lane, None)

    def open(self, lane: Lane, seconds: float) -> int:
        """Take a kept connection for a lane, or open one (rules 2 and 3).

        Args:
            lane: A new lane.
            seconds: How long it may take.

        Returns:
            The events that opening waits for, 0 when it is open.
        """
        connection = self._transport.take_idle() if self._takes_kept else None
        if connection is not None:
            lane.adopt(connection)
        elif self._way is not None:
            return lane.start(*self._way)
        else:
            lane.adopt(self._transport.open(monotonic() + seconds))
            steps = self._transport.steps()
            if steps is not None:
                self._way = (lane.sock.family, lane.sock.getpeername(), *steps)
        return 0

    def find_out_again(self) -> None:
        """Note that a lane cannot be opened: the server may have another address by now."""
        self._way = None

    def leave_kept_alone(self) -> None:
        """Note that a kept connection was dead: the others may be, too."""
        self._takes_kept = False

    def watch(self, lane: Lane, events: int) -> None:
        """Let the selector wait for these events of a lane, instead of others."""
        if lane.watched:
            self._selector.modify(lane.watched_as, events, lane)
        else:
            lane.watched_as = lane.sock.fileno()
            self._selector.register(lane.watched_as, events, lane)
        self._sockets[lane.watched_as] = lane.sock  # TLS has taken the place of another
        lane.watched = events

    def wait(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait until something happens, for so long at most.

        Returns:
            The keys whose ``data`` are the lanes that are ready, and the events that they are
            ready for.
        """
        if not self._selector.get_map():
            self._transport.sleep(seconds)
            return []
        return self._selector.select(min(seconds, LONGEST_WAIT))

    def drop(self, lane: Lane) -> None:
        """Close a lane and forget it."""
        self.all.discard(lane)
        self._with_room.pop(lane, None)
        if lane in self._idle:
            self._idle.remove(lane)
        self._forget(lane)
        lane.close()

    def close(self, is_inherited: bool) -> None:
        """Close what is on its way, and give idle connections back to the pool.

        Args:
            is_inherited: Whether this is a child of the process that the lanes belong to.
        """
        if self._finalizer.detach() is None:
            return  # it has been at work
        for lane in self.all:
            if not is_inherited:  # else it would reach the parent's selector: the two share it
                self._forget(lane)
            if is_inherited or lane.calls or lane.connection is None:
                lane.close()
            else:
                self._transport.put_idle(lane.connection, self._closings)
        self.all.clear()
        self._selector.close()

    def _forget(self, lane: Lane) -> None:
        """Let the selector no longer wait for a lane."""
        if lane.watched:
            self._selector.unregister(lane.watched_as)
            del self._sockets[lane.watched_as]
            lane.watched = 0


def _hang_up(sockets: dict[int, Any]) -> None:
    for sock in sockets.values():
        sock.close()
