# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 977166718e378ff7, server 0.0.0-golden.
"""The Ironflow client: one method per endpoint, named ``<group>_<action>``."""

from __future__ import annotations

from ._base import BaseClient
from ._encoding import segment
from ._errors import IronflowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from . import models

__all__ = ["IronflowClient", "IronflowError"]


class IronflowClient(BaseClient):
    __doc__ = BaseClient.__doc__

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
    ) -> dict[str, list[models.Settings]]:
        """Search the values.

        ``POST /api/v1/blobs/search``

        Args:
            body: The query. Anything that JSON can express.
            after_cursor: The ``afterCursor`` of the request.
            body_: The ``body`` of the request.
            content_type: The ``content-type`` of the request.
            environment_id: The ``environment_id`` of the request.
            limit: The ``limit`` of the request. Default: 50.
            max_score: The ``max_score`` of the request.
            sort: The ``sort`` of the request. Default: score.

        Returns:
            The decoded JSON of the reply.

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
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
            },
            body=body,
        )

    def blobs_get_keys(
        self, bucket: str, key: str, *, bucket_: bool | None = None, self_: str | None = None
    ) -> Any | None:
        """Read a value.

        ``GET /api/v1/blobs/{bucket}/keys/{key...}``

        Args:
            bucket: The ``bucket`` of the request.
            key: The ``key`` of the request.
            bucket_: Whether to name the bucket in the reply.
            self_: The ``self`` of the request.

        Returns:
            The decoded JSON of the reply. None when the reply is empty.

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
        """
        return self._call(
            "GET",
            f"/api/v1/blobs/{segment(bucket=bucket)}/keys/{segment(key=key)}",
            query={"bucket": bucket_, "self": self_},
        )

    def blobs_update_keys(self, bucket: str, key: str, body: Any) -> None:
        """Store a value as it is.

        ``PUT /api/v1/blobs/{bucket}/keys/{key...}``

        Args:
            bucket: The ``bucket`` of the request.
            key: Key; slashes are part of it.
            body: Bytes, stored verbatim, or anything that JSON can express, stored as JSON.

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
        """
        return self._call(
            "PUT",
            f"/api/v1/blobs/{segment(bucket=bucket)}/keys/{segment(key=key)}",
            body=body,
            raw=True,
        )

    # system

    def metrics(self) -> str:
        """Return the figures of the server as text.

        ``GET /metrics``

        Returns:
            The text of the reply.

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
        """
        return self._call("GET", "/metrics", text=True)

    # team_grants

    def team_grants_create(
        self, organization_id: str, team_id: str, member_id: str, grant_id: str
    ) -> models.Pair:
        """Grant something to a member of a team.

        ``POST /api/v1/org/{organizationId}/team/{teamId}/member/{memberId}/grant/{grantId}``

        Args:
            organization_id: The ``organizationId`` of the request.
            team_id: The ``teamId`` of the request.
            member_id: The ``memberId`` of the request.
            grant_id: The ``grantId`` of the request.

        Returns:
            ``models.Pair``: ``left``, ``right``.

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
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
        states: Sequence[str] | None = None,
        until: datetime | str | None = None,
    ) -> list[models.Thing]:
        """List things.

        ``GET /api/v1/things``

        Args:
            from_: First moment to include.
            min_seq: Lowest sequence number. Default: 0.
            states: States to include.
            until: The ``until`` of the request.

        Returns:
            A list of ``models.Thing``: ``class``, ``id``, ``note``, ``parts``, ``settings``,
            ``yield``.

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
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

    def things_create(self, body: models.Thing) -> models.Thing:
        """Create a thing called "{name}", at 100% \\ of \"\"\"your\"\"\" price.

        ``POST /api/v1/things``

        A trap in each word: \"\"\" {braces} %s %(name)s {0!r} \\n \\x41 \\N{BULLET} \\" $(true)
        `true` C:\\temp\\. The server keeps the text as it stands, however long it is, and wraps
        nothing.

        Args:
            body: ``models.Thing``: ``class``, ``id``; optionally ``note``, ``parts``, ``settings``,
                ``yield``.

        Returns:
            ``models.Thing``: ``class``, ``id``, ``note``, ``parts``, ``settings``, ``yield``.

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
        """
        return self._call("POST", "/api/v1/things", body=body)

    def things_delete(self, id: str) -> None:
        """Delete a thing.

        ``DELETE /api/v1/things/{id}``

        Deprecated since 2.0: use PATCH with "deleted" {true}.

        Args:
            id: The ``id`` of the request.

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
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
        server answers 402. It changes nothing and is retried as a GET is.

        Args:
            id: The ``id`` of the request.
            body: Any JSON object.

        Returns:
            The decoded JSON of the reply.

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
        """
        return self._call("PATCH", f"/api/v1/things/{segment(id=id)}", body=body, idempotent=True)

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
            body: What to keep. ``models.Settings``: optionally ``color``, ``extra``, ``labels``.
            x_request_reason: The ``X-Request-Reason`` of the request.
            if_match: Revision that must still be the latest.

        Returns:
            ``models.Settings``: ``color``, ``extra``, ``labels``. None when the reply is empty.

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
        """
        return self._call(
            "PUT",
            f"/api/v1/things/{segment(id=id)}/settings",
            headers={"X-Request-Reason": x_request_reason, "If-Match": if_match},
            body=body,
        )

    # websocket

    def websocket_list(self) -> None:
        """Open the stream.

        ``GET /ws``

        Raises:
            IronflowError: The call failed; see the error tree in ``ironflow``.
        """
        return self._call("GET", "/ws")
