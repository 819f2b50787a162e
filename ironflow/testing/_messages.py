"""The messages of RPC methods as JSON: Connect's on the wire, records as the engine has them.

Rules (https://protobuf.dev/programming-guides/json/):

1. A request's members come in snake_case or camelCase. null, zero, false and empty text count as
   absent, because the product cannot tell them apart. Unknown members are ignored; a member of the
   wrong type is refused by name.
2. In a reply, members are in camelCase, except where the product sends snake_case. Members that are
   zero, empty or false are left out.
3. 64-bit integers are decimal text, durations are seconds such as ``5.3s``, bytes are base64, and
   enums have their full names. The engine uses the words of REST for them.
4. No name inside user data (an event, an output) changes. A value that is not an object does not
   fit into a ``struct``, and goes into a member of its own, ``output_value`` for ``output``.

Design: ``FIELDS`` lists the members of each message with their types; see ``_field``. Only listed
members are read and sent.
"""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from typing import Any, NamedTuple

from ._engine.refusals import Refusal
from ._engine.state import Record
from ._reading import decoded

_WHOLE = re.compile(r"-?[0-9]{1,19}")
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?s")
_BITS = {"int32": 31, "int64": 63, "uint64": 64}


_FUNCTION = (
    "id name description triggers:Trigger retry:RetryConfig timeout_ms:int32 "
    "concurrency:Concurrency preferred_mode:EXECUTION_MODE>execution_mode endpoint_url actor_key "
    "debounce:Debounce "
)

# Messages by name, those of requests and of replies alike.
FIELDS = {
    "AuditEvent": "id run_id function_id step_id event_type payload:struct metadata created_at",
    "Catchup": (
        "caught_up>caughtUp timed_out>timedOut current_seq:uint64>currentSeq mode rebuilding "
        "target_seq:uint64>targetSeq behind_by_events:int64>behindByEvents"
    ),
    "CaughtUp": "result:Catchup error",
    "Concurrency": "limit:int32 key",
    "Debounce": "period_ms:int32 key max_wait_ms:int32",
    "Environment": "id name created_at updated_at",
    "Error": "message code stack retryable details:struct",
    "Function": _FUNCTION + "status:FUNCTION_STATUS version created_at updated_at metadata:struct",
    "HistoryEntry": (
        "event_id event_name event_data:struct entity_version:int64 schema_version source "
        "timestamp runs:HistoryRun"
    ),
    "HistoryInfo": (
        "entity_id entity_type current_version:int64 total_event_count:int64 created_at updated_at"
    ),
    "HistoryRun": ("run_id function_id status duration_ms started_at ended_at steps:HistoryStep"),
    "HistoryStep": "step_id name step_type status duration_ms error_message",
    "PausedStep": "id name output:bytes injected completed_at step_type status error:bytes",
    "Projection": (
        "name mode status events partition_key version last_event_seq:int64 created_at updated_at"
    ),
    "RebuildJob": (
        "job_id projection_name status events_processed:int64 total_events:int64 progress "
        "started_at estimated_remaining error"
    ),
    "RegisterFunction": _FUNCTION + "metadata:struct secrets",
    "RetryConfig": (
        "max_attempts:int32 initial_delay_ms:int32 backoff_factor max_delay_ms:int32 on_exhausted"
    ),
    "Run": (
        "id function_id event_id execution_mode:EXECUTION_MODE worker_id actor_id input:struct "
        "output:struct error:Error status:RUN_STATUS attempt max_attempts started_at ended_at "
        "created_at updated_at pause_requested pause_reason function_version"
    ),
    "RunResult": (
        "run_id function_id status:RUN_STATUS output:struct error:Error duration_ms wait_timed_out"
    ),
    "Schema": "event_name version schema_json description created_at",
    "SqlRow": "values",
    "Step": (
        "id run_id step_id step_type:STEP_TYPE sequence status:STEP_STATUS input:struct "
        "output:struct error:Error attempt duration_ms started_at ended_at original_output:struct "
        "patched_at patched_by compensation_for"
    ),
    "Stream": "entity_id entity_type version:int64 event_count:int64 created_at updated_at",
    "StreamEvent": (
        "id name data:struct entity_version:int64 version timestamp source metadata:struct"
    ),
    "SubscribeOptions": (
        "replay:int32 include_metadata>includeMetadata filter namespace "
        "consumer_group>consumerGroup ack_mode:ACK_MODE>ackMode "
        "backpressure:BACKPRESSURE_MODE start_after_sequence:uint64!"
    ),
    "EventMetadata": "timestamp namespace",
    "Topic": "name message_count:int64 consumer_count first_message_at last_message_at",
    "Trigger": "event expression cron",
    "TriggerEvent": "event data:struct idempotency_key metadata:struct version:int32",
    "Triggered": "run_ids event_id",
    "UpcastStep": "from_version to_version description",
    "WaitItem": "name min_seq:uint64!>minSeq partition",
    "WebhookDelivery": "id source_id external_id status event_id error created_at",
    "WebhookSource": (
        "id name event_prefix verify_header verify_algorithm source_type metadata:struct "
        "created_at updated_at verify_secret_set verify_secret_prev_set "
        "verify_secret_prev_expires_at ingest_token_prefix ingest_token"
    ),
}

# What requests may say, by the words of the engine.
_ENUMS = {
    "ACK_MODE": ("auto", "manual"),
    "BACKPRESSURE_MODE": ("drop", "block", "buffer"),
    "EXECUTION_MODE": ("push", "pull"),
    "FUNCTION_STATUS": ("active", "paused", "archived"),
    "RUN_STATUS": (
        "pending", "running", "completed", "failed", "cancelled", "paused",
        "waiting_for_capacity", "waiting",
    ),
}  # fmt: skip

_ABSENT = object()


class Field(NamedTuple):
    """A member: its name on the wire, its type, and its name in the engine."""

    name: str
    type: str
    inner: str


@cache
def fields_of(spec: str) -> tuple[Field, ...]:
    """Return the members that a text lists: ``name``, ``name:type`` or ``name:type>inner``."""
    return tuple(_field(item) for item in spec.split())


def _field(item: str) -> Field:
    """Return one member.

    Types: none for text, flags and whatever goes through as it is; ``int32``, ``int64``,
    ``uint64``; the same with ``!`` where zero is not absent; ``struct``; ``bytes``, which hold
    JSON; ``ms``, a duration that the engine has in milliseconds; ``none`` for what this server
    cannot do; capitals for an enum whose names begin so; otherwise a message of ``FIELDS``, or a
    list of it.
    """
    name, _, inner = item.partition(">")
    name, _, kind = name.partition(":")
    return Field(name, kind, inner or name)


# Requests.


def read(message: Any, spec: str, place: str = "") -> Record:
    """Return a request message, at a place of the request, with the engine's names and values."""
    if not isinstance(message, dict):
        raise Refusal(400, f"{place or 'the message'} must be a JSON object")
    record: Record = {}
    for field in fields_of(spec):
        value = message.get(camel_case(field.name))
        value = message.get(field.name) if value is None else value
        if value is not None and value is not False and value != "":
            found = _read(value, field.type, f"{place}.{field.name}" if place else field.name)
            if found is not _ABSENT:
                record[field.inner] = found
    return record


def _read(value: Any, kind: str, place: str) -> Any:
    if kind.rstrip("!") in _BITS:
        number = _whole(value, kind.rstrip("!"), place)
        return number if number or kind.endswith("!") else _ABSENT
    if kind == "none":
        raise Refusal(501, f"the local server does not offer {place}")
    if kind == "ms":
        return _milliseconds(value, place)
    if kind == "bytes":
        return _from_base64(value, place)
    if kind == "struct":
        if not isinstance(value, dict):
            raise Refusal(400, f"{place} must be a JSON object")
        return value
    if kind.isupper():
        return _enum_word(value, kind, place)
    if kind:
        if isinstance(value, list):
            return [read(v, FIELDS[kind], f"{place}[{i}]") for i, v in enumerate(value)]
        return read(value, FIELDS[kind], place)
    return value


def _whole(value: Any, kind: str, place: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    bound = 2 ** _BITS[kind]
    low = 0 if kind.startswith("u") else -bound
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value < bound:
        raise Refusal(400, f"{place} must be a whole number ({kind})")
    return value


def _milliseconds(value: Any, place: str) -> int:
    if not isinstance(value, str) or not _SECONDS.fullmatch(value):
        raise Refusal(400, f"{place} must be a duration in seconds, such as 5.3s")
    return round(float(value[:-1]) * 1000)


def _from_base64(value: Any, place: str) -> Any:
    """Return the JSON value that bytes hold; standard and URL alphabets, padded or not."""
    try:
        text = value.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (AttributeError, ValueError):
        raise Refusal(400, f"{place} must be base64") from None
    try:
        return decoded(raw)
    except (ValueError, RecursionError):
        raise Refusal(400, f"{place} must be JSON in base64") from None


def _enum_word(value: Any, prefix: str, place: str) -> Any:
    """Return the engine's word for an enum's name."""
    if value == f"{prefix}_UNSPECIFIED":
        return _ABSENT
    names = {f"{prefix}_{word}".upper(): word for word in _ENUMS[prefix]}
    if not isinstance(value, str) or value not in names:
        raise Refusal(400, f"{place} must be one of {', '.join(names)}")
    return names[value]


# Replies.


def written(record: Record, spec: str, *, camel: bool = True) -> Record:
    """Return a reply message: in camelCase, or under the names of the proto file."""
    message: Record = {}
    for field in fields_of(spec):
        name, value = field.name, record.get(field.inner)
        if field.type == "struct" and value is not None and not isinstance(value, dict):
            name, value = f"{name}_value", value
        elif _is_default(value):
            continue
        else:
            value = _written(value, field.type, camel)
        message[camel_case(name) if camel else name] = value
    return message


def _written(value: Any, kind: str, camel: bool) -> Any:
    if kind in ("int64", "uint64"):
        return str(value)
    if kind == "bytes":
        return base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()
    if kind.isupper():
        return f"{kind}_{value}".upper()
    if kind in FIELDS:
        if isinstance(value, list):
            return [written(item, FIELDS[kind], camel=camel) for item in value]
        return written(value, FIELDS[kind], camel=camel)
    return value


def _is_default(value: Any) -> bool:
    return value is None or value is False or (not isinstance(value, dict) and value in ("", 0, []))


def camel_case(name: str) -> str:
    """Return a name as Connect JSON has it."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
