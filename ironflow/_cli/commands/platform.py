"""The platform: its users, tenants, roles and audit log, and logging in to it."""

from __future__ import annotations

from ..screen import json_cell
from ..show import Column, Table, Text
from ..table import INT, LIST, SECRET, STRING, Argument, Call, Command, Flag, chosen
from ..times import date_time
from ._common import CREATED, ID, NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..session import Session

_EMAIL = Flag("email", STRING, "E-mail of the user", required=True)
_USER_NAME = Flag("name", STRING, "Name of the user", required=True)

_USER_NAMES = {"email": "email", "name": "name", "role_ids": "role_ids"}
_ASKED = "The password is asked for, or read from a pipe."


def _create(session: Session, method: str) -> Any:
    body = chosen(_USER_NAMES, session.given)
    return session.call(method, {**body, "password": session.secret("Password")})


def _login(session: Session) -> Any:
    """Log in and store the token; it is the one thing of the reply that nothing shows."""
    from ..credentials import store_token

    email = session.given["email"]
    client = session.client.with_options(api_key=None)
    url = client._options.server_url
    reply = client.platform_auth_login({"email": email, "password": session.secret("Password")})
    path = store_token(url, reply["token"], email)
    return {"server": url, "user": reply.get("user"), "email": email, "stored": path}


COMMANDS = [
    Command(
        "platform create-admin",
        "Create the first user of the platform, with IRONFLOW_API_KEY.",
        _EMAIL,
        _USER_NAME,
        run=lambda session: _create(session, "platform_bootstrap"),
        show=Text("Created platform admin: {email} (id: {id})"),
        no_curl=SECRET,
        details=_ASKED,
    ),
    Command(
        "platform login",
        "Log in to the platform and store the token for its commands.",
        _EMAIL,
        run=_login,
        show=Text("Logged in to {server} as {email}; the token is in {stored}"),
        no_curl=SECRET,
        details=f"{_ASKED} The token is kept in"
        " credentials.json in IRONFLOW_CONFIG_DIR, ~/.config/ironflow by default.",
    ),
    Command(
        "platform users list",
        "List the users of the platform.",
        call=Call("platform_users_list"),
        show=Table("", ID, Column("EMAIL", "email"), NAME, Column("ACTIVE", "is_active")),
        platform=True,
    ),
    Command(
        "platform users create",
        "Create a user of the platform.",
        _EMAIL,
        _USER_NAME,
        Flag("role-ids", LIST, "Ids of roles, repeatable"),
        run=lambda session: _create(session, "platform_users_create"),
        show=Text("Created platform user: {email} (id: {id})"),
        no_curl=SECRET,
        platform=True,
        details=_ASKED,
    ),
    Command(
        "platform users delete",
        "Delete a user of the platform.",
        Argument("id", "Id of the user"),
        call=Call("platform_users_delete", "id"),
        show=Text("Deleted platform user {id}"),
        platform=True,
    ),
    Command(
        "platform tenants list",
        "List tenants.",
        call=Call("platform_tenants_list"),
        show=Table("", ID, NAME, CREATED),
        platform=True,
    ),
    Command(
        "platform tenants provision",
        "Provision a tenant.",
        Flag("name", STRING, "Name of the tenant", required=True),
        call=Call("platform_tenants_create", body={"name": "name"}),
        show=Text("Provisioned tenant: {name} (id: {id})"),
        platform=True,
    ),
    Command(
        "platform tenants delete",
        "Delete a tenant.",
        Argument("id", "Id of the tenant"),
        call=Call("platform_tenants_delete", "id"),
        show=Text("Deleted tenant {id}"),
        platform=True,
    ),
    Command(
        "platform roles list",
        "List the roles of the platform.",
        call=Call("platform_roles_list"),
        show=Table("", ID, NAME, Column("DEFAULT", "is_default")),
        platform=True,
    ),
    Command(
        "platform roles create",
        "Create a role of the platform.",
        Argument("name", "Name of the role"),
        Flag("policy-ids", LIST, "Ids of policies, repeatable"),
        call=Call("platform_roles_create", body={"name": "name", "policy_ids": "policy_ids"}),
        show=Text("Created platform role: {name} (id: {id})"),
        platform=True,
    ),
    Command(
        "platform roles delete",
        "Delete a role of the platform.",
        Argument("id", "Id of the role"),
        call=Call("platform_roles_delete", "id"),
        show=Text("Deleted platform role {id}"),
        platform=True,
    ),
    Command(
        "platform audit",
        "Search the audit log of the platform.",
        Flag("event-type", STRING, "Only events of this type"),
        Flag("from", STRING, "First date, included"),
        Flag("to", STRING, "Last date, included"),
        Flag("cursor", STRING, "Where to continue, from an earlier reply"),
        Flag("limit", INT, "Maximum number of events", default=0, shown="the server's"),
        call=Call(
            "platform_audit_list",
            query={
                "event_type": "event_type",
                "from_": "from",
                "to": "to",
                "cursor": "cursor",
                "limit": "limit",
            },
        ),
        show=Table(
            "events",
            Column("TIMESTAMP", "created_at", date_time),
            Column("EVENT TYPE", "event_type"),
            Column("USER", "platform_user_id"),
            Column("PAYLOAD", "payload", json_cell),
            total="Total: {} events",
        ),
        platform=True,
    ),
]
