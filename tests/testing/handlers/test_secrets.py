"""Secrets: their values are in no reply."""

from __future__ import annotations

import json

import pytest

from ironflow import ConflictError, IronflowError, NotFoundError, ValidationError
from ironflow.testing._engine.documents import Secrets

# Secrets

VALUE = "s3cret-value"


def create(client, name="token", **members):
    return client.secrets_create(body={"name": name, "value": VALUE, **members})


def stored(server, name="token"):
    """The value that the server holds, which no call gives."""
    return server._application.state.environments["env_default"].of(Secrets)[name]["value"]


def test_a_new_secret_shows_all_but_its_value(local, local_client):
    made = create(local_client, description="of the bank")
    assert made["created_at"] == made["updated_at"]
    assert {**made, "created_at": "", "updated_at": ""} == {
        "name": "token",
        "description": "of the bank",
        "revision": 1,
        "created_at": "",
        "updated_at": "",
    }
    assert local_client.secrets_get("token") == made
    assert local_client.secrets_list() == [made]
    assert stored(local) == VALUE


def test_no_reply_holds_the_value_of_a_secret(local_client):
    replies = [
        create(local_client),
        local_client.secrets_get("token"),
        local_client.secrets_list(),
        local_client.secrets_update("token", body={"value": f"{VALUE}-2"}),
        local_client.secrets_patch("token", body={"description": "new"}),
    ]
    for call in (
        lambda: create(local_client),
        lambda: local_client.secrets_create(body={"name": "b", "value": {"of": VALUE}}),
        lambda: local_client.secrets_update("none", body={"value": VALUE}),
        lambda: local_client.secrets_update("token", body={"value": [VALUE]}),
    ):
        with pytest.raises(IronflowError) as failure:
            call()
        replies += [str(failure.value), failure.value.body]
    assert VALUE not in json.dumps(replies)


def test_secrets_are_listed_by_name(local_client):
    for name in ("b", "a", "c"):
        create(local_client, name)
    local_client.secrets_update("a", body={"value": "2"})
    assert [secret["name"] for secret in local_client.secrets_list()] == ["a", "b", "c"]


def test_a_secret_is_created_once(local, local_client):
    create(local_client)
    with pytest.raises(ConflictError, match="secret already exists") as failure:
        local_client.secrets_create(body={"name": "token", "value": "other"})
    assert failure.value.status_code == 409
    assert stored(local) == VALUE


def test_an_update_replaces_value_and_description(local, local_client):
    made = create(local_client, description="old")
    updated = local_client.secrets_update("token", body={"value": "2", "description": "new"})
    assert (updated["revision"], updated["description"]) == (2, "new")
    assert updated["created_at"] == made["created_at"]
    assert updated["updated_at"] >= made["updated_at"]
    assert stored(local) == "2"
    assert "description" not in local_client.secrets_update("token", body={"value": "3"})
    assert local_client.secrets_get("token")["revision"] == 3


def test_a_patch_changes_the_description_and_keeps_the_value(local, local_client):
    create(local_client, description="old")
    patched = local_client.secrets_patch("token", body={"description": "new"})
    assert (patched["revision"], patched["description"]) == (2, "new")
    assert "description" not in local_client.secrets_patch("token", body={"description": ""})
    assert stored(local) == VALUE


def test_a_patch_can_rename_a_secret(local, local_client):
    made = create(local_client, description="kept")
    renamed = local_client.secrets_patch("token", body={"name": "key"})
    assert (renamed["name"], renamed["revision"], renamed["description"]) == ("key", 2, "kept")
    assert renamed["created_at"] == made["created_at"]
    assert local_client.secrets_get("key") == renamed
    assert stored(local, "key") == VALUE
    with pytest.raises(NotFoundError, match="secret not found"):
        local_client.secrets_get("token")
    assert create(local_client)["revision"] == 1  # the old name is free


def test_a_secret_cannot_take_the_name_of_another(local_client):
    first, second = create(local_client), create(local_client, "key")
    with pytest.raises(ConflictError, match="secret already exists") as failure:
        local_client.secrets_patch("token", body={"name": "key", "description": "new"})
    assert failure.value.status_code == 409
    assert local_client.secrets_list() == [second, first]


@pytest.mark.parametrize("body", [None, {}, {"name": None}, {"name": "token"}])
def test_a_patch_that_changes_nothing_leaves_the_revision(local_client, body):
    made = create(local_client, description="kept")
    assert local_client.secrets_patch("token", body=body) == made
    assert local_client.secrets_get("token") == made


def test_a_deleted_secret_is_gone(local_client):
    create(local_client)
    assert local_client.secrets_delete("token") is None
    assert local_client.secrets_list() == []
    for call in (
        lambda: local_client.secrets_get("token"),
        lambda: local_client.secrets_delete("token"),
        lambda: local_client.secrets_update("token", body={"value": "2"}),
        lambda: local_client.secrets_patch("token", body={"description": "new"}),
    ):
        with pytest.raises(NotFoundError, match="secret not found"):
            call()


@pytest.mark.parametrize(
    "body, message",
    [
        ({"value": "2"}, "name is required"),
        ({"name": "a"}, "value is required"),
        ({"name": " ", "value": "2"}, "name must not be empty"),
        ({"name": "a", "value": ""}, "value must not be empty"),
        ({"name": "a", "value": 2}, "value must be a string"),
        ({"name": "a", "value": "2", "description": 3}, "description must be a string"),
    ],
)
def test_a_secret_needs_a_name_and_a_value(local_client, body, message):
    with pytest.raises(ValidationError, match=message):
        local_client.secrets_create(body=body)
    assert local_client.secrets_list() == []


def test_a_refused_update_changes_nothing(local, local_client):
    made = create(local_client, description="old")
    with pytest.raises(ValidationError, match="description must be a string"):
        local_client.secrets_update("token", body={"value": "2", "description": 3})
    with pytest.raises(ValidationError, match="name must not be empty"):
        local_client.secrets_patch("token", body={"description": "new", "name": ""})
    assert local_client.secrets_get("token") == made
    assert stored(local) == VALUE


def test_environments_do_not_see_each_others_secrets(local, local_client):
    create(local_client)
    staging = local_client.with_options(environment="staging")
    assert staging.secrets_list() == []
    with pytest.raises(NotFoundError, match="secret not found"):
        staging.secrets_get("token")
    staging.secrets_create(body={"name": "token", "value": "staging"})
    staging.secrets_update("token", body={"value": "staging-2"})
    assert local_client.secrets_get("token")["revision"] == 1
    found = local_client.secrets_get("token", x_ironflow_environment="staging")
    assert found["revision"] == 2
    staging.secrets_delete("token")
    assert stored(local) == VALUE
