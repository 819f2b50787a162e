"""Merging the server's routes into the manifest: what stays, what is added, what goes."""

from __future__ import annotations

import json
import random

import pytest

from codegen.__main__ import main
from codegen.manifest import check
from codegen.pull import merge

from ..conftest import KEY, ROOT
from .builders import ABSENT, document, endpoint

RUNS = {
    "summary": "List runs.",
    "query": [{"name": "limit", "type": "integer"}],
    "response": "Run",
}


def listed(entry, **changes):
    """A route as the server lists it."""
    keys = ("method", "path", "group", "category")
    return {**{key: entry[key] for key in keys}, **changes}


class Project:
    """A manifest on disk, and the pull of what a server lists."""

    def __init__(self, path, server, capsys):
        self.path = path
        self.server = server
        self.capsys = capsys

    def write(self, *endpoints, **changes):
        text = json.dumps(document(*endpoints, **changes), indent=2) + "\n"
        self.path.write_text(text, encoding="utf-8")

    def pull(self, *routes, flags=()):
        """The exit status, the lines of both streams."""
        self.server.reply({"routes": list(routes)})
        where = ["--manifest", str(self.path), "--server", self.server.url]
        status = main(["pull", *where, *flags])
        out, err = self.capsys.readouterr()
        return status, out.splitlines(), err.splitlines()

    def routes(self):
        return [
            f"{entry['method']} {entry['path']}"
            for entry in json.loads(self.path.read_bytes())["endpoints"]
        ]


@pytest.fixture
def project(tmp_path, server, capsys):
    return Project(tmp_path / "manifest.json", server, capsys)


LIST = endpoint("GET /api/v1/runs", **RUNS)
GET = endpoint("GET /api/v1/runs/{id}", response="Run")
STOP = endpoint("POST /api/v1/runs/{id}/stop", response=None)


def test_nothing_changes_where_the_server_lists_what_is_known(project):
    project.write(LIST, GET)
    before = project.path.read_bytes()

    assert project.pull(listed(GET), listed(LIST)) == (0, ["nothing changed"], [])
    assert project.path.read_bytes() == before


def test_a_new_route_is_added_bare_and_annotations_stay(project):
    project.write(LIST, GET)

    assert project.pull(listed(GET), listed(STOP), listed(LIST)) == (
        0,
        [
            "added    POST /api/v1/runs/{id}/stop: runs_stop (runs, supported)",
            "wrote manifest.json",
        ],
        [],
    )
    entries = json.loads(project.path.read_bytes())["endpoints"]
    assert entries == [LIST, GET, listed(STOP)]
    assert list(entries[2]) == ["method", "path", "group", "category"]


def test_a_new_route_stands_where_the_order_by_group_and_path_puts_it(project):
    project.write(LIST, STOP)
    project.pull(
        listed(LIST),
        listed(STOP),
        listed(GET),
        listed(endpoint("GET /api/v1/zones", "zones")),
        listed(endpoint("GET /api/v1/audit", "audit")),
        listed(endpoint("DELETE /api/v1/runs/{id}")),
    )

    assert project.routes() == [
        "GET /api/v1/audit",
        "GET /api/v1/runs",
        "DELETE /api/v1/runs/{id}",
        "GET /api/v1/runs/{id}",
        "POST /api/v1/runs/{id}/stop",
        "GET /api/v1/zones",
    ]


def test_the_order_of_the_listing_does_not_change_a_byte(project):
    routes = [listed(entry) for entry in (LIST, GET, STOP)]
    routes += [listed(endpoint(f"GET /api/v1/group{i}", f"group{i}")) for i in range(10)]
    texts = set()
    for seed in range(5):
        random.Random(seed).shuffle(routes)
        project.write(GET)
        project.pull(*routes)
        texts.add(project.path.read_bytes())

    assert len(texts) == 1


def test_a_renamed_placeholder_is_the_same_route(project):
    project.write(GET)

    assert project.pull(listed(GET, path="/api/v1/runs/{runId}"))[1] == ["nothing changed"]


def test_a_changed_group_or_category_is_taken_and_the_names_that_change_are_told(project):
    project.write(LIST, GET, STOP)

    assert project.pull(
        listed(LIST, group="Jobs"),
        listed(GET, category="server-only"),
        listed(STOP, category="internal"),
    ) == (
        0,
        [
            "changed  GET /api/v1/runs: group runs -> jobs, runs_list -> jobs_list",
            "changed  GET /api/v1/runs/{id}: category supported -> server-only, still runs_get",
            "changed  POST /api/v1/runs/{id}/stop: category supported -> internal,"
            " runs_stop -> no method",
            "wrote manifest.json",
        ],
        [],
    )
    assert json.loads(project.path.read_bytes())["endpoints"] == [
        {**LIST, "group": "jobs"},
        {**GET, "category": "server-only"},
        {**STOP, "category": "internal"},
    ]


def test_a_vanished_route_is_reported_and_stays(project):
    project.write(LIST, GET, STOP)
    before = project.path.read_bytes()

    assert project.pull(listed(LIST), listed(GET)) == (
        0,
        ["gone     POST /api/v1/runs/{id}/stop: runs_stop (kept; --prune removes it)"],
        [],
    )
    assert project.path.read_bytes() == before


def test_a_vanished_route_is_removed_when_asked(project):
    project.write(LIST, GET, STOP)

    assert project.pull(listed(LIST), listed(GET), flags=["--prune"]) == (
        0,
        ["gone     POST /api/v1/runs/{id}/stop: runs_stop (removed)", "wrote manifest.json"],
        [],
    )
    assert project.routes() == ["GET /api/v1/runs", "GET /api/v1/runs/{id}"]


def test_more_than_half_of_the_routes_is_never_removed(project):
    project.write(LIST, GET, STOP)
    before = project.path.read_bytes()
    status, out, err = project.pull(listed(LIST), flags=["--prune"])

    assert (status, out) == (2, [])
    assert err == [
        "2 of 3 routes are gone, which is more than half; nothing is removed."
        " Is it the right server?"
    ]
    assert project.path.read_bytes() == before


def test_half_of_the_routes_may_be_removed(project):
    project.write(LIST, GET)

    assert project.pull(listed(LIST), flags=["--prune"])[0] == 0
    assert project.routes() == ["GET /api/v1/runs"]


def test_an_rpc_route_never_vanishes(project):
    topics = endpoint(
        "POST /ironflow.v1.PubSubService/ListTopics",
        category="rpc",
        name="runs_list_topics",
        name_reason="as the service calls it",
    )
    project.write(topics, LIST, GET)

    assert project.pull(listed(LIST), listed(GET), flags=["--prune"])[1] == ["nothing changed"]
    assert len(project.routes()) == 3


def test_a_dry_run_says_the_same_and_writes_nothing(project):
    project.write(LIST, GET, STOP)
    before = project.path.read_bytes()
    new = listed(endpoint("GET /api/v1/zones", "zones"))
    routes = (listed(LIST), listed(GET), new)
    flags = ["--prune", "--dry-run"]
    status, out, err = project.pull(*routes, flags=flags)

    assert project.path.read_bytes() == before
    assert (status, err) == (0, [])
    assert project.pull(*routes, flags=["--prune"])[1] == [*out, "wrote manifest.json"]


def test_names_that_collide_are_told_with_a_way_out_and_the_routes_are_written(project):
    project.write(LIST)
    status, out, err = project.pull(listed(LIST), listed(endpoint("GET /api/v1/steps")))

    assert (status, out[-1]) == (0, "wrote manifest.json")
    assert len(err) == 1
    assert err[0].startswith("before you generate: endpoints[1] (GET /api/v1/steps): ")
    assert 'pin one: "name": "runs_list_steps"' in err[0]


def test_what_the_rules_forbid_is_refused_and_nothing_is_written(project):
    documented = {**LIST, "documented": True, "example": {"response": {"id": "r"}}}
    project.write(documented)
    before = project.path.read_bytes()
    status, out, err = project.pull(listed(LIST, category="internal"))

    assert (status, out) == (2, [])
    assert "endpoints[0].documented (GET /api/v1/runs): a documented route needs a method" in err[0]
    assert project.path.read_bytes() == before


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"status": 401, "json_body": {"error": "no"}}, "set IRONFLOW_API_KEY"),
        ({"body": b"<html>"}, "is not JSON"),
        ({"json_body": {"routes": []}}, "lists no routes"),
        ({"json_body": [listed(LIST)] * 2}, "lists a route twice"),
        ({"status": 301, "headers": {"Location": "/x"}}, "redirects to another address"),
    ],
)
def test_a_server_of_no_use_is_one_line_and_nothing_is_written(project, reply, words):
    project.write(LIST, GET)
    before = project.path.read_bytes()
    project.server.reply(**reply)
    status, out, err = project.pull()

    assert (status, out, len(err)) == (2, [], 1)
    assert words in err[0]
    assert project.path.read_bytes() == before


def test_a_manifest_that_is_not_right_is_told_before_the_server_is_asked(project):
    project.write(endpoint(category="beta"))
    status, _, err = project.pull(listed(LIST))

    assert status == 2
    assert "endpoints[0].category" in err[0]
    assert project.server.requests == []


def test_a_manifest_that_is_not_utf_8_is_one_problem(project):
    project.path.write_bytes(json.dumps(document(LIST)).encode("utf-16"))

    assert project.pull(listed(LIST))[2][0] == "manifest.json: is not UTF-8"


def test_the_address_and_the_key_come_from_the_environment(project, monkeypatch):
    project.write(LIST)
    monkeypatch.setenv("IRONFLOW_SERVER_URL", project.server.url)
    monkeypatch.setenv("IRONFLOW_API_KEY", KEY)
    project.server.reply([listed(LIST)])

    assert main(["pull", "--manifest", str(project.path)]) == 0
    assert project.server.last.headers["authorization"] == f"Bearer {KEY}"


def test_a_given_address_wins_over_the_environment(project, monkeypatch):
    project.write(LIST)
    monkeypatch.setenv("IRONFLOW_SERVER_URL", "http://127.0.0.1:1")

    assert project.pull(listed(LIST))[0] == 0


def test_the_committed_manifest_is_what_the_local_server_lists(local, capsys):
    manifest = str(ROOT / "manifest.json")

    assert main(["pull", "--server", local.url, "--manifest", manifest, "--dry-run"]) == 0
    assert capsys.readouterr().out == "nothing changed\n"


def test_a_merge_of_the_same_routes_is_empty():
    found = merge(check(document(LIST, GET)), [])

    assert (found.added, found.changed, len(found.gone), found.known) == ((), (), 2, 2)


def test_a_pulled_manifest_can_be_generated_from(project, tmp_path):
    project.write(LIST)
    project.pull(listed(LIST), listed(endpoint("PUT /api/v1/runs/{id}", response=ABSENT)))
    output = ["--manifest", str(project.path), "--output", str(tmp_path)]

    assert main(["generate", *output]) == 0
    source = (tmp_path / "ironflow" / "client.py").read_text()
    assert "    def runs_update(self, id: str, body: Any = None) -> Any:\n" in source
