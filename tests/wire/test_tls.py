"""TLS: how a stream may end, and what is advised when one side does not speak it."""

from __future__ import annotations

import socket
import threading

import pytest

from ironflow import InvalidResponseError, IronflowClient, IronflowConnectionError

from ..conftest import KEY
from ..hostile import CERTIFICATES, HostileServer, behave, drain, reply, request, vanish
from .calls import UNTIL_CLOSE
from .patience import failure, patient
from .reading import CHUNKED


@pytest.fixture(autouse=True)
def _trusted(monkeypatch):
    """Let the default settings of TLS trust the CA of the tests."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "ca.pem"))


# How a stream ends.


@pytest.mark.parametrize("body", [b"", b"[1]", b"[" + b" " * 200_000 + b"]"])
def test_a_body_until_the_close_ends_where_the_server_says_that_it_closes(body):
    with HostileServer([request, UNTIL_CLOSE, body], certificate="good.pem") as server:
        with patient(server.url) as client:
            value = client.request("GET", "/x")
    assert value == (None if not body else [1] if body == b"[1]" else [])


@pytest.mark.parametrize("body", [b"", b"[1]", b"[" + b" " * 200_000 + b"]"])
def test_a_body_until_the_close_that_ends_unannounced_is_cut_short(body):
    script = [request, UNTIL_CLOSE, body, vanish]
    with HostileServer(script, certificate="good.pem") as server:
        with patient(server.url, max_attempts=1) as client:
            error = failure(client)
    assert type(error) is InvalidResponseError
    assert (error.status_code, error.retryable, error.delivered) == (200, True, True)
    assert str(error).startswith("the reply was cut short (status 200")


def test_a_body_until_the_close_without_tls_ends_with_the_stream():
    # There the end of the stream is all that there is to go by.
    with HostileServer([request, UNTIL_CLOSE, b"[1]", vanish]) as server:
        with patient(server.url) as client:
            assert client.request("GET", "/x") == [1]


@pytest.mark.parametrize("content", [reply(b"[1]"), CHUNKED + b"3\r\n[1]\r\n0\r\n\r\n"])
def test_a_body_that_says_where_it_ends_is_whole_however_the_stream_ends(content):
    with HostileServer([request, content, vanish], certificate="good.pem") as server:
        with patient(server.url) as client:
            assert client.request("GET", "/x") == [1]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (reply(b"[1]")[:-1], "was cut short, 1 bytes are missing"),
        (CHUNKED + b"3\r\n[1]\r\n", "was cut short"),
        (b"HTTP/1.1 200 OK\r\nConten", "closed the connection in the middle of its head"),
    ],
)
def test_an_unannounced_end_inside_of_a_reply_is_an_error(content, problem):
    with HostileServer([request, content, vanish], certificate="good.pem") as server:
        with patient(server.url, max_attempts=1) as client:
            error = failure(client)
    assert type(error) is InvalidResponseError
    assert problem in str(error)


def test_an_unannounced_end_before_a_reply_is_a_lost_connection():
    with HostileServer([request, vanish], certificate="good.pem") as server:
        with patient(server.url, max_attempts=1) as client:
            error = failure(client)
    assert type(error) is IronflowConnectionError
    assert (error.delivered, error.retryable) == (None, True)


def test_an_error_that_ends_unannounced_still_tells_its_status_and_what_came_of_it():
    content = b"HTTP/1.1 404 Not Found\r\n\r\nno such run"
    with HostileServer([request, content, vanish], certificate="good.pem") as server:
        with patient(server.url) as client:
            error = failure(client)
    assert (error.status_code, str(error)) == (404, "no such run")


def test_a_read_that_was_cut_short_is_tried_again():
    script = [request, UNTIL_CLOSE, b"[1", vanish]
    with HostileServer(script, then=[behave], certificate="good.pem") as server:
        with patient(server.url) as client:
            assert client.request("GET", "/x?id=1") == {"id": "1"}


# One side speaks TLS and the other does not.


def test_https_to_a_plain_server_advises_http():
    plain = [b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", drain]
    with HostileServer(then=plain) as server:
        with patient(f"https://127.0.0.1:{server.port}", max_attempts=1) as client:
            error = failure(client)
    assert type(error) is IronflowConnectionError
    assert str(error).endswith("; does the server speak plain http://?")
    assert error.delivered is False


def test_http_to_a_tls_server_advises_https():
    # As OpenSSL, Go and others say it: an alert of TLS, in reply to what is none.
    alert = b"\x15\x03\x01\x00\x02\x02\x46"
    with HostileServer([request, alert]) as server:
        with patient(server.url, max_attempts=1) as client:
            error = failure(client)
    assert type(error) is InvalidResponseError
    assert str(error).endswith(
        "the reply is not HTTP but TLS: does the server want https:// in server_url?"
    )


def test_http_to_a_real_tls_server_is_an_error_of_the_connection_or_the_advice():
    with HostileServer(certificate="good.pem") as server:
        with patient(server.url.replace("https:", "http:"), max_attempts=1) as client:
            error = failure(client, "POST", body={})
    assert type(error) in (InvalidResponseError, IronflowConnectionError)
    assert server.requests == []


def test_a_certificate_that_nobody_has_vouched_for_advises_an_ssl_context():
    with HostileServer(certificate="self-signed.pem") as server:
        with IronflowClient(server.url, KEY, timeout=20) as client:
            error = failure(client)
    assert type(error) is IronflowConnectionError
    assert str(error).endswith("; to trust it, give an ssl_context that has loaded it")
    assert server.requests == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses_is_not_called_a_server(monkeypatch, scheme):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{port}")
    with patient(f"{scheme}://server.example", max_attempts=1) as client:
        error = failure(client)
    assert type(error) is IronflowConnectionError
    assert f"(by the proxy 127.0.0.1:{port})" in str(error)
    assert str(error).endswith("connection refused; is the proxy running there?")


# Threads.


def test_threads_that_make_the_first_call_at_once_make_one_context(monkeypatch):
    import ssl

    made = []
    create = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: made.append(1) or create())
    with HostileServer(certificate="good.pem") as server:
        with IronflowClient(server.url, KEY, timeout=20, max_attempts=1) as client:
            start = threading.Barrier(8)

            def call():
                start.wait()
                client.request("GET", "/x")

            threads = [threading.Thread(target=call) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert made == [1]
