"""Secrets: their values are stored, and no reply or message of these routes holds one."""

from __future__ import annotations

from .._call import Call
from .._engine.documents import Secrets
from .._engine.state import Record, only
from ._table import route

_MEMBERS = ("created_at", "description", "name", "revision", "updated_at")


@route("GET", "/api/v1/secrets")
def secrets_list(call: Call) -> list[Record]:
    return [only(record, _MEMBERS) for _, record in sorted(_secrets(call).items())]


@route("POST", "/api/v1/secrets")
def secrets_create(call: Call) -> Record:
    body = call.body()
    name, value = body.text("name"), body.text("value")
    description = body.text("description", "") or None
    return only(_secrets(call).create(name, value, description), _MEMBERS)


@route("GET", "/api/v1/secrets/{name}")
def secrets_get(call: Call, name: str) -> Record:
    return only(_secrets(call).require(name), _MEMBERS)


@route("PUT", "/api/v1/secrets/{name}")
def secrets_update(call: Call, name: str) -> Record:
    body, record = call.body(), _secrets(call).require(name)
    members = {"value": body.text("value"), "description": body.text("description", "") or None}
    return only(_secrets(call).revise(record, members), _MEMBERS)


@route("PATCH", "/api/v1/secrets/{name}")
def secrets_patch(call: Call, name: str) -> Record:
    body, record = call.optional_body(), _secrets(call).require(name)
    members: dict[str, str | None] = {}
    if "description" in body:
        members["description"] = body.text("description", "") or None
    if "name" in body and body.text("name") != name:
        members["name"] = body.text("name")
    if members:
        _secrets(call).revise(record, members)
    return only(record, _MEMBERS)


@route("DELETE", "/api/v1/secrets/{name}")
def secrets_delete(call: Call, name: str) -> None:
    secrets = _secrets(call)
    secrets.require(name)
    secrets.remove(name)


def _secrets(call: Call) -> Secrets:
    return call.environment.of(Secrets)
