"""Example lines of secrets, SQL, entity streams and topics."""

from __future__ import annotations

from ..rows import RPC, Json, Lines, Row, Says, Sent, answered


def _with_secret(server, client):
    client.secrets_create(
        body={"name": "API_KEY", "value": "sk-before", "description": "OpenAI API key"}
    )


SECRETS = [
    Row(
        "ironflow secret list",
        Says("API_KEY", "OpenAI API key"),
        [Sent("GET", "/secrets")],
        before=_with_secret,
    ),
    Row(
        'ironflow secret set API_KEY sk-abc123 --description "OpenAI API key"',
        Says("API_KEY"),
        [
            Sent(
                "POST",
                "/secrets",
                body={"name": "API_KEY", "value": "sk-abc123", "description": "OpenAI API key"},
            )
        ],
        after=lambda client, _: client.secrets_get("API_KEY")["revision"] == 1,
    ),
    Row(
        "ironflow secret set DB_PASSWORD mypass --env production",
        Says("DB_PASSWORD"),
        [
            Sent(
                "POST",
                "/secrets",
                body={"name": "DB_PASSWORD", "value": "mypass"},
                may={"description": ""},
                environment="production",
            )
        ],
        before=lambda server, client: client.environments_create(body={"name": "production"}),
        after=lambda client, _: (
            client.with_options(environment="production").secrets_get("DB_PASSWORD")["revision"]
            == 1
        ),
    ),
    Row(
        "ironflow secret get API_KEY",
        Says("API_KEY", "OpenAI API key"),
        [Sent("GET", "/secrets/API_KEY")],
        before=_with_secret,
    ),
    Row(
        "ironflow secret delete API_KEY",
        Says("API_KEY"),
        [Sent("DELETE", "/secrets/API_KEY")],
        before=_with_secret,
        after=lambda client, _: client.secrets_list() == [],
    ),
]


def _with_events(server, client):
    for entity, name in (("order-123", "order.placed"), ("order-124", "order.placed")):
        client.streams_events(
            entity, body={"entity_type": "Order", "event_name": name, "data": {"amount": 1}}
        )
    client.events_create(body={"name": "order.paid", "data": {}})


def _with_failed_run(server, client):
    @server.function("charge", triggers=["order.placed"], name="Charge, with care")
    def charge(event):
        raise ValueError("card declined")

    client.events_create(body={"name": "order.placed", "data": {}})
    server.wait_for_run("run_1")


def _query(text):
    body = {"query": text, "timeout_ms": 5000, "max_rows": 1000}
    return [Sent("POST", "/sql", body=body)]


def _is_event(row):
    return row["entity_id"] == "order-123" and row["name"] == "order.placed"


SQL = [
    Row(
        'ironflow sql "SELECT name, COUNT(*) AS total FROM events GROUP BY name"',
        """
        name total
        order.paid 1
        order.placed 2
        """,
        _query("SELECT name, COUNT(*) AS total FROM events GROUP BY name"),
        before=_with_events,
    ),
    Row(
        "ironflow sql \"SELECT id, status FROM runs WHERE status = 'failed' LIMIT 10\"",
        """
        id status
        run_1 failed
        """,
        _query("SELECT id, status FROM runs WHERE status = 'failed' LIMIT 10"),
        before=_with_failed_run,
    ),
    Row(
        "ironflow sql \"SELECT * FROM events WHERE entity_id = 'order-123'\" --format json",
        Json([_is_event]),
        _query("SELECT * FROM events WHERE entity_id = 'order-123'"),
        before=_with_events,
    ),
    Row(
        'ironflow sql "SELECT id, name FROM functions" --format csv',
        """
        id,name
        charge,"Charge, with care"
        """,
        _query("SELECT id, name FROM functions"),
        before=_with_failed_run,
    ),
    Row(
        "ironflow sql \"SELECT * FROM events\" --format jsonl | jq '.name'",
        Lines([_is_event, lambda row: row["entity_id"] == "order-124", lambda row: row["data"]]),
        _query("SELECT * FROM events"),
        before=_with_events,
    ),
]


def at_version(version):
    """An order's stream with that many events."""

    def before(server, client):
        for _ in range(version):
            client.streams_events(
                "order-1", body={"entity_type": "Order", "event_name": "order.changed", "data": {}}
            )

    return before


def _appended(name, data, expected=-1):
    return Sent(
        "POST",
        "/streams/order-1/events",
        body={
            "entity_type": "Order",
            "event_name": name,
            "data": data,
            "expected_version": expected,
        },
        may={"version": 1, "idempotency_key": "", "run_id": ""},
    )


def _receipt(number):
    return f"""
    Event appended: evt_{number}
    Entity: order-1
    Version: {number}
    """


def _event(version, name, data, moment):
    return {
        "id": f"evt_{version}",
        "environment_id": "env_default",
        "name": name,
        "data": data,
        "entity_id": "order-1",
        "entity_type": "Order",
        "entity_version": version,
        "processed": True,
        "source": "api",
        "version": 1,
        "timestamp": moment,
        "created_at": moment,
    }


_STREAM = {
    "events": [
        _event(1, "order.placed", {"amount": 100}, "2025-01-15T12:00:05Z"),
        _event(2, "order.paid", {"payment_id": "pay_123"}, "2025-01-15T12:01:30Z"),
    ],
    "total_count": 2,
}
_STREAM_OUT = """
VERSION NAME DATA TIMESTAMP
1 order.placed {"amount":100} 2025-01-15 12:00:05
2 order.paid {"payment_id":"pay_123"} 2025-01-15 12:01:30
"""


def _read(flags, out, **query):
    defaults = {"from_version": "0", "direction": "forward"}
    return answered(
        f"ironflow stream read order-1{flags}",
        out,
        "GET",
        "/streams/order-1/events",
        _STREAM,
        query={"limit": "100", **query},
        may={name: value for name, value in defaults.items() if name not in query},
    )


STREAMS = [
    Row(
        "ironflow stream append order-1 --type Order --event order.placed "
        "--data '{\"amount\": 100}'",
        _receipt(1),
        [_appended("order.placed", {"amount": 100})],
    ),
    Row(
        "ironflow stream append order-1 --type Order --event order.paid --data-file payment.json",
        _receipt(2),
        [_appended("order.paid", {"payment_id": "pay_123"})],
        files={"payment.json": '{"payment_id": "pay_123"}'},
        before=at_version(1),
    ),
    Row(
        "ironflow stream append order-1 --type Order --event order.shipped --expected-version 2",
        _receipt(3),
        [_appended("order.shipped", {}, expected=2)],
        before=at_version(2),
    ),
    Row(
        'echo \'{"status": "done"}\' | ironflow stream append order-1 --type Order '
        "--event order.completed",
        _receipt(1),
        [_appended("order.completed", {"status": "done"})],
    ),
    _read("", _STREAM_OUT),
    _read(" --limit 10", _STREAM_OUT, limit="10"),
    _read(
        " --from-version 5 --direction backward",
        _STREAM_OUT,
        from_version="5",
        direction="backward",
    ),
    _read(" --json", Json(_STREAM)),
]

_TOPICS_RPC = f"{RPC}PubSubService/ListTopics"
_STATS_RPC = f"{RPC}PubSubService/GetTopicStats"
_TOPICS = {
    "topics": [
        {"name": "order.processed", "messageCount": "42", "consumerCount": 2},
        {"name": "user.signup", "messageCount": "15", "consumerCount": 1},
    ]
}
_STATS = {
    "name": "order.processed",
    "messageCount": "42",
    "consumerCount": 2,
    "lag": "5",
    "firstSeq": "1",
    "lastSeq": "42",
}
_PUBLISHED = "Published to order.processed (event_id=evt_1, seq=1)"


def _published(data, **body):
    return Sent(
        "POST",
        "/publish",
        body={"topic": "order.processed", "data": data, **body},
        may={} if body else {"idempotency_key": ""},
    )


TOPICS = [
    answered(
        "ironflow topic list",
        """
        NAME MESSAGES CONSUMERS
        order.processed 42 2
        user.signup 15 1
        """,
        "POST",
        _TOPICS_RPC,
        _TOPICS,
    ),
    answered(
        "ironflow topic list --json",
        Json(
            {
                "topics": [
                    {"name": "order.processed", "message_count": "42", "consumer_count": 2},
                    {"name": "user.signup", "message_count": "15", "consumer_count": 1},
                ]
            }
        ),
        "POST",
        _TOPICS_RPC,
        _TOPICS,
    ),
    answered(
        "ironflow topic stats order.processed",
        """
        Topic: order.processed
        Messages: 42
        Consumers: 2
        Lag: 5
        First Seq: 1
        Last Seq: 42
        """,
        "POST",
        _STATS_RPC,
        _STATS,
        body={"topic": "order.processed"},
    ),
    answered(
        "ironflow topic stats order.processed --json",
        Json(
            {
                "name": "order.processed",
                "message_count": "42",
                "consumer_count": 2,
                "lag": "5",
                "first_seq": "1",
                "last_seq": "42",
            }
        ),
        "POST",
        _STATS_RPC,
        _STATS,
        body={"topic": "order.processed"},
    ),
    Row(
        'ironflow topic publish order.processed --data \'{"orderId": "123", "status": "shipped"}\'',
        _PUBLISHED,
        [_published({"orderId": "123", "status": "shipped"})],
    ),
    Row(
        "ironflow topic publish order.processed --data-file payload.json",
        _PUBLISHED,
        [_published({"orderId": "124"})],
        files={"payload.json": '{"orderId": "124"}'},
    ),
    Row(
        'echo \'{"orderId": "123"}\' | ironflow topic publish order.processed',
        _PUBLISHED,
        [_published({"orderId": "123"})],
    ),
    Row(
        'ironflow topic publish order.processed --data \'{"orderId": "123"}\' '
        "--idempotency-key order-123-shipped",
        _PUBLISHED,
        [_published({"orderId": "123"}, idempotency_key="order-123-shipped")],
    ),
]
