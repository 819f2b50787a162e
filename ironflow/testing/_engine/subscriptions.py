"""Subscriptions: who gets which message, and what happens to unacknowledged ones.

Rules:

1. A pattern is a prefix (``events:``, ``topic:``, ``entity:``, ``system.``) and a dotted name in
   which ``*`` stands for one part and a final ``>`` for the rest. In the topic of an entity the
   event is one part, dots and all: the product follows an entity by ``entity:*.<id>.*``.
2. A consumer reads the feed from its position on and gives each message to one of its members in
   turn. A subscription without a group is the only member of a consumer of its own.
3. A member holds at most ``MAX_INFLIGHT`` messages that are unsent or unacknowledged. The others
   wait in the feed, so that a slow peer costs nothing and delays nobody. With ``drop`` it misses
   them instead. One that needs messages that the feed no longer keeps is ended with an error.
4. With manual acknowledgement a message is delivered again after ``ACK_WAIT`` without one, after
   the delay of a nak, and when its member leaves; ``MAX_REDELIVERIES`` times, then it is given up.
5. A group outlives its members, and so do their undelivered messages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any, NamedTuple

from .._log import logger
from .clock import Timer
from .feed import Feed, Message
from .patterns import matches
from .refusals import Refusal
from .state import Environment

MAX_INFLIGHT = 100
MAX_REDELIVERIES = 3
ACK_WAIT = 5.0  # seconds; also the delay of a nak that gives none

_PREFIXES = ("events:", "topic:", "entity:", "system.")


def publish(
    environment: Environment, id: str, topics: tuple[str, ...], data: Any, sequence: int
) -> None:
    """Deliver a message to the subscribers of its topics."""
    environment.of(Feed).add(id, topics, data, sequence)
    environment.of(Consumers).advance()


def tell(environment: Environment, topic: str, data: Any) -> None:
    """Publish an event of the system, under ``system.<topic>``."""
    environment.of(Feed).add_told(f"system.{topic}", data)
    environment.of(Consumers).advance()


class Options(NamedTuple):
    """Options of a subscription.

    Attributes:
        replay: How many of the latest messages to give first.
        group: Name of the consumer group, empty without one.
        namespace: Namespace of the group.
        manual: Whether messages have to be acknowledged.
        drop: Whether messages are dropped that come faster than they are sent.
        metadata: Whether events have ``meta``.
        after: Sequence of the latest message that the subscriber has, None without one; the later
            messages come first.
    """

    replay: int = 0
    group: str = ""
    namespace: str = "default"
    manual: bool = False
    drop: bool = False
    metadata: bool = False
    after: int | None = None


class Pattern:
    """A pattern; rule 1."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._prefix = next((prefix for prefix in _PREFIXES if text.startswith(prefix)), "")
        self._dotted = text[len(self._prefix) :]
        parts = self._dotted.split(".")
        if not self._prefix:
            raise Refusal(400, f"a pattern begins with {', '.join(_PREFIXES)}")
        if "" in parts or ">" in parts[:-1]:
            raise Refusal(400, "a pattern has no empty part, and > only at its end")
        if self._prefix == "entity:" and parts[-1] == "*":
            self._dotted = f"{self._dotted[:-1]}>"

    def topic_of(self, message: Message) -> str:
        """Return the topic under which a message fits, empty if it does not."""
        for topic in message.topics:
            if topic.startswith(self._prefix) and matches(self._dotted, topic[len(self._prefix) :]):
                return topic
        return ""


class Delivery:
    """A message on its way to a member.

    Attributes:
        message, topic: The message, and the topic under which it fits.
        attempts: How often it was sent.
        due: When it may be sent again.
        timer: The timer of its acknowledgement, or of its next attempt.
    """

    def __init__(self, message: Message, topic: str) -> None:
        self.message = message
        self.topic = topic
        self.attempts = 0
        self.due = 0.0
        self.timer: Timer | None = None


class Subscription:
    """A member of a consumer.

    Args:
        consumer: Its consumer.
        id: Its id.
        options: Its options.
        wake: Called when there is something to take.

    Attributes:
        failed: Whether it has missed messages and is over.
    """

    def __init__(
        self, consumer: Consumer, id: str, options: Options, wake: Callable[[], None]
    ) -> None:
        self.id = id
        self.options = options
        self.failed = False
        self.wake = wake
        self.ready: deque[Delivery] = deque()
        self.unsettled: dict[str, Delivery] = {}  # sent and not acknowledged, by the message's id
        self._consumer = consumer

    @property
    def has_room(self) -> bool:
        """Whether it may be given another message."""
        return not self.failed and len(self.ready) + len(self.unsettled) < MAX_INFLIGHT

    @property
    def next_position(self) -> int | None:
        """Position of the message to take next, None if there is none."""
        return self.ready[0].message.position if self.ready else None

    def take(self) -> Delivery:
        """Return the next message; it is being sent."""
        delivery = self.ready.popleft()
        delivery.attempts += 1
        if self.options.manual:
            self.unsettled[delivery.message.id] = delivery
            self._consumer.expect(self, delivery)
        self._consumer.dispatch()
        self._consumer.environment.clock.go_on()
        return delivery

    def settle(self, message_id: str) -> None:
        """Never deliver a message again; ids that are not in flight are ignored."""
        delivery = self.unsettled.pop(message_id, None)
        if delivery is not None:
            self._consumer.forget(delivery)
            self._consumer.dispatch()

    def reject(self, message_id: str, delay: float | None = None) -> None:
        """Deliver a message again after some seconds, by default after ``ACK_WAIT``."""
        delivery = self.unsettled.pop(message_id, None)
        if delivery is not None:
            self._consumer.give_again(delivery, ACK_WAIT if delay is None else delay)
            self._consumer.dispatch()

    def leave(self) -> None:
        """End the subscription; its unacknowledged messages go to others of its group."""
        self._consumer.remove(self)


class Consumer:
    """Reads the feed for its members; rule 2.

    Args:
        pattern: What it reads.
        position: Where it begins.
        options: Options that its members share.
        key: Namespace and name of the group, None for a consumer of a single subscription.

    Attributes:
        environment: Environment of the feed.
        members: Its members; the next in turn is the first.
    """

    def __init__(
        self,
        environment: Environment,
        pattern: Pattern,
        position: int,
        options: Options,
        key: tuple[str, str] | None,
    ) -> None:
        self.pattern = pattern
        self.options = options
        self.key = key
        self.members: list[Subscription] = []
        self.environment = environment
        self._feed = environment.of(Feed)
        self._position = position
        self._live_from = self._feed.end  # what is replayed is not dropped
        self._again: list[Delivery] = []  # to be given before what the feed has
        self._later: list[Delivery] = []  # to be given again when their time has come

    def alone(self) -> Consumer:
        """Return a copy without members, whose messages will be delivered again."""
        alone = copy(self)
        alone.members, alone._again = [], []
        for member in self.members:
            alone._again += [*member.ready, *member.unsettled.values()]
        alone._queue(*self._again)
        return alone

    def add(self, member: Subscription) -> None:
        self.members.append(member)
        for delivery in self._later:  # a stop of the server has dropped their timers
            self._set_timer(delivery, delivery.due, partial(self._is_due, delivery))
        self.dispatch()

    def remove(self, member: Subscription) -> None:
        """Remove a member, and give its messages to others."""
        if member not in self.members:
            return
        self.members.remove(member)
        for delivery in member.unsettled.values():
            self.give_again(delivery, 0.0)
        self._queue(*member.ready)
        member.unsettled.clear()
        member.ready.clear()
        if self.key is None:
            self.environment.of(Consumers).remove(self)
        self.dispatch()

    def dispatch(self) -> None:
        """Deliver messages while there are some, and a member with room for them."""
        if self._position < self._feed.start:
            self._position = self._feed.start
            self._fail()
        while (member := next((one for one in self.members if one.has_room), None)) is not None:
            delivery = self._again.pop(0) if self._again else self._next_message()
            if delivery is None:
                return
            self.members.remove(member)
            self.members.append(member)
            member.ready.append(delivery)
            member.wake()
        if self.options.drop and self.members and self._position >= self._live_from:
            self._position = self._feed.end

    def behind(self, topic: str) -> int:
        """Return how many messages of a topic are unread, unsent or unacknowledged."""
        begun = [*self._again, *self._later]
        for member in self.members:
            begun += [*member.ready, *member.unsettled.values()]
        unread = (self._feed.at(n) for n in range(self._position, self._feed.end))
        return sum(topic in found.topics for found in unread) + sum(
            delivery.topic == topic for delivery in begun
        )

    def expect(self, member: Subscription, delivery: Delivery) -> None:
        """Deliver a message again if it is not acknowledged in time."""

        def is_late() -> None:
            if member.unsettled.get(delivery.message.id) is delivery:
                member.reject(delivery.message.id, 0.0)

        self._set_timer(delivery, self.environment.clock.now() + ACK_WAIT, is_late)

    def give_again(self, delivery: Delivery, delay: float) -> None:
        """Deliver a message again after some seconds, unless it was delivered often enough."""
        self.forget(delivery)
        if delivery.attempts > MAX_REDELIVERIES:
            logger.warning("%s was never acked in %d tries", delivery.message.id, delivery.attempts)
        elif delay <= 0:
            self._queue(delivery)
        else:
            delivery.due = self.environment.clock.now() + delay
            self._later.append(delivery)
            self._set_timer(delivery, delivery.due, partial(self._is_due, delivery))

    def forget(self, delivery: Delivery) -> None:
        """Drop the timer of a message."""
        if delivery.timer is not None:
            self.environment.clock.cancel(delivery.timer)
            delivery.timer = None

    def _is_due(self, delivery: Delivery) -> None:
        if delivery in self._later:
            self._later.remove(delivery)
            self._queue(delivery)
            self.dispatch()

    def _set_timer(self, delivery: Delivery, due: float, act: Callable[[], None]) -> None:
        self.forget(delivery)
        delivery.timer = self.environment.clock.call_at(due, act)

    def _queue(self, *deliveries: Delivery) -> None:
        self._again += deliveries
        self._again.sort(key=lambda delivery: delivery.message.position)

    def _next_message(self) -> Delivery | None:
        while self._position < self._feed.end:
            message = self._feed.at(self._position)
            self._position += 1
            topic = self.pattern.topic_of(message)
            if topic:
                return Delivery(message, topic)
        return None

    def _fail(self) -> None:
        for member in list(self.members):
            member.failed = True
            member.wake()


class Consumers:
    """The consumers of an environment."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._all: list[Consumer] = []

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_all": self.groups()}

    def groups(self) -> list[Consumer]:
        """Return copies of the groups, without their members."""
        return [consumer.alone() for consumer in self._all if consumer.key is not None]

    def keep(self, group: Consumer) -> None:
        """Add a group that has no members."""
        self._all.append(group)

    def holds_time(self) -> bool:
        """Return whether a message is yet to be sent."""
        return any(member.ready for consumer in self._all for member in consumer.members)

    def advance(self) -> None:
        """Deliver what has been published."""
        for consumer in list(self._all):
            consumer.dispatch()

    def subscribe(self, text: str, options: Options, wake: Callable[[], None]) -> Subscription:
        """Add a subscription; ``wake`` is called with the lock held when it has a message."""
        pattern = Pattern(text)
        key = (options.namespace, options.group) if options.group else None
        consumer = next((found for found in self._all if key and found.key == key), None)
        if consumer is None:
            start = self._start(pattern, options)
            consumer = Consumer(self._environment, pattern, start, options, key)
            self._all.append(consumer)
        elif (consumer.pattern.text, consumer.options.manual) != (text, options.manual):
            mode = "manual" if consumer.options.manual else "auto"
            what = f"{consumer.pattern.text} with ackMode {mode}"
            raise Refusal(409, f"the consumer group {options.group} follows {what}")
        member = Subscription(consumer, self._environment.new_id("sub"), options, wake)
        consumer.add(member)
        self._environment.clock.go_on()
        return member

    def followed_runs(self) -> list[str]:
        """Return the ids of the runs that somebody has subscribed to."""
        texts = (consumer.pattern.text.split(".") for consumer in self._all if consumer.members)
        return [parts[2] for parts in texts if parts[:2] == ["system", "run"] and len(parts) > 2]

    def of_topic(self, topic: str) -> list[int]:
        """Return how many messages each consumer of a topic is behind."""
        probe = Message("", (topic,), "", 0, 0)
        return [found.behind(topic) for found in self._all if found.pattern.topic_of(probe)]

    def remove(self, consumer: Consumer) -> None:
        """Remove the consumer of a single subscription."""
        self._all.remove(consumer)

    def _start(self, pattern: Pattern, options: Options) -> int:
        """Return the position of the first message to give: one of those that are replayed."""
        feed, left = self._environment.of(Feed), options.replay
        position = feed.end
        while position > feed.start and (left or options.after is not None):
            message = feed.at(position - 1)
            if pattern.topic_of(message):
                if options.after is not None and message.sequence <= options.after:
                    break
                left -= 1
            position -= 1
        return position
