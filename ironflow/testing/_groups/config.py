"""Config documents: each write replaces the record and counts its revision up by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._checks import find
from .._state import only
from .._upgrades import upgrade_required

if TYPE_CHECKING:
    from .._calls import Call
    from .._http import Reply
    from .._state import Record


def config_list(call: Call) -> Record:
    configs = [
        only(record, ("name", "revision", "updatedAt"))
        for _, record in sorted(call.environment.configs.items())
    ]
    return {"configs": configs}


def config_get(call: Call, name: str) -> Record:
    return find(call.environment.configs, name, "config")


def config_create(call: Call, name: str) -> Record:
    return _written(call, name, call.body().value)


def config_patch(call: Call, name: str) -> Record:
    change = call.body().value
    before = call.environment.configs.get(name, {"data": {}})
    return _written(call, name, {**before["data"], **change})


def config_delete(call: Call, name: str) -> None:
    call.environment.configs.pop(name, None)


def config_list_watch(call: Call, name: str) -> Reply:
    return upgrade_required(call)  # also for a document that is still to be written


def _written(call: Call, name: str, data: dict[str, Any]) -> Record:
    configs = call.environment.configs
    revision = configs[name]["revision"] + 1 if name in configs else 1
    configs[name] = {
        "name": name,
        "data": data,
        "revision": revision,
        "updatedAt": call.state.now(),
    }
    return {"name": name, "revision": revision}
