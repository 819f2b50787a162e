"""The trail of authentication: who was let in, who was not, and who may read it."""

from __future__ import annotations

import pytest

from ironflow import AuthenticationError, IronflowClient, NotFoundError, PermissionDeniedError
from ironflow.testing._engine import auth_trail

ORG = {"org_id": "org_default"}


def trail(client, **asked):
    events = client.audit_list_auth_trail({**ORG, **asked}).get("events", [])
    return [(e["payload"]["action"], e["metadata"]["decision"]) for e in events]


def test_what_a_key_did_is_there_newest_first(admin):
    key = admin.api_keys_create(body={"name": "ci"})
    with_key = admin.with_options(api_key=key["key"])
    with_key.runs_list()
    with_key.functions_list()

    events = admin.audit_list_auth_trail({**ORG, "api_key_id": key["id"]})["events"]

    assert [e["payload"]["action"] for e in events] == ["functions:list", "runs:list"]
    assert {e["payload"]["key"] for e in events} == {key["id"]}
    assert {e["event_type"] for e in events} == {"auth.check"}
    assert {e["metadata"]["decision"] for e in events} == {"allow"}


def test_who_was_not_let_in_is_there(guarded, admin, tenant):
    stranger = IronflowClient(guarded.url, api_key="ifkey_of_a_stranger", max_attempts=1)
    with stranger, pytest.raises(AuthenticationError):
        stranger.runs_list()
    (event,) = admin.audit_list_auth_trail({**ORG, "action": "runs:list"})["events"]
    assert event["payload"] == {"action": "runs:list", "key": "", "user": ""}
    assert event["metadata"] == {"decision": "deny"}
    with pytest.raises(PermissionDeniedError):
        tenant.tenants_provision(body={"name": "other"})
    (denied,) = tenant.audit_list_auth_trail({"action": "tenants:provision"})["events"]
    assert denied["metadata"]["decision"] == "deny"


def test_rpc_is_there_too(admin):
    admin.system_info()
    assert ("system:info", "allow") in trail(admin)


def test_public_routes_and_servers_without_a_key_decide_nothing(local_client, admin):
    admin.health()
    assert trail(admin) == []
    local_client.runs_list()
    assert trail(local_client) == []


def test_the_trail_comes_in_pages_and_by_time(admin):
    for _ in range(3):
        admin.runs_list()
    first = admin.audit_list_auth_trail({**ORG, "action": "runs:list", "limit": 2})
    assert (len(first["events"]), first["total_count"]) == (2, 3)
    rest = admin.audit_list_auth_trail(
        {**ORG, "action": "runs:list", "limit": 2, "cursor": first["next_cursor"]}
    )
    assert (len(rest["events"]), rest.get("next_cursor")) == (1, None)
    assert trail(admin, to_timestamp="2000-01-01T00:00:00Z") == []
    assert len(trail(admin, action="runs:list", from_timestamp="2000-01-01T00:00:00Z")) == 3


def test_a_tenant_reads_its_own_trail_only(admin, tenant):
    tenant.runs_list()
    own = [e["payload"]["action"] for e in tenant.audit_list_auth_trail({})["events"]]
    assert own == ["runs:list"]
    with pytest.raises(NotFoundError):
        tenant.audit_list_auth_trail(ORG)


def test_the_latest_decisions_are_kept(admin, guarded, monkeypatch):
    monkeypatch.setattr(auth_trail, "MAX_DECISIONS", 2)
    guarded.reset()
    for _ in range(4):
        admin.runs_list()
    assert len(trail(admin)) == 2
