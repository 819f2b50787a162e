"""Commands with the flags that no example line of the reference shows."""

from __future__ import annotations

from ..rows import Json, Row, Says, Sent, answered
from .audit import AUTH, AUTH_OUT, AUTH_RPC
from .data import at_version
from .events import SCHEMAS_REPLY, SYNC, processed
from .outputs import POLICY
from .projections import caught_up, job

_LOG = {"events": [], "total": 0}
_MATCHED = {"matched": True, "condition_source": 'subject.org == "acme"'}
_ROLE = {
    "id": "role_a1b2c3d4",
    "name": "billing-team",
    "org_id": "org_default",
    "is_default": False,
    "created_at": "2026-01-01T00:00:00Z",
}
_PROJECTION_STATUS = {
    "name": "orders",
    "status": "active",
    "mode": "managed",
    "last_event_seq": 7,
    "error_message": "",
    "updated_at": "2026-01-01T00:00:00Z",
}


def _in_production(server, client):
    client.environments_create(body={"name": "production"})
    client.with_options(environment="production").secrets_create(
        body={"name": "API_KEY", "value": "sk-before"}
    )


def _bypasses(body):
    return True in body.values() and "incident-217" in body.values()


def _shows_json(line, path, reply):
    """A command whose ``--json`` is the whole reply of a GET."""
    return answered(f"{line} --json", Json(reply), "GET", path, reply)


ROWS = [
    answered(
        "ironflow audit auth-trail --org org_default --to 2026-01-02T00:00:00Z --limit 7",
        AUTH_OUT,
        "POST",
        AUTH_RPC,
        AUTH,
        body={"org_id": "org_default", "to_timestamp": "2026-01-02T00:00:00Z", "limit": 7},
    ),
    answered(
        "ironflow event schema list --limit 7",
        Says("EVENT", "VERSION", "DESCRIPTION", "REGISTERED", "order.created"),
        "GET",
        "/events/schemas",
        SCHEMAS_REPLY,
        query={"limit": "7"},
    ),
    Row(
        "ironflow function list --limit 7",
        "ID TRIGGERS MODE",
        [Sent("GET", "/functions", {"limit": "7"})],
    ),
    answered(
        "ironflow invoke generate-report -f input.json -m source=cli -t 90s",
        Says("Invoking generate-report", "✓ generate-report completed in 1200ms"),
        "POST",
        SYNC,
        processed("generate-report"),
        body={
            "event": "ironflow.invoke.generate-report",
            "data": {"months": [1]},
            "metadata": {"source": "cli"},
            "timeout_ms": 90000,
        },
        may={"idempotency_key": ...},
        files={"input.json": '{"months": [1]}'},
    ),
    Row(  # the route that invokes a function takes no metadata
        "ironflow invoke charge --no-wait -m source=cli",
        """
        Invoked charge (event: evt_1)
        Run ID: run_1
        """,
        [
            Sent(
                "POST",
                "/events",
                body={
                    "name": "ironflow.invoke.charge",
                    "data": {},
                    "metadata": {"source": "cli"},
                },
                may={"version": 1},
            )
        ],
        before=lambda server, client: server.function("charge")(lambda event: {"ok": True}),
    ),
    Row(
        "ironflow outbox dlq list --env default --offset 20",
        Says("EVENT"),
        [
            Sent(
                "GET",
                "/outbox/dead-letter",
                {"limit": "50", "offset": "20"},
                environment="default",
            )
        ],
    ),
    answered(
        "ironflow platform audit --cursor audit_7",
        Says("0"),
        "GET",
        "/platform/audit",
        _LOG,
        query={"cursor": "audit_7"},
        may={"limit": "0"},
    ),
    Row(
        "ironflow policy create --name p --effect deny --actions a --resources r "
        "--bypass-self-lockout-preflight --bypass-reason incident-217",
        "Created policy: p (id: pol_1)",
        [Sent("POST", "/policies", body=lambda body: len(body) == 6 and _bypasses(body))],
    ),
    _shows_json("ironflow policy get pol_x1y2z3", "/policies/pol_x1y2z3", POLICY),
    answered(
        "ironflow policy update pol_x1y2z3 --name new --actions a,b --resources irn:x",
        Says("pol_x1y2z3"),
        "PATCH",
        "/policies/pol_x1y2z3",
        POLICY,
        body={"name": "new", "actions": "a,b", "resources": "irn:x"},
    ),
    answered(
        "ironflow policy test --condition \"subject.org == 'acme'\" "
        "--request-file request.json --subject-file subject.json --json",
        Json(_MATCHED),
        "POST",
        "/policies/dry-run",
        _MATCHED,
        body={
            "condition": "subject.org == 'acme'",
            "request": {"action": "read"},
            "subject": {"id": "u1"},
        },
        files={"request.json": '{"action": "read"}', "subject.json": '{"id": "u1"}'},
    ),
    answered(
        "ironflow policy test --condition true --request '{\"a\": 1}' --request-file none.json",
        "Condition: true\nMatched: true",
        "POST",
        "/policies/dry-run",
        {"matched": True, "condition_source": "true"},
        body={"condition": "true", "request": {"a": 1}},
    ),
    answered(
        "ironflow policy test --condition 'a +'",
        Says("Condition: a +\n", "Matched: false\n", "unexpected end"),
        "POST",
        "/policies/dry-run",
        {
            "matched": False,
            "condition_source": "a +",
            "compile_error": "unexpected end",
        },
        body={"condition": "a +"},
        code=1,
        err=None,
    ),
    _shows_json("ironflow policy versions list pol_x1y2z3", "/policies/pol_x1y2z3/versions", []),
    _shows_json("ironflow policy template list", "/policy-templates", []),
    Row(
        "ironflow projection list --json",
        Json({"projections": [], "count": 0}),
        [Sent("GET", "/projections", may={"limit": ..., "offset": "0"})],
    ),
    Row(
        "ironflow projection status orders --json",
        Json(lambda reply: all(item in reply.items() for item in _PROJECTION_STATUS.items())),
        None,
        replies=[("GET", "/projections/orders/status", _PROJECTION_STATUS)],
    ),
    answered(
        "ironflow projection rebuild orders-by-customer --json",
        Json(job("running")),
        "POST",
        "/projections/orders-by-customer/rebuild",
        job("running"),
        may={"dry_run": False},
    ),
    answered(
        "ironflow projection wait-for-event evt_abc --projection order-view --partition t",
        Says("order-view"),
        "POST",
        "/projections/wait-for-event",
        caught_up(),
        body={
            "event_id": "evt_abc",
            "projection": "order-view",
            "partition": "t",
            "timeout_ms": 30000,
        },
        err=None,
    ),
    _shows_json("ironflow role get role_a1b2c3d4", "/roles/role_a1b2c3d4", _ROLE),
    Row(
        "ironflow secret list --env production",
        Says("API_KEY"),
        [Sent("GET", "/secrets", environment="production")],
        before=_in_production,
    ),
    Row(
        "ironflow secret get API_KEY -e production",
        Says("API_KEY"),
        [Sent("GET", "/secrets/API_KEY", environment="production")],
        before=_in_production,
    ),
    Row(
        "ironflow secret delete API_KEY --env production",
        Says("API_KEY"),
        [Sent("DELETE", "/secrets/API_KEY", environment="production")],
        before=_in_production,
    ),
    Row(
        "ironflow secret set API_KEY sk-abc123 -e production -d 'what it is for'",
        Says("API_KEY"),
        [  # what is there already is updated
            Sent("POST", "/secrets", body=..., environment="production"),
            Sent(
                "PUT",
                "/secrets/API_KEY",
                body={"value": "sk-abc123", "description": "what it is for"},
                environment="production",
            ),
        ],
        before=_in_production,
    ),
    Row(
        'ironflow sql "SELECT 1 AS one" --timeout 250 --max-rows 7',
        "one\n1",
        [
            Sent(
                "POST",
                "/sql",
                body={"query": "SELECT 1 AS one", "timeout_ms": 250, "max_rows": 7},
            )
        ],
    ),
    Row(
        "ironflow stream append order-1 --type Order --event order.paid --version 2 "
        "--idempotency-key once --json",
        Json({"event_id": "evt_1", "entity_version": 1}),
        [
            Sent(
                "POST",
                "/streams/order-1/events",
                body={
                    "entity_type": "Order",
                    "event_name": "order.paid",
                    "data": {},
                    "version": 2,
                    "idempotency_key": "once",
                },
                may={"expected_version": -1},
            )
        ],
    ),
    Row(
        "ironflow stream info order-1 --json",
        Json(lambda reply: (reply["entity_id"], reply["version"]) == ("order-1", 2)),
        [Sent("GET", "/streams/order-1")],
        before=at_version(2),
    ),
    Row(
        "ironflow stream list --json",
        Json(lambda reply: reply["total_count"] == 1 and len(reply["streams"]) == 1),
        [Sent("GET", "/streams", {"limit": "50"}, may={"offset": "0"})],
        before=at_version(2),
    ),
]
