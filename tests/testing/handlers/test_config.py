"""Config documents."""

from __future__ import annotations

import json

import pytest

from ironflow import IronflowError, NotFoundError, ValidationError

# Config documents


def test_a_document_is_read_as_it_was_written(local_client):
    data = {"limit": 3, "nested": {"list": [1, None, "ü"]}, "off": False}
    assert local_client.config_create("shop", body=data) == {"name": "shop", "revision": 1}
    found = local_client.config_get("shop")
    assert found["updatedAt"].endswith("Z")
    assert {**found, "updatedAt": ""} == {
        "name": "shop",
        "data": data,
        "revision": 1,
        "updatedAt": "",
    }


def test_writing_a_document_again_replaces_all_of_it(local_client):
    local_client.config_create("shop", body={"a": 1, "b": 2})
    assert local_client.config_create("shop", body={"b": 3})["revision"] == 2
    assert local_client.config_get("shop")["data"] == {"b": 3}


def test_a_patch_changes_top_level_keys_and_keeps_the_others(local_client):
    local_client.config_create("shop", body={"a": 1, "nested": {"x": 1, "y": 2}})
    assert local_client.config_patch("shop", body={"nested": {"x": 9}, "b": None}) == {
        "name": "shop",
        "revision": 2,
    }
    assert local_client.config_get("shop")["data"] == {"a": 1, "nested": {"x": 9}, "b": None}


def test_a_patch_makes_a_document_that_is_not_there(local_client):
    assert local_client.config_patch("new", body={"a": 1}) == {"name": "new", "revision": 1}
    assert local_client.config_get("new")["data"] == {"a": 1}


def test_documents_are_listed_by_name_without_their_content(local_client):
    assert local_client.config_list() == {"configs": []}
    for name in ("shop", "api", "shop"):
        local_client.config_create(name, body={"key": "hidden"})
    listed = local_client.config_list()["configs"]
    assert [(entry["name"], entry["revision"]) for entry in listed] == [("api", 1), ("shop", 2)]
    assert listed[1]["updatedAt"] == local_client.config_get("shop")["updatedAt"]
    assert "hidden" not in json.dumps(listed)


def test_a_deleted_document_is_gone_and_deleting_it_again_is_no_error(local_client):
    local_client.config_create("shop", body={"a": 1})
    local_client.config_create("shop", body={"a": 2})
    assert local_client.config_delete("shop") is None
    with pytest.raises(NotFoundError, match="config not found"):
        local_client.config_get("shop")
    assert local_client.config_delete("shop") is None
    assert local_client.config_create("shop", body={})["revision"] == 4
    assert local_client.config_get("shop")["data"] == {}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(
    "body, message",
    [
        ([1], "must be a JSON object"),
        ("text", "must be a JSON object"),
        (None, "a JSON body is required"),
    ],
)
def test_a_document_is_a_json_object(local_client, method, body, message):
    with pytest.raises(ValidationError, match=message):
        local_client.request(method, "/api/v1/config/shop", body=body)
    with pytest.raises(NotFoundError):
        local_client.config_get("shop")


def test_a_document_may_have_a_name_that_a_path_escapes(local_client):
    local_client.config_create("team/shop ü", body={"a": 1})
    assert local_client.config_get("team/shop ü")["name"] == "team/shop ü"


def test_environments_do_not_see_each_others_documents(local_client):
    local_client.config_create("shop", body={"in": "default"})
    staging = local_client.with_options(environment="staging")
    assert staging.config_list() == {"configs": []}
    assert staging.config_patch("shop", body={"a": 1})["revision"] == 1
    assert staging.config_get("shop")["data"] == {"a": 1}
    staging.config_delete("shop")
    assert local_client.config_get("shop")["data"] == {"in": "default"}


def test_a_plain_request_for_a_watch_is_told_to_upgrade(local_client):
    with pytest.raises(IronflowError, match="this route speaks WebSocket") as failure:
        local_client.config_list_watch("not-written-yet")
    assert failure.value.status_code == 426
    assert failure.value.headers["upgrade"] == "websocket"
