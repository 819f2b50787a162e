"""Which schemas compile."""

from __future__ import annotations

import json

import pytest

from ironflow.testing._engine.json_schema import flaw


@pytest.mark.parametrize(
    "schema",
    [
        "{}",
        '{"type": "object", "properties": {"orderId": {"type": ["string", "null"]}}}',
        '{"$defs": {"a/b": {"minimum": 0}}, "items": {"$ref": "#/$defs/a~1b"}}',
        '{"allOf": [true, {"not": false}], "items": [{"type": "integer"}]}',
        '{"$ref": "https://example.com/order.json", "$schema": "https://json-schema.org/x"}',
        '{"pattern": "^(?<year>[0-9]{4})\\\\p{L}$", "minLength": 2.0, "multipleOf": 0.1}',
        '{"x-ours": {"type": 1}, "default": {"type": 1}, "const": null, "enum": [{"type": 1}]}',
        '{"properties": {"type": {"type": "string"}, "required": {"type": "boolean"}}}',
    ],
)
def test_a_schema_that_makes_sense_compiles(schema):
    assert flaw(json.loads(schema)) == ""


@pytest.mark.parametrize(
    ("schema", "wrong"),
    [
        ({"type": "text"}, "/type must be one or some of array, boolean"),
        ({"type": []}, "/type must be one"),
        ({"type": ["string", "string"]}, "/type must be one"),
        ({"type": 1}, "/type must be one"),
        ({"properties": []}, "/properties must be an object of schemas"),
        ({"properties": {"a": "string"}}, "/properties/a must be an object, true or false"),
        ({"properties": {"a": {"minimum": "1"}}}, "/properties/a/minimum must be a number"),
        ({"minimum": True}, "/minimum must be a number"),
        ({"minLength": -1}, "/minLength must be a whole number"),
        ({"minLength": 1.5}, "/minLength must be a whole number"),
        ({"maxItems": "9"}, "/maxItems must be a whole number"),
        ({"multipleOf": 0}, "/multipleOf must be a number above 0"),
        ({"required": "a"}, "/required must be a list of different strings"),
        ({"required": ["a", "a"]}, "/required must be a list of different strings"),
        ({"enum": "a"}, "/enum must be a list"),
        ({"uniqueItems": 1}, "/uniqueItems must be true or false"),
        ({"pattern": "("}, "/pattern must be a regular expression"),
        ({"pattern": 1}, "/pattern must be a regular expression"),
        ({"anyOf": []}, "/anyOf must be a list of schemas"),
        ({"anyOf": [{}, {"type": "x"}]}, "/anyOf/1/type must be one"),
        ({"items": 1}, "/items must be an object, true or false"),
        ({"not": {"if": {"then": []}}}, "/not/if/then must be an object, true or false"),
        ({"$ref": "#/$defs/order"}, "/$ref must lead somewhere"),
        ({"$ref": 1}, "/$ref must be a string"),
        ({"title": 1}, "/title must be a string"),
    ],
)
def test_what_keeps_a_schema_from_compiling_is_named_with_its_place(schema, wrong):
    assert flaw(schema).startswith(wrong)
