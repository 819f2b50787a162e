"""Proxies: which is used, what it is told, and that its password is told to nobody else."""

from __future__ import annotations

import socket
import threading
import traceback

import pytest

from ironflow import IronflowClient, IronflowConnectionError, IronflowError, IronflowTimeoutError
from ironflow._proxies import ProxySettingError, bypassed, proxy_for

from .conftest import KEY
from .hostile import HostileServer, clear_proxies, request_head, trickle, trusting_context

CREDENTIAL = "Basic dXNlcjpodW50ZXIyIQ=="  # user:hunter2!


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    clear_proxies(monkeypatch)


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "expected"),
    [
        ("", "api.example.com", 80, False),
        ("*", "api.example.com", 80, True),
        ("example.com", "example.com", 80, True),
        ("example.com", "api.example.com", 80, True),
        (".example.com", "api.example.com", 80, True),
        (".example.com", "example.com", 80, True),
        ("*.example.com", "api.example.com", 80, True),
        ("EXAMPLE.com", "Api.Example.COM", 80, True),
        ("example.com", "api.example.com.", 80, True),
        ("example.com", "notexample.com", 80, False),
        ("ample.com", "example.com", 80, False),
        ("example.com:8080", "example.com", 8080, True),
        ("example.com:8080", "example.com", 80, False),
        ("other.org, example.com", "example.com", 80, True),
        ("other.org example.com", "example.com", 80, True),
        ("localhost", "localhost", 9123, True),
        ("127.0.0.1", "127.0.0.1", 9123, True),
        ("127.0.0.1:9123", "127.0.0.1", 9123, True),
        ("127.0.0.1:9124", "127.0.0.1", 9123, False),
        ("10.0.0.0/8", "10.1.2.3", 80, True),
        ("10.0.0.0/8", "11.1.2.3", 80, False),
        ("10.0.0.0/8", "10.example.com", 80, False),
        ("::1", "::1", 80, True),
        ("[::1]", "::1", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("[::1]:81", "::1", 80, False),
        ("fd00::/8", "fd12::1", 80, True),
        ("fd00::/8", "127.0.0.1", 80, False),
        ("not/a/network", "10.0.0.1", 80, False),
        (",, ,", "example.com", 80, False),
    ],
)
def test_no_proxy_says_who_is_reached_directly(no_proxy, host, port, expected):
    assert bypassed(host, port, no_proxy) is expected


@pytest.mark.parametrize(
    ("scheme", "environ", "expected"),
    [
        ("http", {}, None),
        ("http", {"http_proxy": "http://p:1"}, ("p", 1)),
        ("http", {"HTTP_PROXY": "http://p:1"}, ("p", 1)),
        ("http", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https", {"HTTPS_PROXY": "http://p:1"}, ("p", 1)),
        ("http", {"http_proxy": "http://low:1", "HTTP_PROXY": "http://up:1"}, ("low", 1)),
        ("http", {"ALL_PROXY": "http://all:1"}, ("all", 1)),
        ("https", {"all_proxy": "http://all:1", "https_proxy": "http://own:1"}, ("own", 1)),
        ("http", {"HTTP_PROXY": "p:3128"}, ("p", 3128)),
        ("http", {"HTTP_PROXY": "p"}, ("p", 80)),
        ("http", {"HTTP_PROXY": "https://p"}, ("p", 443)),
        ("http", {"HTTP_PROXY": "http://[::1]:3128"}, ("::1", 3128)),
        ("http", {"HTTP_PROXY": " "}, None),
        ("http", {"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"}, None),
        ("http", {"http_proxy": "http://p:1", "REQUEST_METHOD": "GET"}, ("p", 1)),
        ("http", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "h"}, None),
        ("http", {"HTTP_PROXY": "http://p:1", "no_proxy": "h"}, None),
    ],
)
def test_the_environment_names_the_proxy(scheme, environ, expected):
    proxy = proxy_for(scheme, "h", 9123, environ)
    assert (proxy and (proxy.host, proxy.port)) == expected


@pytest.mark.parametrize(
    "url",
    [
        "socks5://u:hunter2@p:1",
        "http://u:hunter2@",
        "http://u:hunter2@p:99999",
        "ftp://p",
        "http://[::1",
    ],
)
def test_a_proxy_that_can_not_be_used_is_named_by_its_variable_alone(monkeypatch, url):
    with pytest.raises(ProxySettingError, match="^HTTP_PROXY: ") as caught:
        proxy_for("http", "h", 80, {"HTTP_PROXY": url})
    assert "hunter2" not in str(caught.value)
    monkeypatch.setenv("HTTP_PROXY", url)
    with pytest.raises(IronflowConnectionError, match="HTTP_PROXY: ") as failed:
        IronflowClient("http://h").runs_list()
    error = failed.value
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert "hunter2" not in text + repr(vars(error))
    assert (error.retryable, error.attempts) == (False, 1)


def test_tls_through_a_tls_proxy_is_refused_clearly(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "https://p:1")
    with pytest.raises(IronflowConnectionError, match="HTTPS_PROXY: TLS inside of TLS"):
        IronflowClient("https://h").runs_list()


def test_a_plain_call_tells_the_proxy_the_whole_url(server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url.replace("//", "//user:hunter2%21@"))
    with IronflowClient("http://ironflow.example:9123/base", api_key=KEY) as client:
        for _ in range(2):
            client.runs_list(limit=1)
            assert server.last.target == "http://ironflow.example:9123/base/api/v1/runs?limit=1"
            assert server.last.headers["host"] == "ironflow.example:9123"
            assert server.last.headers["proxy-authorization"] == CREDENTIAL
            assert server.last.headers["authorization"] == f"Bearer {KEY}"


def test_no_proxy_goes_straight_to_the_server(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with IronflowClient(server.url) as client:
        client.runs_list()
    assert server.last.target == "/api/v1/runs"
    assert "proxy-authorization" not in server.last.headers


class Tunnel:
    """A proxy that opens tunnels: it notes the head of each CONNECT and passes bytes on."""

    def __init__(self, port):
        self.heads = []
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://user:hunter2%21@127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._serve)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()
        self._listener.close()

    def _serve(self):
        client, _ = self._listener.accept()
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        self.heads.append(head.decode())
        server = socket.create_connection(("127.0.0.1", self._port))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=self._pass, args=(server, client))
        self._threads.append(back)
        back.start()
        self._pass(client, server)
        back.join(20)
        client.close()
        server.close()

    def _pass(self, source, target):
        while True:
            try:
                data = source.recv(65536)
                if not data:
                    break
                target.sendall(data)
            except OSError:
                break
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


def test_https_goes_through_a_tunnel_that_alone_is_told_the_credential(monkeypatch):
    with HostileServer(certificate="good.pem") as server, Tunnel(server.port) as tunnel:
        monkeypatch.setenv("https_proxy", tunnel.url)
        context = trusting_context()
        with IronflowClient(server.url, api_key=KEY, ssl_context=context, timeout=20) as client:
            for id in ("a", "b"):
                assert client.request("GET", "/x", params={"id": id}) == {"id": id}
        (head,) = tunnel.heads
        assert head.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n")
        assert f"Proxy-Authorization: {CREDENTIAL}\r\n" in head
        assert KEY not in head
        for seen in server.requests:
            assert "proxy-authorization" not in seen.headers
            assert seen.target.startswith("/x")


@pytest.mark.parametrize(("status", "retryable"), [(407, False), (403, False), (502, True)])
def test_a_tunnel_that_is_refused_is_a_connection_error(server, monkeypatch, status, retryable):
    def refuse(peer):
        peer.request_head()
        peer.send(b"HTTP/1.1 %d Because\r\nContent-Length: 0\r\n\r\n" % status)

    with HostileServer(then=(refuse,)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//user:hunter2%21@"))
        client = IronflowClient("https://ironflow.example", max_attempts=1)
        with pytest.raises(IronflowConnectionError) as caught:
            client.request("POST", "/x", body={})
    error = caught.value
    assert f"the proxy answers {status} Because to CONNECT" in str(error)
    assert "ironflow.example:443" in str(error)
    assert error.retryable is retryable
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    for secret in ("hunter2", CREDENTIAL):
        assert secret not in text + repr(vars(error)) + repr(error)


def test_a_proxy_that_trickles_does_not_outlast_the_timeout(monkeypatch):
    with HostileServer([request_head, trickle(b"HTTP/1.1 200 " + b"x" * 5000)]) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(IronflowTimeoutError):
            IronflowClient("https://ironflow.example", timeout=0.3).runs_list()


def test_a_proxy_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://user:hunter2@127.0.0.1:1")
    with pytest.raises(IronflowError) as caught:
        IronflowClient("http://ironflow.example", max_attempts=1).runs_list()
    assert str(caught.value).startswith("ironflow.example:80 (by the proxy 127.0.0.1:1): ")
