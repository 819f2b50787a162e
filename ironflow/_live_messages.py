"""What live streams yield: the server's own messages, as they come over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

from ._errors import IronflowError

if TYPE_CHECKING:
    from typing_extensions import NotRequired
else:
    from .models import NotRequired

AckMode = Literal["auto", "manual"]
Backpressure = Literal["block", "buffer", "drop"]


class KVUpdate(TypedDict):
    """A key of a bucket was put or deleted."""

    type: str
    """``kv_update``."""
    bucket: str
    key: str
    value: str
    """Stored bytes as base64 text, empty for a deletion; ``IronflowClient.kv_value`` decodes it."""
    revision: int
    operation: str
    """``put`` or ``delete``."""


class ConfigUpdate(TypedDict):
    """A config document was written or deleted."""

    type: str
    """``config_update``."""
    name: str
    data: dict[str, Any] | None
    """The document, None once it is deleted."""
    revision: int
    updatedAt: NotRequired[str]


class EventMetadata(TypedDict):
    """When and as which message of its stream an event came."""

    timestamp: NotRequired[str]
    sequence: NotRequired[int]


class Event(TypedDict):
    """An event that a pattern matches."""

    type: str
    """``event``."""
    subscriptionId: str
    topic: str
    data: Any
    meta: NotRequired[EventMetadata]
    """With ``include_metadata``."""
    eventId: NotRequired[str]
    """What the event is acknowledged by."""


class Gap(TypedDict):
    """A loss of the connection that has been mended."""

    error: IronflowError
    """What ended the connection."""
    healed: bool
    """Whether the state was read again, so that nothing is missing (KV and config)."""
    attempts: int
    """How many attempts the new connection took."""
    seconds: float
    """How long there was no connection."""
