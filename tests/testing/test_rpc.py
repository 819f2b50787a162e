"""RPC over HTTP: what a Connect client may send, and what it gets for what it may not."""

from __future__ import annotations

import gzip
import json

import pytest

from ironflow import AuthenticationError, IronflowClient
from ironflow.testing._http import MAX_BODY

from ..connect import enveloped
from .connect import call, refusal

REGISTER = "IronflowService/RegisterFunction"
FUNCTION = {"id": "pack", "triggers": [{"event": "order.*"}]}
STREAM = {"content_type": "application/connect+json"}


def end_of(body):
    """The end-of-stream message that is all of a body."""
    assert (body[0], int.from_bytes(body[1:5], "big")) == (2, len(body) - 5)
    return json.loads(body[5:])


# Methods


def test_a_method_that_the_product_does_not_have_is_404_and_unimplemented(local):
    for name in ("IronflowService/Fly", "FlyService/Info", "", "IronflowService"):
        status, code, message = refusal(local, name)
        assert (status, code) == (404, "unimplemented")
        assert name in message


def test_a_method_that_is_not_offered_is_501_and_unimplemented(local):
    assert refusal(local, "AgentToolsService/ListTools") == (
        501,
        "unimplemented",
        "the local server does not offer AgentToolsService/ListTools",
    )


def test_a_stream_that_is_not_offered_says_so_at_its_end(local):
    name = "ProjectionService/StreamProjectionEvents"
    status, headers, body = call(local, name, enveloped({"name": "p"}), **STREAM)
    assert (status, headers["Content-Type"]) == (200, "application/connect+json")
    assert end_of(body)["error"]["code"] == "unimplemented"


def test_a_method_is_called_by_post(local):
    status, headers, error = call(local, REGISTER, verb="PUT")
    assert (status, headers["Allow"], error["code"]) == (405, "POST", "unimplemented")


def test_a_call_without_a_key_is_refused_before_its_method_is_looked_at(guarded):
    for name in (REGISTER, "IronflowService/Fly"):
        assert refusal(guarded, name)[:2] == (401, "unauthenticated")
    with IronflowClient(guarded.url, max_attempts=1) as client:
        with pytest.raises(AuthenticationError):
            client.rpc(REGISTER, FUNCTION)
        with pytest.raises(AuthenticationError):
            list(client.rpc_stream("PubSubService/Subscribe", {"pattern": "topic:a"}))


# Codecs and compression


@pytest.mark.parametrize("kind", ["application/proto", "application/connect+json", "text/plain"])
def test_another_codec_is_415_and_names_the_one_to_use(local, kind):
    status, headers, error = call(local, REGISTER, content_type=kind)
    assert (status, error["code"]) == (415, "unimplemented")
    assert headers["Accept-Post"] == "application/json"
    assert "application/json" in error["message"] and kind in error["message"]


@pytest.mark.parametrize("kind", ["application/connect+proto", "application/json"])
def test_another_codec_of_a_stream_is_415(local, kind):
    status, headers, error = call(local, "PubSubService/Subscribe", content_type=kind)
    assert (status, error["code"]) == (415, "unimplemented")
    assert headers["Accept-Post"] == "application/connect+json"


def test_a_codec_with_parameters_and_in_capitals_is_taken(local):
    kind = "Application/JSON; charset=utf-8"
    assert call(local, REGISTER, FUNCTION, content_type=kind)[0] == 200


def test_a_compressed_message_is_taken(local):
    packed = gzip.compress(json.dumps(FUNCTION).encode())
    status, _, reply = call(local, REGISTER, packed, content_encoding="gzip")
    assert (status, reply["function"]["id"]) == (200, "pack")
    name = "ProjectionService/StreamProjectionEvents"
    packed = enveloped(packed, 1)
    _, _, body = call(local, name, packed, connect_content_encoding="gzip", **STREAM)
    assert end_of(body)["error"]["code"] == "unimplemented"


def test_a_message_that_inflates_without_an_end_is_refused_and_the_server_goes_on(local):
    bomb = gzip.compress(b"[" * (MAX_BODY + 1))
    assert len(bomb) < MAX_BODY / 100
    status, code, _ = refusal(local, REGISTER, bomb, content_encoding="gzip")
    assert (status, code) == (429, "resource_exhausted")
    assert call(local, REGISTER, FUNCTION)[0] == 200


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(b"{}")[:-3], gzip.compress(b"{}") + b"more"],
    ids=["not gzip", "cut short", "more behind it"],  # compress() writes the time into its bytes
)
def test_a_message_that_is_no_gzip_is_400(local, body):
    status, code, message = refusal(local, REGISTER, body, content_encoding="gzip")
    assert (status, code) == (400, "invalid_argument")
    assert "gzip" in message


def test_an_unknown_compression_is_refused_with_those_that_are_known(local):
    status, code, message = refusal(local, REGISTER, content_encoding="br")
    assert (status, code) == (501, "unimplemented")
    assert "br" in message and "gzip" in message


# Messages


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"text"', b"1", b"\xff", b"NaN", b'{"id":' + b"[" * 5000, b"{}}"]
)
def test_a_message_that_is_no_object_is_invalid(local, body):
    assert refusal(local, REGISTER, body)[:2] == (400, "invalid_argument")


@pytest.mark.parametrize("body", [b"", b"null", b"{}"])
def test_a_message_may_be_empty(local, body):
    status, code, message = refusal(local, REGISTER, body)
    assert (status, code, message) == (400, "invalid_argument", "id is required")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0",
        b"\0\0\0\0\7{}",
        enveloped({}) + enveloped({}),
        enveloped({}, 2),
        enveloped({}, 1),
        enveloped(b"{"),
    ],
)
def test_an_envelope_that_is_cut_doubled_or_marked_wrongly_ends_the_stream(local, body):
    status, _, reply = call(local, "PubSubService/Subscribe", body, **STREAM)
    assert status == 200
    assert end_of(reply)["error"]["code"] in ("invalid_argument", "unimplemented")


def test_faults_are_met_by_any_method(local, local_client):
    local.fail("POST", "/ironflow.v1.IronflowService/GetRun", 503)
    assert call(local, "IronflowService/GetRun")[0] == 503
    assert local_client.with_options(max_attempts=2).rpc(REGISTER, FUNCTION)["created"] is True
