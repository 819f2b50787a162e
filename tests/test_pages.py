"""Going through lists: what is asked, when it ends, and what a server may do meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from ironflow import InvalidResponseError, IronflowClient, IronflowError, Pages

from .lists import ListServer, iterate, numbers

STYLES = ["offset", "keyset", "cursor", "version", "version forward"]


@pytest.fixture
def lists():
    with ListServer(10) as running:
        yield running


@pytest.fixture
def reader(lists):
    with IronflowClient(lists.url, max_attempts=1) as connected:
        yield connected


def queries(server):
    return [request.query for request in server.requests]


# What is asked, and when.


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("page_size", "requests"), [(3, 4), (5, 2), (10, 1), (11, 1), (1, 10)])
def test_nothing_is_asked_to_learn_that_there_is_no_more(lists, reader, style, page_size, requests):
    expected = list(range(1, 11)) if style == "version forward" else list(range(10, 0, -1))
    assert numbers(iterate(reader, style, page_size=page_size)) == expected
    assert len(lists.requests) == requests


@pytest.mark.parametrize("style", STYLES)
def test_a_page_is_asked_for_when_an_item_of_it_is_wanted(lists, reader, style):
    pages = iterate(reader, style, page_size=4)
    assert len(lists.requests) == 0
    asked = []
    for _ in pages:
        asked.append(len(lists.requests))
    assert asked == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3]


def test_every_page_has_the_same_filters_headers_and_options(lists):
    client = IronflowClient(lists.url, environment="staging", headers={"X-Trace": "t1"})
    acting = client.with_options(org="org_1")
    assert len(list(acting.runs_iterate(status="failed", search="a b", page_size=4))) == 10
    filters = {"status": "failed", "search": "a b", "limit": "4"}
    assert queries(lists) == [filters, {**filters, "offset": "4"}, {**filters, "offset": "8"}]
    for request in lists.requests:
        assert request.headers["x-ironflow-environment"] == "staging"
        assert request.headers["x-ironflow-org"] == "org_1"
        assert request.headers["x-trace"] == "t1"


def test_the_headers_of_a_route_go_with_every_page(server, client):
    server.reply({"items": [{"id": "a"}], "limit": 1, "offset": 0})
    server.reply({"items": [], "limit": 1, "offset": 1})
    pages = client.outbox_iterate_dead_letter(x_ironflow_environment="staging", page_size=1)
    assert list(pages) == [{"id": "a"}]
    seen = [request.headers["x-ironflow-environment"] for request in server.requests]
    assert seen == ["staging", "staging"]


def test_without_a_page_size_the_server_chooses(lists, reader):
    lists.numbers = list(range(120, 0, -1))
    assert len(list(reader.runs_iterate())) == 120
    assert queries(lists) == [{}, {"offset": "50"}, {"offset": "100"}]


def test_the_page_size_is_not_the_maximum(lists, reader):
    assert numbers(reader.runs_iterate(page_size=4, max_items=6)) == [10, 9, 8, 7, 6, 5]
    assert queries(lists) == [{"limit": "4"}, {"limit": "4", "offset": "4"}]


@pytest.mark.parametrize(("max_items", "requests"), [(0, 0), (4, 1), (5, 2), (10, 3), (99, 3)])
def test_no_page_is_asked_for_beyond_the_maximum(lists, reader, max_items, requests):
    pages = reader.runs_iterate(page_size=4, max_items=max_items)
    assert len(list(pages)) == min(max_items, 10)
    assert list(pages) == []
    assert len(lists.requests) == requests


def test_a_second_loop_goes_on_where_the_first_one_stopped(lists, reader):
    pages = reader.audit_iterate(page_size=4)
    assert isinstance(pages, Iterator)
    for item in pages:
        if item["id"] == "aud_5":
            break
    assert numbers(pages) == [4, 3, 2, 1]


def test_from_version_is_a_filter_and_positions_are_not_taken(lists, reader):
    found = reader.streams_iterate_events("entity-1", from_version=7, page_size=3)
    assert numbers(found) == [7, 8, 9, 10]
    assert queries(lists) == [
        {"from_version": "7", "limit": "3"},
        {"from_version": "10", "limit": "3"},
    ]
    with pytest.raises(TypeError):
        reader.events_iterate(cursor="c")
    with pytest.raises(TypeError):
        reader.events_iterate(before="c")
    with pytest.raises(TypeError):
        reader.runs_iterate(offset=5)
    with pytest.raises(TypeError):
        reader.runs_iterate(limit=5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"page_size": 0}, ValueError, "^page_size: must be at least 1$"),
        ({"page_size": True}, TypeError, "^page_size: must be a whole number, not bool$"),
        ({"page_size": "10"}, TypeError, "^page_size: must be a whole number, not str$"),
        ({"max_items": -1}, ValueError, "^max_items: must be at least 0$"),
        ({"max_items": 1.0}, TypeError, "^max_items: must be a whole number, not float$"),
        ({"since": datetime(2026, 1, 15)}, ValueError, "^since: "),
        ({"event_id": ["a", "b"]}, TypeError, "^event_id: takes one value"),
    ],
)
def test_bad_arguments_are_refused_by_the_call(client, server, arguments, error, message):
    with pytest.raises(error, match=message):
        client.runs_iterate(**arguments)
    assert server.requests == []


def test_pages_can_be_subscripted_and_told_apart_by_name():
    assert Pages[int].__origin__ is Pages


# What a server may do meanwhile.


@pytest.mark.parametrize("size", [1, 3, 5, 8])
@pytest.mark.parametrize("style", STYLES)
def test_what_an_insertion_moved_onto_the_next_page_is_not_given_twice(lists, reader, style, size):
    pages = iterate(reader, style, page_size=4)
    found = numbers([next(pages)])
    lists.insert(size)
    found += numbers(pages)
    assert len(set(found)) == len(found)
    # An inserted item that lands behind what was read is a new one, and may be given.
    old = [number for number in found if number <= 10]
    assert old == sorted(old, reverse=style != "version forward")
    assert len(old) == 10


def test_items_without_identity_are_all_given(server, client):
    server.reply({"events": [{"n": 1}, {"n": 1}, {"id": None}, {"id": ""}, {"id": ""}, None, "x"]})
    assert len(list(client.audit_iterate())) == 7


def test_a_schema_is_known_by_its_name_and_version(server, client):
    order = [{"event_name": "order.placed", "version": version} for version in (2, 1)]
    server.reply({"schemas": order, "total_count": 4})
    moved = [order[1], {"event_name": "order.paid", "version": 1}]
    server.reply({"schemas": moved, "total_count": 4})
    found = [(each["event_name"], each["version"]) for each in client.schemas_iterate()]
    assert found == [("order.placed", 2), ("order.placed", 1), ("order.paid", 1)]


@pytest.mark.parametrize("empty", [[], None])
def test_an_empty_page_with_a_cursor_is_not_the_end(server, client, empty):
    server.reply({"events": [{"id": "a"}], "next_cursor": "1"})
    server.reply({"events": empty, "next_cursor": "2"})
    server.reply({"events": empty, "next_cursor": "3"})
    server.reply({"events": [{"id": "b"}], "next_cursor": ""})
    assert list(client.audit_iterate()) == [{"id": "a"}, {"id": "b"}]
    assert [query.get("cursor") for query in queries(server)] == [None, "1", "2", "3"]


def test_items_that_are_null_are_none(server, client):
    server.reply({"runs": None, "count": 0, "total_count": 0})
    assert list(client.runs_iterate()) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("cursors", [["1", "1"], ["1", "2", "1"], ["1", "2", "2"]])
def test_a_cursor_that_comes_again_is_an_error_and_no_endless_loop(server, client, cursors):
    for number, cursor in enumerate(cursors):
        server.reply({"events": [{"id": str(number)}], "next_cursor": cursor})
    pages = client.audit_iterate()
    given = [next(pages)["id"] for _ in cursors]
    assert given == [str(number) for number in range(len(cursors))]
    for _ in range(2):
        with pytest.raises(InvalidResponseError, match="a cursor that was requested before$"):
            next(pages)
    assert len(server.requests) == len(cursors)


def test_a_version_that_comes_again_is_an_error_and_no_endless_loop(server, client):
    server.reply({"entries": [{"entity_version": 3}], "next_cursor": 4})
    server.reply({"entries": [{"entity_version": 4}], "next_cursor": 3})
    with pytest.raises(InvalidResponseError, match="a from_version that was requested before$"):
        list(client.streams_iterate_history("entity-1", from_version=3))
    assert len(server.requests) == 2


def test_a_server_that_ignores_the_offset_is_found_out(server, client):
    for _ in range(3):
        server.reply({"runs": [{"id": "a"}, {"id": "b"}], "total_count": 100})
    pages = client.runs_iterate()
    assert [next(pages)["id"], next(pages)["id"]] == ["a", "b"]
    with pytest.raises(InvalidResponseError, match="the server seems to ignore offset$") as caught:
        next(pages)
    assert caught.value.code == "INVALID_RESPONSE"
    assert [query.get("offset") for query in queries(server)] == [None, "2", "4"]


def test_one_page_of_known_items_is_no_error(server, client):
    first, second = [{"id": "a"}, {"id": "b"}], [{"id": "c"}, {"id": "d"}]
    for page in (first, first, second, second):  # two items were inserted, then two more
        server.reply({"runs": page, "total_count": 8})
    assert [item["id"] for item in client.runs_iterate()] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ({}, "the reply has no runs"),
        ({"events": []}, "the reply has no runs"),
        ([], "the reply has no runs"),
        ("runs", "the reply has no runs"),
        (None, "the reply has no runs"),
        ({"runs": {}}, "the reply has no list in runs"),
        ({"runs": "run_1"}, "the reply has no list in runs"),
        ({"runs": 0}, "the reply has no list in runs"),
    ],
)
def test_a_reply_without_the_list_is_an_unusable_reply(server, client, reply, problem):
    server.reply(reply)
    with pytest.raises(InvalidResponseError, match=f"^{problem}$"):
        list(client.runs_iterate())


def test_a_loop_can_go_on_after_a_failed_request(lists, reader):
    pages = reader.runs_iterate(page_size=5)
    found = numbers(next(pages) for _ in range(5))
    lists.reply({"error": "try later"}, status=503)
    with pytest.raises(IronflowError, match="^try later"):
        next(pages)
    assert found + numbers(pages) == list(range(10, 0, -1))


def test_a_reply_that_cannot_be_used_is_asked_for_again(lists, reader):
    pages = reader.audit_iterate(page_size=5)
    lists.reply({"html": "no"})
    with pytest.raises(InvalidResponseError):
        next(pages)
    assert numbers(pages) == list(range(10, 0, -1))


# Two lists with ways of their own.


def test_the_platform_audit_is_one_page_where_no_cursor_comes(server, client):
    server.reply({"events": [{"id": "a"}, {"id": "b"}], "total": 7})
    assert list(client.platform_audit_iterate()) == [{"id": "a"}, {"id": "b"}]
    assert len(server.requests) == 1


def test_the_platform_audit_follows_a_cursor_where_one_comes(server, client):
    server.reply({"events": [{"id": "a"}], "total": 2, "next_cursor": "c1"})
    server.reply({"events": [{"id": "b"}], "total": 2})
    assert list(client.platform_audit_iterate(event_type="x")) == [{"id": "a"}, {"id": "b"}]
    assert queries(server) == [{"event_type": "x"}, {"event_type": "x", "cursor": "c1"}]


def test_a_history_goes_on_at_the_version_that_the_reply_names(server, client):
    server.reply({"entries": [{"entity_version": 1}, {"entity_version": 2}], "next_cursor": 5})
    server.reply({"entries": [{"entity_version": 5}], "next_cursor": 0})
    found = client.streams_iterate_history("entity-1", from_timestamp="2026-01-15T09:30:00Z")
    assert [entry["entity_version"] for entry in found] == [1, 2, 5]
    assert [query.get("from_version") for query in queries(server)] == [None, "5"]
    assert all(query["from_timestamp"] == "2026-01-15T09:30:00Z" for query in queries(server))


# Replies instead of items.


def test_the_replies_come_as_they_are(server, client):
    replies = [
        {"events": [{"id": "a"}, {"id": "b"}], "next_cursor": "1", "total_count": 3},
        {"events": [], "next_cursor": "2", "total_count": 3},
        {"events": None, "next_cursor": "3", "total_count": 3},
        {"events": [{"id": "c"}], "next_cursor": "", "total_count": 3, "more": True},
    ]
    for reply in replies:
        server.reply(reply)
    assert list(client.audit_iterate().pages()) == replies


def test_a_reply_is_asked_for_when_it_is_wanted(lists, reader):
    replies = reader.audit_iterate(page_size=4).pages()
    assert len(lists.requests) == 0
    next(replies)
    assert len(lists.requests) == 1


def test_the_replies_go_on_where_the_items_stopped(lists, reader):
    pages = reader.runs_iterate(page_size=4)
    assert numbers([next(pages)]) == [10]
    rest = [numbers(reply["runs"]) for reply in pages.pages()]
    assert rest == [[9, 8, 7], [6, 5, 4, 3], [2, 1]]
    assert list(pages) == []


def test_the_items_go_on_where_the_replies_stopped(lists, reader):
    pages = reader.runs_iterate(page_size=4)
    assert numbers(next(pages.pages())["runs"]) == [10, 9, 8, 7]
    resumed = reader.runs_iterate(resume=pages.resume)
    assert numbers(pages) == numbers(resumed) == [6, 5, 4, 3, 2, 1]


def test_the_lists_of_the_replies_repeat_nothing(lists, reader):
    found = []
    for reply in reader.runs_iterate(page_size=4).pages():
        assert reply["total_count"] == len(lists.numbers)
        found.append(numbers(reply["runs"]))
        if len(found) == 1:
            lists.insert(3)
    assert found == [[10, 9, 8, 7], [6], [5, 4, 3, 2], [1]]


def test_what_the_caller_does_to_a_reply_does_no_harm(lists, reader):
    pages = reader.runs_iterate(page_size=4)
    for reply in pages.pages():
        reply["runs"].clear()
        break
    assert numbers(reader.runs_iterate(resume=pages.resume)) == numbers(pages) == [6, 5, 4, 3, 2, 1]


def test_the_maximum_counts_the_items_of_the_replies(lists, reader):
    pages = reader.runs_iterate(page_size=4, max_items=6)
    assert [numbers(reply["runs"]) for reply in pages.pages()] == [[10, 9, 8, 7], [6, 5]]
    assert numbers(reader.runs_iterate(resume=pages.resume)) == [4, 3, 2, 1]


# The local server's own lists.


def test_every_list_of_the_local_server_is_gone_through_whole(local, local_client):
    local.function("process-order", triggers=["order.placed"])(lambda event: None)
    for name in ("orders", "payments", "stock"):
        local.projection(name, events=["order.placed"])(lambda state, event: state)
    for number in range(3):
        emitted = local_client.events_create({"name": "order.placed", "data": {"number": number}})
        local.dead_letter(emitted["event_id"])
        body = {"entity_type": "order", "event_name": "order.drafted"}
        local_client.streams_events("entity-1", body=body)
        local_client.streams_events(f"entity-{number + 2}", body=body)
        local_client.schemas_create(
            {"event_name": "order.placed", "version": number + 1, "schema_json": "{}"}
        )
    local.wait_until_idle()
    client, run = local_client, local_client.runs_list()["runs"][0]["id"]
    lists = [
        (client.audit_iterate, client.audit_list, "events", ()),
        (client.events_iterate, client.events_list, "events", ()),
        (client.functions_iterate, client.functions_list, "functions", ()),
        (client.outbox_iterate_dead_letter, client.outbox_list_dead_letter, "items", ()),
        (client.platform_audit_iterate, client.platform_audit_list, "events", ()),
        (client.projections_iterate, client.projections_list, "projections", ()),
        (client.runs_iterate, client.runs_list, "runs", ()),
        (client.runs_iterate_audit, client.runs_list_audit, "events", (run,)),
        (client.schemas_iterate, client.schemas_list, "schemas", ()),
        (client.streams_iterate, client.streams_list, "streams", ()),
        (client.streams_iterate_events, client.streams_list_events, "events", ("entity-1",)),
        (client.streams_iterate_history, client.streams_list_history, "entries", ("entity-1",)),
    ]
    for iterate_method, list_method, member, path in lists:
        expected = list_method(*path)[member]
        assert expected or list_method == client.platform_audit_list, member
        assert list(iterate_method(*path, page_size=1)) == expected, member
        assert list(iterate_method(*path)) == expected, member
