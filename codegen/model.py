"""The records that the generator passes around: a checked manifest, its problems, its methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True)
class Problem:
    """Something wrong with a manifest.

    Attributes:
        place: Where it is, such as ``endpoints[12].query[0].type``.
        message: What would be right.
        route: The route that the place belongs to, empty outside of routes.
    """

    place: str
    message: str
    route: str = ""

    def __str__(self) -> str:
        where = f"{self.place} ({self.route})" if self.route else self.place
        return f"{where}: {self.message}" if where else self.message


class ManifestError(Exception):
    """A manifest that cannot be used; ``problems`` holds everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Type:
    """A parsed type.

    Attributes:
        kind: The name of a scalar, ``model``, ``array`` or ``map``.
        name: The name of the model.
        item: What an array or a map holds.
        enum: The known values of a string or an integer; empty where any value may come.
    """

    kind: str
    name: str = ""
    item: Type | None = None
    enum: tuple[Any, ...] = ()

    def models(self) -> Iterator[str]:
        """Yield the names of the models in this type."""
        if self.kind == "model":
            yield self.name
        if self.item is not None:
            yield from self.item.models()


@dataclass(frozen=True)
class Parameter:
    """A path, query or header parameter under its wire name."""

    name: str
    type: Type
    required: bool = False
    description: str = ""
    default: Any = None


@dataclass(frozen=True)
class Body:
    """A request body.

    Attributes:
        type: A model, or anything that JSON can express.
        raw: Whether the server stores the body verbatim; then it may be bytes as well.
        required: Whether a request needs it.
        description: What it holds.
    """

    type: Type
    raw: bool = False
    required: bool = True
    description: str = ""


@dataclass(frozen=True)
class Field:
    """A member of a model."""

    name: str
    type: Type
    required: bool
    nullable: bool
    description: str


@dataclass(frozen=True)
class Model:
    """A JSON object with known members, sorted by name."""

    name: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Pagination:
    """How a list is read page by page.

    Attributes:
        style: ``cursor``, ``keyset``, ``offset`` or ``version``.
        param: The query parameter that says where a page starts.
        size: The query parameter that limits a page.
        items: The member of the reply that holds the items.
        next: The member of the reply that says where the next page starts.
        prev_param: The query parameter that says where a page ends, for going back.
        prev: The member of the reply that says where the previous page ends.
        has_next: The member of the reply that says whether there is a next page.
        has_prev: The member of the reply that says whether there is a previous page.
        total: The member of the reply that counts the items of all pages.
        identity: The members of an item that tell it from all others.
    """

    style: str
    param: str
    size: str
    items: str
    next: str = ""
    prev_param: str = ""
    prev: str = ""
    has_next: str = ""
    has_prev: str = ""
    total: str = ""
    identity: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServerWait:
    """How long the server is asked to hold a call.

    Attributes:
        param: The parameter that says it.
        where: Where that is: ``query`` or ``body``.
        unit: Its unit, ``ms`` or ``s``.
        default: How long the server holds a call that does not say it.
    """

    param: str
    where: str
    unit: str
    default: int


@dataclass(frozen=True)
class Deprecation:
    """Since which version a route is deprecated, and what to call instead."""

    since: str
    use: str

    def __str__(self) -> str:
        return f"{self.since}: use {self.use}"


@dataclass(frozen=True)
class Endpoint:
    """A route of the server and what is known about it; ``place`` is where it stands."""

    place: str
    method: str
    path: str
    group: str
    category: str
    summary: str
    description: str
    documented: bool
    reconstructed: bool
    name: str
    name_reason: str
    alias: str
    omit_reason: str
    path_params: tuple[Parameter, ...]
    query: tuple[Parameter, ...]
    headers: tuple[Parameter, ...]
    body: Body | None
    response: Type | None
    may_be_empty: bool
    secret: bool
    pagination: Pagination | None
    server_wait: ServerWait | None
    stream: str
    deprecated: Deprecation | None
    idempotent: bool
    example: Any

    @property
    def route(self) -> str:
        """The route as people write it: ``GET /api/v1/runs/{id}``."""
        return f"{self.method} {self.path}"

    @property
    def left_out(self) -> bool:
        """Whether the client gets no method for this route."""
        return not self.name and (self.category == "internal" or self.stream == "ndjson")


@dataclass(frozen=True)
class Rpc:
    """An RPC method of the server.

    Attributes:
        name: Service and method: ``PubSubService/ListTopics``.
        kind: ``unary``, ``server_stream`` or ``bidi_stream``.
        no_side_effects: Whether a repeat is harmless.
        keyed: Whether the request message may hold an ``idempotency_key``.
    """

    name: str
    kind: str
    no_side_effects: bool
    keyed: bool


@dataclass(frozen=True)
class Manifest:
    """A manifest that has passed every check, sorted; ``digest`` identifies its content."""

    server_version: str
    endpoints: tuple[Endpoint, ...]
    services: tuple[Rpc, ...]
    models: dict[str, Model]
    digest: str

    def reached(self, types: Iterable[Type]) -> set[str]:
        """Return the names of the models in these types, and of the models in those."""
        found: set[str] = set()
        waiting = list(types)
        while waiting:
            for name in set(waiting.pop().models()) - found:
                found.add(name)
                waiting += [field.type for field in self.models[name].fields]
        return found


@dataclass(frozen=True)
class Argument:
    """An argument of a method.

    Attributes:
        name: Its name in Python.
        where: Where the value goes: ``path``, ``query`` or ``headers``; ``paging`` where it rules
            the method itself.
        parameter: The parameter that it fills.
        enum: The name of the ``Literal`` of its known values, empty without such.
    """

    name: str
    where: str
    parameter: Parameter
    enum: str = ""


@dataclass(frozen=True)
class Method:
    """A method of the client: an endpoint with the names that it has in Python.

    Attributes:
        endpoint: The route that it calls, with its body and its reply.
        name: Its name.
        alias: A second, plainer name; empty without one.
        positional: The path arguments, in path order; ``body`` follows them.
        options: The keyword-only arguments, required ones first.
        keyed: Whether the body has an ``idempotency_key``.
        iterate: The method that goes through all pages of a list; None without pages.
    """

    endpoint: Endpoint
    name: str
    alias: str
    positional: tuple[Argument, ...]
    options: tuple[Argument, ...]
    keyed: bool
    iterate: Method | None = None
