"""The rules for ``pagination``: what it names must exist."""

from __future__ import annotations

import pytest

from codegen.manifest import check
from codegen.model import Pagination

from .builders import ABSENT, assert_refused, changed, document, endpoint, field

PAGES = {"style": "cursor", "param": "cursor", "size": "limit", "items": "runs", "next": "next"}


def paged(*, method="GET", response="Runs", **changes):
    """A manifest with one list of runs whose pagination has some keys changed."""
    entry = endpoint(
        f"{method} /api/v1/runs",
        query=[{"name": "cursor", "type": "string"}, {"name": "limit", "type": "integer"}],
        response=response,
        pagination=changed(PAGES, changes),
    )
    models = {
        "Run": {"fields": [field("id", required=True), field("name"), field("size", "integer")]},
        "Runs": {
            "fields": [field("runs", "array<Run>"), field("next"), field("ids", "map<string,Run>")]
        },
    }
    return document(entry, models=models)


def test_a_pagination_is_read_whole():
    (found,) = check(paged(identity=["id", "name"])).endpoints

    assert found.pagination == Pagination(
        style="cursor",
        param="cursor",
        size="limit",
        items="runs",
        next="next",
        identity=("id", "name"),
    )


def test_one_member_is_an_identity_too():
    assert check(paged(identity="id")).endpoints[0].pagination.identity == ("id",)


@pytest.mark.parametrize("key", ["style", "param", "size", "items"])
def test_a_missing_key_is_named(key):
    place = f"endpoints[0].pagination.{key}"

    assert_refused(paged(**{key: ABSENT}), place, "is missing; it must be a string")


@pytest.mark.parametrize(
    ("key", "junk", "words"),
    [
        ("style", "pages", "'pages' is not known; use cursor, keyset, offset, version"),
        ("param", "offset", "'offset' is not a query parameter of the route"),
        ("size", "page_size", "'page_size' is not a query parameter of the route"),
        ("prev_param", "before", "'before' is not a query parameter of the route"),
        ("items", "items", "'items' is not a member of the reply"),
        ("items", "next", "next must be an array"),
        ("items", "ids", "ids must be an array"),
        ("next", "next_cursor", "'next_cursor' is not a member of the reply"),
        ("total", "total", "'total' is not a member of the reply"),
        ("has_next", "more", "'more' is not a member of the reply"),
        ("identity", "key", "'key' is not a member of the items"),
        ("identity", ["id", "key"], "'key' is not a member of the items"),
        ("identity", [], "must name each member once"),
        ("identity", ["id", "id"], "must name each member once"),
        ("identity", [1], "must be the name of a member, or an array of names"),
        ("identity", 1, "must be the name of a member, or an array of names"),
        ("total", 1, "must be a string"),
        ("cursor", "x", "is not a known key"),
    ],
)
def test_what_a_pagination_names_must_exist(key, junk, words):
    assert_refused(paged(**{key: junk}), f"endpoints[0].pagination.{key}", words)


@pytest.mark.parametrize(
    ("identity", "fits"), [("size", True), ("id", False), (["id", "size"], False), (ABSENT, False)]
)
def test_a_stream_is_paged_by_the_version_of_its_items(identity, fits):
    broken = paged(style="version", identity=identity)

    if fits:
        assert check(broken).endpoints[0].pagination.identity == ("size",)
    else:
        words = "must be the one whole number that style version counts"
        assert_refused(broken, "endpoints[0].pagination.identity", words)


def test_only_a_get_is_paged():
    assert_refused(
        paged(method="POST"), "endpoints[0].pagination", "only a GET is read page by page"
    )


def test_a_reply_without_members_has_no_items():
    broken = paged(response="array<Run>", next=ABSENT)

    assert_refused(broken, "endpoints[0].pagination.items", "is not a member of the reply")
