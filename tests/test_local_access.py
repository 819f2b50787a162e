"""The local server's access: keys, users and logins, roles, policies, and who sees what."""

from __future__ import annotations

import json
import re
import time

import pytest

from ironflow import (
    AuthenticationError,
    ConflictError,
    IronflowClient,
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
)

from .local import CheckedServer

KEY = "ifkey_00000000000000000000000000000001"


@pytest.fixture
def guarded():
    """A server that asks for a key."""
    with CheckedServer(api_key=KEY) as server:
        yield server
    assert server.misfits == []


@pytest.fixture
def admin(guarded):
    with IronflowClient(guarded.url, api_key=KEY, timeout=10, max_attempts=1) as client:
        yield client


@pytest.fixture
def tenant(admin):
    """A client of a tenant of its own, with the key that came with it."""
    made = admin.tenants_provision(body={"name": "acme"})
    return admin.with_options(api_key=made["api_key"]["key"])


def role_named(client, name, **where):
    return next(role["id"] for role in client.roles_list(**where) if role["name"] == name)


def policy(**changes):
    return {
        "name": "allow-emit",
        "effect": "allow",
        "actions": "emit:*",
        "resources": "*",
        **changes,
    }


def log_in_user(client, body):
    """Log in to the dashboard, for which the client has no method of its own."""
    return client.request("POST", "/api/v1/auth/login", body=body)


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
def test_a_key_that_can_not_be_right_is_refused_and_not_made(local_client, body):
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
    with pytest.raises(NotFoundError, match="role_99"):
        local_client.api_keys_update_roles(made["id"], body={"role_ids": ["role_99"]})
    with pytest.raises(ValidationError, match="role_ids"):
        local_client.api_keys_update_roles(made["id"], body={})


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


# Credentials


def test_a_key_made_through_the_api_opens_the_server_until_it_is_deleted(admin):
    made = admin.api_keys_create(body={"name": "ci"})
    assert "last_used_at" not in made
    mine = admin.with_options(api_key=made["key"])
    mine.runs_list()
    assert admin.api_keys_get(made["id"])["last_used_at"] >= made["created_at"]
    admin.api_keys_delete(made["id"])
    with pytest.raises(AuthenticationError):
        mine.runs_list()
    with pytest.raises(NotFoundError):
        admin.api_keys_get(made["id"])


def test_a_rotated_key_is_another_key_of_the_same_id(admin):
    role = role_named(admin, "viewer")
    body = {"name": "ci", "env_id": "env_default", "role_ids": [role]}
    old = admin.api_keys_create(body=body)
    admin.with_options(api_key=old["key"]).runs_list()
    new = admin.api_keys_rotate(old["id"])
    assert new["key"] != old["key"]
    assert new["key_prefix"] == new["key"][:14]
    assert "last_used_at" not in new
    for member in ("id", "name", "environment_id", "role_ids"):
        assert new[member] == old[member]
    admin.with_options(api_key=new["key"]).runs_list()
    with pytest.raises(AuthenticationError):
        admin.with_options(api_key=old["key"]).runs_list()


def test_a_key_that_is_outlived_opens_nothing(admin):
    made = admin.api_keys_create(body={"name": "short", "expires_in": "1ms"})
    time.sleep(0.05)
    with pytest.raises(AuthenticationError):
        admin.with_options(api_key=made["key"]).runs_list()
    long = admin.api_keys_create(body={"name": "long", "expires_in": "1h30m"})
    admin.with_options(api_key=long["key"]).runs_list()


def test_a_call_without_or_with_an_unknown_credential_is_401(admin):
    with pytest.raises(AuthenticationError, match="authentication required"):
        admin.with_options(api_key=None).users_list()
    with pytest.raises(AuthenticationError, match="invalid or expired"):
        admin.with_options(api_key="ifkey_" + "f" * 32).users_list()


# Tenants' credentials, and acting for another organization


def test_a_tenants_key_works_in_its_own_environment(admin, tenant):
    tenant.kv_buckets(body={"name": "cache"})
    tenant.events_create(body={"name": "order.placed", "data": {}})
    assert tenant.events_list()["count"] == 1
    assert admin.events_list()["count"] == 0
    (environment,) = tenant.environments_list()
    assert environment["name"] == "production"
    assert tenant.with_options(environment="production").events_list()["count"] == 1
    assert tenant.with_options(environment=environment["id"]).events_list()["count"] == 1


def test_a_bound_key_reaches_no_other_environment(tenant):
    other = tenant.environments_create(body={"name": "staging"})
    for name in ("staging", other["id"], "env_default", "new"):
        with pytest.raises(PermissionDeniedError, match="bound to another environment"):
            tenant.with_options(environment=name).events_list()


def test_a_tenants_key_sees_its_own_organization_only(admin, tenant):
    other = admin.tenants_provision(body={"name": "other"})["org"]["id"]
    (org,) = tenant.orgs_list()
    assert org["name"] == "acme"
    assert [found["id"] for found in tenant.tenants_list()] == [org["id"]]
    for org_id in (other, "org_default"):
        with pytest.raises(NotFoundError):
            tenant.orgs_get(org_id)
        with pytest.raises(NotFoundError):
            tenant.roles_list(org_id=org_id)
        with pytest.raises(NotFoundError):
            tenant.policies_create(body=policy(org_id=org_id))
        with pytest.raises(NotFoundError):
            tenant.roles_get(role_named(admin, "admin", org_id=org_id))
    assert {role["org_id"] for role in tenant.roles_list()} == {org["id"]}


def test_a_tenant_does_not_see_users_keys_projects_and_policies_of_others(admin, tenant):
    user = admin.users_create(body={"email": "a@example.com", "password": "s3cret"})
    key = admin.api_keys_create(body={"name": "ci"})
    rule = admin.policies_create(body=policy())
    assert tenant.users_list() == []
    assert tenant.projects_list() == []
    assert [found["name"] for found in tenant.api_keys_list()] == ["admin"]
    assert tenant.policies_list() == []
    for call, id in (
        (tenant.users_get, user["id"]),
        (tenant.users_delete, user["id"]),
        (tenant.api_keys_rotate, key["id"]),
        (tenant.policies_get, rule["id"]),
        (tenant.environments_delete, admin.environments_create(body={"name": "qa"})["id"]),
        (tenant.projects_delete, "proj_default_default"),
    ):
        with pytest.raises(NotFoundError):
            call(id)


def test_a_tenants_key_can_not_manage_the_platform(tenant):
    (org,) = tenant.orgs_list()
    for call in (
        lambda: tenant.platform_users_list(),
        lambda: tenant.platform_users_create(body={}),
        lambda: tenant.platform_tenants_get("org_default"),
        lambda: tenant.platform_audit_list(),
        lambda: tenant.api_keys_create(body={"name": "ops", "platform": True}),
        lambda: tenant.tenants_provision(body={"name": "more"}),
        lambda: tenant.orgs_create(body={"name": "more"}),
        lambda: tenant.orgs_delete(org["id"]),
    ):
        with pytest.raises(PermissionDeniedError):
            call()


def test_a_platform_key_acts_for_another_organization(admin, tenant):
    tenant.events_create(body={"name": "order.placed", "data": {}})
    (org,) = tenant.orgs_list()
    key = admin.api_keys_create(body={"name": "ops", "platform": True})
    acting = admin.with_options(api_key=key["key"], org=org["id"])
    assert acting.events_list()["count"] == 1
    assert acting.orgs_list() == [org]
    user = acting.users_create(body={"email": "a@example.com", "password": "s3cret"})
    assert user["org_id"] == org["id"]
    assert tenant.users_list() == [user]


def test_a_tenants_key_can_not_act_for_another_organization(admin, tenant):
    (org,) = tenant.orgs_list()
    tenant.with_options(org=org["id"]).events_list()
    with pytest.raises(PermissionDeniedError, match="act for another organization"):
        tenant.with_options(org="org_default").events_list()


def test_acting_for_an_unknown_organization_is_404(admin):
    with pytest.raises(NotFoundError, match="org_99"):
        admin.with_options(org="org_99").events_list()
    assert admin.with_options(org="org_99").health()["status"]  # but health is asked of no one


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
    with pytest.raises(PermissionDeniedError, match="current_password"):
        local_client.users_patch_password(
            user["id"], body={"current_password": "guess", "new_password": "new"}
        )
    with pytest.raises(ValidationError, match="password is required"):
        local_client.users_patch_password(user["id"], body={"current_password": "old"})
    assert log_in_user(local_client, {"email": "a@example.com", "password": "old"})["token"]


# Roles


def test_an_organization_has_the_built_in_roles(local_client):
    roles = local_client.roles_list()
    assert [role["name"] for role in roles] == ["admin", "developer", "viewer"]
    assert all(role["is_default"] and role["org_id"] == "org_default" for role in roles)


def test_a_built_in_role_can_not_be_renamed_or_deleted(local_client):
    admin_role = role_named(local_client, "admin")
    with pytest.raises(ConflictError):
        local_client.roles_patch(admin_role, body={"name": "boss"})
    with pytest.raises(ConflictError):
        local_client.roles_delete(admin_role)
    assert local_client.roles_get(admin_role)["name"] == "admin"


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


# Policies


def test_a_policy_is_kept_as_it_was_given(local_client):
    made = local_client.policies_create(body=policy(condition="subject.org == 'acme'"))
    assert {name: made[name] for name in policy()} == policy()
    assert made["condition"] == "subject.org == 'acme'"
    assert made["org_id"] == "org_default"
    assert local_client.policies_get(made["id"]) == made
    assert local_client.policies_list() == [{**made, "role_count": 0}]


@pytest.mark.parametrize("member", ["name", "effect", "actions", "resources"])
def test_a_policy_without_a_required_member_is_refused(local_client, member):
    with pytest.raises(ValidationError, match=member):
        local_client.policies_create(body=policy(**{member: None}))


def test_an_effect_is_allow_or_deny(local_client):
    with pytest.raises(ValidationError, match="effect"):
        local_client.policies_create(body=policy(effect="maybe"))
    made = local_client.policies_create(body=policy(effect="deny"))
    with pytest.raises(ValidationError, match="effect"):
        local_client.policies_patch(made["id"], body={"effect": "maybe"})
    assert local_client.policies_get(made["id"]) == made


def test_a_patch_of_a_policy_changes_what_it_names_only(local_client):
    made = local_client.policies_create(body=policy(condition="true"))
    named = local_client.policies_patch(made["id"], body={"name": "other"})
    assert (named["name"], named["actions"], named["condition"]) == ("other", "emit:*", "true")
    assert local_client.policies_patch(made["id"], body={"condition": ""})["condition"] == ""


def test_every_change_of_a_policy_is_a_version_and_a_rollback_is_one_more(
    local_client,
):
    made = local_client.policies_create(body=policy())
    local_client.policies_patch(made["id"], body={"effect": "deny", "name": "deny-emit"})
    back = local_client.policies_rollback(made["id"], 1)
    assert (back["effect"], back["name"]) == ("allow", "allow-emit")
    assert local_client.policies_get(made["id"]) == back
    versions = local_client.policies_list_versions(made["id"])
    assert [(v["version_num"], v["effect"], v["name"]) for v in versions] == [
        (3, "allow", "allow-emit"),
        (2, "deny", "deny-emit"),
        (1, "allow", "allow-emit"),
    ]
    assert {v["author_id"] for v in versions} == {"user_admin"}
    assert len({v["id"] for v in versions}) == 3


@pytest.mark.parametrize(
    "version, error", [(9, NotFoundError), (0, NotFoundError), ("latest", ValidationError)]
)
def test_a_rollback_to_no_version_changes_nothing(local_client, version, error):
    made = local_client.policies_create(body=policy())
    with pytest.raises(error):
        local_client.policies_rollback(made["id"], version)
    assert len(local_client.policies_list_versions(made["id"])) == 1


def test_the_author_of_a_version_is_who_called(admin):
    key = admin.api_keys_create(body={"name": "ci"})
    made = admin.with_options(api_key=key["key"]).policies_create(body=policy())
    (version,) = admin.policies_list_versions(made["id"])
    assert version["author_id"] == key["id"]


def test_a_deleted_policy_is_gone_from_its_roles_too(local_client):
    made = local_client.policies_create(body=policy())
    role = role_named(local_client, "viewer")
    local_client.roles_policies(role, body={"policy_id": made["id"]})
    local_client.policies_delete(made["id"])
    assert local_client.roles_list_policies(role) == {"policies": []}
    for call in (
        local_client.policies_get,
        local_client.policies_list_versions,
        local_client.policies_delete,
    ):
        with pytest.raises(NotFoundError, match="policy not found"):
            call(made["id"])


def test_a_dry_run_says_that_conditions_are_not_evaluated(local_client):
    made = local_client.policies_create(body=policy(condition="saved"))
    saved = local_client.policies_dry_run(body={"policy_id": made["id"]})
    assert (saved["matched"], saved["condition_source"]) == (False, "saved")
    assert "not evaluated" in saved["eval_error"]
    both = {"policy_id": made["id"], "condition": "inline", "request": {}, "subject": {}}
    assert local_client.policies_dry_run(body=both)["condition_source"] == "inline"
    with pytest.raises(ValidationError, match="condition or policy_id"):
        local_client.policies_dry_run(body={})
    with pytest.raises(ValidationError, match="subject"):
        local_client.policies_dry_run(body={"condition": "true", "subject": "alice"})
    with pytest.raises(ValidationError, match="request"):
        local_client.policies_dry_run(body={"condition": "true", "request": "read"})
    with pytest.raises(NotFoundError):
        local_client.policies_dry_run(body={"policy_id": "pol_9"})


def test_a_template_is_installed_whole_or_not_at_all(local_client):
    (template,) = local_client.policy_templates_list()
    bundle = json.loads(template["bundle_json"])["policies"]
    made = local_client.policy_templates_install(template["template_id"])
    assert (made["template_id"], made["version"]) == (template["template_id"], template["version"])
    assert [found["name"] for found in made["policies"]] == [spec["name"] for spec in bundle]
    assert made["policies_count"] == len(bundle)
    (version,) = local_client.policies_list_versions(made["policies"][0]["id"])
    assert version["template_id"] == template["template_id"]
    with pytest.raises(ConflictError, match=bundle[0]["name"]):
        local_client.policy_templates_install(template["template_id"])
    assert len(local_client.policies_list()) == len(bundle)
    with pytest.raises(NotFoundError, match="policy template not found"):
        local_client.policy_templates_install("tpl_9")
