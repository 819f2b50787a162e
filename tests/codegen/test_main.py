"""``python -m codegen generate`` and ``check``: what is written, what is printed, what is not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from codegen.__main__ import main
from codegen.render.readme import BEGIN, END

from ..conftest import ROOT
from .builders import GOLDEN

FILES = [
    "ironflow/_routes.py",
    "ironflow/_parameters.py",
    "ironflow/_rpc_methods.py",
    "ironflow/client.py",
    "ironflow/models.py",
    "docs/openapi.json",
    "docs/reference.md",
]
CLIENT = "ironflow/client.py"


@pytest.fixture
def project(tmp_path):
    """A project whose manifest is the golden one."""
    (tmp_path / "manifest.json").write_bytes((GOLDEN / "manifest.json").read_bytes())
    return tmp_path


def run(name, project):
    return main([name, "--manifest", str(project / "manifest.json"), "--output", str(project)])


def tree(root):
    """Every file below ``root`` with its content and the time it was written."""
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def edit(project, **changes):
    """Change the first endpoint of the project's manifest."""
    path = project / "manifest.json"
    document = json.loads(path.read_bytes())
    document["endpoints"][0].update(changes)
    path.write_text(json.dumps(document), encoding="utf-8")


# generate


def test_generate_writes_the_client_its_models_and_the_routes(project, capsys):
    assert run("generate", project) == 0

    assert capsys.readouterr().out == "".join(f"wrote {name}\n" for name in FILES)
    for name in FILES:
        assert (project / name).read_bytes() == (GOLDEN / name.partition("/")[2]).read_bytes()
    assert sorted(tree(project)) == sorted([*FILES, "manifest.json"])


def test_generate_leaves_files_that_others_can_read(project):
    run("generate", project)

    assert (project / CLIENT).stat().st_mode & 0o777 == 0o644


def test_a_second_generate_writes_nothing_and_says_nothing(project, capsys):
    run("generate", project)
    before = tree(project)
    capsys.readouterr()

    assert run("generate", project) == 0
    assert capsys.readouterr() == ("", "")
    assert tree(project) == before


def test_generate_writes_only_what_is_not_current(project, capsys):
    run("generate", project)
    (project / "ironflow/models.py").write_text("# edited by hand\n")
    before = tree(project)
    capsys.readouterr()

    assert run("generate", project) == 0
    assert capsys.readouterr().out == "wrote ironflow/models.py\n"
    assert tree(project)["ironflow/client.py"] == before["ironflow/client.py"]


def test_generate_replaces_a_file_that_is_not_even_text(project):
    run("generate", project)
    (project / CLIENT).write_bytes(b"\xff\xfe\x00")

    assert run("generate", project) == 0
    assert (project / CLIENT).read_bytes() == (GOLDEN / "client.py").read_bytes()


def test_generate_renews_the_table_of_the_readme_and_nothing_around_it(project, capsys):
    page = project / "README.md"
    page.write_text(f"# Mine\n\n{BEGIN}\n{END}\n\nMine too.\n")

    assert run("generate", project) == 0
    assert "wrote README.md" in capsys.readouterr().out
    text = page.read_text()
    assert text.startswith(f"# Mine\n\n{BEGIN}\n| group | methods |\n")
    assert text.endswith(f"{END}\n\nMine too.\n")
    assert run("check", project) == 0


# check


def test_check_is_silent_where_everything_is_current(project, capsys):
    run("generate", project)
    before = tree(project)
    capsys.readouterr()

    assert run("check", project) == 0
    assert capsys.readouterr() == ("", "")
    assert tree(project) == before


def test_the_committed_files_are_current(capsys):
    assert main(["check"]) == 0
    assert capsys.readouterr() == ("", "")


def test_check_shows_what_a_change_of_the_manifest_would_change_and_changes_nothing(
    project, capsys
):
    run("generate", project)
    edit(project, summary="Swap the settings.")
    before = tree(project)
    capsys.readouterr()

    assert run("check", project) == 1
    out, err = capsys.readouterr()
    assert '-        """Replace the settings, or with no body put the defaults back.\n' in out
    assert '+        """Swap the settings.\n' in out
    assert "ironflow/models.py" in out  # its banner holds the digest of the manifest
    assert "run `make sdk-gen-python`" in err
    assert tree(project) == before


@pytest.mark.parametrize("name", FILES)
def test_check_shows_an_edit_of_a_generated_file_and_changes_nothing(project, capsys, name):
    run("generate", project)
    with (project / name).open("a") as file:
        file.write("# edited by hand\n")
    before = tree(project)
    capsys.readouterr()

    assert run("check", project) == 1
    out = capsys.readouterr().out
    assert f"--- {name} (as it is)\n+++ {name} (as manifest.json gives it)\n" in out
    assert "\n-# edited by hand\n" in out
    assert tree(project) == before


@pytest.mark.parametrize("name", FILES)
def test_check_tells_a_missing_file_and_does_not_write_it(project, capsys, name):
    run("generate", project)
    (project / name).unlink()
    before = tree(project)
    capsys.readouterr()

    assert run("check", project) == 1
    assert f"--- {name} (missing)\n" in capsys.readouterr().out
    assert tree(project) == before


def test_check_of_an_empty_project_writes_nothing(project):
    before = tree(project)

    assert run("check", project) == 1
    assert tree(project) == before
    assert not (project / "ironflow").exists()


def test_check_notices_other_line_ends_and_a_missing_last_one(project, capsys):
    run("generate", project)
    path = project / CLIENT
    content = path.read_bytes()

    path.write_bytes(content.replace(b"\n", b"\r\n"))
    assert run("check", project) == 1
    path.write_bytes(content.rstrip(b"\n"))
    assert run("check", project) == 1


def test_check_notices_a_table_of_the_readme_that_is_not_current(project, capsys):
    run("generate", project)
    (project / "README.md").write_text(f"{BEGIN}\nold\n{END}\n")
    capsys.readouterr()

    assert run("check", project) == 1
    assert "\n-old\n" in capsys.readouterr().out


# A manifest that is not right


@pytest.mark.parametrize("name", ["generate", "check", "health"])
def test_a_bad_manifest_is_told_whole_and_nothing_is_written(project, capsys, name):
    run("generate", project)
    edit(project, category="beta", sumary="A typo.", response="Seting", summary="No period")
    before = tree(project)
    capsys.readouterr()

    assert run(name, project) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert [line.partition(" (PUT /api/v1/things/{id}/settings): ")[0] for line in lines[:-1]] == [
        "manifest.json: endpoints[0].category",
        "manifest.json: endpoints[0].response",
        "manifest.json: endpoints[0].sumary",
        "manifest.json: endpoints[0].summary",
    ]
    assert lines[-1] == "4 problem(s), nothing written"
    assert tree(project) == before


def test_two_methods_of_one_name_stop_the_generation_with_a_way_out(project, capsys):
    edit(project, method="GET", path="/api/v1/old/things", path_params=[], body=None)

    assert run("generate", project) == 2
    err = capsys.readouterr().err
    assert "are both named things_list" in err
    assert 'pin one: "name": ' in err
    assert sorted(tree(project)) == ["manifest.json"]


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]"])
def test_a_manifest_that_is_missing_or_no_json_is_told_without_a_traceback(
    project, capsys, content
):
    path = project / "manifest.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    assert run("generate", project) == 2
    assert capsys.readouterr().err.startswith("manifest.json: ")
    assert not (project / "ironflow").exists()


@pytest.mark.parametrize("arguments", [[], ["write"], ["check", "--fix"]])
def test_wrong_arguments_exit_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2


# Files that cannot be read or written


def assert_told_in_one_line(capsys, message):
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"{message}\n"


def test_generate_into_a_place_that_cannot_be_written_is_one_line(project, capsys):
    (project / "ironflow").write_text("a file where a folder has to be")

    assert run("generate", project) == 2
    routes = project / "ironflow" / "_routes.py"
    assert_told_in_one_line(capsys, f"{routes} cannot be read: Not a directory")


def test_generate_over_a_folder_that_cannot_be_made_is_one_line(project, capsys):
    (project / "file").write_text("")
    arguments = ["generate", "--manifest", str(project / "manifest.json")]

    assert main([*arguments, "--output", str(project / "file" / "sub")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("name", ["generate", "check"])
def test_a_folder_in_place_of_a_generated_file_is_one_line(project, capsys, name):
    (project / CLIENT).mkdir(parents=True)

    assert run(name, project) == 2
    assert_told_in_one_line(capsys, f"{project / CLIENT} cannot be read: Is a directory")


@pytest.mark.parametrize("name", ["generate", "check", "health"])
def test_a_readme_that_is_not_utf_8_is_one_line(project, capsys, name):
    run("generate", project)
    (project / "README.md").write_bytes(b"Gr\xfc\xdfe\n")
    (project / "wire.json").write_text("[]")
    record = ["--record", str(project / "wire.json")] if name == "health" else []
    where = ["--manifest", str(project / "manifest.json"), "--output", str(project)]
    capsys.readouterr()

    assert main([name, *where, *record]) == 2
    assert_told_in_one_line(capsys, f"{project / 'README.md'} is not UTF-8")


def test_terminal_escapes_in_a_method_are_not_printed(project, capsys):
    edit(project, method="\x1b[31mGET\x07", summary="No period")

    assert run("generate", project) == 2
    err = capsys.readouterr().err
    assert err.replace("\n", "").isprintable()
    assert "endpoints[0].method ('\\x1b[31mGET\\x07 /api/v1/things/{id}/settings')" in err


def test_every_problem_of_a_route_names_it(project, capsys):
    edit(project, category="beta", query=[{"name": "a", "type": "strin"}])

    assert run("generate", project) == 2
    assert capsys.readouterr().err.splitlines()[:2] == [
        "manifest.json: endpoints[0].category (PUT /api/v1/things/{id}/settings):"
        " 'beta' is not known; use supported, server-only, enterprise-only, internal, rpc",
        "manifest.json: endpoints[0].query[0].type (PUT /api/v1/things/{id}/settings):"
        " 'strin' is not a type; use string, integer, number, boolean, datetime, object, any,"
        " a model's name, array<…> or map<string,…>",
    ]


def test_the_command_runs_as_a_module_and_needs_only_the_standard_library(project):
    isolated = [sys.executable, "-S", "-m", "codegen", "generate"]
    where = ["--manifest", str(project / "manifest.json"), "--output", str(project)]
    done = subprocess.run([*isolated, *where], cwd=ROOT, capture_output=True, timeout=60)

    assert (done.returncode, done.stderr) == (0, b"")
    assert (project / CLIENT).read_bytes() == (GOLDEN / "client.py").read_bytes()
