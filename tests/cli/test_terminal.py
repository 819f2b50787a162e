"""What is for eyes: colours, widths, progress and prompts, at a terminal and away from one."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest

from ironflow import IronflowClient

from .running import run, settings
from .terminal import at_terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs terminals")

COLOUR = "\x1b["
_DELIVERIES = "/ironflow.v1.WebhookService/ListWebhookDeliveries*"
_COLOURS = {"accepted": 32, "rejected": 31, "failed": 31, "deduplicated": 33}
_REPLY = {
    "deliveries": [
        {
            "id": f"del_{status}",
            "source_id": "stripe",
            "status": status,
            "error": "missing signature",
            "created_at": "2025-01-15T12:00:05Z",
        }
        for status in _COLOURS
    ]
}


@pytest.fixture
def delivered(local):
    local.fail("POST", _DELIVERIES, 200, body=_REPLY, times=9)
    return local.url


def test_states_have_colours_at_a_terminal(delivered, tmp_path):
    done = at_terminal(["webhook", "deliveries"], tmp_path, IRONFLOW_SERVER_URL=delivered)
    assert done.code == 0
    for status, colour in _COLOURS.items():
        assert f"{COLOUR}{colour}m{status[:8]}" in done.out  # of a state that is cut, too


@pytest.mark.parametrize(
    ("flags", "variables"),
    [([], {"NO_COLOR": "1"}), (["--no-color"], {}), ([], {"TERM": "dumb"})],
)
def test_colours_are_left_out_where_they_are_not_wanted(delivered, tmp_path, flags, variables):
    done = at_terminal(
        ["webhook", "deliveries", *flags], tmp_path, IRONFLOW_SERVER_URL=delivered, **variables
    )
    assert "rejected" in done.out
    assert COLOUR not in done.out


def test_a_pipe_gets_no_colours_and_every_column_whole(delivered, tmp_path):
    done = run(["webhook", "deliveries"], tmp_path, IRONFLOW_SERVER_URL=delivered, COLUMNS="20")
    assert COLOUR not in done.out
    _, *rows = done.out.splitlines()
    assert [row.split("  ")[0] for row in rows] == [f"del_{status}" for status in _COLOURS]
    assert all(row.endswith("missing signature  2025-01-15 12:00:05") for row in rows)


def test_a_table_fits_the_terminal(delivered, tmp_path):
    done = at_terminal(
        ["webhook", "deliveries", "--no-color"], tmp_path, columns=70, IRONFLOW_SERVER_URL=delivered
    )
    lines = done.out.splitlines()
    assert len(lines) == 1 + len(_COLOURS)
    assert max(map(len, lines)) <= 70
    assert lines[-1].startswith("del_deduplicated ")


def test_a_terminal_of_twenty_columns_shows_the_ids_whole(local, tmp_path):
    with IronflowClient(local.url) as client:
        client.orgs_create(body={"name": "an organization with a rather long name"})
    done = at_terminal(["org", "list"], tmp_path, columns=20, IRONFLOW_SERVER_URL=local.url)
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == ["ID", "org_default", "org_1"]


def test_wide_characters_are_counted(local, tmp_path):
    with IronflowClient(local.url) as client:
        for name in ("日本語の組織", "Zoe\u0301", "plain"):
            client.orgs_create(body={"name": name})
    done = run(["org", "list"], tmp_path, IRONFLOW_SERVER_URL=local.url)
    header, *rows = done.out.splitlines()
    columns = {_columns(row[: row.index(" 20") + 1]) for row in rows}
    assert columns == {_columns(header[: header.index("CREATED")])}


def _columns(text):
    """How many columns a terminal needs for a text."""
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def test_control_characters_of_a_reply_do_not_reach_the_terminal(local, tmp_path):
    with IronflowClient(local.url) as client:
        client.orgs_create(body={"name": "red \x1b[31m, bell \x07"})
    done = at_terminal(["org", "list"], tmp_path, columns=200, IRONFLOW_SERVER_URL=local.url)
    assert "red " in done.out
    assert "\x1b[31m" not in done.out
    assert "\x07" not in done.out


@pytest.fixture
def slow_rebuild(local):
    local.projection("sales", events=["sale.*"], rebuild_pace=0.05)(lambda state, event: state)
    with IronflowClient(local.url) as client:
        for _ in range(8):
            client.events_create(body={"name": "sale.made", "data": {}})
    return local.url


def test_progress_is_shown_at_a_terminal(slow_rebuild, tmp_path):
    arguments = ["projection", "rebuild", "sales", "--wait"]
    done = at_terminal(arguments, tmp_path, IRONFLOW_SERVER_URL=slow_rebuild)
    assert done.code == 0
    assert "\r" in done.out.rstrip()
    assert "%" in done.out
    assert "completed" in done.out


def test_progress_is_not_for_a_pipe(slow_rebuild, tmp_path):
    arguments = ["projection", "rebuild", "sales", "--wait"]
    done = run(arguments, tmp_path, IRONFLOW_SERVER_URL=slow_rebuild)
    assert done.code == 0
    assert "\r" not in done.out + done.err
    assert "%" not in done.err
    assert "completed" in done.out


def test_a_rebuild_that_takes_longer_than_its_time_is_no_success(slow_rebuild, tmp_path):
    arguments = ["projection", "rebuild", "sales", "--wait", "--timeout", "10ms"]
    done = run(arguments, tmp_path, IRONFLOW_SERVER_URL=slow_rebuild)
    assert done.code == 1


# Prompts


@pytest.mark.parametrize("typed", ["n", "no way"])
def test_what_is_not_confirmed_is_not_done(local, tmp_path, typed):
    done = at_terminal(
        ["outbox", "dlq", "discard", "evt_1", "--env", "default"],
        tmp_path,
        typed,
        IRONFLOW_SERVER_URL=local.url,
    )
    assert "y/N" in done.out
    assert done.code == 1
    assert local.requests == []


def test_a_password_is_asked_for_without_an_echo_and_an_empty_one_refused(local, tmp_path):
    done = at_terminal(
        ["platform", "login", "--email", "a@example.com"],
        tmp_path,
        " ",
        IRONFLOW_SERVER_URL=local.url,
    )
    assert "assword" in done.out
    assert done.code == 1


@pytest.mark.parametrize("hyphen", [[], ["-"]])
def test_a_secret_that_is_not_given_is_asked_for_without_an_echo(local, tmp_path, hyphen):
    arguments = ["secret", "set", "API_KEY", *hyphen]
    done = at_terminal(arguments, tmp_path, "sk typed", IRONFLOW_SERVER_URL=local.url)
    assert done.code == 0
    assert "sk typed" not in done.out
    assert local.requests[-1].json["value"] == "sk typed"


def test_a_secret_of_a_hyphen_comes_from_stdin(local, tmp_path):
    for value in ("sk-first", "sk-second"):
        done = run(
            ["secret", "set", "API_KEY", "-"], tmp_path, f"{value}\n", IRONFLOW_SERVER_URL=local.url
        )
        assert done.code == 0
        assert local.requests[-1].json["value"] == value
        assert value not in done.out + done.err


def test_a_password_comes_from_a_pipe_where_there_is_no_terminal(local, tmp_path):
    with IronflowClient(local.url) as client:
        client.platform_bootstrap(
            body={"email": "a@example.com", "name": "A", "password": "s3 cret"}
        )
    done = run(
        ["platform", "login", "--email", "a@example.com"],
        tmp_path,
        "s3 cret\n",
        IRONFLOW_SERVER_URL=local.url,
    )
    assert done.code == 0
    assert local.requests[-1].json["password"] == "s3 cret"
    assert "s3 cret" not in done.out + done.err


def test_without_terminal_and_pipe_nothing_is_asked(local, tmp_path):
    done = run(
        ["platform", "login", "--email", "a@example.com"],
        tmp_path,
        IRONFLOW_SERVER_URL=local.url,
    )
    assert (done.code, done.out, local.requests) == (1, "", [])
    assert len(done.err.splitlines()) == 1


def test_ctrl_c_at_a_prompt_ends_it_with_130(local, tmp_path):
    arguments = ["platform", "login", "--email", "a@example.com"]
    done = at_terminal(arguments, tmp_path, "\x03", IRONFLOW_SERVER_URL=local.url)
    assert done.code == 130
    assert "Traceback" not in done.out
    assert local.requests == []


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["secret", "set", "API_KEY"], "error: value: must not be empty"),
        (["outbox", "dlq", "discard", "e", "--env", "a"], "error: not confirmed; nothing was done"),
    ],
)
def test_ctrl_d_is_no_answer_and_its_refusal_is_a_line(local, tmp_path, arguments, refusal):
    done = at_terminal(arguments, tmp_path, "\x04", IRONFLOW_SERVER_URL=local.url)
    assert done.code == 1
    assert any(line.startswith(refusal) for line in done.out.splitlines()), done.out
    assert local.requests == []


# Ends


def test_a_reader_that_goes_away_ends_it_without_a_word(local, tmp_path):
    with IronflowClient(local.url) as client:
        for number in range(300):
            client.events_create(body={"name": "a", "data": {"text": f"{number}" * 300}})
    command = f'"{sys.executable}" -m ironflow sql "SELECT * FROM events" --format jsonl'
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} | head -n 1"],
        cwd=tmp_path,
        env=settings(tmp_path, IRONFLOW_SERVER_URL=local.url),
        capture_output=True,
        timeout=30,
    )
    assert done.stderr == b""
    assert len(done.stdout.splitlines()) == 1


def test_ctrl_c_ends_a_wait_with_130(local, tmp_path):
    local.projection("sales", events=["sale.*"])(lambda state, event: state)
    done = at_terminal(
        ["projection", "wait", "sales", "--min-seq", "99", "--timeout", "20s"],
        tmp_path,
        interrupt_when=lambda: local.requests,
        IRONFLOW_SERVER_URL=local.url,
    )
    assert done.code == 130
    assert "Traceback" not in done.out
