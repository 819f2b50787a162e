"""Event schemas, and trying out the upcasters between their versions."""

from __future__ import annotations

from .._call import Call
from .._engine.refusals import Refusal
from .._engine.schemas import Schemas, Upcasters
from .._engine.state import Record
from .._reading import Parameters
from ._pages import window
from ._table import route


@route("GET", "/api/v1/events/schemas")
def schemas_list(call: Call) -> Record:
    query = call.query
    wanted = query.text("event_name")
    found = [record for (name, _), record in sorted(_schemas(call).items()) if wanted in ("", name)]
    page = window(query, 100).of(found)
    return {"schemas": page, "count": len(page), "total_count": len(found)}


@route("POST", "/api/v1/events/schemas")
def schemas_create(call: Call) -> Record:
    body = call.body()
    name, version = body.text("event_name"), body.integer("version", low=1)
    text, description = body.text("schema_json"), body.text("description", "")
    _schemas(call).register(name, version, text, description)
    return {"status": "registered"}


@route("GET", "/api/v1/events/schemas/{name}")
def schemas_get(call: Call, name: str) -> Record:
    return _schemas(call).latest(name)


@route("GET", "/api/v1/events/schemas/{name}/{version}")
def schemas_get_by_name(call: Call, name: str, version: str) -> Record:
    number = _number(version, low=0)
    return _schemas(call).require((name, number)) if number else schemas_get(call, name)


@route("DELETE", "/api/v1/events/schemas/{name}/{version}")
def schemas_delete(call: Call, name: str, version: str) -> Record:
    number = _number(version, low=1)
    _schemas(call).require((name, number))
    del _schemas(call)[name, number]
    return {"status": "deleted"}


@route("POST", "/api/v1/events/upcast", reads=True)
def schemas_create_upcast(call: Call) -> Record:
    body = call.body()
    name, data = body.text("event_name"), body.members("data")
    version, last = body.integer("from_version", low=1), body.integer("to_version", low=1)
    if last < version:
        raise Refusal(400, f"to_version must be at least from_version, {version}")
    converted, applied = call.state.registry.of(Upcasters).convert(name, data, version, last)
    return {"data": converted, "steps_applied": applied}


def _schemas(call: Call) -> Schemas:
    return call.environment.of(Schemas)


def _number(version: str, low: int) -> int:
    return Parameters({"version": version}).integer("version", 0, low=low)
