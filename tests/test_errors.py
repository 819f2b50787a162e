"""The error tree: which class an except clause catches, what an error says, that it travels."""

from __future__ import annotations

import copy
import pickle
import sys
import traceback

import pytest

import ironflow
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
    RunFailedError,
    ServerError,
    ValidationError,
)

BY_STATUS = [
    (400, ValidationError, "BAD_REQUEST", False),
    (401, AuthenticationError, "UNAUTHORIZED", False),
    (402, IronflowError, "PAYMENT_REQUIRED", False),
    (403, PermissionDeniedError, "FORBIDDEN", False),
    (404, NotFoundError, "NOT_FOUND", False),
    (405, IronflowError, "METHOD_NOT_ALLOWED", False),
    (408, IronflowError, "REQUEST_TIMEOUT", True),
    (409, ConflictError, "CONFLICT", False),
    (412, ConflictError, "PRECONDITION_FAILED", False),
    (413, IronflowError, "CONTENT_TOO_LARGE", False),
    (418, IronflowError, "HTTP_418", False),
    (422, ValidationError, "UNPROCESSABLE_CONTENT", False),
    (425, IronflowError, "TOO_EARLY", True),
    (426, IronflowError, "UPGRADE_REQUIRED", False),
    (429, RateLimitError, "TOO_MANY_REQUESTS", True),
    (500, ServerError, "INTERNAL_SERVER_ERROR", True),
    (501, ServerError, "NOT_IMPLEMENTED", False),
    (503, ServerError, "SERVICE_UNAVAILABLE", True),
    (599, ServerError, "HTTP_599", False),
]


@pytest.mark.parametrize(("status", "kind", "code", "retryable"), BY_STATUS)
def test_a_status_has_its_class_and_code(client, server, status, kind, code, retryable):
    server.reply({"error": "no"}, status=status)
    with pytest.raises(IronflowError) as caught:
        client.request("GET", "/x", retry=False)
    assert type(caught.value) is kind
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert caught.value.retryable is retryable
    assert str(caught.value) == "no"


SUBCLASSES = [
    AuthenticationError,
    ConflictError,
    InvalidResponseError,
    IronflowConnectionError,
    IronflowTimeoutError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RunFailedError,
    ServerError,
    ValidationError,
]


@pytest.mark.parametrize("kind", [IronflowError, *SUBCLASSES])
def test_an_error_pickles_and_copies_whole(kind):
    error = kind(
        "run not found",
        status_code=404,
        code="NOT_FOUND",
        retryable=True,
        retry_after=1.5,
        request_id="req_1",
        headers={"x-request-id": "req_1"},
        body={"code": "NOT_FOUND"},
        method="GET",
        url="http://localhost:9123/api/v1/runs/x",
        attempts=2,
    )
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is kind
        assert vars(twin) == vars(error)
        assert (str(twin), repr(twin)) == (str(error), repr(error))


@pytest.mark.parametrize("kind", [IronflowError, *SUBCLASSES])
def test_an_error_can_be_made_from_a_message_alone(kind):
    error = kind("sorry")
    assert str(error) == "sorry"
    assert repr(error) == f"{kind.__name__}('sorry')"
    assert (error.status_code, error.code, error.headers, error.body) == (0, "", {}, None)


def test_every_error_is_an_ironflow_error():
    assert all(issubclass(kind, IronflowError) for kind in SUBCLASSES)
    exported = {name for name in ironflow.__all__ if name.endswith("Error")}
    assert exported == {"IronflowError", *(kind.__name__ for kind in SUBCLASSES)}


def test_network_failures_are_caught_by_the_builtin_names_too():
    assert issubclass(IronflowConnectionError, ConnectionError)
    assert issubclass(IronflowTimeoutError, TimeoutError)


def test_repr_says_what_and_where():
    error = NotFoundError("run not found", status_code=404, code="NOT_FOUND", method="GET", url="u")
    expected = (
        "NotFoundError('run not found', status_code=404, code='NOT_FOUND', method='GET', url='u')"
    )
    assert repr(error) == expected


# What an error says besides its message.


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"error": "no", "details": {"field": ["name"]}}, {"field": ["name"]}),
        ({"error": {"message": "no", "details": ["name"]}}, ["name"]),
        ({"error": "no"}, None),
        (["no"], None),
    ],
)
def test_the_details_of_a_body_are_at_hand(client, server, body, details):
    server.reply(body, status=400)
    with pytest.raises(ValidationError) as caught:
        client.request("GET", "/x")
    assert caught.value.details == details
    assert caught.value.body == body


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes (PEP 678) came with Python 3.11")
@pytest.mark.parametrize(
    ("status", "headers", "note"),
    [
        (404, {"X-Request-Id": "req_1"}, "GET /runs/x?a=1&token=***, HTTP 404, request id req_1"),
        (500, {}, "GET /runs/x?a=1&token=***, HTTP 500"),
        (200, {}, "GET /runs/x?a=1&token=***, HTTP 200"),
    ],
)
def test_a_traceback_names_the_call(client, server, status, headers, note):
    server.reply(body=b"no", status=status, headers=headers)
    with pytest.raises(IronflowError) as caught:
        client.request("GET", "/runs/x?a=1", params={"token": "hunter2"}, retry=False)
    assert caught.value.__notes__ == [note]
    assert traceback.format_exception(caught.value)[-1] == note + "\n"
    twin = pickle.loads(pickle.dumps(caught.value))
    assert twin.__notes__ == [note]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes (PEP 678) came with Python 3.11")
def test_a_traceback_of_a_call_without_a_reply_names_the_call_once():
    with pytest.raises(IronflowConnectionError) as caught:
        IronflowClient("http://127.0.0.1:1", initial_backoff=0).runs_get("x")
    assert caught.value.attempts == 3
    assert caught.value.__notes__ == ["GET /api/v1/runs/x"]


@pytest.mark.parametrize("name", [name for name in ironflow.__all__ if name != "__version__"])
def test_public_classes_call_themselves_by_the_name_they_are_imported_by(name):
    kind = getattr(ironflow, name)
    assert (kind.__module__, kind.__qualname__) == ("ironflow", name)
    assert pickle.loads(pickle.dumps(kind)) is kind


def test_an_uncaught_error_is_named_as_people_import_it(client, server):
    server.reply({"error": "no run"}, status=404)
    with pytest.raises(NotFoundError) as caught:
        client.runs_get("x")
    shown = traceback.format_exception_only(type(caught.value), caught.value)
    assert shown[0] == "ironflow.NotFoundError: no run\n"
