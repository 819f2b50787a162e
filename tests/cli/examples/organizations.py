"""Example lines of organizations, projects, environments, tenants, and of the platform."""

from __future__ import annotations

import json
import os

from ironflow import IronflowError

from ..rows import Json, Row, Says, Sent, answered

PASSWORD = "correct horse battery"
_DAY = "2026-01-01T00:00:00Z"


def _org(id, name, updated=_DAY):
    return {"id": id, "name": name, "created_at": _DAY, "updated_at": updated}


_ORG = _org("org_abc123", "my-org", "2026-01-15T12:00:00Z")

ORGANIZATIONS = [
    Row(
        "ironflow org create my-org",
        Says("my-org", "org_1"),
        [Sent("POST", "/orgs", body={"name": "my-org"})],
        after=lambda client, _: "my-org" in [org["name"] for org in client.orgs_list()],
    ),
    Row(
        "ironflow org create my-org --server http://localhost:9000",
        Says("my-org", "org_1"),
        [Sent("POST", "/orgs", body={"name": "my-org"})],
    ),
    answered(
        "ironflow org list",
        """
        ID NAME CREATED
        org_abc123 my-org 2026-01-01T00:00:00Z
        """,
        "GET",
        "/orgs",
        [_ORG],
    ),
    answered("ironflow org list --json", Json([_ORG]), "GET", "/orgs", [_ORG]),
    answered(
        "ironflow org get org_abc123",
        """
        ID: org_abc123
        Name: my-org
        Created At: 2026-01-01T00:00:00Z
        Updated At: 2026-01-15T12:00:00Z
        """,
        "GET",
        "/orgs/org_abc123",
        _ORG,
    ),
    answered("ironflow org get org_abc123 --json", Json(_ORG), "GET", "/orgs/org_abc123", _ORG),
    answered(
        "ironflow org delete org_abc123", Says("org_abc123"), "DELETE", "/orgs/org_abc123", b"", 204
    ),
]

_PROJECT = {**_org("proj_default_default", "default"), "org_id": "org_default"}

PROJECTS = [
    Row(
        "ironflow project create my-project",
        Says("my-project", "proj_1"),
        [Sent("POST", "/projects", body={"name": "my-project"})],
        after=lambda client, _: "my-project" in [each["name"] for each in client.projects_list()],
    ),
    Row(
        "ironflow project create backend-service --server http://localhost:9000",
        Says("backend-service", "proj_1"),
        [Sent("POST", "/projects", body={"name": "backend-service"})],
    ),
    answered(
        "ironflow project list",
        """
        ID NAME CREATED
        proj_default_default default 2026-01-01T00:00:00Z
        """,
        "GET",
        "/projects",
        [_PROJECT],
    ),
    answered("ironflow project list --json", Json([_PROJECT]), "GET", "/projects", [_PROJECT]),
    answered(
        "ironflow project delete proj_abc123",
        Says("proj_abc123"),
        "DELETE",
        "/projects/proj_abc123",
        {"deleted": "proj_abc123"},
    ),
]

ENVIRONMENTS = [
    Row(
        "ironflow env list",
        Says("default", "env_default"),
        [Sent("GET", "/environments")],
    ),
    Row(
        "ironflow env create my-app",
        Says("my-app", "env_1"),
        [
            Sent(
                "POST",
                "/environments",
                body={"name": "my-app"},
                may={"project_id": "", "color": ""},
            )
        ],
        after=lambda client, _: "my-app" in [each["name"] for each in client.environments_list()],
    ),
    answered(
        "ironflow env delete env_my-app",
        Says("env_my-app"),
        "DELETE",
        "/environments/env_my-app",
        {"status": "deleted"},
    ),
]


def _provisioned(environment):
    return f"""
    Created org: Acme Corp (org_1)
    Created env: {environment} (env_1)
    Admin API Key: ifkey_<...>
    """


_TENANTS = [
    {
        "id": "org_abc123",
        "name": "Acme Corp",
        "env_count": 1,
        "key_count": 2,
        "created_at": _DAY,
    },
    {
        "id": "org_def456",
        "name": "Widget Inc",
        "env_count": 2,
        "key_count": 3,
        "created_at": "2026-02-15T00:00:00Z",
    },
]

TENANTS = [
    Row(
        'ironflow tenant provision --name "Acme Corp"',
        _provisioned("production"),
        [
            Sent(
                "POST",
                "/tenants/provision",
                body={"org_name": "Acme Corp"},
                may={"env_name": "production"},
            )
        ],
        err=None,  # how to keep the key
    ),
    Row(
        'ironflow tenant provision --name "Acme Corp" --env staging',
        _provisioned("staging"),
        [
            Sent(
                "POST",
                "/tenants/provision",
                body={"org_name": "Acme Corp", "env_name": "staging"},
            )
        ],
        err=None,  # how to keep the key
    ),
    answered(
        "ironflow tenant list",
        """
        ID NAME ENVS KEYS CREATED
        org_abc123 Acme Corp 1 2 2026-01-01T00:00:00Z
        org_def456 Widget Inc 2 3 2026-02-15T00:00:00Z
        """,
        "GET",
        "/tenants",
        _TENANTS,
    ),
    answered("ironflow tenant list --json", Json(_TENANTS), "GET", "/tenants", _TENANTS),
]

_ADMIN = {"email": "admin@example.com", "name": "Admin", "password": PASSWORD}
_LOGIN = Sent(
    "POST",
    "/platform/auth/login",
    body={"email": "admin@example.com", "password": PASSWORD},
)


def _bootstrap(server, client):
    client.platform_bootstrap(body=_ADMIN)


def _token_is_kept(client, folder):
    """Whether the login's token is where only its owner can read it, and the password nowhere."""
    kept = folder / "config" / "credentials.json"
    text = kept.read_text()
    modes = [os.stat(path).st_mode & 0o777 for path in (kept.parent, kept)]
    accepted = [found for found in _texts(json.loads(text)) if _is_accepted(client, found)]
    return modes == [0o700, 0o600] and len(accepted) == 1 and PASSWORD not in text


def _texts(value):
    """All strings in a JSON value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def _is_accepted(client, credential):
    try:
        return bool(client.with_options(api_key=credential).platform_users_list())
    except (IronflowError, ValueError):
        return False


_USER = {
    "id": "usr_abc123",
    "email": "user@example.com",
    "name": "User",
    "is_active": True,
    "created_at": _DAY,
    "updated_at": _DAY,
}
_TENANT = _org("tnt_abc123", "my-tenant")
_ROLE = {
    "id": "role_abc123",
    "name": "platform_my-role",
    "org_id": "org_platform",
    "is_default": False,
    "created_at": _DAY,
}
_LOG = {
    "events": [
        {
            "id": "audit_1",
            "event_type": "user.created",
            "environment_id": "env_default",
            "function_id": "",
            "run_id": "",
            "payload": {"id": "usr_abc123"},
            "platform_user_id": "usr_admin",
            "created_at": "2024-05-06T10:30:15.123Z",
        }
    ],
    "total": 1,
}
_LOG_REPLY = ("GET", "/platform/audit", _LOG)

PLATFORM = [
    Row(
        'ironflow platform create-admin --email admin@example.com --name "Admin"',
        Says("admin@example.com"),
        [Sent("POST", "/platform/bootstrap", body=_ADMIN)],
        typed=PASSWORD,
        after=lambda client, _: (
            [user["name"] for user in client.platform_users_list()] == ["Admin"]
        ),
    ),
    Row(
        "ironflow platform login --email admin@example.com",
        Says("admin@example.com"),
        [_LOGIN],
        before=_bootstrap,
        typed=PASSWORD,
        after=_token_is_kept,
    ),
    Row(
        "ironflow platform login --email admin@example.com --server http://localhost:9000",
        Says("admin@example.com"),
        [_LOGIN],
        before=_bootstrap,
        typed=PASSWORD,
        after=_token_is_kept,
    ),
    answered(
        "ironflow platform users list",
        Says("usr_abc123", "user@example.com", "User", "true"),
        "GET",
        "/platform/users",
        [_USER],
    ),
    answered(
        "ironflow platform users list --json", Json([_USER]), "GET", "/platform/users", [_USER]
    ),
    Row(
        'ironflow platform users create --email user@example.com --name "User"',
        Says("user@example.com"),
        [
            Sent(
                "POST",
                "/platform/users",
                body={"email": "user@example.com", "name": "User", "password": PASSWORD},
                may={"role_ids": []},
            )
        ],
        typed=PASSWORD,
    ),
    answered(
        'ironflow platform users create --email user@example.com --name "User" --role-ids role_abc',
        Says("user@example.com"),
        "POST",
        "/platform/users",
        _USER,
        201,
        body={
            "email": "user@example.com",
            "name": "User",
            "password": PASSWORD,
            "role_ids": ["role_abc"],
        },
        typed=PASSWORD,
    ),
    answered(
        "ironflow platform users delete usr_abc123",
        Says("usr_abc123"),
        "DELETE",
        "/platform/users/usr_abc123",
        b"",
        204,
    ),
    answered(
        "ironflow platform tenants list",
        Says("tnt_abc123", "my-tenant", "2026-01-01"),
        "GET",
        "/platform/tenants",
        [_TENANT],
    ),
    answered(
        "ironflow platform tenants list --json",
        Json([_TENANT]),
        "GET",
        "/platform/tenants",
        [_TENANT],
    ),
    Row(
        "ironflow platform tenants provision --name my-tenant",
        Says("my-tenant", "org_1"),
        [Sent("POST", "/platform/tenants", body={"name": "my-tenant"})],
    ),
    answered(
        "ironflow platform tenants delete tnt_abc123",
        Says("tnt_abc123"),
        "DELETE",
        "/platform/tenants/tnt_abc123",
        b"",
        204,
    ),
    answered(
        "ironflow platform roles list",
        Says("role_abc123", "platform_my-role", "false"),
        "GET",
        "/platform/roles",
        [_ROLE],
    ),
    answered(
        "ironflow platform roles list --json", Json([_ROLE]), "GET", "/platform/roles", [_ROLE]
    ),
    Row(
        "ironflow platform roles create my-role",
        Says("my-role"),
        [Sent("POST", "/platform/roles", body={"name": "my-role"}, may={"policy_ids": []})],
        after=lambda client, _: (
            "platform_my-role" in [role["name"] for role in client.platform_roles_list()]
        ),
    ),
    answered(
        "ironflow platform roles create my-role --policy-ids pol_abc",
        Says("my-role"),
        "POST",
        "/platform/roles",
        _ROLE,
        201,
        body={"name": "my-role", "policy_ids": ["pol_abc"]},
    ),
    answered(
        "ironflow platform roles delete role_abc123",
        Says("role_abc123"),
        "DELETE",
        "/platform/roles/role_abc123",
        b"",
        204,
    ),
    Row(
        "ironflow platform audit",
        Says("user.created"),
        [Sent("GET", "/platform/audit", may={"limit": "0"})],
        replies=[_LOG_REPLY],
    ),
    Row(
        "ironflow platform audit --event-type user.created --limit 50",
        Says("user.created"),
        [Sent("GET", "/platform/audit", {"event_type": "user.created", "limit": "50"})],
        replies=[_LOG_REPLY],
    ),
    Row(
        "ironflow platform audit --from 2024-01-01 --to 2024-12-31 --json",
        Json(_LOG),
        [
            Sent(
                "GET",
                "/platform/audit",
                {"from": "2024-01-01", "to": "2024-12-31"},
                may={"limit": "0"},
            )
        ],
        replies=[_LOG_REPLY],
    ),
]
