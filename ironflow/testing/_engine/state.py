"""Everything the server holds: what belongs to an environment, and what is above them.

Rules:

1. One lock guards everything, including the registry, and outlives a reset. ``changed`` is its
   condition: waiters wait on it, and every change notifies it.
2. A record is a plain dict with the members of its model in the manifest, so a reply needs no
   translation; ``only`` picks the members that a model has. Members that are not set are absent.
3. Stores hold plain data and references to one another, so that the whole state can be copied.
   Threads, conditions and timers are not part of it and can be created again from it.
4. Ids are counted, not random, so that tests are easy to read: ``evt_1``, ``run_2``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, ClassVar, Generic, TypeVar

from .clock import Clock
from .refusals import STOPPING, Entangled, Refusal, missing

S = TypeVar("S")
K = TypeVar("K")
V = TypeVar("V")
Owner = TypeVar("Owner")
Record = dict[str, Any]

DEFAULT_ORG = "org_default"
DEFAULT_ENVIRONMENT = "env_default"
DEFAULT_PROJECT = "proj_default_default"
PLATFORM_ORG = "org_platform"
_LONG_CALL = 2.0  # seconds after which a reducer that holds the lock is suspected to wait for it
_ENVIRONMENT_NAME = re.compile("[a-z0-9][a-z0-9_-]{0,62}")
_COLORS = ("#3b82f6", "#22c55e", "#f59e0b", "#ef4444", "#8b5cf6")


def check_environment_name(name: str) -> None:
    """Refuse a name that an environment cannot have."""
    if not _ENVIRONMENT_NAME.fullmatch(name):
        raise Refusal(
            400, "an environment's name is made of lower-case letters, digits, - and _, 63 at most"
        )


def only(record: Record, members: Iterable[str]) -> Record:
    """Return the members of a record that are set."""
    return {name: record[name] for name in members if record.get(name) is not None}


class Stores:
    """One store of each kind, created on first use.

    A copy leaves out the kinds that are ``transient``: they hold connections.
    """

    def __init__(self) -> None:
        self._stores: dict[Any, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_stores": dict(self.stores())}

    def of(self, kind: Callable[[Any], S]) -> S:
        """Return the store of a kind: a class that takes its owner."""
        if kind not in self._stores:
            self._stores[kind] = kind(self)
        store: S = self._stores[kind]
        return store

    def stores(self) -> list[tuple[Any, Any]]:
        """Return the kinds of the stores in use and the stores, except transient ones."""
        kinds = self._stores.items()
        return [(kind, store) for kind, store in kinds if not getattr(kind, "transient", False)]

    def any_says(self, question: str) -> bool:
        """Return whether a store answers yes to ``holds_time`` or ``wants_time``."""
        stores = list(self._stores.values())
        return any(getattr(store, question)() for store in stores if hasattr(store, question))

    def close(self) -> None:
        """Close the stores that have a ``close`` method: the server stops."""
        for store in list(self._stores.values()):
            if hasattr(store, "close"):
                store.close()


class Registry(Stores):
    """What the user's code registered. It outlives a reset, and so does the lock.

    Args:
        clock: The kind of clock that each state gets.
    """

    def __init__(self, clock: type[Clock] = Clock) -> None:
        super().__init__()
        self.clock = clock
        self.lock: threading.RLock = threading.RLock()
        self._call: tuple[str, float] | None = None

    @contextmanager
    def calling(self, what: str) -> Iterator[None]:
        """Note that the user's own code is called with the lock held, and which."""
        self._call = (what, monotonic())
        try:
            yield
        finally:
            self._call = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            Entangled: The user's own code holds it and calls the server, or does not return.
        """
        while not self.lock.acquire(timeout=_LONG_CALL):
            self._refuse_entangled(_LONG_CALL)
        try:
            self._refuse_entangled(0.0)  # the code itself calls: the lock is its own
            yield
        finally:
            self.lock.release()

    def _refuse_entangled(self, seconds: float) -> None:
        if (call := self._call) is not None and monotonic() - call[1] >= seconds:
            what = f"{call[0]} is being called; it must not call the server, and has to return soon"
            raise Entangled(508, what)


class State(Stores):
    """All data of a server.

    Args:
        registry: What the user's code registered.
        api_key: Key that callers need, None when they need none.
        strict: Whether an environment has to be created before a request can name it.

    Attributes:
        lock, changed: Rule 1.
        clock: Tells the time.
        closed: Whether the server has stopped, or started afresh with another state.
        environments: By id.
        started: Time of its creation.
        counts: How many ids were given, by their prefix.
    """

    def __init__(
        self, registry: Registry, api_key: str | None = None, strict: bool = False
    ) -> None:
        super().__init__()
        self.registry = registry
        self.api_key = api_key
        self.strict = strict
        self.lock: threading.RLock = registry.lock
        self.clock: Clock = registry.clock(self.lock)
        self.closed: bool = False
        self.environments: dict[str, Environment] = {}
        self.started: float = self.clock.now()
        self.counts: dict[str, int] = {}

    @property
    def changed(self) -> threading.Condition:
        return self.clock.changed

    def hold(self, is_over: Callable[[], bool], *limits: float, **options: Any) -> bool:
        """Hold a request until ``is_over`` returns true; arguments as in ``Clock.wait_for``.

        Raises:
            Refusal: The server stops.
        """
        reached = self.clock.wait_for(lambda: self.closed or is_over(), *limits, **options)
        if self.closed:
            raise Refusal(503, STOPPING)
        return reached

    def new_id(self, prefix: str) -> str:
        """Return a new id: the prefix and a count."""
        count = self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}_{count}"

    def environments_of(self, org_id: str) -> list[Environment]:
        return [found for found in self.environments.values() if found.org_id == org_id]

    def environment(self, org_id: str, named: str = "") -> Environment:
        """Return an organization's environment by name or id.

        A new name creates one, unless the server is strict.
        """
        for found in self.environments_of(org_id):
            if named in (found.id, found.record["name"]) or not named:
                return found
        if named and (self.strict or named.startswith("env_")):
            raise missing("environment", named)
        return self.add_environment(org_id, named or "default")

    def add_environment(
        self, org_id: str, name: str, *, id: str = "", color: str = "", project_id: str = ""
    ) -> Environment:
        """Create an empty environment."""
        check_environment_name(name)
        moment = self.clock.text()
        record = {
            "id": id or self.new_id("env"),
            "name": name,
            "project_id": project_id,
            "color": color or _COLORS[len(self.environments) % len(_COLORS)],
            "created_at": moment,
            "updated_at": moment,
        }
        self.environments[record["id"]] = Environment(self, record, org_id)
        return self.environments[record["id"]]

    def any_says(self, question: str) -> bool:
        owners: list[Stores] = list(self.environments.values())
        return super().any_says(question) or any(owner.any_says(question) for owner in owners)

    def close(self) -> None:
        """End every wait: the server stops, or starts afresh."""
        self.closed = True  # before taking the lock, for code that checks it without the lock
        with self.registry.locked():
            self.closed = True  # a start may have come in between
            super().close()
            for environment in self.environments.values():
                environment.close()
            self.clock.stop()
            self.changed.notify_all()


class Environment(Stores):
    """The data of one environment.

    Attributes:
        state: The state that it is part of.
        record: The environment itself, as ``environments_list`` gives it.
        org_id: Organization it belongs to.
    """

    def __init__(self, state: State, record: Record, org_id: str) -> None:
        super().__init__()
        self.state = state
        self.record = record
        self.org_id = org_id

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def clock(self) -> Clock:
        return self.state.clock

    def new_id(self, prefix: str) -> str:
        return self.state.new_id(prefix)


class Index(dict[K, V], Generic[K, V, Owner]):
    """A store: things of one kind by id or name, oldest first.

    Attributes:
        owner: The environment, the state or the registry that it belongs to.
        what: What one of them is called in messages.
    """

    what: ClassVar[str] = "record"

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self.owner = owner

    def require(self, key: K) -> V:
        """Return the thing with this key, or refuse the request."""
        if key not in self:
            raise missing(self.what)
        return self[key]

    def refuse_taken(self, key: K) -> None:
        """Refuse an id or a name that is in use."""
        if key in self:
            raise Refusal(409, f"{self.what} already exists: {key}")


class Log(list[V], Generic[V, Owner]):
    """A store: things of one kind, oldest first."""

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self.owner = owner


class Records(Index[str, Record, "State | Environment"]):
    """Plain records.

    Attributes:
        prefix: Prefix of the ids.
    """

    prefix: ClassVar[str] = "rec"

    def add(self, *, id: str = "", **members: Any) -> Record:
        """Add a record; it gets an id, and the time as ``created_at`` and ``updated_at``."""
        moment = self.owner.clock.text()
        record: Record = {"id": id or self.owner.new_id(self.prefix), **members}
        record.update(created_at=moment, updated_at=moment)
        self[record["id"]] = record
        return record

    def change(self, record: Record, **members: Any) -> Record:
        """Change a record's members, and ``updated_at`` with them."""
        record.update(members, updated_at=self.owner.clock.text())
        return record

    def remove(self, key: str) -> None:
        """Remove a record, with what belongs to it."""
        del self[key]

    def of_org(self, org_id: str) -> list[Record]:
        """Return the records of an organization."""
        return [record for record in self.values() if record["org_id"] == org_id]


class Receipts:
    """Replies by action and idempotency key."""

    def __init__(self, environment: Environment) -> None:
        self.replies: dict[tuple[tuple[str, ...], str], Record] = {}

    def once(self, what: tuple[str, ...], key: str, act: Callable[[], Record]) -> Record:
        """Act and return the reply; if the idempotency key was used before, return that reply.

        A key is unique within ``what``: the action and the thing it acts on.
        """
        if key and (what, key) in self.replies:
            return self.replies[what, key]
        reply = act()
        if key:
            self.replies[what, key] = reply
        return reply
