"""Two manifests compared: what the new one means for callers of the old client.

Rules:

1. A caller knows names. An old name, or second name, that still exists is compared with what it
   calls now. One that does not exist breaks source, whether its route lives on under another name
   or not.
2. A route is the same route under other names of its placeholders.
3. Whether a call still fits is not judged by eye: each way to write an old call is bound to the new
   signature.
4. Models are compared where methods use them. Routes without a method concern no caller.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, NamedTuple

from .changes import Change
from .compare import Models, compare_argument, compare_body, compare_reply
from .endpoints import shape
from .naming import methods
from .paging import PAGING
from .types import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from .model import Manifest, Method, Model, Type

_POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD
_KEYWORD = inspect.Parameter.KEYWORD_ONLY


class Slot(NamedTuple):
    """An argument as a caller sees it, ``body`` included, and where its value goes."""

    name: str
    is_positional: bool
    required: bool
    where: str
    wire: str
    type: Type


def diff(old: Manifest, new: Manifest) -> list[Change]:
    """Return every change, in no particular order.

    Raises:
        ManifestError: The names of one of the manifests collide.
    """
    return list(_Comparison(old, new).changes())


class _Comparison:
    def __init__(self, old: Manifest, new: Manifest) -> None:
        self._models = Models(old.models, new.models)
        self._old = list(_callable(old))
        self._new = list(_callable(new))
        self._routes = {_place(method): method for method in self._new}
        self._names = {method.name: method for method in self._new}
        self._names.update({method.alias: method for method in self._new if method.alias})

    def changes(self) -> Iterator[Change]:
        met: set[str] = set()
        for old in self._old:
            new = self._successor(old, old.name)
            if new is not None:
                met.add(new.name)
            yield from self._compare(old, old.name, new)
            if old.alias and (new is None or self._names.get(old.alias) is not new):
                yield from self._compare(old, old.alias, self._successor(old, old.alias))
        known = {name for old in self._old for name in (old.name, old.alias)}
        for new in self._new:
            if new.name not in met:
                route = new.endpoint.route
                yield Change(
                    "method_added", new.name, f"{new.name} is new: {route}", (), None, route
                )
            if new.alias and new.alias not in known:
                text = f"{new.alias} is a second name of {new.name}"
                yield Change("alias_added", new.alias, text, (), None, new.name)

    def _successor(self, old: Method, name: str) -> Method | None:
        """Return what a name calls now, or else the method of the route that it called."""
        return self._names.get(name) or self._routes.get(_place(old))

    def _compare(self, old: Method, name: str, new: Method | None) -> Iterator[Change]:
        is_alias = name != old.name
        if name not in self._names:
            yield _vanished(old, name, new)
            if is_alias or new is None:
                return
        elif new is not None:
            route, other = old.endpoint.route, new.endpoint.route
            if shape(route) != shape(other):
                text = f"{name} calls {other} instead of {route}"
                yield Change("route_changed", name, text, ("wire",), route, other)
            elif new.name != name and not is_alias:
                text = f"{name} is now named {new.name}; {name} is still its second name"
                yield Change("method_renamed", name, text, (), name, new.name)
        if new is not None:
            yield from _compare_arguments(name, old, new, self._models)
            yield from _compare_replies(name, old, new, self._models)
            if not _is_iterate(old):  # what is said of a list is said once
                yield from _compare_facts(name, old, new)
                yield from _compare_documentation(name, old, new, self._models)


def _callable(manifest: Manifest) -> Iterator[Method]:
    """Yield the methods that a caller finds, those that go through pages after their lists."""
    for method in methods(manifest):
        if not method.endpoint.left_out:
            yield method
            if method.iterate:
                yield method.iterate


def _is_iterate(method: Method) -> bool:
    return any(option.where == PAGING for option in method.options)


def _place(method: Method) -> tuple[str, bool]:
    """Return what identifies a method whatever its name is."""
    return shape(method.endpoint.route), _is_iterate(method)


def _vanished(old: Method, name: str, new: Method | None) -> Change:
    if name != old.name:
        text = f"{name} is no longer a second name of {old.name}"
        return Change("alias_removed", name, text, ("source",), old.name, None)
    if new is None:
        text = f"{name} is gone: {old.endpoint.route}"
        return Change("method_removed", name, text, ("source",), old.endpoint.route, None)
    text = f"{name} is now named {new.name}"
    return Change("method_renamed", name, text, ("source",), name, new.name)


# Arguments


def _slots(method: Method) -> dict[str, Slot]:
    """Return the arguments of a method by name, in the order of its signature."""
    body = method.endpoint.body
    slots = [Slot(a.name, True, True, "path", "", a.parameter.type) for a in method.positional]
    if body:
        slots.append(Slot("body", True, body.required, "body", "", body.type))
    for option in method.options:
        found = option.parameter
        slots.append(Slot(option.name, False, found.required, option.where, found.name, found.type))
    return {slot.name: slot for slot in slots}


def _compare_arguments(place: str, old: Method, new: Method, models: Models) -> Iterator[Change]:
    before, after = _slots(old), _slots(new)
    for name in before:
        inside = f"{place}.{name}"
        if name not in after:
            kind = spelled(before[name].type)
            yield Change("argument_removed", inside, f"{inside} is gone", ("source",), kind, None)
        else:
            yield from _compare_slots(inside, before[name], after[name])
            if name == "body":
                yield from _compare_bodies(inside, old, new, models)
    for name, slot in after.items():
        if name not in before:
            inside = f"{place}.{name}"
            text = f"{inside} is new{' and required' if slot.required else ''}"
            breaks = ("source",) if slot.required else ()
            yield Change("argument_added", inside, text, breaks, None, spelled(slot.type))
    yield from _compare_order(place, before, after)


def _compare_order(
    place: str, old: Mapping[str, Slot], new: Mapping[str, Slot]
) -> Iterator[Change]:
    """Yield that arguments which all still exist stand in another order."""
    common = [name for name in old if name in new]
    moved = [name for name in new if name in old]
    if common == moved or any(slot.required for name, slot in new.items() if name not in old):
        return
    positional = [[n for n in names if old[n].is_positional] for names in (common, moved)]
    breaks = () if positional[0] == positional[1] else ("wire",)
    if len(common) == len(old) and not _still_fits(old, new):
        breaks = ("source",)
    if breaks:
        text = f"{place} takes its arguments in another order"
        yield Change("route_changed", place, text, breaks, ", ".join(common), ", ".join(moved))


def _compare_slots(place: str, old: Slot, new: Slot) -> Iterator[Change]:
    if old.is_positional and not new.is_positional:
        text = f"{place} goes by keyword only"
        yield Change("argument_removed", place, text, ("source",), "positional", "keyword")
    if new.required and not old.required:
        text = f"{place} is required"
        yield Change("argument_required", place, text, ("source",), "optional", "required")
    elif old.required and not new.required:
        text = f"{place} is optional"
        yield Change("argument_optional", place, text, (), "required", "optional")
    if (old.where, old.wire) != (new.where, new.wire):
        ends = [f"{slot.where} {slot.wire}".strip() for slot in (old, new)]
        text = f"{place} is sent as {ends[1]} instead of {ends[0]}"
        yield Change("route_changed", place, text, ("wire",), *ends)
    if "body" not in (old.where, new.where):
        yield from compare_argument(place, old.type, new.type, new.where)


def _compare_bodies(place: str, old: Method, new: Method, models: Models) -> Iterator[Change]:
    before, after = old.endpoint.body, new.endpoint.body
    if before is None or after is None:
        return
    yield from compare_body(place, before.type, after.type, models)
    if before.raw != after.raw:
        forms = ["bytes or JSON" if body.raw else "JSON" for body in (before, after)]
        kind, breaks = (
            ("argument_widened", ()) if after.raw else ("argument_narrowed", ("types", "wire"))
        )
        yield Change(kind, place, f"{place} takes {forms[1]} instead of {forms[0]}", breaks, *forms)


def _still_fits(old: Mapping[str, Slot], new: Mapping[str, Slot]) -> bool:
    """Tell whether each way to write an old call can be bound to the new signature."""
    signature = inspect.Signature(
        [
            inspect.Parameter(
                slot.name,
                _POSITIONAL if slot.is_positional else _KEYWORD,
                default=inspect.Parameter.empty if slot.required else None,
            )
            for slot in new.values()
        ]
    )
    return all(_binds(signature, *call) for call in _calls(old))


def _binds(signature: inspect.Signature, args: list[str], kwargs: dict[str, str]) -> bool:
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _calls(slots: Mapping[str, Slot]) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yield ways to write a call: by position and by name, with little, with each, with all."""
    required = {slot.name for slot in slots.values() if slot.required}
    for given in (required, *({*required, name} for name in slots), set(slots)):
        chosen = [slot for slot in slots.values() if slot.name in given]
        yield [], {slot.name: "" for slot in chosen}
        yield (
            [slot.name for slot in chosen if slot.is_positional],
            {slot.name: "" for slot in chosen if not slot.is_positional},
        )


# What else there is to know


def _compare_replies(place: str, old: Method, new: Method, models: Models) -> Iterator[Change]:
    inside = f"{place}.reply"
    before, after = old.endpoint.response, new.endpoint.response
    if before is None or after is None:
        if before is not after:
            is_known = before is None or before.kind != "any"
            names = [spelled(kind) if kind else "nothing" for kind in (before, after)]
            text = f"{inside} is {names[1]} instead of {names[0]}"
            breaks = ("types", "wire") if is_known else ()
            yield Change("reply_type_changed", inside, text, breaks, *names)
        return
    yield from compare_reply(inside, before, after, models)
    if "any" in (before.kind, after.kind):
        return
    if new.endpoint.may_be_empty and not old.endpoint.may_be_empty:
        text = f"{inside} may be empty"
        yield Change("reply_type_changed", inside, text, ("types",), "never empty", "may be empty")
    elif old.endpoint.may_be_empty and not new.endpoint.may_be_empty:
        text = f"{inside} is never empty"
        yield Change("reply_type_changed", inside, text, (), "may be empty", "never empty")


def _compare_facts(place: str, old: Method, new: Method) -> Iterator[Change]:
    before, after = old.endpoint, new.endpoint
    if before.group != after.group:
        text = f"{place} belongs to {after.group} instead of {before.group}"
        yield Change("group_changed", place, text, (), before.group, after.group)
    if before.category != after.category:
        text = f"{place} is {after.category} instead of {before.category}"
        yield Change("category_changed", place, text, (), before.category, after.category)
    if after.deprecated and not before.deprecated:
        notice = str(after.deprecated)
        yield Change("deprecated", place, f"{place} is deprecated since {notice}", (), None, notice)


def _compare_documentation(
    place: str, old: Method, new: Method, models: Models
) -> Iterator[Change]:
    before, after = _described(old, models.old), _described(new, models.new)
    names = [name for name in before if name in after and before[name] != after[name]]
    if names:
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        yield Change("documentation", place, f"{place} is described anew: {shown}")


def _described(method: Method, models: Mapping[str, Model]) -> dict[str, Any]:
    """Return what is said of a method that changes neither a call nor a reply."""
    endpoint = method.endpoint
    found: dict[str, Any] = {
        key: getattr(endpoint, key)
        for key in (
            "summary",
            "description",
            "documented",
            "pagination",
            "server_wait",
            "secret",
            "stream",
            "idempotent",
            "example",
        )
    }
    if endpoint.deprecated:
        found["deprecated"] = endpoint.deprecated
    if endpoint.body:
        found["body"] = endpoint.body.description
    for argument in (*method.positional, *method.options):
        found[argument.name] = (argument.parameter.description, argument.parameter.default)
    for name in _models_of(method, models):
        found[name] = models[name].description
        for field in models[name].fields:
            found[f"{name}.{field.name}"] = field.description
    return found


def _models_of(method: Method, models: Mapping[str, Model]) -> list[str]:
    """Return the models that a method takes or gives, those inside of others included."""
    endpoint = method.endpoint
    waiting = [endpoint.body.type] if endpoint.body else []
    waiting += [endpoint.response] if endpoint.response else []
    found: list[str] = []
    while waiting:
        for name in waiting.pop().models():
            if name not in found:
                found.append(name)
                waiting += [field.type for field in models[name].fields]
    return sorted(found)
