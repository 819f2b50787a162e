"""Messages on topics: numbered with the events, kept out of their log, starting no function."""

from __future__ import annotations

from .._call import Call
from .._engine.events import EventLog
from .._engine.state import Receipts, Record
from ._table import route


@route("POST", "/api/v1/publish")
def pub_sub_create(call: Call) -> Record:
    body, environment = call.body(), call.environment
    topic, key = body.text("topic"), body.text("idempotency_key", "")
    body.any("data")  # required, but dropped: nobody can subscribe here yet

    def publish() -> Record:
        call.state.changed.notify_all()  # somebody may wait for this sequence number
        sequence = environment.of(EventLog).next_sequence()
        return {"event_id": environment.new_id("evt"), "sequence": sequence}

    return environment.of(Receipts).once(("publish", topic), key, publish)
