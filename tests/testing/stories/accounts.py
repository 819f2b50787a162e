"""Stories of keys, users, organizations and what belongs to them."""

from __future__ import annotations

import json

import pytest

from ironflow import (
    AuthenticationError,
    ConflictError,
    IronflowClient,
    NotFoundError,
    PermissionDeniedError,
)

from ...local import CheckedServer

KEY = "ifkey_00000000000000000000000000000001"


def by(member, records):
    """The records by one of their members."""
    return {record[member]: record for record in records}


def api_keys(client, server):
    # The full key is shown when it is made, and then no more.
    made = client.api_keys_create(body={"name": "my-key"})
    assert made["key"].startswith("ifkey_")
    found = client.api_keys_get(made["id"])
    assert (found["name"], found["key_prefix"]) == ("my-key", made["key_prefix"])
    assert found in client.api_keys_list()
    assert made["key"] not in json.dumps([found, client.api_keys_list()])
    # Rotating gives a new key of the same name; the old one is gone.
    rotated = client.api_keys_rotate(made["id"])
    assert rotated["name"] == "my-key"
    assert rotated["key"] != made["key"]
    # So is one that is deleted.
    client.api_keys_delete(rotated["id"])
    assert client.api_keys_list() == []
    for gone in (made["id"], rotated["id"]):
        for call in (client.api_keys_get, client.api_keys_rotate, client.api_keys_delete):
            with pytest.raises(NotFoundError):
                call(gone)


def keys_of_a_guarded_server(client, server):
    with CheckedServer(api_key=KEY) as guarded, IronflowClient(guarded.url, timeout=10) as visitor:
        # Where a key is asked for, none is not enough.
        with pytest.raises(AuthenticationError):
            visitor.api_keys_create(body={"name": "my-key"})
        admin = visitor.with_options(api_key=KEY)
        made = admin.api_keys_create(body={"name": "my-key"})
        holder = visitor.with_options(api_key=made["key"])
        assert holder.runs_list()["runs"] == []
        # A rotated key opens nothing any more; the one that came for it does.
        rotated = admin.api_keys_rotate(made["id"])
        renewed = visitor.with_options(api_key=rotated["key"])
        assert renewed.runs_list()["runs"] == []
        with pytest.raises(AuthenticationError):
            holder.runs_list()
        # Nor does one that was deleted.
        admin.api_keys_delete(rotated["id"])
        with pytest.raises(AuthenticationError) as caught:
            renewed.runs_list()
        assert (caught.value.status_code, caught.value.code) == (401, "UNAUTHORIZED")
    assert guarded.misfits == []


def projects_and_environments(client, server):
    # A project is made and renamed.
    project = client.projects_create(body={"name": "my-project"})
    assert project in client.projects_list()
    renamed = client.projects_update(project["id"], body={"name": "renamed"})
    assert (renamed["id"], renamed["name"]) == (project["id"], "renamed")
    assert by("id", client.projects_list())[project["id"]]["name"] == "renamed"
    # An environment in it has data of its own, under its name as under its id.
    body = {"name": "staging", "project_id": project["id"]}
    environment = client.environments_create(body=body)
    assert environment in client.environments_list()
    sent = client.with_options(environment="staging").events_create(body={"name": "staged"})
    there = client.with_options(environment=environment["id"])
    assert [event["id"] for event in there.events_list()["events"]] == [sent["event_id"]]
    assert client.events_list(names=["staged"])["events"] == []
    # It goes by its new name then, with all that it has.
    client.environments_update(environment["id"], body={"name": "production"})
    found = by("id", client.environments_list())[environment["id"]]
    assert (found["name"], found["project_id"]) == ("production", project["id"])
    production = client.with_options(environment="production")
    assert production.events_list()["count"] == 1
    # The environment is deleted with its data, and the project after it.
    client.environments_delete(environment["id"])
    assert environment["id"] not in by("id", client.environments_list())
    with pytest.raises(NotFoundError):
        there.events_list()
    assert client.projects_delete(project["id"]) == {"deleted": project["id"]}
    assert project["id"] not in by("id", client.projects_list())
    with pytest.raises(NotFoundError):
        client.projects_update(project["id"], body={"name": "renamed"})


def users(client, server):
    def log_in(password):  # the client has no method of its own for the dashboard's login
        body = {"email": "alice@example.com", "password": password}
        return client.request("POST", "/api/v1/auth/login", body=body)

    # A user is made, once an address.
    body = {"email": "alice@example.com", "password": "s3cret", "roles": ["admin"]}
    made = client.users_create(body=body)
    assert (made["email"], made["roles"]) == ("alice@example.com", ["admin"])
    with pytest.raises(ConflictError):
        client.users_create(body=body)
    # A patch changes what it names.
    patched = client.users_patch(made["id"], body={"name": "Alice"})
    assert (patched["name"], patched["roles"]) == ("Alice", ["admin"])
    got, listed = client.users_get(made["id"]), client.users_list()
    assert (got, by("id", listed)[made["id"]]) == (patched, patched)
    # The password changes, and the old one is no good any more.
    assert log_in("s3cret")["user"]["id"] == made["id"]
    assert client.users_patch_password(made["id"], body={"password": "new-s3cret"}) is None
    with pytest.raises(AuthenticationError):
        log_in("s3cret")
    logged_in = log_in("new-s3cret")
    # No reply held a password.
    replies = json.dumps([made, patched, got, listed, logged_in])
    assert "alice@example.com" in replies
    assert "s3cret" not in replies
    assert "password" not in replies
    # A deleted user is gone.
    client.users_delete(made["id"])
    with pytest.raises(NotFoundError):
        client.users_get(made["id"])
    with pytest.raises(AuthenticationError):
        log_in("new-s3cret")


def orgs(client, server):
    # An organization comes with the built-in roles.
    org = client.orgs_create(body={"name": "my-org"})
    assert client.orgs_get(org["id"]) == org
    assert org in client.orgs_list()
    roles_of = client.roles_list(org_id=org["id"])
    assert {role["name"] for role in roles_of} == {"admin", "developer", "viewer"}
    # It is renamed under its id.
    renamed = client.orgs_patch(org["id"], body={"name": "renamed"})
    assert (renamed["id"], renamed["name"]) == (org["id"], "renamed")
    assert by("id", client.orgs_list())[org["id"]]["name"] == "renamed"
    # One acts for it, apart from all others.
    acting = client.with_options(org=org["id"])
    acting.kv_buckets(body={"name": "of-my-org"})
    assert [bucket["name"] for bucket in acting.kv_list_buckets()["buckets"]] == ["of-my-org"]
    assert "of-my-org" not in by("name", client.kv_list_buckets()["buckets"])
    # What it had goes with it.
    client.orgs_delete(org["id"])
    assert org["id"] not in by("id", client.orgs_list())
    with pytest.raises(NotFoundError):
        client.orgs_get(org["id"])
    with pytest.raises(NotFoundError):
        client.roles_get(roles_of[0]["id"])


def roles_and_policies(client, server):
    # A role and a policy are made and renamed.
    org_id = client.orgs_list()[0]["id"]
    role = client.roles_create(body={"name": "editor", "org_id": org_id})
    assert (role["name"], role["org_id"]) == ("editor", org_id)
    client.roles_patch(role["id"], body={"name": "senior-editor"})
    assert client.roles_get(role["id"])["name"] == "senior-editor"
    rule = {"name": "allow-emit", "effect": "allow", "actions": "emit:*", "resources": "*"}
    policy = client.policies_create(body=rule)
    assert {member: policy[member] for member in rule} == rule
    client.policies_patch(policy["id"], body={"name": "allow-all-emit"})
    found = client.policies_get(policy["id"])
    assert (found["name"], found["actions"]) == ("allow-all-emit", "emit:*")

    def counts():
        """How many policies the role has, and how many roles the policy."""
        listed = by("id", client.roles_list())[role["id"]], by("id", client.policies_list())
        return listed[0]["policy_count"], listed[1][policy["id"]]["role_count"]

    # Attaching shows on both sides, and detaching too.
    assert counts() == (0, 0)
    client.roles_policies(role["id"], body={"policy_id": policy["id"]})  # attach
    assert counts() == (1, 1)
    client.roles_delete_policies(role["id"], policy["id"])  # detach
    assert counts() == (0, 0)
    with pytest.raises(NotFoundError):
        client.roles_delete_policies(role["id"], policy["id"])
    # What is deleted is gone.
    client.roles_delete(role["id"])
    client.policies_delete(policy["id"])
    with pytest.raises(NotFoundError):
        client.roles_get(role["id"])
    with pytest.raises(NotFoundError):
        client.policies_get(policy["id"])


def tenants(client, server):
    # A tenant is an organization with an environment and a key, made in one go.
    made = client.tenants_provision(body={"name": "new-tenant"})
    org_id = made["org"]["id"]
    assert made["org"] == {"id": org_id, "name": "new-tenant"}
    assert (made["environment"]["name"], made["api_key"]["roles"]) == ("production", ["admin"])
    listed = by("id", client.tenants_list())[org_id]
    assert (listed["name"], listed["env_count"], listed["key_count"]) == ("new-tenant", 1, 1)
    assert client.orgs_get(org_id)["name"] == "new-tenant"
    # Its key opens its own organization and environment, and no other.
    tenant = client.with_options(api_key=made["api_key"]["key"])
    assert [org["id"] for org in tenant.orgs_list()] == [org_id]
    assert [found["id"] for found in tenant.environments_list()] == [made["environment"]["id"]]
    with pytest.raises(NotFoundError):
        tenant.orgs_get("org_default")
    with pytest.raises(PermissionDeniedError):
        tenant.with_options(environment="staging").events_list()
    # What it does stays there.
    sent = tenant.events_create(body={"name": "tenant.event", "data": {}})
    assert [event["id"] for event in tenant.events_list()["events"]] == [sent["event_id"]]
    assert client.events_list(names=["tenant.event"])["events"] == []
