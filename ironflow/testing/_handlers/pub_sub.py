"""Messages on topics, which share the numbers of events, but are not logged and start nothing."""

from __future__ import annotations

from .._call import Call
from .._engine.emitting import refuse_reserved
from .._engine.events import EventLog
from .._engine.feed import Topics
from .._engine.operations import TopicEdges
from .._engine.runs import Runs
from .._engine.state import Receipts, Record, only
from .._engine.subscriptions import Consumers, publish
from ._table import route


@route("POST", "/api/v1/publish")
def pub_sub_create(call: Call) -> Record:
    return only(publish_message(call), ("event_id", "sequence"))


@route("POST", "/ironflow.v1.PubSubService/Publish")
def publish_message(call: Call) -> Record:
    """Publish a message; whether its idempotency key was used before, REST does not show."""
    body, environment = call.body(), call.environment
    topic, key = body.text("topic"), body.key("idempotency_key")
    data, run = body.any("data"), environment.of(Runs).get(call.run_id or "")
    refuse_reserved(topic, "topic")
    if run is not None:
        environment.of(TopicEdges).add(run.function.id, topic)

    def act() -> Record:
        call.state.changed.notify_all()  # somebody may wait for this sequence number
        sequence, id = environment.of(EventLog).next_sequence(), environment.new_id("evt")
        environment.of(Topics).count(topic, sequence)
        publish(environment, id, (f"topic:{topic}",), data, sequence)
        return {"event_id": id, "sequence": sequence}

    receipts, what = environment.of(Receipts), ("publish", topic)
    is_repeat = (what, key) in receipts.replies
    return {**receipts.once(what, key, act), "duplicate": is_repeat}


@route("POST", "/ironflow.v1.PubSubService/ListTopics")
def list_topics(call: Call) -> Record:
    topics, consumers = call.environment.of(Topics), call.environment.of(Consumers)
    return {
        "topics": [
            {**topics[name], "consumer_count": len(consumers.of_topic(f"topic:{name}"))}
            for name in sorted(topics)
        ]
    }


@route("POST", "/ironflow.v1.PubSubService/GetTopicStats")
def get_topic_stats(call: Call) -> Record:
    name = call.body().text("topic")
    behind = call.environment.of(Consumers).of_topic(f"topic:{name}")
    figures = call.environment.of(Topics).get(name, {})
    return {"consumer_count": len(behind), "lag": sum(behind), **figures, "name": name}
