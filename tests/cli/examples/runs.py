"""Example lines of functions and of runs: listing, cancelling, pausing, injecting, resuming."""

from __future__ import annotations

import base64
import json

from ..rows import RPC, Json, Row, Says, Sent, answered

_HANDLER = {
    "id": "stripe-handler",
    "slug": "stripe-handler",
    "name": "Stripe Handler",
    "description": "Handles Stripe webhook events",
    "execution_mode": "push",
    "endpoint_url": "http://localhost:3000/api/ironflow",
    "triggers": [{"event": "stripe.payment.*"}],
    "status": "active",
    "retry_attempts": 3,
    "retry_backoff": 2.0,
    "retry_delay_ms": 1000,
    "timeout_ms": 0,
    "version": 1,
    "created_at": "2025-01-15T12:00:00Z",
    "updated_at": "2025-01-15T12:00:00Z",
}
_PROCESS = {
    **_HANDLER,
    "id": "order-process",
    "execution_mode": "pull",
    "triggers": [{"event": "order.created"}],
}
_FUNCTIONS = {"functions": [_HANDLER, _PROCESS], "count": 2, "total_count": 2}
_LIST = Sent("GET", "/functions", {"limit": "100"}, may={"offset": "0"})

FUNCTIONS = [
    Row(
        "ironflow function list",
        """
        ID TRIGGERS MODE
        stripe-handler stripe.payment.* push
        order-process order.created pull
        """,
        [_LIST],
        replies=[("GET", "/functions", _FUNCTIONS)],
    ),
    Row(
        "ironflow function list --json",
        Json(_FUNCTIONS),
        [_LIST],
        replies=[("GET", "/functions", _FUNCTIONS)],
    ),
    answered(
        "ironflow function get stripe-handler",
        """
        ID: stripe-handler
        Name: Stripe Handler
        Description: Handles Stripe webhook events
        Mode: push
        Endpoint: http://localhost:3000/api/ironflow
        Triggers: stripe.payment.*
        """,
        "GET",
        "/functions/stripe-handler",
        _HANDLER,
    ),
    answered(
        "ironflow function get stripe-handler --json",
        Json(_HANDLER),
        "GET",
        "/functions/stripe-handler",
        _HANDLER,
    ),
]


def _run(id, function_id, status, **members):
    return {
        "id": id,
        "function_id": function_id,
        "status": status,
        "event_id": "evt_01HN8K3X5Y",
        "execution_mode": "push",
        "attempt": 1,
        "max_attempts": 3,
        "created_at": "2025-01-15T11:59:30Z",
        "updated_at": "2025-01-15T12:00:06Z",
        **members,
    }


_RUNS = {
    "runs": [
        _run("run-1", "stripe-handler", "completed", started_at="2025-01-15T12:00:05Z"),
        _run("run-2", "order-process", "failed", started_at="2025-01-15T11:59:30Z"),
    ],
    "count": 2,
    "total_count": 2,
}
_FAILED = {**_RUNS, "runs": [_run("run-3", "stripe-handler", "failed")], "count": 1}
_ENDED = _run(
    "run_abc123",
    "stripe-handler",
    "completed",
    started_at="2025-01-15T12:00:05Z",
    ended_at="2025-01-15T12:00:06.2Z",
)
_FULL = {"environment_id": "env_default", "pause_requested": False, "version": 3}
_CANCEL = (
    "POST",
    "/runs/run_abc123/cancel",
    _run("run_abc123", "stripe-handler", "cancelled", **_FULL),
)
_CANCELLED = "Canceled run run_abc123 (status: cancelled)"

RUNS = [
    answered(
        "ironflow run list",
        """
        ID FUNCTION STATUS STARTED
        run-1 stripe-handler completed 2025-01-15 12:00:05
        run-2 order-process failed 2025-01-15 11:59:30
        """,
        "GET",
        "/runs",
        _RUNS,
        query={"limit": "50"},
        may={"offset": "0"},
    ),
    answered(
        "ironflow run list --function stripe-handler --status failed",
        """
        ID FUNCTION STATUS STARTED
        run-3 stripe-handler failed -
        """,
        "GET",
        "/runs",
        _FAILED,
        query={"function_id": "stripe-handler", "status": "failed", "limit": "50"},
        may={"offset": "0"},
    ),
    answered(
        "ironflow run list --limit 10 --json",
        Json(_RUNS),
        "GET",
        "/runs",
        _RUNS,
        query={"limit": "10"},
        may={"offset": "0"},
    ),
    answered(
        "ironflow run get run_abc123",
        """
        ID: run_abc123
        Function: stripe-handler
        Status: completed
        Mode: push
        Event: evt_01HN8K3X5Y
        Started: 2025-01-15T12:00:05Z
        Ended: 2025-01-15T12:00:06.2Z
        Duration: 1.2s
        """,
        "GET",
        "/runs/run_abc123",
        _ENDED,
    ),
    answered("ironflow run get run_abc123 --json", Json(_ENDED), "GET", "/runs/run_abc123", _ENDED),
    Row(
        "ironflow run cancel run_abc123",
        _CANCELLED,
        [Sent("POST", "/runs/run_abc123/cancel", may={"reason": ""})],
        replies=[_CANCEL],
    ),
    Row(
        'ironflow run cancel run_abc123 --reason "no longer needed"',
        _CANCELLED,
        [Sent("POST", "/runs/run_abc123/cancel", body={"reason": "no longer needed"})],
        replies=[_CANCEL],
    ),
]

_PAUSE = f"{RPC}IronflowService/PauseRun"
_PAUSED = f"{RPC}IronflowService/GetPausedState"
_INJECT = f"{RPC}IronflowService/InjectStepOutput"


def _encoded(text):
    return base64.b64encode(text.encode()).decode()


def _holds(value):
    return lambda encoded: json.loads(base64.b64decode(encoded)) == value


_STATE = {
    "steps": [
        {"id": "step_001", "name": "validate-input", "output": _encoded('{"valid":true}')},
        {
            "id": "step_002",
            "name": "process-order",
            "output": _encoded('{"order_id":"123","total":99.99}'),
        },
    ],
    "pause_reason": "injection",
    "next_step_hint": "send-notification",
}
_INJECTED = """
Injected step step_002
Previous output: {"order_id":"123","total":99.99}
"""


def _inject(flags, output, **body):
    return answered(
        f"ironflow run inject run_abc123 step_002 {flags}",
        _INJECTED,
        "POST",
        _INJECT,
        {
            "stepId": "step_002",
            "previousOutput": _encoded('{"order_id":"123","total":99.99}'),
        },
        body={
            "run_id": "run_abc123",
            "step_id": "step_002",
            "new_output": _holds(output),
            **body,
        },
        may={} if body else {"reason": ""},
    )


def _resume(flags, **body):
    return answered(
        f"ironflow run resume run_abc123{flags}",
        Says("run_abc123"),
        "POST",
        "/runs/resume",
        _run("run_abc123", "stripe-handler", "running", **_FULL),
        body={"run_id": "run_abc123", **body},
        may={} if body else {"from_step": ""},
    )


INJECTION = [
    answered(
        "ironflow run pause run_abc123",
        "Run run_abc123: paused",
        "POST",
        _PAUSE,
        {"status": "paused"},
        body={"run_id": "run_abc123"},
    ),
    answered(
        "ironflow run pause run_abc123 --server http://prod:9123",
        "Run run_abc123: paused",
        "POST",
        _PAUSE,
        {"status": "paused"},
        body={"run_id": "run_abc123"},
    ),
    answered(
        "ironflow run paused-state run_abc123",
        """
        Pause reason: injection
        Next step: send-notification

        ID NAME INJECTED OUTPUT
        step_001 validate-input - {"valid":true}
        step_002 process-order - {"order_id":"123","total":99.99}
        """,
        "POST",
        _PAUSED,
        _STATE,
        body={"run_id": "run_abc123"},
    ),
    answered(
        "ironflow run paused-state run_abc123 --json",
        Json(_STATE),
        "POST",
        _PAUSED,
        _STATE,
        body={"run_id": "run_abc123"},
    ),
    _inject('--output \'{"order_id":"123","total":89.99}\'', {"order_id": "123", "total": 89.99}),
    _inject(
        '--output \'{"corrected": true}\' --reason "Fix calculation error"',
        {"corrected": True},
        reason="Fix calculation error",
    ),
    _resume(""),
    _resume(" --from-step step_002", from_step="step_002"),
    _inject(
        '--output \'{"fixed": true}\' --reason "correct value"',
        {"fixed": True},
        reason="correct value",
    ),
]
