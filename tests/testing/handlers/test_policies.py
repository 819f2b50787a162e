"""Policies, their history, and templates."""

from __future__ import annotations

import json

import pytest

from ironflow import (
    ConflictError,
    NotFoundError,
    ValidationError,
)

from ..accounts import policy, role_named

# Policies


def test_a_policy_is_kept_as_it_was_given(local_client):
    made = local_client.policies_create(body=policy(condition="subject.org == 'acme'"))
    assert {name: made[name] for name in policy()} == policy()
    assert made["condition"] == "subject.org == 'acme'"
    assert made["org_id"] == "org_default"
    assert local_client.policies_get(made["id"]) == made
    assert local_client.policies_list() == [{**made, "role_count": 0}]


@pytest.mark.parametrize("member", ["name", "effect", "actions", "resources"])
def test_a_policy_without_a_required_member_is_refused(local_client, member):
    with pytest.raises(ValidationError, match=member):
        local_client.policies_create(body=policy(**{member: None}))


def test_an_effect_is_allow_or_deny(local_client):
    with pytest.raises(ValidationError, match="effect"):
        local_client.policies_create(body=policy(effect="maybe"))
    made = local_client.policies_create(body=policy(effect="deny"))
    with pytest.raises(ValidationError, match="effect"):
        local_client.policies_patch(made["id"], body={"effect": "maybe"})
    assert local_client.policies_get(made["id"]) == made


def test_a_patch_of_a_policy_changes_what_it_names_only(local_client):
    made = local_client.policies_create(body=policy(condition="true"))
    named = local_client.policies_patch(made["id"], body={"name": "other"})
    assert (named["name"], named["actions"], named["condition"]) == ("other", "emit:*", "true")
    assert local_client.policies_patch(made["id"], body={"condition": ""})["condition"] == ""


def test_every_change_of_a_policy_is_a_version_and_a_rollback_is_one_more(
    local_client,
):
    made = local_client.policies_create(body=policy())
    local_client.policies_patch(made["id"], body={"effect": "deny", "name": "deny-emit"})
    back = local_client.policies_rollback(made["id"], 1)
    assert (back["effect"], back["name"]) == ("allow", "allow-emit")
    assert local_client.policies_get(made["id"]) == back
    versions = local_client.policies_list_versions(made["id"])
    assert [(v["version_num"], v["effect"], v["name"]) for v in versions] == [
        (3, "allow", "allow-emit"),
        (2, "deny", "deny-emit"),
        (1, "allow", "allow-emit"),
    ]
    assert {v["author_id"] for v in versions} == {"user_admin"}
    assert len({v["id"] for v in versions}) == 3


@pytest.mark.parametrize(
    "version, error", [(9, NotFoundError), (0, NotFoundError), ("latest", ValidationError)]
)
def test_a_rollback_to_no_version_changes_nothing(local_client, version, error):
    made = local_client.policies_create(body=policy())
    with pytest.raises(error):
        local_client.policies_rollback(made["id"], version)
    assert len(local_client.policies_list_versions(made["id"])) == 1


def test_the_author_of_a_version_is_who_called(admin):
    key = admin.api_keys_create(body={"name": "ci"})
    made = admin.with_options(api_key=key["key"]).policies_create(body=policy())
    (version,) = admin.policies_list_versions(made["id"])
    assert version["author_id"] == key["id"]


def test_a_deleted_policy_is_gone_from_its_roles_too(local_client):
    made = local_client.policies_create(body=policy())
    role = role_named(local_client, "viewer")
    local_client.roles_policies(role, body={"policy_id": made["id"]})
    local_client.policies_delete(made["id"])
    assert local_client.roles_list_policies(role) == {"policies": []}
    for call in (
        local_client.policies_get,
        local_client.policies_list_versions,
        local_client.policies_delete,
    ):
        with pytest.raises(NotFoundError, match="policy not found"):
            call(made["id"])


def test_a_dry_run_says_that_conditions_are_not_evaluated(local_client):
    made = local_client.policies_create(body=policy(condition="saved"))
    saved = local_client.policies_dry_run(body={"policy_id": made["id"]})
    assert (saved["matched"], saved["condition_source"]) == (False, "saved")
    assert "not evaluated" in saved["eval_error"]
    both = {"policy_id": made["id"], "condition": "inline", "request": {}, "subject": {}}
    assert local_client.policies_dry_run(body=both)["condition_source"] == "inline"
    with pytest.raises(ValidationError, match="condition or policy_id"):
        local_client.policies_dry_run(body={})
    with pytest.raises(ValidationError, match="subject"):
        local_client.policies_dry_run(body={"condition": "true", "subject": "alice"})
    with pytest.raises(ValidationError, match="request"):
        local_client.policies_dry_run(body={"condition": "true", "request": "read"})
    with pytest.raises(NotFoundError):
        local_client.policies_dry_run(body={"policy_id": "pol_9"})


def test_a_template_is_installed_whole_or_not_at_all(local_client):
    (template,) = local_client.policy_templates_list()
    bundle = json.loads(template["bundle_json"])["policies"]
    made = local_client.policy_templates_install(template["template_id"])
    assert (made["template_id"], made["version"]) == (template["template_id"], template["version"])
    assert [found["name"] for found in made["policies"]] == [spec["name"] for spec in bundle]
    assert made["policies_count"] == len(bundle)
    (version,) = local_client.policies_list_versions(made["policies"][0]["id"])
    assert version["template_id"] == template["template_id"]
    with pytest.raises(ConflictError, match=bundle[0]["name"]):
        local_client.policy_templates_install(template["template_id"])
    assert len(local_client.policies_list()) == len(bundle)
    with pytest.raises(NotFoundError, match="policy template not found"):
        local_client.policy_templates_install("tpl_9")
