"""RPC methods that stream their reply, over real sockets: what is given, what ends it, and how."""

from __future__ import annotations

import gc
import json
import os
import random
import socket
import threading
import traceback

import pytest

from ironflow import (
    AuthenticationError,
    ConflictError,
    InvalidResponseError,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    NotFoundError,
    RateLimitError,
    ServerError,
)

from .conftest import KEY
from .connect import HEAD, LAST_CHUNK, chunk, ended, enveloped, failed, streamed
from .damaged import damage
from .hostile import (
    HostileServer,
    behave,
    drain,
    pause,
    reply,
    request,
    reset,
    slowly,
    stall,
    trickle,
    trusting_context,
    vanish,
)
from .test_rpc import TABLE
from .wire.patience import patient
from .wire.test_random_replies import check

SUBSCRIBE = "PubSubService/Subscribe"
KIND = "Content-Type: application/connect+json"
ONE, TWO = enveloped({"n": 1}), enveloped({"n": 2})


def connected(server, **options):
    """A client of a hostile server, which does not sleep between attempts."""
    if server.url.startswith("https:"):
        options["ssl_context"] = trusting_context()
    return patient(server.url, **options)


def follow(*script, certificate=None, body=None, **options):
    """The messages that a server with this script streams, and the error that ended them."""
    messages = []
    with HostileServer([request, *script], certificate=certificate) as server:
        with connected(server, **options) as client:
            try:
                for message in client.rpc_stream(SUBSCRIBE, body):
                    messages.append(message)
            except IronflowError as error:
                return messages, error
    return messages, None


# What is sent


@pytest.mark.parametrize(
    "name", [row[0] for row in TABLE if row[1] == "server_stream"], ids=lambda name: name
)
def test_every_server_stream_can_be_followed_by_name(name):
    with HostileServer([request, streamed(ONE, ended())]) as server, connected(server) as client:
        assert list(client.rpc_stream(name, {"pattern": "topic:é", "options": {}})) == [{"n": 1}]

    (sent,) = server.requests
    assert (sent.method, sent.target) == ("POST", f"/ironflow.v1.{name}")
    message = '{"pattern":"topic:é","options":{}}'.encode()
    assert sent.body == b"\0\0\0\0" + bytes([len(message)]) + message
    assert sent.headers["content-type"] == "application/connect+json"
    assert sent.headers["connect-protocol-version"] == "1"
    assert sent.headers["accept-encoding"] == "identity"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert not {"connect-timeout-ms", "connect-content-encoding"} & set(sent.headers)


@pytest.mark.parametrize("body", [None, {}])
def test_a_message_without_members_is_an_empty_object(body):
    with HostileServer([request, streamed(ended())]) as server, connected(server) as client:
        assert list(client.rpc_stream(SUBSCRIBE, body)) == []

    assert server.requests[0].body == b"\0\0\0\0\x02{}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("IronflowService/Info", "returns one reply, not a stream; call it with rpc"),
        (
            "PubSubService/SubscribeBidirectional",
            "streams in both directions, which neither rpc nor rpc_stream can do",
        ),
    ],
)
def test_what_is_no_server_stream_is_refused_before_anything_is_sent(client, server, name, words):
    with pytest.raises(ValueError) as caught:
        client.rpc_stream(name)

    assert str(caught.value) == f"method: {name} {words}"
    assert server.requests == []


@pytest.mark.parametrize("body", [[], "{}", 1, {"a": {1, 2}}])
def test_a_message_that_cannot_be_sent_is_refused_before_anything_is_sent(client, server, body):
    with pytest.raises(TypeError, match="^body"):
        client.rpc_stream(SUBSCRIBE, body)
    assert server.requests == []


def test_nothing_is_sent_before_the_first_message_is_asked_for(client, server):
    stream = client.rpc_stream(SUBSCRIBE)
    stream.close()

    assert server.requests == []


# What is given

UNTIL_CLOSE = f"HTTP/1.1 200 OK\r\n{KIND}\r\n\r\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        streamed(ONE, TWO, ended()),
        HEAD + chunk(ONE + TWO + ended()) + LAST_CHUNK,
        HEAD + b"".join(chunk(bytes([byte])) for byte in ONE + TWO + ended()) + LAST_CHUNK,
        reply(ONE + TWO + ended(), KIND),
        UNTIL_CLOSE + ONE + TWO + ended(),
        HEAD + chunk(ONE + TWO + ended()),  # nobody waits for the last chunk
        streamed(ONE, TWO, ended(b'{"metadata": {"a": ["b"]}}')),
        streamed(ONE, TWO, ended(b"")),
        reply(ONE + TWO + ended(), KIND, "Content-Encoding: identity"),
        reply(ONE + TWO + ended(), "Content-Type: application/connect+json; charset=utf-8"),
    ],
    ids=range(10),
)
@pytest.mark.parametrize("certificate", [None, "good.pem"], ids=["http", "https"])
def test_messages_come_however_they_are_cut_and_framed(content, certificate):
    assert follow(content, certificate=certificate) == ([{"n": 1}, {"n": 2}], None)


def test_messages_come_byte_by_byte():
    assert follow(slowly(streamed(ONE, TWO, ended()))) == ([{"n": 1}, {"n": 2}], None)


def test_an_empty_message_is_one_without_members():
    assert follow(streamed(enveloped({}), enveloped(b""), ended())) == ([{}, {}], None)


def test_members_are_given_as_they_came():
    sent = {"subscriptionId": "s", "event_id": "e", "data": {"orderId": 1}, "sequence": "7"}

    assert follow(streamed(enveloped(sent), ended())) == ([sent], None)


def test_a_message_is_given_before_the_next_one_comes():
    arrived = threading.Event()

    def wait(peer):
        assert arrived.wait(20)

    script = [request, HEAD + chunk(ONE), wait, chunk(TWO), chunk(ended()) + LAST_CHUNK]
    with HostileServer(script) as server, connected(server) as client:
        stream = client.rpc_stream(SUBSCRIBE)
        assert next(stream) == {"n": 1}
        arrived.set()
        assert list(stream) == [{"n": 2}]


def test_large_messages_in_any_number_take_no_more_than_one_of_them():
    text = "x" * 300_000
    content = streamed(*[enveloped({"text": text})] * 20, ended())

    messages, error = follow(content, max_response_bytes=400_000)

    assert error is None
    assert [len(message["text"]) for message in messages] == [300_000] * 20


def test_the_size_limit_holds_per_message_and_not_for_the_stream():
    content = streamed(*[ONE] * 50, enveloped({"text": "x" * 30}), ended())

    messages, error = follow(content, max_response_bytes=20)

    assert messages == [{"n": 1}] * 50
    assert isinstance(error, InvalidResponseError)
    assert "holds a message larger than max_response_bytes (20)" in str(error)


# How it ends badly

BROKEN = [
    (HEAD + chunk(ONE), [1], "was cut short", True),
    (HEAD + chunk(ONE) + LAST_CHUNK, [1], "was cut short before its end-of-stream message", True),
    (HEAD + LAST_CHUNK, [], "was cut short before its end-of-stream message", True),
    (HEAD, [], "was cut short", True),
    (reply(ONE, KIND), [1], "was cut short before its end-of-stream message", True),
    (reply(ONE + TWO[:-1], KIND), [1], "was cut short in the middle of a message", True),
    (reply(ONE + b"\0\0", KIND), [1], "was cut short in the middle of a message", True),
    (UNTIL_CLOSE + ONE, [1], "was cut short before its end-of-stream message", True),
    (streamed(ONE, enveloped(b"\x1f\x8b", 1)), [1], "holds a compressed message", False),
    (streamed(ONE, enveloped(b"{}", 3)), [1], "holds a compressed message", False),
    (streamed(ONE, enveloped(b"{}", 0x80)), [1], "unknown flags (0x80)", False),
    (streamed(b"\0\xff\xff\xff\xff"), [], "a message larger than max_response_bytes", False),
    (streamed(b"\2\xff\xff\xff\xff"), [], "a message larger than max_response_bytes", False),
    (streamed(ONE, enveloped(b"{")), [1], "is not JSON", False),
    (streamed(enveloped(b'{"a": NaN}')), [], "is not JSON", False),
    (streamed(enveloped(b"\xff\xfe")), [], "is not JSON", False),
    (streamed(enveloped(b"[1]")), [], "is not a JSON object", False),
    (streamed(enveloped(b"null")), [], "is not a JSON object", False),
    (streamed(enveloped(b"[" * 200_000)), [], "nested too deeply", False),
    (streamed(ONE, ended(b"{")), [1], "is not JSON", False),
    (streamed(ONE, ended(b"[]")), [1], "is not a JSON object", False),
    (reply(ONE + ended(), KIND, "Content-Encoding: gzip"), [], "not requested ('gzip')", False),
    (HEAD + b"zz\r\n", [], "a chunk has no size", False),
    (HEAD + b"5\r\n\0\0\0\0\2{}", [], "a chunk has the wrong size", False),
    # What came before a break is given, also what came in the same receive.
    (HEAD + chunk(ONE) + b"zz\r\n", [1], "a chunk has no size", False),
    (HEAD + chunk(ONE + TWO)[:-2] + b"??", [1, 2], "a chunk has the wrong size", False),
    (HEAD + chunk(ONE) + chunk(TWO) + b"0\n\n", [1, 2], "a chunk line has the wrong ending", False),
    (HEAD + chunk(ONE) + b"0\r\nno trailer\r\n\r\n", [1], "a malformed trailer", False),
]


@pytest.mark.parametrize(("content", "given", "words", "retryable"), BROKEN, ids=range(len(BROKEN)))
def test_a_stream_that_cannot_be_used_ends_with_an_error(content, given, words, retryable):
    messages, error = follow(content)

    assert messages == [{"n": number} for number in given]
    assert type(error) is InvalidResponseError
    assert words in str(error)
    assert (error.code, error.status_code, error.delivered) == ("INVALID_RESPONSE", 200, True)
    assert error.retryable is retryable
    assert error.attempts == 1


@pytest.mark.parametrize(
    "content",
    [
        reply(b"<html>Sign in</html>", "Content-Type: text/html"),
        reply(b"<html>Sign in</html>"),
    ],
)
def test_a_page_of_something_in_between_is_shown(content):
    messages, error = follow(content)

    assert (messages, type(error)) == ([], InvalidResponseError)
    assert "is not a stream of messages (application/connect+json)" in str(error)
    assert "it begins: '<html>Sign in</html>'" in str(error)


@pytest.mark.parametrize("content", [reply(b"{}", "Content-Type: application/json"), reply(b"")])
def test_a_reply_that_is_no_stream_is_an_error(content):
    messages, error = follow(content)

    assert (messages, type(error)) == ([], InvalidResponseError)


def test_a_lost_end_under_tls_is_a_loss():
    messages, error = follow(UNTIL_CLOSE + ONE, vanish, certificate="good.pem")

    assert messages == [{"n": 1}]
    assert type(error) is InvalidResponseError
    assert "was cut short" in str(error)


def test_a_reset_is_a_lost_connection():
    script = [request, HEAD + chunk(ONE), pause(0.2), reset]
    with HostileServer(script) as server, connected(server) as client:
        stream = client.rpc_stream(SUBSCRIBE)
        assert next(stream) == {"n": 1}
        with pytest.raises(IronflowConnectionError) as caught:
            next(stream)

    assert (caught.value.code, caught.value.delivered) == ("CONNECTION_FAILED", None)


CODES = [
    ("not_found", NotFoundError, 404, False),
    ("unauthenticated", AuthenticationError, 401, False),
    ("already_exists", ConflictError, 409, False),
    ("resource_exhausted", RateLimitError, 429, True),
    ("unavailable", ServerError, 503, True),
    ("unimplemented", ServerError, 501, False),
    ("deadline_exceeded", ServerError, 504, True),
    ("canceled", IronflowError, 499, False),
    ("a_code_of_tomorrow", ServerError, 500, True),
]


@pytest.mark.parametrize(("code", "kind", "status", "retryable"), CODES)
def test_the_code_of_the_end_is_the_usual_error(code, kind, status, retryable):
    messages, error = follow(streamed(ONE, failed(code, "no luck")))

    assert messages == [{"n": 1}]
    assert type(error) is kind
    assert (str(error), error.code, error.status_code) == ("no luck", code, status)
    assert (error.delivered, error.retryable, error.method) == (True, retryable, "POST")
    assert error.url.endswith("/ironflow.v1.PubSubService/Subscribe")


def test_the_details_of_the_end_are_those_of_the_error():
    details = [{"type": "google.rpc.RetryInfo", "value": "CgA"}]
    end = {"error": {"code": "aborted", "message": "m", "details": details}}

    _, error = follow(streamed(ended(json.dumps(end).encode())))

    assert error.details == details
    assert error.body == end


def test_the_credential_is_masked_in_the_text_of_the_end():
    _, error = follow(streamed(failed("internal", f"bad key {KEY}")))

    shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert "bad key" in str(error)
    for text in (str(error), repr(error), json.dumps(error.body), shown):
        assert KEY not in text


@pytest.mark.parametrize("content", [b"[%s]", b"%s", b'{"a": %s'])
def test_the_credential_is_masked_where_a_message_cannot_be_used(content):
    _, error = follow(streamed(enveloped(content % KEY.encode())))

    assert type(error) is InvalidResponseError
    assert KEY not in f"{error} {error!r} {error.body}"


def test_what_follows_the_end_is_not_looked_at():
    assert follow(streamed(ONE, ended(), enveloped(b"{", 1))) == ([{"n": 1}], None)


CASES = 2_000 if os.environ.get("CI") else 200


def test_whatever_comes_a_stream_ends():
    good = [
        streamed(ONE, TWO, ended()),
        reply(ONE + TWO + ended(), KIND),
        UNTIL_CLOSE + ONE + failed("not_found"),
        streamed(failed("internal", KEY), ONE),
        reply(b'{"code": "not_found"}', status="404 Not Found"),
    ]
    chances = [random.Random(seed) for seed in range(CASES)]
    scripts = [[request, damage(chance, chance.choice(good))] for chance in chances]
    ends = set()
    with HostileServer(*scripts) as server, connected(server, max_attempts=1) as client:
        for _ in scripts:
            try:
                for message in client.rpc_stream(SUBSCRIBE):
                    assert isinstance(message, dict)
                ends.add("well")
            except IronflowError as error:
                check(error)
                ends.add(error.code)
            client.close()
    assert {"well", "not_found", "INVALID_RESPONSE"} <= ends


# Opening


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        ("401 Unauthorized", "unauthenticated", AuthenticationError),
        ("404 Not Found", "not_found", NotFoundError),
        ("503 Unavailable", "unavailable", ServerError),
    ],
)
def test_a_stream_that_is_refused_is_the_usual_error(status, code, kind):
    body = json.dumps({"code": code, "message": "no luck"}).encode()

    messages, error = follow(reply(body, "Content-Type: application/json", status=status))

    assert (messages, type(error), str(error), error.code) == ([], kind, "no luck", code)
    assert (error.status_code, error.attempts) == (int(status[:3]), 1)


def test_a_redirect_is_not_followed():
    content = reply(b"", "Location: /elsewhere", status="307 Temporary Redirect")

    _, error = follow(content)

    assert (error.status_code, "redirected to /elsewhere" in str(error)) == (307, True)


def test_a_stream_that_may_have_been_opened_is_not_opened_again():
    scripts = [[request, reset], [request, streamed(ended())]]
    with HostileServer(*scripts) as server, connected(server) as client:
        with pytest.raises(IronflowConnectionError):
            next(client.rpc_stream(SUBSCRIBE))
        assert server.accepted == 1


def test_a_stream_is_opened_on_a_connection_that_was_used_before_and_ends_it():
    scripts = [[request, reply(b"{}"), request, streamed(ONE, ended()), drain], [behave]]
    with HostileServer(*scripts) as server, connected(server) as client:
        assert client.request("GET", "/x") == {}
        assert list(client.rpc_stream(SUBSCRIBE)) == [{"n": 1}]
        assert server.accepted == 1
        assert client.request("GET", "/x?id=1") == {"id": "1"}
        assert server.accepted == 2


def test_a_refused_connection_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = patient(f"http://127.0.0.1:{port}")

    with pytest.raises(IronflowConnectionError) as caught:
        next(client.rpc_stream(SUBSCRIBE))

    assert (caught.value.attempts, caught.value.delivered, len(client.waits)) == (3, False, 2)


def test_opening_is_one_call_to_whoever_watches():
    with HostileServer([request, streamed(ONE, ended())]) as server, connected(server) as client:
        with client.capture() as seen:
            assert list(client.rpc_stream(SUBSCRIBE)) == [{"n": 1}]

    (info,) = seen
    assert (info.status_code, info.attempts, info.error) == (200, 1, None)


# Time


def test_a_server_that_does_not_open_the_stream_is_given_up():
    messages, error = follow(stall, timeout=0.2)

    assert (messages, type(error)) == ([], IronflowTimeoutError)
    assert "no reply in time (timeout=0.2)" in str(error)


@pytest.mark.parametrize("certificate", [None, "good.pem"], ids=["http", "https"])
@pytest.mark.parametrize(
    "content",
    [HEAD, HEAD + chunk(ONE), HEAD + chunk(ONE + TWO[:-1]), UNTIL_CLOSE + ONE],
    ids=range(4),
)
def test_a_silence_is_given_up(content, certificate):
    messages, error = follow(content, stall, timeout=0.5, certificate=certificate)

    assert messages == [{"n": 1}][: content.count(ONE)]
    assert type(error) is IronflowTimeoutError
    assert "nothing more came in time (timeout=0.5)" in str(error)
    assert (error.code, error.status_code) == ("TIMEOUT", 0)


def test_the_life_of_a_stream_has_no_limit():
    script = [HEAD, *[act for _ in range(8) for act in (pause(0.1), chunk(ONE))]]

    messages, error = follow(*script, chunk(ended()) + LAST_CHUNK, timeout=0.4, total_timeout=0.5)

    assert (messages, error) == ([{"n": 1}] * 8, None)


def test_a_message_that_trickles_in_is_no_silence():
    message = enveloped({"text": "x" * 30})

    content = HEAD + b"".join(chunk(bytes([byte])) for byte in message + ended()) + LAST_CHUNK
    messages, error = follow(slowly(content, every=0.002), timeout=0.5)

    assert (messages, error) == ([{"text": "x" * 30}], None)


def test_the_time_of_the_consumer_is_not_counted():
    with HostileServer([request, HEAD + chunk(ONE) + chunk(TWO + ended()), drain]) as server:
        with connected(server, timeout=0.3) as client:
            stream = client.rpc_stream(SUBSCRIBE)
            assert next(stream) == {"n": 1}
            threading.Event().wait(0.6)
            assert list(stream) == [{"n": 2}]


# Leaving


@pytest.mark.parametrize("certificate", [None, "good.pem"], ids=["http", "https"])
@pytest.mark.parametrize("leave", ["break", "close", "drop", "raise"])
def test_leaving_closes_the_connection(leave, certificate):
    script = [request, HEAD + chunk(ONE), drain]
    with HostileServer(script, certificate=certificate) as server, connected(server) as client:
        stream = client.rpc_stream(SUBSCRIBE)
        if leave == "raise":
            with pytest.raises(KeyError):
                for _ in stream:
                    raise KeyError
        assert leave == "raise" or next(stream) == {"n": 1}
        if leave == "close":
            stream.close()
        del stream
        gc.collect()
        (peer,) = server.peers
        assert peer.settled.wait(20)
        # The script goes on until the client closes, and so does the server's end of the test.
        server._threads[0].join(20)
        assert not server._threads[0].is_alive()


def test_a_stream_that_has_ended_gives_nothing_more():
    with HostileServer([request, streamed(ONE, ended())]) as server, connected(server) as client:
        stream = client.rpc_stream(SUBSCRIBE)
        assert list(stream) == [{"n": 1}]
        assert list(stream) == []


def test_an_endless_message_is_not_gathered():
    endless = HEAD + chunk(b"\0\x00\x10\x00\x00"), trickle(b"1\r\nx\r\n", every=0.001)

    _, error = follow(*endless, max_response_bytes=1000)

    assert "holds a message larger than max_response_bytes (1000)" in str(error)


def test_calls_can_be_made_while_a_stream_is_open():
    scripts = [[request, HEAD + chunk(ONE), stall], [behave]]
    with HostileServer(*scripts) as server, connected(server) as client:
        stream = client.rpc_stream(SUBSCRIBE)
        assert next(stream) == {"n": 1}
        assert client.request("GET", "/x?id=1") == {"id": "1"}
        client.close()
        assert client.request("GET", "/x?id=2") == {"id": "2"}
        stream.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_process_leaves_the_stream_of_its_parent_alone():
    script = [request, HEAD + chunk(ONE), pause(0.5), chunk(TWO), chunk(ended()) + LAST_CHUNK]
    with HostileServer(script) as server, connected(server) as client:
        stream = client.rpc_stream(SUBSCRIBE)
        assert next(stream) == {"n": 1}
        child = os.fork()
        if not child:
            try:
                next(stream)
            except RuntimeError:
                os._exit(17)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 17
        assert list(stream) == [{"n": 2}]
