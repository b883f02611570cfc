"""What `mlscaffold new` makes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from .conftest import Invoke, Run
from .toy import TOY, commit, git, release, tree, write

Make = Callable[..., Path]
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


def answers(project: Path) -> dict[str, str]:
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert isinstance(recorded, dict)
    return recorded


def copier_copy(template: Path, folder: Path, **data: str) -> Path:
    """Make the project with Copier's own command, without trust; it is called as its folder, as the command does it."""
    data = {"project_name": folder.name.capitalize(), **data}
    options = [f"--data={name}={value}" for name, value in data.items()]
    command = [sys.executable, "-m", "copier", "copy", "--quiet", "--defaults", *options, str(template), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def test_a_project_is_one_commit_on_main_with_a_clean_tree(make: Make) -> None:
    project = make("acme")
    assert git(project, "log", "--format=%an <%ae> %D") == "Ada <ada@example.com> HEAD -> main"
    assert git(project, "status", "--porcelain") == ""
    assert set(git(project, "ls-files").splitlines()) == {
        ".copier-answers.yml",
        ".gitignore",
        "Dockerfile",
        "README.md",
        "src/acme/__init__.py",
        "src/acme/model.py",
    }


def test_programs_get_json_alone(template: Path, workshop: Path, run: Run) -> None:
    done = run("new", "acme", "--defaults", "--json", "--set", "framework=pytorch")
    found = json.loads(done.stdout)
    assert (found["folder"], found["done"]) == (str(workshop / "acme"), True)
    assert (found["commit"], found["branch"]) == (git(workshop / "acme", "rev-parse", "--short", "HEAD"), "main")
    assert (found["answers"]["framework"], found["data"]) == ("pytorch", None)
    assert found["template"] == {"location": str(template), "version": "v1.0.0"}
    assert set(found["files"]) == {name for name, content in tree(workshop / "acme").items() if content is not None}
    planned = json.loads(run("new", "other", "--defaults", "--json", "--dry-run").stdout)
    assert (planned["done"], planned["commit"], (workshop / "other").exists()) == (False, "", False)


@pytest.mark.parametrize("others", [[], ["--defaults", "--run"]])
def test_json_is_refused_where_others_speak(workshop: Path, template: Path, run: Run, others: list[str]) -> None:
    done = run("new", "acme", "--json", *others)
    assert (done.returncode, "--json" in done.stderr, (workshop / "acme").exists()) == (2, True, False)


def test_the_report_says_what_happened_and_what_is_next(template: Path, workshop: Path, invoke: Invoke) -> None:
    result = invoke("new", "my project", "--defaults")
    head = git(workshop / "my project", "rev-parse", "--short", "HEAD")
    assert result.output.splitlines() == [
        f"Made 6 files in {workshop / 'my project'}.",
        f"First commit {head} on main.",
        f"Template: {template} v1.0.0.",
        "Updates: mlscaffold update brings later versions of the template.",
        "Only this machine has that template: for updates by colleagues and CI, make projects from a clone "
        "whose origin is on a server and has this commit.",
        "",
        "Next:",
        "  cd 'my project'",
        "  make setup",
        "  make train",
    ]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"task": "clustering", "serving": "none"},
        {"framework": "pytorch", "deployment": "none"},
        {"project_name": "Größe {{ x }} 🚀", "package_name": "acme", "description": 'a "b" \\ $HOME \''},
    ],
)
def test_the_result_is_byte_for_byte_that_of_copier(
    make: Make, template: Path, workshop: Path, data: dict[str, str]
) -> None:
    data = {"python_version": "3.13", **data}
    sets = [f"--set={name}={value}" for name, value in data.items()]
    assert tree(make("acme", *sets)) == tree(copier_copy(template, workshop / "other" / "acme", **data))


def test_like_copier_it_takes_the_newest_tag_and_its_questions(make: Make, template: Path, workshop: Path) -> None:
    release(template, "v1.1.0", {"template/project/NEW.md": "new\n"})
    model = (template / "template/questions/model.yml").read_text()
    write(template, {"template/questions/model.yml": model.replace("default: fastapi", "default: none")})
    commit(template, "an unreleased change")
    write(template, {"template/project/UNCOMMITTED.md": ""})
    project = make("acme", "--set=python_version=3.12")
    assert tree(project) == tree(copier_copy(template, workshop / "other" / "acme"))
    assert answers(project)["_commit"] == "v1.1.0"
    assert answers(project)["serving"] == "fastapi"


def test_without_git_there_is_no_repository_and_the_report_says_so(
    template: Path, workshop: Path, invoke: Invoke
) -> None:
    result = invoke("new", "acme", "--defaults", "--no-git")
    assert not (workshop / "acme" / ".git").exists()
    assert "No git commit was made." in result.output
    assert "once the project is committed to git" in result.output


def test_without_git_it_may_be_part_of_another_repository(make: Make, workshop: Path) -> None:
    git(workshop, "init")
    project = make("acme", "--no-git")
    assert (project / "README.md").is_file()


def test_a_machine_without_git_gets_a_project_and_the_truth(
    template: Path, workshop: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(workshop))
    monkeypatch.setattr("copier._template.is_git_available", lambda: False)
    monkeypatch.setattr("copier._main.is_git_available", lambda: False)
    result = invoke("new", "acme", "--defaults", "--no-git")
    assert result.exit_code == 0, result.output
    assert "mlscaffold update cannot work for this project" in result.output
    assert "_commit" not in answers(workshop / "acme")


def test_a_dry_run_prints_the_tree_and_leaves_nothing(template: Path, workshop: Path, invoke: Invoke) -> None:
    result = invoke("new", "acme", "--defaults", "--dry-run")
    assert result.output.splitlines() == [
        str(workshop / "acme"),
        "├── .copier-answers.yml",
        "├── .gitignore",
        "├── Dockerfile",
        "├── README.md",
        "└── src/",
        "    └── acme/",
        "        ├── __init__.py",
        "        └── model.py",
        "",
        "It would make 6 files; nothing was written.",
    ]
    assert list(workshop.iterdir()) == []


def test_nothing_temporary_stays(make: Make, machine: Path, workshop: Path) -> None:
    make("acme")
    make("churn", "--dry-run")
    assert [entry.name for entry in workshop.iterdir()] == ["acme"]
    assert list((machine / "temporary").iterdir()) == []


def test_an_empty_folder_is_filled_and_stays_the_same_folder(make: Make, workshop: Path) -> None:
    (workshop / "acme").mkdir(mode=0o750)
    before = (workshop / "acme").stat()
    after = make("acme").stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert git(workshop / "acme", "status", "--porcelain") == ""


def test_the_current_folder_will_do(template: Path, workshop: Path, invoke: Invoke) -> None:
    result = invoke("new", ".", "--defaults")
    assert (workshop / "README.md").is_file()
    assert not [line for line in result.output.splitlines() if line.strip().startswith("cd ")]


@pytest.mark.parametrize("name", ["a/b/c", "with space/größe 日本", "../elsewhere/acme", "-acme"])
def test_any_path_works_and_missing_parents_are_made(template: Path, workshop: Path, invoke: Invoke, name: str) -> None:
    result = invoke("new", "--defaults", "--", name)
    assert result.exit_code == 0, result.output
    assert (workshop / name / "README.md").is_file()


def test_it_proposes_the_python_it_runs_on(make: Make) -> None:
    assert answers(make("acme"))["python_version"] == RUNNING


@pytest.mark.parametrize(
    ("path", "step"), [("~/churn", "cd ~/churn"), ("~/my churn", "cd ~/'my churn'"), ("a b", "cd 'a b'")]
)
def test_the_next_steps_can_be_pasted(
    template: Path, workshop: Path, machine: Path, invoke: Invoke, path: str, step: str
) -> None:
    result = invoke("new", path, "--defaults")
    assert f"Next:\n  {step}\n" in result.output


def test_the_author_is_whom_git_knows(template: Path, make: Make) -> None:
    question = "author: {type: str, default: ''}\n"
    release(template, "v1.1.0", {"template/questions/computed.yml": TOY["template/questions/computed.yml"] + question})
    assert "author: Ada\n" in (make("acme") / ".copier-answers.yml").read_text()
    assert "author: Eve\n" in (make("other", "--set", "author=Eve") / ".copier-answers.yml").read_text()


def test_a_python_that_is_no_choice_is_not_proposed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlscaffold._decide.propose", lambda: {"python_version": "4.2"})
    assert answers(make("acme"))["python_version"] == "3.12"


def test_the_persons_own_copier_defaults_are_respected(make: Make, machine: Path) -> None:
    settings = machine / "home/.config/copier/settings.yml"
    write(settings.parent, {"settings.yml": "defaults: {python_version: '3.14', task: clustering}\n"})
    recorded = answers(make("acme"))
    assert (recorded["python_version"], recorded["task"]) == ("3.14", "clustering")


ANSWERS = {
    "answers.yml": "project_name: 007\ndescription: no\npython_version: 3.11\n",
    "answers.json": json.dumps({"project_name": "007", "description": "no", "python_version": 3.11}),
}


@pytest.mark.parametrize("file", ANSWERS)
def test_answers_from_a_file_stay_as_typed_and_set_wins(make: Make, workshop: Path, file: str) -> None:
    write(workshop, ANSWERS)
    recorded = answers(make("acme", "--answers", file, "--set", "description=yes = no"))
    assert recorded["project_name"] == "007"
    assert recorded["description"] == "yes = no"
    assert recorded["python_version"] == "3.11"


def test_the_answers_file_of_a_project_makes_another_like_it(make: Make) -> None:
    first = make("acme", "--set", "task=clustering", "--set", "python_version=3.14")
    second = make("twin", "--answers", first / ".copier-answers.yml")
    assert tree(first) == tree(second)


def test_an_answer_to_a_question_that_is_not_asked_may_repeat_its_default(make: Make) -> None:
    project = make(
        "acme", "--set=task=clustering", "--set=framework=scikit-learn", "--set=serving=none", "--set=deployment=none"
    )
    assert not {"framework", "deployment"} & answers(project).keys()


def test_files_that_a_person_ignores_everywhere_are_committed_too(make: Make, machine: Path) -> None:
    write(machine / "home", {"ignore": "Dockerfile\n"})
    git(machine, "config", "--global", "core.excludesFile", str(machine / "home/ignore"))
    assert "Dockerfile" in git(make("acme"), "ls-files")


def test_the_variables_of_a_git_hook_are_not_followed(
    template: Path, workshop: Path, machine: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = machine / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet")
    with monkeypatch.context() as patch:
        patch.setenv("GIT_DIR", str(outer / ".git"))
        patch.setenv("GIT_WORK_TREE", str(outer))
        result = run("new", "acme", "--defaults")
    assert result.returncode == 0, result.stderr
    assert git(workshop / "acme", "log", "--format=%s") == "Start the project with mlscaffold"
    assert git(outer, "status", "--porcelain") == ""


def test_changes_to_the_template_that_are_not_committed_are_used_and_told(
    template: Path, workshop: Path, invoke: Invoke
) -> None:
    git(template, "tag", "--delete", "v1.0.0")
    write(template, {"template/project/DRAFT.md": "draft\n"})
    result = invoke("new", "acme", "--defaults")
    assert (workshop / "acme/DRAFT.md").is_file()
    assert "note: the template has uncommitted changes, and they were used" in result.stderr
    assert "mlscaffold update cannot work for this project" in result.stdout
