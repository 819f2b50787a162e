"""What ``import ironflow`` costs: nothing of the network, nothing heavy, nothing to install."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

HEAVY = {
    "asyncio", "collections", "dataclasses", "datetime", "email", "enum", "functools", "hashlib",
    "http", "inspect", "json", "logging", "random", "re", "select", "selectors", "socket", "ssl",
    "subprocess", "tempfile", "threading", "typing", "urllib", "uuid", "warnings",
}  # fmt: skip


def loaded_by(code):
    """Return the modules that ``code`` loads in an interpreter that has loaded nothing for us."""
    program = (
        f"import sys; before = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-S", "-c", program]
    return set(
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_the_client_loads_nothing_heavy():
    loaded = loaded_by("from ironflow import IronflowClient, IronflowError")
    assert {"ironflow.client", "ironflow._errors"} <= loaded
    assert not {name.partition(".")[0] for name in loaded} & HEAVY
    assert not loaded & {"ironflow._wire.transport", "ironflow._wire.replies", "ironflow.models"}


def test_a_call_never_loads_the_models():
    code = (
        "from ironflow import IronflowClient\n"
        "try: IronflowClient('http://127.0.0.1:1').runs_list()\n"
        "except ConnectionError: pass"
    )
    loaded = loaded_by(code)
    assert "ironflow._wire.transport" in loaded
    assert "ironflow.models" not in loaded


# Peers that are not ours: the extra interop, and what tests.rpc_peer installs.
INTEROP = {"connectrpc", "h11", "uvicorn", "websockets"}
STANDARD = set(getattr(sys, "stdlib_module_names", ()))  # Python 3.10 and newer


class _WithoutTypeChecking(ast.NodeTransformer):
    def visit_If(self, node):
        self.generic_visit(node)
        return node.orelse if ast.unparse(node.test) == "TYPE_CHECKING" else node


def _imports(path):
    """The packages that are imported at run time."""
    tree = _WithoutTypeChecking().visit(ast.parse(path.read_text(encoding="utf-8")))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.skipif(not STANDARD, reason="Python 3.9 cannot list its standard library")
@pytest.mark.parametrize("package", ["ironflow", "codegen"])
def test_the_sources_import_the_standard_library_only(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        allowed = {package, "pytest"} if path.name == "pytest_plugin.py" else {package}
        assert set(_imports(path)) - STANDARD <= allowed, path


def test_importing_the_client_or_calling_it_never_loads_the_local_server():
    loaded = loaded_by("import ironflow; ironflow.IronflowClient('http://127.0.0.1:1')")
    assert not {name for name in loaded if name.startswith("ironflow.testing")}


@pytest.mark.skipif(not STANDARD, reason="Python 3.9 cannot list its standard library")
def test_the_tests_import_the_standard_library_and_pytest_only():
    ours = {"codegen", "ironflow", "pytest", "tests"}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        peers = INTEROP if path.stem.endswith("_interop") else set()
        assert set(_imports(path)) - STANDARD <= ours | peers, path


def test_the_models_can_be_imported_by_whoever_wants_them():
    loaded = loaded_by("from ironflow import models; assert models.Run.__annotations__['id']")
    assert "ironflow.models" in loaded
