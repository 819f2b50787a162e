"""The results of runs that were waited for in one call, by TriggerSync."""

from __future__ import annotations

from ..show import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ENDED = ("completed", "failed", "cancelled")
_PREFIX = "RUN_STATUS_"
_DONE = "completed"


def status_word(result: Any) -> str:
    """Return the status of a result as people write it: ``completed``."""
    status = str(result.get("status") or "unknown")
    return status[len(_PREFIX) :].lower() if status.startswith(_PREFIX) else status.lower()


def has_failed(result: Any) -> bool:
    """Tell whether a run did not complete: it failed, was cancelled, or goes on."""
    return status_word(result) != _DONE


def problem(result: Any) -> str:
    """Return why a run did not complete."""
    message = (result.get("error") or {}).get("message")
    if message:
        return one_line(message)
    return "-" if status_word(result) in _ENDED else "it has not ended in time, and goes on"
