"""Each example line of the command line reference, from its words to the wire and back."""

from __future__ import annotations

import json
import os

import pytest

from codegen.types import misfits
from ironflow import IronflowClient
from ironflow._rpc import in_model_names
from ironflow._rpc_methods import NESTED
from ironflow.testing import LocalServer

from ..conftest import KEY
from ..local import models_and_replies
from .examples import ROWS, outputs, own, unshown
from .examples.organizations import PASSWORD
from .flags import COMMANDS
from .lines import served, taken_apart
from .rows import RPC, check_lines, check_output, check_sent, full_path
from .running import NOWHERE, Done, run, run_process
from .terminal import at_terminal

_NEVER_SHOWN = (KEY, PASSWORD, "sk-abc123", "sk-before", "mypass")
OTHERS = [*outputs.ROWS, *unshown.ROWS, *own.ROWS]
_PUBLIC = ("/api/v1/platform/auth/login",)


def _name(row):
    return row.line[:70]


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_an_example_line_does_what_the_reference_says(row, tmp_path):
    _check(row, tmp_path)


@pytest.mark.parametrize("row", OTHERS, ids=_name)
def test_a_command_shows_and_exits_as_the_reference_says(row, tmp_path):
    _check(row, tmp_path)


@pytest.mark.parametrize("row", ROWS[:: len(ROWS) // 6], ids=_name)
def test_a_process_does_what_the_function_does(row, tmp_path):
    _check(row, tmp_path, run_process)


@pytest.mark.parametrize("row", [row for row in [*ROWS, *OTHERS] if row.replies], ids=_name)
def test_the_replies_of_a_row_are_such_as_the_product_gives(row):
    models, endpoints = models_and_replies()
    for method, path, value, *status in row.replies:
        body = value() if callable(value) else value
        endpoint = _endpoint(endpoints, method, full_path(path).rstrip("*"))
        if endpoint is None or isinstance(body, bytes) or (status and status[0] >= 300):
            continue
        if path.startswith(RPC):
            body = in_model_names(body, endpoint.response.name, NESTED)
        assert list(misfits(body, endpoint.response, models, "reply")) == []


@pytest.mark.parametrize(
    "command",
    [found for found in COMMANDS if found.words[-1] not in ("subscribe", "watch")],
    ids=lambda command: " ".join(command.words),
)
def test_each_flag_of_the_reference_is_in_a_row(command):
    lines = [taken_apart(row.line).arguments for row in [*ROWS, *OTHERS]]
    used = {word for line in lines if line[: len(command.words)] == command.words for word in line}
    for flag in command.flags:
        if flag.name != "--server":  # which test_global has
            assert used & {flag.name, flag.short}, flag


def _endpoint(endpoints, method, path):
    """The endpoint of the manifest that has a path; None for an RPC method that is not in it."""
    words = path.split("/")

    def has_path(template):
        parts = template.split("/")
        return len(parts) == len(words) and all(
            part == word or part.startswith("{") for part, word in zip(parts, words)
        )

    found = [where for where in endpoints if where[0] == method and has_path(where[1])]
    return endpoints[min(found, key=lambda where: where[1].count("{"))] if found else None


def _check(row, folder, runs=run):
    """Run a row's command against a server that asks for a key, and compare all that came of it."""
    with (
        LocalServer(api_key=KEY, strict=True) as server,
        IronflowClient(server.url, api_key=KEY) as client,
    ):
        _prepare(row, server, client, folder)
        before = len(server.requests)
        done = _perform(row, server.url, folder, runs)
        received = server.requests[before:]

        assert done.code == row.code, done
        check_output(row.out, done.out, server.url)
        if row.err is not None:
            check_lines(row.err, done.err)
        if row.sent is not None:
            check_sent(row.sent, received)
        for request in received:
            credential = request.headers.get("authorization")
            assert credential == f"Bearer {KEY}" or request.path in _PUBLIC, request
        for secret in _NEVER_SHOWN:
            assert secret not in done.out + done.err
        assert row.after is None or row.after(client, folder)


def _prepare(row, server, client, folder):
    for name, text in row.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    if row.before is not None:
        row.before(server, client)
    for method, path, value, *status in row.replies:
        body = value() if callable(value) else value
        stream = {"Content-Type": "application/connect+json"} if _is_stream(path, body) else None
        # Not every RPC method is a route of the manifest, but every text with a * is accepted.
        where = f"{path}*" if path.startswith(RPC) else full_path(path)
        server.fail(method, where, *(status or [200]), headers=stream, body=body)


def _is_stream(path, body):
    return path.startswith(RPC) and isinstance(body, bytes)


def _perform(row, url, folder, runs):
    """Run a row's line, in this process where it needs no terminal."""
    line = taken_apart(row.line)
    arguments, names_server = served(line.arguments, url)
    variables = {
        "IRONFLOW_API_KEY": KEY,
        # A line that names a server is told of another one, which it must not ask.
        "IRONFLOW_SERVER_URL": NOWHERE if names_server else url,
        **line.variables,
    }
    if row.typed is not None:
        if os.name == "nt":
            pytest.skip("needs a terminal")
        return at_terminal(arguments, folder, row.typed, **variables)
    stdin = None
    if line.piped:
        stdin = (folder / line.file).read_text() if line.file else line.echoed or row.stdin
    done = runs(arguments, folder, stdin, **variables)
    for event_id in (
        [item["event_id"] for item in json.loads(done.out)["items"]] if line.loop else ()
    ):
        looped = [event_id if word == "$id" else word for word in line.loop]
        each = runs(looped, folder, **variables)
        done = Done(done.code or each.code, done.out, done.err + each.err)
    return done
