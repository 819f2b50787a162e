"""Key-value buckets of the local server, as a user's code meets them."""

from __future__ import annotations

import base64

import pytest

from ironflow import ConflictError, IronflowError, NotFoundError, ServerError, ValidationError


@pytest.fixture
def client(local_client):
    local_client.kv_buckets(body={"name": "cache"})
    return local_client


def put(client, key, value=b"1", bucket="cache", **conditions):
    return client.kv_update_buckets_keys(bucket, key, body=value, **conditions)["revision"]


def value_of(client, key, bucket="cache"):
    return base64.b64decode(client.kv_get_buckets_keys(bucket, key)["value"])


# Buckets


def test_a_new_bucket_is_empty_and_has_its_settings(local_client):
    made = local_client.kv_buckets(
        body={"name": "sessions", "description": "of users", "history": 5, "ttl_seconds": 60}
    )
    assert made["created_at"].endswith("Z")
    assert {**made, "created_at": ""} == {
        "name": "sessions",
        "description": "of users",
        "history": 5,
        "ttl_seconds": 60,
        "created_at": "",
        "values": 0,
        "bytes": 0,
    }
    assert local_client.kv_get_buckets("sessions") == made


def test_what_a_bucket_was_not_given_is_absent(client):
    found = client.kv_get_buckets("cache")
    assert sorted(found) == ["bytes", "created_at", "history", "name", "values"]
    assert found["history"] == 1


def test_buckets_are_listed_by_name(client):
    client.kv_buckets(body={"name": "Another_1"})
    client.kv_buckets(body={"name": "b-2"})
    found = client.kv_list_buckets()
    assert [bucket["name"] for bucket in found["buckets"]] == ["Another_1", "b-2", "cache"]
    assert found["count"] == 3


def test_a_bucket_counts_the_keys_and_bytes_that_are_there_now(local_client):
    local_client.kv_buckets(body={"name": "cache", "history": 5})
    put(local_client, "a", b"123")
    put(local_client, "a", b"12345")
    put(local_client, "b", b"")
    put(local_client, "c", b"1234567")
    local_client.kv_delete_buckets_keys("cache", "c")
    found = local_client.kv_get_buckets("cache")
    assert (found["values"], found["bytes"]) == (2, 5)


def test_a_bucket_is_made_once_and_keeps_what_it_holds(client):
    put(client, "a")
    with pytest.raises(ConflictError, match="bucket already exists: cache") as failure:
        client.kv_buckets(body={"name": "cache", "history": 9})
    assert failure.value.status_code == 409
    assert client.kv_get_buckets("cache")["history"] == 1
    assert value_of(client, "a") == b"1"


@pytest.mark.parametrize(
    "body, message",
    [
        ({}, "name is required"),
        ({"name": ""}, "name must not be empty"),
        ({"name": "a.b"}, "name must consist of"),
        ({"name": "a b"}, "name must consist of"),
        ({"name": "a/b"}, "name must consist of"),
        ({"name": "ü"}, "name must consist of"),
        ({"name": "a\n"}, "name must consist of"),
        ({"name": "a", "history": 0}, "history must be at least 1"),
        ({"name": "a", "history": 65}, "history must be at most 64"),
        ({"name": "a", "ttl_seconds": "60"}, "ttl_seconds must be a whole number"),
        ({"name": "a", "max_bytes": -1}, "max_bytes must be at least 0"),
        ({"name": "a", "max_value_size": True}, "max_value_size must be a whole number"),
    ],
)
def test_a_bucket_with_impossible_settings_is_not_made(local_client, body, message):
    with pytest.raises(ValidationError, match=message):
        local_client.kv_buckets(body=body)
    assert local_client.kv_list_buckets() == {"buckets": [], "count": 0}


def test_a_dropped_bucket_is_gone_with_its_keys_and_its_revisions(client):
    put(client, "a")
    assert client.kv_delete_buckets("cache") is None
    with pytest.raises(NotFoundError, match="bucket not found"):
        client.kv_get_buckets("cache")
    client.kv_buckets(body={"name": "cache"})
    assert client.kv_list_buckets_keys("cache") == {"keys": [], "count": 0}
    assert put(client, "a") == 1


def test_every_call_on_a_bucket_that_is_not_there_says_so(local_client):
    for call in (
        lambda: local_client.kv_get_buckets("none"),
        lambda: local_client.kv_delete_buckets("none"),
        lambda: local_client.kv_list_buckets_keys("none"),
        lambda: local_client.kv_get_buckets_keys("none", "a"),
        lambda: local_client.kv_update_buckets_keys("none", "a", body=1),
        lambda: local_client.kv_delete_buckets_keys("none", "a"),
        lambda: local_client.kv_list_buckets_watch("none"),
    ):
        with pytest.raises(NotFoundError, match="bucket not found"):
            call()


# Values


@pytest.mark.parametrize("value", [b"\x00\xff\r\n", b"", b"{not json", bytes(range(256)) * 400])
def test_bytes_come_back_as_they_were_sent(client, value):
    put(client, "a", value)
    assert value_of(client, "a") == value


def test_a_json_value_is_stored_as_the_body_was_sent(client):
    put(client, "a", {"value": "data"})
    assert client.kv_get_buckets_keys("cache", "a")["value"] == "eyJ2YWx1ZSI6ImRhdGEifQ=="


@pytest.mark.ironflow(clock="virtual")
def test_an_entry_tells_its_key_its_revision_and_when_it_was_written(local, client):
    put(client, "a")
    put(client, "b", b"xy")
    local.advance(86400.5)
    put(client, "a", b"new")
    assert client.kv_get_buckets_keys("cache", "a") == {
        "key": "a",
        "value": base64.b64encode(b"new").decode(),
        "revision": 3,
        "operation": "put",
        "created_at": "2026-01-02T00:00:00.500000Z",
    }
    assert client.kv_get_buckets_keys("cache", "b")["revision"] == 2


def test_a_deleted_key_is_not_found_and_can_be_written_again(client):
    put(client, "a")
    assert client.kv_delete_buckets_keys("cache", "a") is None
    with pytest.raises(NotFoundError, match="key not found"):
        client.kv_get_buckets_keys("cache", "a")
    assert client.kv_list_buckets_keys("cache")["keys"] == []
    assert put(client, "a", b"2") == 3  # the delete was the second revision
    assert value_of(client, "a") == b"2"


def test_deleting_a_key_that_never_was_is_no_error(client):
    assert client.kv_delete_buckets_keys("cache", "a") is None
    assert put(client, "a") == 2


def test_buckets_count_their_revisions_apart(client):
    client.kv_buckets(body={"name": "other"})
    assert [put(client, "a"), put(client, "b"), put(client, "a", bucket="other")] == [1, 2, 1]


# Keys


@pytest.mark.parametrize("key", ["a/b/c", "user.1.name", "a.b/c.d", "ä-ö", "50%", "a+b?c#d"])
def test_a_key_may_hold_slashes_dots_and_what_a_path_escapes(client, key):
    put(client, key, b"x")
    assert client.kv_get_buckets_keys("cache", key)["key"] == key
    assert client.kv_list_buckets_keys("cache")["keys"] == [key]


def test_a_key_may_come_with_its_slashes_as_they_are(client):
    put(client, "a/b")
    plain = client.request("GET", "/api/v1/kv/buckets/cache/keys/a/b")
    assert plain == client.kv_get_buckets_keys("cache", "a/b")


@pytest.mark.parametrize("key", ["a b", "a*", "a.>", ".a", "a.", "a..b", "a\tb", "a\x00", "\u00a0"])
def test_a_key_that_no_bucket_can_hold_is_refused(client, key):
    for call in (put, value_of, lambda client, key: client.kv_delete_buckets_keys("cache", key)):
        with pytest.raises(ValidationError, match="key must have no white space") as failure:
            call(client, key)
        assert failure.value.status_code == 400
    assert put(client, "a") == 1


def test_keys_are_listed_sorted_and_by_pattern(client):
    for key in ("user.2", "user.1", "user.1.name", "order.1", "user"):
        put(client, key)

    def listed(**options):
        found = client.kv_list_buckets_keys("cache", **options)
        assert found["count"] == len(found["keys"])
        return found["keys"]

    assert listed() == ["order.1", "user", "user.1", "user.1.name", "user.2"]
    assert listed(filter=">") == listed(filter="") == listed()
    assert listed(filter="user.*") == ["user.1", "user.2"]
    assert listed(filter="user.>") == ["user.1", "user.1.name", "user.2"]
    assert listed(filter="*.1") == ["order.1", "user.1"]
    assert listed(filter="user") == ["user"]
    assert listed(filter="none.*") == []


# Conditions


def test_create_only_refuses_a_key_that_exists(client):
    assert put(client, "a", b"1", if_none_match="*") == 1
    with pytest.raises(ConflictError, match="key already exists") as failure:
        put(client, "a", b"2", if_none_match="*")
    assert failure.value.status_code == 412
    assert value_of(client, "a") == b"1"
    assert client.kv_get_buckets_keys("cache", "a")["revision"] == 1


@pytest.mark.parametrize("purge", [False, True])
def test_create_only_is_allowed_again_after_a_delete(client, purge):
    put(client, "a")
    client.kv_delete_buckets_keys("cache", "a", purge=purge)
    assert put(client, "a", b"2", if_none_match="*") == 3
    assert value_of(client, "a") == b"2"


def test_compare_and_set_writes_only_over_the_revision_that_was_read(client):
    put(client, "other")
    read = put(client, "a", b"1")
    assert put(client, "a", b"2", if_match=read) == 3
    with pytest.raises(ConflictError, match="revision mismatch") as failure:
        put(client, "a", b"3", if_match=read)
    assert failure.value.status_code == 412
    assert value_of(client, "a") == b"2"
    assert put(client, "a", b"4") == 4  # the refused write took no revision


def test_revision_zero_stands_for_a_key_that_does_not_exist(client):
    revision = put(client, "a", if_match=0)
    with pytest.raises(ConflictError, match="revision mismatch"):
        put(client, "a", if_match=0)
    client.kv_delete_buckets_keys("cache", "a")
    with pytest.raises(ConflictError, match="revision mismatch"):
        put(client, "a", if_match=revision)
    assert put(client, "a", if_match=0) == 3


def test_of_two_writers_of_one_revision_one_loses(client):
    """The loop that a user writes over conflicts ends, and no count is lost."""
    put(client, "count", b"0")

    def add(value, meanwhile=None):
        entry = client.kv_get_buckets_keys("cache", "count")
        if meanwhile:
            meanwhile()
        total = int(base64.b64decode(entry["value"])) + value
        try:
            put(client, "count", str(total).encode(), if_match=entry["revision"])
        except ConflictError:
            add(value)

    add(1, meanwhile=lambda: add(10))
    assert value_of(client, "count") == b"11"


@pytest.mark.parametrize("given", ["1", '"1"'])
def test_a_revision_may_be_quoted_as_an_entity_tag_is(client, given):
    put(client, "a")
    path = "/api/v1/kv/buckets/cache/keys/a"
    assert client.request("PUT", path, headers={"If-Match": given}, body=2) == {"revision": 2}


@pytest.mark.parametrize(
    "headers, message",
    [
        ({"If-Match": "abc"}, "If-Match must be a revision"),
        ({"If-Match": "*"}, "If-Match must be a revision"),
        ({"If-Match": "-1"}, "If-Match must be a revision"),
        ({"If-Match": '"1'}, "If-Match must be a revision"),
        ({"If-Match": 'W/"1"'}, "If-Match must be a revision"),
        ({"If-Match": "1" * 5000}, "If-Match must be a revision"),
        ({"If-None-Match": "1"}, r"If-None-Match must be \*"),
        ({"If-None-Match": '"*"'}, r"If-None-Match must be \*"),
        ({"If-Match": "1", "If-None-Match": "*"}, "cannot be given together"),
    ],
)
def test_a_condition_that_makes_no_sense_writes_nothing(client, headers, message):
    put(client, "a")
    path = "/api/v1/kv/buckets/cache/keys/a"
    with pytest.raises(ValidationError, match=message) as failure:
        client.request("PUT", path, headers=headers, body=2)
    assert failure.value.status_code == 400
    assert value_of(client, "a") == b"1"


# Limits


def test_a_value_above_the_limit_of_the_bucket_is_refused(local_client):
    local_client.kv_buckets(body={"name": "small", "max_value_size": 4})
    put(local_client, "a", b"1234", bucket="small")
    with pytest.raises(IronflowError, match="max_value_size, 4") as failure:
        put(local_client, "a", b"12345", bucket="small")
    assert failure.value.status_code == 413
    assert value_of(local_client, "a", "small") == b"1234"


def test_a_full_bucket_takes_no_more_until_something_is_deleted(local_client):
    local_client.kv_buckets(body={"name": "small", "max_bytes": 10})
    put(local_client, "a", b"123456", bucket="small")
    put(local_client, "b", b"1234", bucket="small")
    with pytest.raises(ServerError, match="max_bytes, 10") as failure:
        put(local_client, "c", b"1", bucket="small")
    assert failure.value.status_code == 507
    assert local_client.kv_list_buckets_keys("small")["keys"] == ["a", "b"]
    put(local_client, "a", b"6", bucket="small")  # a smaller value in place of a larger one
    put(local_client, "c", b"12345", bucket="small")
    local_client.kv_delete_buckets_keys("small", "c")
    assert put(local_client, "d", b"12345", bucket="small") == 6


def test_the_history_of_a_key_takes_room_until_it_is_purged(local_client):
    local_client.kv_buckets(body={"name": "small", "max_bytes": 10, "history": 3})
    put(local_client, "a", b"1234", bucket="small")
    put(local_client, "a", b"1234", bucket="small")
    local_client.kv_delete_buckets_keys("small", "a")
    assert local_client.kv_get_buckets("small")["bytes"] == 0
    with pytest.raises(ServerError, match="max_bytes"):
        put(local_client, "b", b"1234", bucket="small")
    local_client.kv_delete_buckets_keys("small", "a", purge=True)
    assert put(local_client, "b", b"1234567890", bucket="small") == 5


def test_the_oldest_history_makes_room_for_a_new_value(local_client):
    local_client.kv_buckets(body={"name": "small", "max_bytes": 10, "history": 2})
    for revision in (1, 2, 3, 4):
        assert put(local_client, "a", b"12345", bucket="small") == revision


@pytest.mark.ironflow(clock="virtual")
def test_an_entry_expires_when_its_time_is_over(local, local_client):
    local_client.kv_buckets(body={"name": "short", "ttl_seconds": 60, "max_bytes": 4})
    put(local_client, "a", b"12", bucket="short")
    local.advance(30)
    put(local_client, "b", b"34", bucket="short")
    local.advance(29)
    assert local_client.kv_list_buckets_keys("short")["keys"] == ["a", "b"]
    local.advance(1)
    with pytest.raises(NotFoundError, match="key not found"):
        local_client.kv_get_buckets_keys("short", "a")
    assert local_client.kv_list_buckets_keys("short") == {"keys": ["b"], "count": 1}
    assert local_client.kv_get_buckets("short")["bytes"] == 2
    with pytest.raises(ConflictError, match="revision mismatch"):
        put(local_client, "a", bucket="short", if_match=1)
    assert put(local_client, "a", b"56", bucket="short", if_none_match="*") == 3


@pytest.mark.ironflow(clock="virtual")
def test_a_write_starts_the_time_of_an_entry_anew(local, local_client):
    local_client.kv_buckets(body={"name": "short", "ttl_seconds": 60})
    put(local_client, "a", b"1", bucket="short")
    local.advance(59)
    put(local_client, "a", b"2", bucket="short")
    local.advance(59)
    assert value_of(local_client, "a", "short") == b"2"


@pytest.mark.ironflow(clock="virtual")
def test_without_a_time_to_live_nothing_expires(local, client):
    put(client, "a")
    local.advance(10**8)
    assert value_of(client, "a") == b"1"


# Around them


def test_environments_do_not_see_each_others_buckets(client):
    put(client, "a", b"default")
    staging = client.with_options(environment="staging")
    assert staging.kv_list_buckets() == {"buckets": [], "count": 0}
    with pytest.raises(NotFoundError, match="bucket not found"):
        staging.kv_get_buckets_keys("cache", "a")
    staging.kv_buckets(body={"name": "cache"})
    assert put(staging, "a", b"staging") == 1
    staging.kv_delete_buckets("cache")
    assert value_of(client, "a") == b"default"


def test_a_plain_request_for_a_watch_is_told_to_upgrade(client):
    with pytest.raises(IronflowError, match="this route speaks WebSocket") as failure:
        client.kv_list_buckets_watch("cache", key="user.*")
    assert failure.value.status_code == 426
    assert failure.value.headers["upgrade"] == "websocket"
    assert failure.value.headers["connection"].lower() == "upgrade"
    assert put(client, "a") == 1  # the connection is still of use
