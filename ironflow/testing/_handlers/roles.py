"""Roles of an organization and the policies attached to them; built-in roles cannot be changed."""

from __future__ import annotations

from .._call import Call
from .._engine.people import ApiKeys
from .._engine.permissions import Policies, Roles
from .._engine.refusals import Refusal
from .._engine.state import Record
from ._table import route


@route("GET", "/api/v1/roles")
def roles_list(call: Call) -> list[Record]:
    org_id = call.organization_id(call.query.text("org_id"))
    roles, keys = call.state.of(Roles), list(call.state.of(ApiKeys).values())
    return [
        {
            **role,
            "policy_count": len(roles.policies[role["id"]]),
            "api_key_count": sum(role["id"] in key["role_ids"] for key in keys),
        }
        for role in roles.of_org(org_id)
    ]


@route("POST", "/api/v1/roles")
def roles_create(call: Call) -> Record:
    body = call.body()
    name = body.text("name")
    return call.state.of(Roles).make(call.organization_id(body.text("org_id", "")), name)


@route("GET", "/api/v1/roles/{id}")
def roles_get(call: Call, id: str) -> Record:
    return call.visible(Roles, id)


@route("PATCH", "/api/v1/roles/{id}")
def roles_patch(call: Call, id: str) -> Record:
    role, body = call.visible(Roles, id), call.optional_body()
    if "name" in body:
        name = body.text("name")
        call.state.of(Roles).changeable(role)["name"] = name
    return role


@route("DELETE", "/api/v1/roles/{id}")
def roles_delete(call: Call, id: str) -> None:
    roles = call.state.of(Roles)
    roles.changeable(call.visible(Roles, id))
    roles.remove(id)


@route("GET", "/api/v1/roles/{id}/policies")
def roles_list_policies(call: Call, id: str) -> Record:
    policies = call.state.of(Policies)
    return {"policies": [policies[policy_id] for policy_id in _attached(call, id)]}


@route("POST", "/api/v1/roles/{id}/policies")
def roles_policies(call: Call, id: str) -> None:
    """Attach a policy."""
    attached = _attached(call, id)
    policy_id = call.visible(Policies, call.body().text("policy_id"))["id"]
    if policy_id not in attached:
        attached.append(policy_id)


@route("DELETE", "/api/v1/roles/{id}/policies/{policy_id}")
def roles_delete_policies(call: Call, id: str, policy_id: str) -> None:
    attached = _attached(call, id)
    if policy_id not in attached:
        raise Refusal(404, "the policy is not attached to the role")
    attached.remove(policy_id)


def _attached(call: Call, role_id: str) -> list[str]:
    """Return the list of a role's policy ids; changing it changes the role."""
    return call.state.of(Roles).policies[call.visible(Roles, role_id)["id"]]
