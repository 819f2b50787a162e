"""The manifest: its shape, its rules, and reading it.

Rules:

1. A manifest is right as a whole or it is refused as a whole: ``load`` reports every problem at
   once, each with its place (``endpoints[12].query[0].type``) and what would be right.
2. Nothing in it is trusted. Text is printable and on one line, so that it can not end a docstring
   or hide characters; names are identifiers; paths hold no quotes, braces or dot segments.
3. The order of its entries means nothing: everything is sorted here, once.

Design section 3 of the project lists the keys. Beyond it: ``path_params`` describes path
parameters, ``omit_reason`` tells why a route gets no method, and a ``body`` may be an object
(``model`` or ``any`` or ``raw``, ``required``, ``type``, ``description``).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from .types import HELP, Type, misfits, parse

if TYPE_CHECKING:
    from pathlib import Path

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
CATEGORIES = ("supported", "server-only", "enterprise-only", "internal")
STREAMS = ("websocket", "ndjson")
BODY_METHODS = frozenset({"PATCH", "POST", "PUT"})
_PARAMETER_LISTS = ("headers", "path_params", "query")
_PARAMETER_TYPES = ("string", "integer", "number", "boolean", "datetime")

# These keep generated lines within 100 columns; the longest combinations are refused by render.
MAX_NAME = 50
MAX_MODEL = 36
MAX_WIRE_NAME = 28
MAX_ARGUMENT = 35
MAX_PATH = 80
MAX_SUMMARY = 88

_GROUP = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_WIRE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_MODEL_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_TAKEN_MODEL_NAMES = frozenset({"Any", "False", "None", "True", "TypedDict"})
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\{[A-Za-z][A-Za-z0-9_]*\}")
_LAST_SEGMENT = re.compile(_SEGMENT.pattern + r"|\{[A-Za-z][A-Za-z0-9_]*\.\.\.\}")
_PLACEHOLDER = re.compile(r"\{(\w+)(?:\.\.\.)?\}")


class Problem(NamedTuple):
    """Something wrong with a manifest: where, and what would be right."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


_TOO_DEEP = Problem("", "is nested too deeply")


class ManifestError(Exception):
    """A manifest that can not be used; ``problems`` holds everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Parameter:
    """A path, query or header parameter, by its name on the wire."""

    name: str
    type: Type
    required: bool = False
    description: str = ""
    default: Any = None


@dataclass(frozen=True)
class Body:
    """A request body: a model, or anything JSON has a form for; raw takes bytes as well."""

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
    name: str
    name_reason: str
    omit_reason: str
    path_params: tuple[Parameter, ...]
    query: tuple[Parameter, ...]
    headers: tuple[Parameter, ...]
    body: Body | None
    response: Type | None
    may_be_empty: bool
    stream: str
    deprecated_since: str
    deprecated_use: str
    idempotent: bool
    example: Any

    @property
    def route(self) -> str:
        """The route as people write it: ``GET /api/v1/runs/{id}``."""
        return f"{self.method} {self.path}"

    @property
    def left_out(self) -> bool:
        """Whether the route gets no method unless a name is pinned."""
        return not self.name and (self.category == "internal" or self.stream == "ndjson")


@dataclass(frozen=True)
class Manifest:
    """A manifest that has passed every check, sorted; ``digest`` identifies its content."""

    server_version: str
    endpoints: tuple[Endpoint, ...]
    models: dict[str, Model]
    digest: str


def load(path: Path) -> Manifest:
    """Read and check a manifest file.

    Raises:
        ManifestError: It can not be read, or something in it is not right.
    """
    try:
        document = json.loads(path.read_bytes(), object_pairs_hook=_no_duplicates)
    except OSError as error:
        raise ManifestError([Problem("", f"can not be read: {error.strerror}")]) from error
    except ValueError as error:
        raise ManifestError([Problem("", f"is not JSON: {error}")]) from error
    except RecursionError as error:
        raise ManifestError([Problem("", "is not JSON: it is nested too deeply")]) from error
    return check(document)


def check(document: Any) -> Manifest:
    """Check a decoded manifest and return it.

    Raises:
        ManifestError: With every problem found.
    """
    checker = _Checker()
    try:
        manifest = checker.manifest(document)
    except RecursionError as error:
        raise ManifestError([_TOO_DEEP]) from error
    if checker.problems:
        raise ManifestError(sorted(set(checker.problems), key=_natural))
    return manifest


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found


def _natural(problem: Problem) -> list[tuple[int, str]]:
    return [
        (int(part), "") if part.isdecimal() else (-1, part)
        for part in re.split(r"(\d{1,9})", str(problem))
    ]


def _digest(document: dict[str, Any]) -> str:
    """Return what identifies the content of a checked manifest, in whatever order it stands."""
    models = {name: _in_order(model) for name, model in document["models"].items()}
    routes = sorted(json.dumps(_in_order(e), sort_keys=True) for e in document["endpoints"])
    content = json.dumps({**document, "models": models, "endpoints": routes}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _in_order(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an endpoint or a model with its parameters or fields sorted by name."""
    lists = {key: entry[key] for key in ("fields", *_PARAMETER_LISTS) if entry.get(key)}
    return {
        **entry,
        **{key: sorted(value, key=lambda item: str(item["name"])) for key, value in lists.items()},
    }


class _Object:
    """One JSON object under check; reading a key checks its type and marks it as known."""

    def __init__(self, checker: _Checker, value: Any, place: str) -> None:
        self._checker = checker
        self.place = place
        self.value = value if isinstance(value, dict) else {}
        self._known: list[str] = []
        if not isinstance(value, dict):
            checker.say(place, "must be an object")

    def at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def say(self, key: str, message: str) -> None:
        self._checker.say(self.at(key), message)

    def get(self, key: str, kind: type, default: Any, required: bool = False) -> Any:
        """Return a member of the given JSON type, the default when it is absent or wrong."""
        self._known.append(key)
        value = self.value.get(key)
        if value is None or (required and value == ""):
            if required:
                what = "must not be empty" if key in self.value else "is missing"
                self.say(key, f"{what}; it must be {_ARTICLES[kind]}")
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.say(key, f"must be {_ARTICLES[kind]}")
            return default
        return value

    def text(self, key: str, limit: int = 2000) -> str:
        """Return a line of prose, fit for a docstring."""
        text: str = self.get(key, str, "")
        if not _is_prose(text):
            self.say(key, "must be one line of printable text without needless spaces")
            return ""
        if len(text) > limit:
            self.say(key, f"must be at most {limit} characters, it has {len(text)}")
        return text

    def choice(self, key: str, choices: tuple[str, ...], required: bool = False) -> str:
        value: str = self.get(key, str, "", required)
        if value and value not in choices:
            self.say(key, f"{_shown(value)} is not known; use {', '.join(choices)}")
        return value

    def matching(self, key: str, pattern: re.Pattern[str], like: str, required: bool) -> str:
        value: str = self.get(key, str, "", required)
        if value and not pattern.fullmatch(value):
            self.say(key, f"{_shown(value)} will not do; write it as {like}")
            return ""
        limit = MAX_WIRE_NAME if pattern is _WIRE_NAME else MAX_NAME
        if len(value) > limit:
            self.say(key, f"must be at most {limit} characters")
        return value

    def done(self) -> None:
        """Report the keys that nobody asked for."""
        for key in self.value:
            if key not in self._known:
                near = get_close_matches(key, self._known, 1)
                hint = f"do you mean {near[0]}?" if near else f"known: {', '.join(self._known)}"
                self.say(key if key.isidentifier() else _shown(key), f"is not a known key; {hint}")


_ARTICLES: dict[type, str] = {
    bool: "true or false",
    dict: "an object",
    int: "a whole number",
    list: "an array",
    object: "a value",
    str: "a string",
}


def _is_prose(text: str) -> bool:
    return text.isprintable() and "  " not in text and text == text.strip()


def _shown(value: str) -> str:
    return ascii(value if len(value) <= 60 else value[:59] + "…")


class _Checker:
    """Walks a decoded manifest; collects every problem instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._names: dict[str, object] = {}

    def say(self, place: str, message: str) -> None:
        self.problems.append(Problem(place, message))

    def manifest(self, document: Any) -> Manifest:
        top = _Object(self, document, "")
        if top.get("manifest_version", int, 1, required=True) != 1:
            top.say("manifest_version", "must be 1")
        version = top.text("server_version", 40)
        self._names = top.get("models", dict, {}, required=True)
        models = {name: self.model(name, value) for name, value in sorted(self._names.items())}
        routes = top.get("endpoints", list, [], required=True)
        endpoints = [self.endpoint(value, f"endpoints[{i}]") for i, value in enumerate(routes)]
        top.done()
        self.unique_routes(endpoints)
        if not self.problems:
            for endpoint in endpoints:
                self.example(endpoint, models)
        return Manifest(
            server_version=version,
            endpoints=tuple(sorted(endpoints, key=lambda e: (e.group, e.path, e.method))),
            models=models,
            digest="" if self.problems else _digest(document),
        )

    def model(self, name: str, value: Any) -> Model:
        plain = _MODEL_NAME.fullmatch(name) and len(name) <= 2 * MAX_MODEL
        place = f"models.{name}" if plain else f"models[{_shown(name)}]"
        if not _MODEL_NAME.fullmatch(name) or len(name) > MAX_MODEL or name in _TAKEN_MODEL_NAMES:
            self.say(place, f"a model is named in CamelCase, at most {MAX_MODEL} characters")
        model = _Object(self, value, place)
        fields = [
            self.field(field, f"{place}.fields[{i}]")
            for i, field in enumerate(model.get("fields", list, [], required=True))
        ]
        description = model.text("description")
        model.done()
        self.unique(fields, f"{place}.fields")
        return Model(name, description, tuple(sorted(fields, key=lambda field: field.name)))

    def field(self, value: Any, place: str) -> Field:
        entry = _Object(self, value, place)
        field = Field(
            name=entry.matching("name", _WIRE_NAME, "updated_at or updatedAt", True),
            type=self.type(entry, "type"),
            required=entry.get("required", bool, False),
            nullable=entry.get("nullable", bool, False),
            description=entry.text("description"),
        )
        entry.done()
        return field

    def endpoint(self, value: Any, place: str) -> Endpoint:
        entry = _Object(self, value, place)
        method = entry.choice("method", METHODS, required=True)
        path = self.path(entry)
        body = self.body(entry, method)
        response, may_be_empty = self.response(entry)
        since, use = self.deprecated(entry)
        entry.get("pagination", dict, None)
        endpoint = Endpoint(
            place=place,
            method=method,
            path=path,
            group=entry.matching("group", _GROUP, "api_keys", True),
            category=entry.choice("category", CATEGORIES, required=True),
            summary=self.sentence(entry, "summary", MAX_SUMMARY),
            description=self.sentence(entry, "description", 2000),
            documented=entry.get("documented", bool, False),
            name=entry.matching("name", _GROUP, "schemas_get_by_name", False),
            name_reason=entry.text("name_reason"),
            omit_reason=entry.text("omit_reason"),
            path_params=self.path_params(entry, path),
            query=self.parameters(entry, "query"),
            headers=self.parameters(entry, "headers"),
            body=body,
            response=response,
            may_be_empty=may_be_empty,
            stream=entry.choice("stream", STREAMS),
            deprecated_since=since,
            deprecated_use=use,
            idempotent=entry.get("idempotent", bool, False),
            example=entry.get("example", dict, None),
        )
        entry.done()
        self.pins(entry, endpoint)
        return endpoint

    def sentence(self, entry: _Object, key: str, limit: int) -> str:
        text = entry.text(key, limit)
        if text and text[-1] not in ".!?":
            entry.say(key, "must end with a period")
        return text

    def pins(self, entry: _Object, endpoint: Endpoint) -> None:
        if bool(endpoint.name) != bool(endpoint.name_reason):
            entry.say("name_reason", "name and name_reason go together: say why the name is pinned")
        if endpoint.omit_reason and not endpoint.left_out:
            entry.say("omit_reason", "the route has a method; drop the reason")
        if endpoint.documented and endpoint.left_out:
            entry.say("documented", "a documented route needs a method; pin a name")

    def path(self, entry: _Object) -> str:
        path: str = entry.get("path", str, "", required=True)
        first, *segments = path.split("/")
        last = segments.pop() if segments else ""
        fits = not first and _LAST_SEGMENT.fullmatch(last)
        if path and not (fits and all(_SEGMENT.fullmatch(segment) for segment in segments)):
            entry.say("path", f"{_shown(path)} will not do; write it as /api/v1/runs/{{id}}")
            return ""
        names = _PLACEHOLDER.findall(path)
        if len(set(names)) != len(names):
            entry.say("path", "a placeholder stands twice")
        if len(path) > MAX_PATH or any(len(name) > MAX_WIRE_NAME for name in names):
            limits = f"at most {MAX_PATH} characters, a placeholder at most {MAX_WIRE_NAME}"
            entry.say("path", f"must have {limits}")
        return path

    def path_params(self, entry: _Object, path: str) -> tuple[Parameter, ...]:
        described = {
            parameter.name: parameter for parameter in self.parameters(entry, "path_params")
        }
        names = _PLACEHOLDER.findall(path)
        for name, parameter in described.items():
            if path and name not in names:
                entry.say("path_params", f"{name} does not stand in the path")
            if parameter.type.kind not in ("string", "integer"):
                entry.say("path_params", f"{name} must be of type string or integer")
        fallback = Type("string")
        return tuple(described.get(name) or Parameter(name, fallback, True) for name in names)

    def parameters(self, entry: _Object, key: str) -> tuple[Parameter, ...]:
        found = [
            self.parameter(value, f"{entry.at(key)}[{i}]")
            for i, value in enumerate(entry.get(key, list, []))
        ]
        self.unique(found, entry.at(key))
        return tuple(sorted(found, key=lambda parameter: parameter.name))

    def parameter(self, value: Any, place: str) -> Parameter:
        entry = _Object(self, value, place)
        parameter = Parameter(
            name=entry.matching("name", _WIRE_NAME, "from_version or If-Match", True),
            type=self.type(entry, "type"),
            required=entry.get("required", bool, False),
            description=entry.text("description"),
            default=entry.get("default", object, None),
        )
        entry.done()
        item = parameter.type.item if parameter.type.kind == "array" else parameter.type
        default = parameter.default
        if item is None or item.kind not in _PARAMETER_TYPES:
            scalars = ", ".join(_PARAMETER_TYPES)
            entry.say("type", f"a parameter is a scalar or an array of scalars: {scalars}")
        elif not _is_prose(str(default)):
            entry.say("default", "must be printable")
        elif default is not None:
            self.problems += map(
                Problem._make, misfits(parameter.default, parameter.type, {}, entry.at("default"))
            )
        return parameter

    def body(self, entry: _Object, method: str) -> Body | None:
        value = entry.get("body", object, None)
        if value is None:
            return None
        if method and method not in BODY_METHODS:
            entry.say("body", f"a {method} request has no body")
        place = entry.at("body")
        body = _Object(self, {"model": value} if isinstance(value, str) else value, place)
        given = [key for key in ("any", "model", "raw") if key in body.value]
        raw = body.get("raw", bool, False)
        whole = body.get("any", bool, False)
        if len(given) != 1 or not (raw or whole or body.value.get("model")):
            self.say(place, 'must be a model\'s name, {"any": true} or {"raw": true}')
        model = body.get("model", str, "")
        kind = self.type(body, "model" if "model" in given else "type", absent="any")
        if model and kind.kind != "model":
            self.say(place, f"{_shown(model)} is not a model of this manifest")
        found = Body(kind, raw, body.get("required", bool, True), body.text("description"))
        body.done()
        return found

    def response(self, entry: _Object) -> tuple[Type | None, bool]:
        text = entry.get("response", str, None)
        if text is None:
            return None, False
        kind = parse(text[:-1] if text.endswith("?") else text, self._names)
        if kind is None:
            entry.say("response", f"{_shown(text)} is not a type; {HELP}; for a reply also text")
        return kind, text.endswith("?")

    def deprecated(self, entry: _Object) -> tuple[str, str]:
        value = entry.get("deprecated", dict, None)
        if value is None:
            return "", ""
        notice = _Object(self, value, entry.at("deprecated"))
        since, use = notice.text("since", 40), notice.text("use", 60)
        if not since or not use:
            entry.say("deprecated", "needs since (a version) and use (what to call instead)")
        notice.done()
        return since, use

    def type(self, entry: _Object, key: str, absent: str = "") -> Type:
        text = entry.get(key, str, absent, required=not absent)
        kind = parse(text, self._names)
        if kind is None:
            if text:
                entry.say(key, f"{_shown(text)} is not a type; {HELP}")
            return Type("any")
        return kind

    def unique(self, entries: list[Any], place: str) -> None:
        first: dict[str, int] = {}
        for index, entry in enumerate(entries):
            if entry.name and first.setdefault(entry.name, index) != index:
                self.say(f"{place}[{index}].name", f"{entry.name} is also [{first[entry.name]}]")

    def unique_routes(self, endpoints: list[Endpoint]) -> None:
        first: dict[str, Endpoint] = {}
        for endpoint in endpoints:
            shape = f"{endpoint.method} {_PLACEHOLDER.sub('{}', endpoint.path)}"
            other = first.setdefault(shape, endpoint)
            if endpoint.path and other is not endpoint:
                self.say(endpoint.place, f"{endpoint.route} is the same route as {other.place}")

    def example(self, endpoint: Endpoint, models: dict[str, Model]) -> None:
        if endpoint.example is None:
            if endpoint.documented:
                self.say(endpoint.place, "a documented route needs an example")
            return
        example = _Object(self, endpoint.example, f"{endpoint.place}.example")
        request = example.get("request", object, None)
        response = example.get("response", object, None)
        example.done()
        found: list[tuple[str, str]] = []
        if request is not None and endpoint.body is None:
            example.say("request", "the route takes no body")
        elif request is not None and endpoint.body is not None:
            found += misfits(request, endpoint.body.type, models, example.at("request"))
        elif endpoint.body is not None and endpoint.body.required:
            example.say("request", "is missing; the route needs a body")
        if response is not None and endpoint.response is None:
            example.say("response", "must be null: the route replies without a body")
        elif response is not None and endpoint.response is not None:
            found += misfits(response, endpoint.response, models, example.at("response"))
        self.problems += map(Problem._make, found)
