"""The methods of a client that follow what changes on the server.

They check their arguments. The first call of one of them loads what carries the streams; its rules
are in ``_live_stream`` and ``_live_sources``.
"""

from __future__ import annotations

from ._base import BaseClient
from ._errors import InvalidResponseError
from ._options import optional_callable, optional_patience, whole_number
from ._wire.loading import loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from . import _live_messages as messages
    from . import _live_stream as streams
    from . import _live_subscription as subscriptions
else:
    from ._hints import Any, Callable, Mapping, messages, streams, subscriptions

_ACKS = ("auto", "manual")
_BACKPRESSURE = ("drop", "block", "buffer")
_MOST_REPLAYED = 2**31 - 1  # the server counts in 32 bits


class Live(BaseClient):
    """The methods of a client that follow what changes on the server."""

    def kv_watch(
        self,
        bucket: str,
        key: str | None = None,
        *,
        timeout: float | None = None,
        idle_ping: float = 20.0,
        reconnect: bool = True,
        on_gap: Callable[[messages.Gap], object] | None = None,
    ) -> streams.LiveStream[messages.KVUpdate]:
        """Follow the keys of a bucket: what is there first, then every change.

        ::

            mirror = {}
            with client.kv_watch("flags") as updates:
                for update in updates:
                    if update["operation"] == "delete":
                        mirror.pop(update["key"], None)
                    else:
                        mirror[update["key"]] = client.kv_value(update)

        After a loss of the connection the stream connects again and reads the bucket, so a mirror
        stays right: what changed meanwhile is yielded, nothing twice and nothing older. If a key
        changed several times, you get the last change.

        The route is ``GET /api/v1/kv/buckets/{bucket}/watch``, over WebSocket.

        Args:
            bucket: Name of the bucket.
            key: Key pattern: ``*`` matches one dot separated part, ``>`` all that remain.
            timeout: Seconds to wait for the next update, reconnecting included. Default: no limit.
            idle_ping: Seconds of silence after which the server is pinged; after as many again the
                connection counts as lost.
            reconnect: Whether to connect again after a loss, as often as it takes, instead of
                raising. A handshake answered 401, 403, 404 or 426 ends the stream in any case.
            on_gap: Called once per loss, when the stream stands again and before what has changed
                is given, with a dict: ``error``, ``healed``, ``attempts``, ``seconds``.

        Returns:
            An iterator over updates, such as
                {"type": "kv_update", "bucket": "flags", "key": "dark-mode", "value": "b24=",
                 "revision": 7, "operation": "put"}
            It is a context manager, and any thread may ``close()`` it.

        Raises:
            IronflowError: The stream cannot be opened, or fails for good.
            IronflowTimeoutError: ``timeout`` has passed; the stream can still be used.
        """
        with loading:
            from ._live_sources import KVWatch
            from ._live_stream import LiveStream

        if key is not None:
            _check_text("key", key)
        options = _checked(timeout, idle_ping, reconnect, on_gap)
        return LiveStream(self, KVWatch(bucket, key), **options)  # type: ignore[arg-type]

    def config_watch(
        self,
        name: str,
        *,
        timeout: float | None = None,
        idle_ping: float = 20.0,
        reconnect: bool = True,
        on_gap: Callable[[messages.Gap], object] | None = None,
    ) -> streams.LiveStream[messages.ConfigUpdate]:
        """Follow a config document: as it is first, then every change.

        A document that does not exist yields nothing until it is written. After a loss of the
        connection the document is read again, and yielded if it has changed.

        The route is ``GET /api/v1/config/{name}/watch``, over WebSocket.

        Args:
            name: Name of the config document.
            timeout: Seconds to wait for the next update, reconnecting included. Default: no limit.
            idle_ping: Seconds of silence after which the server is pinged; after as many again the
                connection counts as lost.
            reconnect: Whether to connect again after a loss, as often as it takes, instead of
                raising. A handshake answered 401, 403, 404 or 426 ends the stream in any case.
            on_gap: Called once per loss, when the stream stands again and before what has changed
                is given, with a dict: ``error``, ``healed``, ``attempts``, ``seconds``.

        Returns:
            An iterator over updates, such as
                {"type": "config_update", "name": "limits", "data": {"max": 5}, "revision": 2,
                 "updatedAt": "2026-01-15T09:30:00Z"}
            ``data`` is None once the document is deleted. It is a context manager, and any thread
            may ``close()`` it.

        Raises:
            IronflowError: The stream cannot be opened, or fails for good.
            IronflowTimeoutError: ``timeout`` has passed; the stream can still be used.
        """
        with loading:
            from ._live_sources import ConfigWatch
            from ._live_stream import LiveStream

        options = _checked(timeout, idle_ping, reconnect, on_gap)
        return LiveStream(self, ConfigWatch(name), **options)  # type: ignore[arg-type]

    def subscribe(
        self,
        *patterns: str,
        replay: int = 0,
        include_metadata: bool = False,
        filter: str | None = None,
        consumer_group: str | None = None,
        ack: messages.AckMode = "auto",
        backpressure: messages.Backpressure | None = None,
        namespace: str | None = None,
        timeout: float | None = None,
        idle_ping: float = 20.0,
        reconnect: bool = True,
        on_gap: Callable[[messages.Gap], object] | None = None,
    ) -> subscriptions.Subscription:
        """Follow events, topics, entities and what the system does, by pattern.

        Patterns are such as ``events:order.*``, ``topic:news``, ``system.run.>``; ``*`` matches one
        segment, ``>`` all that remain. After a loss of the connection the stream subscribes again.
        What happened in between is missing: ``on_gap`` is called, or else the logger ``ironflow``
        gets a warning.

        The route is ``/ws``; the credential needs the permission ``events:subscribe``.

        Args:
            patterns: What to subscribe to, one pattern or more.
            replay: How many of the latest events to give first, for each pattern. They are asked
                for once, not again after a loss.
            include_metadata: Whether events have ``meta``.
            filter: CEL expression that an event has to meet.
            consumer_group: Name of a group whose members share the events.
            ack: ``manual`` if you acknowledge each event by ``ack``, ``nak`` or ``term``.
            backpressure: What the server does for a consumer that is slow: ``drop``, ``block`` or
                ``buffer``. Default: the server's.
            namespace: Namespace of the topics. Default: the server's.
            timeout: Seconds to wait for the next event, reconnecting included. Default: no limit.
            idle_ping: Seconds of silence after which the server is pinged; after as many again the
                connection counts as lost.
            reconnect: Whether to connect again after a loss, as often as it takes, instead of
                raising. A handshake answered 401, 403, 404 or 426 ends the stream in any case.
            on_gap: Called once per loss, when the stream stands again, with a dict: ``error``,
                ``healed`` (False), ``attempts``, ``seconds``.

        Returns:
            An iterator over events, such as
                {"type": "event", "subscriptionId": "sub_1", "topic": "events:order.placed",
                 "data": {"orderId": "123"}}
            It is a context manager, any thread may ``close()`` it, and it has ``ack(event)``,
            ``nak(event, delay=seconds)`` and ``term(event)``.

        Raises:
            IronflowError: The stream cannot be opened, a pattern is refused, or it fails for good.
            IronflowTimeoutError: ``timeout`` has passed; the stream can still be used.
        """
        with loading:
            from ._live_sources import Subscriptions
            from ._live_subscription import Subscription

        _check_patterns(patterns)
        wanted = _wanted(
            replay, include_metadata, filter, consumer_group, ack, backpressure, namespace
        )
        source = Subscriptions(patterns, wanted, self._options.environment)
        options = _checked(timeout, idle_ping, reconnect, on_gap)
        stream = Subscription(self, source, **options)  # type: ignore[arg-type]
        stream._is_manual = ack == "manual"
        return stream

    @staticmethod
    def kv_value(update: Mapping[str, Any]) -> bytes:
        """Decode the value of an update of ``kv_watch``, or of an entry of ``kv_get``.

        Args:
            update: The update or the entry.

        Returns:
            The bytes that were stored, none for a deletion.

        Raises:
            InvalidResponseError: The value is not base64.
        """
        with loading:
            import base64

        if not hasattr(update, "get"):
            raise TypeError(f"update: must be a dict, not {type(update).__name__}")
        value = update.get("value")
        if value is None or update.get("operation") == "delete":
            return b""
        try:
            return base64.b64decode(value, validate=True)
        except (TypeError, ValueError):
            pass  # raised below, because the cause would add nothing
        raise InvalidResponseError("the value of a key is not base64", code="INVALID_RESPONSE")


def _checked(
    timeout: float | None, idle_ping: float, reconnect: bool, on_gap: object
) -> dict[str, Any]:
    optional_patience("idle_ping", idle_ping)
    if idle_ping is None:
        raise TypeError("idle_ping: must be a number, not NoneType")
    _is_flag("reconnect", reconnect)
    return {
        "timeout": optional_patience("timeout", timeout),
        "idle_ping": idle_ping,
        "reconnect": reconnect,
        "on_gap": optional_callable("on_gap", on_gap),
    }


def _wanted(
    replay: int,
    include_metadata: bool,
    filter: str | None,
    consumer_group: str | None,
    ack: str,
    backpressure: str | None,
    namespace: str | None,
) -> dict[str, Any]:
    """Return the options of a subscription as the wire names them, those that are set."""
    whole_number("replay", replay, _MOST_REPLAYED, least=0)
    _is_flag("include_metadata", include_metadata)
    _one_of("ack", ack, _ACKS)
    if backpressure is not None:
        _one_of("backpressure", backpressure, _BACKPRESSURE)
    texts = {"filter": filter, "consumer_group": consumer_group, "namespace": namespace}
    for name, value in texts.items():
        if value is not None:
            _check_text(name, value)
    options = {
        "replay": replay or None,
        "includeMetadata": include_metadata or None,
        "filter": filter,
        "consumerGroup": consumer_group,
        "ackMode": ack,
        "backpressure": backpressure,
        "namespace": namespace,
    }
    return {name: value for name, value in options.items() if value is not None}


def _check_patterns(patterns: tuple[str, ...]) -> None:
    if not patterns:
        raise TypeError("patterns: needs at least one")
    for pattern in patterns:
        _check_text("patterns", pattern)
        if not pattern:
            raise ValueError("patterns: must not be empty")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name}: must be a string, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        pass
    else:
        return
    raise ValueError(f"{name}: is not valid Unicode")


def _is_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{name}: must be True or False, not {type(value).__name__}")


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name}: must be {' or '.join(map(repr, known))}")
