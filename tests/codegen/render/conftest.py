"""The golden modules as a package that can be imported."""

from __future__ import annotations

import importlib
import shutil
import sys

import pytest

from ...conftest import ROOT
from ..builders import GOLDEN


@pytest.fixture
def golden(tmp_path, monkeypatch):
    """The golden modules as a package whose BaseClient records its calls."""
    package = tmp_path / "golden_package"
    package.mkdir()
    for name in ("client.py", "models.py"):
        shutil.copy(GOLDEN / name, package / name)
    shutil.copy(ROOT / "ironflow" / "_hints.py", package)
    (package / "__init__.py").write_text("")
    (package / "_encoding.py").write_text("from ironflow._encoding import segment\n")
    (package / "_errors.py").write_text("from ironflow._errors import IronflowError\n")
    for name in ("_page_styles", "_pages"):
        (package / f"{name}.py").write_text(f"from ironflow.{name} import *\n")
    (package / "_live.py").write_text("class Live:\n    pass\n")
    (package / "_rpc.py").write_text(
        "class Rpc:\n    pass\n"
        "CONNECT = {'Connect': '1'}\n"
        "def as_message(model=None): return ('as', model)\n"
    )
    (package / "_waits.py").write_text("from ._base import BaseClient as Waits\n")
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
