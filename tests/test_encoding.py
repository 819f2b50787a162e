"""What arrives on the wire for every kind of argument, and what is refused before it is sent."""

from __future__ import annotations

import enum
import uuid
from collections import OrderedDict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from ironflow import ServerError

NAN, INFINITY = float("nan"), float("inf")


class Color(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Plain(enum.Enum):
    TEXT = "red"
    NUMBER = 3
    SHARE = 1.5
    YES = True
    ID = uuid.UUID(int=1)
    NOTHING = None
    MANY = ("a", "b")
    ODD = b"x"
    BROKEN = NAN


PATH_ARGUMENTS = [
    ("run_abc123", "run_abc123"),
    ("a b", "a%20b"),
    ("a/b", "a%2Fb"),
    ("a?b#c%d&e=f+g", "a%3Fb%23c%25d%26e%3Df%2Bg"),
    ("ключ", "%D0%BA%D0%BB%D1%8E%D1%87"),
    ("😀", "%F0%9F%98%80"),
    ("a..b", "a..b"),
    ("...", "..."),
    (".hidden", ".hidden"),
    ("~tilde_-.", "~tilde_-."),
    ("%2e%2e", "%252e%252e"),
    ("line\nbreak\0", "line%0Abreak%00"),
    (42, "42"),
    (Level.HIGH, "3"),
    (Color.RED, "red"),
    (Plain.TEXT, "red"),
    (Plain.NUMBER, "3"),
    (Plain.ID, "00000000-0000-0000-0000-000000000001"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
]


@pytest.mark.parametrize(("argument", "wire"), PATH_ARGUMENTS)
def test_a_path_argument_reaches_the_server_as_one_segment(client, server, argument, wire):
    client.runs_get(argument)
    assert server.last.target == f"/api/v1/runs/{wire}"


def test_a_key_with_slashes_stays_one_segment(client, server):
    client.kv_get_buckets_keys("my-bucket", "users/42/profile")
    assert server.last.target == "/api/v1/kv/buckets/my-bucket/keys/users%2F42%2Fprofile"


@pytest.mark.parametrize(
    "argument",
    ["", ".", "..", "a/..", "../b", "a/./b", "a\\..\\b", "./", "\\.", "a//b", "/a", "a/", "a\\"],
)
def test_a_path_argument_that_would_change_the_route_is_refused(client, server, argument):
    with pytest.raises(ValueError, match="^id: must not"):
        client.runs_get(argument)
    assert server.requests == []


@pytest.mark.parametrize(
    "argument",
    [None, True, False, b"run_1", 1.5, ["run_1"], object(), Plain.YES, Plain.SHARE, Plain.NOTHING],
)
def test_a_path_argument_of_another_type_is_refused_by_name(client, server, argument):
    with pytest.raises(TypeError, match="^id: must be a string or an integer"):
        client.runs_get(argument)
    assert server.requests == []


def test_a_refused_path_argument_is_named_also_when_it_is_not_the_first(client):
    with pytest.raises(ValueError, match="^key: must not be empty"):
        client.kv_get_buckets_keys("my-bucket", "")


def test_broken_unicode_in_a_path_argument_is_refused(client):
    with pytest.raises(ValueError, match="^id: is not valid Unicode"):
        client.runs_get("\ud800")


QUERY_VALUES = [
    (None, ""),
    (True, "?q=true"),
    (False, "?q=false"),
    (0, "?q=0"),
    (-7, "?q=-7"),
    (1.5, "?q=1.5"),
    ("", "?q="),
    ("a b&c=d", "?q=a%20b%26c%3Dd"),
    ("a+b", "?q=a%2Bb"),
    ("é", "?q=%C3%A9"),
    (Color.RED, "?q=red"),
    (Level.HIGH, "?q=3"),
    (Plain.TEXT, "?q=red"),
    (Plain.NUMBER, "?q=3"),
    (Plain.SHARE, "?q=1.5"),
    (Plain.YES, "?q=true"),
    (Plain.ID, "?q=00000000-0000-0000-0000-000000000001"),
    (uuid.UUID(int=1), "?q=00000000-0000-0000-0000-000000000001"),
    ([uuid.UUID(int=1), Plain.TEXT], "?q=00000000-0000-0000-0000-000000000001%2Cred"),
    (["a", "b c"], "?q=a%2Cb%20c"),
    (("a", 2, True), "?q=a%2C2%2Ctrue"),
    (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc), "?q=2026-01-02T03%3A04%3A05Z"),
    (
        datetime(2026, 1, 2, 3, 4, 5, 600, tzinfo=timezone(timedelta(hours=-5))),
        "?q=2026-01-02T03%3A04%3A05.000600-05%3A00",
    ),
    (
        datetime(1900, 1, 1, tzinfo=timezone(timedelta(minutes=19, seconds=32))),
        "?q=1899-12-31T23%3A40%3A28Z",
    ),
]


@pytest.mark.parametrize(("value", "wire"), QUERY_VALUES)
def test_a_query_value_is_written_as_the_server_reads_it(client, server, value, wire):
    client.request("GET", "/x", params={"q": value})
    assert server.last.target == f"/x{wire}"


def test_query_parameters_use_their_wire_names_and_none_is_left_out(client, server):
    client.audit_list(from_=datetime(2026, 1, 1, tzinfo=timezone.utc), run_id="run_1", limit=None)
    assert server.last.query == {"from": "2026-01-01T00:00:00Z", "run_id": "run_1"}


def test_a_list_for_a_parameter_that_takes_one_value_is_refused_by_name(client, server):
    for values in (["failed"], ("failed",), [], ()):
        kind = type(values).__name__
        with pytest.raises(TypeError, match=f"^status: takes one value, not a {kind}"):
            client.runs_list(status=values)
    with pytest.raises(ValueError, match="^names: must not be an empty list"):
        client.events_list(names=[])
    assert server.requests == []


def test_a_list_of_names_is_joined_by_commas(client, server):
    client.events_list(names=["order.placed", "order.paid"], limit=5)
    assert server.last.query == {"names": "order.placed,order.paid", "limit": "5"}


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (NAN, ValueError, "q: NaN"),
        (-INFINITY, ValueError, "q: NaN and infinity"),
        (datetime(2026, 1, 1), ValueError, "q: a datetime needs a time zone"),
        (
            date(2026, 1, 1),
            TypeError,
            "q: a query value cannot be of type date: it has no time of day; give a datetime with",
        ),
        (b"x", TypeError, "q: a query value cannot be of type bytes"),
        (Plain.NOTHING, TypeError, "q: a query value cannot be of type NoneType"),
        (Plain.MANY, TypeError, "q: a query value cannot be of type tuple"),
        (Plain.BROKEN, ValueError, "q: NaN and infinity cannot be sent"),
        (iter("ab"), TypeError, "q: a query value cannot be of type str"),
        ({"a": 1}, TypeError, "q: a query value cannot be of type dict"),
        ({"a"}, TypeError, "q: a query value cannot be of type set"),
        (["a", None], TypeError, r"q\[1\]: an item of a list cannot be of type NoneType"),
        ([["a"]], TypeError, r"q\[0\]: an item of a list cannot be of type list"),
        (["a,b"], ValueError, r"q\[0\]: an item must not hold a comma"),
        ([], ValueError, "q: must not be an empty list"),
        ((), ValueError, "q: must not be an empty list"),
        ("\ud800", ValueError, "q: is not valid Unicode"),
    ],
)
def test_a_query_value_that_cannot_be_sent_is_refused_by_name(
    client, server, value, error, message
):
    with pytest.raises(error, match=f"^{message}"):
        client.request("GET", "/x", params={"q": value})
    assert server.requests == []


def test_a_query_name_must_be_a_string(client):
    with pytest.raises(TypeError, match="^query: names must be strings, not int"):
        client.request("GET", "/x", params={1: "a"})


JSON_BODIES = [
    ({"name": "a", "data": {"n": 1}}, b'{"name":"a","data":{"n":1}}'),
    ({"é": "ü😀"}, '{"é":"ü😀"}'.encode()),
    ([1, 2.5, True, None, "x"], b'[1,2.5,true,null,"x"]'),
    ((1, (2,)), b"[1,[2]]"),
    ("text", b'"text"'),
    (0, b"0"),
    (False, b"false"),
    ("", b'""'),
    ({}, b"{}"),
    (OrderedDict(b=1, a=2), b'{"b":1,"a":2}'),
    ({"c": Color.RED, "l": Level.HIGH}, b'{"c":"red","l":3}'),
    (
        {"t": Plain.TEXT, "n": Plain.NUMBER, "s": Plain.SHARE, "y": Plain.YES, "0": Plain.NOTHING},
        b'{"t":"red","n":3,"s":1.5,"y":true,"0":null}',
    ),
    ({Color.RED: [Plain.MANY]}, b'{"red":[["a","b"]]}'),
    (Plain.ID, b'"00000000-0000-0000-0000-000000000001"'),
    (
        {"at": datetime(2026, 1, 2, tzinfo=timezone.utc), "id": uuid.UUID(int=1)},
        b'{"at":"2026-01-02T00:00:00Z","id":"00000000-0000-0000-0000-000000000001"}',
    ),
]


@pytest.mark.parametrize(("body", "wire"), JSON_BODIES)
def test_a_body_is_compact_utf8_json(client, server, body, wire):
    client.config_create("my-config", body=body)
    assert server.last.body == wire
    assert server.last.headers["content-type"] == "application/json"
    assert server.last.headers["content-length"] == str(len(wire))


CYCLE: list = []
CYCLE.append(CYCLE)


class Secret:
    def __repr__(self):
        return "hunter2"


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        ({1: "a"}, TypeError, "body: keys must be strings, not int"),
        ({"a": [{"b": {None: 1}}]}, TypeError, r"body\.a\[0\]\.b: keys must be strings, not None"),
        ({"a": {"b": [1, NAN]}}, ValueError, r"body\.a\.b\[1\]: NaN and infinity"),
        ({"a b": INFINITY}, ValueError, r"body\['a b'\]: NaN and infinity"),
        ({"at": datetime(2026, 1, 1)}, ValueError, r"body\.at: a datetime needs a time zone"),
        ({"on": date(2026, 1, 1)}, TypeError, r"body\.on: type date cannot be written as JSON"),
        ({"s": {1, 2}}, TypeError, r"body\.s: type set cannot be written as JSON"),
        ({"d": Decimal("1.5")}, TypeError, r"body\.d: type Decimal cannot be written as JSON"),
        ({"s": Secret()}, TypeError, r"body\.s: type Secret cannot be written as JSON"),
        ({"b": b"x"}, TypeError, r"body\.b: type bytes cannot be written as JSON"),
        ({"e": Plain.ODD}, TypeError, r"body\.e: type bytes cannot be written as JSON"),
        ({"e": Plain.BROKEN}, ValueError, r"body\.e: NaN and infinity"),
        ({Plain.TEXT: 1}, TypeError, "body: keys must be strings, not Plain"),
        (b"raw", TypeError, "body: type bytes cannot be written as JSON"),
        ({"t": "\ud800"}, ValueError, "body: holds text that is not valid Unicode"),
        (CYCLE, ValueError, "body: nested too deeply, or it contains itself"),
    ],
)
def test_a_body_that_is_not_json_is_refused_with_its_place(client, server, body, error, message):
    with pytest.raises(error, match=f"^{message}") as caught:
        client.config_create("my-config", body=body)
    assert server.requests == []
    assert "hunter2" not in str(caught.value)


def test_bytes_are_stored_as_they_are_where_the_route_takes_them(client, server):
    for value in (b"\x00\xff", bytearray(b"\x00\xff"), memoryview(b"\x00\xff")):
        client.kv_update_buckets_keys("my-bucket", "k", body=value)
        assert server.last.body == b"\x00\xff"
        assert server.last.headers["content-type"] == "application/octet-stream"


def test_anything_else_is_stored_as_json_where_the_route_takes_bytes(client, server):
    client.kv_update_buckets_keys("my-bucket", "k", body="text")
    assert server.last.body == b'"text"'
    assert server.last.headers["content-type"] == "application/json"


def test_bytes_are_refused_on_any_other_route(client, server):
    with pytest.raises(TypeError, match="^body: type bytes"):
        client.config_create("my-config", body=b"x")
    assert server.requests == []


def test_bytes_are_sent_as_they_are_to_a_route_of_the_callers_choice(client, server):
    client.request("PUT", "/api/v1/kv/buckets/b/keys/k", body=b"\x00\xff")
    assert server.last.body == b"\x00\xff"
    assert server.last.headers["content-type"] == "application/octet-stream"
    client.request("POST", "/x", body=b"<a/>", headers={"content-type": "text/xml"})
    assert server.last.headers["content-type"] == "text/xml"


def test_a_post_without_a_body_says_so(client, server):
    client.projections_rebuild("my-projection")
    assert server.last.headers["content-length"] == "0"
    assert "content-type" not in server.last.headers


def test_a_get_says_nothing_of_a_body(client, server):
    client.runs_list()
    assert "content-length" not in server.last.headers
    assert "content-type" not in server.last.headers


# Idempotency keys.


@pytest.mark.parametrize("key", ["", " ", "\t", "\xa0"])
def test_a_blank_idempotency_key_is_refused_in_header_and_body(client, server, key):
    with pytest.raises(ValueError, match="^Idempotency-Key: must not be blank"):
        client.functions_invoke("f", {}, idempotency_key=key)
    with pytest.raises(ValueError, match="^Idempotency-Key: must not be blank"):
        client.request("POST", "/x", headers={"idempotency-key": key})
    with pytest.raises(ValueError, match=r"^body\.idempotency_key: must not be blank"):
        client.pub_sub_create({"topic": "t", "data": 1, "idempotency_key": key})
    assert server.requests == []


@pytest.mark.parametrize("key", [0, 7, True, False, 1.5, [], ["k"], {}, None])
def test_what_is_no_text_is_no_idempotency_key_and_makes_nothing_repeatable(client, server, key):
    server.reply({"error": "busy"}, status=503)
    with pytest.raises(ServerError) as caught:
        client.pub_sub_create({"topic": "t", "data": 1, "idempotency_key": key})
    assert caught.value.attempts == len(server.requests) == 1
    assert server.last.json["idempotency_key"] == key


def test_an_idempotency_key_may_be_a_uuid_and_none_is_no_key(client, server):
    key = uuid.UUID(int=1)
    text = "00000000-0000-0000-0000-000000000001"
    client.functions_invoke("f", {}, idempotency_key=key)
    assert server.last.headers["idempotency-key"] == text
    client.pub_sub_create({"topic": "t", "data": 1, "idempotency_key": key})
    assert server.last.json["idempotency_key"] == text
    client.functions_invoke("f", {}, idempotency_key=None)
    assert "idempotency-key" not in server.last.headers
