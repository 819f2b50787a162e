# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 2c5aceef3da225c9, server 0.22.5.
"""Shapes of requests and replies, for type checkers and editors.

Use them in annotations: ``from ironflow import models``. Replies are plain dicts and are not
checked against these shapes: a newer server may send more members and other values.
"""

from typing import TYPE_CHECKING, Any, Literal, Optional, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import NotRequired
else:
    try:
        from typing import NotRequired
    except ImportError:  # Python 3.9 and 3.10

        class NotRequired:
            def __class_getitem__(cls, annotation):
                return annotation


BreakerStateState = Literal["closed", "half-open", "open"]
CompletedStepRespStatus = Literal["completed", "failed"]
CreatePolicyRequestEffect = Literal["allow", "deny"]
DispatchSegmentExecutionMode = Literal["pull", "push"]
DlqActionResponseResult = Literal["discarded", "requeued"]
EntityHistoryRunStatus = Literal[
    "cancelled",
    "completed",
    "failed",
    "paused",
    "pending",
    "running",
    "waiting",
    "waiting_for_capacity",
]
EntityHistoryStepStatus = Literal[
    "completed",
    "dead",
    "failed",
    "pending",
    "retrying",
    "running",
    "sleeping",
    "timed_out",
    "waiting",
]
EntityHistoryStepStepType = Literal[
    "compensate",
    "invoke",
    "invoke_function",
    "sleep",
    "wait_for_event",
]
FunctionResponseExecutionMode = Literal["pull", "push"]
FunctionResponseStatus = Literal["active", "archived", "paused"]
FunctionsListMode = Literal["pull", "push"]
FunctionsListStatus = Literal["active", "archived", "paused"]
JobAssignmentResponseOnExhausted = Literal["fail", "pause"]
JobUpdateRequestStatus = Literal["completed", "failed", "progress", "yielded"]
KVEntryOperation = Literal["delete", "put"]
ListWebhookDeliveriesRequestStatus = Literal["accepted", "deduplicated", "failed", "rejected"]
PlatformCreatePolicyRequestEffect = Literal["allow", "deny"]
PlatformUpdatePolicyRequestEffect = Literal["allow", "deny"]
PolicyEffect = Literal["allow", "deny"]
PolicyResponseEffect = Literal["allow", "deny"]
PolicyVersionEffect = Literal["allow", "deny"]
ProjectionActionResponseStatus = Literal["active", "cancelled", "deleted", "paused"]
ProjectionCatchupResponseMode = Literal["external", "managed"]
ProjectionRegistryMode = Literal["external", "managed"]
ProjectionRegistryStatus = Literal["active", "error", "paused", "rebuilding"]
ProjectionResponseMode = Literal["external", "managed"]
ProjectionResponseStatus = Literal["active", "error", "paused", "rebuilding"]
ProjectionStatusResponseMode = Literal["external", "managed"]
ProjectionStatusResponseStatus = Literal["active", "error", "paused", "rebuilding"]
ProjectionsListMode = Literal["external", "managed"]
ProjectionsListStatus = Literal["active", "error", "paused", "rebuilding"]
RebuildJobInfoStatus = Literal["cancelled", "completed", "dry_run", "failed", "running"]
RotateTokenRequestKind = Literal["dashboard_jwt_secret", "engine_api_key", "founder_api_key"]
RunExecutionMode = Literal["pull", "push"]
RunResponseExecutionMode = Literal["pull", "push"]
RunResponseStatus = Literal[
    "cancelled",
    "completed",
    "failed",
    "paused",
    "pending",
    "running",
    "waiting",
    "waiting_for_capacity",
]
RunResultStatus = Literal[
    "RUN_STATUS_CANCELLED",
    "RUN_STATUS_COMPLETED",
    "RUN_STATUS_FAILED",
    "RUN_STATUS_PAUSED",
    "RUN_STATUS_PENDING",
    "RUN_STATUS_RUNNING",
    "RUN_STATUS_WAITING",
    "RUN_STATUS_WAITING_FOR_CAPACITY",
]
RunStatus = Literal[
    "cancelled",
    "completed",
    "failed",
    "paused",
    "pending",
    "running",
    "waiting",
    "waiting_for_capacity",
]
RunsListStatus = Literal[
    "cancelled",
    "completed",
    "failed",
    "paused",
    "pending",
    "running",
    "waiting",
    "waiting_for_capacity",
]
StepResponseStatus = Literal[
    "completed",
    "dead",
    "failed",
    "pending",
    "retrying",
    "running",
    "sleeping",
    "timed_out",
    "waiting",
]
StepResponseStepType = Literal["compensate", "invoke", "invoke_function", "sleep", "wait_for_event"]
StepResultStatus = Literal["completed", "failed"]
StepResultType = Literal["compensate", "invoke", "invoke_function", "sleep", "wait_for_event"]
StepStatus = Literal[
    "completed",
    "dead",
    "failed",
    "pending",
    "retrying",
    "running",
    "sleeping",
    "timed_out",
    "waiting",
]
StepStepType = Literal["compensate", "invoke", "invoke_function", "sleep", "wait_for_event"]
StreamsListEventsDirection = Literal["backward", "forward"]
StreamsListHistoryDirection = Literal["backward", "forward"]
UpdatePolicyRequestEffect = Literal["allow", "deny"]
WebhookDeliveryStatus = Literal["accepted", "deduplicated", "failed", "rejected"]
WebhookFlowSourceLatestDeliveryStatus = Literal["accepted", "deduplicated", "failed", "rejected"]
WebhookFlowSourceSourceType = Literal["api", "sdk"]
YieldInfoType = Literal["invoke_function", "invoke_function_async", "sleep", "wait_for_event"]


class ApiKeyResponse(TypedDict):
    """An API key as stored, without its secret value."""

    created_at: str
    environment_id: NotRequired[str]
    """Environment the key is bound to; absent when it is not bound."""
    expires_at: NotRequired[Optional[str]]
    """Time the key stops working; null or absent when it does not expire."""
    id: str
    key_prefix: str
    """First characters of the key, to recognize it by."""
    last_used_at: NotRequired[Optional[str]]
    """Time of the latest use; null or absent when never used."""
    name: str
    role_ids: NotRequired[list[str]]
    """Ids of the roles that the key has."""
    tool_scopes: NotRequired[list[str]]
    """Names of the agent tools that the key is limited to; absent for no limit."""


class AppendEntityEventRequest(TypedDict):
    """Event to append to an entity stream."""

    data: NotRequired[dict[str, Any]]
    """Event payload."""
    entity_type: str
    """Type of the entity, such as ``order``."""
    event_name: str
    """Name of the event, such as ``order.updated``."""
    expected_version: NotRequired[int]
    """Version the stream must be at; -1 skips the check, 0 requires a new stream."""
    idempotency_key: NotRequired[str]
    """Key to deduplicate repeated appends by."""
    run_id: NotRequired[str]
    """Run on whose behalf the event is appended."""
    version: NotRequired[int]
    """Schema version of the event, default 1."""


class AppendEntityEventResponse(TypedDict):
    """Receipt of an appended event."""

    entity_version: int
    """Version of the stream after the append."""
    event_id: str
    """Id given to the event."""


class AssignPolicyRequest(TypedDict):
    """Policy to attach to a role."""

    policy_id: str
    """Id of an existing policy."""


class AuditEvent(TypedDict):
    """A recorded step in the life of a run."""

    created_at: str
    environment_id: str
    event_type: str
    """What happened, such as ``run.created`` or ``step.completed``."""
    function_id: str
    id: str
    impersonated_org_id: NotRequired[str]
    """Organization on whose behalf a platform user acted."""
    metadata: NotRequired[Any]
    payload: Any
    """Details, depending on the event type."""
    platform_key_id: NotRequired[str]
    """Platform key that was used, where one was."""
    platform_user_id: NotRequired[str]
    """Platform user who acted, where one did."""
    run_id: str
    scope: NotRequired[str]
    step_id: NotRequired[str]
    """Step concerned; absent for events of the run itself."""


class AuthAuditEvent(TypedDict):
    """A decision about what a caller may do."""

    created_at: NotRequired[str]
    event_type: str
    """What was decided on, such as ``auth.check``."""
    function_id: NotRequired[str]
    id: str
    metadata: NotRequired[dict[str, str]]
    payload: NotRequired[dict[str, Any]]
    """Details, depending on the event type."""
    run_id: NotRequired[str]
    step_id: NotRequired[str]


class BreakerState(TypedDict):
    """A circuit breaker of one push endpoint."""

    consecutive_fails: int
    """Failures in a row so far."""
    endpoint: str
    """URL of the guarded endpoint."""
    function_id: str
    key: str
    """Function id, ``|`` and endpoint; ``circuit_breakers_reset`` takes its base64url form."""
    last_failure: NotRequired[str]
    """Time of the latest failure; absent when there was none."""
    state: Union[BreakerStateState, str]


class BucketInfo(TypedDict):
    """Settings and size of a key-value bucket."""

    bytes: int
    """Stored size in bytes."""
    created_at: str
    description: NotRequired[str]
    history: int
    """Revisions kept for each key."""
    name: str
    ttl_seconds: NotRequired[int]
    """Lifetime of an entry in seconds; absent when entries do not expire."""
    values: int
    """Number of stored values."""


class CancelRunRequest(TypedDict):
    """Options of a run cancellation."""

    reason: NotRequired[str]
    """Why the run is canceled, free text."""


class CapacityStat(TypedDict):
    """Capacity figures of one function in one environment."""

    active_leases: int
    """Executions that hold a slot now."""
    environment_id: str
    function_id: str
    lane_limit: int
    """Most executions allowed at once."""
    oldest_queue_age_seconds: float
    """Waiting time of the oldest queued execution, in seconds."""
    queued: int
    """Executions that wait."""
    reservations: int
    """Slots reserved but not yet in use."""


class ChangePasswordRequest(TypedDict):
    """Old and new password of a dashboard user."""

    current_password: NotRequired[str]
    """Password in use until now."""
    new_password: NotRequired[str]
    """Password to use from now on."""
    password: NotRequired[str]
    """The new password, for servers that do not ask for the current one."""


class CompletedStepResp(TypedDict):
    """A step that is already finished when a job is handed out."""

    error: NotRequired[Any]
    """Why the step failed, absent on success."""
    name: str
    """Name of the step in the function."""
    output: Any
    """Recorded output of the step, any JSON."""
    status: NotRequired[Union[CompletedStepRespStatus, str]]
    """Outcome of the step; a missing one means ``completed``."""
    step_id: str


class ConcurrencyLane(TypedDict):
    """A lane that limits how many executions of a function run at once."""

    active_reserved: int
    """Slots in use or reserved now."""
    config_version: int
    """Version of the concurrency settings the lane follows."""
    created_at: str
    environment_id: str
    function_id: str
    lane_id: str
    last_used_at: str
    limit: int
    """Most slots that may be in use at once."""
    scalar_type: str
    """Type of the value that the lane is keyed by."""
    scope: str
    """Scope within which the limit applies."""


class ConcurrencyLease(TypedDict):
    """The hold of one execution on a concurrency slot."""

    activated_at: str
    engine_node_id: NotRequired[Optional[str]]
    """Server node that granted the lease; may be null."""
    environment_id: str
    execution_seq: int
    """Number of the execution within its run."""
    expires_at: str
    """Time the lease ends unless renewed."""
    function_id: str
    lane_id: NotRequired[Optional[str]]
    """Lane of the slot; null or absent when it has none."""
    lease_id: str
    lease_token_hash: str
    """Hash of the lease token; the token itself is never returned."""
    run_id: str


class ConfigEntry(TypedDict):
    """Name and state of a config document."""

    name: str
    revision: int
    """Number that grows with every change."""
    updatedAt: str
    """Time of the latest change."""


class ConfigResponse(TypedDict):
    """A config document with its content."""

    data: dict[str, Any]
    """The document itself."""
    name: str
    revision: int
    """Number that grows with every change."""
    updatedAt: str
    """Time of the latest change."""


class ConfigSetResult(TypedDict):
    """Outcome of writing a config document."""

    name: str
    revision: int
    """Revision of the document after the write."""


class CreateAPIKeyRequest(TypedDict):
    """Settings of a new API key."""

    env_id: NotRequired[str]
    """Environment to bind the key to."""
    expires_in: NotRequired[str]
    """Lifetime as a duration, such as ``720h`` for 30 days."""
    name: str
    """Name to recognize the key by."""
    platform: NotRequired[bool]
    """True creates a platform key, which starts with ``ifplatform_``."""
    role_ids: NotRequired[list[str]]
    """Ids of the roles to give the key."""
    tool_scopes: NotRequired[list[str]]
    """Names of the agent tools that the key is limited to; absent for no limit."""


class CreateAPIKeyResponse(TypedDict):
    """A new or rotated API key, including its full value."""

    created_at: str
    environment_id: NotRequired[str]
    """Environment the key is bound to; absent when it is not bound."""
    expires_at: NotRequired[Optional[str]]
    """Time the key stops working; null or absent when it does not expire."""
    id: str
    key: str
    """The full key; never returned again."""
    key_prefix: str
    """First characters of the key, to recognize it by."""
    last_used_at: NotRequired[Optional[str]]
    """Time of the latest use; null or absent when never used."""
    name: str
    role_ids: NotRequired[list[str]]
    """Ids of the roles that the key has."""
    tool_scopes: NotRequired[list[str]]
    """Names of the agent tools that the key is limited to; absent for no limit."""


class CreateBucketRequest(TypedDict):
    """Settings of a new key-value bucket."""

    description: NotRequired[str]
    history: NotRequired[int]
    """Revisions to keep for each key; default 1."""
    max_bytes: NotRequired[int]
    """Largest total size in bytes."""
    max_value_size: NotRequired[int]
    """Largest size of one value in bytes."""
    name: str
    """Name of the bucket."""
    ttl_seconds: NotRequired[int]
    """Lifetime of an entry in seconds."""


class CreateEnvironmentRequest(TypedDict):
    """Settings of a new environment."""

    color: NotRequired[str]
    """Display color."""
    name: str
    """Name of the environment."""
    project_id: NotRequired[str]
    """Project to put it in."""


class CreateOrgRequest(TypedDict):
    """Data for a new organization."""

    name: str
    """Display name of the organization."""


class CreatePolicyRequest(TypedDict):
    """Data for a new authorization policy."""

    actions: str
    """Comma-separated action patterns, such as ``functions:list,runs:read``."""
    condition: NotRequired[str]
    """CEL expression that must hold, optional."""
    effect: CreatePolicyRequestEffect
    name: str
    org_id: NotRequired[str]
    """Organization of the policy; the caller's own when absent."""
    resources: str
    """Comma-separated resource patterns, such as ``irn:ironflow:*:*:prod:*``, or ``*`` for all."""


class CreateRoleRequest(TypedDict):
    """Data for a new custom role."""

    name: str
    """Name of the role."""
    org_id: NotRequired[str]
    """Organization of the role; the caller's own when absent."""


class CreateSQLProjectionRequest(TypedDict):
    """An SQL projection to be created."""

    description: NotRequired[str]
    event_handlers: dict[str, str]
    """SQL statement by the name of the event that it runs for."""
    events: list[str]
    """Names of the events to follow."""
    name: str
    table_sql: str
    """The ``CREATE TABLE`` statement of its table."""


class CreateSQLProjectionResponse(TypedDict):
    """A created SQL projection."""

    name: str
    status: str
    """Such as ``active``."""


class CreateSecretRequest(TypedDict):
    """Data for a new secret."""

    description: NotRequired[str]
    """Note for people, optional."""
    name: str
    """Unique within the environment."""
    value: str
    """Text to encrypt; it cannot be read back."""


class CreateSnapshotRequest(TypedDict):
    """Entity state to store."""

    entity_type: str
    """Type of the entity, such as ``order``."""
    entity_version: int
    """Version of the entity that the state stands for."""
    state: dict[str, Any]
    """State of the entity at that version."""


class CreateSnapshotResponse(TypedDict):
    """Receipt of a stored snapshot."""

    snapshot_id: str
    """Id given to the snapshot."""


class CreateUserRequest(TypedDict):
    """Data for a new dashboard user."""

    email: str
    """Address used to log in."""
    name: NotRequired[str]
    """Display name."""
    password: str
    roles: NotRequired[list[str]]
    """Roles to give to the user, such as ``admin``."""


class DebounceEntryView(TypedDict):
    """A debounced invocation that waits to fire."""

    armed_at: str
    """Time the waiting period was started."""
    debounce_key: str
    """Key by which events are folded together, in plain form."""
    environment_id: str
    event_id: str
    """Event that the invocation will carry."""
    fires_at: str
    """Time the function will be invoked unless another event arrives."""
    function_id: str
    function_version: int
    period_ms: int
    """Length of the waiting period in milliseconds."""


class DeleteEnvironmentResponse(TypedDict):
    """Confirmation that an environment was deleted."""

    status: str
    """Result of the deletion."""


class DeleteProjectResponse(TypedDict):
    """Confirmation that a project was removed."""

    deleted: str
    """Id of the removed project."""


class DispatchBucketRow(TypedDict):
    """A group of waiting work that the scheduler serves as one."""

    created_at: str
    environment_id: str
    function_id: str
    lane_id: NotRequired[Optional[str]]
    """Lane of the bucket; null or absent when it has none."""
    last_dispatched_at: NotRequired[Optional[str]]
    """Time of the latest dispatch; null or absent when there was none."""


class DispatchSegment(TypedDict):
    """A piece of a run that waits to be dispatched."""

    blocking_reason: str
    """Why the segment is still waiting."""
    created_at: str
    eligible_at: str
    """Earliest time it may be dispatched."""
    environment_id: str
    execution_mode: Union[DispatchSegmentExecutionMode, str]
    execution_seq: int
    first_enqueued_at: str
    """Time it entered the queue for the first time."""
    function_id: str
    function_version: NotRequired[Optional[int]]
    lane_id: NotRequired[Optional[str]]
    queue_seq: int
    """Position number in the queue."""
    reservation_expires_at: NotRequired[Optional[str]]
    reservation_owner: NotRequired[Optional[str]]
    """Who has reserved the segment; null or absent when nobody has."""
    run_id: str
    timeout_ms: NotRequired[Optional[int]]
    """Time limit of the execution in milliseconds."""


class DlqActionResponse(TypedDict):
    """Outcome of requeuing or discarding a dead-letter row."""

    event_id: str
    result: Union[DlqActionResponseResult, str]


class DlqListItem(TypedDict):
    """Outbox row that could not be published within its retries."""

    attempts: int
    """Publishing attempts made before giving up."""
    created_at: str
    dead_at: str
    """When the row was given up."""
    entity_id: NotRequired[str]
    """Entity the event belongs to, absent for other events."""
    environment_id: str
    event_id: str
    """Event that was not delivered; names the row when requeuing or discarding it."""
    id: str
    kind: str
    last_error: str
    """Error message of the last attempt."""
    metadata: NotRequired[str]
    payload: NotRequired[str]
    topic: str
    """Topic the event was meant for."""


class DlqListResponse(TypedDict):
    """One page of dead-letter rows of the outbox."""

    items: "list[DlqListItem]"
    """Rows of this page, latest first."""
    limit: int
    """Page size that was used."""
    offset: int
    """Number of rows that were skipped."""


class DryRunPolicyRequest(TypedDict):
    """Condition to try and the data to try it on."""

    condition: NotRequired[str]
    """Inline CEL expression, wins over ``policy_id``."""
    policy_id: NotRequired[str]
    """Saved policy whose condition is tried."""
    request: NotRequired[dict[str, Any]]
    """Values of the ``request`` variable."""
    subject: NotRequired[dict[str, Any]]
    """Values of the ``subject`` variable."""


class DryRunPolicyResponse(TypedDict):
    """Result of trying a policy condition."""

    compile_error: NotRequired[str]
    """Why the condition does not compile, absent when it does."""
    condition_source: str
    """Condition that was tried."""
    eval_error: NotRequired[str]
    """Why the evaluation failed, absent when it did not."""
    matched: bool
    """True when the condition held."""


class EmitEdge(TypedDict):
    """A function and an event that it emits."""

    event: str
    """Name of the event."""
    function_id: str
    """Function that emits it."""


class EntityHistoryEntry(TypedDict):
    """One event of an entity and what it set off."""

    entity_version: int
    """Position in the entity stream."""
    event_data: NotRequired[Any]
    """Event payload."""
    event_id: str
    event_name: str
    runs: "list[EntityHistoryRun]"
    """Runs the event started, empty when none."""
    schema_version: int
    """Schema version of the event."""
    source: str
    timestamp: str


class EntityHistoryInfo(TypedDict):
    """Head data of an entity in its history."""

    created_at: str
    current_version: int
    """Entity version of the latest event."""
    entity_id: str
    entity_type: str
    total_event_count: int
    """Number of events in the stream."""
    updated_at: str


class EntityHistoryResponse(TypedDict):
    """One page of the history of an entity."""

    entries: "list[EntityHistoryEntry]"
    info: "EntityHistoryInfo"
    """Head data of the entity."""
    next_cursor: int
    """Entity version to pass as ``from_version`` for the next page."""
    total_events: int
    """Number of events in all."""


class EntityHistoryRun(TypedDict):
    """A run in the history of an entity."""

    duration_ms: NotRequired[int]
    """Run time in milliseconds, absent until the run ends."""
    ended_at: NotRequired[str]
    """Absent until the run ends."""
    function_id: str
    run_id: str
    started_at: NotRequired[str]
    """Absent until the run starts."""
    status: Union[EntityHistoryRunStatus, str]
    steps: "list[EntityHistoryStep]"


class EntityHistoryStep(TypedDict):
    """A step of a run in the history of an entity."""

    duration_ms: NotRequired[int]
    """Run time in milliseconds, absent until the step ends."""
    error_message: NotRequired[str]
    """Why the step failed, absent otherwise."""
    name: str
    status: Union[EntityHistoryStepStatus, str]
    step_id: str
    step_type: Union[EntityHistoryStepStepType, str]


class EnvResponse(TypedDict):
    """An environment as it appears in a list."""

    color: str
    """Display color."""
    created_at: str
    id: str
    name: str
    project_id: NotRequired[str]
    """Project it belongs to; absent when it belongs to none."""
    updated_at: str


class Environment(TypedDict):
    """An isolated space for functions, events, runs, streams and projections."""

    color: str
    """Display color."""
    created_at: str
    id: str
    name: str
    project_id: str
    """Project it belongs to."""
    updated_at: str


class Event(TypedDict):
    """An event as it is stored."""

    created_at: str
    data: Any
    entity_id: NotRequired[str]
    """Absent for events outside an entity stream."""
    entity_type: NotRequired[str]
    entity_version: NotRequired[int]
    """Position in the entity stream; absent for events outside a stream."""
    environment_id: str
    id: str
    idempotency_key: NotRequired[str]
    metadata: NotRequired[Any]
    name: str
    nats_seq: NotRequired[int]
    """Sequence in the message log, the number projections are waited for by; absent when not
    recorded.
    """
    processed: bool
    """True once the event has been handled."""
    run_id: NotRequired[str]
    """Run that produced the event, if any."""
    source: str
    """Where the event came from."""
    timestamp: str
    version: int
    """Schema version of the event."""
    webhook_source_id: NotRequired[str]
    """Webhook source the event came through, if any."""


class EventFilter(TypedDict):
    """Event a yielded run waits for."""

    event: str
    """Name of the event."""
    match: NotRequired[str]
    """Condition the event has to meet."""
    match_value: NotRequired[str]
    """Value that the member named by ``match`` must have."""
    payload: NotRequired[Any]
    """Members that the payload of the event must have."""
    timeout: NotRequired[str]
    """How long to wait."""


class EventNameCountResponse(TypedDict):
    """How often one event name occurred."""

    count: int
    """Number of events with this name among those examined."""
    name: str


class EventResponse(TypedDict):
    """A stored event."""

    created_at: str
    """Time it was stored."""
    data: Any
    """Payload of the event."""
    entity_id: NotRequired[str]
    """Entity whose stream the event belongs to, if any."""
    entity_type: NotRequired[str]
    """Type of that entity."""
    id: str
    idempotency_key: NotRequired[str]
    """Key given by the sender to avoid duplicates."""
    metadata: NotRequired[Any]
    name: str
    processed: bool
    """True once the event has been handled."""
    run_id: NotRequired[str]
    """Run connected with the event, if any."""
    source: str
    """Where the event came from."""
    timestamp: str
    """Time of the event."""


class EventSchema(TypedDict):
    """JSON schema of one version of an event."""

    created_at: str
    """When this version was registered."""
    description: NotRequired[str]
    environment_id: str
    event_name: str
    schema_json: str
    """The schema, as a JSON string."""
    version: int
    """Schema version of the event."""


class FlowEmitEdgesResponse(TypedDict):
    """Edges from functions to the events they emit."""

    edges: "list[EmitEdge]"
    """One entry for each pair of function and event."""


class FlowStreamEdgesResponse(TypedDict):
    """Edges between entity types and the events in their streams."""

    edges: "list[StreamEdge]"
    """One entry for each pair of entity type and event."""


class FlowTopicEdgesResponse(TypedDict):
    """Edges from functions to the topics they publish to."""

    edges: "list[TopicEdge]"
    """One entry for each pair of function and topic."""


class FunctionResponse(TypedDict):
    """A registered function with its triggers and retry settings."""

    actor_key: NotRequired[str]
    concurrency: NotRequired[Any]
    """Concurrency settings, where there are any."""
    created_at: str
    debounce: NotRequired[Any]
    """Debounce settings, where there are any."""
    description: NotRequired[str]
    endpoint_url: NotRequired[str]
    """Address that a push function is called at."""
    execution_mode: Union[FunctionResponseExecutionMode, str]
    """With ``push`` the server calls an endpoint, with ``pull`` a worker fetches the job."""
    id: str
    metadata: NotRequired[Any]
    name: NotRequired[str]
    retry_attempts: int
    """Number of attempts on failure."""
    retry_backoff: float
    """Factor by which the delay grows from retry to retry."""
    retry_delay_ms: int
    """Delay before the first retry, in milliseconds."""
    slug: str
    status: Union[FunctionResponseStatus, str]
    timeout_ms: int
    """Time limit of a run in milliseconds."""
    triggers: Any
    """Events and other triggers that start the function."""
    updated_at: str
    version: int
    """Number of the registered version."""


class GetAuthAuditTrailRequest(TypedDict):
    """Filters of the trail of decisions; they narrow the result together."""

    action: NotRequired[str]
    """Only decisions on this action, such as ``functions:invoke``."""
    api_key_id: NotRequired[str]
    """Only decisions on this API key."""
    cursor: NotRequired[str]
    """Continuation token, taken from ``next_cursor`` of the page before."""
    from_timestamp: NotRequired[str]
    """Earliest time to include, RFC 3339."""
    limit: NotRequired[int]
    """Most events to return in one page."""
    org_id: str
    """Organization whose trail is searched."""
    to_timestamp: NotRequired[str]
    """Latest time to include, RFC 3339."""


class GetAuthAuditTrailResponse(TypedDict):
    """One page of decisions. Members that are zero, empty or false may be absent."""

    events: NotRequired["list[AuthAuditEvent]"]
    next_cursor: NotRequired[str]
    """Token for the next page; empty or absent when there is none."""
    total_count: NotRequired[int]
    """Number of events that match the filters."""


class GetPausedStateRequest(TypedDict):
    """The run to inspect."""

    run_id: str


class GetPausedStateResponse(TypedDict):
    """The state of a paused run. Members that are zero, empty or false may be absent."""

    next_step_hint: NotRequired[str]
    """Name of the next step, if the server knows it."""
    pause_reason: NotRequired[str]
    """Why the run is paused: ``injection``."""
    steps: NotRequired["list[PausedStepInfo]"]


class GetSnapshotResponse(TypedDict):
    """A stored snapshot of an entity."""

    created_at: str
    entity_id: str
    entity_type: str
    entity_version: int
    """Version of the entity that the state stands for."""
    snapshot_id: str
    state: Any
    """The stored state, any JSON."""


class GetTopicStatsRequest(TypedDict):
    """The topic to inspect."""

    topic: str
    """Name of the topic, without ``topic:``."""


class GetTopicStatsResponse(TypedDict):
    """Figures of one topic; 64-bit integers are decimal text. Members that are zero, empty or false
    may be absent.
    """

    consumer_count: NotRequired[int]
    first_seq: NotRequired[str]
    """Sequence of the oldest message kept, as decimal text."""
    lag: NotRequired[str]
    """Messages that consumers have not processed yet, as decimal text."""
    last_seq: NotRequired[str]
    """Sequence of the newest message, as decimal text."""
    message_count: NotRequired[str]
    """Number of messages, as decimal text."""
    name: str
    """Name of the topic."""


class HealthResponse(TypedDict):
    """Result of the liveness check."""

    status: str
    timestamp: str
    """Server time of the check."""
    version: NotRequired[str]
    warnings: NotRequired[list[str]]
    """Problems that do not make the server unhealthy; absent when there are none."""


class HeartbeatRequest(TypedDict):
    """Sign of life of a worker."""

    active_jobs: int
    """Number of jobs in progress."""
    jobs: list[dict[str, Any]]
    """Jobs in progress, each with ``job_id`` and ``started_at``."""
    worker_id: str
    """Id of the worker, as in the path."""


class InfoResponse(TypedDict):
    """The server and its current load. Members that are zero, empty or false may be absent."""

    active_runs: NotRequired[int]
    """Number of runs that are under way."""
    connected_workers: NotRequired[int]
    function_count: NotRequired[int]
    """Functions that are registered."""
    go_version: NotRequired[str]
    started_at: NotRequired[str]
    """When the server was started."""
    version: str
    """Version of the server."""


class InjectStepOutputRequest(TypedDict):
    """A new output for a completed step."""

    new_output: str
    """The new output: JSON, encoded as base64."""
    reason: NotRequired[str]
    """Why it is replaced, for the audit trail."""
    run_id: str
    step_id: str
    """The ``id`` of the step, as ``runs_get_paused_state`` gives it."""


class InjectStepOutputResponse(TypedDict):
    """What was replaced."""

    previous_output: NotRequired[str]
    """The former output: JSON, encoded as base64; absent when there was none."""
    step_id: str


class InstallPolicyTemplateResponse(TypedDict):
    """Policies that came from installing a template."""

    policies: "list[Policy]"
    policies_count: int
    """Number of policies that were created."""
    template_id: str
    version: str
    """Version of the bundle that was installed."""


class InvokeFunctionRequest(TypedDict):
    """Input of a direct function invocation."""

    data: NotRequired[dict[str, Any]]
    """Data handed to the function."""
    metadata: NotRequired[dict[str, Any]]
    """Further facts about the event that starts the run."""


class InvokeFunctionResponse(TypedDict):
    """Identifiers of a started run."""

    event_id: str
    """Event created for the invocation."""
    run_id: str
    """Run to follow with ``runs_get``."""


class JobAckRequest(TypedDict):
    """Lease that a worker acknowledges."""

    execution_seq: int
    """Execution number that came with the job."""
    lease_token: str
    """Lease token that came with the job."""
    run_id: str
    """Run the job belongs to."""


class JobAssignmentResponse(TypedDict):
    """One job handed out to a worker."""

    actor_id: NotRequired[str]
    attempt: int
    completed_steps: "list[CompletedStepResp]"
    """Steps that earlier executions of the run have finished and that need not run again."""
    context: NotRequired[Optional["JobContextResponse"]]
    """Extra input such as secrets, null or absent when there is none."""
    event: "JobEventResponse"
    execution_seq: NotRequired[int]
    """Number of this execution, to be sent back with the reports on the job."""
    function_id: str
    job_id: str
    lease_expires_at: NotRequired[str]
    """When the lease ends."""
    lease_token: NotRequired[str]
    """Token of the lease, to be sent back with the reports on the job."""
    max_attempts: NotRequired[int]
    """Attempts that the run may make, the first included."""
    on_exhausted: NotRequired[Union[JobAssignmentResponseOnExhausted, str]]
    """What happens to the run when the last attempt has failed."""
    run_id: str
    step_sequence_base: NotRequired[int]
    """Offset for numbering the steps of this execution."""


class JobBatchResponse(TypedDict):
    """Jobs handed out to a worker."""

    jobs: "list[JobAssignmentResponse]"
    """The jobs to run."""


class JobContextResponse(TypedDict):
    """Extra input of a job."""

    secrets: NotRequired[dict[str, str]]
    """Secret values by name."""


class JobError(TypedDict):
    """Failure of a job."""

    code: NotRequired[str]
    """Machine-readable kind of failure."""
    message: str
    """What went wrong."""
    retry_after_ms: NotRequired[int]
    """How long to wait before the next attempt, in milliseconds."""
    retryable: bool
    """True when another attempt may succeed."""


class JobEventResponse(TypedDict):
    """Event that started the run of a job."""

    data: Any
    """Event payload."""
    id: str
    idempotency_key: NotRequired[str]
    metadata: NotRequired[Any]
    """Event metadata, absent when there is none."""
    name: str
    source: NotRequired[str]
    """Where the event comes from, such as ``api``."""
    timestamp: str
    version: int
    """Schema version of the event."""


JobUpdateRequest = TypedDict(
    "JobUpdateRequest",
    {
        "error": NotRequired[Optional["JobError"]],
        "execution_seq": NotRequired[int],
        "lease_token": NotRequired[str],
        "output": NotRequired[Any],
        "status": JobUpdateRequestStatus,
        "step_offset": NotRequired[int],
        "steps": NotRequired["list[StepResult]"],
        "version": NotRequired[int],
        "yield": NotRequired[Optional["YieldInfo"]],
    },
)
"""Report on a job."""


class KVEntry(TypedDict):
    """The current entry of a key."""

    created_at: str
    """Time this revision was written."""
    key: str
    operation: Union[KVEntryOperation, str]
    """``put`` for a stored value."""
    revision: int
    """Revision to give as ``If-Match`` in a conditional write."""
    value: str
    """Stored bytes as base64 text."""


class ListBucketsResponse(TypedDict):
    """All key-value buckets."""

    buckets: "list[BucketInfo]"
    count: int
    """Number of buckets returned."""


class ListConfigsResponse(TypedDict):
    """All stored config documents, without their content."""

    configs: "list[ConfigEntry]"
    """One entry for each document."""


class ListEventNamesResponse(TypedDict):
    """Event names found among recent events."""

    names: "list[EventNameCountResponse]"
    scan_cap: int
    """Most events that one call examines."""
    scanned: int
    """Number of events examined."""
    truncated: bool
    """True when the cap was reached, so that counts may be too low."""


class ListEventsResponse(TypedDict):
    """One page of events, newest first."""

    approx_total: NotRequired[Optional[int]]
    """Approximate number of matching events; may be null or absent."""
    approx_total_capped: NotRequired[bool]
    """True when counting stopped early, so that there may be more."""
    count: int
    """Number of events in this page."""
    events: "list[EventResponse]"
    has_next: bool
    has_prev: bool
    limit: int
    """Page size that was applied."""
    next_cursor: NotRequired[str]
    """Pass as ``cursor`` for older events; absent at the end."""
    prev_cursor: NotRequired[str]
    """Pass as ``before`` for newer events; absent on the first page."""


class ListFunctionsResponse(TypedDict):
    """One page of registered functions."""

    count: int
    """Number of functions in this page."""
    functions: "list[FunctionResponse]"
    total_count: int
    """Number of matches over all pages."""


class ListKeysResponse(TypedDict):
    """The keys of a bucket."""

    count: int
    """Number of keys returned."""
    keys: list[str]


class ListProjectionPartitionsResponse(TypedDict):
    """Partition keys of a projection."""

    partitions: list[str]
    """The partition keys."""
    returned: int
    """Number of keys in this reply."""


class ListProjectionsResponse(TypedDict):
    """One page of registered projections."""

    count: int
    """Number of projections in this reply."""
    projections: "list[ProjectionRegistry]"


class ListRunsResponse(TypedDict):
    """One page of runs."""

    count: int
    """Number of runs in this reply."""
    runs: "list[RunResponse]"
    total_count: int
    """Number of runs that match the filters."""


class ListSchemasResponse(TypedDict):
    """One page of event schemas."""

    count: int
    """Number of schemas in this reply."""
    schemas: "list[EventSchema]"
    total_count: int
    """Number of schemas that match the filter."""


class ListStepsResponse(TypedDict):
    """Steps of one run."""

    count: int
    """Number of steps in this reply."""
    steps: "list[StepResponse]"


class ListStreamsResponse(TypedDict):
    """One page of entity streams."""

    count: int
    """Number of streams in this reply."""
    streams: "list[StreamInfo]"
    total_count: int
    """Number of streams that match the filters."""


class ListTopicsResponse(TypedDict):
    """The topics in use. Members that are zero, empty or false may be absent."""

    topics: NotRequired["list[TopicInfo]"]


class ListWebhookDeliveriesRequest(TypedDict):
    """Which deliveries to list."""

    limit: NotRequired[int]
    """Most deliveries to return."""
    offset: NotRequired[int]
    """How many to skip."""
    source_id: NotRequired[str]
    """Only deliveries of this source."""
    status: NotRequired[ListWebhookDeliveriesRequestStatus]
    """Only deliveries with this status."""


class ListWebhookDeliveriesResponse(TypedDict):
    """One page of deliveries. Members that are zero, empty or false may be absent."""

    deliveries: NotRequired["list[WebhookDelivery]"]
    total_count: NotRequired[int]
    """Number of matches over all pages."""


class ListWebhookSourcesRequest(TypedDict):
    """Which part of the sources to list."""

    limit: NotRequired[int]
    """Most sources to return."""
    offset: NotRequired[int]
    """How many to skip."""


class ListWebhookSourcesResponse(TypedDict):
    """One page of webhook sources. Members that are zero, empty or false may be absent."""

    sources: NotRequired["list[WebhookSource]"]
    total_count: NotRequired[int]
    """Number of sources over all pages."""


class ListWorkersResponse(TypedDict):
    """Workers that are connected now."""

    count: int
    """Number of workers in this reply."""
    workers: "list[WorkerInfoResponse]"


class OrgPreferences(TypedDict):
    """Settings that apply to a whole organization."""

    default_timezone: NotRequired[Optional[str]]
    """Time zone name, such as ``Europe/Berlin``."""


class Organization(TypedDict):
    """Top-level account that owns projects, roles and policies."""

    created_at: str
    id: str
    """Starts with ``org_``."""
    name: str
    preferences: NotRequired[Optional["OrgPreferences"]]
    """Settings of the organization, absent or null when none are set."""
    updated_at: str


class PatchSecretRequest(TypedDict):
    """Changes to the metadata of a secret."""

    description: NotRequired[Optional[str]]
    """New note for people."""
    name: NotRequired[Optional[str]]
    """New name of the secret."""


class PatchStepRequest(TypedDict):
    """New output for a step."""

    output: dict[str, Any]
    """Object that replaces the recorded output."""
    reason: NotRequired[str]
    """Why the output is replaced, free text."""
    step_id: str
    """Id of the step to patch."""


class PauseRunRequest(TypedDict):
    """The run to pause."""

    run_id: str


class PauseRunResponse(TypedDict):
    """The run after the request to pause it."""

    status: str
    """Status of the run, such as ``paused``."""


class PausedStepInfo(TypedDict):
    """A step of a paused run. Members that are zero, empty or false may be absent."""

    completed_at: NotRequired[str]
    error: NotRequired[str]
    """JSON, encoded as base64."""
    id: str
    """Id of the step, which ``runs_inject_step_output`` takes."""
    injected: NotRequired[bool]
    """True when the output was injected."""
    name: NotRequired[str]
    output: NotRequired[str]
    """JSON, encoded as base64."""
    status: NotRequired[str]
    step_type: NotRequired[str]


class PlatformAuditResponse(TypedDict):
    """Platform audit events that match a query."""

    events: "list[AuditEvent]"
    """Events of this page."""
    next_cursor: NotRequired[str]
    """Token for the next page, from servers that send one."""
    total: int
    """Number of matching events."""


class PlatformBootstrapRequest(TypedDict):
    """Account data of the first platform administrator."""

    email: str
    """Address used to log in."""
    name: str
    """Display name."""
    password: str


class PlatformBootstrapResponse(TypedDict):
    """Platform administrator that was set up."""

    email: str
    id: str
    """Starts with ``puser_``."""
    name: str


class PlatformCreatePolicyRequest(TypedDict):
    """Data for a new platform policy."""

    actions: str
    """Comma-separated action patterns, such as ``functions:list,runs:read``."""
    condition: NotRequired[str]
    """CEL expression that must hold, optional."""
    effect: PlatformCreatePolicyRequestEffect
    name: str
    resources: str
    """Comma-separated resource patterns, such as ``irn:ironflow:*:*:prod:*``, or ``*`` for all."""


class PlatformCreateRoleRequest(TypedDict):
    """Data for a new platform role."""

    name: str
    """Starts with ``platform_``."""
    policy_ids: NotRequired[list[str]]
    """Policies to attach at once."""


class PlatformCreateUserRequest(TypedDict):
    """Data for a new platform user."""

    email: str
    name: str
    """Display name."""
    password: str
    role_ids: NotRequired[list[str]]
    """Ids of platform roles to give to the user."""


class PlatformLoginRequest(TypedDict):
    """Credentials of a platform user."""

    email: str
    """Address the platform user was created with."""
    password: str


class PlatformLoginResponse(TypedDict):
    """Token and profile returned by a platform login."""

    token: str
    """JWT to send as bearer credential, valid for 24 hours."""
    user: "PlatformLoginUserInfo"
    """User who logged in."""


class PlatformLoginUserInfo(TypedDict):
    """Profile of the platform user who logged in."""

    email: str
    id: str
    """Starts with ``puser_``."""
    name: str
    roles: list[str]
    """Roles of the user."""


class PlatformProvisionTenantRequest(TypedDict):
    """Data for a new tenant."""

    name: str
    """Name of the organization of the tenant."""


class PlatformTenantResponse(TypedDict):
    """Tenant as the platform sees it."""

    created_at: str
    id: str
    """Id of the organization of the tenant."""
    name: str
    updated_at: str


class PlatformUpdatePolicyRequest(TypedDict):
    """Changes to a platform policy, where absent fields stay as they are."""

    actions: NotRequired[Optional[str]]
    """Comma-separated action patterns, such as ``functions:list,runs:read``."""
    condition: NotRequired[Optional[str]]
    """New CEL expression."""
    effect: NotRequired[Optional[PlatformUpdatePolicyRequestEffect]]
    name: NotRequired[Optional[str]]
    resources: NotRequired[Optional[str]]
    """Comma-separated resource patterns, such as ``irn:ironflow:*:*:prod:*``, or ``*`` for all."""


class PlatformUpdateRoleRequest(TypedDict):
    """New name of a platform role."""

    name: NotRequired[Optional[str]]
    """Starts with ``platform_``."""


class PlatformUpdateUserRequest(TypedDict):
    """Changes to a platform user, where absent fields stay as they are."""

    email: NotRequired[Optional[str]]
    is_active: NotRequired[Optional[bool]]
    """False blocks the user from logging in."""
    name: NotRequired[Optional[str]]
    password: NotRequired[Optional[str]]
    """New password."""


class PlatformUser(TypedDict):
    """Person who administers the platform across tenants."""

    created_at: str
    email: str
    id: str
    """Starts with ``puser_``."""
    is_active: bool
    """False when the user may not log in."""
    last_login_at: NotRequired[Optional[str]]
    """Absent or null before the first login."""
    name: str
    updated_at: str


class Policy(TypedDict):
    """Rule that allows or denies actions on resources."""

    actions: str
    """Comma-separated action patterns, such as ``functions:list,runs:read``."""
    condition: str
    """CEL expression over ``request`` and ``subject`` that must hold; empty when there is none."""
    created_at: str
    effect: Union[PolicyEffect, str]
    id: str
    name: str
    org_id: str
    """Owning organization, ``org_platform`` for platform policies."""
    resources: str
    """Comma-separated resource patterns, such as ``irn:ironflow:*:*:prod:*``, or ``*`` for all."""
    updated_at: str


class PolicyResponse(TypedDict):
    """Policy in a listing, together with its use."""

    actions: str
    """Comma-separated action patterns, such as ``functions:list,runs:read``."""
    condition: str
    """CEL expression over ``request`` and ``subject`` that must hold; empty when there is none."""
    created_at: str
    effect: Union[PolicyResponseEffect, str]
    id: str
    name: str
    org_id: str
    resources: str
    """Comma-separated resource patterns, such as ``irn:ironflow:*:*:prod:*``, or ``*`` for all."""
    role_count: int
    """Number of roles the policy is attached to."""
    updated_at: str


class PolicyTemplate(TypedDict):
    """Bundle of policies that can be installed as a whole."""

    bundle_json: str
    """Policies of the bundle as JSON text."""
    created_at: str
    description: NotRequired[str]
    id: str
    name: str
    template_id: str
    """Id to pass to ``policy_templates_install``."""
    tenant_id: NotRequired[str]
    """Tenant that owns a private bundle."""
    updated_at: str
    version: str
    """Version of the bundle."""


class PolicyVersion(TypedDict):
    """Snapshot of a policy as it was saved at one time."""

    actions: str
    """Comma-separated action patterns, such as ``functions:list,runs:read``."""
    author_id: NotRequired[str]
    """Who saved the version."""
    change_reason: NotRequired[str]
    """Note on why it was saved."""
    condition: str
    """CEL expression over ``request`` and ``subject`` that must hold; empty when there is none."""
    created_at: str
    effect: Union[PolicyVersionEffect, str]
    enabled: bool
    id: str
    name: str
    policy_id: str
    resources: str
    """Comma-separated resource patterns, such as ``irn:ironflow:*:*:prod:*``, or ``*`` for all."""
    template_id: NotRequired[str]
    """Template the policy was installed from."""
    template_version: NotRequired[str]
    """Version of that template."""
    valid_from: NotRequired[Optional[str]]
    """Start of the period in which it applies, if limited."""
    valid_until: NotRequired[Optional[str]]
    """End of the period in which it applies, if limited."""
    version_num: int
    """Number of the version, as taken by ``policies_rollback``."""


class Project(TypedDict):
    """Container for environments within an organization."""

    created_at: str
    description: NotRequired[str]
    id: str
    """Starts with ``proj_``."""
    name: str
    org_id: str
    """Owning organization."""
    updated_at: str


class ProjectNameRequest(TypedDict):
    """Name for a new or renamed project."""

    description: NotRequired[str]
    name: str
    """Display name of the project."""


class ProjectionActionResponse(TypedDict):
    """Acknowledgment of an action on a projection."""

    status: Union[ProjectionActionResponseStatus, str]
    """Status after the action."""


class ProjectionCatchupBatchItem(TypedDict):
    """One projection to wait for in a batch."""

    minSeq: str
    """Sequence to reach, as a decimal string."""
    name: str
    """Name of the projection."""
    partition: NotRequired[str]
    """Partition key to wait for; managed projections only."""


class ProjectionCatchupBatchRequest(TypedDict):
    """Projections to wait for, with one time limit for all."""

    items: "list[ProjectionCatchupBatchItem]"
    """1 to 16 projections with the sequence each has to reach."""
    timeoutMs: NotRequired[int]
    """Longest wait in milliseconds, shared by all items; default 30000, capped at 60000."""


class ProjectionCatchupBatchResponse(TypedDict):
    """Outcome of a batch wait."""

    results: "list[ProjectionCatchupBatchResult]"
    """One outcome for each requested item."""


class ProjectionCatchupBatchResult(TypedDict):
    """Outcome of one item of a batch wait: a result or an error."""

    error: NotRequired[str]
    """Why this item could not be waited for; absent on success."""
    result: NotRequired[Optional["ProjectionCatchupResponse"]]
    """Position reached; null or absent when there is an error."""


class ProjectionCatchupResponse(TypedDict):
    """Position of a projection at the end of a wait."""

    behindByEvents: int
    """How far the projection is behind the target, 0 when caught up."""
    caughtUp: bool
    """True when the target sequence was reached."""
    currentSeq: int
    """Sequence the projection has reached."""
    mode: Union[ProjectionCatchupResponseMode, str]
    rebuilding: bool
    """True while the projection is being rebuilt."""
    targetSeq: int
    """Sequence that was waited for."""
    timedOut: bool
    """True when the time limit ended the wait."""


class ProjectionRegistry(TypedDict):
    """Registry record of a projection: what it consumes and how far it has come."""

    created_at: str
    description: NotRequired[str]
    environment_id: str
    error_message: NotRequired[str]
    """Last failure, absent when there is none."""
    event_handlers: NotRequired[Any]
    """SQL statement per event name, for SQL projections."""
    events: Any
    """Names of the events the projection consumes."""
    last_event_seq: int
    """Sequence of the last event processed, 0 when none."""
    mode: Union[ProjectionRegistryMode, str]
    """The state is kept by the server (``managed``) or by your own code (``external``)."""
    name: str
    partition_key: NotRequired[str]
    """What the state is partitioned by, absent when the projection is not partitioned."""
    rebuild_start_cursor: NotRequired[Optional[int]]
    """Sequence the rebuild started from."""
    rebuild_started_at: NotRequired[Optional[str]]
    """Start of the rebuild, null or absent when none runs."""
    rebuild_target_seq: NotRequired[Optional[int]]
    """Sequence at which the rebuild is complete."""
    sql_definition: NotRequired[str]
    """Table definition, for SQL projections."""
    status: Union[ProjectionRegistryStatus, str]
    type: str
    updated_at: str
    version: int
    """Version of the projection definition."""


class ProjectionResponse(TypedDict):
    """Registry record of a projection with the state it has built."""

    created_at: str
    description: NotRequired[str]
    environment_id: str
    error_message: NotRequired[str]
    """Last failure, absent when there is none."""
    event_handlers: NotRequired[Any]
    """SQL statement per event name, for SQL projections."""
    events: Any
    """Names of the events the projection consumes."""
    last_event_seq: int
    """Sequence of the last event processed, 0 when none."""
    mode: Union[ProjectionResponseMode, str]
    """The state is kept by the server (``managed``) or by your own code (``external``)."""
    name: str
    partition_key: NotRequired[str]
    """What the state is partitioned by, absent when the projection is not partitioned."""
    rebuild_start_cursor: NotRequired[Optional[int]]
    """Sequence the rebuild started from."""
    rebuild_started_at: NotRequired[Optional[str]]
    """Start of the rebuild, null or absent when none runs."""
    rebuild_target_seq: NotRequired[Optional[int]]
    """Sequence at which the rebuild is complete."""
    sql_definition: NotRequired[str]
    """Table definition, for SQL projections."""
    state: NotRequired[Optional["ProjectionState"]]
    """State of the requested partition, absent when there is none yet."""
    status: Union[ProjectionResponseStatus, str]
    type: str
    updated_at: str
    version: int
    """Version of the projection definition."""


class ProjectionState(TypedDict):
    """State a projection has built for one partition."""

    environment_id: str
    last_event_id: str
    """Last event folded into the state."""
    last_event_seq: int
    """Sequence of that event."""
    last_event_time: str
    """Time of that event, ``0001-01-01T00:00:00Z`` when there was none."""
    partition_key: str
    """Partition the state belongs to, ``__global__`` when not partitioned."""
    projection_name: str
    state: Any
    """Value the projection computed, any JSON."""
    updated_at: str
    version: int
    """Counts up as the state changes."""


class ProjectionStatusResponse(TypedDict):
    """Short health report of a projection."""

    error_message: str
    """Last failure, empty when there is none."""
    last_event_seq: int
    """Sequence of the last event processed."""
    mode: Union[ProjectionStatusResponseMode, str]
    name: str
    status: Union[ProjectionStatusResponseStatus, str]
    updated_at: str


class ProjectionWaitForEventRequest(TypedDict):
    """Event to wait for and the projection that has to process it."""

    eventId: str
    """Id of the event."""
    partition: NotRequired[str]
    """Partition key to wait for; managed projections only."""
    projection: str
    """Name of the projection."""
    timeoutMs: NotRequired[int]
    """Longest wait in milliseconds, default 30000, capped at 60000."""


class ProvisionEnvResult(TypedDict):
    """Environment created for a new tenant."""

    id: str
    """Starts with ``env_``."""
    name: str


class ProvisionKeyResult(TypedDict):
    """Admin API key of a new tenant."""

    key: str
    """Full key, shown only this once."""
    roles: list[str]
    """Roles the key holds."""


class ProvisionOrgResult(TypedDict):
    """Organization created for a new tenant."""

    id: str
    """Starts with ``org_``."""
    name: str


class ProvisionTenantRequest(TypedDict):
    """Names for a new tenant."""

    env_name: NotRequired[str]
    """Name of its first environment, such as ``production``."""
    name: NotRequired[str]
    """Name of the tenant, for servers that take one name instead of ``org_name``."""
    org_name: NotRequired[str]
    """Name of the organization to create."""


class ProvisionTenantResponse(TypedDict):
    """Everything that was created for a new tenant."""

    api_key: "ProvisionKeyResult"
    """Admin key of the tenant."""
    environment: "ProvisionEnvResult"
    """First environment of the tenant."""
    org: "ProvisionOrgResult"
    """Organization of the tenant."""


class PublishRequest(TypedDict):
    """Message to publish to a topic."""

    data: Any
    """Payload, any JSON."""
    idempotency_key: NotRequired[str]
    """Key to deduplicate repeated publishes by."""
    topic: str
    """Plain topic name, without the ``topic:`` prefix of subscription patterns."""


class PublishResponse(TypedDict):
    """Receipt of a published message."""

    event_id: str
    """Id given to the message."""
    sequence: int
    """Position of the message in the message log."""


class PutKeyResponse(TypedDict):
    """Outcome of writing a key."""

    revision: int
    """Revision of the key after the write."""


class ReadStreamResponse(TypedDict):
    """Events read from an entity stream."""

    events: "list[Event]"
    total_count: int
    """Number of events in all."""


class ReadinessResponse(TypedDict):
    """Result of the readiness check."""

    issues: NotRequired[dict[str, str]]
    """Failing parts by name, each with an explanation; absent when there are none."""
    status: str


class RebuildJobInfo(TypedDict):
    """Progress of one projection rebuild."""

    error: NotRequired[str]
    """Why the rebuild failed, absent otherwise."""
    estimated_remaining: NotRequired[str]
    """Time left as a duration such as ``1m15s``."""
    events_processed: int
    """Events replayed so far."""
    job_id: str
    progress: float
    """How far the rebuild has come."""
    projection_name: str
    started_at: NotRequired[str]
    """Absent when the job has not started."""
    status: Union[RebuildJobInfoStatus, str]
    """``dry_run`` for an estimate."""
    total_events: int
    """Events to replay in all."""


class RebuildJobResponse(TypedDict):
    """Envelope around the rebuild job of a projection."""

    job: NotRequired[Optional["RebuildJobInfo"]]
    """The job, null or absent when there is none."""


class RebuildProjectionRequest(TypedDict):
    """Options of a projection rebuild; all may be left out."""

    dryRun: NotRequired[bool]
    """True to estimate the work without starting it, default false."""
    fromEventId: NotRequired[str]
    """First event to replay; the beginning of the log when left out."""
    partition: NotRequired[str]
    """Rebuild this partition only."""
    toEventId: NotRequired[str]
    """Last event to replay; the end of the log when left out."""


class RegisterRequest(TypedDict):
    """Worker to register."""

    function_ids: list[str]
    """Functions the worker can run."""
    hostname: NotRequired[str]
    labels: NotRequired[dict[str, str]]
    """Free key-value labels of the worker."""
    max_concurrent_jobs: int
    """Jobs the worker can run at the same time."""
    version: NotRequired["WorkerVersion"]
    """SDK and runtime the worker runs on."""
    worker_id: NotRequired[str]
    """Id of the worker, as in the path."""


class RegisterSchemaRequest(TypedDict):
    """Event schema to register."""

    description: NotRequired[str]
    """What this version is about or what it changes."""
    event_name: str
    """Event the schema describes."""
    schema_json: str
    """The schema, as a JSON string."""
    version: int
    """Version number of the schema."""


class ReplaceRolesRequest(TypedDict):
    """The complete new set of roles of an API key."""

    role_ids: list[str]
    """Ids of all roles the key is to have."""


class ResumeRunRequest(TypedDict):
    """Run to resume."""

    from_step: NotRequired[str]
    """Id of the step to resume from, instead of where the run stopped."""
    run_id: str
    """Id of the run."""


class Role(TypedDict):
    """Named set of policies that users and keys can hold."""

    created_at: str
    id: str
    is_default: bool
    """True for a built-in role."""
    name: str
    org_id: str
    """Owning organization, ``org_platform`` for platform roles."""


class RolePoliciesResponse(TypedDict):
    """Policies attached to one role."""

    policies: "list[Policy]"
    """Complete policies, not only their ids."""


class RoleResponse(TypedDict):
    """Role in a listing, together with its use."""

    api_key_count: int
    """Number of API keys that hold the role."""
    created_at: str
    id: str
    is_default: bool
    """True for a built-in role."""
    name: str
    org_id: str
    policy_count: int
    """Number of policies attached to the role."""


class RotateTokenRequest(TypedDict):
    """Which cluster credential to replace, and its new value."""

    kind: RotateTokenRequestKind
    """Kind of credential to rotate."""
    new_value: str
    """The credential to use from now on."""
    remote_key_id: NotRequired[str]
    """Id of the matching key on the remote side, where there is one."""


class RotateTokenResponse(TypedDict):
    """Outcome of a credential rotation."""

    rotated_at: str
    """Time the new credential took effect."""
    status: str
    """Result of the rotation."""


class Run(TypedDict):
    """Full record of a run, as returned by cancel and resume."""

    actor_id: NotRequired[str]
    attempt: int
    """Number of the current attempt."""
    cancellation_cause: NotRequired[str]
    """Why the run was canceled, absent otherwise."""
    claimed_at: NotRequired[Optional[str]]
    claimed_by: NotRequired[str]
    """Who has claimed the run for execution."""
    created_at: str
    ended_at: NotRequired[Optional[str]]
    """Null or absent while the run is not finished."""
    environment_id: str
    error: NotRequired[Any]
    """Failure details, absent when the run has not failed."""
    event_id: str
    execution_mode: Union[RunExecutionMode, str]
    """With ``push`` the server calls an endpoint, with ``pull`` a worker fetches the job."""
    function_id: str
    function_version: NotRequired[int]
    id: str
    input: NotRequired[Any]
    max_attempts: int
    """Attempts allowed in all."""
    output: NotRequired[Any]
    parent_run_id: NotRequired[str]
    """Run that started this one, absent for a top-level run."""
    parent_step_id: NotRequired[str]
    pause_reason: NotRequired[str]
    """Why the run is paused, such as ``injection``; absent otherwise."""
    pause_requested: bool
    """True when a pause has been asked for."""
    resume_from_step: NotRequired[str]
    """Step the run was resumed from."""
    started_at: NotRequired[Optional[str]]
    status: Union[RunStatus, str]
    timeout_at: NotRequired[Optional[str]]
    """When the run times out, if it does."""
    updated_at: str
    version: int
    """Version of the record."""
    worker_id: NotRequired[str]
    """Worker that executes the run."""


class RunAuditResponse(TypedDict):
    """One page of audit events."""

    events: "list[AuditEvent]"
    next_cursor: str
    """Token for the next page; empty when there is none."""
    retention_days: NotRequired[int]
    """How many days audit events are kept."""
    total_count: int
    """Number of events that match the filters."""


class RunResponse(TypedDict):
    """One execution of a function, as listed and read."""

    actor_id: NotRequired[str]
    attempt: int
    """Number of the current attempt."""
    created_at: str
    ended_at: NotRequired[Optional[str]]
    """Null or absent while the run is not finished."""
    error: NotRequired[Any]
    """Failure details, absent when the run has not failed."""
    event_id: str
    event_name: NotRequired[str]
    """Name of the event that started the run."""
    execution_mode: Union[RunResponseExecutionMode, str]
    """With ``push`` the server calls an endpoint, with ``pull`` a worker fetches the job."""
    function_id: str
    function_version: NotRequired[int]
    id: str
    input: NotRequired[Any]
    max_attempts: int
    """Attempts allowed in all."""
    output: NotRequired[Any]
    parent_run_id: NotRequired[str]
    """Run that started this one, absent for a top-level run."""
    parent_step_id: NotRequired[str]
    resume_from_step: NotRequired[str]
    """Step the run was resumed from."""
    started_at: NotRequired[Optional[str]]
    status: Union[RunResponseStatus, str]
    timeout_at: NotRequired[Optional[str]]
    """When the run times out, if it does."""
    updated_at: str
    worker_id: NotRequired[str]
    """Worker that executes the run."""


class RunResult(TypedDict):
    """The result of one run. Members that are zero, empty or false may be absent."""

    duration_ms: NotRequired[int]
    error: NotRequired["RunResultError"]
    """Absent unless the run has failed."""
    function_id: str
    output: NotRequired[dict[str, Any]]
    """What the function returned."""
    output_value: NotRequired[Any]
    """What it returned, if that is not an object; servers later than 0.22 send it."""
    run_id: str
    status: Union[RunResultStatus, str]
    wait_timed_out: NotRequired[bool]
    """Whether the run continues, because it had not ended in time; servers later than 0.22 send
    it.
    """


class RunResultError(TypedDict):
    """Why a run has failed. Members that are zero, empty or false may be absent."""

    code: NotRequired[str]
    details: NotRequired[dict[str, Any]]
    message: NotRequired[str]
    retryable: NotRequired[bool]
    stack: NotRequired[str]


class RunStreamsResponse(TypedDict):
    """Entities that a run has appended events to."""

    entity_ids: list[str]
    """Ids of the entities."""


class SchemaStatusResponse(TypedDict):
    """Acknowledgment of a schema change."""

    status: str
    """Outcome of the change."""


class SecretInfoResponse(TypedDict):
    """Metadata of a secret, never its value."""

    created_at: NotRequired[str]
    description: NotRequired[str]
    """Absent when none was given."""
    name: str
    revision: int
    """Number of the stored revision."""
    updated_at: NotRequired[str]


class ServerCapabilities(TypedDict):
    """What the server offers to clients."""

    auth_required: bool
    """True when requests need a credential."""
    features: list[str]
    """Optional features that are switched on."""
    transports: list[str]
    """Ways to reach the server, such as ``connectrpc`` or ``websocket``."""
    version: str


class SqlQueryRequest(TypedDict):
    """Query to run, with its limits."""

    max_rows: NotRequired[int]
    """Maximum number of rows to return, default 1000."""
    query: str
    """A single read-only SQL statement."""
    timeout_ms: NotRequired[int]
    """Time limit of the query in milliseconds, default 5000."""


class SqlQueryResponse(TypedDict):
    """Result table of an SQL query."""

    columns: list[str]
    """Column names, in the order of the values."""
    rows: list[list[str]]
    """One list of strings per row."""
    total_rows: int
    """Number of rows."""


class Step(TypedDict):
    """Full record of one step of a run."""

    attempt: int
    child_run_id: NotRequired[str]
    """Run that the step started, if any."""
    compensation_for: NotRequired[str]
    """Step that this one undoes, for ``compensate`` steps."""
    created_at: str
    duration_ms: NotRequired[Optional[int]]
    """Run time in milliseconds, null or absent until the step ends."""
    ended_at: NotRequired[Optional[str]]
    environment_id: str
    error: NotRequired[Any]
    id: str
    idempotency_key: NotRequired[str]
    input: NotRequired[Any]
    input_hash: NotRequired[str]
    invoke_timeout_ms: NotRequired[int]
    """Time limit of an invoked function in milliseconds."""
    max_attempts: NotRequired[Optional[int]]
    next_retry_at: NotRequired[Optional[str]]
    """When the step is tried again, null or absent when no retry is due."""
    original_output: NotRequired[Any]
    """Output from before the step was patched, absent when it was not."""
    output: NotRequired[Any]
    patched_at: NotRequired[Optional[str]]
    """When the output was replaced, null or absent when it was not."""
    patched_by: NotRequired[str]
    """Who replaced the output."""
    run_id: str
    sequence: int
    """Position of the step within the run."""
    sleep_until: NotRequired[Optional[str]]
    """When a ``sleep`` step wakes up."""
    started_at: NotRequired[Optional[str]]
    status: Union[StepStatus, str]
    step_id: str
    step_type: Union[StepStepType, str]
    updated_at: str
    version: int
    """Version of the record."""
    wait_event_id: NotRequired[str]
    wait_event_match: NotRequired[Any]
    wait_event_name: NotRequired[str]
    """Event a ``wait_for_event`` step waits for."""
    wait_timeout: NotRequired[Optional[str]]
    """When such a wait gives up."""


class StepResponse(TypedDict):
    """One step of a run, as listed."""

    attempt: int
    compensation_for: NotRequired[str]
    """Step that this one undoes, for ``compensate`` steps."""
    created_at: str
    duration_ms: NotRequired[Optional[int]]
    """Run time in milliseconds, null or absent until the step ends."""
    ended_at: NotRequired[Optional[str]]
    error: NotRequired[Any]
    id: str
    input: NotRequired[Any]
    input_hash: NotRequired[str]
    original_output: NotRequired[Any]
    """Output from before the step was patched, absent when it was not."""
    output: NotRequired[Any]
    patched_at: NotRequired[Optional[str]]
    """When the output was replaced, null or absent when it was not."""
    patched_by: NotRequired[str]
    """Who replaced the output."""
    run_id: str
    sequence: int
    """Position of the step within the run."""
    sleep_until: NotRequired[Optional[str]]
    """When a ``sleep`` step wakes up."""
    started_at: NotRequired[Optional[str]]
    status: Union[StepResponseStatus, str]
    step_id: str
    step_type: Union[StepResponseStepType, str]
    updated_at: str
    wait_event_name: NotRequired[str]
    """Event a ``wait_for_event`` step waits for."""
    wait_timeout: NotRequired[Optional[str]]
    """When such a wait gives up."""


class StepResult(TypedDict):
    """Outcome of one step, reported by a worker."""

    compensation_for: NotRequired[str]
    """Step that this one undoes, for ``compensate`` steps."""
    duration_ms: NotRequired[Optional[int]]
    """Run time in milliseconds."""
    ended_at: NotRequired[str]
    error: NotRequired[Any]
    """Failure details, absent on success."""
    id: str
    name: str
    output: NotRequired[Any]
    started_at: NotRequired[str]
    status: StepResultStatus
    type: StepResultType
    """Kind of step."""


class StreamEdge(TypedDict):
    """An entity type and an event recorded in its streams."""

    entity_type: str
    """Type of the entity, such as ``order``."""
    event: str
    """Name of the event."""


class StreamInfo(TypedDict):
    """Head data of an entity stream."""

    created_at: str
    entity_id: str
    entity_type: str
    event_count: int
    """Number of events in the stream."""
    updated_at: str
    """When the stream last changed."""
    version: int
    """Entity version of the latest event."""


class TenantListItem(TypedDict):
    """Tenant in a listing, with counts."""

    created_at: str
    env_count: int
    """Number of environments."""
    id: str
    """Id of the organization of the tenant."""
    key_count: int
    """Number of API keys."""
    name: str


class TestUpcastRequest(TypedDict):
    """Event data to convert, and the two versions."""

    data: dict[str, Any]
    """Event payload as of ``from_version``."""
    event_name: str
    from_version: int
    """Version the data has."""
    to_version: int
    """Version to convert to."""


class TestUpcastResponse(TypedDict):
    """Result of an upcast preview."""

    data: dict[str, Any]
    """Payload as of the target version."""
    steps_applied: "list[UpcastStep]"
    """Upcasters that were run, in the order of application."""


class TopicEdge(TypedDict):
    """A function and a topic that it publishes to."""

    function_id: str
    """Function that publishes."""
    topic: str
    """Name of the topic."""


class TopicInfo(TypedDict):
    """A developer topic. Members that are zero, empty or false may be absent."""

    consumer_count: NotRequired[int]
    first_message_at: NotRequired[str]
    last_message_at: NotRequired[str]
    message_count: NotRequired[str]
    """Number of messages, as decimal text."""
    name: str
    """Name without ``topic:``."""


class TriggerEventRequest(TypedDict):
    """An event to emit."""

    data: dict[str, Any]
    """Payload handed to the functions."""
    metadata: NotRequired[dict[str, Any]]
    """Further details to keep with the event."""
    name: str
    """Event name, such as ``order.placed``."""
    version: NotRequired[int]
    """Schema version of the event, default 1."""


class TriggerEventResponse(TypedDict):
    """Identifiers of an emitted event and of the runs it started."""

    event_id: str
    """Id of the stored event."""
    run_ids: list[str]
    """One id for each started run; empty when no function listens."""


class TriggerSyncRequest(TypedDict):
    """An event, and how long to wait for its runs."""

    data: NotRequired[dict[str, Any]]
    """Payload of the event."""
    event: str
    """Name of the event."""
    idempotency_key: NotRequired[str]
    """Key by which the server recognizes a repeat of the call."""
    metadata: NotRequired[dict[str, Any]]
    timeout_ms: NotRequired[int]
    """How long the server waits for the runs, in milliseconds; 30000 by default."""


class TriggerSyncResponse(TypedDict):
    """The event and its runs. Members that are zero, empty or false may be absent."""

    event_id: str
    results: NotRequired["list[RunResult]"]
    """One for each run that the event has started."""


class UpcastStep(TypedDict):
    """One upcaster that was applied."""

    description: str
    """What the upcaster does."""
    from_version: int
    """Version before the step."""
    to_version: int
    """Version after the step."""


class UpdateEnvironmentRequest(TypedDict):
    """The properties of an environment to change."""

    color: NotRequired[str]
    """New display color."""
    name: NotRequired[str]
    """New name."""


class UpdateOrgRequest(TypedDict):
    """Changes to an organization, where absent fields stay as they are."""

    name: NotRequired[Optional[str]]
    """New display name."""
    preferences: NotRequired[Optional["OrgPreferences"]]
    """New settings."""


class UpdatePolicyRequest(TypedDict):
    """Changes to a policy, where absent fields stay as they are."""

    actions: NotRequired[Optional[str]]
    """Comma-separated action patterns, such as ``functions:list,runs:read``."""
    condition: NotRequired[Optional[str]]
    """New CEL expression; an empty string clears the present one."""
    effect: NotRequired[Optional[UpdatePolicyRequestEffect]]
    name: NotRequired[Optional[str]]
    resources: NotRequired[Optional[str]]
    """Comma-separated resource patterns, such as ``irn:ironflow:*:*:prod:*``, or ``*`` for all."""


class UpdateProjectRequest(TypedDict):
    """Changes to a project; an omitted member keeps its value."""

    description: NotRequired[str]
    """An empty one clears it."""
    name: NotRequired[str]
    """Display name of the project."""


class UpdateRoleRequest(TypedDict):
    """New name of a role."""

    name: NotRequired[Optional[str]]
    """Name to use from now on."""


class UpdateSecretRequest(TypedDict):
    """New value of a secret."""

    description: NotRequired[str]
    """New note for people, optional."""
    value: str
    """Text that replaces the stored one."""


class UpdateUserRequest(TypedDict):
    """Changes to a dashboard user, where absent fields stay as they are."""

    email: NotRequired[Optional[str]]
    name: NotRequired[Optional[str]]
    roles: NotRequired[list[str]]
    """New roles of the user."""


class UserResponse(TypedDict):
    """Dashboard user of an organization."""

    created_at: str
    email: str
    id: str
    last_login_at: NotRequired[Optional[str]]
    """Absent or null before the first login."""
    name: str
    org_id: str
    roles: list[str]
    """Roles of the user, such as ``admin``."""
    updated_at: str


class WebhookDelivery(TypedDict):
    """One delivery to a webhook source. Members that are zero, empty or false may be absent."""

    created_at: NotRequired[str]
    error: NotRequired[str]
    """Why it was rejected or has failed."""
    event_id: NotRequired[str]
    """Event that the delivery was turned into."""
    external_id: NotRequired[str]
    """Id that the provider gave it."""
    id: str
    request_body: NotRequired[str]
    request_headers: NotRequired[dict[str, Any]]
    signature_key: NotRequired[str]
    """Name of the key that the signature was checked with."""
    source_id: str
    status: Union[WebhookDeliveryStatus, str]


class WebhookDeliveryCounts(TypedDict):
    """Webhook deliveries counted by outcome."""

    accepted: int
    """Deliveries taken in."""
    failed: int
    """Deliveries that could not be handled."""
    rejected: int
    """Deliveries refused, for instance for a missing signature."""


class WebhookEmitEdge(TypedDict):
    """A webhook source and an event that it produces."""

    event: str
    """Name of the event."""
    source_id: str
    """Source that produces it."""


class WebhookFlowData(TypedDict):
    """Webhook sources together with the events they produce."""

    edges: "list[WebhookEmitEdge]"
    """One entry for each pair of source and event."""
    sources: "list[WebhookFlowSource]"
    """The webhook sources."""


class WebhookFlowSource(TypedDict):
    """A webhook source with a summary of its deliveries."""

    delivery_counts: "WebhookDeliveryCounts"
    event_prefix: str
    """Start of the names of the events it produces."""
    id: str
    latest_delivery_at: NotRequired[Optional[str]]
    """Time of the latest delivery; null or absent when there was none."""
    latest_delivery_status: NotRequired[Union[WebhookFlowSourceLatestDeliveryStatus, str]]
    """Outcome of the latest delivery; absent when there was none."""
    name: str
    source_type: Union[WebhookFlowSourceSourceType, str]
    """How the source was registered."""


class WebhookSource(TypedDict):
    """A registered webhook source. Members that are zero, empty or false may be absent."""

    created_at: NotRequired[str]
    event_prefix: NotRequired[str]
    """Prefix of the names of its events."""
    id: str
    ingest_token: NotRequired[str]
    """Shown only when it is made; absent in lists."""
    ingest_token_prefix: NotRequired[str]
    metadata: NotRequired[dict[str, Any]]
    name: NotRequired[str]
    source_type: NotRequired[str]
    """Such as ``api`` or ``sdk``."""
    updated_at: NotRequired[str]
    verify_algorithm: NotRequired[str]
    """Such as ``hmac-sha256``."""
    verify_config: NotRequired["WebhookVerifyConfig"]
    verify_header: NotRequired[str]
    """Header that holds the signature."""
    verify_secret_prev_expires_at: NotRequired[str]
    """When the previous secret stops being accepted."""
    verify_secret_prev_set: NotRequired[bool]
    """Whether a previous secret is still accepted."""
    verify_secret_set: NotRequired[bool]
    """Whether signatures are checked."""


class WebhookVerifyConfig(TypedDict):
    """How the signature of a delivery is found and checked. Members that are zero, empty or false
    may be absent.
    """

    algorithm: NotRequired[str]
    dedup_id_path: NotRequired[str]
    """Where the payload has the id of the delivery."""
    encoding: NotRequired[str]
    entry_separator: NotRequired[str]
    event_name_path: NotRequired[str]
    """Where the payload has the name of the event."""
    kv_delimiter: NotRequired[str]
    signature_header: NotRequired[str]
    signature_key: NotRequired[str]
    signing_template: NotRequired[str]
    timestamp_header: NotRequired[str]
    timestamp_key: NotRequired[str]
    tolerance_seconds: NotRequired[int]


class WorkerCredit(TypedDict):
    """One execution slot offered by a worker."""

    claimed: bool
    """True while a run holds the slot."""
    claimed_execution_seq: int
    """Execution of that run which holds the slot."""
    claimed_run_id: str
    """Run that holds the slot."""
    created_at: str
    credit_id: str
    engine_node_id: str
    """Server node that manages the slot."""
    environment_id: str
    expires_at: str
    """Time the offer ends unless renewed."""
    session_id: str
    slot_ordinal: int
    """Number of the slot within the worker session."""
    worker_id: str


class WorkerInfoResponse(TypedDict):
    """A connected worker."""

    active_jobs: int
    """Jobs the worker is busy with."""
    function_ids: list[str]
    """Functions the worker can run."""
    hostname: str
    id: str
    labels: dict[str, str]
    """Free key-value labels of the worker."""
    last_heartbeat: str
    max_concurrent: int
    """Jobs the worker can run at the same time."""
    registered_at: str
    transport: str
    """How the worker is connected."""
    version: "WorkerVersion"


class WorkerSession(TypedDict):
    """A worker's current connection to the scheduler."""

    created_at: str
    draining: bool
    """True when the worker takes no new work."""
    engine_node_id: str
    """Server node that holds the session."""
    environment_id: str
    heartbeat_expiry: str
    """Time the session ends unless a heartbeat arrives."""
    labels: NotRequired[Any]
    """Labels that the worker registered with."""
    protocol_caps: NotRequired[Any]
    """Protocol features that the worker supports."""
    session_id: str
    worker_id: str


class WorkerStatusResponse(TypedDict):
    """Acknowledgment of a call made by a worker."""

    status: str
    """Outcome of the call."""


class WorkerVersion(TypedDict):
    """Software a worker runs on."""

    runtime: str
    """Language runtime."""
    sdk: str
    """Version of the SDK."""


class YieldInfo(TypedDict):
    """What a run waits for after it has yielded."""

    data: NotRequired[Any]
    event_filter: NotRequired[Optional["EventFilter"]]
    """Event to wait for, null or absent for other waits."""
    function_id: NotRequired[str]
    """Function to invoke, if the step invokes one."""
    input: NotRequired[Any]
    """Input of that invocation."""
    invoke_timeout_ms: NotRequired[int]
    """Time limit of that invocation in milliseconds."""
    step_id: str
    step_name: NotRequired[str]
    """Name of the step; later servers take it from ``step_id``."""
    type: YieldInfoType
    """Kind of step that waits."""
    until: NotRequired[str]
    """When to wake up, for a sleep."""
