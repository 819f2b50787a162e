"""The platform above all organizations: its users, roles, policies, tenants and audit trail.

Rules:

1. A tenant's credentials are refused; logging in needs none.
2. Every change adds an event to the audit trail, with ids and names, never a password.
3. Role names start with ``platform_``. The organization of the platform's records is
   ``org_platform``.
"""

from __future__ import annotations

from .._call import Call, Created, WithHeaders
from .._engine.access import PlatformAudit
from .._engine.organizations import Organizations, provision, remove_organization
from .._engine.people import PlatformUsers
from .._engine.permissions import PlatformPolicies, PlatformRoles
from .._engine.refusals import Refusal, missing
from .._engine.state import PLATFORM_ORG, Record, Records, only
from .._reading import Fields
from ._records import PlatformGroup, given
from ._table import route
from .audit import page
from .organizations import DEFAULT_TENANT_ENVIRONMENT
from .policies import content

_USER = ("id", "email", "name", "is_active", "last_login_at", "created_at", "updated_at")
_TENANT = ("id", "name", "created_at", "updated_at")
_ROLE_PREFIX = "platform_"


@route("POST", "/api/v1/platform/auth/login", public=True)
def platform_auth_login(call: Call) -> WithHeaders:
    body, state = call.body(), call.state
    user, token = state.of(PlatformUsers).log_in(body.text("email"), body.text("password"))
    roles = state.of(PlatformRoles)
    names = [roles[role_id]["name"] for role_id in user["role_ids"]]
    reply = {"token": token, "user": {**only(user, ("id", "email", "name")), "roles": names}}
    cookie = f"ironflow_platform={token}; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict"
    return WithHeaders(reply, {"Set-Cookie": cookie})


class _Users(PlatformGroup):
    kind = PlatformUsers
    members = _USER
    what, name = "user", "email"

    def read(self, call: Call, body: Fields, old: Record | None) -> Record:
        state, members = call.state, given(body, old, "email", "name")
        state.of(PlatformUsers).refuse_taken_email(members["email"], PLATFORM_ORG, old)
        members["is_active"] = body.flag("is_active", old is None or old["is_active"])
        if old is None or "password" in body:
            members["password"] = body.text("password")
        if old is None:
            members["role_ids"] = _known(body, "role_ids", state.of(PlatformRoles))
        return members


class _Roles(PlatformGroup):
    kind = PlatformRoles
    what = "role"

    def read(self, call: Call, body: Fields, old: Record | None) -> Record:
        members = given(body, old, "name")
        if not members["name"].startswith(_ROLE_PREFIX):
            members["name"] = _ROLE_PREFIX + members["name"]
        if old is None:
            members["policy_ids"] = _known(body, "policy_ids", call.state.of(PlatformPolicies))
        if old is None or "name" in body:
            call.state.of(PlatformRoles).check_name(PLATFORM_ORG, members["name"], old)
        return members

    def remove(self, call: Call, record: Record) -> None:
        call.state.of(PlatformRoles).refuse_built_in(record)
        super().remove(call, record)
        for user in call.state.of(PlatformUsers).values():
            if record["id"] in user["role_ids"]:
                user["role_ids"].remove(record["id"])


class _Policies(PlatformGroup):
    kind = PlatformPolicies
    what = "policy"

    def read(self, call: Call, body: Fields, old: Record | None) -> Record:
        return content(body, old)


class _Tenants(PlatformGroup):
    kind = Organizations
    members = _TENANT
    what = "tenant"

    def one(self, call: Call, id: str) -> Record:
        if id not in call.state.of(Organizations):
            raise missing("tenant")
        return super().one(call, id)

    def add(self, call: Call, members: Record) -> Record:
        return provision(call.state, members["name"], DEFAULT_TENANT_ENVIRONMENT)[0]

    def remove(self, call: Call, record: Record) -> None:
        remove_organization(call.state, record["id"])


_users = _Users("/api/v1/platform/users")
_Roles("/api/v1/platform/roles")
_Policies("/api/v1/platform/policies")
_Tenants("/api/v1/platform/tenants")


@route("POST", "/api/v1/platform/bootstrap")
def platform_bootstrap(call: Call) -> Created:
    call.refuse_tenants()  # before it tells whether there is one
    if call.state.of(PlatformUsers):
        raise Refusal(409, "the platform has a user already")
    user = _users.make(call)
    user["role_ids"] = [call.state.of(PlatformRoles).admin()["id"]]
    return Created(only(user, ("id", "email", "name")))


@route("GET", "/api/v1/platform/audit")
def platform_audit_list(call: Call) -> Record:
    call.refuse_tenants()
    query = call.query
    key_id, org_id = query.text("platform_key_id"), query.text("impersonated_org_id")
    found = page(
        call,
        (
            entry
            for entry in reversed(call.state.of(PlatformAudit))
            if key_id in ("", entry.get("platform_key_id"))
            and org_id in ("", entry.get("impersonated_org_id"))
        ),
        least=0,  # the product's command line sends it
    )
    return {"events": found["events"], "total": found["total_count"]}


def _known(body: Fields, name: str, records: Records) -> list[str]:
    """Return ids of a body, all of which have to exist."""
    ids = list(dict.fromkeys(body.texts(name, [])))
    for id in ids:
        if id not in records:
            raise missing(records.what, id)
    return ids
