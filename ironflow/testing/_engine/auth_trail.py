"""The trail of authentication: which credentials were accepted and which refused.

Rules:

1. There is a decision for each request that has a credential or needs one. A server without a key
   needs none.
2. The latest ``MAX_DECISIONS`` decisions are kept.
"""

from __future__ import annotations

from .access import Caller
from .people import ApiKeys
from .state import DEFAULT_ENVIRONMENT, Record, State

MAX_DECISIONS = 10_000


class AuthTrail(list[Record]):
    """The decisions, oldest first; models ``AuthAuditEvent``, and whose they are."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    def note(self, caller: Caller, action: str, is_allowed: bool) -> None:
        """Note a decision."""
        key_id = caller.id if caller.id in self._state.of(ApiKeys) else ""
        self.append(
            {
                "id": self._state.new_id("aud"),
                "event_type": "auth.check",
                "environment_id": caller.environment_id or DEFAULT_ENVIRONMENT,
                "payload": {"action": action, "key": key_id, "user": "" if key_id else caller.id},
                "metadata": {"decision": "allow" if is_allowed else "deny"},
                "created_at": self._state.clock.text(),
                "org_id": caller.org_id,
            }
        )
        del self[:-MAX_DECISIONS]
