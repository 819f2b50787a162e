"""What a handler gets, and what it may return.

A handler is a function in ``_handlers`` that ``route`` ties to a method and a path. It takes the
call and the values of the path's parameters, and runs with the state's lock held. It returns the
reply's JSON value (200), ``WithHeaders``, ``Created`` (201), None (204), a ``Reply``, ``Later``,
or, for a stream of RPC, ``Frames``; or it raises a ``Refusal``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, NamedTuple

from ._engine.access import Caller, PlatformAudit, is_tenant
from ._engine.organizations import Organizations
from ._engine.refusals import Refusal, missing
from ._engine.state import DEFAULT_ORG, Environment, Record, Records, State
from ._http import ReceivedRequest
from ._reading import Fields, Parameters, checked_key, decoded


class Created(NamedTuple):
    """The value of a 201 reply."""

    value: Any


class WithHeaders(NamedTuple):
    """The value of a 200 reply with headers of its own."""

    value: Any
    headers: dict[str, str]


class Later(NamedTuple):
    """A value that takes time: ``give`` is called without the state's lock."""

    give: Callable[[], Any]


class Frames(NamedTuple):
    """The messages of a stream.

    ``begin`` returns a context with an iterator over them, which yields None when nothing has come
    for a while. Both are used without the state's lock.
    """

    begin: Callable[[], AbstractContextManager[Iterator[Record | None]]]


class Call:
    """One request on its way through a handler.

    Attributes:
        request: The request as it arrived.
        state: Everything that the server holds.
        caller: Who calls.
        query: The query's values.
    """

    def __init__(self, request: ReceivedRequest, state: State, caller: Caller) -> None:
        self.request = request
        self.state = state
        self.caller = caller
        self.query = Parameters(request.query)

    # What the request says.

    @cached_property
    def json(self) -> Any:
        """The decoded body, None when there is none."""
        try:
            return decoded(self.request.body)
        except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
            raise Refusal(400, "the body is not valid JSON") from None

    def body(self) -> Fields:
        """Return the members of the body, which has to be a JSON object."""
        if not self.request.body:
            raise Refusal(400, "a JSON body is required")
        return Fields(self.json)

    def optional_body(self) -> Fields:
        """Return the members of the body, none when there is no body."""
        return Fields({} if self.json is None else self.json)

    @property
    def idempotency_key(self) -> str:
        """The header ``Idempotency-Key``, empty when it is absent."""
        return checked_key(self.request.headers.get("idempotency-key", ""), "Idempotency-Key")

    @property
    def run_id(self) -> str | None:
        """The run that calls, if it says so by the header ``X-Ironflow-Run-ID``."""
        return self.request.headers.get("x-ironflow-run-id")

    # What the caller reaches.

    @cached_property
    def environment(self) -> Environment:
        """The environment that the request is about; a new name creates one."""
        return self.environment_named(self.environment_header)

    @property
    def environment_header(self) -> str:
        """Name or id of the environment that the headers name, under the old name or the new."""
        headers = self.request.headers
        return headers.get("x-ironflow-environment") or headers.get("x-ironflow-environment-id", "")

    def environment_named(self, named: str) -> Environment:
        """Return an environment by name or id; empty means the key's, or the default one."""
        bound = self.caller.environment_id
        if bound and named:
            own = self.state.environments.get(bound)
            if own is None or named not in (own.id, own.record["name"]):
                raise Refusal(403, f"the key is bound to another environment than {named}")
        return self.state.environment(self.caller.org_id, named or bound)

    def own_environment(self, environment_id: str, org_id: str = "") -> Environment:
        """Return an environment of the caller's organization, or of another one, by its id."""
        environment = self.state.environments.get(environment_id)
        if environment is None or environment.org_id != (org_id or self.caller.org_id):
            raise missing("environment")
        return environment

    def organization_id(self, org_id: str) -> str:
        """Return the id of an organization that the caller sees; empty means its own."""
        wanted = org_id or self.caller.org_id
        if wanted not in self.state.of(Organizations) or not self.sees(wanted):
            raise missing("organization")
        return wanted

    def sees(self, org_id: str) -> bool:
        """Return whether what belongs to an organization exists for the caller."""
        return self.caller.org_id in (DEFAULT_ORG, org_id)

    def own(self, kind: Callable[[Any], Records], id: str) -> Record:
        """Return a record of the caller's organization, or refuse the request."""
        record = self.visible(kind, id)
        if record["org_id"] != self.caller.org_id:
            raise missing(self.state.of(kind).what)
        return record

    def visible(self, kind: Callable[[Any], Records], id: str) -> Record:
        """Return a record of an organization that the caller sees, or refuse the request."""
        records = self.state.of(kind)
        record = records.require(id)
        if not self.sees(record["org_id"]):
            raise missing(records.what)
        return record

    def refuse_tenants(self) -> None:
        """Refuse a tenant's credentials, because platform credentials are needed."""
        if is_tenant(self.state, self.caller):
            raise Refusal(403, "platform credentials are required")

    def audit(self, event_type: str, **payload: Any) -> None:
        """Record what the caller does in the platform's audit trail."""
        self.state.of(PlatformAudit).add(self.caller, f"platform.{event_type}", payload)
