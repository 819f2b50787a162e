"""Subscriptions: patterns, acknowledgements, redelivery, consumer groups, and who falls behind."""

from __future__ import annotations

import pytest

from ironflow.testing._engine import feed, subscriptions
from ironflow.testing._engine.feed import Message
from ironflow.testing._engine.subscriptions import (
    MAX_INFLIGHT,
    Consumers,
    Options,
    Pattern,
    publish,
)

from ..wire import Wire


class Reader:
    """A subscription that is read by hand, without a connection."""

    def __init__(self, server, pattern="topic:t", **options):
        self._state = server._application.state
        self._environment = self._state.environment("org_default")
        with self._state.lock:
            consumers = self._environment.of(Consumers)
            self.subscription = consumers.subscribe(pattern, Options(**options), lambda: None)

    def publish(self, count, topic="t"):
        with self._state.lock:
            for number in range(count):
                publish(self._environment, f"evt_{number}", (f"topic:{topic}",), number, number)

    def read(self, count=None):
        """Data of the messages that are there, or of so many of them."""
        found = []
        with self._state.lock:
            while self.subscription.next_position is not None and len(found) != count:
                found.append(int(self.subscription.take().message.data))
        return found

    def does(self, act, *arguments):
        with self._state.lock:
            getattr(self.subscription, act)(*arguments)


def receive_all(wires, client, count):
    """Publish so many messages, and return what each wire gets until all have come."""
    for number in range(count):
        client.pub_sub_create(body={"topic": "t", "data": number})
    return [[wire.receive()["data"] for _ in range(count // len(wires))] for wire in wires]


def ack(wire, frame, kind="ack", **more):
    wire.send({"type": "ack", "eventId": frame["eventId"], "ackType": kind, **more})


@pytest.fixture
def soon(monkeypatch):
    """Acknowledgements are waited for very briefly."""
    monkeypatch.setattr(subscriptions, "ACK_WAIT", 0.02)


@pytest.fixture
def client(local_client):
    return local_client


def test_a_group_gives_each_message_to_one_member_in_turn(local, client):
    with Wire(local, "/ws") as first, Wire(local, "/ws") as second:
        for wire in (first, second):
            wire.subscribe("topic:t", consumerGroup="g")
        assert receive_all([first, second], client, 6) == [[0, 2, 4], [1, 3, 5]]


def test_groups_and_namespaces_of_other_names_get_everything(local, client):
    with Wire(local, "/ws") as first, Wire(local, "/ws") as second, Wire(local, "/ws") as third:
        first.subscribe("topic:t", consumerGroup="g")
        second.subscribe("topic:t", consumerGroup="h")
        third.subscribe("topic:t", consumerGroup="g", namespace="n")
        client.pub_sub_create(body={"topic": "t", "data": 1})
        assert [wire.receive()["data"] for wire in (first, second, third)] == [1, 1, 1]


def test_a_group_keeps_what_nobody_read_for_the_next_member(local, client):
    with Wire(local, "/ws") as wire:
        wire.subscribe("topic:t", consumerGroup="g")
        wire.close()
    client.pub_sub_create(body={"topic": "t", "data": 1})
    with Wire(local, "/ws") as wire:
        wire.subscribe("topic:t", consumerGroup="g")
        assert wire.receive()["data"] == 1


@pytest.mark.parametrize(
    ("pattern", "options"), [("topic:u", {}), ("topic:t", {"ackMode": "manual"})]
)
def test_a_member_that_wants_something_else_is_refused(local, pattern, options):
    with Wire(local, "/ws") as wire:
        wire.subscribe("topic:t", consumerGroup="g")
        result = wire.result_of(pattern, consumerGroup="g", **options)
        assert (result["status"], result["code"]) == ("error", "already_exists")
        assert "topic:t with ackMode auto" in result["message"]


def test_what_is_acknowledged_does_not_come_again(local, client, soon):
    with Wire(local, "/ws") as wire:
        wire.subscribe("topic:t", ackMode="manual")
        client.pub_sub_create(body={"topic": "t", "data": 1})
        client.pub_sub_create(body={"topic": "t", "data": 2})
        first, second = wire.receive(), wire.receive()
        ack(wire, first)
        again = wire.receive()  # after its wait
        assert (again["eventId"], again["data"]) == (second["eventId"], 2)
        ack(wire, again, "term")
        ack(wire, again, "term")  # is not in flight any more, and that is fine
        client.pub_sub_create(body={"topic": "t", "data": 3})
        assert wire.receive()["data"] == 3


def test_what_was_refused_comes_again_after_its_delay_or_at_once(local, client):
    with Wire(local, "/ws") as wire:
        wire.subscribe("topic:t", ackMode="manual")
        for number in (1, 2):
            client.pub_sub_create(body={"topic": "t", "data": number})
        first, second = wire.receive(), wire.receive()
        ack(wire, first, "nak", redeliverDelay=30)
        ack(wire, second, "nak", redeliverDelay=0)
        assert [wire.receive()["data"], wire.receive()["data"]] == [2, 1]


def test_a_message_that_fails_four_times_is_given_up(local, client, caplog):
    with Wire(local, "/ws") as wire:
        wire.subscribe("topic:t", ackMode="manual")
        client.pub_sub_create(body={"topic": "t", "data": 1})
        for _ in range(4):
            seen = wire.receive()
            assert seen["data"] == 1
            ack(wire, seen, "nak", redeliverDelay=0)
        wire.subscribe("topic:u")  # its answer shows that the last frame has been read
        client.pub_sub_create(body={"topic": "t", "data": 2})
        assert wire.receive()["data"] == 2
    assert "was never acked in 4 tries" in caplog.text


@pytest.mark.parametrize("end", ["hangs up", "closes", "unsubscribes"])
def test_what_a_member_left_undone_goes_to_another(local, client, end):
    with Wire(local, "/ws") as first, Wire(local, "/ws") as second:
        id = first.subscribe("topic:t", consumerGroup="g", ackMode="manual")
        second.subscribe("topic:t", consumerGroup="g", ackMode="manual")
        for number in (1, 2):
            client.pub_sub_create(body={"topic": "t", "data": number})
        assert (first.receive()["data"], second.receive()["data"]) == (1, 2)
        if end == "hangs up":
            first._peer.sock.close()
        elif end == "closes":
            first.close()
        else:
            first.send({"type": "unsubscribe", "subscriptionId": id})
        assert second.receive()["data"] == 1


def test_an_acknowledgement_is_for_the_connection_that_got_the_message(local, client, soon):
    with Wire(local, "/ws") as first, Wire(local, "/ws") as second:
        first.subscribe("topic:t", ackMode="manual")
        client.pub_sub_create(body={"topic": "t", "data": 1})
        seen = first.receive()
        ack(second, seen)
        second.subscribe("topic:u")  # its answer shows that the acknowledgement has been read
        assert first.receive()["eventId"] == seen["eventId"]


def test_a_delay_outlives_a_restart_of_the_server(local, client):
    with Wire(local, "/ws") as wire:
        wire.subscribe("topic:t", consumerGroup="g", ackMode="manual")
        client.pub_sub_create(body={"topic": "t", "data": 1})
        ack(wire, wire.receive(), "nak", redeliverDelay=50)
        wire.subscribe("topic:u")
        local.stop()
    local.start()
    with Wire(local, "/ws") as wire:
        wire.subscribe("topic:t", consumerGroup="g", ackMode="manual")
        assert wire.receive()["data"] == 1


def test_a_member_that_acknowledges_nothing_gets_no_more_than_it_may_hold(local):
    reader = Reader(local, group="g", manual=True)
    reader.publish(MAX_INFLIGHT + 50)
    assert reader.read() == list(range(MAX_INFLIGHT))
    reader.does("settle", "evt_0")
    reader.does("settle", "evt_7")
    assert reader.read() == [MAX_INFLIGHT, MAX_INFLIGHT + 1]


@pytest.mark.parametrize("drop", [False, True])
def test_a_slow_reader_waits_or_misses_something_as_it_asked_for(local, drop):
    reader = Reader(local, drop=drop)
    reader.publish(MAX_INFLIGHT + 50)
    kept = MAX_INFLIGHT if drop else MAX_INFLIGHT + 50
    assert reader.read() == list(range(kept))
    reader.publish(1)
    assert reader.read() == [0]


def test_what_is_replayed_is_not_dropped(local):
    Reader(local).publish(MAX_INFLIGHT + 50)
    reader = Reader(local, drop=True, replay=MAX_INFLIGHT + 50)
    assert reader.read() == list(range(MAX_INFLIGHT + 50))


def test_a_reader_that_falls_behind_the_feed_is_told(local, client, monkeypatch):
    monkeypatch.setattr(feed, "MAX_MESSAGES", 5)
    reader = Reader(local)
    reader.publish(MAX_INFLIGHT + 5)
    assert not reader.subscription.failed
    reader.publish(1)
    assert reader.subscription.failed
    assert reader.read() == list(range(MAX_INFLIGHT))


def test_a_connection_whose_reader_fell_behind_gets_an_error_and_goes_on(local, client):
    with Wire(local, "/ws") as wire:
        lost = wire.subscribe("topic:t")
        state = local._application.state
        with state.lock:
            environment = state.environment("org_default")
            environment.of(Consumers)._all[0]._position = -1  # as if it had been overtaken
        client.pub_sub_create(body={"topic": "t", "data": 1})
        seen = wire.receive()
        assert (seen["type"], seen["subscriptionId"]) == ("subscription_error", lost)
        assert (seen["code"], seen["retrying"]) == ("resource_exhausted", False)
        kept = wire.subscribe("topic:t")
        client.pub_sub_create(body={"topic": "t", "data": 2})
        assert wire.receive()["subscriptionId"] == kept


def fits(pattern, topic):
    return Pattern(pattern).topic_of(Message("evt_1", (topic,), "{}", 1, 0)) == topic


@pytest.mark.parametrize("name", ["shipped", "order.shipped"])
def test_all_events_of_an_entity_are_followed_whatever_dots_their_names_have(name):
    assert fits("entity:*.order-1.*", f"entity:Order.order-1.{name}")
    assert not fits("entity:*.order-2.*", f"entity:Order.order-1.{name}")


def test_elsewhere_a_star_is_one_part():
    assert fits("events:order.*", "events:order.placed")
    assert not fits("events:order.*", "events:order.placed.twice")
