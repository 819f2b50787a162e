"""Example lines of API keys, roles and policies."""

from __future__ import annotations

from ..rows import Json, Row, Says, Sent, answered

_KEY = {
    "id": "ak_abc123",
    "name": "my-key",
    "key_prefix": "ak_abc",
    "role_ids": ["role_abc123"],
    "created_at": "2026-01-01T00:00:00Z",
    "last_used_at": "2026-03-01T12:00:00Z",
}
_MADE = {**_KEY, "id": "ak_def456", "key": "ifkey_89abcdef0123456789abcdef01234567"}
_KEY_TABLE = """
ID NAME PREFIX ROLES CREATED LAST USED EXPIRES
ak_abc123 my-key ak_abc role_abc123 2026-01-01T00:00:00Z 2026-03-01T12:00:00Z -
"""

API_KEYS = [
    Row(
        "ironflow apikey create my-key",
        Says("ifkey_"),
        [Sent("POST", "/apikeys", body={"name": "my-key"}, may={"platform": False})],
        err=None,  # how to keep the key
    ),
    answered(
        "ironflow apikey create my-key --role role_abc123 --role role_def456",
        Says("ifkey_89abcdef0123456789abcdef01234567"),
        "POST",
        "/apikeys",
        _MADE,
        body={"name": "my-key", "role_ids": ["role_abc123", "role_def456"]},
        may={"platform": False},
        err=None,
    ),
    answered(
        "ironflow apikey create my-key --env env_abc123 --expires 720h",
        Says("ifkey_89abcdef0123456789abcdef01234567"),
        "POST",
        "/apikeys",
        _MADE,
        body={"name": "my-key", "env_id": "env_abc123", "expires_in": "720h"},
        may={"platform": False},
        err=None,
    ),
    Row(
        "ironflow apikey create my-platform-key --platform",
        Says("ifplatform_"),
        [Sent("POST", "/apikeys", body={"name": "my-platform-key", "platform": True})],
        err=None,  # how to keep the key
    ),
    answered("ironflow apikey list", _KEY_TABLE, "GET", "/apikeys", [_KEY]),
    answered(
        "ironflow apikey list --platform",
        _KEY_TABLE,
        "GET",
        "/apikeys",
        [_KEY],
        query={"platform": "true"},
    ),
    answered("ironflow apikey list --json", Json([_KEY]), "GET", "/apikeys", [_KEY]),
    answered(
        "ironflow apikey delete ak_abc123",
        Says("ak_abc123"),
        "DELETE",
        "/apikeys/ak_abc123",
        b"",
        204,
    ),
    answered(
        "ironflow apikey rotate ak_abc123",
        Says("ifkey_89abcdef0123456789abcdef01234567"),
        "POST",
        "/apikeys/ak_abc123/rotate",
        _MADE,
        err=None,
    ),
]


def _role(id, name, is_default, **members):
    return {
        "id": id,
        "name": name,
        "org_id": "org_default",
        "is_default": is_default,
        "created_at": "2026-01-01T00:00:00Z",
        **members,
    }


_COUNTS = {"policy_count": 0, "api_key_count": 0}
_ROLES = [
    _role("role_a1b2c3d4", "admin", True, **_COUNTS),
    _role("role_e5f6g7h8", "developer", True, **_COUNTS),
    _role("role_i9j0k1l2", "viewer", True, **_COUNTS),
    _role("role_m3n4o5p6", "billing", False, **_COUNTS),
]

ROLES = [
    Row(
        "ironflow role create billing-team --org org_default",
        "Created role: billing-team (id: role_<...>)",
        [Sent("POST", "/roles", body={"name": "billing-team", "org_id": "org_default"})],
        after=lambda client, _: "billing-team" in [role["name"] for role in client.roles_list()],
    ),
    answered(
        "ironflow role list",
        """
        ID NAME ORG_ID DEFAULT
        role_a1b2c3d4 admin org_default true
        role_e5f6g7h8 developer org_default true
        role_i9j0k1l2 viewer org_default true
        role_m3n4o5p6 billing org_default false
        """,
        "GET",
        "/roles",
        _ROLES,
    ),
    answered(
        "ironflow role list --org org_default --json",
        Json(_ROLES),
        "GET",
        "/roles",
        _ROLES,
        query={"org_id": "org_default"},
    ),
    answered(
        "ironflow role get role_a1b2c3d4",
        """
        ID: role_a1b2c3d4
        Name: billing-team
        Org ID: org_default
        Default: false
        """,
        "GET",
        "/roles/role_a1b2c3d4",
        _role("role_a1b2c3d4", "billing-team", False),
    ),
    answered(
        "ironflow role assign-policy role_a1b2c3d4 pol_x1y2z3",
        "Policy assigned to role",
        "POST",
        "/roles/role_a1b2c3d4/policies",
        b"",
        204,
        body={"policy_id": "pol_x1y2z3"},
    ),
    answered(
        "ironflow role remove-policy role_a1b2c3d4 pol_x1y2z3",
        "Policy removed from role",
        "DELETE",
        "/roles/role_a1b2c3d4/policies/pol_x1y2z3",
        b"",
        204,
    ),
    answered(
        "ironflow role delete role_a1b2c3d4",
        "Role deleted",
        "DELETE",
        "/roles/role_a1b2c3d4",
        b"",
        204,
    ),
]


def _policy(id="pol_x1y2z3", name="allow-prod-reads", effect="allow", **members):
    return {
        "id": id,
        "name": name,
        "effect": effect,
        "actions": "functions:list,runs:read",
        "resources": "irn:ironflow:*:*:prod:*",
        "condition": "",
        "org_id": "org_default",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        **members,
    }


_POLICIES = [
    _policy(role_count=0),
    _policy(
        "pol_a4b5c6",
        "deny-prod-writes",
        "deny",
        actions="functions:register,functions:invoke",
        role_count=0,
    ),
]
_VERSION = {
    "id": "pv_2",
    "name": "allow-prod-reads",
    "effect": "allow",
    "actions": "functions:list,runs:read",
    "resources": "irn:ironflow:*:*:prod:*",
    "condition": "",
    "created_at": "2026-01-01T00:00:00Z",
    "policy_id": "pol_x1y2z3",
    "version_num": 2,
    "enabled": True,
    "change_reason": "tightened",
}
_TEMPLATE = {
    "id": "pt_1",
    "template_id": "tpl_admin_basics",
    "name": "Admin basics",
    "description": "What an administrator needs",
    "version": "1.0.0",
    "bundle_json": '{"policies":[]}',
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
}

POLICIES = [
    Row(
        "ironflow policy create --name allow-prod-reads --effect allow "
        '--actions "functions:list,runs:read,events:subscribe" '
        '--resources "irn:ironflow:*:*:prod:*"',
        "Created policy: allow-prod-reads (id: pol_1)",
        [
            Sent(
                "POST",
                "/policies",
                body={
                    "name": "allow-prod-reads",
                    "effect": "allow",
                    "actions": "functions:list,runs:read,events:subscribe",
                    "resources": "irn:ironflow:*:*:prod:*",
                },
                may={"condition": ""},
            )
        ],
    ),
    Row(
        "ironflow policy create --name deny-prod-writes --effect deny "
        '--actions "functions:register,functions:invoke,events:emit" '
        '--resources "irn:ironflow:*:*:prod:*"',
        "Created policy: deny-prod-writes (id: pol_1)",
        [
            Sent(
                "POST",
                "/policies",
                body={
                    "name": "deny-prod-writes",
                    "effect": "deny",
                    "actions": "functions:register,functions:invoke,events:emit",
                    "resources": "irn:ironflow:*:*:prod:*",
                },
                may={"condition": ""},
            )
        ],
    ),
    Row(
        "ironflow policy create --name staging-business-hours --effect allow "
        '--actions "*" --resources "irn:ironflow:*:*:staging:*" '
        '--condition "request.timestamp.getHours() >= 9 && request.timestamp.getHours() < 17"',
        "Created policy: staging-business-hours (id: pol_1)",
        [
            Sent(
                "POST",
                "/policies",
                body={
                    "name": "staging-business-hours",
                    "effect": "allow",
                    "actions": "*",
                    "resources": "irn:ironflow:*:*:staging:*",
                    "condition": "request.timestamp.getHours() >= 9 "
                    "&& request.timestamp.getHours() < 17",
                },
            )
        ],
    ),
    answered(
        "ironflow policy list",
        """
        ID NAME EFFECT ACTIONS RESOURCES
        pol_x1y2z3 allow-prod-reads allow functions:list,runs:read irn:ironflow:*:*:prod:*
        pol_a4b5c6 deny-prod-writes deny functions:register,functions:invoke irn:ironflow:*:*:prod:*
        """,
        "GET",
        "/policies",
        _POLICIES,
    ),
    answered(
        "ironflow policy list --org org_default --json",
        Json(_POLICIES),
        "GET",
        "/policies",
        _POLICIES,
        query={"org_id": "org_default"},
    ),
    answered(
        "ironflow policy update pol_x1y2z3 --condition \"subject.org == 'acme'\"",
        Says("pol_x1y2z3"),
        "PATCH",
        "/policies/pol_x1y2z3",
        _policy(),
        body={"condition": "subject.org == 'acme'"},
    ),
    answered(
        'ironflow policy test --policy-id pol_x1y2z3 --request \'{"action":"read"}\' '
        '--subject \'{"id":"u1","roles":["admin"]}\'',
        """
        Condition: subject.org == "acme"
        Matched: true
        """,
        "POST",
        "/policies/dry-run",
        {"matched": True, "condition_source": 'subject.org == "acme"'},
        body={
            "policy_id": "pol_x1y2z3",
            "request": {"action": "read"},
            "subject": {"id": "u1", "roles": ["admin"]},
        },
    ),
    answered(
        "ironflow policy versions list pol_x1y2z3",
        Says("2", "allow-prod-reads"),
        "GET",
        "/policies/pol_x1y2z3/versions",
        [_VERSION],
    ),
    answered(
        "ironflow policy rollback pol_x1y2z3 2",
        Says("2"),
        "POST",
        "/policies/pol_x1y2z3/rollback/2",
        _policy(),
    ),
    answered(
        "ironflow policy template list",
        Says("tpl_admin_basics", "Admin basics"),
        "GET",
        "/policy-templates",
        [_TEMPLATE],
    ),
    answered(
        "ironflow policy template install tpl_admin_basics",
        Says("tpl_admin_basics"),
        "POST",
        "/policy-templates/tpl_admin_basics/install",
        {
            "template_id": "tpl_admin_basics",
            "version": "1.0.0",
            "policies_count": 1,
            "policies": [_policy()],
        },
    ),
    answered(
        "ironflow policy update pol_x1y2z3 --effect deny --bypass-self-lockout-preflight "
        '--bypass-reason "incident-217 emergency lockout recovery"',
        Says("pol_x1y2z3"),
        "PATCH",
        "/policies/pol_x1y2z3",
        _policy(effect="deny"),
        body=lambda body: (
            len(body) == 3
            and body["effect"] == "deny"
            and True in body.values()
            and "incident-217 emergency lockout recovery" in body.values()
        ),
    ),
    answered(
        "ironflow policy delete pol_x1y2z3",
        "Policy deleted",
        "DELETE",
        "/policies/pol_x1y2z3",
        b"",
        204,
    ),
]
