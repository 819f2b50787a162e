"""Topics: publishing on them, and their figures."""

from __future__ import annotations

import pytest

from ironflow import ValidationError

from ...local import until
from ..connect import refusal, rpc


def published(client, topic, **members):
    return client.pub_sub_create(body={"topic": topic, "data": {"id": 7}, **members})


def test_a_topic_is_known_from_its_first_message(local, local_client):
    assert local_client.pub_sub_list_topics() == {}
    published(local_client, "user.signup")
    published(local_client, "order.processed")
    published(local_client, "order.processed")

    topics = local_client.pub_sub_list_topics()["topics"]

    assert [(t["name"], t["message_count"]) for t in topics] == [
        ("order.processed", "2"),
        ("user.signup", "1"),
    ]
    assert topics[0]["first_message_at"] <= topics[0]["last_message_at"]
    assert sorted(rpc(local, "PubSubService/ListTopics")["topics"][0]) == [
        "firstMessageAt",
        "lastMessageAt",
        "messageCount",
        "name",
    ]


def test_a_topic_has_its_own_figures_with_the_numbers_of_the_log(local_client):
    published(local_client, "a")
    local_client.events_create(body={"name": "between"})
    published(local_client, "b")
    published(local_client, "a")
    assert local_client.pub_sub_get_topic_stats({"topic": "a"}) == {
        "name": "a",
        "message_count": "2",
        "first_seq": "1",
        "last_seq": "4",
    }


def test_a_repeated_message_is_counted_once(local_client):
    first = published(local_client, "a", idempotency_key="k")
    assert published(local_client, "a", idempotency_key="k") == first
    assert local_client.pub_sub_get_topic_stats({"topic": "a"})["message_count"] == "1"


@pytest.mark.parametrize("topic", ["events:a", "system.a", "entity:a", "public.a"])
def test_a_topic_that_is_the_systems_is_400(local_client, topic):
    with pytest.raises(ValidationError, match="reserved"):
        published(local_client, topic)
    assert local_client.pub_sub_list_topics() == {}


@pytest.mark.parametrize("key", ["a b", "a\tb", "a\n", "a\u00a0b", "k" * 256, "ü" * 128])
def test_an_idempotency_key_has_255_bytes_at_most_and_no_blanks(local_client, key):
    with pytest.raises(ValidationError, match="idempotency_key must be 255 bytes"):
        published(local_client, "a", idempotency_key=key)
    assert published(local_client, "a", idempotency_key="k" * 255)["sequence"] == 1


def test_a_topic_that_nobody_used_has_no_figures_and_is_no_error(local_client):
    assert local_client.pub_sub_get_topic_stats({"topic": "quiet"}) == {"name": "quiet"}


def test_each_environment_has_its_own_topics(local_client):
    published(local_client, "a")
    staging = local_client.with_options(environment="staging")
    assert staging.pub_sub_list_topics() == {}


def test_figures_are_of_one_topic(local):
    assert refusal(local, "PubSubService/GetTopicStats")[:2] == (400, "invalid_argument")


def test_those_who_follow_a_topic_are_counted_and_how_far_they_are_behind(local_client):
    with local_client.subscribe("topic:order.*", ack="manual") as following:
        published(local_client, "order.paid")
        event = next(following)
        published(local_client, "order.paid")
        published(local_client, "user.signup")
        stats = local_client.pub_sub_get_topic_stats({"topic": "order.paid"})
        assert (stats["consumer_count"], stats["lag"]) == (1, "2")
        following.ack(event)
        until(lambda: local_client.pub_sub_get_topic_stats({"topic": "order.paid"})["lag"] == "1")
        paid, signup = local_client.pub_sub_list_topics()["topics"]
        assert (paid["consumer_count"], "consumer_count" in signup) == (1, False)
