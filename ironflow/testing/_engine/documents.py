"""Config documents and secrets: records by name, with a revision that grows with each write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .state import Record, Records


class Configs(Records):
    """Config documents by name."""

    what = "config"

    def write(self, name: str, data: dict[str, Any]) -> Record:
        """Create or replace a document."""
        revision = self[name]["revision"] + 1 if name in self else 1
        moment = self.owner.clock.text()
        self[name] = {"name": name, "data": data, "revision": revision, "updatedAt": moment}
        return self[name]


class Secrets(Records):
    """Secrets by name, with their values."""

    what = "secret"

    def create(self, name: str, value: str, description: str | None) -> Record:
        """Add a secret, or refuse a name that is taken."""
        self.refuse_taken(name)
        moment = self.owner.clock.text()
        self[name] = {
            "name": name,
            "value": value,
            "description": description,
            "revision": 1,
            "created_at": moment,
            "updated_at": moment,
        }
        return self[name]

    def revise(self, record: Record, members: Mapping[str, str | None]) -> Record:
        """Change a secret, perhaps its name; a name that is taken is refused."""
        name = members.get("name", record["name"])
        if name != record["name"]:
            self.refuse_taken(str(name))
        del self[record["name"]]
        self.change(record, **members, revision=record["revision"] + 1)
        self[record["name"]] = record
        return record
