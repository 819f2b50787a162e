"""The messages on the WebSockets of watches and of ``/ws``.

Rules:

1. A session's data is read with the state's lock held. Messages are encoded without it.
2. A frame of ``/ws`` that cannot be used is answered with an ``error`` frame; the connection and
   its subscriptions go on.
3. The events of all subscriptions of a connection leave in the order of publishing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ironflow._wire.websocket_handshake import HandshakeError, reply_fields

from ._call import Call
from ._engine.refusals import Refusal, missing
from ._engine.state import Environment, Record
from ._engine.subscriptions import Consumers, Delivery, Options, Subscription
from ._engine.watches import Watch, Watches
from ._http import Reply, json_reply, upgrade_required
from ._reading import Fields, decoded
from ._websocket import Session, WebSocketConnection, WebSockets

# By status; invalid_argument otherwise.
_CODES = {404: "not_found", 409: "already_exists", 501: "unimplemented"}
_ACK_TYPES = ("ack", "nak", "term")
_MAX_SUBSCRIPTIONS = 1_000


def switch(call: Call, session: Session) -> Reply:
    """Return the reply to a request for a WebSocket: 101, or what is wrong with the handshake."""
    request = call.request
    if "upgrade" not in request.headers:
        return upgrade_required(request)
    try:
        fields = reply_fields(request.method, "HTTP/1.1", request.headers)
    except HandshakeError as error:
        return json_reply(error.status, {"error": str(error)}, error.headers)
    sockets = call.state.of(WebSockets)
    return Reply(101, headers=fields, upgrade=lambda sock, rest: sockets.serve(sock, rest, session))


class WatchSession(Session):
    """Sends the changes of a bucket or a config document.

    Args:
        environment: Its environment.
        begin: Returns the watch, or refuses one of something that does not exist.
        frame: Returns the message for a change, given the key and its state.
    """

    def __init__(
        self,
        environment: Environment,
        begin: Callable[[Callable[[], None]], Watch],
        frame: Callable[[str, Any], Record],
    ) -> None:
        self._environment = environment
        self._begin = begin
        self._frame = frame
        self._watch: Watch | None = None
        self._problem: Record | None = None

    def open(self, connection: WebSocketConnection) -> None:
        with self._environment.state.lock:
            try:
                self._watch = self._begin(connection.wake)
                self._environment.of(Watches).add(self._watch)
            except Refusal as refusal:
                self._problem = _problem(refusal)

    def next_message(self) -> str | None:
        change = None
        with self._environment.state.lock:
            if self._watch is not None:
                change = self._watch.take()
                if change is None and self._watch.gone:
                    self._problem = _problem(missing(*self._watch.of))
        if change is not None:
            return _text(self._frame(*change))
        if self._problem and not self.over:
            self.over = True
            return _text({"type": "error", **self._problem})
        return None

    def close(self) -> None:
        with self._environment.state.lock:
            if self._watch is not None:
                self._environment.of(Watches).remove(self._watch)


class SubscribeSession(Session):
    """Serves the subscriptions that are made over ``/ws``."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._lock = environment.state.lock
        self._subscriptions: dict[str, Subscription] = {}
        self._connection: WebSocketConnection | None = None
        self._acts = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "ack": self._acknowledge,
        }

    def open(self, connection: WebSocketConnection) -> None:
        self._connection = connection

    def receive(self, data: str | bytes) -> None:
        try:
            answer = self._answer_to(data)
        except Refusal as refusal:
            answer = {"type": "error", **_problem(refusal)}
        if answer is not None and self._connection is not None:
            self._connection.answer(_text(answer))

    def next_message(self) -> str | None:
        with self._lock:
            ready = [one for one in self._subscriptions.values() if one.next_position is not None]
            if not ready:
                return self._failure()
            first = min(ready, key=lambda one: one.next_position or 0)
            delivery = first.take()
            moment = self._environment.clock.text()
        return _event(first, delivery, moment)

    def close(self) -> None:
        with self._lock:
            for subscription in self._subscriptions.values():
                subscription.leave()
            self._subscriptions.clear()

    def _answer_to(self, data: str | bytes) -> Record | None:
        try:
            if isinstance(data, bytes):
                raise ValueError("a binary message")
            frame = Fields(decoded(data.encode()), "a frame")
        except (ValueError, RecursionError):
            raise Refusal(400, "a frame must be JSON text") from None
        act = self._acts.get(frame.text("type"))
        if act is None:
            raise Refusal(400, f"type must be one of {', '.join(self._acts)}")
        with self._lock:
            return act(frame)

    def _subscribe(self, frame: Fields) -> Record:
        wanted = Fields(frame.members("subscription"), "subscription")
        result: Record = {"pattern": wanted.text("pattern"), "status": "ok"}
        try:
            result["subscriptionId"] = self._subscribed(wanted, result["pattern"])
        except Refusal as refusal:
            result.update(status="error", **_problem(refusal))
        return {"type": "subscription_result", "results": [result]}

    def _subscribed(self, wanted: Fields, pattern: str) -> str:
        """Subscribe, and return the id of the subscription."""
        assert self._connection is not None
        if len(self._subscriptions) >= _MAX_SUBSCRIPTIONS:
            raise Refusal(400, f"a connection has at most {_MAX_SUBSCRIPTIONS} subscriptions")
        options = read_options(wanted)
        subscribe = self._environment.of(Consumers).subscribe
        subscription = subscribe(pattern, options, self._connection.wake)
        self._subscriptions[subscription.id] = subscription
        return subscription.id

    def _unsubscribe(self, frame: Fields) -> None:
        id = frame.text("subscriptionId")
        if id not in self._subscriptions:
            raise Refusal(404, f"there is no subscription {id[:100]}")
        self._subscriptions.pop(id).leave()

    def _acknowledge(self, frame: Fields) -> None:
        id, kind = frame.text("eventId"), frame.text("ackType")
        delay = frame.integer("redeliverDelay", None, low=0)
        if kind not in _ACK_TYPES:
            raise Refusal(400, f"ackType must be one of {', '.join(_ACK_TYPES)}")
        if delay is not None and kind != "nak":
            raise Refusal(400, "redeliverDelay is for nak")
        for subscription in self._subscriptions.values():
            if kind == "nak":
                subscription.reject(id, None if delay is None else delay / 1000)
            else:
                subscription.settle(id)

    def _failure(self) -> str | None:
        """Return the message of a subscription that has missed something, and end it."""
        for subscription in self._subscriptions.values():
            if subscription.failed:
                self._subscriptions.pop(subscription.id).leave()
                what = "messages came faster than they were read, and some are lost"
                failure = {"code": "resource_exhausted", "message": what, "retrying": False}
                return _text(
                    {"type": "subscription_error", "subscriptionId": subscription.id, **failure}
                )
        return None


def read_options(wanted: Fields) -> Options:
    """Return the options of a subscription; ``wanted`` is what asks for it."""
    given = Fields(wanted.members("options", {}), "options")
    if given.text("filter", ""):
        raise Refusal(501, "the local server does not evaluate CEL, so it takes no filter")
    return Options(
        replay=given.integer("replay", 0, low=0),
        group=given.text("consumerGroup", ""),
        namespace=given.text("namespace", "default"),
        manual=_choice(given, "ackMode", ("auto", "manual")) == "manual",
        drop=_choice(given, "backpressure", ("buffer", "block", "drop")) == "drop",
        metadata=given.flag("includeMetadata"),
    )


def _choice(given: Fields, name: str, choices: tuple[str, ...]) -> str:
    value = given.text(name, choices[0])
    if value not in choices:
        raise Refusal(400, f"{name} must be one of {', '.join(choices)}")
    return value


def _problem(refusal: Refusal) -> Record:
    code = _CODES.get(refusal.status, "invalid_argument")
    return {"code": code, "message": refusal.message}


def _event(subscription: Subscription, delivery: Delivery, moment: str) -> str:
    """Return the frame of an event; its data is JSON text already."""
    message = delivery.message
    frame: Record = {
        "type": "event",
        "subscriptionId": subscription.id,
        "topic": delivery.topic,
        "eventId": message.id,
    }
    if subscription.options.metadata:
        frame["meta"] = {"timestamp": moment, "sequence": message.sequence}
    return f'{_text(frame)[:-1]},"data":{message.data}}}'


def _text(frame: Record) -> str:
    return json.dumps(frame, separators=(",", ":"))
