"""Our parser of replies beside ``http.client`` and ``h11``, case by case.

Where these two agree, we agree with them. Where we do not, we refuse what they take: such a case is
listed in ``STRICTER``, with the section of the RFC that says why. Where they disagree, we side with
one of them.
"""

from __future__ import annotations

import http.client
import io
import os
import random

import pytest

from ironflow._wire.replies import BadReply, ReplyParser

from ..damaged import FIRST_SEED, stream_for
from .reading import CHUNKED, OK

pytest.importorskip("h11", reason="the library h11 (extra: interop) is not installed")

import h11

pytestmark = pytest.mark.interop

REFUSED = "refused"
LIMIT = 1 << 20
CASES_AT_RANDOM = 5_000 if os.environ.get("CI") else 1_000

TWO = b"Content-Length: 2\r\n\r\n"


def ours(content, method):
    parser = ReplyParser()
    parser.expect(method, LIMIT)
    try:
        reply = parser.feed(content) or parser.end()
    except BadReply:
        return REFUSED
    return reply.status, reply.reason, reply.headers, bytes(reply.content)


def http_client(content, method):
    class Socket:
        def makefile(self, mode):
            return io.BytesIO(content)

    try:
        reply = http.client.HTTPResponse(Socket(), method=method)
        reply.begin()
        body = reply.read()
    except (http.client.HTTPException, OverflowError, ValueError):
        return REFUSED
    return reply.status, reply.reason, joined(reply.getheaders()), body


def of_h11(content, method):
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="example:80", headers=[("Host", "example")]))
    connection.send(h11.EndOfMessage())
    head, body = None, b""
    try:
        connection.receive_data(content)
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(b"")
            elif isinstance(event, h11.Response):
                head = event
                if method == "CONNECT" and event.status_code <= 299:
                    break
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
            elif isinstance(event, h11.ConnectionClosed):
                return REFUSED
    except h11.RemoteProtocolError:
        return REFUSED
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers]
    return head.status_code, head.reason.decode("latin-1"), joined(headers), body


def joined(fields):
    headers = {}
    for name, value in fields:
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def head(line):
    """Return a reply with a status line."""
    return line + b"\r\n" + TWO + b"{}"


def field(line):
    """Return a reply with a header line."""
    return OK + line + b"\r\n" + TWO + b"{}"


def length(*lines):
    """Return a reply with lines that say how long its body is."""
    return OK + b"\r\n".join(lines) + b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n"


CASES = {
    # status lines
    "1.1": head(b"HTTP/1.1 200 OK"),
    "1.0": head(b"HTTP/1.0 200 OK"),
    "no reason": head(b"HTTP/1.1 200"),
    "an empty reason": head(b"HTTP/1.1 200 "),
    "a reason of words": head(b"HTTP/1.1 404 Not Found"),
    "an unknown status": head(b"HTTP/1.1 299 Odd"),
    "status 600": head(b"HTTP/1.1 600 Odd"),
    "status 999": head(b"HTTP/1.1 999 Odd"),
    "status 099": head(b"HTTP/1.1 099 Odd"),
    "a status of two digits": head(b"HTTP/1.1 20 OK"),
    "a status of four digits": head(b"HTTP/1.1 2000 OK"),
    "a status of letters": head(b"HTTP/1.1 abc OK"),
    "version 1.2": head(b"HTTP/1.2 200 OK"),
    "version 2.0": head(b"HTTP/2.0 200 OK"),
    "version 2": head(b"HTTP/2 200 OK"),
    "version 0.9": head(b"HTTP/0.9 200 OK"),
    "lower case": head(b"http/1.1 200 OK"),
    "another protocol": head(b"ICY 200 OK"),
    "two spaces in front of the status": head(b"HTTP/1.1  200 OK"),
    "a tab in front of the status": head(b"HTTP/1.1\t200 OK"),
    "no space behind the status": head(b"HTTP/1.1 200OK"),
    "an empty line first": b"\r\n" + head(b"HTTP/1.1 200 OK"),
    "nothing": b"",
    "a page without a head": b"<html>hello</html>\r\n\r\n",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x46",
    "a head that is cut": b"HTTP/1.1 200 OK\r\nContent-Le",
    # headers
    "white space around a value": field(b"X-A: \t b c\t "),
    "no space in front of a value": field(b"X-A:b"),
    "an empty value": field(b"X-A:"),
    "a value in Latin-1": field(b"X-A: caf\xe9"),
    "a colon in a value": field(b"X-A: b: c"),
    "the same header twice": field(b"X-A: b\r\nx-a: c"),
    "a header without a colon": field(b"X-A"),
    "a header without a name": field(b": b"),
    "a space in front of the colon": field(b"X-A : b"),
    "a space inside of a name": field(b"X A: b"),
    "a name outside of the token": field(b"X(A): b"),
    "a folded header": field(b"X-A: b\r\n c"),
    "an indented first header": field(b" X-A: b"),
    "a line that ends in LF": field(b"X-A: b\nX-B: c"),
    "a CR inside of a value": field(b"X-A: b\rc"),
    "a NUL inside of a value": field(b"X-A: b\0c"),
    "a vertical tab around a value": field(b"X-A: \x0bb"),
    "an escape in a value": field(b"X-A: b\x1b[31m"),
    "a DEL in a value": field(b"X-A: b\x7f"),
    "all lines end in LF": (OK + TWO).replace(b"\r\n", b"\n") + b"{}",
    "the status line ends in LF": b"HTTP/1.1 200 OK\n" + TWO + b"{}",
    "100 headers": OK + b"X: y\r\n" * 99 + TWO + b"{}",
    "101 headers": OK + b"X: y\r\n" * 100 + TWO + b"{}",
    "a header of 10 kB": field(b"X-A: " + b"b" * 10_000),
    "a head of 100 kB": field(b"X-A: " + b"b" * 100_000),
    # lengths
    "a length": length(b"Content-Length: 2"),
    "leading zeros": length(b"Content-Length: 0002"),
    "no length": OK + b"\r\n{}",
    "two equal lengths": length(b"Content-Length: 2", b"Content-Length: 2"),
    "two different lengths": length(b"Content-Length: 2", b"Content-Length: 3"),
    "two equal lengths in one": length(b"Content-Length: 2, 2"),
    "two different lengths in one": length(b"Content-Length: 2, 3"),
    "a negative length": length(b"Content-Length: -2"),
    "a length with a sign": length(b"Content-Length: +2"),
    "a length in hexadecimal": length(b"Content-Length: 0x2"),
    "a length with an underscore": length(b"Content-Length: 2_0"),
    "an empty length": length(b"Content-Length:"),
    "a length in words": length(b"Content-Length: two"),
    "a length of 5,000 digits": length(b"Content-Length: " + b"1" * 5000),
    "a length and chunks": length(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
    "chunks and a length": length(b"Transfer-Encoding: chunked", b"Content-Length: 2"),
    "a body that is cut": OK + b"Content-Length: 9\r\n\r\n{}",
    "a body and another reply": OK + TWO + b"{}HTTP/1.1 500 No\r\n\r\n",
    # transfer codings
    "chunked": length(b"Transfer-Encoding: chunked"),
    "Chunked": length(b"Transfer-Encoding: Chunked"),
    "chunked twice": length(b"Transfer-Encoding: chunked, chunked"),
    "two chunked codings": length(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    "gzip, chunked": length(b"Transfer-Encoding: gzip, chunked"),
    "gzip": length(b"Transfer-Encoding: gzip"),
    "identity": length(b"Transfer-Encoding: identity"),
    "xchunked": length(b"Transfer-Encoding: xchunked"),
    "an empty coding": length(b"Transfer-Encoding:"),
    "a vertical tab in front of chunked": length(b"Transfer-Encoding: \x0bchunked"),
    "a form feed behind chunked": length(b"Transfer-Encoding: chunked\x0c"),
    "a no-break space in front of chunked": length(b"Transfer-Encoding: \xa0chunked"),
    "chunks in 1.0": length(b"Transfer-Encoding: chunked").replace(b"/1.1", b"/1.0"),
    # chunks
    "no chunks": CHUNKED + b"0\r\n\r\n",
    "three chunks": CHUNKED + b"1\r\na\r\n1\r\nb\r\nA\r\n0123456789\r\n0\r\n\r\n",
    "leading zeros of a chunk": CHUNKED + b"0002\r\n{}\r\n000\r\n\r\n",
    "an extension": CHUNKED + b"2;a=b\r\n{}\r\n0;c\r\n\r\n",
    "white space behind a size": CHUNKED + b"2 \t\r\n{}\r\n0\r\n\r\n",
    "white space in front of a size": CHUNKED + b" 2\r\n{}\r\n0\r\n\r\n",
    "a trailer": CHUNKED + b"2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n",
    "a trailer without a colon": CHUNKED + b"2\r\n{}\r\n0\r\nX\r\n\r\n",
    "a trailer with a CR": CHUNKED + b"2\r\n{}\r\n0\r\nX: y\rz\r\n\r\n",
    "a negative size": CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n",
    "a size with a sign": CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n",
    "a size with 0x": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a size with an underscore": CHUNKED + b"0_2\r\n{}\r\n0\r\n\r\n",
    "a size of letters": CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "no size": CHUNKED + b"\r\n{}\r\n0\r\n\r\n",
    "a size of 16 digits": CHUNKED + b"0000000000000002\r\n{}\r\n0\r\n\r\n",
    "a size of 100 digits": CHUNKED + b"f" * 100 + b"\r\n{}\r\n0\r\n\r\n",
    "a size line that ends in LF": CHUNKED + b"2\n{}\r\n0\r\n\r\n",
    "a chunk without its CRLF": CHUNKED + b"2\r\n{}0\r\n\r\n",
    "a chunk that ends in LF LF": CHUNKED + b"2\r\n{}\n\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"1\r\n{}\r\n0\r\n\r\n",
    "a chunk that is cut": CHUNKED + b"9\r\n{}",
    "chunks without a last one": CHUNKED + b"2\r\n{}\r\n",
    "a last chunk without its end": CHUNKED + b"2\r\n{}\r\n0\r\n",
    # interim replies, and replies without a body
    "100 first": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + TWO + b"{}",
    "100 first, with a header": b"HTTP/1.1 100 C\r\nX: y\r\n\r\n" + OK + TWO + b"{}",
    "103 first": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK + TWO + b"{}",
    "101": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
    "only 100": b"HTTP/1.1 100 Continue\r\n\r\n",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "204 with a length": b"HTTP/1.1 204 No Content\r\n" + TWO + b"{}",
    "304 with a length": b"HTTP/1.1 304 Not Modified\r\n" + TWO + b"{}",
    "304 with chunks": b"HTTP/1.1 304 N\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "205": b"HTTP/1.1 205 Reset Content\r\n" + TWO + b"{}",
    "an error until the close": b"HTTP/1.1 404 Not Found\r\n\r\nnone",
    "HEAD with a length": ("HEAD", OK + TWO),
    "HEAD with chunks": ("HEAD", CHUNKED),
    "HEAD without a length": ("HEAD", OK + b"\r\n"),
    "CONNECT": ("CONNECT", b"HTTP/1.1 200 Connection established\r\n\r\n"),
    "CONNECT that is refused": ("CONNECT", b"HTTP/1.1 407 No\r\n" + TWO + b"no"),
}

# What we refuse although both take it, and where it is written that we may.
STRICTER = {
    "status 600": "RFC 9110, 15: a status outside of 100 to 599 is invalid",
    "status 999": "RFC 9110, 15: a status outside of 100 to 599 is invalid",
    "version 0.9": "RFC 9112, 2.3: a status line begins with a version of HTTP/1",
    "version 1.2": "RFC 9112, 2.3: there is 1.0 and 1.1; what sends 1.2 does not speak HTTP",
    "a folded header": "RFC 9112, 5.2: a line folding is obsolete and sent by nobody",
    "a line that ends in LF": "RFC 9112, 2.2: a recipient may take a bare LF, or not",
    "all lines end in LF": "RFC 9112, 2.2: a recipient may take a bare LF, or not",
    "the status line ends in LF": "RFC 9112, 2.2: a recipient may take a bare LF, or not",
    "an escape in a value": "RFC 9110, 5.5: control characters are invalid",
    "a DEL in a value": "RFC 9110, 5.5: control characters are invalid",
    "two equal lengths": "RFC 9112, 6.3: a list of equal lengths may be taken, or not",
    "two equal lengths in one": "RFC 9112, 6.3: a list of equal lengths may be taken, or not",
    "a length and chunks": "RFC 9112, 6.3: it ought to be handled as an error",
    "chunks and a length": "RFC 9112, 6.3: it ought to be handled as an error",
    "a size of 16 digits": "RFC 9112, 7.1: a recipient guards itself against large sizes",
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_reply_means_what_it_means_to_others(name):
    case = CASES[name]
    method, content = case if isinstance(case, tuple) else ("GET", case)
    theirs = [http_client(content, method), of_h11(content, method)]
    if name in STRICTER:
        assert ours(content, method) == REFUSED
        assert REFUSED not in theirs
    else:
        assert ours(content, method) in theirs


def test_what_is_listed_as_stricter_is_a_case():
    assert set(STRICTER) <= set(CASES)


def test_damaged_replies_mean_what_they_mean_to_others():
    # Whatever both others read alike we read so too, or refuse; what both refuse, we refuse.
    read = refused = 0
    for seed in range(FIRST_SEED, FIRST_SEED + CASES_AT_RANDOM):
        chance = random.Random(seed)
        method = chance.choice(("GET", "GET", "HEAD"))
        content = stream_for(chance)
        theirs = http_client(content, method)
        if theirs != of_h11(content, method):
            continue
        mine = ours(content, method)
        if mine not in (theirs, REFUSED) and mine[0] > 299:
            continue  # of an error whose body is broken we keep what came
        assert mine in (theirs, REFUSED), f"seed {seed}: {content!r}"
        read += theirs != REFUSED
        refused += theirs == REFUSED
    assert min(read, refused) > CASES_AT_RANDOM // 20
