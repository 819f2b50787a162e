"""The state of a server as a JSON document: what ``dump`` writes and ``seed`` reads.

Rules:

1. A document is complete: a server that is seeded with another's dump has the same data, and dumps
   the same document. A store that this module does not know is an error, never left out.
2. What a document leaves out is as on a new server.
3. A mistake is a ``ValueError`` that names its place in the document.
"""

from __future__ import annotations

import json
import os
import tempfile
from os import PathLike
from pathlib import Path
from typing import Any

from ._engine.access import PlatformAudit
from ._engine.auth_trail import AuthTrail
from ._engine.documents import Configs, Secrets
from ._engine.emitting import republish
from ._engine.events import EventLog
from ._engine.feed import Feed, Topics
from ._engine.kv import Buckets
from ._engine.operations import Breakers, DeadLetters, Debounced, TopicEdges
from ._engine.organizations import Organizations, Projects, check_name, new_state
from ._engine.people import ApiKeys, PlatformUsers, Users
from ._engine.permissions import PlatformPolicies, PlatformRoles, Policies, PolicyTemplates, Roles
from ._engine.projections import OwnProjections, Views
from ._engine.refusals import Refusal
from ._engine.runs import Functions, Runs
from ._engine.schemas import Schemas
from ._engine.state import (
    DEFAULT_ORG,
    Environment,
    Receipts,
    Record,
    Registry,
    State,
    Stores,
)
from ._engine.streams import Streams
from ._engine.subscriptions import Consumers
from ._engine.webhooks import Deliveries, Sources
from ._engine.workers import Workers
from ._reading import decoded
from ._shapes import Layout, Place, seconds_at
from ._stored import PLAIN, WAYS, add_to_stream

FORMAT = 1

_STATE = {
    "organizations": Organizations,
    "projects": Projects,
    "users": Users,
    "platform_users": PlatformUsers,
    "api_keys": ApiKeys,
    "roles": Roles,
    "platform_roles": PlatformRoles,
    "policies": Policies,
    "platform_policies": PlatformPolicies,
    "policy_templates": PolicyTemplates,
    "platform_audit": PlatformAudit,
    "auth_trail": AuthTrail,
}
# In an order in which each comes after what it refers to.
_ENVIRONMENT = {
    "kv": Buckets,
    "config": Configs,
    "secrets": Secrets,
    "schemas": Schemas,
    "topics": Topics,
    "feed": Feed,
    "consumer_groups": Consumers,
    "events": EventLog,
    "streams": Streams,
    "sql_projections": OwnProjections,
    "projections": Views,
    "functions": Functions,
    "runs": Runs,
    "workers": Workers,
    "receipts": Receipts,
    "dead_letters": DeadLetters,
    "circuit_breakers": Breakers,
    "debounced": Debounced,
    "topic_edges": TopicEdges,
    "webhook_sources": Sources,
    "webhook_deliveries": Deliveries,
}

_RECORD = ("id", "name", "project_id", "color", "created_at", "updated_at")
_NOT_DATA = ("owner", "steps")  # attributes of stores


def load(path: str | PathLike[str]) -> Any:
    """Return the JSON value in a file.

    Raises:
        ValueError: It is not JSON; the message names the file and the place.
    """
    try:
        return decoded(Path(path).read_bytes())
    except json.JSONDecodeError as error:
        problem = f"line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError:
        problem = "it is not UTF-8"
    except (ValueError, RecursionError) as error:
        problem = str(error)
    raise ValueError(f"{path} is not JSON: {problem}")


def save(path: str | PathLike[str], text: str) -> None:
    """Write a file that only its owner can read, at once or not at all."""
    folder = os.path.dirname(os.path.abspath(path))
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".ironflow-", dir=folder)
        with open(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # a lone surrogate as JSON has it
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            os.unlink(temporary)
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None


def written(state: State) -> str:
    """Return a state as the text of a document.

    Raises:
        RuntimeError: A store is not part of documents.
    """
    document = {
        "ironflow": FORMAT,
        **({"now": state.clock.text()} if state.clock.is_virtual else {}),
        "ids": dict(sorted(state.counts.items())),
        **_sections(state, _STATE),
        "environments": {
            id: {
                **environment.record,
                "org_id": environment.org_id,
                **_sections(environment, _ENVIRONMENT),
            }
            for id, environment in state.environments.items()
        },
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def state_of(document: Any, path: str | PathLike[str], registry: Registry) -> State:
    """Return the state that a document describes, as if it had just been stopped.

    Args:
        document: The document.
        path: Where it comes from; for messages.
        registry: What the user's code registered.

    Raises:
        ValueError: Something in the document is wrong.
    """
    try:
        return _read(document, registry)
    except ValueError as error:
        problem = str(error)
    except (AttributeError, KeyError, TypeError) as error:
        problem = f"it is not what a dump would write: {type(error).__name__}: {error}"
    raise ValueError(f"{path}: {problem}")


def _read(document: Any, registry: Registry) -> State:
    state = new_state(registry, None)
    place = Place(state)
    sections = dict(place.check(document, dict))
    if sections.pop("ironflow", FORMAT) != FORMAT:
        place.at("ironflow").wrong(f"must be {FORMAT}, the format of this version")
    now = sections.pop("now", None)
    counts = sections.pop("ids", {})
    environments = sections.pop("environments", {})
    if now is not None:
        state.clock.go_on_from(seconds_at(place.at("now").check(now, str), place.at("now")))
    _fill_stores(state, sections, place, _STATE)
    for key, given, at in place.at("environments").members(environments):
        _read_environment(state, key, dict(at.check(given, dict)), at)
    for prefix, count, at in place.at("ids").members(counts):
        state.counts[prefix] = max(at.check(count, int), state.counts.get(prefix, 0))
    state.close()
    return state


def _read_environment(state: State, key: str, given: Record, place: Place) -> None:
    record = {name: place.at(name).check(given.pop(name), str) for name in _RECORD if name in given}
    org_id = place.at("org_id").check(given.pop("org_id", DEFAULT_ORG), str)
    if org_id not in state.of(Organizations):
        place.at("org_id").wrong(f"names organization {org_id!r}, which does not exist")
    if not key.startswith("env_"):
        record.setdefault("name", key)
    id = key if key.startswith("env_") else record.get("id", "")
    known = (
        e
        for e in state.environments_of(org_id)
        if id == e.id or (not id and record["name"] == e.record["name"])
    )
    own = next(known, None)
    if own is None and id in state.environments:
        place.at("org_id").wrong("is not that of the environment with this id")
    name = str(record.get("name", own.record["name"] if own else id))
    try:
        check_name(state, org_id, name, own)
    except Refusal as refusal:
        place.wrong(f"cannot be: {refusal.message}")
    environment = own or state.add_environment(org_id, name, id=id)
    place.reserve(environment.id)
    environment.record.update(record, id=environment.id)
    place.environment = environment
    _fill_stores(environment, given, place, _ENVIRONMENT)
    for event in environment.of(EventLog).events:
        if "streams" not in given and "entity_id" in event:
            add_to_stream(environment, event)
        if "feed" not in given:  # so that subscribers can have the events replayed
            republish(environment, event)


def _sections(owner: Stores, kinds: dict[str, Any]) -> Record:
    """Return the stores of an owner as sections of a document, in the order of the table."""
    stores = dict(owner.stores())
    for kind in stores:
        if kind not in kinds.values():
            raise RuntimeError(f"documents do not know the store {kind.__name__}")
    found: Record = {}
    for name, kind in kinds.items():
        if kind in stores:
            store = stores[kind]
            found[name] = WAYS.get(kind, PLAIN)[0](store)
            found.update({f"{name}.{a.lstrip('_')}": vars(store)[a] for a in sorted(_more(store))})
    if isinstance(owner, Environment):  # a new one has nothing
        return {name: value for name, value in found.items() if value}
    return found


def _fill_stores(owner: Stores, sections: Record, place: Place, kinds: dict[str, Any]) -> None:
    """Fill the stores of an owner; what a document leaves out is as on a new server."""
    for section in sections:
        if section.partition(".")[0] not in kinds:
            place.at(section).wrong(f"is not known; known are {', '.join(kinds)}")
    for name, kind in kinds.items():
        more = [section for section in sections if section.startswith(f"{name}.")]
        if name not in sections and not more:
            continue
        store = owner.of(kind)
        if name in sections:
            WAYS.get(kind, PLAIN)[1](store, sections[name], place.at(name))
        members = {section[len(name) + 1 :]: sections[section] for section in more}
        Layout(*vars(store).keys() - _more(store)).fill(store, members, place.at(name))
        if isinstance(store, (Roles, Policies)):
            more_of: Any = store.policies if isinstance(store, Roles) else store.versions
            more_of.update({id: more_of.get(id, []) for id in store})
        if isinstance(store, Users) and not store.keys() <= store.passwords.keys():
            place.at(name).wrong(f"need a password each, in {name}.passwords")


def _more(store: Any) -> set[str]:
    """Return the attributes of a store that are sections of their own: ``users.passwords``."""
    if isinstance(store, EventLog):
        return {"sequence"}
    return vars(store).keys() - _NOT_DATA if isinstance(store, (dict, list)) else set()
