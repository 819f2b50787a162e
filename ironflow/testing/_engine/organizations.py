"""Organizations and what they consist of: projects, environments, tenants as a whole.

Rules: deleting something deletes everything that belongs to it and cancels its runs. The default
organization and the default environment, with its project, cannot be deleted.
"""

from __future__ import annotations

from .execution import cancel
from .people import ApiKeys, Users
from .permissions import BUILT_IN_ROLES, Policies, Roles
from .refusals import Refusal
from .runs import Runs
from .state import (
    DEFAULT_ENVIRONMENT,
    DEFAULT_ORG,
    DEFAULT_PROJECT,
    Environment,
    Record,
    Records,
    Registry,
    State,
    check_environment_name,
)


class Organizations(Records):
    """All organizations; every one except the default one is a tenant."""

    what = "organization"
    prefix = "org"

    def make(self, name: str, *, id: str = "") -> Record:
        """Create an organization with the built-in roles and no environment."""
        org = self.add(id=id, name=name)
        for role in BUILT_IN_ROLES:
            self.owner.of(Roles).built_in(org["id"], role)
        return org


class Projects(Records):
    """Projects of all organizations."""

    what = "project"
    prefix = "proj"


def new_state(registry: Registry, api_key: str | None, strict: bool = False) -> State:
    """Return the state of a new server, with the default organization."""
    state = State(registry, api_key, strict)
    state.of(Organizations).make("default", id=DEFAULT_ORG)
    state.of(Projects).add(id=DEFAULT_PROJECT, org_id=DEFAULT_ORG, name="default")
    state.add_environment(
        DEFAULT_ORG, "default", id=DEFAULT_ENVIRONMENT, project_id=DEFAULT_PROJECT
    )
    return state


def provision(state: State, name: str, environment_name: str) -> tuple[Record, Environment]:
    """Create a tenant: an organization with the built-in roles, a project and an environment."""
    check_environment_name(environment_name)
    org = state.of(Organizations).make(name)
    project = state.of(Projects).add(org_id=org["id"], name="default")
    return org, state.add_environment(org["id"], environment_name, project_id=project["id"])


def check_name(state: State, org_id: str, name: str, own: Environment | None = None) -> None:
    """Refuse a name that no environment can have, or that another one of the organization has."""
    check_environment_name(name)
    for other in state.environments_of(org_id):
        if other is not own and other.record["name"] == name:
            raise Refusal(409, f"environment already exists: {name}")


def remove_organization(state: State, org_id: str) -> None:
    """Remove an organization with all that belongs to it."""
    if org_id == DEFAULT_ORG:
        raise Refusal(409, "the default organization cannot be deleted")
    for environment in state.environments_of(org_id):
        _remove(environment)
    for kind in (Projects, Users, Roles, Policies, ApiKeys):
        records: Records = state.of(kind)
        for record in records.of_org(org_id):
            records.remove(record["id"])
    state.of(Organizations).remove(org_id)


def remove_project(state: State, org_id: str, project_id: str) -> None:
    """Remove a project with its environments."""
    inside = [e for e in state.environments_of(org_id) if e.record["project_id"] == project_id]
    if any(environment.id == DEFAULT_ENVIRONMENT for environment in inside):
        raise Refusal(403, "cannot delete the project of the default environment")
    for environment in inside:
        _remove(environment)
    state.of(Projects).remove(project_id)


def remove_environment(environment: Environment) -> None:
    if environment.id == DEFAULT_ENVIRONMENT:
        raise Refusal(403, "cannot delete default environment")
    _remove(environment)


def _remove(environment: Environment) -> None:
    """Remove an environment and cancel its runs, so that their threads end."""
    for run in environment.of(Runs).values():
        if not run.finished:
            cancel(run, "environment deleted")
    environment.close()
    del environment.state.environments[environment.id]
