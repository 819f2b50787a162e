"""What a signal handler of the caller raises in the middle of a call passes through unchanged."""

from __future__ import annotations

import functools
import gc
import gzip
import linecache
import logging
import os
import signal
import ssl
import sys
import threading
import warnings

import pytest

from ironflow import IronflowClient
from ironflow._wire import signals
from ironflow._wire.loading import loading

from ..conftest import KEY
from ..hostile import HostileServer, behave, reply, request, stall, trusting_context

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")


class Alarm(Exception):
    """An exception of the caller's own."""


KINDS = [Alarm, TimeoutError, ConnectionError, OSError, ValueError, KeyError, RecursionError]


@pytest.fixture
def alarm():
    """Set a handler and the time at which it is called."""

    def ring(handler, seconds=0.1):
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    before = signal.getsignal(signal.SIGALRM)
    yield ring
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def interruptible():
    """Take Ctrl-C, which a process that was started in the background ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def raising(error):
    def handler(signum, frame):
        raise error

    return handler


class Handlers:
    """Handlers of every shape."""

    def __init__(self, error):
        self.error = error

    def method(self, signum, frame):
        raise self.error

    def deeper(self, *_):
        self.method(None, None)


def shapes(error):
    handlers = Handlers(error)
    return {
        "function": raising(error),
        "bound method": handlers.method,
        "any arguments": handlers.deeper,
        "partial": functools.partial(Handlers.method, handlers),
        "lambda": lambda *_: handlers.deeper(),
    }


@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_while_a_reply_is_awaited_passes_and_the_client_works_on(alarm, kind, tls):
    with HostileServer([request, stall], certificate=tls) as server:
        context = trusting_context() if tls else None
        with IronflowClient(server.url, KEY, timeout=20, ssl_context=context) as client:
            error = kind("rings")
            alarm(raising(error))
            with pytest.raises(kind) as caught:
                client.request("GET", "/x")
            assert caught.value is error
            server.released.set()
            assert client.request("GET", "/x", params={"id": "after"}) == {"id": "after"}


@pytest.mark.parametrize("shape", list(shapes(None)))
def test_a_handler_of_any_shape_is_known(alarm, shape):
    error = TimeoutError("rings")
    with HostileServer([request, stall]) as server:
        with IronflowClient(server.url, timeout=20) as client:
            alarm(shapes(error)[shape])
            with pytest.raises(TimeoutError) as caught:
                client.request("GET", "/x")
            assert caught.value is error


def test_an_exception_in_the_middle_of_a_body_passes(alarm):
    begun = b"HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\n{"
    error = ConnectionError("rings")
    with HostileServer([request, begun, stall]) as server:
        with IronflowClient(server.url, timeout=20) as client:
            alarm(raising(error))
            with pytest.raises(ConnectionError) as caught:
                client.request("GET", "/x")
            assert caught.value is error


def test_an_exception_while_a_large_request_is_sent_passes(alarm):
    error = OSError("rings")

    def read_nothing(peer):
        peer.stall()

    with HostileServer([read_nothing]) as server:
        with IronflowClient(server.url, timeout=20) as client:
            alarm(raising(error))
            with pytest.raises(OSError, match="rings") as caught:
                client.request("POST", "/x", body={"id": "x" * 20_000_000})
            assert caught.value is error


def test_an_exception_in_the_tls_handshake_passes(alarm):
    error = ConnectionError("rings")
    with HostileServer([stall]) as server:
        url = server.url.replace("http:", "https:")
        with IronflowClient(url, timeout=20, ssl_context=trusting_context()) as client:
            alarm(raising(error))
            with pytest.raises(ConnectionError) as caught:
                client.request("GET", "/x")
            assert caught.value is error


def test_an_exception_between_two_attempts_passes(alarm):
    busy = reply(b'{"error": "busy"}', status="503 Busy")
    error = TimeoutError("rings")
    with HostileServer([request, busy]) as server:
        with IronflowClient(server.url, timeout=20, initial_backoff=10) as client:
            alarm(raising(error))
            with pytest.raises(TimeoutError) as caught:
                client.request("GET", "/x")
            assert caught.value is error
        assert len(server.requests) == 1


def test_a_keyboard_interrupt_passes_and_leaves_no_socket_open(interruptible):
    with HostileServer([request, stall]) as server:
        with IronflowClient(server.url, timeout=20) as client:
            timer = threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGINT])
            timer.start()
            with warnings.catch_warnings():
                warnings.simplefilter("error", ResourceWarning)
                with pytest.raises(KeyboardInterrupt):
                    client.request("GET", "/x")
                gc.collect()
            timer.join()
            server.released.set()
            assert client.request("GET", "/x", params={"id": "after"}) == {"id": "after"}


# At each line of a call in turn.

OURS = os.path.dirname(signals.__file__)


class Anything(
    BlockingIOError, TimeoutError, ConnectionError, ValueError, KeyError, IndexError, RecursionError
):
    """What any ``except`` of ours would catch."""


CHUNKED_GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
PACKED = gzip.compress(b'{"a": [1]}')
REPLIES = {
    "a reply": reply(b'{"a": [1]}'),
    "gzip in chunks": CHUNKED_GZIP + b"%x\r\n%s\r\n0\r\n\r\n" % (len(PACKED), PACKED),
    "a redirect": reply(b"", "Location: /y?id=2", status="302 Found"),
    "an error": reply(
        b'{"error": "busy"}', "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", status="503 Busy"
    ),
    "a web page": reply(b"<html>no</html>", status="502 Bad Gateway"),
    "what is not JSON": reply(b"{"),
    "what is not HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
}


def answering(content):
    """Return an act that sends the same reply to each request."""

    def act(peer):
        while True:
            peer.request()
            peer.send(content)

    return act


def struck(call, handler, at):
    """Make a call in which a handler is called in front of the ``at``-th line of our code.

    Returns:
        Whether there was such a line, and what the call raised.
    """
    lines = 0
    traced = sys.gettrace()

    def trace(frame, event, argument):
        return count if os.path.dirname(frame.f_code.co_filename) == OURS else None

    def count(frame, event, argument):
        nonlocal lines
        # A tracer strikes between the end of a block and the release of its lock; no signal does.
        source = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        lines += event == "line" and not source.lstrip().startswith("with ")
        if lines == at:
            sys.settrace(None)
            signal.raise_signal(signal.SIGALRM)
        return count

    before = signal.signal(signal.SIGALRM, handler)
    sys.settrace(trace)
    try:
        call()
    except BaseException as raised:
        return lines >= at, raised
    finally:
        sys.settrace(traced)
        signal.signal(signal.SIGALRM, before)
        assert not loading._is_owned(), "the lock of imports was not released"
    return lines >= at, None


@pytest.mark.parametrize("kind", [Anything, KeyboardInterrupt])
@pytest.mark.parametrize("name", list(REPLIES))
# A socket that nobody has taken yet when the handler raises closes with the exception.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_exception_passes_at_whatever_line_it_strikes(name, kind):
    with HostileServer(then=[answering(REPLIES[name])]) as server:
        with IronflowClient(server.url, KEY, timeout=20, max_attempts=2) as client:
            client._open().sleep = lambda seconds: None

            def call():
                client.request("GET", "/x", params={"id": "1"})

            for at in range(1, 10_000):
                error = kind("rings")
                happened, raised = struck(call, raising(error), at)
                if not happened:
                    break
                assert raised is error
                error.__traceback__ = raised = None
                if at % 5 == 0:
                    client.close()  # so that some lines are those of a new connection
            assert at > 100
            server.scripts, server.then = (), [behave]
            client.close()
            assert client.request("GET", "/x", params={"id": "2"}) == {"id": "2"}


@pytest.mark.parametrize("tls", [None, "good.pem"], ids=["plain", "TLS"])
def test_a_handler_may_make_a_call_at_whatever_line_it_strikes(tls):
    made = []

    def handler(*_):
        made.append(client.request("GET", "/x", params={"id": "inner"}))

    def call():
        made.append(client.request("POST", "/x", body={"id": "outer"}))

    with HostileServer(certificate=tls) as server:
        context = trusting_context() if tls else None
        with IronflowClient(server.url, timeout=20, max_attempts=1, ssl_context=context) as client:
            client._open()
            for at in range(1, 10_000):
                made.clear()
                happened, raised = struck(call, handler, at)
                assert raised is None
                if not happened:
                    break
                assert made == [{"id": "inner"}, {"id": "outer"}]
                if at % 5 == 0:
                    client.close()
            assert at > 100


def test_a_real_timeout_is_still_ours(alarm):
    with HostileServer([request, stall]) as server:
        with IronflowClient(server.url, timeout=0.2, max_attempts=1) as client:
            with pytest.raises(TimeoutError, match="no reply in time") as caught:
                client.request("GET", "/x")
            assert type(caught.value).__name__ == "IronflowTimeoutError"


def test_a_handler_may_make_a_call_of_its_own_in_the_middle_of_one(alarm):
    made = []

    def call(signum, frame):
        made.append(client.request("GET", "/x", params={"id": "inner"}))

    def slow(peer):
        received = peer.request()
        peer.server.released.wait(0.4)
        peer.answer({"id": received.id})
        behave(peer)

    with HostileServer([slow]) as server:
        with IronflowClient(server.url, timeout=20) as client:
            alarm(call)
            assert client.request("GET", "/x", params={"id": "outer"}) == {"id": "outer"}
            assert made == [{"id": "inner"}]


def test_a_log_filter_may_make_a_call_of_its_own(caplog):
    made = []

    class Calls(logging.Filter):
        def filter(self, record):
            if not made:
                made.append(None)
                made[0] = client.request("GET", "/x", params={"id": "inner"})
            return True

    logger = logging.getLogger("ironflow")
    calls = Calls()
    logger.addFilter(calls)
    try:
        with caplog.at_level(logging.DEBUG, "ironflow"), HostileServer() as server:
            with IronflowClient(server.url, timeout=20) as client:
                assert client.request("GET", "/x", params={"id": "outer"}) == {"id": "outer"}
    finally:
        logger.removeFilter(calls)
    assert made == [{"id": "inner"}]


@pytest.mark.parametrize("certificate", [None, "good.pem"], ids=["plain", "TLS"])
def test_no_codec_wraps_what_a_handler_raises_while_a_connection_is_opened(certificate):
    class Interrupted(Exception):
        pass

    def ring(frame, event, argument):
        if event == "call" and frame.f_code.co_filename.endswith("idna.py"):
            raise Interrupted  # as a handler would that is called there

    with HostileServer(certificate=certificate) as server:
        context = trusting_context() if certificate else None
        with IronflowClient(server.url, KEY, ssl_context=context) as client:
            client._open()  # loads the codec
            before = sys.gettrace()
            sys.settrace(ring)
            try:
                assert client.request("GET", "/x?id=1") == {"id": "1"}
            finally:
                sys.settrace(before)


def test_a_handler_that_interrupts_the_making_of_a_tls_socket_is_told_and_nothing_else():
    def ring(frame, event, argument):
        made = frame.f_locals.get("self")
        is_half_made = isinstance(made, ssl.SSLSocket) and not hasattr(made, "_io_refs")
        if is_half_made and frame.f_code.co_name == "_create":
            handler = raising(TimeoutError("mine"))
            handler(signal.SIGALRM, frame)  # as the interpreter calls one there
        return ring

    with HostileServer(certificate="good.pem") as server:
        with IronflowClient(server.url, KEY, ssl_context=trusting_context()) as client:
            before = sys.gettrace()
            sys.settrace(ring)
            try:
                with pytest.raises(TimeoutError, match="^mine$"):
                    client.request("GET", "/x?id=1")
            finally:
                sys.settrace(before)
            assert client.request("GET", "/x?id=2") == {"id": "2"}
