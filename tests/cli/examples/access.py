"""Example lines of API keys, roles and policies."""

from __future__ import annotations

from ..rows import Json, Row, Says, Sent

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
    Row(
        "ironflow apikey create my-key --role role_abc123 --role role_def456",
        Says("ifkey_89abcdef0123456789abcdef01234567"),
        [
            Sent(
                "POST",
                "/apikeys",
                body={"name": "my-key", "role_ids": ["role_abc123", "role_def456"]},
                may={"platform": False},
            )
        ],
        replies=[("POST", "/apikeys", _MADE)],
        err=None,  # how to keep the key
    ),
    Row(
        "ironflow apikey create my-key --env env_abc123 --expires 720h",
        Says("ifkey_89abcdef0123456789abcdef01234567"),
        [
            Sent(
                "POST",
                "/apikeys",
                body={"name": "my-key", "env_id": "env_abc123", "expires_in": "720h"},
                may={"platform": False},
            )
        ],
        replies=[("POST", "/apikeys", _MADE)],
        err=None,  # how to keep the key
    ),
    Row(
        "ironflow apikey create my-platform-key --platform",
        Says("ifplatform_"),
        [Sent("POST", "/apikeys", body={"name": "my-platform-key", "platform": True})],
        err=None,  # how to keep the key
    ),
    Row(
        "ironflow apikey list",
        _KEY_TABLE,
        [Sent("GET", "/apikeys")],
        replies=[("GET", "/apikeys", [_KEY])],
    ),
    Row(
        "ironflow apikey list --platform",
        _KEY_TABLE,
        [Sent("GET", "/apikeys", {"platform": "true"})],
        replies=[("GET", "/apikeys", [_KEY])],
    ),
    Row(
        "ironflow apikey list --json",
        Json([_KEY]),
        [Sent("GET", "/apikeys")],
        replies=[("GET", "/apikeys", [_KEY])],
    ),
    Row(
        "ironflow apikey delete ak_abc123",
        Says("ak_abc123"),
        [Sent("DELETE", "/apikeys/ak_abc123")],
        replies=[("DELETE", "/apikeys/ak_abc123", b"", 204)],
    ),
    Row(
        "ironflow apikey rotate ak_abc123",
        Says("ifkey_89abcdef0123456789abcdef01234567"),
        [Sent("POST", "/apikeys/ak_abc123/rotate")],
        replies=[("POST", "/apikeys/ak_abc123/rotate", _MADE)],
        err=None,  # how to keep the key
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
    Row(
        "ironflow role list",
        """
        ID NAME ORG_ID DEFAULT
        role_a1b2c3d4 admin org_default true
        role_e5f6g7h8 developer org_default true
        role_i9j0k1l2 viewer org_default true
        role_m3n4o5p6 billing org_default false
        """,
        [Sent("GET", "/roles")],
        replies=[("GET", "/roles", _ROLES)],
    ),
    Row(
        "ironflow role list --org org_default --json",
        Json(_ROLES),
        [Sent("GET", "/roles", {"org_id": "org_default"})],
        replies=[("GET", "/roles", _ROLES)],
    ),
    Row(
        "ironflow role get role_a1b2c3d4",
        """
        ID: role_a1b2c3d4
        Name: billing-team
        Org ID: org_default
        Default: false
        """,
        [Sent("GET", "/roles/role_a1b2c3d4")],
        replies=[
            ("GET", "/roles/role_a1b2c3d4", _role("role_a1b2c3d4", "billing-team", False)),
        ],
    ),
    Row(
        "ironflow role assign-policy role_a1b2c3d4 pol_x1y2z3",
        "Policy assigned to role",
        [Sent("POST", "/roles/role_a1b2c3d4/policies", body={"policy_id": "pol_x1y2z3"})],
        replies=[("POST", "/roles/role_a1b2c3d4/policies", b"", 204)],
    ),
    Row(
        "ironflow role remove-policy role_a1b2c3d4 pol_x1y2z3",
        "Policy removed from role",
        [Sent("DELETE", "/roles/role_a1b2c3d4/policies/pol_x1y2z3")],
        replies=[("DELETE", "/roles/role_a1b2c3d4/policies/pol_x1y2z3", b"", 204)],
    ),
    Row(
        "ironflow role delete role_a1b2c3d4",
        "Role deleted",
        [Sent("DELETE", "/roles/role_a1b2c3d4")],
        replies=[("DELETE", "/roles/role_a1b2c3d4", b"", 204)],
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
    Row(
        "ironflow policy list",
        """
        ID NAME EFFECT ACTIONS RESOURCES
        pol_x1y2z3 allow-prod-reads allow functions:list,runs:read irn:ironflow:*:*:prod:*
        pol_a4b5c6 deny-prod-writes deny functions:register,functions:invoke irn:ironflow:*:*:prod:*
        """,
        [Sent("GET", "/policies")],
        replies=[("GET", "/policies", _POLICIES)],
    ),
    Row(
        "ironflow policy list --org org_default --json",
        Json(_POLICIES),
        [Sent("GET", "/policies", {"org_id": "org_default"})],
        replies=[("GET", "/policies", _POLICIES)],
    ),
    Row(
        "ironflow policy update pol_x1y2z3 --condition \"subject.org == 'acme'\"",
        Says("pol_x1y2z3"),
        [Sent("PATCH", "/policies/pol_x1y2z3", body={"condition": "subject.org == 'acme'"})],
        replies=[("PATCH", "/policies/pol_x1y2z3", _policy())],
    ),
    Row(
        'ironflow policy test --policy-id pol_x1y2z3 --request \'{"action":"read"}\' '
        '--subject \'{"id":"u1","roles":["admin"]}\'',
        """
        Condition: subject.org == "acme"
        Matched: true
        """,
        [
            Sent(
                "POST",
                "/policies/dry-run",
                body={
                    "policy_id": "pol_x1y2z3",
                    "request": {"action": "read"},
                    "subject": {"id": "u1", "roles": ["admin"]},
                },
            )
        ],
        replies=[
            (
                "POST",
                "/policies/dry-run",
                {"matched": True, "condition_source": 'subject.org == "acme"'},
            )
        ],
    ),
    Row(
        "ironflow policy versions list pol_x1y2z3",
        Says("2", "allow-prod-reads"),
        [Sent("GET", "/policies/pol_x1y2z3/versions")],
        replies=[("GET", "/policies/pol_x1y2z3/versions", [_VERSION])],
    ),
    Row(
        "ironflow policy rollback pol_x1y2z3 2",
        Says("2"),
        [Sent("POST", "/policies/pol_x1y2z3/rollback/2")],
        replies=[("POST", "/policies/pol_x1y2z3/rollback/2", _policy())],
    ),
    Row(
        "ironflow policy template list",
        Says("tpl_admin_basics", "Admin basics"),
        [Sent("GET", "/policy-templates")],
        replies=[("GET", "/policy-templates", [_TEMPLATE])],
    ),
    Row(
        "ironflow policy template install tpl_admin_basics",
        Says("tpl_admin_basics"),
        [Sent("POST", "/policy-templates/tpl_admin_basics/install")],
        replies=[
            (
                "POST",
                "/policy-templates/tpl_admin_basics/install",
                {
                    "template_id": "tpl_admin_basics",
                    "version": "1.0.0",
                    "policies_count": 1,
                    "policies": [_policy()],
                },
            )
        ],
    ),
    Row(
        "ironflow policy update pol_x1y2z3 --effect deny --bypass-self-lockout-preflight "
        '--bypass-reason "incident-217 emergency lockout recovery"',
        Says("pol_x1y2z3"),
        [
            Sent(
                "PATCH",
                "/policies/pol_x1y2z3",
                # The reference does not say how the bypass is called on the wire.
                body=lambda body: (
                    len(body) == 3
                    and body["effect"] == "deny"
                    and True in body.values()
                    and "incident-217 emergency lockout recovery" in body.values()
                ),
            )
        ],
        replies=[("PATCH", "/policies/pol_x1y2z3", _policy(effect="deny"))],
    ),
    Row(
        "ironflow policy delete pol_x1y2z3",
        "Policy deleted",
        [Sent("DELETE", "/policies/pol_x1y2z3")],
        replies=[("DELETE", "/policies/pol_x1y2z3", b"", 204)],
    ),
]
