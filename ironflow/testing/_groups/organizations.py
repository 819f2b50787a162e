"""Organizations, and what they are made of: projects, environments, tenants as a whole.

Rules:

1. A caller sees the own organization; one of the default organization sees all of them.
2. What is deleted takes with it what belongs to it, runs that are at work included.
3. The default organization and the default environment can not be deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _access
from .._checks import Fields, Refusal, taken
from .._execution import cancel
from .._runs import FINISHED
from .._state import BUILT_IN_ROLES, DEFAULT_ENVIRONMENT, DEFAULT_ORG
from . import api_keys

if TYPE_CHECKING:
    from .._calls import Call
    from .._state import Environment, Record, State

DEFAULT_TENANT_ENVIRONMENT = "production"
_ADMIN = BUILT_IN_ROLES[0]


def orgs_list(call: Call) -> list[Record]:
    return _visible(call)


def orgs_create(call: Call) -> Record:
    _access.refuse_tenants(call)
    return call.state.add_organization(call.body().text("name"))


def orgs_create_orgs(call: Call) -> Record:
    org = orgs_create(call)
    _access.audit(call.state, call.caller, "platform.org.created", {"org_id": org["id"]})
    return org


def orgs_get(call: Call, id: str) -> Record:
    return call.state.orgs[_access.organization_id(call, id)]


def orgs_patch(call: Call, id: str) -> Record:
    org, body = orgs_get(call, id), call.optional_body()
    changes: Record = {}
    if "name" in body:
        changes["name"] = body.text("name")
    if "preferences" in body:
        preferences = Fields(body.members("preferences"), "preferences")
        zone = preferences.text("default_timezone", None)
        changes["preferences"] = {"default_timezone": zone} if zone else {}
    org.update(changes, updated_at=call.state.now())
    return org


def orgs_delete(call: Call, id: str) -> None:
    _access.organization_id(call, id)
    _access.refuse_tenants(call)
    remove(call.state, id)


def projects_list(call: Call) -> list[Record]:
    projects = call.state.projects.values()
    return [project for project in projects if project["org_id"] == call.caller.org_id]


def projects_create(call: Call) -> Record:
    return call.state.add_project(call.caller.org_id, call.body().text("name"))


def projects_update(call: Call, id: str) -> Record:
    project = _project(call, id)
    project.update(name=call.body().text("name"), updated_at=call.state.now())
    return project


def projects_delete(call: Call, id: str) -> Record:
    _project(call, id)
    del call.state.projects[id]
    for environment in call.state.environments_of(call.caller.org_id):
        if environment.record["project_id"] == id:
            environment.record["project_id"] = ""
    return {"deleted": id}


def environments_list(call: Call) -> list[Record]:
    wanted = call.query.text("project_id")
    return [
        _without_empty_project(environment.record)
        for environment in call.state.environments_of(call.caller.org_id)
        if wanted in ("", environment.record["project_id"])
    ]


def environments_create(call: Call) -> Record:
    body = call.body()
    name, color = body.text("name"), body.text("color", "")
    project_id = body.text("project_id", "")
    _check_name(call, name)
    if project_id:
        _project(call, project_id)
    org_id = call.caller.org_id
    return call.state.add_environment(org_id, name, color=color, project_id=project_id).record


def environments_update(call: Call, id: str) -> Record:
    environment, body = _environment(call, id), call.optional_body()
    changes: Record = {}
    if "name" in body:
        changes["name"] = body.text("name")
        _check_name(call, changes["name"], environment)
    if "color" in body:
        changes["color"] = body.text("color")
    environment.record.update(changes, updated_at=call.state.now())
    return environment.record


def environments_delete(call: Call, id: str) -> Record:
    if id == DEFAULT_ENVIRONMENT:
        raise Refusal(409, "the default environment can not be deleted")
    _remove_environment(call.state, _environment(call, id))
    return {"status": "deleted"}


def tenants_list(call: Call) -> list[Record]:
    keys = list(call.state.api_keys.values())
    return [
        {
            "id": org["id"],
            "name": org["name"],
            "env_count": len(list(call.state.environments_of(org["id"]))),
            "key_count": sum(key["org_id"] == org["id"] and not key["platform"] for key in keys),
            "created_at": org["created_at"],
        }
        for org in _visible(call)
    ]


def tenants_provision(call: Call) -> Record:
    _access.refuse_tenants(call)
    state, body = call.state, call.optional_body()
    name = body.text("org_name" if "org_name" in body else "name")
    environment_name = body.text("env_name", "") or DEFAULT_TENANT_ENVIRONMENT
    org, environment = provision(state, name, environment_name)
    admin = next(
        role["id"]
        for role in state.roles.values()
        if (role["org_id"], role["name"]) == (org["id"], _ADMIN)
    )
    key = api_keys.add(state, org["id"], _ADMIN, [admin], environment_id=environment.id)
    return {
        "org": {"id": org["id"], "name": name},
        "environment": {"id": environment.id, "name": environment_name},
        "api_key": {"key": key["key"], "roles": [_ADMIN]},
    }


def provision(state: State, name: str, environment_name: str) -> tuple[Record, Environment]:
    """Make an organization with the built-in roles and an environment."""
    org = state.add_organization(name)
    return org, state.add_environment(org["id"], environment_name)


def remove(state: State, org_id: str) -> None:
    """Remove an organization with all that belongs to it."""
    if org_id == DEFAULT_ORG:
        raise Refusal(409, "the default organization can not be deleted")
    for environment in list(state.environments_of(org_id)):
        _remove_environment(state, environment)
    _access.forget_users(state, [u["id"] for u in state.users.values() if u["org_id"] == org_id])
    gone: set[str] = set()
    owned = (state.projects, state.users, state.roles, state.policies, state.api_keys)
    for records in owned:
        gone.update(id for id, record in records.items() if record["org_id"] == org_id)
    for id in gone:
        for records in owned:
            records.pop(id, None)
        state.role_policies.pop(id, None)
        state.policy_versions.pop(id, None)
    for attached in state.role_policies.values():  # roles of others may have had its policies
        attached[:] = [policy_id for policy_id in attached if policy_id not in gone]
    del state.orgs[org_id]


def _visible(call: Call) -> list[Record]:
    return [org for org in call.state.orgs.values() if _access.sees(call.caller, org["id"])]


def _project(call: Call, project_id: str) -> Record:
    return _access.own(call, call.state.projects, project_id, "project")


def _environment(call: Call, environment_id: str) -> Environment:
    return _access.own_environment(call.state, call.caller.org_id, environment_id)


def _check_name(call: Call, name: str, own: Environment | None = None) -> None:
    for other in call.state.environments_of(call.caller.org_id):
        if other is not own and other.record["name"] == name:
            raise taken("environment", name)


def _without_empty_project(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "project_id" or value}


def _remove_environment(state: State, environment: Environment) -> None:
    """Remove an environment; its runs are cancelled, so that their threads end."""
    for run in environment.runs.values():
        if run.status not in FINISHED:
            cancel(state, run, "environment deleted")
    del state.environments[environment.id]
