"""Functions: listing and invoking them."""

from __future__ import annotations

import pytest

from ironflow import NotFoundError, ValidationError

from ..runs import (
    finish,
    in_threads,
)

# Invoking.


def test_invoking_a_function_starts_one_run_of_it(local, local_client):
    local.function("greet")(lambda event: f"hello {event['data'].get('name')}")
    invoked = local_client.functions_invoke("greet", {"data": {"name": "Ada"}})
    local.wait_until_idle()
    run = local_client.runs_get(invoked["run_id"])
    assert (run["output"], run["event_id"]) == ("hello Ada", invoked["event_id"])
    event = local_client.events_get(invoked["event_id"])
    assert (event["name"], event["data"]) == ("ironflow.invoke.greet", {"name": "Ada"})


@pytest.mark.parametrize("body", [None, {}, {"data": {}}, {"data": None}])
def test_invoking_without_data_gives_empty_data(local, local_client, body):
    local.function("greet")(lambda event: event["data"])
    run_id = local_client.functions_invoke("greet", body)["run_id"]
    local.wait_until_idle()
    assert local_client.runs_get(run_id)["output"] == {}


def test_a_function_that_listens_to_invocations_runs_once(local, local_client):
    local.function("greet", triggers=["ironflow.>"])(lambda event: "greet")
    local.function("log", triggers=[">"])(lambda event: "log")
    invoked = local_client.functions_invoke("greet")
    local.wait_until_idle()
    runs = local_client.runs_list(event_id=invoked["event_id"])["runs"]
    assert sorted(run["function_id"] for run in runs) == ["greet", "log"]
    assert local_client.runs_get(invoked["run_id"])["function_id"] == "greet"


def test_invoking_what_is_not_there_is_a_404_and_leaves_no_event(local_client):
    with pytest.raises(NotFoundError, match="function not found"):
        local_client.functions_invoke("nobody", {"data": {}})
    assert local_client.events_list()["count"] == 0


def test_invoking_with_data_that_is_no_object_is_refused(local, local_client):
    local.function("greet")(lambda event: None)
    with pytest.raises(ValidationError, match="data must be a JSON object"):
        local_client.functions_invoke("greet", {"data": [1]})
    assert local_client.runs_list()["total_count"] == 0


@pytest.mark.parametrize("key", ["a b", "k" * 256])
def test_an_idempotency_key_that_cannot_be_one_is_400(local, local_client, key):
    local.function("greet")(lambda event: None)
    with pytest.raises(ValidationError, match="Idempotency-Key must be 255 bytes"):
        local_client.functions_invoke("greet", idempotency_key=key)
    assert local_client.runs_list()["runs"] == []


def test_the_same_idempotency_key_gives_the_same_run(local, local_client):
    for id in ("greet", "part"):
        local.function(id)(lambda event: event["data"])
    outcomes = in_threads(
        8, lambda: local_client.functions_invoke("greet", {"data": {}}, idempotency_key="k-1")
    )
    assert outcomes == [outcomes[0]] * 8
    first = local_client.functions_invoke("greet", {"data": {"n": 2}}, idempotency_key="k-1")
    assert first == outcomes[0]
    others = [
        local_client.functions_invoke("greet", idempotency_key="k-2"),
        local_client.functions_invoke("part", idempotency_key="k-1"),
        local_client.with_options(environment="staging").functions_invoke(
            "greet", idempotency_key="k-1"
        ),
        local_client.functions_invoke("greet"),
    ]
    run_ids = [first["run_id"], *(other["run_id"] for other in others)]
    assert len(set(run_ids)) == 5
    assert local_client.events_get(first["event_id"])["idempotency_key"] == "k-1"


# Functions.


def test_functions_are_listed_as_they_were_registered(local, local_client):
    local.function(
        "process-order",
        triggers=["order.*", "cart.>"],
        name="Process Order",
        description="Handles an order",
        max_attempts=3,
        retry_delay=0.5,
    )(lambda event: None)
    local.function("greet")(lambda event: None)
    found = local_client.functions_get("process-order")
    assert (found["name"], found["description"]) == ("Process Order", "Handles an order")
    assert found["triggers"] == [{"event": "order.*"}, {"event": "cart.>"}]
    assert (found["retry_attempts"], found["retry_delay_ms"]) == (3, 500)
    listed = local_client.functions_list()
    assert (listed["count"], listed["total_count"]) == (2, 2)
    assert listed["functions"] == [found, local_client.functions_get("greet")]
    with pytest.raises(NotFoundError, match="function not found"):
        local_client.functions_get("nobody")


def test_functions_are_found_by_what_is_asked_for(local, local_client):
    for id in ("process-order", "process-refund", "greet"):
        local.function(id, name=id.title())(lambda event: None)

    def found(**query):
        return [function["id"] for function in local_client.functions_list(**query)["functions"]]

    assert found(name="PROCESS") == ["process-order", "process-refund"]
    assert found(mode="push") == ["process-order", "process-refund", "greet"]
    assert found(mode="pull") == []
    assert found(status="active", limit=1, offset=1) == ["process-refund"]
    assert found(status="disabled") == []
    assert local_client.functions_list(limit=1)["total_count"] == 3
    assert found(offset=3) == []


def test_a_function_that_is_registered_again_takes_the_place_of_the_old_one(local, local_client):
    local.function("process-order", triggers=["order.*"])(lambda event: "old")
    local.function("process-order", triggers=["order.*"])(lambda event: "new")
    assert finish(local, local_client)["output"] == "new"
    assert local_client.functions_list()["total_count"] == 1
