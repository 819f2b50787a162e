"""``dump`` and ``seed``: all data as a document that people can read and write."""

from __future__ import annotations

import copy
import json
import random
import re
import stat
import sys

import pytest

from ironflow import IronflowClient, NotFoundError
from ironflow.testing import LocalServer, _seeds

from ..conftest import ROOT
from ..local import CheckedServer
from .runs import begin, payment_waiter
from .test_story import CHAPTERS


def document_of(server, path):
    server.dump(path)
    return json.loads(path.read_text(encoding="utf-8"))


def seed(server, path, **document):
    """Seed a server with a document that is written by hand."""
    path.write_text(json.dumps(document), encoding="utf-8")
    server.seed(path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.json"


@pytest.fixture(scope="module")
def story():
    """A server that has something in every store."""
    with CheckedServer() as server:
        with IronflowClient(server.url, timeout=10, max_attempts=1) as client:
            for chapter in CHAPTERS:
                chapter(client, server)
            client.kv_create_bucket(body={"name": "b", "history": 2, "ttl_seconds": 3600})
            for value in (b"1", b"2", b"\xff"):
                client.kv_put("b", "k", value)
            client.kv_put("b", "gone", b"1")
            client.kv_delete_buckets_keys("b", "gone")
            client.config_create("flags", body={"dark": True})
            client.secrets_create(body={"name": "token", "value": "s3cret"})
            client.pub_sub_publish(body={"topic": "news", "data": {"a": 1}})
            body = {
                "name": "by_sku",
                "table_sql": "CREATE TABLE by_sku (sku TEXT PRIMARY KEY, n INTEGER)",
                "events": ["stock.*"],
                "event_handlers": {"stock.counted": "INSERT INTO by_sku VALUES (:data.sku, 1)"},
            }
            client.projections_create_sql(body=body)
            client.events_create(body={"name": "stock.counted", "data": {"sku": "a"}})
            server.dead_letter("evt_1")
            server.break_circuit("f", "http://localhost/")
            server.wait_until_idle()
        server.stop()
        yield server


# Whole documents


def test_a_server_that_is_seeded_with_a_dump_dumps_the_same(story, path):
    story.dump(path)
    dumped = path.read_text(encoding="utf-8")
    story.seed(path)
    story.dump(path)
    assert path.read_text(encoding="utf-8") == dumped


def test_a_server_that_serves_dumps_the_same_although_its_runs_go_on(local, local_client, path):
    payment_waiter(local)
    begin(local, local_client)
    local.dump(path)
    dumped = path.read_text(encoding="utf-8")
    local.seed(path)
    local.dump(path)
    assert path.read_text(encoding="utf-8") == dumped


def test_every_store_in_use_is_in_a_dump(story, path):
    found = document_of(story, path)
    default = found["environments"]["env_default"]
    assert {"organizations", "roles", "api_keys", "platform_audit", "ids"} <= found.keys()
    assert {
        "circuit_breakers", "config", "dead_letters", "events", "feed", "kv", "projections",
        "runs", "runs.audit", "schemas", "secrets", "sql_projections", "streams", "topics",
        "workers",
    } <= default.keys()  # fmt: skip


def test_a_store_that_documents_do_not_know_is_an_error_and_not_left_out(local, path):
    class Unheard(list):
        """A new store."""

        def __init__(self, owner):
            super().__init__()

    local._application.state.of(Unheard)
    with pytest.raises(RuntimeError, match="documents do not know the store Unheard"):
        local.dump(path)
    assert not path.exists()


def test_a_dump_goes_into_another_server_and_its_runs_go_on(local, local_client, path):
    def with_code(server):
        @server.function("process-order", triggers=["order.*"])
        def process_order(event, step):
            step.run("price", lambda: 15)
            return step.wait_for_event("payment", "payment.*", timeout=600)["data"]

        @server.projection("sales", events=["order.*"])
        def sales(state, event):
            return {"count": state.get("count", 0) + 1}

    with_code(local)
    order = {"name": "order.placed", "data": {}}
    run_id = local_client.events_create(body=order)["run_ids"][0]
    local.wait_until_idle()
    local_client.kv_create_bucket(body={"name": "b", "history": 3})
    for value in (b"1", b"\xff\0", "\u2603"):
        local_client.kv_put("b", "k", value)
    local.dump(path)
    with CheckedServer() as other, IronflowClient(other.url, max_attempts=1) as client:
        with pytest.raises(ValueError, match="sales is a projection that is not registered"):
            other.seed(path)
        with_code(other)
        other.seed(path)
        assert client.runs_get(run_id) == local_client.runs_get(run_id)
        assert client.projections_get("sales") == local_client.projections_get("sales")
        assert client.kv_get_buckets_keys("b", "k") == local_client.kv_get_buckets_keys("b", "k")
        client.events_create(body={"name": "payment.received", "data": {"by": "card"}})
        assert other.wait_for_run(run_id)["output"] == {"by": "card"}


def test_the_time_of_a_virtual_clock_is_part_of_it(path):
    with LocalServer(clock="virtual") as server:
        server.advance(3600)
        now = server.now
        server.dump(path)
        server.reset()
        assert server.now != now
        server.seed(path)
        assert server.now == now


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_dump_is_for_its_owner_only_and_replaces_what_was_there(local, path):
    path.write_text("before", encoding="utf-8")
    path.chmod(0o644)
    local.dump(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["state.json"]


def test_a_dump_that_cannot_be_written_leaves_nothing_behind(local, tmp_path):
    with pytest.raises(OSError, match="state.json"):
        local.dump(tmp_path / "missing" / "state.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        local.dump(tmp_path / "folder")
    assert [found.name for found in tmp_path.iterdir()] == ["folder"]


def test_text_that_is_no_text_survives(local, local_client, path):
    data = {"half a pair": "\ud83d", "snow": "\u2603"}
    seed(local, path, environments={"default": {"events": [{"name": "odd", "data": data}]}})
    local.dump(path)
    local.seed(path)
    again = document_of(local, path)
    assert again["environments"]["env_default"]["events"][0]["data"] == data
    assert "\u2603" in path.read_text(encoding="utf-8")


# Written by hand


def test_a_few_lines_are_enough(local, local_client, path):
    environment = {
        "kv": {"sessions": {"keys": {"alice": "text", "bob": {"cart": [1]}}}},
        "config": {"flags": {"data": {"dark": True}}},
        "secrets": {"token": {"value": "s3cret"}},
        "events": [
            {"name": "order.placed", "data": {"n": 1}},
            {"name": "order.paid", "entity_id": "o-1", "entity_type": "order"},
        ],
        "schemas": [{"event_name": "order.placed", "version": 1, "schema_json": "{}"}],
    }
    seed(local, path, environments={"default": environment, "staging": {"config": {}}})
    assert local_client.kv_get_buckets_keys("sessions", "bob")["revision"] == 2
    assert local_client.kv_value(local_client.kv_get_buckets_keys("sessions", "alice")) == b"text"
    assert local_client.config_get("flags")["revision"] == 1
    assert local_client.config_patch("flags", body={"dark": False})["revision"] == 2
    assert local_client.secrets_list()[0]["name"] == "token"
    assert [e["name"] for e in local_client.events_list()["events"]] == [
        "order.paid",
        "order.placed",
    ]
    assert local_client.streams_get("o-1")["version"] == 1
    assert local_client.schemas_list()["schemas"][0]["version"] == 1
    assert [e["name"] for e in local_client.environments_list()] == ["default", "staging"]
    added = local_client.events_create(body={"name": "order.placed", "data": {}})
    assert added["event_id"] == "evt_3"
    with local_client.subscribe("events:order.*", replay=3, timeout=10) as events:
        assert [next(events)["data"] for _ in range(2)] == [{"n": 1}, {}]


def test_who_published_to_which_topic_is_kept(local, path):
    edges = [["process-order", "news", None]]
    seed(local, path, environments={"default": {"topic_edges": edges}})
    assert document_of(local, path)["environments"]["env_default"]["topic_edges"] == edges


def test_ids_that_are_given_are_not_given_again(local, local_client, path):
    seed(local, path, environments={"default": {"events": [{"id": "evt_7", "name": "a"}]}})
    assert local_client.events_create(body={"name": "a", "data": {}})["event_id"] == "evt_8"


def test_seeding_replaces_what_was_there(local, local_client, path):
    local_client.config_create("old", body={"a": 1})
    local.expect("DELETE", "*")
    seed(local, path)
    local.verify()
    assert local.requests == []
    with pytest.raises(NotFoundError):
        local_client.config_get("old")


def test_a_registered_projection_takes_the_events(local, local_client, path):
    @local.projection("sales", events=["order.*"])
    def sales(state, event):
        return {"count": state.get("count", 0) + 1}

    seed(local, path, environments={"default": {"events": [{"name": "order.placed"}] * 2}})
    assert local_client.projections_get("sales")["state"]["state"] == {"count": 2}


EVENT = {"id": "e", "name": "a"}
RUN = {"record": {}, "function": "f", "event": "e"}
WRONG = [
    ([], "the document must be an object"),
    ({"ironflow": 2}, "ironflow must be 1, the format of this version"),
    ({"now": "today"}, "now must be an RFC 3339 time"),
    ({"ids": {"evt": "3"}}, "ids.evt must be a whole number"),
    ({"colour": {}}, "colour is not known; known are organizations, "),
    ({"users": {"user_1": {"email": "a@b.c"}}}, "users need a password each, in users.passwords"),
    ({"users.password": {}}, "users.password is not known"),
    ({"environments": []}, "environments must be an object"),
    (
        {"environments": {"x": {"org_id": "org_9"}}},
        "environments.x.org_id names organization 'org_9'",
    ),
    ({"environments": {"x": {"kvs": {}}}}, "environments.x.kvs is not known; known are kv, "),
    (
        {
            "organizations": {"org_1": {"id": "org_1", "name": "T"}},
            "environments": {"env_default": {"org_id": "org_1"}},
        },
        "environments.env_default.org_id is not that of the environment with this id",
    ),
    ({"environments": {"A B": {}}}, "environments.A B cannot be: an environment's name is made"),
    ({"environments": {"env_default": {"name": "A"}}}, "environments.env_default cannot be: an en"),
    (
        {"environments": {"env_9": {"name": "default"}}},
        "environments.env_9 cannot be: environment already exists: default",
    ),
]
WRONG_BELOW = [
    ({"kv": {"b": {"keys": []}}}, "kv.b.keys must be an object"),
    ({"kv": {"b": {"history": "1"}}}, "kv.b.history must be a whole number"),
    ({"kv": {"b": {"histroy": 1}}}, "kv.b.histroy is not known"),
    ({"kv": {"b": {"keys": {"k": []}}}}, "kv.b.keys.k must have an entry"),
    ({"kv": {"b": {"keys": {"k": [{"base64": "!"}]}}}}, "kv.b.keys.k.0.base64 must be base64"),
    ({"kv": {"b": {"keys": {"k": [{"operation": "x"}]}}}}, "kv.b.keys.k.0.operation must be put"),
    ({"kv": {"b": {"keys": {"k": [{"written": "x"}]}}}}, "kv.b.keys.k.0.written must be an RFC"),
    ({"config": {"c": {}}}, "config.c needs data"),
    ({"config": {"c": {"data": None}}}, "config.c needs data"),
    ({"config": {"c": {"data": []}}}, "config.c.data must be an object"),
    ({"secrets": {"s": {"value": 1}}}, "secrets.s.value must be text"),
    ({"secrets": {"s": {"value": "x", "vaule": "y"}}}, "secrets.s.vaule is not known"),
    ({"events": [{}]}, "events.0 needs name"),
    ({"events": [{"name": "a", "id": "e"}] * 2}, "events.1 has the id of another event, e"),
    ({"events": [{"name": "a", "timestamp": "now"}]}, "events.0.timestamp must be an RFC 3339"),
    ({"events.order": 1}, "events.order is not known"),
    ({"schemas": [{"event_name": "a"}]}, "schemas.0 needs version"),
    ({"streams": {"s": {"entity_type": "t", "events": ["evt_9"]}}}, "streams.s.events.0 names"),
    ({"streams": {"s": {"entity_type": "t"}}}, "streams.s needs entity_type, and at least one"),
    ({"runs": {"r": {}}}, "runs.r needs record"),
    ({"runs": {"r": {"record": {}, "function": "f", "event": "e"}}}, "runs.r.function names"),
    ({"runs": {"r": {"record": {}, "function": None, "event": "e"}}}, "runs.r needs function"),
    ({"events": [EVENT], "functions": {"f": {}}, "runs": {"r": {**RUN, "wait": {}}}},
     "runs.r.wait needs a step"),
    ({"sql_projections": {"p": {"table": "DROP", "handlers": {}, "events": []}}}, "sql_pro"),
    ({"projections": {"p": {}}}, "projections.p is a projection that is not registered"),
    ({"consumer_groups": [{"pattern": "orders"}]}, "consumer_groups.0.pattern is none: a pattern"),
    ({"consumer_groups": [{"pattern": "topic:a", "again": [{}]}]}, "consumer_groups.0.again.0.me"),
    ({"topic_edges": [["f", "t"]]}, "topic_edges.0 must be two texts, the key, and what belongs"),
    ({"feed": {"messages": [{"id": "m"}]}}, "feed.messages.0 must have exactly id, topics"),
    ({"workers": {"w": {"jobs": {"job_1": {}}}}}, "workers.w.jobs.job_1 needs a run"),
    ({"receipts": [{"of": [[]], "key": "k", "reply": {}}]}, "it is not what a dump would write"),
    ({"workers": {"w": {"record": {"id": "w"}}}}, "workers.w.record needs function_ids"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "message"),
    [
        *WRONG,
        *(({"environments": {"default": below}}, message) for below, message in WRONG_BELOW),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_nothing_changes(
    local, local_client, path, document, message
):
    local_client.config_create("flags", body={"dark": True})
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ValueError) as failure:
        local.seed(path)
    told = str(failure.value).replace("environments.default.", "")
    assert told.startswith(f"{path}: {message}")
    assert local_client.config_get("flags")["data"] == {"dark": True}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1\n  "b": 2}', "line 2, column 3: "),
        (b"\xff\xfe\xfd", "it is not UTF-8"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b"[" * 200 + b"]" * 200, "the nesting is too deep"),
    ],
)
def test_what_is_not_json_is_told_with_its_place(local, path, content, message):
    path.write_bytes(content)
    with pytest.raises(ValueError) as failure:
        local.seed(path)
    assert str(failure.value).startswith(f"{path} is not JSON: {message}")


def test_a_file_that_is_missing_is_an_os_error(local, path):
    with pytest.raises(FileNotFoundError):
        local.seed(path)


def test_a_document_that_was_spoilt_anywhere_is_refused_or_taken(story, path):
    whole = document_of(story, path)
    chance = random.Random(7)
    refused = 0
    for _ in range(150):
        spoilt = copy.deepcopy(whole)
        place = spoilt
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = chance.choice(list(keys))
            below = place[key]
            if not isinstance(below, (dict, list)) or not below or chance.random() < 0.1:
                break
            place = below
        if chance.random() < 0.3:
            del place[key]
        else:
            place[key] = chance.choice([None, 0, -1, "x", [], {}, [None], {"a": 1}])
        path.write_text(json.dumps(spoilt), encoding="utf-8")
        try:
            story.seed(path)
        except ValueError as error:
            refused += 1
            assert str(path) in str(error)
    assert 0 < refused < 150
    path.write_text(json.dumps(whole), encoding="utf-8")
    story.seed(path)


def test_the_document_of_the_guide_can_be_seeded(local, local_client, path):
    guide = (ROOT / "docs" / "guides" / "test-data.md").read_text(encoding="utf-8")
    path.write_text(re.search(r"```json\n(.*?)```", guide, re.S)[1], encoding="utf-8")
    local.seed(path)
    assert local_client.config_get("flags")["data"] == {"dark_mode": True}
    assert local_client.streams_get("order-123")["version"] == 1
    assert [found["name"] for found in local_client.environments_list()] == ["default", "staging"]


def test_every_store_of_the_engine_is_in_documents_or_holds_connections():
    sources = [path.read_text("utf-8") for path in (ROOT / "ironflow" / "testing").rglob("*.py")]
    used = set(re.findall(r"\.of\(([A-Z]\w+)\)", "".join(sources)))
    known = {kind.__name__ for kind in (*_seeds._STATE.values(), *_seeds._ENVIRONMENT.values())}
    transient = set(
        re.findall(
            r"class (\w+)[^\n]*:\n(?:(?!\nclass ).)*?\n    transient = True", "".join(sources), re.S
        )
    )
    assert transient == {"Queries", "Watches", "WebSockets"}
    assert used - known - transient <= {"Projections", "Upcasters"}  # of the registry
