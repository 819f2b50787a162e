"""Which proxy a call goes by, what the proxy is told, and that nobody else is told its password."""

from __future__ import annotations

import base64
import logging
import select
import socket
import threading
import traceback

import pytest

from ironflow import (
    InvalidResponseError,
    IronflowClient,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
)
from ironflow._wire.proxies import ProxySettingError, bypassed, proxy_for
from ironflow._wire.transport import Transport

from ..conftest import KEY
from ..hostile import (
    HostileServer,
    flood,
    reply,
    request,
    request_head,
    reset,
    stall,
    trickle,
    trusting_context,
)
from .calls import post
from .patience import patient

PASSWORD = "hunter2:&%"
QUOTED = "hunter2%3A%26%25"
BASIC = "Basic " + base64.b64encode(f"joe:{PASSWORD}".encode()).decode()


@pytest.fixture(autouse=True)
def _no_cgi(monkeypatch):
    monkeypatch.delenv("REQUEST_METHOD", raising=False)


def eager(url, **options):
    return patient(url, **{"ssl_context": trusting_context(), **options})


def failure(client):
    with pytest.raises(IronflowError) as caught:
        post(client, "first")
    return caught.value


def tunnel(port):
    """Return the act of a proxy that opens a tunnel to a port of this machine."""

    def act(peer):
        peer.request_head()
        with socket.create_connection(("127.0.0.1", port)) as upstream:
            peer.send(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
            others = {peer.sock: upstream, upstream: peer.sock}
            while True:
                for ready in select.select(list(others), [], [])[0]:
                    content = ready.recv(65536)
                    if not content:
                        return
                    others[ready].sendall(content)

    return act


# Which servers are reached without one.

HOST = "api.example.com"

NO_PROXY = [
    ("", HOST, 80, False),
    (" , ,", HOST, 80, False),
    ("*", HOST, 80, True),
    ("other.example, *", HOST, 80, True),
    ("api.example.com", HOST, 80, True),
    ("API.Example.COM", HOST, 80, True),
    ("api.example.com", "API.EXAMPLE.COM", 80, True),
    ("example.com", HOST, 80, True),
    (".example.com", HOST, 80, True),
    ("*.example.com", HOST, 80, True),
    ("com", HOST, 80, True),
    ("example.com.", HOST, 80, True),
    ("example.com", "api.example.com.", 80, True),
    (".example.com", "example.com", 80, True),
    ("*.example.com", "example.com", 80, True),
    ("ample.com", HOST, 80, False),
    ("api.example", HOST, 80, False),
    ("www.api.example.com", HOST, 80, False),
    ("a.example b.example,example.com", HOST, 80, True),
    ("a.example;example.org", HOST, 80, False),
    ("example.com:8080", HOST, 8080, True),
    ("example.com:8080", HOST, 80, False),
    ("example.com:https", HOST, 443, False),
    (":80", HOST, 80, False),
    (".", HOST, 80, False),
    ("localhost", "localhost", 9123, True),
    ("localhost", "127.0.0.1", 9123, False),
    ("127.0.0.1", "127.0.0.1", 9123, True),
    ("127.0.0.1:9123", "127.0.0.1", 9123, True),
    ("127.0.0.1:9124", "127.0.0.1", 9123, False),
    ("10.0.0.0/8", "10.1.2.3", 80, True),
    ("10.9.9.9/8", "10.1.2.3", 80, True),
    ("10.0.0.0/8", "11.1.2.3", 80, False),
    ("10.0.0.0/8:8080", "10.1.2.3", 8080, True),
    ("10.0.0.0/8:8080", "10.1.2.3", 80, False),
    ("10.0.0.0/33", "10.1.2.3", 80, False),
    ("10.0.0.0/8", "10.example.com", 80, False),
    ("1.2.3", "10.1.2.3", 80, False),  # an address is nobody's subdomain
    ("::1", "::1", 80, True),
    ("[::1]", "::1", 80, True),
    ("0:0:0:0:0:0:0:1", "::1", 80, True),
    ("[::1]:8080", "::1", 8080, True),
    ("[::1]:8080", "::1", 80, False),
    ("fe80::/10", "fe80::1234", 80, True),
    ("fe80::/10", "2001:db8::1", 80, False),
    ("10.0.0.0/8", "::1", 80, False),
]


@pytest.mark.parametrize(("no_proxy", "host", "port", "direct"), NO_PROXY)
def test_no_proxy_is_read_in_all_its_forms(no_proxy, host, port, direct):
    assert bypassed(host, port, no_proxy) is direct


# Which proxy.


def chosen(environ, scheme="http", host=HOST, port=80):
    proxy = proxy_for(scheme, host, port, environ)
    return proxy and (proxy.host, proxy.port, proxy.tls, proxy.authorization)


@pytest.mark.parametrize(
    ("environ", "scheme", "proxy"),
    [
        ({}, "http", None),
        ({"http_proxy": ""}, "http", None),
        ({"http_proxy": "  "}, "http", None),
        ({"http_proxy": "http://p:3128"}, "http", ("p", 3128, False, None)),
        ({"http_proxy": " http://p:3128/ "}, "http", ("p", 3128, False, None)),
        ({"HTTP_PROXY": "http://p:3128"}, "http", ("p", 3128, False, None)),
        ({"http_proxy": "p:3128"}, "http", ("p", 3128, False, None)),
        ({"http_proxy": "http://p"}, "http", ("p", 80, False, None)),
        ({"http_proxy": "https://p"}, "http", ("p", 443, True, None)),
        ({"http_proxy": "http://[::1]:3128"}, "http", ("::1", 3128, False, None)),
        ({"http_proxy": "http://p:3128"}, "https", None),
        ({"https_proxy": "http://p:3128"}, "http", None),
        ({"https_proxy": "http://p:3128"}, "https", ("p", 3128, False, None)),
        ({"HTTPS_PROXY": "http://p:3128"}, "https", ("p", 3128, False, None)),
        ({"all_proxy": "http://p:1"}, "https", ("p", 1, False, None)),
        ({"ALL_PROXY": "http://p:1"}, "http", ("p", 1, False, None)),
        ({"ALL_PROXY": "http://a:1", "http_proxy": "http://p:2"}, "http", ("p", 2, False, None)),
        ({"HTTP_PROXY": "http://a:1", "http_proxy": "http://p:2"}, "http", ("p", 2, False, None)),
        ({"http_proxy": f"http://joe:{QUOTED}@p:3128"}, "http", ("p", 3128, False, BASIC)),
        (
            {"http_proxy": "http://joe@p:3128"},
            "http",
            ("p", 3128, False, "Basic " + base64.b64encode(b"joe:").decode()),
        ),
        ({"http_proxy": "http://p:1", "NO_PROXY": "example.com"}, "http", None),
        ({"http_proxy": "http://p:1", "no_proxy": "example.com"}, "http", None),
        ({"http_proxy": "nonsense://", "no_proxy": "example.com"}, "http", None),
        # A request header in disguise, where the program runs under CGI (CVE-2016-5385).
        ({"HTTP_PROXY": "http://evil:1", "REQUEST_METHOD": "GET"}, "http", None),
        (
            {"http_proxy": "http://p:1", "REQUEST_METHOD": "GET"},
            "http",
            ("p", 1, False, None),
        ),
        (
            {"HTTPS_PROXY": "http://p:1", "REQUEST_METHOD": "GET"},
            "https",
            ("p", 1, False, None),
        ),
    ],
)
def test_the_environment_names_the_proxy(environ, scheme, proxy):
    assert chosen(environ, scheme) == proxy


def test_a_password_that_is_no_utf_8_goes_out_as_it_stands_in_the_environment():
    # What os.environ makes of the bytes "http://joe:p\xe9@p".
    proxy = proxy_for("http", "example.com", 80, {"http_proxy": "http://joe:p\udce9@p"})
    assert base64.b64decode(proxy.authorization.partition(" ")[2]) == b"joe:p\xe9"


BAD_SETTINGS = [
    ("http_proxy", f"http://joe:{PASSWORD}@p:port"),
    ("http_proxy", "http://joe:hunter2/x@p:3128"),
    ("http_proxy", "http://joe:hunter2@p:99999"),
    ("http_proxy", "http://joe:hunter2@[p"),
    ("HTTP_PROXY", "http://joe:hunter2@"),
    ("HTTP_PROXY", "socks5://joe:hunter2@p:1080"),
    ("all_proxy", "socks5h://joe:hunter2@p:1080"),
    ("https_proxy", "https://joe:hunter2@p:3128"),  # TLS inside of TLS
    ("ALL_PROXY", "ftp://joe:hunter2@p"),
]


def shown_by(error):
    """Return all that a log of an error may show."""
    causes = []
    cause = error
    while cause is not None:
        causes.append(f"{cause!s} {cause!r} {vars(cause)!r}")
        cause = cause.__cause__
    return "".join([*causes, *traceback.format_exception(type(error), error, error.__traceback__)])


@pytest.mark.parametrize(("variable", "url"), BAD_SETTINGS)
def test_a_setting_that_cannot_be_used_is_an_error_that_names_the_variable_and_not_its_value(
    monkeypatch, variable, url
):
    monkeypatch.setenv(variable, url)
    scheme = "https" if "https" in variable else "http"
    with eager(f"{scheme}://{HOST}:9123") as client:
        error = failure(client)
    assert type(error) is IronflowConnectionError
    assert (error.status_code, error.code) == (0, "CONNECTION_FAILED")
    assert (error.retryable, error.attempts) == (False, 1)
    assert str(error).startswith(f"{HOST}:9123: {variable}: ")
    assert isinstance(error.__cause__, ProxySettingError)
    assert "hunter2" not in shown_by(error)


# Plain HTTP by a proxy.


@pytest.mark.parametrize("prefix", ["", "/gateway"])
def test_a_plain_call_by_a_proxy_names_the_server_and_tells_the_proxy_its_password(
    monkeypatch, prefix
):
    with HostileServer() as proxy:
        monkeypatch.setenv("http_proxy", f"http://joe:{QUOTED}@127.0.0.1:{proxy.port}")
        with eager(f"http://{HOST}:9123{prefix}") as client:
            assert post(client, "1") == {"id": "1"}
            assert client.request("GET", "/x", params={"id": "2"}) == {"id": "2"}
        assert proxy.accepted == 1
        for seen, target in zip(proxy.requests, ("/x", "/x?id=2")):
            assert seen.target == f"http://{HOST}:9123{prefix}{target}"
            assert seen.headers["host"] == f"{HOST}:9123"
            assert seen.headers["proxy-authorization"] == BASIC
            assert seen.headers["authorization"] == f"Bearer {KEY}"


def test_a_server_that_is_reached_directly_is_told_nothing_of_the_proxy(monkeypatch):
    with HostileServer() as proxy, HostileServer() as server:
        monkeypatch.setenv("http_proxy", f"http://joe:{QUOTED}@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with eager(server.url) as client:
            assert post(client, "1") == {"id": "1"}
        assert "proxy-authorization" not in server.requests[0].headers
        assert server.requests[0].target == "/x"
        assert proxy.accepted == 0


def test_copies_and_threads_of_a_client_send_the_password_once(monkeypatch):
    with HostileServer() as proxy:
        monkeypatch.setenv("http_proxy", f"http://joe:{QUOTED}@127.0.0.1:{proxy.port}")
        client = eager(f"http://{HOST}:9123")
        for copy in (client, client.with_options(timeout=9), client.with_options(org="o")):
            post(copy, "1")
        client.close()
        assert [seen.headers["proxy-authorization"] for seen in proxy.requests] == [BASIC] * 3


def test_the_first_calls_of_many_threads_all_carry_the_password_once(monkeypatch):
    def found_out_at_once(*arguments):
        barrier.wait(10)
        return proxy_for(*arguments)

    def call():
        client.request("GET", "/x")

    monkeypatch.setattr(f"{Transport.__module__}.proxy_for", found_out_at_once)
    barrier = threading.Barrier(8)
    with HostileServer() as proxy:
        monkeypatch.setenv("http_proxy", f"http://joe:{QUOTED}@127.0.0.1:{proxy.port}")
        for _ in range(10):
            with IronflowClient(f"http://{HOST}:9123") as client:
                threads = [threading.Thread(target=call) for _ in range(8)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
        assert len(proxy.requests) == 80
        for seen in proxy.requests:
            assert seen.target == f"http://{HOST}:9123/x"
            told = [line for line in seen.lines if line.startswith("Proxy-Authorization")]
            assert told == [f"Proxy-Authorization: {BASIC}"]


def test_a_proxy_that_is_spoken_to_over_tls(monkeypatch):
    with HostileServer(certificate="good.pem") as proxy:
        monkeypatch.setenv("http_proxy", f"https://joe:{QUOTED}@127.0.0.1:{proxy.port}")
        with eager(f"http://{HOST}:9123") as client:
            assert post(client, "1") == {"id": "1"}
        assert proxy.requests[0].headers["proxy-authorization"] == BASIC


def test_a_proxy_over_tls_that_cannot_be_trusted_is_told_nothing(monkeypatch):
    with HostileServer(certificate="expired.pem") as proxy:
        monkeypatch.setenv("http_proxy", f"https://joe:{QUOTED}@127.0.0.1:{proxy.port}")
        with eager(f"http://{HOST}:9123") as client:
            error = failure(client)
        assert type(error) is IronflowConnectionError
        assert "has expired" in str(error)
        assert proxy.requests == []


def test_a_redirect_within_the_server_goes_by_the_proxy_too(monkeypatch):
    hop = reply(b"", f"Location: http://{HOST}:9123/there?id=1", status="302 Found")
    with HostileServer([request, hop, request, reply(b"[1]")]) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        with eager(f"http://{HOST}:9123") as client:
            assert client.request("GET", "/x") == [1]
        assert proxy.requests[1].target == f"http://{HOST}:9123/there?id=1"


# TLS through a tunnel.


def test_a_tunnel_hides_the_call_from_the_proxy_and_the_password_from_the_server(monkeypatch):
    with HostileServer(certificate="good.pem") as server:
        with HostileServer(then=[tunnel(server.port)]) as proxy:
            monkeypatch.setenv("https_proxy", f"http://joe:{QUOTED}@127.0.0.1:{proxy.port}")
            with eager(f"https://localhost:{server.port}") as client:
                assert post(client, "1") == {"id": "1"}
                assert post(client, "2") == {"id": "2"}
            assert (proxy.accepted, server.accepted) == (1, 1)
        (asked,) = proxy.requests
        assert (asked.method, asked.target) == ("CONNECT", f"localhost:{server.port}")
        assert asked.headers == {
            "host": f"localhost:{server.port}",
            "proxy-authorization": BASIC,
        }
        for seen in server.requests:
            assert seen.target == "/x"
            assert "proxy-authorization" not in seen.headers
            assert seen.headers["authorization"] == f"Bearer {KEY}"


def test_the_certificate_at_the_end_of_a_tunnel_is_checked_against_the_server(monkeypatch):
    with HostileServer(certificate="other-host.pem") as server:
        with HostileServer(then=[tunnel(server.port)]) as proxy:
            monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
            with eager(f"https://localhost:{server.port}") as client:
                error = failure(client)
        assert type(error) is IronflowConnectionError
        assert "certificate is not accepted" in str(error)
        assert str(error).startswith(
            f"localhost:{server.port} (by the proxy 127.0.0.1:{proxy.port}): "
        )
        assert server.requests == []


@pytest.mark.parametrize(
    ("status", "attempts"),
    [("407 Proxy Authentication Required", 1), ("403 Forbidden", 1), ("502 Bad Gateway", 3),
     ("503 Busy", 3), ("302 Found", 1)],
)  # fmt: skip
def test_a_tunnel_that_is_refused_says_so_and_is_tried_again_where_that_may_help(
    monkeypatch, status, attempts
):
    refusal = reply(b"<html>go away</html>", status=status)
    with HostileServer(then=[request_head, refusal]) as proxy:
        monkeypatch.setenv("https_proxy", f"http://joe:{QUOTED}@127.0.0.1:{proxy.port}")
        with eager(f"https://{HOST}:9123") as client:
            error = failure(client)
        assert type(error) is IronflowConnectionError
        assert (error.status_code, error.code) == (0, "CONNECTION_FAILED")
        assert (error.retryable, error.attempts) == (attempts > 1, attempts)
        assert str(error) == (
            f"{HOST}:9123 (by the proxy 127.0.0.1:{proxy.port}):"
            f" the proxy answers {status} to CONNECT"
        )
        assert proxy.accepted == attempts


BROKEN_TUNNELS = [
    ([request_head], IronflowConnectionError),
    ([request_head, reset], IronflowConnectionError),
    ([request_head, b"HTTP/1.1 200"], InvalidResponseError),
    ([request_head, b"SSH-2.0\r\n\r\n"], InvalidResponseError),
    ([request_head, b"HTTP/1.1 200 OK\r\n\r\nsmuggled", stall], InvalidResponseError),
    ([request_head, b"HTTP/1.1 200 OK\r\n", flood(b"X: y\r\n")], InvalidResponseError),
    ([request_head, b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 400 Not TLS\r\n\r\n"], None),
    ([request_head, b"HTTP/1.1 200 OK\r\n\r\n"], IronflowConnectionError),
]


@pytest.mark.parametrize(
    ("script", "kind"),
    BROKEN_TUNNELS,
    ids=["close", "reset", "cut", "not HTTP", "junk", "endless", "not TLS", "close after 200"],
)
def test_a_tunnel_that_breaks_is_an_error_and_nothing_is_sent_into_it(monkeypatch, script, kind):
    with HostileServer(then=script) as proxy:
        monkeypatch.setenv("https_proxy", f"http://joe:{QUOTED}@127.0.0.1:{proxy.port}")
        with eager(f"https://{HOST}:9123") as client:
            error = failure(client)
        assert type(error) in ([kind] if kind else [IronflowConnectionError, InvalidResponseError])
        assert error.status_code == 0
        assert f"(by the proxy 127.0.0.1:{proxy.port})" in str(error)
        assert "hunter2" not in shown_by(error)
        assert BASIC[6:] not in shown_by(error)
        assert {seen.method for seen in proxy.requests} == {"CONNECT"}


@pytest.mark.parametrize(
    "script",
    [
        [stall],
        [request_head, stall],
        [request_head, trickle(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 999)],
        [request_head, b"HTTP/1.1 200 OK\r\n\r\n", stall],
        [request_head, b"HTTP/1.1 200 OK\r\n\r\n", trickle(b"\x16\x03\x03\x40\x00\x02")],
    ],
    ids=["unread", "silent", "trickle", "no handshake", "a handshake that trickles"],
)
def test_a_proxy_that_takes_for_ever_ends_in_a_timeout(monkeypatch, script):
    with HostileServer(then=script) as proxy:
        monkeypatch.setenv("https_proxy", f"http://joe:{QUOTED}@127.0.0.1:{proxy.port}")
        with eager(f"https://{HOST}:9123", timeout=0.3) as client:
            error = failure(client)
        assert type(error) is IronflowTimeoutError
        assert (error.code, error.attempts) == ("TIMEOUT", 1)
        assert "hunter2" not in shown_by(error)


def test_a_proxy_that_is_not_there_is_named(monkeypatch):
    with HostileServer() as proxy:
        port = proxy.port
    monkeypatch.setenv("http_proxy", f"http://joe:{QUOTED}@127.0.0.1:{port}")
    with eager(f"http://{HOST}:9123") as client:
        error = failure(client)
    assert type(error) is IronflowConnectionError
    assert str(error).startswith(f"{HOST}:9123 (by the proxy 127.0.0.1:{port}): connection refused")
    assert error.attempts == 3
    assert "hunter2" not in shown_by(error)


def test_a_name_that_does_not_resolve_is_that_of_the_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://nowhere.invalid:3128")
    with eager(f"http://{HOST}:9123") as client:
        assert "the host name of the proxy cannot be resolved" in str(failure(client))


@pytest.mark.parametrize("certificate", ["self-signed.pem", "expired.pem"])
def test_a_certificate_that_is_not_accepted_is_that_of_the_proxy(monkeypatch, certificate):
    with HostileServer(certificate=certificate) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with eager(f"http://{HOST}:9123") as client:
            assert "the proxy's certificate is not accepted: " in str(failure(client))


def test_a_proxy_that_is_not_there_is_not_called_a_server(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with eager(f"http://{HOST}:9123") as client:
        assert str(failure(client)).endswith("connection refused; is the proxy running there?")


ECHOES = [
    f"bad credentials joe:{PASSWORD}",
    f"bad credentials {BASIC}",
    f"bad credentials {BASIC[6:]}",
    f"no such password: {PASSWORD}",
]


@pytest.mark.parametrize("echo", ECHOES, ids=["pair", "header", "token", "password"])
@pytest.mark.parametrize("place", ["reason", "header", "body"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tunnel"])
def test_a_proxy_that_echoes_its_password_does_not_put_it_into_errors_or_logs(
    monkeypatch, caplog, echo, place, tls
):
    content = {
        "reason": reply(b"", status=f"407 {echo}"),
        "header": reply(b"", f"X-Echo: {echo}", status="407 No"),
        "body": reply(b'{"error": "%s"}' % echo.encode(), status="407 No"),
    }[place]
    variable = "https_proxy" if tls else "http_proxy"
    caplog.set_level(logging.DEBUG, "ironflow")
    with HostileServer(then=[request_head if tls else request, content]) as proxy:
        monkeypatch.setenv(variable, f"http://joe:{QUOTED}@127.0.0.1:{proxy.port}")
        with eager(f"{'https' if tls else 'http'}://{HOST}:9123") as client:
            with client.capture() as seen:
                error = failure(client)
            shown = shown_by(error) + repr(seen) + repr(seen[0].headers) + caplog.text
            shown += repr(client) + repr(client._open())
    for secret in (PASSWORD, BASIC[6:]):
        assert secret not in shown


def test_what_a_proxy_says_cannot_write_on_the_terminal(monkeypatch):
    with HostileServer(then=[request_head, b"HTTP/1.1 407 \x1b[31mred\x07\r\n\r\n"]) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        with eager(f"https://{HOST}:9123") as client:
            assert str(failure(client)).isprintable()
