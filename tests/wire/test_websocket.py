"""WebSocket messages and pings without a socket: what comes in, and what goes out."""

from __future__ import annotations

import random

import pytest

from ironflow._wire.websocket import ProtocolError, WebSocket

from ..frames import BINARY, CONTINUATION, PING, PONG, TEXT, close_frame, frame
from .websocket_events import LIMIT, both_sides, events_of, make, plain, received

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


# Both sides together


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
