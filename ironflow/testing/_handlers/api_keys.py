"""API keys: making, listing, rotating and revoking them.

Rules:

1. The full key is in the replies of create and rotate, and nowhere else.
2. A key belongs to the organization that its creator acts for, a platform key to the default one.
   Its environment and its roles belong to the same organization.
3. Rotating changes only the key: id, name, environment, roles and expiry stay.
"""

from __future__ import annotations

from .._call import Call
from .._engine.people import ApiKeys
from .._engine.permissions import PlatformRoles, Roles
from .._engine.refusals import Refusal, missing
from .._engine.state import DEFAULT_ORG, Record, State, only
from .._reading import Fields
from ._table import route

_MEMBERS = (
    "id", "name", "key_prefix", "environment_id", "role_ids", "expires_at", "last_used_at",
    "created_at",
)  # fmt: skip
_LONGEST_SECONDS = 2**63 / 1e9  # the product counts nanoseconds in 64 bits


@route("GET", "/api/v1/apikeys")
def api_keys_list(call: Call) -> list[Record]:
    platform = call.query.flag("platform")
    return [
        only(record, _MEMBERS)
        for record in call.state.of(ApiKeys).of_org(call.caller.org_id)
        if record["platform"] is platform
    ]


@route("POST", "/api/v1/apikeys")
def api_keys_create(call: Call) -> Record:
    body = call.body()
    name, platform = body.text("name"), body.flag("platform")
    if platform:
        call.refuse_tenants()
    org_id = DEFAULT_ORG if platform else call.caller.org_id
    environment_id = body.text("env_id", "")
    if environment_id:
        call.own_environment(environment_id, org_id)
    role_ids = _role_ids(call.state, org_id, platform, body.texts("role_ids", []))
    record = call.state.of(ApiKeys).make(
        org_id,
        name,
        role_ids,
        environment_id=environment_id,
        platform=platform,
        seconds=_lifetime(body),
    )
    _audit(call, record, "created")
    return only(record, (*_MEMBERS, "key"))


@route("GET", "/api/v1/apikeys/{id}")
def api_keys_get(call: Call, id: str) -> Record:
    return only(call.own(ApiKeys, id), _MEMBERS)


@route("DELETE", "/api/v1/apikeys/{id}")
def api_keys_delete(call: Call, id: str) -> None:
    record = call.own(ApiKeys, id)
    _audit(call, record, "deleted")
    call.state.of(ApiKeys).remove(id)


@route("PUT", "/api/v1/apikeys/{id}/roles")
def api_keys_update_roles(call: Call, id: str) -> Record:
    record = call.own(ApiKeys, id)
    record["role_ids"] = _role_ids(
        call.state, record["org_id"], record["platform"], call.body().texts("role_ids")
    )
    _audit(call, record, "updated")
    return only(record, _MEMBERS)


@route("POST", "/api/v1/apikeys/{id}/rotate")
def api_keys_rotate(call: Call, id: str) -> Record:
    record = call.own(ApiKeys, id)
    call.state.of(ApiKeys).rotate(record)
    _audit(call, record, "rotated")
    return only(record, (*_MEMBERS, "key"))


def _role_ids(state: State, org_id: str, platform: bool, asked_for: list[str]) -> list[str]:
    for role_id in asked_for:
        role = state.of(Roles).get(role_id)
        known = role is not None and role["org_id"] == org_id
        if not known and not (platform and role_id in state.of(PlatformRoles)):
            raise missing("role", role_id)
    return list(dict.fromkeys(asked_for))


def _lifetime(body: Fields) -> float | None:
    """Return how many seconds a new key is valid, None for no limit."""
    if "expires_in" not in body:
        return None
    seconds = body.duration("expires_in")
    if seconds > _LONGEST_SECONDS:
        raise Refusal(400, "expires_in is longer than a duration can be")
    return seconds


def _audit(call: Call, record: Record, change: str) -> None:
    if record["platform"]:
        call.audit(f"key.{change}", key_id=record["id"], name=record["name"])
