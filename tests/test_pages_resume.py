"""Stopping in the middle of a list and going on: by another client, in another process, later."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timezone

import pytest

from ironflow import IronflowClient, PermissionDeniedError

from .conftest import ROOT
from .lists import ListServer, iterate, numbers

COUNT = 500
STYLES = ["offset", "keyset", "cursor", "version"]


@pytest.fixture
def lists():
    with ListServer(COUNT) as running:
        yield running


def next_of(url, style, resume, **paging):
    """Read one item with a client of its own; return its number (or None) and the new string."""
    with IronflowClient(url) as client:
        pages = iterate(client, style, resume=resume, **paging)
        found = numbers([item] if (item := next(pages, None)) else [])
        return (found[0] if found else None), pages.resume


@pytest.mark.parametrize("inserted", [0, 1, 7])
@pytest.mark.parametrize("style", STYLES)
def test_a_list_stopped_after_every_item_gives_each_once(lists, style, inserted):
    given, resume = [], None
    while True:
        number, resume = next_of(lists.url, style, resume, page_size=5)
        if number is None:
            break
        given.append(number)
        lists.insert(inserted)
    assert given == list(range(COUNT, 0, -1))


@pytest.mark.parametrize("style", [*STYLES, "version forward"])
def test_what_follows_a_stop_is_the_whole_rest(lists, style):
    order = list(range(1, COUNT + 1)) if style == "version forward" else lists.numbers[:]
    with IronflowClient(lists.url) as client:
        for stop in (0, 1, 49, 50, 51, 99, 100, 250, 499, 500):
            pages = iterate(client, style, page_size=50)
            before = numbers(next(pages) for _ in range(stop))
            rest = numbers(iterate(client, style, page_size=50, resume=pages.resume))
            assert before + rest == order, stop


PROCESS = """
import sys
from ironflow import IronflowClient
from tests.lists import iterate
url, style, resume = sys.argv[1:]
pages = iterate(IronflowClient(url), style, page_size=3, resume=resume)
print(next(pages)["id"].rpartition("_")[2])
print(pages.resume)
"""


@pytest.mark.parametrize("style", STYLES)
def test_another_process_goes_on_with_the_next_item(lists, style):
    number, resume = next_of(lists.url, style, None, page_size=3)
    given = [number]
    for _ in range(4):
        lists.insert(2)
        command = [sys.executable, "-c", PROCESS, lists.url, style, resume]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        number, resume = done.stdout.splitlines()
        given.append(int(number))
    assert given == [500, 499, 498, 497, 496]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("first", "second"), [(10, 3), (3, 10), (7, None)])
def test_the_page_size_may_differ(lists, style, first, second):
    with IronflowClient(lists.url) as client:
        pages = iterate(client, style, page_size=first)
        before = numbers(next(pages) for _ in range(8))
        lists.insert(4)
        rest = numbers(iterate(client, style, page_size=second, resume=pages.resume))
    assert before + rest == list(range(COUNT, 0, -1))


@pytest.mark.parametrize("style", [*STYLES, "version forward"])
def test_after_the_end_there_is_nothing_and_nothing_is_asked(lists, style):
    with IronflowClient(lists.url) as client:
        pages = iterate(client, style, page_size=200)
        assert len(list(pages)) == COUNT
        lists.insert()
        asked = len(lists.requests)
        assert list(iterate(client, style, resume=pages.resume)) == []
        assert len(lists.requests) == asked


def test_a_fresh_iteration_can_be_put_off_to_another_one(lists):
    with IronflowClient(lists.url) as client:
        resume = client.runs_iterate(status="failed").resume
        assert lists.requests == []
        assert len(list(client.runs_iterate(status="failed", resume=resume))) == COUNT


def test_max_items_counts_for_one_call_and_the_next_goes_on_behind_it(lists):
    with IronflowClient(lists.url) as client:
        first = client.runs_iterate(page_size=4, max_items=6)
        assert numbers(first) == [500, 499, 498, 497, 496, 495]
        assert list(first) == []
        second = client.runs_iterate(page_size=4, max_items=3, resume=first.resume)
        assert numbers(second) == [494, 493, 492]


def test_a_maximum_within_the_last_page_is_not_the_end(lists):
    with IronflowClient(lists.url) as client:
        first = client.runs_iterate(page_size=COUNT, max_items=498)
        assert len(list(first)) == 498
        assert numbers(client.runs_iterate(page_size=COUNT, resume=first.resume)) == [2, 1]


def test_a_stop_behind_an_empty_page_does_not_start_again(server, client):
    server.reply({"events": [{"id": "a"}, {"id": "b"}], "next_cursor": "1"})
    server.reply({"events": [], "next_cursor": "2"})
    server.reply({"error": "no"}, status=403)
    pages = client.audit_iterate()
    assert [next(pages)["id"], next(pages)["id"]] == ["a", "b"]
    with pytest.raises(PermissionDeniedError):
        next(pages)
    server.reply({"events": [], "next_cursor": "2"})
    server.reply({"events": [{"id": "c"}], "next_cursor": ""})
    assert [item["id"] for item in client.audit_iterate(resume=pages.resume)] == ["c"]
    assert server.requests[3].query == {"cursor": "1"}


def test_a_stop_between_pages_asks_a_cursor_list_for_the_next_page_only(lists):
    with IronflowClient(lists.url) as client:
        pages = client.audit_iterate(page_size=2)
        next(pages), next(pages)
        lists.requests.clear()
        assert numbers([next(client.audit_iterate(page_size=2, resume=pages.resume))]) == [498]
        assert [request.query for request in lists.requests] == [{"cursor": "NDk5", "limit": "2"}]


def test_the_last_item_may_have_left_the_list(lists):
    with IronflowClient(lists.url) as client:
        pages = client.runs_iterate(page_size=4)
        assert numbers(next(pages) for _ in range(6)) == [500, 499, 498, 497, 496, 495]
        lists.numbers.remove(495)
        rest = numbers(client.runs_iterate(page_size=100, resume=pages.resume))
    assert rest == list(range(494, 0, -1))


def test_a_cursor_page_whose_last_given_item_is_gone_goes_on_by_count(lists):
    with IronflowClient(lists.url) as client:
        pages = client.events_iterate(page_size=4)
        assert numbers(next(pages) for _ in range(6)) == [500, 499, 498, 497, 496, 495]
        lists.numbers.remove(495)
        rest = numbers(client.events_iterate(page_size=100, resume=pages.resume))
    assert rest == list(range(494, 0, -1))


def test_a_failed_page_leaves_the_string_where_it_was(lists):
    with IronflowClient(lists.url, max_attempts=1) as client:
        pages = client.events_iterate(page_size=2)
        assert numbers([next(pages), next(pages)]) == [500, 499]
        before = pages.resume
        lists.reply({"error": "try later"}, status=503)
        with pytest.raises(Exception, match="try later"):
            next(pages)
        assert pages.resume == before
        assert numbers([next(pages)]) == [498]


def test_items_without_identity_go_on_by_count(server, client):
    server.reply({"runs": [{"n": 1}, {"n": 2}, {"n": 3}], "total_count": 6})
    pages = client.runs_iterate()
    assert [next(pages), next(pages)] == [{"n": 1}, {"n": 2}]
    server.reply({"runs": [{"n": 3}, {"n": 4}], "total_count": 4})
    assert list(client.runs_iterate(resume=pages.resume)) == [{"n": 3}, {"n": 4}]
    assert server.last.query == {"offset": "2"}


def test_items_of_a_cursor_page_without_identity_go_on_by_count(server, client):
    server.reply({"events": [{"n": 1}, {"n": 2}, {"n": 3}], "next_cursor": "c"})
    pages = client.audit_iterate()
    assert [next(pages), next(pages)] == [{"n": 1}, {"n": 2}]
    server.reply({"events": [{"n": 1}], "next_cursor": "b"})
    server.reply({"events": [{"n": 2}, {"n": 3}], "next_cursor": ""})
    assert list(client.audit_iterate(resume=pages.resume)) == [{"n": 3}]


def test_an_item_with_two_members_for_its_identity_is_found_again(server, client):
    def schemas(*versions):
        found = [{"event_name": "order.placed", "version": version} for version in versions]
        return {"schemas": found, "total_count": 4}

    server.reply(schemas(4, 3, 2))
    pages = client.schemas_iterate()
    assert [next(pages)["version"], next(pages)["version"]] == [4, 3]
    server.reply({**schemas(4, 3, 2, 1), "total_count": 6})  # two were inserted in front
    rest = client.schemas_iterate(resume=pages.resume, max_items=2)
    assert [found["version"] for found in rest] == [2, 1]


@pytest.mark.parametrize(
    "other",
    [
        lambda client, resume: client.events_iterate(resume=resume),
        lambda client, resume: client.runs_iterate_audit("run_1", resume=resume),
    ],
)
def test_a_string_of_another_method_is_refused_by_name(server, client, other):
    resume = client.runs_iterate().resume
    with pytest.raises(ValueError, match="^resume: comes from runs_iterate, this is \\w+_iterate"):
        other(client, resume)
    assert server.requests == []


def test_a_string_of_another_run_is_refused(server, client):
    resume = client.runs_iterate_audit("run_1").resume
    with pytest.raises(
        ValueError,
        match="^resume: comes from /api/v1/runs/run_1/audit, this is /api/v1/runs/run_2/audit$",
    ):
        client.runs_iterate_audit("run_2", resume=resume)
    assert server.requests == []


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({}, "status"),
        ({"status": "running"}, "status"),
        ({"status": "failed", "event_id": "evt_1"}, "event_id"),
        ({"event_id": "evt_1"}, "event_id, status"),
    ],
)
def test_a_string_of_other_filters_is_refused_by_their_names(server, client, given, changed):
    resume = client.runs_iterate(status="failed").resume
    with pytest.raises(ValueError, match=f"^resume: comes from a call with a different {changed}$"):
        client.runs_iterate(resume=resume, **given)
    assert server.requests == []


def test_a_string_of_another_environment_header_is_refused(server, client):
    resume = client.outbox_iterate_dead_letter(x_ironflow_environment="staging").resume
    with pytest.raises(ValueError, match="^resume: .* a different X-Ironflow-Environment$"):
        client.outbox_iterate_dead_letter(resume=resume)
    assert server.requests == []


def test_the_same_time_and_the_same_list_count_as_the_same_filters(client):
    moment = datetime(2026, 1, 15, 9, 30, tzinfo=timezone.utc)
    resume = client.events_iterate(since=moment, names=["a", "b"]).resume
    client.events_iterate(since="2026-01-15T09:30:00Z", names=("a", "b"), resume=resume)


OURS = {
    "method": "runs_iterate", "path": "/api/v1/runs", "arguments": {},
    "at": 5, "skip": 1, "last": "run_1",
}  # fmt: skip


def test_the_string_that_the_next_tests_damage_is_a_good_one(client):
    client.runs_iterate(resume=json.dumps(OURS))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cursor",
        "null",
        "[]",
        "{}",
        "5",
        '"runs_iterate"',
        "[" * 100_000,
        json.dumps(OURS)[:-1],
        json.dumps({**OURS, "more": 1}),
        json.dumps({**OURS, "end": True}),
        json.dumps({**OURS, "arguments": None}),
        json.dumps({**OURS, "at": "cursor"}),
        json.dumps({**OURS, "at": 1.5}),
        json.dumps({**OURS, "at": True}),
        json.dumps({**OURS, "skip": -1}),
        json.dumps({**OURS, "skip": "1"}),
        json.dumps({**OURS, "last": {"id": "run_1"}}),
        json.dumps({**OURS, "last": [["run_1"]]}),
        json.dumps({name: value for name, value in OURS.items() if name != "last"}),
    ],
)
def test_a_string_that_is_none_of_ours_is_refused(server, client, text):
    with pytest.raises(ValueError, match="^resume: is not a string that Pages.resume gave$"):
        client.runs_iterate(resume=text)
    assert server.requests == []


def test_a_string_that_is_no_string_is_a_type_error(client):
    with pytest.raises(TypeError, match="^resume: must be a string, not dict$"):
        client.runs_iterate(resume=OURS)
