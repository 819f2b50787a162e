"""Polls under a virtual clock: a request that is repeated is a wait for another reply.

Rules:

1. A request that only reads, and gets the same reply as before with nothing done in between, is
   held until its reply changes (its ``status``, if it has one), no timer is left, or a second of
   real time has passed. What has ended does not change any more, and may be read twice.
2. A request with ``Prefer: wait`` (RFC 7240, 4.3) for something that has not ended is held even the
   first time. The client's own waits send it.
3. A request that a run repeats from within its handler waits too, but only for something that has
   not ended: a handler may well read a setting twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from ._engine.virtual import VirtualClock
from ._http import ReceivedRequest, Reply

_LONGEST = 1.0
_NOT_ENDED = {"pending", "running", "paused", "rebuilding"}
_ENDED = {"cancelled", "completed", "failed"}
_ABOUT_CALLER = ("authorization", "x-ironflow-environment", "x-ironflow-org")


def held(
    clock: VirtualClock, request: ReceivedRequest, reply: Reply, ask: Callable[[], Reply]
) -> Reply:
    """Return the reply to a request that only reads; for a poll, a later one, from ``ask``."""
    if reply.deliver is not None or reply.status >= 500:
        return reply
    caller = (request.headers.get(name) for name in _ABOUT_CALLER)
    question = (request.path, *request.query.items(), request.body, *caller)
    is_again, before = clock.is_told_again(question, reply.body), _gist(reply)
    may_change = not _NOT_ENDED.isdisjoint(before)
    is_wait = may_change and "wait=" in request.headers.get("prefer", "")
    if not (is_again or is_wait) or (clock.is_guest and not may_change):
        return reply
    if len(before) == 1 and before[0] in _ENDED:
        return reply
    ends = monotonic() + _LONGEST
    while _gist(reply) == before and clock.skip(ends - monotonic()):
        reply = ask()
    clock.is_told_again(question, reply.body)
    return reply


def _gist(reply: Reply) -> list[Any]:
    """Return the part that has to change: every status in a reply, or all of it."""
    try:
        return list(_statuses(json.loads(reply.body))) or [reply.body]
    except ValueError:
        return [reply.body]


def _statuses(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("status"), str):
            yield value["status"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _statuses(item)
