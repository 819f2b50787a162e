"""What the messages of each kind of live stream mean, and how its state is read after a gap.

Rules:

1. A message that is an item is yielded as it came. Unknown types are skipped: a newer server may
   send them.
2. An ``error`` frame, a refused pattern, and a ``subscription_error`` that is not retried end the
   stream: a new connection would be told the same.
3. Servers send the current state first, and again after a reconnect. A state is yielded only if it
   is newer than what was yielded for its key before.
4. After a gap the keys are listed and read. What is newer is yielded. A key that was yielded before
   and is no longer listed is a deletion with the last known revision.
5. A deletion that was found this way is not yielded again when its own frame comes.

A source is used by one thread at a time. ``read`` makes at most one call, so that an interrupted
reading continues where it was.
"""

from __future__ import annotations

import json

from ._encoding import query_string, segment
from ._errors import InvalidResponseError, NotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .client import IronflowClient


class Refused(Exception):
    """The server ends the stream by a frame.

    Args:
        code: The frame's code, empty without one.
        message: The frame's message.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Seen:
    """Which revision of each name was given last, and which names exist."""

    def __init__(self) -> None:
        self.revisions: dict[str, int] = {}
        self.live: set[str] = set()

    def take(self, name: str, revision: object, is_deletion: bool) -> bool:
        """Note an update; return whether it is to be given (rules 3 and 5)."""
        if not isinstance(revision, int):
            return True  # nothing to compare
        if revision <= self.revisions.get(name, revision - 1):
            return False
        told = is_deletion and name in self.revisions and name not in self.live
        self.revisions[name] = revision
        if is_deletion:
            self.live.discard(name)
        else:
            self.live.add(name)
        return not told

    def lose(self, name: str) -> int | None:
        """Note that a name is gone; return its last revision, None if that is known already."""
        if name not in self.live:
            return None
        self.live.discard(name)
        return self.revisions[name]


class Source:
    """What a stream follows.

    Attributes:
        path: Path and query of the route.
        heals: Whether the state can be read again.
        stands: Whether the server has taken up the stream on the present connection.
        remark: What the server said that belongs in the log, empty for nothing.
    """

    path = ""
    heals = True
    stands = True
    remark = ""

    def opened(self) -> list[str]:
        """Begin on a new connection; return what to send."""
        raise NotImplementedError

    def item(self, message: dict[str, Any]) -> Any:
        """Return the item that a message is, None for none.

        Raises:
            Refused: The server ends the stream by this message.
        """
        raise NotImplementedError

    def read(self, client: IronflowClient) -> tuple[Any, bool]:
        """Make one step of reading the state; return an item or None, and whether it is done."""
        return None, True


class KVWatch(Source):
    """The keys of a bucket, all of them or those that match a pattern."""

    def __init__(self, bucket: str, key: str | None) -> None:
        self._bucket = bucket
        self._key = key
        self._seen = Seen()
        self._listed: list[str] | None = None
        self._gone: list[str] = []
        asked = "" if key is None else f"?{query_string({'key': key})}"
        self.path = f"/api/v1/kv/buckets/{segment(bucket=bucket)}/watch{asked}"

    def opened(self) -> list[str]:
        self._listed = None
        return []

    def item(self, message: dict[str, Any]) -> Any:
        if message.get("type") != "kv_update":
            return _no_item(message)
        deleted = message.get("operation") == "delete"
        given = self._seen.take(str(message.get("key")), message.get("revision"), deleted)
        return message if given else None

    def read(self, client: IronflowClient) -> tuple[Any, bool]:
        if self._listed is None:
            reply = client.kv_list_buckets_keys(self._bucket, filter=self._key)
            self._listed = _names(reply)
            self._gone = sorted(self._seen.live.difference(self._listed))
        if self._gone:
            return self._deletion(self._gone.pop()), False
        if not self._listed:
            return None, True
        key = self._listed[-1]
        item = self._current(client, key)
        self._listed.pop()
        return item, False

    def _current(self, client: IronflowClient, key: str) -> Any:
        try:
            entry = client.kv_get_buckets_keys(self._bucket, key)
        except NotFoundError:
            return self._deletion(key)
        if not isinstance(entry, dict) or not isinstance(entry.get("revision"), int):
            raise InvalidResponseError(
                "the server's entry of a key has no revision", code="INVALID_RESPONSE"
            )
        if not self._seen.take(key, entry["revision"], False):
            return None
        return self._update(key, entry.get("value") or "", entry["revision"], "put")

    def _deletion(self, key: str) -> Any:
        revision = self._seen.lose(key)
        return None if revision is None else self._update(key, "", revision, "delete")

    def _update(self, key: str, value: str, revision: int, operation: str) -> dict[str, Any]:
        return {
            "type": "kv_update",
            "bucket": self._bucket,
            "key": key,
            "value": value,
            "revision": revision,
            "operation": operation,
        }


class ConfigWatch(Source):
    """One config document."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen = Seen()
        self._is_read = False
        self.path = f"/api/v1/config/{segment(name=name)}/watch"

    def opened(self) -> list[str]:
        self._is_read = False
        return []

    def item(self, message: dict[str, Any]) -> Any:
        if message.get("type") != "config_update":
            return _no_item(message)
        deleted = message.get("data") is None
        return message if self._seen.take("", message.get("revision"), deleted) else None

    def read(self, client: IronflowClient) -> tuple[Any, bool]:
        if self._is_read:
            return None, True
        try:
            found: Any = client.config_get(self._name)
        except NotFoundError:
            found = None
        self._is_read = True
        item: dict[str, Any] = {"type": "config_update", "name": self._name}
        if found is None:
            revision = self._seen.lose("")
            return None if revision is None else {**item, "data": None, "revision": revision}, False
        if not isinstance(found, dict) or not isinstance(found.get("revision"), int):
            raise InvalidResponseError(
                "the server's config document has no revision", code="INVALID_RESPONSE"
            )
        if not self._seen.take("", found["revision"], False):
            return None, False
        members = ("data", "revision", "updatedAt")
        return {**item, **{name: found[name] for name in members if name in found}}, False


class Subscriptions(Source):
    """Events that patterns match; they cannot be read again.

    Args:
        patterns: What to subscribe to.
        options: Options of each subscription, as the wire names them.
        environment: Environment of the client, None without one.
    """

    heals = False

    def __init__(
        self, patterns: tuple[str, ...], options: dict[str, Any], environment: str | None
    ) -> None:
        self.stands = False
        self._patterns = patterns
        self._options = options
        self._waiting: set[str] = set()
        self._by_id: dict[str, str] = {}
        self.path = f"/ws?{query_string({'env': environment})}" if environment else "/ws"

    def opened(self) -> list[str]:
        # Only the first subscription asks for a replay: a later one would give events again.
        frames = [
            json.dumps(
                {
                    "type": "subscribe",
                    "subscription": {"pattern": pattern, "options": self._options},
                }
            )
            for pattern in self._patterns
        ]
        self.stands = False
        self._waiting = set(self._patterns)
        self._by_id = {}
        self._options = {name: value for name, value in self._options.items() if name != "replay"}
        return frames

    def item(self, message: dict[str, Any]) -> Any:
        kind = message.get("type")
        if kind == "event":
            self.stands = True
            return message
        if kind == "subscription_result":
            results = message.get("results")
            for result in results if isinstance(results, list) else []:
                if isinstance(result, dict):
                    self._note(result)
        elif kind == "subscription_error":
            self._complain(message)
        return _no_item(message)

    def _note(self, result: dict[str, Any]) -> None:
        pattern = str(result.get("pattern", ""))
        if result.get("status") != "ok":
            message = result.get("message") or "the server gives no reason"
            raise Refused(_text(result.get("code")), f"{pattern} is refused: {message}")
        self._by_id[str(result.get("subscriptionId"))] = pattern
        self._waiting.discard(pattern)
        self.stands = self.stands or not self._waiting

    def _complain(self, message: dict[str, Any]) -> None:
        pattern = self._by_id.get(str(message.get("subscriptionId")), "a subscription")
        said = message.get("message") or "the server gives no reason"
        if message.get("retrying") is True:
            self.remark = f"the server retries {pattern}: {said}"
            return
        raise Refused(_text(message.get("code")), f"{pattern} has failed: {said}")


def _no_item(message: dict[str, Any]) -> None:
    if message.get("type") == "error":
        said = message.get("message") or "the server gives no reason"
        raise Refused(_text(message.get("code")), str(said))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _names(reply: object) -> list[str]:
    """Return the keys of a listing, the last one first; null stands for none."""
    listed = reply.get("keys", False) if isinstance(reply, dict) else False
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise InvalidResponseError(
            "the server's list of keys cannot be used", code="INVALID_RESPONSE"
        )
    return listed[::-1]
