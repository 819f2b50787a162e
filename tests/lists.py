"""A server with lists of every style, and what tests of pages do with it."""

from __future__ import annotations

import base64
import json

from .stub import StubServer


class ListServer(StubServer):
    """Serves four lists, each newest first, as the documents say that their routes page.

    ``runs`` by offset, ``events`` by keyset, ``audit`` by cursor, and the events of the stream
    ``entity-1`` by version. An item is a number; ``insert`` puts a new one in front.
    """

    def __init__(self, count=0):
        super().__init__()
        self.numbers = list(range(count, 0, -1))

    def insert(self, times=1):
        for _ in range(times):
            self.numbers.insert(0, max(self.numbers, default=0) + 1)

    def next_reply(self):
        if self._script:
            return super().next_reply()
        answer = {
            "/api/v1/runs": self._by_offset,
            "/api/v1/events": self._by_keyset,
            "/api/v1/audit": self._by_cursor,
            "/api/v1/streams/entity-1/events": self._by_version,
        }[self.last.path]
        query = self.last.query
        return 200, {"Content-Type": "application/json"}, json.dumps(answer(query)).encode()

    def _by_offset(self, query):
        start, limit = int(query.get("offset", 0)), int(query.get("limit", 50))
        page = [{"id": f"run_{n}"} for n in self.numbers[start : start + limit]]
        return {"runs": page, "count": len(page), "total_count": len(self.numbers)}

    def _by_keyset(self, query):
        limit = int(query.get("limit", 20))
        older = [n for n in self.numbers if n < self._cursor(query, default=10**9)]
        page = [{"id": f"evt_{n}"} for n in older[:limit]]
        reply = {"events": page, "has_next": len(older) > limit, "has_prev": False}
        if reply["has_next"]:
            reply["next_cursor"] = base64.b64encode(str(older[limit - 1]).encode()).decode()
        return reply

    def _by_cursor(self, query):
        limit = int(query.get("limit", 50))
        older = [n for n in self.numbers if n < self._cursor(query, default=10**9)]
        more = len(older) > limit
        following = base64.b64encode(str(older[limit - 1]).encode()).decode() if more else ""
        page = [{"id": f"aud_{n}"} for n in older[:limit]]
        return {"events": page, "total_count": len(self.numbers), "next_cursor": following}

    def _by_version(self, query):
        limit, start = int(query.get("limit", 100)), int(query.get("from_version", 0))
        if query.get("direction") == "backward":
            found = [n for n in self.numbers if not start or n <= start]
        else:
            found = [n for n in reversed(self.numbers) if n >= start]
        page = [{"id": f"evt_{n}", "entity_version": n} for n in found[:limit]]
        return {"events": page, "total_count": len(self.numbers)}

    @staticmethod
    def _cursor(query, default):
        return int(base64.b64decode(query["cursor"])) if "cursor" in query else default


def iterate(client, style, **paging):
    """Call the iterate method of a style's list."""
    if style == "offset":
        return client.runs_iterate(**paging)
    if style == "keyset":
        return client.events_iterate(**paging)
    if style == "cursor":
        return client.audit_iterate(**paging)
    direction = "backward" if style == "version" else "forward"
    return client.streams_iterate_events("entity-1", direction=direction, **paging)


def numbers(items):
    """The numbers of items of any of the lists."""
    return [int(item["id"].rpartition("_")[2]) for item in items]
