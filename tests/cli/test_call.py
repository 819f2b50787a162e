"""``call METHOD``: every method of the client as a command, its arguments as words and flags."""

from __future__ import annotations

import inspect
import json

import pytest

from ironflow import IronflowClient
from ironflow.testing import LocalServer

from .running import NOWHERE, run

# What works on a client itself, or on its methods, is nothing that a shell could use.
OF_THE_CLIENT = {"capture", "close", "kv_value", "map", "with_options"}
METHODS = sorted(
    name
    for name, _ in inspect.getmembers(IronflowClient, inspect.isfunction)
    if not name.startswith("_") and name not in OF_THE_CLIENT
)


@pytest.mark.parametrize("method", METHODS)
def test_each_method_is_a_command_that_knows_its_arguments(method, tmp_path):
    done = run(["call", method, "--help"], tmp_path, IRONFLOW_SERVER_URL=NOWHERE)
    assert (done.code, done.err) == (0, "")
    parameters = inspect.signature(getattr(IronflowClient, method)).parameters
    for name in list(parameters)[1:]:
        if name.startswith("on_"):
            continue  # a callback
        flag = name.rstrip("_").replace("_", "-")
        shown = (f"--{flag}", f"<{flag}>", f"<{name}>")
        assert any(text in done.out for text in shown), f"no {flag} in {done.out}"


def test_there_are_methods():
    assert {"runs_list", "kv_put", "events_iterate", "system_info"} <= set(METHODS)


CALLS = [
    (
        ["runs_list", "--status", "failed", "--limit", "5"],
        ("GET", "/api/v1/runs", {"status": "failed", "limit": "5"}, b""),
    ),
    (
        ["runs_list", "--function-id", "f", "--event_id", "evt_1"],
        ("GET", "/api/v1/runs", {"function_id": "f", "event_id": "evt_1"}, b""),
    ),
    (["events_list_names"], ("GET", "/api/v1/events/names", {}, b"")),
    (
        ["events_create", "--body", '{"name": "order.placed", "data": {"é": 1}}'],
        ("POST", "/api/v1/events", {}, '{"name":"order.placed","data":{"é":1}}'.encode()),
    ),
    (
        ["events_create", "--body", "@event.json"],
        ("POST", "/api/v1/events", {}, b'{"name":"from.file","data":{}}'),
    ),
    (
        ["events_create", "--body", "-"],
        ("POST", "/api/v1/events", {}, b'{"name":"from.stdin","data":{}}'),
    ),
    (
        ["api_keys_list", "--platform", "true"],
        ("GET", "/api/v1/apikeys", {"platform": "true"}, b""),
    ),
    (
        ["api_keys_list", "--platform", "false"],
        ("GET", "/api/v1/apikeys", {"platform": "false"}, b""),
    ),
    (
        ["events_list", "--names", "a,b", "--since", "2026-01-01T00:00:00Z"],
        ("GET", "/api/v1/events", {"names": "a,b", "since": "2026-01-01T00:00:00Z"}, b""),
    ),
    (
        ["request", "GET", "/api/v1/orgs"],
        ("GET", "/api/v1/orgs", {}, b""),
    ),
    (
        ["rpc", "PubSubService/GetTopicStats", "--body", '{"topic": "a"}'],
        ("POST", "/ironflow.v1.PubSubService/GetTopicStats", {}, b'{"topic":"a"}'),
    ),
    (["orgs_get", "org_default"], ("GET", "/api/v1/orgs/org_default", {}, b"")),
    (
        ["config_patch", "flags", "--body", '{"dark": true}'],
        ("PATCH", "/api/v1/config/flags", {}, b'{"dark":true}'),
    ),
    (
        ["streams_list_events", "order/1", "--direction", "backward"],
        ("GET", "/api/v1/streams/order%2F1/events", {"direction": "backward"}, b""),
    ),
    (
        ["projections_list_catchup", "p", "--min-seq", "0", "--timeout", "10"],
        ("GET", "/api/v1/projections/p/catchup", {"minSeq": "0", "timeout": "10"}, b""),
    ),
]


@pytest.fixture
def prepared(local, tmp_path):
    (tmp_path / "event.json").write_text('{"name": "from.file", "data": {}}')
    local.projection("p", events=["a"])(lambda state, event: state)
    with IronflowClient(local.url) as client:
        client.streams_events("order/1", body={"entity_type": "O", "event_name": "a", "data": {}})
    return local


@pytest.mark.parametrize(
    ("arguments", "sent"),
    CALLS,
    ids=lambda row: " ".join(row[:3:]) if isinstance(row, list) else "",
)
def test_words_and_flags_become_the_request(prepared, tmp_path, arguments, sent):
    done = run(
        ["call", *arguments],
        tmp_path,
        '{"name": "from.stdin", "data": {}}' if arguments[-1] == "-" else None,
        IRONFLOW_SERVER_URL=prepared.url,
    )
    assert (done.code, done.err) == (0, "")
    request = prepared.requests[-1]
    assert (request.method, request.path, request.query, request.body) == sent
    json.loads(done.out)


def test_the_reply_is_printed_whole(local, tmp_path):
    done = run(["call", "orgs_get", "org_default"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    with IronflowClient(local.url) as client:
        assert json.loads(done.out) == client.orgs_get("org_default")


def test_an_empty_reply_is_null(local, tmp_path):
    done = run(["call", "config_delete", "flags"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert done == (0, "null\n", "")


def test_text_is_printed_as_it_is(local, tmp_path):
    done = run(["call", "metrics"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert done.code == 0
    assert "# TYPE ironflow_uptime_seconds gauge\n" in done.out


def test_a_header_of_a_method_is_a_flag(local, tmp_path):
    run(
        ["call", "secrets_list", "--x-ironflow-environment", "prod"],
        tmp_path,
        IRONFLOW_SERVER_URL=local.url,
    )
    assert local.requests[-1].headers["x-ironflow-environment"] == "prod"


def test_a_timeout_in_front_is_that_of_the_call(prepared, tmp_path):
    prepared.delay("GET", "/api/v1/projections/p/catchup", 30)
    done = run(
        ["--timeout", "50ms", "call", "projections_list", "--limit", "1"],
        tmp_path,
        IRONFLOW_SERVER_URL=prepared.url,
    )
    assert done.code == 0
    assert prepared.requests[-1].query == {"limit": "1"}


def test_a_value_is_put_as_it_stands(local, tmp_path):
    with IronflowClient(local.url) as client:
        client.kv_create_bucket(body={"name": "b"})
        done = run(
            ["call", "kv_put", "b", "k", "--body", "-"],
            tmp_path,
            "as it stands\n",
            IRONFLOW_SERVER_URL=local.url,
        )
        assert done.code == 0
        assert client.kv_value(client.kv_get_buckets_keys("b", "k")) == b"as it stands\n"


def test_an_iteration_gives_the_items_of_all_pages(local, tmp_path):
    with IronflowClient(local.url) as client:
        for number in range(5):
            client.events_create(body={"name": "a", "data": {"number": number}})
    done = run(
        ["call", "events_iterate", "--page-size", "2"],
        tmp_path,
        IRONFLOW_SERVER_URL=local.url,
    )
    assert done.code == 0
    numbers = [item["data"]["number"] for item in _items(done.out)]
    assert numbers == [4, 3, 2, 1, 0]


def _items(text):
    """The items, whether they come as one array or one a line."""
    if text.startswith("["):
        return json.loads(text)
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["call", "runs_get"], ["id"]),
        (["call", "runs_get", "a", "b"], ["runs_get"]),
        (["call", "runs_get", "a/../b"], ["id"]),
        (["call", "runs_list", "--statsu", "failed"], ["--statsu", "--status"]),
        (["call", "runs_list", "--limit", "many"], ["limit"]),
        (["call", "api_keys_list", "--platform", "perhaps"], ["platform"]),
        (["call", "events_create"], ["body"]),
        (["call", "events_create", "--body", "{"], ["--body", "line 1"]),
        (["call", "events_create", "--body", "@none.json"], ["none.json"]),
        (["call", "runs_list", "--body", "{}"], ["--body"]),
        (["call", "_call"], ["_call"]),
        (["call", "zzz"], ["zzz", "call --help"]),
    ],
)
def test_what_the_method_does_not_take_is_refused(tmp_path, arguments, said):
    with LocalServer() as server:
        done = run(arguments, tmp_path, IRONFLOW_SERVER_URL=server.url)
        assert server.requests == []
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    for words in said:
        assert words in done.err
