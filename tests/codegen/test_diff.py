"""Two manifests compared: each kind of change, where it is told, and what it breaks."""

from __future__ import annotations

import copy

import pytest

from codegen.changes import KINDS
from codegen.diff import diff
from codegen.manifest import check

from .builders import ABSENT, changed, document, endpoint, field, parameter

GET = endpoint("GET /api/v1/runs/{id}", response="Run")
LIST = endpoint("GET /api/v1/runs", response="array<Run>")
STOP = endpoint("POST /api/v1/runs/{id}/stop", body="Stop", response=None)
MODELS = {
    "Run": {
        "fields": [
            field("id", required=True),
            field("status", enum=["failed", "running"], required=True),
            field("note", nullable=True),
            field("steps", "array<Step>"),
        ]
    },
    "Step": {
        "fields": [field("id", required=True), field("parent", "Step"), field("ok", "boolean")]
    },
    "Stop": {
        "fields": [field("reason"), field("how", enum=["now", "soon"]), field("at", "datetime")]
    },
}
BOTH = ("types", "wire")


def checked(*endpoints, **models):
    return check(document(*endpoints, models={**MODELS, **models}))


def told(old, new):
    """What is told of a change: kind, place and what it breaks."""
    return sorted((change.kind, change.place, change.breaks) for change in diff(old, new))


def of_endpoint(old, **changes):
    """What is told when an endpoint changes."""
    return told(checked(old), checked(changed(old, changes)))


def of_member(entry, model, member, /, **changes):
    """What is told when a member of a model changes; ABSENT as its name takes it away."""
    fields = copy.deepcopy(MODELS[model]["fields"])
    (found,) = (item for item in fields if item["name"] == member)
    fields[fields.index(found)] = changed(found, changes)
    fields = [item for item in fields if "name" in item]
    return told(checked(entry), checked(entry, **{model: {"fields": fields}}))


def with_member(entry, model, added):
    return told(
        checked(entry), checked(entry, **{model: {"fields": [*MODELS[model]["fields"], added]}})
    )


def test_nothing_changed_is_nothing_told():
    assert told(checked(GET, LIST, STOP), checked(STOP, GET, LIST)) == []


# Methods


def test_a_method_that_is_new_breaks_nothing():
    assert told(checked(GET), checked(GET, LIST)) == [("method_added", "runs_list", ())]


def test_a_method_that_is_gone_breaks_source():
    assert told(checked(GET, LIST), checked(GET)) == [("method_removed", "runs_list", ("source",))]


def paged(*filters):
    """A list that is read page by page, with these filters."""
    names = ("limit", "offset", *filters)
    return changed(
        LIST,
        {
            "query": [{"name": name, "type": "integer"} for name in names],
            "response": "Runs",
            "pagination": {"style": "offset", "param": "offset", "size": "limit", "items": "runs"},
        },
    )


RUNS = {"Runs": {"fields": [field("runs", "array<Run>")]}}


def test_the_method_that_goes_through_pages_comes_and_goes_with_them():
    whole, plain = paged(), changed(paged(), {"pagination": ABSENT})

    assert told(checked(plain, **RUNS), checked(whole, **RUNS)) == [
        ("documentation", "runs_list", ()),
        ("method_added", "runs_iterate", ()),
    ]
    assert told(checked(whole, **RUNS), checked(plain, **RUNS)) == [
        ("documentation", "runs_list", ()),
        ("method_removed", "runs_iterate", ("source",)),
    ]


def test_the_method_that_goes_through_pages_is_renamed_with_its_list():
    pinned = changed(paged(), {"name": "runs_find", "name_reason": "so"})

    assert told(checked(paged(), **RUNS), checked(pinned, **RUNS)) == [
        ("method_renamed", "runs_iterate", ("source",)),
        ("method_renamed", "runs_list", ("source",)),
    ]


def test_a_filter_that_is_gone_is_gone_from_both_methods_of_a_list():
    assert told(checked(paged("kind"), **RUNS), checked(paged(), **RUNS)) == [
        ("argument_removed", "runs_iterate.kind", ("source",)),
        ("argument_removed", "runs_list.kind", ("source",)),
    ]


def test_what_is_said_of_a_list_is_told_once():
    said = changed(paged(), {"summary": "List runs."})

    assert told(checked(paged(), **RUNS), checked(said, **RUNS)) == [
        ("documentation", "runs_list", ())
    ]


def test_a_route_that_loses_its_method_is_a_method_that_is_gone():
    assert of_endpoint(LIST, category="internal") == [("method_removed", "runs_list", ("source",))]
    internal = changed(LIST, {"category": "internal"})
    assert told(checked(internal), checked(LIST)) == [("method_added", "runs_list", ())]


def test_a_method_of_another_name_breaks_source():
    pin = {"name": "runs_find", "name_reason": "so"}

    assert of_endpoint(LIST, **pin) == [("method_renamed", "runs_list", ("source",))]


def test_a_method_that_keeps_its_old_name_as_a_second_one_breaks_nothing():
    pin = {"name": "runs_find", "name_reason": "so", "alias": "runs_list"}

    assert of_endpoint(LIST, **pin) == [("method_renamed", "runs_list", ())]


def test_a_renamed_placeholder_is_the_same_route_and_another_argument():
    assert of_endpoint(GET, path="/api/v1/runs/{runId}") == [
        ("argument_added", "runs_get.run_id", ("source",)),
        ("argument_removed", "runs_get.id", ("source",)),
    ]


def test_a_name_that_calls_another_route_breaks_the_wire():
    assert of_endpoint(LIST, path="/api/v2/runs") == [("route_changed", "runs_list", ("wire",))]


def test_two_routes_that_swap_their_names_break_the_wire_twice():
    first = endpoint("GET /api/v1/runs/old", name="runs_a", name_reason="so")
    second = endpoint("GET /api/v1/runs/new", name="runs_b", name_reason="so")
    swapped = [changed(first, {"name": "runs_b"}), changed(second, {"name": "runs_a"})]

    assert told(checked(first, second), checked(*swapped)) == [
        ("route_changed", "runs_a", ("wire",)),
        ("route_changed", "runs_b", ("wire",)),
    ]


def test_a_second_name_is_added_and_removed():
    alias = changed(LIST, {"alias": "runs_find"})

    assert told(checked(LIST), checked(alias)) == [("alias_added", "runs_find", ())]
    assert told(checked(alias), checked(LIST)) == [("alias_removed", "runs_find", ("source",))]
    assert told(checked(alias, GET), checked(GET)) == [
        ("alias_removed", "runs_find", ("source",)),
        ("method_removed", "runs_list", ("source",)),
    ]


def test_a_second_name_that_calls_another_route_breaks_the_wire():
    old = [changed(LIST, {"alias": "runs_x"}), GET]
    new = [LIST, changed(GET, {"alias": "runs_x"})]

    assert ("route_changed", "runs_x", ("wire",)) in told(checked(*old), checked(*new))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"group": "jobs", "name": "runs_list", "name_reason": "so"}, "group_changed"),
        ({"category": "server-only"}, "category_changed"),
        ({"deprecated": {"since": "2.0", "use": "runs_find"}}, "deprecated"),
        ({"summary": "Other words."}, "documentation"),
        ({"idempotent": True}, "documentation"),
        ({"query": [parameter(description="Words.")]}, "documentation"),
        ({"query": [parameter(default=20)]}, "documentation"),
    ],
)
def test_what_is_said_of_a_method_breaks_nothing(changes, kind):
    entry = changed(LIST, {"query": [parameter()]})

    assert of_endpoint(entry, **changes) == [(kind, "runs_list", ())]


def test_words_about_a_member_are_documentation_of_the_methods_that_use_it():
    assert of_member(LIST, "Step", "ok", description="Words.") == [
        ("documentation", "runs_list", ())
    ]
    assert of_member(LIST, "Stop", "reason", description="Words.") == []


def test_a_reason_for_a_name_is_nobodys_concern():
    pinned = changed(LIST, {"name": "runs_find", "name_reason": "so"})

    assert of_endpoint(pinned, name_reason="otherwise") == []


# Arguments


QUERY = [
    ([], [parameter()], [("argument_added", ".limit", ())]),
    ([], [parameter(required=True)], [("argument_added", ".limit", ("source",))]),
    ([parameter()], [], [("argument_removed", ".limit", ("source",))]),
    ([parameter()], [parameter(required=True)], [("argument_required", ".limit", ("source",))]),
    ([parameter(required=True)], [parameter()], [("argument_optional", ".limit", ())]),
    ([parameter()], [parameter(type="number")], [("argument_widened", ".limit", ())]),
    ([parameter(type="number")], [parameter()], [("argument_narrowed", ".limit", BOTH)]),
    ([parameter()], [parameter(type="string")], [("argument_narrowed", ".limit", BOTH)]),
    (
        [parameter(type="string")],
        [parameter(type="datetime")],
        [("argument_widened", ".limit", ())],
    ),
    (
        [parameter(type="string")],
        [parameter(type="array<string>")],
        [("argument_narrowed", ".limit", BOTH)],
    ),
    (
        [parameter(type="array<integer>")],
        [parameter(type="array<number>")],
        [("argument_widened", ".limit", ())],
    ),
    (
        [parameter(type="string")],
        [parameter(type="string", enum=["a"])],
        [("argument_narrowed", ".limit", BOTH)],
    ),
    (
        [parameter(type="string", enum=["a"])],
        [parameter(type="string")],
        [("argument_widened", ".limit", ())],
    ),
    (
        [parameter(type="string", enum=["a", "b"])],
        [parameter(type="string", enum=["b", "c"])],
        [("enum_value_added", ".limit", ()), ("enum_value_removed", ".limit", BOTH)],
    ),
    (
        [parameter(type="array<string>", enum=["a", "b"])],
        [parameter(type="array<string>", enum=["a"])],
        [("enum_value_removed", ".limit", BOTH)],
    ),
    (
        [parameter(name="minSeq")],
        [parameter(name="min_seq")],
        [("route_changed", ".min_seq", ("wire",))],
    ),
]


@pytest.mark.parametrize(("old", "new", "found"), QUERY)
@pytest.mark.parametrize("where", ["query", "headers"])
def test_an_argument_changes(where, old, new, found):
    entry = changed(LIST, {where: old})

    assert of_endpoint(entry, **{where: new}) == [
        (kind, f"runs_list{place}", breaks) for kind, place, breaks in found
    ]


def test_an_argument_that_goes_elsewhere_breaks_the_wire():
    entry = changed(LIST, {"query": [parameter(name="token", type="string")]})
    moved = {"query": ABSENT, "headers": [parameter(name="Token", type="string")]}

    assert of_endpoint(entry, **moved) == [("route_changed", "runs_list.token", ("wire",))]


def test_a_path_argument_takes_integers_or_no_longer():
    integer = [{"name": "id", "type": "integer"}]

    assert of_endpoint(GET, path_params=integer) == [("argument_widened", "runs_get.id", ())]
    assert of_endpoint(changed(GET, {"path_params": integer}), path_params=ABSENT) == [
        ("argument_narrowed", "runs_get.id", BOTH)
    ]


def test_an_argument_that_moves_into_the_path_breaks_calls_by_position():
    old = endpoint("GET /runs/{id}", query=[parameter(name="org", required=True)])
    new = endpoint("GET /orgs/{org}/runs/{id}")
    found = told(checked(old), checked(new))

    assert ("route_changed", "runs_get", ("wire",)) in found
    assert ("route_changed", "runs_get", ("source",)) in found


def test_an_argument_that_leaves_the_path_breaks_calls_by_position():
    old = endpoint("GET /orgs/{org}/runs/{id}")
    new = endpoint("GET /runs/{id}", query=[parameter(name="org", required=True)])

    assert ("argument_removed", "runs_get.org", ("source",)) in told(checked(old), checked(new))


def test_placeholders_that_swap_break_the_wire():
    old = endpoint("GET /runs/{org}/{id}")
    new = endpoint("GET /runs/{id}/{org}")

    assert told(checked(old), checked(new)) == [("route_changed", "runs_get", ("wire",))]


# Bodies

BODIES = [
    (None, "Stop", [("argument_added", "body", ("source",))]),
    (None, {"model": "Stop", "required": False}, [("argument_added", "body", ())]),
    ("Stop", None, [("argument_removed", "body", ("source",))]),
    (
        {"model": "Stop", "required": False},
        "Stop",
        [("argument_required", "body", ("source",))],
    ),
    ("Stop", {"model": "Stop", "required": False}, [("argument_optional", "body", ())]),
    ("Stop", {"any": True}, [("argument_widened", "body", ())]),
    ("Stop", {"any": True, "type": "object"}, [("argument_widened", "body", ())]),
    ({"any": True, "type": "object"}, "Stop", [("argument_narrowed", "body", BOTH)]),
    ({"any": True}, {"raw": True}, [("argument_widened", "body", ())]),
    ({"raw": True}, {"any": True}, [("argument_narrowed", "body", BOTH)]),
    (
        {"any": True, "type": "array<integer>"},
        {"any": True, "type": "array<string>"},
        [("argument_narrowed", "body[]", BOTH)],
    ),
]


@pytest.mark.parametrize(("old", "new", "found"), BODIES)
def test_a_body_changes(old, new, found):
    assert of_endpoint(changed(STOP, {"body": old}), body=new) == [
        (kind, f"runs_stop.{place}", breaks) for kind, place, breaks in found
    ]


@pytest.mark.parametrize(
    ("name", "changes", "found"),
    [
        ("reason", {"name": ABSENT}, [("body_member_removed", "reason", BOTH)]),
        ("reason", {"required": True}, [("body_member_required", "reason", BOTH)]),
        ("reason", {"type": "integer"}, [("argument_narrowed", "reason", BOTH)]),
        ("reason", {"type": "any"}, [("argument_widened", "reason", ())]),
        ("reason", {"nullable": True}, [("argument_widened", "reason", ())]),
        ("how", {"enum": ABSENT}, [("argument_widened", "how", ())]),
        ("how", {"enum": ["now"]}, [("enum_value_removed", "how", BOTH)]),
        ("how", {"enum": ["now", "soon", "late"]}, [("enum_value_added", "how", ())]),
        ("at", {"type": "string"}, [("argument_narrowed", "at", BOTH)]),
    ],
)
def test_a_member_of_a_body_changes(name, changes, found):
    assert of_member(STOP, "Stop", name, **changes) == [
        (kind, f"runs_stop.body.{place}", breaks) for kind, place, breaks in found
    ]


@pytest.mark.parametrize(("required", "breaks"), [(False, ()), (True, BOTH)])
def test_a_new_member_of_a_body_breaks_when_it_is_required(required, breaks):
    assert with_member(STOP, "Stop", field("by", required=required)) == [
        ("body_member_added", "runs_stop.body.by", breaks)
    ]


# Replies


@pytest.mark.parametrize(
    ("name", "changes", "found"),
    [
        ("id", {"name": ABSENT}, [("reply_member_removed", "id", BOTH)]),
        ("note", {"name": ABSENT}, [("reply_member_removed", "note", ("types",))]),
        ("id", {"required": ABSENT}, [("reply_member_optional", "id", BOTH)]),
        ("note", {"required": True}, [("reply_type_changed", "note", ())]),
        ("id", {"nullable": True}, [("reply_type_changed", "id", ("types",))]),
        ("note", {"nullable": ABSENT}, [("reply_type_changed", "note", ())]),
        ("id", {"type": "integer"}, [("reply_type_changed", "id", BOTH)]),
        ("id", {"type": "datetime"}, [("reply_type_changed", "id", ())]),
        ("id", {"type": "any"}, [("reply_type_changed", "id", BOTH)]),
        ("status", {"enum": ["failed"]}, [("enum_value_removed", "status", ())]),
        ("status", {"enum": ["failed", "lost", "running"]}, [("enum_value_added", "status", ())]),
        ("steps", {"type": "array<string>"}, [("reply_type_changed", "steps[]", BOTH)]),
        ("steps", {"type": "map<string,Step>"}, [("reply_type_changed", "steps", BOTH)]),
    ],
)
def test_a_member_of_a_reply_changes(name, changes, found):
    assert of_member(LIST, "Run", name, **changes) == [
        (kind, f"runs_list.reply[].{place}", breaks) for kind, place, breaks in found
    ]


def test_a_time_that_becomes_any_text_is_the_same_to_a_type_checker():
    old = checked(GET, Run={"fields": [field("at", "datetime")]})
    new = checked(GET, Run={"fields": [field("at", "string")]})

    assert told(old, new) == [("reply_type_changed", "runs_get.reply.at", ("wire",))]


def test_a_new_member_of_a_reply_breaks_nothing():
    assert with_member(GET, "Run", field("age", "integer", required=True)) == [
        ("reply_member_added", "runs_get.reply.age", ())
    ]


def test_models_are_compared_where_methods_use_them_and_recursion_ends():
    found = of_member(GET, "Step", "ok", type="string")

    assert found == [("reply_type_changed", "runs_get.reply.steps[].ok", BOTH)]
    assert of_member(STOP, "Step", "ok", type="string") == []


@pytest.mark.parametrize(
    ("old", "new", "breaks"),
    [
        (None, "Run", BOTH),
        ("Run", None, BOTH),
        ("Run", "array<Run>", BOTH),
        ("Run", "object", BOTH),
        ("object", "Run", ()),
        ("Run", "text", BOTH),
        ("any", "Run", ()),
        ("any", None, ()),
        (ABSENT, "Run", ()),
        ("Run", ABSENT, BOTH),
        ("Run", "Run?", ("types",)),
        ("Run?", "Run", ()),
        ("number", "integer", ()),
        ("integer", "number", BOTH),
    ],
)
def test_a_reply_changes_as_a_whole(old, new, breaks):
    entry = changed(GET, {"response": old})

    assert of_endpoint(entry, response=new) == [("reply_type_changed", "runs_get.reply", breaks)]


def test_the_text_says_what_was_and_what_is():
    old = checked(changed(LIST, {"query": [parameter(type="string", enum=["a", "b"])]}))
    (change,) = diff(old, checked(changed(LIST, {"query": [parameter(type="integer")]})))

    assert change.text == "runs_list.limit takes integer instead of one of a, b"
    assert (change.old, change.new) == ("one of a, b", "integer")


def test_every_kind_that_is_told_is_a_known_one():
    everything = diff(checked(GET, LIST, STOP), checked())
    everything += diff(checked(), checked(GET, LIST, STOP))

    assert {change.kind for change in everything} <= set(KINDS)
