"""The function and projections of the SDK document, for the demo and the command line."""

from __future__ import annotations

from typing import Any

from . import LocalServer, StepTools


def add_samples(server: LocalServer) -> None:
    """Register the function and the projections that the SDK document uses."""

    @server.function("process-order", triggers=["order.*"], name="Process Order")
    def process_order(event: dict[str, Any], step: StepTools) -> dict[str, Any]:
        order = step.run("validate-input", lambda: event["data"])
        step.sleep("wait-for-payment", 60)
        return {"order_id": order.get("order_id"), "confirmed": True}

    @server.projection("order_stats", events=["order.>"], description="Orders by event name")
    def order_stats(state: dict[str, Any], event: dict[str, Any]) -> None:
        row = state.setdefault(event["name"], {"event": event["name"], "orders": 0})
        row["orders"] += 1

    @server.projection("my-projection", events=["order.>"], initial={"total_orders": 0})
    def my_projection(state: dict[str, Any], event: dict[str, Any]) -> None:
        state["total_orders"] += 1
