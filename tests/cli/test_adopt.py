"""What `mlscaffold adopt` adds to a folder that was made in another way, and what it leaves alone."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Invoke, Terminal, finish
from .toy import commit, git, release, tree, write

Make = Callable[..., Path]
MINE = {"README.md": "# Mine\n", "src/acme/model.py": "MINE = 1\n", ".gitignore": "*.log\n"}


@pytest.fixture
def own(template: Path, workshop: Path) -> Path:
    """A repository with files of a person's, one of them just as the template would make it."""
    folder = workshop / "acme"
    write(folder, MINE)
    git(folder, "init", "--quiet")
    commit(folder, "mine")
    return folder


def test_what_is_not_there_is_added_and_nothing_else_is_touched(own: Path, template: Path, invoke: Invoke) -> None:
    before = tree(own)
    planned = invoke("adopt", own, "--defaults", "--dry-run")
    assert (planned.exit_code, tree(own)) == (0, before)
    assert planned.stdout.endswith("\nNothing was written.\n")
    result = invoke("adopt", own, "--defaults")
    assert result.exit_code == 0, result.output
    assert f"{own}: 3 files were added.\n" in result.stdout
    undo = result.stdout.splitlines()[-1].partition("made since: ")[2]
    assert "  yours     README.md: it is there, and the template's would be another\n" in result.stdout
    assert ".gitignore" not in result.stdout
    assert {path: (own / path).read_text() for path in MINE} == MINE
    assert git(own, "status", "--porcelain", "--untracked-files=all").splitlines() == [
        "?? .copier-answers.yml",
        "?? Dockerfile",
        "?? src/acme/__init__.py",
    ]
    subprocess.run(undo, shell=True, cwd=own, check=True, capture_output=True)
    assert tree(own) == before


def test_programs_get_the_same_as_json(own: Path, invoke: Invoke) -> None:
    found = json.loads(invoke("adopt", own, "--defaults", "--dry-run", "--json").stdout)
    assert (found["done"], found["others"], found["same"]) == (
        False,
        ["README.md", "src/acme/model.py"],
        [".gitignore"],
    )
    assert not found["done"]
    assert found["added"] == [".copier-answers.yml", "Dockerfile", "src/acme/__init__.py"]
    assert invoke("adopt", own, "--json").exit_code == 2


@pytest.mark.test
def test_what_was_adopted_takes_later_versions(own: Path, template: Path, invoke: Invoke) -> None:
    invoke("adopt", own, "--defaults")
    commit(own, "adopted")
    release(template, "v2.0.0", {"template/project/NEW.md": "new\n"})
    result = invoke("update", own)
    assert (result.exit_code, "  added     NEW.md\n" in result.stdout) == (0, True), result.output
    assert {path: (own / path).read_text() for path in MINE} == MINE


@pytest.mark.test
def test_a_file_where_a_folder_would_be_is_named(template: Path, workshop: Path, invoke: Invoke) -> None:
    write(workshop / "acme", {"src": "mine\n"})
    git(workshop / "acme", "init", "--quiet")
    commit(workshop / "acme", "mine")
    result = invoke("adopt", workshop / "acme", "--defaults")
    assert "  not made  src/acme/model.py: a file or a link is where it needs a folder\n" in result.stdout
    assert (workshop / "acme/src").read_text() == "mine\n"


def test_what_cannot_be_adopted_is_refused(make: Make, workshop: Path, invoke: Invoke) -> None:
    project = make("made")
    (workshop / "plain").mkdir()
    write(workshop / "dirty", MINE)
    git(workshop / "dirty", "init", "--quiet")
    for folder, said in (
        (project, "was made from a template already"),
        (workshop / "plain", "is in no git repository"),
        (workshop / "nowhere", "there is no folder"),
        (workshop / "dirty", "has changes that are not committed"),
    ):
        result = invoke("adopt", folder, "--defaults")
        assert (result.exit_code, said in result.stderr) == (1, True), result.output
    assert invoke("adopt", workshop / "dirty").exit_code == 2


@pytest.mark.test
def test_a_terminal_is_asked(own: Path, terminal: Terminal) -> None:
    child = terminal("adopt", str(own))
    child.expect_exact("project called")
    child.send("\x03")
    status, _ = finish(child)
    assert status == 130
    assert git(own, "status", "--porcelain") == ""
