"""Subscriptions to runs, so that a wait notices an end at once.

Rules:

1. A push is only a hint. What a wait returns is always the reply of a look, so its results are the
   same with pushes and without.
2. The subscription is confirmed before the look that relies on it, so no change falls in between.
   From a loss until the look after the next subscription, runs are polled as if there were no
   pushes.
3. When a push announces an end, the run is looked at without a pause. This happens once per run, so
   that a server that repeats itself causes no further requests. After any other push, the next look
   comes when polling would have made it.
4. Pushes may be lost, so all runs are looked at every 30 s. Until a push has announced an end, some
   of them are looked at earlier: after 2 s, 4 s, and so on.
5. If pushes do not work, the wait polls: a run has ended without a push, or the subscription cannot
   be opened, is refused, or is ended by the server. None of this is an error of the wait. It is
   remembered for five minutes, for all clients that share the connections.
6. One thread asks once in five minutes whether the server offers pushes; the others poll meanwhile.
   Any answer other than a list of transports that contains ``websocket`` means no.

Design: ``Offer`` remembers whether pushes work, ``RunEvents`` knows the messages, ``RunStream`` is
the live stream of them, and ``Pushes.rest`` decides how long a wait may sleep.
"""

from __future__ import annotations

import json
import logging
import os
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from ._errors import IronflowConnectionError, IronflowError, IronflowTimeoutError
from ._live_ends import LOST, Ended
from ._live_sources import Refused, Subscriptions
from ._live_stream import LiveStream
from ._polling import ENDED_RUN
from ._wire.loading import loading

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from ._base import BaseClient
    from ._wire.transport import Transport
    from .client import IronflowClient

FIRST_SAFETY = 2.0
LONGEST_SAFETY = 30.0
REMEMBERED = 300.0

_ASKING = 5.0  # seconds after which another thread asks, in case the first was interrupted
_IDLE_PING = 20.0
_SETTLED = 30.0  # seconds that a connection has to last to count as a good one
_WINDOW = 100  # unconfirmed subscriptions: with more, both sides could block without reading
_SAMPLE = 20  # runs that are looked at to find out whether pushes work
_AT_ONCE = 1000  # messages that are read before the runs are looked at

_log = logging.getLogger("ironflow")
_offers: WeakKeyDictionary[Transport, Offer] = WeakKeyDictionary()


class Offer:
    """Whether a server offers pushes, as far as we know.

    Attributes:
        stands: Whether it does.
        is_proven: Whether a push has announced an end.
    """

    def __init__(self) -> None:
        self.stands = False
        self.is_proven = False
        self._until = 0.0

    @staticmethod
    def of(client: BaseClient) -> Offer:
        """Return what is known about the server of a client."""
        with loading:  # a lock that survives forks and signal handlers
            return _offers.setdefault(client._open(), Offer())

    def is_to_be_asked(self) -> bool:
        """Return whether the caller should ``ask``; all others poll until it has."""
        with loading:
            if monotonic() < self._until:
                return False
            self._note(False, _ASKING)
            return True

    def ask(self, client: IronflowClient) -> None:
        """Ask the server, with a client that makes one attempt."""
        try:
            reply: Any = client.capabilities()
        except IronflowError as error:
            _log.debug("waits poll: cannot tell whether the server offers subscriptions: %s", error)
            reply = None
        transports = reply.get("transports") if isinstance(reply, dict) else None
        self._note(isinstance(transports, list) and "websocket" in transports, REMEMBERED)

    def withdraw(self, reason: object) -> None:
        """Remember that pushes do not work."""
        _log.debug("waits poll: %s", reason)
        self._note(False, REMEMBERED)

    def _note(self, stands: bool, seconds: float) -> None:
        self.stands = stands
        self._until = monotonic() + seconds


class Hint(NamedTuple):
    """A run that a push is about."""

    id: str
    is_end: bool


class RunEvents(Subscriptions):
    """The events of runs that have not ended, with one subscription for each.

    Args:
        ids: Returns the ids of the runs that have not ended.
        environment: Environment of the client, None without one.

    Attributes:
        number: Number of the connection, counted from 1.
    """

    def __init__(self, ids: Callable[[], Iterable[str]], environment: str | None) -> None:
        super().__init__((), {}, environment)
        self.number = 0
        self._ids = ids
        self._unsent: list[str] = []
        self._runs: dict[str, str] = {}  # by pattern

    def opened(self) -> list[str]:
        self._runs = {f"system.run.{id}.>": id for id in self._ids()}
        self._patterns = ()
        super().opened()
        self._unsent = list(self._runs)[::-1]
        self.number += 1
        return self.more()

    def more(self) -> list[str]:
        """Return the subscriptions to send now."""
        frames = []
        while self._unsent and len(self._waiting) < _WINDOW:
            pattern = self._unsent.pop()
            self._waiting.add(pattern)
            wanted = {"pattern": pattern, "options": {"ackMode": "auto"}}
            frames.append(json.dumps({"type": "subscribe", "subscription": wanted}))
        return frames

    def item(self, message: dict[str, Any]) -> Hint | None:
        if message.get("type") != "event":
            item: Hint | None = super().item(message)
            self.stands = not (self._waiting or self._unsent)
            if self.remark:  # the server has trouble with a subscription, and may have lost events
                raise Refused("", self.remark)
            return item
        parts = str(message.get("topic")).split(".")
        pattern = self._by_id.get(str(message.get("subscriptionId")), "")
        id = self._runs.get(pattern) or ".".join(parts[2:3])
        data = message.get("data")
        status = data.get("status") if isinstance(data, dict) and "step" not in parts[-1] else None
        is_of_run = ".".join(parts[:-1]) == f"system.run.{id}"
        return Hint(id, is_of_run and not ENDED_RUN.isdisjoint((parts[-1], str(status))))


class _NothingCame(IronflowTimeoutError):
    """The time is up."""


class RunStream(LiveStream[Hint]):
    """The live stream of run events, for a caller with a deadline of its own."""

    def __init__(self, client: IronflowClient, ids: Callable[[], Iterable[str]]) -> None:
        self._events = RunEvents(ids, client._options.environment)
        self._opened_at = 0.0
        self._short = 0  # connections in a row that did not last
        super().__init__(
            client,
            self._events,
            timeout=None,
            idle_ping=_IDLE_PING,
            reconnect=True,
            on_gap=lambda gap: None,  # the next look learns what was missed
        )

    @property
    def number(self) -> int:
        """Number of the confirmed subscription, 0 while there is none."""
        return self._events.number if self._socket is not None and self._events.stands else 0

    @property
    def is_over(self) -> bool:
        return self._finished

    def take(self, end: float) -> Hint | None:
        """Do what comes next: receive, or connect again.

        Args:
            end: When to give up, on the monotonic clock; what has arrived is still taken.

        Raises:
            _NothingCame: The time is up.
            IronflowError: The stream has failed for good.
        """
        if os.getpid() != self._pid:
            self.close()  # a forked child polls: it must not take its parent's messages
            return None
        try:
            hint: Hint | None = self._step(end)
            self._send_more()
        except Ended as error:
            ended = error
        else:
            return hint
        self._act(ended)
        return None

    def _send_more(self) -> None:
        socket = self._socket
        if socket is None:
            return
        try:
            for frame in self._events.more():
                socket.send(frame, monotonic() + self._client._options.limits.timeout)
        except (IronflowConnectionError, IronflowTimeoutError) as error:
            lost = Ended(LOST, error)
        else:
            return
        raise lost

    def _open(self, limits: Any, retry: bool | None) -> None:
        super()._open(limits, retry)
        self._opened_at = monotonic()

    def _confirm(self) -> None:
        """Do not block: the wait polls until the subscription is confirmed."""

    def _act(self, ended: Ended) -> None:
        # Do not keep connecting to a server that accepts connections and drops them.
        lasted = self._socket is not None and monotonic() - self._opened_at > _SETTLED
        self._short = 0 if lasted else self._short + 1
        self._attempts = max(self._attempts, self._short - 1)
        super()._act(ended)

    def _timed_out(self) -> IronflowError:
        return _NothingCame("")


class Pushes:
    """The pushes of one wait.

    Attributes:
        is_over: Whether they have ended for good; the wait polls from then on.
    """

    def __init__(self, stream: RunStream, offer: Offer) -> None:
        self.is_over = False
        self._stream = stream
        self._offer = offer
        self._looked: dict[str, int] = {}  # by run: number of the subscription at its latest look
        self._hinted: set[str] = set()
        self._urgent: set[str] = set()
        self._hurried: set[str] = set()
        self._is_safety = False  # whether the next looks check for lost pushes; rule 4
        self._is_sample = False  # whether those look at some of the runs only
        self._safety = LONGEST_SAFETY if offer.is_proven else FIRST_SAFETY
        self._next_safety = monotonic() + self._safety

    @property
    def number(self) -> int:
        """Number of the confirmed subscription, 0 while there is none."""
        return self._stream.number

    def wanted(self, ids: Collection[str]) -> Collection[str] | None:
        """Return the ids of the runs to look at next, None for all of them."""
        number = self.number
        if self._is_safety or not number:
            return set(islice(ids, _SAMPLE)) if self._is_sample else None
        return {id for id in ids if id in self._hinted or self._looked.get(id) != number}

    def looked(self, found: Iterable[str], open_ids: Collection[str]) -> None:
        """Take note of a look.

        Args:
            found: Ids of the runs that it returned.
            open_ids: Those of them that have not ended.
        """
        missed = []
        for id in found:
            if id in open_ids:
                self._looked[id] = self.number  # nothing is received during a look
            elif id in self._hinted:
                self._offer.is_proven = True
            elif self._is_safety:
                missed.append(id)
            self._hinted.discard(id)
            self._urgent.discard(id)
        if missed:
            self._drain(missed)  # the push may have arrived just now
            if not self._hinted.issuperset(missed):
                self._end("a run has ended without a push")

    def settle(self, ids: Collection[str], end: float) -> None:
        """Wait until the subscription is confirmed, or the time is up."""
        while not (self.number or self.is_over) and monotonic() < end:
            self._take(ids, end)

    def rest(self, ids: Collection[str], earliest: float, end: float, is_owed: bool) -> None:
        """Sleep until the next look is due.

        Args:
            ids: The runs that have not ended.
            earliest: When polling would make it.
            end: When the wait ends.
            is_owed: Whether the previous look failed.
        """
        number = self.number
        self._is_safety = self._is_sample = False
        is_covered = not is_owed and all(self._looked.get(id) == number for id in ids)
        while not self.is_over:
            if self._urgent and not is_owed:
                self._drain(ids)
                return
            is_quiet = is_covered and number == self.number != 0 and not self._hinted
            due = max(earliest, self._next_safety) if is_quiet else earliest
            now = monotonic()
            if now >= min(due, end):
                self._is_safety = is_quiet and now >= due
                break
            self._take(ids, min(due, end))
        if self._is_safety:
            self._is_sample = self._safety < LONGEST_SAFETY
            self._safety = LONGEST_SAFETY if self._offer.is_proven else 2 * self._safety
            self._safety = min(self._safety, LONGEST_SAFETY)
            self._next_safety = monotonic() + self._safety

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def _drain(self, ids: Collection[str]) -> None:
        """Take all messages that have arrived, so that the next looks cover all of them."""
        for _ in range(_AT_ONCE):
            if self.is_over or not self._take(ids, monotonic()):
                return

    def _take(self, ids: Collection[str], end: float) -> bool:
        """Take one message, or reconnect; return False if there was nothing to do."""
        try:
            hint = self._stream.take(end)
        except _NothingCame:
            return False
        except IronflowError as error:
            self._end(error)
            return False
        if self._stream.is_over:
            self._end("the server has ended the subscription")
        if hint is not None and hint.id in ids:
            self._hinted.add(hint.id)
            if hint.is_end and hint.id not in self._hurried:
                self._hurried.add(hint.id)
                self._urgent.add(hint.id)
        return True

    def _end(self, reason: object) -> None:
        self.is_over = True
        self._offer.withdraw(reason)


def subscribe(
    client: IronflowClient, offer: Offer, ids: Callable[[], Iterable[str]]
) -> Pushes | None:
    """Subscribe to runs.

    Args:
        client: A client whose timeout bounds the handshake, and that makes one attempt.
        offer: What is known about its server.
        ids: Returns the ids of the runs that have not ended.

    Returns:
        The pushes, or None if the server cannot be subscribed to.
    """
    try:
        stream = RunStream(client, ids)
    except IronflowError as error:
        offer.withdraw(error)
        return None
    return Pushes(stream, offer)
