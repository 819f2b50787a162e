"""Commands whose other rows have the reference's replies: here the local server gives its own."""

from __future__ import annotations

from ..rows import Json, Row, Says


def _row(line, out, before, **more):
    return Row(line, out, None, before=before, **more)


def _run(server, client):
    server.function("charge", triggers=["order.placed"], description="Charges a card")(
        lambda event, step: step.run("pay", lambda: {"paid": event["data"]["amount"]})
    )
    client.events_create(body={"name": "order.placed", "data": {"amount": 5}})
    server.wait_for_run("run_1")


def _topic(server, client):
    for number in range(2):
        client.pub_sub_publish(body={"topic": "order.processed", "data": {"number": number}})


def _delivery(server, client):
    client.request(
        "POST",
        "/api/v1/webhooks/stripe",
        headers={"Content-Type": "application/json"},
        body=b'{"id": "evt_stripe_1", "type": "charge"}',
    )


def _projection(server, client):
    server.projection("sales", events=["sale.*"])(
        lambda state, event: {"count": state.get("count", 0) + 1}
    )
    for _ in range(2):
        client.events_create(body={"name": "sale.made", "data": {}})


def _accounts(server, client):
    client.orgs_create(body={"name": "acme"})
    role = client.roles_create(body={"name": "billing"})
    client.api_keys_create(body={"name": "nightly", "role_ids": [role["id"]]})


_TIME = "20<...>-<...>-<...>T<...>Z"
_MOMENT = "20<...>-<...>-<...> <...>:<...>:<...>"

ROWS = [
    _row(
        "ironflow audit trail run_1",
        """
        TIMESTAMP EVENT TYPE STEP ID PAYLOAD
        <...>:<...>:<...>.<...> run.created - {<...>}
        <...>:<...>:<...>.<...> step.started <...> {<...>}
        <...>:<...>:<...>.<...> step.completed <...> {<...>}
        <...>:<...>:<...>.<...> run.status_changed - {<...>}
        Total: 4 events
        """,
        _run,
    ),
    _row(
        "ironflow audit trail run_1 --type step.completed --json",
        Json(
            lambda reply: [event["event_type"] for event in reply["events"]] == ["step.completed"]
        ),
        _run,
    ),
    _row(
        "ironflow run list", f"ID FUNCTION STATUS STARTED\nrun_1 charge completed {_MOMENT}", _run
    ),
    _row(
        "ironflow run get run_1",
        f"""
        ID: run_1
        Function: charge
        Status: completed
        Mode: push
        Event: evt_1
        Started: {_TIME}
        Ended: {_TIME}
        Duration: <...>s
        """,
        _run,
    ),
    _row(
        "ironflow function get charge",
        """
        ID: charge
        Name: charge
        Description: Charges a card
        Mode: push
        Endpoint: -
        Triggers: order.placed
        """,
        _run,
    ),
    _row(
        "ironflow run cancel run_1",
        "",
        _run,
        code=1,
        err="error: run is already completed (CONFLICT, HTTP 409)",
    ),
    _row("ironflow topic list", "NAME MESSAGES CONSUMERS\norder.processed 2 0", _topic),
    _row(
        "ironflow topic stats order.processed",
        """
        Topic: order.processed
        Messages: 2
        Consumers: 0
        Lag: 0
        First Seq: 1
        Last Seq: 2
        """,
        _topic,
    ),
    _row(
        "ironflow webhook deliveries",
        f"""
        ID SOURCE STATUS EVENT ID EXTERNAL ID ERROR CREATED
        del_1 stripe accepted evt_1 evt_stripe_1 - {_MOMENT}
        """,
        _delivery,
    ),
    _row("ironflow projection wait sales --min-seq 2 --timeout 5s", Says("sales"), _projection),
    _row("ironflow projection wait sales --min-seq 2 --stream", Says("sales"), _projection),
    _row(
        "ironflow projection wait sales --min-seq 99 --timeout 10ms",
        Says("sales"),
        _projection,
        code=1,
        err=None,
    ),
    _row(
        "ironflow projection wait sales --min-seq 99 --timeout 10ms --stream",
        Says("sales"),
        _projection,
        code=1,
        err=None,
    ),
    _row(
        "ironflow projection wait sale --min-seq 2 --stream",
        "",
        _projection,
        code=2,
        err="error: projection not found<...>",
    ),
    _row("ironflow projection wait-for-event evt_2 --projection sales", Says("sales"), _projection),
    _row(
        "ironflow projection wait-batch --file items.json --json",
        Json({"results": [{"result": ...}, {"error": ...}]}),
        _projection,
        files={"items.json": '[{"name": "sales", "minSeq": 2}, {"name": "sale", "minSeq": 2}]'},
        code=2,
        err=None,
    ),
    _row(
        "ironflow projection status sales",
        """
        Name: sales
        Status: active
        Mode: managed
        Last Event: 2
        Lag: 0
        Updated: <...>
        """,
        _projection,
    ),
    _row(
        "ironflow projection rebuild sales --dry-run",
        """
        Dry run — rebuild not started
        Job ID: <...>
        Projection: sales
        Status: dry_run
        Total Events: 2
        """,
        _projection,
    ),
    _row(
        "ironflow apikey list",
        f"""
        ID NAME PREFIX ROLES CREATED LAST USED EXPIRES
        ak_1 nightly ifkey_<...> role_<...> {_TIME} - -
        """,
        _accounts,
    ),
    _row(
        "ironflow server info",
        """
        Server: {url}
        Version: local
        Status: healthy
        Uptime: <...>s
        Go: -
        Functions: 1 registered
        Runs: 0 active
        Workers: 0 connected
        """,
        _run,
    ),
    _row(
        "ironflow event schema register order.created --version 1 --schema '{\"type\": 5}'",
        "",
        None,
        code=1,
        err="error: <...>HTTP 400)",
    ),
    _row(
        "ironflow stream append order-1 --type Order --event paid --expected-version 4",
        "",
        None,
        code=1,
        err="error: version conflict<...>(CONFLICT, HTTP 409)",
    ),
    _row(
        "ironflow sql 'SELECT name, nothing FROM events'",
        "",
        None,
        code=1,
        err="error: <...>nothing<...>HTTP 400)",
    ),
]
