# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 2c5aceef3da225c9, server 0.22.5.
"""The Ironflow client: one method per endpoint, named ``<group>_<action>``."""

from __future__ import annotations

from ._base import BaseClient
from ._encoding import segment
from ._errors import IronflowError
from ._live import Live
from ._page_styles import ByCursor, ByOffset, ByVersion
from ._pages import Pages
from ._rpc import CONNECT, Rpc, as_message
from ._waits import Waits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from . import models
else:
    from ._hints import Any, Mapping, Sequence, datetime, models

__all__ = ["IronflowClient", "IronflowError"]


class IronflowClient(Waits, Rpc, Live):
    __doc__ = BaseClient.__doc__

    # api_keys

    def api_keys_list(self, *, platform: bool | None = None) -> list[models.ApiKeyResponse]:
        """Return the API keys that the caller may see, without their secret values.

        ``GET /api/v1/apikeys``

        The reply is a plain list. To tell keys apart, compare ``key_prefix``: the full key is shown
        only when it is created or rotated.

        Args:
            platform: True returns platform keys only.

        Returns:
            A list of ``models.ApiKeyResponse``, such as
                [{"created_at": "2026-01-01T08:00:00Z", "environment_id": "env_123",
                 "expires_at": None, "id": "ak_123", "key_prefix": "ifkey_1a2b3c4d",
                 "last_used_at": "2026-01-15T09:30:00Z", "name": "my-key",
                 "role_ids": ["role_123"]}]
        """
        return self._call("GET", "/api/v1/apikeys", query={"platform": platform})

    def api_keys_create(self, body: models.CreateAPIKeyRequest) -> models.CreateAPIKeyResponse:
        """Create an API key and return its full value, which is shown only once.

        ``POST /api/v1/apikeys``

        Store ``key`` from the reply at once, because no later call returns it. With ``platform``
        set to true the key starts with ``ifplatform_`` and works across tenants; other keys start
        with ``ifkey_``. The reply holds a credential: no error and no log quotes it.

        Args:
            body: ``models.CreateAPIKeyRequest``, such as
                {"name": "my-key"}

        Returns:
            ``models.CreateAPIKeyResponse``, such as
                {"created_at": "2026-01-15T09:30:00Z", "expires_at": None, "id": "ak_123",
                 "key": "ifkey_00000000000000000000000000000000", "key_prefix": "ifkey_1a2b3c4d",
                 "last_used_at": None, "name": "my-key", "role_ids": []}
        """
        return self._call("POST", "/api/v1/apikeys", body=body, secret=True)

    def api_keys_delete(self, id: str) -> None:
        """Revoke an API key for good.

        ``DELETE /api/v1/apikeys/{id}``

        The key stops working immediately. The call returns nothing.

        Args:
            id: Id of the API key, such as ``ak_123``.
        """
        return self._call("DELETE", f"/api/v1/apikeys/{segment(id=id)}")

    def api_keys_get(self, id: str) -> models.ApiKeyResponse:
        """Fetch one API key record by its id.

        ``GET /api/v1/apikeys/{id}``

        The record holds the name, prefix, roles and timestamps, never the key itself. Status 404
        means that there is no key with this id.

        Args:
            id: Id of the API key, such as ``ak_123``.

        Returns:
            ``models.ApiKeyResponse``, such as
                {"created_at": "2026-01-01T08:00:00Z", "environment_id": "env_123",
                 "expires_at": None, "id": "ak_123", "key_prefix": "ifkey_1a2b3c4d",
                 "last_used_at": "2026-01-15T09:30:00Z", "name": "my-key", "role_ids": ["role_123"]}
        """
        return self._call("GET", f"/api/v1/apikeys/{segment(id=id)}")

    def api_keys_update_roles(
        self, id: str, body: models.ReplaceRolesRequest
    ) -> models.ApiKeyResponse:
        """Set the roles of an API key, dropping those it had before.

        ``PUT /api/v1/apikeys/{id}/roles``

        The given list replaces the current one in full, so include every role that the key is to
        keep.

        Args:
            id: Id of the API key, such as ``ak_123``.
            body: ``models.ReplaceRolesRequest``, such as
                {"role_ids": ["role_123"]}

        Returns:
            ``models.ApiKeyResponse``, such as
                {"created_at": "2026-01-01T08:00:00Z", "environment_id": "env_123",
                 "expires_at": None, "id": "ak_123", "key_prefix": "ifkey_1a2b3c4d",
                 "last_used_at": "2026-01-15T09:30:00Z", "name": "my-key", "role_ids": ["role_123"]}
        """
        return self._call("PUT", f"/api/v1/apikeys/{segment(id=id)}/roles", body=body)

    def api_keys_rotate(
        self, id: str, body: Mapping[str, Any] | None = None
    ) -> models.CreateAPIKeyResponse:
        """Exchange an API key for a fresh one and return the new value.

        ``POST /api/v1/apikeys/{id}/rotate``

        The new key keeps the name, the environment and the roles. The old value is revoked
        immediately, and the new one appears in this reply only. Take the id for later calls from
        the reply. The reply holds a credential: no error and no log quotes it.

        Args:
            id: Id of the API key, such as ``ak_123``.
            body: Any JSON object.

        Returns:
            ``models.CreateAPIKeyResponse``, such as
                {"created_at": "2026-01-15T09:30:00Z", "expires_at": None, "id": "ak_123",
                 "key": "ifkey_00000000000000000000000000000000", "key_prefix": "ifkey_1a2b3c4d",
                 "last_used_at": None, "name": "my-key", "role_ids": ["role_123"],
                 "environment_id": "env_123"}
        """
        return self._call(
            "POST", f"/api/v1/apikeys/{segment(id=id)}/rotate", body=body, secret=True
        )

    # audit

    def audit_list(
        self,
        *,
        cursor: str | None = None,
        event_type: str | None = None,
        from_: datetime | str | None = None,
        function_id: str | None = None,
        limit: int | None = None,
        run_id: str | None = None,
        to: datetime | str | None = None,
    ) -> models.RunAuditResponse:
        """Search the audit trail of all runs.

        ``GET /api/v1/audit``

        All filters are optional and narrow the result together. For the next page, pass
        ``next_cursor`` of the reply as ``cursor``. For the trail of a single run there is also
        ``runs_list_audit``.

        Args:
            cursor: Continuation token, taken from ``next_cursor`` of the page before.
            event_type: Only events of this audit type, such as ``step.completed``.
            from_: Earliest time to include, RFC 3339.
            function_id: Only events of runs of this function.
            limit: Most events to return in one page.
            run_id: Only events of this run.
            to: Latest time to include, RFC 3339.

        Returns:
            ``models.RunAuditResponse``, such as
                {"events": [{"created_at": "2026-01-15T09:30:00Z", "environment_id": "env_default",
                 "event_type": "step.completed", "function_id": "process-order", "id": "aud_123",
                 "payload": {"name": "validate-input"}, "run_id": "run_abc123",
                 "step_id": "step_xyz"}], "next_cursor": "", "total_count": 1}
        """
        return self._call(
            "GET",
            "/api/v1/audit",
            query={
                "cursor": cursor,
                "event_type": event_type,
                "from": from_,
                "function_id": function_id,
                "limit": limit,
                "run_id": run_id,
                "to": to,
            },
        )

    def audit_iterate(
        self,
        *,
        event_type: str | None = None,
        from_: datetime | str | None = None,
        function_id: str | None = None,
        run_id: str | None = None,
        to: datetime | str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.AuditEvent]:
        """Go through all items of ``audit_list``, one at a time.

        ``GET /api/v1/audit``

        Search the audit trail of all runs.

        Args:
            event_type: Only events of this audit type, such as ``step.completed``.
            from_: Earliest time to include, RFC 3339.
            function_id: Only events of runs of this function.
            run_id: Only events of this run.
            to: Latest time to include, RFC 3339.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.AuditEvent``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "audit_iterate",
            "/api/v1/audit",
            ByCursor("events", param="cursor", size="limit", next="next_cursor", identity=("id",)),
            query={
                "event_type": event_type,
                "from": from_,
                "function_id": function_id,
                "run_id": run_id,
                "to": to,
            },
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def audit_list_auth_trail(
        self, body: models.GetAuthAuditTrailRequest
    ) -> models.GetAuthAuditTrailResponse:
        """Search the trail of authentication and authorization decisions.

        ``POST /ironflow.v1.AuditService/GetAuthAuditTrail``

        Part of the enterprise edition. For the next page, pass ``next_cursor`` of the reply as
        ``cursor``. It changes nothing and is retried like a GET.

        Args:
            body: ``models.GetAuthAuditTrailRequest``, such as
                {"org_id": "org_default", "action": "functions:invoke"}

        Returns:
            ``models.GetAuthAuditTrailResponse``, such as
                {"events": [{"id": "aud_456", "event_type": "auth.check",
                 "payload": {"action": "functions:invoke", "key": "ak_123"},
                 "metadata": {"decision": "allow"}, "created_at": "2026-01-15T09:30:00Z"}],
                 "total_count": 1}
        """
        return self._call(
            "POST",
            "/ironflow.v1.AuditService/GetAuthAuditTrail",
            headers=CONNECT,
            body=body,
            read=as_message("GetAuthAuditTrailResponse"),
            idempotent=True,
        )

    # capacity

    def capacity_list_buckets(
        self, *, env: str | None = None, function: str | None = None, limit: int | None = None
    ) -> list[models.DispatchBucketRow]:
        """Show the dispatch buckets that the capacity scheduler serves in turn.

        ``GET /api/v1/capacity/buckets``

        A bucket stands for one function in one environment, or for one lane of it. Useful for
        finding out why work of a function is not being dispatched.

        Args:
            env: Only rows of this environment.
            function: Only rows of the function with this id.
            limit: Most rows to return.

        Returns:
            A list of ``models.DispatchBucketRow``, such as
                [{"created_at": "2026-01-15T09:30:00Z", "environment_id": "env_default",
                 "function_id": "process-order", "lane_id": "lane_1",
                 "last_dispatched_at": "2026-01-15T09:31:00Z"}]
        """
        return self._call(
            "GET",
            "/api/v1/capacity/buckets",
            query={
                "env": env,
                "function": function,
                "limit": limit,
            },
        )

    def capacity_list_credits(
        self, *, env: str | None = None, function: str | None = None, limit: int | None = None
    ) -> list[models.WorkerCredit]:
        """Show the execution slots that workers have offered to the scheduler.

        ``GET /api/v1/capacity/credits``

        Each credit is one slot of a worker session; a claimed credit names the run that holds it.

        Args:
            env: Only rows of this environment.
            function: Only rows of the function with this id.
            limit: Most rows to return.

        Returns:
            A list of ``models.WorkerCredit``, such as
                [{"claimed": True, "claimed_execution_seq": 1, "claimed_run_id": "run_abc123",
                 "created_at": "2026-01-15T09:30:00Z", "credit_id": "credit_1",
                 "engine_node_id": "node-1", "environment_id": "env_default",
                 "expires_at": "2026-01-15T09:35:00Z", "session_id": "session_1", "slot_ordinal": 0,
                 "worker_id": "worker-1"}]
        """
        return self._call(
            "GET",
            "/api/v1/capacity/credits",
            query={
                "env": env,
                "function": function,
                "limit": limit,
            },
        )

    def capacity_list_lanes(
        self, *, env: str | None = None, function: str | None = None, limit: int | None = None
    ) -> list[models.ConcurrencyLane]:
        """Show the concurrency lanes with their limits and current use.

        ``GET /api/v1/capacity/lanes``

        Compare ``active_reserved`` with ``limit`` to see which lanes are full.

        Args:
            env: Only rows of this environment.
            function: Only rows of the function with this id.
            limit: Most rows to return.

        Returns:
            A list of ``models.ConcurrencyLane``, such as
                [{"active_reserved": 2, "config_version": 1, "created_at": "2026-01-01T08:00:00Z",
                 "environment_id": "env_default", "function_id": "process-order",
                 "lane_id": "lane_1", "last_used_at": "2026-01-15T09:30:00Z", "limit": 10,
                 "scalar_type": "string", "scope": "function"}]
        """
        return self._call(
            "GET",
            "/api/v1/capacity/lanes",
            query={
                "env": env,
                "function": function,
                "limit": limit,
            },
        )

    def capacity_list_leases(
        self, *, env: str | None = None, function: str | None = None, limit: int | None = None
    ) -> list[models.ConcurrencyLease]:
        """Show the leases held by executions that occupy a concurrency slot.

        ``GET /api/v1/capacity/leases``

        A lease ends on its own at ``expires_at``. The lease token itself is not returned, only a
        hash of it.

        Args:
            env: Only rows of this environment.
            function: Only rows of the function with this id.
            limit: Most rows to return.

        Returns:
            A list of ``models.ConcurrencyLease``, such as
                [{"activated_at": "2026-01-15T09:30:00Z", "engine_node_id": "node-1",
                 "environment_id": "env_default", "execution_seq": 1,
                 "expires_at": "2026-01-15T09:35:00Z", "function_id": "process-order",
                 "lane_id": "lane_1", "lease_id": "lease_1", "lease_token_hash": "0000000000000000",
                 "run_id": "run_abc123"}]
        """
        return self._call(
            "GET",
            "/api/v1/capacity/leases",
            query={
                "env": env,
                "function": function,
                "limit": limit,
            },
        )

    def capacity_list_queue(
        self, *, env: str | None = None, function: str | None = None, limit: int | None = None
    ) -> list[models.DispatchSegment]:
        """Show the run executions that wait for capacity.

        ``GET /api/v1/capacity/queue``

        ``blocking_reason`` says what an entry waits for, and ``eligible_at`` from when it may be
        dispatched.

        Args:
            env: Only rows of this environment.
            function: Only rows of the function with this id.
            limit: Most rows to return.

        Returns:
            A list of ``models.DispatchSegment``, such as
                [{"blocking_reason": "lane_full", "created_at": "2026-01-15T09:30:00Z",
                 "eligible_at": "2026-01-15T09:30:00Z", "environment_id": "env_default",
                 "execution_mode": "pull", "execution_seq": 1,
                 "first_enqueued_at": "2026-01-15T09:30:00Z", "function_id": "process-order",
                 "function_version": 1, "lane_id": "lane_1", "queue_seq": 42,
                 "reservation_expires_at": None, "reservation_owner": None, "run_id": "run_abc123",
                 "timeout_ms": 30000}]
        """
        return self._call(
            "GET",
            "/api/v1/capacity/queue",
            query={
                "env": env,
                "function": function,
                "limit": limit,
            },
        )

    def capacity_list_sessions(
        self, *, env: str | None = None, function: str | None = None, limit: int | None = None
    ) -> list[models.WorkerSession]:
        """Show the worker sessions known to the scheduler.

        ``GET /api/v1/capacity/sessions``

        A draining session finishes its present work and takes no more.

        Args:
            env: Only rows of this environment.
            function: Only rows of the function with this id.
            limit: Most rows to return.

        Returns:
            A list of ``models.WorkerSession``, such as
                [{"created_at": "2026-01-15T09:30:00Z", "draining": False,
                 "engine_node_id": "node-1", "environment_id": "env_default",
                 "heartbeat_expiry": "2026-01-15T09:31:00Z", "labels": {"region": "eu-west-1"},
                 "session_id": "session_1", "worker_id": "worker-1"}]
        """
        return self._call(
            "GET",
            "/api/v1/capacity/sessions",
            query={
                "env": env,
                "function": function,
                "limit": limit,
            },
        )

    def capacity_list_stats(self) -> list[models.CapacityStat]:
        """Summarize queue length and slot use for each environment and function.

        ``GET /api/v1/capacity/stats``

        A quick overview for dashboards and alerts; the other capacity calls give the single rows.

        Returns:
            A list of ``models.CapacityStat``, such as
                [{"active_leases": 2, "environment_id": "env_default",
                 "function_id": "process-order", "lane_limit": 10, "oldest_queue_age_seconds": 1.5,
                 "queued": 3, "reservations": 0}]
        """
        return self._call("GET", "/api/v1/capacity/stats")

    # circuit_breakers

    def circuit_breakers_list(self) -> list[models.BreakerState]:
        """List the circuit breakers that guard the endpoints of push functions.

        ``GET /api/v1/circuit-breakers``

        An open breaker holds back requests to an endpoint that keeps failing. The state is shared
        by all nodes of a cluster.

        Returns:
            A list of ``models.BreakerState``, such as
                [{"consecutive_fails": 5, "endpoint": "https://app.example.com/api/ironflow",
                 "function_id": "process-order",
                 "key": "process-order|https://app.example.com/api/ironflow",
                 "last_failure": "2026-01-15T09:30:00Z", "state": "open"}]
        """
        return self._call("GET", "/api/v1/circuit-breakers")

    def circuit_breakers_reset(
        self, key: str, body: Mapping[str, Any] | None = None
    ) -> models.BreakerState:
        """Close a circuit breaker so that its endpoint receives requests again.

        ``POST /api/v1/circuit-breakers/{key}/reset``

        Use it once the endpoint has been repaired. It takes the base64url form, without padding, of
        a ``key`` that ``circuit_breakers_list`` gives; an older server lists that form, which is
        taken unchanged.

        Args:
            key: Base64url form, without padding, of function id, ``|`` and endpoint.
            body: Any JSON object.

        Returns:
            ``models.BreakerState``, such as
                {"consecutive_fails": 0, "endpoint": "https://app.example.com/api/ironflow",
                 "function_id": "process-order",
                 "key": "process-order|https://app.example.com/api/ironflow", "state": "closed"}
        """
        return self._call("POST", f"/api/v1/circuit-breakers/{segment(key=key)}/reset", body=body)

    # cluster

    def cluster_rotate_token(
        self, body: models.RotateTokenRequest, *, idempotency_key: str | None = None
    ) -> models.RotateTokenResponse:
        """Replace one of the credentials that the cluster uses.

        ``POST /api/v1/cluster/rotate-token``

        The caller supplies the new value. Send an ``Idempotency-Key`` so that a repeated request
        does not rotate twice. The reply holds a credential: no error and no log quotes it. With an
        ``idempotency_key`` the call is safe to repeat and is retried like a GET; "auto" makes a
        key.

        Args:
            body: ``models.RotateTokenRequest``, such as
                {"kind": "engine_api_key", "new_value": "s3cret"}
            idempotency_key: Key of the caller's choice that marks retries of the same rotation.

        Returns:
            ``models.RotateTokenResponse``, such as
                {"rotated_at": "2026-01-15T09:30:00Z", "status": "rotated"}
        """
        return self._call(
            "POST",
            "/api/v1/cluster/rotate-token",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
            secret=True,
        )

    # config

    def config_list(self) -> models.ListConfigsResponse:
        """List the stored config documents by name and revision.

        ``GET /api/v1/config``

        Only names, revisions and times are returned; read the content with ``config_get``.

        Returns:
            ``models.ListConfigsResponse``, such as
                {"configs": [{"name": "my-config", "revision": 3,
                 "updatedAt": "2026-01-15T09:30:00Z"}]}
        """
        return self._call("GET", "/api/v1/config")

    def config_delete(self, name: str) -> None:
        """Delete a config document by its name.

        ``DELETE /api/v1/config/{name}``

        Deleting a document that does not exist is not an error. The call returns nothing.

        Args:
            name: Name of the config document.
        """
        return self._call("DELETE", f"/api/v1/config/{segment(name=name)}")

    def config_get(self, name: str) -> models.ConfigResponse:
        """Fetch a config document with its content and revision.

        ``GET /api/v1/config/{name}``

        Status 404 means that no document has this name.

        Args:
            name: Name of the config document.

        Returns:
            ``models.ConfigResponse``, such as
                {"data": {"key": "value"}, "name": "my-config", "revision": 1,
                 "updatedAt": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/config/{segment(name=name)}")

    def config_patch(self, name: str, body: Mapping[str, Any]) -> models.ConfigSetResult:
        """Change single top-level keys of a config document and keep the others.

        ``PATCH /api/v1/config/{name}``

        The merge is shallow: a nested object is replaced as a whole. The document is created when
        it does not exist yet.

        Args:
            name: Name of the config document.
            body: Any JSON object, such as
                {"key": "updated"}

        Returns:
            ``models.ConfigSetResult``, such as
                {"name": "my-config", "revision": 2}
        """
        return self._call("PATCH", f"/api/v1/config/{segment(name=name)}", body=body)

    def config_create(self, name: str, body: Mapping[str, Any]) -> models.ConfigSetResult:
        """Store a config document, overwriting any previous content.

        ``POST /api/v1/config/{name}``

        The body is the complete document and may be any JSON object. Keys missing from it are gone
        afterwards; use ``config_patch`` to change only some of them.

        Args:
            name: Name of the config document.
            body: Any JSON object, such as
                {"key": "value"}

        Returns:
            ``models.ConfigSetResult``, such as
                {"name": "my-config", "revision": 1}
        """
        return self._call("POST", f"/api/v1/config/{segment(name=name)}", body=body)

    def config_list_watch(self, name: str) -> Any:
        """Follow the changes of a config document over a WebSocket.

        ``GET /api/v1/config/{name}/watch``

        The route answers a WebSocket handshake and then sends a ``config_update`` frame for each
        change, or an ``error`` frame. A plain GET receives no updates; ``config_watch`` of the
        Python client follows them.

        Args:
            name: Name of the config document.

        Returns:
            The decoded JSON of the reply.
        """
        return self._call("GET", f"/api/v1/config/{segment(name=name)}/watch")

    # debounce

    def debounce_list_entries(self) -> list[models.DebounceEntryView]:
        """List the debounced invocations that have not fired yet.

        ``GET /api/v1/debounce/entries``

        Debouncing folds a burst of events into one invocation. The list covers the environment of
        the request; platform credentials see all environments.

        Returns:
            A list of ``models.DebounceEntryView``, such as
                [{"armed_at": "2026-01-15T09:30:00Z", "debounce_key": "user_123",
                 "environment_id": "env_default", "event_id": "evt_01J8ZQ4T",
                 "fires_at": "2026-01-15T09:31:00Z", "function_id": "process-order",
                 "function_version": 1, "period_ms": 60000}]
        """
        return self._call("GET", "/api/v1/debounce/entries")

    def debounce_delete_entries(self, env_id: str, fn_id: str, key: str) -> None:
        """Cancel a pending debounced invocation so that it never fires.

        ``DELETE /api/v1/debounce/entries/{envID}/{fnID}/{key}``

        The next event with the same debounce key starts a new waiting period. The call returns
        nothing.

        Args:
            env_id: Id of the environment, such as ``env_default``.
            fn_id: Id of the function that is waiting.
            key: Debounce key of the entry, base64url encoded.
        """
        return self._call(
            "DELETE",
            f"/api/v1/debounce/entries/{segment(env_id=env_id)}/{segment(fn_id=fn_id)}"
            f"/{segment(key=key)}",
        )

    # environments

    def environments_list(self, *, project_id: str | None = None) -> list[models.EnvResponse]:
        """List the environments, of all projects or of a single one.

        ``GET /api/v1/environments``

        The environment ``default`` with the id ``env_default`` always exists.

        Args:
            project_id: Only environments of this project.

        Returns:
            A list of ``models.EnvResponse``, such as
                [{"color": "#64748b", "created_at": "2026-01-01T08:00:00Z", "id": "env_default",
                 "name": "default", "updated_at": "2026-01-01T08:00:00Z"}, {"color": "#3b82f6",
                 "created_at": "2026-01-01T08:00:00Z", "id": "env_123", "name": "staging",
                 "project_id": "proj_123", "updated_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", "/api/v1/environments", query={"project_id": project_id})

    def environments_create(self, body: models.CreateEnvironmentRequest) -> models.Environment:
        """Create an empty environment, optionally within a project.

        ``POST /api/v1/environments``

        An environment isolates its functions, events, runs, streams and projections from all
        others.

        Args:
            body: ``models.CreateEnvironmentRequest``, such as
                {"name": "staging", "project_id": "proj_123"}

        Returns:
            ``models.Environment``, such as
                {"color": "#3b82f6", "created_at": "2026-01-15T09:30:00Z", "id": "env_123",
                 "name": "staging", "project_id": "proj_123", "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/environments", body=body)

    def environments_delete(self, id: str) -> models.DeleteEnvironmentResponse:
        """Delete an environment.

        ``DELETE /api/v1/environments/{id}``

        The default environment ``env_default`` cannot be deleted.

        Args:
            id: Id of the environment, such as ``env_123``.

        Returns:
            ``models.DeleteEnvironmentResponse``, such as
                {"status": "deleted"}
        """
        return self._call("DELETE", f"/api/v1/environments/{segment(id=id)}")

    def environments_update(
        self, id: str, body: models.UpdateEnvironmentRequest | None = None
    ) -> models.Environment:
        """Rename an environment or give it another color.

        ``PUT /api/v1/environments/{id}``

        The id stays the same. Status 404 means that no environment has this id.

        Args:
            id: Id of the environment, such as ``env_123``.
            body: ``models.UpdateEnvironmentRequest``, such as
                {"name": "production"}

        Returns:
            ``models.Environment``, such as
                {"color": "#3b82f6", "created_at": "2026-01-01T08:00:00Z", "id": "env_123",
                 "name": "production", "project_id": "proj_123",
                 "updated_at": "2026-01-15T09:31:00Z"}
        """
        return self._call("PUT", f"/api/v1/environments/{segment(id=id)}", body=body)

    # events

    def events_list(
        self,
        *,
        before: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        name: str | None = None,
        names: Sequence[str] | None = None,
        search: str | None = None,
        since: datetime | str | None = None,
        source: Sequence[str] | None = None,
        until: datetime | str | None = None,
    ) -> models.ListEventsResponse:
        """Page through the stored events, starting with the most recent.

        ``GET /api/v1/events``

        Pass ``next_cursor`` as ``cursor`` to go on to older events, or ``prev_cursor`` as
        ``before`` to go back to newer ones. Giving both is refused with status 400. Keep the same
        filters while paging.

        Args:
            before: Position for newer events, from ``prev_cursor``; not together with ``cursor``.
            cursor: Position for older events, from ``next_cursor``; not together with ``before``.
            limit: Events in one page; larger values than 200 are cut to 200. Default: 20.
            name: Only events with this text in their name.
            names: Only events with one of these exact names.
            search: Free text to look for.
            since: Earliest time to include, RFC 3339.
            source: Only events from one of these sources.
            until: Latest time to include, RFC 3339.

        Returns:
            ``models.ListEventsResponse``, such as
                {"approx_total": 1, "approx_total_capped": False, "count": 1,
                 "events": [{"created_at": "2026-01-15T09:30:00Z", "data": {"order_id": "123",
                 "customer_id": "456"}, "id": "evt_01J8ZQ4T", "name": "order.placed",
                 "processed": True, "run_id": "run_abc123", "source": "api",
                 "timestamp": "2026-01-15T09:30:00Z"}], "has_next": False, "has_prev": False,
                 "limit": 20}
        """
        return self._call(
            "GET",
            "/api/v1/events",
            query={
                "before": before,
                "cursor": cursor,
                "limit": limit,
                "name": name,
                "names": names,
                "search": search,
                "since": since,
                "source": source,
                "until": until,
            },
            lists=("names", "source"),
        )

    def events_iterate(
        self,
        *,
        name: str | None = None,
        names: Sequence[str] | None = None,
        search: str | None = None,
        since: datetime | str | None = None,
        source: Sequence[str] | None = None,
        until: datetime | str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.EventResponse]:
        """Go through all items of ``events_list``, one at a time.

        ``GET /api/v1/events``

        Page through the stored events, starting with the most recent.

        Args:
            name: Only events with this text in their name.
            names: Only events with one of these exact names.
            search: Free text to look for.
            since: Earliest time to include, RFC 3339.
            source: Only events from one of these sources.
            until: Latest time to include, RFC 3339.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.EventResponse``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "events_iterate",
            "/api/v1/events",
            ByCursor(
                "events",
                param="cursor",
                size="limit",
                next="next_cursor",
                has_next="has_next",
                identity=("id",),
            ),
            query={
                "name": name,
                "names": names,
                "search": search,
                "since": since,
                "source": source,
                "until": until,
            },
            lists=("names", "source"),
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def events_create(self, body: models.TriggerEventRequest) -> models.TriggerEventResponse:
        """Emit an event and start every function that is triggered by its name.

        ``POST /api/v1/events``

        The call returns as soon as the event is accepted; it does not wait for the runs.
        ``run_ids`` is empty when no function listens to the event.

        Args:
            body: ``models.TriggerEventRequest``, such as
                {"name": "order.placed", "data": {"order_id": "123", "customer_id": "456"}}

        Returns:
            ``models.TriggerEventResponse``, such as
                {"event_id": "evt_01J8ZQ4T", "run_ids": ["run_abc123"]}
        """
        return self._call("POST", "/api/v1/events", body=body)

    def events_list_names(
        self,
        *,
        since: datetime | str | None = None,
        source: Sequence[str] | None = None,
        until: datetime | str | None = None,
    ) -> models.ListEventNamesResponse:
        """List the event names in use and how often each occurred recently.

        ``GET /api/v1/events/names``

        Counts cover a limited number of recent events; ``truncated`` tells when that limit was
        reached.

        Args:
            since: Earliest time to include, RFC 3339.
            source: Only events from one of these sources.
            until: Latest time to include, RFC 3339.

        Returns:
            ``models.ListEventNamesResponse``, such as
                {"names": [{"count": 42, "name": "order.placed"}, {"count": 7,
                 "name": "order.updated"}], "scan_cap": 10000, "scanned": 49, "truncated": False}
        """
        return self._call(
            "GET",
            "/api/v1/events/names",
            query={
                "since": since,
                "source": source,
                "until": until,
            },
            lists=("source",),
        )

    def events_get(self, id: str) -> models.EventResponse:
        """Fetch one stored event with its payload.

        ``GET /api/v1/events/{id}``

        Status 404 means that no event has this id.

        Args:
            id: Id of the event, such as ``evt_01J8ZQ4T``.

        Returns:
            ``models.EventResponse``, such as
                {"created_at": "2026-01-15T09:30:00Z", "data": {"order_id": "123",
                 "customer_id": "456"}, "id": "evt_01J8ZQ4T", "name": "order.placed",
                 "processed": True, "run_id": "run_abc123", "source": "api",
                 "timestamp": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/events/{segment(id=id)}")

    def events_trigger_sync(self, body: models.TriggerSyncRequest) -> models.TriggerSyncResponse:
        """Emit an event and wait for the runs that it starts.

        ``POST /ironflow.v1.IronflowService/TriggerSync``

        The server holds the call until the runs have ended, or until ``timeout_ms`` is over: then
        ``status`` of a run is the last one known, and the run continues. An event that starts no
        run has no results. With an ``idempotency_key`` the call is safe to repeat and is retried
        like a GET; "auto" makes a key. The client waits at least 2 seconds longer than the server
        holds the call.

        Args:
            body: ``models.TriggerSyncRequest``, such as
                {"event": "order.placed", "data": {"orderId": "123"}, "timeout_ms": 10000}

        Returns:
            ``models.TriggerSyncResponse``, such as
                {"results": [{"run_id": "run_abc123", "function_id": "process-order",
                 "status": "RUN_STATUS_COMPLETED", "output": {"total": 99.99}, "duration_ms": 850}],
                 "event_id": "evt_01J8ZQ4T"}
        """
        return self._call(
            "POST",
            "/ironflow.v1.IronflowService/TriggerSync",
            headers=CONNECT,
            body=body,
            read=as_message("TriggerSyncResponse"),
            keyed=True,
            server_wait=("body", "timeout_ms", "ms", 30000),
        )

    # flow

    def flow_list_emit_edges(self) -> models.FlowEmitEdgesResponse:
        """List which function emits which event, as edges of the flow graph.

        ``GET /api/v1/flow/emit-edges``

        One of several edge lists from which a picture of the system can be drawn.

        Returns:
            ``models.FlowEmitEdgesResponse``, such as
                {"edges": [{"event": "order.updated", "function_id": "process-order"}]}
        """
        return self._call("GET", "/api/v1/flow/emit-edges")

    def flow_list_stream_edges(self) -> models.FlowStreamEdgesResponse:
        """List which entity type records which event, as edges of the flow graph.

        ``GET /api/v1/flow/stream-edges``

        Returns:
            ``models.FlowStreamEdgesResponse``, such as
                {"edges": [{"entity_type": "order", "event": "order.updated"}]}
        """
        return self._call("GET", "/api/v1/flow/stream-edges")

    def flow_list_topic_edges(self) -> models.FlowTopicEdgesResponse:
        """List which function publishes to which topic, as edges of the flow graph.

        ``GET /api/v1/flow/topic-edges``

        Returns:
            ``models.FlowTopicEdgesResponse``, such as
                {"edges": [{"function_id": "process-order", "topic": "notifications"}]}
        """
        return self._call("GET", "/api/v1/flow/topic-edges")

    def flow_list_webhooks(self) -> models.WebhookFlowData:
        """List the webhook sources and the events they produce for the flow graph.

        ``GET /api/v1/flow/webhooks``

        Each source comes with its delivery counts and the outcome of its latest delivery.

        Returns:
            ``models.WebhookFlowData``, such as
                {"edges": [{"event": "webhook/stripe.charge.succeeded", "source_id": "stripe"}],
                 "sources": [{"delivery_counts": {"accepted": 12, "failed": 0, "rejected": 1},
                 "event_prefix": "webhook/stripe", "id": "stripe",
                 "latest_delivery_at": "2026-01-15T09:30:00Z", "latest_delivery_status": "accepted",
                 "name": "Stripe", "source_type": "api"}]}
        """
        return self._call("GET", "/api/v1/flow/webhooks")

    # functions

    def functions_list(
        self,
        *,
        limit: int | None = None,
        mode: models.FunctionsListMode | None = None,
        name: str | None = None,
        offset: int | None = None,
        status: models.FunctionsListStatus | None = None,
    ) -> models.ListFunctionsResponse:
        """List the registered functions with their triggers and settings.

        ``GET /api/v1/functions``

        Page with ``limit`` and ``offset``; ``total_count`` in the reply counts the matches of all
        pages.

        Args:
            limit: Most functions to return.
            mode: Only functions of this execution mode. One of ``pull``, ``push``.
            name: Only functions that match this name.
            offset: Functions to skip from the start of the list.
            status: Only functions in this status. One of ``active``, ``archived``, ``paused``.

        Returns:
            ``models.ListFunctionsResponse``, such as
                {"count": 1, "functions": [{"created_at": "2026-01-01T08:00:00Z",
                 "description": "Handles a new order",
                 "endpoint_url": "https://app.example.com/api/ironflow", "execution_mode": "push",
                 "id": "process-order", "name": "Process Order", "retry_attempts": 3,
                 "retry_backoff": 2.0, "retry_delay_ms": 1000, "slug": "process-order",
                 "status": "active", "timeout_ms": 30000, "triggers": [{"event": "order.placed"}],
                 "updated_at": "2026-01-15T09:30:00Z", "version": 1}], "total_count": 1}
        """
        return self._call(
            "GET",
            "/api/v1/functions",
            query={
                "limit": limit,
                "mode": mode,
                "name": name,
                "offset": offset,
                "status": status,
            },
        )

    def functions_iterate(
        self,
        *,
        mode: models.FunctionsListMode | None = None,
        name: str | None = None,
        status: models.FunctionsListStatus | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.FunctionResponse]:
        """Go through all items of ``functions_list``, one at a time.

        ``GET /api/v1/functions``

        List the registered functions with their triggers and settings.

        Args:
            mode: Only functions of this execution mode. One of ``pull``, ``push``.
            name: Only functions that match this name.
            status: Only functions in this status. One of ``active``, ``archived``, ``paused``.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.FunctionResponse``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "functions_iterate",
            "/api/v1/functions",
            ByOffset(
                "functions", param="offset", size="limit", total="total_count", identity=("id",)
            ),
            query={
                "mode": mode,
                "name": name,
                "status": status,
            },
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def functions_get(self, id: str) -> models.FunctionResponse:
        """Fetch the registration of one function.

        ``GET /api/v1/functions/{id}``

        Status 404 means that no function has this id.

        Args:
            id: Id of the function, such as ``process-order``.

        Returns:
            ``models.FunctionResponse``, such as
                {"created_at": "2026-01-01T08:00:00Z", "description": "Handles a new order",
                 "endpoint_url": "https://app.example.com/api/ironflow", "execution_mode": "push",
                 "id": "process-order", "name": "Process Order", "retry_attempts": 3,
                 "retry_backoff": 2.0, "retry_delay_ms": 1000, "slug": "process-order",
                 "status": "active", "timeout_ms": 30000, "triggers": [{"event": "order.placed"}],
                 "updated_at": "2026-01-15T09:30:00Z", "version": 1}
        """
        return self._call("GET", f"/api/v1/functions/{segment(id=id)}")

    def functions_invoke(
        self,
        id: str,
        body: models.InvokeFunctionRequest | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> models.InvokeFunctionResponse:
        """Start a run of a function directly, without a matching event.

        ``POST /api/v1/functions/{id}/invoke``

        The call returns the run id at once; it does not wait for the result. Follow the run with
        ``runs_get``. With an ``idempotency_key`` the call is safe to repeat and is retried like a
        GET; "auto" makes a key.

        Args:
            id: Id of the function, such as ``process-order``.
            body: ``models.InvokeFunctionRequest``, such as
                {"data": {"order_id": "123"}}
            idempotency_key: Key of the caller's choice; a retry with the same key does not start a
                second run.

        Returns:
            ``models.InvokeFunctionResponse``, such as
                {"event_id": "evt_01J8ZQ4T", "run_id": "run_abc123"}
        """
        return self._call(
            "POST",
            f"/api/v1/functions/{segment(id=id)}/invoke",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )

    # kv

    def kv_list_buckets(self) -> models.ListBucketsResponse:
        """List the key-value buckets with their size and settings.

        ``GET /api/v1/kv/buckets``

        Returns:
            ``models.ListBucketsResponse``, such as
                {"buckets": [{"bytes": 1024, "created_at": "2026-01-01T08:00:00Z", "history": 1,
                 "name": "my-bucket", "values": 3}], "count": 1}
        """
        return self._call("GET", "/api/v1/kv/buckets")

    def kv_buckets(self, body: models.CreateBucketRequest) -> models.BucketInfo:
        """Set up a new, empty bucket for key-value entries.

        ``POST /api/v1/kv/buckets``

        Only ``name`` is required. By default a key keeps one revision. Status 409 means that the
        bucket exists already. ``kv_create_bucket`` and ``kv_buckets`` are the same method.

        Args:
            body: ``models.CreateBucketRequest``, such as
                {"name": "my-bucket"}

        Returns:
            ``models.BucketInfo``, such as
                {"bytes": 0, "created_at": "2026-01-15T09:30:00Z", "history": 1,
                 "name": "my-bucket", "values": 0}
        """
        return self._call("POST", "/api/v1/kv/buckets", body=body)

    kv_create_bucket = kv_buckets

    def kv_delete_buckets(self, bucket: str) -> None:
        """Drop a bucket and everything stored in it.

        ``DELETE /api/v1/kv/buckets/{bucket}``

        This cannot be undone. The call returns nothing.

        Args:
            bucket: Name of the bucket.
        """
        return self._call("DELETE", f"/api/v1/kv/buckets/{segment(bucket=bucket)}")

    def kv_get_buckets(self, bucket: str) -> models.BucketInfo:
        """Fetch size and settings of one bucket.

        ``GET /api/v1/kv/buckets/{bucket}``

        Status 404 means that there is no such bucket.

        Args:
            bucket: Name of the bucket.

        Returns:
            ``models.BucketInfo``, such as
                {"bytes": 1024, "created_at": "2026-01-01T08:00:00Z", "history": 1,
                 "name": "my-bucket", "values": 3}
        """
        return self._call("GET", f"/api/v1/kv/buckets/{segment(bucket=bucket)}")

    def kv_list_buckets_keys(
        self, bucket: str, *, filter: str | None = None
    ) -> models.ListKeysResponse:
        """List the keys of a bucket, all of them or those that match a pattern.

        ``GET /api/v1/kv/buckets/{bucket}/keys``

        Only the keys are returned, not their values. ``kv_keys`` and ``kv_list_buckets_keys`` are
        the same method.

        Args:
            bucket: Name of the bucket.
            filter: Key pattern such as ``user.*``: ``*`` matches one dot separated part, ``>`` all
                that remain.

        Returns:
            ``models.ListKeysResponse``, such as
                {"count": 1, "keys": ["my-key"]}
        """
        return self._call(
            "GET", f"/api/v1/kv/buckets/{segment(bucket=bucket)}/keys", query={"filter": filter}
        )

    kv_keys = kv_list_buckets_keys

    def kv_delete_buckets_keys(self, bucket: str, key: str, *, purge: bool | None = None) -> None:
        """Delete a key, optionally with its whole history.

        ``DELETE /api/v1/kv/buckets/{bucket}/keys/{key...}``

        An ordinary delete leaves a marker and keeps earlier revisions. Reading the key afterwards
        gives status 404. ``kv_delete`` and ``kv_delete_buckets_keys`` are the same method.

        Args:
            bucket: Name of the bucket.
            key: Key within the bucket; may contain slashes.
            purge: True removes the history of the key as well. Default: False.
        """
        return self._call(
            "DELETE",
            f"/api/v1/kv/buckets/{segment(bucket=bucket)}/keys/{segment(key=key)}",
            query={"purge": purge},
        )

    kv_delete = kv_delete_buckets_keys

    def kv_get_buckets_keys(self, bucket: str, key: str) -> models.KVEntry:
        """Read the current value of a key.

        ``GET /api/v1/kv/buckets/{bucket}/keys/{key...}``

        ``value`` is base64 text: decode it to get the bytes that were stored. Status 404 means that
        the key does not exist or has been deleted. ``kv_get`` and ``kv_get_buckets_keys`` are the
        same method.

        Args:
            bucket: Name of the bucket.
            key: Key within the bucket; may contain slashes.

        Returns:
            ``models.KVEntry``, such as
                {"created_at": "2026-01-15T09:30:00Z", "key": "my-key", "operation": "put",
                 "revision": 1, "value": "eyJ2YWx1ZSI6ImRhdGEifQ=="}
        """
        return self._call(
            "GET", f"/api/v1/kv/buckets/{segment(bucket=bucket)}/keys/{segment(key=key)}"
        )

    kv_get = kv_get_buckets_keys

    def kv_update_buckets_keys(
        self,
        bucket: str,
        key: str,
        body: Any,
        *,
        if_match: int | None = None,
        if_none_match: str | None = None,
    ) -> models.PutKeyResponse:
        """Write the value of a key.

        ``PUT /api/v1/kv/buckets/{bucket}/keys/{key...}``

        The request body is stored exactly as sent, so ``{...}`` stores that JSON object as a whole.
        Use ``If-None-Match`` to create only, or ``If-Match`` to replace a revision you have read;
        status 412 means that this condition does not hold. A write with a condition is not retried
        once it may have been delivered, because the repeat would find what the first one wrote.
        ``kv_put`` and ``kv_update_buckets_keys`` are the same method.

        Args:
            bucket: Name of the bucket.
            key: Key within the bucket; may contain slashes.
            body: Bytes, stored verbatim, or anything that JSON can express, stored as JSON, such as
                {"value": "data"}
            if_match: Revision that the key must still have for the write to happen.
            if_none_match: The value ``*`` writes only when the key does not exist yet.

        Returns:
            ``models.PutKeyResponse``, such as
                {"revision": 1}

        Raises:
            ConflictError: The condition does not hold, and nothing was written.
        """
        return self._call(
            "PUT",
            f"/api/v1/kv/buckets/{segment(bucket=bucket)}/keys/{segment(key=key)}",
            headers={"If-Match": if_match, "If-None-Match": if_none_match},
            body=body,
            raw=True,
        )

    kv_put = kv_update_buckets_keys

    def kv_list_buckets_watch(self, bucket: str, *, key: str | None = None) -> Any:
        """Follow the changes of keys in a bucket over a WebSocket.

        ``GET /api/v1/kv/buckets/{bucket}/watch``

        The route answers a WebSocket handshake and then sends a ``kv_update`` frame for each
        change, or an ``error`` frame. A plain GET receives no updates; ``kv_watch`` of the Python
        client follows them.

        Args:
            bucket: Name of the bucket.
            key: Key pattern: ``*`` matches one dot separated part, ``>`` all that remain.

        Returns:
            The decoded JSON of the reply.
        """
        return self._call(
            "GET", f"/api/v1/kv/buckets/{segment(bucket=bucket)}/watch", query={"key": key}
        )

    # orgs

    def orgs_list(self) -> list[models.Organization]:
        """Return every organization the credentials may see.

        ``GET /api/v1/orgs``

        Needs an enterprise license; without one the server answers 402.

        Returns:
            A list of ``models.Organization``, such as
                [{"id": "org_123", "name": "my-org",
                 "preferences": {"default_timezone": "Europe/Berlin"},
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", "/api/v1/orgs")

    def orgs_create(self, body: models.CreateOrgRequest) -> models.Organization:
        """Add a new organization under the given name.

        ``POST /api/v1/orgs``

        To get roles, an environment and an admin key in the same call use ``tenants_provision``.
        Needs an enterprise license; without one the server answers 402.

        Args:
            body: ``models.CreateOrgRequest``, such as
                {"name": "my-org"}

        Returns:
            ``models.Organization``, such as
                {"id": "org_123", "name": "my-org", "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/orgs", body=body)

    def orgs_delete(self, id: str) -> None:
        """Remove an organization by its id.

        ``DELETE /api/v1/orgs/{id}``

        The reply has no body. Needs an enterprise license; without one the server answers 402.

        Args:
            id: Organization id, such as ``org_123``.
        """
        return self._call("DELETE", f"/api/v1/orgs/{segment(id=id)}")

    def orgs_get(self, id: str) -> models.Organization:
        """Fetch one organization with its name and preferences.

        ``GET /api/v1/orgs/{id}``

        Needs an enterprise license; without one the server answers 402.

        Args:
            id: Organization id, such as ``org_123``.

        Returns:
            ``models.Organization``, such as
                {"id": "org_123", "name": "my-org",
                 "preferences": {"default_timezone": "Europe/Berlin"},
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/orgs/{segment(id=id)}")

    def orgs_patch(
        self, id: str, body: models.UpdateOrgRequest | None = None
    ) -> models.Organization:
        """Rename an organization or update its preferences.

        ``PATCH /api/v1/orgs/{id}``

        Send only the fields that should change. Needs an enterprise license; without one the server
        answers 402.

        Args:
            id: Organization id, such as ``org_123``.
            body: ``models.UpdateOrgRequest``, such as
                {"name": "renamed"}

        Returns:
            ``models.Organization``, such as
                {"id": "org_123", "name": "renamed",
                 "preferences": {"default_timezone": "Europe/Berlin"},
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-16T10:00:00Z"}
        """
        return self._call("PATCH", f"/api/v1/orgs/{segment(id=id)}", body=body)

    def orgs_create_orgs(self, body: models.CreateOrgRequest) -> models.Organization:
        """Add an organization with platform credentials.

        ``POST /api/v1/platform/orgs``

        Takes the same body and gives the same reply as ``orgs_create``. Needs an enterprise
        license; without one the server answers 402.

        Args:
            body: ``models.CreateOrgRequest``, such as
                {"name": "my-org"}

        Returns:
            ``models.Organization``, such as
                {"id": "org_123", "name": "my-org", "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/platform/orgs", body=body)

    # outbox

    def outbox_list_dead_letter(
        self,
        *,
        env: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        x_ironflow_environment: str | None = None,
    ) -> models.DlqListResponse:
        """Show outbox rows whose publishing failed for good, latest first.

        ``GET /api/v1/outbox/dead-letter``

        A row lands here when the outbox worker has used up its retries, ten attempts by default.
        The event itself is stored safely: only its delivery is stuck. There is no default
        environment here: name it in the header or in ``env``.

        Args:
            env: Environment to work in, as an alternative to the ``X-Ironflow-Environment`` header.
            limit: Most rows to return, 1 to 500. Default: 50.
            offset: Number of rows to skip. Default: 0.
            x_ironflow_environment: Environment to work in, such as ``staging``; may be given as
                ``env`` instead.

        Returns:
            ``models.DlqListResponse``, such as
                {"items": [{"id": "outbox_1", "event_id": "evt_01J8ZQ4T",
                 "environment_id": "env_123", "kind": "event", "topic": "order.placed",
                 "entity_id": "entity-123", "attempts": 10,
                 "last_error": "nats: no response from stream",
                 "created_at": "2026-01-15T09:30:00Z", "dead_at": "2026-01-15T09:42:00Z"}],
                 "limit": 50, "offset": 0}
        """
        return self._call(
            "GET",
            "/api/v1/outbox/dead-letter",
            query={
                "env": env,
                "limit": limit,
                "offset": offset,
            },
            headers={"X-Ironflow-Environment": x_ironflow_environment},
        )

    def outbox_iterate_dead_letter(
        self,
        *,
        env: str | None = None,
        x_ironflow_environment: str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.DlqListItem]:
        """Go through all items of ``outbox_list_dead_letter``, one at a time.

        ``GET /api/v1/outbox/dead-letter``

        Show outbox rows whose publishing failed for good, latest first.

        Args:
            env: Environment to work in, as an alternative to the ``X-Ironflow-Environment`` header.
            x_ironflow_environment: Environment to work in, such as ``staging``; may be given as
                ``env`` instead.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.DlqListItem``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "outbox_iterate_dead_letter",
            "/api/v1/outbox/dead-letter",
            ByOffset("items", param="offset", size="limit", identity=("id",)),
            query={"env": env},
            headers={"X-Ironflow-Environment": x_ironflow_environment},
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def outbox_delete_dead_letter(
        self, event_id: str, *, env: str | None = None, x_ironflow_environment: str | None = None
    ) -> models.DlqActionResponse:
        """Throw away a dead-letter row so that it is never published.

        ``DELETE /api/v1/outbox/dead-letter/{eventID}``

        Cannot be undone. The event stays in the event store, only the unpublished outbox entry
        goes. There is no default environment here: name it in the header or in ``env``.

        Args:
            event_id: Event id of the dead-letter row, the ``event_id`` of the listing.
            env: Environment to work in, as an alternative to the ``X-Ironflow-Environment`` header.
            x_ironflow_environment: Environment to work in, such as ``staging``; may be given as
                ``env`` instead.

        Returns:
            ``models.DlqActionResponse``, such as
                {"event_id": "evt_01J8ZQ4T", "result": "discarded"}
        """
        return self._call(
            "DELETE",
            f"/api/v1/outbox/dead-letter/{segment(event_id=event_id)}",
            query={"env": env},
            headers={"X-Ironflow-Environment": x_ironflow_environment},
        )

    def outbox_dead_letter_requeue(
        self,
        event_id: str,
        body: Mapping[str, Any] | None = None,
        *,
        env: str | None = None,
        x_ironflow_environment: str | None = None,
    ) -> models.DlqActionResponse:
        """Give a dead-letter row another round of publishing attempts.

        ``POST /api/v1/outbox/dead-letter/{eventID}/requeue``

        The row returns to the live outbox with its attempt count at zero and is picked up on the
        next tick of the worker. Fix the cause of the failure first. There is no default environment
        here: name it in the header or in ``env``.

        Args:
            event_id: Event id of the dead-letter row, the ``event_id`` of the listing.
            body: Any JSON object.
            env: Environment to work in, as an alternative to the ``X-Ironflow-Environment`` header.
            x_ironflow_environment: Environment to work in, such as ``staging``; may be given as
                ``env`` instead.

        Returns:
            ``models.DlqActionResponse``, such as
                {"event_id": "evt_01J8ZQ4T", "result": "requeued"}
        """
        return self._call(
            "POST",
            f"/api/v1/outbox/dead-letter/{segment(event_id=event_id)}/requeue",
            query={"env": env},
            headers={"X-Ironflow-Environment": x_ironflow_environment},
            body=body,
        )

    # platform

    def platform_auth_login(
        self, body: models.PlatformLoginRequest
    ) -> models.PlatformLoginResponse:
        """Log in as a platform user and receive a token.

        ``POST /api/v1/platform/auth/login``

        No credential is needed for this call. Use the token as the bearer credential of later
        platform calls; it is good for 24 hours. Wrong credentials give 401, an inactive user 403.
        The reply holds a credential: no error and no log quotes it.

        Args:
            body: ``models.PlatformLoginRequest``, such as
                {"email": "ops@example.com", "password": "s3cret"}

        Returns:
            ``models.PlatformLoginResponse``, such as
                {"token": "platform-jwt", "user": {"id": "puser_123", "email": "ops@example.com",
                 "name": "Olivia", "roles": ["platform_admin"]}}
        """
        return self._call("POST", "/api/v1/platform/auth/login", body=body, secret=True)

    def platform_bootstrap(
        self, body: models.PlatformBootstrapRequest
    ) -> models.PlatformBootstrapResponse:
        """Set up the very first platform administrator.

        ``POST /api/v1/platform/bootstrap``

        Call it once on a new server, with the API key of a tenant administrator. It answers 409 as
        soon as any platform user exists.

        Args:
            body: ``models.PlatformBootstrapRequest``, such as
                {"email": "ops@example.com", "name": "Olivia", "password": "s3cret"}

        Returns:
            ``models.PlatformBootstrapResponse``, such as
                {"id": "puser_123", "email": "ops@example.com", "name": "Olivia"}
        """
        return self._call("POST", "/api/v1/platform/bootstrap", body=body)

    # platform_audit

    def platform_audit_list(
        self,
        *,
        cursor: str | None = None,
        event_type: str | None = None,
        from_: datetime | str | None = None,
        impersonated_org_id: str | None = None,
        limit: int | None = None,
        platform_key_id: str | None = None,
        to: datetime | str | None = None,
    ) -> models.PlatformAuditResponse:
        """Search the audit trail of platform-level actions.

        ``GET /api/v1/platform/audit``

        Covers what platform users and platform keys did, including acting on behalf of an
        organization. All filters are optional.

        Args:
            cursor: Continuation token of an earlier page.
            event_type: Only events of this type, such as ``platform.impersonated``.
            from_: Earliest time to include, RFC 3339.
            impersonated_org_id: Only actions taken on behalf of this organization.
            limit: Most events to return.
            platform_key_id: Only actions made with this platform API key.
            to: Latest time to include, RFC 3339.

        Returns:
            ``models.PlatformAuditResponse``, such as
                {"events": [{"id": "audit_1", "event_type": "platform.impersonated",
                 "environment_id": "env_default", "function_id": "", "run_id": "",
                 "payload": {"action": "platform:impersonate:read"},
                 "platform_user_id": "puser_123", "impersonated_org_id": "org_123",
                 "scope": "platform", "created_at": "2026-01-15T09:30:00Z"}], "total": 1}
        """
        return self._call(
            "GET",
            "/api/v1/platform/audit",
            query={
                "cursor": cursor,
                "event_type": event_type,
                "from": from_,
                "impersonated_org_id": impersonated_org_id,
                "limit": limit,
                "platform_key_id": platform_key_id,
                "to": to,
            },
        )

    def platform_audit_iterate(
        self,
        *,
        event_type: str | None = None,
        from_: datetime | str | None = None,
        impersonated_org_id: str | None = None,
        platform_key_id: str | None = None,
        to: datetime | str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.AuditEvent]:
        """Go through all items of ``platform_audit_list``, one at a time.

        ``GET /api/v1/platform/audit``

        Search the audit trail of platform-level actions.

        Args:
            event_type: Only events of this type, such as ``platform.impersonated``.
            from_: Earliest time to include, RFC 3339.
            impersonated_org_id: Only actions taken on behalf of this organization.
            platform_key_id: Only actions made with this platform API key.
            to: Latest time to include, RFC 3339.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.AuditEvent``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "platform_audit_iterate",
            "/api/v1/platform/audit",
            ByCursor("events", param="cursor", size="limit", next="next_cursor", identity=("id",)),
            query={
                "event_type": event_type,
                "from": from_,
                "impersonated_org_id": impersonated_org_id,
                "platform_key_id": platform_key_id,
                "to": to,
            },
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    # platform_policies

    def platform_policies_list(self) -> list[models.Policy]:
        """Return all policies that govern platform users and keys.

        ``GET /api/v1/platform/policies``

        Policies of single organizations are not included: see ``policies_list``.

        Returns:
            A list of ``models.Policy``, such as
                [{"id": "policy_789", "org_id": "org_platform", "name": "impersonate-read",
                 "effect": "allow", "actions": "platform:impersonate:read", "resources": "*",
                 "condition": "", "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", "/api/v1/platform/policies")

    def platform_policies_create(self, body: models.PlatformCreatePolicyRequest) -> models.Policy:
        """Define a policy that platform roles can use.

        ``POST /api/v1/platform/policies``

        Name, effect, actions and resources are required. Attach it to a role with ``policy_ids`` of
        ``platform_roles_create``.

        Args:
            body: ``models.PlatformCreatePolicyRequest``, such as
                {"name": "impersonate-read", "effect": "allow",
                 "actions": "platform:impersonate:read", "resources": "*"}

        Returns:
            ``models.Policy``, such as
                {"id": "policy_789", "org_id": "org_platform", "name": "impersonate-read",
                 "effect": "allow", "actions": "platform:impersonate:read", "resources": "*",
                 "condition": "", "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/platform/policies", body=body)

    def platform_policies_delete(self, id: str) -> None:
        """Remove a platform policy by its id.

        ``DELETE /api/v1/platform/policies/{id}``

        The reply has no body.

        Args:
            id: Platform policy id, such as ``policy_789``.
        """
        return self._call("DELETE", f"/api/v1/platform/policies/{segment(id=id)}")

    def platform_policies_get(self, id: str) -> models.Policy:
        """Fetch one platform policy.

        ``GET /api/v1/platform/policies/{id}``

        Args:
            id: Platform policy id, such as ``policy_789``.

        Returns:
            ``models.Policy``, such as
                {"id": "policy_789", "org_id": "org_platform", "name": "impersonate-read",
                 "effect": "allow", "actions": "platform:impersonate:read", "resources": "*",
                 "condition": "", "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/platform/policies/{segment(id=id)}")

    def platform_policies_update(
        self, id: str, body: models.PlatformUpdatePolicyRequest | None = None
    ) -> models.Policy:
        """Edit a platform policy, leaving absent fields as they are.

        ``PUT /api/v1/platform/policies/{id}``

        Args:
            id: Platform policy id, such as ``policy_789``.
            body: ``models.PlatformUpdatePolicyRequest``, such as
                {"name": "impersonate-any", "actions": "platform:impersonate*"}

        Returns:
            ``models.Policy``, such as
                {"id": "policy_789", "org_id": "org_platform", "name": "impersonate-any",
                 "effect": "allow", "actions": "platform:impersonate*", "resources": "*",
                 "condition": "", "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-16T10:00:00Z"}
        """
        return self._call("PUT", f"/api/v1/platform/policies/{segment(id=id)}", body=body)

    # platform_roles

    def platform_roles_list(self) -> list[models.Role]:
        """Return all roles that can be given to platform users.

        ``GET /api/v1/platform/roles``

        Returns:
            A list of ``models.Role``, such as
                [{"id": "role_789", "org_id": "org_platform", "name": "platform_support",
                 "is_default": False, "created_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", "/api/v1/platform/roles")

    def platform_roles_create(self, body: models.PlatformCreateRoleRequest) -> models.Role:
        """Define a platform role, optionally with policies attached.

        ``POST /api/v1/platform/roles``

        Names of platform roles always start with ``platform_``.

        Args:
            body: ``models.PlatformCreateRoleRequest``, such as
                {"name": "platform_support", "policy_ids": ["policy_789"]}

        Returns:
            ``models.Role``, such as
                {"id": "role_789", "org_id": "org_platform", "name": "platform_support",
                 "is_default": False, "created_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/platform/roles", body=body)

    def platform_roles_delete(self, id: str) -> None:
        """Remove a platform role by its id.

        ``DELETE /api/v1/platform/roles/{id}``

        The reply has no body.

        Args:
            id: Platform role id, such as ``role_789``.
        """
        return self._call("DELETE", f"/api/v1/platform/roles/{segment(id=id)}")

    def platform_roles_get(self, id: str) -> models.Role:
        """Fetch one platform role.

        ``GET /api/v1/platform/roles/{id}``

        The attached policies are not part of the reply.

        Args:
            id: Platform role id, such as ``role_789``.

        Returns:
            ``models.Role``, such as
                {"id": "role_789", "org_id": "org_platform", "name": "platform_support",
                 "is_default": False, "created_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/platform/roles/{segment(id=id)}")

    def platform_roles_update(
        self, id: str, body: models.PlatformUpdateRoleRequest | None = None
    ) -> models.Role:
        """Give a platform role a new name.

        ``PUT /api/v1/platform/roles/{id}``

        Only the name can be changed. It always starts with ``platform_``.

        Args:
            id: Platform role id, such as ``role_789``.
            body: ``models.PlatformUpdateRoleRequest``, such as
                {"name": "platform_helpdesk"}

        Returns:
            ``models.Role``, such as
                {"id": "role_789", "org_id": "org_platform", "name": "platform_helpdesk",
                 "is_default": False, "created_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("PUT", f"/api/v1/platform/roles/{segment(id=id)}", body=body)

    # platform_tenants

    def platform_tenants_list(self) -> list[models.PlatformTenantResponse]:
        """Return all tenants of the platform.

        ``GET /api/v1/platform/tenants``

        Counts of environments and keys are left out: see ``tenants_list``.

        Returns:
            A list of ``models.PlatformTenantResponse``, such as
                [{"id": "org_123", "name": "my-org", "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", "/api/v1/platform/tenants")

    def platform_tenants_create(
        self, body: models.PlatformProvisionTenantRequest
    ) -> models.PlatformTenantResponse:
        """Set up a new tenant with platform credentials.

        ``POST /api/v1/platform/tenants``

        Only a name is taken, and no API key is returned.

        Args:
            body: ``models.PlatformProvisionTenantRequest``, such as
                {"name": "my-org"}

        Returns:
            ``models.PlatformTenantResponse``, such as
                {"id": "org_123", "name": "my-org", "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/platform/tenants", body=body)

    def platform_tenants_delete(self, id: str) -> None:
        """Remove a tenant by its id.

        ``DELETE /api/v1/platform/tenants/{id}``

        The reply has no body.

        Args:
            id: Tenant id, which is the id of its organization.
        """
        return self._call("DELETE", f"/api/v1/platform/tenants/{segment(id=id)}")

    def platform_tenants_get(self, id: str) -> models.PlatformTenantResponse:
        """Fetch one tenant of the platform.

        ``GET /api/v1/platform/tenants/{id}``

        Args:
            id: Tenant id, which is the id of its organization.

        Returns:
            ``models.PlatformTenantResponse``, such as
                {"id": "org_123", "name": "my-org", "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/platform/tenants/{segment(id=id)}")

    # platform_users

    def platform_users_list(self) -> list[models.PlatformUser]:
        """Return all platform users, active or not.

        ``GET /api/v1/platform/users``

        Dashboard users of an organization are separate: see ``users_list``.

        Returns:
            A list of ``models.PlatformUser``, such as
                [{"id": "puser_123", "email": "ops@example.com", "name": "Olivia",
                 "is_active": True, "last_login_at": "2026-01-16T10:00:00Z",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", "/api/v1/platform/users")

    def platform_users_create(self, body: models.PlatformCreateUserRequest) -> models.PlatformUser:
        """Add a platform user with email, display name and password.

        ``POST /api/v1/platform/users``

        Roles can be given at once by their ids. An email address already in use gives 409.

        Args:
            body: ``models.PlatformCreateUserRequest``, such as
                {"email": "ops@example.com", "name": "Olivia", "password": "s3cret",
                 "role_ids": ["role_789"]}

        Returns:
            ``models.PlatformUser``, such as
                {"id": "puser_123", "email": "ops@example.com", "name": "Olivia", "is_active": True,
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/platform/users", body=body)

    def platform_users_delete(self, id: str) -> None:
        """Remove a platform user by id.

        ``DELETE /api/v1/platform/users/{id}``

        The reply has no body. Set ``is_active`` to false with ``platform_users_update`` to block a
        user but keep the account.

        Args:
            id: Platform user id, such as ``puser_123``.
        """
        return self._call("DELETE", f"/api/v1/platform/users/{segment(id=id)}")

    def platform_users_get(self, id: str) -> models.PlatformUser:
        """Fetch one platform user.

        ``GET /api/v1/platform/users/{id}``

        The password and the roles are not part of the reply.

        Args:
            id: Platform user id, such as ``puser_123``.

        Returns:
            ``models.PlatformUser``, such as
                {"id": "puser_123", "email": "ops@example.com", "name": "Olivia", "is_active": True,
                 "last_login_at": "2026-01-16T10:00:00Z", "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/platform/users/{segment(id=id)}")

    def platform_users_update(
        self, id: str, body: models.PlatformUpdateUserRequest | None = None
    ) -> models.PlatformUser:
        """Edit a platform user, including password and active state.

        ``PUT /api/v1/platform/users/{id}``

        Fields left out keep their value. An inactive user cannot log in.

        Args:
            id: Platform user id, such as ``puser_123``.
            body: ``models.PlatformUpdateUserRequest``, such as
                {"is_active": False}

        Returns:
            ``models.PlatformUser``, such as
                {"id": "puser_123", "email": "ops@example.com", "name": "Olivia",
                 "is_active": False, "last_login_at": "2026-01-16T10:00:00Z",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-17T08:00:00Z"}
        """
        return self._call("PUT", f"/api/v1/platform/users/{segment(id=id)}", body=body)

    # policies

    def policies_list(self, *, org_id: str | None = None) -> list[models.PolicyResponse]:
        """Return the authorization policies with their role counts.

        ``GET /api/v1/policies``

        Needs an enterprise license; without one the server answers 402.

        Args:
            org_id: Limit the list to one organization.

        Returns:
            A list of ``models.PolicyResponse``, such as
                [{"id": "policy_456", "org_id": "org_123", "name": "allow-emit", "effect": "allow",
                 "actions": "emit:*", "resources": "*", "condition": "",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z",
                 "role_count": 1}]
        """
        return self._call("GET", "/api/v1/policies", query={"org_id": org_id})

    def policies_create(self, body: models.CreatePolicyRequest) -> models.Policy:
        """Define a policy that allows or denies actions on resources.

        ``POST /api/v1/policies``

        Takes effect once attached to a role with ``roles_policies``. A server may restrict tenant
        policies to the effect ``deny`` and answer 400 to ``allow``. The server first checks that
        the change does not lock out its author. Needs an enterprise license; without one the server
        answers 402.

        Args:
            body: ``models.CreatePolicyRequest``, such as
                {"name": "allow-emit", "effect": "allow", "actions": "emit:*", "resources": "*"}

        Returns:
            ``models.Policy``, such as
                {"id": "policy_456", "org_id": "org_123", "name": "allow-emit", "effect": "allow",
                 "actions": "emit:*", "resources": "*", "condition": "",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/policies", body=body)

    def policies_dry_run(
        self, body: models.DryRunPolicyRequest | None = None
    ) -> models.DryRunPolicyResponse:
        """Try a policy condition against sample data without saving.

        ``POST /api/v1/policies/dry-run``

        Give either ``policy_id`` or an inline ``condition``, which wins when both are there. The
        status is 200 even if the condition does not compile or fails: look at ``compile_error`` and
        ``eval_error``. Needs an enterprise license; without one the server answers 402. It changes
        nothing and is retried like a GET.

        Args:
            body: ``models.DryRunPolicyRequest``, such as
                {"condition": "subject.org == 'acme'", "request": {"action": "read"},
                 "subject": {"org": "acme", "roles": ["admin"]}}

        Returns:
            ``models.DryRunPolicyResponse``, such as
                {"condition_source": "subject.org == 'acme'", "matched": True}
        """
        return self._call("POST", "/api/v1/policies/dry-run", body=body, idempotent=True)

    def policies_delete(self, id: str) -> None:
        """Remove an authorization policy by its id.

        ``DELETE /api/v1/policies/{id}``

        The reply has no body. Needs an enterprise license; without one the server answers 402.

        Args:
            id: Policy id, such as ``policy_456``.
        """
        return self._call("DELETE", f"/api/v1/policies/{segment(id=id)}")

    def policies_get(self, id: str) -> models.Policy:
        """Fetch one policy with its actions, resources and condition.

        ``GET /api/v1/policies/{id}``

        Needs an enterprise license; without one the server answers 402.

        Args:
            id: Policy id, such as ``policy_456``.

        Returns:
            ``models.Policy``, such as
                {"id": "policy_456", "org_id": "org_123", "name": "allow-emit", "effect": "allow",
                 "actions": "emit:*", "resources": "*", "condition": "",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/policies/{segment(id=id)}")

    def policies_patch(
        self, id: str, body: models.UpdatePolicyRequest | None = None
    ) -> models.Policy:
        """Edit selected fields of a policy.

        ``PATCH /api/v1/policies/{id}``

        Send only the fields that should change; an empty ``condition`` clears the present one. The
        server first checks that the change does not lock out its author. Needs an enterprise
        license; without one the server answers 402.

        Args:
            id: Policy id, such as ``policy_456``.
            body: ``models.UpdatePolicyRequest``, such as
                {"name": "allow-all-emit"}

        Returns:
            ``models.Policy``, such as
                {"id": "policy_456", "org_id": "org_123", "name": "allow-all-emit",
                 "effect": "allow", "actions": "emit:*", "resources": "*", "condition": "",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-16T10:00:00Z"}
        """
        return self._call("PATCH", f"/api/v1/policies/{segment(id=id)}", body=body)

    def policies_rollback(
        self, id: str, version: str | int, body: Mapping[str, Any] | None = None
    ) -> models.Policy:
        """Bring an earlier version of a policy back into force.

        ``POST /api/v1/policies/{id}/rollback/{version}``

        The old content is saved as a new version on top, so the history stays complete. Needs an
        enterprise license; without one the server answers 402.

        Args:
            id: Policy id, such as ``policy_456``.
            version: Version number to restore, the ``version_num`` of the history.
            body: Any JSON object.

        Returns:
            ``models.Policy``, such as
                {"id": "policy_456", "org_id": "org_123", "name": "allow-emit", "effect": "allow",
                 "actions": "emit:*", "resources": "*", "condition": "",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-16T10:00:00Z"}
        """
        return self._call(
            "POST",
            f"/api/v1/policies/{segment(id=id)}/rollback/{segment(version=version)}",
            body=body,
        )

    def policies_list_versions(self, id: str) -> list[models.PolicyVersion]:
        """Return the history of a policy, latest version first.

        ``GET /api/v1/policies/{id}/versions``

        Each entry is a complete snapshot, so two of them can be compared directly. Needs an
        enterprise license; without one the server answers 402.

        Args:
            id: Policy id, such as ``policy_456``.

        Returns:
            A list of ``models.PolicyVersion``, such as
                [{"id": "polver_2", "policy_id": "policy_456", "version_num": 2,
                 "name": "allow-all-emit", "effect": "allow", "actions": "emit:*", "resources": "*",
                 "condition": "", "enabled": True, "author_id": "user_123",
                 "created_at": "2026-01-16T10:00:00Z", "change_reason": "clearer name"},
                 {"id": "polver_1", "policy_id": "policy_456", "version_num": 1,
                 "name": "allow-emit", "effect": "allow", "actions": "emit:*", "resources": "*",
                 "condition": "", "enabled": True, "author_id": "user_123",
                 "created_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", f"/api/v1/policies/{segment(id=id)}/versions")

    # policy_templates

    def policy_templates_list(self) -> list[models.PolicyTemplate]:
        """Return the policy bundles that are ready to be installed.

        ``GET /api/v1/policy-templates``

        Contains the private bundles of the tenant and those published for the whole platform. Needs
        an enterprise license; without one the server answers 402.

        Returns:
            A list of ``models.PolicyTemplate``, such as
                [{"id": "ptpl_1", "template_id": "tpl_admin_basics", "name": "Admin basics",
                 "description": "Baseline rules for administrators.", "version": "1",
                 "bundle_json": '{"policies":[]}', "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", "/api/v1/policy-templates")

    def policy_templates_install(
        self, id: str, body: Mapping[str, Any] | None = None
    ) -> models.InstallPolicyTemplateResponse:
        """Create all policies of a template in the organization.

        ``POST /api/v1/policy-templates/{id}/install``

        All or nothing: one invalid condition or one name that is already taken rejects the whole
        bundle. Needs an enterprise license; without one the server answers 402.

        Args:
            id: Template to install, the ``template_id`` of the listing, such as
                ``tpl_admin_basics``.
            body: Any JSON object.

        Returns:
            ``models.InstallPolicyTemplateResponse``, such as
                {"template_id": "tpl_admin_basics", "version": "1", "policies_count": 1,
                 "policies": [{"id": "policy_457", "org_id": "org_123", "name": "deny-prod-writes",
                 "effect": "deny", "actions": "functions:register,functions:invoke",
                 "resources": "irn:ironflow:*:*:prod:*", "condition": "",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}]}
        """
        return self._call("POST", f"/api/v1/policy-templates/{segment(id=id)}/install", body=body)

    # projections

    def projections_list(
        self,
        *,
        limit: int | None = None,
        mode: models.ProjectionsListMode | None = None,
        offset: int | None = None,
        status: models.ProjectionsListStatus | None = None,
    ) -> models.ListProjectionsResponse:
        """List the projections registered in the environment.

        ``GET /api/v1/projections``

        Returns the registry records only, without the state that the projections have built.
        ``count`` is the number of records in this reply.

        Args:
            limit: Maximum number of projections to return.
            mode: Keep only projections of this mode. One of ``external``, ``managed``.
            offset: Number of projections to skip, for paging.
            status: Keep only projections in this status. One of ``active``, ``error``, ``paused``,
                ``rebuilding``.

        Returns:
            ``models.ListProjectionsResponse``, such as
                {"projections": [{"name": "order_stats", "description": "Order totals per status",
                 "environment_id": "env_default", "type": "sql", "mode": "managed",
                 "status": "active", "events": ["order.placed", "order.updated"],
                 "last_event_seq": 1523, "version": 1, "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:35:00Z"}], "count": 1}
        """
        return self._call(
            "GET",
            "/api/v1/projections",
            query={
                "limit": limit,
                "mode": mode,
                "offset": offset,
                "status": status,
            },
        )

    def projections_iterate(
        self,
        *,
        mode: models.ProjectionsListMode | None = None,
        status: models.ProjectionsListStatus | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.ProjectionRegistry]:
        """Go through all items of ``projections_list``, one at a time.

        ``GET /api/v1/projections``

        List the projections registered in the environment.

        Args:
            mode: Keep only projections of this mode. One of ``external``, ``managed``.
            status: Keep only projections in this status. One of ``active``, ``error``, ``paused``,
                ``rebuilding``.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.ProjectionRegistry``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "projections_iterate",
            "/api/v1/projections",
            ByOffset("projections", param="offset", size="limit", identity=("name",)),
            query={"mode": mode, "status": status},
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def projections_catchup_batch(
        self, body: models.ProjectionCatchupBatchRequest
    ) -> models.ProjectionCatchupBatchResponse:
        """Block until several projections have each processed a given sequence.

        ``POST /api/v1/projections/catchup/batch``

        Takes 1 to 16 items that share one time limit (30 seconds unless given, 60 at most). A
        projection that does not get there in time is reported with ``timedOut`` true, not as an
        error; an item that cannot be waited for carries an ``error`` instead of a ``result``. 429
        means that the server has no waiting capacity left. It changes nothing and is retried like a
        GET. The client waits at least 2 seconds longer than the server holds the call.

        Args:
            body: ``models.ProjectionCatchupBatchRequest``, such as
                {"items": [{"name": "order_stats", "minSeq": "1523"}, {"name": "my-projection",
                 "minSeq": "1523", "partition": "customer-456"}], "timeoutMs": 10000}

        Returns:
            ``models.ProjectionCatchupBatchResponse``, such as
                {"results": [{"result": {"caughtUp": True, "timedOut": False, "currentSeq": 1523,
                 "targetSeq": 1523, "behindByEvents": 0, "rebuilding": False, "mode": "managed"}},
                 {"error": "projection not found"}]}
        """
        return self._call(
            "POST",
            "/api/v1/projections/catchup/batch",
            body=body,
            idempotent=True,
            server_wait=("body", "timeoutMs", "ms", 30000),
        )

    def projections_wait_for_event(
        self, body: models.ProjectionWaitForEventRequest
    ) -> models.ProjectionCatchupResponse:
        """Block until a projection has processed one particular event.

        ``POST /api/v1/projections/wait-for-event``

        Use it to read your own writes: emit an event, wait, then read the projection. Running out
        of time is a normal reply with ``timedOut`` true. 409 means that the projection is paused or
        rebuilding, or that the event is too old to have a recorded sequence. It changes nothing and
        is retried like a GET. The client waits at least 2 seconds longer than the server holds the
        call.

        Args:
            body: ``models.ProjectionWaitForEventRequest``, such as
                {"eventId": "evt_01J8ZQ4T", "projection": "order_stats", "timeoutMs": 10000}

        Returns:
            ``models.ProjectionCatchupResponse``, such as
                {"caughtUp": True, "timedOut": False, "currentSeq": 1523, "targetSeq": 1523,
                 "behindByEvents": 0, "rebuilding": False, "mode": "managed"}
        """
        return self._call(
            "POST",
            "/api/v1/projections/wait-for-event",
            body=body,
            idempotent=True,
            server_wait=("body", "timeoutMs", "ms", 30000),
        )

    def projections_delete(self, name: str) -> models.ProjectionActionResponse:
        """Unregister a projection and delete its record.

        ``DELETE /api/v1/projections/{name}``

        Data that an external projection has written to its own store stays there.

        Args:
            name: Name of the projection.

        Returns:
            ``models.ProjectionActionResponse``, such as
                {"status": "deleted"}
        """
        return self._call("DELETE", f"/api/v1/projections/{segment(name=name)}")

    def projections_get(
        self, name: str, *, partition: str | None = None
    ) -> models.ProjectionResponse:
        """Get the registry record of a projection together with its current state.

        ``GET /api/v1/projections/{name}``

        ``state`` is absent as long as the projection has not processed any event. Partitioned
        projections keep one state per partition key.

        Args:
            name: Name of the projection.
            partition: Partition key whose state to return; an unpartitioned projection uses
                ``__global__``.

        Returns:
            ``models.ProjectionResponse``, such as
                {"name": "my-projection", "environment_id": "env_default", "type": "state",
                 "mode": "managed", "status": "active", "events": ["order.placed"],
                 "last_event_seq": 1523, "version": 1, "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:35:00Z", "state": {"projection_name": "my-projection",
                 "environment_id": "env_default", "partition_key": "__global__",
                 "state": {"total_orders": 42, "total_revenue": 12500.0},
                 "last_event_id": "evt_01J8ZQ4T", "last_event_seq": 1523,
                 "last_event_time": "2026-01-15T09:30:00Z", "version": 15,
                 "updated_at": "2026-01-15T09:35:00Z"}}
        """
        return self._call(
            "GET", f"/api/v1/projections/{segment(name=name)}", query={"partition": partition}
        )

    def projections_cancel(
        self, name: str, body: Mapping[str, Any] | None = None
    ) -> models.ProjectionActionResponse:
        """Cancel the rebuild a projection is going through.

        ``POST /api/v1/projections/{name}/cancel``

        The state from before the rebuild is kept. ``projections_cancel_rebuild`` and
        ``projections_cancel`` are the same method.

        Args:
            name: Name of the projection.
            body: Any JSON object.

        Returns:
            ``models.ProjectionActionResponse``, such as
                {"status": "cancelled"}
        """
        return self._call("POST", f"/api/v1/projections/{segment(name=name)}/cancel", body=body)

    projections_cancel_rebuild = projections_cancel

    def projections_list_catchup(
        self, name: str, *, min_seq: int, partition: str | None = None, timeout: int | None = None
    ) -> models.ProjectionCatchupResponse:
        """Block until a projection has processed events up to a sequence.

        ``GET /api/v1/projections/{name}/catchup``

        Gives read-your-writes consistency when you know the sequence of a write. Running out of
        time is a normal reply with ``timedOut`` true. 404 means no such projection, 409 that it is
        paused, rebuilding, or external while a partition was given, and 429 that the server has no
        waiting capacity left. The client waits at least 2 seconds longer than the server holds the
        call.

        Args:
            name: Name of the projection.
            min_seq: Sequence the projection has to reach.
            partition: Partition key to wait for; managed projections only.
            timeout: Longest wait in milliseconds, capped at 60000. Default: 30000.

        Returns:
            ``models.ProjectionCatchupResponse``, such as
                {"caughtUp": True, "timedOut": False, "currentSeq": 1523, "targetSeq": 1523,
                 "behindByEvents": 0, "rebuilding": False, "mode": "managed"}
        """
        return self._call(
            "GET",
            f"/api/v1/projections/{segment(name=name)}/catchup",
            query={
                "minSeq": min_seq,
                "partition": partition,
                "timeout": timeout,
            },
            server_wait=("query", "timeout", "ms", 30000),
        )

    def projections_list_partitions(
        self, name: str, *, limit: int | None = None, q: str | None = None
    ) -> models.ListProjectionPartitionsResponse:
        """List the partition keys a projection holds state for.

        ``GET /api/v1/projections/{name}/partitions``

        Args:
            name: Name of the projection.
            limit: Maximum number of keys to return.
            q: Text to narrow down the keys by.

        Returns:
            ``models.ListProjectionPartitionsResponse``, such as
                {"partitions": ["customer-123", "customer-456"], "returned": 2}
        """
        return self._call(
            "GET",
            f"/api/v1/projections/{segment(name=name)}/partitions",
            query={"limit": limit, "q": q},
        )

    def projections_pause(
        self, name: str, body: Mapping[str, Any] | None = None
    ) -> models.ProjectionActionResponse:
        """Pause a projection so that it stops processing events.

        ``POST /api/v1/projections/{name}/pause``

        Call ``projections_resume`` to continue; until then waiting for it to catch up answers 409.

        Args:
            name: Name of the projection.
            body: Any JSON object.

        Returns:
            ``models.ProjectionActionResponse``, such as
                {"status": "paused"}
        """
        return self._call("POST", f"/api/v1/projections/{segment(name=name)}/pause", body=body)

    def projections_list_rebuild(self, name: str) -> models.RebuildJobResponse:
        """Get the rebuild job of a projection and its progress.

        ``GET /api/v1/projections/{name}/rebuild``

        Poll it after ``projections_rebuild``. ``job`` may be missing or null.

        Args:
            name: Name of the projection.

        Returns:
            ``models.RebuildJobResponse``, such as
                {"job": {"job_id": "job_1", "projection_name": "my-projection", "status": "running",
                 "events_processed": 650, "total_events": 1000, "progress": 65.0,
                 "started_at": "2026-01-15T09:30:00Z", "estimated_remaining": "1m15s"}}
        """
        return self._call("GET", f"/api/v1/projections/{segment(name=name)}/rebuild")

    def projections_rebuild(
        self, name: str, body: models.RebuildProjectionRequest | None = None
    ) -> models.RebuildJobResponse:
        """Rebuild a projection by replaying the event log into a fresh state.

        ``POST /api/v1/projections/{name}/rebuild``

        The body is optional: without one, everything is replayed. Restrict the replay with an event
        range or a partition, or set ``dryRun`` to get an estimate only, reported with the status
        ``dry_run``. The rebuild runs in the background; follow it with
        ``projections_list_rebuild``.

        Args:
            name: Name of the projection.
            body: ``models.RebuildProjectionRequest``.

        Returns:
            ``models.RebuildJobResponse``, such as
                {"job": {"job_id": "job_1", "projection_name": "my-projection", "status": "running",
                 "events_processed": 0, "total_events": 1000, "progress": 0.0,
                 "started_at": "2026-01-15T09:30:00Z"}}
        """
        return self._call("POST", f"/api/v1/projections/{segment(name=name)}/rebuild", body=body)

    def projections_resume(
        self, name: str, body: Mapping[str, Any] | None = None
    ) -> models.ProjectionActionResponse:
        """Resume a paused projection from where it stopped.

        ``POST /api/v1/projections/{name}/resume``

        Args:
            name: Name of the projection.
            body: Any JSON object.

        Returns:
            ``models.ProjectionActionResponse``, such as
                {"status": "active"}
        """
        return self._call("POST", f"/api/v1/projections/{segment(name=name)}/resume", body=body)

    def projections_list_status(self, name: str) -> models.ProjectionStatusResponse:
        """Get the health of a projection: status, position and last error.

        ``GET /api/v1/projections/{name}/status``

        Lighter than ``projections_get``, as the state is left out. See ``projections_list_rebuild``
        for the progress of a rebuild.

        Args:
            name: Name of the projection.

        Returns:
            ``models.ProjectionStatusResponse``, such as
                {"name": "my-projection", "status": "active", "mode": "managed",
                 "last_event_seq": 1523, "error_message": "", "updated_at": "2026-01-15T09:35:00Z"}
        """
        return self._call("GET", f"/api/v1/projections/{segment(name=name)}/status")

    def projections_create_sql(
        self, body: models.CreateSQLProjectionRequest
    ) -> models.CreateSQLProjectionResponse:
        """Create a projection that keeps an SQL table from events.

        ``POST /ironflow.v1.ProjectionService/CreateSQLProjection``

        Each handler is an SQL statement that runs for every event of its name, with ``:entity_id``
        and the like as parameters and ``:data.total`` for a member of the event's data.

        Args:
            body: ``models.CreateSQLProjectionRequest``, such as
                {"name": "order-totals",
                 "table_sql": "CREATE TABLE t (id TEXT PRIMARY KEY, total NUMERIC)",
                 "events": ["order.placed"],
                 "event_handlers": {"order.placed": "INSERT INTO t VALUES (:entity_id, :data.sum)"}}

        Returns:
            ``models.CreateSQLProjectionResponse``, such as
                {"name": "order-totals", "status": "active"}
        """
        return self._call(
            "POST",
            "/ironflow.v1.ProjectionService/CreateSQLProjection",
            headers=CONNECT,
            body=body,
            read=as_message("CreateSQLProjectionResponse"),
        )

    # projects

    def projects_list(self) -> list[models.Project]:
        """Return all projects of the current organization.

        ``GET /api/v1/projects``

        A project groups environments.

        Returns:
            A list of ``models.Project``, such as
                [{"id": "proj_123", "org_id": "org_123", "name": "my-project",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", "/api/v1/projects")

    def projects_create(self, body: models.ProjectNameRequest) -> models.Project:
        """Add a project to the organization of the caller.

        ``POST /api/v1/projects``

        Use its id as ``project_id`` when creating environments.

        Args:
            body: ``models.ProjectNameRequest``, such as
                {"name": "my-project"}

        Returns:
            ``models.Project``, such as
                {"id": "proj_123", "org_id": "org_123", "name": "my-project",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/projects", body=body)

    def projects_delete(self, id: str) -> models.DeleteProjectResponse:
        """Remove a project by its id.

        ``DELETE /api/v1/projects/{id}``

        Its environments are deleted with it. The reply repeats the id of the removed project.

        Args:
            id: Project id, such as ``proj_123``.

        Returns:
            ``models.DeleteProjectResponse``, such as
                {"deleted": "proj_123"}
        """
        return self._call("DELETE", f"/api/v1/projects/{segment(id=id)}")

    def projects_update(self, id: str, body: models.UpdateProjectRequest) -> models.Project:
        """Give a project a new name.

        ``PUT /api/v1/projects/{id}``

        Args:
            id: Project id, such as ``proj_123``.
            body: ``models.UpdateProjectRequest``, such as
                {"name": "renamed"}

        Returns:
            ``models.Project``, such as
                {"id": "proj_123", "org_id": "org_123", "name": "renamed",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-16T10:00:00Z"}
        """
        return self._call("PUT", f"/api/v1/projects/{segment(id=id)}", body=body)

    # pub_sub

    def pub_sub_create(self, body: models.PublishRequest) -> models.PublishResponse:
        """Publish a message to a developer topic for its subscribers.

        ``POST /api/v1/publish``

        Reaches the subscribers of the topic and never starts a function; emit an event for that.
        Set ``idempotency_key`` to keep a repeated call from publishing the message twice. With an
        ``idempotency_key`` the call is safe to repeat and is retried like a GET; "auto" makes a
        key. ``pub_sub_publish`` and ``pub_sub_create`` are the same method.

        Args:
            body: ``models.PublishRequest``, such as
                {"topic": "notifications", "data": {"type": "ping"}}

        Returns:
            ``models.PublishResponse``, such as
                {"event_id": "evt_01J8ZQ4T", "sequence": 43}
        """
        return self._call("POST", "/api/v1/publish", body=body, keyed=True)

    pub_sub_publish = pub_sub_create

    def pub_sub_get_topic_stats(
        self, body: models.GetTopicStatsRequest
    ) -> models.GetTopicStatsResponse:
        """Return the message and consumer counts of one developer topic.

        ``POST /ironflow.v1.PubSubService/GetTopicStats``

        For a topic that nobody has used yet, all figures are zero. It changes nothing and is
        retried like a GET.

        Args:
            body: ``models.GetTopicStatsRequest``, such as
                {"topic": "order.processed"}

        Returns:
            ``models.GetTopicStatsResponse``, such as
                {"name": "order.processed", "message_count": "42", "consumer_count": 2, "lag": "5",
                 "first_seq": "1", "last_seq": "42"}
        """
        return self._call(
            "POST",
            "/ironflow.v1.PubSubService/GetTopicStats",
            headers=CONNECT,
            body=body,
            read=as_message("GetTopicStatsResponse"),
            idempotent=True,
        )

    def pub_sub_list_topics(self) -> models.ListTopicsResponse:
        """List the developer topics that are in use.

        ``POST /ironflow.v1.PubSubService/ListTopics``

        It changes nothing and is retried like a GET.

        Returns:
            ``models.ListTopicsResponse``, such as
                {"topics": [{"name": "order.processed", "message_count": "42", "consumer_count": 2,
                 "first_message_at": "2026-01-15T09:30:00Z",
                 "last_message_at": "2026-01-15T09:35:00Z"}]}
        """
        return self._call(
            "POST",
            "/ironflow.v1.PubSubService/ListTopics",
            headers=CONNECT,
            body={},
            read=as_message("ListTopicsResponse"),
            idempotent=True,
        )

    # roles

    def roles_list(self, *, org_id: str | None = None) -> list[models.RoleResponse]:
        """Return built-in and custom roles with usage counts.

        ``GET /api/v1/roles``

        The built-in roles are ``admin``, ``developer`` and ``viewer``; custom roles are defined per
        organization. Needs an enterprise license; without one the server answers 402.

        Args:
            org_id: Limit the list to one organization.

        Returns:
            A list of ``models.RoleResponse``, such as
                [{"id": "role_123", "org_id": "org_123", "name": "editor", "is_default": False,
                 "created_at": "2026-01-15T09:30:00Z", "policy_count": 1, "api_key_count": 2}]
        """
        return self._call("GET", "/api/v1/roles", query={"org_id": org_id})

    def roles_create(self, body: models.CreateRoleRequest) -> models.Role:
        """Define a custom role in an organization.

        ``POST /api/v1/roles``

        A new role has no policies: attach them with ``roles_policies``. Needs an enterprise
        license; without one the server answers 402.

        Args:
            body: ``models.CreateRoleRequest``, such as
                {"name": "editor", "org_id": "org_123"}

        Returns:
            ``models.Role``, such as
                {"id": "role_123", "org_id": "org_123", "name": "editor", "is_default": False,
                 "created_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/roles", body=body)

    def roles_delete(self, id: str) -> None:
        """Remove a custom role by its id.

        ``DELETE /api/v1/roles/{id}``

        The reply has no body. Needs an enterprise license; without one the server answers 402.

        Args:
            id: Role id, such as ``role_123``.
        """
        return self._call("DELETE", f"/api/v1/roles/{segment(id=id)}")

    def roles_get(self, id: str) -> models.Role:
        """Fetch one role.

        ``GET /api/v1/roles/{id}``

        Attached policies are not included: see ``roles_list_policies``. Needs an enterprise
        license; without one the server answers 402.

        Args:
            id: Role id, such as ``role_123``.

        Returns:
            ``models.Role``, such as
                {"id": "role_123", "org_id": "org_123", "name": "editor", "is_default": False,
                 "created_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/roles/{segment(id=id)}")

    def roles_patch(self, id: str, body: models.UpdateRoleRequest | None = None) -> models.Role:
        """Give a role a new name.

        ``PATCH /api/v1/roles/{id}``

        Needs an enterprise license; without one the server answers 402.

        Args:
            id: Role id, such as ``role_123``.
            body: ``models.UpdateRoleRequest``, such as
                {"name": "senior-editor"}

        Returns:
            ``models.Role``, such as
                {"id": "role_123", "org_id": "org_123", "name": "senior-editor",
                 "is_default": False, "created_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("PATCH", f"/api/v1/roles/{segment(id=id)}", body=body)

    def roles_list_policies(self, id: str) -> models.RolePoliciesResponse:
        """Return the policies that a role carries.

        ``GET /api/v1/roles/{id}/policies``

        Needs an enterprise license; without one the server answers 402.

        Args:
            id: Role id, such as ``role_123``.

        Returns:
            ``models.RolePoliciesResponse``, such as
                {"policies": [{"id": "policy_456", "org_id": "org_123", "name": "allow-emit",
                 "effect": "allow", "actions": "emit:*", "resources": "*", "condition": "",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}]}
        """
        return self._call("GET", f"/api/v1/roles/{segment(id=id)}/policies")

    def roles_policies(self, id: str, body: models.AssignPolicyRequest) -> None:
        """Attach an existing policy to a role.

        ``POST /api/v1/roles/{id}/policies``

        The reply has no body. Needs an enterprise license; without one the server answers 402.
        ``roles_attach_policy`` and ``roles_policies`` are the same method.

        Args:
            id: Role id, such as ``role_123``.
            body: ``models.AssignPolicyRequest``, such as
                {"policy_id": "policy_456"}
        """
        return self._call("POST", f"/api/v1/roles/{segment(id=id)}/policies", body=body)

    roles_attach_policy = roles_policies

    def roles_delete_policies(self, id: str, policy_id: str) -> None:
        """Detach a policy from a role, keeping the policy itself.

        ``DELETE /api/v1/roles/{id}/policies/{policy_id}``

        The reply has no body. Needs an enterprise license; without one the server answers 402.

        Args:
            id: Role id, such as ``role_123``.
            policy_id: Id of the policy to detach, such as ``policy_456``.
        """
        return self._call(
            "DELETE", f"/api/v1/roles/{segment(id=id)}/policies/{segment(policy_id=policy_id)}"
        )

    # runs

    def runs_list(
        self,
        *,
        event_id: str | None = None,
        function_id: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        search: str | None = None,
        since: datetime | str | None = None,
        status: models.RunsListStatus | None = None,
        until: datetime | str | None = None,
    ) -> models.ListRunsResponse:
        """List runs, filtered by function, event, status or time.

        ``GET /api/v1/runs``

        ``total_count`` counts all the matches, ``count`` those in this reply.

        Args:
            event_id: Keep only runs started by this event.
            function_id: Keep only runs of this function.
            limit: Maximum number of runs to return.
            offset: Number of runs to skip, for paging.
            search: Free text to search the runs for.
            since: Start of the time range, RFC 3339.
            status: Keep only runs in this status. One of ``cancelled``, ``completed``, ``failed``,
                ``paused``, ``pending``, ``running``, ``waiting``, ``waiting_for_capacity``.
            until: End of the time range, RFC 3339.

        Returns:
            ``models.ListRunsResponse``, such as
                {"runs": [{"id": "run_abc123", "function_id": "process-order",
                 "event_id": "evt_01J8ZQ4T", "event_name": "order.placed", "status": "completed",
                 "execution_mode": "pull", "attempt": 1, "max_attempts": 3, "worker_id": "worker-1",
                 "input": {"order_id": "123", "customer_id": "456"}, "output": {"ok": True},
                 "created_at": "2026-01-15T09:30:00Z", "started_at": "2026-01-15T09:30:00Z",
                 "ended_at": "2026-01-15T09:30:02Z", "updated_at": "2026-01-15T09:30:02Z"}],
                 "count": 1, "total_count": 1}
        """
        return self._call(
            "GET",
            "/api/v1/runs",
            query={
                "event_id": event_id,
                "function_id": function_id,
                "limit": limit,
                "offset": offset,
                "search": search,
                "since": since,
                "status": status,
                "until": until,
            },
        )

    def runs_iterate(
        self,
        *,
        event_id: str | None = None,
        function_id: str | None = None,
        search: str | None = None,
        since: datetime | str | None = None,
        status: models.RunsListStatus | None = None,
        until: datetime | str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.RunResponse]:
        """Go through all items of ``runs_list``, one at a time.

        ``GET /api/v1/runs``

        List runs, filtered by function, event, status or time.

        Args:
            event_id: Keep only runs started by this event.
            function_id: Keep only runs of this function.
            search: Free text to search the runs for.
            since: Start of the time range, RFC 3339.
            status: Keep only runs in this status. One of ``cancelled``, ``completed``, ``failed``,
                ``paused``, ``pending``, ``running``, ``waiting``, ``waiting_for_capacity``.
            until: End of the time range, RFC 3339.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.RunResponse``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "runs_iterate",
            "/api/v1/runs",
            ByOffset("runs", param="offset", size="limit", total="total_count", identity=("id",)),
            query={
                "event_id": event_id,
                "function_id": function_id,
                "search": search,
                "since": since,
                "status": status,
                "until": until,
            },
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def runs_resume(self, body: models.ResumeRunRequest) -> models.Run:
        """Resume a paused or failed run, optionally from a chosen step.

        ``POST /api/v1/runs/resume``

        A paused run continues where it stopped unless ``from_step`` is given. 409 means that a
        resume of this run is already in flight.

        Args:
            body: ``models.ResumeRunRequest``, such as
                {"run_id": "run_abc123"}

        Returns:
            ``models.Run``, such as
                {"id": "run_abc123", "environment_id": "env_default",
                 "function_id": "process-order", "event_id": "evt_01J8ZQ4T",
                 "execution_mode": "pull", "attempt": 1, "max_attempts": 3,
                 "pause_requested": False, "version": 4, "created_at": "2026-01-15T09:30:00Z",
                 "started_at": "2026-01-15T09:30:00Z", "status": "running",
                 "updated_at": "2026-01-15T09:35:00Z"}
        """
        return self._call("POST", "/api/v1/runs/resume", body=body)

    def runs_get(self, id: str) -> models.RunResponse:
        """Get a single run with its input, output and status.

        ``GET /api/v1/runs/{id}``

        404 with the message ``run not found`` when no run has this id. Steps are read with
        ``runs_list_steps``.

        Args:
            id: Id of the run, such as ``run_abc123``.

        Returns:
            ``models.RunResponse``, such as
                {"id": "run_abc123", "function_id": "process-order", "event_id": "evt_01J8ZQ4T",
                 "event_name": "order.placed", "status": "completed", "execution_mode": "pull",
                 "attempt": 1, "max_attempts": 3, "worker_id": "worker-1",
                 "input": {"order_id": "123", "customer_id": "456"}, "output": {"ok": True},
                 "created_at": "2026-01-15T09:30:00Z", "started_at": "2026-01-15T09:30:00Z",
                 "ended_at": "2026-01-15T09:30:02Z", "updated_at": "2026-01-15T09:30:02Z"}
        """
        return self._call("GET", f"/api/v1/runs/{segment(id=id)}")

    def runs_list_audit(
        self,
        id: str,
        *,
        cursor: str | None = None,
        event_type: str | None = None,
        from_: datetime | str | None = None,
        limit: int | None = None,
        to: datetime | str | None = None,
    ) -> models.RunAuditResponse:
        """List the audit events recorded for a run, one page at a time.

        ``GET /api/v1/runs/{id}/audit``

        For the next page, pass ``next_cursor`` of one reply as ``cursor`` of the next call.

        Args:
            id: Id of the run, such as ``run_abc123``.
            cursor: Where to continue: ``next_cursor`` of the previous page.
            event_type: Keep only audit events of this type, such as ``step.completed``.
            from_: Start of the time range, RFC 3339.
            limit: Maximum number of audit events to return.
            to: End of the time range, RFC 3339.

        Returns:
            ``models.RunAuditResponse``, such as
                {"events": [{"id": "audit_1", "environment_id": "env_default",
                 "run_id": "run_abc123", "function_id": "process-order",
                 "event_type": "run.created", "payload": {"functionId": "process-order"},
                 "created_at": "2026-01-15T09:30:00Z"}, {"id": "audit_2",
                 "environment_id": "env_default", "run_id": "run_abc123",
                 "function_id": "process-order", "step_id": "step_xyz",
                 "event_type": "step.completed", "payload": {"name": "charge-card"},
                 "created_at": "2026-01-15T09:30:01Z"}], "next_cursor": "", "total_count": 2}
        """
        return self._call(
            "GET",
            f"/api/v1/runs/{segment(id=id)}/audit",
            query={
                "cursor": cursor,
                "event_type": event_type,
                "from": from_,
                "limit": limit,
                "to": to,
            },
        )

    def runs_iterate_audit(
        self,
        id: str,
        *,
        event_type: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.AuditEvent]:
        """Go through all items of ``runs_list_audit``, one at a time.

        ``GET /api/v1/runs/{id}/audit``

        List the audit events recorded for a run, one page at a time.

        Args:
            id: Id of the run, such as ``run_abc123``.
            event_type: Keep only audit events of this type, such as ``step.completed``.
            from_: Start of the time range, RFC 3339.
            to: End of the time range, RFC 3339.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.AuditEvent``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "runs_iterate_audit",
            f"/api/v1/runs/{segment(id=id)}/audit",
            ByCursor("events", param="cursor", size="limit", next="next_cursor", identity=("id",)),
            query={
                "event_type": event_type,
                "from": from_,
                "to": to,
            },
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def runs_cancel(self, id: str, body: models.CancelRunRequest | None = None) -> models.Run:
        """Cancel a run and return its updated record.

        ``POST /api/v1/runs/{id}/cancel``

        The body is optional; use it to say why the run is canceled.

        Args:
            id: Id of the run, such as ``run_abc123``.
            body: ``models.CancelRunRequest``, such as
                {"reason": "duplicate"}

        Returns:
            ``models.Run``, such as
                {"id": "run_abc123", "environment_id": "env_default",
                 "function_id": "process-order", "event_id": "evt_01J8ZQ4T",
                 "execution_mode": "pull", "attempt": 1, "max_attempts": 3,
                 "pause_requested": False, "version": 4, "created_at": "2026-01-15T09:30:00Z",
                 "started_at": "2026-01-15T09:30:00Z", "status": "cancelled",
                 "ended_at": "2026-01-15T09:30:02Z", "updated_at": "2026-01-15T09:30:02Z"}
        """
        return self._call("POST", f"/api/v1/runs/{segment(id=id)}/cancel", body=body)

    def runs_list_steps(self, id: str) -> models.ListStepsResponse:
        """List the steps of a run with their status and output.

        ``GET /api/v1/runs/{id}/steps``

        Args:
            id: Id of the run, such as ``run_abc123``.

        Returns:
            ``models.ListStepsResponse``, such as
                {"steps": [{"id": "step_xyz", "run_id": "run_abc123", "step_id": "step_xyz",
                 "step_type": "invoke", "status": "completed", "sequence": 1, "attempt": 1,
                 "output": {"total": 99.99}, "duration_ms": 850,
                 "created_at": "2026-01-15T09:30:00Z", "started_at": "2026-01-15T09:30:00Z",
                 "ended_at": "2026-01-15T09:30:01Z", "updated_at": "2026-01-15T09:30:01Z"}],
                 "count": 1}
        """
        return self._call("GET", f"/api/v1/runs/{segment(id=id)}/steps")

    def runs_list_streams(self, id: str) -> models.RunStreamsResponse:
        """List the entities whose streams a run has appended to.

        ``GET /api/v1/runs/{id}/streams``

        Returns ids only; read an entity with ``streams_get`` or ``streams_list_events``.

        Args:
            id: Id of the run, such as ``run_abc123``.

        Returns:
            ``models.RunStreamsResponse``, such as
                {"entity_ids": ["entity-123"]}
        """
        return self._call("GET", f"/api/v1/runs/{segment(id=id)}/streams")

    def runs_create(self, body: models.PatchStepRequest) -> models.Step:
        """Patch a step by replacing its recorded output.

        ``POST /api/v1/steps/patch``

        Despite the method name, no run is created: this corrects the result of one step by hand,
        for example before the run is resumed. The former output is kept in ``original_output``.
        ``runs_patch_step`` and ``runs_create`` are the same method.

        Args:
            body: ``models.PatchStepRequest``, such as
                {"step_id": "step_xyz", "output": {"corrected": True}, "reason": "manual fix"}

        Returns:
            ``models.Step``, such as
                {"id": "step_xyz", "run_id": "run_abc123", "environment_id": "env_default",
                 "step_id": "step_xyz", "step_type": "invoke", "status": "completed", "sequence": 1,
                 "attempt": 1, "version": 2, "output": {"corrected": True},
                 "original_output": {"total": 99.99}, "patched_at": "2026-01-15T09:35:00Z",
                 "patched_by": "user_123", "duration_ms": 850, "created_at": "2026-01-15T09:30:00Z",
                 "started_at": "2026-01-15T09:30:00Z", "ended_at": "2026-01-15T09:30:01Z",
                 "updated_at": "2026-01-15T09:35:00Z"}
        """
        return self._call("POST", "/api/v1/steps/patch", body=body)

    runs_patch_step = runs_create

    def runs_get_paused_state(
        self, body: models.GetPausedStateRequest
    ) -> models.GetPausedStateResponse:
        """Return the completed steps of a run that is paused for injection.

        ``POST /ironflow.v1.IronflowService/GetPausedState``

        Works on runs whose pause reason is ``injection``, as ``runs_pause`` leaves them. It changes
        nothing and is retried like a GET.

        Args:
            body: ``models.GetPausedStateRequest``, such as
                {"run_id": "run_abc123"}

        Returns:
            ``models.GetPausedStateResponse``, such as
                {"steps": [{"id": "step_001", "name": "validate-input",
                 "output": "eyJ2YWxpZCI6dHJ1ZX0=", "completed_at": "2026-01-15T09:30:01Z",
                 "step_type": "invoke", "status": "completed"}],
                 "next_step_hint": "send-notification", "pause_reason": "injection"}
        """
        return self._call(
            "POST",
            "/ironflow.v1.IronflowService/GetPausedState",
            headers=CONNECT,
            body=body,
            read=as_message("GetPausedStateResponse"),
            idempotent=True,
        )

    def runs_inject_step_output(
        self, body: models.InjectStepOutputRequest
    ) -> models.InjectStepOutputResponse:
        """Replace the output of a completed step while its run is paused for injection.

        ``POST /ironflow.v1.IronflowService/InjectStepOutput``

        The former output is kept for the audit trail. ``runs_resume`` then continues with the new
        one.

        Args:
            body: ``models.InjectStepOutputRequest``, such as
                {"run_id": "run_abc123", "step_id": "step_001",
                 "new_output": "eyJ2YWxpZCI6ZmFsc2V9", "reason": "Fix validation"}

        Returns:
            ``models.InjectStepOutputResponse``, such as
                {"step_id": "step_001", "previous_output": "eyJ2YWxpZCI6dHJ1ZX0="}
        """
        return self._call(
            "POST",
            "/ironflow.v1.IronflowService/InjectStepOutput",
            headers=CONNECT,
            body=body,
            read=as_message("InjectStepOutputResponse"),
        )

    def runs_pause(self, body: models.PauseRunRequest) -> models.PauseRunResponse:
        """Pause a run before its next step, to look at its steps and change their output.

        ``POST /ironflow.v1.IronflowService/PauseRun``

        A run that executes a step pauses when the step is done; one that sleeps or waits for an
        event pauses at once. ``runs_resume`` continues it.

        Args:
            body: ``models.PauseRunRequest``, such as
                {"run_id": "run_abc123"}

        Returns:
            ``models.PauseRunResponse``, such as
                {"status": "paused"}
        """
        return self._call(
            "POST",
            "/ironflow.v1.IronflowService/PauseRun",
            headers=CONNECT,
            body=body,
            read=as_message("PauseRunResponse"),
        )

    # schemas

    def schemas_list(
        self, *, event_name: str | None = None, limit: int | None = None, offset: int | None = None
    ) -> models.ListSchemasResponse:
        """List the event schemas registered in the environment.

        ``GET /api/v1/events/schemas``

        Every version of an event is a record of its own.

        Args:
            event_name: Keep only the schemas of this event.
            limit: Maximum number of schemas to return.
            offset: Number of schemas to skip, for paging.

        Returns:
            ``models.ListSchemasResponse``, such as
                {"schemas": [{"event_name": "order.placed", "version": 2,
                 "schema_json": '{"type":"object","properties":{"orderId":{"type":"string"}}}',
                 "description": "Added the priority field", "environment_id": "env_default",
                 "created_at": "2026-01-15T09:30:00Z"}], "count": 1, "total_count": 1}
        """
        return self._call(
            "GET",
            "/api/v1/events/schemas",
            query={
                "event_name": event_name,
                "limit": limit,
                "offset": offset,
            },
        )

    def schemas_iterate(
        self,
        *,
        event_name: str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.EventSchema]:
        """Go through all items of ``schemas_list``, one at a time.

        ``GET /api/v1/events/schemas``

        List the event schemas registered in the environment.

        Args:
            event_name: Keep only the schemas of this event.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.EventSchema``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "schemas_iterate",
            "/api/v1/events/schemas",
            ByOffset(
                "schemas",
                param="offset",
                size="limit",
                total="total_count",
                identity=("event_name", "version"),
            ),
            query={"event_name": event_name},
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def schemas_create(self, body: models.RegisterSchemaRequest) -> models.SchemaStatusResponse:
        """Register the JSON schema of one version of an event.

        ``POST /api/v1/events/schemas``

        The schema is sent as a string that holds JSON, not as a nested object.

        Args:
            body: ``models.RegisterSchemaRequest``, such as
                {"event_name": "order.placed", "version": 1,
                 "schema_json": '{"type":"object","properties":{"orderId":{"type":"string"}}}'}

        Returns:
            ``models.SchemaStatusResponse``, such as
                {"status": "registered"}
        """
        return self._call("POST", "/api/v1/events/schemas", body=body)

    def schemas_get(self, name: str) -> models.EventSchema:
        """Get the latest schema registered for an event.

        ``GET /api/v1/events/schemas/{name}``

        Use ``schemas_get_by_name`` for a particular version.

        Args:
            name: Event name, such as ``order.placed``.

        Returns:
            ``models.EventSchema``, such as
                {"event_name": "order.placed", "version": 2,
                 "schema_json": '{"type":"object","properties":{"orderId":{"type":"string"}}}',
                 "description": "Added the priority field", "environment_id": "env_default",
                 "created_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/events/schemas/{segment(name=name)}")

    def schemas_delete(self, name: str, version: str | int) -> models.SchemaStatusResponse:
        """Delete one version of an event schema.

        ``DELETE /api/v1/events/schemas/{name}/{version}``

        Other versions of the same event are left alone.

        Args:
            name: Event name, such as ``order.placed``.
            version: Schema version number, such as ``1``.

        Returns:
            ``models.SchemaStatusResponse``, such as
                {"status": "deleted"}
        """
        return self._call(
            "DELETE", f"/api/v1/events/schemas/{segment(name=name)}/{segment(version=version)}"
        )

    def schemas_get_by_name(self, name: str, version: str | int) -> models.EventSchema:
        """Get a particular version of an event schema.

        ``GET /api/v1/events/schemas/{name}/{version}``

        Use ``schemas_get`` for the latest one.

        Args:
            name: Event name, such as ``order.placed``.
            version: Schema version number, such as ``1``.

        Returns:
            ``models.EventSchema``, such as
                {"event_name": "order.placed", "version": 2,
                 "schema_json": '{"type":"object","properties":{"orderId":{"type":"string"}}}',
                 "description": "Added the priority field", "environment_id": "env_default",
                 "created_at": "2026-01-15T09:30:00Z"}
        """
        return self._call(
            "GET", f"/api/v1/events/schemas/{segment(name=name)}/{segment(version=version)}"
        )

    def schemas_create_upcast(self, body: models.TestUpcastRequest) -> models.TestUpcastResponse:
        """Preview how event data is converted from one schema version to another.

        ``POST /api/v1/events/upcast``

        Runs the data through the upcasters between the two versions and lists the steps applied.
        Meant for trying out upcasters: nothing is emitted. It changes nothing and is retried like a
        GET.

        Args:
            body: ``models.TestUpcastRequest``, such as
                {"event_name": "order.placed", "from_version": 1, "to_version": 2,
                 "data": {"orderId": "123"}}

        Returns:
            ``models.TestUpcastResponse``, such as
                {"data": {"orderId": "123", "priority": "normal"},
                 "steps_applied": [{"from_version": 1, "to_version": 2,
                 "description": "Add the priority field"}]}
        """
        return self._call("POST", "/api/v1/events/upcast", body=body, idempotent=True)

    # secrets

    def secrets_list(
        self, *, x_ironflow_environment: str | None = None
    ) -> list[models.SecretInfoResponse]:
        """Return names and metadata of all secrets in an environment.

        ``GET /api/v1/secrets``

        Secrets are write-only: no reply ever holds a value.

        Args:
            x_ironflow_environment: Environment that holds the secret, such as ``staging``.

        Returns:
            A list of ``models.SecretInfoResponse``, such as
                [{"name": "my-secret", "description": "optional", "revision": 1,
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call(
            "GET", "/api/v1/secrets", headers={"X-Ironflow-Environment": x_ironflow_environment}
        )

    def secrets_create(
        self, body: models.CreateSecretRequest, *, x_ironflow_environment: str | None = None
    ) -> models.SecretInfoResponse:
        """Store a new encrypted secret in an environment.

        ``POST /api/v1/secrets``

        To replace the value of an existing secret use ``secrets_update``. Secrets are write-only:
        no reply ever holds a value.

        Args:
            body: ``models.CreateSecretRequest``, such as
                {"name": "my-secret", "value": "s3cret", "description": "optional"}
            x_ironflow_environment: Environment that holds the secret, such as ``staging``.

        Returns:
            ``models.SecretInfoResponse``, such as
                {"name": "my-secret", "description": "optional", "revision": 1,
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call(
            "POST",
            "/api/v1/secrets",
            headers={"X-Ironflow-Environment": x_ironflow_environment},
            body=body,
        )

    def secrets_delete(self, name: str, *, x_ironflow_environment: str | None = None) -> None:
        """Remove a secret from an environment.

        ``DELETE /api/v1/secrets/{name}``

        The reply has no body.

        Args:
            name: Name of the secret, such as ``my-secret``.
            x_ironflow_environment: Environment that holds the secret, such as ``staging``.
        """
        return self._call(
            "DELETE",
            f"/api/v1/secrets/{segment(name=name)}",
            headers={"X-Ironflow-Environment": x_ironflow_environment},
        )

    def secrets_get(
        self, name: str, *, x_ironflow_environment: str | None = None
    ) -> models.SecretInfoResponse:
        """Fetch the metadata of one secret, without its value.

        ``GET /api/v1/secrets/{name}``

        Secrets are write-only: no reply ever holds a value.

        Args:
            name: Name of the secret, such as ``my-secret``.
            x_ironflow_environment: Environment that holds the secret, such as ``staging``.

        Returns:
            ``models.SecretInfoResponse``, such as
                {"name": "my-secret", "description": "optional", "revision": 1,
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call(
            "GET",
            f"/api/v1/secrets/{segment(name=name)}",
            headers={"X-Ironflow-Environment": x_ironflow_environment},
        )

    def secrets_patch(
        self,
        name: str,
        body: models.PatchSecretRequest | None = None,
        *,
        x_ironflow_environment: str | None = None,
    ) -> models.SecretInfoResponse:
        """Rename a secret or edit its description, keeping the value.

        ``PATCH /api/v1/secrets/{name}``

        Send only the fields that should change. The value is changed with ``secrets_update``.

        Args:
            name: Name of the secret, such as ``my-secret``.
            body: ``models.PatchSecretRequest``, such as
                {"description": "updated"}
            x_ironflow_environment: Environment that holds the secret, such as ``staging``.

        Returns:
            ``models.SecretInfoResponse``, such as
                {"name": "my-secret", "description": "updated", "revision": 2,
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-16T10:00:00Z"}
        """
        return self._call(
            "PATCH",
            f"/api/v1/secrets/{segment(name=name)}",
            headers={"X-Ironflow-Environment": x_ironflow_environment},
            body=body,
        )

    def secrets_update(
        self,
        name: str,
        body: models.UpdateSecretRequest,
        *,
        x_ironflow_environment: str | None = None,
    ) -> models.SecretInfoResponse:
        """Overwrite a secret with a new value.

        ``PUT /api/v1/secrets/{name}``

        Secrets are write-only: no reply ever holds a value.

        Args:
            name: Name of the secret, such as ``my-secret``.
            body: ``models.UpdateSecretRequest``, such as
                {"value": "new-value"}
            x_ironflow_environment: Environment that holds the secret, such as ``staging``.

        Returns:
            ``models.SecretInfoResponse``, such as
                {"name": "my-secret", "revision": 2, "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-16T10:00:00Z"}
        """
        return self._call(
            "PUT",
            f"/api/v1/secrets/{segment(name=name)}",
            headers={"X-Ironflow-Environment": x_ironflow_environment},
            body=body,
        )

    # sql

    def sql_create(self, body: models.SqlQueryRequest) -> models.SqlQueryResponse:
        """Run a read-only SQL query over the data of the environment.

        ``POST /api/v1/sql``

        Queries see only the current environment. ``SELECT``, ``WITH`` and ``EXPLAIN`` statements
        are accepted, anything that changes data is rejected. Every value in ``rows`` arrives as a
        string. At most 1000 rows are returned and a query may take 5000 milliseconds, unless the
        body says otherwise. It changes nothing and is retried like a GET. ``sql_query`` and
        ``sql_create`` are the same method.

        Args:
            body: ``models.SqlQueryRequest``, such as
                {"query": "SELECT * FROM order_stats LIMIT 10"}

        Returns:
            ``models.SqlQueryResponse``, such as
                {"columns": ["status", "orders"], "rows": [["placed", "42"], ["shipped", "17"]],
                 "total_rows": 2}
        """
        return self._call("POST", "/api/v1/sql", body=body, idempotent=True)

    sql_query = sql_create

    # streams

    def streams_list(
        self,
        *,
        entity_type: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        search: str | None = None,
    ) -> models.ListStreamsResponse:
        """List entity streams, filtered by type or text.

        ``GET /api/v1/streams``

        ``total_count`` counts all the matches, ``count`` those in this reply. Returns the head data
        only; read the events with ``streams_list_events``.

        Args:
            entity_type: Keep only streams of this entity type.
            limit: Maximum number of streams to return.
            offset: Number of streams to skip, for paging.
            search: Free text to search the streams for.

        Returns:
            ``models.ListStreamsResponse``, such as
                {"streams": [{"entity_id": "entity-123", "entity_type": "order", "version": 5,
                 "event_count": 5, "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:35:00Z"}], "count": 1, "total_count": 1}
        """
        return self._call(
            "GET",
            "/api/v1/streams",
            query={
                "entity_type": entity_type,
                "limit": limit,
                "offset": offset,
                "search": search,
            },
        )

    def streams_iterate(
        self,
        *,
        entity_type: str | None = None,
        search: str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.StreamInfo]:
        """Go through all items of ``streams_list``, one at a time.

        ``GET /api/v1/streams``

        List entity streams, filtered by type or text.

        Args:
            entity_type: Keep only streams of this entity type.
            search: Free text to search the streams for.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.StreamInfo``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "streams_iterate",
            "/api/v1/streams",
            ByOffset(
                "streams",
                param="offset",
                size="limit",
                total="total_count",
                identity=("entity_id", "entity_type"),
            ),
            query={"entity_type": entity_type, "search": search},
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def streams_get(self, entity_id: str) -> models.StreamInfo:
        """Get the type, version and event count of an entity stream.

        ``GET /api/v1/streams/{entityId}``

        The events are not included. ``version`` is what ``expected_version`` is compared with on
        append.

        Args:
            entity_id: Id of the entity, such as ``entity-123``.

        Returns:
            ``models.StreamInfo``, such as
                {"entity_id": "entity-123", "entity_type": "order", "version": 5, "event_count": 5,
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:35:00Z"}
        """
        return self._call("GET", f"/api/v1/streams/{segment(entity_id=entity_id)}")

    def streams_list_events(
        self,
        entity_id: str,
        *,
        direction: models.StreamsListEventsDirection | None = None,
        from_version: int | None = None,
        limit: int | None = None,
    ) -> models.ReadStreamResponse:
        """Read the events of an entity stream in version order.

        ``GET /api/v1/streams/{entityId}/events``

        To page forward, call again with ``from_version`` one above the last ``entity_version``
        received.

        Args:
            entity_id: Id of the entity, such as ``entity-123``.
            direction: ``forward`` is oldest first, ``backward`` newest first. One of ``backward``,
                ``forward``.
            from_version: Entity version to start reading at.
            limit: Maximum number of events to return.

        Returns:
            ``models.ReadStreamResponse``, such as
                {"events": [{"id": "evt_01J8ZQ4T", "name": "order.placed",
                 "data": {"order_id": "123"}, "entity_id": "entity-123", "entity_type": "order",
                 "entity_version": 1, "environment_id": "env_default", "source": "api",
                 "processed": True, "version": 1, "timestamp": "2026-01-15T09:30:00Z",
                 "created_at": "2026-01-15T09:30:00Z"}, {"id": "evt_01J8ZQ5V",
                 "name": "order.updated", "data": {"status": "shipped"}, "entity_id": "entity-123",
                 "entity_type": "order", "entity_version": 2, "environment_id": "env_default",
                 "source": "api", "processed": True, "version": 1,
                 "timestamp": "2026-01-15T09:31:00Z", "created_at": "2026-01-15T09:31:00Z"}],
                 "total_count": 2}
        """
        return self._call(
            "GET",
            f"/api/v1/streams/{segment(entity_id=entity_id)}/events",
            query={
                "direction": direction,
                "from_version": from_version,
                "limit": limit,
            },
        )

    def streams_iterate_events(
        self,
        entity_id: str,
        *,
        direction: models.StreamsListEventsDirection | None = None,
        from_version: int | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.Event]:
        """Go through all items of ``streams_list_events``, one at a time.

        ``GET /api/v1/streams/{entityId}/events``

        Read the events of an entity stream in version order.

        Args:
            entity_id: Id of the entity, such as ``entity-123``.
            direction: ``forward`` is oldest first, ``backward`` newest first. One of ``backward``,
                ``forward``.
            from_version: Entity version to start reading at.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.Event``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "streams_iterate_events",
            f"/api/v1/streams/{segment(entity_id=entity_id)}/events",
            ByVersion(
                "events",
                param="from_version",
                size="limit",
                total="total_count",
                identity=("entity_version",),
            ),
            query={"direction": direction, "from_version": from_version},
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def streams_events(
        self, entity_id: str, body: models.AppendEntityEventRequest
    ) -> models.AppendEntityEventResponse:
        """Append one domain event to the stream of an entity.

        ``POST /api/v1/streams/{entityId}/events``

        Set ``expected_version`` for optimistic concurrency: 409 means that the stream is at another
        version, so read it again and retry. ``-1`` skips the check, ``0`` requires a new stream.
        Set ``idempotency_key`` to make a repeated append safe. With an ``idempotency_key`` the call
        is safe to repeat and is retried like a GET; "auto" makes a key. ``streams_append`` and
        ``streams_events`` are the same method.

        Args:
            entity_id: Id of the entity, such as ``entity-123``.
            body: ``models.AppendEntityEventRequest``, such as
                {"entity_type": "order", "event_name": "order.updated",
                 "data": {"status": "shipped"}, "expected_version": 4, "idempotency_key": "ship-1",
                 "version": 1}

        Returns:
            ``models.AppendEntityEventResponse``, such as
                {"event_id": "evt_01J8ZQ4T", "entity_version": 5}
        """
        return self._call(
            "POST", f"/api/v1/streams/{segment(entity_id=entity_id)}/events", body=body, keyed=True
        )

    streams_append = streams_events

    def streams_list_history(
        self,
        entity_id: str,
        *,
        direction: models.StreamsListHistoryDirection | None = None,
        from_timestamp: datetime | str | None = None,
        from_version: int | None = None,
        limit: int | None = None,
        to_timestamp: datetime | str | None = None,
    ) -> models.EntityHistoryResponse:
        """Read the history of an entity with the runs each event caused.

        ``GET /api/v1/streams/{entityId}/history``

        Each entry holds an event and the runs and steps that followed from it. For the next page,
        pass ``next_cursor`` as ``from_version``.

        Args:
            entity_id: Id of the entity, such as ``entity-123``.
            direction: ``forward`` is oldest first, ``backward`` newest first. One of ``backward``,
                ``forward``.
            from_timestamp: Start of the time range, RFC 3339.
            from_version: Entity version to start at.
            limit: Maximum number of entries to return.
            to_timestamp: End of the time range, RFC 3339.

        Returns:
            ``models.EntityHistoryResponse``, such as
                {"entries": [{"event_id": "evt_01J8ZQ4T", "event_name": "order.placed",
                 "event_data": {"order_id": "123"}, "entity_version": 1, "schema_version": 1,
                 "source": "api", "timestamp": "2026-01-15T09:30:00Z",
                 "runs": [{"run_id": "run_abc123", "function_id": "process-order",
                 "status": "completed", "started_at": "2026-01-15T09:30:00Z",
                 "ended_at": "2026-01-15T09:30:02Z", "duration_ms": 2000,
                 "steps": [{"step_id": "step_xyz", "name": "charge-card", "step_type": "invoke",
                 "status": "completed", "duration_ms": 850}]}]}], "next_cursor": 2,
                 "total_events": 5, "info": {"entity_id": "entity-123", "entity_type": "order",
                 "current_version": 5, "total_event_count": 5, "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:35:00Z"}}
        """
        return self._call(
            "GET",
            f"/api/v1/streams/{segment(entity_id=entity_id)}/history",
            query={
                "direction": direction,
                "from_timestamp": from_timestamp,
                "from_version": from_version,
                "limit": limit,
                "to_timestamp": to_timestamp,
            },
        )

    def streams_iterate_history(
        self,
        entity_id: str,
        *,
        direction: models.StreamsListHistoryDirection | None = None,
        from_timestamp: datetime | str | None = None,
        from_version: int | None = None,
        to_timestamp: datetime | str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.EntityHistoryEntry]:
        """Go through all items of ``streams_list_history``, one at a time.

        ``GET /api/v1/streams/{entityId}/history``

        Read the history of an entity with the runs each event caused.

        Args:
            entity_id: Id of the entity, such as ``entity-123``.
            direction: ``forward`` is oldest first, ``backward`` newest first. One of ``backward``,
                ``forward``.
            from_timestamp: Start of the time range, RFC 3339.
            from_version: Entity version to start at.
            to_timestamp: End of the time range, RFC 3339.
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.EntityHistoryEntry``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "streams_iterate_history",
            f"/api/v1/streams/{segment(entity_id=entity_id)}/history",
            ByVersion(
                "entries",
                param="from_version",
                size="limit",
                next="next_cursor",
                total="total_events",
                identity=("entity_version",),
            ),
            query={
                "direction": direction,
                "from_timestamp": from_timestamp,
                "from_version": from_version,
                "to_timestamp": to_timestamp,
            },
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def streams_list_snapshots(
        self, entity_id: str, *, before_version: int | None = None
    ) -> models.GetSnapshotResponse:
        """Get the newest snapshot of an entity.

        ``GET /api/v1/streams/{entityId}/snapshots``

        Returns one snapshot, not a list. Load it, then apply the events above its
        ``entity_version`` to get the current state.

        Args:
            entity_id: Id of the entity, such as ``entity-123``.
            before_version: Consider only snapshots taken below this entity version.

        Returns:
            ``models.GetSnapshotResponse``, such as
                {"snapshot_id": "snap_123", "entity_id": "entity-123", "entity_type": "order",
                 "entity_version": 10, "state": {"status": "shipped"},
                 "created_at": "2026-01-15T09:30:00Z"}
        """
        return self._call(
            "GET",
            f"/api/v1/streams/{segment(entity_id=entity_id)}/snapshots",
            query={"before_version": before_version},
        )

    def streams_snapshots(
        self, entity_id: str, body: models.CreateSnapshotRequest
    ) -> models.CreateSnapshotResponse:
        """Store a snapshot of the state of an entity at one version.

        ``POST /api/v1/streams/{entityId}/snapshots``

        Snapshots spare readers the replay of a long stream. The state is computed by you and stored
        as it is. ``streams_create_snapshot`` and ``streams_snapshots`` are the same method.

        Args:
            entity_id: Id of the entity, such as ``entity-123``.
            body: ``models.CreateSnapshotRequest``, such as
                {"entity_type": "order", "entity_version": 10, "state": {"status": "shipped"}}

        Returns:
            ``models.CreateSnapshotResponse``, such as
                {"snapshot_id": "snap_123"}
        """
        return self._call(
            "POST", f"/api/v1/streams/{segment(entity_id=entity_id)}/snapshots", body=body
        )

    streams_create_snapshot = streams_snapshots

    # system

    def capabilities(self) -> models.ServerCapabilities:
        """Report the transports and optional features of the server.

        ``GET /api/v1/capabilities``

        Needs no credential. ``auth_required`` tells a client whether it has to send one elsewhere.

        Returns:
            ``models.ServerCapabilities``, such as
                {"transports": ["connectrpc", "websocket"], "features": ["grpc-bidirectional"],
                 "version": "1.0.0", "auth_required": True}
        """
        return self._call("GET", "/api/v1/capabilities")

    def health(self) -> models.HealthResponse:
        """Check that the server is alive and reaches its database.

        ``GET /health``

        Needs no credential. Meant as a liveness probe; ``ready`` also covers messaging.

        Returns:
            ``models.HealthResponse``, such as
                {"status": "healthy", "timestamp": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", "/health")

    def system_info(self) -> models.InfoResponse:
        """Report the version of the server and its current load.

        ``POST /ironflow.v1.IronflowService/Info``

        Returns:
            ``models.InfoResponse``, such as
                {"version": "0.22.5", "go_version": "go1.25.0",
                 "started_at": "2026-01-15T09:30:00Z", "function_count": 3, "active_runs": 1,
                 "connected_workers": 2}
        """
        return self._call(
            "POST",
            "/ironflow.v1.IronflowService/Info",
            headers=CONNECT,
            body={},
            read=as_message("InfoResponse"),
        )

    def metrics(self) -> str:
        """Return the metrics of the server in the Prometheus text format.

        ``GET /metrics``

        Needs no credential. Available only when ``IRONFLOW_METRICS_ENABLED=true`` is set on the
        server.

        Returns:
            The text of the reply.
        """
        return self._call("GET", "/metrics", text=True)

    def ready(self) -> models.ReadinessResponse:
        """Check that the server can take requests: database and messaging.

        ``GET /ready``

        Needs no credential. When the server is not ready, the status is not 2xx and ``issues``
        names the failing parts.

        Returns:
            ``models.ReadinessResponse``, such as
                {"status": "ready"}
        """
        return self._call("GET", "/ready")

    # tenants

    def tenants_list(self) -> list[models.TenantListItem]:
        """Return all tenants with their environment and key counts.

        ``GET /api/v1/tenants``

        Needs an enterprise license; without one the server answers 402.

        Returns:
            A list of ``models.TenantListItem``, such as
                [{"id": "org_123", "name": "my-org", "env_count": 2, "key_count": 3,
                 "created_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", "/api/v1/tenants")

    def tenants_provision(
        self, body: models.ProvisionTenantRequest | None = None
    ) -> models.ProvisionTenantResponse:
        """Set up a complete tenant: organization, roles, environment and key.

        ``POST /api/v1/tenants/provision``

        All parts are made together or not at all. Depending on its release a server reads the
        organization name from ``name``, or from ``org_name`` next to ``env_name``. Keep the admin
        key of the reply: it cannot be read again. Needs an enterprise license; without one the
        server answers 402. The reply holds a credential: no error and no log quotes it.

        Args:
            body: ``models.ProvisionTenantRequest``, such as
                {"name": "new-tenant"}

        Returns:
            ``models.ProvisionTenantResponse``, such as
                {"org": {"id": "org_456", "name": "new-tenant"}, "environment": {"id": "env_456",
                 "name": "production"}, "api_key": {"key": "ifkey_00000000000000000000000000000000",
                 "roles": ["admin"]}}
        """
        return self._call("POST", "/api/v1/tenants/provision", body=body, secret=True)

    # users

    def users_list(self) -> list[models.UserResponse]:
        """Return the dashboard users of the organization.

        ``GET /api/v1/users``

        Platform users are separate: see ``platform_users_list``.

        Returns:
            A list of ``models.UserResponse``, such as
                [{"id": "user_123", "org_id": "org_123", "email": "alice@example.com",
                 "name": "Alice", "roles": ["admin"], "last_login_at": "2026-01-16T10:00:00Z",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}]
        """
        return self._call("GET", "/api/v1/users")

    def users_create(self, body: models.CreateUserRequest) -> models.UserResponse:
        """Add a user who can log in to the dashboard.

        ``POST /api/v1/users``

        Email and password are required. An email address already in use gives 409.

        Args:
            body: ``models.CreateUserRequest``, such as
                {"email": "alice@example.com", "password": "s3cret", "roles": ["admin"]}

        Returns:
            ``models.UserResponse``, such as
                {"id": "user_123", "org_id": "org_123", "email": "alice@example.com", "name": "",
                 "roles": ["admin"], "created_at": "2026-01-15T09:30:00Z",
                 "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("POST", "/api/v1/users", body=body)

    def users_delete(self, id: str) -> None:
        """Remove a dashboard user by id.

        ``DELETE /api/v1/users/{id}``

        The reply has no body.

        Args:
            id: User id, such as ``user_123``.
        """
        return self._call("DELETE", f"/api/v1/users/{segment(id=id)}")

    def users_get(self, id: str) -> models.UserResponse:
        """Fetch one dashboard user with profile and roles.

        ``GET /api/v1/users/{id}``

        The password is never returned.

        Args:
            id: User id, such as ``user_123``.

        Returns:
            ``models.UserResponse``, such as
                {"id": "user_123", "org_id": "org_123", "email": "alice@example.com",
                 "name": "Alice", "roles": ["admin"], "last_login_at": "2026-01-16T10:00:00Z",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-15T09:30:00Z"}
        """
        return self._call("GET", f"/api/v1/users/{segment(id=id)}")

    def users_patch(
        self, id: str, body: models.UpdateUserRequest | None = None
    ) -> models.UserResponse:
        """Edit the name, email or roles of a dashboard user.

        ``PATCH /api/v1/users/{id}``

        Send only the fields that should change. Passwords have their own method,
        ``users_patch_password``.

        Args:
            id: User id, such as ``user_123``.
            body: ``models.UpdateUserRequest``, such as
                {"name": "Alice"}

        Returns:
            ``models.UserResponse``, such as
                {"id": "user_123", "org_id": "org_123", "email": "alice@example.com",
                 "name": "Alice", "roles": ["admin"], "last_login_at": "2026-01-16T10:00:00Z",
                 "created_at": "2026-01-15T09:30:00Z", "updated_at": "2026-01-16T10:00:00Z"}
        """
        return self._call("PATCH", f"/api/v1/users/{segment(id=id)}", body=body)

    def users_patch_password(self, id: str, body: models.ChangePasswordRequest) -> None:
        """Set a new password for a dashboard user.

        ``PATCH /api/v1/users/{id}/password``

        Depending on its release a server expects ``password`` alone, or ``current_password``
        together with ``new_password``. The reply has no body.

        Args:
            id: User id, such as ``user_123``.
            body: ``models.ChangePasswordRequest``, such as
                {"password": "new-s3cret"}
        """
        return self._call("PATCH", f"/api/v1/users/{segment(id=id)}/password", body=body)

    # webhooks

    def webhooks_list_deliveries(
        self, body: models.ListWebhookDeliveriesRequest | None = None
    ) -> models.ListWebhookDeliveriesResponse:
        """List webhook deliveries, newest first.

        ``POST /ironflow.v1.WebhookService/ListWebhookDeliveries``

        It changes nothing and is retried like a GET.

        Args:
            body: ``models.ListWebhookDeliveriesRequest``, such as
                {"source_id": "stripe", "limit": 20}

        Returns:
            ``models.ListWebhookDeliveriesResponse``, such as
                {"deliveries": [{"id": "del_abc123", "source_id": "stripe",
                 "external_id": "evt_stripe_1", "status": "accepted", "event_id": "evt_01J8ZQ4T",
                 "created_at": "2026-01-15T12:00:05Z"}], "total_count": 1}
        """
        return self._call(
            "POST",
            "/ironflow.v1.WebhookService/ListWebhookDeliveries",
            headers=CONNECT,
            body={} if body is None else body,
            read=as_message("ListWebhookDeliveriesResponse"),
            idempotent=True,
        )

    def webhooks_list_sources(
        self, body: models.ListWebhookSourcesRequest | None = None
    ) -> models.ListWebhookSourcesResponse:
        """List the registered webhook sources.

        ``POST /ironflow.v1.WebhookService/ListWebhookSources``

        It changes nothing and is retried like a GET.

        Args:
            body: ``models.ListWebhookSourcesRequest``, such as
                {"limit": 20}

        Returns:
            ``models.ListWebhookSourcesResponse``, such as
                {"sources": [{"id": "stripe", "event_prefix": "webhook/stripe",
                 "source_type": "api", "verify_header": "Stripe-Signature",
                 "verify_algorithm": "hmac-sha256", "verify_secret_set": True,
                 "created_at": "2026-01-15T12:00:05Z"}], "total_count": 1}
        """
        return self._call(
            "POST",
            "/ironflow.v1.WebhookService/ListWebhookSources",
            headers=CONNECT,
            body={} if body is None else body,
            read=as_message("ListWebhookSourcesResponse"),
            idempotent=True,
        )

    # websocket

    def websocket_list(self, *, env: str | None = None, token: str | None = None) -> Any:
        """Open the WebSocket endpoint for real-time subscriptions.

        ``GET /ws``

        Needs a WebSocket client: a plain HTTP request does not deliver any messages; ``subscribe``
        of the Python client does. Other clients subscribe by pattern after connecting, for example
        ``events:order.*`` or ``topic:notifications``; ``*`` stands for one segment, ``>`` for the
        rest. The credential needs the ``events:subscribe`` permission.

        Args:
            env: Name of the environment to subscribe in.
            token: API key or JWT, for clients that cannot send an ``Authorization`` header.

        Returns:
            The decoded JSON of the reply.
        """
        return self._call("GET", "/ws", query={"env": env, "token": token})

    # workers

    def workers_list(self) -> models.ListWorkersResponse:
        """List the connected workers with their load and functions.

        ``GET /api/v1/workers``

        Returns:
            ``models.ListWorkersResponse``, such as
                {"workers": [{"id": "worker-1", "hostname": "host-1",
                 "function_ids": ["process-order"], "active_jobs": 1, "max_concurrent": 10,
                 "labels": {"region": "eu"}, "transport": "polling", "version": {"sdk": "1.0.0",
                 "runtime": "python"}, "registered_at": "2026-01-15T09:30:00Z",
                 "last_heartbeat": "2026-01-15T09:35:00Z"}], "count": 1}
        """
        return self._call("GET", "/api/v1/workers")

    def workers_heartbeat(
        self, worker_id: str, body: models.HeartbeatRequest
    ) -> models.WorkerStatusResponse:
        """Send a heartbeat for a worker, with POST.

        ``POST /api/v1/workers/{workerId}/heartbeat``

        Workers report every 30 seconds. ``workers_update_heartbeat`` does the same with PUT.

        Args:
            worker_id: Id of the worker, such as ``worker-1``.
            body: ``models.HeartbeatRequest``, such as
                {"worker_id": "worker-1", "active_jobs": 1, "jobs": [{"job_id": "job_1",
                 "started_at": "2026-01-15T09:30:00Z"}]}

        Returns:
            ``models.WorkerStatusResponse``, such as
                {"status": "ok"}
        """
        return self._call(
            "POST", f"/api/v1/workers/{segment(worker_id=worker_id)}/heartbeat", body=body
        )

    def workers_update_heartbeat(
        self, worker_id: str, body: models.HeartbeatRequest
    ) -> models.WorkerStatusResponse:
        """Send a heartbeat for a worker, with PUT.

        ``PUT /api/v1/workers/{workerId}/heartbeat``

        Workers report every 30 seconds which jobs they are busy with. ``workers_heartbeat`` does
        the same with POST.

        Args:
            worker_id: Id of the worker, such as ``worker-1``.
            body: ``models.HeartbeatRequest``, such as
                {"worker_id": "worker-1", "active_jobs": 1, "jobs": [{"job_id": "job_1",
                 "started_at": "2026-01-15T09:30:00Z"}]}

        Returns:
            ``models.WorkerStatusResponse``, such as
                {"status": "ok"}
        """
        return self._call(
            "PUT", f"/api/v1/workers/{segment(worker_id=worker_id)}/heartbeat", body=body
        )

    def workers_list_jobs(
        self, worker_id: str, *, available: int | None = None
    ) -> models.JobBatchResponse | None:
        """Fetch the jobs that are waiting for a worker.

        ``GET /api/v1/workers/{workerId}/jobs``

        Meant to be polled. The reply is empty (204) when there is nothing to do; 404 means that the
        server does not know the worker, which then has to register again. The reply holds a
        credential: no error and no log quotes it.

        Args:
            worker_id: Id of the worker, such as ``worker-1``.
            available: Number of jobs the worker can take on now.

        Returns:
            ``models.JobBatchResponse``, or None when there is none, such as
                {"jobs": [{"job_id": "job_1", "run_id": "run_abc123",
                 "function_id": "process-order", "attempt": 1,
                 "completed_steps": [{"step_id": "step_xyz", "name": "charge-card",
                 "output": {"total": 99.99}}], "event": {"id": "evt_01J8ZQ4T",
                 "name": "order.placed", "data": {"order_id": "123", "customer_id": "456"},
                 "timestamp": "2026-01-15T09:30:00Z", "version": 1}, "execution_seq": 1,
                 "lease_token": "lease_123", "lease_expires_at": "2026-01-15T09:35:00Z"}]}
        """
        return self._call(
            "GET",
            f"/api/v1/workers/{segment(worker_id=worker_id)}/jobs",
            query={"available": available},
            secret=True,
        )

    def workers_update_jobs(
        self, worker_id: str, job_id: str, body: models.JobUpdateRequest
    ) -> models.WorkerStatusResponse:
        """Report the outcome of a job: completed, failed or yielded.

        ``PUT /api/v1/workers/{workerId}/jobs/{jobId}``

        Send ``output`` with ``completed``, ``error`` with ``failed`` and ``yield`` with
        ``yielded``; steps finished on the way go into ``steps``. Pass on the lease values that came
        with the job.

        Args:
            worker_id: Id of the worker, such as ``worker-1``.
            job_id: Id of the job, as handed out by ``workers_list_jobs``.
            body: ``models.JobUpdateRequest``, such as
                {"status": "completed", "output": {"ok": True}, "steps": [{"id": "step_xyz",
                 "name": "charge-card", "type": "invoke", "status": "completed",
                 "output": {"total": 99.99}, "duration_ms": 850}], "execution_seq": 1,
                 "lease_token": "lease_123"}

        Returns:
            ``models.WorkerStatusResponse``, such as
                {"status": "ok"}
        """
        return self._call(
            "PUT",
            f"/api/v1/workers/{segment(worker_id=worker_id)}/jobs/{segment(job_id=job_id)}",
            body=body,
        )

    def workers_update_jobs_ack(
        self, worker_id: str, job_id: str, body: models.JobAckRequest
    ) -> models.WorkerStatusResponse:
        """Acknowledge a job that was leased to a worker.

        ``PUT /api/v1/workers/{workerId}/jobs/{jobId}/ack``

        Identifies the lease by the values that came with the job.

        Args:
            worker_id: Id of the worker, such as ``worker-1``.
            job_id: Id of the job, as handed out by ``workers_list_jobs``.
            body: ``models.JobAckRequest``, such as
                {"run_id": "run_abc123", "execution_seq": 1, "lease_token": "lease_123"}

        Returns:
            ``models.WorkerStatusResponse``, such as
                {"status": "ok"}
        """
        return self._call(
            "PUT",
            f"/api/v1/workers/{segment(worker_id=worker_id)}/jobs/{segment(job_id=job_id)}/ack",
            body=body,
        )

    def workers_register(
        self, worker_id: str, body: models.RegisterRequest
    ) -> models.WorkerStatusResponse:
        """Register a worker and the functions it can run, with POST.

        ``POST /api/v1/workers/{workerId}/register``

        ``workers_update_register`` does the same with PUT. Register again whenever polling for jobs
        answers 404.

        Args:
            worker_id: Id of the worker, such as ``worker-1``.
            body: ``models.RegisterRequest``, such as
                {"worker_id": "worker-1", "hostname": "host-1", "function_ids": ["process-order"],
                 "max_concurrent_jobs": 10, "labels": {"region": "eu"}, "version": {"sdk": "1.0.0",
                 "runtime": "python"}}

        Returns:
            ``models.WorkerStatusResponse``, such as
                {"status": "ok"}
        """
        return self._call(
            "POST", f"/api/v1/workers/{segment(worker_id=worker_id)}/register", body=body
        )

    def workers_update_register(
        self, worker_id: str, body: models.RegisterRequest
    ) -> models.WorkerStatusResponse:
        """Register a worker and the functions it can run, with PUT.

        ``PUT /api/v1/workers/{workerId}/register``

        ``workers_register`` does the same with POST. Register again whenever polling for jobs
        answers 404.

        Args:
            worker_id: Id of the worker, such as ``worker-1``.
            body: ``models.RegisterRequest``, such as
                {"worker_id": "worker-1", "hostname": "host-1", "function_ids": ["process-order"],
                 "max_concurrent_jobs": 10, "labels": {"region": "eu"}, "version": {"sdk": "1.0.0",
                 "runtime": "python"}}

        Returns:
            ``models.WorkerStatusResponse``, such as
                {"status": "ok"}
        """
        return self._call(
            "PUT", f"/api/v1/workers/{segment(worker_id=worker_id)}/register", body=body
        )
