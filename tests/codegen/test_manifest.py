"""A manifest as a whole, its models, the file, and that nothing crashes the check."""

from __future__ import annotations

import copy
import json
import random

import pytest

from codegen.limits import MAX_MODEL
from codegen.manifest import check, load
from codegen.model import Manifest, ManifestError, Problem

from ..conftest import ROOT
from .builders import (
    ABSENT,
    GOLDEN,
    assert_refused,
    document,
    endpoint,
    excerpt,
    is_told,
    model,
    parameter,
    refusal,
    shuffled,
    somewhere,
)

# A whole manifest


def test_the_committed_manifest_is_sound():
    manifest = load(ROOT / "manifest.json")

    assert manifest.endpoints and manifest.models and manifest.server_version


def test_the_smallest_manifest_is_sound():
    assert check({"manifest_version": 1, "endpoints": [], "models": {}}).endpoints == ()


def test_every_fault_is_reported_at_once_with_its_place():
    broken = document(
        *(endpoint(path=f"/api/v1/runs/{{id}}/a{i}") for i in range(12)),
        endpoint(
            method="FETCH",
            path="/api/../runs",
            group="API-Keys",
            category="beta",
            summary="No period",
            query=[parameter(type="int"), parameter(name="limit")],
            body="Rum",
            response="array<Rum>",
            sumary="A typo.",
        ),
        manifest_version=2,
        models={
            "run": {"fields": []},
            "Run": {"fields": [{"name": "two words", "type": "strin"}], "descripton": ""},
        },
    )

    places = [problem.place for problem in refusal(broken)]

    assert sorted(set(places)) == [
        "endpoints[12].body",
        "endpoints[12].body.model",
        "endpoints[12].category",
        "endpoints[12].group",
        "endpoints[12].method",
        "endpoints[12].path",
        "endpoints[12].query[0].type",
        "endpoints[12].query[1].name",
        "endpoints[12].response",
        "endpoints[12].sumary",
        "endpoints[12].summary",
        "manifest_version",
        "models.Run.descripton",
        "models.Run.fields[0].name",
        "models.Run.fields[0].type",
        "models['run']",
    ]


def test_problems_stand_in_the_order_of_the_file_not_of_their_digits():
    broken = document(*(endpoint(path=f"/api/v1/a{i}", summary="No period") for i in range(11)))

    assert [p.place for p in refusal(broken)] == [f"endpoints[{i}].summary" for i in range(11)]


def test_the_error_reads_as_one_line_a_problem():
    error = ManifestError([Problem("endpoints[0].path", "is missing"), Problem("", "is not JSON")])

    assert str(error) == "endpoints[0].path: is missing\nis not JSON"


@pytest.mark.parametrize("junk", [None, True, 0, 1.5, "x", [], [{}]], ids=repr)
def test_a_manifest_that_is_no_object_is_refused(junk):
    assert is_told(refusal(junk), "", "must be an object")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("manifest_version", "is missing; it must be a whole number"),
        ("endpoints", "is missing; it must be an array"),
        ("models", "is missing; it must be an object"),
    ],
)
def test_a_missing_part_of_the_manifest_is_named(key, words):
    assert_refused(document(**{key: ABSENT}), key, words)


@pytest.mark.parametrize("key", ["manifest_version", "endpoints", "models"])
def test_null_is_no_substitute_for_a_part_of_the_manifest(key):
    assert_refused(document(**{key: None}), key)


@pytest.mark.parametrize(
    ("key", "junk", "words"),
    [
        ("manifest_version", "1", "must be a whole number"),
        ("manifest_version", True, "must be a whole number"),
        ("manifest_version", 1.0, "must be a whole number"),
        ("manifest_version", 2, "must be 1"),
        ("server_version", 22, "must be a string"),
        ("server_version", "0.22.5\n", "one line of printable text"),
        ("server_version", "9" * 41, "at most 40 characters, it has 41"),
        ("endpoints", {}, "must be an array"),
        ("models", [], "must be an object"),
    ],
)
def test_a_wrong_part_of_the_manifest_is_told(key, junk, words):
    assert_refused(document(**{key: junk}), key, words)


# Models


@pytest.mark.parametrize(
    "name",
    [
        "run",
        "_Run",
        "Run_State",
        "1Run",
        "Run-State",
        "Läufe",
        "Run State",
        "",
        "Run\n",
        "R" * (MAX_MODEL + 1),
    ],
    ids=ascii,
)
def test_a_model_that_cannot_be_a_class_is_refused(name):
    (problem,) = refusal(document(models={name: {"fields": []}}))

    assert problem.place.startswith("models")
    assert problem.message == f"a model is named in CamelCase, at most {MAX_MODEL} characters"
    assert str(problem).isprintable()


@pytest.mark.parametrize("name", ["None", "True", "False", "Any", "TypedDict"])
def test_a_model_cannot_take_a_name_that_the_generated_module_needs(name):
    broken = document(models={name: {"fields": [{"name": "a", "type": "any"}]}})

    assert_refused(broken, f"models.{name}")


@pytest.mark.parametrize("junk", [None, [], "Run"], ids=repr)
def test_a_model_that_is_no_object_is_refused(junk):
    problems = refusal(document(models={"Run": junk}))

    assert is_told(problems, "models.Run", "must be an object")


@pytest.mark.parametrize(
    ("field", "key", "words"),
    [
        ({"type": "string"}, "name", "is missing; it must be a string"),
        ({"name": "id"}, "type", "is missing; it must be a string"),
        ({"name": "id", "type": "Rum"}, "type", "'Rum' is not a type"),
        ({"name": "id", "type": 1}, "type", "must be a string"),
        (
            {"name": "a b", "type": "string"},
            "name",
            "write it as from_version, updatedAt or If-Match",
        ),
        ({"name": "id", "type": "string", "required": 1}, "required", "must be true or false"),
        ({"name": "id", "type": "string", "nullable": None, "x": 1}, "x", "is not a known key"),
    ],
)
def test_a_bad_field_is_told_by_its_place(field, key, words):
    assert_refused(model(field), f"models.Run.fields[0].{key}", words)


@pytest.mark.parametrize("empty", [None, ""], ids=repr)
def test_a_field_with_an_empty_type_is_not_taken_for_any(empty):
    assert_refused(model({"name": "id", "type": empty}), "models.Run.fields[0].type")


@pytest.mark.parametrize(
    ("fields", "words"), [(ABSENT, "is missing; it must be an array"), ({}, "must be an array")]
)
def test_a_model_needs_its_fields(fields, words):
    assert_refused(model(fields=fields), "models.Run.fields", words)


def test_a_field_twice_is_refused():
    broken = model({"name": "id", "type": "string"}, {"name": "id", "type": "integer"})

    assert_refused(broken, "models.Run.fields[1].name", "id is also [0]")


# Reading the file


def test_a_file_is_read_as_utf_8(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_bytes(json.dumps(document(endpoint(summary="Größe.")), ensure_ascii=False).encode())

    assert load(path).endpoints[0].summary == "Größe."


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"nonsense", b'{"a": 1,}', b"\xff\xfe\xfd", b'{"a": "\xe9"}', b"[" * 100_000],
    ids=["empty", "open", "word", "comma", "bytes", "latin-1", "deep"],
)
def test_a_file_that_is_not_json_is_refused(tmp_path, content):
    path = tmp_path / "manifest.json"
    path.write_bytes(content)

    with pytest.raises(ManifestError, match="is not JSON"):
        load(path)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(ManifestError, match="cannot be read: No such file"):
        load(tmp_path / "manifest.json")
    with pytest.raises(ManifestError, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    "twice",
    [
        '{"manifest_version": 1, "manifest_version": 1, "endpoints": [], "models": {}}',
        '{"manifest_version": 1, "endpoints": [], "models": {"A": {"fields": [], "fields": []}}}',
    ],
)
def test_a_key_twice_in_one_object_does_not_silently_win(tmp_path, twice):
    path = tmp_path / "manifest.json"
    path.write_text(twice)

    with pytest.raises(ManifestError, match="the key '(manifest_version|fields)' stands twice"):
        load(path)


# The digest


@pytest.mark.parametrize(
    "path", [ROOT / "manifest.json", GOLDEN / "manifest.json"], ids=["committed", "golden"]
)
def test_the_order_of_the_entries_changes_nothing(path):
    original = json.loads(path.read_bytes())
    expected = check(original)

    for seed in range(3):
        found = check(shuffled(original, random.Random(seed)))
        assert found.digest == expected.digest
        assert found.models == expected.models
        assert list(found.models) == list(expected.models)
        assert [e.route for e in found.endpoints] == [e.route for e in expected.endpoints]
        assert [e.query for e in found.endpoints] == [e.query for e in expected.endpoints]


def _texts(value, steps=()):
    """Yield the way to every text that may change without making the manifest unsound."""
    free = {"summary", "description", "name_reason", "omit_reason", "since", "use"}
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, (dict, list)) and key != "example":
            yield from _texts(item, (*steps, key))
        elif key in free:
            yield (*steps, key)


def test_every_change_of_a_text_changes_the_digest():
    original = json.loads((GOLDEN / "manifest.json").read_bytes())
    seen = {check(original).digest}
    ways = list(_texts(original))

    for *steps, last in ways:
        changed = copy.deepcopy(original)
        target = changed
        for step in steps:
            target = target[step]
        target[last] = "X" + target[last][1:]
        seen.add(check(changed).digest)

    assert len(ways) > 30
    assert len(seen) == len(ways) + 1


@pytest.mark.parametrize(
    "other",
    [
        document(endpoint(), server_version="1"),
        document(endpoint(method="PUT")),
        document(endpoint(path="/api/v1/runs/{id}/retries")),
        document(endpoint(category="server-only")),
        document(endpoint(idempotent=True)),
        document(endpoint(query=[parameter()])),
        document(endpoint(query=[parameter(default=1)])),
        document(endpoint(query=[parameter(default=2)])),
        document(endpoint(query=[parameter(required=True)])),
        document(endpoint(example={"request": None})),
        document(endpoint(), endpoint(method="GET")),
        document(endpoint(), models={}),
    ],
)
def test_every_change_of_a_fact_changes_the_digest(other):
    assert check(other).digest != check(document(endpoint())).digest


# Anything at all

JUNK = [
    None,
    True,
    False,
    0,
    -1,
    10**30,
    1.5,
    float("nan"),
    "",
    "x",
    "None",
    "GET",
    "/api/{id}/{key...}",
    "array<string>",
    "array<Run>?",
    "a\nb",
    "\u202e",
    "\ud800",
    '"""',
    "9" * 100,
    [],
    {},
    [[]],
    [{}],
    [None],
    {"name": "x", "type": "string"},
    [{"name": "x", "type": "string"}],
    {"any": True},
]


def mutated(text, rng):
    """The document with a few values dropped, replaced or doubled at random places."""
    document = json.loads(text)
    for _ in range(rng.randint(1, 4)):
        container = somewhere(document, rng)
        if not container:
            break
        key = rng.choice(list(container) if isinstance(container, dict) else range(len(container)))
        act = rng.randrange(4)
        if act == 0:
            del container[key]
        elif act == 1:
            container[key] = copy.deepcopy(rng.choice(JUNK))
        elif isinstance(container, list):
            container.insert(rng.randint(0, len(container)), copy.deepcopy(container[key]))
        else:
            name = rng.choice(["x", "name", "type", "body", "\u202e", "Xy", "fields", str(key)])
            container[name] = copy.deepcopy(rng.choice([container[key], *JUNK]))
    return document


def assert_judged(broken, label):
    try:
        assert isinstance(check(broken), Manifest), label
    except ManifestError as error:
        assert error.problems, label
    except Exception as error:
        pytest.fail(f"{label}: {error!r}")


def test_a_manifest_changed_at_random_is_taken_or_refused_but_never_crashes_the_check():
    original = json.loads((ROOT / "manifest.json").read_bytes())

    for seed in range(300):
        rng = random.Random(seed)
        assert_judged(mutated(json.dumps(excerpt(original, rng)), rng), f"seed {seed}")


def test_a_small_manifest_changed_at_random_does_not_crash_the_check_either():
    text = (GOLDEN / "manifest.json").read_bytes()

    for seed in range(1000):
        assert_judged(mutated(text, random.Random(seed)), f"seed {seed}")


def _nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "broken",
    [
        document(endpoint(response="array<" * 3000 + "string" + ">" * 3000)),
        document(endpoint(response="any", example={"response": _nested(900)})),
        document(endpoint(**{"1" * 5000: 1})),
        document(models={"A" + "1" * 5000: {"fields": []}}),
        document(endpoint(name="a" * 100_000, name_reason="so")),
    ],
    ids=["deep type", "deep example", "digits as a key", "digits as a model", "long name"],
)
def test_a_manifest_of_extreme_size_does_not_crash_the_check(broken):
    assert_judged(broken, "extreme")
