"""Names: from a route to the name of its method, and from wire names to arguments.

The rule for methods, ``<group>_<action>``:

1. Take the path after ``/api/v1`` (``/ws`` and the like as they are). Find the first static segment
   that is the group, hyphens and underscores aside; what follows it is the tail. Without such a
   segment the tail is empty.
2. The suffix is the static segments of the tail, joined by underscores.
3. The action is the verb alone where there is no suffix (``list``, ``get`` when the path ends in a
   parameter, ``create``, ``update``, ``patch``, ``delete``), else the verb and the suffix; POST is
   the suffix alone.

A name depends on its own route and on nothing else, so that a new route never renames a method.
Where two routes meet on one name, nobody guesses: generation stops and says how to pin one.
"""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

from .manifest import MAX_ARGUMENT, MAX_NAME, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .manifest import Endpoint

# Public names of BaseClient; a test holds the two together.
RESERVED_METHODS = frozenset({"capture", "close", "request", "with_options"})

_API_PREFIX = "/api/v1/"
_VERBS = {"DELETE": "delete", "PATCH": "patch", "POST": "create", "PUT": "update"}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def method_name(endpoint: Endpoint) -> str:
    """Return the name of an endpoint's method: the pinned one, or what the rule gives."""
    return endpoint.name or name_by_rule(endpoint)


def name_by_rule(endpoint: Endpoint) -> str:
    """Return what the rule gives for a route."""
    path = endpoint.path
    if path.startswith(_API_PREFIX):
        path = path[len(_API_PREFIX) :]
    statics = [part for part in path.split("/") if part and not part.startswith("{")]
    group = endpoint.group.replace("_", "")
    plain = [part.replace("-", "").replace("_", "").lower() for part in statics]
    tail = statics[plain.index(group) + 1 :] if group in plain else []
    suffix = "_".join(map(argument_name, tail))
    if endpoint.method == "GET":
        verb = "get" if path.endswith("}") else "list"
    else:
        verb = _VERBS[endpoint.method]
    if suffix and endpoint.method == "POST":
        return f"{endpoint.group}_{suffix}"
    return f"{endpoint.group}_{verb}_{suffix}" if suffix else f"{endpoint.group}_{verb}"


def argument_name(wire: str) -> str:
    """Return the snake_case form of a wire name: ``entityId``, ``If-Match``, ``minSeq``."""
    if not wire.islower():
        wire = _HUMP.sub("_", wire).lower()
    return wire.replace("-", "_").replace(".", "_").replace("~", "_")


def argument_names(endpoint: Endpoint) -> dict[tuple[str, str], str]:
    """Return the argument of each parameter, keyed by where it goes and its name on the wire.

    A Python keyword, and a name that an earlier argument has, gets a trailing underscore. Path
    parameters come first, in path order; then query, then headers.
    """
    taken = {"self", "body", "segment"}  # segment: the encoder that the method calls
    names: dict[tuple[str, str], str] = {}
    sources = (("path", endpoint.path_params), ("query", endpoint.query))
    for where, parameters in (*sources, ("headers", endpoint.headers)):
        for parameter in parameters:
            name = argument_name(parameter.name)
            while name in taken or keyword.iskeyword(name):
                name += "_"
            taken.add(name)
            names[where, parameter.name] = name
    return names


def naming_problems(endpoints: Iterable[Endpoint]) -> list[Problem]:
    """Return what is wrong with the names of these endpoints: collisions, reserved names."""
    problems = []
    first: dict[str, Endpoint] = {}
    for endpoint in endpoints:
        if endpoint.left_out:
            continue
        name = method_name(endpoint)
        if name in RESERVED_METHODS or keyword.iskeyword(name) or len(name) > MAX_NAME:
            message = f"the name {name} will not do (taken, or too long); {_pin(endpoint, name)}"
            problems.append(Problem(endpoint.place, message))
        elif endpoint.name and endpoint.name == name_by_rule(endpoint):
            message = f"the rule gives {name} anyway; drop name and name_reason"
            problems.append(Problem(f"{endpoint.place}.name", message))
        for (_, wire), argument in argument_names(endpoint).items():
            if len(argument) > MAX_ARGUMENT:
                message = f"{wire}: an argument's name has at most {MAX_ARGUMENT} characters"
                problems.append(Problem(endpoint.place, message))
        other = first.setdefault(name, endpoint)
        if other is not endpoint:
            message = (
                f"{endpoint.route} and {other.place} ({other.route}) are both named {name};"
                f" {_pin(endpoint, name)}"
            )
            problems.append(Problem(endpoint.place, message))
    return problems


def _pin(endpoint: Endpoint, name: str) -> str:
    statics = [part for part in endpoint.path.split("/") if part and not part.startswith("{")]
    tail = f"by_{endpoint.path_params[0].name}" if endpoint.path.endswith("}") else statics[-1]
    pinned = f"{name}_{argument_name(tail)}"
    return f'pin one: "name": "{pinned}", "name_reason": "why"'
