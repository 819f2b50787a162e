"""What the command line has beyond the reference: keys, config documents, waiting for a run."""

from __future__ import annotations

import json

import pytest

from ..local import until
from .running import run
from .test_following import following

EVERY_BYTE = "as it stands: é 日本\n\n"


@pytest.fixture
def ironflow(local, tmp_path):
    """Runs a command against the local server."""

    def act(*arguments, stdin=None, **variables):
        return run(arguments, tmp_path, stdin, IRONFLOW_SERVER_URL=local.url, **variables)

    return act


def test_buckets_are_made_listed_shown_and_deleted(ironflow, local_client):
    assert ironflow("kv", "bucket", "create", "flags").code == 0
    assert [found["name"] for found in local_client.kv_list_buckets()["buckets"]] == ["flags"]
    assert "flags" in ironflow("kv", "bucket", "list").out
    assert json.loads(ironflow("kv", "bucket", "get", "flags", "--json").out)["name"] == "flags"
    assert ironflow("kv", "bucket", "delete", "flags").code == 0
    assert local_client.kv_list_buckets()["buckets"] == []


def test_a_key_is_put_got_listed_and_deleted(ironflow, local_client):
    local_client.kv_create_bucket(body={"name": "flags"})
    assert ironflow("kv", "put", "flags", "dark/mode", "on").code == 0
    value = local_client.kv_value(local_client.kv_get("flags", "dark/mode"))
    assert value == b"on"
    assert ironflow("kv", "get", "flags", "dark/mode").out.rstrip("\n") == "on"
    assert "dark/mode" in ironflow("kv", "list", "flags").out
    assert ironflow("kv", "delete", "flags", "dark/mode").code == 0
    done = ironflow("kv", "get", "flags", "dark/mode")
    assert (done.code, done.out) == (1, "")
    assert "NOT_FOUND, HTTP 404" in done.err


def test_a_value_comes_from_stdin_and_goes_to_stdout_as_it_is(ironflow, local_client):
    local_client.kv_create_bucket(body={"name": "flags"})
    assert ironflow("kv", "put", "flags", "text", "-", stdin=EVERY_BYTE).code == 0
    assert local_client.kv_value(local_client.kv_get("flags", "text")) == EVERY_BYTE.encode()
    assert ironflow("kv", "get", "flags", "text").out == EVERY_BYTE


def test_a_value_is_whole_under_json(ironflow, local_client):
    local_client.kv_create_bucket(body={"name": "flags"})
    local_client.kv_put("flags", "a", body=b"1")
    shown = json.loads(ironflow("kv", "get", "flags", "a", "--json").out)
    assert shown == local_client.kv_get("flags", "a")


def test_a_config_document_is_set_patched_shown_listed_and_deleted(ironflow, local_client):
    assert ironflow("config", "set", "limits", "--data", '{"max": 5, "min": 1}').code == 0
    assert ironflow("config", "patch", "limits", "--data", '{"max": 7}').code == 0
    assert local_client.config_get("limits")["data"] == {"max": 7, "min": 1}
    assert json.loads(ironflow("config", "get", "limits", "--json").out)["data"]["max"] == 7
    assert "limits" in ironflow("config", "list").out
    assert ironflow("config", "delete", "limits").code == 0
    assert local_client.config_list()["configs"] == []


@pytest.mark.parametrize("verb", ["set", "patch"])
def test_a_config_document_comes_from_a_file_or_stdin(ironflow, local_client, tmp_path, verb):
    (tmp_path / "a.json").write_text('{"from": "file"}')
    assert ironflow("config", verb, "a", "--data-file", "a.json").code == 0
    assert local_client.config_get("a")["data"] == {"from": "file"}
    assert ironflow("config", verb, "a", stdin='{"from": "stdin"}').code == 0
    assert local_client.config_get("a")["data"] == {"from": "stdin"}


def test_a_config_document_is_not_emptied_for_want_of_data(ironflow, local, local_client):
    local_client.config_create("a", body={"kept": True})
    done = ironflow("config", "set", "a")
    assert done.code == 1
    assert local_client.config_get("a")["data"] == {"kept": True}


def test_a_key_is_followed(local, local_client, tmp_path):
    local_client.kv_create_bucket(body={"name": "flags"})
    local_client.kv_put("flags", "a", body=b"before")
    arguments = ["kv", "watch", "flags", "--json"]
    with following(arguments, tmp_path, IRONFLOW_SERVER_URL=local.url) as (_, lines):
        until(lambda: lines)
        local_client.kv_put("flags", "a", body=b"after")
        until(lambda: len(lines) > 1)
        updates = [json.loads(line) for line in lines]
    assert [local_client.kv_value(update) for update in updates] == [b"before", b"after"]


def test_a_config_document_is_followed(local, local_client, tmp_path):
    local_client.config_create("limits", body={"max": 5})
    arguments = ["config", "watch", "limits", "--json"]
    with following(arguments, tmp_path, IRONFLOW_SERVER_URL=local.url) as (_, lines):
        until(lambda: lines)
        local_client.config_patch("limits", body={"max": 6})
        until(lambda: len(lines) > 1)
        updates = [json.loads(line) for line in lines]
    assert [update["data"]["max"] for update in updates] == [5, 6]


# Runs, as the local server carries them out


def _charge(event):
    if event["data"].get("amount", 0) > 100:
        raise ValueError("card declined")
    return {"charged": event["data"]["amount"]}


@pytest.fixture
def charging(local):
    local.function("charge", triggers=["order.placed"])(_charge)
    return local


@pytest.mark.parametrize(("amount", "code", "status"), [(5, 0, "completed"), (500, 1, "failed")])
def test_run_wait_shows_the_run_and_a_failed_one_is_no_success(
    charging, ironflow, local_client, amount, code, status
):
    body = {"name": "order.placed", "data": {"amount": amount}}
    (run_id,) = local_client.events_create(body=body)["run_ids"]
    done = ironflow("run", "wait", run_id, "--json")
    assert done.code == code
    assert json.loads(done.out)["status"] == status


def test_a_wait_that_times_out_is_no_success(local, ironflow, local_client):
    @local.function("nap", triggers=["night"])
    def nap(event, step):
        step.wait_for_event("sun", "morning")

    (run_id,) = local_client.events_create(body={"name": "night", "data": {}})["run_ids"]
    done = ironflow("run", "wait", run_id, "--timeout", "50ms")
    assert done.code == 1


@pytest.mark.parametrize(("amount", "code"), [(5, 0), (500, 1)])
def test_emit_waits_for_runs_of_the_local_server(charging, ironflow, amount, code):
    done = ironflow("emit", "order.placed", "--data", f'{{"amount": {amount}}}', "--wait", "--json")
    assert done.code == code
    (result,) = json.loads(done.out)["results"]
    assert result["function_id"] == "charge"


def test_emit_waits_for_the_runs_of_an_event_of_a_later_version(charging, ironflow):
    arguments = ("--data", '{"amount": 5}', "--version", "2", "--wait")
    done = ironflow("emit", "order.placed", *arguments)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith('Emitting event "order.placed" and waiting for completion (')
    assert "\n✓ charge RUN_STATUS_COMPLETED " in done.out and '{"charged":5}' in done.out
    assert charging.requests[0].json["version"] == 2

    failed = ironflow("emit", "order.placed", "-d", '{"amount": 500}', *arguments[2:], "--json")
    (result,) = json.loads(failed.out)["results"]
    assert (failed.code, result["status"]) == (1, "RUN_STATUS_FAILED")
    assert "card declined" in result["error"]["message"]


def test_the_first_version_is_waited_for_in_one_call(charging, ironflow, local):
    assert ironflow("emit", "order.placed", "-d", '{"amount": 5}', "--version", "1", "-w").code == 0
    assert [request.path for request in local.requests] == [
        "/ironflow.v1.IronflowService/TriggerSync"
    ]


def test_emit_of_a_later_version_says_what_has_not_ended_in_time(local, ironflow):
    @local.function("nap", triggers=["night"])
    def nap(event, step):
        step.wait_for_event("sun", "morning")

    done = ironflow("emit", "night", "--version", "2", "-w", "-t", "50ms", "--json")
    assert done.code == 1
    assert done.err.startswith("note: 1 of the runs has not ended (run_1) after ")
    reply = json.loads(done.out)
    (result,) = reply["results"]
    assert (reply["event_id"], result["run_id"], result["wait_timed_out"]) == ("evt_1", "run_1", 1)
    assert ironflow("emit", "unheard", "--version", "2", "-w").code == 0


def test_invoke_waits_for_a_run_of_the_local_server(charging, ironflow):
    done = ironflow("invoke", "charge", "--data", '{"amount": 5}')
    assert done.code == 0
    assert "✓ charge completed in " in done.out
    assert '{"charged":5}' in done.out


def test_a_run_is_paused_injected_into_and_resumed(local, ironflow, local_client):
    @local.function("order", triggers=["order.placed"])
    def order(event, step):
        price = step.run("price", lambda: {"total": 99})
        step.wait_for_event("go", "go", timeout=60)
        return price

    (run_id,) = local_client.events_create(body={"name": "order.placed", "data": {}})["run_ids"]
    local.wait_until_idle()
    assert ironflow("run", "pause", run_id).out == f"Run {run_id}: paused\n"
    state = json.loads(ironflow("run", "paused-state", run_id, "--json").out)
    (step_id,) = [step["id"] for step in state["steps"] if step["name"] == "price"]
    done = ironflow("run", "inject", run_id, step_id, "--output", '{"total": 89}')
    assert done.out == f'Injected step {step_id}\nPrevious output: {{"total":99}}\n'
    assert ironflow("run", "resume", run_id).code == 0
    local.wait_until_idle()  # until it waits for the event again
    local_client.events_create(body={"name": "go", "data": {}})
    assert local.wait_for_run(run_id)["output"] == {"total": 89}


def test_two_servers_do_not_share_a_login(ironflow, local, local_client, tmp_path):
    user = {"email": "a@example.com", "name": "A", "password": "s3cret"}
    local_client.platform_bootstrap(body=user)
    assert ironflow("platform", "login", "--email", "a@example.com", stdin="s3cret\n").code == 0
    token = local_client.platform_auth_login(body={"email": user["email"], "password": "s3cret"})
    ironflow("platform", "users", "list", IRONFLOW_API_KEY="ifkey_of_the_variable")
    assert local.requests[-1].headers["authorization"].startswith("Bearer ")
    assert "ifkey_of_the_variable" not in local.requests[-1].headers["authorization"]
    ironflow("run", "list", IRONFLOW_API_KEY="ifkey_of_the_variable")
    assert local.requests[-1].headers["authorization"] == "Bearer ifkey_of_the_variable"
    assert token["token"] not in ironflow("platform", "users", "list").out

    other = type(local)()
    with other:
        run(
            ["platform", "users", "list"],
            tmp_path,
            IRONFLOW_SERVER_URL=other.url,
            IRONFLOW_API_KEY="ifkey_of_the_variable",
        )
        assert other.requests[-1].headers["authorization"] == "Bearer ifkey_of_the_variable"


def test_the_first_admin_is_made_with_the_key_and_not_with_a_login(ironflow, local, local_client):
    user = {"email": "a@example.com", "name": "A", "password": "s3cret"}
    local_client.platform_bootstrap(body=user)
    ironflow("platform", "login", "--email", "a@example.com", stdin="s3cret\n")
    arguments = ("platform", "create-admin", "--email", "b@example.com", "--name", "B")
    done = ironflow(*arguments, stdin="pw\n", IRONFLOW_API_KEY="ifkey_of_the_variable")
    assert local.requests[-1].headers["authorization"] == "Bearer ifkey_of_the_variable"
    assert (done.code, done.out) == (1, "")
    assert "HTTP 409" in done.err
