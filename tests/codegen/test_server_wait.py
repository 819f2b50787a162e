"""The rules for ``server_wait``."""

from __future__ import annotations

import pytest

from codegen.manifest import check
from codegen.model import ServerWait

from .builders import ABSENT, assert_refused, changed, document, endpoint, field

WAIT = {"param": "timeout", "in": "query", "unit": "ms", "default": 30000}


def held(**changes):
    """A manifest with one route that the server holds, whose wait has some keys changed."""
    entry = endpoint(
        query=[{"name": "timeout", "type": "integer"}, {"name": "name", "type": "string"}],
        body="Wait",
        server_wait=changed(WAIT, changes),
    )
    return document(entry, models={"Wait": {"fields": [field("timeoutMs", "number")]}})


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ServerWait("timeout", "query", "ms", 30000)),
        (
            {"param": "timeoutMs", "in": "body", "unit": "s", "default": 0},
            ServerWait("timeoutMs", "body", "s", 0),
        ),
    ],
)
def test_a_wait_is_read_whole(changes, found):
    assert check(held(**changes)).endpoints[0].server_wait == found


@pytest.mark.parametrize(
    ("key", "junk", "words"),
    [
        ("param", ABSENT, "is missing; it must be a string"),
        ("param", "wait", "'wait' does not stand in the query of the route"),
        ("param", "name", "name must be of type integer or number"),
        ("in", ABSENT, "is missing"),
        ("in", "header", "'header' is not known; use body, query"),
        ("unit", "m", "'m' is not known; use ms, s"),
        ("default", ABSENT, "is missing; it must be a whole number"),
        ("default", 1.5, "must be a whole number"),
        ("default", -1, "must not be negative"),
        ("max", 60000, "is not a known key"),
    ],
)
def test_a_wait_that_is_not_right_is_told(key, junk, words):
    assert_refused(held(**{key: junk}), f"endpoints[0].server_wait.{key}", words)


def test_a_wait_in_a_body_stands_in_the_model_of_the_body():
    broken = held(**{"in": "body"})

    assert_refused(
        broken,
        "endpoints[0].server_wait.param",
        "'timeout' does not stand in the body of the route",
    )
