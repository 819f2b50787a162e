"""A connection that never blocks: what it sends and when, and how it opens."""

from __future__ import annotations

import gc
import selectors
import socket
import struct
import time

import pytest

from ironflow._wire.connection import Connection, with_tls
from ironflow._wire.lane import READ, WRITE, Lane

from ..hostile import HostileServer, request, trusting_context


class Taking:
    """A connection that takes so many bytes at a time."""

    def __init__(self, *sizes):
        self.sizes = list(sizes)
        self.offered = []
        self.sent = b""

    def send_now(self, data):
        self.offered.append(len(data))
        count = min(self.sizes.pop(0), len(data)) if self.sizes else len(data)
        self.sent += bytes(data[:count])
        return count


def lane_of(connection, *messages):
    lane = Lane()
    lane.connection = connection
    for message in messages:
        lane.add(object(), memoryview(message))
    return lane


def test_small_messages_leave_in_one_send():
    connection = Taking()
    assert lane_of(connection, b"one", b"two", b"three").flush() == READ
    assert connection.offered == [11]
    assert connection.sent == b"onetwothree"


@pytest.mark.parametrize("taken", [1, 2, 3, 4, 7, 10])
def test_what_the_socket_does_not_take_is_sent_when_it_does(taken):
    connection = Taking(taken, 0, 5)
    lane = lane_of(connection, b"one", b"two", b"three")
    assert lane.flush() == READ | WRITE
    assert connection.sent == b"onetwothree"[:taken]
    assert lane.flush() == READ | WRITE
    lane.add(object(), memoryview(b"four"))
    while lane.flush() != READ:
        pass
    assert connection.sent == b"onetwothreefour"


def test_large_messages_are_not_copied_for_every_piece_that_leaves():
    connection = Taking(*[1000] * 200)
    lane = lane_of(connection, b"a" * 200_000, b"b" * 200_000, b"c", b"d")
    while lane.flush() != READ:
        pass
    assert connection.sent == b"a" * 200_000 + b"b" * 200_000 + b"cd"
    assert max(connection.offered) == 200_000
    assert connection.offered[-1] == 2


def test_nothing_is_sent_after_a_reply_that_came_before_the_request_had_left():
    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        lane = Lane()
        lane.adopt(Connection(left))
        lane.add("first", memoryview(b"x" * 10_000_000))
        assert lane.flush() == READ | WRITE
        assert lane.take_answered() == "first"
        assert not lane.parser.reusable
        assert lane.flush() == READ


def test_a_reply_to_the_first_of_several_does_not_stop_the_others():
    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        lane = Lane()
        lane.adopt(Connection(left))
        for name in ("first", "second"):
            lane.add(name, memoryview(b"GET"))
        lane.flush()
        lane.add("third", memoryview(b"x"))
        assert lane.take_answered() == "first"
        assert lane.parser.reusable


# Opening


def until_open(lane, wanted):
    """Go on with opening a lane, as its selector says."""
    deadline = time.monotonic() + 20
    with selectors.DefaultSelector() as selector:
        while wanted:
            selector.register(lane.sock.fileno(), wanted)
            assert selector.select(deadline - time.monotonic())
            selector.unregister(lane.sock.fileno())
            wanted = lane.step()


@pytest.mark.parametrize("certificate", [None, "good.pem"], ids=["plain", "TLS"])
def test_a_lane_opens_in_steps_that_do_not_block(certificate):
    context = trusting_context() if certificate else None
    with HostileServer([request, b"hello"], certificate=certificate) as server:
        lane = Lane()
        address = ("127.0.0.1", server.port)
        until_open(lane, lane.start(socket.AF_INET, address, context, "127.0.0.1"))
        assert lane.is_open
        assert lane.sock.gettimeout() == 0
        lane.close()


def test_a_lane_to_nowhere_says_so():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = closed.getsockname()
    lane = Lane()
    with pytest.raises(ConnectionRefusedError):
        until_open(lane, lane.start(socket.AF_INET, address, None, ""))
    lane.close()


def reset_pair():
    """Return a connected socket whose peer has just reset the connection."""

    class Unaware(socket.socket):
        """Does not know yet that its peer has gone."""

        def getpeername(self):
            return ("127.0.0.1", 1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        sock = Unaware(socket.AF_INET, socket.SOCK_STREAM)
        sock.connect(listener.getsockname())
        peer, _ = listener.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
    return sock


def test_a_peer_that_goes_before_the_handshake_leaves_no_socket_open():
    with pytest.raises(OSError):
        with_tls(reset_pair(), trusting_context(), "127.0.0.1")
    gc.collect()  # a socket that is left open is a warning, and so an error
