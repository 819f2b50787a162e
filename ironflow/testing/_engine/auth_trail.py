"""The trail of authentication: which credentials were accepted and which refused.

Rules:

1. There is a decision for each request that has a credential or needs one. A server without a key
   needs none.
2. The latest ``MAX_DECISIONS`` decisions are kept.
"""

from __future__ import annotations

from .access import Caller
from .people import ApiKeys
from .state import DEFAULT_ENVIRONMENT, Log, Record, State

MAX_DECISIONS = 10_000


class AuthTrail(Log[Record, State]):
    """The decisions; models ``AuthAuditEvent``, and whose they are."""

    def note(self, caller: Caller, action: str, is_allowed: bool) -> None:
        key_id = caller.id if caller.id in self.owner.of(ApiKeys) else ""
        self.append(
            {
                "id": self.owner.new_id("aud"),
                "event_type": "auth.check",
                "environment_id": caller.environment_id or DEFAULT_ENVIRONMENT,
                "payload": {"action": action, "key": key_id, "user": "" if key_id else caller.id},
                "metadata": {"decision": "allow" if is_allowed else "deny"},
                "created_at": self.owner.clock.text(),
                "org_id": caller.org_id,
            }
        )
        del self[:-MAX_DECISIONS]
