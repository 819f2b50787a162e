"""The platform above all organizations: its users, roles, policies, tenants and audit trail.

Rules:

1. The credentials of a tenant are refused; logging in takes none.
2. Every change leaves an event in the audit trail, which holds ids and names, never a password.
3. Names of roles start with ``platform_``; what belongs to the platform has ``org_platform`` as
   its organization.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _access
from .._calls import Created
from .._checks import Refusal, find, missing
from .._state import PLATFORM_ORG, only
from . import organizations, policies, roles
from .audit import page
from .users import check_email, same_email

if TYPE_CHECKING:
    from .._calls import Call
    from .._checks import Fields
    from .._state import Record, State

_USER = ("id", "email", "name", "is_active", "last_login_at", "created_at", "updated_at")
_TENANT = ("id", "name", "created_at", "updated_at")
_ROLE_PREFIX = "platform_"
_ADMIN_ROLE = "platform_admin"


def platform_auth_login(call: Call) -> Record:
    body, state = call.body(), call.state
    email, password = body.text("email"), body.text("password")
    user = next((u for u in state.platform_users.values() if same_email(u, email)), None)
    if user is None or state.passwords[user["id"]] != password:
        raise Refusal(401, "invalid email or password")
    if not user["is_active"]:
        raise Refusal(403, "the user is not active")
    user["last_login_at"] = state.now()
    return {
        "token": _access.new_session(state, user["id"]),
        "user": {
            **only(user, ("id", "email", "name")),
            "roles": [state.platform_roles[role_id]["name"] for role_id in user["role_ids"]],
        },
    }


def platform_bootstrap(call: Call) -> Created:
    state = _platform(call)
    if state.platform_users:
        raise Refusal(409, "the platform has a user already")
    user = _add_user(call, call.body(), [_admin_role(state)])
    return Created(only(user, ("id", "email", "name")))


def platform_users_list(call: Call) -> list[Record]:
    return [only(user, _USER) for user in _platform(call).platform_users.values()]


def platform_users_create(call: Call) -> Created:
    _platform(call)
    body = call.body()
    return Created(only(_add_user(call, body, body.texts("role_ids", [])), _USER))


def platform_users_get(call: Call, id: str) -> Record:
    return only(_user(call, id), _USER)


def platform_users_update(call: Call, id: str) -> Record:
    user, body, state = _user(call, id), call.optional_body(), call.state
    changes: Record = {
        member: body.text(member) if member in body else user[member]
        for member in ("email", "name")
    }
    changes["is_active"] = body.flag("is_active", user["is_active"])
    check_email(state.platform_users.values(), changes["email"], user)
    if "password" in body:
        state.passwords[id] = body.text("password")
    user.update(changes, updated_at=state.now())
    _audit(call, "user.updated", user, "email")
    return only(user, _USER)


def platform_users_delete(call: Call, id: str) -> None:
    user = _user(call, id)
    del call.state.platform_users[id]
    _access.forget_users(call.state, [id])
    _audit(call, "user.deleted", user, "email")


def platform_roles_list(call: Call) -> list[Record]:
    return list(_platform(call).platform_roles.values())


def platform_roles_create(call: Call) -> Created:
    state, body = _platform(call), call.body()
    name, policy_ids = body.text("name"), body.texts("policy_ids", [])
    _check_known(policy_ids, state.platform_policies, "policy")
    role = state.add_role(PLATFORM_ORG, _role_name(name))
    state.role_policies[role["id"]].extend(dict.fromkeys(policy_ids))
    _audit(call, "role.created", role)
    return Created(role)


def platform_roles_get(call: Call, id: str) -> Record:
    return _role(call, id)


def platform_roles_update(call: Call, id: str) -> Record:
    role, body = _role(call, id), call.optional_body()
    if "name" in body:
        name = _role_name(body.text("name"))
        roles.refuse_built_in(role)
        role["name"] = name
        _audit(call, "role.updated", role)
    return role


def platform_roles_delete(call: Call, id: str) -> None:
    role = _role(call, id)
    roles.refuse_built_in(role)
    del call.state.platform_roles[id]
    roles.forget(call.state, id)
    for user in call.state.platform_users.values():
        if id in user["role_ids"]:
            user["role_ids"].remove(id)
    _audit(call, "role.deleted", role)


def platform_policies_list(call: Call) -> list[Record]:
    return list(_platform(call).platform_policies.values())


def platform_policies_create(call: Call) -> Created:
    state = _platform(call)
    policy = policies.new(state, PLATFORM_ORG, policies.content(call.body()))
    state.platform_policies[policy["id"]] = policy
    _audit(call, "policy.created", policy)
    return Created(policy)


def platform_policies_get(call: Call, id: str) -> Record:
    return _policy(call, id)


def platform_policies_update(call: Call, id: str) -> Record:
    policy = _policy(call, id)
    members = policies.content(call.optional_body(), policy)
    policy.update(members, updated_at=call.state.now())
    _audit(call, "policy.updated", policy)
    return policy


def platform_policies_delete(call: Call, id: str) -> None:
    policy = _policy(call, id)
    del call.state.platform_policies[id]
    policies.detach(call.state, id)
    _audit(call, "policy.deleted", policy)


def platform_tenants_list(call: Call) -> list[Record]:
    return [only(org, _TENANT) for org in _platform(call).orgs.values()]


def platform_tenants_create(call: Call) -> Created:
    state, name = _platform(call), call.body().text("name")
    org, _ = organizations.provision(state, name, organizations.DEFAULT_TENANT_ENVIRONMENT)
    _audit(call, "tenant.created", org)
    return Created(only(org, _TENANT))


def platform_tenants_get(call: Call, id: str) -> Record:
    return only(_tenant(call, id), _TENANT)


def platform_tenants_delete(call: Call, id: str) -> None:
    org = _tenant(call, id)
    organizations.remove(call.state, id)
    _audit(call, "tenant.deleted", org)


def platform_audit_list(call: Call) -> Record:
    query = call.query
    key_id, org_id = query.text("platform_key_id"), query.text("impersonated_org_id")
    found = page(
        call,
        (
            entry
            for entry in reversed(_platform(call).platform_audit)
            if key_id in ("", entry.get("platform_key_id"))
            and org_id in ("", entry.get("impersonated_org_id"))
        ),
        least=0,  # as the product's command line asks for it
    )
    return {"events": found["events"], "total": found["total_count"]}


def _platform(call: Call) -> State:
    """Return the state, to those who may manage the platform."""
    _access.refuse_tenants(call)
    return call.state


def _user(call: Call, user_id: str) -> Record:
    return find(_platform(call).platform_users, user_id, "user")


def _role(call: Call, role_id: str) -> Record:
    return find(_platform(call).platform_roles, role_id, "role")


def _policy(call: Call, policy_id: str) -> Record:
    return find(_platform(call).platform_policies, policy_id, "policy")


def _tenant(call: Call, org_id: str) -> Record:
    return find(_platform(call).orgs, org_id, "tenant")


def _add_user(call: Call, body: Fields, role_ids: list[str]) -> Record:
    state = call.state
    email, name, password = body.text("email"), body.text("name"), body.text("password")
    _check_known(role_ids, state.platform_roles, "role")
    check_email(state.platform_users.values(), email)
    moment = state.now()
    user: Record = {
        "id": state.new_id("puser"),
        "email": email,
        "name": name,
        "is_active": True,
        "role_ids": list(dict.fromkeys(role_ids)),
        "created_at": moment,
        "updated_at": moment,
    }
    state.platform_users[user["id"]] = user
    state.passwords[user["id"]] = password
    _audit(call, "user.created", user, "email")
    return user


def _check_known(ids: list[str], records: dict[str, Record], what: str) -> None:
    for id in ids:
        if id not in records:
            raise missing(what, id)


def _admin_role(state: State) -> str:
    """Return the id of the administrators' role, which is made when it is first needed."""
    for role in state.platform_roles.values():
        if role["name"] == _ADMIN_ROLE:
            return str(role["id"])
    return str(state.add_role(PLATFORM_ORG, _ADMIN_ROLE, is_default=True)["id"])


def _role_name(given: str) -> str:
    return given if given.startswith(_ROLE_PREFIX) else _ROLE_PREFIX + given


def _audit(call: Call, change: str, record: Record, name: str = "name") -> None:
    payload = {"id": record["id"], name: record[name]}
    _access.audit(call.state, call.caller, f"platform.{change}", payload)
