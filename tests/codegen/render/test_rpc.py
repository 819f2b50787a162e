"""The tables of the RPC methods, and of the members of their replies that hold models."""

from __future__ import annotations

from codegen.manifest import check
from codegen.render import rpc

from ..builders import document, endpoint, field
from ..test_services import SERVICES

LIST = {
    "category": "rpc",
    "group": "topics",
    "name": "topics_x",
    "name_reason": "as it is",
    "response": "Topics",
}
MODELS = {
    "Topics": {
        "fields": [
            field("topics", "array<Topic>"),
            field("next_cursor"),
            field("by_name", "map<string,Topic>"),
        ]
    },
    "Topic": {
        "fields": [
            field("name"),
            field("first_message_at", "datetime"),
            field("last_event", "Event"),
            field("sub_topics", "array<Topic>"),
        ]
    },
    "Event": {"fields": [field("user_data", "object")]},
    "Rest": {"fields": [field("not_rpc", "Event")]},
}


def tables(*endpoints, **changes):
    """The tables of a manifest, as Python reads them."""
    space = {}
    exec(rpc.render(check(document(*endpoints, **changes))), space)
    return space["METHODS"], space["NESTED"]


def test_the_methods_have_a_row_each():
    methods, _ = tables(services=SERVICES)

    assert methods == {
        "AService/Talk": ("bidi_stream", False, False),
        "TopicService/Follow": ("server_stream", False, False),
        "TopicService/ListTopics": ("unary", True, False),
        "TopicService/Publish": ("unary", False, True),
    }


def test_the_models_of_rpc_replies_are_there_and_no_others():
    _, nested = tables(
        endpoint("POST /ironflow.v1.TopicService/List", **LIST),
        endpoint("GET /api/v1/rest", group="rest", response="Rest"),
        models=MODELS,
    )

    assert nested == {
        "Topic": {"last_event": "Event", "sub_topics": "Topic"},
        "Topics": {"topics": "Topic"},
    }


def test_a_manifest_without_rpc_has_empty_tables():
    assert tables() == ({}, {})
    assert "METHODS: dict[str, tuple[str, bool, bool]] = {}\n" in rpc.render(check(document()))
