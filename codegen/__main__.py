"""``python -m codegen``: generate the client, check that it is current, report its coverage.

Exit status: 0 done, 1 not current (or not healthy), 2 the manifest or the arguments are not right.
"""

from __future__ import annotations

import argparse
import difflib
import gc
import os
import sys
import tempfile
from pathlib import Path

from .health import HealthError, report
from .manifest import Manifest, ManifestError, load
from .naming import naming_problems
from .render import render_all

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    gc.disable()  # it would look for cycles among thousands of small objects that have none
    try:
        manifest = _load(options.manifest)
        return _run(options, manifest)
    except ManifestError as error:
        for problem in error.problems:
            print(f"{options.manifest.name}: {problem}", file=sys.stderr)
        print(f"{len(error.problems)} problem(s), nothing written", file=sys.stderr)
        return 2
    finally:
        gc.enable()


def _run(options: argparse.Namespace, manifest: Manifest) -> int:
    if options.command == "generate":
        return generate(manifest, options.output)
    if options.command == "check":
        return check(manifest, options.output)
    return health(manifest, options.output, options.record, options.json)


def generate(manifest: Manifest, root: Path) -> int:
    """Write every generated file that is not current; each is replaced whole or not at all."""
    for name, content in render_all(manifest, root).items():
        path = root / name
        if _current(path) != content:
            _replace(path, content)
            print(f"wrote {name}")
    return 0


def check(manifest: Manifest, root: Path) -> int:
    """Print how the generated files differ from what the manifest gives; write nothing."""
    drift = False
    for name, content in render_all(manifest, root).items():
        current = _current(root / name)
        if current != content:
            drift = True
            lines = difflib.unified_diff(
                (current or "").splitlines(keepends=True),
                content.splitlines(keepends=True),
                f"{name} (as it is)" if current is not None else f"{name} (missing)",
                f"{name} (as manifest.json gives it)",
            )
            sys.stdout.writelines(lines)
    if drift:
        print("not current; run `make sdk-gen-python` and commit what it writes", file=sys.stderr)
    return int(drift)


def health(manifest: Manifest, root: Path, record: Path, json_path: Path | None) -> int:
    """Print the coverage report, write it as JSON too, and tell whether it is in order."""
    try:
        found = report(manifest, root, record)
    except HealthError as error:
        print(error, file=sys.stderr)
        return 1
    drift = [
        name
        for name, content in render_all(manifest, root).items()
        if _current(root / name) != content
    ]
    print(found.text(drift))
    if json_path is not None:
        _replace(json_path, found.json(drift))
    return int(bool(found.problems(drift)))


def _load(path: Path) -> Manifest:
    manifest = load(path)
    problems = naming_problems(sorted(manifest.endpoints, key=lambda endpoint: endpoint.route))
    if problems:
        raise ManifestError(problems)
    return manifest


def _current(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def _replace(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode("utf-8"))
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    helps = {
        "generate": "write the generated files",
        "check": "print a diff and exit 1 where a generated file is not current",
        "health": "report what of the API is covered, typed and tested",
    }
    for name, text in helps.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--manifest", type=Path, default=ROOT / "manifest.json")
        command.add_argument("--output", type=Path, default=ROOT, help="root of the files")
        if name == "health":
            command.add_argument("--record", type=Path, default=ROOT / "build" / "wire.json")
            command.add_argument("--json", type=Path, default=None, help="write the report here")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # the reader of a long diff has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
