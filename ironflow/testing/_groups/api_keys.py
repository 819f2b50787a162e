"""API keys: making, listing, rotating and revoking them.

Rules:

1. The full key is in the replies of create and rotate, and nowhere else.
2. A key belongs to the organization that its maker acts for, a platform key to the default one.
   Its environment and its roles are those of its organization.
3. Rotating changes the key alone: id, name, environment, roles and expiry stay.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .. import _access
from .._checks import Refusal, missing, timestamp
from .._state import DEFAULT_ORG, only

if TYPE_CHECKING:
    from .._calls import Call
    from .._checks import Fields
    from .._state import Record, State

_MEMBERS = (
    "id", "name", "key_prefix", "environment_id", "role_ids", "expires_at", "last_used_at",
    "created_at",
)  # fmt: skip
_PREFIX_DIGITS = 8
_LONGEST_SECONDS = 2**63 / 1e9  # what a duration of the product, in 64 bits of ns, can hold


def api_keys_list(call: Call) -> list[Record]:
    platform = call.query.flag("platform")
    return [
        only(record, _MEMBERS)
        for record in call.state.api_keys.values()
        if record["org_id"] == call.caller.org_id and record["platform"] is platform
    ]


def api_keys_create(call: Call) -> Record:
    body = call.body()
    name, platform = body.text("name"), body.flag("platform")
    if platform:
        _access.refuse_tenants(call)
    org_id = DEFAULT_ORG if platform else call.caller.org_id
    environment_id = body.text("env_id", "")
    if environment_id:
        _access.own_environment(call.state, org_id, environment_id)
    role_ids = _role_ids(call.state, org_id, platform, body.texts("role_ids", []))
    expires_at = _expiry(body)
    record = add(
        call.state, org_id, name, role_ids, environment_id=environment_id, platform=platform
    )
    if expires_at:
        record["expires_at"] = expires_at
    _audit(call, record, "created")
    return only(record, (*_MEMBERS, "key"))


def api_keys_get(call: Call, id: str) -> Record:
    return only(_find(call, id), _MEMBERS)


def api_keys_delete(call: Call, id: str) -> None:
    record = _find(call, id)
    _audit(call, record, "deleted")
    del call.state.api_keys[id]


def api_keys_update_roles(call: Call, id: str) -> Record:
    record = _find(call, id)
    record["role_ids"] = _role_ids(
        call.state, record["org_id"], record["platform"], call.body().texts("role_ids")
    )
    _audit(call, record, "updated")
    return only(record, _MEMBERS)


def api_keys_rotate(call: Call, id: str) -> Record:
    record = _find(call, id)
    record.update(_fresh(record["platform"]), created_at=call.state.now())
    record.pop("last_used_at", None)
    _audit(call, record, "rotated")
    return only(record, (*_MEMBERS, "key"))


def add(
    state: State,
    org_id: str,
    name: str,
    role_ids: list[str],
    *,
    environment_id: str = "",
    platform: bool = False,
) -> Record:
    """Make a key and return its record, full value included."""
    record: Record = {
        "id": state.new_id("ak"),
        "org_id": org_id,
        "name": name,
        "role_ids": role_ids,
        "platform": platform,
        "created_at": state.now(),
        **_fresh(platform),
    }
    if environment_id:
        record["environment_id"] = environment_id
    state.api_keys[record["id"]] = record
    return record


def _fresh(platform: bool) -> Record:
    key = _access.new_key(platform)
    return {"key": key, "key_prefix": key[: key.index("_") + 1 + _PREFIX_DIGITS]}


def _find(call: Call, key_id: str) -> Record:
    return _access.own(call, call.state.api_keys, key_id, "API key")


def _role_ids(state: State, org_id: str, platform: bool, given: list[str]) -> list[str]:
    for role_id in given:
        role = state.roles.get(role_id)
        known = role is not None and role["org_id"] == org_id
        if not known and not (platform and role_id in state.platform_roles):
            raise missing("role", role_id)
    return list(dict.fromkeys(given))


def _expiry(body: Fields) -> str:
    """Return when a new key ends, empty for one that does not."""
    if "expires_in" not in body:
        return ""
    seconds = body.duration("expires_in")
    if seconds > _LONGEST_SECONDS:
        raise Refusal(400, "expires_in is longer than a duration can be")
    return timestamp(time.time() + seconds)


def _audit(call: Call, record: Record, change: str) -> None:
    if record["platform"]:
        payload = {"key_id": record["id"], "name": record["name"]}
        _access.audit(call.state, call.caller, f"platform.key.{change}", payload)
