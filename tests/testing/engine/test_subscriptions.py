"""Patterns of subscriptions: which messages they fit."""

from __future__ import annotations

import pytest

from ironflow.testing._engine.feed import Message
from ironflow.testing._engine.subscriptions import Pattern


def fits(pattern, topic):
    return Pattern(pattern).topic_of(Message("evt_1", (topic,), "{}", 1, 0)) == topic


@pytest.mark.parametrize("name", ["shipped", "order.shipped"])
def test_all_events_of_an_entity_are_followed_whatever_dots_their_names_have(name):
    assert fits("entity:*.order-1.*", f"entity:Order.order-1.{name}")
    assert not fits("entity:*.order-2.*", f"entity:Order.order-1.{name}")


def test_elsewhere_a_star_is_one_part():
    assert fits("events:order.*", "events:order.placed")
    assert not fits("events:order.*", "events:order.placed.twice")
