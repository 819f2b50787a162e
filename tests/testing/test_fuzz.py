"""Random requests, right ones and wrong ones, to every route: each reply is one that fits.

The requests follow from the seed alone: ids are counted by the server, so that they can be guessed.
"""

from __future__ import annotations

import base64
import http.client
import json
import random
import re
from urllib.parse import quote, urlencode

import pytest

from codegen.endpoints import METHODS
from ironflow._connect import STATUS_BY_CODE
from ironflow._routes import ROUTES
from ironflow._rpc_methods import METHODS as RPC_METHODS
from ironflow.testing._engine import projections
from ironflow.testing._handlers import HANDLERS, rpc_streams, triggering
from ironflow.testing._handlers.rpc import OFFERED
from ironflow.testing._messages import FIELDS, camel_case, fields_of

from ..local import CheckedServer, models_and_replies
from .connect import call

MARK = "s3cret-which-no-reply-may-hold"
HIDDEN = {  # members whose values no reply and no message may hold
    "auth_login": {"password"},
    "cluster_rotate_token": {"new_value"},
    "platform_auth_login": {"password"},
    "platform_bootstrap": {"password"},
    "platform_users_create": {"password"},
    "platform_users_update": {"password"},
    "secrets_create": {"value"},
    "secrets_update": {"value"},
    "users_create": {"password"},
    "users_patch_password": {"current_password", "new_password", "password"},
}
ID_PREFIXES = {  # by what stands before an id in a path, or by the member that holds it
    "apikeys": "ak", "env_id": "env", "environments": "env", "event_id": "evt", "eventId": "evt",
    "events": "evt", "job_id": "job", "jobs": "job", "lease_token": "lease", "org_id": "org",
    "orgs": "org", "policies": "pol", "policy_id": "pol", "policy_ids": "pol",
    "project_id": "proj", "projects": "proj", "role_ids": "role", "roles": "role", "run_id": "run",
    "runs": "run", "step_id": "step", "tenants": "org", "users": "user",
}  # fmt: skip
TEXTS = (
    "", " ", "a", "b", "order", "order.placed", "order.*", ">", "*.>", "123", "process-order",
    "pull-me", "order_stats", "sales", "worker-1", "default", "staging", "env_default",
    "org_default", "platform_admin", "a@b.c", "allow", "deny", "forward", "backward", "active",
    "completed", "failed", "yielded", "sleep", "wait_for_event", "__global__", "tpl_admin_basics",
    "1h30m", "0s", "99999999h", "2026-01-15T09:30:00Z", "0001-01-01T00:00:00Z", "2026-13-45",
    "9999-12-31T23:59:59-23:59", "0", "1", "-1", "18446744073709551616", "1e9", "true", "null",
    '{"type": "object"}', "[]", "SELECT * FROM events", "SELECT count(*) FROM order_stats",
    "WITH x AS (SELECT 1) SELECT * FROM sqlite_master, x", "DROP TABLE runs", "SELECT '", "*",
    "é\u2028\U0001f600", "nul\0nul", "tab\tline\n", "half a pair \ud83d", "x" * 5000, "a/b", "..",
    base64.b64encode(b"seq:3").decode(), base64.b64encode(b"seq:x").decode(), "YXxi", "=====",
)  # fmt: skip
USUAL = ("order", "order_stats", "process-order", "worker-1")  # so that some are found
NUMBERS = (-1, 0, 1, 2, 3, 10, 100, 16_777_217, 2**31, 2**63 - 1, 2**63, -(2**63), 10**30)
ODD_VALUES = (None, True, False, 0, -1, 1.5, 1e300, "", "text", [], [None], {}, {"a": {"b": []}})
ODD_BODIES = (b"", b"{", b"[]", b"null", b"1", b'"text"', b"\xff", b"[" * 200, b'{"a": 1e999}')
RPC_TEXTS = {  # what members of RPC messages often are, so that some calls succeed
    "direction": ("forward", "backward"), "entity_id": ("order-1",), "entity_type": ("order",),
    "event": ("order.placed",), "event_id": ("evt_1", "evt_2"), "event_name": ("order.placed",),
    "event_type": ("run.created",), "events": (["order.placed"],), "name": ("order_stats", "new"),
    "event_handlers": ({"order.placed": "INSERT INTO t VALUES (:data.n)"},), "org_id": ("",),
    "id": ("run_1", "run_2", "process-order", "env_1", "wh_1"), "partition": ("", "__global__"),
    "metadata": ({"a_B": 1},), "pattern": ("order.*",), "projection": ("order_stats",),
    "query": ("SELECT * FROM runs",), "run_id": ("run_1", "run_2"), "schema_json": ("{}",),
    "source_id": ("stripe",), "step_id": ("step_1", "step_2"), "table_sql": ("CREATE TABLE t (n)",),
    "topic": ("orders",), "where": ("1", ""), "order_by": ("1", ""),
}  # fmt: skip
RPC_RARE = {"as_of", "cursor", "from_timestamp", "to_timestamp", "since", "until", "key"}
REQUESTS = 400
HANDLED = [row[:3] for row in ROUTES if row[:2] in HANDLERS]


class Fuzzer:
    """Makes up requests."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.models, self.endpoints = models_and_replies()

    def request(self):
        """Name of a route; method, target, body and headers of a request for it."""
        method, template, name = self.random.choice(HANDLED)
        endpoint = self.endpoints[method, template]
        path = re.sub(r"(\w+)/\{[^}]+\}", lambda m: f"{m[1]}/{self.segment(m[1])}", template)
        if "platform/users" in path:
            path = path.replace("users/user_", "users/puser_")
        query = {p.name: self.text(p.type.kind, p.name) for p in endpoint.query if self.chance(0.4)}
        headers = {"Content-Type": "application/json"}
        for header, chance in (
            ("X-Ironflow-Environment", 0.1),
            ("X-Ironflow-Org", 0.03),
            ("Idempotency-Key", 0.1),
            ("If-Match", 0.05),
            ("If-None-Match", 0.05),
        ):
            if self.chance(chance):
                headers[header] = quote(self.text("string"), safe=' "*:./', errors="replace")[:99]
        if self.chance(0.03):
            method = self.random.choice((*METHODS, "HEAD", "OPTIONS"))
        target = f"{path}?{urlencode(query, errors='replace')}" if query else path
        return name, method, target, self.body(name, endpoint), headers

    def chance(self, share):
        return self.random.random() < share

    def segment(self, before):
        if self.chance(0.03):
            return self.random.choice(("%ff", "%00", "%2F", "%", "..", "a%2Fb/c"))
        return quote(self.string(before, 0.8), safe="", errors="replace")

    def string(self, place="", fitting=0.5):
        """A string; one that fits its place, where that is known, as often as not."""
        if self.chance(fitting):
            if place in ID_PREFIXES:
                return f"{ID_PREFIXES[place]}_{self.random.randint(1, 4)}"
            return self.random.choice(USUAL)
        return self.random.choice(TEXTS)

    def text(self, kind, place=""):
        if kind == "integer" and self.chance(0.8):
            return str(self.random.choice(NUMBERS))
        if kind == "boolean" and self.chance(0.8):
            return self.random.choice(("true", "false"))
        if kind == "datetime" and self.chance(0.8):
            return self.random.choice(("2026-01-15T09:30:00Z", "9999-12-31T23:59:59-23:59"))
        return self.string(place)

    def body(self, name, endpoint):
        if endpoint.body is None:
            return None if self.chance(0.95) else self.random.choice(ODD_BODIES)
        if self.chance(0.04):
            return self.random.choice(ODD_BODIES)
        example = (endpoint.example or {}).get("request")
        if isinstance(example, dict) and self.chance(0.4):
            value = dict(example)
            for member in example:
                if self.chance(0.2):
                    value[member] = self.odd()
        else:
            value = self.value(endpoint.body.type)
        for member in HIDDEN.get(name, ()):
            if isinstance(value, dict) and member in value and self.chance(0.8):
                value[member] = MARK
        return json.dumps(value).encode()

    def odd(self):
        return self.random.choice((*ODD_VALUES, self.string(), self.random.choice(NUMBERS)))

    def value(self, kind, place=""):
        if self.chance(0.06):
            return self.odd()
        if kind.kind == "model":
            fields = self.models[kind.name].fields
            return {
                field.name: self.value(field.type, field.name)
                for field in fields
                if self.chance(0.95 if field.required else 0.5)
            }
        if kind.kind == "array":
            return [self.value(kind.item, place) for _ in range(self.random.randint(0, 3))]
        if kind.kind == "map":
            return {self.string(): self.value(kind.item) for _ in range(self.random.randint(0, 3))}
        if kind.kind == "integer":
            return self.random.choice(NUMBERS)
        if kind.kind == "boolean":
            return self.chance(0.5)
        if kind.kind == "object":
            return {"order_id": self.string(), "n": self.odd()}
        return self.string(place) if kind.kind in ("string", "datetime") else self.odd()


def register(server):
    """Functions and projections that do not mind what they get."""

    @server.function("process-order", triggers=["order.*"], max_attempts=2)
    def process_order(event, step):
        order = step.run("order", lambda: event["data"]["order_id"])
        step.wait_for_event("payment", "a", timeout=0.2)
        return order

    @server.projection("order_stats", events=[">"], initial={"orders": 0})
    def order_stats(state, event):
        state["orders"] += 1

    @server.projection("sales", events=["order.>"], partition_by=lambda event: event["name"])
    def sales(state, event):
        return {"last": event["data"]}

    server.upcaster("order.placed", 1)(lambda data: {**data, "version": 2})


@pytest.fixture
def server(request):
    """Unlike ``local`` it leaves no record for sdk-health: these calls test no method."""
    with CheckedServer(strict=request.param) as server:
        yield server


@pytest.mark.parametrize(
    ("server", "seed"),
    [(False, 0), (False, 1), (False, 2), (False, 3), (True, 0)],
    indirect=["server"],
)
def test_whatever_is_asked_the_reply_is_one_that_fits(server, monkeypatch, tmp_path, seed):
    for module in (projections, triggering):
        monkeypatch.setattr(module, "MAX_WAIT_SECONDS", 0.005)  # no wait for what never comes
    register(server)
    fuzzer = Fuzzer(seed)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for number in range(REQUESTS):
        name, method, target, body, headers = fuzzer.request()
        connection.request(method, target, body=body, headers=headers)
        reply = connection.getresponse()
        content = reply.read()
        what = f"request {number}, {name}: {method} {target} {body!r}: {reply.status} {content!r}"
        assert reply.status < 500 or (reply.status, name) in (
            (501, "export_list"),
            (507, "kv_update_buckets_keys"),
        ), what
        assert MARK.encode() not in content, what
        assert server.misfits == [], what
        if reply.status >= 400 and method != "HEAD":
            error = json.loads(content)
            assert error["message" if "ironflow.v1" in target else "error"].strip(), what
    connection.close()
    assert_kept(server, tmp_path / "state.json")


def assert_kept(server, path):
    """Whatever came of it can be kept, as a snapshot and as a document, and brought back."""
    server.stop()
    server.dump(path)
    dumped = path.read_text(encoding="utf-8")
    server.restore(server.snapshot())
    server.dump(path)
    assert path.read_text(encoding="utf-8") == dumped
    server.seed(path)
    server.dump(path)
    assert path.read_text(encoding="utf-8") == dumped


def rpc_message(fuzzer, spec):
    """A message with some of the members of a list, right ones and wrong ones, in either casing."""
    message = {}
    for field in fields_of(spec):
        if fuzzer.chance(0.1 if field.name in RPC_RARE else 0.8):
            name = camel_case(field.name) if fuzzer.chance(0.5) else field.name
            message[name] = rpc_value(fuzzer, field)
    return message


def rpc_value(fuzzer, field):
    kind = field.type.rstrip("!")
    if fuzzer.chance(0.05):
        return fuzzer.odd()
    if kind in FIELDS:
        inner = [rpc_message(fuzzer, FIELDS[kind]) for _ in range(fuzzer.random.randint(0, 2))]
        return inner if field.name.endswith("s") and field.name != "options" else (inner or [{}])[0]
    if kind in ("int32", "int64", "uint64"):
        number = fuzzer.random.choice(NUMBERS if fuzzer.chance(0.3) else (1, 2))
        return str(number) if fuzzer.chance(0.5) else number
    if kind == "bytes":
        return base64.b64encode(json.dumps(fuzzer.odd()).encode()).decode()
    if kind == "struct":
        return {"order_id": fuzzer.string(), "n": fuzzer.odd()}
    if kind == "ms":
        return fuzzer.random.choice(("0s", "0.001s", "999999999s", "-1s", "1m"))
    if kind.isupper():
        return f"{kind}_{fuzzer.random.choice(('ACTIVE', 'FAILED', 'PULL', 'AUTO', 'UNSPECIFIED'))}"
    if field.name in RPC_TEXTS and fuzzer.chance(0.9):
        return fuzzer.random.choice(RPC_TEXTS[field.name])
    return fuzzer.string(field.name)


@pytest.mark.parametrize(
    ("server", "seed"), [(False, 0), (False, 1), (True, 2)], indirect=["server"]
)
def test_whatever_is_asked_by_rpc_the_reply_is_one_of_connect(server, monkeypatch, seed):
    for module in (projections, rpc_streams, triggering):
        monkeypatch.setattr(module, "MAX_WAIT_SECONDS", 0.005)
    register(server)
    appended = {"entityId": "order-1", "entityType": "order", "eventName": "order.placed"}
    call(server, "EntityStreamService/AppendEvent", json.dumps(appended).encode())
    fuzzer = Fuzzer(seed)
    unary = [name for name in OFFERED if RPC_METHODS[name][0] == "unary"]
    for number in range(REQUESTS):
        name = fuzzer.random.choice(unary)
        message = rpc_message(fuzzer, OFFERED[name].request)
        status, _, reply = call(server, name, json.dumps(message).encode())
        what = f"request {number}, {name}: {message!r}: {status} {reply!r}"
        assert isinstance(reply, dict), what
        assert status < 500 or reply["code"] == "unimplemented", what
        assert status == 200 or (reply["code"] in STATUS_BY_CODE and reply["message"]), what
    assert server.misfits == []
