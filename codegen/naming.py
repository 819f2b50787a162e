"""Names: from a route to its method, and from wire names to arguments.

The rule for the name of a method, ``<group>_<action>``:

1. Take the path after ``/api/v1``; take ``/ws`` and the like as they are. Find the first static
   segment that is the group, ignoring hyphens and underscores. What follows it is the tail. Without
   such a segment the tail is empty.
2. The suffix is the static segments of the tail, joined by underscores.
3. Without a suffix, the action is the verb alone: ``list``, ``get`` when the path ends in a
   parameter, ``create``, ``update``, ``patch`` or ``delete``. With a suffix it is the verb and the
   suffix, and for POST the suffix alone.

A list that is read page by page has a second method, which goes through all pages (``paging``). Its
name has ``iterate`` in the place of ``list``.

A name depends on its own route and on nothing else, so that a new route never renames a method.
If two routes get the same name, generation stops and says how to pin one.

The known values of a parameter or of a member get a name in the models, made from their place:
``RunsListStatus``, ``RunStatus``.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from . import paging
from .limits import MAX_ARGUMENT, MAX_NAME, TAKEN_MODEL_NAMES
from .model import Argument, ManifestError, Method, Problem
from .paging import iterate_method, iterate_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .model import Endpoint, Manifest, Parameter

# The public names of what the client inherits; a test compares the two.
RESERVED_METHODS = frozenset(
    {
        "capture",
        "close",
        "config_watch",
        "events_create_and_wait",
        "functions_invoke_and_wait",
        "kv_value",
        "kv_watch",
        "map",
        "projections_rebuild_and_wait",
        "projections_wait_for",
        "request",
        "rpc",
        "rpc_stream",
        "runs_wait",
        "runs_wait_many",
        "subscribe",
        "with_options",
    }
)

_API_PREFIX = "/api/v1/"
_VERBS = {"DELETE": "delete", "PATCH": "patch", "POST": "create", "PUT": "update"}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def methods(manifest: Manifest) -> tuple[Method, ...]:
    """Return the record of every endpoint, those without a method in the client included.

    Raises:
        ManifestError: Names collide or cannot be used.
    """
    in_order = sorted(manifest.endpoints, key=lambda endpoint: endpoint.route)
    problems = naming_problems(in_order)
    found = tuple(_method(endpoint, manifest) for endpoint in manifest.endpoints)
    problems += _enum_problems(found, manifest)
    if problems:
        raise ManifestError(problems)
    return found


def _method(endpoint: Endpoint, manifest: Manifest) -> Method:
    body = manifest.models.get(endpoint.body.type.name) if endpoint.body else None
    arguments = list(_arguments(endpoint))
    options = [argument for argument in arguments if argument.where != "path"]
    method = Method(
        endpoint=endpoint,
        name=method_name(endpoint),
        alias=endpoint.alias,
        positional=tuple(argument for argument in arguments if argument.where == "path"),
        options=tuple(sorted(options, key=lambda option: not option.parameter.required)),
        keyed=body is not None and any(f.name == "idempotency_key" for f in body.fields),
    )
    return replace(method, iterate=iterate_method(method)) if endpoint.pagination else method


def _arguments(endpoint: Endpoint) -> Iterator[Argument]:
    names = argument_names(endpoint)
    for where, parameters in _parameters(endpoint):
        for parameter in parameters:
            name = names[where, parameter.name]
            kind = parameter.type.item or parameter.type
            enum = enum_name(method_name(endpoint), name) if kind.enum else ""
            yield Argument(name, where, parameter, enum)


def _parameters(endpoint: Endpoint) -> tuple[tuple[str, tuple[Parameter, ...]], ...]:
    """Return the parameters by where they go, in the order in which they get their names."""
    return (
        ("path", endpoint.path_params),
        ("query", endpoint.query),
        ("headers", endpoint.headers),
    )


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
    """Return the argument of each parameter, keyed by where it goes and its wire name.

    Path parameters come first, in path order; then query, then headers. A Python keyword gets a
    trailing underscore, and so does a name that an earlier argument has.
    """
    taken = {"self", "body", "segment"}  # segment: the encoder that the method calls
    if endpoint.pagination:
        taken.update(paging.ARGUMENTS)
    names: dict[tuple[str, str], str] = {}
    for where, parameters in _parameters(endpoint):
        for parameter in parameters:
            name = argument_name(parameter.name)
            while name in taken or keyword.iskeyword(name):
                name += "_"
            taken.add(name)
            names[where, parameter.name] = name
    return names


def enum_name(owner: str, name: str) -> str:
    """Return the name of the known values of an argument or a member.

    Args:
        owner: The method or the model.
        name: The argument, or the wire name of the member.
    """
    words = argument_name(name).split("_")
    camel = "".join(word[:1].upper() + word[1:] for word in [*owner.split("_"), *words])
    return camel


def naming_problems(endpoints: Sequence[Endpoint]) -> list[Problem]:
    """Return what is wrong with the names of these endpoints: collisions and reserved names."""
    problems = []
    first: dict[str, Endpoint] = {}
    for endpoint in endpoints:
        if endpoint.left_out:
            continue
        problems += _name_problems(endpoint)
        name = method_name(endpoint)
        other = first.setdefault(name, endpoint)
        if other is not endpoint:
            message = (
                f"{endpoint.route} and {other.place} ({other.route}) are both named {name};"
                f" {_pin(endpoint, name)}"
            )
            problems.append(Problem(endpoint.place, message, endpoint.route))
    return problems + _further_problems(endpoints, first)


def _further_problems(
    endpoints: Sequence[Endpoint], first: Mapping[str, Endpoint]
) -> list[Problem]:
    """Return what is wrong with the other names of endpoints; ``first`` holds the first ones."""
    taken = {name: endpoint.route for name, endpoint in first.items()}
    problems = []
    for endpoint in endpoints:
        for key, name in _further_names(endpoint):
            if name in RESERVED_METHODS or keyword.iskeyword(name):
                problem = f"the name {name} is taken"
            elif name in taken:
                problem = f"{name} already is a name of {taken[name]}"
            elif len(name) > MAX_NAME:
                problem = f"the name {name} is too long"
            else:
                taken[name] = endpoint.route
                continue
            problems.append(Problem(f"{endpoint.place}.{key}", problem, endpoint.route))
    return problems


def _further_names(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """Yield the names beside the first one, each with the key that it comes from."""
    if endpoint.alias:
        yield "alias", endpoint.alias
    if endpoint.pagination and not endpoint.left_out:
        yield "pagination", iterate_name(method_name(endpoint))


def _enum_problems(found: Sequence[Method], manifest: Manifest) -> list[Problem]:
    """Return the known values whose name is that of something else in the models."""
    taken = {*manifest.models, *TAKEN_MODEL_NAMES}
    enums = [
        (argument.enum, method.endpoint.place, method.endpoint.route)
        for method in found
        for argument in (*method.positional, *method.options)
        if argument.enum
    ]
    enums += [
        (enum_name(model.name, field.name), f"models.{model.name}", "")
        for model in manifest.models.values()
        for field in model.fields
        if (field.type.item or field.type).enum
    ]
    problems = []
    for name, place, route in enums:
        if name in taken:
            message = f"its known values would be named {name}, which is taken; rename the other"
            problems.append(Problem(place, message, route))
        taken.add(name)
    return problems


def _name_problems(endpoint: Endpoint) -> list[Problem]:
    """Return what is wrong with the names of one endpoint by itself."""
    problems = []
    name = method_name(endpoint)
    if name in RESERVED_METHODS or keyword.iskeyword(name) or len(name) > MAX_NAME:
        message = f"the name {name} is taken or too long; {_pin(endpoint, name)}"
        problems.append(Problem(endpoint.place, message, endpoint.route))
    elif endpoint.name and endpoint.name == name_by_rule(endpoint):
        message = f"the rule gives {name} anyway; drop name and name_reason"
        problems.append(Problem(f"{endpoint.place}.name", message, endpoint.route))
    for (_, wire), argument in argument_names(endpoint).items():
        if len(argument) > MAX_ARGUMENT:
            message = f"{wire}: an argument's name has at most {MAX_ARGUMENT} characters"
            problems.append(Problem(endpoint.place, message, endpoint.route))
    return problems


def _pin(endpoint: Endpoint, name: str) -> str:
    statics = [part for part in endpoint.path.split("/") if part and not part.startswith("{")]
    if endpoint.path.endswith("}"):
        tail = f"by_{argument_name(endpoint.path_params[0].name)}"
    else:
        tail = argument_name(statics[-1])
    return f'pin one: "name": "{name}_{tail}", "name_reason": "why"'
