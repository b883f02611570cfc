"""A project in a folder that a forge has just made: a repository with a README, a licence, what git ignores."""

from pathlib import Path

import pytest

from mlscaffold._git import commit_into

from .conftest import Invoke, Terminal, answer, finish
from .toy import commit, git, tree, write

MINE = {"README.md": "# Churn\n", "LICENSE": "mine\n", ".gitignore": "*.tmp\n"}


@pytest.fixture
def clone(workshop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository as it was cloned, where one is."""
    folder = workshop / "churn"
    write(folder, MINE)
    git(folder, "init", "--quiet", "--initial-branch", "trunk")
    commit(folder, "Initial commit")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.usefixtures("template")
def test_a_clone_becomes_a_project_by_one_commit_on_its_branch(clone: Path, invoke: Invoke) -> None:
    result = invoke("new", ".", "--defaults", "--on-conflict", "keep")
    assert result.exit_code == 0, result.output
    assert " on trunk." in result.output
    assert "cd " not in result.output
    assert git(clone, "log", "--format=%s").splitlines() == ["Start the project with mlscaffold", "Initial commit"]
    assert git(clone, "status", "--porcelain") == ""
    assert {name: (clone / name).read_text() for name in MINE} == MINE
    assert (clone / "src/churn/model.py").is_file()
    assert "project_name: Churn\n" in (clone / ".copier-answers.yml").read_text()
    assert not list(clone.glob(".mlscaffold*"))


@pytest.mark.usefixtures("template")
def test_what_is_there_is_named_and_nothing_is_touched(clone: Path, invoke: Invoke) -> None:
    before = tree(clone)
    result = invoke("new", ".", "--defaults")
    assert result.exit_code == 2
    assert f"in {clone}, these files are there already: .gitignore, README.md\n" in result.output
    assert (tree(clone), git(clone, "status", "--porcelain")) == (before, "")


@pytest.mark.usefixtures("template")
def test_what_is_replaced_is_in_git_or_beside_it(clone: Path, invoke: Invoke) -> None:
    write(clone, {".gitignore": "*.mine\n"})
    assert invoke("new", ".", "--defaults", "--on-conflict", "replace").exit_code == 0
    assert (clone / "README.md").read_text().startswith("# Churn\n\n")
    assert git(clone, "show", "HEAD~1:README.md") == "# Churn"
    assert not (clone / "README.md.yours").exists()
    assert (clone / ".gitignore").read_text() == "*.log\n"
    assert (clone / ".gitignore.yours").read_text() == "*.mine\n"
    assert git(clone, "status", "--porcelain") == "?? .gitignore.yours"


@pytest.mark.usefixtures("template")
def test_a_folder_with_a_readme_alone_becomes_a_repository(workshop: Path, invoke: Invoke) -> None:
    write(workshop / "churn", {"readme.txt": "mine\n"})
    assert invoke("new", "churn", "--defaults").exit_code == 0
    assert git(workshop / "churn", "status", "--porcelain") == "?? readme.txt"
    assert git(workshop / "churn", "rev-parse", "--abbrev-ref", "HEAD") == "main"


@pytest.mark.usefixtures("template")
def test_a_commit_that_git_refuses_leaves_all_as_it_was(clone: Path, invoke: Invoke) -> None:
    hook = clone / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho no such day >&2\nexit 1\n")
    hook.chmod(0o755)
    before = tree(clone)
    result = invoke("new", ".", "--defaults", "--on-conflict", "replace")
    assert result.exit_code == 1
    assert "no such day" in result.output
    assert (tree(clone), git(clone, "status", "--porcelain")) == (before, "")


def test_what_the_project_ignores_is_not_committed(clone: Path) -> None:
    write(clone, {"a.txt": "a", "b.tmp": "b", "other.txt": "c"})
    commit_into(clone, ["a.txt", "b.tmp"])
    assert git(clone, "show", "--format=", "--name-only") == "a.txt"
    assert git(clone, "status", "--porcelain") == "?? other.txt"


@pytest.mark.usefixtures("template")
def test_more_than_a_new_repository_holds_is_refused(clone: Path, invoke: Invoke) -> None:
    write(clone, {"notes/one.txt": "1", "train.py": "2"})
    result = invoke("new", ".", "--defaults", "--on-conflict", "keep")
    assert result.exit_code == 1
    assert f"{clone} is not empty: it holds notes, train.py\n" in result.output


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize(("keys", "code"), [(["", "\x1b[B"], 0), (["\x1b[B\x1b[B"], 130)])
def test_in_a_terminal_each_file_is_asked_for(clone: Path, terminal: Terminal, keys: list[str], code: int) -> None:
    given = {
        "package_name": "churn",
        "description": "",
        "task": "clustering",
        "python_version": "3.12",
        "serving": "none",
    }
    child = terminal("new", ".", *(word for name, value in given.items() for word in ("--set", f"{name}={value}")))
    answer(child, "project called?")
    answer(child, "what you want?")
    for name, key in zip((".gitignore", "README.md"), keys, strict=False):
        answer(child, f"{name} is there already. What should become of it?", key)
    assert finish(child)[0] == code
    assert (clone / ".gitignore").read_text() == MINE[".gitignore"]
    assert ((clone / "README.md").read_text() == MINE["README.md"]) == bool(code)
