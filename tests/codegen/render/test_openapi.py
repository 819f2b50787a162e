"""docs/openapi.json: what tools are told of the API."""

from __future__ import annotations

import json

import pytest

from codegen.manifest import check, load
from codegen.naming import methods
from codegen.render import openapi

from ...conftest import ROOT
from ..builders import document, endpoint, field


def rendered(manifest):
    return json.loads(openapi.render(manifest, methods(manifest)))


@pytest.fixture(scope="module")
def whole():
    return rendered(load(ROOT / "manifest.json"))


def test_the_document_is_valid_openapi_3_1(whole):
    validator = pytest.importorskip(
        "openapi_spec_validator", reason="the library openapi-spec-validator is not installed"
    )
    validator.validate(whole)
    assert whole["openapi"] == "3.1.0"


def test_an_operation_is_named_as_its_method_and_shows_its_example(whole):
    operation = whole["paths"]["/api/v1/events"]["post"]
    assert operation["operationId"] == "events_create"
    body = operation["requestBody"]
    assert body["required"] is True
    media = body["content"]["application/json"]
    assert media["schema"] == {"$ref": "#/components/schemas/TriggerEventRequest"}
    assert media["example"]["name"] == "order.placed"
    assert operation["responses"]["default"] == {"$ref": "#/components/responses/Error"}


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("PubSubService/ListTopics", {"type": "object"}),
        (
            "WebhookService/ListWebhookSources",
            {"$ref": "#/components/schemas/ListWebhookSourcesRequest"},
        ),
    ],
)
def test_an_rpc_wants_a_message_and_the_header_of_its_protocol(whole, path, schema):
    operation = whole["paths"][f"/ironflow.v1.{path}"]["post"]
    assert operation["requestBody"]["required"] is True
    assert operation["requestBody"]["content"]["application/json"]["schema"] == schema
    (parameter,) = operation["parameters"]
    assert (parameter["name"], parameter["in"]) == ("Connect-Protocol-Version", "header")
    assert parameter["schema"]["const"] == "1"


def test_known_values_bind_in_requests_and_are_only_named_in_replies(whole):
    parameters = whole["paths"]["/api/v1/runs"]["get"]["parameters"]
    status = next(p for p in parameters if p["name"] == "status")["schema"]
    assert "failed" in status["enum"]
    member = whole["components"]["schemas"]["Run"]["properties"]["status"]
    assert "enum" not in member
    assert "`failed`" in member["description"]


def test_a_reply_that_holds_a_credential_says_so(whole):
    operation = whole["paths"]["/api/v1/apikeys"]["post"]
    assert operation["x-ironflow-secret"] is True
    assert "credential" in operation["responses"]["200"]["description"]
    assert "x-ironflow-secret" not in whole["paths"]["/api/v1/apikeys"]["get"]


def test_only_what_needs_no_credential_is_without_security(whole):
    assert whole["security"] == [{"bearer": []}]
    assert whole["paths"]["/health"]["get"]["security"] == []
    assert "security" not in whole["paths"]["/api/v1/runs"]["get"]


def test_objects_are_open(whole):
    for name, schema in whole["components"]["schemas"].items():
        assert "additionalProperties" not in schema, name


def test_a_websocket_route_is_described_as_what_a_plain_get_gives(whole):
    watch = whole["paths"]["/api/v1/kv/buckets/{bucket}/watch"]["get"]
    assert "426" in watch["responses"]
    assert "200" not in watch["responses"]


def test_a_list_is_joined_by_commas(whole):
    parameters = whole["paths"]["/api/v1/events"]["get"]["parameters"]
    names = next(p for p in parameters if p["name"] == "names")
    assert (names["style"], names["explode"]) == ("form", False)
    assert names["schema"] == {"type": "array", "items": {"type": "string"}}


def test_a_rest_of_slashes_is_one_parameter(whole):
    get = whole["paths"]["/api/v1/kv/buckets/{bucket}/keys/{key}"]["get"]
    assert [p["name"] for p in get["parameters"]] == ["bucket", "key"]
    assert "%2F" in get["description"]


def test_a_nullable_member_may_be_null_and_a_bare_route_gives_anything():
    fields = [field("at", "datetime", nullable=True, description="When.")]
    entry = endpoint("GET /api/v1/runs")
    del entry["response"]
    found = rendered(check(document(entry, models={"Run": {"fields": fields}})))
    assert found["components"]["schemas"]["Run"]["properties"]["at"] == {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}],
        "description": "When.",
    }
    reply = found["paths"]["/api/v1/runs"]["get"]["responses"]["200"]
    assert reply["content"]["application/json"]["schema"] == {}


def test_a_deprecated_route_and_an_idempotent_post_are_marked():
    old = endpoint("GET /api/v1/runs", deprecated={"since": "2.0", "use": "another"})
    query = endpoint("POST /api/v1/sql", group="sql", idempotent=True)
    found = rendered(check(document(old, query)))
    assert found["paths"]["/api/v1/runs"]["get"]["deprecated"] is True
    assert found["paths"]["/api/v1/sql"]["post"]["x-ironflow-idempotent"] is True
