"""What is generated: a golden record, its layout, what it calls, and that no text becomes code."""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import json
import random
import shutil
import sys
import warnings

import pytest

from codegen.manifest import MAX_NAME, MAX_PATH, MAX_SUMMARY, ManifestError, check, load
from codegen.naming import naming_problems
from codegen.render import client, models, readme, render_all
from codegen.render.text import bracketed, docstring, literal, prose

from .conftest import ROOT

GOLDEN = ROOT / "tests" / "golden"
RENDERERS = {"client": client.render, "models": models.render}
INJECTIONS = [
    '"""; import os; os._exit(1) #.',
    "'''; import os; os._exit(1) #.",
    '"; import os; os._exit(1) #.',
    '\\"""; import os; os._exit(1) #.',
    '\\\\"""; import os; os._exit(1) #.',
    "{__import__('os')._exit(1)}.",
    "{os!r:>{os}} %(os)s %s {{}}.",
    "\\N{BULLET} \\x41 \\u0041 \\101 \\n \\q.",
    '"quoted"?',
    "C:\\temp\\new\\.",
    '""""""""""""".',
]


def endpoint(**changes):
    entry = {
        "method": "POST",
        "path": "/api/v1/runs/{id}/retry",
        "group": "runs",
        "category": "supported",
    }
    return {**entry, **changes}


def document(*endpoints, models=None):
    return {"manifest_version": 1, "endpoints": list(endpoints), "models": models or {}}


def rendered(document):
    """All generated modules, joined, of a manifest that passes every check."""
    manifest = check(document)
    assert naming_problems(manifest.endpoints) == []
    files = render_all(manifest, ROOT / "tests" / "golden")
    return "".join(files.values())


def assert_narrow(source):
    wide = [line for line in source.splitlines() if len(line) > 100]
    assert wide == []


def assert_narrow_or_refused(document):
    """What the limits of the check let through fits; the limits themselves may change."""
    try:
        source = rendered(document)
    except ManifestError as error:
        assert "at most" in str(error)
        return
    assert_narrow(source)


# The golden record


@pytest.mark.parametrize("name", RENDERERS)
def test_the_generated_code_is_byte_for_byte_what_was_reviewed(name):
    source = RENDERERS[name](load(GOLDEN / "manifest.json"))

    assert source.encode() == (GOLDEN / f"{name}.py").read_bytes()


def shuffled(value, rng):
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: value[key] if key == "example" else shuffled(value[key], rng) for key in keys}
    if isinstance(value, list):
        items = [shuffled(item, rng) for item in value]
        rng.shuffle(items)
        return items
    return value


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_the_manifest_does_not_change_a_byte(seed):
    original = json.loads((GOLDEN / "manifest.json").read_bytes())
    manifest = check(shuffled(original, random.Random(seed)))

    for name, render in RENDERERS.items():
        assert render(manifest).encode() == (GOLDEN / f"{name}.py").read_bytes()


def test_the_banner_says_what_made_the_file_from_what_and_how_to_remake_it():
    manifest = load(GOLDEN / "manifest.json")

    for render in RENDERERS.values():
        banner = render(manifest).splitlines()[:3]
        assert all(line.startswith("# ") for line in banner)
        assert "GENERATED from manifest.json by `python -m codegen generate`" in banner[0]
        assert "make sdk-gen-python" in banner[1]
        assert banner[2] == f"# Manifest {manifest.digest}, server 0.0.0-golden."


def test_a_manifest_of_an_unknown_server_says_so():
    assert "server unknown." in client.render(check(document()))


# What the generated code does


@pytest.fixture
def golden(tmp_path, monkeypatch):
    """The golden modules as a package whose BaseClient records its calls."""
    package = tmp_path / "golden_package"
    package.mkdir()
    for name in ("client.py", "models.py"):
        shutil.copy(GOLDEN / name, package / name)
    (package / "__init__.py").write_text("")
    (package / "_encoding.py").write_text("from ironflow._encoding import segment\n")
    (package / "_errors.py").write_text("from ironflow._errors import IronflowError\n")
    (package / "_base.py").write_text(
        "class BaseClient:\n"
        "    'Options.'\n"
        "    def _call(self, *args, **kwargs):\n"
        "        return args, kwargs\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield importlib.import_module
    for name in [name for name in sys.modules if name.partition(".")[0] == "golden_package"]:
        del sys.modules[name]


BODY = {"any": "body"}
NO_SEARCH = {
    "afterCursor": None,
    "body": None,
    "content-type": None,
    "environment_id": None,
    "limit": None,
    "max_score": None,
    "sort": None,
}
GRANT = "/api/v1/org/o%201/team/t%2F2/member/m/grant/g%C3%A9"


@pytest.mark.parametrize(
    ("method", "args", "kwargs", "sent", "options"),
    [
        ("websocket_list", (), {}, ("GET", "/ws"), {}),
        ("metrics", (), {}, ("GET", "/metrics"), {"text": True}),
        (
            "things_list",
            (),
            {"from_": "2026-01-01T00:00:00Z", "states": ["a", "b"]},
            ("GET", "/api/v1/things"),
            {
                "query": {
                    "from": "2026-01-01T00:00:00Z",
                    "minSeq": None,
                    "states": ["a", "b"],
                    "until": None,
                }
            },
        ),
        (
            "things_list",
            (),
            {"from_": "x", "min_seq": 0, "until": "y"},
            ("GET", "/api/v1/things"),
            {"query": {"from": "x", "minSeq": 0, "states": None, "until": "y"}},
        ),
        ("things_create", (BODY,), {}, ("POST", "/api/v1/things"), {"body": BODY}),
        ("things_create", (), {"body": BODY}, ("POST", "/api/v1/things"), {"body": BODY}),
        (
            "things_delete",
            ("a/b",),
            {},
            ("DELETE", "/api/v1/things/a%2Fb"),
            {
                "deprecated": "things_delete is deprecated since 2.0:"
                ' use PATCH with "deleted" {true}'
            },
        ),
        (
            "things_patch",
            ("{id}", BODY),
            {},
            ("PATCH", "/api/v1/things/%7Bid%7D"),
            {"body": BODY, "idempotent": True},
        ),
        (
            "things_update_settings",
            (7,),
            {"x_request_reason": "why"},
            ("PUT", "/api/v1/things/7/settings"),
            {"headers": {"X-Request-Reason": "why", "If-Match": None}, "body": None},
        ),
        (
            "things_update_settings",
            ("7", BODY),
            {"x_request_reason": "why", "if_match": "r1"},
            ("PUT", "/api/v1/things/7/settings"),
            {"headers": {"X-Request-Reason": "why", "If-Match": "r1"}, "body": BODY},
        ),
        (
            "blobs_update_keys",
            ("b", "a/b c", b"\x00"),
            {},
            ("PUT", "/api/v1/blobs/b/keys/a%2Fb%20c"),
            {"body": b"\x00", "raw": True},
        ),
        (
            "blobs_get_keys",
            ("b", "k"),
            {"bucket_": True, "self_": "me"},
            ("GET", "/api/v1/blobs/b/keys/k"),
            {"query": {"bucket": True, "self": "me"}},
        ),
        (
            "blobs_search",
            ([1],),
            {"body_": True, "after_cursor": "c", "content_type": "t"},
            ("POST", "/api/v1/blobs/search"),
            {
                "query": {**NO_SEARCH, "afterCursor": "c", "body": True, "content-type": "t"},
                "body": [1],
            },
        ),
        ("team_grants_create", ("o 1", "t/2", "m", "gé"), {}, ("POST", GRANT), {}),
    ],
)
def test_a_golden_method_makes_exactly_this_call(golden, method, args, kwargs, sent, options):
    made = golden("golden_package.client").IronflowClient()

    assert getattr(made, method)(*args, **kwargs) == (sent, options)


@pytest.mark.parametrize(
    ("method", "args", "kwargs"),
    [
        ("things_list", (), {}),
        ("things_list", ("2026-01-01T00:00:00Z",), {}),
        ("things_create", (), {}),
        ("things_update_settings", (7,), {}),
        ("blobs_get_keys", ("b",), {}),
        ("blobs_get_keys", ("b", "k", True), {}),
    ],
)
def test_a_call_without_what_is_required_or_with_options_by_position_fails(
    golden, method, args, kwargs
):
    made = golden("golden_package.client").IronflowClient()

    with pytest.raises(TypeError, match="argument"):
        getattr(made, method)(*args, **kwargs)


def test_a_route_left_out_has_no_method(golden):
    assert not any("export" in name for name in dir(golden("golden_package.client").IronflowClient))


@pytest.mark.parametrize(
    ("name", "required", "optional"),
    [
        ("Empty", set(), set()),
        ("Pair", {"left", "right"}, set()),
        ("Settings", set(), {"color", "extra", "labels"}),
        ("Thing", {"class", "id"}, {"note", "parts", "settings", "yield"}),
        ("Words", {"word", "x-rate", "from"}, {"import"}),
    ],
)
def test_a_model_knows_its_required_and_optional_members(golden, name, required, optional):
    made = getattr(golden("golden_package.models"), name)

    assert made.__required_keys__ == required
    assert made.__optional_keys__ == optional


def test_the_generated_models_need_nothing_but_typing():
    tree = ast.parse((GOLDEN / "models.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert imported == {"__future__", "typing"}
    assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))


def test_a_path_argument_named_like_the_encoder_still_works():
    source = client.render(check(document(endpoint(path="/api/v1/runs/{segment}"))))
    (function,) = (node for node in ast.walk(ast.parse(source)) if type(node) is ast.FunctionDef)
    arguments = {argument.arg for argument in function.args.args}
    called = {
        node.func.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }

    assert called
    assert not called & arguments


def test_a_reply_or_body_without_fields_is_described_without_a_dangling_list():
    source = rendered(
        document(endpoint(body="Empty", response="Empty"), models={"Empty": {"fields": []}})
    )

    assert "Empty``: ." not in source
    assert "Empty``:\n" not in source


# Layout


@pytest.mark.parametrize("name", RENDERERS)
def test_the_golden_code_stays_within_100_columns(name):
    assert_narrow((GOLDEN / f"{name}.py").read_text(encoding="utf-8"))


def test_the_committed_code_stays_within_100_columns():
    assert_narrow(rendered(json.loads((ROOT / "manifest.json").read_bytes())))


NAME = "a" + "b" * (MAX_NAME - 1)
MODEL = "A" + "b" * (MAX_NAME - 1)
HUMPS = "aB" * (MAX_NAME // 2)  # half as long again as an argument
LONGEST = {
    "path": endpoint(path="/" + "a" * (MAX_PATH - 1), group="a" * 40),
    "path with a parameter": endpoint(path="/" + "b" * (MAX_PATH - 6) + "/{id}", group="a" * 40),
    "many parameters": endpoint(path="".join(f"/{{p{i}}}" for i in range(15))),
    "placeholder": endpoint(path="/api/v1/runs/{" + NAME + "}"),
    "placeholder with humps": endpoint(path="/api/v1/runs/{" + HUMPS + "}"),
    "summary": endpoint(summary="a" * (MAX_SUMMARY - 1) + "."),
    "summary of words": endpoint(summary=("word " * 30)[: MAX_SUMMARY - 2].rstrip() + "x."),
    "description": endpoint(description="word " * 399 + "end."),
    "one long word": endpoint(description="a" * 1999 + "."),
    "query": endpoint(query=[{"name": NAME, "type": "array<datetime>", "required": True}]),
    "optional query": endpoint(query=[{"name": NAME, "type": "array<datetime>"}]),
    "query with humps": endpoint(query=[{"name": HUMPS, "type": "array<datetime>"}]),
    "header": endpoint(headers=[{"name": NAME, "type": "string"}]),
    "group": endpoint(method="GET", path="/api/v1/x", group="a" * 45),
    "pinned name": endpoint(name=NAME, name_reason="long", body=MODEL, response=f"array<{MODEL}>?"),
    "reply": endpoint(response=f"map<string,array<map<string,{MODEL}>>>"),
    "short deprecation": endpoint(deprecated={"since": "2.0", "use": "runs_get"}),
    "deprecation": endpoint(
        name=NAME, name_reason="long", deprecated={"since": "9" * 40, "use": "word " * 19 + "words"}
    ),
}


@pytest.mark.parametrize("entry", LONGEST.values(), ids=LONGEST)
def test_the_longest_that_a_route_may_have_fits_in_100_columns(entry):
    assert_narrow_or_refused(document(entry, models={MODEL: {"fields": []}}))


def field(name="a", kind="string", **changes):
    return {"name": name, "type": kind, **changes}


LONGEST_MODELS = {
    "name of one field": [field(NAME)],
    "type of a field": [field("a", MODEL, nullable=True)],
    "name and type of a field": [field(NAME, MODEL, nullable=True)],
    "name in a mixed model": [field(), field("b", required=True)],
    "keyword": [field("class", MODEL), field("b", required=True)],
    "odd name": [field("a-" + "b" * 48, f"map<string,array<{MODEL}>>", required=True)],
}


@pytest.mark.parametrize("fields", LONGEST_MODELS.values(), ids=LONGEST_MODELS)
def test_the_longest_that_a_model_may_have_fits_in_100_columns(fields):
    assert_narrow_or_refused(document(models={MODEL: {"fields": fields}}))


def test_a_description_of_any_length_fits_in_100_columns():
    for length in range(80, 110):
        text = ("word " * 30)[: length - 2].rstrip() + "x."
        described = {"Run": {"description": text, "fields": [field(description=text)]}}
        assert_narrow(rendered(document(endpoint(description=text), models=described)))


def test_a_summary_full_of_quotes_fits_in_100_columns():
    for summary in ('"' * 87 + ".", '"a" ' * 21 + '"b".'):
        assert_narrow_or_refused(document(endpoint(summary=summary)))


def test_brackets_are_laid_out_as_the_formatter_would():
    assert bracketed("f(", ["a", "b"], ")", "    ") == ["    f(a, b)"]
    assert bracketed("f(", ["a" * 50, "b" * 44], ")", "") == [f"f({'a' * 50}, {'b' * 44})"]
    assert bracketed("f(", ["a" * 50, "b" * 44], "): pass", "") == [
        "f(",
        f"    {'a' * 50}, {'b' * 44}",
        "): pass",
    ]
    assert bracketed("f(", ["a" * 50, "b" * 50], ")", "") == [
        "f(",
        f"    {'a' * 50},",
        f"    {'b' * 50},",
        ")",
    ]
    assert bracketed("f(", ["a" * 99], ")", "") == ["f(", f"    {'a' * 99},", ")"]


# Text is text


def everywhere(text):
    """A manifest with this text in every place that takes prose."""
    parameter = {"type": "string", "default": text, "description": text}
    return {
        "manifest_version": 1,
        "server_version": text[:40].strip(),
        "models": {
            "Run": {"description": text, "fields": [field("a", description=text)]},
            "Mixed": {
                "description": text,
                "fields": [
                    field("b", description=text, required=True),
                    field("c", description=text),
                    field("class", description=text),
                ],
            },
        },
        "endpoints": [
            endpoint(
                summary=text,
                description=text,
                name="runs_again",
                name_reason=text,
                path_params=[{"name": "id", "type": "string", "description": text}],
                query=[{"name": "q", **parameter}],
                headers=[{"name": "X-H", **parameter}],
                body={"any": True, "description": text},
                response="Run",
                deprecated={"since": text[:40].strip(), "use": text},
                example={"request": text, "response": {"a": text}},
            ),
            endpoint(path="/x", category="internal", omit_reason=text),
        ],
    }


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

    for render in RENDERERS.values():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = render(hostile)
            compile(found, "generated", "exec")
        assert skeleton(found) == skeleton(render(harmless))


@pytest.mark.parametrize("text", INJECTIONS, ids=ascii)
def test_a_docstring_and_a_deprecation_say_what_the_manifest_says(text):
    tree = ast.parse(client.render(check(everywhere(text))))
    (method,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    documented = ast.get_docstring(method)
    (notice,) = (
        keyword.value.value
        for node in ast.walk(method)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "deprecated"
    )

    assert documented.splitlines()[0] == text
    assert " ".join(documented.split()).count(text) == 10
    assert notice == f"runs_again is deprecated since {text[:40].strip()}: use {text}"


@pytest.mark.parametrize("unit", ["\\", '"', '\\"', '"\\'])
def test_a_long_run_of_quotes_and_backslashes_survives(unit):
    for length in range(1, 300):
        text = "a" + unit * length + "."
        lines = docstring("A summary.", [prose(text, "    ")], "    ")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            documented = ast.get_docstring(ast.parse("\n".join(["def f():", *lines])).body[0])
        assert "".join(documented.partition("A summary.")[2].split()) == text


@pytest.mark.parametrize(
    "text", ["", "a", 'a"b', "a'b", "a'\"b", "\\", "\n", "é", "{}", "%s", "\x00"]
)
def test_a_literal_is_the_text(text):
    assert ast.literal_eval(literal(text)) == text


def test_a_literal_is_in_double_quotes_where_that_needs_no_escape():
    assert literal("plain") == '"plain"'
    assert literal("it's") == '"it\'s"'
    assert literal('say "x"') == "'say \"x\"'"


# Anything that passes the check can be rendered


def _somewhere(value, rng):
    while True:
        items = list(value.values() if isinstance(value, dict) else value)
        inside = [item for item in items if isinstance(item, (dict, list)) and item]
        if not inside or rng.random() < 0.2:
            return value
        value = rng.choice(inside)


JUNK = [None, True, 0, 1.5, "", "x", "None", "GET", "/api/{id}", "array<string>", "Pair", [], {}]


def test_whatever_passes_the_check_is_rendered_and_compiles():
    text = (GOLDEN / "manifest.json").read_bytes()
    passed = 0

    for seed in range(1000):
        rng = random.Random(seed)
        changed = json.loads(text)
        for _ in range(rng.randint(1, 2)):
            container = _somewhere(changed, rng)
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
            if not naming_problems(manifest.endpoints):
                for content in render_all(manifest, GOLDEN).values():
                    content.encode()
                passed += 1
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
def test_what_can_not_be_rendered_is_refused_by_the_check(broken):
    try:
        manifest = check(broken)
    except ManifestError:
        return
    render_all(manifest, GOLDEN)


def test_five_thousand_endpoints_are_generated():
    endpoints = [
        endpoint(
            path=f"/api/v1/group{i % 100}/{{id}}/part{i}",
            group=f"group{i % 100}",
            summary=f"Part {i}.",
            query=[{"name": "limit", "type": "integer"}],
            body="Run",
            response="Run",
        )
        for i in range(5000)
    ]
    whole = document(*endpoints, models={"Run": {"fields": [field("id", required=True)]}})
    manifest = check(whole)

    assert naming_problems(manifest.endpoints) == []
    source = client.render(manifest)
    assert source.count("return self._call(") == 5000
    assert_narrow(source)


# The README


def test_the_table_of_the_readme_is_renewed_and_its_surroundings_stay():
    manifest = load(GOLDEN / "manifest.json")
    page = f"# Title\n\nBefore.\n\n{readme.BEGIN}\nold\n{readme.END}\n\nAfter {{braces}} \\1.\n"

    assert readme.render(manifest, page) == (
        "# Title\n\nBefore.\n\n"
        f"{readme.BEGIN}\n"
        "| group | methods |\n"
        "|---|---|\n"
        "| blobs | `blobs_get_keys`, `blobs_search`, `blobs_update_keys` |\n"
        "| system | `metrics` |\n"
        "| team_grants | `team_grants_create` |\n"
        "| things | `things_create`, `things_delete`, `things_list`, `things_patch`,"
        " `things_update_settings` |\n"
        "| websocket | `websocket_list` |\n"
        f"{readme.END}\n\nAfter {{braces}} \\1.\n"
    )


@pytest.mark.parametrize(
    "page", ["", "# Title\n", f"{readme.BEGIN}\n", f"{readme.END}\n{readme.BEGIN}\n"]
)
def test_a_readme_without_the_marks_is_left_as_it_is(page):
    assert readme.render(load(GOLDEN / "manifest.json"), page) == page


def test_the_readme_is_left_out_where_there_is_none(tmp_path):
    manifest = load(GOLDEN / "manifest.json")

    files = ["ironflow/_routes.py", "ironflow/client.py", "ironflow/models.py"]
    assert list(render_all(manifest, tmp_path)) == files
    (tmp_path / "README.md").write_text("# Title\n")
    assert render_all(manifest, tmp_path)["README.md"] == "# Title\n"


def test_every_generated_method_is_documented_in_the_same_shape():
    tree = ast.parse(client.render(load(ROOT / "manifest.json")))
    methods = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]

    assert len(methods) == 165
    for method in methods:
        documented = inspect.cleandoc(ast.get_docstring(method))
        first, blank, route = documented.splitlines()[:3]
        assert first[-1] in ".!?" and not blank and route.startswith("``")
        assert "Raises:\n    IronflowError:" in documented
        arguments = [a.arg for a in [*method.args.args, *method.args.kwonlyargs]][1:]
        for argument in arguments:
            assert f"\n    {argument}: " in documented, (method.name, argument)
        assert isinstance(method.body[-1], ast.Return) and len(method.body) == 2
