"""A reader that goes away ends a command that has nothing to write."""

from __future__ import annotations

import os
import select
import threading

import pytest

from ironflow._cli.reader import closed_without_reader

needs_poll = pytest.mark.skipif(not hasattr(select, "poll"), reason="cannot watch pipes here")


@pytest.fixture
def pipe():
    ours, theirs = os.pipe()
    with os.fdopen(ours) as source, os.fdopen(theirs, "w") as out:
        yield source, out


@needs_poll
def test_what_waits_is_closed_when_the_reader_goes(pipe):
    source, out = pipe
    ended = threading.Event()
    with pytest.raises(BrokenPipeError), closed_without_reader(out, ended.set):
        source.close()
        assert ended.wait(10)


@needs_poll
def test_a_reader_that_stays_changes_nothing(pipe):
    source, out = pipe
    ended = threading.Event()
    with closed_without_reader(out, ended.set):
        out.write("line\n")
        out.flush()
        assert source.readline() == "line\n"
    assert not ended.is_set()


def test_a_file_is_not_watched(tmp_path):
    before = threading.active_count()
    with open(tmp_path / "out", "w") as out, closed_without_reader(out, pytest.fail):
        assert threading.active_count() == before
