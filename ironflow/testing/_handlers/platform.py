"""The platform above all organizations: its users, roles, policies, tenants and audit trail.

Rules:

1. A tenant's credentials are refused; logging in needs none.
2. Every change adds an event to the audit trail, with ids and names, never a password.
3. Role names start with ``platform_``. The organization of the platform's records is
   ``org_platform``.
"""

from __future__ import annotations

from .._call import Call, Created
from .._engine.access import PlatformAudit
from .._engine.organizations import Organizations, provision, remove_organization
from .._engine.people import PlatformUsers
from .._engine.permissions import PlatformPolicies, PlatformRoles
from .._engine.refusals import Refusal, missing
from .._engine.state import PLATFORM_ORG, Record, Records, State, only
from .._reading import Fields
from . import policies
from ._table import route
from .audit import page
from .organizations import DEFAULT_TENANT_ENVIRONMENT

_USER = ("id", "email", "name", "is_active", "last_login_at", "created_at", "updated_at")
_TENANT = ("id", "name", "created_at", "updated_at")
_ROLE_PREFIX = "platform_"


@route("POST", "/api/v1/platform/auth/login", public=True)
def platform_auth_login(call: Call) -> Record:
    body, state = call.body(), call.state
    user, token = state.of(PlatformUsers).log_in(body.text("email"), body.text("password"))
    roles = state.of(PlatformRoles)
    names = [roles[role_id]["name"] for role_id in user["role_ids"]]
    return {"token": token, "user": {**only(user, ("id", "email", "name")), "roles": names}}


@route("POST", "/api/v1/platform/bootstrap")
def platform_bootstrap(call: Call) -> Created:
    state = _platform(call)
    if state.of(PlatformUsers):
        raise Refusal(409, "the platform has a user already")
    user = _add_user(call, call.body(), [state.of(PlatformRoles).admin()["id"]])
    return Created(only(user, ("id", "email", "name")))


@route("GET", "/api/v1/platform/users")
def platform_users_list(call: Call) -> list[Record]:
    return [only(user, _USER) for user in _platform(call).of(PlatformUsers).values()]


@route("POST", "/api/v1/platform/users")
def platform_users_create(call: Call) -> Created:
    _platform(call)
    body = call.body()
    return Created(only(_add_user(call, body, body.texts("role_ids", [])), _USER))


@route("GET", "/api/v1/platform/users/{id}")
def platform_users_get(call: Call, id: str) -> Record:
    return only(_user(call, id), _USER)


@route("PUT", "/api/v1/platform/users/{id}")
def platform_users_update(call: Call, id: str) -> Record:
    user, body, users = _user(call, id), call.optional_body(), call.state.of(PlatformUsers)
    changes: Record = {
        member: body.text(member) if member in body else user[member]
        for member in ("email", "name")
    }
    changes["is_active"] = body.flag("is_active", user["is_active"])
    users.refuse_taken_email(changes["email"], own=user)
    if "password" in body:
        users.passwords[id] = body.text("password")
    users.change(user, **changes)
    _audit(call, "user.updated", user, "email")
    return only(user, _USER)


@route("DELETE", "/api/v1/platform/users/{id}")
def platform_users_delete(call: Call, id: str) -> None:
    user = _user(call, id)
    call.state.of(PlatformUsers).remove(id)
    _audit(call, "user.deleted", user, "email")


@route("GET", "/api/v1/platform/roles")
def platform_roles_list(call: Call) -> list[Record]:
    return list(_platform(call).of(PlatformRoles).values())


@route("POST", "/api/v1/platform/roles")
def platform_roles_create(call: Call) -> Created:
    state, body = _platform(call), call.body()
    name, policy_ids = body.text("name"), body.texts("policy_ids", [])
    _check_known(policy_ids, state.of(PlatformPolicies))
    roles = state.of(PlatformRoles)
    role = roles.make(PLATFORM_ORG, _role_name(name))
    roles.policies[role["id"]].extend(dict.fromkeys(policy_ids))
    _audit(call, "role.created", role)
    return Created(role)


@route("GET", "/api/v1/platform/roles/{id}")
def platform_roles_get(call: Call, id: str) -> Record:
    return _role(call, id)


@route("PUT", "/api/v1/platform/roles/{id}")
def platform_roles_update(call: Call, id: str) -> Record:
    role, body = _role(call, id), call.optional_body()
    if "name" in body:
        name = _role_name(body.text("name"))
        call.state.of(PlatformRoles).changeable(role)["name"] = name
        _audit(call, "role.updated", role)
    return role


@route("DELETE", "/api/v1/platform/roles/{id}")
def platform_roles_delete(call: Call, id: str) -> None:
    role, roles = _role(call, id), call.state.of(PlatformRoles)
    roles.changeable(role)
    roles.remove(id)
    for user in call.state.of(PlatformUsers).values():
        if id in user["role_ids"]:
            user["role_ids"].remove(id)
    _audit(call, "role.deleted", role)


@route("GET", "/api/v1/platform/policies")
def platform_policies_list(call: Call) -> list[Record]:
    return list(_platform(call).of(PlatformPolicies).values())


@route("POST", "/api/v1/platform/policies")
def platform_policies_create(call: Call) -> Created:
    state = _platform(call)
    content = policies.content(call.body())
    policy = state.of(PlatformPolicies).add(org_id=PLATFORM_ORG, **content)
    _audit(call, "policy.created", policy)
    return Created(policy)


@route("GET", "/api/v1/platform/policies/{id}")
def platform_policies_get(call: Call, id: str) -> Record:
    return _policy(call, id)


@route("PUT", "/api/v1/platform/policies/{id}")
def platform_policies_update(call: Call, id: str) -> Record:
    policy = _policy(call, id)
    content = policies.content(call.optional_body(), policy)
    call.state.of(PlatformPolicies).change(policy, **content)
    _audit(call, "policy.updated", policy)
    return policy


@route("DELETE", "/api/v1/platform/policies/{id}")
def platform_policies_delete(call: Call, id: str) -> None:
    policy = _policy(call, id)
    call.state.of(PlatformPolicies).remove(id)
    _audit(call, "policy.deleted", policy)


@route("GET", "/api/v1/platform/tenants")
def platform_tenants_list(call: Call) -> list[Record]:
    return [only(org, _TENANT) for org in _platform(call).of(Organizations).values()]


@route("POST", "/api/v1/platform/tenants")
def platform_tenants_create(call: Call) -> Created:
    state, name = _platform(call), call.body().text("name")
    org, _ = provision(state, name, DEFAULT_TENANT_ENVIRONMENT)
    _audit(call, "tenant.created", org)
    return Created(only(org, _TENANT))


@route("GET", "/api/v1/platform/tenants/{id}")
def platform_tenants_get(call: Call, id: str) -> Record:
    return only(_tenant(call, id), _TENANT)


@route("DELETE", "/api/v1/platform/tenants/{id}")
def platform_tenants_delete(call: Call, id: str) -> None:
    org = _tenant(call, id)
    remove_organization(call.state, id)
    _audit(call, "tenant.deleted", org)


@route("GET", "/api/v1/platform/audit")
def platform_audit_list(call: Call) -> Record:
    query = call.query
    key_id, org_id = query.text("platform_key_id"), query.text("impersonated_org_id")
    found = page(
        call,
        (
            entry
            for entry in reversed(_platform(call).of(PlatformAudit))
            if key_id in ("", entry.get("platform_key_id"))
            and org_id in ("", entry.get("impersonated_org_id"))
        ),
        least=0,  # the product's command line sends it
    )
    return {"events": found["events"], "total": found["total_count"]}


def _platform(call: Call) -> State:
    """Return the state if the caller may manage the platform."""
    call.refuse_tenants()
    return call.state


def _user(call: Call, user_id: str) -> Record:
    return _platform(call).of(PlatformUsers).require(user_id)


def _role(call: Call, role_id: str) -> Record:
    return _platform(call).of(PlatformRoles).require(role_id)


def _policy(call: Call, policy_id: str) -> Record:
    return _platform(call).of(PlatformPolicies).require(policy_id)


def _tenant(call: Call, org_id: str) -> Record:
    orgs = _platform(call).of(Organizations)
    if org_id not in orgs:
        raise missing("tenant")
    return orgs[org_id]


def _add_user(call: Call, body: Fields, role_ids: list[str]) -> Record:
    users = call.state.of(PlatformUsers)
    email, name, password = body.text("email"), body.text("name"), body.text("password")
    _check_known(role_ids, call.state.of(PlatformRoles))
    users.refuse_taken_email(email)
    role_ids = list(dict.fromkeys(role_ids))
    user = users.add(email=email, name=name, is_active=True, role_ids=role_ids)
    users.passwords[user["id"]] = password
    _audit(call, "user.created", user, "email")
    return user


def _check_known(ids: list[str], records: Records) -> None:
    for id in ids:
        if id not in records:
            raise missing(records.what, id)


def _role_name(asked_for: str) -> str:
    return asked_for if asked_for.startswith(_ROLE_PREFIX) else _ROLE_PREFIX + asked_for


def _audit(call: Call, change: str, record: Record, name: str = "name") -> None:
    call.audit(change, **{"id": record["id"], name: record[name]})
