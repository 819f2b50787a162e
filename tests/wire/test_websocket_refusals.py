"""What a WebSocket refuses: frames against the protocol, invalid UTF-8, and what is too large."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from ironflow._wire.websocket import ProtocolError

from ..frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame
from .websocket_events import LIMIT, both_sides, events_of, make, received, refusal

# What is refused


@pytest.mark.parametrize("reserved", range(1, 8))
@pytest.mark.parametrize("opcode", [TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG])
def test_reserved_bits_are_refused(opcode, reserved):
    problem = (1002, "a frame has a reserved bit set")
    assert refusal(frame(opcode, reserved=reserved)) == problem


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("final", [True, False])
def test_unknown_opcodes_are_refused(opcode, final):
    code, problem = refusal(frame(opcode, final=final))
    assert (code, problem) == (1002, f"a frame has the unknown opcode {opcode}")


@pytest.mark.parametrize("opcode", [TEXT, BINARY, CLOSE, PING, PONG])
def test_a_client_refuses_masked_frames(opcode):
    assert refusal(frame(opcode, masked=True)) == (1002, "a frame is masked")


@pytest.mark.parametrize("opcode", [TEXT, BINARY, CLOSE, PING, PONG])
def test_a_server_refuses_frames_without_a_mask(opcode):
    assert refusal(frame(opcode), client=False) == (1002, "a frame is unmasked")


@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
def test_control_frames_must_not_be_fragmented(opcode):
    assert refusal(frame(opcode, final=False)) == (1002, "a control frame is fragmented")


@pytest.mark.parametrize("opcode", [CLOSE, PING, PONG])
@pytest.mark.parametrize("form", [2, 8])
def test_control_frames_must_be_short(opcode, form):
    problem = (1002, "a control frame is longer than 125 bytes")
    assert refusal(frame(opcode, b"\x03\xe8" + b"x" * 124, form=form)) == problem
    # It is enough that the length is announced, in whatever form.
    assert refusal(frame(opcode, length=5, form=form)[:2]) == problem


@pytest.mark.parametrize(
    ("length", "form"),
    [(0, 2), (125, 2), (0, 8), (125, 8), (126, 8), (65_535, 8), (1 << 63, 8), ((1 << 64) - 1, 8)],
)
def test_lengths_must_be_in_the_shortest_form_and_below_2_to_the_63(length, form):
    data = frame(BINARY, length=length, form=form)
    assert refusal(data, limit=1 << 70) == (1002, "a length is not in its shortest form")


def test_a_continuation_needs_a_message_to_continue():
    problem = (1002, "a message begins with a continuation")
    assert refusal(frame(CONTINUATION, b"x")) == problem
    assert refusal(frame(CONTINUATION, b"x", final=False)) == problem
    assert received(frame(TEXT, b"whole") + frame(CONTINUATION)) == [
        ("Message", "whole"),
        ("ProtocolError", *problem),
    ]


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_must_not_begin_within_another(opcode):
    data = frame(TEXT, b"a", final=False) + frame(opcode, b"b")
    assert refusal(data) == (1002, "a message begins before the last one ends")


def test_a_refusal_is_told_to_the_peer_and_ends_it():
    websocket = make()
    websocket.receive(frame(TEXT, masked=True) + frame(TEXT, b"never seen"))
    with pytest.raises(ProtocolError) as caught:
        websocket.next_event()
    assert caught.value.code == 1002
    assert caught.value.__context__ is None
    assert websocket.done
    assert not websocket.open
    assert websocket.take_output() == close_frame(1002, b"a frame is masked", masked=True)
    websocket.receive(frame(TEXT, b"nor this") + close_frame(1000))
    websocket.receive_end()
    assert events_of(websocket) == []
    assert websocket.take_output() == b""


def test_a_refusal_behind_our_close_frame_sends_no_second_one():
    websocket = make()
    websocket.close()
    websocket.take_output()
    websocket.receive(frame(TEXT, masked=True))
    assert events_of(websocket) == [("ProtocolError", 1002, "a frame is masked")]
    assert websocket.take_output() == b""


# UTF-8

# Bytes that begin well, and the first byte that shows that the text is invalid.
BROKEN_TEXTS = {
    "lone continuation": (b"abc", b"\x80"),
    "impossible byte": (b"abc", b"\xff"),
    "overlong slash": (b"abc", b"\xc0"),
    "overlong in three bytes": (b"abc\xe0", b"\x9f"),
    "overlong in four bytes": (b"abc\xf0", b"\x8f"),
    "surrogate": (b"abc\xed", b"\xa0"),
    "above U+10FFFF": (b"abc\xf4", b"\x90"),
    "five bytes": (b"abc", b"\xf8"),
    "sequence broken off after one byte": (b"abc\xe2", b"a"),
    "sequence broken off after two bytes": (b"abc\xe2\x82", b"a"),
    "sequence broken off after three bytes": (b"abc\xf0\x9f\x8c", b"\xc3"),
}


@pytest.mark.parametrize(("good", "bad"), BROKEN_TEXTS.values(), ids=BROKEN_TEXTS)
@both_sides
def test_invalid_utf8_is_refused_at_its_first_byte_in_the_middle_of_a_frame(client, good, bad):
    masked = not client
    for data in (
        frame(TEXT, good + bad, length=1000, masked=masked),
        frame(TEXT, good, final=False, masked=masked)
        + frame(CONTINUATION, bad, length=1000, masked=masked),
    ):
        websocket = make(client)
        websocket.receive(data[:-1])
        assert events_of(websocket) == []
        websocket.receive(data[-1:])
        assert events_of(websocket) == [("ProtocolError", 1007, "a text is not valid UTF-8")]
        problem = b"a text is not valid UTF-8"
        assert websocket.take_output() == close_frame(1007, problem, masked=client)


@pytest.mark.parametrize("cut", [b"\xc3", b"\xe2", b"\xe2\x82", b"\xf0\x9f\x8c"])
def test_text_must_not_end_within_a_character(cut):
    problem = (1007, "a text is not valid UTF-8")
    assert refusal(frame(TEXT, cut)) == problem
    assert refusal(frame(TEXT, cut, final=False) + frame(CONTINUATION)) == problem


def test_the_error_of_invalid_text_does_not_carry_the_text():
    websocket = make()
    websocket.receive(frame(TEXT, b"secret \xff"))
    with pytest.raises(ProtocolError) as caught:
        websocket.next_event()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "secret" not in repr(caught.value)


def test_binary_messages_are_not_checked_for_utf8():
    data = frame(BINARY, b"\xff", final=False) + frame(CONTINUATION, b"\xc0")
    assert received(data) == [("Message", b"\xff\xc0")]


# Limits


@both_sides
def test_a_message_as_large_as_the_limit_is_taken(client):
    masked = not client
    whole = frame(TEXT, b"x" * 10, masked=masked)
    parts = frame(TEXT, b"x" * 4, final=False, masked=masked) + frame(
        CONTINUATION, b"x" * 6, masked=masked
    )
    ended_empty = frame(TEXT, b"x" * 10, final=False, masked=masked) + frame(
        CONTINUATION, masked=masked
    )
    for data in (whole, parts, ended_empty):
        assert received(data * 2, client=client, limit=10) == [("Message", "x" * 10)] * 2


@both_sides
def test_a_message_is_refused_when_its_head_announces_too_much(client):
    data = frame(BINARY, length=11, masked=not client)
    problem = (1009, "a message is larger than 10 bytes")
    assert refusal(data, client=client, limit=10) == problem
    huge = frame(BINARY, length=(1 << 63) - 1, masked=not client)
    assert refusal(huge, client=client, limit=10) == problem


def test_fragments_are_refused_when_they_are_too_large_together():
    data = frame(TEXT, b"x" * 6, final=False) + frame(CONTINUATION, length=5)
    assert refusal(data, limit=10) == (1009, "a message is larger than 10 bytes")


def test_an_endless_run_of_empty_fragments_is_refused():
    data = frame(TEXT, final=False) + frame(CONTINUATION, final=False) * 9
    assert received(data, limit=10) == []
    data += frame(CONTINUATION, final=False)
    assert refusal(data, limit=10) == (1009, "a message is larger than 10 bytes")


def test_many_tiny_fragments_cost_no_more_memory_than_their_message():
    count = 200_000
    websocket = make()
    websocket.receive(frame(TEXT, final=False))
    block = frame(CONTINUATION, b"x", final=False) * 1000
    tracemalloc.start()
    try:
        for _ in range(count // 1000):
            websocket.receive(block)
            assert websocket.next_event() is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * count
    websocket.receive(frame(CONTINUATION))
    assert events_of(websocket) == [("Message", "x" * count)]


def test_what_comes_after_the_end_takes_no_memory():
    websocket = make()
    websocket.receive(close_frame(1000))
    assert events_of(websocket) == [("Closed", 1000, "")]
    block = bytes(LIMIT)
    tracemalloc.start()
    try:
        websocket.receive(block)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < LIMIT // 2


# Random input


def test_random_bytes_end_in_events_or_a_protocol_error():
    seeded = random.Random(6455)
    errors = 0
    for _ in range(3000):
        client = seeded.random() < 0.5
        websocket = make(client, limit=seeded.choice([10, LIMIT]))
        websocket.receive(seeded.randbytes(seeded.randrange(100)))
        if seeded.random() < 0.5:
            websocket.receive_end()
        events = events_of(websocket)
        failed = bool(events) and events[-1][0] == "ProtocolError"
        errors += failed
        assert not failed or events[-1][1] in (1002, 1007, 1009)
        assert events_of(websocket) == []
    assert errors > 1000


def test_damaged_frames_end_in_events_or_a_protocol_error():
    seeded = random.Random(5)
    outcomes = set()
    for _ in range(3000):
        client = seeded.random() < 0.5
        data = bytearray(b"".join(_random_frame(seeded, masked=not client) for _ in range(4)))
        for _ in range(seeded.randrange(3)):
            data[seeded.randrange(len(data))] = seeded.randrange(256)
        websocket = make(client, limit=300)
        while data:
            size = seeded.randrange(1, len(data) + 1)
            websocket.receive(bytes(data[:size]))
            del data[:size]
            outcomes.update(event[0] for event in events_of(websocket))
            websocket.take_output()
        websocket.receive_end()
        outcomes.update(event[0] for event in events_of(websocket))
        assert websocket.done
    assert outcomes == {"Message", "Ping", "Pong", "Closed", "ProtocolError"}


def _random_frame(seeded, masked):
    opcode = seeded.choice([TEXT, BINARY, CONTINUATION, PING, PONG, CLOSE])
    payload = seeded.choice([b"", b"text", "ü€🌍".encode(), b"\x03\xe8", b"x" * 126])
    final = opcode >= CLOSE or seeded.random() < 0.7
    return frame(opcode, payload, final=final, masked=masked)
