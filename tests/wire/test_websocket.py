"""WebSocket messages without a socket: what comes in, what goes out, and what is refused."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from ironflow._wire.websocket import ProtocolError, WebSocket

from ..frames import BINARY, CLOSE, CONTINUATION, KEY, PING, PONG, TEXT, close_frame, frame

LIMIT = 1 << 20

both_sides = pytest.mark.parametrize("client", [True, False], ids=["client", "server"])


def make(client=True, limit=LIMIT):
    return WebSocket(client=client, max_message_bytes=limit, random=lambda size: KEY[:size])


def plain(event):
    """Return an event as a plain tuple: named tuples of different types can be equal."""
    return (type(event).__name__, *event)


def events_of(websocket):
    """Return all events there are; the last one is the error if one is raised."""
    events = []
    try:
        while (event := websocket.next_event()) is not None:
            events.append(plain(event))
    except ProtocolError as error:
        events.append(("ProtocolError", error.code, str(error)))
    return events


def received(data, *, client=True, limit=LIMIT):
    """Return the events of bytes that come all at once."""
    websocket = make(client, limit)
    websocket.receive(data)
    return events_of(websocket)


def refusal(data, *, client=True, limit=LIMIT):
    """Return code and text of the error that bytes cause, before which nothing else comes."""
    [(kind, code, problem)] = received(data, client=client, limit=limit)
    assert kind == "ProtocolError"
    return code, problem


# Messages


@both_sides
def test_a_text_arrives_as_a_string(client):
    data = frame(TEXT, "Grüße, 🌍".encode(), masked=not client)
    assert received(data, client=client) == [("Message", "Grüße, 🌍")]


@both_sides
def test_a_binary_message_arrives_as_bytes(client):
    data = frame(BINARY, b"\x00\xff\xfe", masked=not client)
    [event] = received(data, client=client)
    assert event == ("Message", b"\x00\xff\xfe")
    assert type(event[1]) is bytes


@both_sides
def test_empty_messages_arrive(client):
    data = frame(TEXT, masked=not client) + frame(BINARY, masked=not client)
    assert received(data, client=client) == [("Message", ""), ("Message", b"")]


@pytest.mark.parametrize("size", [1, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537])
@both_sides
def test_each_length_form_arrives_whole(client, size):
    payload = bytes(i % 251 for i in range(size))
    data = frame(BINARY, payload, masked=not client)
    assert received(data, client=client) == [("Message", payload)]


@both_sides
def test_fragments_arrive_as_one_message(client):
    masked = not client
    data = (
        frame(TEXT, b"one, ", final=False, masked=masked)
        + frame(CONTINUATION, b"two, ", final=False, masked=masked)
        + frame(CONTINUATION, b"", final=False, masked=masked)
        + frame(CONTINUATION, b"three", masked=masked)
        + frame(BINARY, b"\x01", final=False, masked=masked)
        + frame(CONTINUATION, b"", masked=masked)
    )
    assert received(data, client=client) == [("Message", "one, two, three"), ("Message", b"\x01")]


def test_a_character_may_be_split_between_fragments():
    euro = "€".encode()
    data = (
        frame(TEXT, euro[:1], final=False)
        + frame(CONTINUATION, euro[1:2], final=False)
        + frame(CONTINUATION, euro[2:] + b"!")
    )
    assert received(data) == [("Message", "€!")]


def test_control_frames_between_fragments_are_seen_at_once():
    websocket = make()
    websocket.receive(frame(TEXT, b"a", final=False) + frame(PING, b"p") + frame(PONG, b"q"))
    assert events_of(websocket) == [("Ping", b"p"), ("Pong", b"q")]
    websocket.receive(frame(CONTINUATION, b"b"))
    assert events_of(websocket) == [("Message", "ab")]


@pytest.mark.parametrize("client", [True, False], ids=["client", "server"])
def test_any_split_of_the_bytes_gives_the_same_events(client):
    masked = not client
    data = b"".join(
        [
            frame(TEXT, "aé€🌍".encode(), masked=masked),
            frame(BINARY, bytes(range(200)), masked=masked),
            frame(TEXT, b"x\xe2", final=False, masked=masked),
            frame(PING, b"in between", masked=masked),
            frame(CONTINUATION, b"\x82\xacy", masked=masked),
            frame(PONG, masked=masked),
            close_frame(1001, b"bye", masked=masked),
        ]
    )
    expected = [
        ("Message", "aé€🌍"),
        ("Message", bytes(range(200))),
        ("Ping", b"in between"),
        ("Message", "x€y"),
        ("Pong", b""),
        ("Closed", 1001, "bye"),
    ]
    for cut in range(len(data) + 1):
        websocket = make(client)
        websocket.receive(data[:cut])
        first = events_of(websocket)
        websocket.receive(data[cut:])
        assert first + events_of(websocket) == expected, cut
    websocket = make(client)
    trickled = []
    for byte in data:
        websocket.receive(bytes([byte]))
        trickled += events_of(websocket)
    assert trickled == expected


def test_a_message_can_be_answered_before_the_next_one_is_parsed():
    websocket = make(client=False)
    websocket.receive(frame(TEXT, b"hello", masked=True) + frame(TEXT, reserved=4, masked=True))
    assert plain(websocket.next_event()) == ("Message", "hello")
    websocket.send("answer")
    with pytest.raises(ProtocolError):
        websocket.next_event()
    problem = b"a frame has a reserved bit set"
    assert websocket.take_output() == frame(TEXT, b"answer") + close_frame(1002, problem)


# Sending


def test_a_client_masks_what_it_sends():
    websocket = make()
    websocket.send("Hello")
    # The masked example of RFC 6455, section 5.7.
    assert websocket.take_output() == b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
    assert websocket.take_output() == b""


def test_a_server_masks_nothing():
    websocket = make(client=False)
    websocket.send("Hello")
    websocket.send(b"\x00")
    assert websocket.take_output() == b"\x81\x05Hello" + b"\x82\x01\x00"


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 70_001])
@both_sides
def test_what_is_sent_has_the_shortest_length_form(client, size):
    payload = bytes(i % 253 for i in range(size))
    websocket = make(client)
    websocket.send(payload)
    assert websocket.take_output() == frame(BINARY, payload, masked=client)


def test_each_frame_has_a_new_mask():
    keys = iter([b"\x01\x02\x03\x04", b"\xff\xff\xff\xff"])
    websocket = WebSocket(client=True, max_message_bytes=LIMIT, random=lambda size: next(keys))
    websocket.send(b"\x00\x00\x00\x00\x00")
    websocket.ping(b"\x00")
    assert websocket.take_output() == (
        b"\x82\x85\x01\x02\x03\x04\x01\x02\x03\x04\x01" + b"\x89\x81\xff\xff\xff\xff\xff"
    )


def test_text_that_utf8_cannot_encode_is_refused_and_nothing_is_sent():
    websocket = make()
    with pytest.raises(ValueError):
        websocket.send("\ud800")
    assert websocket.take_output() == b""


# Pings


@both_sides
def test_every_ping_is_answered_with_its_own_payload(client):
    websocket = make(client)
    websocket.receive(
        b"".join(frame(PING, payload, masked=not client) for payload in (b"1", b"", b"3" * 125))
    )
    assert events_of(websocket) == [("Ping", b"1"), ("Ping", b""), ("Ping", b"3" * 125)]
    assert websocket.take_output() == b"".join(
        frame(PONG, payload, masked=client) for payload in (b"1", b"", b"3" * 125)
    )


def test_a_ping_is_sent_and_its_pong_seen():
    websocket = make(client=False)
    websocket.ping(b"still there?")
    assert websocket.take_output() == frame(PING, b"still there?")
    websocket.receive(frame(PONG, b"still there?", masked=True))
    assert events_of(websocket) == [("Pong", b"still there?")]
    assert websocket.take_output() == b""


def test_a_ping_that_is_too_long_is_refused():
    websocket = make()
    websocket.ping(b"x" * 125)
    with pytest.raises(ValueError, match="at most 125 bytes"):
        websocket.ping(b"x" * 126)


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


@both_sides
def test_one_side_understands_what_the_other_sends(client):
    seeded = random.Random(7)
    sender, receiver = make(client), make(not client)
    for _ in range(200):
        size = seeded.choice([0, 1, 125, 126, 1000, 65_536])
        text = "".join(seeded.choice("aü€🌍") for _ in range(seeded.randrange(50)))
        message = seeded.choice([text, seeded.randbytes(size)])
        sender.send(message)
        receiver.receive(sender.take_output())
        assert events_of(receiver) == [("Message", message)]
