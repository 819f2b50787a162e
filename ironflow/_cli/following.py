"""Following what happens, line by line, until Ctrl-C."""

from __future__ import annotations

import contextlib

from .errors import UsageError
from .screen import json_text, plain, shown
from .show import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .session import Session


def follow(session: Session, patterns: list[str]) -> None:
    """Write a line for each event of some patterns."""
    given = session.given
    replay = given["replay"] or 0
    if replay < 0:
        raise UsageError("--replay: must not be negative")
    stream = session.client.subscribe(
        *patterns,
        replay=replay,
        include_metadata=bool(given["metadata"]),
        on_gap=lambda gap: tell_gap(session, gap),
    )
    with stream as events:
        write_each(session, events, _event_line)


def tell_gap(session: Session, gap: Any) -> None:
    """Say on stderr that events may have been missed, unless the state was read again."""
    if not gap["healed"]:
        why = one_line(gap["error"])
        session.screen.note(f"note: reconnected; events may have been missed ({why})")


def write_each(session: Session, items: Iterable[Any], line: Callable[[Any], str]) -> None:
    """Write a line for each item: JSON, or what ``line`` makes of it."""
    is_json = session.as_json or bool(session.given.get("json"))
    with _watched(session, items):
        for item in items:
            text = session.screen.json_text(item, indent=None) if is_json else line(item)
            session.screen.line(text)


def _watched(session: Session, items: Iterable[Any]) -> contextlib.AbstractContextManager[None]:
    """End what is followed when nobody reads it any more; other items come to an end themselves."""
    from .._live_stream import LiveStream
    from .reader import closed_without_reader

    if isinstance(items, LiveStream):
        return closed_without_reader(session.screen.out, items.close)
    return contextlib.nullcontext()


def _event_line(event: Any) -> str:
    parts = []
    meta = event.get("meta")
    if isinstance(meta, dict):
        parts += [shown(meta.get("timestamp")), f"#{shown(meta.get('sequence'))}"]
    parts += [shown(event.get("topic")), plain(json_text(event.get("data")))]
    return " ".join(parts)
