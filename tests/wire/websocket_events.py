"""A WebSocket without a socket, and the events of the bytes that it is given, to compare."""

from __future__ import annotations

import pytest

from ironflow._wire.websocket import ProtocolError, WebSocket

from ..frames import KEY

LIMIT = 1 << 20

both_sides = pytest.mark.parametrize("client", [True, False], ids=["client", "server"])


def make(client=True, limit=LIMIT):
    return WebSocket(client=client, max_message_bytes=limit, random=lambda size: KEY[:size])


def plain(event):
    """Return an event as a plain tuple: named tuples of different types can be equal."""
    return (type(event).__name__, *event)


def events_of(websocket):
    """Return all events there are; the last one is the error if one is raised."""
    events = []
    try:
        while (event := websocket.next_event()) is not None:
            events.append(plain(event))
    except ProtocolError as error:
        events.append(("ProtocolError", error.code, str(error)))
    return events


def received(data, *, client=True, limit=LIMIT):
    """Return the events of bytes that come all at once."""
    websocket = make(client, limit)
    websocket.receive(data)
    return events_of(websocket)


def refusal(data, *, client=True, limit=LIMIT):
    """Return code and text of the error that bytes cause, before which nothing else comes."""
    [(kind, code, problem)] = received(data, client=client, limit=limit)
    assert kind == "ProtocolError"
    return code, problem
