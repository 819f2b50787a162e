"""Everything that the server holds: what belongs to an environment, and what is above them.

Rules:

1. One lock guards it all, the registry too and also after a reset; handlers run with it held.
   ``changed`` is its condition: who waits for something (a projection, a run) waits there, who
   changes something tells there.
2. A record is a plain dict with the members of its model in the manifest, so that a reply needs no
   translation; ``only`` picks the members that a model has. What is not set is absent.
3. Ids are counted, not random, so that tests can be read: ``evt_1``, ``run_2``.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from ._checks import missing, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ._projections import Projection, View
    from ._runs import Function, Run, Waiter

Record = dict[str, Any]

DEFAULT_ORG = "org_default"
DEFAULT_ENVIRONMENT = "env_default"
DEFAULT_PROJECT = "proj_default_default"
PLATFORM_ORG = "org_platform"
BUILT_IN_ROLES = ("admin", "developer", "viewer")
STOPPING = "the server is stopping"  # said to whoever is interrupted by it
_COLORS = ("#3b82f6", "#22c55e", "#f59e0b", "#ef4444", "#8b5cf6")


def only(record: Record, members: Iterable[str]) -> Record:
    """Return the members of a record that are set."""
    return {name: record[name] for name in members if record.get(name) is not None}


class Registry:
    """What the user's own code registered; it outlives a reset of the data, and so does the lock.

    Attributes:
        lock: Guards this and the data.
        functions, projections: By id and by name.
        upcasters: In the order of their registration.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.functions: dict[str, Function] = {}
        self.projections: dict[str, Projection] = {}
        self.upcasters: list[Upcaster] = []


class Upcaster:
    """A conversion of an event's data from one schema version to a later one."""

    def __init__(
        self, event_name: str, from_version: int, to_version: int, convert: Any, description: str
    ) -> None:
        self.event_name = event_name
        self.from_version = from_version
        self.to_version = to_version
        self.convert = convert
        self.description = description


class Environment:
    """The data of one environment.

    Attributes:
        record: The environment itself, as ``environments_list`` gives it.
        org_id: Organization it belongs to.
        sequence: Number of the latest event or message.
        events: All events, oldest first; models ``Event``.
        runs, steps: By id, oldest first.
        audit: Audit events of the runs, oldest first.
        receipts: Replies by what was done and its idempotency key; see ``once``.
        waiters: Runs that wait for an event.
        functions: Functions that workers registered, by id.
        views: State of the projections by name.
        buckets: Key-value buckets by name.
        configs: Config documents by name: name, data, revision, updatedAt.
        secrets: Secrets by name, with their values.
        streams: Entity streams by entity id.
        schemas: Event schemas by (event name, version).
        deliveries: Webhook deliveries.
        dead_letters: Rows of the outbox that were given up, by event id.
        breakers: Circuit breakers by key.
        debounced: Debounced invocations by (function, debounce key).
        workers: Workers by id.
    """

    def __init__(self, record: Record, org_id: str) -> None:
        self.record = record
        self.org_id = org_id
        self.sequence = 0
        self.events: list[Record] = []
        self.runs: dict[str, Run] = {}
        self.steps: dict[str, Record] = {}
        self.audit: list[Record] = []
        self.receipts: dict[tuple[tuple[str, ...], str], Record] = {}
        self.waiters: list[Waiter] = []
        self.functions: dict[str, Function] = {}
        self.views: dict[str, View] = {}
        self.buckets: dict[str, Any] = {}
        self.configs: dict[str, Record] = {}
        self.secrets: dict[str, Record] = {}
        self.streams: dict[str, Any] = {}
        self.schemas: dict[tuple[str, int], Record] = {}
        self.deliveries: list[Record] = []
        self.dead_letters: dict[str, Record] = {}
        self.breakers: dict[str, Record] = {}
        self.debounced: dict[tuple[str, str], Record] = {}
        self.workers: dict[str, Any] = {}

    @property
    def id(self) -> str:
        return str(self.record["id"])

    def event(self, event_id: str) -> Record | None:
        """Return an event by its id."""
        return next((event for event in self.events if event["id"] == event_id), None)

    def once(self, what: tuple[str, ...], key: str, act: Callable[[], Record]) -> Record:
        """Act, and return the reply; with an idempotency key that was used, the reply of then.

        Args:
            what: What the key is for: the route's name, and the thing that it acts on.
            key: The key, empty for none.
            act: Does it and gives the reply.
        """
        if key and (what, key) in self.receipts:
            return self.receipts[what, key]
        reply = act()
        if key:
            self.receipts[what, key] = reply
        return reply

    def next_sequence(self) -> int:
        """Return the number of the next event or message."""
        self.sequence += 1
        return self.sequence


class State:
    """All data of a server.

    Args:
        registry: What the user's own code registered.
        api_key: Key that is asked for, None when none is.

    Attributes:
        lock, changed: Rule 1.
        closed: Whether the server has stopped, or started afresh with another state.
        started: When it was made, in seconds since 1970.
        environments: By id.
        orgs, projects, users, roles, policies, policy_templates, api_keys: Records by id.
        policy_versions: Versions by policy id, oldest first.
        role_policies: Ids of the attached policies by role id, in the order of attachment.
        platform_users, platform_roles, platform_policies: Records by id.
        platform_audit: Audit events of the platform, oldest first.
        passwords: Passwords of users and platform users, by user id.
        sessions: User ids by the token that a login gave.
    """

    def __init__(self, registry: Registry, api_key: str | None = None) -> None:
        self.registry = registry
        self.api_key = api_key
        self.lock = registry.lock
        self.changed = threading.Condition(self.lock)
        self.closed = False
        self.started = time.time()
        self._counts: dict[str, int] = {}
        self.environments: dict[str, Environment] = {}
        self.orgs: dict[str, Record] = {}
        self.projects: dict[str, Record] = {}
        self.users: dict[str, Record] = {}
        self.roles: dict[str, Record] = {}
        self.policies: dict[str, Record] = {}
        self.policy_versions: dict[str, list[Record]] = {}
        self.role_policies: dict[str, list[str]] = {}
        self.policy_templates: dict[str, Record] = {}
        self.api_keys: dict[str, Record] = {}
        self.platform_users: dict[str, Record] = {}
        self.platform_roles: dict[str, Record] = {}
        self.platform_policies: dict[str, Record] = {}
        self.platform_audit: list[Record] = []
        self.passwords: dict[str, str] = {}
        self.sessions: dict[str, str] = {}
        self.add_organization("default", id=DEFAULT_ORG)
        self.add_project(DEFAULT_ORG, "default", id=DEFAULT_PROJECT)
        self.add_environment(
            DEFAULT_ORG, "default", id=DEFAULT_ENVIRONMENT, project_id=DEFAULT_PROJECT
        )

    def now(self) -> str:
        """Return the time as RFC 3339 text."""
        return timestamp(time.time())

    def new_id(self, prefix: str) -> str:
        """Return an id that was not given before: the prefix and a count."""
        count = self._counts[prefix] = self._counts.get(prefix, 0) + 1
        return f"{prefix}_{count}"

    def add_organization(self, name: str, *, id: str = "") -> Record:
        """Make an organization with the built-in roles; it has no environment yet."""
        moment = self.now()
        org_id = id or self.new_id("org")
        self.orgs[org_id] = {"id": org_id, "name": name, "created_at": moment, "updated_at": moment}
        for role in BUILT_IN_ROLES:
            self.add_role(org_id, role, is_default=True)
        return self.orgs[org_id]

    def add_project(self, org_id: str, name: str, *, id: str = "") -> Record:
        """Make a project."""
        moment = self.now()
        record: Record = {
            "id": id or self.new_id("proj"),
            "org_id": org_id,
            "name": name,
            "created_at": moment,
            "updated_at": moment,
        }
        self.projects[record["id"]] = record
        return record

    def add_role(self, org_id: str, name: str, *, is_default: bool = False) -> Record:
        """Make a role without policies, of an organization or of the platform."""
        record: Record = {
            "id": self.new_id("role"),
            "org_id": org_id,
            "name": name,
            "is_default": is_default,
            "created_at": self.now(),
        }
        records = self.platform_roles if org_id == PLATFORM_ORG else self.roles
        records[record["id"]] = record
        self.role_policies[record["id"]] = []
        return record

    def environments_of(self, org_id: str) -> Iterator[Environment]:
        return (found for found in self.environments.values() if found.org_id == org_id)

    def environment(self, org_id: str, named: str = "") -> Environment:
        """Return an organization's environment by name or id; a name that is new makes one."""
        for found in self.environments_of(org_id):
            if named in (found.id, found.record["name"]) or not named:
                return found
        if named.startswith("env_"):
            raise missing("environment", named)
        return self.add_environment(org_id, named or "default")

    def add_environment(
        self, org_id: str, name: str, *, id: str = "", color: str = "", project_id: str = ""
    ) -> Environment:
        """Make an environment; it starts empty."""
        moment = self.now()
        record = {
            "id": id or self.new_id("env"),
            "name": name,
            "project_id": project_id,
            "color": color or _COLORS[len(self.environments) % len(_COLORS)],
            "created_at": moment,
            "updated_at": moment,
        }
        self.environments[record["id"]] = Environment(record, org_id)
        return self.environments[record["id"]]

    def close(self) -> None:
        """End every wait: the server stops, or starts afresh."""
        self.closed = True  # before the lock is had: a query that holds it looks here
        with self.lock:
            self.closed = True  # a start may have come between
            for environment in self.environments.values():
                for run in environment.runs.values():
                    run.wake.set()
            self.changed.notify_all()
