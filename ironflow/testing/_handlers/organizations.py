"""Organizations, projects, environments, and tenants as a whole.

Rule: a caller sees its own organization; one of the default organization sees all of them.
"""

from __future__ import annotations

from typing import Any

from .._call import Call
from .._engine.organizations import (
    Organizations,
    Projects,
    check_name,
    provision,
    remove_environment,
    remove_organization,
    remove_project,
)
from .._engine.people import ApiKeys
from .._engine.permissions import BUILT_IN_ROLES, Roles
from .._engine.state import Record
from .._reading import Fields
from ._records import Group, given
from ._table import route

DEFAULT_TENANT_ENVIRONMENT = "production"
_ADMIN = BUILT_IN_ROLES[0]


class _Organizations(Group):
    kind = Organizations

    def create(self, call: Call) -> Any:
        call.refuse_tenants()
        return super().create(call)

    def records(self, call: Call) -> list[Record]:
        return [org for org in call.state.of(Organizations).values() if call.sees(org["id"])]

    def one(self, call: Call, id: str) -> Record:
        return call.state.of(Organizations)[call.organization_id(id)]

    def read(self, call: Call, body: Fields, old: Record | None) -> Record:
        members = given(body, old, "name")
        if old is not None and "preferences" in body:
            preferences = Fields(body.members("preferences"), "preferences")
            zone = preferences.text("default_timezone", None)
            members["preferences"] = {"default_timezone": zone} if zone else {}
        return members

    def add(self, call: Call, members: Record) -> Record:
        return call.state.of(Organizations).make(members["name"])

    def remove(self, call: Call, record: Record) -> None:
        remove_organization(call.state, record["id"])


class _Projects(Group):
    kind = Projects

    def read(self, call: Call, body: Fields, old: Record | None) -> Record:
        members = given(body, old, "name")
        if "description" in body:
            members["description"] = body.text("description", "")
        return members

    def delete(self, call: Call, id: str) -> Any:
        call.own(Projects, id)
        remove_project(call.state, call.caller.org_id, id)
        return {"deleted": id}


_organizations = _Organizations("/api/v1/orgs")
_Projects("/api/v1/projects")


@route("POST", "/api/v1/platform/orgs")
def orgs_create_orgs(call: Call) -> Record:
    org: Record = _organizations.create(call)
    call.audit("org.created", org_id=org["id"])
    return org


@route("GET", "/api/v1/environments")
def environments_list(call: Call) -> list[Record]:
    wanted = call.query.text("project_id")
    return [
        _without_empty_project(environment.record)
        for environment in call.state.environments_of(call.caller.org_id)
        if wanted in ("", environment.record["project_id"])
    ]


@route("POST", "/api/v1/environments")
def environments_create(call: Call) -> Record:
    body, org_id = call.body(), call.caller.org_id
    name, color = body.text("name"), body.text("color", "")
    project_id = body.text("project_id", "")
    check_name(call.state, org_id, name)
    if project_id:
        call.own(Projects, project_id)
    return call.state.add_environment(org_id, name, color=color, project_id=project_id).record


@route("PUT", "/api/v1/environments/{id}")
def environments_update(call: Call, id: str) -> Record:
    environment, body = call.own_environment(id), call.optional_body()
    changes: Record = {}
    if "name" in body:
        changes["name"] = body.text("name")
        check_name(call.state, call.caller.org_id, changes["name"], environment)
    if "color" in body:
        changes["color"] = body.text("color")
    environment.record.update(changes, updated_at=call.state.clock.text())
    return environment.record


@route("DELETE", "/api/v1/environments/{id}")
def environments_delete(call: Call, id: str) -> Record:
    remove_environment(call.own_environment(id))
    return {"status": "deleted"}


@route("GET", "/api/v1/tenants")
def tenants_list(call: Call) -> list[Record]:
    call.refuse_tenants()
    keys = call.state.of(ApiKeys)
    return [
        {
            "id": org["id"],
            "name": org["name"],
            "env_count": len(call.state.environments_of(org["id"])),
            "key_count": sum(not key["platform"] for key in keys.of_org(org["id"])),
            "created_at": f"{org['created_at'][:10]}T00:00:00Z",  # a day, as the time it begins
        }
        for org in _organizations.records(call)
    ]


@route("POST", "/api/v1/tenants/provision")
def tenants_provision(call: Call) -> Record:
    call.refuse_tenants()
    state, body = call.state, call.optional_body()
    name = body.text("org_name" if "org_name" in body else "name")
    environment_name = body.text("env_name", "") or DEFAULT_TENANT_ENVIRONMENT
    org, environment = provision(state, name, environment_name)
    role = state.of(Roles).named(org["id"], _ADMIN)
    key = state.of(ApiKeys).add(
        org_id=org["id"],
        name=_ADMIN,
        role_ids=[role["id"]] if role else [],
        environment_id=environment.id,
    )
    return {
        "org": {"id": org["id"], "name": name},
        "environment": {"id": environment.id, "name": environment_name},
        "api_key": {"key": key["key"], "roles": [_ADMIN]},
    }


def _without_empty_project(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "project_id" or value}
