"""API keys: making, listing, rotating and revoking them.

Rules:

1. The full key is in the replies of create and rotate, and nowhere else.
2. A key belongs to the organization that its creator acts for, a platform key to the default one.
   Its environment and its roles belong to the same organization.
3. Rotating makes a new key, with an id of its own, of the same name, environment, roles, tool
   scopes and expiry; the old one is gone.
4. No key can change its own roles.
"""

from __future__ import annotations

from typing import Any

from .._call import Call
from .._engine.people import ApiKeys
from .._engine.permissions import PlatformRoles, Roles
from .._engine.refusals import Refusal
from .._engine.state import DEFAULT_ORG, Record, only
from .._reading import Fields
from ._records import Group
from ._table import route

_MEMBERS = (
    "id", "name", "key_prefix", "environment_id", "role_ids", "tool_scopes", "expires_at",
    "last_used_at", "created_at",
)  # fmt: skip
_LONGEST_SECONDS = 2**63 / 1e9  # the product counts nanoseconds in 64 bits


class _ApiKeys(Group):
    kind = ApiKeys
    members = _MEMBERS

    def records(self, call: Call) -> list[Record]:
        platform = call.query.flag("platform")
        return [record for record in super().records(call) if record["platform"] is platform]

    def create(self, call: Call) -> Any:
        return only(self.make(call), (*_MEMBERS, "key"))

    def read(self, call: Call, body: Fields, old: Record | None) -> Record:
        name, platform = body.text("name"), body.flag("platform")
        if platform:
            call.refuse_tenants()
        org_id = DEFAULT_ORG if platform else call.caller.org_id
        members: Record = {"name": name, "platform": platform, "org_id": org_id}
        if "expires_in" in body:
            members["seconds"] = body.duration("expires_in")
            if members["seconds"] > _LONGEST_SECONDS:
                raise Refusal(400, "expires_in is longer than a duration can be")
        if body.text("env_id", ""):
            members["environment_id"] = call.own_environment(body.text("env_id"), org_id).id
        members["role_ids"] = list(dict.fromkeys(body.texts("role_ids", [])))
        _check_roles(call, members, members["role_ids"], 404)
        members["tool_scopes"] = body.texts("tool_scopes", None)
        return members

    def audit(self, call: Call, change: str, record: Record) -> None:
        if record["platform"]:
            call.audit(f"key.{change}", key_id=record["id"], name=record["name"])


_keys = _ApiKeys("/api/v1/apikeys")


@route("PUT", "/api/v1/apikeys/{id}/roles")
def api_keys_update_roles(call: Call, id: str) -> Record:
    record = call.own(ApiKeys, id)
    if id == call.caller.id:
        raise Refusal(403, "a key cannot change its own roles")
    role_ids = call.body().texts("role_ids")
    if not role_ids:
        raise Refusal(400, "role_ids must not be empty")
    _check_roles(call, record, role_ids, 400)
    record["role_ids"] = list(dict.fromkeys(role_ids))
    _keys.audit(call, "updated", record)
    return only(record, _MEMBERS)


@route("POST", "/api/v1/apikeys/{id}/rotate")
def api_keys_rotate(call: Call, id: str) -> Record:
    record = call.state.of(ApiKeys).rotate(call.own(ApiKeys, id))
    _keys.audit(call, "rotated", record)
    return only(record, (*_MEMBERS, "key"))


def _check_roles(call: Call, key: Record, role_ids: list[str], status: int) -> None:
    """Refuse role ids that are not of the key's organization, or of the platform for its keys."""
    roles = {role["id"] for role in call.state.of(Roles).of_org(key["org_id"])}
    if key["platform"]:
        call.state.of(PlatformRoles).admin()
        roles |= call.state.of(PlatformRoles).keys()
    for role_id in role_ids:
        if role_id not in roles:
            raise Refusal(status, f"role not found: {role_id}")
