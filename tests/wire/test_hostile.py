"""What a call does when the server, the network or a name does not behave: one case a fault.

Each fault is met by a POST, which must be one error and be delivered once, and by a GET, which is
tried again where that is sensible. After each, the next call on the same client works.
"""

from __future__ import annotations

import gzip
import socket
import traceback
from typing import NamedTuple

import pytest

from ironflow import InvalidResponseError, IronflowConnectionError, IronflowTimeoutError

from ..conftest import KEY
from ..hostile import (
    HostileServer,
    drain,
    flood,
    half_close,
    pause,
    reply,
    request,
    reset,
    stall,
    trickle,
)
from .calls import GZIP, UNTIL_CLOSE, connected, failure, get, head, next_call_works, post
from .reading import CHUNKED, LENGTH

Broken = InvalidResponseError
Lost = IronflowConnectionError
Late = IronflowTimeoutError

CODES = {Broken: "INVALID_RESPONSE", Lost: "CONNECTION_FAILED", Late: "TIMEOUT"}


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
        message="cut short within its gzip data"),
    cut("gzip without its checksum", reply(gzip.compress(b"{}")[:-8], GZIP), status=200,
        message="cut short within its gzip data"),
    wrong("what is not gzip", reply(b"{}", GZIP), status=200, message="is not gzip"),
    wrong("gzip with a wrong checksum", reply(gzip.compress(b"{}")[:-8] + b"x" * 8, GZIP),
          status=200, message="is not gzip"),
    wrong("a coding nobody asked for", reply(b"\x0b\x02\x80{}\x03", "Content-Encoding: br"),
          status=200, message="a content coding that was not requested ('br')"),
    wrong("gzip twice", reply(gzip.compress(gzip.compress(b"{}")), GZIP, GZIP), status=200,
          message="a content coding that was not requested ('gzip, gzip')"),
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


def test_a_status_line_that_echoes_the_key_leaks_neither_in_message_nor_in_cause():
    with HostileServer([request, f"Bearer {KEY}\r\n\r\n".encode()]) as server:
        with connected(server) as client:
            error = failure(post, client, "first")
    shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert KEY not in shown + repr(vars(error)) + repr(error.__context__) + repr(error.__cause__)
