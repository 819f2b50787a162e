"""The platform: users, roles, policies, tenants, audit trail."""

from __future__ import annotations

import json
import urllib.request

import pytest

from ironflow import (
    AuthenticationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
)

from ..accounts import OPS, RULE, log_in, names

# Platform: users and logins


def test_the_first_platform_user_is_an_administrator_and_the_only_one_of_its_kind(
    local_client,
):
    with pytest.raises(ValidationError, match="password"):
        local_client.platform_bootstrap(body={"email": "ops@example.com", "name": "Olivia"})
    made = local_client.platform_bootstrap(body=OPS)
    assert (made["email"], made["name"]) == ("ops@example.com", "Olivia")
    assert log_in(local_client)[0]["user"]["roles"] == ["platform_admin"]
    with pytest.raises(ConflictError):
        local_client.platform_bootstrap(body={**OPS, "email": "other@example.com"})
    assert names(local_client.platform_users_list()) == ["Olivia"]


def test_a_platform_login_opens_the_server(admin):
    admin.platform_bootstrap(body=OPS)
    login, ops = log_in(admin.with_options(api_key=None))
    assert login["user"]["name"] == "Olivia"
    (user,) = ops.platform_users_list()
    assert user["last_login_at"] >= user["created_at"]
    assert "s3cret" not in json.dumps([user, login, ops.platform_audit_list()])


def test_a_platform_login_sets_a_cookie_that_no_script_reads(local, local_client):
    local_client.platform_bootstrap(body=OPS)
    body = json.dumps({name: OPS[name] for name in ("email", "password")}).encode()
    request = urllib.request.Request(f"{local.url}/api/v1/platform/auth/login", body)
    with urllib.request.urlopen(request) as reply:
        cookie, token = reply.headers["Set-Cookie"], json.load(reply)["token"]
    assert token in cookie
    assert {"HttpOnly", "Path=/"} <= set(cookie.split("; "))


def test_a_platform_user_is_kept_as_it_was_given(local_client):
    role = local_client.platform_roles_create(body={"name": "platform_support"})
    made = local_client.platform_users_create(body={**OPS, "role_ids": [role["id"]]})
    assert made["is_active"] is True
    assert local_client.platform_users_get(made["id"]) == made
    assert local_client.platform_users_list() == [made]
    assert log_in(local_client)[0]["user"]["roles"] == ["platform_support"]
    with pytest.raises(NotFoundError, match="role_99"):
        local_client.platform_users_create(
            body={**OPS, "email": "b@example.com", "role_ids": ["role_99"]}
        )
    with pytest.raises(NotFoundError, match="user not found"):
        local_client.platform_users_get("puser_9")


def test_a_platform_users_email_is_taken_once(local_client):
    local_client.platform_users_create(body=OPS)
    other = local_client.platform_users_create(body={**OPS, "email": "b@example.com"})
    with pytest.raises(ConflictError):
        local_client.platform_users_create(body=OPS)
    with pytest.raises(ConflictError):
        local_client.platform_users_update(other["id"], body={"email": OPS["email"]})
    assert local_client.platform_users_get(other["id"])["email"] == "b@example.com"


def test_an_update_of_a_platform_user_changes_what_it_names_only(local_client):
    made = local_client.platform_users_create(body=OPS)
    changed = local_client.platform_users_update(made["id"], body={"password": "new"})
    assert {**changed, "updated_at": made["updated_at"]} == made
    with pytest.raises(AuthenticationError):
        log_in(local_client)
    log_in(local_client, {**OPS, "password": "new"})
    renamed = local_client.platform_users_update(made["id"], body={"name": "Ola"})
    assert (renamed["name"], renamed["email"]) == ("Ola", OPS["email"])


def test_an_inactive_platform_user_is_shut_out(admin):
    user = admin.platform_bootstrap(body=OPS)
    _, ops = log_in(admin)
    admin.platform_users_update(user["id"], body={"is_active": False})
    with pytest.raises(AuthenticationError):
        ops.runs_list()
    with pytest.raises(PermissionDeniedError):
        log_in(admin)
    with pytest.raises(AuthenticationError):  # who does not know the password learns nothing
        log_in(admin, {**OPS, "password": "guess"})


def test_a_deleted_platform_user_is_shut_out(admin):
    user = admin.platform_bootstrap(body=OPS)
    _, ops = log_in(admin)
    assert admin.platform_users_delete(user["id"]) is None
    with pytest.raises(AuthenticationError):
        ops.runs_list()
    with pytest.raises(AuthenticationError):
        log_in(admin)
    with pytest.raises(NotFoundError):
        admin.platform_users_delete(user["id"])


# Platform: roles, policies, tenants


def test_a_platform_role_is_always_named_as_one(local_client):
    made = local_client.platform_roles_create(body={"name": "support"})
    assert (made["name"], made["org_id"]) == ("platform_support", "org_platform")
    renamed = local_client.platform_roles_update(made["id"], body={"name": "helpdesk"})
    assert renamed["name"] == "platform_helpdesk"
    same = local_client.platform_roles_update(made["id"], body={"name": "platform_ops"})
    assert local_client.platform_roles_get(made["id"]) == same
    assert names(local_client.platform_roles_list()) == ["platform_ops"]
    assert made["id"] not in [role["id"] for role in local_client.roles_list()]


def test_a_deleted_platform_role_is_gone_from_its_users(local_client):
    role = local_client.platform_roles_create(body={"name": "support"})["id"]
    local_client.platform_users_create(body={**OPS, "role_ids": [role]})
    key = local_client.api_keys_create(body={"name": "x", "platform": True, "role_ids": [role]})
    assert local_client.platform_roles_delete(role) is None
    assert log_in(local_client)[0]["user"]["roles"] == []
    assert local_client.api_keys_get(key["id"])["role_ids"] == []
    with pytest.raises(NotFoundError):
        local_client.platform_roles_get(role)


def test_the_administrators_role_of_the_platform_stays(local_client):
    local_client.platform_bootstrap(body=OPS)
    local_client.platform_roles_create(body={"name": "support"})
    local_client.platform_users_delete("puser_1")
    local_client.platform_bootstrap(body=OPS)  # which takes the role that is there already
    assert log_in(local_client)[0]["user"]["roles"] == ["platform_admin"]
    role, _ = local_client.platform_roles_list()
    assert (role["name"], role["is_default"]) == ("platform_admin", True)
    for call in (
        lambda: local_client.platform_roles_delete(role["id"]),
        lambda: local_client.platform_roles_update(role["id"], body={"name": "boss"}),
        lambda: local_client.platform_roles_create(body={"name": "admin"}),
    ):
        with pytest.raises(ValidationError, match="platform_admin"):
            call()


def test_a_name_of_a_platform_role_is_taken_once(local_client):
    made = local_client.platform_roles_create(body={"name": "support"})
    other = local_client.platform_roles_create(body={"name": "ops"})
    with pytest.raises(ConflictError, match="platform_support"):
        local_client.platform_roles_create(body={"name": "platform_support"})
    with pytest.raises(ConflictError, match="platform_support"):
        local_client.platform_roles_update(other["id"], body={"name": "support"})
    assert local_client.platform_roles_update(made["id"], body={"name": "support"}) == made


def test_a_platform_policy_is_made_changed_and_deleted(local_client):
    made = local_client.platform_policies_create(body=RULE)
    assert {**made, **RULE} == made
    assert (made["org_id"], made["condition"]) == ("org_platform", "")
    role = local_client.platform_roles_create(body={"name": "x", "policy_ids": [made["id"]]})
    changed = local_client.platform_policies_update(made["id"], body={"effect": "deny"})
    assert (changed["effect"], changed["actions"]) == ("deny", RULE["actions"])
    assert local_client.platform_policies_list() == [changed]
    assert local_client.platform_policies_get(made["id"]) == changed
    assert local_client.policies_list() == []
    with pytest.raises(ValidationError, match="effect"):
        local_client.platform_policies_update(made["id"], body={"effect": "maybe"})
    assert local_client.platform_policies_delete(made["id"]) is None
    with pytest.raises(NotFoundError, match="policy not found"):
        local_client.platform_policies_get(made["id"])
    with pytest.raises(NotFoundError, match=made["id"]):
        local_client.platform_roles_create(body={"name": "y", "policy_ids": [made["id"]]})
    assert local_client.platform_roles_list() == [role]


def test_a_platform_tenant_is_an_organization(local_client):
    made = local_client.platform_tenants_create(body={"name": "acme"})
    assert local_client.platform_tenants_get(made["id"]) == made
    assert names(local_client.platform_tenants_list()) == ["default", "acme"]
    assert local_client.orgs_get(made["id"])["name"] == "acme"
    assert names(local_client.roles_list(org_id=made["id"])) == ["admin", "developer", "viewer"]
    assert local_client.platform_tenants_delete(made["id"]) is None
    for call in (local_client.platform_tenants_get, local_client.orgs_get):
        with pytest.raises(NotFoundError):
            call(made["id"])
    with pytest.raises(ConflictError):
        local_client.platform_tenants_delete("org_default")


def test_an_organization_can_be_made_with_platform_credentials(local_client):
    made = local_client.orgs_create_orgs(body={"name": "acme"})
    assert local_client.orgs_get(made["id"]) == made


# Platform: audit trail


def test_every_change_of_the_platform_is_audited_newest_first(local_client):
    user = local_client.platform_bootstrap(body=OPS)["id"]
    local_client.platform_users_update(user, body={"name": "Ola"})
    local_client.platform_users_delete(user)
    role = local_client.platform_roles_create(body={"name": "support"})["id"]
    local_client.platform_roles_update(role, body={"name": "helpdesk"})
    local_client.platform_roles_delete(role)
    rule = local_client.platform_policies_create(body=RULE)["id"]
    local_client.platform_policies_update(rule, body={"effect": "deny"})
    local_client.platform_policies_delete(rule)
    tenant = local_client.platform_tenants_create(body={"name": "acme"})["id"]
    local_client.platform_tenants_delete(tenant)
    local_client.orgs_create_orgs(body={"name": "acme"})
    key = local_client.api_keys_create(body={"name": "ops", "platform": True})["id"]
    local_client.api_keys_update_roles(key, body={"role_ids": ["role_platform_admin"]})
    local_client.api_keys_delete(local_client.api_keys_rotate(key)["id"])
    trail = local_client.platform_audit_list()
    changes = [event["event_type"].split(".", 1)[1] for event in reversed(trail["events"])]
    assert changes == [
        "user.created",
        "user.updated",
        "user.deleted",
        "role.created",
        "role.updated",
        "role.deleted",
        "policy.created",
        "policy.updated",
        "policy.deleted",
        "tenant.created",
        "tenant.deleted",
        "org.created",
        "key.created",
        "key.updated",
        "key.rotated",
        "key.deleted",
    ]
    assert trail["total"] == len(changes)
    assert trail["events"][-3]["payload"] == {"user_id": user, "email": OPS["email"]}
    by_type = [
        local_client.platform_audit_list(event_type=f"{before}user.created")
        for before in ("", "platform.")
    ]  # as the document has it, and as it is recorded
    assert by_type[0] == by_type[1]
    assert by_type[0]["total"] == 1
    assert {event["scope"] for event in trail["events"]} == {"platform"}
    assert {event["platform_user_id"] for event in trail["events"]} == {"user_admin"}


def test_reading_and_refused_changes_are_not_audited(local_client):
    local_client.platform_users_list()
    with pytest.raises(ConflictError):
        local_client.platform_tenants_delete("org_default")
    with pytest.raises(ValidationError):
        local_client.platform_roles_create(body={})
    assert local_client.platform_audit_list() == {"events": [], "total": 0}


def test_the_audit_trail_comes_in_pages(local_client):
    for number in range(5):
        local_client.platform_tenants_create(body={"name": f"t{number}"})
    first = local_client.platform_audit_list(limit=2)
    second = local_client.platform_audit_list(limit=2, cursor=first["events"][-1]["id"])
    last = local_client.platform_audit_list(limit=2, cursor=second["events"][-1]["id"])
    seen = [e["payload"]["name"] for page in (first, second, last) for e in page["events"]]
    assert seen == ["t4", "t3", "t2", "t1", "t0"]
    assert {page["total"] for page in (first, second, last)} == {5}
    with pytest.raises(ValidationError, match="cursor"):
        local_client.platform_audit_list(cursor="audit_99")
    everything = local_client.platform_audit_list()
    assert local_client.platform_audit_list(limit=0) == everything  # the command line sends it


def test_the_audit_trail_is_filtered(admin):
    admin.platform_bootstrap(body=OPS)
    _, ops = log_in(admin)
    key = ops.api_keys_create(body={"name": "ops", "platform": True})
    org = admin.with_options(api_key=key["key"]).platform_tenants_create(body={"name": "acme"})
    by_key = admin.platform_audit_list(platform_key_id=key["id"])["events"]
    assert [event["event_type"] for event in by_key] == ["platform.tenant.created"]
    assert "platform_user_id" not in by_key[0]
    made = admin.platform_audit_list(event_type="platform.key.created")["events"]
    assert [event["payload"]["key_id"] for event in made] == [key["id"]]
    moment = made[0]["created_at"]
    assert admin.platform_audit_list(from_=moment)["total"] == 2
    assert admin.platform_audit_list(to=moment)["total"] == 2
    assert admin.platform_audit_list(impersonated_org_id=org["id"])["total"] == 0


def test_acting_for_an_organization_is_audited(admin):
    user = admin.platform_bootstrap(body=OPS)
    org = admin.orgs_create(body={"name": "acme"})["id"]
    _, ops = log_in(admin)
    acting = ops.with_options(org=org)
    acting.projects_create(body={"name": "web"})
    (event,) = ops.platform_audit_list(impersonated_org_id=org)["events"]
    assert event["event_type"] == "platform.impersonated"
    assert event["platform_user_id"] == user["id"]
    assert event["payload"] == {"action": "platform:impersonate"}
    acting.projects_list()
    (read, _) = ops.platform_audit_list(impersonated_org_id=org)["events"]
    assert read["payload"] == {"action": "platform:impersonate:read"}
    ops.with_options(org="org_default").projects_list()  # its own, which is no impersonation
    assert ops.platform_audit_list(event_type="platform.impersonated")["total"] == 2
