"""Live streams: list, watch, list again.

Rules:

1. A stream is opened when it is asked for, under the rules of a GET. After that it is opened again
   after every loss, with a growing pause between attempts; the pause is short again once a message
   has come. What ends it for good is decided in ``_live_ends``.
2. The new connection is opened first and the state is read after that, so that no change falls in
   between. What is read and what arrives are compared by revision: nothing is yielded twice, and
   nothing older. If the server refuses to let it be read, the stream goes on, and the loss counts
   as not healed.
3. A loss is reported once, when the new subscription stands and before the first item after it: to
   ``on_gap``, or to the log where nothing can be read again.
4. ``timeout`` bounds the wait for the next item, reconnecting included. The stream can still be
   used afterwards.
5. A peer counts as silent only while we wait for it. After ``idle_ping`` seconds of silence it is
   pinged, and after as many again it counts as lost.
6. ``close`` may be called by any thread; it interrupts a call that is under way. The thread that
   iterates closes the connection itself.
7. A stream belongs to the process that opened it. A forked child that iterates gets a
   ``RuntimeError``, because it would take messages from its parent. If the child drops the stream,
   nothing changes for the parent.

Design: ``_step`` does one thing at a time and raises ``Ended`` for an end, ``after_end`` decides
what follows, ``_act`` does it. A source (``_live_sources``) knows what messages mean.
"""

from __future__ import annotations

import logging
import os
import threading
from random import random as any_random
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._errors import (
    InvalidResponseError,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
)
from ._live_ends import (
    DELIBERATE,
    LOST,
    RAISE,
    RECONNECT,
    REFUSED,
    UNUSABLE,
    Ended,
    after_end,
    is_final,
    kind_of,
)
from ._live_messages import Gap
from ._live_sources import Refused
from ._wire.content import parse
from ._wire.failures import clean
from ._wire.interruptible import InterruptibleTransport
from ._wire.retry import backoff
from ._wire.websocket import NORMAL, Closed, Message
from ._wire.websocket_connection import WebSocketConnection, open_websocket

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ._live_sources import Source
    from ._wire.limits import Limits
    from ._wire.messages import Request
    from .client import IronflowClient

T = TypeVar("T")
Item = TypeVar("Item")
StreamT = TypeVar("StreamT", bound="LiveStream[Any]")

_log = logging.getLogger("ironflow")

_FOREVER = float("inf")
# How long a call waits for the server to take up a subscription, so that what is published after it
# is received. A server that says nothing is waited for by the iteration.
_CONFIRMATION = 2.0


class LiveStream(Generic[Item]):
    """An iterator over what changes on the server, until ``close`` or the end of its ``with``.

    ``client.kv_watch``, ``client.config_watch`` and ``client.subscribe`` make it.

    Args:
        client: The client whose connection settings and credential count.
        source: What is followed.
        timeout: Seconds to wait for the next item, None for as long as it takes.
        idle_ping: Seconds of silence after which the server is pinged.
        reconnect: Whether to connect again after a loss.
        on_gap: Called after each loss.
        clock: Seconds that only grow.
        random: Gives a number from 0 to 1.
    """

    def __init__(
        self,
        client: IronflowClient,
        source: Source,
        *,
        timeout: float | None,
        idle_ping: float,
        reconnect: bool,
        on_gap: Callable[[Gap], object] | None,
        clock: Callable[[], float] = monotonic,
        random: Callable[[], float] = any_random,
    ) -> None:
        self._client = client
        self._source = source
        self._pid = os.getpid()
        self._timeout = timeout
        self._idle_ping = idle_ping
        self._reconnects = reconnect
        self._on_gap = on_gap
        self._clock = clock
        self._random = random
        self._transport = InterruptibleTransport(client._open())
        self._socket: WebSocketConnection | None = None
        self._request: Request | None = None
        self._turn = threading.Lock()  # held by the thread that iterates
        self._closing = threading.Event()
        self._finished = False
        self._reading = False
        self._is_healed = False
        self._pinged = False
        self._ready: list[Any] = []
        self._attempts = 0  # that failed since something came
        self._retry_at = 0.0
        self._gap: Gap | None = None
        self._lost_at = 0.0
        with self._turn:
            self._open(client._options.limits, retry=None)
            self._start()

    def __iter__(self: StreamT) -> StreamT:
        return self

    def __enter__(self: StreamT) -> StreamT:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_socket", None) is not None:
            self.close()

    def __repr__(self) -> str:
        state = "closed" if self._finished or self._closing.is_set() else "open"
        return f"<{type(self).__name__} of {self._source.path.partition('?')[0]}, {state}>"

    def close(self) -> None:
        """End the iteration and close the connection; any thread may call it, more than once."""
        if os.getpid() != self._pid:  # only this thread is left, so locks do not count
            self._finished = True
            self._drop()
            return
        self._closing.set()
        socket = self._socket
        if socket is not None:
            socket.wake()
        self._transport.interrupt()
        self._close_if_unused()

    def __next__(self) -> Item:
        """Return the next item.

        Raises:
            StopIteration: The stream was closed, here or by the server.
            IronflowTimeoutError: ``timeout`` has passed; the stream can be used further.
            IronflowError: It has failed for good.
            RuntimeError: Another thread is waiting for the next item, or the process was forked.
        """
        self._check_process()
        if not self._turn.acquire(blocking=False):
            if self._closing.is_set():  # close() has the turn, in another thread
                raise StopIteration
            raise RuntimeError("another thread iterates over this stream")
        try:
            item: Item = self._next()
        finally:
            self._turn.release()
            if self._closing.is_set():
                self._close_if_unused()
        return item

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError("a stream belongs to the process that opened it; open a new one")

    def _close_if_unused(self) -> None:
        """Close the connection unless a thread iterates: that closes it on its way out."""
        if self._turn.acquire(blocking=False):
            try:
                self._drop()
                self._finished = True
            finally:
                self._turn.release()

    def _next(self) -> Any:
        end = _FOREVER if self._timeout is None else self._clock() + self._timeout
        while not (self._closing.is_set() or self._finished):
            if self._ready:
                return self._ready.pop(0)
            try:
                item = self._step(end)
            except Ended as error:
                ended = error
            else:
                if item is not None:
                    return item
                continue
            self._act(ended)
        raise StopIteration

    def _step(self, end: float) -> Any:
        """Do what comes next; return an item or None."""
        if self._socket is None:
            self._connect_again(end)
            return None
        item = self._read(end) if self._reading else self._receive(self._socket, end)
        if self._gap is None or not self._source.stands or (self._reading and item is None):
            return item
        self._gap["healed"] = self._is_healed
        if item is not None:  # kept, because the callback may raise
            self._ready.append(item)
        self._tell_gap(self._gap)
        return None

    def _act(self, ended: Ended) -> None:
        """Do what ``after_end`` decides."""
        self._drop()
        action = after_end(ended.kind, reconnect=self._reconnects)
        error = ended.error
        if action != RECONNECT:
            self._finished = True
            if action == RAISE and error is not None:
                try:
                    raise error
                finally:
                    del error, ended  # or this frame and the traceback would keep each other
            return
        lost = error or IronflowConnectionError("the connection is lost", code="CONNECTION_FAILED")
        if self._gap is None:
            self._lost_at = self._clock()
            self._gap = {"error": lost, "healed": False, "attempts": 0, "seconds": 0.0}
        limits = self._client._options.limits
        self._attempts += 1
        wait = backoff(self._attempts, limits, self._random)
        if lost.retry_after is not None and lost.retry_after <= limits.max_retry_after:
            wait = max(wait, lost.retry_after)
        self._retry_at = self._clock() + wait

    def _drop(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.close()

    # Connecting

    def _open(self, limits: Limits, retry: bool | None) -> None:
        transport = self._transport
        self._request = transport.request(
            transport.origin,
            "GET",
            transport.prefix + self._source.path,
            self._client._headers,
            None,
            None,
            False,
            retry,
            True,
            False,
        )
        self._socket = open_websocket(transport, self._request, limits)
        self._pinged = False

    def _start(self) -> None:
        """Ask for the stream on the first connection; its loss is one like any other."""
        try:
            self._ask(self._client._options.limits)
        except IronflowError as error:
            ended = Ended(LOST, error)
        else:
            self._confirm()
            return
        self._act(ended)

    def _ask(self, limits: Limits) -> None:
        deadline = monotonic() + limits.timeout
        for frame in self._source.opened():
            if self._socket is not None:
                self._socket.send(frame, deadline)

    def _connect_again(self, end: float) -> None:
        pause = min(self._retry_at, end) - self._clock()
        if pause > 0:
            self._closing.wait(pause)
        if self._closing.is_set():
            return
        left = end - self._clock()
        if left <= 0:
            raise self._timed_out()
        if self._gap is not None:
            self._gap["attempts"] += 1
        limits = self._client._options.limits.within(left)
        try:
            self._open(limits, retry=False)
            self._ask(limits)
        except IronflowError as error:
            ended = Ended(kind_of(error), error)
        else:
            self._reading = self._is_healed = self._source.heals
            return
        raise ended

    def _confirm(self) -> None:
        """Wait until the server has taken up the stream; what comes meanwhile is kept."""
        patience = _CONFIRMATION if self._timeout is None else min(_CONFIRMATION, self._timeout)
        end = self._clock() + patience
        while not self._source.stands and self._clock() < end and self._socket is not None:
            try:
                item = self._receive(self._socket, end)
            except IronflowTimeoutError:
                return
            except Ended as error:
                ended = error
            else:
                if item is not None:
                    self._ready.append(item)
                continue
            self._act(ended)
            return

    # Reading

    def _read(self, end: float) -> Any:
        """Make one step of reading the state after a gap."""
        left = end - self._clock()
        if left <= 0:
            raise self._timed_out()
        limits = self._client._options.limits
        client = self._client.with_options(
            timeout=min(limits.timeout, left), total_timeout=min(limits.total_timeout, left)
        )
        client._transport = self._transport
        try:
            item, done = self._source.read(client)
        except IronflowError as error:
            failure = error
        else:
            self._reading = not done
            return item
        if self._closing.is_set() or not is_final(failure):
            raise Ended(LOST, failure)
        self._reading = self._is_healed = False
        _log.warning("the state of %s cannot be read again: %s", self._source.path, failure)
        return None

    def _tell_gap(self, gap: Gap) -> None:
        self._gap = None
        gap["seconds"] = self._clock() - self._lost_at
        if self._on_gap is not None:
            self._on_gap(gap)
        elif not gap["healed"]:
            _log.warning("events may have been missed on %s: %s", self._source.path, gap["error"])

    def _receive(self, socket: WebSocketConnection, end: float) -> Any:
        """Wait for the next message; return the item that it is, or None."""
        pinged = self._pinged and socket.silence >= self._idle_ping
        patience = self._idle_ping * (2 if pinged else 1) - socket.silence
        try:
            event = socket.receive(min(end, self._clock() + max(0.0, patience)))
        except InvalidResponseError as error:
            ended = Ended(UNUSABLE, error)
        else:
            if event is None:
                self._mind_silence(socket, pinged, end)
                return None
            self._attempts = 0
            if isinstance(event, Message):
                return self._item(socket, event.data)
            if not isinstance(event, Closed):
                return None
            ended = self._closed(event)
        raise ended

    def _mind_silence(self, socket: WebSocketConnection, pinged: bool, end: float) -> None:
        if self._closing.is_set():
            return
        if self._clock() >= end:
            raise self._timed_out()
        if pinged and socket.silence >= 2 * self._idle_ping:
            socket.close(linger=0)  # a dead peer closes nothing
            silent = f"the server was silent for {2 * self._idle_ping:g} s, a ping included"
            raise Ended(LOST, self._failure(IronflowConnectionError, silent, "CONNECTION_FAILED"))
        if not pinged and socket.silence >= self._idle_ping:
            self._pinged = True
            socket.ping()

    def _closed(self, closed: Closed) -> Ended:
        if closed.code == NORMAL:
            return Ended(DELIBERATE)
        reason = f": {closed.reason}" if closed.reason else ""
        what = f"the WebSocket connection was closed with code {closed.code}{reason}"
        return Ended(LOST, self._failure(IronflowConnectionError, what, "CONNECTION_FAILED"))

    def _item(self, socket: WebSocketConnection, data: str | bytes) -> Any:
        """Return the item that a message is, None if it is not one."""
        problem = ""
        message: Any = None
        if isinstance(data, bytes):
            problem = "it is binary"
        else:
            try:
                message = parse(data)
            except (ValueError, RecursionError):
                problem = "it is not JSON"
            if not problem and not isinstance(message, dict):
                problem = "it is not a JSON object"
        if problem:
            raise Ended(UNUSABLE, socket.unusable(problem))
        try:
            item = self._source.item(message)
        except Refused as error:
            refused = error
        else:
            if self._source.remark:
                _log.warning("%s", self._masked(self._source.remark))
                self._source.remark = ""
            return item
        raise Ended(REFUSED, self._failure(IronflowError, str(refused), refused.code))

    # Errors

    def _masked(self, text: str) -> str:
        return clean(self._request.redactor().text(text) if self._request else text)

    def _failure(self, kind: type[IronflowError], message: str, code: str) -> IronflowError:
        url = self._request.url if self._request else ""
        code = clean(self._masked(code), 100) or "STREAM_FAILED"
        return kind(self._masked(message), code=code, method="GET", url=url)

    def _timed_out(self) -> IronflowError:
        message = f"nothing came within timeout={self._timeout:g} s"
        return self._failure(IronflowTimeoutError, message, "TIMEOUT")
