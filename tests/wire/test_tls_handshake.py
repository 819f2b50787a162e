"""How TLS begins: handshakes that fail or never end, and certificates that are not trusted."""

from __future__ import annotations

import ssl

import pytest

from ironflow import InvalidResponseError, IronflowConnectionError, IronflowTimeoutError

from ..hostile import CERTIFICATES as CERTIFICATES_OF_TESTS
from ..hostile import HostileServer, drain, reset, stall, trickle, trusting_context
from .calls import connected, failure, get, post
from .patience import patient


@pytest.mark.parametrize("call", [get, post])
def test_tls_to_a_plain_server_is_a_connection_error(call):
    script = [b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", drain]
    with HostileServer(then=script) as server:
        client = patient(f"https://127.0.0.1:{server.port}", ssl_context=trusting_context())
        error = failure(call, client, "first")
    assert type(error) is IronflowConnectionError
    assert (error.status_code, error.code, error.attempts) == (0, "CONNECTION_FAILED", 3)
    assert str(error).startswith(f"127.0.0.1:{server.port}: TLS failed")
    assert str(error).endswith("; does the server speak plain http://?")


def test_plain_http_to_a_tls_server_is_an_error_and_not_a_hang():
    with HostileServer(certificate="good.pem") as server:
        with patient(server.url.replace("https", "http"), timeout=20) as client:
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
        client = patient(
            f"https://127.0.0.1:{server.port}", timeout=0.3, ssl_context=trusting_context()
        )
        error = failure(post, client, "first")
    assert type(error) is IronflowTimeoutError
    assert (error.code, error.retryable, error.attempts) == ("TIMEOUT", True, 1)


@pytest.mark.parametrize("script", [[], [reset]], ids=["close", "reset"])
def test_a_server_that_hangs_up_in_the_tls_handshake_is_tried_again(script):
    with HostileServer(then=script) as server:
        client = patient(f"https://127.0.0.1:{server.port}", ssl_context=trusting_context())
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
        error = failure(post, patient(server.url), "first")
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
        with patient(url, timeout=20, ssl_context=trusting_context()) as client:
            assert post(client, "first") == {"id": "first"}


def test_the_callers_tls_settings_are_used():
    class Refused(ssl.SSLContext):
        def wrap_socket(self, *_, **__):
            raise ssl.SSLError(1, "wrapped by the caller's context")

    context = Refused(ssl.PROTOCOL_TLS_CLIENT)
    with HostileServer() as server:
        client = patient(f"https://127.0.0.1:{server.port}", ssl_context=context)
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
