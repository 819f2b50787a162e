"""Who may do what: API keys and roles."""

from __future__ import annotations

from ..screen import shown
from ..show import Column, Details, Table, Text
from ..table import BOOL, DURATION, LIST, STRING, Argument, Call, Command, Flag
from ._common import CREATED, ID, NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session

KEY = Argument("id", "Id of the API key")
ROLE = Argument("id", "Id of the role")


def _show_key(session: Session, key: Any) -> Iterable[str]:
    """Show a new key, the one time that it can be shown."""
    yield f"Key: {shown(key.get('key'))}"
    yield f"ID: {shown(key.get('id'))}"
    yield f"Name: {shown(key.get('name'))}"
    yield f"Roles: {shown(key.get('role_ids'))}"
    yield f"Expires: {shown(key.get('expires_at'))}"
    session.screen.note("Save the key now: it is not shown again.")


COMMANDS = [
    Command(
        "apikey create",
        "Create an API key, and show it once.",
        Argument("name", "Name of the key"),
        Flag("env", STRING, "Id of the environment that the key is for"),
        Flag("role", LIST, "Id of a role of the key, repeatable"),
        Flag("expires", DURATION, "Time until it expires, such as 720h", verbatim=True),
        Flag("platform", BOOL, "Create a platform key, which starts with ifplatform_"),
        call=Call(
            "api_keys_create",
            body={
                "name": "name",
                "env_id": "env",
                "role_ids": "role",
                "expires_in": "expires",
                "platform": "platform",
            },
        ),
        show=_show_key,
    ),
    Command(
        "apikey list",
        "List API keys.",
        Flag("platform", BOOL, "Only platform keys"),
        call=Call("api_keys_list", query={"platform": "platform"}),
        show=Table(
            "",
            ID,
            NAME,
            Column("PREFIX", "key_prefix"),
            Column("ROLES", "role_ids"),
            CREATED,
            Column("LAST USED", "last_used_at"),
            Column("EXPIRES", "expires_at"),
        ),
    ),
    Command(
        "apikey delete",
        "Revoke an API key at once.",
        KEY,
        call=Call("api_keys_delete", "id"),
        show=Text("Deleted API key {id}"),
    ),
    Command(
        "apikey rotate",
        "Replace an API key, and show the new one once.",
        KEY,
        call=Call("api_keys_rotate", "id"),
        show=_show_key,
    ),
    Command(
        "role create",
        "Create a role in an organization.",
        Argument("name", "Name of the role"),
        Flag("org", STRING, "Id of the organization", required=True),
        call=Call("roles_create", body={"name": "name", "org_id": "org"}),
        show=Text("Created role: {name} (id: {id})"),
    ),
    Command(
        "role list",
        "List roles.",
        Flag("org", STRING, "Only roles of this organization"),
        call=Call("roles_list", query={"org_id": "org"}),
        show=Table("", ID, NAME, Column("ORG_ID", "org_id"), Column("DEFAULT", "is_default")),
    ),
    Command(
        "role get",
        "Show a role.",
        ROLE,
        call=Call("roles_get", "id"),
        show=Details(
            Column("ID", "id"),
            Column("Name", "name"),
            Column("Org ID", "org_id"),
            Column("Default", "is_default"),
        ),
    ),
    Command(
        "role delete",
        "Delete a role.",
        ROLE,
        call=Call("roles_delete", "id"),
        show=Text("Role deleted"),
    ),
    Command(
        "role assign-policy",
        "Attach a policy to a role.",
        Argument("role_id", "Id of the role"),
        Argument("policy_id", "Id of the policy"),
        call=Call("roles_attach_policy", "role_id", body={"policy_id": "policy_id"}),
        show=Text("Policy assigned to role"),
    ),
    Command(
        "role remove-policy",
        "Detach a policy from a role.",
        Argument("role_id", "Id of the role"),
        Argument("policy_id", "Id of the policy"),
        call=Call("roles_delete_policies", "role_id", "policy_id"),
        show=Text("Policy removed from role"),
    ),
]
