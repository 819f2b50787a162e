"""What a call does when the server, the network or a name does not behave: one case a fault.

Each fault is met by a POST, which must be one error and be delivered once, and by a GET, which is
tried again where that is sensible. After each, the next call on the same client works.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import threading
import traceback
from typing import NamedTuple

import pytest

from ironflow import (
    InvalidResponseError,
    IronflowClient,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    NotFoundError,
    ServerError,
)

from ..conftest import KEY
from ..hostile import CERTIFICATES as CERTIFICATES_OF_TESTS
from ..hostile import (
    OK,
    HostileServer,
    behave,
    drain,
    flood,
    half_close,
    pause,
    reply,
    request,
    request_head,
    reset,
    slowly,
    stall,
    trickle,
    trusting_context,
)

Broken = InvalidResponseError
Lost = IronflowConnectionError
Late = IronflowTimeoutError

CODES = {Broken: "INVALID_RESPONSE", Lost: "CONNECTION_FAILED", Late: "TIMEOUT"}

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\n"
GZIP = "Content-Encoding: gzip"


def connected(server, **options):
    """Return a client of a hostile server, which does not sleep between attempts."""
    options = {"api_key": KEY, "timeout": 20, **options}
    if server.url.startswith("https:"):
        options.setdefault("ssl_context", trusting_context())
    client = IronflowClient(server.url, **options)
    client._open().sleep = lambda seconds: None
    return client


def post(client, id):
    return client.request("POST", "/x", body={"id": id})


def get(client, id):
    return client.request("GET", "/x", params={"id": id})


def failure(call, *arguments):
    with pytest.raises(IronflowError) as caught:
        call(*arguments)
    return caught.value


def next_call_works(client, server):
    """Check that the client is as good as new, and that the call after a failure is sent once."""
    server.settle()
    client = client.with_options(timeout=20)
    assert post(client, "next") == {"id": "next"}
    assert get(client, "after") == {"id": "after"}
    assert (server.delivered("next"), server.delivered("after")) == (1, 1)


class Fault(NamedTuple):
    """What the server does after the request, and what the caller must be told."""

    name: str
    acts: tuple
    kind: type
    status: int
    message: str
    retryable: bool
    options: dict = {}

    @property
    def script(self):
        return (request, *self.acts)

    def describes(self, error):
        """Check everything about an error but the number of attempts."""
        assert (type(error), error.status_code) == (self.kind, self.status), repr(error)
        assert error.code == CODES[self.kind]
        assert error.retryable is self.retryable
        assert self.message in str(error)
        assert str(error).isprintable()
        return True


def cut(name, *acts, status=0, message="", kind=Broken):
    return Fault(name, acts, kind, status, message, True)


def wrong(name, *acts, status=0, message="is not HTTP", **options):
    return Fault(name, acts, Broken, status, message, False, options)


def late(name, *acts):
    return Fault(name, acts, Late, 0, "no reply in time (timeout=0.3)", True, {"timeout": 0.3})


def head(*lines, status="HTTP/1.1 200 OK"):
    return "\r\n".join([status, *lines, "", ""]).encode("latin-1")


LOST = [
    cut("close before the reply", message="closed the connection without a reply", kind=Lost),
    cut("half-close before the reply", half_close, drain, message="without a reply", kind=Lost),
    cut("reset before the reply", reset, message="reset", kind=Lost),
    cut("close inside the status line", b"HTTP/1.1 20", message="is not HTTP"),
    cut("close after the status line", b"HTTP/1.1 200 OK\r\n", message="is not HTTP"),
    cut("close inside a header", b"HTTP/1.1 200 OK\r\nContent-Le", message="is not HTTP"),
    cut("close before the empty line", LENGTH[:-2], message="is not HTTP"),
    cut("close after an interim reply", b"HTTP/1.1 100 Continue\r\n\r\n", message="is not HTTP"),
    cut("reset inside the head", LENGTH[:-2], pause(0.02), reset, message="reset", kind=Lost),
    cut("close after the head", LENGTH, status=200, message="cut short, 10 bytes are missing"),
    cut("reset after the head", LENGTH, pause(0.02), reset, message="reset", kind=Lost),
    cut("close in the body", LENGTH, b'{"a"', status=200, message="cut short, 6 bytes are missing"),
    cut("half-close in the body", LENGTH, b"{", half_close, drain, status=200, message="9 bytes"),
    cut("reset in the body", LENGTH, b"{", pause(0.02), reset, message="reset", kind=Lost),
    cut("reset in a chunk", CHUNKED, b"5\r\n{", pause(0.02), reset, message="reset", kind=Lost),
    cut("reset in a body until the close", UNTIL_CLOSE, b"{", pause(0.02), reset, kind=Lost),
]

CHUNKS = [
    *(
        wrong(f"a chunk of size {size!r}", CHUNKED, size, b"\r\n{}\r\n0\r\n\r\n", status=200)
        for size in (
            b"zz",
            b"-2",
            b"+2",
            b"0x2",
            b"2_0",
            b"2.0",
            b"",
            b";a=b",
            b"2 2",
            b"f" * 16,
            b"1" * 5000,
            b"\xd9\xa2",
        )
    ),
    wrong("a chunk without its CRLF", CHUNKED, b"2\r\n{}0\r\n\r\n", status=200),
    wrong("a chunk that ends in LF LF", CHUNKED, b"2\r\n{}\n\n0\r\n\r\n", status=200),
    wrong("a chunk that ends in CR CR", CHUNKED, b"2\r\n{}\r\r0\r\n\r\n", status=200),
    wrong("a chunk size that ends in LF", CHUNKED, b"2\n{}\r\n0\r\n\r\n", status=200),
    wrong("a chunk longer than its size", CHUNKED, b"1\r\n{}\r\n0\r\n\r\n", status=200),
    wrong("an endless size line", CHUNKED, flood(b"0"), status=200),
    wrong("an endless chunk extension", CHUNKED, b"2;", flood(b"x"), status=200),
    wrong("endless trailers", CHUNKED, b"2\r\n{}\r\n0\r\n", flood(b"X: y\r\n"), status=200),
    wrong("an endless trailer", CHUNKED, b"2\r\n{}\r\n0\r\nX: ", flood(b"x"), status=200),
    *(
        cut(f"a chunked body cut {name}", CHUNKED, body, status=200, message="cut short")
        for name, body in {
            "before the first size": b"",
            "inside a size": b"1",
            "after a size": b"10\r\n",
            "inside a size line": b"2\r",
            "inside the data": b"2\r\n{",
            "after the data": b"2\r\n{}",
            "inside the CRLF after the data": b"2\r\n{}\r",
            "before the last chunk": b"2\r\n{}\r\n",
            "inside the last chunk": b"2\r\n{}\r\n0\r\n",
            "inside a trailer": b"2\r\n{}\r\n0\r\nX: y",
            "after a trailer": b"2\r\n{}\r\n0\r\nX: y\r\n",
            "inside a chunk of a petabyte": b"3ffffffffffff\r\n{}",
        }.items()
    ),
]

HEADS = [
    *(
        wrong(f"the status line {line[:40]!r}", line, b"\r\nContent-Length: 2\r\n\r\n{}")
        for line in (
            b"SSH-2.0-OpenSSH_9.6",
            b"ICY 200 OK",
            b"HTTP/1.1 abc OK",
            b"HTTP/1.1 20 OK",
            b"HTTP/1.1 2000 OK",
            b"HTTP/1.1 099 OK",
            b"HTTP/1.1 600 OK",
            b"HTTP/1.1 -20 OK",
            b"HTTP/1.1 +20 OK",
            b"HTTP/1.1 2\xb2\xb3 OK",
            b"HTTP/1.1 200OK",
            b"HTTP/1.1  200 OK",
            b"HTTP/1.1\t200 OK",
            b"HTTP/1.1",
            b"HTTP/1.12 200 OK",
            b"HTTP/1.2 200 OK",
            b"HTTP/2 200 OK",
            b"HTTP/2.0 200 OK",
            b"http/1.1 200 OK",
            b" HTTP/1.1 200 OK",
            b"\r\nHTTP/1.1 200 OK",
            b"\x15\x03\x01\x00\x02\x02\x46",
            b"\x00" * 9,
        )
    ),
    wrong("HTTP/0.9", b"<html>hello</html>\n"),
    wrong("a header of 100 kB", b"HTTP/1.1 200 OK\r\nX: ", b"y" * 100_000, b"\r\n\r\n{}"),
    wrong("an endless status line", b"HTTP/1.1 200 ", flood(b"y")),
    wrong("an endless header", b"HTTP/1.1 200 OK\r\nX: ", flood(b"y")),
    wrong("endless headers", b"HTTP/1.1 200 OK\r\n", flood(b"X: y\r\n")),
    wrong("1,000 headers", head(*["X: y"] * 1000), status=200),
    wrong("endless interim replies", flood(head(status="HTTP/1.1 100 C")), status=100, message=""),
    wrong("endless early hints", flood(head("Link: </x>", status="HTTP/1.1 103 E")), status=103,
          message="too many interim replies"),
    wrong("a switch of protocols", head("Upgrade: h2c", status="HTTP/1.1 101 Switching Protocols"),
          status=101, message="switches protocols"),
    wrong("a header without a colon", head("Content-Length 2"), b"{}", status=200),
    wrong("a header without a name", head(": 2"), b"{}", status=200),
    wrong("a header with a space in front of its colon", head("Content-Length : 2"), b"{}",
          status=200),
    wrong("a header that goes on in the next line", head("X: a", " b", "Content-Length: 2"),
          b"{}", status=200),
    wrong("a first header that is indented", head(" X: a", "Content-Length: 2"), b"{}",
          status=200),
    wrong("a header that ends in LF", head("X: a\nContent-Length: 2"), b"{}", status=200),
    wrong("a status line that ends in LF", head(status="HTTP/1.1 200 OK\nContent-Length: 2"),
          b"{}"),
    cut("a head whose lines all end in LF", b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
        message="is not HTTP"),
]  # fmt: skip

LENGTHS = [
    *(
        wrong(f"Content-Length {length!r}", head(f"Content-Length: {length}"), b"{}", status=200)
        for length in ("-2", "+2", "0x2", "2, 2", "2,3", "", "two", "2.0", "2e0", "\xb2", "2 2")
    ),
    wrong("a Content-Length of 5,000 digits", head("Content-Length: " + "1" * 5000), status=200),
    *(
        wrong(name, head(*lines), b"2\r\n{}\r\n0\r\n\r\n", status=200)
        for name, lines in {
            "two equal lengths": ("Content-Length: 2", "content-length: 2"),
            "two contradictory lengths": ("Content-Length: 2", "Content-Length: 3"),
            "a length and chunks": ("Content-Length: 2", "Transfer-Encoding: chunked"),
            "chunks and a length": ("Transfer-Encoding: chunked", "Content-Length: 2"),
            "two chunked codings": ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
            "chunked twice": ("Transfer-Encoding: chunked, chunked",),
            "gzip as a transfer coding": ("Transfer-Encoding: gzip, chunked",),
            "identity as a transfer coding": ("Transfer-Encoding: identity",),
            "an unknown transfer coding": ("Transfer-Encoding: xchunked",),
            "an empty transfer coding": ("Transfer-Encoding:",),
        }.items()
    ),
    wrong("a body longer than its length", reply(b"{}")[:-2], b"[[]]", status=200, message="JSON"),
]

BODIES = [
    wrong("an endless body until the close", UNTIL_CLOSE, flood(b"[" * 100), status=200,
          message="larger than max_response_bytes (100000)", max_response_bytes=100_000),
    wrong("an endless chunked body", CHUNKED, flood(b"4\r\n[[[[\r\n"), status=200,
          message="larger than max_response_bytes (100000)", max_response_bytes=100_000),
    wrong("a body announced too large", head("Content-Length: 99999999999"), stall, status=200,
          message="larger than max_response_bytes (67108864)"),
    wrong("a gzip bomb", reply(gzip.compress(b" " * 20_000_000), GZIP), status=200,
          message="larger than max_response_bytes (100000), inflated", max_response_bytes=100_000),
    cut("gzip cut short", reply(gzip.compress(b'{"a": "b"}')[:-9], GZIP), status=200,
        message="cut short inside of its gzip"),
    cut("gzip without its checksum", reply(gzip.compress(b"{}")[:-8], GZIP), status=200,
        message="cut short inside of its gzip"),
    wrong("what is not gzip", reply(b"{}", GZIP), status=200, message="is not gzip"),
    wrong("gzip with a wrong checksum", reply(gzip.compress(b"{}")[:-8] + b"x" * 8, GZIP),
          status=200, message="is not gzip"),
    wrong("a coding nobody asked for", reply(b"\x0b\x02\x80{}\x03", "Content-Encoding: br"),
          status=200, message="a coding that nobody asked for ('br')"),
    wrong("gzip twice", reply(gzip.compress(gzip.compress(b"{}")), GZIP, GZIP), status=200,
          message="a coding that nobody asked for ('gzip, gzip')"),
    wrong("deep JSON", reply(gzip.compress(b"[" * 500_000 + b"]" * 500_000), GZIP), status=200,
          message="nested too deeply"),
    wrong("a number of 5,000 digits in a broken body", reply(b"1" * 5000 + b"]"), status=200,
          message="is not JSON"),
]  # fmt: skip

FAULTS = [*LOST, *CHUNKS, *HEADS, *LENGTHS, *BODIES]

SLOW = [
    late("no reply at all", stall),
    late("a head that trickles", trickle(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 4000)),
    late("a head that stops", b"HTTP/1.1 200 OK\r\nX-", stall),
    late("interim replies that trickle", trickle(b"HTTP/1.1 100 Continue\r\n\r\n")),
    late("nothing after an interim reply", b"HTTP/1.1 100 Continue\r\n\r\n", stall),
    late("nothing after the head", LENGTH, stall),
    late("a body that stops", LENGTH, b"{", stall),
    late("a body that trickles", head("Content-Length: 5000"), trickle(b"[")),
    late("a chunked body that trickles", CHUNKED, trickle(b"1\r\n[\r\n")),
    late("a chunk size that trickles", CHUNKED, trickle(b"0")),
    late("trailers that trickle", CHUNKED, b"0\r\n", trickle(b"X: y\r\n")),
    late("a body until the close that trickles", UNTIL_CLOSE, trickle(b"[")),
    late("a head whose lines all end in LF", b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", stall),
]


def named(fault):
    return fault.name


@pytest.mark.parametrize("fault", [*FAULTS, *SLOW], ids=named)
def test_a_write_that_meets_a_fault_is_one_error_and_is_delivered_once(fault):
    with HostileServer(fault.script) as server, connected(server, **fault.options) as client:
        error = failure(post, client, "first")
        assert fault.describes(error)
        assert (error.method, error.url, error.attempts) == ("POST", f"{server.url}/x", 1)
        if not fault.status:
            assert str(error).startswith(f"127.0.0.1:{server.port}: ")
        next_call_works(client, server)
        assert server.delivered("first") == 1


@pytest.mark.parametrize("fault", [*FAULTS, *SLOW], ids=named)
def test_a_read_that_meets_a_fault_each_time_is_tried_as_often_as_allowed_and_no_more(fault):
    with HostileServer(*[fault.script] * 3) as server, connected(server, **fault.options) as client:
        error = failure(get, client, "first")
        assert fault.describes(error)
        again = fault.retryable and fault.kind is not Late  # a timeout uses up the whole time
        assert error.attempts == (3 if again else 1)
        # A connection that is found dead is an attempt too, and delivers nothing.
        assert 1 <= server.delivered("first") <= error.attempts
        # The scripts that were not played would meet the next call.
        server.scripts = server.scripts[: server.accepted]
        next_call_works(client, server)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.retryable], ids=named)
def test_a_read_survives_what_passes(fault):
    with HostileServer(fault.script) as server, connected(server) as client:
        assert get(client, "first") == {"id": "first"}
        assert server.delivered("first") == 2


GOOD = [
    # name, script after the request, value, whether the connection serves the next call too
    ("a body until the close", [UNTIL_CLOSE, b'{"a": 1}'], {"a": 1}, False),
    ("Connection: close", [reply(b'{"a": 1}', "Connection: close"), drain], {"a": 1}, False),
    ("Connection: Close, x", [reply(b"{}", "Connection: Close, x"), drain], {}, False),
    ("HTTP/1.0", [reply(b'{"a": 1}', version="HTTP/1.0"), drain], {"a": 1}, False),
    ("HTTP/1.0 until the close", [b"HTTP/1.0 200 OK\r\n\r\n[1]"], [1], False),
    (
        "HTTP/1.0 with keep-alive",
        [reply(b"[1]", "Connection: Keep-Alive", version="HTTP/1.0"), behave],
        [1],
        True,
    ),
    ("no reason phrase", [reply(b"[1]", status="200"), behave], [1], True),
    ("an empty reason phrase", [reply(b"[1]", status="200 "), behave], [1], True),
    ("a reason phrase in UTF-8", [reply(b"[1]", status="200 \xc3\xa4"), behave], [1], True),
    ("an empty header", [reply(b"[1]", "X-Empty:"), behave], [1], True),
    ("the same header twice", [reply(b"[1]", "Vary: a", "Vary: b"), behave], [1], True),
    ("headers in odd case", [head("CONTENT-length:\t2  "), b"{}", behave], {}, True),
    ("chunks", [CHUNKED, b'4\r\n{"a"\r\n3\r\n: 1\r\n1\r\n}\r\n0\r\n\r\n', behave], {"a": 1}, True),
    ("one byte at a time", [slowly(CHUNKED + b"2\r\n{}\r\n0\r\n\r\n"), behave], {}, True),
    ("a chunk size with leading zeros", [CHUNKED, b"0002\r\n{}\r\n000\r\n\r\n", behave], {}, True),
    (
        "chunk extensions of any kind",
        [CHUNKED, b'2;a=b;"\x00;;=\r\n{}\r\n0;x\r\n\r\n', behave],
        {},
        True,
    ),
    ("trailers", [CHUNKED, b"2\r\n{}\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", behave], {}, True),
    ("gzip", [reply(gzip.compress(b'{"a": 1}'), GZIP), behave], {"a": 1}, True),
    ("gzip in members", [reply(gzip.compress(b"[1,") + gzip.compress(b"2]"), GZIP), behave],
     [1, 2], True),
    ("gzip of nothing", [reply(gzip.compress(b""), GZIP), behave], None, True),
    ("nothing, as gzip", [reply(b"", GZIP), behave], None, True),
    ("x-gzip", [reply(gzip.compress(b"[1]"), "Content-Encoding: X-GZIP"), behave], [1], True),
    ("the identity coding", [reply(b"[1]", "Content-Encoding: identity"), behave], [1], True),
    ("interim replies first", [b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n", OK,
     behave], {}, True),
    ("an interim reply on its own", [head(status="HTTP/1.1 102 P"), pause(0.02), OK, behave], {},
     True),
    ("the head and the body apart", [reply(b"[1]")[:-3], pause(0.02), b"[1]", behave], [1], True),
    ("half of the head first", [OK[:12], pause(0.02), OK[12:], behave], {}, True),
    ("a half-close after the reply", [OK, half_close, drain], {}, False),
    ("a 204 with a length", [reply(b"", status="204 No Content"), behave], None, True),
    ("a 204 without a length", [head(status="HTTP/1.1 204 No Content"), behave], None, True),
    ("a 205", [reply(b"", status="205 Reset Content"), behave], None, True),
    ("junk behind the reply", [OK + b"HTTP/1.1 500 Junk\r\n\r\n", drain], {}, False),
    ("another reply behind the reply", [OK + reply(b'"not yours"'), drain], {}, False),
    ("junk behind a chunked reply", [CHUNKED + b"0\r\n\r\n" + reply(b'"not yours"'), drain], None,
     False),
    ("junk behind a long reply", [reply(b"[%s]" % (b" " * 100_000)) + OK, drain], [], False),
    ("junk behind a 204", [reply(b"", status="204 N", length=False) + OK, drain], None, False),
]  # fmt: skip


@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
@pytest.mark.parametrize(
    ("script", "value", "kept"), [case[1:] for case in GOOD], ids=[case[0] for case in GOOD]
)
def test_a_reply_that_is_unusual_but_right_is_read_and_the_connection_kept_where_it_may_be(
    script, value, kept, tls
):
    with HostileServer([request, *script], certificate=tls) as server, connected(server) as client:
        assert post(client, "first") == value
        if not kept:
            server.settle()
        assert post(client, "second") == {"id": "second"}
        assert get(client, "third") == {"id": "third"}
        assert server.accepted == (1 if kept else 2)
        assert [server.delivered(id) for id in ("first", "second", "third")] == [1, 1, 1]


OVER_TLS = {
    "close before the reply",
    "close inside a header",
    "close after the head",
    "close in the body",
    "a chunked body cut inside the data",
    "endless headers",
    "endless interim replies",
    "an endless chunked body",
    "a head that trickles",
    "a body that trickles",
    "a body that stops",
}


@pytest.mark.parametrize(
    "fault", [fault for fault in [*FAULTS, *SLOW] if fault.name in OVER_TLS], ids=named
)
def test_a_write_that_meets_a_fault_over_tls_is_one_error_and_is_delivered_once(fault):
    with HostileServer(fault.script, certificate="good.pem") as server:
        options = dict(fault.options)
        if "timeout" in options:
            options["timeout"] = 1  # a handshake takes its time
            fault = fault._replace(message="no reply in time (timeout=1)")
        with connected(server, **options) as client:
            error = failure(post, client, "first")
            assert fault.describes(error)
            assert error.attempts == 1
            next_call_works(client, server)
            assert server.delivered("first") == 1


@pytest.mark.parametrize("call", [get, post])
@pytest.mark.parametrize(
    "acts",
    [[], [LENGTH[:-2], pause(0.02)], [LENGTH, pause(0.02)], [LENGTH, b"{", pause(0.02)]],
    ids=["before the reply", "inside the head", "after the head", "in the body"],
)
def test_a_reset_over_tls_is_an_error_and_is_tried_again_where_that_is_safe(acts, call):
    # Python 3.10 to 3.12.2 take a reset under TLS for the end of the stream: either name will do.
    script = [request, *acts, reset]
    with HostileServer(*[script] * 3, certificate="good.pem") as server:
        with connected(server) as client:
            error = failure(call, client, "first")
            assert type(error) in (InvalidResponseError, IronflowConnectionError)
            assert error.retryable is True
            assert error.attempts == (1 if call is post else 3)
            # A connection that is found dead is an attempt too, and delivers nothing.
            assert 1 <= server.delivered("first") <= error.attempts
            server.scripts = server.scripts[: server.accepted]
            next_call_works(client, server)


def test_a_tls_stream_that_is_cut_with_a_bare_fin_is_a_reply_cut_short():
    def vanish(peer):
        socket.socket.shutdown(peer.sock, socket.SHUT_WR)  # without the close_notify of TLS

    script = [request, head("Content-Length: 20"), b"[1]", vanish, drain]
    with HostileServer(script, certificate="good.pem") as server, connected(server) as client:
        error = failure(post, client, "first")
        assert (type(error), error.status_code) == (InvalidResponseError, 200)
        next_call_works(client, server)


# Before a connection is made.


@pytest.fixture
def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


def eager(url, **options):
    client = IronflowClient(url, api_key=KEY, **options)
    client._open().sleep = lambda seconds: None
    return client


@pytest.mark.parametrize("call", [get, post])
def test_a_refused_connection_names_host_and_port_and_is_tried_again(closed_port, call):
    error = failure(call, eager(f"http://127.0.0.1:{closed_port}"), "first")
    assert type(error) is IronflowConnectionError
    assert isinstance(error, ConnectionError)
    assert (error.status_code, error.code, error.retryable) == (0, "CONNECTION_FAILED", True)
    assert error.attempts == 3
    assert str(error).startswith(f"127.0.0.1:{closed_port}: connection refused")
    assert isinstance(error.__cause__, ConnectionRefusedError)


def test_a_server_that_comes_up_in_the_meantime_is_reached_by_the_same_client(closed_port):
    with eager(f"http://127.0.0.1:{closed_port}", max_attempts=1) as client:
        assert failure(post, client, "first").code == "CONNECTION_FAILED"
        with HostileServer() as server:
            elsewhere = client.with_options(server_url=server.url)
            assert post(elsewhere, "next") == {"id": "next"}
            elsewhere.close()


def test_an_ipv6_host_is_named_in_brackets(closed_port):
    error = failure(post, eager(f"http://[::1]:{closed_port}"), "first")
    assert type(error) is IronflowConnectionError
    assert str(error).startswith(f"[::1]:{closed_port}: ")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid", "a..b"])
def test_a_name_that_does_not_resolve_is_a_connection_error(host):
    error = failure(post, eager(f"http://{host}:9123"), "first")
    assert type(error) is IronflowConnectionError
    assert (error.status_code, error.code, error.attempts) == (0, "CONNECTION_FAILED", 3)
    assert str(error).startswith(f"{host}:9123: the host name cannot be resolved")


def test_a_server_that_does_not_answer_the_connect_is_a_timeout():
    fillers = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        try:
            for _ in range(8):  # the backlog is full after one or two
                filler = socket.socket()
                fillers.append(filler)
                filler.setblocking(False)
                filler.connect_ex(address)
            error = failure(post, eager(f"http://127.0.0.1:{address[1]}", timeout=0.3), "first")
        finally:
            for filler in fillers:
                filler.close()
    assert type(error) is IronflowTimeoutError
    assert isinstance(error, TimeoutError)
    assert (error.status_code, error.code, error.retryable) == (0, "TIMEOUT", True)
    assert str(error) == f"127.0.0.1:{address[1]}: no reply in time (timeout=0.3)"


def test_a_slow_accept_within_the_time_is_no_failure():
    with HostileServer(accept_after=0.2) as server, connected(server) as client:
        assert post(client, "first") == {"id": "first"}
        assert server.delivered("first") == 1


def test_a_server_that_reads_at_the_last_moment_does_not_get_the_time_twice(monkeypatch):
    # Sending and receiving share the time of a call; each must not take all of it.
    near, far = socket.socketpair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
    near.setblocking(False)
    monkeypatch.setattr("ironflow._wire.connection.connect", lambda *_: near)

    def read_late():
        with far:
            over.wait(1.2)
            while b"END" not in far.recv(65536)[-20:]:
                pass
            over.wait(1.4)
            with contextlib.suppress(OSError):
                far.sendall(OK)

    over = threading.Event()
    thread = threading.Thread(target=read_late)
    thread.start()
    try:
        with eager("http://127.0.0.1:1", timeout=2) as client:
            error = failure(post, client, "x" * 40_000 + "END")
        assert type(error) is IronflowTimeoutError
        assert error.attempts == 1
    finally:
        over.set()
        thread.join()


# TLS.


@pytest.mark.parametrize("call", [get, post])
def test_tls_to_a_plain_server_is_a_connection_error(call):
    script = [b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", drain]
    with HostileServer(then=script) as server:
        client = eager(f"https://127.0.0.1:{server.port}", ssl_context=trusting_context())
        error = failure(call, client, "first")
    assert type(error) is IronflowConnectionError
    assert (error.status_code, error.code, error.attempts) == (0, "CONNECTION_FAILED", 3)
    assert str(error).startswith(f"127.0.0.1:{server.port}: TLS failed")
    assert str(error).endswith("; does the server speak plain http://?")


def test_plain_http_to_a_tls_server_is_an_error_and_not_a_hang():
    with HostileServer(certificate="good.pem") as server:
        with eager(server.url.replace("https", "http"), timeout=20) as client:
            error = failure(post, client, "first")
    assert type(error) in (InvalidResponseError, IronflowConnectionError)
    assert error.status_code == 0
    assert server.requests == []


@pytest.mark.parametrize(
    "script",
    [[stall], [b"\x16\x03\x03", stall], [trickle(b"\x16\x03\x03\x40\x00\x02")]],
    ids=["nothing", "the start of a record", "a record that trickles"],
)
def test_a_tls_handshake_that_never_ends_is_a_timeout(script):
    with HostileServer(script) as server:
        client = eager(
            f"https://127.0.0.1:{server.port}", timeout=0.3, ssl_context=trusting_context()
        )
        error = failure(post, client, "first")
    assert type(error) is IronflowTimeoutError
    assert (error.code, error.retryable, error.attempts) == ("TIMEOUT", True, 1)


@pytest.mark.parametrize("script", [[], [reset]], ids=["close", "reset"])
def test_a_server_that_hangs_up_in_the_tls_handshake_is_tried_again(script):
    with HostileServer(then=script) as server:
        client = eager(f"https://127.0.0.1:{server.port}", ssl_context=trusting_context())
        error = failure(post, client, "first")
    assert type(error) is IronflowConnectionError
    assert (error.code, error.retryable, error.attempts) == ("CONNECTION_FAILED", True, 3)


CERTIFICATES = [
    ("expired.pem", "certificate has expired"),
    ("self-signed.pem", "self"),  # "self-signed certificate", "self signed certificate"
    ("other-host.pem", "127.0.0.1"),
]


@pytest.mark.parametrize(("certificate", "reason"), CERTIFICATES)
@pytest.mark.parametrize("call", [get, post])
def test_a_certificate_that_cannot_be_trusted_stops_the_call_before_anything_is_sent(
    certificate, reason, call
):
    with HostileServer(certificate=certificate) as server, connected(server) as client:
        error = failure(call, client, "first")
        assert type(error) is IronflowConnectionError
        assert (error.status_code, error.code) == (0, "CONNECTION_FAILED")
        assert (error.retryable, error.attempts) == (False, 1)
        start, _, told = str(error).partition(": the server's certificate is not accepted: ")
        assert start == f"127.0.0.1:{server.port}"
        assert reason in told
        assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
    assert server.requests == []


def test_without_settings_of_the_caller_a_certificate_of_an_unknown_authority_is_refused():
    with HostileServer(certificate="good.pem") as server:
        error = failure(post, eager(server.url), "first")
    assert type(error) is IronflowConnectionError
    assert "the server's certificate is not accepted" in str(error)
    assert str(error).endswith("; to trust it, give an ssl_context that has loaded it")
    assert server.requests == []


@pytest.mark.parametrize(
    ("certificate", "advised"),
    [("self-signed.pem", True), ("expired.pem", False), ("other-host.pem", False)],
)
def test_a_certificate_of_ones_own_is_advised_to_be_trusted_and_no_other(certificate, advised):
    with HostileServer(certificate=certificate) as server, connected(server) as client:
        error = failure(post, client, "first")
    assert str(error).endswith("give an ssl_context that has loaded it") is advised


def test_a_certificate_is_checked_against_the_name_and_not_only_the_address():
    with HostileServer(certificate="good.pem") as server:
        url = f"https://localhost:{server.port}"
        with eager(url, timeout=20, ssl_context=trusting_context()) as client:
            assert post(client, "first") == {"id": "first"}


def test_the_callers_tls_settings_are_used():
    class Refused(ssl.SSLContext):
        def wrap_socket(self, *_, **__):
            raise ssl.SSLError(1, "wrapped by the caller's context")

    context = Refused(ssl.PROTOCOL_TLS_CLIENT)
    with HostileServer() as server:
        client = eager(f"https://127.0.0.1:{server.port}", ssl_context=context)
        assert "wrapped by the caller's context" in str(failure(post, client, "first"))


@pytest.mark.parametrize("certificate", ["good.pem", "other-host.pem"])
def test_tls_settings_that_check_the_peer_where_they_wrap_the_socket_find_its_certificate(
    certificate,
):
    # As those do that verify by the certificates of macOS and Windows.
    class Checking(ssl.SSLContext):
        def wrap_socket(self, *arguments, **options):
            sock = super().wrap_socket(*arguments, **options)
            certificates.append(sock.getpeercert(binary_form=True))
            return sock

    certificates = []
    context = Checking(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(CERTIFICATES_OF_TESTS / "ca.pem")
    with HostileServer(certificate=certificate) as server:
        with connected(server, ssl_context=context, max_attempts=1) as client:
            if certificate == "other-host.pem":
                error = failure(post, client, "first")
                assert "the server's certificate is not accepted" in str(error)
                assert certificates == []
                return
            assert post(client, "first") == {"id": "first"}
            client.close()
            assert [outcome.value for outcome in client.map(client.runs_get, ["a"])] == [
                {"id": None}
            ]
            assert len(certificates) == 2
            assert all(certificates)


# Replies that are errors of the server, and cut short on top of it.


@pytest.mark.parametrize(
    "acts",
    [
        [head("Content-Length: 900"), b'{"error": "no'],
        [head("Content-Length: 900"), b'{"error": "no', pause(0.02), reset],
        [head("Content-Length: 900"), b'{"error": "no', stall],
        [head("Transfer-Encoding: chunked"), b'd\r\n{"error": "no\r\n'],
        [head("Transfer-Encoding: chunked"), b'd\r\n{"error": "no\r\nzz\r\n'],
    ],
    ids=["close", "reset", "stall", "chunks cut short", "chunks broken"],
)
def test_an_error_reply_that_breaks_off_still_tells_its_status_and_what_came_of_it(acts):
    acts = [act.replace(b"200 OK", b"404 No") if isinstance(act, bytes) else act for act in acts]
    timeout = 1 if stall in acts else 20
    with HostileServer([request, *acts]) as server, connected(server, timeout=timeout) as client:
        error = failure(post, client, "first")
        assert type(error) is NotFoundError
        assert (error.status_code, error.code, error.retryable) == (404, "NOT_FOUND", False)
        assert str(error) in ('{"error": "no', "No")  # what came of the body, or the reason phrase
        next_call_works(client, server)
        assert server.delivered("first") == 1


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_an_error_reply_in_a_broken_coding_still_tells_its_status(coding):
    broken = reply(b"\x1f\x8bnonsense", f"Content-Encoding: {coding}", status="409 Conflict")
    with HostileServer([request, broken, behave]) as server, connected(server) as client:
        error = failure(post, client, "first")
        assert (error.status_code, error.code) == (409, "CONFLICT")
        next_call_works(client, server)


def test_a_gzip_bomb_in_an_error_reply_is_bounded():
    bomb = reply(gzip.compress(b"x" * 20_000_000), GZIP, status="500 Oops")
    with HostileServer([request, bomb, behave]) as server, connected(server) as client:
        error = failure(post, client, "first")
        assert type(error) is ServerError
        assert len(error.body) == 64 * 1024
        next_call_works(client, server)


@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
@pytest.mark.parametrize("polite", [True, False], ids=["drains", "resets"])
def test_a_reply_before_the_request_is_fully_read_is_the_answer(tls, polite):
    refusal = reply(b'{"error": "too large"}', "Connection: close", status="413 Too Large")
    script = [request_head, refusal, *([half_close, drain] if polite and not tls else [])]
    if polite and tls:
        script.append(drain)
    with HostileServer(script, certificate=tls) as server, connected(server) as client:
        with pytest.raises(IronflowError) as caught:
            client.request("POST", "/x", body={"id": "x" * 10_000_000})
        error = caught.value
        assert (error.status_code, error.code) == (413, "CONTENT_TOO_LARGE")
        assert (str(error), error.retryable, error.attempts) == ("too large", False, 1)
        assert len(server.requests) == 1
        next_call_works(client, server)


@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
@pytest.mark.parametrize(
    "interim",
    [
        [b"HTTP/1.1 100 Continue\r\n\r\n"],
        [head("Link: </x>", status="HTTP/1.1 103 E")] * 3,
        [b"HTTP/1.1 102 Proc", pause(0.05), b"essing\r\n\r\n"],
    ],
    ids=["100", "103 thrice", "102 in parts"],
)
def test_an_interim_reply_to_a_request_of_20_mb_does_not_keep_the_rest_of_it_back(interim, tls):
    def read_late(peer):
        received = peer.request_head()
        for act in interim:
            if callable(act):
                act(peer)
            else:
                peer.send(act)
        pause(0.2)(peer)  # the client has filled all buffers, and nobody has read from them
        left = int(received.headers["content-length"]) - len(peer._buffer)
        while left > 0:
            left -= len(peer.sock.recv(1 << 20))
        peer._buffer = b""
        peer.answer({"id": "whole"})
        behave(peer)

    with HostileServer([read_late], certificate=tls) as server, connected(server) as client:
        assert post(client, "x" * 20_000_000) == {"id": "whole"}
        assert post(client, "next") == {"id": "next"}
        assert server.accepted == 1


@pytest.mark.parametrize(
    "framing",
    [
        [reply(b'{"error": "too large"}', status="413 Too Large")],
        [LENGTH.replace(b"200 OK", b"413 N").replace(b"10", b"22"), pause(0.05),
         b'{"error": "too large"}'],
        [CHUNKED.replace(b"200 OK", b"413 N"), b"16\r\n", pause(0.05),
         b'{"error": "too large"}\r\n0\r\n\r\n'],
        [b"HTTP/1.1 100 C\r\n\r\n", pause(0.05),
         reply(b'{"error": "too large"}', status="413 Too Large")],
    ],
    ids=["at once", "in parts", "in chunks", "behind an interim reply"],
)  # fmt: skip
def test_a_server_that_answers_and_reads_no_more_is_heard(framing):
    with HostileServer([request_head, *framing, stall]) as server, connected(server) as client:
        error = failure(post, client, "x" * 20_000_000)
        assert (error.status_code, str(error), error.attempts) == (413, "too large", 1)
        next_call_works(client, server)
        assert server.accepted == 2


def test_a_request_of_10_mb_arrives_whole():
    with HostileServer() as server, connected(server) as client:
        id = "x" * 10_000_000
        assert post(client, id) == {"id": id}
        assert server.delivered(id) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("framing", ["length", "chunks", "gzip", "close"])
def test_a_reply_of_10_mb_arrives_whole(method, framing):
    value = {"items": [f"{number:0100}" for number in range(100_000)]}
    body = json.dumps(value).encode()
    content = {
        "length": reply(body),
        "chunks": CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
        "gzip": reply(gzip.compress(body, 1), GZIP),
        "close": UNTIL_CLOSE + body,
    }[framing]
    with HostileServer([request, content]) as server, connected(server) as client:
        assert client.request(method, "/x") == value
        next_call_works(client, server)


def test_a_head_request_does_not_wait_for_the_body_that_the_head_announces():
    script = [request, LENGTH, request, CHUNKED, request, UNTIL_CLOSE, behave]
    with HostileServer(script) as server, connected(server) as client:
        for _ in range(3):
            assert client.request("HEAD", "/x") is None
        assert post(client, "next") == {"id": "next"}
        assert server.accepted == 1


def test_a_status_line_that_echoes_the_key_leaks_neither_in_message_nor_in_cause():
    with HostileServer([request, f"Bearer {KEY}\r\n\r\n".encode()]) as server:
        with connected(server) as client:
            error = failure(post, client, "first")
    shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert KEY not in shown + repr(vars(error)) + repr(error.__context__) + repr(error.__cause__)


# Redirects.


def redirect(location, status=302, *headers):
    return reply(b"", f"Location: {location}", *headers, status=f"{status} Found")


def test_a_304_is_an_error_that_has_no_body_to_wait_for():
    script = [request, head("Content-Length: 10", "ETag: x", status="HTTP/1.1 304 N"), behave]
    with HostileServer(script) as server, connected(server) as client:
        error = failure(get, client, "first")
        assert type(error) is IronflowError
        assert (error.status_code, error.code, error.retryable) == (304, "HTTP_304", False)
        next_call_works(client, server)
        assert server.accepted == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/there?id=2", "/there?id=2"),
        ("there?id=2", "/api/there?id=2"),
        ("?id=2", "/api/x?id=2"),
        ("{url}/there?id=2", "/there?id=2"),
        ("//127.0.0.1:{port}/there?id=2", "/there?id=2"),
        ("/there?id=2#part", "/there?id=2"),
        ("../there/%2E?id=2", "/there/%2E?id=2"),
        ("/th ere?id=2", "/th%20ere?id=2"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_follows_a_redirect_within_the_server(status, location, target, method):
    with HostileServer() as server, connected(server) as client:
        pointed = location.format(url=server.url, port=server.port)
        server.scripts = [[request, redirect(pointed, status), request, OK, behave]]
        assert client.request(method, "/api/x") == ({} if method == "GET" else None)
        assert [(seen.method, seen.target) for seen in server.requests] == [
            (method, "/api/x"),
            (method, target),
        ]
        assert server.requests[1].headers["authorization"] == f"Bearer {KEY}"
        assert server.accepted == 1


@pytest.mark.parametrize(
    ("count", "followed"), [(5, True), (6, False)], ids=["five redirects", "six redirects"]
)
def test_a_redirect_loop_ends(count, followed):
    step = [request, redirect("/x?id=1")]
    with HostileServer([*step * count, behave]) as server, connected(server) as client:
        if followed:
            assert get(client, "1") == {"id": "1"}
        else:
            error = failure(get, client, "1")
            assert type(error) is IronflowError
            assert (error.status_code, error.code) == (302, "HTTP_302")
            assert (error.retryable, error.attempts) == (False, 1)
            assert "redirected to /x?id=1" in str(error)
            next_call_works(client, server)
        assert server.delivered("1") == 6


ELSEWHERE = [
    "http://other.example/x",
    "http://127.0.0.1:1/x",
    "//other.example/x",
    "http://127.0.0.1/x",
    "https://127.0.0.1:{port}/x",
    "http://127.0.0.1:{port}0/x",
    "http://127.0.0.1:{port}@other.example/x",
    "http://user@127.0.0.1:{port}/x",
    "http://127.0.0.1:{port}.other.example/x",
    "http://[",
    "http://[::1/x",
    "ftp://127.0.0.1:{port}/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "mailto:a@b",
    "/caf\xc3\xa9",
]


@pytest.mark.parametrize("location", ELSEWHERE)
@pytest.mark.parametrize("call", [get, post])
def test_a_redirect_to_elsewhere_is_an_error_that_says_where_it_pointed(location, call):
    with HostileServer() as server, connected(server) as client:
        pointed = location.format(port=server.port)
        server.scripts = [[request, redirect(pointed), behave]]
        error = failure(call, client, "first")
        assert type(error) is IronflowError
        assert (error.status_code, error.code) == (302, "HTTP_302")
        assert (error.retryable, error.attempts) == (False, 1)
        assert f"redirected to {pointed}" in str(error)
        assert server.delivered("first") == 1
        next_call_works(client, server)


def test_a_redirect_from_tls_to_plain_is_not_followed():
    with HostileServer() as plain, HostileServer(certificate="good.pem") as server:
        server.scripts = [[request, redirect(f"http://127.0.0.1:{server.port}/x"), behave]]
        with connected(server) as client:
            error = failure(get, client, "first")
            assert (type(error), error.status_code) == (IronflowError, 302)
            next_call_works(client, server)
        assert plain.requests == []


def test_a_redirect_without_a_location_is_an_error():
    with HostileServer([request, reply(b"", status="302 Found"), behave]) as server:
        with connected(server) as client:
            error = failure(get, client, "first")
            assert (type(error), error.status_code) == (IronflowError, 302)
            next_call_works(client, server)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_redirected_write_is_not_sent_again(status, method):
    with HostileServer([request, redirect("/there", status), behave]) as server:
        with connected(server) as client:
            error = failure(lambda: client.request(method, "/x", body={"id": "first"}))
            assert type(error) is IronflowError
            assert (error.status_code, error.code) == (status, f"HTTP_{status}")
            assert (error.retryable, error.attempts) == (False, 1)
            assert "redirected to /there" in str(error)
            assert server.delivered("first") == 1
            next_call_works(client, server)


def test_a_redirect_that_trickles_on_and_on_is_over_in_time():
    hop = [request, pause(0.1), redirect("/x")]
    with HostileServer([*hop * 3, request, trickle(OK[:-3] + b"x" * 99)]) as server:
        with connected(server, timeout=0.5) as client:
            assert type(failure(get, client, "first")) is IronflowTimeoutError
