"""Request headers: which arrive, which are refused, what wins, and what a ``repr`` shows."""

from __future__ import annotations

import enum
import uuid
from collections import OrderedDict
from types import MappingProxyType

import pytest

from ironflow import IronflowClient
from ironflow._wire.headers import Fields, Given, Headers

from ..conftest import KEY


class Level(enum.Enum):
    HIGH = "high"


def test_header_arguments_reach_the_wire_under_their_own_names(client, server):
    client.kv_update_buckets_keys("b", "k", body={}, if_match=7)
    assert server.last.headers["if-match"] == "7"
    assert "if-none-match" not in server.last.headers
    client.kv_update_buckets_keys("b", "k", body={}, if_none_match="*")
    assert server.last.headers["if-none-match"] == "*"


@pytest.mark.parametrize(
    "value",
    ["a\rb", "a\nb", "a\0b", "a\r\nX-Evil: 1", "a\x1b[31m", "a\x0bb", "a\x7fb", "snow\u2603man"],
)
def test_a_header_value_that_would_break_the_request_is_refused_unseen(client, server, value):
    with pytest.raises(ValueError, match="^X-Note: ") as caught:
        client.request("GET", "/x", headers={"X-Note": value})
    assert value not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert server.requests == []


@pytest.mark.parametrize("name", ["", "a b", "a:b", "Authorization: Bearer hunter2", "a\r\nb", "é"])
def test_a_header_name_that_is_none_is_refused_unseen(client, server, name):
    with pytest.raises(ValueError, match="^headers: a name must be an HTTP token") as caught:
        client.request("GET", "/x", headers={name: "v"})
    assert "hunter2" not in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Accept-Encoding"]
)
def test_a_header_that_frames_the_message_cannot_be_given(client, server, name):
    with pytest.raises(ValueError, match=f"^headers: {name} is set by the client"):
        client.request("GET", "/x", headers={name: "1"})
    assert server.requests == []


@pytest.mark.parametrize("value", [True, 1.5, b"x", ["a"]])
def test_a_header_value_of_another_type_is_refused_by_name(client, value):
    with pytest.raises(TypeError, match="^X-Note: must be a string or an integer"):
        client.request("GET", "/x", headers={"X-Note": value})


def test_a_header_that_is_given_twice_is_refused(client, server):
    for headers in ({"X-Note": "a", "x-note": "b"}, {"AUTHORIZATION": "a", "Authorization": "a"}):
        with pytest.raises(ValueError, match="^headers: .* is given twice"):
            client.request("GET", "/x", headers=headers)
        with pytest.raises(ValueError, match="^headers: .* is given twice"):
            client.with_options(headers=headers)
    assert server.requests == []
    client.request("GET", "/x", headers={"X-Note": None, "x-note": "b"})
    assert server.last.headers["x-note"] == "b"


def test_headers_must_be_a_mapping(client):
    with pytest.raises(TypeError, match="^headers: must be a mapping, not list"):
        client.request("GET", "/x", headers=[("a", "b")])


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("text", "text"),
        ("", ""),
        ("caf\xe9", "caf\xe9"),
        ("a\tb", "a\tb"),
        (7, "7"),
        (-1, "-1"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Level.HIGH, "high"),
    ],
)
def test_a_header_value_is_text_an_integer_a_uuid_or_a_member_of_these(client, server, value, wire):
    client.request("GET", "/x", headers={"X-Note": value})
    assert server.last.headers["x-note"] == wire


@pytest.mark.parametrize("kind", [dict, OrderedDict, MappingProxyType])
def test_headers_may_be_any_mapping_and_none_leaves_one_out(client, server, kind):
    client.request("GET", "/x", headers=kind({"X-A": "1", "X-B": None}))
    assert server.last.headers["x-a"] == "1"
    assert "x-b" not in server.last.headers


def test_a_header_counts_as_the_same_in_any_case_and_is_sent_once(server):
    with IronflowClient(server.url, KEY, headers={"x-note": "client", "X-Keep": "1"}) as client:
        client.request("GET", "/x", headers={"X-NOTE": "call", "AUTHORIZATION": "Bearer call"})
    notes = [value for name, value in server.last.fields if name.lower() == "x-note"]
    keys = [value for name, value in server.last.fields if name.lower() == "authorization"]
    assert (notes, keys) == (["call"], ["Bearer call"])
    assert server.last.headers["x-keep"] == "1"


def test_the_headers_of_a_call_are_gone_with_it(client, server):
    client.request("GET", "/x", headers={"X-Note": "call"})
    client.request("GET", "/x")
    assert "x-note" not in server.last.headers


def test_the_callers_own_mapping_is_left_as_it_is(client):
    headers = {"Idempotency-Key": "auto", "X-Note": 7}
    client.request("POST", "/x", headers=headers, text=True)
    assert headers == {"Idempotency-Key": "auto", "X-Note": 7}


class Fickle(dict):
    """Has another value each time it is asked, as a dict has that another thread changes."""

    def items(self):
        values = [("X-Note", value) for value in self.values()]
        self["X-Note"] = "a\r\nX-Evil: 1"
        return values


def test_the_headers_that_were_checked_are_those_that_are_sent(client, server):
    client.request("GET", "/x", headers=Fickle({"X-Note": "fine"}))
    assert server.last.headers["x-note"] == "fine"


def test_a_repr_shows_names_and_no_value():
    values = {"X-Api-Key": "hunter2", "Cookie": "sid=hunter2"}
    for shown in (Headers(values), Fields(values), Given("headers", values)):
        assert "hunter2" not in repr(shown)
        assert not hasattr(shown, "items")  # what crash reporters go into
    assert repr(Headers(values)) == "Headers(X-Api-Key, Cookie)"


@pytest.mark.parametrize(
    ("names", "conditional"),
    [
        (["If-Match"], True),
        (["IF-NONE-MATCH"], True),
        (["X-A", "if-unmodified-since"], True),
        (["If-Modified-Since"], False),  # counts for GET and HEAD only (RFC 9110, 13.1.3)
        (["X-If-Match"], False),
        ([], False),
    ],
)
def test_a_condition_is_told_by_its_name_in_any_case(names, conditional):
    assert Headers(dict.fromkeys(names, "1")).is_conditional is conditional


def test_a_message_has_the_headers_in_their_order():
    assert Headers({"B": "2", "A": "caf\xe9"}).block == b"B: 2\r\nA: caf\xe9\r\n"
