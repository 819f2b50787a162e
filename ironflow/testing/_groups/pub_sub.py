"""Messages on topics: numbered with the events, kept out of their log, starting no function."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._calls import Call
    from .._state import Record


def pub_sub_create(call: Call) -> Record:
    body, environment = call.body(), call.environment
    topic, key = body.text("topic"), body.text("idempotency_key", "")
    body.any("data")  # required; nobody can subscribe here yet, so it goes nowhere

    def publish() -> Record:
        call.state.changed.notify_all()  # a wait for a projection may be for this number
        return {"event_id": call.state.new_id("evt"), "sequence": environment.next_sequence()}

    return environment.once(("pub_sub_create", topic), key, publish)
