"""The public surface, held as a snapshot: nothing appears, vanishes or is renamed unnoticed.

The methods of single endpoints are not part of it: they follow the manifest.

After a change that is meant: ``python -m tests.test_public_api`` writes the snapshot anew; read its
diff, and say in CHANGELOG.md what changed for users.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import ironflow
import ironflow.client
from ironflow import testing

OWNERS = (
    ironflow.IronflowClient,
    ironflow.IronflowError,
    ironflow.Pages,
    testing.LocalServer,
    testing.ReceivedRequest,
    testing.StepTools,
)
SNAPSHOT = Path(__file__).parent / "golden" / "public_api.txt"


def surface():
    """Return a line for each public name, with the signature of what can be called."""
    lines = [f"ironflow.{name}" for name in ironflow.__all__]
    lines += [f"ironflow.client.{name}" for name in ironflow.client.__all__]
    lines += [f"ironflow.testing.{name}" for name in testing.__all__]
    for owner in OWNERS:
        for name, member in inspect.getmembers(owner, inspect.isfunction):
            if member.__module__ == "ironflow.client":
                continue  # generated: `make sdk-diff` tells how these change
            if not name.startswith("_") or name == "__init__":
                lines.append(f"{owner.__name__}.{name}({_parameters(member)})")
        for name, _ in inspect.getmembers(owner, inspect.isdatadescriptor):
            if name in vars(owner) and not name.startswith("_"):
                lines.append(f"{owner.__name__}.{name}")
    lines += [f"IronflowError.{name}" for name in sorted(vars(ironflow.IronflowError("x")))]
    return "\n".join(lines) + "\n"


def _parameters(function):
    shown = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self":
            continue
        mark = {parameter.KEYWORD_ONLY: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        optional = "" if parameter.default is parameter.empty else "="
        shown.append(f"{mark}{parameter.name}{optional}")
    return ", ".join(shown)


def test_the_public_names_and_arguments_are_those_of_the_snapshot():
    assert surface() == SNAPSHOT.read_text(encoding="utf-8")


def test_all_is_sorted_and_every_name_exists():
    for module in (ironflow, testing):
        assert module.__all__ == sorted(module.__all__)
        assert all(hasattr(module, name) for name in module.__all__)


def test_a_name_that_the_testing_package_lacks_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'ironflow.testing' has no attribute 'Server'"):
        testing.Server  # noqa: B018


def test_nothing_else_is_public_in_the_package():
    # pytest adds names with an "@" to the modules of a plugin's package.
    names = {name for name in vars(ironflow) if not name.startswith(("_", "@"))}
    assert names - set(ironflow.__all__) <= {"client", "models", "testing"}  # submodules


def test_every_public_callable_is_documented():
    for owner in OWNERS:
        for name, member in inspect.getmembers(owner, inspect.isfunction):
            if member.__module__ == "ironflow.client":
                continue  # generated: `make sdk-diff` tells how these change
            if not name.startswith("_"):
                assert inspect.getdoc(member), name
    for name in ironflow.__all__:
        if name != "__version__":
            assert inspect.getdoc(getattr(ironflow, name)), name


if __name__ == "__main__":
    SNAPSHOT.write_text(surface(), encoding="utf-8")
