"""The end of a WebSocket: close frames, their codes, and a stream that ends without one."""

from __future__ import annotations

import pytest

from ..frames import CLOSE, PING, TEXT, close_frame, frame
from .websocket_events import both_sides, events_of, make, received, refusal

# Closing


@both_sides
def test_a_close_is_answered_with_the_same_code(client):
    websocket = make(client)
    websocket.receive(close_frame(1001, "tschüß".encode(), masked=not client))
    assert events_of(websocket) == [("Closed", 1001, "tschüß")]
    assert websocket.take_output() == close_frame(1001, masked=client)
    assert websocket.done
    assert not websocket.open


def test_a_close_without_a_code_is_answered_without_one():
    websocket = make()
    websocket.receive(close_frame())
    assert events_of(websocket) == [("Closed", 1005, "")]
    assert websocket.take_output() == close_frame(masked=True)


def test_a_close_that_we_begin_ends_with_the_answer():
    websocket = make()
    websocket.close(4000, "enough")
    assert websocket.take_output() == close_frame(4000, b"enough", masked=True)
    assert not websocket.open
    assert not websocket.done
    websocket.receive(frame(TEXT, b"on its way") + close_frame(4000))
    assert events_of(websocket) == [("Message", "on its way"), ("Closed", 4000, "")]
    assert websocket.done
    assert websocket.take_output() == b""


def test_a_close_without_arguments_says_normal():
    websocket = make(client=False)
    websocket.close()
    websocket.close(1011, "a second close sends nothing")
    assert websocket.take_output() == b"\x88\x02\x03\xe8"


def test_nothing_is_sent_behind_a_close_frame():
    websocket = make()
    websocket.close()
    websocket.take_output()
    for send in (lambda: websocket.send("late"), websocket.ping):
        with pytest.raises(BrokenPipeError):
            send()
    websocket.receive(frame(PING, b"unanswered"))
    assert events_of(websocket) == [("Ping", b"unanswered")]
    assert websocket.take_output() == b""


def test_what_comes_behind_a_close_frame_is_dropped():
    websocket = make()
    websocket.receive(close_frame(1000) + frame(TEXT, b"late") + b"\xff\xff")
    assert events_of(websocket) == [("Closed", 1000, "")]
    websocket.receive(frame(TEXT, b"later"))
    websocket.receive_end()
    assert events_of(websocket) == []


VALID_CODES = [*range(1000, 1004), *range(1007, 1015), 3000, 3999, 4000, 4999]
INVALID_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]


@pytest.mark.parametrize("code", VALID_CODES)
def test_a_code_that_may_be_sent_is_taken_and_sent(code):
    assert received(close_frame(code)) == [("Closed", code, "")]
    websocket = make(client=False)
    websocket.close(code)
    assert websocket.take_output() == close_frame(code)


@pytest.mark.parametrize("code", INVALID_CODES)
def test_a_code_that_must_not_be_sent_is_refused_on_both_ways(code):
    assert refusal(close_frame(code)) == (1002, "a close frame has no valid code")
    with pytest.raises(ValueError, match="not a close code"):
        make().close(code)


def test_a_close_frame_of_one_byte_is_refused():
    assert refusal(frame(CLOSE, b"\x03")) == (1002, "a close frame has no valid code")


@pytest.mark.parametrize("reason", [b"\xff", b"\xc3", b"ok\xed\xa0\x80"])
def test_a_close_reason_that_is_not_utf8_is_refused(reason):
    assert refusal(close_frame(1000, reason)) == (1007, "a text is not valid UTF-8")


def test_the_longest_close_reason_has_123_bytes():
    websocket = make(client=False)
    with pytest.raises(ValueError, match="at most 123 bytes"):
        websocket.close(1000, "é" * 62)
    websocket.close(1000, "é" * 61 + "e")
    assert websocket.take_output() == close_frame(1000, ("é" * 61 + "e").encode())
    assert received(close_frame(1000, b"e" * 123)) == [("Closed", 1000, "e" * 123)]


# The end of the stream


CUTS = {
    "between frames": frame(TEXT, b"whole"),
    "in a head": frame(TEXT, b"whole") + b"\x81",
    "in an extended length": frame(TEXT, b"whole") + b"\x81\x7e\x01",
    "in a payload": frame(TEXT, b"whole") + frame(TEXT, b"cut")[:-1],
    "in a control frame": frame(TEXT, b"whole") + frame(PING, b"cut")[:-1],
    "in a message": frame(TEXT, b"whole") + frame(TEXT, b"cut", final=False),
    "in a close frame": frame(TEXT, b"whole") + close_frame(1000)[:-1],
}


@pytest.mark.parametrize("data", CUTS.values(), ids=CUTS)
def test_an_end_without_a_close_frame_is_told(data):
    websocket = make()
    websocket.receive(data)
    websocket.receive_end()
    assert events_of(websocket) == [("Message", "whole"), ("Closed", 1006, "")]
    assert websocket.done
    assert websocket.take_output() == b""
    with pytest.raises(BrokenPipeError):
        websocket.send("to nobody")
    assert events_of(websocket) == []


def test_an_end_behind_a_close_that_we_sent_is_told():
    websocket = make()
    websocket.close()
    websocket.receive_end()
    assert events_of(websocket) == [("Closed", 1006, "")]
