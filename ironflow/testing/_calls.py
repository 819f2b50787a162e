"""What a handler gets and what it may return.

A handler is a function in ``_groups`` that is named as its route (``ironflow/_routes.py``). It
takes the call and the values of the path's parameters and runs with the state's lock held. It
returns the reply's JSON value (200), ``Created`` (201), None (204) or a ``Reply``, or raises a
``Refusal``.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ._checks import Fields, Parameters, Refusal

if TYPE_CHECKING:
    from ._http import ReceivedRequest
    from ._state import Environment, State


_UNREAD = object()
_MAX_DEPTH = 100


class Created(NamedTuple):
    """The value of a 201 reply."""

    value: Any


class Caller(NamedTuple):
    """Who calls: the id of the user or key, the organization, the environment a key is bound to."""

    id: str
    org_id: str
    environment_id: str = ""


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
        self._json: Any = _UNREAD

    @cached_property
    def environment(self) -> Environment:
        """The environment that the request is about; a name that is new makes one."""
        return self.environment_named(self.request.headers.get("x-ironflow-environment", ""))

    def environment_named(self, named: str) -> Environment:
        """Return an environment by name or id; empty is the key's, or the default one."""
        bound = self.caller.environment_id
        if bound and named:
            own = self.state.environments.get(bound)
            if own is None or named not in (own.id, own.record["name"]):
                raise Refusal(403, f"the key is bound to another environment than {named}")
        return self.state.environment(self.caller.org_id, named or bound)

    def json(self) -> Any:
        """Return the decoded body, None when there is none."""
        if self._json is _UNREAD:
            try:
                self._json = _decoded(self.request.body)
            except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
                raise Refusal(400, "the body is not valid JSON") from None
        return self._json

    def body(self) -> Fields:
        """Return the members of the body, which has to be a JSON object."""
        if not self.request.body:
            raise Refusal(400, "a JSON body is required")
        return Fields(self.json())

    def optional_body(self) -> Fields:
        """Return the members of the body, none when there is no body."""
        value = self.json()
        return Fields({} if value is None else value)


def _decoded(body: bytes) -> Any:
    """Return the value of a JSON text that can be kept, copied and encoded again."""
    if not body:
        return None
    value = json.loads(body, parse_constant=_refuse, parse_float=_finite)
    if body.count(b"[") + body.count(b"{") > _MAX_DEPTH:  # else it can not be as deep
        _check_depth(value)
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return number


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            member
            for container in level
            for member in (container.values() if isinstance(container, dict) else container)
            if isinstance(member, (dict, list))
        ]
        if not level:
            return
    raise ValueError("the nesting is too deep")
