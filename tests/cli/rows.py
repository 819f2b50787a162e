"""A row of a table of commands, and how what happened is compared with it.

Rules:

1. Expectations are literals. The reference lost its line breaks and its columns' widths on the way
   into text, so lines are compared by their words, and empty lines do not count.
2. ``<...>`` stands for any text within a line, or none; ``...`` (Ellipsis) for any JSON value; and
   a callable for any that it returns true for.
3. What went over the wire is compared whole: every request, in order, with query and body. ``may``
   names what a request may say besides, with the default value that it then has to have.
4. Members of messages are written in snake_case; the wire may have them in camelCase, as Connect
   does.
"""

from __future__ import annotations

import datetime
import json
import re
from typing import Any, NamedTuple

RPC = "/ironflow.v1."
_ENVELOPED = "application/connect+json"


class Sent(NamedTuple):
    """A request that has to arrive.

    Attributes:
        method, path, query, body: Of the request; a path below ``/api/v1`` is given without it.
        may: Query parameters and members of the body that may be there too.
        environment: Name of the environment that it is for, in the header or in the query.
        headers: Headers that it has to have, in lower case.
    """

    method: str
    path: str
    query: dict[str, Any] = {}
    body: Any = None
    may: dict[str, Any] = {}
    environment: str = ""
    headers: dict[str, str] = {}


class Json(NamedTuple):
    """Standard output is one JSON document with this value."""

    value: Any


class Lines(NamedTuple):
    """Standard output is one JSON document a line, with these values."""

    values: list[Any]


class Says(tuple):
    """The reference leaves the layout open: standard output has these words, in this order."""

    def __new__(cls, *words):
        return super().__new__(cls, words)


class Loose(str):
    """Standard output is this text, wherever it has its line breaks and blanks."""


class Row(NamedTuple):
    """A command, what the server holds, and what has to come of it.

    Attributes:
        line: The command as the reference has it.
        out: Standard output.
        sent: The requests, in order; None where the reference does not say which.
        replies: Replies that the server gives instead of its own: method, path, value, and a status
            that is not 200. A callable gives the value when the command runs.
        code: Exit code.
        err: Standard error; None where it does not matter.
        files: Files in the command's folder, by name.
        stdin: What the part before the pipe writes, where the reference does not show it.
        before: Called with server and client, to prepare the server.
        after: Called with client and folder, to look at what is there afterwards.
        typed: What is typed at a terminal when the command asks; None for a command without one.
    """

    line: str
    out: Any
    sent: list[Sent] | None
    replies: list[tuple[Any, ...]] = []
    code: int = 0
    err: str | None = ""
    files: dict[str, str] = {}
    stdin: str = ""
    before: Any = None
    after: Any = None
    typed: str | None = None


def answered(line, out, method, path, value, *status, **more):
    """A row of a single request, and the reply that the server gives to it.

    Args:
        line, out: As of the row.
        method, path: Of the request.
        value, status: Of the reply.
        more: Anything else of the request or of the row.
    """
    asked = {name: more.pop(name) for name in Sent._fields if name in more}
    sent = Sent(method, path, **asked)
    return Row(line, out, [sent], replies=[(method, path, value, *status)], **more)


def ago(seconds):
    """The time some seconds ago, as the server writes times."""
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def full_path(path):
    """The path of a request that a row names."""
    return path if path.startswith(("/ironflow.", "/health", "/api/")) else f"/api/v1{path}"


def check_output(wanted, out, url):
    """Compare standard output with what a row wants."""
    if isinstance(wanted, Json):
        value = json.loads(out)
        assert matches(wanted.value, value), f"{value!r} is not {wanted.value!r}"
    elif isinstance(wanted, Lines):
        values = [json.loads(line) for line in out.splitlines()]
        assert matches(wanted.values, values), f"{values!r} are not {wanted.values!r}"
    elif isinstance(wanted, Says):
        rest = out
        for word in wanted:
            assert word in rest, f"no {word!r} in its place in {out!r}"
            rest = rest[rest.index(word) + len(word) :]
    elif isinstance(wanted, Loose):
        assert re.fullmatch(_pattern("".join(wanted.split())), "".join(out.split())), out
    else:
        check_lines(wanted.replace("{url}", url), out)


def check_lines(wanted, text):
    """Compare text by its lines, and these by their words."""
    expected, found = _lines(wanted), _lines(text)
    fits = len(expected) == len(found) and all(
        re.fullmatch(_pattern(line), other) for line, other in zip(expected, found)
    )
    assert fits, f"{found!r} is not {expected!r}"


def _lines(text):
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _pattern(text):
    return re.escape(text).replace(re.escape("<...>"), ".*?")


def check_sent(wanted, received):
    """Compare the requests that arrived with those that a row wants."""
    found = [f"{request.method} {request.path}" for request in received]
    assert len(wanted) == len(received), f"sent {found}, not {[row[:2] for row in wanted]}"
    for row, request in zip(wanted, received):
        what = f"{request.method} {request.path}?{request.query} {request.body!r}"
        assert (row.method, full_path(row.path)) == (request.method, request.path.rstrip("=")), what
        query, body = dict(request.query), body_of(request)
        if row.environment:
            named = query.pop("env", None)
            header = request.headers.get("x-ironflow-environment")
            assert {named, header} - {None} == {row.environment}, (what, request.headers)
        assert matches(row.query, _without(row, query, row.query)), what
        if isinstance(body, dict) and (row.body is None or isinstance(row.body, dict)):
            body = _without(row, body, row.body or {}) or None
        assert matches(row.body or None, body), f"{what} has not the body {row.body!r}"
        for name, value in row.headers.items():
            assert request.headers.get(name) == value, f"{name}: {request.headers.get(name)!r}"


def body_of(request):
    """The decoded body of a request, out of its envelope where it is in one."""
    if request.headers.get("content-type", "").startswith(_ENVELOPED):
        return json.loads(request.body[5:])
    return request.json


def _without(row, found, wanted):
    """Leave out what may be there and has its default value."""

    def is_extra(name, value):
        known = _named(name, {**row.may, **wanted})
        return known not in wanted and known in row.may and matches(row.may[known], value)

    return {name: value for name, value in found.items() if not is_extra(name, value)}


def matches(wanted, found):
    """Whether a JSON value is the wanted one; rules 2 and 4."""
    if wanted is ...:
        return True
    if callable(wanted):
        return bool(wanted(found))
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or len(wanted) != len(found):
            return False
        return all(
            _named(name, wanted) in wanted and matches(wanted[_named(name, wanted)], value)
            for name, value in found.items()
        )
    if isinstance(wanted, list):
        same = isinstance(found, list) and len(wanted) == len(found)
        return same and all(matches(one, other) for one, other in zip(wanted, found))
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    return wanted == found


def _named(name, wanted):
    """The name by which a row knows a member of a message."""
    if name in wanted:
        return name
    return re.sub("[A-Z]", lambda capital: f"_{capital.group().lower()}", name)
