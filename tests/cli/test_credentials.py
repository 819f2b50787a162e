"""The token of a login: readable by its owner only, and sent to its own server only."""

from __future__ import annotations

import os
import stat
import sys

import pytest

from ironflow._cli import credentials
from ironflow._cli.errors import CommandError

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs modes of files")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("IRONFLOW_CONFIG_DIR", str(tmp_path / "config"))
    return tmp_path / "config"


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_token_is_found_for_its_own_server_only(folder):
    credentials.store_token("http://a:1", "token-a", "a@example.com")
    credentials.store_token("http://b:2", "token-b", "b@example.com")
    assert credentials.stored_token("http://a:1") == "token-a"
    assert credentials.stored_token("http://b:2") == "token-b"
    assert credentials.stored_token("http://a:2") is None


def test_without_a_file_there_is_no_token(folder):
    assert credentials.stored_token("http://a:1") is None


@posix_only
def test_the_file_and_its_folder_are_their_owners_alone(folder):
    previous = os.umask(0)
    try:
        folder.mkdir(mode=0o755)
        path = credentials.store_token("http://a:1", "token", "a@example.com")
    finally:
        os.umask(previous)
    assert path == str(folder / "credentials.json")
    assert (mode_of(folder), mode_of(path)) == (0o700, 0o600)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(folder, monkeypatch):
    credentials.store_token("http://a:1", "token", "a@example.com")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CommandError, match="cannot be written: No space left on device"):
        credentials.store_token("http://a:1", "other", "a@example.com")
    assert [path.name for path in folder.iterdir()] == ["credentials.json"]
    assert credentials.stored_token("http://a:1") == "token"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"servers": []}', '{"servers": {"x": 1}}'])
def test_a_file_that_is_none_is_told_and_replaced_by_the_next_login(folder, text):
    folder.mkdir()
    (folder / "credentials.json").write_text(text)
    with pytest.raises(CommandError, match="is not a credentials file; log in again"):
        credentials.stored_token("http://a:1")
    credentials.store_token("http://a:1", "token", "a@example.com")
    assert credentials.stored_token("http://a:1") == "token"


def test_the_default_place_is_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("IRONFLOW_CONFIG_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    parts = (".config", "ironflow", "credentials.json")
    assert os.path.normpath(credentials.path()) == os.path.join(tmp_path, *parts)
