"""Example lines that follow what happens until they are interrupted."""

from __future__ import annotations

from typing import Any, NamedTuple


class Follow(NamedTuple):
    """A command that follows, and what it has to show.

    Attributes:
        line: The command as the reference has it.
        patterns: What it subscribes to.
        happen: Called with server and client; makes what the command has to show. None where the
            local server has nothing of the kind.
        topic, data: An event, as a server sends it.
        words: What the line that shows the local server's own event has in it.
        replay: How many past events it asks for.
    """

    line: str
    patterns: list[str]
    happen: Any
    topic: str
    data: dict[str, Any]
    words: list[str]
    replay: int = 0


def _run(server, client):
    server.function("process-order", triggers=["order.placed"])(lambda event: {"done": True})
    _placed(server, client)
    server.wait_until_idle()


def _placed(server, client):
    client.events_create(body={"name": "order.placed", "data": {"order_id": "123"}})


def _shipped(server, client):
    client.streams_events(
        "order-123",
        body={"entity_type": "Order", "event_name": "order.shipped", "data": {"by": "boat"}},
    )


_RUN = ("system.run.run_1.completed", {"run_id": "run_1"}, ["system.run.", "run_1"])
_PLACED = ("events:order.placed", {"order_id": "123"}, ["order.placed", "123"])
_SHIPPED = ("entity:Order.order-123.order.shipped", {"by": "boat"}, ["order.shipped", "boat"])
_TOTALS = (
    "system.projection.order-totals.customer-1.updated",
    {"state": {"orders": 15}, "last_event_id": "evt_1"},
    ["order-totals", "15"],
)
_ENTITY = ["entity:*.order-123.*"]
_PROJECTION = ["system.projection.order-totals.>"]

ROWS = [
    Follow('ironflow subscribe "system.run.>"', ["system.run.>"], _run, *_RUN),
    Follow('ironflow subscribe "events:order.placed"', ["events:order.placed"], _placed, *_PLACED),
    Follow(
        'ironflow subscribe --replay 10 "system.run.>" "events:>"',
        ["system.run.>", "events:>"],
        _placed,
        *_PLACED,
        replay=10,
    ),
    Follow("ironflow stream subscribe order-123", _ENTITY, _shipped, *_SHIPPED),
    Follow(
        "ironflow stream subscribe order-123 --replay 10", _ENTITY, _shipped, *_SHIPPED, replay=10
    ),
    Follow("ironflow stream subscribe order-123 --json", _ENTITY, _shipped, *_SHIPPED),
    Follow("ironflow projection watch order-totals", _PROJECTION, None, *_TOTALS),
    Follow(
        "ironflow projection watch order-totals --replay 10",
        _PROJECTION,
        None,
        *_TOTALS,
        replay=10,
    ),
    Follow("ironflow projection watch order-totals --json", _PROJECTION, None, *_TOTALS),
]
