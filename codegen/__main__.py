"""``python -m codegen``: generate the client, check it, report on it, and follow the server.

Exit status: 0 done; 1 not current, not healthy, or breaking; 2 the command cannot be carried out
(arguments, a manifest, a file or the server is not right).
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import health_page
from .changes import as_json, as_markdown, as_text
from .diff import diff as compare
from .files import FileError, current, replace
from .health import HealthError, report
from .listing import ListingError, fetch, read_listing
from .manifest import check as check_manifest
from .manifest import decode, decode_text, load, read
from .model import ManifestError
from .naming import methods, naming_problems
from .pull import PullError, apply, lines, merge
from .render import RenderError, render_all
from .revisions import RevisionError, last_tag, load_revision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .model import Manifest

_ERRORS = (FileError, HealthError, ListingError, PullError, RenderError, RevisionError)
ROOT = Path(__file__).resolve().parent.parent
DEFAULT_SERVER = "http://localhost:9123"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except ManifestError as error:
        for problem in error.problems:
            print(f"{options.manifest.name}: {problem}", file=sys.stderr)
        print(f"{len(error.problems)} problem(s), nothing written", file=sys.stderr)
    except _ERRORS as error:
        print(error, file=sys.stderr)
    return 2


def generate(options: argparse.Namespace) -> int:
    """Write every generated file that is not current."""
    for name, found, content in _files(load(options.manifest), options.output):
        if found != content:
            replace(options.output / name, content)
            print(f"wrote {name}")
    return 0


def check(options: argparse.Namespace) -> int:
    """Print how the generated files differ from what the manifest gives; write nothing."""
    drift = False
    for name, found, content in _files(load(options.manifest), options.output):
        if found != content:
            drift = True
            lines = difflib.unified_diff(
                (found or "").splitlines(keepends=True),
                content.splitlines(keepends=True),
                f"{name} (as it is)" if found is not None else f"{name} (missing)",
                f"{name} (as manifest.json gives it)",
            )
            sys.stdout.writelines(lines)
    if drift:
        print("not current; run `make sdk-gen-python` and commit what it writes", file=sys.stderr)
    return int(drift)


def health(options: argparse.Namespace) -> int:
    """Print the coverage report, write it as JSON too, and tell whether all is in order."""
    manifest = load(options.manifest)
    found = report(manifest, methods(manifest), options.output, options.record)
    drift = [name for name, text, content in _files(manifest, options.output) if text != content]
    print(found.text(drift))
    if options.json is not None:
        replace(options.json, found.json(drift))
    if options.html is not None:
        since = last_tag(ROOT)
        changes = compare(load_revision(since, ROOT), manifest) if since else None
        replace(options.html, health_page.render(found, drift, changes, since))
    return int(bool(found.problems(drift)))


def pull(options: argparse.Namespace) -> int:
    """Merge the server's list of routes into the manifest, and print what changes."""
    content = read(options.manifest)
    before = check_manifest(decode(content))
    server = options.server
    if server is None:
        server = os.environ.get("IRONFLOW_SERVER_URL") or DEFAULT_SERVER
    found = merge(before, read_listing(fetch(server, os.environ.get("IRONFLOW_API_KEY"))))
    text = apply(found, decode_text(content), options.prune)
    after = check_manifest(decode(text.encode("utf-8")))
    told = lines(found, after, options.prune)
    print("\n".join(told) if told else "nothing changed")
    for problem in naming_problems(after.endpoints):
        print(f"before you generate: {problem}", file=sys.stderr)
    if text.encode("utf-8") != content and not options.dry_run:
        replace(options.manifest, text)
        print(f"wrote {options.manifest.name}")
    return 0


def diff(options: argparse.Namespace) -> int:
    """Print what changed between two manifests and what it breaks."""
    changes = compare(*(load_revision(name, ROOT) for name in (options.old, options.new)))
    form = as_json if options.json else as_markdown if options.markdown else as_text
    print(form(changes), end="")
    return int(any(change.is_breaking for change in changes) and not options.allow_breaking)


def _files(manifest: Manifest, root: Path) -> Iterator[tuple[str, str | None, str]]:
    """Yield each generated file: its name, its text as it is, and as it should be."""
    files = render_all(manifest, root)
    found = {name: current(root / name) for name in files}
    for name, text in found.items():
        yield name, text, files.pop(name)  # a large manifest makes many megabytes of them


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(run.__name__, help=text, description=text)
        command.set_defaults(run=run)
        if run is not diff:
            command.add_argument("--manifest", type=Path, default=ROOT / "manifest.json")
        if run in (generate, check, health):
            command.add_argument("--output", type=Path, default=ROOT, help="root of the files")
        return command

    add(generate, "write the generated files")
    add(check, "print a diff and exit 1 where a generated file is not current")
    command = add(health, "report what of the API is covered, typed and tested")
    command.add_argument("--record", type=Path, default=ROOT / "build" / "wire.json")
    command.add_argument("--json", type=Path, default=None, help="write the report here")
    command.add_argument("--html", type=Path, default=None, help="write it here as a web page")
    command = add(pull, "merge the server's list of routes into the manifest")
    address = f"address; IRONFLOW_SERVER_URL or {DEFAULT_SERVER} by default"
    command.add_argument("--server", metavar="URL", help=address)
    command.add_argument("--prune", action="store_true", help="remove what the server lacks")
    command.add_argument("--dry-run", action="store_true", help="write nothing")
    command = add(diff, "say what changed between two manifests; exit 1 when that breaks callers")
    command.add_argument("old", metavar="OLD", help="a manifest, or a git revision")
    command.add_argument("new", metavar="NEW", help="likewise")
    forms = command.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="for programs")
    forms.add_argument("--markdown", action="store_true", help="for the changelog")
    command.add_argument("--allow-breaking", action="store_true", help="exit 0 all the same")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # the reader of a long diff has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
