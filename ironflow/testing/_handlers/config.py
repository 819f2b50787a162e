"""Config documents: each write replaces the record and raises its revision by one."""

from __future__ import annotations

from .._call import Call
from .._engine.documents import Configs
from .._engine.state import Record, only
from .._http import Reply
from .._live import WatchSession, switch
from ._table import route


@route("GET", "/api/v1/config")
def config_list(call: Call) -> Record:
    configs = [
        only(record, ("name", "revision", "updatedAt"))
        for _, record in sorted(call.environment.of(Configs).items())
    ]
    return {"configs": configs}


@route("GET", "/api/v1/config/{name}")
def config_get(call: Call, name: str) -> Record:
    return call.environment.of(Configs).require(name)


@route("POST", "/api/v1/config/{name}")
def config_create(call: Call, name: str) -> Record:
    written = call.environment.of(Configs).write(name, call.body().value)
    return only(written, ("name", "revision"))


@route("PATCH", "/api/v1/config/{name}")
def config_patch(call: Call, name: str) -> Record:
    configs, changes = call.environment.of(Configs), call.body().value
    before = configs[name]["data"] if name in configs else {}
    return only(configs.write(name, {**before, **changes}), ("name", "revision"))


@route("DELETE", "/api/v1/config/{name}")
def config_delete(call: Call, name: str) -> None:
    call.environment.of(Configs).delete(name)


@route("GET", "/api/v1/config/{name}/watch")
def config_list_watch(call: Call, name: str) -> Reply:
    configs = call.environment.of(Configs)  # the document may not exist yet

    def frame(_: str, record: Record) -> Record:
        return {"type": "config_update", **record}

    session = WatchSession(call.environment, lambda wake: configs.watch(name, wake), frame)
    return switch(call, session)
