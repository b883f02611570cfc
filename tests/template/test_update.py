"""Projects take a newer template and changed answers, and keep what people wrote; all with the real commands."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from home import make_home

from .checks import ANSWERS_FILE
from .rendering import Renderer, copy_template, read_tree

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
METRICS = "src/my_ml_project/evaluation/metrics.py"
MODEL = "src/my_ml_project/training/model.py"
EDITS = {
    "params.yaml": ("model: random_forest ", "model: gradient_boosting "),
    MODEL: ("# Trees need no scaling", "# Ours: trees need no scaling"),
    "README.md": ("## Notes\n", "## Notes\n\nOurs: ask Ada.\n"),
}
# Updating is what takes the time.
pytestmark = pytest.mark.test
NEW_LINE = '\nSEEN_IN_VERSION_2 = "a constant of the second version"\n'


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the template as it is now, tagged v1.0.0, and a project that Copier made; each test has copies."""
    folder = tmp_path_factory.mktemp("originals")
    with pytest.MonkeyPatch.context() as patch:
        make_home(folder, patch)
        template = copy_template(folder / "template")
        git(template, "init", "--quiet")
        release(template, "v1.0.0")
        copier("copy", "--defaults", str(template), str(folder / "project"))
        git(folder / "project", "init", "--quiet")
        commit(folder / "project")
    return folder


@pytest.fixture
def template(originals: Path, machine: Path) -> Path:
    """The template as it is now, in a git repository, tagged v1.0.0."""
    return shutil.copytree(originals / "template", machine / "template")


@pytest.fixture
def project(originals: Path, template: Path, machine: Path) -> Path:
    """A project that Copier made, committed."""
    folder = shutil.copytree(originals / "project", machine / "project")
    answers = folder / ANSWERS_FILE
    text = answers.read_text()
    assert str(originals / "template") in text
    answers.write_text(text.replace(str(originals / "template"), str(template)))
    return commit(folder)


def run(*command: str, cwd: Path | None = None) -> str:
    """Run a command that must succeed and return what it printed."""
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}{result.stderr}"
    return result.stdout + result.stderr


def git(folder: Path, *arguments: str) -> str:
    return run("git", *arguments, cwd=folder)


def copier(*arguments: str, cwd: Path | None = None) -> str:
    """Run the real command, never with --trust."""
    return run(sys.executable, "-m", "copier", *arguments, cwd=cwd)


def mlscaffold(*arguments: str, cwd: Path | None = None) -> str:
    return run(sys.executable, "-m", "mlscaffold", *arguments, cwd=cwd)


def commit(folder: Path) -> Path:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Work")
    return folder


def release(template: Path, tag: str) -> Path:
    commit(template)
    git(template, "tag", tag)
    return template


def release_second_version(template: Path) -> None:
    """Change a part and the model's part, and add a file."""
    for name in ("estimators/classifier/metrics.py", "tasks/classification/scikit-learn/model.py"):
        part = template / "template/parts" / name
        part.write_text(part.read_text() + NEW_LINE)
    (template / "template/project/docs").mkdir()
    (template / "template/project/docs/new.md").write_text("# New in the second version\n")
    release(template, "v2.0.0")


def edit(project: Path) -> None:
    """Edit as people do, and commit."""
    for name, (before, after) in EDITS.items():
        text = (project / name).read_text()
        assert text.count(before) == 1, name
        (project / name).write_text(text.replace(before, after))
    commit(project)


def assert_edits_are_kept(project: Path) -> None:
    for name, (_, after) in EDITS.items():
        assert after in (project / name).read_text(), name
    assert_no_conflicts(project)


def assert_no_conflicts(project: Path) -> None:
    marked = [name for name, content in read_tree(project).items() if b"<<<<<<<" in content or name.endswith(".rej")]
    assert marked == []


def recorded(project: Path) -> dict[str, str]:
    answers = yaml.safe_load((project / ANSWERS_FILE).read_text())
    assert isinstance(answers, dict)
    return answers


def fresh(template: Path, folder: Path, *data: str) -> dict[str, bytes]:
    """Return the files of a new project with these answers."""
    options = [word for each in data for word in ("--data", each)]
    copier("copy", "--defaults", *options, str(template), str(folder))
    return read_tree(folder)


def update(project: Path, *data: str) -> None:
    copier("update", "--defaults", *[word for each in data for word in ("--data", each)], cwd=project)


def test_a_new_version_arrives_and_edits_stay(template: Path, project: Path) -> None:
    edit(project)
    release_second_version(template)
    update(project)
    assert_edits_are_kept(project)
    assert NEW_LINE in (project / METRICS).read_text()
    assert NEW_LINE in (project / MODEL).read_text()
    assert (project / "docs/new.md").is_file()
    assert recorded(project)["_commit"] == "v2.0.0"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(["environment=conda"], marks=pytest.mark.prove),
        ["task=regression", "license=Apache-2.0"],
        pytest.param(["serving=none", "deployment=none"], marks=pytest.mark.prove),
        pytest.param(["ci=none", "deployment=none", "python_version=3.14"], marks=pytest.mark.prove),
    ],
    ids=" ".join,
)
def test_changed_answers_give_what_a_new_project_has(
    template: Path, project: Path, machine: Path, data: list[str]
) -> None:
    update(project, *data)
    assert read_tree(project) == fresh(template, machine / "fresh", *data)


@pytest.mark.prove
def test_there_and_back_is_where_it_was(project: Path) -> None:
    edit(project)
    before = read_tree(project)
    update(project, "serving=none")
    assert not (project / "Dockerfile").exists()
    assert not (project / "src/my_ml_project/service/app.py").exists()
    assert_edits_are_kept(project)
    commit(project)
    update(project, "serving=fastapi")
    assert_edits_are_kept(project)
    assert read_tree(project) == before


def test_a_new_version_and_changed_answers_at_once(template: Path, project: Path) -> None:
    edit(project)
    release_second_version(template)
    update(project, "environment=conda", "serving=none", "ci=none")
    assert_edits_are_kept(project)
    assert NEW_LINE in (project / METRICS).read_text()
    assert (project / "environment.yml").is_file()
    assert not (project / ".github").exists()
    assert not (project / "Dockerfile").exists()


def test_a_changed_task_marks_what_it_cannot_merge(project: Path) -> None:
    edit(project)
    update(project, "task=regression")
    assert "Ours: ask Ada." in (project / "README.md").read_text()
    changed = git(project, "diff", "--name-only", "--diff-filter=U").split()
    assert MODEL in changed
    assert "Ours: trees need no scaling" in (project / MODEL).read_text()
    assert "RandomForestRegressor" in (project / MODEL).read_text()


@pytest.mark.parametrize("command", [pytest.param("copier", marks=pytest.mark.prove), "mlscaffold"])
def test_a_file_that_vanishes_is_in_the_last_commit(project: Path, command: str) -> None:
    service = "src/my_ml_project/service/app.py"
    (project / service).write_text((project / service).read_text() + "# Ours\n")
    commit(project)
    if command == "copier":
        update(project, "serving=none")
    else:
        assert service in mlscaffold("update", "--set", "serving=none", cwd=project)
    assert not (project / service).exists()
    assert git(project, "show", f"HEAD:{service}").endswith("# Ours\n")


@pytest.mark.prove
def test_nasty_texts_survive_an_update(template: Path, machine: Path) -> None:
    texts = {"project_name": "{{ 7 * 7 }} \"x\" 'y' \\ #", "description": "{% if %} ${HOME} 🐧", "author": "null"}
    project, data = machine / "nasty", [f"{name}={value}" for name, value in texts.items()]
    fresh(template, project, *data)
    git(project, "init", "--quiet")
    commit(project)
    before = recorded(project)
    assert {name: before[name] for name in texts} == texts
    release_second_version(template)
    update(project)
    assert recorded(project) == {**before, "_commit": "v2.0.0"}
    assert_no_conflicts(project)


@pytest.fixture
def made(template: Path, machine: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Make a project with mlscaffold."""
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", str(template))

    def make(*arguments: str) -> Path:
        # What it proposes on this machine is left to the template.
        template_names = ("--set", "project_name=My ML project", "--set", "author=", "--set", "email=")
        mlscaffold("new", "made", "--defaults", *template_names, *arguments, cwd=machine)
        return machine / "made"

    return make


def test_mlscaffold_and_copier_make_the_same_project(made: Callable[..., Path], template: Path, machine: Path) -> None:
    project = made("--set", f"python_version={PYTHON}", "--set", "task=clustering")
    copied = fresh(template, machine / "copied", f"python_version={PYTHON}", "task=clustering")
    assert read_tree(project) == copied
    modes = {name: (project / name).stat().st_mode for name in copied}
    assert modes == {name: (machine / "copied" / name).stat().st_mode for name in copied}
    assert recorded(project)["_src_path"] == str(template)
    assert Path(recorded(project)["_src_path"]).is_absolute()
    assert recorded(project)["_commit"] == "v1.0.0"


@pytest.mark.parametrize("command", ["copier", "mlscaffold"])
def test_a_project_of_mlscaffold_is_updated_by_both(made: Callable[..., Path], template: Path, command: str) -> None:
    project = made()
    edit(project)
    release_second_version(template)
    if command == "copier":
        update(project, "environment=venv")
    else:
        said = mlscaffold("update", "--set", "environment=venv", cwd=project)
        assert "v2.0.0" in said
    assert_edits_are_kept(project)
    assert recorded(project)["environment"] == "venv"
    assert recorded(project)["_commit"] == "v2.0.0"
    assert NEW_LINE in (project / METRICS).read_text()


def test_a_dirty_project_is_not_updated(template: Path, project: Path) -> None:
    release_second_version(template)
    (project / "params.yaml").write_text("seed: 1\n")
    before = read_tree(project)
    result = subprocess.run(
        [sys.executable, "-m", "copier", "update", "--defaults"], cwd=project, capture_output=True, text=True
    )
    assert result.returncode != 0
    assert "dirty" in result.stderr
    assert read_tree(project) == before


def test_a_clone_renders_as_the_working_copy(renderer: Renderer, template: Path, machine: Path) -> None:
    """Nothing that git would lose, such as an empty folder or an ignored file, is part of the template."""
    cloned = fresh(template, machine / "cloned")
    assert set(cloned) == set(renderer.render().files)
