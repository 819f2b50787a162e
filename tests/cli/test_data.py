"""Stdin as a source of data: a pipe with data counts, and a silent one delays nothing for long."""

from __future__ import annotations

import os
import sys

import pytest

from ironflow._cli import data
from ironflow._cli.main import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs to wait for pipes")


@pytest.fixture
def pipe(monkeypatch):
    """The writing end of a pipe that is stdin."""
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as stdin, os.fdopen(writing, "wb", 0) as sink:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield sink


def test_a_pipe_with_data_is_a_source(pipe):
    pipe.write(b"{}")
    assert data.stdin_holds_data()


def test_an_idle_pipe_is_none(pipe):
    assert not data.stdin_holds_data()


def test_a_pipe_that_ended_without_data_is_none(pipe):
    pipe.close()
    assert not data.stdin_holds_data(patience=1.0)


def test_looking_takes_nothing_away(pipe):
    pipe.write(b'{"a": 1}')
    pipe.close()
    assert data.stdin_holds_data()
    assert data.stdin_bytes() == b'{"a": 1}'


def test_a_file_is_a_source_if_there_is_something_left_in_it(tmp_path, monkeypatch):
    path = tmp_path / "data"
    path.write_bytes(b"line\n")
    with open(path, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert data.stdin_holds_data()
        os.lseek(stdin.fileno(), 0, os.SEEK_END)
        assert not data.stdin_holds_data()


def test_no_stdin_and_the_null_device_are_none(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert not data.stdin_holds_data(patience=1.0)
    with open(os.devnull, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert not data.stdin_holds_data(patience=1.0)


def test_a_closed_stdin_is_not_stored_as_an_empty_value(server, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["kv", "put", "bucket", "key", "-", "-s", server.url]) == 1
    assert capsys.readouterr().err == "error: stdin is closed; there is nothing to read\n"
    assert server.requests == []
