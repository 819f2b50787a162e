"""Roles and the policies attached to them."""

from __future__ import annotations

import pytest

from ironflow import (
    ConflictError,
    NotFoundError,
    ValidationError,
)

from ..accounts import policy, role_named

# Roles


def test_an_organization_has_the_built_in_roles(local_client):
    roles = local_client.roles_list()
    assert [role["name"] for role in roles] == ["admin", "developer", "viewer"]
    assert all(role["is_default"] and role["org_id"] == "org_default" for role in roles)


def test_a_built_in_role_cannot_be_renamed_or_deleted(local_client):
    admin_role = role_named(local_client, "admin")
    with pytest.raises(ValidationError, match="built-in"):
        local_client.roles_patch(admin_role, body={"name": "boss"})
    with pytest.raises(ValidationError, match="built-in"):
        local_client.roles_delete(admin_role)
    assert local_client.roles_get(admin_role)["name"] == "admin"


def test_a_name_of_a_role_is_taken_once_and_never_that_of_a_built_in_role(local_client):
    made = local_client.roles_create(body={"name": "editor"})
    other = local_client.roles_create(body={"name": "auditor"})
    with pytest.raises(ConflictError, match="editor"):
        local_client.roles_create(body={"name": "editor"})
    with pytest.raises(ConflictError, match="editor"):
        local_client.roles_patch(other["id"], body={"name": "editor"})
    for name in ("admin", "developer", "viewer"):
        with pytest.raises(ValidationError, match="built-in"):
            local_client.roles_create(body={"name": name})
        with pytest.raises(ValidationError, match="built-in"):
            local_client.roles_patch(made["id"], body={"name": name})
    assert local_client.roles_patch(made["id"], body={"name": "editor"}) == made
    org = local_client.orgs_create(body={"name": "acme"})["id"]
    assert local_client.roles_create(body={"name": "editor", "org_id": org})["org_id"] == org


def test_built_in_roles_of_the_default_organization_have_ids_of_their_names(local_client):
    ids = [role["id"] for role in local_client.roles_list()]
    assert ids == ["role_admin", "role_developer", "role_viewer"]
    org = local_client.orgs_create(body={"name": "acme"})["id"]
    assert not set(ids) & {role["id"] for role in local_client.roles_list(org_id=org)}


def test_a_custom_role_is_renamed_and_deleted(local_client):
    made = local_client.roles_create(body={"name": "editor"})
    assert (made["name"], made["is_default"], made["org_id"]) == ("editor", False, "org_default")
    assert local_client.roles_patch(made["id"], body={"name": "senior"})["name"] == "senior"
    assert local_client.roles_get(made["id"])["name"] == "senior"
    key = local_client.api_keys_create(body={"name": "ci", "role_ids": [made["id"]]})
    assert local_client.roles_list()[-1]["api_key_count"] == 1
    local_client.roles_delete(made["id"])
    with pytest.raises(NotFoundError, match="role not found"):
        local_client.roles_get(made["id"])
    assert local_client.api_keys_get(key["id"])["role_ids"] == []


def test_a_role_belongs_to_the_organization_that_is_named(local_client):
    org = local_client.orgs_create(body={"name": "acme"})
    made = local_client.roles_create(body={"name": "editor", "org_id": org["id"]})
    assert made["org_id"] == org["id"]
    assert made["id"] in [role["id"] for role in local_client.roles_list(org_id=org["id"])]
    assert made["id"] not in [role["id"] for role in local_client.roles_list()]
    for call in (
        lambda: local_client.roles_create(body={"name": "x", "org_id": "org_9"}),
        lambda: local_client.roles_list(org_id="org_9"),
        lambda: local_client.policies_list(org_id="org_9"),
        lambda: local_client.policies_create(body=policy(org_id="org_9")),
    ):
        with pytest.raises(NotFoundError, match="organization not found"):
            call()


def test_a_policy_is_attached_once_and_detached(local_client):
    role = local_client.roles_create(body={"name": "editor"})["id"]
    rule = local_client.policies_create(body=policy())
    for _ in range(2):
        assert local_client.roles_policies(role, body={"policy_id": rule["id"]}) is None
    assert local_client.roles_list_policies(role) == {"policies": [rule]}
    assert local_client.roles_list()[-1]["policy_count"] == 1
    assert local_client.policies_list()[0]["role_count"] == 1
    assert local_client.roles_delete_policies(role, rule["id"]) is None
    assert local_client.roles_list_policies(role) == {"policies": []}
    assert local_client.policies_list()[0]["role_count"] == 0
    with pytest.raises(NotFoundError, match="not attached"):
        local_client.roles_delete_policies(role, rule["id"])


def test_attaching_what_is_not_there_is_404(local_client):
    rule = local_client.policies_create(body=policy())["id"]
    with pytest.raises(NotFoundError, match="role not found"):
        local_client.roles_policies("role_99", body={"policy_id": rule})
    with pytest.raises(NotFoundError, match="policy not found"):
        local_client.roles_policies(role_named(local_client, "viewer"), body={"policy_id": "pol_9"})
