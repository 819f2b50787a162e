"""Reading one object: unknown keys, and text that hides something."""

from __future__ import annotations

import pytest

from codegen.manifest import check

from .builders import assert_refused, document, endpoint, model, parameter, refusal, with_example

HOSTILE = [
    "A newline\nin it.",
    "A carriage return\rin it.",
    "A tab\tin it.",
    "A NUL\x00in it.",
    "A terminal's \x1b[31mred.",
    "A line \x85of another kind.",
    "A line \u2028of yet another kind.",
    "A bidi override \u202ein it.",
    "A bidi isolate \u2066in it.",
    "A zero width\u200bspace.",
    "A no-break\u00a0space.",
    "Half a pair \ud800.",
    " A space before.",
    "Two  spaces.",
]


# Unknown keys


@pytest.mark.parametrize(
    ("broken", "place", "hint"),
    [
        (document(server_verison="1"), "server_verison", "do you mean server_version?"),
        (document(endpoint(sumary="A.")), "endpoints[0].sumary", "do you mean summary?"),
        (document(endpoint(headrs=[])), "endpoints[0].headrs", "do you mean headers?"),
        (
            document(endpoint(query=[parameter(requird=True)])),
            "endpoints[0].query[0].requird",
            "do you mean required?",
        ),
        (
            document(endpoint(body={"any": True, "descripton": "A."})),
            "endpoints[0].body.descripton",
            "do you mean description?",
        ),
        (
            document(endpoint(deprecated={"since": "1", "use": "it", "sinse": "1"})),
            "endpoints[0].deprecated.sinse",
            "do you mean since?",
        ),
        (
            document(endpoint(example={"respons": None})),
            "endpoints[0].example.respons",
            "do you mean response?",
        ),
        (model(descriptions="A."), "models.Run.descriptions", "do you mean description?"),
        (
            model({"name": "id", "type": "string", "nulable": True}),
            "models.Run.fields[0].nulable",
            "do you mean nullable?",
        ),
        (model(zzz=1), "models.Run.zzz", "known: fields, description"),
        (document(endpoint(**{"a b": 1})), "endpoints[0].'a b'", "is not a known key"),
    ],
)
def test_a_mistyped_key_is_not_ignored_and_the_right_one_is_suggested(broken, place, hint):
    assert_refused(broken, place, "is not a known key", hint)


# Hostile text


def _text_places():
    """Every place of prose in a manifest, as (place, function from a text to a manifest)."""
    deprecated = {"since": "1.0", "use": "runs_get"}
    pin = {"name": "runs_again", "name_reason": "so"}
    plain = {"category": "internal"}
    field = {"name": "id", "type": "string"}
    return [
        ("server_version", lambda text: document(server_version=text)),
        ("endpoints[0].summary", lambda text: document(endpoint(summary=text))),
        ("endpoints[0].description", lambda text: document(endpoint(description=text))),
        (
            "endpoints[0].name_reason",
            lambda text: document(endpoint(**{**pin, "name_reason": text})),
        ),
        ("endpoints[0].omit_reason", lambda text: document(endpoint(**plain, omit_reason=text))),
        (
            "endpoints[0].path_params[0].description",
            lambda text: document(
                endpoint(path_params=[{"name": "id", "type": "string", "description": text}])
            ),
        ),
        (
            "endpoints[0].query[0].description",
            lambda text: document(endpoint(query=[parameter(description=text)])),
        ),
        (
            "endpoints[0].headers[0].description",
            lambda text: document(endpoint(headers=[parameter(description=text)])),
        ),
        (
            "endpoints[0].body.description",
            lambda text: document(endpoint(body={"any": True, "description": text})),
        ),
        (
            "endpoints[0].deprecated.since",
            lambda text: document(endpoint(deprecated={**deprecated, "since": text})),
        ),
        (
            "endpoints[0].deprecated.use",
            lambda text: document(endpoint(deprecated={**deprecated, "use": text})),
        ),
        ("models.Run.description", lambda text: model(description=text)),
        (
            "models.Run.fields[0].description",
            lambda text: model({**field, "description": text}),
        ),
    ]


TEXT_PLACES = _text_places()


@pytest.mark.parametrize(("place", "build"), TEXT_PLACES, ids=[place for place, _ in TEXT_PLACES])
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_text_that_hides_something_or_leaves_its_line_is_refused(place, build, text):
    problems = refusal(build(text))

    assert problems[0].place == place
    assert all(str(problem).isprintable() for problem in problems)


@pytest.mark.parametrize("text", [text for text in HOSTILE if not text.isprintable()], ids=ascii)
def test_a_default_that_would_hide_something_in_a_docstring_is_refused(text):
    broken = document(endpoint(query=[parameter(type="string", default=text)]))

    assert_refused(broken, "endpoints[0].query[0].default")


@pytest.mark.parametrize(
    "text", ["Größe in €.", "時刻。.", 'A "quoted" \\ word.', "100% {braces}."]
)
def test_text_of_people_is_taken(text):
    assert check(document(endpoint(summary=text))).endpoints[0].summary == text


def test_a_hostile_key_of_an_example_is_printed_harmlessly():
    example = {"request": {"id": "t"}, "response": {"id": "t", "\x1b[2J\u202e": 1}}
    (problem,) = refusal(with_example(example))

    assert str(problem).isprintable()
