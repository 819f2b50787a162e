"""Groups of plain records, which are listed, created, read, changed and deleted alike.

Rules: a group has the routes that the manifest has for its path. Refused are, in this order, a
caller who may not act, a record that does not exist, and a wrong body.
"""

from __future__ import annotations

from typing import Any

from ironflow._routes import ROUTES

from .._call import Call, Created
from .._engine.state import PLATFORM_ORG, Record, Records, only
from .._reading import Fields
from ._table import route

_ROUTES = frozenset((row[0], row[1]) for row in ROUTES)


class Group:
    """Records of the caller's organization; a subclass says what differs.

    Attributes:
        kind: Their store.
        members: What replies show of a record, empty for all of it.
    """

    kind: type[Records]
    members: tuple[str, ...] = ()

    def __init__(self, path: str) -> None:
        for method, template, act in (
            ("GET", path, self.listed),
            ("POST", path, self.create),
            ("GET", f"{path}/{{id}}", self.get),
            ("PATCH", f"{path}/{{id}}", self.update),
            ("PUT", f"{path}/{{id}}", self.update),
            ("DELETE", f"{path}/{{id}}", self.delete),
        ):
            if (method, template) in _ROUTES:
                route(method, template)(act)

    # The routes.

    def listed(self, call: Call) -> Any:
        self.admit(call)
        return [self.shown(record) for record in self.records(call)]

    def create(self, call: Call) -> Any:
        return self.shown(self.make(call))

    def make(self, call: Call) -> Record:
        self.admit(call)
        members = {"org_id": self.home(call), **self.read(call, call.body(), None)}
        record = self.add(call, members)
        self.audit(call, "created", record)
        return record

    def get(self, call: Call, id: str) -> Any:
        self.admit(call)
        return self.shown(self.one(call, id))

    def update(self, call: Call, id: str) -> Any:
        self.admit(call)
        record = self.one(call, id)
        self.change(call, record, self.read(call, call.optional_body(), record))
        self.audit(call, "updated", record)
        return self.shown(record)

    def delete(self, call: Call, id: str) -> Any:
        self.admit(call)
        record = self.one(call, id)
        self.remove(call, record)
        self.audit(call, "deleted", record)

    # What may differ.

    def admit(self, call: Call) -> None:
        """Refuse a caller who may not act on the group."""

    def records(self, call: Call) -> list[Record]:
        return call.state.of(self.kind).of_org(call.caller.org_id)

    def one(self, call: Call, id: str) -> Record:
        return call.own(self.kind, id)

    def read(self, call: Call, body: Fields, old: Record | None) -> Record:
        """Return the members that a body gives a new record, or an old one."""
        return given(body, old, "name")

    def home(self, call: Call) -> str:
        """Return the organization of a new record that does not say another."""
        return call.caller.org_id

    def add(self, call: Call, members: Record) -> Record:
        return call.state.of(self.kind).add(**members)

    def change(self, call: Call, record: Record, members: Record) -> None:
        call.state.of(self.kind).change(record, **members)

    def remove(self, call: Call, record: Record) -> None:
        call.state.of(self.kind).remove(record["id"])

    def shown(self, record: Record) -> Record:
        return only(record, self.members) if self.members else record

    def audit(self, call: Call, change: str, record: Record) -> None:
        """Record the change in the platform's audit trail, if it belongs there."""


class PlatformGroup(Group):
    """Records of the platform, which tenants do not reach; every change is audited.

    Attributes:
        what: What the audit trail calls a record.
        name: The member that names one there.
    """

    what: str
    name = "name"

    def create(self, call: Call) -> Any:
        return Created(super().create(call))

    def admit(self, call: Call) -> None:
        call.refuse_tenants()

    def home(self, call: Call) -> str:
        return PLATFORM_ORG

    def records(self, call: Call) -> list[Record]:
        return list(call.state.of(self.kind).values())

    def one(self, call: Call, id: str) -> Record:
        return call.state.of(self.kind).require(id)

    def audit(self, call: Call, change: str, record: Record) -> None:
        payload = {f"{self.what}_id": record["id"], self.name: record[self.name]}
        call.audit(f"{self.what}.{change}", **payload)


def given(body: Fields, old: Record | None, *names: str) -> Record:
    """Return texts of a body by their names; those of an old record may be left out."""
    return {
        name: old[name] if old is not None and name not in body else body.text(name)
        for name in names
    }
