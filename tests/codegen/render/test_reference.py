"""docs/reference.md: every method, and example calls that work."""

from __future__ import annotations

import re

import pytest

from codegen.manifest import check, load
from codegen.naming import methods
from codegen.render import reference
from ironflow import IronflowError

from ...conftest import ROOT
from ..builders import document, endpoint

MANIFEST = load(ROOT / "manifest.json")
METHODS = [method for method in methods(MANIFEST) if not method.endpoint.left_out]

# What an example call may come to on a server that knows nothing of the example's things.
MAY_BE = {200, 400, 401, 403, 404, 409, 412, 426, 501}


def test_every_method_has_a_section_and_every_section_a_method():
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    before_models = page.partition("\n## Models\n")[0]
    sections = re.findall(r"^### (\w+)$", before_models, re.M)
    assert sorted(sections) == sorted(method.name for method in METHODS)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_the_example_call_is_one_that_the_client_makes_and_the_server_knows(
    local_client, local, method
):
    status = 200
    try:
        eval("\n".join(reference.call(method)), {"client": local_client})
    except IronflowError as error:
        status = error.status_code
    assert status in MAY_BE, status
    made = local.requests[-1]
    pattern = re.sub(r"\{[^}]*\}", "[^/]+", method.endpoint.path)
    assert made.method == method.endpoint.method
    assert re.fullmatch(pattern, made.path), made.path


def test_a_section_says_what_there_is_to_know():
    entry = endpoint(
        "POST /api/v1/runs/{id}/retry",
        summary="Retry a run.",
        description="It keeps its ``id``.",
        alias="runs_again",
        deprecated={"since": "2.0", "use": "another"},
        secret=True,
        body="Run",
        response="Run",
        path_params=[{"name": "id", "type": "string", "description": "Id, such as ``run_1``."}],
        query=[{"name": "limit", "type": "integer", "default": 5, "description": "How many."}],
        example={"request": {"id": "run_1"}, "response": {"id": "run_1"}},
    )
    manifest = check(document(entry))
    page = reference.render(manifest, methods(manifest))
    section = page.partition("### runs_retry\n")[2].partition("\n## Models")[0]
    assert section == (
        "\n`POST /api/v1/runs/{id}/retry`\n"
        "\nRetry a run. It keeps its `id`.\n"
        "\n* Also named `runs_again`.\n"
        "* Deprecated since 2.0: use another.\n"
        "* Not among the methods that the SDK document counts.\n"
        "* The reply holds a credential: no error and no log quotes it.\n"
        "\n| argument | type | meaning |\n|---|---|---|\n"
        "| `id` | `str` | Id, such as `run_1`. |\n"
        "| `body` | `models.Run` |  |\n"
        "| `limit` | `int` | How many. Default: 5. Optional. |\n"
        "\nReturns `models.Run`.\n"
        '\n```py\nclient.runs_retry("run_1", body={"id": "run_1"})\n```\n'
        '\n```json\n{\n  "id": "run_1"\n}\n```\n'
    )


def test_the_page_says_which_names_are_reconstructed():
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert "95 it shows by name, and 8 are reconstructed" in page
    assert "`workers_update_jobs`" in page.partition("## Groups")[0]
