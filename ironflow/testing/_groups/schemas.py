"""Event schemas, and trying out the upcasters between their versions.

Rules:

1. A version is registered once; the same schema again, however it is written, changes nothing, and
   another one is refused, as events of that version may exist.
2. Upcasters are registered in Python (``LocalServer.upcaster``), not with the schemas; of two for
   the same step the later one counts. Each gets a copy and must return a JSON object.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .._checks import Parameters, Refusal, find, missing
from .._pages import window

if TYPE_CHECKING:
    from .._calls import Call
    from .._state import Record, Upcaster


def schemas_list(call: Call) -> Record:
    query = call.query
    wanted = query.text("event_name")
    found = [
        record
        for (name, _), record in sorted(call.environment.schemas.items())
        if wanted in ("", name)
    ]
    page = window(query, 100).of(found)
    return {"schemas": page, "count": len(page), "total_count": len(found)}


def schemas_create(call: Call) -> Record:
    body, environment = call.body(), call.environment
    name, version = body.text("event_name"), body.integer("version", low=1)
    text, description = body.text("schema_json"), body.text("description", "")
    schema = _canonical(text)
    before = environment.schemas.get((name, version))
    if before is not None and _canonical(before["schema_json"]) != schema:
        raise Refusal(409, f"version {version} of {name} is registered with another schema")
    if before is None:
        environment.schemas[name, version] = {
            "event_name": name,
            "version": version,
            "schema_json": text,
            **({"description": description} if description else {}),
            "environment_id": environment.id,
            "created_at": call.state.now(),
        }
    return {"status": "registered"}


def schemas_get(call: Call, name: str) -> Record:
    schemas = call.environment.schemas
    versions = [version for event_name, version in schemas if event_name == name]
    if not versions:
        raise missing("schema")
    return schemas[name, max(versions)]


def schemas_get_by_name(call: Call, name: str, version: str) -> Record:
    number = _number(version, low=0)
    return _schema(call, name, number) if number else schemas_get(call, name)


def schemas_delete(call: Call, name: str, version: str) -> Record:
    record = _schema(call, name, _number(version, low=1))
    del call.environment.schemas[name, record["version"]]
    return {"status": "deleted"}


def schemas_create_upcast(call: Call) -> Record:
    body = call.body()
    name, data = body.text("event_name"), body.members("data")
    version, last = body.integer("from_version", low=1), body.integer("to_version", low=1)
    if last < version:
        raise Refusal(400, f"to_version must be at least from_version, {version}")
    upcasters = {
        upcaster.from_version: upcaster
        for upcaster in call.state.registry.upcasters
        if upcaster.event_name == name
    }
    applied = []
    while version < last:
        upcaster = upcasters.get(version)
        if upcaster is None:
            raise missing(f"upcaster of {name} from version {version}")
        data = _converted(upcaster, data)
        applied.append(
            {
                "from_version": version,
                "to_version": upcaster.to_version,
                "description": upcaster.description,
            }
        )
        version = upcaster.to_version
    return {"data": data, "steps_applied": applied}


def _converted(upcaster: Upcaster, data: dict[str, Any]) -> dict[str, Any]:
    what = f"upcaster of {upcaster.event_name} from version {upcaster.from_version}"
    try:
        converted = json.loads(json.dumps(upcaster.convert(data), allow_nan=False))
    except Exception as error:  # whatever the user's code raises, or JSON can not hold
        raise Refusal(422, f"{what} failed: {type(error).__name__}: {str(error)[:2000]}") from error
    if not isinstance(converted, dict):
        raise Refusal(422, f"{what} returned {type(converted).__name__}, not a dict")
    return converted


def _schema(call: Call, name: str, version: int) -> Record:
    return find(call.environment.schemas, (name, version), "schema")


def _number(version: str, low: int) -> int:
    return Parameters({"version": version}).integer("version", 0, low=low)


def _canonical(text: str) -> str:
    """Return a schema in the one form that equal ones share."""
    try:
        schema = json.loads(text)
        if isinstance(schema, dict):
            return json.dumps(schema, sort_keys=True, allow_nan=False)
    except (ValueError, RecursionError):
        pass
    raise Refusal(400, "schema_json must be a string that holds a JSON object")
