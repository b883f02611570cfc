"""What `mlscaffold update` does to a project."""

import errno
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlscaffold._errors import MlscaffoldError
from mlscaffold._update import undo

from .conftest import Invoke
from .toy import commit, git, release, tree, write

Make = Callable[..., Path]
LOOK = "Look at it with git diff, run the tests, then commit."

README = "# {{ project_name }}\n\n{{ description }}\n\nTask: {{ task }}, version two.\n\nThe end.\n"


def test_up_to_date(make: Make, invoke: Invoke) -> None:
    project = make("acme")
    result = invoke("update", project)
    assert (result.exit_code, result.stdout) == (0, "Already up to date with the template, v1.0.0.\n")
    assert git(project, "status", "--porcelain") == ""


def test_a_new_version_keeps_a_persons_edits(make: Make, template: Path, invoke: Invoke) -> None:
    project = make("acme")
    write(project, {"README.md": (project / "README.md").read_text() + "\nMine.\n", "notes.txt": "mine\n"})
    commit(project, "mine")
    release(template, "v1.1.0", {"template/project/README.md.jinja": README, "template/project/NEW.md": "new\n"})
    result = invoke("update", project)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"Updated {project}, template v1.0.0 -> v1.1.0.",
        "  added     NEW.md",
        "  changed   README.md, with your edits",
        "",
        LOOK,
        f"To undo all of it, and what is made since: {undo(project)}",
    ]
    assert result.stderr == ""
    text = (project / "README.md").read_text()
    assert "version two." in text
    assert text.endswith("Mine.\n")
    assert (project / "notes.txt").read_text() == "mine\n"


@pytest.mark.test
def test_changed_packages_are_told(make: Make, template: Path, invoke: Invoke) -> None:
    project = make("acme")
    release(template, "v1.1.0", {"template/project/pyproject.toml": "[project]\n"})
    assert "make setup" not in invoke("update", project).output
    commit(project, "update")
    release(template, "v1.2.0", {"template/project/pyproject.toml": "[project]\nname = 'a'\n"})
    assert invoke("update", project).output.splitlines()[-2] == "Packages may have changed: run make setup."


def test_it_works_from_inside_the_project(make: Make, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make("acme"))
    assert "Already up to date" in invoke("update").stdout


def test_a_changed_answer_changes_the_project(make: Make, invoke: Invoke) -> None:
    project = make("acme", "--set=framework=pytorch", "--set=python_version=3.14")
    result = invoke("update", project, "--set", "task=clustering", "--set", "description=Groups")
    assert result.exit_code == 0, result.output
    assert (project / "src/acme/model.py").read_text() == 'FRAMEWORK = "scikit-learn"\n'
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert (recorded["task"], recorded["description"], recorded["python_version"]) == ("clustering", "Groups", "3.14")
    assert "framework" not in recorded


def test_an_edited_file_that_is_made_no_longer_is_kept_beside_and_named(make: Make, invoke: Invoke) -> None:
    project = make("acme")
    write(project, {"Dockerfile": "FROM mine\n", ".gitignore": "Dockerfile.yours\n"})
    commit(project, "mine")
    write(project, {"Dockerfile.yours": "an older one, which git ignores\n"})
    result = invoke("update", project, "--set", "deployment=none")
    assert result.exit_code == 0
    assert (
        "  kept      Dockerfile as Dockerfile.yours.2: it is made no longer, and you had edited it\n" in result.stdout
    )
    assert not (project / "Dockerfile").exists()
    assert (project / "Dockerfile.yours.2").read_text() == "FROM mine\n"
    assert (project / "Dockerfile.yours").read_text() == "an older one, which git ignores\n"


CODE = "from .config import Config\n\n\ndef train(config: Config) -> None:\n    load()\n    fit()\n    save()\n"
FLAT = "template/project/src/{{ package_name }}/train.py"
ROOM = "template/project/src/{{ package_name }}/training/train.py"


def move(template: Path, text: str) -> None:
    """Release a version in which the file of FLAT is in ROOM, with this text."""
    (template / FLAT).unlink()
    release(template, "v1.2.0", {ROOM: text})


def edited_project(make: Make, template: Path, edit: str) -> Path:
    """Make a project with the file of FLAT, and replace its call of `fit`."""
    release(template, "v1.1.0", {FLAT: CODE})
    project = make("acme")
    write(project, {"src/acme/train.py": CODE.replace("fit()", edit)})
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "mine")
    return project


def test_an_edit_follows_a_file_that_the_template_moved(make: Make, template: Path, invoke: Invoke) -> None:
    project = edited_project(make, template, "fit(1)")
    move(template, CODE.replace(".config", "..config"))
    result = invoke("update", project)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1:] == [
        "  moved     src/acme/train.py -> src/acme/training/train.py, with your edits",
        "",
        LOOK,
        f"To undo all of it, and what is made since: {undo(project)}",
    ]
    moved = (project / "src/acme/training/train.py").read_text()
    assert moved == CODE.replace(".config", "..config").replace("fit()", "fit(1)")
    assert not (project / "src/acme/train.py").exists()


@pytest.mark.test
def test_a_moved_file_without_edits_is_that_of_the_template(make: Make, template: Path, invoke: Invoke) -> None:
    project = edited_project(make, template, "fit()")
    move(template, CODE.replace(".config", "..config"))
    result = invoke("update", project)
    assert "  moved     src/acme/train.py -> src/acme/training/train.py\n" in result.stdout
    assert (project / "src/acme/training/train.py").read_text() == CODE.replace(".config", "..config")


@pytest.mark.test
def test_an_edit_that_conflicts_in_a_moved_file_is_shown_there(make: Make, template: Path, invoke: Invoke) -> None:
    project = edited_project(make, template, "fit(1)")
    move(template, CODE.replace("fit()", "fit(2)"))
    result = invoke("update", project)
    assert result.exit_code == 1
    assert "  conflict  src/acme/training/train.py, line 6\n" in result.stdout
    text = (project / "src/acme/training/train.py").read_text()
    assert "<<<<<<< yours:src/acme/train.py\n    fit(1)\n=======\n    fit(2)\n" in text
    assert ">>>>>>> template:src/acme/training/train.py\n" in text


def test_conflicts_are_named_file_by_file_with_exit_code_1(make: Make, template: Path, invoke: Invoke) -> None:
    project = make("acme")
    write(project, {"README.md": (project / "README.md").read_text().replace("Task: ", "My task: ")})
    commit(project, "mine")
    release(template, "v1.1.0", {"template/project/README.md.jinja": README})
    result = invoke("update", project)
    assert result.exit_code == 1
    assert "  conflict  README.md" in result.stdout
    text = (project / "README.md").read_text()
    assert "My task: classification." in text
    assert "Task: classification, version two." in text
    assert "<<<<<<<" in text


@pytest.mark.test
def test_a_project_in_a_folder_of_a_repository(make: Make, template: Path, workshop: Path, invoke: Invoke) -> None:
    git(workshop, "init", "--quiet")
    project = make("acme", "--no-git")
    commit(workshop, "start")
    write(workshop, {"elsewhere.txt": "not committed, and not of this project\n"})
    release(template, "v1.1.0", {"template/project/NEW.md": "new\n"})
    result = invoke("update", project)
    assert result.exit_code == 0, result.output
    assert "  added     NEW.md" in result.stdout
    assert "elsewhere" not in result.stdout


@pytest.mark.parametrize(
    ("assignment", "code", "message"),
    [
        ("serveing=none", 2, "did you mean serving?"),
        ("task=x", 2, "Choose one of: classification, clustering."),
        ("layer=x", 2, "layer is computed by the template"),
        ("deployment=docker", 2, "deployment=docker does not go with serving=none"),
        ("package_name=json", 2, "package_name: json is taken"),
    ],
)
def test_wrong_answers_are_refused(make: Make, invoke: Invoke, assignment: str, code: int, message: str) -> None:
    project = make("acme", "--set=serving=none")
    before = tree(project)
    result = invoke("update", project, "--set", assignment)
    assert (result.exit_code, message in result.stderr) == (code, True), result.output
    assert tree(project) == before


def test_a_dirty_tree_is_refused(make: Make, invoke: Invoke) -> None:
    project = make("acme")
    write(project, {"notes.txt": "mine\n"})
    result = invoke("update", project)
    assert result.exit_code == 1
    assert "has changes that are not committed: notes.txt" in result.stderr
    assert "git stash --include-untracked" in result.stderr


def test_a_folder_that_is_no_project_is_refused(workshop: Path, invoke: Invoke) -> None:
    for path in (".", "nowhere"):
        result = invoke("update", path)
        assert result.exit_code == 1
        assert "has no .copier-answers.yml" in result.stderr


def test_a_project_without_git_is_refused(make: Make, invoke: Invoke) -> None:
    result = invoke("update", make("acme", "--no-git"))
    assert result.exit_code == 1
    assert "is not in a git repository" in result.stderr
    assert "git init" in result.stderr


def test_a_project_without_a_recorded_version_is_refused(
    workshop: Path, machine: Path, make: Make, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = machine / "toy"
    (template / ".git").rename(machine / "history")
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", str(template))
    result = invoke("update", make("acme"))
    assert result.exit_code == 1
    assert "records no template version" in result.stderr


@pytest.mark.parametrize("text", ["a: [\n", "- a\n", "", "\x07"])
def test_a_broken_answers_file_is_refused(make: Make, invoke: Invoke, text: str) -> None:
    project = make("acme")
    write(project, {".copier-answers.yml": text})
    commit(project, "broken")
    result = invoke("update", project)
    assert result.exit_code == 1
    assert ".copier-answers.yml" in result.stderr


def test_a_template_that_moved_is_told_with_the_way_out(make: Make, template: Path, invoke: Invoke) -> None:
    project = make("acme")
    moved = template.rename(template.parent / "moved")
    result = invoke("update", project)
    assert result.exit_code == 1
    assert f"the template of this project is gone: {template}" in result.stderr
    assert "_src_path" in result.stderr
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(str(template), str(moved)))
    commit(project, "the template moved")
    assert "Already up to date" in invoke("update", project).stdout


def test_a_recorded_commit_that_is_gone_is_told(make: Make, invoke: Invoke) -> None:
    project = make("acme")
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("v1.0.0", "0123456789"))
    commit(project, "gone")
    result = invoke("update", project)
    assert result.exit_code == 1
    assert "0123456789" in result.stderr
    assert "Nothing was changed." in result.stderr


def test_an_older_template_is_refused(make: Make, template: Path, invoke: Invoke) -> None:
    project = make("acme")
    release(template, "later", {"template/project/NEW.md": "new\n"})
    described = git(template, "describe", "--tags", "--match", "v*").strip()
    write(project, {".copier-answers.yml": (project / ".copier-answers.yml").read_text().replace("v1.0.0", described)})
    commit(project, "as made from a commit after the newest version")
    git(template, "tag", "--delete", "later")
    assert invoke("update", project, "--check").exit_code == 0
    result = invoke("update", project)
    assert result.exit_code == 1
    assert f"made from version {described} of its template, and the newest there is v1.0.0" in result.stderr
    assert "Nothing was changed." in result.stderr


def test_a_failure_half_way_says_how_to_undo_it(
    make: Make, template: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make("acme")
    before = tree(project)
    release(template, "v1.1.0", {"template/project/README.md.jinja": README, "template/project/NEW.md": "new\n"})

    def fail(*_arguments: object) -> None:
        raise MlscaffoldError("no more")

    monkeypatch.setattr("mlscaffold._apply.mark", fail)
    result = invoke("update", project, "--set", "deployment=none")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (1, "error: the update stopped: no more")
    assert (project / "NEW.md").exists()
    undo = result.stderr.partition("undoes them: ")[2]
    subprocess.run(undo, shell=True, cwd=project, check=True, capture_output=True)
    assert git(project, "status", "--porcelain") == ""
    assert without_git(tree(project)) == without_git(before)


def without_git(found: dict[str, bytes | None]) -> dict[str, bytes | None]:
    return {path: content for path, content in found.items() if not path.startswith(".git/")}


@pytest.mark.parametrize(
    ("where", "message"), [("remove", "stopped; nothing was written"), ("mark", "stopped half-way; in ")]
)
def test_stopped_it_says_truthfully_what_is_left(
    make: Make, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, where: str, message: str
) -> None:
    project = make("acme")

    def stop(*_arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    monkeypatch.setattr(f"mlscaffold._apply.{where}", stop)
    result = invoke("update", project, "--set", "description=new")
    assert result.exit_code == 143
    assert message in result.stderr
    assert bool(git(project, "status", "--porcelain")) == (where == "mark")


def test_a_project_that_cannot_be_written_is_told(
    make: Make, template: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make("acme")
    release(template, "v1.1.0", {"template/project/NEW.md": "new\n"})

    def denied(folder: Path, _paths: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(folder))

    monkeypatch.setattr("mlscaffold._apply.remove", denied)
    result = invoke("update", project)
    assert result.exit_code == 1
    assert result.stderr.startswith(
        f"error: the update stopped: Read-only file system: {project}\n  Nothing was changed."
    )
