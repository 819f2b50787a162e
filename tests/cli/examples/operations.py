"""Example lines of what operators look at: breakers, debouncing, dead letters, webhooks, health."""

from __future__ import annotations

from ..rows import RPC, Json, Row, Says, Sent, ago, answered

_ENDPOINT = "https://my-app.example.com/api/handler"
_BREAKER = "bXktZnVuY3Rpb24taWR8aHR0cHM6Ly9teS1hcHAuZXhhbXBsZS5jb20vYXBpL2hhbmRsZXI"
_BREAKERS_OUT = f"""
FUNCTION_ID ENDPOINT STATE FAILS LAST_FAILURE
my-function-id {_ENDPOINT} open 5 <...>
"""


def _break(server, client):
    server.break_circuit("my-function-id", _ENDPOINT, fails=5)


def _is_closed(client, folder):
    return [found["state"] for found in client.circuit_breakers_list()] == ["closed"]


BREAKERS = [
    Row(
        "ironflow circuit-breaker list",
        _BREAKERS_OUT,
        [Sent("GET", "/circuit-breakers")],
        before=_break,
    ),
    Row(
        "ironflow circuit-breaker list --json",
        Json(
            [
                {
                    "key": ...,
                    "function_id": "my-function-id",
                    "endpoint": _ENDPOINT,
                    "state": "open",
                    "consecutive_fails": 5,
                    "last_failure": ...,
                }
            ]
        ),
        [Sent("GET", "/circuit-breakers")],
        before=_break,
    ),
    Row(
        "ironflow circuit-breaker list -s http://localhost:9000",
        _BREAKERS_OUT,
        [Sent("GET", "/circuit-breakers")],
        before=_break,
    ),
    Row(
        f"ironflow circuit-breaker reset {_ENDPOINT}",
        Says(_ENDPOINT),
        [Sent("GET", "/circuit-breakers"), Sent("POST", f"/circuit-breakers/{_BREAKER}/reset")],
        before=_break,
        after=_is_closed,
    ),
    Row(
        "ironflow circuit-breaker reset my-function-id",
        Says("my-function-id"),
        [Sent("GET", "/circuit-breakers"), Sent("POST", f"/circuit-breakers/{_BREAKER}/reset")],
        before=_break,
        after=_is_closed,
    ),
]


def _entry(key, environment_id="env_default"):
    return {
        "function_id": "my-fn-id",
        "debounce_key": key,
        "environment_id": environment_id,
        "event_id": "evt_abc123",
        "function_version": 1,
        "period_ms": 5000,
        "armed_at": "2026-01-01T00:00:00Z",
        "fires_at": "2026-01-01T00:00:05Z",
    }


_ENTRIES = [_entry("user-42"), _entry("key.with.dots", "env_prod1")]
_LISTED = ("GET", "/debounce/entries", _ENTRIES)
_ENTRIES_OUT = """
FUNCTION_ID KEY FIRES_AT PERIOD_MS EVENT_ID
my-fn-id user-42 <...> 5000 evt_abc123
my-fn-id key.with.dots <...> 5000 evt_abc123
"""
_CANCELLED = "/debounce/entries/env_default/my-fn-id"

DEBOUNCED = [
    Row(
        "ironflow debounce list",
        _ENTRIES_OUT,
        [Sent("GET", "/debounce/entries")],
        replies=[_LISTED],
    ),
    Row(
        "ironflow debounce list --json",
        Json(_ENTRIES),
        [Sent("GET", "/debounce/entries")],
        replies=[_LISTED],
    ),
    Row(
        "ironflow debounce list -s http://localhost:9000",
        _ENTRIES_OUT,
        [Sent("GET", "/debounce/entries")],
        replies=[_LISTED],
    ),
    Row(
        "ironflow debounce cancel my-fn-id user-42",
        Says("my-fn-id"),
        [Sent("GET", "/debounce/entries"), Sent("DELETE", f"{_CANCELLED}/dXNlci00Mg")],
        replies=[_LISTED, ("DELETE", f"{_CANCELLED}/dXNlci00Mg*", b"", 204)],
    ),
    answered(
        'ironflow debounce cancel my-fn-id "build:repo-7" --env env_default',
        Says("my-fn-id"),
        "DELETE",
        f"{_CANCELLED}/YnVpbGQ6cmVwby03",
        b"",
        204,
    ),
    Row(
        'ironflow debounce cancel my-fn-id "key.with.dots"',
        Says("my-fn-id"),
        [
            Sent("GET", "/debounce/entries"),
            Sent("DELETE", "/debounce/entries/env_prod1/my-fn-id/a2V5LndpdGguZG90cw"),
        ],
        replies=[
            _LISTED,
            ("DELETE", "/debounce/entries/env_prod1/my-fn-id/a2V5LndpdGguZG90cw*", b"", 204),
        ],
    ),
]


def _dead_letter(event_id):
    return {
        "id": f"outbox_{event_id}",
        "event_id": event_id,
        "environment_id": "env_prod1",
        "kind": "event",
        "topic": "events:order.placed",
        "attempts": 10,
        "last_error": "no response from stream",
        "created_at": "2026-01-01T00:00:00Z",
        "dead_at": "2026-01-01T00:10:00Z",
    }


_DEAD = {"items": [_dead_letter("evt_abc123")], "limit": 50, "offset": 0}
_DEAD_LIST = Sent(
    "GET", "/outbox/dead-letter", {"limit": "50"}, may={"offset": "0"}, environment="prod"
)
_DEAD_OUT = Says("evt_abc123", "events:order.placed", "no response from stream")
_REQUEUE = Sent("POST", "/outbox/dead-letter/evt_abc123/requeue", environment="prod")
_DISCARD = Sent("DELETE", "/outbox/dead-letter/evt_abc123", environment="prod")
_REQUEUED = (
    "POST",
    "/outbox/dead-letter/evt_abc123/requeue",
    {"event_id": "evt_abc123", "result": "requeued"},
)
_DISCARDED = (
    "DELETE",
    "/outbox/dead-letter/evt_abc123",
    {"event_id": "evt_abc123", "result": "discarded"},
)

OUTBOX = [
    Row(
        "ironflow outbox dlq list --env prod",
        _DEAD_OUT,
        [_DEAD_LIST],
        replies=[("GET", "/outbox/dead-letter", _DEAD)],
    ),
    Row(
        "IRONFLOW_ENV=prod ironflow outbox dlq list",
        _DEAD_OUT,
        [_DEAD_LIST],
        replies=[("GET", "/outbox/dead-letter", _DEAD)],
    ),
    Row(
        "ironflow outbox dlq list --env prod --limit 100 --json "
        "| jq '.items[] | {event_id, topic, last_error}'",
        Json(_DEAD),
        [_DEAD_LIST._replace(query={"limit": "100"})],
        replies=[("GET", "/outbox/dead-letter", _DEAD)],
    ),
    Row(
        "ironflow outbox dlq requeue evt_abc123 --env prod",
        Says("evt_abc123"),
        [_REQUEUE],
        replies=[_REQUEUED],
    ),
    Row(
        "ironflow outbox dlq list --env prod --json | jq -r '.items[].event_id' "
        '| while read id; do ironflow outbox dlq requeue "$id" --env prod; done',
        Json({**_DEAD, "items": [_dead_letter("evt_abc123"), _dead_letter("evt_def456")]}),
        [
            _DEAD_LIST,
            _REQUEUE,
            _REQUEUE._replace(path="/outbox/dead-letter/evt_def456/requeue"),
        ],
        replies=[
            (
                "GET",
                "/outbox/dead-letter",
                {**_DEAD, "items": [_dead_letter("evt_abc123"), _dead_letter("evt_def456")]},
            ),
            _REQUEUED,
            (
                "POST",
                "/outbox/dead-letter/evt_def456/requeue",
                {"event_id": "evt_def456", "result": "requeued"},
            ),
        ],
    ),
    Row(
        "ironflow outbox dlq discard evt_abc123 --env prod # prompts y/N",
        Says("y/N", "evt_abc123"),
        [_DISCARD],
        replies=[_DISCARDED],
        typed="y",
    ),
    Row(
        "ironflow outbox dlq discard evt_abc123 --env prod --yes # non-interactive",
        Says("evt_abc123"),
        [_DISCARD],
        replies=[_DISCARDED],
    ),
]

_SOURCES_RPC = f"{RPC}WebhookService/ListWebhookSources"
_SOURCES = {
    "sources": [
        {
            "id": "stripe",
            "event_prefix": "webhook/stripe",
            "source_type": "api",
            "verify_header": "Stripe-Signature",
            "verify_algorithm": "hmac-sha256",
            "created_at": "2025-01-15T12:00:05Z",
        },
        {
            "id": "github",
            "event_prefix": "webhook/github",
            "source_type": "sdk",
            "created_at": "2025-01-15T11:00:00Z",
        },
    ],
    "total_count": 2,
}
_DELIVERIES_RPC = f"{RPC}WebhookService/ListWebhookDeliveries"


def _delivery(id, source, status, second, **members):
    return {
        "id": id,
        "source_id": source,
        "status": status,
        **members,
        "created_at": f"2025-01-15T12:{second}Z",
    }


_DELIVERIES = {
    "deliveries": [
        _delivery(
            "del_abc123",
            "stripe",
            "accepted",
            "00:05",
            event_id="evt_def456",
            external_id="evt_stripe_1",
        ),
        _delivery("del_abc124", "stripe", "deduplicated", "00:06", external_id="evt_stripe_1"),
        _delivery("del_abc125", "github", "rejected", "01:00", error="missing signature"),
    ],
    "total_count": 3,
}
_DELIVERIES_OUT = """
ID SOURCE STATUS EVENT ID EXTERNAL ID ERROR CREATED
del_abc123 stripe accepted evt_def456 evt_stripe_1 - 2025-01-15 12:00:05
del_abc124 stripe deduplicated - evt_stripe_1 - 2025-01-15 12:00:06
del_abc125 github rejected - - missing signature 2025-01-15 12:01:00
"""


def _deliveries(**body):
    return [Sent("POST", _DELIVERIES_RPC, body=body)]


WEBHOOKS = [
    answered(
        "ironflow webhook list",
        """
        ID EVENT PREFIX TYPE VERIFY HEADER ALGORITHM CREATED
        stripe webhook/stripe api Stripe-Signature hmac-sha256 2025-01-15 12:00:05
        github webhook/github sdk - - 2025-01-15 11:00:00
        """,
        "POST",
        _SOURCES_RPC,
        _SOURCES,
    ),
    answered("ironflow webhook list --json", Json(_SOURCES), "POST", _SOURCES_RPC, _SOURCES),
    Row(
        "ironflow webhook deliveries",
        _DELIVERIES_OUT,
        _deliveries(limit=20),
        replies=[("POST", _DELIVERIES_RPC, _DELIVERIES)],
    ),
    Row(
        "ironflow webhook deliveries --provider stripe",
        _DELIVERIES_OUT,
        _deliveries(source_id="stripe", limit=20),
        replies=[("POST", _DELIVERIES_RPC, _DELIVERIES)],
    ),
    Row(
        "ironflow webhook deliveries --provider stripe --status rejected",
        _DELIVERIES_OUT,
        _deliveries(source_id="stripe", status="rejected", limit=20),
        replies=[("POST", _DELIVERIES_RPC, _DELIVERIES)],
    ),
    Row(
        "ironflow webhook deliveries --limit 100 --json",
        Json(_DELIVERIES),
        _deliveries(limit=100),
        replies=[("POST", _DELIVERIES_RPC, _DELIVERIES)],
    ),
    Row(
        "ironflow webhook test --provider stripe "
        '--payload \'{"type":"charge.succeeded","data":{"amount":2000}}\'',
        Says("Webhook delivered successfully (HTTP 200)\n", '"accepted"', '"del_1"', '"evt_1"'),
        [
            Sent(
                "POST",
                "/webhooks/stripe",
                body={"type": "charge.succeeded", "data": {"amount": 2000}},
            )
        ],
        after=lambda client, _: (
            [event["name"] for event in client.events_list()["events"]]
            == ["webhook/stripe.charge.succeeded"]
        ),
    ),
    Row(
        'ironflow webhook test --provider github --payload \'{"action":"push"}\' '
        "--server http://localhost:9000",
        Says("Webhook delivered successfully (HTTP 200)\n", '"accepted"', '"del_1"', '"evt_1"'),
        [Sent("POST", "/webhooks/github", body={"action": "push"})],
    ),
]

_INFO_RPC = f"{RPC}IronflowService/Info"
_HEALTH = {"status": "healthy", "timestamp": "2026-01-01T00:00:00Z", "version": "0.5.0"}
_HEALTH_AND_INFO = [
    ("GET", "/health", _HEALTH),
    (
        "POST",
        _INFO_RPC,
        lambda: {
            "version": "0.5.0",
            "goVersion": "go1.25.0",
            "startedAt": ago(2 * 3600 + 15 * 60),
            "functionCount": 3,
            "activeRuns": 1,
            "connectedWorkers": 2,
        },
    ),
]
_INFO_OUT = """
Server: {url}
Version: 0.5.0
Status: healthy
Uptime: 2h15m<...>s
Go: go1.25.0
Functions: 3 registered
Runs: 1 active
Workers: 2 connected
"""

SERVER = [
    Row(
        "ironflow server info",
        _INFO_OUT,
        [Sent("GET", "/health"), Sent("POST", _INFO_RPC)],
        replies=_HEALTH_AND_INFO,
    ),
    Row(
        "ironflow server info --json",
        # The reference does not say how the two replies are put together.
        Json(lambda value: '"healthy"' in str(value).replace("'", '"') and "go1.25" in str(value)),
        [Sent("GET", "/health"), Sent("POST", _INFO_RPC)],
        replies=_HEALTH_AND_INFO,
    ),
    Row(
        "ironflow server info --server http://localhost:9000",
        _INFO_OUT,
        [Sent("GET", "/health"), Sent("POST", _INFO_RPC)],
        replies=_HEALTH_AND_INFO,
    ),
]
