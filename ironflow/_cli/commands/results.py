"""What came of runs that were waited for in one call: the results of TriggerSync."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PREFIX = "RUN_STATUS_"
_DONE = "completed"


def status_word(result: Any) -> str:
    """Return the status of a result as people write it: ``completed``."""
    status = str(result.get("status") or "unknown")
    return status[len(_PREFIX) :].lower() if status.startswith(_PREFIX) else status.lower()


def has_failed(result: Any) -> bool:
    """Tell whether a run did not complete: it failed, was cancelled, or goes on."""
    return status_word(result) != _DONE
