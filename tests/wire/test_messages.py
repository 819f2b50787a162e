"""What a reply becomes: a value, or an error that says what the server said."""

from __future__ import annotations

import gzip
import json
import time
import traceback
from email.utils import formatdate

import pytest

from ironflow import (
    InvalidResponseError,
    IronflowClient,
    IronflowError,
    NotFoundError,
    ServerError,
)

from ..conftest import KEY


def failure(client, method="GET", path="/x", **arguments):
    with pytest.raises(IronflowError) as caught:
        client.request(method, path, **arguments)
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202, 206, 226, 299])
def test_any_2xx_is_success(client, server, status):
    server.reply({"ok": True}, status=status)
    assert client.request("GET", "/x") == {"ok": True}


@pytest.mark.parametrize("status", [200, 201, 202, 204, 205])
def test_an_empty_reply_is_none(client, server, status):
    server.reply(status=status, body=b"")
    assert client.request("DELETE", "/x") is None


@pytest.mark.parametrize("value", [None, 0, "", [], {}, "text", 1.5, {"a": [1, {"b": None}]}])
def test_json_of_any_kind_is_decoded(client, server, value):
    server.reply(value)
    assert client.request("GET", "/x") == value


def test_json_is_decoded_whatever_the_content_type_says(client, server):
    server.reply({"ok": 1}, headers={"Content-Type": "text/plain"})
    assert client.request("GET", "/x") == {"ok": 1}


def test_a_text_route_gives_text(client, server):
    server.reply(body=b"# HELP up\nup 1\n", headers={"Content-Type": "text/plain; version=0.0.4"})
    assert client.metrics() == "# HELP up\nup 1\n"
    assert server.last.headers["accept"] == "text/plain, */*"


def test_a_head_request_gives_none(client, server):
    server.reply({"ok": 1})
    assert client.request("HEAD", "/x") is None


UNUSABLE = [
    (b"<html>Welcome</html>", "is not JSON"),
    (b"{'a': 1}", "is not JSON"),
    (b'{"a": 1} trailing', "is not JSON"),
    (b'{"a": NaN}', "is not JSON"),
    (b"-Infinity", "is not JSON"),
    (b'{"a": "\xff\xfe"}', "is not JSON"),
    (b"\x1f\x8b\x08\x00", "is not JSON"),
    (b"[" * 200_000, "nested too deeply"),
]


@pytest.mark.parametrize(("body", "problem"), UNUSABLE)
def test_a_reply_that_is_not_json_is_an_error_that_shows_its_start(client, server, body, problem):
    server.reply(body=body, headers={"Content-Type": "text/html; charset=utf-8"})
    with pytest.raises(InvalidResponseError, match=problem) as caught:
        client.request("GET", "/x")
    error = caught.value
    assert (error.status_code, error.code) == (200, "INVALID_RESPONSE")
    assert "text/html" in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 600
    assert client.request("GET", "/x") == {}


def test_text_that_is_not_utf8_is_an_error(client, server):
    server.reply(body=b"caf\xe9")
    with pytest.raises(InvalidResponseError, match="is not UTF-8 text"):
        client.metrics()


ERROR_BODIES = [
    # body, content type, status, code, message
    (b'{"error": "bucket not found"}', "application/json", 404, "NOT_FOUND", "bucket not found"),
    (
        b'{"code": "NOT_FOUND", "message": "run not found"}',
        "application/json",
        404,
        "NOT_FOUND",
        "run not found",
    ),
    (
        b'{"code": "not_found", "message": "no such run"}',
        "application/json",
        404,
        "not_found",
        "no such run",
    ),
    (b'{"error": "STALE_EXECUTION"}', "application/json", 409, "CONFLICT", "STALE_EXECUTION"),
    (b"upstream timed out\n", "text/plain", 504, "GATEWAY_TIMEOUT", "upstream timed out"),
    (
        b"<html><head><style>b {x: y}</style></head><body>\n<b>502</b> Bad Gateway</body></html>",
        "text/html",
        502,
        "BAD_GATEWAY",
        "HTTP 502 Bad Gateway, a web page, not Ironflow's reply: 502 Bad Gateway",
    ),
    (
        b"\xef\xbb\xbf<!-- x > y --><p>it&#39;s &lt;gone&gt;</p>",
        "text/html",
        404,
        "NOT_FOUND",
        "HTTP 404 Not Found, a web page, not Ironflow's reply: it's <gone>",
    ),
    (
        b"<html></html>",
        "text/html",
        404,
        "NOT_FOUND",
        "HTTP 404 Not Found, a web page, not Ironflow's reply",
    ),
    (b"<nil> pointer", "text/plain", 500, "INTERNAL_SERVER_ERROR", "<nil> pointer"),
    (
        b"<?xml version='1.0'?><Code>Denied</Code>",
        "application/xml",
        403,
        "FORBIDDEN",
        "<?xml version='1.0'?><Code>Denied</Code>",
    ),
    (b"", "text/plain", 404, "NOT_FOUND", "HTTP 404 Not Found, an empty reply"),
    (b"", "text/plain", 499, "HTTP_499", "HTTP 499, an empty reply"),
    (
        b"  \n ",
        "text/plain",
        500,
        "INTERNAL_SERVER_ERROR",
        "HTTP 500 Internal Server Error, an empty reply",
    ),
    (b"{}", "application/json", 404, "NOT_FOUND", "HTTP 404 Not Found, a reply without a message"),
    (
        b"null",
        "application/json",
        404,
        "NOT_FOUND",
        "HTTP 404 Not Found, a reply without a message",
    ),
    (
        b"\x07\x1b",
        "text/plain",
        503,
        "SERVICE_UNAVAILABLE",
        "HTTP 503 Service Unavailable, a reply without a message",
    ),
    (
        b'"\\u0007"',
        "application/json",
        404,
        "NOT_FOUND",
        "HTTP 404 Not Found, a reply without a message",
    ),
    (b'{"message": "\\u0007", "error": "bad"}', "application/json", 400, "BAD_REQUEST", "bad"),
    (b'"just text"', "application/json", 400, "BAD_REQUEST", "just text"),
    (b'["a", "b"]', "application/json", 400, "BAD_REQUEST", '["a", "b"]'),
    # Problem documents (RFC 9457).
    (b'{"detail": "x"}', "application/json", 400, "BAD_REQUEST", "x"),
    (
        b'{"title": "t", "detail": "d", "status": 9}',
        "application/problem+json",
        400,
        "BAD_REQUEST",
        "d",
    ),
    (b'{"title": "t"}', "application/problem+json", 400, "BAD_REQUEST", "t"),
    (b'{"message": "", "error": "bad"}', "application/json", 400, "BAD_REQUEST", "bad"),
    (b'{"message": ["a"]}', "application/json", 400, "BAD_REQUEST", '{"message": ["a"]}'),
    (b'{"message": "m", "code": ""}', "application/json", 403, "FORBIDDEN", "m"),
    (
        b'{"error": {"code": "quota", "message": "too much"}}',
        "application/json",
        429,
        "quota",
        "too much",
    ),
    (b'{"message": "cut', "application/json", 500, "INTERNAL_SERVER_ERROR", '{"message": "cut'),
    (b"\xff\xfe oops", "text/plain", 500, "INTERNAL_SERVER_ERROR", "\ufffd\ufffd oops"),
    (b'{"message": "a\\nb\\u0000\\u001b[31m"}', "application/json", 400, "BAD_REQUEST", "a b [31m"),
    (b"[" * 60_000, "application/json", 400, "BAD_REQUEST", "[" * 999 + "\u2026"),
]


@pytest.mark.parametrize(("body", "kind", "status", "code", "message"), ERROR_BODIES)
def test_an_error_body_of_any_shape_gives_code_and_message(
    client, server, body, kind, status, code, message
):
    server.reply(status=status, body=body, headers={"Content-Type": kind})
    error = failure(client, retry=False)
    assert (error.status_code, error.code, str(error)) == (status, code, message)


def test_the_documents_error_example_holds(client, server):
    server.reply({"code": "NOT_FOUND", "message": "run not found"}, status=404)
    with pytest.raises(NotFoundError) as caught:
        client.runs_get("nonexistent")
    error = caught.value
    assert (error.status_code, error.code, str(error)) == (404, "NOT_FOUND", "run not found")
    assert error.body == {"code": "NOT_FOUND", "message": "run not found"}
    assert error.method == "GET"
    assert error.url == f"{server.url}/api/v1/runs/nonexistent"
    assert error.attempts == 1


def test_an_error_carries_headers_and_request_id_but_no_cookie(client, server):
    headers = {"X-Request-Id": "req_9", "Set-Cookie": "session=hunter2", "Retry-After": "7"}
    server.reply({"error": "busy"}, status=409, headers=headers)
    error = failure(client)
    assert error.request_id == "req_9"
    assert error.headers["retry-after"] == "7"
    assert "hunter2" not in repr(vars(error))


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        ("7", {}, 7.0),
        ("0", {}, 0.0),
        ("1.5", {}, 1.5),
        ("-3", {}, None),
        ("nan", {}, None),
        ("1e999", {}, None),
        ("soon", {}, None),
        (None, {"retry_after": 3}, 3.0),
        (None, {"retry_after": 10**400}, None),
        (None, {"retry_after": -(10**400)}, None),
        (None, {"retry_after": 1e308}, None),
        (None, {"retry_after": -1}, None),
        (None, {"retry_after": [3]}, None),
        ("9" * 400, {}, None),
        ("9" * 5000, {}, None),
        (None, {"retry_after": True}, None),
        (None, {"retry_after": "3"}, None),
        ("2", {"retry_after": 9}, 2.0),
        ("Mon, 01 Jan 2001 00:00:00 GMT", {}, 0.0),
        (None, {}, None),
    ],
)
def test_retry_after_is_read_from_header_or_body(client, server, header, body, seconds):
    headers = {} if header is None else {"Retry-After": header}
    server.reply({"error": "busy", **body}, status=400, headers=headers)
    assert failure(client).retry_after == seconds


def test_retry_after_may_be_a_date(client, server):
    date = formatdate(time.time() + 100, usegmt=True)
    server.reply({"error": "busy"}, status=400, headers={"Retry-After": date})
    assert 90 <= failure(client).retry_after <= 100


@pytest.mark.parametrize(("status", "said", "expected"), [(503, False, False), (400, True, True)])
def test_the_server_may_say_whether_a_repeat_makes_sense(client, server, status, said, expected):
    server.reply({"error": "x", "retryable": said}, status=status)
    assert failure(client, retry=False).retryable is expected


def test_a_huge_error_body_is_bounded(client, server):
    server.reply(status=500, body=b"x" * 1_000_000)
    error = failure(client, retry=False)
    assert isinstance(error, ServerError)
    assert len(error.body) == 64 * 1024
    assert len(str(error)) == 1000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304, 300])
def test_a_redirect_of_a_write_is_an_error_that_says_where_it_pointed(client, server, status):
    server.reply(status=status, body=b"", headers={"Location": "http://elsewhere.example/x"})
    error = failure(client, "POST", body={})
    assert type(error) is IronflowError
    assert error.status_code == status
    assert "http://elsewhere.example/x" in str(error)
    assert len(server.requests) == 1


def test_a_redirect_says_where_it_pointed_whatever_its_body_says(client, server):
    server.reply({"error": "moved"}, status=302, headers={"Location": "/elsewhere"})
    error = failure(client, "POST", body={})
    assert str(error).startswith("redirected to /elsewhere, which is not followed")
    assert error.body == {"error": "moved"}


ECHOES = [
    lambda key: {"status": 401, "json_body": {"error": f"bad key {key}"}},
    lambda key: {"status": 401, "json_body": {"message": f"Bearer {key}", "code": key}},
    lambda key: {"status": 500, "body": f"<html>{key}</html>".encode()},
    lambda key: {"status": 200, "body": f"<html>{key}</html>".encode()},
    lambda key: {"status": 200, "body": b"{", "headers": {"Content-Type": key}},
    lambda key: {"status": 400, "body": b"x", "headers": {"X-Request-Id": key, "X-Echo": key}},
    lambda key: {"status": 302, "body": b"", "headers": {"Location": f"http://h/?k={key}"}},
]


@pytest.mark.parametrize("echo", ECHOES)
def test_a_server_that_echoes_the_key_does_not_put_it_into_the_error(client, server, echo):
    server.reply(**echo(KEY))
    error = failure(client, "POST", body={})
    shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    for text in (str(error), repr(error), repr(vars(error)), shown):
        assert KEY not in text


def fragments(text, key=KEY, length=6):
    """Return the parts of the key that a text shows."""
    parts = {key[start : start + length] for start in range(len(key) - length + 1)}
    return sorted(part for part in parts if part in text)


def shown_by(error):
    """Return all that an error, and what it is chained to, may put into a log."""
    printed = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    body = json.dumps(error.body, ensure_ascii=False)
    return "\n".join([str(error), repr(error), body, error.code, repr(vars(error)), printed])


def plain(status, body, **headers):
    """Return the arguments of a stub's reply that is text."""
    return {"status": status, "body": body.encode(), "headers": headers}


def raw(head, body="", length=None):
    """Return a reply as bytes; one that is longer than its body is cut short."""
    length = len(body.encode()) if length is None else length
    return f"{head}\r\nContent-Length: {length}\r\n\r\n{body}".encode()


def gzipped(status, body):
    content = gzip.compress(body.encode(), 1)
    return {"status": status, "body": content, "headers": {"Content-Encoding": "gzip"}}


def in_chunks(body):
    head = "HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n"
    return f"{head}{len(body):x}\r\n{body}\r\n0\r\n\r\n".encode()


def padded(size, unit="x"):
    return (unit * size)[:size]


READ = 64 * 1024
TAIL = padded(5000, " y")

CUTS = {
    # how far into a text it is cut, and the reply that holds the key after so many characters of it
    "a message": (1000, lambda n: {"status": 400, "json_body": {"error": padded(n) + KEY + TAIL}}),
    "a code": (100, lambda n: {"status": 400, "json_body": {"code": padded(n) + KEY}}),
    "a page": (8192, lambda n: raw("HTTP/1.1 502 Oops", padded(n, "<hr>") + KEY + TAIL)),
    "a reason": (1000, lambda n: raw(f"HTTP/1.1 500 {padded(n) + KEY}")),
    "a reason of spaces": (8000, lambda n: raw(f"HTTP/1.1 500 a{padded(n - 1, ' ')}{KEY}")),
    "a location": (1000, lambda n: plain(301, "", Location="//h/" + padded(n - 18) + KEY)),
    "a content type": (100, lambda n: plain(200, "{", **{"Content-Type": padded(n) + KEY})),
    "a content type of spaces": (
        800,
        lambda n: plain(200, "{", **{"Content-Type": "a" + padded(n - 1, " ") + KEY}),
    ),
    "a content coding": (40, lambda n: plain(200, "{", **{"Content-Encoding": padded(n) + KEY})),
    "a long content coding": (
        80,
        lambda n: plain(200, "{", **{"Content-Encoding": padded(n, "br, ") + KEY}),
    ),
    "an error": (READ, lambda n: plain(500, padded(n) + KEY + TAIL)),
    "an error with a scheme": (READ, lambda n: plain(500, padded(n) + f"Bearer {KEY}{TAIL}")),
    "an error of keys": (READ, lambda n: plain(500, padded(n % 50) + KEY * 2000)),
    "an error of JSON": (
        READ,
        lambda n: {"status": 500, "json_body": {"error": padded(n - 11) + KEY + TAIL}},
    ),
    "an error in chunks": (READ, lambda n: in_chunks(padded(n) + KEY + TAIL)),
    "an error in gzip": (READ, lambda n: gzipped(500, padded(n) + KEY + TAIL)),
    "an error that the server cuts": (
        len(KEY),
        lambda n: raw("HTTP/1.1 500 Oops", KEY[:n], length=100),
    ),
    "what is not JSON": (READ, lambda n: plain(200, padded(n) + KEY + TAIL)),
    "what is not JSON, in gzip": (READ, lambda n: gzipped(200, padded(n) + KEY + TAIL)),
    "the start of what is not JSON": (200, lambda n: plain(200, padded(n) + KEY + TAIL)),
    "the start of some spaces": (800, lambda n: plain(200, padded(n, " ") + KEY + TAIL)),
    "the start of many spaces": (1600, lambda n: plain(200, padded(n, " ") + KEY + TAIL)),
    "what the server cuts": (len(KEY), lambda n: raw("HTTP/1.1 200 OK", KEY[:n], length=100)),
    "what is not HTTP": (40, lambda n: f"-ERR no {padded(n - 8)} {KEY}{TAIL}\r\n".encode()),
    "much that is not HTTP": (80, lambda n: f"-ERR {padded(n - 5)}={KEY}{TAIL}\r\n".encode()),
    "a status line": (80, lambda n: raw(f"HTTP/1.1 {padded(n - 9, 'no ')}{KEY}")),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_key_that_lies_across_a_cut_leaves_no_part_of_itself_in_the_error(client, server, cut):
    place, reply_with_key_after = CUTS[cut]
    for size in range(place - len(KEY) - 2, place + 2):
        reply = reply_with_key_after(max(0, size))
        if isinstance(reply, bytes):
            server.raw(reply)
        else:
            server.reply(**reply)
        assert not fragments(shown_by(failure(client, retry=False))), size


@pytest.mark.parametrize("status", [500, 200])
@pytest.mark.parametrize(
    "key", ["schl\xfcssel_\xe4\xf6\xfc\xdf\xe4\xf6\xfc", "ababababab_abababab"]
)
def test_no_part_is_left_of_a_key_that_is_cut_inside_of_a_character_or_repeats_itself(
    server, status, key
):
    with IronflowClient(server.url, headers={"X-Api-Key": key}) as client:
        for size in range(READ - 2 * len(key.encode()) - 2, READ + 2):
            server.reply(**plain(status, padded(size) + key + key + TAIL))
            shown = shown_by(failure(client, retry=False))
            assert not fragments(shown, key, 4), size


def test_no_part_is_left_of_a_key_that_begins_with_another_one(server):
    token = KEY[:12]
    with IronflowClient(server.url, api_key=KEY) as client:
        for size in range(READ - len(KEY) - 2, READ + 2):
            server.reply(**plain(500, padded(size) + KEY + TAIL))
            error = failure(client, params={"token": token}, retry=False)
            assert not fragments(shown_by(error), KEY, 4), size


def test_a_key_in_front_of_a_cut_is_shown_as_masked(client, server):
    server.reply(**plain(500, padded(READ - len(KEY)) + KEY + TAIL))
    assert failure(client, retry=False).body.endswith("xx***")
    server.reply(**plain(200, padded(196) + KEY + TAIL))
    assert "xx***" in str(failure(client))


@pytest.mark.parametrize("word", ["Bearer", "ifkey_", "ifk"])
def test_a_message_that_came_whole_keeps_its_last_word(client, server, word):
    server.reply({"error": f"the key must begin with {word}"}, status=401)
    assert str(failure(client)) == f"the key must begin with {word}"
    server.reply(**plain(401, f"the key must begin with {word}\n"))
    assert str(failure(client)) == f"the key must begin with {word}"


def test_the_first_words_of_what_is_not_http_are_shown(client, server):
    for start, shown in [
        (b"SSH-2.0-OpenSSH_9.6\r\n", r"'SSH-2.0-OpenSSH_9.6\r\n'"),
        (b"-ERR unknown command " + b"x" * 100, "'-ERR unknown command …'"),
        (b"x" * 100, "'…'"),
    ]:
        server.raw(start)
        assert str(failure(client, retry=False)).endswith(f"is not HTTP: it begins {shown}")


def test_a_token_in_the_query_is_masked_in_the_error(client, server):
    server.reply({"error": "bad token tok_12345678"}, status=401)
    with pytest.raises(IronflowError) as caught:
        client.websocket_list(env="staging", token="tok_12345678")
    assert server.last.query == {"env": "staging", "token": "tok_12345678"}
    assert caught.value.url == f"{server.url}/ws?env=staging&token=***"
    assert str(caught.value) == "bad token ***"


def test_a_reply_over_the_limit_is_an_error(client, server):
    small = client.with_options(max_response_bytes=10)
    server.reply(body=b'"12345678"')
    assert small.request("GET", "/x") == "12345678"
    server.reply(body=b'"123456789"')
    with pytest.raises(InvalidResponseError, match=r"larger than max_response_bytes \(10\)"):
        small.request("GET", "/x")


def test_a_large_reply_arrives_whole(client, server):
    value = {"items": ["x" * 1000] * 2000}
    server.reply(body=json.dumps(value).encode())
    assert client.request("GET", "/x") == value
