"""Events that are acknowledged: what is sent, and what is refused."""

from __future__ import annotations

import json

import pytest

from .hostile import HostileServer
from .live import closed, connected, event, subscribed, text
from .websocket_peer import read_frame


def test_events_are_acknowledged_with_delays_in_milliseconds():
    acks = []

    def collect(peer):
        acks.extend(json.loads(read_frame(peer)[1]) for _ in range(3))

    events = text(event("evt_1")) + text(event("evt_2")) + text(event("evt_3"))
    script = subscribed("topic:a", then=[events, collect, closed()])
    with HostileServer(script) as server, connected(server) as client:
        stream = client.subscribe("topic:a", ack="manual")
        stream.ack(next(stream))
        stream.nak(next(stream), delay=1.5)
        stream.term(next(stream))
        with pytest.raises(ValueError, match="eventId"):
            stream.ack({"type": "event"})
        assert list(stream) == []
    assert acks == [
        {"type": "ack", "eventId": "evt_1", "ackType": "ack"},
        {"type": "ack", "eventId": "evt_2", "ackType": "nak", "redeliverDelay": 1500},
        {"type": "ack", "eventId": "evt_3", "ackType": "term"},
    ]


def test_acknowledging_what_is_acknowledged_already_is_refused():
    script = subscribed("topic:a", then=[text(event()), closed()])
    with HostileServer(script) as server, connected(server) as client:
        stream = client.subscribe("topic:a")
        with pytest.raises(ValueError, match="manual"):
            stream.ack(next(stream))
        stream.close()
