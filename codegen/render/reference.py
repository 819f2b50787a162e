"""docs/reference.md: every method with its arguments, its reply and an example, group by group."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .annotations import argument_type, body_type, reply_type, value_type
from .examples import filled
from .text import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codegen.model import Argument, Endpoint, Manifest, Method, Model

PATH = "docs/reference.md"

_CATEGORY_NOTES = {
    "enterprise-only": "Needs an enterprise license; without one the server answers 402.",
    "rpc": "Offered as RPC only; the method speaks Connect's JSON.",
}
_HOW_TO_READ = (
    "Path arguments are positional, `body` follows, and all else goes by keyword. Types that",
    "begin with `models.` are in `ironflow.models`; their members are listed at the end. A reply",
    "may hold more than its type says: a newer server may send more.",
)
_LONGEST_CALL = 90
_SUCH_AS = re.compile(r"such as ``([^`]+)``")


def render(manifest: Manifest, methods: Sequence[Method]) -> str:
    """Return the page."""
    present = [method for method in methods if not method.endpoint.left_out]
    groups: dict[str, list[Method]] = {}
    for method in sorted(present, key=lambda method: method.name):
        groups.setdefault(method.endpoint.group, []).append(method)
    lines = [*_introduction(manifest, present), "## Groups", ""]
    for group in sorted(groups):
        names = ", ".join(f"[`{m.name}`](#{m.name})" for m in groups[group])
        lines.append(f"* [{group}](#{group}): {names}")
    for group in sorted(groups):
        lines += ["", f"## {group}"]
        for method in groups[group]:
            lines += ["", *_section(method)]
    lines += ["", "## Models", "", "What bodies and replies hold."]
    for name in sorted(manifest.models):
        lines += ["", *_model(manifest.models[name])]
    return "\n".join(lines) + "\n"


def _introduction(manifest: Manifest, methods: Sequence[Method]) -> list[str]:
    documented = sum(method.endpoint.documented for method in methods)
    reconstructed = sorted(m.name for m in methods if m.endpoint.reconstructed)
    version = manifest.server_version or "unknown"
    count = (
        f"Every method of `IronflowClient` that calls one endpoint, {len(methods)} of them, for"
        f" server {version}. {documented} of them are counted by the SDK document:"
        f" {documented - len(reconstructed)} it shows by name, and {len(reconstructed)} are"
        " reconstructed from that count"
    )
    names = ", ".join(f"`{name}`" for name in reconstructed)
    return [
        "<!-- GENERATED from manifest.json by `python -m codegen generate`. -->",
        "",
        "# Reference",
        "",
        f"{count}: {names}." if names else f"{count}.",
        "",
        *_HOW_TO_READ,
        "",
    ]


def _section(method: Method) -> Iterator[str]:
    endpoint = method.endpoint
    yield f"### {method.name}"
    yield ""
    yield f"`{endpoint.route}`"
    yield ""
    said = (endpoint.summary or f"Call ``{endpoint.route}``.", endpoint.description)
    yield " ".join(filter(None, said)).replace("``", "`")
    notes = list(_notes(method))
    if notes:
        yield ""
        yield from (f"* {note}" for note in notes)
    rows = list(_rows(method))
    if rows:
        yield ""
        yield "| argument | type | meaning |"
        yield "|---|---|---|"
        yield from rows
    yield ""
    yield f"Returns `{reply_type(endpoint)}`."
    yield ""
    yield "```py"
    yield from call(method)
    yield "```"
    reply = (endpoint.example or {}).get("response")
    if reply is not None:
        yield ""
        yield "```json"
        yield json.dumps(reply, indent=2, ensure_ascii=False)
        yield "```"


def _model(model: Model) -> Iterator[str]:
    yield f"### models.{model.name}"
    if model.description:
        yield ""
        yield model.description.replace("``", "`")
    if model.fields:
        yield ""
        yield "| member | type | meaning |"
        yield "|---|---|---|"
    for field in model.fields:
        element = field.type.item or field.type
        known = element.enum
        plain = "int" if element.kind == "integer" else "str"
        kind = value_type(field.type, enum=plain) + (" | None" if field.nullable else "")
        parts = [field.description]
        if known:
            parts.append(f"Known values: {', '.join(f'`{value}`' for value in known)}.")
        if not field.required:
            parts.append("Optional.")
        text = " ".join(filter(None, parts)).replace("``", "`")
        yield f"| `{field.name}` | `{_cell(kind)}` | {_cell(text)} |"


def _notes(method: Method) -> Iterator[str]:
    endpoint = method.endpoint
    if method.alias:
        yield f"Also named `{method.alias}`."
    if method.iterate:
        yield f"`{method.iterate.name}` takes the same filters and goes through all pages."
    if endpoint.deprecated:
        yield f"Deprecated since {endpoint.deprecated}.".replace("``", "`")
    if endpoint.reconstructed:
        yield "The SDK document counts this method and does not show its name: it is reconstructed."
    elif not endpoint.documented:
        yield "Not among the methods that the SDK document counts."
    if endpoint.category in _CATEGORY_NOTES:
        yield _CATEGORY_NOTES[endpoint.category]
    if endpoint.secret:
        yield "The reply holds a credential: no error and no log quotes it."
    if endpoint.idempotent:
        yield "It changes nothing, and is retried like a GET."
    if method.keyed or any(o.parameter.name == "Idempotency-Key" for o in method.options):
        yield "With an idempotency key it is safe to repeat, and is retried; `auto` makes a key."
    if endpoint.server_wait:
        default = endpoint.server_wait.default
        yield (
            f"The server holds the call for up to `{endpoint.server_wait.param}`"
            f" ({default} {endpoint.server_wait.unit} by default);"
            " the client waits at least 2 seconds longer."
        )


def _rows(method: Method) -> Iterator[str]:
    endpoint = method.endpoint
    for argument in method.positional:
        yield _row(argument, required=True)
    if endpoint.body is not None:
        need = "" if endpoint.body.required else "Optional."
        said = f"{endpoint.body.description.replace('``', '`')} {need}".strip()
        yield f"| `body` | `{_cell(body_type(endpoint.body))}` | {_cell(said)} |"
    for option in method.options:
        yield _row(option, required=option.parameter.required)


def _row(argument: Argument, required: bool) -> str:
    parameter = argument.parameter
    parts = [parameter.description]
    known = (parameter.type.item or parameter.type).enum
    if known:
        parts.append(f"One of {', '.join(f'`{value}`' for value in known)}.")
    if parameter.default is not None:
        parts.append(f"Default: {parameter.default}.")
    if not required:
        parts.append("Optional.")
    text = " ".join(filter(None, parts)).replace("``", "`")
    return f"| `{argument.name}` | `{_cell(argument_type(argument))}` | {_cell(text)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def call(method: Method) -> list[str]:
    """Return an example call: the shortest one that the server takes."""
    endpoint = method.endpoint
    items = [sample(argument, endpoint) for argument in method.positional]
    given = (endpoint.example or {}).get("request")
    if given is None and endpoint.body is not None and endpoint.body.required:
        given = {}
    if given is not None:
        items.append("body=" + "\n".join(filled(given, "    ", escaped=str)).strip())
    for option in method.options:
        if option.parameter.required:
            items.append(f"{option.name}={sample(option, endpoint)}")
    whole = f"client.{method.name}({', '.join(items)})"
    if len(whole) <= _LONGEST_CALL and "\n" not in whole:
        return [whole]
    return [f"client.{method.name}(", *(f"    {item}," for item in items), ")"]


def sample(argument: Argument, endpoint: Endpoint) -> str:
    """Return an argument of an example call as Python text."""
    parameter = argument.parameter
    said = _SUCH_AS.search(parameter.description)
    value: Any = said[1] if said else None
    if value is None and parameter.type.kind == "integer":
        return "1"
    if value is None:
        thing = endpoint.group.rstrip("s") if parameter.name == "name" else argument.name
        value = f"my-{thing.replace('_', '-')}"
    return literal(value)
