"""All generated files: the golden record, their width, and that no text becomes code."""

from __future__ import annotations

import ast
import copy
import json
import random
import warnings

import pytest

from codegen.limits import MAX_MODEL, MAX_NAME, MAX_PATH, MAX_SUMMARY, MAX_WIRE_NAME
from codegen.manifest import check, load
from codegen.model import ManifestError
from codegen.render import RenderError, render_all

from ...conftest import ROOT
from ..builders import GOLDEN, document, endpoint, field, shuffled, somewhere
from .texts import INJECTIONS, everywhere

MODULES = [
    "ironflow/_routes.py",
    "ironflow/_parameters.py",
    "ironflow/_rpc_methods.py",
    "ironflow/client.py",
    "ironflow/models.py",
]
FILES = [*MODULES, "docs/openapi.json", "docs/reference.md"]


def rendered(document):
    """All generated modules, joined, of a manifest that passes every check."""
    files = render_all(check(document), GOLDEN)
    return "".join(files[name] for name in MODULES)


def assert_narrow(source):
    wide = [line for line in source.splitlines() if len(line) > 100]
    assert wide == []


# The golden record


def golden(name):
    """The reviewed content of a generated file."""
    return (GOLDEN / name.partition("/")[2]).read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_the_generated_code_is_byte_for_byte_what_was_reviewed(name):
    files = render_all(load(GOLDEN / "manifest.json"), GOLDEN)

    assert files[name].encode() == golden(name)


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_the_manifest_does_not_change_a_byte(seed):
    original = json.loads((GOLDEN / "manifest.json").read_bytes())
    manifest = check(shuffled(original, random.Random(seed)))

    for name, content in render_all(manifest, GOLDEN).items():
        assert content.encode() == golden(name)


def test_the_banner_says_what_made_the_file_from_what_and_how_to_remake_it():
    manifest = load(GOLDEN / "manifest.json")

    files = render_all(manifest, GOLDEN)
    for content in [files[name] for name in MODULES]:
        banner = content.splitlines()[:3]
        assert all(line.startswith("# ") for line in banner)
        assert "GENERATED from manifest.json by `python -m codegen generate`" in banner[0]
        assert "make sdk-gen-python" in banner[1]
        assert banner[2] == f"# Manifest {manifest.digest}, server 0.0.0-golden."


def test_a_manifest_of_an_unknown_server_says_so():
    assert "server unknown." in rendered(document())


def test_the_readme_is_left_out_where_there_is_none(tmp_path):
    manifest = load(GOLDEN / "manifest.json")

    assert list(render_all(manifest, tmp_path)) == FILES
    (tmp_path / "README.md").write_text("# Title\n")
    assert render_all(manifest, tmp_path)["README.md"] == "# Title\n"


def test_a_readme_that_is_not_utf_8_is_told_in_one_line(tmp_path):
    (tmp_path / "README.md").write_bytes(b"# Gr\xfc\xdfe\n")

    with pytest.raises(RenderError, match=r"README\.md is not UTF-8$"):
        render_all(load(GOLDEN / "manifest.json"), tmp_path)


def test_a_readme_that_cannot_be_read_is_told_in_one_line(tmp_path):
    (tmp_path / "README.md").mkdir()

    with pytest.raises(RenderError, match=r"README\.md cannot be read: Is a directory$"):
        render_all(load(GOLDEN / "manifest.json"), tmp_path)


# Layout


@pytest.mark.parametrize("name", MODULES)
def test_the_golden_code_stays_within_100_columns(name):
    assert_narrow(golden(name).decode())


def test_the_committed_code_stays_within_100_columns():
    assert_narrow(rendered(json.loads((ROOT / "manifest.json").read_bytes())))


NAME = "a" + "b" * (MAX_NAME - 1)
MODEL = "A" + "b" * (MAX_MODEL - 1)
WIRE = "a" + "b" * (MAX_WIRE_NAME - 1)
HUMPS = "aB" * 11  # 33 characters as an argument
PIN = {"name": NAME, "name_reason": "long"}
LONGEST = {
    "path": endpoint("POST /" + "a" * (MAX_PATH - 1), **PIN),
    "path with a parameter": endpoint("POST /" + "b" * (MAX_PATH - 6) + "/{id}", **PIN),
    "many parameters": endpoint("POST " + "".join(f"/{{p{i}}}" for i in range(15))),
    "placeholder": endpoint("POST /api/v1/runs/{" + WIRE + "}", **PIN),
    "placeholder with humps": endpoint("POST /api/v1/runs/{" + HUMPS + "}"),
    "two placeholders": endpoint("POST /api/v1/runs/{" + WIRE + "}/{" + HUMPS + "}", **PIN),
    "summary": endpoint(summary="a" * (MAX_SUMMARY - 1) + "."),
    "summary of words": endpoint(summary=("word " * 30)[: MAX_SUMMARY - 2].rstrip() + "x."),
    "description": endpoint(description="word " * 399 + "end."),
    "query": endpoint(query=[{"name": WIRE, "type": "array<datetime>", "required": True}], **PIN),
    "optional query": endpoint(query=[{"name": WIRE, "type": "array<datetime>"}], **PIN),
    "query with humps": endpoint(query=[{"name": HUMPS, "type": "array<datetime>"}]),
    "header": endpoint(headers=[{"name": WIRE, "type": "string"}]),
    "two headers": endpoint(
        headers=[{"name": WIRE, "type": "string"}, {"name": HUMPS, "type": "string"}]
    ),
    "group": endpoint("GET /api/v1/x", group="a" * 45),
    "body and list": endpoint(**{**PIN, "body": MODEL, "response": f"array<{MODEL}>"}),
    "deprecation": endpoint(deprecated={"since": "2.0", "use": "runs_get"}),
    "long deprecation": endpoint(
        deprecated={"since": "9" * 40, "use": "word " * 11 + "words"}, **PIN
    ),
}


@pytest.mark.parametrize("entry", LONGEST.values(), ids=LONGEST)
def test_the_longest_that_a_route_may_have_fits_in_100_columns(entry):
    assert_narrow(rendered(document(entry, models={MODEL: {"fields": []}})))


LONG_WORD = "a" * 1999 + "."


def test_what_would_make_a_line_too_long_is_refused_with_its_route():
    with pytest.raises(ManifestError) as caught:
        rendered(document(endpoint(description=LONG_WORD)))

    (problem,) = caught.value.problems
    assert (problem.place, problem.route) == ("endpoints[0]", "POST /api/v1/runs/{id}/retry")
    assert problem.message.startswith("a line has at most 100 columns; shorten aaaa")


LONGEST_MODELS = {
    "name of one field": [field(WIRE)],
    "type of a field": [field("a", MODEL, nullable=True)],
    "name and type of a field": [field(WIRE, MODEL, nullable=True)],
    "name in a mixed model": [field(), field("b", required=True)],
    "keyword": [field("class", MODEL), field("b", required=True)],
    "odd name": [field("a-" + "b" * 26, f"map<string,array<{MODEL}>>", required=True)],
}


@pytest.mark.parametrize("fields", LONGEST_MODELS.values(), ids=LONGEST_MODELS)
def test_the_longest_that_a_model_may_have_fits_in_100_columns(fields):
    assert_narrow(rendered(document(models={MODEL: {"fields": fields}})))


def test_a_model_that_would_make_a_line_too_long_is_refused():
    with pytest.raises(ManifestError) as caught:
        rendered(document(models={"Run": {"fields": [field(description=LONG_WORD)]}}))

    assert [problem.place for problem in caught.value.problems] == ["models.Run"]


def test_a_description_of_any_length_fits_in_100_columns():
    for length in range(80, 110):
        text = ("word " * 30)[: length - 2].rstrip() + "x."
        described = {"Run": {"description": text, "fields": [field(description=text)]}}
        assert_narrow(rendered(document(endpoint(description=text), models=described)))


def test_a_summary_full_of_quotes_fits_in_100_columns():
    assert_narrow(rendered(document(endpoint(summary='"a" ' * 21 + '"b".'))))


# Text is text


def skeleton(source):
    """The code without its docstrings and with all texts the same."""

    class Blank(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.Constant("") if isinstance(node.value, str) else node

        def visit_Expr(self, node):
            if isinstance(node.value, ast.Constant):
                return ast.Expr(ast.Constant(""))
            return self.generic_visit(node)

    return ast.dump(Blank().visit(ast.parse(source)))


@pytest.mark.parametrize("text", INJECTIONS, ids=ascii)
def test_no_text_of_the_manifest_becomes_code(text):
    harmless = check(everywhere("A text."))
    hostile = check(everywhere(text))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files = render_all(hostile, GOLDEN)
    plain = render_all(harmless, GOLDEN)
    for name in MODULES:
        assert skeleton(files[name]) == skeleton(plain[name])
    json.loads(files["docs/openapi.json"])


# Anything that passes the check can be rendered


JUNK = [None, True, 0, 1.5, "", "x", "None", "GET", "/api/{id}", "array<string>", "Pair", [], {}]


def test_whatever_passes_the_check_is_rendered_and_compiles():
    text = (GOLDEN / "manifest.json").read_bytes()
    passed = 0

    for seed in range(1000):
        rng = random.Random(seed)
        changed = json.loads(text)
        for _ in range(rng.randint(1, 2)):
            container = somewhere(changed, rng)
            keys = list(container) if isinstance(container, dict) else range(len(container))
            if keys and rng.random() < 0.5:
                del container[rng.choice(keys)]
            elif keys:
                container[rng.choice(keys)] = copy.deepcopy(rng.choice(JUNK))
        try:
            manifest = check(changed)
        except ManifestError:
            continue
        try:
            for content in render_all(manifest, GOLDEN).values():
                content.encode()
            passed += 1
        except ManifestError as error:
            assert "pin one" in str(error) or "drop name" in str(error), seed
        except Exception as error:
            pytest.fail(f"seed {seed}: {error!r}")
    assert passed > 100


@pytest.mark.parametrize(
    "broken",
    [
        document(endpoint(response="array<" * 300 + "string" + ">" * 300)),
        document(endpoint(query=[{"name": "a", "type": "array<map<string,string>>"}])),
        document(models={"None": {"fields": []}}),
    ],
    ids=["deep type", "map in a query", "model None"],
)
def test_what_cannot_be_rendered_is_refused_by_the_check(broken):
    with pytest.raises(ManifestError):
        check(broken)


def test_five_thousand_endpoints_are_generated():
    endpoints = [
        endpoint(
            f"POST /api/v1/group{i % 100}/{{id}}/part{i}",
            group=f"group{i % 100}",
            summary=f"Part {i}.",
            query=[{"name": "limit", "type": "integer"}],
            body="Run",
            response="Run",
        )
        for i in range(5000)
    ]
    source = rendered(document(*endpoints))

    assert source.count("return self._call(") == 5000
    assert_narrow(source)
