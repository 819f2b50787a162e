"""Example lines of the audit trails."""

from __future__ import annotations

from ..rows import RPC, Json, answered


def _event(moment, event_type, payload, **members):
    return {
        "id": f"audit_{moment}",
        "eventType": event_type,
        "payload": payload,
        "createdAt": f"2026-01-01T{moment}Z",
        **members,
    }


_TRAIL = {
    "events": [
        _event("10:30:15.123", "run.created", {"functionId": "fn_abc"}, runId="run_abc123"),
        _event("10:30:15.456", "step.created", {"name": "validate-input"}, stepId="step_001"),
        _event("10:30:16.789", "step.completed", {"name": "validate-input"}, stepId="step_001"),
    ],
    "totalCount": 3,
}
_TRAIL_OUT = """
TIMESTAMP EVENT TYPE STEP ID PAYLOAD
10:30:15.123 run.created - {"functionId":"fn_abc"}
10:30:15.456 step.created step_001 {"name":"validate-input"}
10:30:16.789 step.completed step_001 {"name":"validate-input"}
Total: 3 events
"""
_COMPLETED = {
    "events": [
        *_TRAIL["events"][2:],
        _event("10:30:17.001", "step.completed", {"name": "pay"}, stepId="step_002"),
    ],
    "totalCount": 2,
}
_COMPLETED_OUT = """
TIMESTAMP EVENT TYPE STEP ID PAYLOAD
10:30:16.789 step.completed step_001 {"name":"validate-input"}
10:30:17.001 step.completed step_002 {"name":"pay"}
Total: 2 events
"""
AUTH = {
    "events": [
        _event(
            "10:30:15.123",
            "auth.check",
            {"action": "functions:invoke", "key": "ak_abc"},
            metadata={"decision": "allow"},
        ),
        _event(
            "10:30:16.456",
            "auth.check",
            {"action": "runs:cancel", "key": "ak_def"},
            metadata={"decision": "deny"},
        ),
    ],
    "totalCount": 2,
}
AUTH_OUT = """
TIMESTAMP EVENT TYPE DECISION PAYLOAD
10:30:15.123 auth.check allow {"action":"functions:invoke","key":"ak_abc"}
10:30:16.456 auth.check deny {"action":"runs:cancel","key":"ak_def"}
Total: 2 events
"""
_SNAKE = {"eventType": "event_type", "createdAt": "created_at", "runId": "run_id"}
_SNAKE.update(stepId="step_id", totalCount="total_count")


def _in_snake_case(reply):
    """The reply as models name its members; what is in a payload keeps its names."""
    events = [{_SNAKE.get(name, name): v for name, v in e.items()} for e in reply["events"]]
    return {"events": events, "total_count": reply["totalCount"]}


AUTH_RPC = f"{RPC}AuditService/GetAuthAuditTrail"


def _trail(line, out, reply=_TRAIL, **body):
    body = {"run_id": "run_abc123", "limit": 50, **body}
    return answered(line, out, "POST", f"{RPC}AuditService/GetAuditTrail", reply, body=body)


def _auth(line, out, **body):
    body = {"org_id": "org_default", "limit": 50, **body}
    return answered(line, out, "POST", AUTH_RPC, AUTH, body=body)


TRAILS = [
    _trail("ironflow audit trail run_abc123", _TRAIL_OUT),
    _trail(
        "ironflow audit trail run_abc123 --type step.completed",
        _COMPLETED_OUT,
        _COMPLETED,
        event_type="step.completed",
    ),
    _trail(
        "ironflow audit trail run_abc123 --from 2026-01-01T00:00:00Z --to 2026-01-02T00:00:00Z",
        _TRAIL_OUT,
        from_timestamp="2026-01-01T00:00:00Z",
        to_timestamp="2026-01-02T00:00:00Z",
    ),
    _trail(
        "ironflow audit trail run_abc123 --limit 100 --json",
        Json(_in_snake_case(_TRAIL)),
        limit=100,
    ),
    _auth("ironflow audit auth-trail --org org_default", AUTH_OUT),
    _auth(
        "ironflow audit auth-trail --org org_default --key ak_abc123",
        AUTH_OUT,
        api_key_id="ak_abc123",
    ),
    _auth(
        "ironflow audit auth-trail --org org_default --action functions:invoke",
        AUTH_OUT,
        action="functions:invoke",
    ),
    _auth(
        "ironflow audit auth-trail --org org_default --from 2026-01-01T00:00:00Z --json",
        Json(_in_snake_case(AUTH)),
        from_timestamp="2026-01-01T00:00:00Z",
    ),
]
