"""Commands that list all there is ask for every page, and show it as one reply."""

from __future__ import annotations

import json

import pytest

from ironflow import IronflowClient

from .running import run

SOURCES = "/ironflow.v1.WebhookService/ListWebhookSources"


def _source(number):
    return {"id": f"wh_{number}", "event_prefix": f"webhook/{number}"}


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_webhook_sources_of_all_pages_are_listed(local, tmp_path, flags):
    pages = [[_source(1), _source(2)], [_source(3), _source(4)], [_source(5)]]
    for page in pages:
        local.fail("POST", SOURCES, 200, body={"sources": page, "totalCount": 5})
    done = run(["webhook", "list", *flags], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert (done.code, done.err) == (0, "")
    assert [request.json.get("offset", 0) for request in local.requests] == [0, 2, 4]
    if flags:
        shown = json.loads(done.out)
        assert [source["id"] for source in shown["sources"]] == [f"wh_{n}" for n in range(1, 6)]
        assert shown["total_count"] == 5
    else:
        assert [line.split()[0] for line in done.out.splitlines()[1:]] == [
            f"wh_{number}" for number in range(1, 6)
        ]


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_projections_of_all_pages_are_listed(local, tmp_path, flags):
    names = [f"p{number:03}" for number in range(250)]
    for name in names:
        local.projection(name, events=["nothing"])(lambda state, event: state)
    done = run(["projection", "list", *flags], tmp_path, IRONFLOW_SERVER_URL=local.url)
    assert (done.code, done.err) == (0, "")
    if flags:
        shown = json.loads(done.out)
        assert [found["name"] for found in shown["projections"]] == names
        assert shown["count"] == 250
    else:
        assert [line.split()[0] for line in done.out.splitlines()[1:]] == names


def test_a_list_with_a_limit_is_one_page(local, tmp_path):
    with IronflowClient(local.url) as client:
        for number in range(3):
            client.streams_events(
                f"order-{number}", body={"entity_type": "O", "event_name": "a", "data": {}}
            )
    before = len(local.requests)
    done = run(
        ["stream", "list", "--limit", "2", "--json"], tmp_path, IRONFLOW_SERVER_URL=local.url
    )
    assert len(json.loads(done.out)["streams"]) == 2
    assert len(local.requests) == before + 1
