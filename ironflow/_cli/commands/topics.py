"""Topics: lightweight messages between services."""

from __future__ import annotations

from ..data import data_of
from ..show import Column, Details, Table, Text
from ..table import STRING, Argument, Call, Command, Flag
from ._common import DATA, NAME, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..session import Session

TOPIC = Argument("topic", "Name of the topic, such as order.processed")


def _publish(session: Session) -> Any:
    body = {"topic": session.given["topic"], "data": data_of(session, any_json=True)}
    if session.given["idempotency_key"]:
        body["idempotency_key"] = session.given["idempotency_key"]
    return session.call("pub_sub_publish", body)


COMMANDS = [
    Command(
        "topic list",
        "List the topics in use.",
        call=Call("pub_sub_list_topics"),
        show=Table(
            "topics",
            NAME,
            Column("MESSAGES", "message_count", counted),
            Column("CONSUMERS", "consumer_count", counted),
        ),
    ),
    Command(
        "topic stats",
        "Show the figures of a topic.",
        TOPIC,
        call=Call("pub_sub_get_topic_stats", body={"topic": "topic"}),
        show=Details(
            Column("Topic", "name"),
            Column("Messages", "message_count", counted),
            Column("Consumers", "consumer_count", counted),
            Column("Lag", "lag", counted),
            Column("First Seq", "first_seq", counted),
            Column("Last Seq", "last_seq", counted),
        ),
    ),
    Command(
        "topic publish",
        "Publish a message to a topic; no function starts running.",
        TOPIC,
        *DATA,
        Flag("idempotency-key", STRING, "Key by which the server recognizes a repeat"),
        run=_publish,
        show=Text("Published to {topic} (event_id={event_id}, seq={sequence})"),
    ),
]
