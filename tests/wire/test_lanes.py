"""Which connection of a map takes the next call, and what is left of one that is dropped."""

from __future__ import annotations

import contextlib
import socket

import pytest

from ironflow import IronflowClient
from ironflow._wire.lane import READ
from ironflow._wire.lanes import Lanes

from ..hostile import HostileServer


@pytest.fixture
def transport():
    with HostileServer() as server, IronflowClient(server.url) as client:
        yield client._open()


@pytest.fixture
def lanes(transport):
    lanes = Lanes(transport, 2)
    yield lanes
    lanes.close(is_inherited=False)


def opened(lanes):
    """Return a lane that is open and watched."""
    lane = lanes.pick(True, True)
    assert lane.is_new
    events = lanes.open(lane, 10)
    while events:
        lanes.watch(lane, events)
        while lane not in [key.data for key, _ in lanes.wait(10)]:
            pass
        events = lane.step()
    lanes.watch(lane, READ)
    return lane


def test_calls_take_idle_lanes_then_new_ones_then_room_behind_others(lanes):
    first, second = opened(lanes), opened(lanes)
    assert lanes.pick(True, True) is None
    lanes.note_room(first)
    lanes.note_room(second)
    assert lanes.pick(True, True) is second
    assert lanes.pick(True, False) is None
    lanes.note_full(second)
    assert lanes.pick(True, True) is first
    second.is_shared = True
    lanes.note_idle(second, float("inf"))  # its latest reply has just come
    assert lanes.pick(True, True) is second
    assert lanes.pick(True, True) is first


def test_an_idle_lane_has_no_room_behind_its_calls(lanes):
    lane = opened(lanes)
    lane.is_shared = True
    lanes.note_room(lane)
    lanes.note_idle(lane, float("inf"))
    assert lanes.pick(True, True) is lane
    opened(lanes)
    assert lanes.pick(True, True) is None


def test_a_lane_that_was_dropped_takes_no_call_and_makes_room_for_another(lanes):
    lane, _ = opened(lanes), opened(lanes)
    lanes.note_room(lane)
    lanes.drop(lane)
    fresh = opened(lanes)
    assert fresh is not lane
    assert lanes.pick(True, True) is None  # not the one that is gone


def test_a_lane_that_was_dropped_while_idle_takes_no_call(lanes):
    lane = opened(lanes)
    lanes.note_idle(lane, float("inf"))
    lanes.drop(lane)
    assert lanes.pick(True, True).is_new


def test_a_lane_that_was_dropped_is_closed_and_waited_for_no_more(lanes):
    lane, other = opened(lanes), opened(lanes)
    lanes.drop(lane)
    assert lane.sock.fileno() == -1
    assert list(lanes._selector.get_map()) == list(lanes._sockets) == [other.watched_as]
    # Another socket gets the same number, and must not be taken for the one that is gone. The
    # lowest numbers go first, so one of a few has it, unless a thread of the server was faster.
    with contextlib.ExitStack() as opened_here:
        for _ in range(4):
            ours, peer = map(opened_here.enter_context, socket.socketpair())
            peer.send(b"x")
            ours.send(b"x")
        assert lanes.wait(0) == []


def test_lanes_that_end_give_back_what_is_idle_and_close_the_rest(transport):
    lanes = Lanes(transport, 2)
    busy, idle = opened(lanes), opened(lanes)
    busy.calls.append(object())
    lanes.note_idle(idle, 0.0)
    lanes.close(is_inherited=False)
    assert busy.sock.fileno() == -1
    assert transport._idle == [idle.connection]
    assert idle.sock.fileno() != -1
