"""No secret is shown: not by an error, nor by what prints the frames that it passed through."""

from __future__ import annotations

import contextlib
import gc
import gzip
import logging
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest

from ironflow import IronflowError, ResponseInfo, ServerError, ValidationError
from ironflow._options import Held
from ironflow._wire.headers import Given
from ironflow._wire.messages import Request
from ironflow._wire.replies import Reply

from .failing_calls import (
    CALLS,
    CHUNKED,
    CUT,
    GZIP,
    REFUSALS,
    SECRETS,
    WAYS,
    by_proxy,
    echo,
    meets,
    sends,
)
from .failing_calls import client as client_of
from .hostile import (
    HostileServer,
    reply,
    request,
    request_head,
    reset,
    stall,
    trickle,
)

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = str(ROOT / "ironflow")
TESTS = str(ROOT / "tests")


def secrets_in(text):
    return [secret for secret in SECRETS if secret in text]


# What an error, and all that it is chained to, shows.


def chain(error):
    """Yield an error and all that it is chained to, whether a traceback shows that or not."""
    left, met = [error], []
    while left:
        link = left.pop()
        if link is not None and link not in met:
            met.append(link)
            left += [link.__cause__, link.__context__]
            yield link


def shown_value(value):
    """Return a value as a crash reporter shows it: members of containers, else its ``repr``."""
    if isinstance(value, Mapping):
        return "".join(f"{shown_value(k)}: {shown_value(v)}, " for k, v in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return "".join(f"{shown_value(item)}, " for item in value)
    return repr(value)


def shown_by(error):
    """Return all that may be shown of an error, of its causes, and of the frames on its way."""
    shown = []
    for link in chain(error):
        shown += [str(link), repr(link), shown_value(vars(link)), shown_value(link.args)]
        shown += traceback.format_exception_only(type(link), link)
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if not frame.f_code.co_filename.startswith(TESTS):
                shown += [f"{name} = {shown_value(v)}" for name, v in frame.f_locals.items()]
    return "\n".join(shown)


@pytest.mark.parametrize("way", WAYS)
def test_an_error_and_the_frames_on_its_way_show_no_secret(way):
    with pytest.raises(WAYS[way].kind) as caught:
        WAYS[way].fail()
    assert type(caught.value) is WAYS[way].kind
    assert secrets_in(shown_by(caught.value)) == []


@pytest.mark.parametrize("way", REFUSALS)
def test_a_refusal_is_chained_to_nothing(way):
    with pytest.raises(REFUSALS[way].kind) as caught:
        REFUSALS[way].fail()
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize("way", CALLS)
def test_an_error_has_no_context_and_no_cause_but_the_systems(way):
    with pytest.raises(CALLS[way].kind) as caught:
        CALLS[way].fail()
    error, cause = caught.value, caught.value.__cause__
    assert error.__context__ is None
    assert cause is None or error.status_code == 0
    if cause is not None:
        assert isinstance(cause, (OSError, UnicodeError, ValueError))
        assert (cause.__cause__, cause.__context__, cause.__traceback__) == (None, None, None)


MAPPED = {
    "an error that echoes": [echo(401)],
    "a reply that is not JSON": [sends(reply)],
    "a reply that is cut short": [sends(lambda key: CUT + key)],
    "a reset": [reset],
    "no reply": [stall],
}


@pytest.mark.parametrize("pipeline", [1, 4])
@pytest.mark.parametrize("name", MAPPED)
def test_an_outcome_of_a_map_shows_no_secret(name, pipeline):
    with HostileServer(then=[request, *MAPPED[name]]) as server:
        with client_of(server.url, timeout=0.3) as caller:
            arguments = (["b"] * 3, ["k"] * 3)
            found = list(caller.map(caller.kv_delete_buckets_keys, *arguments, pipeline=pipeline))
    for outcome in found:
        with pytest.raises(IronflowError) as caught:
            outcome.result()
        assert secrets_in(shown_by(caught.value) + repr(outcome)) == []


class Alarm(BaseException):
    """What a signal handler raises in the middle of a call."""


def to_a_server_that_says_nothing():
    with HostileServer(then=[stall]) as server:
        client_of(server.url.replace("http:", "https:")).request("GET", "/x")


def map_of_calls():
    with HostileServer(then=[request, stall]) as server, client_of(server.url) as caller:
        for _ in caller.map(caller.kv_delete_buckets_keys, ["b"] * 3, ["k"] * 3):
            pass


INTERRUPTED = {
    "while it waits for a reply": meets(stall),
    "while it waits for a reply over TLS": meets(stall, certificate="good.pem"),
    "while it reads a reply": meets(CUT, trickle(b"[")),
    "in the TLS handshake": to_a_server_that_says_nothing,
    "in the opening of a tunnel": by_proxy("https", request_head, stall),
    "at a proxy": by_proxy("http", request, stall),
    "in a map": map_of_calls,
}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers on Windows")
@pytest.mark.parametrize("way", INTERRUPTED)
def test_the_frames_of_a_call_that_is_interrupted_show_no_secret(way):
    def ring(number, frame):
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(Alarm) as caught:
            INTERRUPTED[way]()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert any(frame.f_code.co_filename.startswith(PACKAGE) for frame in frames)
    assert secrets_in(shown_by(caught.value)) == []


SUITE = """
import pytest
from tests.failing_calls import WAYS

@pytest.mark.parametrize("way", WAYS)
def test_way(way):
    WAYS[way].fail()
"""


@pytest.mark.parametrize("options", [["-l"], ["-l", "-vv"]], ids=["short", "long"])
def test_pytest_shows_no_secret_of_a_call_that_fails_in_a_test(tmp_path, options):
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--tb=long", "--log-level=DEBUG", *options]
    ran = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    shown = ran.stdout + ran.stderr
    assert f"{len(WAYS)} failed in" in shown
    for way in WAYS.values():
        assert way.kind.__name__ in shown
    # The local variables of our frames, and what was logged, are among it.
    assert "ironflow._wire.messages.Request object" in shown
    assert "DEBUG    ironflow:" in shown
    assert secrets_in(shown) == []


# Replies that hold a fresh credential.

FRESH = "-".join(["amber", "pebble", "fresh"])  # does not look like a credential
BODY = b'{"id": "ak_1", "key": "%b", "name": "new"}' % FRESH.encode()
COMPRESSED = gzip.compress(b"[%b" % BODY, 0)  # stored: the credential can be read in it

SECRET_REPLIES = {
    "cut short": (CUT + BODY, 200),
    "cut short in a chunk": (CHUNKED + b"fff\r\n" + BODY, 200),
    "not JSON": (reply(b"key: " + BODY), 200),
    "more than JSON": (reply(BODY + b","), 200),
    "not UTF-8": (reply(BODY + b"\xff"), 200),
    "too large": (reply(BODY * 30_000), 200),
    "nested too deeply": (reply(b"[" * 200_000 + BODY), 200),
    "no gzip": (reply(BODY, GZIP), 200),
    "a gzip that is cut short": (reply(COMPRESSED[:-9], GZIP), 200),
    "a gzip of what is not JSON": (reply(COMPRESSED, GZIP), 200),
    "in an unknown coding": (reply(BODY, "Content-Encoding: br"), 200),
    "without a head": (BODY, 0),
    "behind half a head": (b"HTTP/1.1 200 OK\r\n" + BODY + b"\r\n\r\n", 200),
    "a chunk without a size": (CHUNKED + BODY, 200),
    "an error": (reply(BODY, status="500 No"), 500),
    "an error with a message": (reply(BODY[:-1] + b', "error": "no"}', status="400 No"), 400),
    "an error in text": (reply(BODY + b"!", status="500 No"), 500),
    "an error in a web page": (reply(b"<p>" + BODY, status="500 No"), 500),
    "an error that is a text in JSON": (reply(b'"%b"' % FRESH.encode(), status="500 No"), 500),
    "an error with a list": (reply(b"[%b]" % BODY, status="500 No"), 500),
    "an error with details": (reply(b'{"error": "no", "details": %b}' % BODY, status="400 N"), 400),
    "an error that is cut short": (CUT.replace(b"200", b"500") + BODY, 500),
    "a redirect": (reply(BODY, "Location: /there", status="303 There"), 303),
}


@pytest.mark.parametrize("name", SECRET_REPLIES)
def test_nothing_is_shown_of_the_body_of_a_reply_that_holds_a_fresh_credential(name, caplog):
    answer, status = SECRET_REPLIES[name]
    caplog.set_level(logging.DEBUG, "ironflow")
    told = []
    with HostileServer(then=[request, answer]) as server:
        with client_of(server.url, max_response_bytes=2**20, on_response=told.append) as caller:
            with caller.capture() as seen, pytest.raises(IronflowError) as caught:
                caller._call("POST", "/api/v1/apikeys", body={}, secret=True)
    error = caught.value
    assert error.status_code == seen[0].status_code == told[0].status_code == status
    assert (error.body, error.details) == (None, None)
    shown = [shown_by(error), caplog.text, repr(seen), repr(told)]
    shown += [repr(getattr(seen[0], name)) for name in ResponseInfo.__slots__]
    assert len(caplog.records) == 1
    for text in shown:
        assert not any(part in text for part in FRESH.split("-"))


def test_an_error_of_a_route_with_a_credential_still_says_what_is_wrong(client, server):
    server.reply({"error": "name is required", "code": "INVALID", "name": FRESH}, status=400)
    with pytest.raises(ValidationError) as caught:
        client._call("POST", "/api/v1/apikeys", body={}, secret=True)
    assert (str(caught.value), caught.value.code) == ("name is required", "INVALID")
    server.reply(status=503, body=b"<h1>Sorry</h1>")
    with pytest.raises(ServerError) as caught:
        client._call("POST", "/api/v1/apikeys", body={}, secret=True)
    assert str(caught.value) == "HTTP 503 Service Unavailable"


def test_a_fresh_credential_is_returned_to_whom_it_is_meant_for(client, server):
    server.reply({"key": FRESH})
    assert client._call("POST", "/api/v1/apikeys", body={}, secret=True) == {"key": FRESH}


# What a failed call leaves in memory.


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def alive():
    """Return what there is of calls: their parts, and errors that passed through the package."""
    return [
        each
        for each in gc.get_objects()
        if type(each) in (Given, Held, Reply, Request)
        or (isinstance(each, (IronflowError, TypeError, ValueError)) and is_ours(each))
    ]


def is_ours(error):
    files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(name.startswith(PACKAGE) for name in files)


def swallow(call):
    try:
        call()
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("way", WAYS)
def test_a_failure_keeps_nothing_alive(way, no_collector):
    before = alive()
    assert swallow(WAYS[way].fail) is WAYS[way].kind
    assert len(alive()) == len(before)


@pytest.mark.parametrize("watch", ["nobody", "a hook", "a capture", "a hook that raises"])
@pytest.mark.parametrize("attempts", [1, 3])
def test_failed_uploads_do_not_pile_up(watch, attempts, no_collector):
    def upload():
        caller.request("PUT", "/x", body=b"x" * 100_000)

    hooks = {"a hook": lambda info: None, "a hook that raises": lambda info: 1 / 0}
    refusal = reply(b"{}", "Connection: close", status="503 No")
    with HostileServer(then=[request, refusal]) as server:
        caller = client_of(server.url, on_response=hooks.get(watch), max_attempts=attempts)
        before = alive()
        with contextlib.ExitStack() as stack:
            if watch == "a capture":
                seen = stack.enter_context(caller.capture())
            for _ in range(3):
                assert swallow(upload) is ServerError
            if watch == "a capture":
                assert [info.attempts for info in seen] == [attempts] * 3
                seen.clear()
        assert len(alive()) == len(before)
        caller.close()


@pytest.mark.parametrize("watch", ["nobody", "a hook", "a hook that raises"])
@pytest.mark.parametrize("name", MAPPED)
def test_the_failures_of_a_map_do_not_pile_up(name, watch, no_collector):
    def fail():
        for outcome in caller.map(caller.kv_delete_buckets_keys, ["b"] * 3, ["k", "k", ""]):
            kinds.append(type(outcome.error))

    hooks = {"a hook": lambda info: None, "a hook that raises": lambda info: 1 / 0}
    with HostileServer(then=[request, *MAPPED[name]]) as server:
        caller = client_of(server.url, on_response=hooks.get(watch), timeout=0.3)
        kinds = []
        before = alive()
        fail()
        assert kinds[2] is ValueError
        assert all(issubclass(kind, IronflowError) for kind in kinds[:2])
        assert len(alive()) == len(before)
        caller.close()
