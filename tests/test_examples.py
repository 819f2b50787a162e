"""The examples and the demo run, as scripts, as a user would start them."""

from __future__ import annotations

import base64
import json
import os
import runpy
import signal
import stat
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from ironflow import ConflictError, IronflowClient

from .conftest import KEY, ROOT
from .local import CheckedServer

PATIENCE = 60


def command(script, *arguments):
    return [sys.executable, "-W", "error", str(ROOT / "examples" / script), *arguments]


def variables(environment):
    return {**os.environ, "PYTHONPATH": str(ROOT), **environment}


def start(script, *arguments, cwd=None, **environment):
    """Run an example to its end and return what came of it."""
    return subprocess.run(
        command(script, *arguments),
        capture_output=True,
        text=True,
        cwd=cwd,
        env=variables(environment),
        timeout=PATIENCE,
    )


def run(script, *arguments, cwd=None, **environment):
    """Run an example that has to succeed and return what it printed."""
    done = start(script, *arguments, cwd=cwd, **environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def names_of(script):
    """Return what an example defines, without running it."""
    return runpy.run_path(str(ROOT / "examples" / script))


def assert_fails(done, message):
    """Check for one line that says what went wrong, and the exit status that a shell looks at."""
    assert (done.returncode, done.stderr) == (1, f"error: {message}\n")


def test_the_demo_shows_an_equal_client_and_the_quick_start():
    shown = run("demo.py")
    assert shown.count("equal to this one here") == 3
    assert "NOT EQUAL" not in shown
    for answer in ('"run_ids": [\n    "run_1"', '"status": "cancelled"', "'run not found'"):
        assert answer in shown


def test_the_typed_example_runs(local, local_client):
    @local.function("process-order", triggers=["order.placed"])
    def process_order(event):
        raise ValueError("boom")

    local_client.functions_invoke("process-order")
    local.wait_until_idle()
    shown = run("typed.py", IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines() == [
        "run_1 of process-order failed: {'code': 'ValueError', 'message': 'boom'}",
        "event evt_2 started 1 runs",
        "1 events, more: False",
        "no schema: NOT_FOUND",
        "environment web-staging",
        "0 jobs waiting",
        "entity-123 is at version 1",
    ]
    assert local_client.secrets_list() == []
    conditions = [request.headers.get("if-match") for request in local.requests]
    assert conditions.count("1") == 1


def test_the_mirror_of_a_bucket_stays_right_through_restarts_of_the_server(local, local_client):
    local_client.kv_create_bucket({"name": "flags"})
    local_client.kv_put("flags", "a", b"1")
    mirror = subprocess.Popen(
        command("mirror_bucket.py", "flags"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=variables({"IRONFLOW_SERVER_URL": local.url}),
    )

    killer = threading.Timer(PATIENCE, mirror.kill)  # else it is waited for without end
    killer.start()
    with mirror:
        try:
            assert mirror.stdout.readline() == "{'a': b'1'}\n"
            local_client.kv_put("flags", "b", b"2")
            assert mirror.stdout.readline() == "{'a': b'1', 'b': b'2'}\n"
            for number in range(3):
                local.stop()
                local.start()
                local_client.kv_delete("flags", "ab"[number % 2])
                local_client.kv_put("flags", "ab"[1 - number % 2], b"new %d" % number)
                awaited = {f"{{'{'ba'[number % 2]}': b'new {number}'}}\n", "connected again\n"}
                while awaited:
                    line = mirror.stdout.readline()
                    assert line, "the mirror has ended"
                    awaited.discard(line)
        finally:
            mirror.send_signal(signal.SIGINT)
            rest, errors = mirror.communicate()
            killer.cancel()
    assert (mirror.returncode, rest, errors) == (0, "", "")


SCRIPTS = [
    "bootstrap_tenant.py",
    "emit_and_wait.py",
    "event_sourced_order.py",
    "feature_flags.py",
    "kv_cache.py",
    "nightly_report.py",
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_example_without_a_server_says_so_in_one_line(script, tmp_path):
    done = start(script, cwd=tmp_path, IRONFLOW_SERVER_URL="http://127.0.0.1:1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert "127.0.0.1" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_example_takes_its_key_from_the_environment(script, tmp_path):
    with CheckedServer(api_key=KEY) as server:
        refused = start(script, cwd=tmp_path, IRONFLOW_SERVER_URL=server.url)
        assert_fails(refused, "authentication required")
        run(script, cwd=tmp_path, IRONFLOW_SERVER_URL=server.url, IRONFLOW_API_KEY=KEY)
        assert server.misfits == []


# emit_and_wait.py


@pytest.mark.ironflow(clock="virtual")
def test_emit_and_wait_shows_what_came_of_each_run_and_its_steps(local):
    @local.function("price-order", triggers=["order.placed"])
    def price(event, step):
        total = step.run("price", lambda: event["data"]["quantity"] * 5)
        step.sleep("settle", 3600)
        return {"total": total}

    @local.function("greet", triggers=["order.*"])
    def greet(event):
        return "hello"

    shown = run("emit_and_wait.py", IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines() == [
        "event evt_1, runs started: 2",
        'price-order (run_1) completed with {"total": 10}',
        "  1. price completed with 10",
        "  2. settle completed with null",
        'greet (run_2) completed with "hello"',
    ]


def test_emit_and_wait_exits_1_when_a_run_failed_and_still_shows_the_others(local):
    @local.function("charge", triggers=["order.placed"])
    def charge(event, step):
        step.run("reserve", lambda: "ok")
        step.run("charge", lambda: 1 // 0)

    @local.function("greet", triggers=["order.placed"])
    def greet(event):
        return "hello"

    done = start("emit_and_wait.py", IRONFLOW_SERVER_URL=local.url)
    error = '{"code": "ZeroDivisionError", "message": "integer division or modulo by zero"}'
    assert done.stdout.splitlines() == [
        "event evt_1, runs started: 2",
        f"charge (run_1) failed with {error}",
        '  1. reserve completed with "ok"',
        f"  2. charge failed with {error}",
        'greet (run_2) completed with "hello"',
    ]
    assert (done.returncode, done.stderr) == (1, "")


def test_emit_and_wait_takes_a_cancelled_run_for_ended(local, local_client):
    @local.function("ship", triggers=["order.placed"])
    def ship(event, step):
        local_client.runs_cancel(step.run_id)

    done = start("emit_and_wait.py", IRONFLOW_SERVER_URL=local.url)
    assert done.stdout.splitlines()[1:] == ["ship (run_1) cancelled"]
    assert (done.returncode, done.stderr) == (1, "")


def test_emit_and_wait_does_not_wait_for_ever(local, local_client):
    @local.function("approve", triggers=["order.placed"])
    def approve(event, step):
        step.wait_for_event("approval", "order.approved")

    done = start("emit_and_wait.py", "0.5", IRONFLOW_SERVER_URL=local.url)
    assert done.stdout.splitlines()[1:] == ["approve (run_1) paused", "  1. approval running"]
    assert (done.returncode, done.stderr) == (1, "")
    assert local_client.runs_get("run_1")["status"] == "paused"


def test_emit_and_wait_has_nothing_to_wait_for_where_no_function_listens(local):
    shown = run("emit_and_wait.py", IRONFLOW_SERVER_URL=local.url)
    assert shown == "event evt_1, runs started: 0\n"


# nightly_report.py


def test_the_report_counts_runs_and_events_in_aligned_columns(local, local_client):
    @local.function("process-order", triggers=["order.placed"])
    def process(event):
        return 1 // event["data"]["quantity"]

    for quantity in [1] * 10 + [0]:
        local_client.events_create(body={"name": "order.placed", "data": {"quantity": quantity}})
    local_client.events_create(body={"name": "user.created", "data": {}})
    local.wait_until_idle()
    shown = run("nightly_report.py", IRONFLOW_SERVER_URL=local.url)
    runs, events, failed, rest = shown.split("\n\n")
    assert rest == ""
    title, *table = runs.splitlines()
    assert title.startswith("Runs since 20")
    assert table == [
        "function_id    status     total",
        "-------------  ---------  -----",
        "process-order  completed     10",
        "process-order  failed         1",
    ]
    title, *table = events.splitlines()
    assert title.startswith("Events since 20")
    assert table == [
        "name          total",
        "------------  -----",
        "order.placed     11",
        "user.created      1",
    ]
    title, *lines = failed.splitlines()
    assert title.startswith("Failed since 20")
    error = '{"code": "ZeroDivisionError", "message": "integer division or modulo by zero"}'
    assert lines == [f"run_11  process-order  {error}"]


def test_the_report_names_every_failed_run_however_many_there_are(local, local_client):
    local.function("fail", triggers=["order.placed"])(lambda event: 1 // 0)
    for _ in range(60):  # the local server's page of runs has 50
        local_client.events_create(body={"name": "order.placed", "data": {}})
    local.wait_until_idle()
    shown = run("nightly_report.py", IRONFLOW_SERVER_URL=local.url)
    named = [line.split()[0] for line in shown.split("Failed since")[1].splitlines()[1:] if line]
    assert named == [f"run_{number}" for number in range(60, 0, -1)]


def test_the_report_of_a_day_without_runs_says_so(local):
    shown = run("nightly_report.py", IRONFLOW_SERVER_URL=local.url).splitlines()
    assert [shown[1], shown[4]] == ["(none)", "(none)"]


def test_the_report_asks_only_for_what_came_since_yesterday(local):
    run("nightly_report.py", IRONFLOW_SERVER_URL=local.url)
    *queries, failed = local.requests
    yesterday = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    assert len(queries) == 2
    for query in queries:
        assert f"created_at >= '{yesterday}'" in query.json["query"]
    assert (failed.path, failed.query["since"]) == ("/api/v1/runs", f"{yesterday}T00:00:00Z")


def test_the_report_hands_on_what_the_database_says(local):
    local.fail("POST", "/api/v1/sql", 400, body={"error": "no such table: runs"})
    done = start("nightly_report.py", IRONFLOW_SERVER_URL=local.url)
    assert_fails(done, "no such table: runs")


# feature_flags.py


def config(client):
    return client.config_get("feature-flags")["data"]


def test_flags_start_from_defaults_and_one_is_turned_on(local, local_client):
    shown = run("feature_flags.py", IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines() == [
        "made feature-flags with the defaults",
        "turned new-checkout on in revision 2",
        "dark-mode: on",
        "new-checkout: on",
    ]
    assert [request.method for request in local.requests] == ["GET", "POST", "PATCH", "GET"]
    assert config(local_client) == {"dark-mode": True, "new-checkout": True}


def test_flags_leave_alone_what_others_have_set(local, local_client):
    local_client.config_create("feature-flags", {"dark-mode": False, "theirs": True})
    shown = run("feature_flags.py", "beta", IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines() == [
        "turned beta on in revision 2",
        "beta: on",
        "dark-mode: off",
        "new-checkout: off",
    ]
    assert config(local_client) == {"dark-mode": False, "theirs": True, "beta": True}


def test_flags_that_are_on_are_not_written_again(local, local_client):
    run("feature_flags.py", IRONFLOW_SERVER_URL=local.url)
    shown = run("feature_flags.py", IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines() == ["dark-mode: on", "new-checkout: on"]
    assert local_client.config_get("feature-flags")["revision"] == 2


@pytest.mark.parametrize("max_age", [0, 60])
def test_flags_are_read_again_when_they_are_old(max_age, local_client):
    flags = names_of("feature_flags.py")["Flags"](local_client, max_age)
    local_client.config_create("feature-flags", {"beta": False})
    assert not flags.is_on("beta")
    local_client.config_patch("feature-flags", {"beta": True})
    assert flags.is_on("beta") is (max_age == 0)


# kv_cache.py

VISITS = "/api/v1/kv/buckets/example-cache/keys/visits"


def stored(client, key):
    return json.loads(base64.b64decode(client.kv_get_buckets_keys("example-cache", key)["value"]))


def test_the_cache_counts_every_update_of_competing_threads(local, local_client):
    local.delay("PUT", VISITS, 0.2, times=2)  # so that the other thread is faster
    shown = run("kv_cache.py", IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines() == [
        "users/42: {'name': 'Alice'}",
        "visits: 0, and 10 after 10 updates by two threads",
    ]
    assert stored(local_client, "visits") == 10
    assert stored(local_client, "users/42") == {"name": "Alice"}
    assert local_client.kv_get_buckets("example-cache")["ttl_seconds"] == 3600
    puts = [r for r in local.requests if r.path == VISITS and r.method == "PUT"]
    assert len(puts) > 10  # some were refused and made anew
    assert puts[0].headers["if-none-match"] == "*"
    assert "if-match" in puts[-1].headers


def test_the_cache_goes_on_from_what_is_there(local, local_client):
    run("kv_cache.py", IRONFLOW_SERVER_URL=local.url)
    shown = run("kv_cache.py", IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines()[1] == "visits: 10, and 20 after 10 updates by two threads"
    assert stored(local_client, "visits") == 20


def test_the_cache_never_counts_an_update_twice_when_its_reply_is_lost(
    local,
    local_client,
):
    local.reset_connection("PUT", VISITS, handled=True)
    done = start("kv_cache.py", IRONFLOW_SERVER_URL=local.url)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert stored(local_client, "visits") == 10


def test_the_cache_gives_up_on_a_key_that_is_never_at_rest(local, local_client, monkeypatch):
    update = names_of("kv_cache.py")["update"]
    monkeypatch.setitem(update.__globals__, "time", SimpleNamespace(sleep=lambda seconds: None))
    local_client.kv_buckets(body={"name": "example-cache"})
    local.fail("PUT", VISITS, 412, times=20)
    with pytest.raises(ConflictError, match="visits is changed too often by others"):
        update(local_client, "visits", lambda value: 1)


# event_sourced_order.py


def events_of(client, order_id):
    return [event["name"] for event in client.streams_list_events(order_id)["events"]]


def test_the_order_is_built_from_its_events(local, local_client):
    shown = run("event_sourced_order.py", "order-7", IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines() == [
        "order.placed is version 1",
        "order.item_added is version 2",
        "order.item_added is version 3",
        "order.paid is version 4",
        "order-7 at version 4: paid, 1550 cents",
    ]
    assert events_of(local_client, "order-7") == [
        "order.placed",
        "order.item_added",
        "order.item_added",
        "order.paid",
    ]
    snapshot = local_client.streams_list_snapshots("order-7")
    assert snapshot["entity_version"] == 3
    assert snapshot["state"] == {"status": "open", "cents": 1550}


def test_the_order_is_rebuilt_from_its_snapshot_and_decides_by_its_state(
    local,
    local_client,
):
    run("event_sourced_order.py", "order-7", IRONFLOW_SERVER_URL=local.url)
    before = len(local.requests)
    shown = run("event_sourced_order.py", "order-7", IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines() == [
        "order.placed refused: the order is paid",
        "order.item_added refused: the order is paid",
        "order.item_added refused: the order is paid",
        "order.paid refused: the order is paid",
        "order-7 at version 4: paid, 1550 cents",
    ]
    asked = [request.query.get("from_version") for request in local.requests[before:]]
    assert set(asked) == {None, "4", "5"}  # the snapshot, what came after it, and no more
    assert len(events_of(local_client, "order-7")) == 4


def test_an_order_without_an_id_is_a_new_one_each_time(local, local_client):
    for _ in range(2):
        run("event_sourced_order.py", IRONFLOW_SERVER_URL=local.url)
    streams = local_client.streams_list(entity_type="order")["streams"]
    assert [stream["version"] for stream in streams] == [4, 4]


def test_a_conflict_makes_the_order_read_again_and_decide_anew(local, local_client):
    placed = {"entity_type": "order", "event_name": "order.placed"}
    local_client.streams_events("order-7", body=placed)
    before = len(local.requests)
    local.delay("POST", "/api/v1/streams/order-7/events", 0.3)
    script = subprocess.Popen(
        command("event_sourced_order.py", "order-7"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=variables({"IRONFLOW_SERVER_URL": local.url}),
    )
    with script:
        while not any(r.method == "POST" for r in local.requests[before:]):
            assert script.poll() is None
            time.sleep(0.005)
        # The script's first append, an item, is on its way; this one is faster.
        cancelled = {"entity_type": "order", "event_name": "order.cancelled"}
        local_client.streams_events("order-7", body=cancelled)
        shown, errors = script.communicate(timeout=30)
    assert (script.returncode, errors) == (0, "")
    assert shown.splitlines() == [
        "order.placed refused: the order is open",
        "order.item_added: somebody else changed the order, reading it again",
        "order.item_added refused: the order is cancelled",
        "order.item_added refused: the order is cancelled",
        "order.paid refused: the order is cancelled",
        "order-7 at version 2: cancelled, 0 cents",
    ]
    assert events_of(local_client, "order-7") == ["order.placed", "order.cancelled"]


def test_the_order_appends_once_when_a_reply_is_lost(local, local_client):
    local.reset_connection("POST", "/api/v1/streams/order-7/events", handled=True)
    shown = run("event_sourced_order.py", "order-7", IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines()[-1] == "order-7 at version 4: paid, 1550 cents"
    assert len(events_of(local_client, "order-7")) == 4


def test_the_order_gives_up_after_some_conflicts(local):
    local.fail("POST", "/api/v1/streams/order-7/events", 409, times=5)
    done = start("event_sourced_order.py", "order-7", IRONFLOW_SERVER_URL=local.url)
    assert_fails(done, "order-7 is changed too often by others")
    assert done.stdout.count("reading it again") == 5


# bootstrap_tenant.py

PARTS = [
    "project shop",
    "environment staging",
    "policy no-starts-by-hand",
    "role support",
    "its policy no-starts-by-hand",
    "secret webhook-signing",
]


def test_bootstrap_makes_a_tenant_with_all_its_parts(local, tmp_path):
    shown = run("bootstrap_tenant.py", "acme", cwd=tmp_path, IRONFLOW_SERVER_URL=local.url)
    key = (tmp_path / "acme.key").read_text()
    assert shown.splitlines() == [
        "tenant acme: new",
        f"key {key[:14]}... in acme.key",
        *(f"{part}: new" for part in PARTS),
    ]
    with IronflowClient(local.url, api_key=key) as tenant:
        (project,) = [p for p in tenant.projects_list() if p["name"] == "shop"]
        environments = tenant.environments_list(project_id=project["id"])
        assert [environment["name"] for environment in environments] == ["staging"]
        (role,) = [r for r in tenant.roles_list() if r["name"] == "support"]
        (policy,) = tenant.roles_list_policies(role["id"])["policies"]
        assert (policy["name"], policy["effect"]) == ("no-starts-by-hand", "deny")
        assert [secret["name"] for secret in tenant.secrets_list()] == ["webhook-signing"]
        with IronflowClient(local.url) as platform:
            (made,) = [t for t in platform.tenants_list() if t["name"] == "acme"]
        assert project["org_id"] == role["org_id"] == policy["org_id"] == made["id"]


def test_bootstrap_shows_neither_key_nor_secret(local, tmp_path):
    shown = run("bootstrap_tenant.py", "acme", cwd=tmp_path, IRONFLOW_SERVER_URL=local.url)
    file = tmp_path / "acme.key"
    key = file.read_text()
    assert key.startswith("ifkey_")
    assert key[:15] not in shown
    (secret,) = [
        r.json["value"] for r in local.requests if (r.method, r.path) == ("POST", "/api/v1/secrets")
    ]
    assert secret[:4] not in shown
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_bootstrap_makes_only_what_is_missing(local, tmp_path):
    run("bootstrap_tenant.py", "acme", cwd=tmp_path, IRONFLOW_SERVER_URL=local.url)
    key = (tmp_path / "acme.key").read_text()
    with IronflowClient(local.url, api_key=key) as tenant:
        tenant.secrets_delete("webhook-signing")
    before = len(local.requests)
    shown = run("bootstrap_tenant.py", "acme", cwd=tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert shown.splitlines() == [
        "tenant acme: already there",
        f"key {key[:14]}... in acme.key",
        *(f"{part}: already there" for part in PARTS[:-1]),
        f"{PARTS[-1]}: new",
    ]
    written = [r.path for r in local.requests[before:] if r.method != "GET"]
    assert written == ["/api/v1/secrets"]


def test_bootstrap_stops_before_it_harms_where_tenant_and_key_do_not_match(
    local,
    tmp_path,
):
    message = "the tenant and its key in acme.key go together; one is missing"
    file = tmp_path / "acme.key"
    file.write_text("ifkey_of_the_tenant_on_another_server")
    done = start("bootstrap_tenant.py", "acme", cwd=tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert_fails(done, message)
    assert file.read_text() == "ifkey_of_the_tenant_on_another_server"
    file.unlink()
    run("bootstrap_tenant.py", "acme", cwd=tmp_path, IRONFLOW_SERVER_URL=local.url)
    file.unlink()
    done = start("bootstrap_tenant.py", "acme", cwd=tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert_fails(done, message)


def test_bootstrap_without_a_license_says_so_and_can_be_repeated(local, tmp_path):
    local.fail(
        "POST", "/api/v1/tenants/provision", 402, body={"error": "enterprise license required"}
    )
    done = start("bootstrap_tenant.py", "acme", cwd=tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert_fails(done, "enterprise license required")
    run("bootstrap_tenant.py", "acme", cwd=tmp_path, IRONFLOW_SERVER_URL=local.url)
