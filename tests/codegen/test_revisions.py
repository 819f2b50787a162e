"""``python -m codegen diff``: what it compares, how it exits, what it says of bad input."""

from __future__ import annotations

import json
import subprocess

import pytest

from codegen.__main__ import main
from codegen.revisions import RevisionError, load_revision

from ..conftest import ROOT
from .builders import document, endpoint

LIST = endpoint("GET /api/v1/runs", response=None)
GET = endpoint("GET /api/v1/runs/{id}", response=None)


@pytest.fixture
def files(tmp_path):
    """Two manifests: the second lacks a method and has another."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(document(LIST)), encoding="utf-8")
    new.write_text(json.dumps(document(GET)), encoding="utf-8")
    return str(old), str(new)


@pytest.fixture
def repository(tmp_path):
    """A project under git whose last commit has a manifest that the file has not any more."""

    def git(*arguments):
        who = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(document(LIST)), encoding="utf-8")
    git("init", "--quiet")
    git("add", "manifest.json")
    git("commit", "--quiet", "-m", "a manifest")
    git("tag", "v1")
    path.write_text(json.dumps(document(GET)), encoding="utf-8")
    return tmp_path


def names(manifest):
    return [entry.path for entry in manifest.endpoints]


def test_a_breaking_change_exits_with_1_unless_it_is_allowed(files, capsys):
    assert main(["diff", *files]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split()[:3] == ["BREAKS", "source", "method_removed"]
    assert err == ""
    assert main(["diff", *files, "--allow-breaking"]) == 0


def test_what_breaks_nothing_exits_with_0(files, capsys):
    assert main(["diff", files[0], files[0]]) == 0
    assert capsys.readouterr().out == "0 change(s), 0 breaking; version bump: none\n"


def test_the_forms(files, capsys):
    assert main(["diff", *files, "--json"]) == 1
    assert [c["kind"] for c in json.loads(capsys.readouterr().out)["changes"]] == [
        "method_removed",
        "method_added",
    ]
    assert main(["diff", *files, "--markdown", "--allow-breaking"]) == 0
    assert capsys.readouterr().out.startswith("## Unreleased (major)\n\n### Breaking\n")


def test_only_one_form_at_a_time(files):
    with pytest.raises(SystemExit) as caught:
        main(["diff", *files, "--json", "--markdown"])
    assert caught.value.code == 2


def test_a_git_revision_stands_for_the_manifest_that_it_has(repository):
    assert names(load_revision("v1", repository)) == ["/api/v1/runs"]
    assert names(load_revision("HEAD", repository)) == ["/api/v1/runs"]
    assert names(load_revision(str(repository / "manifest.json"), repository)) == [
        "/api/v1/runs/{id}"
    ]


@pytest.mark.parametrize("name", ["v2", "HEAD~9", "nothing.json", "v1:nothing", "", "a\0b"])
def test_an_unknown_revision_is_one_line(repository, name):
    with pytest.raises(RevisionError) as caught:
        load_revision(name, repository)

    assert len(str(caught.value).splitlines()) == 1
    assert "neither a file nor a git revision" in str(caught.value) or "cannot" in str(caught.value)


BAD = {
    "not JSON": (b"{", "is not JSON"),
    "not UTF-8": (b"\xff\xfe\xfd", "is not JSON"),
    "another thing": (b"[]", "must be an object"),
    "empty": (b"{}", "is missing; it must be an array (and 2 more problems)"),
    "newer": (
        b'{"manifest_version": 2, "routes": {}}',
        "is of manifest version 2, which is newer than this generator; update it",
    ),
    "hostile": (
        json.dumps(document(endpoint(method="\x1b[31m"))).encode(),
        "endpoints[0].method ('\\x1b[31m /api/v1/runs/{id}/retry')",
    ),
    "names": (
        json.dumps(document(LIST, endpoint("GET /api/v1/steps"))).encode(),
        "are both named runs_list",
    ),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("place", [0, 1])
def test_a_file_that_is_no_sound_manifest_is_one_line(
    files, tmp_path, capsys, place, content, words
):
    broken = tmp_path / "broken.json"
    broken.write_bytes(content)
    given = list(files)
    given[place] = str(broken)

    assert main(["diff", *given]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith(f"{broken}: ") and words in err


def test_a_folder_is_one_line(files, tmp_path, capsys):
    assert main(["diff", str(tmp_path), files[1]]) == 2
    assert capsys.readouterr().err == f"{tmp_path}: cannot be read: Is a directory\n"


def test_the_committed_manifest_breaks_nothing_against_itself(capsys):
    manifest = str(ROOT / "manifest.json")

    assert main(["diff", manifest, manifest]) == 0
    assert "0 change(s)" in capsys.readouterr().out
