"""Credentials, and acting for another organization."""

from __future__ import annotations

import pytest

from ironflow import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
)

from ..accounts import OPS, log_in, log_in_user, policy, role_named

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


def test_a_rotated_key_opens_the_server_and_the_old_one_does_not(admin):
    role = role_named(admin, "viewer")
    body = {"name": "ci", "env_id": "env_default", "role_ids": [role]}
    old = admin.api_keys_create(body=body)
    admin.with_options(api_key=old["key"]).runs_list()
    new = admin.api_keys_rotate(old["id"])
    assert new["key"] != old["key"]
    assert new["key_prefix"] == new["key"][:14]
    assert "last_used_at" not in new
    admin.with_options(api_key=new["key"]).runs_list()
    with pytest.raises(AuthenticationError):
        admin.with_options(api_key=old["key"]).runs_list()


@pytest.mark.ironflow(clock="virtual")
def test_a_key_that_is_outlived_opens_nothing(guarded, admin):
    made = admin.api_keys_create(body={"name": "ci", "expires_in": "1h30m"})
    holder = admin.with_options(api_key=made["key"])
    guarded.advance(5399)
    holder.runs_list()
    guarded.advance(1)
    with pytest.raises(AuthenticationError):
        holder.runs_list()


@pytest.mark.ironflow(clock="virtual")
@pytest.mark.parametrize("of_platform", [True, False])
def test_a_login_ends_after_a_day(guarded, admin, of_platform, tmp_path):
    if of_platform:
        admin.platform_bootstrap(body=OPS)
        session = log_in(admin)[1]
    else:
        user = {name: OPS[name] for name in ("email", "password")}
        admin.users_create(body=user)
        session = admin.with_options(api_key=log_in_user(admin, user)["token"])
    guarded.advance(24 * 3600 - 1)
    guarded.dump(tmp_path / "state.json")
    guarded.seed(tmp_path / "state.json")
    session.runs_list()
    guarded.advance(1)
    with pytest.raises(AuthenticationError):
        session.runs_list()


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


def test_a_bound_key_that_names_another_environment_is_refused_on_every_route(tenant):
    (org,), (environment,) = tenant.orgs_list(), tenant.environments_list()
    for name in ("X-Ironflow-Environment", "X-Ironflow-Environment-ID"):  # a later server's too
        path = f"/api/v1/orgs/{org['id']}"
        assert tenant.request("GET", path, headers={name: environment["id"]}) == org
        with pytest.raises(PermissionDeniedError, match="bound to another environment"):
            tenant.request("GET", path, headers={name: "env_default"})


def test_a_tenants_key_sees_its_own_organization_only(admin, tenant):
    other = admin.tenants_provision(body={"name": "other"})["org"]["id"]
    (org,) = tenant.orgs_list()
    assert org["name"] == "acme"
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
    assert [found["name"] for found in tenant.projects_list()] == ["default"]
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


def test_a_tenants_key_cannot_manage_the_platform(tenant):
    for call in (
        lambda: tenant.platform_users_list(),
        lambda: tenant.platform_users_create(body={}),
        lambda: tenant.platform_tenants_get("org_default"),
        lambda: tenant.platform_audit_list(),
        lambda: tenant.api_keys_create(body={"name": "ops", "platform": True}),
        lambda: tenant.tenants_provision(body={"name": "more"}),
        lambda: tenant.orgs_create(body={"name": "more"}),
        lambda: tenant.tenants_list(),
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


def test_a_tenants_key_cannot_act_for_another_organization(admin, tenant):
    (org,) = tenant.orgs_list()
    for org_id in (org["id"], "org_default", "org_99"):  # that header is for platform credentials
        with pytest.raises(PermissionDeniedError, match="act for an organization"):
            tenant.with_options(org=org_id).events_list()
    bound = admin.api_keys_create(body={"name": "ci", "env_id": "env_default"})
    with pytest.raises(PermissionDeniedError, match="bound to an environment"):
        admin.with_options(api_key=bound["key"], org=org["id"]).events_list()


# Viewers


def test_a_viewers_key_reads_and_is_refused_every_write(local, admin):
    made = admin.api_keys_create(body={"name": "look", "role_ids": ["role_viewer"]})
    viewer = admin.with_options(api_key=made["key"])
    assert viewer.runs_list()["runs"] == viewer.events_list()["events"] == []
    assert viewer.orgs_get("org_default")["id"] == "org_default"
    assert viewer.rpc("IronflowService/ListRuns") == {}
    org = admin.orgs_create(body={"name": "acme"})["id"]
    assert viewer.with_options(org=org).runs_list()["runs"] == []
    query = {"query": "SELECT 1"}
    assert viewer.sql_create(body=query) == admin.sql_create(body=query)  # a POST that only reads
    for call in (
        lambda: viewer.api_keys_create(body={"name": "more"}),
        lambda: viewer.events_create(body={"name": "order.placed"}),
        lambda: viewer.config_patch("flags", body={"a": 1}),
        lambda: viewer.environments_delete("env_9"),
        lambda: viewer.kv_update_buckets_keys("b", "k", body={}),
        lambda: viewer.rpc("IronflowService/RegisterFunction", {"id": "process-order"}),
        lambda: viewer.with_options(org=org).events_create(body={"name": "order.placed"}),
    ):
        with pytest.raises(PermissionDeniedError, match="viewer"):
            call()
    assert admin.events_list()["events"] == []


def test_a_key_with_another_role_beside_viewer_may_write(admin):
    roles = ["role_viewer", "role_developer"]
    made = admin.api_keys_create(body={"name": "both", "role_ids": roles})
    writer = admin.with_options(api_key=made["key"])
    assert writer.events_create(body={"name": "order.placed"})["event_id"]
    admin.api_keys_update_roles(made["id"], body={"role_ids": ["role_viewer"]})
    with pytest.raises(PermissionDeniedError):
        writer.events_create(body={"name": "order.placed"})


def test_a_user_who_is_a_viewer_only_reads(admin):
    user = {"email": "a@example.com", "password": "s3cret", "roles": ["viewer"]}
    admin.users_create(body=user)
    viewer = admin.with_options(api_key=log_in_user(admin, user)["token"])
    assert viewer.runs_list()["runs"] == []
    with pytest.raises(PermissionDeniedError):
        viewer.events_create(body={"name": "order.placed"})


def test_acting_for_an_unknown_organization_is_404(admin):
    with pytest.raises(NotFoundError, match="org_99"):
        admin.with_options(org="org_99").events_list()
    assert admin.with_options(org="org_99").health()["status"]  # but health is asked of no one
