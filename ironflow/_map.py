"""Many calls at once: the engine of ``client.map``.

Rules:

1. The consumer's own thread does everything. Nothing starts before the first ``next``, and nothing
   goes on while the consumer is busy with an outcome.
2. Inputs are taken as they are needed: at most twice as many ahead of the consumer as can be on
   their way at once. Memory does not grow with the number of calls.
3. Every call has the deadlines, limits, retries and redirects of a single one, decided by the same
   functions. Its time begins when it is sent, in a pipeline when the reply before it has come. The
   time that the consumer spends, and that the map waits for a ``Retry-After``, is not counted.
4. Only calls that are safe to repeat share a connection. When it ends, those that were on their way
   are sent again. That is no attempt, but for the call whose reply had begun. A peer that ends such
   a connection before it has answered ``EARLY`` calls is not pipelined to again in this map.
5. A ``Retry-After`` of any call, if it may be waited for, stops the whole map until then.
6. Leaving the iterator closes what is on its way; idle connections go back to the client's pool. A
   forked child leaves its parent's sockets, and the selector with them, alone.

Design: ``_map_calls`` makes a ``Call`` of each input. A ``Lane`` is a connection with the calls on
their way on it. ``_Engine`` gives calls to lanes, waits for all of them in one selector, and turns
replies into outcomes.
"""

from __future__ import annotations

import os
import selectors
from collections import deque
from heapq import heappop, heappush
from time import monotonic

from ._map_calls import Call, preparing
from ._observe import report_call
from ._outcome import Outcome
from ._wire.connection import TIMEOUTS
from ._wire.lane import READ, WRITE, Lane
from ._wire.replies import Reply
from ._wire.signals import is_from_signal_handler
from ._wire.transport import FOLLOWED, MAX_REDIRECTS, REDIRECTS, goes_again, verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ._base import BaseClient
    from ._errors import IronflowError
    from ._wire.transport import Transport

EARLY = 100

_NEVER = float("inf")
_LONG_AWAY = 0.5  # seconds after which an idle connection is looked at before it is used


def outcomes(
    client: BaseClient,
    method: Callable[..., Any],
    inputs: Iterator[tuple[Any, ...]],
    common: dict[str, Any],
    concurrency: int,
    pipeline: int,
    ordered: bool,
    on_progress: Callable[[int], object] | None,
) -> Iterator[Outcome[Any]]:
    """Yield the outcome of each call; a generator, so that nothing starts before it is asked."""
    engine = _Engine(client, method, inputs, common, concurrency, pipeline, ordered)
    pid = os.getpid()
    try:
        given = 0
        while True:
            engine.came_back()
            outcome = engine.next_outcome()
            if outcome is None:
                return
            given += 1
            if on_progress is not None:
                on_progress(given)
            engine.went_away()
            yield outcome
            del outcome
            if os.getpid() != pid:
                raise RuntimeError("a map belongs to the process that began it; make a new one")
    finally:
        engine.close(is_inherited=os.getpid() != pid)


class _Engine:
    """The state of one map."""

    def __init__(
        self,
        client: BaseClient,
        method: Any,
        inputs: Iterator[tuple[Any, ...]],
        common: dict[str, Any],
        concurrency: int,
        pipeline: int,
        ordered: bool,
    ) -> None:
        self._transport: Transport = client._open()
        self._owner = client._owner
        self._prepare = preparing(client, method, common)
        self._inputs: Iterator[tuple[Any, ...]] | None = inputs
        self._input_error: Exception | None = None
        self._concurrency = concurrency
        self._pipeline = pipeline
        self._ordered = ordered
        self._ahead = 2 * concurrency * pipeline
        self._taken = 0
        self._given = 0
        self._finished: dict[int, Outcome[Any]] = {}  # by index, where the order counts
        self._ready: deque[Outcome[Any]] = deque()
        self._again: deque[Call] = deque()  # to be sent before anything else
        self._waiting: list[tuple[float, int, Call]] = []  # a heap: when, index, call
        self._resume_at = 0.0  # nothing is sent before
        self._lanes: set[Lane] = set()
        self._free: dict[Lane, None] = {}  # those that take another call, in order
        self._tls: tuple[Any, str] | None = None
        self._peer: Any = None  # family and address that the first connection found
        self._selector = selectors.DefaultSelector()
        self._alarm = _NEVER  # no deadline is earlier
        self._away = 0.0  # seconds that the consumer has spent
        self._left_at = 0.0

    # The consumer.

    def went_away(self) -> None:
        """Note that the consumer takes an outcome and its time."""
        self._left_at = monotonic()

    def came_back(self) -> None:
        """Note that the consumer is back: no deadline has come nearer meanwhile."""
        if not self._left_at:
            return
        away = monotonic() - self._left_at
        self._away += away
        if away > _LONG_AWAY:
            for lane in [lane for lane in self._free if not lane.calls]:
                if lane.connection is not None and not lane.connection.is_alive():
                    self._drop(lane)

    def _now(self) -> float:
        """Return the time on the clock of deadlines, which stops while the consumer works."""
        return monotonic() - self._away

    def next_outcome(self) -> Outcome[Any] | None:
        """Return the next outcome, None when there are no more."""
        while True:
            outcome = self._pop()
            if outcome is not None:
                self._given += 1
                return outcome
            self._dispatch()
            if self._ready or self._given in self._finished:
                continue
            if self._taken == self._given:
                break
            self._wait()
            self._dispatch()  # before the consumer takes its time
        error, self._input_error = self._input_error, None
        if error is None:
            return None
        try:
            raise error
        finally:
            del error

    def _pop(self) -> Outcome[Any] | None:
        if self._ordered:
            return self._finished.pop(self._given, None)
        return self._ready.popleft() if self._ready else None

    def _finish(
        self, index: int, args: tuple[Any, ...], value: Any = None, error: Exception | None = None
    ) -> None:
        outcome: Outcome[Any] = Outcome(args, value, error)
        if self._ordered:
            self._finished[index] = outcome
        else:
            self._ready.append(outcome)

    # From inputs to lanes.

    def _dispatch(self) -> None:
        """Give calls to lanes while there are both, and send them."""
        now = monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            self._again.append(heappop(self._waiting)[2])
        if now < self._resume_at:
            return
        touched: dict[Lane, None] = {}
        while True:
            call = self._again.popleft() if self._again else self._take()
            if call is None:
                break
            lane = self._lane_for(call)
            if lane is None:
                self._again.appendleft(call)
                break
            self._put_on(lane, call)
            touched[lane] = None
        for lane in touched:
            self._flush(lane)

    def _take(self) -> Call | None:
        """Take the next input and make it a call, None when there is none for now."""
        while self._inputs is not None and self._taken - self._given < self._ahead:
            try:
                args = next(self._inputs)
            except StopIteration:
                self._inputs = None
                break
            except Exception as error:  # told when what was taken before is given
                self._inputs = None
                self._input_error = error
                break
            index = self._taken
            self._taken += 1
            try:
                prepared = self._prepare(args)
            except (TypeError, ValueError) as error:
                # Its traceback holds the frame of the consumer, and so the outcome itself.
                self._finish(index, args, error=error.with_traceback(None))
                continue
            return Call(index, args, prepared.request, prepared.options)
        return None

    def _lane_for(self, call: Call) -> Lane | None:
        """Return a lane that takes a call, None when all of them are busy."""
        shares = call.is_safe and self._pipeline > 1
        for lane in reversed(self._free):
            if shares or not lane.calls:
                return lane
        if len(self._lanes) >= self._concurrency:
            return None
        lane = Lane()
        self._lanes.add(lane)
        self._free[lane] = None
        return lane

    def _put_on(self, lane: Lane, call: Call) -> None:
        call.request.attempts += 1
        call.request.sent_before = call.request.sent
        if not lane.calls:
            lane.is_shared = call.is_safe and self._pipeline > 1
        lane.add(call, self._transport.message(call.request, call.target))
        if len(lane.calls) == 1 and lane.is_open:
            self._begin(lane)
        if not lane.is_shared or len(lane.calls) >= self._pipeline:
            del self._free[lane]

    def _begin(self, lane: Lane) -> None:
        """Expect the reply to the oldest call of a lane: its time begins."""
        call: Call = lane.calls[0]
        connection = lane.connection
        assert connection is not None  # nothing is expected before
        connection.parser.expect(call.request.method, call.options.limits.max_response_bytes)
        connection.sent = connection.heard = False
        call.start_clock(self._now())
        self._alarm = min(self._alarm, call.deadline)

    # From lanes to outcomes.

    def _wait(self) -> None:
        """Wait until something has come or its time is over, and act on it."""
        now = monotonic()
        wake = self._alarm + self._away
        if self._waiting:
            wake = min(wake, self._waiting[0][0])
        if self._resume_at > now:
            wake = min(wake, self._resume_at)
        if self._selector.get_map():
            for key, events in self._selector.select(max(0.0, wake - now)):
                self._serve(key.data, events)
        else:
            self._transport.sleep(max(0.0, wake - now))
        if self._now() >= self._alarm:
            self._expire()

    def _expire(self) -> None:
        """End what has run out of time, and find out when the next one does."""
        now = self._now()
        self._alarm = _NEVER
        for lane in list(self._lanes):
            deadline = lane.calls[0].deadline if lane.calls and lane.is_open else lane.deadline
            if not lane.calls and lane.is_open:
                continue
            if deadline <= now:
                self._lose(lane, TimeoutError("the deadline has passed"))
            else:
                self._alarm = min(self._alarm, deadline)

    def _serve(self, lane: Lane, events: int) -> None:
        """Do what a lane is ready for; the exception boundary of its I/O."""
        try:
            if not lane.is_open:
                wanted = lane.step()
                if wanted:
                    self._watch(lane, wanted)
                    return
                self._begin(lane)
                self._flush(lane)
                return
            if events & READ:
                self._read(lane)
            if events & WRITE and lane in self._lanes:
                self._flush(lane)
        except Exception as error:
            if is_from_signal_handler(error):
                raise
            self._lose(lane, error)

    def _flush(self, lane: Lane) -> None:
        """Send what a lane has to send, opening it where that is still to be done."""
        try:
            events = self._open(lane) if lane.is_new else lane.watched
            if lane.is_open:
                events = self._send(lane)
        except Exception as error:
            if is_from_signal_handler(error):
                raise
            self._lose(lane, error)
        else:
            self._watch(lane, events)

    def _open(self, lane: Lane) -> int:
        """Take a connection of the pool, or begin to open one; return what opening waits for."""
        wanted = 0
        call: Call = lane.calls[0]
        limits = call.options.limits
        connection = self._transport.take_idle()
        seconds = min(limits.timeout, call.left)
        if connection is None and self._peer is not None:
            lane.deadline = self._now() + seconds
            self._alarm = min(self._alarm, lane.deadline)
            family, address = self._peer
            context, host = self._tls or (None, "")
            wanted = lane.start(family, address, context, host)
        elif connection is None:
            lane.adopt(self._transport.open(monotonic() + seconds))
            self._tls = self._transport.steps()
            if self._tls is not None:
                self._peer = (lane.sock.family, lane.sock.getpeername())
        else:
            lane.adopt(connection)
        if lane.is_open:
            self._begin(lane)
        return wanted

    def _send(self, lane: Lane) -> int:
        """Send what the socket takes; return what to wait for."""
        try:
            return lane.flush()
        except OSError as error:
            connection = lane.connection
            if is_from_signal_handler(error) or connection is None or not connection.sent:
                raise
            lane.stop_sending()  # the reply counts, if there is one
            return READ

    def _read(self, lane: Lane) -> None:
        """Receive what has come on a lane, and turn it into outcomes."""
        connection = lane.connection
        assert connection is not None  # it is open
        parser = connection.parser
        while True:
            data = connection.receive_now()
            if data is None:
                return
            if not lane.calls:  # it ended while it was idle, or says what nobody asked
                self._drop(lane)
                return
            if data:
                connection.heard = True
                reply = parser.feed(data)
            elif parser.began:
                reply = parser.end(connection.end_announced)
            else:
                raise ConnectionAbortedError("the server closed the connection without a reply")
            while reply is not None:
                if not self._answered(lane, reply):
                    return
                reply = parser.advance() if parser.began else None
            if not connection.has_decrypted:
                return  # the selector tells if there is more

    def _answered(self, lane: Lane, reply: Reply) -> bool:
        """Take the reply to the oldest call of a lane; tell whether the lane goes on."""
        call: Call = lane.calls.popleft()
        connection = lane.connection
        assert connection is not None  # it has replied
        deadline = call.deadline + self._away
        call.stop_clock(self._now())
        call.request.sent = True
        lane.answered += 1
        connection.used = True
        parser = connection.parser
        goes_on = parser.reusable and (bool(lane.calls) or parser.is_idle)
        if goes_on:
            if lane.calls:
                self._begin(lane)
            if len(lane.calls) <= self._pipeline // 2:
                self._free[lane] = None
        self._conclude(call, reply, deadline)
        if not goes_on:
            parser.take_rest()
            parser.began = False
            self._lose(lane, ConnectionAbortedError("the server closed the connection"))
        return goes_on

    def _conclude(self, call: Call, reply: Reply, deadline: float) -> None:
        """Turn a whole reply into an outcome, another attempt, or the next step of a redirect."""
        request = call.request
        if reply.status in REDIRECTS and request.method in FOLLOWED:
            target = self._transport.redirect_target(call.target, reply)
            if target is not None and call.redirects < MAX_REDIRECTS:
                call.target = target
                call.redirects += 1
                request.attempts -= 1
                self._again.append(call)
                return
        outcome = self._transport.outcome(
            reply,
            request,
            call.options.limits,
            call.started + self._away,
            deadline,
        )
        if isinstance(outcome, Reply):
            self._finish(call.index, call.args, outcome.value)
            self._report(call, None)
        else:
            self._fail(call, outcome)

    def _fail(self, call: Call, failure: IronflowError) -> None:
        """Let another attempt follow a failed one, or make the failure an outcome."""
        request, limits = call.request, call.options.limits
        call.target, call.redirects = request.target, 0
        if failure.status_code:
            call.answer = failure
        asked = failure.retry_after
        if asked is not None and asked <= limits.max_retry_after:
            self._resume_at = max(self._resume_at, monotonic() + asked)
        left = call.left if asked is None else _NEVER
        wait = self._transport.wait_after(failure, request, left, limits)
        if wait is not None:
            if asked is None:
                call.left -= wait
            heappush(self._waiting, (monotonic() + wait, call.index, call))
            return
        failure = verdict(failure, call.answer, request, limits)
        failure.attempts = request.attempts
        self._finish(call.index, call.args, error=failure)
        self._report(call, failure)

    def _report(self, call: Call, failure: IronflowError | None) -> None:
        elapsed = call.options.limits.total_timeout - call.left
        report_call(call.request, elapsed, failure, call.options, self._owner)

    def _lose(self, lane: Lane, error: Exception) -> None:
        """Close a lane; send again what was on its way where that is no harm, fail the rest."""
        self._drop(lane)
        calls = list(lane.calls)
        lane.calls.clear()
        connection = lane.connection
        if not calls:
            return
        if connection is None:
            failed, again = calls, list[Call]()
        else:
            failed, again = self._sorted_out(lane, calls, error)
            calls[0].stop_clock(self._now())
            for call in calls:
                call.request.sent = call.request.sent or lane.is_shared or connection.sent
        for call in reversed(again):
            self._again.appendleft(call)
        for call in failed:
            request, limits = call.request, call.options.limits
            if connection is not None and goes_again(error, connection, request, limits):
                self._again.appendleft(call)
            else:
                started = call.started + self._away
                self._fail(call, self._transport.failure(error, request, limits, started))

    def _sorted_out(
        self, lane: Lane, calls: list[Call], error: Exception
    ) -> tuple[list[Call], list[Call]]:
        """Return the calls that have failed, and those that just go again (rule 4)."""
        is_loss = isinstance(error, OSError) and not isinstance(error, TIMEOUTS)
        unharmed = 1
        if lane.is_shared and is_loss:
            if lane.answered < EARLY:
                self._pipeline = 1
            unharmed = 1 if lane.parser.began else 0
        for call in calls[unharmed:]:
            call.request.attempts -= 1
        return calls[:unharmed], calls[unharmed:]

    # The selector.

    def _watch(self, lane: Lane, events: int) -> None:
        """Let the selector wait for these events of a lane."""
        if not lane.watched:
            self._selector.register(lane.sock.fileno(), events, lane)
        elif lane.watched != events:
            self._selector.modify(lane.sock.fileno(), events, lane)
        lane.watched = events

    def _drop(self, lane: Lane) -> None:
        """Close a lane and forget it."""
        self._lanes.discard(lane)
        self._free.pop(lane, None)
        if lane.watched:
            self._selector.unregister(lane.sock.fileno())
            lane.watched = 0
        lane.close()

    def close(self, is_inherited: bool) -> None:
        """Close what is on its way, and give idle connections back to the pool.

        Args:
            is_inherited: Whether this is a child of the process that the map belongs to.
        """
        for lane in list(self._lanes):
            connection = lane.connection
            idle = connection is not None and not lane.calls and connection.parser.is_idle
            if is_inherited:
                # Unregistering would reach the parent's selector, for the two share it.
                lane.close()
            elif idle and connection is not None:
                if lane.watched:
                    self._selector.unregister(lane.sock.fileno())
                self._transport.put_idle(connection)
            else:
                self._drop(lane)
        self._lanes.clear()
        self._selector.close()
