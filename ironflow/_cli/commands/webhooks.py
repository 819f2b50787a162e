"""Webhooks: their sources, their deliveries, and a delivery to try them."""

from __future__ import annotations

from ..show import Column, Table
from ..table import INT, STRING, Call, Command, Flag
from ..values import parsed
from ._common import ID, moment, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..session import Session


def _list(session: Session) -> Any:
    """List all sources; more pages are asked for where the reply tells of more."""
    reply = session.call("webhooks_list_sources")
    sources = list(reply.get("sources") or [])
    while len(sources) < (reply.get("total_count") or 0):
        more = session.call("webhooks_list_sources", {"offset": len(sources)}).get("sources")
        if not more:
            break
        sources += more
    return {**reply, "sources": sources} if sources else reply


def _test(session: Session) -> Any:
    from ..._encoding import segment

    given = session.given
    parsed(given["payload"], "--payload")
    provider = segment(provider=given["provider"])
    return session.client.request(
        "POST",
        f"/api/v1/webhooks/{provider}",
        headers={"Content-Type": "application/json"},
        body=given["payload"].encode(),
    )


def _show_test(session: Session, reply: Any) -> Iterable[str]:
    yield f"Webhook delivered successfully (HTTP {session.status})"
    yield session.screen.json_text(reply)


COMMANDS = [
    Command(
        "webhook list",
        "List the webhook sources.",
        run=_list,
        show=Table(
            "sources",
            ID,
            Column("EVENT PREFIX", "event_prefix"),
            Column("TYPE", "source_type"),
            Column("VERIFY HEADER", "verify_header"),
            Column("ALGORITHM", "verify_algorithm"),
            moment("CREATED", "created_at"),
        ),
    ),
    Command(
        "webhook deliveries",
        "List deliveries, the newest first.",
        Flag("provider", STRING, "Only deliveries of this source"),
        Flag("status", STRING, "Only accepted, rejected, failed or deduplicated ones"),
        Flag("limit", INT, "Maximum number of deliveries", default=20),
        call=Call(
            "webhooks_list_deliveries",
            body={"source_id": "provider", "status": "status", "limit": "limit"},
        ),
        show=Table(
            "deliveries",
            ID,
            Column("SOURCE", "source_id"),
            state("STATUS", "status"),
            Column("EVENT ID", "event_id"),
            Column("EXTERNAL ID", "external_id"),
            Column("ERROR", "error"),
            moment("CREATED", "created_at"),
        ),
    ),
    Command(
        "webhook test",
        "Send a delivery to a webhook's endpoint.",
        Flag("provider", STRING, "Id of the source", required=True),
        Flag("payload", STRING, "Payload, as JSON", required=True),
        run=_test,
        show=_show_test,
    ),
]
