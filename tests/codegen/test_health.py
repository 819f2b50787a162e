"""``python -m codegen health``: what it counts, and what it calls unhealthy."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from codegen.__main__ import main
from codegen.health import HealthError, report
from codegen.manifest import check, load
from codegen.naming import methods

from ..conftest import ROOT

MANIFEST = json.loads((ROOT / "manifest.json").read_bytes())
CHECKED = check(MANIFEST)
ROUTES = len(MANIFEST["endpoints"])
METHODS = sum("omit_reason" not in entry for entry in MANIFEST["endpoints"])
DOCUMENTED = "documented: 103/103 methods in 22/22 groups"


def calls(document=MANIFEST, without=()):
    """A call of every route but some, as a test run would record them."""
    return [
        [entry["method"], re.sub(r"\{[^}]*\}", "a%2Fb", entry["path"]) + "?limit=1"]
        for entry in document["endpoints"]
        if f"{entry['method']} {entry['path']}" not in without
    ]


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The manifest, a record of every route and the files that are generated from it."""
    root = tmp_path_factory.mktemp("project")
    manifest = root / "manifest.json"
    manifest.write_text(json.dumps(MANIFEST), encoding="utf-8")
    (root / "wire.json").write_text(json.dumps(calls()), encoding="utf-8")
    assert main(["generate", "--manifest", str(manifest), "--output", str(root)]) == 0
    return root


@pytest.fixture
def project(generated, tmp_path):
    """A copy of the generated project, to be changed at will."""
    return Project(shutil.copytree(generated, tmp_path / "project"))


class Project:
    def __init__(self, root):
        self.root = root
        self.client = root / "ironflow" / "client.py"
        self.record = root / "wire.json"

    def write(self, document):
        (self.root / "manifest.json").write_text(json.dumps(document), encoding="utf-8")

    def saw(self, recorded):
        self.record.write_text(json.dumps(recorded), encoding="utf-8")

    def run(self, name, *more):
        manifest = str(self.root / "manifest.json")
        return main([name, "--manifest", manifest, "--output", str(self.root), *more])

    def health(self):
        """The exit status and the report for programs."""
        status = self.run(
            "health", "--record", str(self.record), "--json", str(self.root / "health.json")
        )
        return status, json.loads((self.root / "health.json").read_bytes())

    def edit_client(self, old, new):
        source = self.client.read_text(encoding="utf-8")
        assert source.count(old) == 1
        self.client.write_text(source.replace(old, new), encoding="utf-8")


def changed(route, **changes):
    """The committed manifest with one endpoint changed; None takes a key away."""
    document = json.loads(json.dumps(MANIFEST))
    (entry,) = (e for e in document["endpoints"] if f"{e['method']} {e['path']}" == route)
    entry.update(changes)
    for key in [key for key, value in changes.items() if value is None]:
        del entry[key]
    return document


def test_the_committed_tree_is_healthy_and_has_what_the_document_counts(tmp_path, capsys):
    record = tmp_path / "wire.json"
    record.write_text(json.dumps(calls()), encoding="utf-8")

    assert main(["health", "--record", str(record)]) == 0
    out = capsys.readouterr().out
    assert DOCUMENTED in out.splitlines()
    assert "untested: 0" in out.splitlines()
    assert "drift: none" in out
    assert "PROBLEM" not in out


def test_the_figures_add_up(project):
    status, found = project.health()

    assert status == 0
    total = found["total"]
    assert (total["endpoints"], total["methods"], total["documented"]) == (ROUTES, METHODS, 103)
    assert total["tested"] == METHODS
    for key in ("endpoints", "methods", "documented", "bodies", "typed_bodies", "tested"):
        assert total[key] == sum(group[key] for group in found["groups"])
    documented = [group for group in found["groups"] if group["documented"]]
    assert len(documented) == 22


def test_what_no_test_put_on_the_wire_is_listed(project, capsys):
    project.saw(
        calls(without=["GET /api/v1/runs/{id}", "POST /api/v1/events", "GET /api/v1/events/names"])
    )
    status, found = project.health()

    assert status == 0
    assert found["untested"] == ["events_create", "events_list_names", "runs_get"]
    out = capsys.readouterr().out
    assert "untested: 3: events_create, events_list_names, runs_get" in out.splitlines()
    assert found["total"]["tested"] == METHODS - 3


def test_with_an_empty_record_everything_is_untested(project):
    project.saw([])

    assert len(project.health()[1]["untested"]) == METHODS


def methods_reached(root, tmp_path, call):
    """The methods that are tested when this call was the only one."""
    record = tmp_path / "wire.json"
    record.write_text(json.dumps([call]), encoding="utf-8")
    found = report(CHECKED, methods(CHECKED), root, record)
    return sorted(set(found.calls) - set(found.untested()))


@pytest.mark.parametrize(
    ("call", "method"),
    [
        (["GET", "/api/v1/events/schemas"], "schemas_list"),
        (["GET", "/api/v1/events/names"], "events_list_names"),
        (["GET", "/api/v1/events/evt_1"], "events_get"),
        (["GET", "/api/v1/events/evt_1?x=1/2"], "events_get"),
        (["POST", "/api/v1/policies/dry-run"], "policies_dry_run"),
        (["POST", "/api/v1/runs/resume"], "runs_resume"),
        (["GET", "/api/v1/kv/buckets/b/keys/a%2Fb"], "kv_get_buckets_keys"),
        (["GET", "/api/v1/events/schemas/n/1"], "schemas_get_by_name"),
        (["POST", "/api/v1/projections/catchup/batch"], "projections_catchup_batch"),
    ],
)
def test_a_call_counts_for_the_one_route_that_the_server_would_take(
    generated, tmp_path, call, method
):
    assert methods_reached(generated, tmp_path, call) == [method]


@pytest.mark.parametrize(
    "call",
    [
        ["PUT", "/api/v1/events"],
        ["get", "/api/v1/events"],
        ["GET", "/prefix/api/v1/events"],
        ["GET", "/api/v1/events/"],
        ["GET", "/api/v1/events/a/b"],
        ["GET", "/apiXv1/events"],
    ],
)
def test_a_call_of_no_route_counts_for_nothing(generated, tmp_path, call):
    assert methods_reached(generated, tmp_path, call) == []


# Unhealthy


def test_without_a_record_the_report_says_to_run_the_tests(project, capsys):
    project.record.unlink()

    assert project.run("health", "--record", str(project.record)) == 2
    out, err = capsys.readouterr()
    assert "no record of a test run, run `make test` first" in err
    assert out == ""


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"7", b"null", b"[1]", b'[["GET"]]', b"\xff", b'[["GET", "/", "x"]]', b"[" * 10**5],
    ids=["empty", "open", "number", "null", "item", "pair", "bytes", "triple", "deep"],
)
def test_a_record_that_cannot_be_read_gives_a_message(project, capsys, content):
    project.record.write_bytes(content)

    assert project.run("health", "--record", str(project.record)) == 2
    assert "no record of a test run" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"def broken(:\n",
        b"x = '\xff'\n",
        b"x = 1\x00\n",
        b"class C:\n    def runs_get(self):\n        return self._call()\n",
        b"class C:\n    def runs_get(self, p):\n        return self._call('GET', p)\n",
    ],
    ids=["missing", "syntax", "not UTF-8", "NUL", "call of nothing", "call of a variable"],
)
def test_a_broken_client_gives_a_message_and_not_a_traceback(project, capsys, content):
    project.client.unlink()
    if content is not None:
        project.client.write_bytes(content)

    assert project.run("health", "--record", str(project.record)) == 2
    out, err = capsys.readouterr()
    assert "ironflow/client.py" in out + err


def test_the_report_cannot_be_made_without_a_client(tmp_path):
    with pytest.raises(HealthError, match=r"ironflow/client\.py cannot be read"):
        report(CHECKED, methods(CHECKED), tmp_path, tmp_path / "wire.json")


def assert_unhealthy(project, capsys, problem):
    status, found = project.health()
    out = capsys.readouterr().out

    assert status == 1
    assert problem in found["problems"]
    assert f"PROBLEM: {problem}" in out.splitlines()
    return found


def test_a_route_left_out_must_say_why(project, capsys):
    project.write(changed("GET /api/v1/export", omit_reason=None))
    project.run("generate")

    found = assert_unhealthy(project, capsys, "GET /api/v1/export has no method and no omit_reason")
    assert found["left_out"]["GET /api/v1/export"] == ""
    assert len(found["problems"]) == 1


def test_a_documented_method_missing_from_the_client_is_named(project, capsys):
    project.edit_client("    def runs_get(", "    def runs_fetch(")

    found = assert_unhealthy(project, capsys, "GET /api/v1/runs/{id} lacks its method runs_get")
    assert found["documented"] == "documented: 102/103 methods in 22/22 groups"


def test_a_method_that_calls_another_route_does_not_count(project, capsys):
    project.edit_client('"GET", f"/api/v1/runs/{segment(id=id)}")', '"GET", "/api/v1/runs")')

    found = assert_unhealthy(project, capsys, "GET /api/v1/runs/{id} lacks its method runs_get")
    assert found["total"]["methods"] == METHODS - 1


def test_a_whole_group_missing_from_the_client_is_seen_in_the_count_of_groups(project, capsys):
    project.edit_client("    def sql_create(", "    def sql_query(")

    found = assert_unhealthy(project, capsys, "POST /api/v1/sql lacks its method sql_create")
    assert found["documented"] == "documented: 102/103 methods in 21/22 groups"


@pytest.mark.parametrize(
    "name", ["ironflow/_routes.py", "ironflow/client.py", "ironflow/models.py"]
)
def test_drift_is_unhealthy_and_names_the_file(project, capsys, name):
    with (project.root / name).open("a", encoding="utf-8") as file:
        file.write("# edited by hand\n")

    found = assert_unhealthy(project, capsys, f"{name} is not current")
    assert found["drift"] == [name]


def test_a_route_that_lost_its_documented_mark_is_noticed(project, capsys):
    project.write(changed("GET /api/v1/runs/{id}", documented=None))
    project.run("generate")

    assert_unhealthy(project, capsys, "102 routes are marked documented, not 103")


def test_health_changes_no_file(project):
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    project.run("health", "--record", str(project.record))

    assert {p: p.read_bytes() for p in project.root.rglob("*") if p.is_file()} == before


# The two forms


def test_the_report_for_programs_says_the_same_as_the_one_for_people(project, capsys):
    project.write(changed("GET /api/v1/export", omit_reason=None))
    project.saw(calls(without=["GET /api/v1/audit"]))
    with project.client.open("a", encoding="utf-8") as file:
        file.write("# edited by hand\n")
    capsys.readouterr()
    _, found = project.health()
    text = capsys.readouterr().out
    lines = text.splitlines()

    rows = [line.split() for line in lines[1 : lines.index("")]]
    assert rows == [
        [
            row["group"],
            str(row["endpoints"]),
            str(row["methods"]),
            str(row["documented"]),
            f"{row['typed_bodies']}/{row['bodies']}",
            f"{row['typed_replies']}/{row['methods']}",
            str(row["tested"]),
        ]
        for row in [*found["groups"], found["total"]]
    ]
    assert found["documented"] in lines
    assert f"untested: {len(found['untested'])}: {', '.join(found['untested'])}" in lines
    assert found["untested"] == ["audit_list"]
    for name, reason in found["pins"].items():
        assert f"  {name}: {reason}" in lines
    for route, reason in found["left_out"].items():
        assert f"  {route}: {reason or 'NO REASON'}" in lines
    assert f"manifest: {found['manifest']}, drift: {', '.join(found['drift'])}" in lines
    assert [line for line in lines if line.startswith("PROBLEM: ")] == [
        f"PROBLEM: {problem}" for problem in found["problems"]
    ]
    assert found["manifest"] == load(project.root / "manifest.json").digest


def test_pins_and_routes_left_out_are_listed_with_their_reasons(project):
    found = project.health()[1]

    rpcs = {e.name for e in load(project.root / "manifest.json").endpoints if e.category == "rpc"}
    assert sorted(set(found["pins"]) - rpcs) == [
        "capabilities",
        "health",
        "metrics",
        "orgs_create_orgs",
        "ready",
        "schemas_create_upcast",
        "schemas_get_by_name",
    ]
    assert sorted(found["left_out"]) == [
        "GET /api/v1/auth/validate",
        "GET /api/v1/export",
        "GET /api/v1/routes",
        "POST /api/v1/auth/login",
        "POST /api/v1/webhooks/{provider}",
    ]
    assert all(found["pins"].values()) and all(found["left_out"].values())
