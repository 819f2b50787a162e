"""RPC methods that stream their reply: subscribing, and the progress of a projection.

Rules:

1. A subscription exists before the head of its reply is sent, so a client that has the head gets
   everything that is published afterwards.
2. The state's lock is not held while messages are sent. When nothing happens for a while, by the
   computer's own clock, the stream checks whether its peer is still there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from .._call import Call, Frames
from .._engine.projections import View, check_can_wait, view_of
from .._engine.refusals import Refusal, missing
from .._engine.state import Environment, Record, State
from .._engine.subscriptions import Consumers, Options, Subscription
from .._live import read_options
from .._reading import Fields
from ._table import route

MAX_WAIT_SECONDS = 300.0
_DEFAULT_WAIT_MS = 30_000
_LOOK_SECONDS = 0.5


@route("POST", "/ironflow.v1.PubSubService/Subscribe")
def subscribe(call: Call) -> Frames:
    body, environment = call.body(), call.environment
    pattern, options = body.text("pattern"), _options(body)

    @contextmanager
    def begin() -> Iterator[Iterator[Record | None]]:
        state = environment.state
        with state.lock:
            subscription = environment.of(Consumers).subscribe(
                pattern, options, state.changed.notify_all
            )
        try:
            yield _events(environment, subscription)
        finally:
            with state.lock:
                subscription.leave()

    return Frames(begin)


@route("POST", "/ironflow.v1.ProjectionService/WaitProjectionCatchupStream")
def wait_projection_catchup_stream(call: Call) -> Frames:
    body, state = call.body(), call.state
    view, target = view_of(call.environment, body.text("name")), body.integer("min_seq", low=0)
    check_can_wait(view, body.text("partition", ""))
    seconds = min(body.integer("timeout_ms", _DEFAULT_WAIT_MS) / 1000, MAX_WAIT_SECONDS)

    @contextmanager
    def begin() -> Iterator[Iterator[Record | None]]:
        yield _progress(state, view, target, state.clock.now() + seconds)

    return Frames(begin)


def _options(body: Fields) -> Options:
    options = read_options(body)
    if options.manual:
        what = "the local server takes no acknowledgements by RPC; subscribe over /ws"
        raise Refusal(501, what)
    after = Fields(body.members("options", {})).integer("start_after_sequence", None, low=0)
    if after is not None and (options.replay or options.group):
        what = "start_after_sequence cannot be given with replay or consumer_group"
        raise Refusal(400, what)
    return options._replace(after=after)


def _events(environment: Environment, subscription: Subscription) -> Iterator[Record | None]:
    """Yield the events of a subscription, and None when none has come for a while."""
    state, options = environment.state, subscription.options

    def has_more() -> bool:
        ready = subscription.next_position is not None
        return ready or subscription.failed

    while True:
        with state.lock:
            is_idle = not state.hold(has_more, patience=_LOOK_SECONDS, passes_time=False)
            if not is_idle and subscription.next_position is None:
                raise Refusal(429, "messages came faster than they were read, and some are lost")
            delivery = None if is_idle else subscription.take()
            moment = environment.clock.text()
        if delivery is None:
            yield None
            continue
        message = delivery.message
        metadata = {"timestamp": moment, "namespace": options.namespace}
        yield {
            "subscription_id": subscription.id,
            "event_id": message.id,
            "topic": delivery.topic,
            "data": json.loads(message.data),
            "metadata": metadata if options.metadata else None,
            "sequence": message.sequence,
            "delivery_attempt": delivery.attempts,
        }


def _progress(state: State, view: View, target: int, deadline: float) -> Iterator[Record]:
    """Yield the position of a projection at each change, until it has caught up or time is up."""
    seen = -1

    def has_moved() -> bool:
        view.advance()
        return view.sequence != seen or view.deleted

    while True:
        with state.lock:
            left = max(deadline - state.clock.now(), 0.0)
            has_time = state.hold(has_moved, left)
            if view.deleted:
                raise missing("projection")
            seen = view.sequence
        is_there = seen >= target
        yield {
            "kind": "progress" if has_time and not is_there else "done",
            "current_seq": seen,
            "target_seq": target,
            "behind_by_events": max(0, target - seen),
            "caught_up": is_there,
            "timed_out": not has_time and not is_there,
            "mode": "managed",
        }
        if is_there or not has_time:
            return
