"""The SDK document's own code blocks, run against a local server that holds what they presume.

The text of a block is changed in two ways: the address is ours, and an id of the document becomes
one that this server gave. Left to test_document.py, which looks at their requests alone, are those
that list calls in an order no server can follow: 04_runs resumes the run it has cancelled, 06_kv,
10_api_keys and 19_organizations go on with what they have deleted, and 08_secrets creates the
secret it has read. 02_configuration makes no request.
"""

from __future__ import annotations

import pytest

from ironflow import IronflowClient, IronflowError, NotFoundError

from ..test_document import BLOCKS

SCHEMA = {"event_name": "order.placed", "version": 2, "schema_json": '{"type":"object"}'}


@pytest.fixture
def run_block(local, local_client):
    """Execute a block, with ids of the document replaced by others; returns its variables."""

    def run(name, **ids):
        path = BLOCKS / name
        source = path.read_text(encoding="utf-8").replace("http://localhost:9123", local.url)
        for documented, real in ids.items():
            assert f'"{documented}"' in source
            source = source.replace(f'"{documented}"', f'"{real}"')
        variables = {"client": local_client, "IronflowClient": IronflowClient}
        try:
            exec(compile(source, str(path), "exec", dont_inherit=True), variables)
        finally:
            variables["client"].close()  # a block may have made its own
        return variables

    return run


@pytest.fixture
def process_order(local):
    """The documented function; it waits, so that its runs can be cancelled."""

    @local.function("process-order", triggers=["order.placed"])
    def process_order(event, step):
        step.wait_for_event("payment", "order.paid")


def test_the_quick_start_starts_a_run_and_cancels_another(
    run_block, local, local_client, process_order
):
    invoked = local_client.functions_invoke("process-order")
    local.wait_until_idle()
    block = run_block("01_quickstart.py", run_abc123=invoked["run_id"])
    assert block["runs"]["runs"][0]["id"] == block["result"]["run_ids"][0]
    assert block["run"]["status"] == "paused"
    assert local_client.runs_get(invoked["run_id"])["status"] == "cancelled"


def test_the_events_block_lists_the_event_it_emits(run_block):
    (event,) = run_block("03_events.py")["events"]["events"]
    assert (event["name"], event["data"]) == ("user.created", {"user_id": "123"})


def test_the_projections_block_runs_on_a_rebuild_that_takes_its_time(
    run_block, local, local_client
):
    @local.projection("my-projection", events=["order.placed"], rebuild_pace=60)
    def my_projection(state, event):
        return event["data"]

    local_client.events_create(body={"name": "order.placed", "data": {"order_id": "123"}})
    block = run_block("05_projections.py")
    assert block["projection"]["state"]["state"] == {"order_id": "123"}
    assert block["status"]["status"] == "active"
    assert local_client.projections_list()["projections"] == []


def test_the_config_block_runs_up_to_the_watch(run_block, local_client):
    local_client.config_create("my-config", body={"key": "old"})
    with pytest.raises(IronflowError, match="WebSocket") as caught:
        run_block("07_config.py")
    assert caught.value.url.endswith("/api/v1/config/my-config/watch")
    with pytest.raises(NotFoundError):
        local_client.config_get("my-config")


def test_the_streams_block_appends_to_a_stream_of_four_events(run_block, local_client):
    for _ in range(4):
        body = {"entity_type": "order", "event_name": "order.drafted"}
        local_client.streams_events("entity-123", body=body)
    run_block("09_streams.py")
    assert local_client.streams_get("entity-123")["version"] == 5
    assert local_client.streams_list_snapshots("entity-123")["state"] == {"status": "shipped"}


def test_the_projects_block_makes_one_project_and_deletes_another(run_block, local_client):
    project = local_client.projects_create(body={"name": "old"})
    run_block("11_projects.py", proj_123=project["id"])
    names = [found["name"] for found in local_client.projects_list()]
    assert names == ["default", "my-project"]


def test_the_environments_block_makes_one_and_deletes_another(run_block, local_client):
    project = local_client.projects_create(body={"name": "shop"})
    environment = local_client.environments_create(body={"name": "old"})
    run_block("12_environments.py", proj_123=project["id"], env_123=environment["id"])
    (made,) = local_client.environments_list(project_id=project["id"])
    assert made["name"] == "staging"
    assert len(local_client.environments_list()) == 2


def test_the_functions_block_starts_a_run(run_block, local_client, process_order):
    run_block("13_functions.py")
    (run,) = local_client.runs_list()["runs"]
    assert (run["function_id"], run["input"]) == ("process-order", {"order_id": "123"})


def test_the_schemas_block_leaves_the_version_it_found(run_block, local, local_client):
    local.upcaster("order.placed", 1)(lambda data: data)
    local_client.schemas_create(body=SCHEMA)
    run_block("14_schemas.py")
    assert [found["version"] for found in local_client.schemas_list()["schemas"]] == [2]


def test_the_blocks_of_one_call_run(run_block, local):
    local.projection("order_stats", events=["order.placed"])(lambda state, event: state)
    for name in ("15_pub_sub.py", "16_sql.py", "17_audit.py"):
        run_block(name)


def test_the_users_block_makes_alice_and_deletes_another(run_block, local_client):
    bob = local_client.users_create(body={"email": "bob@example.com", "password": "s3cret"})
    run_block("18_users.py", user_123=bob["id"])
    assert [user["email"] for user in local_client.users_list()] == ["alice@example.com"]


def test_the_error_block_prints_what_its_comments_say(run_block, capsys):
    run_block("20_errors.py")
    assert capsys.readouterr().out == "Status: 404\nCode: NOT_FOUND\nMessage: run not found\n"
