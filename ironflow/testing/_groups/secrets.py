"""Secrets: their values are stored, and no reply or message of these routes holds one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._checks import find, taken
from .._state import only

if TYPE_CHECKING:
    from .._calls import Call
    from .._state import Record

_MEMBERS = ("created_at", "description", "name", "revision", "updated_at")


def secrets_list(call: Call) -> list[Record]:
    return [only(record, _MEMBERS) for _, record in sorted(call.environment.secrets.items())]


def secrets_create(call: Call) -> Record:
    body = call.body()
    name, value = body.text("name"), body.text("value")
    _check_free(call, name)
    moment = call.state.now()
    record: Record = {
        "name": name,
        "value": value,
        "description": body.text("description", "") or None,
        "revision": 1,
        "created_at": moment,
        "updated_at": moment,
    }
    call.environment.secrets[name] = record
    return only(record, _MEMBERS)


def secrets_get(call: Call, name: str) -> Record:
    return only(_secret(call, name), _MEMBERS)


def secrets_update(call: Call, name: str) -> Record:
    body, record = call.body(), _secret(call, name)
    value, description = body.text("value"), body.text("description", "") or None
    return _changed(call, record, value=value, description=description)


def secrets_patch(call: Call, name: str) -> Record:
    body, record = call.optional_body(), _secret(call, name)
    changes: Record = {}
    if "description" in body:
        changes["description"] = body.text("description", "") or None
    if "name" in body and body.text("name") != name:
        changes["name"] = body.text("name")
        _check_free(call, changes["name"])
    return _changed(call, record, **changes) if changes else only(record, _MEMBERS)


def secrets_delete(call: Call, name: str) -> None:
    del call.environment.secrets[_secret(call, name)["name"]]


def _secret(call: Call, name: str) -> Record:
    return find(call.environment.secrets, name, "secret")


def _check_free(call: Call, name: str) -> None:
    if name in call.environment.secrets:
        raise taken("secret", name)


def _changed(call: Call, record: Record, **members: str | None) -> Record:
    secrets = call.environment.secrets
    del secrets[record["name"]]
    record.update(members, revision=record["revision"] + 1, updated_at=call.state.now())
    secrets[record["name"]] = record
    return only(record, _MEMBERS)
