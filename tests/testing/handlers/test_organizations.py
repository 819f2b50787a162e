"""Organizations, projects, environments, tenants."""

from __future__ import annotations

import threading

import pytest

from ironflow import (
    AuthenticationError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
)
from ironflow.testing._engine.organizations import Organizations, Projects
from ironflow.testing._engine.people import ApiKeys, PlatformUsers, Users
from ironflow.testing._engine.permissions import PlatformRoles, Policies, Roles

from ..accounts import OPS, RULE, log_in, names

HEADER = "X-Ironflow-Environment"  # a new name makes an environment

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
    kinds = (ApiKeys, Organizations, PlatformUsers, Policies, Projects, Roles, Users)

    def ids():
        stores = [state.of(kind) for kind in kinds]
        held = [state.environments, state.of(Roles).policies, state.of(Policies).versions]
        for users in (state.of(Users), state.of(PlatformUsers)):
            held += [users.passwords, users.sessions]
        return [sorted(found) for found in (*stores, *held)]

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
    assert state.of(PlatformRoles).policies[role] == [rule]
    local_client.platform_policies_delete(rule)
    assert state.of(PlatformRoles).policies[role] == []


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
    for body in ({}, {"name": ""}, {"name": "web", "description": 1}):
        with pytest.raises(ValidationError, match="name|description"):
            local_client.projects_create(body=body)


def test_a_projects_description_is_kept_when_it_is_left_out(local_client):
    made = local_client.projects_create(body={"name": "web", "description": "created"})
    assert made["description"] == "created"
    renamed = local_client.projects_update(made["id"], body={"name": "site"})
    assert (renamed["name"], renamed["description"]) == ("site", "created")
    cleared = local_client.projects_update(made["id"], body={"description": ""})
    assert (cleared["name"], cleared["description"]) == ("site", "")
    assert local_client.projects_update(made["id"], body={})["name"] == "site"
    assert local_client.projects_list()[-1]["description"] == ""


def test_the_environments_of_a_project_go_with_it(local, local_client):
    local.function("nap", triggers=["nap"])(lambda event, step: step.sleep("long", 600))
    project = local_client.projects_create(body={"name": "web"})["id"]
    made = local_client.environments_create(body={"name": "qa", "project_id": project})
    inside = local_client.with_options(environment=made["id"])
    inside.events_create(body={"name": "nap", "data": {}})
    local_client.projects_delete(project)
    assert names(local_client.environments_list()) == ["default"]
    with pytest.raises(NotFoundError):
        inside.events_list()
    with pytest.raises(PermissionDeniedError, match="default environment"):
        local_client.projects_delete("proj_default_default")
    assert names(local_client.projects_list()) == ["default"]


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


@pytest.mark.parametrize("name", ["Not Valid!", "QA", "a.b", "-qa", "", "q" * 64, "ü"])
def test_a_name_that_cannot_be_an_environments_is_400(local_client, name):
    made = local_client.environments_create(body={"name": "qa-2_b"})
    for call in (
        lambda: local_client.environments_create(body={"name": name}),
        lambda: local_client.environments_update(made["id"], body={"name": name}),
        lambda: local_client.tenants_provision(body={"name": "acme", "env_name": name or " "}),
        lambda: local_client.request("GET", "/api/v1/events", headers={HEADER: name or "A B"}),
    ):
        with pytest.raises(ValidationError, match="name") as caught:
            call()
        assert caught.value.status_code == 400
    assert names(local_client.environments_list()) == ["default", "qa-2_b"]
    assert names(local_client.orgs_list()) == ["default"]


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


def test_the_default_environment_cannot_be_deleted(local_client):
    with pytest.raises(PermissionDeniedError, match="^cannot delete default environment"):
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
    (environment,), (project,) = tenant.environments_list(), tenant.projects_list()
    assert environment["id"] == made["environment"]["id"]
    assert (project["name"], environment["project_id"]) == ("default", project["id"])
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


def test_a_tenant_was_made_on_a_day(local_client):
    """The document's example shows a time at midnight; a later server sends the day alone."""
    made = local_client.tenants_provision(body={"name": "acme"})["org"]["id"]
    created = {tenant["id"]: tenant["created_at"] for tenant in local_client.tenants_list()}
    day = local_client.orgs_get(made)["created_at"][:10]
    assert created[made] == f"{day}T00:00:00Z"


def test_a_tenant_renames_and_deletes_its_own_organization(admin, tenant):
    (org,) = tenant.orgs_list()
    assert tenant.orgs_patch(org["id"], body={"name": "renamed"})["name"] == "renamed"
    assert tenant.orgs_delete(org["id"]) is None
    with pytest.raises(AuthenticationError):  # its key is gone with it
        tenant.orgs_get(org["id"])
    with pytest.raises(NotFoundError):
        admin.orgs_get(org["id"])
