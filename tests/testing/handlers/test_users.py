"""Dashboard users and their logins."""

from __future__ import annotations

import json

import pytest

from ironflow import (
    AuthenticationError,
    ConflictError,
    NotFoundError,
    ValidationError,
)

from ..accounts import log_in_user

# Users and logins


def test_a_user_is_kept_as_it_was_given_without_the_password(local_client):
    made = local_client.users_create(
        body={"email": "alice@example.com", "password": "s3cret", "roles": ["admin"]}
    )
    assert (made["email"], made["name"], made["roles"]) == ("alice@example.com", "", ["admin"])
    assert made["org_id"] == "org_default"
    assert local_client.users_get(made["id"]) == made
    assert local_client.users_list() == [made]
    assert "s3cret" not in json.dumps(made)


@pytest.mark.parametrize("body", [{"email": "a@b.c"}, {"password": "s3cret"}, {"email": 1}])
def test_a_user_without_email_or_password_is_refused(local_client, body):
    with pytest.raises(ValidationError):
        local_client.users_create(body=body)
    assert local_client.users_list() == []


def test_an_email_address_is_taken_once(local_client):
    local_client.users_create(body={"email": "a@example.com", "password": "s3cret"})
    other = local_client.users_create(body={"email": "b@example.com", "password": "s3cret"})
    with pytest.raises(ConflictError):
        local_client.users_create(body={"email": "A@example.com", "password": "s3cret"})
    with pytest.raises(ConflictError):
        local_client.users_patch(other["id"], body={"email": "a@example.com"})
    same = local_client.users_patch(other["id"], body={"email": "B@example.com"})
    assert same["email"] == "B@example.com"


def test_two_organizations_can_have_a_user_of_the_same_email(admin, tenant):
    body = {"email": "a@example.com", "password": "one"}
    ours = admin.users_create(body=body)
    theirs = tenant.users_create(body={**body, "password": "two"})
    assert log_in_user(admin, body)["user"]["id"] == ours["id"]
    assert log_in_user(admin, {**body, "password": "two"})["user"]["id"] == theirs["id"]


def test_a_patch_of_a_user_changes_what_it_names_only(local_client):
    made = local_client.users_create(
        body={"email": "a@example.com", "password": "s3cret", "roles": ["viewer"]}
    )
    named = local_client.users_patch(made["id"], body={"name": "Alice"})
    assert (named["name"], named["roles"], named["email"]) == (
        "Alice",
        ["viewer"],
        "a@example.com",
    )
    assert local_client.users_patch(made["id"], body={"roles": []})["roles"] == []
    assert local_client.users_get(made["id"])["name"] == "Alice"


def test_a_deleted_user_is_gone(local_client):
    made = local_client.users_create(body={"email": "a@example.com", "password": "s3cret"})
    assert local_client.users_delete(made["id"]) is None
    with pytest.raises(NotFoundError, match="user not found"):
        local_client.users_get(made["id"])
    with pytest.raises(NotFoundError):
        local_client.users_delete(made["id"])


def test_a_login_gives_a_token_that_opens_the_server_until_the_user_is_deleted(admin):
    user = admin.users_create(body={"email": "a@example.com", "password": "s3cret"})
    nobody = admin.with_options(api_key=None)
    assert nobody.request("GET", "/api/v1/auth/validate") == {"valid": False}
    login = log_in_user(nobody, {"email": "a@example.com", "password": "s3cret"})
    assert login["user"]["id"] == user["id"]
    assert admin.users_get(user["id"])["last_login_at"] == login["user"]["last_login_at"]
    session = nobody.with_options(api_key=login["token"])
    assert session.request("GET", "/api/v1/auth/validate") == {
        "valid": True,
        "user": admin.users_get(user["id"]),
    }
    session.runs_list()
    admin.users_delete(user["id"])
    assert session.request("GET", "/api/v1/auth/validate") == {"valid": False}
    with pytest.raises(AuthenticationError):
        session.runs_list()


@pytest.mark.parametrize("email, password", [("a@example.com", "no"), ("x@example.com", "s3cret")])
def test_a_wrong_login_is_401_and_does_not_say_which_part_is(
    local_client,
    email,
    password,
):
    local_client.users_create(body={"email": "a@example.com", "password": "s3cret"})
    with pytest.raises(AuthenticationError, match="invalid email or password"):
        log_in_user(local_client, {"email": email, "password": password})


@pytest.mark.parametrize(
    "body",
    [{"password": "new"}, {"new_password": "new"}, {"current_password": "old", "password": "new"}],
)
def test_a_changed_password_is_the_one_to_log_in_with(local_client, body):
    user = local_client.users_create(body={"email": "a@example.com", "password": "old"})
    assert local_client.users_patch_password(user["id"], body=body) is None
    assert log_in_user(local_client, {"email": "a@example.com", "password": "new"})["token"]
    with pytest.raises(AuthenticationError):
        log_in_user(local_client, {"email": "a@example.com", "password": "old"})


def test_a_password_change_that_is_refused_changes_nothing(local_client):
    user = local_client.users_create(body={"email": "a@example.com", "password": "old"})
    with pytest.raises(AuthenticationError, match="current_password"):
        local_client.users_patch_password(
            user["id"], body={"current_password": "guess", "new_password": "new"}
        )
    with pytest.raises(ValidationError, match="password is required"):
        local_client.users_patch_password(user["id"], body={"current_password": "old"})
    assert log_in_user(local_client, {"email": "a@example.com", "password": "old"})["token"]
