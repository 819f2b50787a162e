"""What happens when the network does not behave: the class, the message, the next call."""

from __future__ import annotations

import socket
import ssl
import threading
import traceback

import pytest

from ironflow import (
    InvalidResponseError,
    IronflowClient,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    NotFoundError,
)

from .conftest import KEY


def failure(client):
    with pytest.raises(IronflowError) as caught:
        client.request("POST", "/x", body={})
    return caught.value


@pytest.fixture
def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


def test_a_refused_connection_names_host_and_port(closed_port):
    error = failure(IronflowClient(f"http://127.0.0.1:{closed_port}", api_key=KEY))
    assert type(error) is IronflowConnectionError
    assert isinstance(error, ConnectionError)
    assert (error.status_code, error.code) == (0, "CONNECTION_FAILED")
    assert str(error).startswith(f"127.0.0.1:{closed_port}: connection refused")
    assert isinstance(error.__cause__, ConnectionRefusedError)


def test_an_ipv6_host_is_named_in_brackets(closed_port):
    error = failure(IronflowClient(f"http://[::1]:{closed_port}"))
    assert type(error) is IronflowConnectionError
    assert str(error).startswith(f"[::1]:{closed_port}: ")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid", "a..b"])
def test_a_name_that_does_not_resolve_is_a_connection_error(host):
    error = failure(IronflowClient(f"http://{host}:9123"))
    assert type(error) is IronflowConnectionError
    assert str(error).startswith(f"{host}:9123: ")


def test_a_server_that_does_not_answer_is_a_timeout():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        error = failure(IronflowClient(f"http://127.0.0.1:{port}", timeout=0.05))
    assert type(error) is IronflowTimeoutError
    assert isinstance(error, TimeoutError)
    assert (error.code, error.retryable) == ("TIMEOUT", True)
    assert str(error).startswith(f"127.0.0.1:{port}: no reply in time")


RAW_REPLIES = [
    (b"", IronflowConnectionError, 0, "closed the connection without a reply"),
    (b"SSH-2.0-OpenSSH\r\n\r\n", InvalidResponseError, 0, "is not HTTP"),
    (b"HTTP/1.1 abc OK\r\n\r\n", InvalidResponseError, 0, "is not HTTP"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000, InvalidResponseError, 0, "is not HTTP"),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        InvalidResponseError,
        200,
        "was cut short, 8 bytes are missing",
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        InvalidResponseError,
        200,
        "was cut short",
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        InvalidResponseError,
        200,
        "a chunk has no size",
    ),
]


@pytest.mark.parametrize(("content", "kind", "status", "message"), RAW_REPLIES)
def test_a_broken_reply_is_an_error_and_the_next_call_works(
    client, server, content, kind, status, message
):
    server.raw(content)
    error = failure(client)
    assert type(error) is kind
    assert error.status_code == status
    assert message in str(error)
    assert len(server.requests) == 1
    assert client.runs_list() == {}


def test_an_error_reply_that_is_cut_short_still_tells_its_status(client, server):
    server.raw(b'HTTP/1.1 404 Not Found\r\nContent-Length: 900\r\n\r\n{"error": "no')
    error = failure(client)
    assert type(error) is NotFoundError
    assert error.status_code == 404
    assert str(error) == '{"error": "no'


def test_a_reset_inside_an_error_reply_still_tells_its_status(client):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_reset_after, args=(listener, b"HTTP/1.1 404 No\r\n\r\n{"))
        thread.start()
        port = listener.getsockname()[1]
        error = failure(client.with_options(server_url=f"http://127.0.0.1:{port}"))
        thread.join()
    assert error.status_code == 404


def _reset_after(listener, content):
    connection, _ = listener.accept()
    with connection:
        while b"{}" not in connection.recv(65536):
            pass
        connection.sendall(content)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def test_chunked_replies_are_read(client, server):
    server.raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'4\r\n{"a"\r\n3;x=y\r\n: 1\r\n1\r\n}\r\n0\r\n\r\n'
    )
    assert client.request("GET", "/x") == {"a": 1}


def test_tls_to_a_plain_server_is_a_connection_error(server):
    error = failure(IronflowClient(f"https://127.0.0.1:{server.port}", timeout=5))
    assert type(error) is IronflowConnectionError
    assert "TLS failed" in str(error)


def test_the_callers_tls_settings_are_used(server):
    class Refused(ssl.SSLContext):
        def wrap_socket(self, *_, **__):
            raise ssl.SSLError(1, "wrapped by the caller's context")

    context = Refused(ssl.PROTOCOL_TLS_CLIENT)
    error = failure(IronflowClient(f"https://127.0.0.1:{server.port}", ssl_context=context))
    assert "wrapped by the caller's context" in str(error)


def test_a_status_line_that_echoes_the_key_leaks_neither_in_message_nor_in_cause(client, server):
    server.raw(f"Bearer {KEY}\r\n\r\n".encode())
    error = failure(client)
    shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert KEY not in shown + repr(vars(error)) + repr(error.__context__) + repr(error.__cause__)


def test_every_connection_is_closed(client, server):
    # pytest turns a ResourceWarning into a failure; what is checked here is that both ends close.
    for reply in ({}, b"nonsense"):
        server.raw(reply) if isinstance(reply, bytes) else server.reply(reply)
        try:
            client.runs_list()
        except IronflowError:
            continue
    assert len(server.requests) == 2
