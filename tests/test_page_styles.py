"""Where the next page is, and what of it was given before: decisions, style by style."""

from __future__ import annotations

import pytest

from ironflow import InvalidResponseError
from ironflow._page_styles import ByCursor, ByOffset, ByVersion, Place


def offset_page(count, **members):
    return {"runs": [{"id": f"run_{n}"} for n in range(count)], **members}


@pytest.mark.parametrize(
    ("at", "page_size", "reply", "following"),
    [
        (None, None, offset_page(3, total_count=9), 3),
        (3, None, offset_page(3, total_count=9), 6),
        (6, None, offset_page(3, total_count=9), None),
        (6, None, offset_page(3, total_count=8), None),  # the list has become shorter
        (None, 5, offset_page(3, total_count=9), 3),  # short, but the total says more
        (None, 3, offset_page(3, total_count=3), None),
        (None, 3, offset_page(3), 3),
        (None, 4, offset_page(3), None),
        (None, 500, offset_page(3, limit=3), 3),  # the server took less than was asked for
        (None, 3, offset_page(3, limit=50), None),
        (None, 3, offset_page(3, limit="50"), 3),  # not a limit
        (None, None, offset_page(3), 3),
        (3, None, offset_page(0), None),
        (3, None, offset_page(0, total_count=9), None),  # nothing there, whatever the total says
        (None, None, offset_page(3, total_count="9"), 3),  # not a total
        (None, None, offset_page(3, total_count=True), 3),
    ],
)
def test_an_offset_list_ends_by_its_total_or_a_short_page(at, page_size, reply, following):
    style = ByOffset("runs", param="offset", identity=("id",), total="total_count")
    assert style.next_page(at, reply, reply["runs"], page_size, False) == following


@pytest.mark.parametrize(
    ("reply", "following"),
    [
        ({"next_cursor": "c"}, "c"),
        ({"next_cursor": 7}, 7),
        ({"next_cursor": None}, None),
        ({"next_cursor": ""}, None),
        ({"next_cursor": 0}, None),
        ({}, None),
        ({"next_cursor": "c", "has_next": True}, "c"),
        ({"next_cursor": "c", "has_next": None}, "c"),
        ({"next_cursor": "c", "has_next": False}, None),
        ({"has_next": True}, None),
    ],
)
@pytest.mark.parametrize("items", [[], [{"id": "evt_1"}]])
def test_a_cursor_list_ends_without_a_next_cursor(reply, following, items):
    style = ByCursor("events", param="cursor", has_next="has_next")
    assert style.next_page(None, reply, items, 1, False) == following


@pytest.mark.parametrize("cursor", [1.5, True, ["c"], {"id": "c"}])
def test_a_cursor_that_cannot_be_sent_is_an_unusable_reply(server, client, cursor):
    server.reply({"events": [], "next_cursor": cursor})
    with pytest.raises(InvalidResponseError, match="^the reply has a next_cursor of type "):
        next(client.audit_iterate())


def version_page(*versions, **members):
    return {"events": [{"entity_version": version} for version in versions], **members}


@pytest.mark.parametrize(
    ("backward", "page_size", "reply", "following"),
    [
        (False, None, version_page(1, 2, 3, total_count=9), 4),
        (False, 5, version_page(1, 2, 3, total_count=9), 4),  # the server took less
        (False, None, version_page(8, 9, total_count=9), None),
        (False, None, version_page(8, 9, total_count=5), 10),  # a total of something else
        (False, None, version_page(total_count=9), None),
        (False, 3, version_page(1, 2, 3), 4),
        (False, 4, version_page(1, 2, 3), None),
        (False, None, version_page(1, 2, 3, limit=3), 4),
        (True, None, version_page(9, 8, 7, total_count=9), 6),
        (True, None, version_page(3, 2, 1, total_count=9), None),  # a version of 0 means the end
        (True, 3, version_page(3, 2, 1), None),
    ],
)
def test_a_stream_ends_at_its_last_version(backward, page_size, reply, following):
    style = ByVersion(
        "events", param="from_version", identity=("entity_version",), total="total_count"
    )
    found = style.next_page(None, reply, reply["events"], page_size, backward)
    assert found == following


def test_a_stream_whose_events_have_no_version_cannot_go_on(server, client):
    server.reply({"events": [{"id": "evt_1"}], "total_count": 2})
    with pytest.raises(InvalidResponseError, match="^the reply has an item without entity_version"):
        next(client.streams_iterate_events("entity-1"))


@pytest.mark.parametrize(
    ("place", "keys", "count", "left"),
    [
        (Place(), ["a", "b"], 0, (0, None)),
        (Place("c", 2, "b"), ["a", "b", "c"], 2, (0, None)),
        (Place("c", 2, "b"), ["x", "y"], 2, (2, "b")),  # inserted in front: it comes later
        (Place("c", 2, "b"), [], 0, (2, "b")),
        (Place("c", 0, "b"), ["c", "d"], 0, (0, None)),  # behind it, as was to be expected
        (Place("c", 0, "b"), ["a", "b", "c"], 2, (0, None)),
        (Place("c", 2, None), [None, None, None], 2, (0, None)),
        (Place("c", 5, None), [None, None], 2, (3, None)),
        (Place("c", 1, ("a", 2)), [("a", 3), ("a", 2), ("a", 1)], 2, (0, None)),
    ],
)
def test_what_was_given_before_is_passed_over(place, keys, count, left):
    found, rest = place.passed_over(keys)
    assert found == count
    assert (rest.skip, rest.last) == left


@pytest.mark.parametrize(
    ("identity", "item", "key"),
    [
        (("id",), {"id": "a"}, "a"),
        (("id",), {"id": 0}, 0),
        (("id",), {"id": ""}, None),
        (("id",), {"id": None}, None),
        (("id",), {"id": True}, None),
        (("id",), {"id": ["a"]}, None),
        (("id",), {}, None),
        (("id",), "a", None),
        (("name", "version"), {"name": "a", "version": 1}, ("a", 1)),
        (("name", "version"), {"name": "a"}, None),
        ((), {"id": "a"}, None),
    ],
)
def test_an_item_is_known_by_members_that_are_there(identity, item, key):
    style = ByOffset("runs", param="offset", identity=identity)
    assert style.key(item) == key
    assert style.keys([item]) == [key]
    assert style.keys([item, {"id": "b"}])[0] == key
