"""Large requests: they arrive whole, and a reply that comes before their end is heard."""

from __future__ import annotations

import pytest

from ironflow import IronflowError

from ..hostile import HostileServer, behave, drain, half_close, pause, reply, request_head, stall
from .calls import connected, failure, head, next_call_works, post
from .reading import CHUNKED, LENGTH


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
