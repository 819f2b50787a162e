"""The rules for ``services``: the RPC methods of the server, all of them.

``{"PubSubService": {"ListTopics": {"kind": "unary", "no_side_effects": true}}}``. ``keyed`` says
that the request message may hold an ``idempotency_key``. The endpoints of the category ``rpc`` are
those of these methods that have a method of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .entries import Entry, shown
from .limits import MAX_MODEL
from .model import Rpc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Endpoint

PACKAGE = "ironflow.v1"
KINDS = ("unary", "server_stream", "bidi_stream")

_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")


def read_services(top: Entry) -> tuple[Rpc, ...]:
    """Return the RPC methods of a manifest, sorted by name; none where it has no ``services``."""
    services = top.get("services", dict, {})
    return tuple(rpc for name in sorted(services) for rpc in _read_service(top, name, services))


def _read_service(top: Entry, service: str, services: Mapping[str, Any]) -> Iterator[Rpc]:
    entry = top.inside(services[service], f"services.{_checked(top, 'services', service)}")
    for name in sorted(entry.value):
        _checked(entry, entry.place, name)
        found = entry.inside(entry.value[name], entry.at(name))
        yield Rpc(
            name=f"{service}/{name}",
            kind=found.choice("kind", KINDS, required=True),
            no_side_effects=found.flag("no_side_effects"),
            keyed=found.flag("keyed"),
        )
        found.done()


def _checked(entry: Entry, place: str, name: str) -> str:
    """Return the name of a service or a method as it may be shown; report one that is not valid."""
    if _NAME.fullmatch(name) and len(name) <= MAX_MODEL:
        return name
    like = f"write it as ListTopics, with at most {MAX_MODEL} characters"
    entry.report(place, f"{shown(name)} is not allowed; {like}")
    return shown(name)


def report_service(entry: Entry, endpoint: Endpoint, services: Mapping[str, Rpc]) -> None:
    """Report an rpc endpoint that is not what the services say; nothing where there are none."""
    if endpoint.category != "rpc" or not services:
        return
    rpc = services.get(endpoint.path[len(f"/{PACKAGE}.") :])
    if rpc is None or rpc.kind != "unary":
        entry.say("path", "is not a unary method of the services")
    elif rpc.no_side_effects != endpoint.idempotent:
        entry.say("idempotent", "must be what the services say as no_side_effects")
