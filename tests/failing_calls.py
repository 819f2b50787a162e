"""Calls that fail, one for each way to fail, by clients that carry several secrets.

Nothing here holds a secret in a local variable, and no line of source holds one: what a crash
report shows of these frames is not what the tests are about.
"""

from __future__ import annotations

import gzip
from typing import NamedTuple

import pytest

from ironflow import (
    AuthenticationError,
    ConflictError,
    InvalidResponseError,
    IronflowClient,
    IronflowConnectionError,
    IronflowError,
    IronflowTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ValidationError,
)

from .hostile import (
    HostileServer,
    clear_proxies,
    pause,
    reply,
    request,
    request_head,
    reset,
    stall,
    trickle,
    trusting_context,
)

# None of them looks like a credential, so that masking by looks hides none of them. In parts, so
# that the line of source that a traceback shows does not hold them.
KEY = "-".join(["quartz", "lantern", "mosaic"])
HEADER = "-".join(["velvet", "harbor", "cipher"])
PASSWORD = "-".join(["copper", "meadow", "signal"])
SECRETS = (KEY, HEADER, PASSWORD)

CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIP = "Content-Encoding: gzip"


class FailingCall(NamedTuple):
    """One way to fail.

    Args:
        kind: The class of what is raised.
        act: Makes the call.
    """

    kind: type[Exception]
    act: object

    def fail(self):
        with pytest.MonkeyPatch.context() as patch:
            clear_proxies(patch)
            self.act()


def client(url, **options):
    """Return a client with a key and a secret header that does not wait between attempts."""
    options = {"timeout": 20, "max_attempts": 2, **options}
    if url.startswith("https:"):
        options.setdefault("ssl_context", trusting_context())
    made = IronflowClient(url, KEY, headers={"X-Api-Key": HEADER}, **options)
    made._open().sleep = lambda seconds: None
    return made


def meets(*acts, certificate=None, **options):
    """Return a call whose every attempt meets a script that begins behind the request."""

    def act():
        with HostileServer(then=[request, *acts], certificate=certificate) as server:
            with client(server.url, **options) as caller:
                caller.request("PUT", "/x", body={"id": 1})

    return act


def echo(status, framed=reply):
    """Return the act of a server that repeats all that it was told, in every place there is."""

    def act(peer):
        told = peer.requests[-1]
        given = ", ".join([told.target, *told.headers.values()])
        body = b'{"error": "bad %b", "code": "%b", "details": {"%b": ["%b"]}}' % (
            (given.replace('"', "").encode(),) * 4
        )
        headers = [f"{name}: {given}" for name in ("X-Request-Id", "X-Echo", "Location")]
        peer.send(framed(body, *headers, status=f"{status} {given}"))

    return act


def told(peer):
    """Return the credential with which a peer was asked."""
    return peer.requests[-1].headers["authorization"].encode()


def sends(make):
    """Return an act that sends what is made of the credential."""
    return lambda peer: peer.send(make(told(peer)))


def status(kind, number):
    return {f"status {number} that echoes": FailingCall(kind, meets(echo(number)))}


STATUSES = {
    **status(IronflowError, 302),
    **status(ValidationError, 400),
    **status(AuthenticationError, 401),
    **status(IronflowError, 402),
    **status(PermissionDeniedError, 403),
    **status(NotFoundError, 404),
    **status(ConflictError, 409),
    **status(ConflictError, 412),
    **status(IronflowError, 418),
    **status(ValidationError, 422),
    **status(RateLimitError, 429),
    **status(ServerError, 500),
    **status(ServerError, 503),
    "status 500 with an empty body": FailingCall(
        ServerError, meets(reply(b"", status="500 Internal Server Error"))
    ),
    "status 502 with a web page": FailingCall(
        ServerError,
        meets(sends(lambda key: reply(b"<h1>%b</h1>" % key, status="502 Bad Gateway"))),
    ),
    "status 500 that is cut short": FailingCall(
        ServerError,
        meets(
            sends(lambda key: b'HTTP/1.1 500 No\r\nContent-Length: 999\r\n\r\n{"error": "' + key)
        ),
    ),
}


def unusable(*acts, **options):
    return FailingCall(InvalidResponseError, meets(*acts, **options))


UNUSABLE = {
    "a reply that is not JSON": unusable(sends(reply)),
    "a reply that is not UTF-8": unusable(sends(lambda key: reply(b"\xff" + key))),
    "a reply that is too large": unusable(
        sends(lambda key: reply(b'["%b"]' % (key * 9))), max_response_bytes=99
    ),
    "a reply that is cut short": unusable(sends(lambda key: CUT + b'["' + key)),
    "a reply that is cut short in a chunk": unusable(
        sends(lambda key: CHUNKED + b'99\r\n["' + key)
    ),
    "a reply in chunks that are none": unusable(
        sends(lambda key: CHUNKED + b"%x\r\n%b\r\n%b\r\n" % (len(key), key, key))
    ),
    "a reply with a broken gzip": unusable(sends(lambda key: reply(key, GZIP))),
    "a reply with a gzip cut short": unusable(
        sends(lambda key: reply(gzip.compress(key, 0)[:-9], GZIP))
    ),
    "a reply in a coding nobody asked for": unusable(
        sends(lambda key: reply(key, f"Content-Encoding: {key.decode()}"))
    ),
    "a reply that is nested too deeply": unusable(reply(b"[" * 200_000)),
    "a reply that takes too much memory": unusable(
        reply(b"[" + b"{}," * 300_000 + b"1]"), max_response_bytes=2**20
    ),
    "a reply with a malformed header": unusable(
        sends(lambda key: b"HTTP/1.1 200 OK\r\n" + key + b"\r\n\r\n")
    ),
    "a reply with two lengths": unusable(
        sends(lambda key: reply(key, "Content-Length: 1", f"X-Echo: {key.decode()}"))
    ),
    "a switch of protocols": unusable(
        sends(lambda key: b"HTTP/1.1 101 Go\r\nUpgrade: " + key + b"\r\n\r\n")
    ),
    "what is not HTTP": unusable(sends(lambda key: b"-ERR " + key + b"\r\n")),
    "a head that is cut": unusable(sends(lambda key: b"HTTP/1.1 200 " + key)),
    "TLS from a plain server": unusable(b"\x15\x03\x01\x00\x02\x02\x46"),
}


def lost(act):
    return FailingCall(IronflowConnectionError, act)


def refused_connection():
    with HostileServer() as server:
        pass
    client(server.url).request("GET", "/x")


def call_of(url, **options):
    return lambda: client(url, **options).request("GET", "/x")


def tls_to(certificate=None):
    """Return a call over TLS to a server with this certificate, or to one without TLS."""

    def act():
        with HostileServer(then=[b"HTTP/1.1 400 No\r\n\r\n"], certificate=certificate) as server:
            client(server.url.replace("http:", "https:")).request("GET", "/x")

    return act


def by_proxy(scheme, *acts, host="server.invalid", setting="http://joe:{}@127.0.0.1:{}"):
    """Return a call by a proxy that wants a password; the acts are the proxy's."""

    def act():
        with HostileServer(then=acts) as proxy, pytest.MonkeyPatch.context() as patch:
            patch.setenv(f"{scheme}_proxy", setting.format(PASSWORD, proxy.port))
            client(f"{scheme}://{host}").request("GET", "/x")

    return act


def echo_password(peer):
    told = peer.requests[-1].headers["proxy-authorization"]
    told = f"{told} {PASSWORD}"
    peer.send(reply(told.encode(), f"X-Echo: {told}", status=f"407 {told}"))


LOST = {
    "a refused connection": lost(refused_connection),
    "a connection that is closed": lost(meets()),
    "a connection that is reset": lost(meets(reset)),
    "a reply that is reset": lost(meets(CUT, pause(0.02), reset)),
    "a name that does not resolve": lost(call_of("http://server.invalid")),
    "a name that cannot be one": lost(call_of(f"http://{'x' * 64}.invalid")),
    "TLS to a plain server": lost(tls_to()),
    "a certificate that has expired": lost(tls_to("expired.pem")),
    "a self-signed certificate": lost(tls_to("self-signed.pem")),
    "a proxy that is not one": lost(by_proxy("http", setting="socks5://joe:{}@p:{}")),
    "a proxy without a port": lost(by_proxy("http", setting="http://joe:{}@p:x{}")),
    "a proxy that closes": lost(by_proxy("http", request)),
    "a tunnel that is refused": lost(by_proxy("https", request_head, echo_password)),
    "a tunnel that closes": lost(by_proxy("https", request_head)),
    "a tunnel that breaks": FailingCall(
        InvalidResponseError, by_proxy("https", request_head, b"HTTP/1.1 2")
    ),
    "a proxy that wants another password": FailingCall(
        IronflowError, by_proxy("http", request, echo_password)
    ),
}


def late(*acts):
    return FailingCall(IronflowTimeoutError, meets(*acts, timeout=0.2, total_timeout=0.3))


LATE = {
    "no reply in time": late(stall),
    "a reply that trickles": late(trickle(CUT)),
    "a body that never ends": late(CUT, trickle(b"[")),
}

CALLS = {**STATUSES, **UNUSABLE, **LOST, **LATE}


def a_key_of_the_environment():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IRONFLOW_API_KEY", f" {KEY}")
        IronflowClient()


def a_url_of_the_environment():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IRONFLOW_SERVER_URL", f"http://joe:{PASSWORD}@h")
        IronflowClient()


def standing():
    return IronflowClient("http://h")


# Functions without arguments or closures: a crash report shows both.
REFUSALS = {
    name: FailingCall(kind, act)
    for name, kind, act in (
        ("a key with a line break", ValueError, lambda: IronflowClient(api_key=f"{KEY}\n")),
        ("a key of another type", TypeError, lambda: IronflowClient(api_key=KEY.encode())),
        ("a key of the environment", ValueError, a_key_of_the_environment),
        ("a key that is no option", TypeError, lambda: IronflowClient(token=KEY)),
        ("a key and no option", TypeError, lambda: IronflowClient(api_key=KEY, retries=3)),
        ("a key and a bad option", ValueError, lambda: IronflowClient(api_key=KEY, timeout=-1)),
        (
            "a URL with a password",
            ValueError,
            lambda: IronflowClient(f"http://joe:{PASSWORD}@h"),
        ),
        (
            "a URL with a password and a bad port",
            ValueError,
            lambda: IronflowClient(f"http://joe:{PASSWORD}@h:x"),
        ),
        (
            "a URL with a password for its port",
            ValueError,
            lambda: IronflowClient(f"http://h:{PASSWORD}"),
        ),
        (
            "a URL with a password and a bracket",
            ValueError,
            lambda: IronflowClient(f"http://joe:{PASSWORD}@[h"),
        ),
        ("a URL of the environment", ValueError, a_url_of_the_environment),
        (
            "a header with a line break",
            ValueError,
            lambda: IronflowClient(headers={"X-Key": f"{HEADER}\n"}),
        ),
        (
            "a header with a snowman",
            ValueError,
            lambda: IronflowClient(headers={"X-Key": f"{HEADER}\u2603"}),
        ),
        (
            "a header of another type",
            TypeError,
            lambda: IronflowClient(headers={"X-Key": [HEADER]}),
        ),
        (
            "a header line for its name",
            ValueError,
            lambda: IronflowClient(headers={f"X-Key: {HEADER}": ""}),
        ),
        ("headers in pairs", TypeError, lambda: IronflowClient(headers=[("X-Key", HEADER)])),
        (
            "a header beside one that is refused",
            ValueError,
            lambda: IronflowClient(headers={"X-Key": HEADER, "Content-Type": "text/plain"}),
        ),
        (
            "a change to a bad key",
            ValueError,
            lambda: standing().with_options(api_key=f"{KEY}\n"),
        ),
        (
            "a change to a bad header",
            ValueError,
            lambda: standing().with_options(headers={"X-Key": f"{HEADER}\n"}),
        ),
        ("a change of no option", TypeError, lambda: standing().with_options(token=KEY)),
        (
            "a change to a key and a bad option",
            ValueError,
            lambda: standing().with_options(api_key=KEY, timeout=0),
        ),
        (
            "a change of a client with secrets",
            ValueError,
            lambda: client("http://h").with_options(timeout=0),
        ),
        (
            "a call with a bad header",
            ValueError,
            lambda: standing().request("GET", "/x", headers={"X-Key": f"{HEADER}\0"}),
        ),
        (
            "a call with headers in pairs",
            TypeError,
            lambda: standing().request("GET", "/x", headers=[("X-Key", HEADER)]),
        ),
        (
            "a call with a header and a bad body",
            TypeError,
            lambda: standing().request("PUT", "/x", headers={"X-Key": HEADER}, body={1: 2}),
        ),
        (
            "a call with a header and broken text",
            ValueError,
            lambda: standing().request("PUT", "/x", headers={"X-Key": HEADER}, body="\ud800"),
        ),
        (
            "a call with a header and a bad parameter",
            TypeError,
            lambda: standing().request("PUT", "/x", headers={"X-Key": HEADER}, params={"a": {}}),
        ),
        (
            "a call with a header and a blank idempotency key",
            ValueError,
            lambda: standing().request(
                "PUT", "/x", headers={"X-Key": HEADER, "Idempotency-Key": " "}
            ),
        ),
    )
}

WAYS = {**CALLS, **REFUSALS}
