"""Files are replaced whole or not at all."""

from __future__ import annotations

import os

import pytest

from codegen import files
from codegen.files import FileError, current, replace


def test_a_file_that_is_not_there_is_none(tmp_path):
    assert current(tmp_path / "client.py") is None


def test_bytes_that_are_not_utf_8_do_not_stop_the_comparison(tmp_path):
    (tmp_path / "client.py").write_bytes(b"a\xffb")

    assert current(tmp_path / "client.py") == "a\ufffdb"


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(FileError, match=r"cannot be read: Is a directory$"):
        current(tmp_path)


def test_folders_are_made_and_others_can_read_the_file(tmp_path):
    path = tmp_path / "a" / "b" / "client.py"
    replace(path, "Größe\n")

    assert path.read_bytes() == "Größe\n".encode()
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_file_that_cannot_be_replaced_stays_and_leaves_no_other(tmp_path, monkeypatch):
    path = tmp_path / "client.py"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(FileError, match=r"client\.py cannot be written: No space left on device$"):
        replace(path, "new")

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["client.py"]


def test_an_interrupt_leaves_no_other_file_either(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        replace(tmp_path / "client.py", "new")

    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(FileError, match=r"cannot be written: "):
        replace(tmp_path / "file" / "client.py", "new")


def test_the_new_file_is_complete_before_it_takes_the_place_of_the_old(tmp_path, monkeypatch):
    seen = []
    move = os.replace

    def watched(source, target):
        with open(source, "rb") as file:
            seen.append((os.path.dirname(source), file.read()))
        move(source, target)

    monkeypatch.setattr(files.os, "replace", watched)
    replace(tmp_path / "client.py", "new")

    assert seen == [(str(tmp_path), b"new")]
