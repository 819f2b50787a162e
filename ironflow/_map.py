"""Many calls at once: the engine of ``client.map``.

Rules:

1. The consumer's own thread does everything. Nothing starts before the first ``next``, and nothing
   goes on while the consumer is busy with an outcome.
2. Inputs are taken as they are needed: at most twice as many ahead of the consumer as can be under
   way at once. Memory does not grow with the number of calls.
3. Every call has the deadlines, limits, retries and redirects of a single one, decided by the same
   functions. Its time begins when it is sent, in a pipeline when the reply before it has come. The
   time that the consumer and its inputs take, and that the map waits for a ``Retry-After``, is not
   counted. What has come when the time is up counts as if it came in time: we were late.
4. Only calls that are safe to repeat share a connection. When it ends, those that were under way
   are sent again, which counts as an attempt only for the call whose reply had begun. If a peer
   ends such a connection before it has answered ``EARLY`` calls, this map stops pipelining to it.
5. The ``Retry-After`` of any call, if it is not too long to obey, stops the whole map until then.
6. Leaving the iterator closes the connections of calls under way; idle ones go back to the client's
   pool. A forked child leaves its parent's sockets and selector alone.

Design: ``_map_calls`` makes a ``Call`` of each input. A ``Lane`` is a connection with the calls on
their way on it. ``Lanes`` says which of them takes the next call, and waits for all of them in one
selector. ``_Engine`` sends the calls and turns replies into outcomes.
"""

from __future__ import annotations

import os
from collections import deque
from heapq import heappop, heappush
from time import monotonic

from ._map_calls import Call, preparing
from ._observe import report_call
from ._outcome import Outcome
from ._wire.connection import TIMEOUTS
from ._wire.lane import READ, WRITE, Lane
from ._wire.lanes import Lanes
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
    ready = engine.ready
    pid = os.getpid()
    try:
        while engine.go_on():
            engine.went_away()
            while ready:
                outcome = ready.popleft()
                engine.given += 1
                if on_progress is not None:
                    on_progress(engine.given)
                yield outcome
                del outcome
                if os.getpid() != pid:
                    raise RuntimeError("a map belongs to the process that began it; make a new one")
            engine.came_back()
    finally:
        engine.close(is_inherited=os.getpid() != pid)


class _Engine:
    """The state of one map.

    Attributes:
        ready: The outcomes that the consumer may take, oldest first.
        given: How many it has taken.
    """

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
        self.ready: deque[Outcome[Any]] = deque()
        self.given = 0
        self._transport: Transport = client._open()
        self._owner = client._owner
        self._prepare = preparing(client, method, common)
        self._inputs: Iterator[tuple[Any, ...]] | None = inputs
        self._input_error: Exception | None = None
        self._pipeline = pipeline
        self._ordered = ordered
        self._ahead = 2 * concurrency * pipeline
        self._taken = 0
        self._next = 0  # index of the outcome that is to follow, where the order counts
        self._early: dict[int, Outcome[Any]] = {}  # those behind it, by index
        self._again: deque[Call] = deque()  # to be sent before anything else
        self._waiting: list[tuple[float, int, Call]] = []  # a heap: when, index, call
        self._resume_at = 0.0  # nothing is sent before
        self._lanes = Lanes(self._transport, concurrency)
        self._unreachable: Exception | None = None  # why a lane could not be opened in its time
        self._alarm = _NEVER  # no deadline is earlier
        self._away = 0.0  # seconds that the consumer has spent
        self._left_at = 0.0

    # The consumer.

    def went_away(self) -> None:
        """Note that the consumer takes an outcome and its time."""
        self._left_at = monotonic()

    def came_back(self) -> None:
        """Note that the consumer is back: no deadline has come nearer meanwhile."""
        self._away += monotonic() - self._left_at

    def _now(self) -> float:
        """Return the time on the clock of deadlines, which stops while the consumer works."""
        return monotonic() - self._away

    def go_on(self) -> bool:
        """Go on until there are outcomes; False when there are no more.

        Raises:
            Exception: What an input has raised, after all outcomes before it.
        """
        while True:
            self._dispatch()
            if self.ready:
                return True
            if self._inputs is None and self._taken == self.given:
                break
            self._wait()
            if self.ready:
                self._dispatch()  # before the consumer takes its time
                return True
        error, self._input_error = self._input_error, None
        if error is None:
            return False
        try:
            raise error
        finally:
            del error

    def _finish(
        self, index: int, args: tuple[Any, ...], value: Any = None, error: Exception | None = None
    ) -> None:
        """Let the consumer have an outcome, after those before it where the order counts."""
        outcome: Outcome[Any] = Outcome(args, value, error)
        if self._ordered and index != self._next:
            self._early[index] = outcome
            return
        self.ready.append(outcome)
        self._next += 1
        while self._next in self._early:
            self.ready.append(self._early.pop(self._next))
            self._next += 1

    # From inputs to lanes.

    def _dispatch(self) -> None:
        """Give calls to lanes while there are both, and send them."""
        now = monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            self._again.append(heappop(self._waiting)[2])
        if now < self._resume_at:
            return
        self._unreachable = None
        no_way = self._transport.find_way()
        unsent: dict[Lane, None] = {}  # calls on one lane leave in one send
        while True:
            call = self._again.popleft() if self._again else self._take()
            if call is None:
                break
            if no_way is not None:
                self._fail_before_a_lane(call, no_way)
                continue
            is_safe = call.is_safe
            shares = is_safe and self._pipeline > 1
            lane = self._lanes.pick(is_safe, shares)
            if lane is None:
                self._again.appendleft(call)
                break
            self._put_on(lane, call, shares)
            unsent[lane] = None
        for lane in unsent:
            if lane.is_open or lane.is_new:  # else the selector tells when to go on
                self._flush(lane)

    def _take(self) -> Call | None:
        """Take the next input and make it a call, None when there is none for now."""
        while self._inputs is not None and self._taken - self.given < self._ahead:
            asked_at = monotonic()
            try:
                args = next(self._inputs)
            except StopIteration:
                self._inputs = None
                break
            except Exception as error:
                self._inputs = None
                if is_from_signal_handler(error):
                    raise
                self._input_error = error  # told when what was taken before is given
                break
            finally:
                self._away += monotonic() - asked_at  # the consumer's code makes them
            index = self._taken
            self._taken += 1
            try:
                call = self._prepare(args)
            except (TypeError, ValueError) as error:
                if is_from_signal_handler(error):
                    raise
                # Its traceback holds the frame of the consumer, and so the outcome itself.
                self._finish(index, args, error=error.with_traceback(None))
                continue
            call.index = index
            return call
        return None

    def _put_on(self, lane: Lane, call: Call, shares: bool) -> None:
        request = call.request
        request.attempts += 1
        request.sent_before = request.sent
        lane.add(call, self._transport.message(request, call.target))
        count = len(lane.calls)
        if count == 1:
            lane.is_shared = shares
        if not lane.is_open:
            self._start_clock(call)
        elif count == 1:
            self._expect_reply(lane)
        if shares and count == 1:
            self._lanes.note_room(lane)
        elif shares and count >= self._pipeline:
            self._lanes.note_full(lane)

    def _expect_reply(self, lane: Lane) -> None:
        """Expect the reply to the oldest call of an open lane: its time begins."""
        call: Call = lane.calls[0]
        connection = lane.connection
        assert connection is not None  # nothing is expected before
        connection.parser.expect(call.request.method, call.options.limits.max_response_bytes)
        connection.sent = connection.heard = False
        self._start_clock(call)

    def _start_clock(self, call: Call) -> None:
        """Let the time of a call run, on the clock that stops while the consumer works."""
        deadline = call.start_clock(monotonic() - self._away)
        if deadline < self._alarm:
            self._alarm = deadline

    # From lanes to outcomes.

    def _wait(self) -> None:
        """Wait until something has come or its time is over, and act on it."""
        wake = self._alarm + self._away
        if self._waiting:
            wake = min(wake, self._waiting[0][0])
        now = monotonic()
        if self._resume_at > now:
            wake = min(wake, self._resume_at)
        for key, events in self._lanes.wait(max(0.0, wake - now)):
            self._serve(key.data, events)
        if self._now() >= self._alarm:
            self._expire()

    def _expire(self) -> None:
        """End what has run out of time, and find out when the next one does."""
        now = self._now()
        self._alarm = _NEVER
        for lane in list(self._lanes.all):
            if lane.is_open and lane.calls and lane.calls[0].deadline <= now:
                self._serve(lane, READ)  # what is there has come in time
            if not lane.calls:
                continue
            if lane.calls[0].deadline > now:
                self._alarm = min(self._alarm, lane.calls[0].deadline)
                continue
            partial = lane.parser.partial() if lane.is_open else None
            if partial is not None:
                self._answered(lane, partial)
            else:
                self._lose(lane, TimeoutError("the deadline has passed"))

    def _serve(self, lane: Lane, events: int) -> None:
        """Do what a lane is ready for."""
        if not lane.is_open:
            self._flush(lane)
            return
        if events & READ:
            self._read(lane)
        if events & WRITE and lane.calls:
            self._flush(lane)

    def _flush(self, lane: Lane) -> None:
        """Send what a lane has to send, opening it where that is still to be done."""
        try:
            events = 0 if lane.is_open else self._open(lane)
            if not events:
                events = lane.flush()
        except Exception as error:
            if is_from_signal_handler(error):
                raise
            if not lane.may_have_a_reply(error):
                self._lose(lane, error)
                return
            lane.stop_sending()
            events = READ
        if events != lane.watched:
            self._lanes.watch(lane, events)

    def _open(self, lane: Lane) -> int:
        """Go on with opening a lane; return what that waits for, 0 when it is open."""
        if not lane.is_new:
            events = lane.step()
        elif self._unreachable is not None:
            raise self._unreachable  # the time that this has taken was the time of all of them
        else:
            try:
                events = self._lanes.open(lane, lane.calls[0].deadline - self._now())
            except TIMEOUTS as error:
                self._unreachable = error
                raise
        if not events:
            for call in lane.calls:
                call.deadline = 0.0  # the time that opening took is none of what is sent now
            self._expect_reply(lane)
        return events

    def _read(self, lane: Lane) -> None:
        """Receive what has come on a lane, and turn it into outcomes."""
        connection = lane.connection
        assert connection is not None  # it is open
        while True:
            reply = self._reply(lane, lane.receive)
            while reply is not None:
                if not self._answered(lane, reply):
                    return
                if not lane.calls:
                    break
                reply = self._reply(lane, lane.next_reply)
            if not connection.has_decrypted:
                return  # the selector tells if there is more

    def _reply(self, lane: Lane, read: Callable[[], Reply | None]) -> Reply | None:
        """Read a reply; None when there is no whole one, or when that has ended the lane."""
        try:
            return read()
        except Exception as error:
            if is_from_signal_handler(error):
                raise
            self._lose(lane, error)
            return None

    def _answered(self, lane: Lane, reply: Reply) -> bool:
        """Take the reply to the oldest call of a lane; tell whether the lane goes on."""
        call: Call = lane.take_answered()
        call.request.sent = True
        now = monotonic()
        deadline = call.deadline + self._away
        call.stop_clock(now - self._away)
        parser = lane.parser
        goes_on = parser.reusable and (bool(lane.calls) or parser.is_idle)
        if goes_on and not lane.calls:
            self._lanes.note_idle(lane, now)
        elif goes_on:
            self._expect_reply(lane)
            if len(lane.calls) == self._pipeline // 2:
                self._lanes.note_room(lane)  # not for every reply: calls leave together
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
        call.start_again()
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
        """Close a lane; send again what was under way if that does no harm, and fail the rest."""
        self._lanes.drop(lane)
        calls: list[Call] = list(lane.calls)
        lane.calls.clear()
        connection = lane.connection
        now = self._now()
        if connection is None:
            self._lanes.find_out_again()
            for call in calls:
                call.stop_clock(now)
                self._fail_without_reply(call, error)
            return
        if not calls:
            return
        if lane.was_dead:
            self._lanes.leave_kept_alone()
        calls[0].stop_clock(now)
        failed, again = self._sorted_out(lane, calls, error)
        for call in calls:
            call.request.sent = call.request.sent or lane.is_shared or connection.sent
        self._again.extendleft(reversed(again))
        for call in failed:
            if goes_again(error, connection, call.request, call.options.limits):
                self._again.appendleft(call)
            else:
                self._fail_without_reply(call, error)

    def _fail_before_a_lane(self, call: Call, error: Exception) -> None:
        """Fail a call that no connection can carry; that takes no time."""
        now = self._now()
        call.start_clock(now)
        call.stop_clock(now)
        call.request.attempts += 1
        self._fail_without_reply(call, error)

    def _fail_without_reply(self, call: Call, error: Exception) -> None:
        started = call.started + self._away
        limits = call.options.limits
        self._fail(call, self._transport.failure(error, call.request, limits, started))

    def _sorted_out(
        self, lane: Lane, calls: list[Call], error: Exception
    ) -> tuple[list[Call], list[Call]]:
        """Return the calls that have failed, and those that just go again (rule 4)."""
        is_loss = isinstance(error, OSError) and not isinstance(error, TIMEOUTS)
        unharmed = 1
        if lane.is_shared and (is_loss or lane.ended):
            if lane.answered < EARLY and not lane.was_dead:
                self._pipeline = 1
            unharmed = 1 if lane.parser.began else 0
        for call in calls[unharmed:]:
            call.request.attempts -= 1
        return calls[:unharmed], calls[unharmed:]

    def close(self, is_inherited: bool) -> None:
        """Close what is on its way, and give idle connections back to the pool.

        Args:
            is_inherited: Whether this is a child of the process that the map belongs to.
        """
        self._lanes.close(is_inherited)
