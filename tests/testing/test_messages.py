"""RPC messages: members in both casings, and values as Connect JSON writes them."""

from __future__ import annotations

import pytest

from ironflow.testing._engine.refusals import Refusal
from ironflow.testing._messages import read, written

SPEC = (
    "plain_text count:int32 min_seq:int64>sequence offset:uint64 data:struct output:bytes "
    "timeout:ms>timeout_ms status:RUN_STATUS triggers:Trigger"
)


def test_members_are_read_in_both_casings_and_users_members_stay_as_they_are():
    record = {"plain_text": "a", "count": 1, "data": {"aB": {"c_d": 1}}}
    assert read({"plainText": "a", "count": 1, "data": {"aB": {"c_d": 1}}}, SPEC) == record
    assert read({"plain_text": "a", "count": 1, "data": {"aB": {"c_d": 1}}}, SPEC) == record


def test_null_counts_as_absent_and_unknown_members_are_ignored():
    assert read({"plainText": None, "plain_text": "a", "noSuch": 1, "count": None}, SPEC) == {
        "plain_text": "a"
    }


def test_values_are_read_as_connect_writes_them():
    message = {
        "count": "7",
        "minSeq": "9223372036854775807",
        "offset": 3.0,
        "output": "eyJhIjoxfQ",
        "timeout": "5.300s",
        "status": "RUN_STATUS_WAITING_FOR_CAPACITY",
        "triggers": [{"event": "a"}, {"cron": "* * * * *", "more": 1}],
    }
    assert read(message, SPEC) == {
        "count": 7,
        "sequence": 2**63 - 1,
        "offset": 3,
        "output": {"a": 1},
        "timeout_ms": 5300,
        "status": "waiting_for_capacity",
        "triggers": [{"event": "a"}, {"cron": "* * * * *"}],
    }
    assert read({"status": "RUN_STATUS_UNSPECIFIED"}, SPEC) == {}


@pytest.mark.parametrize(
    "message",
    [
        {"count": "a"},
        {"count": True},
        {"count": 1.5},
        {"count": 2**31},
        {"count": "9" * 30},
        {"min_seq": 2**63},
        {"min_seq": [1]},
        {"offset": -1},
        {"data": [1]},
        {"output": "not base64!"},
        {"output": 1},
        {"output": "ew=="},
        {"timeout": 5},
        {"timeout": "5m"},
        {"timeout": "-1s"},
        {"status": "completed"},
        {"status": "RUN_STATUS_FLYING"},
        {"status": "RUN_STATUS_completed"},
        {"status": 3},
        {"triggers": ["a"]},
        {"triggers": 1},
    ],
)
def test_a_member_of_the_wrong_type_is_named(message):
    with pytest.raises(Refusal) as refused:
        read(message, SPEC)
    assert refused.value.status == 400
    assert refused.value.message.startswith(next(iter(message)))


def test_replies_are_in_camel_case_with_zero_and_empty_left_out():
    record = {
        "plain_text": "",
        "count": 0,
        "sequence": 12,
        "offset": 0,
        "data": {},
        "output": {"a": 1},
        "status": "completed",
        "triggers": [{"event": "a", "cron": ""}],
        "not_listed": 1,
    }
    assert written(record, SPEC) == {
        "minSeq": "12",
        "data": {},
        "output": "eyJhIjoxfQ==",
        "status": "RUN_STATUS_COMPLETED",
        "triggers": [{"event": "a"}],
    }


def test_replies_can_keep_the_names_of_the_proto_file():
    assert written({"plain_text": "a", "sequence": 1}, SPEC, camel=False) == {
        "plain_text": "a",
        "min_seq": "1",
    }


@pytest.mark.parametrize("value", ["text", 0, False, [1], 1.5])
def test_what_is_no_object_goes_into_a_member_of_its_own(value):
    assert written({"data": value}, "data:struct") == {"dataValue": value}
