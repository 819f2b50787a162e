"""An order that is nothing but its events: rebuilt from its entity stream, changed by appending.

Start it with ``IRONFLOW_SERVER_URL=… python examples/event_sourced_order.py [ORDER]``; without the
id of an order it creates a new one. The server needs no preparation. Several programs may work on
one order at once: whoever comes second reads it again and decides anew.
"""

from __future__ import annotations

import sys
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ironflow import ConflictError, IronflowClient, IronflowError, NotFoundError

if TYPE_CHECKING:
    from ironflow import models

# Event: the status that an order must have for it, and the one that it has then.
RULES = {
    "order.placed": ("new", "open"),
    "order.item_added": ("open", "open"),
    "order.paid": ("open", "paid"),
    "order.cancelled": ("open", "cancelled"),
}
SNAPSHOT_EVERY = 3


def fold(state: dict[str, Any], name: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the state of an order after one more event."""
    _, status = RULES.get(name, ("", state["status"]))  # an unknown event leaves it as it is
    return {"status": status, "cents": state["cents"] + data.get("cents", 0)}


def load(client: IronflowClient, order_id: str) -> tuple[dict[str, Any], int]:
    """Return an order's state and version: its newest snapshot, and the events after it."""
    state, version = {"status": "new", "cents": 0}, 0
    with suppress(NotFoundError):  # there is none yet
        snapshot = client.streams_list_snapshots(order_id)
        state, version = snapshot["state"], snapshot["entity_version"]
    with suppress(NotFoundError):  # nor is there the order
        while events := client.streams_list_events(order_id, from_version=version + 1)["events"]:
            for event in events:
                state = fold(state, event["name"], event["data"] or {})
                version = event.get("entity_version", version + 1)
    return state, version


def record(client: IronflowClient, order_id: str, name: str, data: dict[str, Any]) -> str:
    """Append an event if the order's status allows it, and say what came of it."""
    event: models.AppendEntityEventRequest = {
        "entity_type": "order",
        "event_name": name,
        "data": data,
        "idempotency_key": "auto",  # a new one each time; a lost reply does not append it twice
    }
    for _ in range(5):
        state, event["expected_version"] = load(client, order_id)
        if state["status"] != RULES[name][0]:
            return f"{name} refused: the order is {state['status']}"
        try:
            version = client.streams_events(order_id, body=event)["entity_version"]
        except ConflictError:
            print(f"{name}: somebody else changed the order, reading it again")
            continue
        if version % SNAPSHOT_EVERY == 0:
            state = fold(state, name, data)
            client.streams_snapshots(
                order_id, body={"entity_type": "order", "entity_version": version, "state": state}
            )
        return f"{name} is version {version}"
    raise ConflictError(f"{order_id} is changed too often by others")


def main() -> None:
    order_id = sys.argv[1] if len(sys.argv) > 1 else f"order-{uuid.uuid4().hex[:8]}"
    try:
        with IronflowClient() as client:
            print(record(client, order_id, "order.placed", {"customer": "Alice"}))
            print(record(client, order_id, "order.item_added", {"item": "book", "cents": 1250}))
            print(record(client, order_id, "order.item_added", {"item": "pen", "cents": 300}))
            print(record(client, order_id, "order.paid", {"method": "card"}))
            state, version = load(client, order_id)
            print(f"{order_id} at version {version}: {state['status']}, {state['cents']} cents")
    except IronflowError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
