"""What ``typing.get_type_hints`` makes of the client, the models and the local server."""

from __future__ import annotations

import collections.abc
import datetime
import inspect
import subprocess
import sys
import typing

import pytest

from ironflow import IronflowClient, models
from ironflow.client import BaseClient
from ironflow.testing import LocalServer, StepTools

MODELS = [
    value
    for name, value in vars(models).items()
    if getattr(value, "__module__", "") == "ironflow.models" and name != "NotRequired"
]
METHODS = [
    name
    for name, _ in inspect.getmembers(IronflowClient, inspect.isfunction)
    if not hasattr(BaseClient, name)
]


def test_the_hints_of_every_model_can_be_resolved():
    assert len(MODELS) > 100
    for model in MODELS:
        assert set(typing.get_type_hints(model)) == set(model.__annotations__)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 cannot evaluate str | None")
def test_the_hints_of_every_method_can_be_resolved():
    assert len(METHODS) > 100
    for name in METHODS:
        method = getattr(IronflowClient, name)
        assert set(typing.get_type_hints(method)) == set(method.__annotations__)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 cannot evaluate str | None")
@pytest.mark.parametrize("owner", [LocalServer, StepTools], ids=lambda owner: owner.__name__)
def test_the_hints_of_the_local_server_can_be_resolved(owner):
    for _, method in inspect.getmembers(owner, inspect.isfunction):
        assert set(typing.get_type_hints(method)) == set(method.__annotations__)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 cannot evaluate str | None")
def test_a_hint_is_what_a_type_checker_sees():
    hints = typing.get_type_hints(IronflowClient.events_list_names)

    assert hints == {
        "since": typing.Union[datetime.datetime, str, None],
        "source": typing.Optional[collections.abc.Sequence[str]],
        "until": typing.Union[datetime.datetime, str, None],
        "return": models.ListEventNamesResponse,
    }


@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 cannot evaluate str | None")
def test_hints_can_be_resolved_when_the_client_was_imported_first():
    code = (
        "import sys; from ironflow import IronflowClient; assert 'typing' not in sys.modules\n"
        "import typing; print(typing.get_type_hints(IronflowClient.config_create)['body'])"
    )
    command = [sys.executable, "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout == "collections.abc.Mapping[str, object]\n"
