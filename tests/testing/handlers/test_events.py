"""The local server's event log: emitting, pages, filters, and what an event starts."""

from __future__ import annotations

import http.client
import json
import threading

import pytest

from ironflow import ConflictError, NotFoundError, ValidationError
from ironflow.testing._handlers import events as events_group


def emit(client, name="order.placed", **data):
    return client.events_create(body={"name": name, "data": data})["event_id"]


@pytest.mark.parametrize("name", ["events:a", "system.run.done", "entity:a", "public.a"])
def test_an_event_whose_name_is_the_systems_is_400(local_client, name):
    with pytest.raises(ValidationError, match="reserved"):
        emit(local_client, name)
    body = {"entity_type": "order", "event_name": name, "data": {}}
    with pytest.raises(ValidationError, match="reserved"):
        local_client.streams_events("order-1", body=body)
    assert local_client.events_list()["events"] == []


def emit_many(client, count):
    """Emit so many events; their ids, newest first as the server lists them."""
    return [emit(client, n=number) for number in range(count)][::-1]


def ids_of(page):
    assert page["count"] == len(page["events"])
    return [event["id"] for event in page["events"]]


def all_ids(pages):
    return [id for page in pages for id in ids_of(page)]


def pages_from(client, meanwhile=lambda: None, **query):
    """The pages from the newest event to the oldest; ``meanwhile`` is called between them."""
    pages = [client.events_list(**query)]
    while pages[-1]["has_next"]:
        meanwhile()
        pages.append(client.events_list(cursor=pages[-1]["next_cursor"], **query))
    assert "next_cursor" not in pages[-1]
    return pages


def pages_back(client, page, **query):
    """The pages from the one after ``page`` to the newest event, in the order they were read."""
    pages = []
    while page["has_prev"]:
        page = client.events_list(before=page["prev_cursor"], **query)
        pages.append(page)
    assert "prev_cursor" not in page
    return pages


def post_raw(server, body):
    """POST bytes to /api/v1/events as they are; the status and the decoded reply."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request("POST", "/api/v1/events", body)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


# Emitting.


def test_an_emitted_event_is_kept_as_it_was_sent(local_client):
    body = {
        "name": "order.placed",
        "data": {"order_id": "123", "lines": [1, 2.5, None, True, {"ä": "\u2028\U0001f600"}]},
        "metadata": {"source": "cli", "nested": {"a": []}},
    }
    sent = local_client.events_create(body=body)
    assert sent["run_ids"] == []
    kept = local_client.events_get(sent["event_id"])
    assert {member: kept[member] for member in body} == body
    assert kept["timestamp"] == kept["created_at"]
    assert kept["source"] == "api"
    assert local_client.events_list()["events"] == [kept]


def test_an_event_without_metadata_shows_none(local_client):
    assert "metadata" not in local_client.events_get(emit(local_client))


@pytest.mark.parametrize("body", [{"name": "ping"}, {"name": "ping", "data": None}])
def test_a_signal_without_data_has_empty_data(local_client, body):
    sent = local_client.events_create(body=body)
    assert local_client.events_get(sent["event_id"])["data"] == {}


@pytest.mark.parametrize(
    "body, message",
    [
        ({"data": {}}, "name is required"),
        ({"name": None, "data": {}}, "name is required"),
        ({"name": "", "data": {}}, "name must not be empty"),
        ({"name": "  ", "data": {}}, "name must not be empty"),
        ({"name": 7, "data": {}}, "name must be a string"),
        ({"name": "a", "data": [1]}, "data must be a JSON object"),
        ({"name": "a", "data": "text"}, "data must be a JSON object"),
        ({"name": "a", "data": {}, "metadata": "x"}, "metadata must be a JSON object"),
        ({"name": "a", "data": {}, "version": 0}, "version must be at least 1"),
    ],
)
def test_a_body_that_is_no_event_is_refused_by_name_and_not_kept(local_client, body, message):
    with pytest.raises(ValidationError, match=message):
        local_client.events_create(body=body)
    assert local_client.events_list()["count"] == 0


@pytest.mark.parametrize(
    "body, message",
    [
        (b"", "a JSON body is required"),
        (b"{", "the body is not valid JSON"),
        (b"\xff\xfe", "the body is not valid JSON"),
        (b'{"name": "a", "data": {"n": NaN}}', "the body is not valid JSON"),
        (b"[]", "the body must be a JSON object"),
        (b"null", "the body must be a JSON object"),
        (b"[" * 100_000, "the body is not valid JSON"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(local, local_client, body, message):
    assert post_raw(local, body) == (400, {"error": message})
    assert local_client.events_list()["count"] == 0


def test_an_event_that_is_not_there_is_a_404(local_client):
    with pytest.raises(NotFoundError, match="event not found"):
        local_client.events_get("evt_404")


def test_environments_have_logs_of_their_own(local_client):
    staging = local_client.with_options(environment="staging")
    here, there = emit(local_client), emit(staging)
    assert ids_of(local_client.events_list()) == [here]
    assert ids_of(staging.events_list()) == [there]
    with pytest.raises(NotFoundError):
        local_client.events_get(there)
    assert staging.events_list_names()["scanned"] == 1


# Pages.


def test_pages_hold_every_event_once_newest_first(local_client):
    emitted = emit_many(local_client, 45)
    pages = pages_from(local_client)
    assert [page["count"] for page in pages] == [20, 20, 5]
    assert [page["limit"] for page in pages] == [20, 20, 20]
    assert [page["approx_total"] for page in pages] == [45, 45, 45]
    assert [page["has_prev"] for page in pages] == [False, True, True]
    assert "prev_cursor" not in pages[0]
    assert all_ids(pages) == emitted


def test_events_that_come_while_paging_move_nothing(local_client):
    emitted = emit_many(local_client, 45)
    late = []
    pages = pages_from(local_client, lambda: late.insert(0, emit(local_client)), limit=10)
    assert all_ids(pages) == emitted
    assert len(late) == 4
    back = pages_back(local_client, pages[-1], limit=10)
    newer = all_ids(reversed(back))
    assert newer == late + emitted[: 45 - pages[-1]["count"]]


def test_going_back_and_forth_leads_to_the_same_page(local_client):
    emit_many(local_client, 45)
    first, second, third = pages_from(local_client, limit=15)
    assert ids_of(local_client.events_list(before=third["prev_cursor"], limit=15)) == ids_of(second)
    again = local_client.events_list(before=second["prev_cursor"], limit=15)
    assert ids_of(again) == ids_of(first)
    assert (again["has_prev"], again["has_next"]) == (False, True)
    assert ids_of(local_client.events_list(cursor=again["next_cursor"], limit=15)) == ids_of(second)


def test_a_page_without_events_still_leads_back_to_those_around_it(local_client):
    oldest, middle, newest = (emit(local_client, name) for name in ("cart", "cart", "order"))
    page = pages_from(local_client, limit=1)[1]
    assert ids_of(page) == [middle]
    newer = local_client.events_list(before=page["prev_cursor"], names=["cart"])
    assert (ids_of(newer), newer["has_next"], newer["has_prev"]) == ([], True, False)
    back = local_client.events_list(cursor=newer["next_cursor"], names=["cart"])
    assert ids_of(back) == [middle, oldest]
    older = local_client.events_list(cursor=page["next_cursor"], names=["order"])
    assert (ids_of(older), older["has_next"], older["has_prev"]) == ([], False, True)
    back = local_client.events_list(before=older["prev_cursor"], names=["order"])
    assert ids_of(back) == [newest]


def test_pages_keep_to_their_filter(local_client):
    wanted = []
    for number in range(30):
        emit(local_client, "order.updated")
        wanted.insert(0, emit(local_client, "order.placed", n=number))
    pages = pages_from(local_client, names=["order.placed"], limit=7)
    assert all_ids(pages) == wanted
    assert {page["approx_total"] for page in pages} == {30}
    back = pages_back(local_client, pages[-1], names=["order.placed"], limit=7)
    assert all_ids(reversed(back)) == wanted[:28]


def test_a_page_cannot_follow_two_positions(local_client):
    emit_many(local_client, 3)
    cursor = local_client.events_list(limit=1)["next_cursor"]
    with pytest.raises(ValidationError, match="cursor and before"):
        local_client.events_list(cursor=cursor, before=cursor)


@pytest.mark.parametrize("cursor", ["x", "evt_1", "c2VxOng=", "c2VxOg==", "\u00e4", "=", "AAAA"])
def test_a_cursor_of_no_page_is_refused(local_client, cursor):
    emit(local_client)
    with pytest.raises(ValidationError, match="the cursor is not one that this server gave"):
        local_client.events_list(cursor=cursor)
    with pytest.raises(ValidationError, match="the cursor is not one that this server gave"):
        local_client.events_list(before=cursor)


def test_the_size_of_a_page_has_bounds(local_client):
    emit_many(local_client, 201)
    for given, size in ((None, 20), (1, 1), (200, 200), (201, 200), (10**9, 200)):
        page = local_client.events_list(limit=given)
        assert (page["limit"], page["count"], page["has_next"]) == (size, size, True)
    for wrong in (0, -1):
        with pytest.raises(ValidationError, match="limit must be at least 1"):
            local_client.events_list(limit=wrong)
    with pytest.raises(ValidationError, match="limit must be a whole number"):
        local_client.request("GET", "/api/v1/events", params={"limit": "ten"})


def test_an_empty_log_is_an_empty_page(local_client):
    page = local_client.events_list()
    assert (page["events"], page["has_next"], page["has_prev"]) == ([], False, False)
    assert page["approx_total"] == 0


# Filters.


def test_events_are_found_by_what_is_asked_for(local, local_client):
    local.function("greet")(lambda event: None)
    placed = emit(local_client, "order.placed", customer="Ada")
    updated = emit(local_client, "order.updated", customer="Grace", note="über")
    signup = emit(local_client, "user.signup", mail="ada@example.com")
    invoked = local_client.functions_invoke("greet")["event_id"]

    def found(**query):
        return ids_of(local_client.events_list(**query))

    assert found(name="order") == [updated, placed]
    assert found(name="order.placed") == [placed]
    assert found(names=["order.placed", "user.signup"]) == [signup, placed]
    assert found(names=["order"]) == []
    assert found(source=["api"]) == [signup, updated, placed]
    assert found(source=["invoke"]) == [invoked]
    assert found(source=["api", "invoke"]) == [invoked, signup, updated, placed]
    assert found(search="ADA") == [signup, placed]
    assert found(search="Über") == [updated]
    assert found(search=placed) == [placed]
    assert found(search="ada", name="user") == [signup]
    assert found(search="nobody") == []


def test_events_are_found_by_their_time(local_client):
    first, second, third = (local_client.events_get(emit(local_client)) for _ in range(3))

    def found(**query):
        return ids_of(local_client.events_list(**query))

    from_second = [e["id"] for e in (third, second, first) if e["timestamp"] >= second["timestamp"]]
    to_second = [e["id"] for e in (third, second, first) if e["timestamp"] <= second["timestamp"]]
    assert found(since=second["timestamp"]) == from_second
    assert found(until=second["timestamp"]) == to_second
    assert found(since="2999-01-01") == []
    assert found(until="1999-12-31T23:59:59+02:00") == []
    assert len(found(since="1999-01-01T00:00:00Z", until="2999-01-01T00:00:00Z")) == 3
    with pytest.raises(ValidationError, match="since must be an RFC 3339 time"):
        found(since="yesterday")


def test_names_are_counted(local_client):
    for name in ("order.placed", "user.signup", "order.placed"):
        emit(local_client, name)
    reply = local_client.events_list_names()
    assert {found["name"]: found["count"] for found in reply["names"]} == {
        "order.placed": 2,
        "user.signup": 1,
    }
    assert (reply["scanned"], reply["truncated"]) == (3, False)
    assert local_client.events_list_names(source=["webhook"])["names"] == []
    assert local_client.events_list_names(until="1999-01-01")["scanned"] == 0


def test_names_that_were_not_all_counted_say_so(local_client, monkeypatch):
    monkeypatch.setattr(events_group, "_SCAN_CAP", 3)
    emit(local_client, "order.first")
    emit_many(local_client, 2)
    assert local_client.events_list_names()["truncated"] is False
    emit_many(local_client, 1)
    reply = local_client.events_list_names()
    assert reply["names"] == [{"name": "order.placed", "count": 3}]
    assert (reply["scan_cap"], reply["scanned"], reply["truncated"]) == (3, 3, True)


# What an event sets off.


@pytest.mark.parametrize(
    "pattern, started",
    [
        ("order.placed", ["order.placed"]),
        ("order.*", ["order.placed", "order.updated"]),
        ("order.>", ["order.placed", "order.updated", "order.line.added"]),
        ("*.placed", ["order.placed", "cart.placed"]),
        ("*", ["order"]),
        (">", ["order", "order.placed", "order.updated", "order.line.added", "cart.placed"]),
        ("Order.placed", []),
    ],
)
def test_a_pattern_starts_the_function_for_the_events_that_fit(
    local, local_client, pattern, started
):
    local.function("listen", triggers=[pattern])(lambda event: event["name"])
    for name in ("order", "order.placed", "order.updated", "order.line.added", "cart.placed"):
        run_ids = local_client.events_create(body={"name": name, "data": {}})["run_ids"]
        assert len(run_ids) == (name in started), name
    local.wait_until_idle()
    runs = local_client.runs_list()["runs"]
    assert [run["output"] for run in reversed(runs)] == started


def test_an_event_starts_every_function_that_it_fits(local, local_client):
    for id in ("charge", "notify"):
        local.function(id, triggers=["order.*"])(lambda event: event["data"])
    local.function("other", triggers=["user.*"])(lambda event: None)
    sent = local_client.events_create(body={"name": "order.placed", "data": {"n": 1}})
    local.wait_until_idle()
    runs = [local_client.runs_get(id) for id in sent["run_ids"]]
    assert sorted(run["function_id"] for run in runs) == ["charge", "notify"]
    assert {run["event_id"] for run in runs} == {sent["event_id"]}
    assert [run["output"] for run in runs] == [{"n": 1}, {"n": 1}]
    assert local_client.runs_list()["total_count"] == 2


def test_a_function_with_two_patterns_that_fit_is_started_once(local, local_client):
    local.function("charge", triggers=["order.*", "order.placed"])(lambda event: None)
    assert len(local_client.events_create(body={"name": "order.placed"})["run_ids"]) == 1


def test_a_run_stays_in_the_environment_of_its_event(local, local_client):
    local.function("charge", triggers=["order.*"])(lambda event: None)
    staging = local_client.with_options(environment="staging")
    run_id = staging.events_create(body={"name": "order.placed"})["run_ids"][0]
    local.wait_until_idle()
    assert staging.runs_get(run_id)["status"] == "completed"
    with pytest.raises(NotFoundError):
        local_client.runs_get(run_id)
    with pytest.raises(NotFoundError):
        local_client.runs_cancel(run_id)
    with pytest.raises(ConflictError):
        staging.runs_cancel(run_id)


def test_events_from_many_threads_each_have_their_run(local, local_client):
    local.function("double", triggers=["order.*"])(lambda event: event["data"]["n"] * 2)
    outputs = {}

    def place(number):
        sent = local_client.events_create(body={"name": "order.placed", "data": {"n": number}})
        outputs[number] = sent["run_ids"]

    threads = [threading.Thread(target=place, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    local.wait_until_idle()
    assert len(outputs) == 50
    for number, (run_id,) in outputs.items():
        run = local_client.runs_get(run_id)
        assert (run["status"], run["output"]) == ("completed", number * 2)
    assert local_client.runs_list(status="completed", limit=100)["total_count"] == 50


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("0001-01-01T00:00:00+05:00", 1),
        ("9999-12-31T23:59:59-23:00", 0),
        ("2020-01-01", 1),
        ("2020-01-01t00:00:00.123456789z", 1),
    ],
)
def test_a_time_may_have_any_offset_and_any_year(local_client, since, found):
    local_client.events_create(body={"name": "order.placed", "data": {}})
    assert local_client.events_list(since=since)["count"] == found


def test_a_time_that_is_none_is_refused(local_client):
    with pytest.raises(ValidationError, match="since must be an RFC 3339 time"):
        local_client.events_list(since="2020-01-01 00:00:00Z")
