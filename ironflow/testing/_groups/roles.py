"""Roles of an organization and the policies attached to them; built-in roles stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import _access
from .._checks import Refusal
from . import policies

if TYPE_CHECKING:
    from .._calls import Call
    from .._state import Record, State


def roles_list(call: Call) -> list[Record]:
    org_id = _access.organization_id(call, call.query.text("org_id"))
    keys = list(call.state.api_keys.values())
    return [
        {
            **role,
            "policy_count": len(call.state.role_policies[role["id"]]),
            "api_key_count": sum(role["id"] in key["role_ids"] for key in keys),
        }
        for role in call.state.roles.values()
        if role["org_id"] == org_id
    ]


def roles_create(call: Call) -> Record:
    body = call.body()
    name = body.text("name")
    return call.state.add_role(_access.organization_id(call, body.text("org_id", "")), name)


def roles_get(call: Call, id: str) -> Record:
    return _find(call, id)


def roles_patch(call: Call, id: str) -> Record:
    role, body = _find(call, id), call.optional_body()
    if "name" in body:
        name = body.text("name")
        refuse_built_in(role)
        role["name"] = name
    return role


def roles_delete(call: Call, id: str) -> None:
    refuse_built_in(_find(call, id))
    del call.state.roles[id]
    forget(call.state, id)


def roles_list_policies(call: Call, id: str) -> Record:
    attached = call.state.role_policies[_find(call, id)["id"]]
    return {"policies": [call.state.policies[policy_id] for policy_id in attached]}


def roles_policies(call: Call, id: str) -> None:
    attached = call.state.role_policies[_find(call, id)["id"]]
    policy_id = policies.find(call, call.body().text("policy_id"))["id"]
    if policy_id not in attached:
        attached.append(policy_id)


def roles_delete_policies(call: Call, id: str, policy_id: str) -> None:
    attached = call.state.role_policies[_find(call, id)["id"]]
    if policy_id not in attached:
        raise Refusal(404, "the policy is not attached to the role")
    attached.remove(policy_id)


def refuse_built_in(role: Record) -> None:
    """Refuse to change a role that comes with the organization or the platform."""
    if role["is_default"]:
        raise Refusal(409, f"{role['name']} is a built-in role")


def forget(state: State, role_id: str) -> None:
    """Drop the attachments of a role that was deleted, and take it from the keys that have it."""
    del state.role_policies[role_id]
    for key in state.api_keys.values():
        if role_id in key["role_ids"]:
            key["role_ids"].remove(role_id)


def _find(call: Call, role_id: str) -> Record:
    return _access.visible(call, call.state.roles, role_id, "role")
