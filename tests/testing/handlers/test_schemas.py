"""Event schemas, upcasters and published messages of the local server."""

from __future__ import annotations

import json

import pytest

from ironflow import ConflictError, NotFoundError, ValidationError

SCHEMA = '{"type": "object", "properties": {"orderId": {"type": "string"}}}'


def register(client, name="order.placed", version=1, schema=SCHEMA, **members):
    body = {"event_name": name, "version": version, "schema_json": schema, **members}
    return client.schemas_create(body=body)


def upcast(client, first, last, data=None, name="order.placed"):
    body = {"event_name": name, "from_version": first, "to_version": last, "data": data or {}}
    return client.schemas_create_upcast(body=body)


# Schemas


def test_a_schema_is_read_as_it_was_registered(local_client):
    assert register(local_client, description="first") == {"status": "registered"}
    found = local_client.schemas_get_by_name("order.placed", 1)
    assert found["created_at"].endswith("Z")
    assert {**found, "created_at": ""} == {
        "event_name": "order.placed",
        "version": 1,
        "schema_json": SCHEMA,
        "description": "first",
        "environment_id": "env_default",
        "created_at": "",
    }


def test_the_latest_schema_is_that_of_the_highest_version(local_client):
    for version in (2, 10, 9):
        register(local_client, version=version)
    register(local_client, "order.placed.late", version=11)
    assert local_client.schemas_get("order.placed")["version"] == 10
    assert local_client.schemas_get_by_name("order.placed", "0")["version"] == 10
    assert "description" not in local_client.schemas_get("order.placed")
    local_client.schemas_delete("order.placed", "10")
    assert local_client.schemas_get("order.placed")["version"] == 9


def test_the_same_schema_can_be_registered_again(local_client):
    register(local_client, description="first")
    made = local_client.schemas_get("order.placed")
    again = json.dumps(dict(reversed(json.loads(SCHEMA).items())), indent=2)
    assert again != SCHEMA
    assert register(local_client, schema=again, description="again") == {"status": "registered"}
    assert local_client.schemas_list()["schemas"] == [made]


@pytest.mark.parametrize("before, after", [(SCHEMA, "{}"), ('{"default": 1}', '{"default": true}')])
def test_a_version_cannot_get_another_schema(local_client, before, after):
    register(local_client, schema=before)
    with pytest.raises(ConflictError, match="version 1 of order.placed") as failure:
        register(local_client, schema=after)
    assert failure.value.status_code == 409
    assert local_client.schemas_get("order.placed")["schema_json"] == before
    local_client.schemas_delete("order.placed", 1)
    register(local_client, schema=after)
    assert local_client.schemas_get("order.placed")["schema_json"] == after


def test_schemas_are_listed_by_event_and_version_in_pages(local_client):
    for name, version in (("b", 10), ("b", 9), ("a", 1), ("bb", 1)):
        register(local_client, name, version)

    def listed(**options):
        found = local_client.schemas_list(**options)
        assert found["count"] == len(found["schemas"])
        return [(s["event_name"], s["version"]) for s in found["schemas"]], found["total_count"]

    assert listed() == ([("a", 1), ("b", 9), ("b", 10), ("bb", 1)], 4)
    assert listed(limit=2) == ([("a", 1), ("b", 9)], 4)
    assert listed(limit=2, offset=3) == ([("bb", 1)], 4)
    assert listed(event_name="b") == ([("b", 9), ("b", 10)], 2)
    assert listed(event_name="b", offset=1) == ([("b", 10)], 2)
    assert listed(event_name="none") == ([], 0)


def test_a_deleted_version_is_gone_and_the_others_stay(local_client):
    register(local_client, version=1)
    register(local_client, version=2)
    assert local_client.schemas_delete("order.placed", "1") == {"status": "deleted"}
    for call in (local_client.schemas_get_by_name, local_client.schemas_delete):
        with pytest.raises(NotFoundError, match="schema not found"):
            call("order.placed", "1")
    assert local_client.schemas_list()["total_count"] == 1
    local_client.schemas_delete("order.placed", "2")
    with pytest.raises(NotFoundError, match="schema not found"):
        local_client.schemas_get("order.placed")
    with pytest.raises(NotFoundError, match="schema not found"):
        local_client.schemas_get_by_name("order.placed", "0")


@pytest.mark.parametrize("version", ["latest", "1.0", "-1", "9" * 5000])
def test_a_version_is_a_whole_number(local_client, version):
    register(local_client)
    for call in (local_client.schemas_get_by_name, local_client.schemas_delete):
        with pytest.raises(ValidationError, match="version must be") as failure:
            call("order.placed", version)
        assert failure.value.status_code == 400


def test_only_a_particular_version_can_be_deleted(local_client):
    register(local_client)
    with pytest.raises(ValidationError, match="version must be at least 1"):
        local_client.schemas_delete("order.placed", "0")
    assert local_client.schemas_list()["total_count"] == 1


@pytest.mark.parametrize(
    "members, message",
    [
        ({"event_name": None}, "event_name is required"),
        ({"version": None}, "version is required"),
        ({"version": 0}, "version must be at least 1"),
        ({"version": "1"}, "version must be a whole number"),
        ({"schema_json": None}, "schema_json is required"),
        ({"schema_json": {"type": "object"}}, "schema_json must be a string"),
        ({"schema_json": "{"}, "schema_json must be a string that holds a JSON object"),
        ({"schema_json": "[]"}, "schema_json must be a string that holds a JSON object"),
        ({"schema_json": '{"minimum": NaN}'}, "schema_json must be a string that holds"),
        ({"schema_json": '{"a":' * 100_000}, "schema_json must be a string that holds"),
        ({"description": 1}, "description must be a string"),
        ({"schema_json": '{"type": "text"}'}, "does not compile: /type must be one or some of"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(local_client, members, message):
    body = {"event_name": "order.placed", "version": 1, "schema_json": SCHEMA, **members}
    with pytest.raises(ValidationError, match=message):
        local_client.schemas_create(body=body)
    assert local_client.schemas_list() == {"schemas": [], "count": 0, "total_count": 0}


def test_environments_do_not_see_each_others_schemas(local_client):
    register(local_client)
    staging = local_client.with_options(environment="staging")
    assert staging.schemas_list()["total_count"] == 0
    register(staging, schema="{}")
    assert staging.schemas_get("order.placed")["environment_id"] != "env_default"
    assert local_client.schemas_get("order.placed")["schema_json"] == SCHEMA


# Upcasters


@pytest.fixture
def upcasters(local):
    @local.upcaster("order.placed", 1, description="Add the priority field")
    def add_priority(data):
        return {**data, "priority": "normal"}

    @local.upcaster("order.placed", 2)
    def nest_the_id(data):
        data["order"] = {"id": data.pop("orderId")}
        return data


def test_data_goes_through_each_step_in_turn(local_client, upcasters):
    assert upcast(local_client, 1, 3, {"orderId": "123"}) == {
        "data": {"order": {"id": "123"}, "priority": "normal"},
        "steps_applied": [
            {"from_version": 1, "to_version": 2, "description": "Add the priority field"},
            {"from_version": 2, "to_version": 3, "description": ""},
        ],
    }
    assert upcast(local_client, 2, 3, {"orderId": "1"})["data"] == {"order": {"id": "1"}}


def test_the_same_version_needs_no_step(local_client):
    assert upcast(local_client, 7, 7, {"a": [1]}) == {"data": {"a": [1]}, "steps_applied": []}


def test_there_is_no_way_back(local_client, upcasters):
    with pytest.raises(ValidationError, match="to_version must be at least from_version, 2"):
        upcast(local_client, 2, 1, {"orderId": "1"})


@pytest.mark.parametrize(
    "first, last, name, gap",
    [(1, 4, "order.placed", 3), (4, 2**62, "order.placed", 4), (1, 2, "order.shipped", 1)],
)
def test_a_missing_step_is_named(local_client, upcasters, first, last, name, gap):
    message = f"upcaster of {name} from version {gap} not found"
    with pytest.raises(NotFoundError, match=message):
        upcast(local_client, first, last, {"orderId": "1"}, name)


def test_of_two_upcasters_for_one_step_the_later_one_counts(
    local,
    local_client,
    upcasters,
):
    local.upcaster("order.placed", 1)(lambda data: {"replaced": True})
    assert upcast(local_client, 1, 2)["data"] == {"replaced": True}


def test_what_an_upcaster_returns_is_not_changed_by_the_next(local, local_client):
    default = {"tags": ["a"]}

    @local.upcaster("order.placed", 1)
    def same(data):
        return default

    @local.upcaster("order.placed", 2)
    def add(data):
        data["tags"].append("b")
        return data

    for _ in range(2):
        assert upcast(local_client, 1, 3)["data"] == {"tags": ["a", "b"]}
    assert default == {"tags": ["a"]}


def test_an_upcaster_that_raises_is_named_with_its_message(local, local_client):
    @local.upcaster("order.placed", 1)
    def fails(data):
        return {"total": data["total"] / data["quantity"]}

    with pytest.raises(ValidationError) as failure:
        upcast(local_client, 1, 2, {"total": 1, "quantity": 0})
    assert failure.value.status_code == 422
    assert str(failure.value) == (
        "upcaster of order.placed from version 1 failed: ZeroDivisionError: division by zero"
    )
    assert upcast(local_client, 1, 2, {"total": 4, "quantity": 2})["data"] == {"total": 2}


@pytest.mark.parametrize(
    "value, message",
    [
        (None, "returned NoneType, not a dict"),
        ([1], "returned list, not a dict"),
        ({"a": {1, 2}}, "failed: TypeError"),
        ({"a": float("nan")}, "failed: ValueError"),
    ],
)
def test_an_upcaster_has_to_return_a_json_object(local, local_client, value, message):
    local.upcaster("order.placed", 1)(lambda data: value)
    with pytest.raises(ValidationError, match=message) as failure:
        upcast(local_client, 1, 2)
    assert failure.value.status_code == 422


@pytest.mark.parametrize(
    "members, message",
    [
        ({"event_name": ""}, "event_name must not be empty"),
        ({"from_version": 0}, "from_version must be at least 1"),
        ({"to_version": None}, "to_version is required"),
        ({"data": [1]}, "data must be a JSON object"),
        ({"data": None}, "data is required"),
    ],
)
def test_an_upcast_needs_an_event_versions_and_data(local_client, members, message):
    body = {"event_name": "a", "from_version": 1, "to_version": 1, "data": {}, **members}
    with pytest.raises(ValidationError, match=message):
        local_client.schemas_create_upcast(body=body)


def test_trying_an_upcast_emits_nothing(local_client, upcasters):
    upcast(local_client, 1, 2)
    assert local_client.events_list()["events"] == []


# Messages


def publish(client, **members):
    return client.pub_sub_create(body={"topic": "orders", "data": {"type": "ping"}, **members})


def test_messages_are_numbered_with_the_events(local_client):
    first = publish(local_client)
    local_client.events_create(body={"name": "order.placed", "data": {}})
    second = publish(local_client, data="text")
    assert (first["sequence"], second["sequence"]) == (1, 3)
    assert first["event_id"].startswith("evt_")
    assert first["event_id"] != second["event_id"]


def test_a_message_starts_no_function_and_is_no_event(local, local_client):
    started = []
    local.function("on-orders", triggers=["orders", ">"])(started.append)
    publish(local_client)
    local.wait_until_idle()
    assert started == []
    assert local_client.runs_list()["total_count"] == 0
    assert local_client.events_list()["events"] == []


def test_a_message_with_a_key_is_published_once_a_topic(local_client):
    first = publish(local_client, idempotency_key="k1")
    assert publish(local_client, idempotency_key="k1", data="changed") == first
    others = [
        publish(local_client, idempotency_key="k2"),
        publish(local_client, idempotency_key="k1", topic="invoices"),
        publish(local_client),
        publish(local_client),
    ]
    assert [receipt["sequence"] for receipt in [first, *others]] == [1, 2, 3, 4, 5]
    assert publish(local_client, idempotency_key="k1") == first


def test_environments_number_their_messages_apart(local_client):
    staging = local_client.with_options(environment="staging")
    first = publish(local_client, idempotency_key="k1")
    other = publish(staging, idempotency_key="k1")
    assert (first["sequence"], other["sequence"]) == (1, 1)
    assert first["event_id"] != other["event_id"]


def test_a_projection_has_caught_up_with_a_message(local, local_client):
    local.projection("orders", events=["order.*"])(lambda state, event: state)
    sequence = publish(local_client)["sequence"]
    caught = local_client.projections_list_catchup("orders", min_seq=sequence, timeout=0)
    assert caught["caughtUp"] is True


@pytest.mark.parametrize(
    "members, message",
    [
        ({"topic": None}, "topic is required"),
        ({"topic": ""}, "topic must not be empty"),
        ({"topic": 1}, "topic must be a string"),
        ({"data": None}, "data is required"),
        ({"idempotency_key": 1}, "idempotency_key must be a string"),
    ],
)
def test_a_message_needs_a_topic_and_data(local_client, members, message):
    with pytest.raises(ValidationError, match=message):
        publish(local_client, **members)
    assert publish(local_client)["sequence"] == 1
