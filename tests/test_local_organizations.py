"""The local server's organizations, projects, environments, tenants and platform."""

from __future__ import annotations

import json
import threading

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
OPS = {"email": "ops@example.com", "name": "Olivia", "password": "s3cret"}
RULE = {"name": "read", "effect": "allow", "actions": "platform:impersonate:read", "resources": "*"}


@pytest.fixture
def admin():
    """A client with the key of a server that asks for one."""
    with CheckedServer(api_key=KEY) as server:
        with IronflowClient(server.url, api_key=KEY, timeout=10, max_attempts=1) as client:
            yield client
    assert server.misfits == []


def names(records):
    return [record["name"] for record in records]


def log_in(client, user=OPS):
    login = client.platform_auth_login(body={k: user[k] for k in ("email", "password")})
    return login, client.with_options(api_key=login["token"])


# Organizations


def test_the_default_organization_is_there_and_stays(local_client):
    assert [org["id"] for org in local_client.orgs_list()] == ["org_default"]
    with pytest.raises(ConflictError):
        local_client.orgs_delete("org_default")
    assert local_client.orgs_get("org_default")["name"] == "default"


def test_an_organization_is_made_renamed_and_deleted(local_client):
    made = local_client.orgs_create(body={"name": "acme"})
    assert local_client.orgs_get(made["id"]) == made
    assert names(local_client.orgs_list()) == ["default", "acme"]
    assert local_client.orgs_patch(made["id"], body={"name": "renamed"})["name"] == "renamed"
    assert local_client.orgs_delete(made["id"]) is None
    for call in (local_client.orgs_get, local_client.orgs_delete):
        with pytest.raises(NotFoundError, match="organization not found"):
            call(made["id"])
    with pytest.raises(ValidationError, match="name"):
        local_client.orgs_create(body={})


def test_preferences_are_replaced_and_a_patch_without_them_keeps_them(
    local_client,
):
    zone = {"default_timezone": "Europe/Berlin"}
    assert "preferences" not in local_client.orgs_get("org_default")
    local_client.orgs_patch("org_default", body={"preferences": zone})
    assert local_client.orgs_patch("org_default", body={"name": "x"})["preferences"] == zone
    cleared = local_client.orgs_patch("org_default", body={"preferences": {}})
    assert cleared["preferences"] == {}
    with pytest.raises(ValidationError, match="default_timezone"):
        local_client.orgs_patch("org_default", body={"preferences": {"default_timezone": 1}})


def test_a_deleted_organization_takes_everything_along(admin):
    made = admin.tenants_provision(body={"name": "acme"})
    org_id = made["org"]["id"]
    tenant = admin.with_options(api_key=made["api_key"]["key"])
    user = {"email": "a@example.com", "password": "s3cret"}
    tenant.users_create(body=user)
    session = admin.with_options(
        api_key=admin.request("POST", "/api/v1/auth/login", body=user)["token"]
    )
    session.runs_list()
    rule = tenant.policies_create(body=RULE)
    role = next(role for role in admin.roles_list() if role["name"] == "viewer")
    admin.roles_policies(role["id"], body={"policy_id": rule["id"]})
    admin.orgs_delete(org_id)
    for client in (tenant, session):
        with pytest.raises(AuthenticationError):
            client.runs_list()
    with pytest.raises(AuthenticationError):
        admin.request("POST", "/api/v1/auth/login", body=user)
    with pytest.raises(NotFoundError):
        admin.roles_list(org_id=org_id)
    with pytest.raises(NotFoundError):
        admin.policies_get(rule["id"])
    assert admin.roles_list_policies(role["id"]) == {"policies": []}
    assert [found["id"] for found in admin.tenants_list()] == ["org_default"]


def test_what_is_deleted_leaves_nothing_behind(local, local_client):
    """Looks inside: passwords and attachments of what is gone show in no reply."""
    state = local._application.state
    held = ("environments", "passwords", "sessions", "role_policies", "policy_versions", "api_keys")

    def ids():
        return {name: sorted(getattr(state, name)) for name in held}

    before = ids()
    org = local_client.tenants_provision(body={"name": "acme"})["org"]["id"]
    acting = local_client.with_options(org=org)
    user = {"email": "a@example.com", "password": "s3cret"}
    acting.users_create(body=user)
    acting.policies_create(body=RULE)
    local_client.request("POST", "/api/v1/auth/login", body=user)
    local_client.orgs_delete(org)
    ours = local_client.users_create(body=user)["id"]
    local_client.request("POST", "/api/v1/auth/login", body=user)
    local_client.users_delete(ours)
    ops = local_client.platform_users_create(body=OPS)["id"]
    log_in(local_client)
    local_client.platform_users_delete(ops)
    assert ids() == before
    rule = local_client.platform_policies_create(body=RULE)["id"]
    role = local_client.platform_roles_create(body={"name": "x", "policy_ids": [rule]})["id"]
    assert state.role_policies[role] == [rule]
    local_client.platform_policies_delete(rule)
    assert state.role_policies[role] == []


def test_acting_for_an_organization_shows_what_is_its_own(local_client):
    org = local_client.orgs_create(body={"name": "acme"})
    acting = local_client.with_options(org=org["id"])
    project = acting.projects_create(body={"name": "theirs"})
    assert project["org_id"] == org["id"]
    assert names(acting.projects_list()) == ["theirs"]
    assert names(local_client.projects_list()) == ["default"]
    with pytest.raises(NotFoundError):
        local_client.projects_update(project["id"], body={"name": "ours"})


# Projects


def test_a_project_is_made_renamed_and_deleted(local_client):
    made = local_client.projects_create(body={"name": "web"})
    assert names(local_client.projects_list()) == ["default", "web"]
    assert local_client.projects_update(made["id"], body={"name": "site"})["name"] == "site"
    assert names(local_client.projects_list()) == ["default", "site"]
    assert local_client.projects_delete(made["id"]) == {"deleted": made["id"]}
    assert names(local_client.projects_list()) == ["default"]
    with pytest.raises(NotFoundError, match="project not found"):
        local_client.projects_delete(made["id"])
    with pytest.raises(ValidationError, match="name"):
        local_client.projects_update("proj_default_default", body={})


def test_an_environment_outlives_its_project(local_client):
    project = local_client.projects_create(body={"name": "web"})["id"]
    made = local_client.environments_create(body={"name": "qa", "project_id": project})
    local_client.projects_delete(project)
    (found,) = (e for e in local_client.environments_list() if e["id"] == made["id"])
    assert "project_id" not in found


# Environments


def test_environments_are_listed_by_project(local_client):
    project = local_client.projects_create(body={"name": "web"})["id"]
    made = local_client.environments_create(
        body={"name": "qa", "project_id": project, "color": "#010203"}
    )
    assert (made["name"], made["project_id"], made["color"]) == ("qa", project, "#010203")
    assert local_client.environments_list(project_id=project) == [made]
    assert names(local_client.environments_list()) == ["default", "qa"]
    assert local_client.environments_list(project_id="proj_9") == []


def test_an_environment_of_no_project_says_so(local_client):
    made = local_client.environments_create(body={"name": "qa"})
    assert made["project_id"] == ""
    assert made["color"]
    assert "project_id" not in local_client.environments_list()[1]


def test_an_environment_starts_empty_and_keeps_its_data_to_itself(local_client):
    local_client.events_create(body={"name": "order.placed", "data": {}})
    made = local_client.environments_create(body={"name": "qa"})
    assert local_client.with_options(environment="qa").events_list()["count"] == 0
    local_client.with_options(environment=made["id"]).kv_buckets(body={"name": "cache"})
    assert local_client.with_options(environment="qa").kv_list_buckets()["count"] == 1
    assert local_client.kv_list_buckets()["count"] == 0


def test_an_environments_name_is_taken_once_an_organization(local_client):
    made = local_client.environments_create(body={"name": "qa"})
    with pytest.raises(ConflictError):
        local_client.environments_create(body={"name": "qa"})
    with pytest.raises(ConflictError):
        local_client.environments_update(made["id"], body={"name": "default"})
    assert local_client.environments_update(made["id"], body={"name": "qa"})["name"] == "qa"
    org = local_client.orgs_create(body={"name": "acme"})
    acting = local_client.with_options(org=org["id"])
    assert acting.environments_create(body={"name": "qa"})["id"] != made["id"]


def test_a_renamed_environment_keeps_its_id_and_data(local_client):
    made = local_client.environments_create(body={"name": "qa"})
    local_client.with_options(environment="qa").events_create(body={"name": "a", "data": {}})
    changed = local_client.environments_update(made["id"], body={"name": "staging"})
    assert (changed["id"], changed["name"], changed["color"]) == (
        made["id"],
        "staging",
        made["color"],
    )
    assert local_client.with_options(environment="staging").events_list()["count"] == 1
    colored = local_client.environments_update(made["id"], body={"color": "#010203"})
    assert (colored["name"], colored["color"]) == ("staging", "#010203")


def test_an_environment_for_what_is_not_there_is_404(local_client):
    with pytest.raises(NotFoundError, match="project not found"):
        local_client.environments_create(body={"name": "qa", "project_id": "proj_9"})
    assert names(local_client.environments_list()) == ["default"]
    with pytest.raises(NotFoundError, match="environment not found"):
        local_client.environments_update("env_9", body={"name": "x"})


def test_the_default_environment_can_not_be_deleted(local_client):
    with pytest.raises(ConflictError):
        local_client.environments_delete("env_default")
    made = local_client.environments_create(body={"name": "qa"})
    assert local_client.environments_delete(made["id"]) == {"status": "deleted"}
    assert names(local_client.environments_list()) == ["default"]
    with pytest.raises(NotFoundError):
        local_client.environments_delete(made["id"])


def test_a_deleted_environment_ends_its_runs(local, local_client):
    ended = threading.Event()

    @local.function("nap", triggers=["nap"])
    def nap(event, step):
        try:
            step.sleep("long", 60)
        finally:
            ended.set()

    made = local_client.environments_create(body={"name": "qa"})
    local_client.with_options(environment="qa").events_create(body={"name": "nap", "data": {}})
    local_client.environments_delete(made["id"])
    assert ended.wait(5)


# Tenants


def test_a_provisioned_tenant_is_complete(local_client):
    made = local_client.tenants_provision(body={"name": "acme"})
    assert made["org"]["name"] == "acme"
    assert made["environment"]["name"] == "production"
    assert made["api_key"]["roles"] == ["admin"]
    tenant = local_client.with_options(api_key=made["api_key"]["key"])
    assert names(tenant.roles_list()) == ["admin", "developer", "viewer"]
    assert [e["id"] for e in tenant.environments_list()] == [made["environment"]["id"]]
    (key,) = tenant.api_keys_list()
    assert key["environment_id"] == made["environment"]["id"]
    assert key["role_ids"] == [tenant.roles_list()[0]["id"]]


def test_a_tenant_can_be_named_either_way(local_client):
    made = local_client.tenants_provision(body={"org_name": "acme", "env_name": "staging"})
    assert (made["org"]["name"], made["environment"]["name"]) == ("acme", "staging")
    for body in ({}, None):
        with pytest.raises(ValidationError, match="name is required"):
            local_client.tenants_provision(body=body)


def test_tenants_are_listed_with_their_counts(local_client):
    made = local_client.tenants_provision(body={"name": "acme"})
    acting = local_client.with_options(org=made["org"]["id"])
    acting.environments_create(body={"name": "staging"})
    local_client.api_keys_create(body={"name": "ops", "platform": True})
    counts = [(t["name"], t["env_count"], t["key_count"]) for t in local_client.tenants_list()]
    assert counts == [("default", 1, 0), ("acme", 2, 1)]


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
    with pytest.raises(ConflictError):
        local_client.platform_roles_delete(role["id"])
    with pytest.raises(ConflictError):
        local_client.platform_roles_update(role["id"], body={"name": "boss"})


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
    local_client.api_keys_update_roles(key, body={"role_ids": []})
    local_client.api_keys_rotate(key)
    local_client.api_keys_delete(key)
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
    assert trail["events"][-3]["payload"] == {"id": user, "email": OPS["email"]}
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
