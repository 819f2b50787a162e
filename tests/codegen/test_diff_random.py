"""Random changes of the manifest: what ``diff`` says of source is what a machine finds.

The machine knows nothing of manifests: it loads both generated clients, writes each old call in
every way that the old signature allows, and binds it to the new method of that name.
"""

from __future__ import annotations

import copy
import inspect
import json
import random

from codegen.diff import diff
from codegen.manifest import check
from codegen.model import ManifestError
from codegen.naming import methods
from codegen.render import client

from ..conftest import ROOT
from .builders import excerpt

COMMITTED = json.loads((ROOT / "manifest.json").read_bytes())
PARAMETERS = ("query", "headers")
TYPES = ["string", "integer", "boolean", "datetime", "array<string>"]


# What can happen to a manifest


def an_endpoint(manifest, rng):
    return rng.choice(manifest["endpoints"])


def drop_endpoint(manifest, rng):
    manifest["endpoints"].remove(an_endpoint(manifest, rng))


def add_endpoint(manifest, rng):
    old = an_endpoint(manifest, rng)
    path = f"{old['path'].rstrip('.}').partition('{')[0].rstrip('/')}/extra{rng.randrange(99)}"
    new = {"method": "POST", "path": path, "group": old["group"], "category": "supported"}
    manifest["endpoints"].append(new)


def pin_name(manifest, rng):
    entry = an_endpoint(manifest, rng)
    entry.update(name=f"{entry['group']}_pin{rng.randrange(9)}", name_reason="so")


def unpin_name(manifest, rng):
    for entry in manifest["endpoints"]:
        if entry.get("name"):
            del entry["name"], entry["name_reason"]


def change_alias(manifest, rng):
    entry = an_endpoint(manifest, rng)
    if entry.pop("alias", None) is None or rng.random() < 0.5:
        entry["alias"] = f"{entry['group']}_alias{rng.randrange(9)}"


def name_of(manifest, entry):
    (name,) = (
        method.name
        for method in methods(check(manifest))
        if method.endpoint.route == f"{entry['method']} {entry['path']}"
    )
    return name


def drop_pagination(manifest, rng):
    paged = [entry for entry in manifest["endpoints"] if entry.get("pagination")]
    del rng.choice(paged)["pagination"]


def keep_old_name(manifest, rng):
    entry = an_endpoint(manifest, rng)
    old = name_of(manifest, entry)
    pin_name({"endpoints": [entry]}, rng)
    entry["alias"] = old


def swap_names(manifest, rng):
    first, second = rng.sample(manifest["endpoints"], 2)
    first.update(name="swap_a", name_reason="so")
    second.update(name="swap_b", name_reason="so")
    if rng.random() < 0.5:
        first["name"], second["name"] = second["name"], first["name"]


def change_group(manifest, rng):
    an_endpoint(manifest, rng)["group"] = rng.choice(["runs", "moved"])


def hide(manifest, rng):
    an_endpoint(manifest, rng)["category"] = "internal"


def change_path(manifest, rng):
    entry = an_endpoint(manifest, rng)
    entry["path"] = entry["path"].replace("/api/v1", "/api/v1/more", 1)


def change_placeholder(manifest, rng):
    entry = an_endpoint(manifest, rng)
    if "{" in entry["path"]:
        entry["path"] = entry["path"].replace("{", "{x", 1)
        entry.pop("path_params", None)


def add_placeholder(manifest, rng):
    entry = an_endpoint(manifest, rng)
    if not entry["path"].endswith("...}"):
        entry["path"] += "/{extra}"


def move_into_path(manifest, rng):
    entry = rng.choice([e for e in manifest["endpoints"] if e.get("query")])
    old = name_of(manifest, entry)
    moved = entry["query"].pop()
    head, brace, tail = entry["path"].partition("/{")
    entry["path"] = f"{head}/{{{moved['name']}}}{brace}{tail}"
    entry.pop("pagination", None), entry.pop("server_wait", None)
    if name_of(manifest, entry) != old:
        entry.update(name=old, name_reason="so")


def move_out_of_path(manifest, rng):
    entry = rng.choice([e for e in manifest["endpoints"] if "/{" in e["path"]])
    old = name_of(manifest, entry)
    head, _, tail = entry["path"].partition("/{")
    name, _, tail = tail.partition("}")
    entry["path"] = head + tail
    entry.pop("path_params", None)
    entry.setdefault("query", []).append({"name": name, "type": "string", "required": True})
    if name_of(manifest, entry) != old:
        entry.update(name=old, name_reason="so")


def add_parameter(manifest, rng):
    found = an_endpoint(manifest, rng).setdefault(rng.choice(PARAMETERS), [])
    name = rng.choice(["extra", "more", "type", "from"])
    found.append({"name": name, "type": rng.choice(TYPES), "required": rng.random() < 0.4})


def a_parameter_list(manifest, rng):
    lists = [e[key] for e in manifest["endpoints"] for key in PARAMETERS if e.get(key)]
    return rng.choice(lists)


def drop_parameter(manifest, rng):
    found = a_parameter_list(manifest, rng)
    found.remove(rng.choice(found))


def change_required(manifest, rng):
    found = rng.choice(a_parameter_list(manifest, rng))
    found["required"] = not found.get("required", False)


def rename_parameter(manifest, rng):
    rng.choice(a_parameter_list(manifest, rng))["name"] = rng.choice(["renamed", "If-Match"])


def retype_parameter(manifest, rng):
    found = rng.choice(a_parameter_list(manifest, rng))
    for key in ("enum", "default"):
        found.pop(key, None)
    found["type"] = rng.choice(TYPES)


def move_parameter(manifest, rng):
    entry = an_endpoint(manifest, rng)
    if entry.get("query"):
        entry.setdefault("headers", []).append(entry["query"].pop())


def change_body(manifest, rng):
    entry = an_endpoint(manifest, rng)
    if entry["method"] in ("POST", "PUT", "PATCH"):
        entry["body"] = rng.choice([None, {"any": True}, {"any": True, "required": False}])


def change_reply(manifest, rng):
    an_endpoint(manifest, rng)["response"] = rng.choice([None, "any", "string?", "object"])


def change_member(manifest, rng):
    fields = rng.choice([m["fields"] for m in manifest["models"].values() if m["fields"]])
    rng.choice(fields)["required"] = rng.random() < 0.5


def change_words(manifest, rng):
    an_endpoint(manifest, rng)["summary"] = "Other words."


ACTS = [
    drop_endpoint,
    add_endpoint,
    pin_name,
    unpin_name,
    change_alias,
    drop_pagination,
    keep_old_name,
    swap_names,
    change_group,
    hide,
    change_path,
    change_placeholder,
    add_placeholder,
    add_parameter,
    drop_parameter,
    change_required,
    rename_parameter,
    retype_parameter,
    move_parameter,
    move_into_path,
    move_out_of_path,
    change_body,
    change_reply,
    change_member,
    change_words,
]


def a_change(seed):
    """Two sound manifests, the second with one to four changes, and the names of the changes."""
    rng = random.Random(seed)
    while True:
        try:
            old = excerpt(COMMITTED, rng)
            if rng.random() < 0.3:
                swap_names(old, rng)
            for entry in old["endpoints"]:
                entry.pop("example", None), entry.pop("documented", None)
            methods(check(old))
            new = copy.deepcopy(old)
            acts = [rng.choice(ACTS) for _ in range(rng.randint(1, 4))]
            for act in acts:
                act(new, rng)
            for key in PARAMETERS:
                for entry in new["endpoints"]:
                    entry.get(key, []).sort(key=lambda found: found["name"])
            methods(check(new))
            return check(old), check(new), [act.__name__ for act in acts]
        except (ManifestError, IndexError, ValueError):
            continue


# The machine


class _Base:
    """Stands for what every client can do."""


def loaded(manifest):
    """The class of the generated client, in a world of its own."""
    source = client.render(manifest, methods(manifest))
    begin = source.index("class IronflowClient(")
    space = {"BaseClient": _Base, "Waits": _Base, "Rpc": type("Rpc", (), {}), "Live": object}
    exec("from __future__ import annotations\n" + source[begin:], space)
    return space["IronflowClient"]


def ways_to_call(function):
    """Positional and keyword arguments of each way to write a call of this function."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    needed = [p for p in parameters if p.default is p.empty]
    optional = [p for p in parameters if p.default is not p.empty]
    choices = [needed, [*needed, *optional], *([*needed, found] for found in optional)]
    for chosen in choices:
        named = [p.name for p in parameters if p in chosen]
        placed = [p.name for p in parameters if p in chosen and p.kind is not p.KEYWORD_ONLY]
        yield [], dict.fromkeys(named)
        yield placed, dict.fromkeys(name for name in named if name not in placed)


def fails(old, new):
    if new is None:
        return True
    signature = inspect.signature(new)
    for args, kwargs in ways_to_call(old):
        try:
            signature.bind(None, *args, **kwargs)
        except TypeError:
            return True
    return False


def broken_names(old, new):
    """The old names that a caller cannot call any more as the old signature allows."""
    before, after = loaded(old), loaded(new)
    return {
        name
        for name, function in inspect.getmembers(before, inspect.isfunction)
        if fails(function, getattr(after, name, None))
    }


# The two agree


def told_names(old, new):
    """The old names whose callers fail, as the changes tell it."""
    changes = [change for change in diff(old, new) if "source" in change.breaks]
    told = {change.place.partition(".")[0] for change in changes}
    signatures = {
        change.place.partition(".")[0]
        for change in changes
        if "." in change.place or change.kind == "route_changed"
    }
    now = {name: m for m in methods(new) for name in (m.name, m.alias) if not m.endpoint.left_out}
    for method in methods(old):
        # What changed about a method is told once, under its first name.
        if method.alias and method.name in signatures and method.alias in now:
            successor = now.get(method.name)
            if successor is None or successor is now[method.alias]:
                told.add(method.alias)
    return told


def test_two_hundred_random_changes_are_judged_as_a_machine_finds_them():
    used = set()
    breaking = 0
    for seed in range(200):
        old, new, acts = a_change(seed)
        found = broken_names(old, new)
        assert told_names(old, new) == found, (seed, acts)
        used.update(acts)
        breaking += bool(found)
    assert used == {act.__name__ for act in ACTS}
    assert 60 < breaking < 190


def test_the_machine_finds_what_it_has_to():
    def before(self, a, body=None, *, b, c=None): ...

    def same(self, a, body=None, *, c=None, b, d=None): ...

    def renamed(self, x, body=None, *, b, c=None): ...

    def shorter(self, a, *, b, c=None): ...

    def stricter(self, a, body=None, *, b, c): ...

    assert not fails(before, same)
    assert all(fails(before, other) for other in (renamed, shorter, stricter, None))
