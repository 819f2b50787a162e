"""The services of a manifest: what is read and what is refused, of rpc endpoints too."""

from __future__ import annotations

import json

import pytest

from codegen.manifest import check, load
from codegen.model import Rpc

from ..conftest import ROOT
from .builders import assert_refused, document, endpoint

SERVICES = {
    "TopicService": {
        "ListTopics": {"kind": "unary", "no_side_effects": True},
        "Publish": {"kind": "unary", "keyed": True},
        "Follow": {"kind": "server_stream"},
    },
    "AService": {"Talk": {"kind": "bidi_stream"}},
}
RPC = {
    "group": "topics",
    "category": "rpc",
    "name": "topics_x",
    "name_reason": "as it is",
}


def rpc(method, **changes):
    return endpoint(f"POST /ironflow.v1.TopicService/{method}", **{**RPC, **changes})


def test_the_methods_are_read_in_alphabetical_order():
    assert check(document(services=SERVICES)).services == (
        Rpc("AService/Talk", "bidi_stream", False, False),
        Rpc("TopicService/Follow", "server_stream", False, False),
        Rpc("TopicService/ListTopics", "unary", True, False),
        Rpc("TopicService/Publish", "unary", False, True),
    )


@pytest.mark.parametrize("services", [None, {}, {"Empty": {}}])
def test_a_manifest_needs_no_services(services):
    assert check(document(services=services)).services == ()


@pytest.mark.parametrize(
    ("services", "place", "words"),
    [
        ([], "services", "must be an object"),
        ({"A": []}, "services.A", "must be an object"),
        ({"A": {"B": {}}}, "services.A.B.kind", "is missing"),
        ({"A": {"B": {"kind": "stream"}}}, "services.A.B.kind", "'stream' is not known; use unary"),
        ({"A": {"B": {"kind": "unary", "keyd": True}}}, "services.A.B.keyd", "do you mean keyed?"),
        (
            {"A": {"B": {"kind": "unary", "no_side_effects": "yes"}}},
            "services.A.B.no_side_effects",
            "must be true or false",
        ),
        ({"a/b": {}}, "services", "'a/b' is not allowed; write it as ListTopics"),
        ({"x" * 37: {}}, "services", "with at most 36 characters"),
        ({"A": {'B"': {"kind": "unary"}}}, "services.A", "is not allowed; write it as ListTopics"),
    ],
)
def test_services_of_another_shape_are_refused(services, place, words):
    assert_refused(document(services=services), place, words)


def test_an_rpc_endpoint_agrees_with_the_services():
    entries = [
        rpc("ListTopics", idempotent=True),
        rpc("Publish", name="topics_y"),
    ]

    assert len(check(document(*entries, services=SERVICES)).endpoints) == 2


@pytest.mark.parametrize(
    ("entry", "place", "words"),
    [
        (rpc("Unknown"), "endpoints[0].path", "is not a unary method of the services"),
        (rpc("Follow"), "endpoints[0].path", "is not a unary method of the services"),
        (rpc("ListTopics"), "endpoints[0].idempotent", "what the services say as no_side_effects"),
        (
            rpc("Publish", idempotent=True),
            "endpoints[0].idempotent",
            "what the services say as no_side_effects",
        ),
    ],
)
def test_an_rpc_endpoint_that_contradicts_the_services_is_refused(entry, place, words):
    assert_refused(document(entry, services=SERVICES), place, words)


def test_without_services_nothing_is_known_of_an_rpc_endpoint():
    (found,) = check(document(rpc("Unknown", idempotent=True))).endpoints

    assert found.path == "/ironflow.v1.TopicService/Unknown"


def test_the_services_are_part_of_what_the_digest_identifies():
    with_services = check(document(services=SERVICES))
    reordered = json.loads(json.dumps(SERVICES, sort_keys=True))

    assert with_services.digest != check(document()).digest
    assert with_services.digest == check(document(services=reordered)).digest


def test_the_committed_services_are_those_of_the_server():
    rows = (ROOT / "tests" / "golden" / "rpc.txt").read_text(encoding="utf-8").split("\n")
    found = [
        " ".join(
            [
                found.name,
                found.kind,
                *(["no_side_effects"] if found.no_side_effects else []),
                *(["keyed"] if found.keyed else []),
            ]
        )
        for found in load(ROOT / "manifest.json").services
    ]

    assert found == sorted(filter(None, rows))
