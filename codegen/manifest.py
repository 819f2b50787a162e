"""The manifest: reading it, and the rules for it as a whole and for its models.

Rules:

1. A manifest is accepted as a whole or refused as a whole. All problems are reported at once, each
   with its place (``endpoints[12].query[0].type``), its route, and what would be right.
2. Nothing in it is trusted. Text is printable and on one line, so that it cannot end a docstring
   or hide characters. Names are identifiers. Paths have no quotes, braces or dot segments.
3. The order of its entries means nothing: everything is sorted here, once.

The rules for a route are in ``endpoints.py``, those for RPC methods in ``services.py``.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from .endpoints import read_endpoint, report_contradictions, report_same_routes
from .entries import Entry, shown
from .limits import MAX_MODEL, MAX_WIRE_NAME, TAKEN_MODEL_NAMES
from .model import Field, Manifest, ManifestError, Model, Problem
from .parameters import (
    WIRE_NAME,
    WIRE_NAME_EXAMPLE,
    read_enum,
    read_type,
    report_duplicates,
)
from .services import read_services, report_service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MODEL_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")


def load(path: Path) -> Manifest:
    """Read and check a manifest file.

    Raises:
        ManifestError: It cannot be read, or something in it is not right.
    """
    return check(decode(read(path)))


def read(path: Path) -> bytes:
    """Return the bytes of a manifest file.

    Raises:
        ManifestError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ManifestError([Problem("", f"cannot be read: {error.strerror}")]) from error


def decode(content: bytes) -> Any:
    """Decode a manifest; a key that stands twice in one object is refused.

    Raises:
        ManifestError: It is not JSON.
    """
    try:
        return json.loads(content, object_pairs_hook=_no_duplicates)
    except ValueError as error:
        raise ManifestError([Problem("", f"is not JSON: {error}")]) from error
    except RecursionError as error:
        raise ManifestError([Problem("", "is not JSON: it is nested too deeply")]) from error


def decode_text(content: bytes) -> str:
    """Return the text of a manifest file.

    Raises:
        ManifestError: It is not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError([Problem("", "is not UTF-8")]) from error


def check(document: Any) -> Manifest:
    """Check a decoded manifest and return it.

    Raises:
        ManifestError: With every problem found.
    """
    problems: list[Problem] = []
    try:
        manifest = _read_manifest(Entry(problems, document, ""))
    except RecursionError as error:
        raise ManifestError([Problem("", "is nested too deeply")]) from error
    if problems:
        raise ManifestError(sorted(set(problems), key=_natural))
    return manifest


def _read_manifest(top: Entry) -> Manifest:
    if top.get("manifest_version", int, 1, required=True) != 1:
        top.say("manifest_version", "must be 1")
    version = top.text("server_version", 40)
    names = top.get("models", dict, {}, required=True)
    models = {name: _read_model(top, name, value, names) for name, value in sorted(names.items())}
    entries = top.list_of("endpoints", required=True)
    endpoints = [read_endpoint(entry, names) for entry in entries]
    services = read_services(top)
    top.done()
    report_same_routes(entries, endpoints)
    if not top.problems:
        for entry, endpoint in zip(entries, endpoints):
            report_contradictions(entry, endpoint, models)
            report_service(entry, endpoint, {rpc.name: rpc for rpc in services})
    return Manifest(
        server_version=version,
        endpoints=tuple(sorted(endpoints, key=lambda e: (e.group, e.path, e.method))),
        services=services,
        models=models,
        digest="" if top.problems else _digest(top.value),
    )


def _read_model(top: Entry, name: str, value: Any, names: Mapping[str, object]) -> Model:
    fits = _MODEL_NAME.fullmatch(name) is not None
    place = f"models.{name}" if fits and len(name) <= 2 * MAX_MODEL else f"models[{shown(name)}]"
    if not fits or len(name) > MAX_MODEL or name in TAKEN_MODEL_NAMES:
        top.report(place, f"a model is named in CamelCase, at most {MAX_MODEL} characters")
    model = top.inside(value, place)
    fields = [_read_field(entry, names) for entry in model.list_of("fields", required=True)]
    description = model.text("description")
    model.done()
    report_duplicates(model, "fields", fields)
    return Model(name, description, tuple(sorted(fields, key=lambda field: field.name)))


def _read_field(entry: Entry, names: Mapping[str, object]) -> Field:
    field = Field(
        name=entry.matching("name", WIRE_NAME, WIRE_NAME_EXAMPLE, MAX_WIRE_NAME, required=True),
        type=read_enum(entry, read_type(entry, names)),
        required=entry.flag("required"),
        nullable=entry.flag("nullable"),
        description=entry.text("description"),
    )
    entry.done()
    return field


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice in one object")
        found[key] = value
    return found


def _natural(problem: Problem) -> tuple[list[tuple[int, str]], str]:
    """Return a sort key by which ``endpoints[2]`` comes before ``endpoints[10]``."""
    parts = re.split(r"(\d{1,9})", problem.place)
    place = [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
    return place, problem.message


def _digest(document: dict[str, Any]) -> str:
    """Return a text that identifies the content of a checked manifest, in any order."""
    routes = sorted(json.dumps(_in_order(e), sort_keys=True) for e in document["endpoints"])
    models = _in_order(document["models"])
    content = json.dumps({**document, "models": models, "endpoints": routes}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _in_order(value: Any, key: str = "") -> Any:
    """Return part of a manifest with every list sorted whose order means nothing."""
    if key == "example":
        return value
    if isinstance(value, dict):
        return {key: _in_order(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(map(_in_order, value), key=lambda item: json.dumps(item, sort_keys=True))
    return value
