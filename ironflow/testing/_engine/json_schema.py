"""Checks that a JSON Schema compiles: each keyword has a value of the right kind.

Design: tables list the keywords (of 2020-12 and of older drafts) by what their values must be, and
by how they contain schemas. Unknown keywords may have any value. A pattern must be a regular
expression, as far as Python's syntax is the same. A reference into the document must have a target.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}
_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z_])")  # which Python writes as (?P<
_ONLY_ELSEWHERE = re.compile(r"\\[pPuc]")  # escapes of other dialects


def flaw(schema: Any) -> str:
    """Return why a schema does not compile, with the place; empty if it does."""
    return _flaw(schema, schema, "")


def _flaw(schema: Any, root: Any, place: str) -> str:
    if isinstance(schema, bool):
        return ""
    if not isinstance(schema, dict):
        return f"{place or '/'} must be an object, true or false"
    for keyword, value in schema.items():
        here = f"{place}/{keyword}"
        wanted, fits = _TEST_OF.get(keyword, ("", None))
        if fits is not None and not fits(value):
            return f"{here} must be {wanted}"
        if keyword in ("$ref", "$dynamicRef") and not _leads_somewhere(value, root):
            return f"{here} must lead somewhere"
        inside: Any = ()
        if keyword in _HOLDS_ONE and not (keyword == "items" and isinstance(value, list)):
            inside = [(here, value)]
        elif keyword in _HOLDS_MANY:
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            inside = [(f"{here}/{key}", item) for key, item in pairs]
        for there, item in inside:
            found = _flaw(item, root, there)
            if found:
                return found
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(_NAMED_GROUP.sub("(?P<", value))
    except TypeError:
        return False
    except re.error:
        return _ONLY_ELSEWHERE.search(value) is not None
    return True


def _are_names(value: Any) -> bool:
    texts = isinstance(value, list) and all(isinstance(name, str) for name in value)
    return texts and len(set(value)) == len(value)


def _is_type(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and _are_names(names) and set(names) <= _TYPES


def _leads_somewhere(reference: str, root: Any) -> bool:
    """Return whether a reference into the document, a JSON pointer (RFC 6901), has a target."""
    if not reference.startswith("#/"):
        return True  # to another document, to an anchor, or to the whole
    for part in reference[2:].split("/"):
        name = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(root, list) and name.isdecimal() and int(name) < len(root):
            root = root[int(name)]
        elif isinstance(root, dict) and name in root:
            root = root[name]
        else:
            return False
    return True


_ONE = (
    "additionalItems additionalProperties contains else if items not propertyNames then "
    "unevaluatedItems unevaluatedProperties"
)
_HOLDS_ONE = frozenset(_ONE.split())
_MAPS = "$defs definitions dependentSchemas patternProperties properties"
_LISTS = "allOf anyOf oneOf prefixItems"
_HOLDS_MANY = frozenset(f"{_MAPS} {_LISTS} items".split())
_TESTS = (  # keywords, what their values must be, and the test of it
    (_MAPS, "an object of schemas", lambda value: isinstance(value, dict)),
    (_LISTS, "a list of schemas", lambda value: isinstance(value, list) and value != []),
    (
        "maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties",
        "a whole number of at least 0",
        lambda value: _is_number(value) and value >= 0 and value == int(value),
    ),
    ("exclusiveMaximum exclusiveMinimum maximum minimum", "a number", _is_number),
    ("multipleOf", "a number above 0", lambda value: _is_number(value) and value > 0),
    (
        "$anchor $comment $dynamicRef $id $ref $schema description format title",
        "a string",
        lambda value: isinstance(value, str),
    ),
    ("pattern", "a regular expression", _is_pattern),
    ("required", "a list of different strings", _are_names),
    ("type", f"one or some of {', '.join(sorted(_TYPES))}", _is_type),
    ("enum", "a list", lambda value: isinstance(value, list)),
    ("uniqueItems", "true or false", lambda value: isinstance(value, bool)),
)
_TEST_OF = {word: (wanted, test) for words, wanted, test in _TESTS for word in words.split()}
