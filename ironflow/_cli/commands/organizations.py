"""Organizations, their projects and environments, and tenants."""

from __future__ import annotations

from ..screen import shown
from ..show import Column, Details, Table, Text
from ..table import STRING, Argument, Call, Command, Flag
from ._common import CREATED, ID, NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session


def _show_tenant(session: Session, reply: Any) -> Iterable[str]:
    """Show what was created, and its admin key, the one time that it can be shown."""
    org, environment = reply.get("org") or {}, reply.get("environment") or {}
    yield f"Created org: {shown(org.get('name'))} ({shown(org.get('id'))})"
    yield f"Created env: {shown(environment.get('name'))} ({shown(environment.get('id'))})"
    yield f"Admin API Key: {shown((reply.get('api_key') or {}).get('key'))}"
    session.screen.note("Save the key now: it is not shown again.")


COMMANDS = [
    Command(
        "env list",
        "List environments.",
        call=Call("environments_list"),
        show=Table("", NAME, ID),
    ),
    Command(
        "env create",
        "Create an environment.",
        Argument("name", "Name of the environment"),
        Flag("project", STRING, "Id of the project that it belongs to"),
        call=Call("environments_create", body={"name": "name", "project_id": "project"}),
        show=Text("Created environment: {name} (id: {id})"),
    ),
    Command(
        "env delete",
        "Delete an environment.",
        Argument("id", "Id of the environment"),
        call=Call("environments_delete", "id"),
        show=Text("Deleted environment {id}"),
    ),
    Command(
        "org create",
        "Create an organization.",
        Argument("name", "Name of the organization"),
        call=Call("orgs_create", body={"name": "name"}),
        show=Text("Created organization: {name} (id: {id})"),
    ),
    Command(
        "org list",
        "List organizations.",
        call=Call("orgs_list"),
        show=Table("", ID, NAME, CREATED),
    ),
    Command(
        "org get",
        "Show an organization.",
        Argument("id", "Id of the organization"),
        call=Call("orgs_get", "id"),
        show=Details(
            Column("ID", "id"),
            Column("Name", "name"),
            Column("Created At", "created_at"),
            Column("Updated At", "updated_at"),
        ),
    ),
    Command(
        "org delete",
        "Delete an organization.",
        Argument("id", "Id of the organization"),
        call=Call("orgs_delete", "id"),
        show=Text("Deleted organization {id}"),
    ),
    Command(
        "project create",
        "Create a project in the organization.",
        Argument("name", "Name of the project"),
        call=Call("projects_create", body={"name": "name"}),
        show=Text("Created project: {name} (id: {id})"),
    ),
    Command(
        "project list",
        "List projects.",
        call=Call("projects_list"),
        show=Table("", ID, NAME, CREATED),
    ),
    Command(
        "project delete",
        "Delete a project.",
        Argument("id", "Id of the project"),
        call=Call("projects_delete", "id"),
        show=Text("Deleted project {id}"),
    ),
    Command(
        "tenant provision",
        "Create an organization with its roles, an environment and an admin key.",
        Flag("name", STRING, "Name of the organization", required=True),
        Flag("env", STRING, "Name of the environment", default="production"),
        call=Call("tenants_provision", body={"org_name": "name", "env_name": "env"}),
        show=_show_tenant,
    ),
    Command(
        "tenant list",
        "List tenants.",
        call=Call("tenants_list"),
        show=Table(
            "",
            ID,
            NAME,
            Column("ENVS", "env_count"),
            Column("KEYS", "key_count"),
            CREATED,
        ),
    ),
]
