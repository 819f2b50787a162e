"""What an event sets off: the function that it invokes, by the event of that name."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("name", ["charge", "ship.order"])
def test_the_event_of_an_invocation_starts_the_function_that_it_names(local, local_client, name):
    local.function(name)(lambda event: event["data"])
    local.function("other")(lambda event: None)
    body = {"name": f"ironflow.invoke.{name}", "data": {"a": 1}, "metadata": {"source": "cli"}}
    (run_id,) = local_client.events_create(body)["run_ids"]
    local.wait_until_idle()
    run = local_client.runs_get(run_id)
    assert (run["function_id"], run["output"]) == (name, {"a": 1})


def test_a_function_that_listens_for_its_own_invocations_runs_once(local, local_client):
    local.function("charge", triggers=["ironflow.invoke.*"])(lambda event: None)
    local_client.functions_invoke("charge")
    assert local_client.runs_list()["count"] == 1
