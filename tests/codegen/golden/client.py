# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 2befb7a7e2ece44f, server 0.0.0-golden.
"""The Ironflow client: one method per endpoint, named ``<group>_<action>``."""

from __future__ import annotations

from ._base import BaseClient
from ._encoding import segment
from ._errors import IronflowError
from ._live import Live
from ._page_styles import ByCursor, ByOffset, ByVersion
from ._pages import Pages
from ._rpc import CONNECT, Rpc, as_message
from ._waits import Waits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from . import models
else:
    from ._hints import Any, Mapping, Sequence, datetime, models

__all__ = ["IronflowClient", "IronflowError"]


class IronflowClient(Waits, Rpc, Live):
    __doc__ = BaseClient.__doc__

    # bare

    def bare_create(self, id: str, body: Any = None) -> Any:
        """Call ``POST /api/v1/bare/{id}``.

        ``POST /api/v1/bare/{id}``

        Args:
            id: The parameter ``id``.
            body: Anything that JSON can express.

        Returns:
            The decoded JSON of the reply.
        """
        return self._call("POST", f"/api/v1/bare/{segment(id=id)}", body=body)

    # blobs

    def blobs_search(
        self,
        body: Any,
        *,
        after_cursor: str | None = None,
        body_: bool | None = None,
        content_type: str | None = None,
        environment_id: str | None = None,
        limit: int | None = None,
        max_score: float | None = None,
        sort: str | None = None,
        wait: float | None = None,
    ) -> dict[str, list[models.Settings]]:
        """Search the values.

        ``POST /api/v1/blobs/search``

        The client waits at least 2 seconds longer than the server holds the call.

        Args:
            body: The query. Anything that JSON can express.
            after_cursor: The parameter ``afterCursor``.
            body_: The parameter ``body``.
            content_type: The parameter ``content-type``.
            environment_id: The parameter ``environment_id``.
            limit: The parameter ``limit``. Default: 50.
            max_score: The parameter ``max_score``.
            sort: The parameter ``sort``. Default: score.
            wait: Seconds to hold the call.

        Returns:
            The decoded JSON of the reply.
        """
        return self._call(
            "POST",
            "/api/v1/blobs/search",
            query={
                "afterCursor": after_cursor,
                "body": body_,
                "content-type": content_type,
                "environment_id": environment_id,
                "limit": limit,
                "max_score": max_score,
                "sort": sort,
                "wait": wait,
            },
            body=body,
            server_wait=("query", "wait", "s", 5),
        )

    def blobs_get_keys(
        self, bucket: str, key: str, *, bucket_: bool | None = None, self_: str | None = None
    ) -> Any:
        """Read a value.

        ``GET /api/v1/blobs/{bucket}/keys/{key...}``

        Args:
            bucket: The parameter ``bucket``.
            key: The parameter ``key``.
            bucket_: Whether to name the bucket in the reply.
            self_: The parameter ``self``.

        Returns:
            The decoded JSON of the reply, or None when there is none.
        """
        return self._call(
            "GET",
            f"/api/v1/blobs/{segment(bucket=bucket)}/keys/{segment(key=key)}",
            query={"bucket": bucket_, "self": self_},
        )

    def blobs_update_keys(self, bucket: str, key: str, body: Any) -> None:
        """Store a value as it is.

        ``PUT /api/v1/blobs/{bucket}/keys/{key...}``

        The reply holds a credential: no error and no log quotes it.

        Args:
            bucket: The parameter ``bucket``.
            key: Key; slashes are part of it.
            body: Bytes, stored verbatim, or anything that JSON can express, stored as JSON.
        """
        return self._call(
            "PUT",
            f"/api/v1/blobs/{segment(bucket=bucket)}/keys/{segment(key=key)}",
            body=body,
            raw=True,
            secret=True,
        )

    # pages

    def pages_list(
        self, *, limit: models.PagesListLimit | None = None, offset: int | None = None
    ) -> models.Page:
        """List settings page by page.

        ``GET /api/v1/pages``

        Args:
            limit: The parameter ``limit``. One of ``10``, ``100``.
            offset: The parameter ``offset``.

        Returns:
            ``models.Page``.
        """
        return self._call("GET", "/api/v1/pages", query={"limit": limit, "offset": offset})

    def pages_iterate(
        self,
        *,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.State]:
        """Go through all items of ``pages_list``, one at a time.

        ``GET /api/v1/pages``

        List settings page by page.

        Args:
            page_size: Items in a page, sent as ``limit``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.State``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "pages_iterate",
            "/api/v1/pages",
            ByOffset("items", param="offset", size="limit", identity=("left", "state")),
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    # system

    def metrics(self) -> str:
        """Return the figures of the server as text.

        ``GET /metrics``

        Returns:
            The text of the reply.
        """
        return self._call("GET", "/metrics", text=True)

    # team_grants

    def team_grants_create(
        self, organization_id: str, team_id: str, member_id: str, grant_id: str
    ) -> models.Pair:
        """Grant something to a member of a team.

        ``POST /api/v1/org/{organizationId}/team/{teamId}/member/{memberId}/grant/{grantId}``

        Args:
            organization_id: The parameter ``organizationId``.
            team_id: The parameter ``teamId``.
            member_id: The parameter ``memberId``.
            grant_id: The parameter ``grantId``.

        Returns:
            ``models.Pair``.
        """
        return self._call(
            "POST",
            f"/api/v1/org/{segment(organization_id=organization_id)}/team"
            f"/{segment(team_id=team_id)}/member/{segment(member_id=member_id)}/grant"
            f"/{segment(grant_id=grant_id)}",
        )

    # things

    def things_list(
        self,
        *,
        from_: datetime | str,
        min_seq: int | None = None,
        states: Sequence[models.ThingsListStates] | None = None,
        until: datetime | str | None = None,
    ) -> list[models.Thing]:
        """List things.

        ``GET /api/v1/things``

        ``things_find`` and ``things_list`` are the same method.

        Args:
            from_: First moment to include.
            min_seq: Lowest sequence number. Default: 0.
            states: States to include. One of ``off``, ``on``.
            until: The parameter ``until``.

        Returns:
            A list of ``models.Thing``, such as
                [{"class": "lamp", "id": "t_1", "note": None, "yield": 0.5}]
        """
        return self._call(
            "GET",
            "/api/v1/things",
            query={
                "from": from_,
                "minSeq": min_seq,
                "states": states,
                "until": until,
            },
            lists=("states",),
        )

    things_find = things_list

    def things_create(self, body: models.Thing) -> models.Thing:
        """Create a thing called "{name}", at 100% \\ of \"\"\"your\"\"\" price.

        ``POST /api/v1/things``

        A trap in each word: \"\"\" {braces} %s %(name)s {0!r} \\n \\x41 \\N{BULLET} \\" $(true)
        `true` C:\\temp\\. The server keeps the text as it stands, however long it is, and wraps
        nothing.

        Args:
            body: ``models.Thing``, such as
                {"class": "lamp", "id": "t_1", "note": '\"\"\"; import os; os._exit(1) #'}

        Returns:
            ``models.Thing``, such as
                {"class": "lamp", "id": "t_1"}
        """
        return self._call("POST", "/api/v1/things", body=body)

    def things_delete(self, id: str) -> None:
        """Delete a thing.

        ``DELETE /api/v1/things/{id}``

        Deprecated since 2.0: use PATCH with "deleted" {true}.

        Args:
            id: The parameter ``id``.
        """
        return self._call(
            "DELETE",
            f"/api/v1/things/{segment(id=id)}",
            deprecated='things_delete is deprecated since 2.0: use PATCH with "deleted" {true}',
        )

    def things_patch(self, id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call ``PATCH /api/v1/things/{id}``.

        ``PATCH /api/v1/things/{id}``

        What is absent from the body stays as it is. Needs an enterprise license; without one the
        server answers 402. It changes nothing and is retried like a GET.

        Args:
            id: The parameter ``id``.
            body: Any JSON object.

        Returns:
            The decoded JSON of the reply.
        """
        return self._call("PATCH", f"/api/v1/things/{segment(id=id)}", body=body, idempotent=True)

    def things_list_readings(
        self,
        id: str,
        *,
        kinds: Sequence[str],
        after: str | None = None,
        before: str | None = None,
        count: int | None = None,
        resume_: bool | None = None,
        x_request_reason: str | None = None,
    ) -> models.Readings:
        """List the readings of a thing.

        ``GET /api/v1/things/{id}/readings``

        Args:
            id: The parameter ``id``.
            kinds: The parameter ``kinds``.
            after: The parameter ``after``.
            before: The parameter ``before``.
            count: The parameter ``count``.
            resume_: Whether to "resume" {paused} ones.
            x_request_reason: The header ``X-Request-Reason``.

        Returns:
            ``models.Readings``.
        """
        return self._call(
            "GET",
            f"/api/v1/things/{segment(id=id)}/readings",
            query={
                "kinds": kinds,
                "after": after,
                "before": before,
                "count": count,
                "resume": resume_,
            },
            headers={"X-Request-Reason": x_request_reason},
            lists=("kinds",),
        )

    def things_iterate_readings(
        self,
        id: str,
        *,
        kinds: Sequence[str],
        resume_: bool | None = None,
        x_request_reason: str | None = None,
        page_size: int | None = None,
        max_items: int | None = None,
        resume: str | None = None,
    ) -> Pages[models.Pair]:
        """Go through all items of ``things_list_readings``, one at a time.

        ``GET /api/v1/things/{id}/readings``

        List the readings of a thing.

        Args:
            id: The parameter ``id``.
            kinds: The parameter ``kinds``.
            resume_: Whether to "resume" {paused} ones.
            x_request_reason: The header ``X-Request-Reason``.
            page_size: Items in a page, sent as ``count``. Default: the server chooses.
            max_items: Most items to give. Default: all.
            resume: ``resume`` of an earlier call with the same arguments, to go on there.

        Returns:
            ``Pages`` of ``models.Pair``.

        Raises:
            ValueError: ``resume`` is not from this method with these arguments.
        """
        return Pages(
            self._call,
            "things_iterate_readings",
            f"/api/v1/things/{segment(id=id)}/readings",
            ByCursor(
                "readings",
                param="after",
                size="count",
                next="next",
                has_next="more",
                identity=("left",),
            ),
            query={"kinds": kinds, "resume": resume_},
            headers={"X-Request-Reason": x_request_reason},
            lists=("kinds",),
            page_size=page_size,
            max_items=max_items,
            resume=resume,
        )

    def things_update_settings(
        self,
        id: str | int,
        body: models.Settings | None = None,
        *,
        x_request_reason: str,
        if_match: str | None = None,
    ) -> models.Settings | None:
        """Replace the settings, or with no body put the defaults back.

        ``PUT /api/v1/things/{id}/settings``

        Args:
            id: Number of the thing; an integer, for once.
            body: What to keep. ``models.Settings``.
            x_request_reason: The header ``X-Request-Reason``.
            if_match: Revision that must still be the latest.

        Returns:
            ``models.Settings``, or None when there is none.

        Raises:
            ConflictError: The condition does not hold, and nothing was written.
        """
        return self._call(
            "PUT",
            f"/api/v1/things/{segment(id=id)}/settings",
            headers={"X-Request-Reason": x_request_reason, "If-Match": if_match},
            body=body,
        )

    def things_list_rpc(self) -> models.Page:
        """Call ``POST /ironflow.v1.ThingService/ListThings``.

        ``POST /ironflow.v1.ThingService/ListThings``

        It changes nothing and is retried like a GET.

        Returns:
            ``models.Page``.
        """
        return self._call(
            "POST",
            "/ironflow.v1.ThingService/ListThings",
            headers=CONNECT,
            body={},
            read=as_message("Page"),
            idempotent=True,
        )

    def things_move(self, body: models.Move | None = None) -> dict[str, Any]:
        """Call ``POST /ironflow.v1.ThingService/MoveThing``.

        ``POST /ironflow.v1.ThingService/MoveThing``

        Args:
            body: ``models.Move``.

        Returns:
            The decoded JSON of the reply.
        """
        return self._call(
            "POST",
            "/ironflow.v1.ThingService/MoveThing",
            headers=CONNECT,
            body={} if body is None else body,
            read=as_message(),
        )

    # websocket

    def websocket_list(self) -> None:
        """Open the stream.

        ``GET /ws``
        """
        return self._call("GET", "/ws")
