"""Which RPC methods there are, and which handler answers each.

A row has the members of the request (with the names that the handler has for them), those of the
reply, and the route that is asked. See ``_messages`` for how members are written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .._engine.state import Record
from .._messages import FIELDS
from .functions import as_message as function_message


class Method(NamedTuple):
    """An RPC method.

    Attributes:
        request: Members of the request.
        reply: Members of the reply.
        route: Route of the handler: GET or DELETE if it reads a query, POST if it reads a body.
            Without a path, the handler is the method's own.
        shape: Makes the record of the reply from what the handler gives and the query it got.
        conflict: Code of what the handler refuses as a conflict.
        path_without: Path where a parameter of the route is absent.
    """

    request: str
    reply: str
    route: str = "POST"
    shape: Callable[[Any, dict[str, str]], Record] | None = None
    conflict: str = "failed_precondition"
    path_without: str = ""

    @property
    def verb(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.route.partition(" ")[2]


def _projection(found: Record, _asked: dict[str, str]) -> Record:
    """Return a projection with its state, without the layers that REST has between them."""
    state = found.get("state") or {}
    members = ("state", "last_event_id", "last_event_time", "version")
    partition = state.get("partition_key", "")
    return {**found, "state": None, "partition": partition, **{m: state.get(m) for m in members}}


def _paged(found: Record, asked: dict[str, str]) -> Record:
    """Return a page with the cursor of the next one, which is its offset."""
    end = int(asked.get("offset", 0)) + found["count"]
    return {**found, "next_cursor": str(end) if end < found["total_count"] else ""}


def _functions(found: Record, asked: dict[str, str]) -> Record:
    page = [function_message(function) for function in found["functions"]]
    return {**_paged(found, asked), "functions": page}


_TAKEN = "already_exists"

# fmt: off
OFFERED: dict[str, Method] = {
    # Functions, events, runs.
    "IronflowService/RegisterFunction": Method(
        FIELDS["RegisterFunction"], "function:Function created", conflict=_TAKEN),
    "IronflowService/GetFunction": Method(
        "id", FIELDS["Function"], "GET /api/v1/functions/{id}",
        lambda found, _: function_message(found)),
    "IronflowService/ListFunctions": Method(
        "status:FUNCTION_STATUS limit:int32 cursor>offset",
        "functions:Function next_cursor total_count", "GET /api/v1/functions", _functions),
    "IronflowService/Emit": Method(FIELDS["TriggerEvent"], FIELDS["Triggered"]),
    "IronflowService/Trigger": Method(FIELDS["TriggerEvent"], FIELDS["Triggered"]),
    "IronflowService/TriggerBatch": Method("events:TriggerEvent", "results:Triggered"),
    "IronflowService/TriggerSync": Method(
        "event data:struct idempotency_key timeout_ms:int32 metadata:struct version:int32",
        "results:RunResult event_id"),
    "IronflowService/GetRun": Method("id", FIELDS["Run"]),
    "IronflowService/ListRuns": Method(
        "function_id status:RUN_STATUS since until limit:int32 cursor>offset",
        "runs:Run next_cursor total_count", "GET /api/v1/runs", _paged),
    "IronflowService/GetRunSteps": Method("run_id>id", "steps:Step", "GET /api/v1/runs/{id}/steps"),
    "IronflowService/CancelRun": Method(
        "id reason", FIELDS["Run"], "POST /api/v1/runs/{id}/cancel"),
    "IronflowService/ResumeRun": Method(
        "run_id from_step", FIELDS["Run"], "POST /api/v1/runs/resume"),
    "IronflowService/PatchStep": Method(
        "step_id output:struct reason", FIELDS["Step"], "POST /api/v1/steps/patch"),
    "IronflowService/PauseRun": Method("run_id", "status"),
    "IronflowService/GetPausedState": Method(
        "run_id", "steps:PausedStep next_step_hint pause_reason"),
    "IronflowService/InjectStepOutput": Method(
        "run_id step_id new_output:bytes reason", "step_id previous_output:bytes"),
    # The server.
    "IronflowService/Health": Method("", "status timestamp", "GET /health"),
    "IronflowService/Info": Method(
        "", "version started_at function_count active_runs connected_workers"),
    "QueryService/ExecuteSQL": Method(
        "query timeout_ms:int32 max_rows:int32", "columns rows:SqlRow total_rows",
        "POST /api/v1/sql",
        lambda found, _: {**found, "rows": [{"values": row} for row in found["rows"]]}),
    "AuditService/GetAuditTrail": Method(
        "run_id>id event_type from_timestamp>from to_timestamp>to limit:int32 cursor",
        "events:AuditEvent total_count next_cursor", "GET /api/v1/runs/{id}/audit",
        path_without="/api/v1/audit"),
    "AuditService/GetAuthAuditTrail": Method(
        "org_id api_key_id action from_timestamp>from to_timestamp>to limit:int32 cursor",
        "events:AuditEvent total_count next_cursor", "GET"),
    # Entity streams.
    "EntityStreamService/AppendEvent": Method(
        "entity_id entity_type event_name data:struct expected_version:int64! idempotency_key "
        "version:int32 metadata:struct", "entity_version:int64 event_id sequence:uint64",
        conflict="aborted"),
    "EntityStreamService/ReadStream": Method(
        "entity_id>entityId from_version:int64 limit:int32 direction",
        "events:StreamEvent total_count", "GET /api/v1/streams/{entityId}/events"),
    "EntityStreamService/GetStreamInfo": Method(
        "entity_id>entityId", FIELDS["Stream"], "GET /api/v1/streams/{entityId}"),
    "EntityStreamService/ListStreams": Method(
        "entity_type limit:int32 offset:int32", "streams:Stream total_count",
        "GET /api/v1/streams"),
    "EntityStreamService/GetEntityHistory": Method(
        "entity_id>entityId from_version:int64 limit:int32 direction",
        "entries:HistoryEntry next_cursor:int64 total_events:int64 info:HistoryInfo",
        "GET /api/v1/streams/{entityId}/history"),
    "EntityStreamService/CreateSnapshot": Method(
        "entity_id>entityId entity_type entity_version:int64 state:struct", "snapshot_id",
        "POST /api/v1/streams/{entityId}/snapshots", conflict=_TAKEN),
    "EntityStreamService/GetSnapshot": Method(
        "entity_id>entityId before_version:int64",
        "snapshot_id entity_id entity_type entity_version:int64 state:struct created_at",
        "GET /api/v1/streams/{entityId}/snapshots"),
    # Environments and schemas.
    "EnvironmentService/CreateEnvironment": Method(
        "name", FIELDS["Environment"], "POST /api/v1/environments", conflict=_TAKEN),
    "EnvironmentService/ListEnvironments": Method(
        "", "environments:Environment", "GET /api/v1/environments",
        lambda found, _: {"environments": found}),
    "EnvironmentService/DeleteEnvironment": Method(
        "id", "success", "DELETE /api/v1/environments/{id}", lambda *_: {"success": True}),
    "EventSchemaService/RegisterSchema": Method(
        "event_name version:int32 schema_json description", "status", "POST /api/v1/events/schemas",
        conflict=_TAKEN),
    "EventSchemaService/GetSchema": Method(
        "event_name>name version:int32", FIELDS["Schema"],
        "GET /api/v1/events/schemas/{name}/{version}",
        path_without="/api/v1/events/schemas/{name}"),
    "EventSchemaService/ListSchemas": Method(
        "event_name limit:int32 offset:int32", "schemas:Schema total_count",
        "GET /api/v1/events/schemas"),
    "EventSchemaService/DeleteSchema": Method(
        "event_name>name version:int32", "", "DELETE /api/v1/events/schemas/{name}/{version}"),
    "EventSchemaService/TestUpcast": Method(
        "event_name from_version:int32 to_version:int32 data:struct",
        "data:struct steps_applied:UpcastStep", "POST /api/v1/events/upcast"),
    # Projections.
    "ProjectionService/GetProjection": Method(
        "name partition as_of:none",
        "name partition state:struct last_event_id last_event_time version:int64 mode",
        "GET /api/v1/projections/{name}", _projection),
    "ProjectionService/ListProjections": Method(
        "status mode limit:int32 offset:int32", "projections:Projection total_count>count",
        "GET /api/v1/projections"),
    "ProjectionService/GetProjectionStatus": Method(
        "name", "name status mode last_event_seq:int64 error_message updated_at",
        "GET /api/v1/projections/{name}/status"),
    "ProjectionService/UnregisterProjection": Method(
        "name", "", "DELETE /api/v1/projections/{name}"),
    "ProjectionService/PauseProjection": Method(
        "name", "status", "POST /api/v1/projections/{name}/pause"),
    "ProjectionService/ResumeProjection": Method(
        "name", "status", "POST /api/v1/projections/{name}/resume"),
    "ProjectionService/RebuildProjection": Method(
        "name partition from_event_id to_event_id dry_run", "job:RebuildJob",
        "POST /api/v1/projections/{name}/rebuild"),
    "ProjectionService/GetRebuildJob": Method(
        "name", "job:RebuildJob", "GET /api/v1/projections/{name}/rebuild"),
    "ProjectionService/CancelRebuild": Method(
        "name", "status", "POST /api/v1/projections/{name}/cancel"),
    "ProjectionService/WaitProjectionCatchup": Method(
        "name min_seq:uint64!>minSeq timeout:ms partition", FIELDS["Catchup"],
        "GET /api/v1/projections/{name}/catchup"),
    "ProjectionService/WaitProjectionCatchupBatch": Method(
        "items:WaitItem timeout:ms>timeoutMs", "results:CaughtUp",
        "POST /api/v1/projections/catchup/batch"),
    "ProjectionService/WaitForEvent": Method(
        "event_id>eventId projection partition timeout:ms>timeoutMs", FIELDS["Catchup"],
        "POST /api/v1/projections/wait-for-event"),
    "ProjectionService/WaitProjectionCatchupStream": Method(
        "name min_seq:uint64! timeout:ms>timeout_ms partition",
        "kind:WAIT_STREAM_FRAME_KIND current_seq:uint64 target_seq:uint64 behind_by_events:int64 "
        "caught_up timed_out mode"),
    "ProjectionService/CreateSQLProjection": Method(
        "name table_sql event_handlers events description", "name status", conflict=_TAKEN),
    "ProjectionService/QuerySQLProjection": Method(
        "name where order_by limit:int32 offset:int32", "columns rows:SqlRow total_count"),
    # Topics and webhooks.
    "PubSubService/Emit": Method(FIELDS["TriggerEvent"], FIELDS["Triggered"]),
    "PubSubService/Publish": Method(
        "topic data:struct idempotency_key", "event_id sequence:uint64 duplicate"),
    "PubSubService/Subscribe": Method(
        "pattern options:SubscribeOptions",
        "subscription_id event_id topic data:struct metadata:EventMetadata sequence:uint64 "
        "delivery_attempt"),
    "PubSubService/ListTopics": Method("", "topics:Topic"),
    "PubSubService/GetTopicStats": Method(
        "topic",
        "name message_count:int64 consumer_count lag:int64 first_seq:uint64 last_seq:uint64"),
    "WebhookService/CreateWebhookSource": Method(
        "name event_prefix verify_header verify_algorithm verify_secret metadata:struct "
        "verify_config:none", FIELDS["WebhookSource"]),
    "WebhookService/GetWebhookSource": Method("id", FIELDS["WebhookSource"]),
    "WebhookService/UpdateWebhookSource": Method(
        "id name verify_header metadata:struct verify_config:none", FIELDS["WebhookSource"]),
    "WebhookService/DeleteWebhookSource": Method("id", ""),
    "WebhookService/RotateWebhookSecret": Method(
        "id verify_secret grace_seconds:int32", FIELDS["WebhookSource"]),
    "WebhookService/ExpireWebhookSecretPrev": Method("id", FIELDS["WebhookSource"]),
    "WebhookService/DisableWebhookSignatureVerification": Method(
        "id grace_seconds:int32", FIELDS["WebhookSource"]),
    "WebhookService/RotateWebhookIngestToken": Method("id", FIELDS["WebhookSource"]),
    "WebhookService/ListWebhookSources": Method(
        "limit:int32 offset:int32", "sources:WebhookSource total_count", "GET"),
    "WebhookService/ListWebhookDeliveries": Method(
        "source_id status limit:int32 offset:int32", "deliveries:WebhookDelivery total_count",
        "GET"),
}
# fmt: on
