"""Event schemas, and the upcasters between their versions.

Rules:

1. A version is registered once. Registering the same schema again changes nothing, however it is
   formatted. A different schema is refused, because events of that version may exist, and so is
   one that does not compile. Events are not checked against their schema.
2. Upcasters are registered in Python (``LocalServer.upcaster``), not with the schemas. If two are
   for the same version, the later one is used. Each gets a copy and must return a JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from .json_schema import flaw
from .refusals import Refusal, missing
from .state import Environment, Index, Log, Record, Registry


class Upcaster(NamedTuple):
    """A conversion of an event's data from one schema version to the next."""

    event_name: str
    from_version: int
    convert: Callable[[Any], Any]
    description: str


class Upcasters(Log[Upcaster, Registry]):
    """Registered upcasters, in the order of their registration."""

    def convert(
        self, event_name: str, data: dict[str, Any], version: int, last: int
    ) -> tuple[dict[str, Any], list[Record]]:
        """Return data converted from one version to a later one, and the conversions applied."""
        steps = {found.from_version: found for found in self if found.event_name == event_name}
        applied: list[Record] = []
        for number in range(version, last):
            if number not in steps:
                raise missing(f"upcaster of {event_name} from version {number}")
            with self.owner.calling(f"upcaster of {event_name} from version {number}"):
                data = _converted(steps[number], data)
            applied.append(
                {
                    "from_version": number,
                    "to_version": number + 1,
                    "description": steps[number].description,
                }
            )
        return data, applied


def _converted(upcaster: Upcaster, data: dict[str, Any]) -> dict[str, Any]:
    what = f"upcaster of {upcaster.event_name} from version {upcaster.from_version}"
    try:
        converted = json.loads(json.dumps(upcaster.convert(data), allow_nan=False))
    except Exception as error:  # the user's code raised it, or the result is not JSON
        raise Refusal(422, f"{what} failed: {type(error).__name__}: {str(error)[:2000]}") from error
    if not isinstance(converted, dict):
        raise Refusal(422, f"{what} returned {type(converted).__name__}, not a dict")
    return converted


class Schemas(Index[tuple[str, int], Record, Environment]):
    """The schemas of an environment by event name and version."""

    what = "schema"

    def latest(self, event_name: str) -> Record:
        """Return the schema of the highest version of an event."""
        versions = [version for name, version in self if name == event_name]
        return self.require((event_name, max(versions, default=0)))

    def register(self, event_name: str, version: int, text: str, description: str) -> None:
        """Register a schema, which is JSON text."""
        schema = _canonical(text)
        before = self.get((event_name, version))
        if before is not None and _canonical(before["schema_json"]) != schema:
            raise Refusal(
                409, f"version {version} of {event_name} is registered with another schema"
            )
        if before is None:
            self[event_name, version] = {
                "event_name": event_name,
                "version": version,
                "schema_json": text,
                **({"description": description} if description else {}),
                "environment_id": self.owner.id,
                "created_at": self.owner.clock.text(),
            }


def _canonical(text: str) -> str:
    """Return a schema that compiles in a form that is the same for equal schemas."""
    try:
        schema = json.loads(text)
        canonical = json.dumps(schema, sort_keys=True, allow_nan=False)
        wrong = flaw(schema)
    except (ValueError, RecursionError):
        schema, canonical, wrong = None, "", ""
    if not isinstance(schema, dict):
        raise Refusal(400, "schema_json must be a string that holds a JSON object")
    if wrong:
        raise Refusal(400, f"schema_json does not compile: {wrong}")
    return canonical
