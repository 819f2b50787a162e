"""Config documents and secrets: records by name, with a revision that grows with each write.

Rules: deleting a document is a write too, so that a document of the same name has a higher revision
than the one that was deleted. Changes of documents and secrets are published under ``system.``,
never with a secret's value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .state import Environment, Index, Record, Records, only
from .subscriptions import tell
from .watches import Watch, Watches


class Configs(Index[str, Record, Environment]):
    """Config documents by name."""

    what = "config"

    def __init__(self, owner: Environment) -> None:
        super().__init__(owner)
        self.revisions: dict[str, int] = {}  # of deleted documents, too

    def write(self, name: str, data: dict[str, Any]) -> Record:
        """Create or replace a document."""
        self[name] = self._changed(name, data)
        return self[name]

    def delete(self, name: str) -> None:
        """Delete a document, if it is there."""
        if self.pop(name, None) is not None:
            self._changed(name, None)

    def watch(self, name: str, wake: Callable[[], None]) -> Watch:
        """Return a watch of a document, which need not exist; arguments as in ``Watch``."""
        current = [(name, self[name])] if name in self else []
        return Watch((self.what, name), ">", current, wake)

    def _changed(self, name: str, data: dict[str, Any] | None) -> Record:
        """Publish a change, and return the record."""
        revision = self.revisions[name] = self.revisions.get(name, 0) + 1
        moment = self.owner.clock.text()
        record = {"name": name, "data": data, "revision": revision, "updatedAt": moment}
        self.owner.of(Watches).tell((self.what, name), name, record)
        tell(self.owner, f"config.{name}.updated", record)
        return record


class Secrets(Records):
    """Secrets by name, with their values."""

    what = "secret"
    owner: Environment

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
        self._tell(name, "created")
        return self[name]

    def revise(self, record: Record, members: Mapping[str, str | None]) -> Record:
        """Change a secret, perhaps its name; a name that is taken is refused."""
        name = members.get("name", record["name"])
        if name != record["name"]:
            self.refuse_taken(str(name))
        del self[record["name"]]
        self.change(record, **members, revision=record["revision"] + 1)
        self[record["name"]] = record
        self._tell(record["name"], "updated")
        return record

    def remove(self, key: str) -> None:
        self._tell(key, "deleted")
        super().remove(key)

    def _tell(self, name: str, action: str) -> None:
        told = only(self[name], ("name", "revision", "updated_at"))
        tell(self.owner, f"secret.{name}.{action}", told)
