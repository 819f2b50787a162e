"""API keys."""

from __future__ import annotations

import json
import re

import pytest

from ironflow import (
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
)

from ..accounts import role_named

# API keys


def test_a_key_is_shown_in_full_when_it_is_made_and_never_again(local_client):
    made = local_client.api_keys_create(body={"name": "ci"})
    assert re.fullmatch(r"ifkey_[0-9a-f]{32}", made["key"])
    assert made["key_prefix"] == made["key"][:14]
    found = local_client.api_keys_get(made["id"])
    assert found == {name: value for name, value in made.items() if name != "key"}
    assert local_client.api_keys_list() == [found]
    assert made["key"] not in json.dumps(local_client.api_keys_list())


def test_a_key_keeps_its_environment_roles_and_lifetime(local_client):
    role = role_named(local_client, "viewer")
    made = local_client.api_keys_create(
        body={"name": "ci", "env_id": "env_default", "role_ids": [role, role], "expires_in": "720h"}
    )
    assert (made["environment_id"], made["role_ids"]) == ("env_default", [role])
    assert made["expires_at"] > made["created_at"]


@pytest.mark.parametrize(
    "body",
    [{}, {"name": " "}, {"name": "ci", "expires_in": "30 days"}, {"name": "ci", "platform": 1}],
)
def test_a_key_that_cannot_be_right_is_refused_and_not_made(local_client, body):
    with pytest.raises(ValidationError):
        local_client.api_keys_create(body=body)
    assert local_client.api_keys_list() == []


def test_a_lifetime_beyond_all_bounds_is_refused(local_client):
    with pytest.raises(ValidationError, match="^expires_in must be a duration"):
        local_client.api_keys_create(body={"name": "ci", "expires_in": "30 days"})
    with pytest.raises(ValidationError, match="expires_in"):
        local_client.api_keys_create(body={"name": "ci", "expires_in": f"{'9' * 400}h"})


@pytest.mark.parametrize("body", [{"env_id": "env_9"}, {"role_ids": ["role_99"]}])
def test_a_key_for_what_is_not_there_is_404(local_client, body):
    with pytest.raises(NotFoundError):
        local_client.api_keys_create(body={"name": "ci", **body})


def test_a_key_takes_roles_and_environments_of_its_own_organization_only(
    local_client,
):
    made = local_client.tenants_provision(body={"name": "acme"})
    role = role_named(local_client, "admin", org_id=made["org"]["id"])
    with pytest.raises(NotFoundError):
        local_client.api_keys_create(body={"name": "ci", "role_ids": [role]})
    with pytest.raises(NotFoundError):
        local_client.api_keys_create(body={"name": "ci", "env_id": made["environment"]["id"]})


def test_roles_of_a_key_are_replaced_as_a_whole(local_client):
    viewer, developer = (role_named(local_client, name) for name in ("viewer", "developer"))
    made = local_client.api_keys_create(body={"name": "ci", "role_ids": [viewer]})
    local_client.api_keys_update_roles(made["id"], body={"role_ids": [developer]})
    assert local_client.api_keys_get(made["id"])["role_ids"] == [developer]
    for body in ({"role_ids": [developer, "role_99"]}, {"role_ids": []}, {}):
        with pytest.raises(ValidationError, match="role"):
            local_client.api_keys_update_roles(made["id"], body=body)
    with pytest.raises(NotFoundError, match="API key not found"):
        local_client.api_keys_update_roles("ak_9", body={"role_ids": [viewer]})
    assert local_client.api_keys_get(made["id"])["role_ids"] == [developer]


def test_a_key_does_not_change_its_own_roles(local_client):
    admin = role_named(local_client, "admin")
    made = local_client.api_keys_create(body={"name": "ci", "role_ids": [admin]})
    own = local_client.with_options(api_key=made["key"])
    with pytest.raises(PermissionDeniedError, match="own roles"):
        own.api_keys_update_roles(made["id"], body={"role_ids": [admin]})


def test_a_rotated_key_keeps_all_but_its_id_and_its_value(local_client):
    scopes = ["billing-tools", "reporting-tools"]
    body = {"name": "ci", "env_id": "env_default", "role_ids": ["role_viewer"]}
    old = local_client.api_keys_create(body={**body, "tool_scopes": scopes, "expires_in": "720h"})
    assert old["tool_scopes"] == local_client.api_keys_list()[0]["tool_scopes"] == scopes
    new = local_client.api_keys_rotate(old["id"])
    assert new["id"] != old["id"]
    assert new["key"] != old["key"]
    for member in ("name", "environment_id", "role_ids", "tool_scopes", "expires_at"):
        assert new[member] == old[member]
    shown = {name: value for name, value in new.items() if name != "key"}
    assert local_client.api_keys_list() == [shown] == [local_client.api_keys_get(new["id"])]
    for call in (
        local_client.api_keys_get,
        local_client.api_keys_rotate,
        local_client.api_keys_delete,
    ):
        with pytest.raises(NotFoundError, match="API key not found"):
            call(old["id"])


def test_a_platform_key_can_be_the_platforms_administrator_from_the_start(local_client):
    body = {"name": "ops", "platform": True, "role_ids": ["role_platform_admin"]}
    assert local_client.api_keys_create(body=body)["role_ids"] == ["role_platform_admin"]
    with pytest.raises(NotFoundError, match="role_platform_admin"):
        local_client.api_keys_create(body={**body, "platform": False})


def test_platform_keys_are_listed_apart(local_client):
    own = local_client.api_keys_create(body={"name": "own"})
    platform = local_client.api_keys_create(body={"name": "ops", "platform": True})
    assert re.fullmatch(r"ifplatform_[0-9a-f]{32}", platform["key"])
    assert platform["key_prefix"] == platform["key"][:19]
    assert [key["id"] for key in local_client.api_keys_list()] == [own["id"]]
    assert [key["id"] for key in local_client.api_keys_list(platform=True)] == [platform["id"]]


def test_an_unknown_key_id_is_404(local_client):
    for call in (
        local_client.api_keys_get,
        local_client.api_keys_delete,
        local_client.api_keys_rotate,
    ):
        with pytest.raises(NotFoundError, match="API key not found"):
            call("ak_9")
