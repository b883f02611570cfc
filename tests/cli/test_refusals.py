"""Bad input: a message with the next step, an exit code, nothing left behind."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Invoke, Run
from .toy import git, release, tree, write

ANSWER_CASES = {
    "no equals sign": (["--set", "foo"], "--set foo: this is not name=value"),
    "no name": (["--set", "=x"], "this is not name=value"),
    "a typing error": (["--set", "serveing=none"], "no question 'serveing'; did you mean serving?"),
    "an unknown name": (["--set", "colour=red"], "there is no question 'colour'"),
    "a computed name": (["--set", "layer=x"], "layer is computed by the template"),
    "a catalogue": (["--set", "task_catalogue=x"], "task_catalogue is computed by the template"),
    "Copier's own name": (["--set", "_commit=x"], "there is no question '_commit'"),
    "an unknown value": (["--set", "task=clasification"], "did you mean classification?"),
    "another case": (["--set", "task=CLUSTERING"], "there is no choice 'CLUSTERING'; did you mean clustering?"),
    "another name of it": (["--set", "framework=sklearn"], "no choice 'sklearn'; did you mean scikit-learn?"),
    "what is not offered": (
        ["--set", "framework=xgboost"],
        "no choice 'xgboost'; that is not offered, the nearest is scikit-learn\n",
    ),
    "another version": (["--set", "python_version=3.10"], "there is no choice '3.10'\n  Choose one of: 3.11,"),
    "the valid values": (["--set", "task=x"], "Choose one of: classification, clustering."),
    "a version cut short": (["--set", "python_version=3.1"], "Choose one of: 3.11, 3.12, 3.13, 3.14."),
    "an empty choice": (["--set", "task="], "task: there is no choice ''"),
    "a wrong pair": (
        ["--set", "task=clustering", "--set", "framework=pytorch"],
        "framework=pytorch does not go with task=clustering\n"
        "  With task=clustering the question framework is not asked: leave it out, or use it with task=classification.",
    ),
    "the pair the other way round": (
        ["--set", "framework=pytorch", "--set", "task=clustering"],
        "framework=pytorch does not go with task=clustering",
    ),
    "a question that is not asked": (
        ["--set", "serving=none", "--set", "deployment=docker"],
        "deployment=docker does not go with serving=none",
    ),
    "too long a text": (["--set", "project_name=" + "x" * 31], "project_name: use 30 at most; this has 31"),
    "a reserved name": (["--set", "package_name=json"], "package_name: json is taken"),
    "bytes that are no text": (["--set", "description=\udcff"], "--set description: this is not valid text"),
}

FILE_CASES = {
    "missing.yml": (None, "cannot read the answers file missing.yml: No such file or directory"),
    "broken.yml": ("task: x\nserving: [\n", "broken.yml, line 3: not valid YAML"),
    "control.yml": ("task: \x07\n", "control.yml: not valid YAML"),
    "list.yml": ("- task\n", "list.yml is not a mapping of names to answers"),
    "text.yml": ("hello\n", "text.yml is not a mapping"),
    "two.yml": ("a: b\n---\nc: d\n", "two.yml, line 2: not valid YAML"),
    "twice.yml": ("task: a\ntask: b\n", "twice.yml, line 2: this name is given twice"),
    "null.yml": (
        "task: clustering\ndescription:\n",
        "null.yml, line 2: description has no single value\n  For an empty",
    ),
    "nested.yml": ("task: [a, b]\n", "nested.yml, line 1: task has no single value"),
    "unknown.yml": ("serveing: none\n", "there is no question 'serveing'"),
    "float.yml": ("python_version: 3.1\n", "python_version: there is no choice '3.1'"),
    "broken.json": ('{\n"task": }', "broken.json, line 2: not valid JSON"),
    "list.json": ("[]", "list.json is not an object"),
    "null.json": ('{"task": null}', "null.json: task has no single value"),
    "surrogate.json": ('{"description": "\\ud800"}', "surrogate.json: description: this is not valid text"),
}


@pytest.fixture
def refused(template: Path, workshop: Path, invoke: Invoke) -> Callable[..., str]:
    """Run the command, which must refuse and leave the workshop as it is; return the message."""

    def refused(code: int, *arguments: object) -> str:
        before = tree(workshop)
        result = invoke(*arguments)
        assert (result.exit_code, result.stdout) == (code, ""), result.output
        assert result.stderr.startswith("error: ")
        assert tree(workshop) == before
        return result.stderr

    return refused


Refused = Callable[..., str]


@pytest.mark.parametrize(("arguments", "message"), ANSWER_CASES.values(), ids=ANSWER_CASES)
def test_wrong_answers(refused: Refused, arguments: list[str], message: str) -> None:
    assert message in refused(2, "new", "acme", "--defaults", *arguments)


@pytest.mark.parametrize("name", FILE_CASES)
def test_wrong_answers_files(refused: Refused, workshop: Path, name: str) -> None:
    text, message = FILE_CASES[name]
    if text is not None:
        write(workshop, {name: text})
    assert message in refused(2, "new", "acme", "--defaults", "--answers", name)


def test_an_answers_file_that_is_no_text(refused: Refused, workshop: Path) -> None:
    (workshop / "latin.yml").write_bytes(b"description: Gr\xf6\xdfe\n")
    assert "latin.yml is not UTF-8 text" in refused(2, "new", "acme", "--defaults", "--answers", "latin.yml")


def test_no_terminal(refused: Refused) -> None:
    message = refused(2, "new", "acme")
    assert "there is no terminal to ask questions in" in message
    assert "--defaults" in message


def test_no_path(refused: Refused) -> None:
    assert "mlscaffold new my-project --defaults" in refused(2, "new", "--defaults")


def test_a_target_with_something_in_it(refused: Refused, workshop: Path) -> None:
    write(workshop, {"acme/notes.txt": "mine\n"})
    assert f"{workshop / 'acme'} is not empty" in refused(1, "new", "acme", "--defaults")


@pytest.mark.parametrize("path", ["notes.txt", "notes.txt/acme", "notes.txt/a/b"])
def test_a_file_in_the_way(refused: Refused, workshop: Path, path: str) -> None:
    write(workshop, {"notes.txt": "mine\n"})
    assert f"{workshop / 'notes.txt'} is a file, not a folder" in refused(1, "new", path, "--defaults")


def test_a_link_to_itself(refused: Refused, workshop: Path) -> None:
    (workshop / "loop").symlink_to("loop")
    assert "loop" in refused(1, "new", "loop", "--defaults")


def test_a_name_that_is_too_long(refused: Refused) -> None:
    assert "File name too long" in refused(1, "new", "x" * 300, "--defaults")


@pytest.mark.parametrize("path", ["acme", "a/b/acme"])
def test_a_place_one_may_not_write_in(refused: Refused, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def denied(*_args: object, **options: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied", f"{options['dir']}/.mlscaffold-x")

    monkeypatch.setattr("mlscaffold._stage.tempfile.mkdtemp", denied)
    message = refused(1, "new", path, "--defaults")
    assert "Permission denied" in message
    assert "Nothing was written." in message


def test_a_parent_that_cannot_be_made(refused: Refused, workshop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mkdir = Path.mkdir

    def some(self: Path) -> None:
        if self == workshop / "a/b":
            raise OSError(errno.EROFS, "Read-only file system", str(self))
        mkdir(self)

    monkeypatch.setattr(Path, "mkdir", some)
    assert "Read-only file system" in refused(1, "new", "a/b/acme", "--defaults")


@pytest.mark.parametrize("path", ["acme", "a/b/acme", "empty"])
def test_a_full_disk(refused: Refused, workshop: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    (workshop / "empty").mkdir()
    write_bytes = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "model.py":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return write_bytes(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    assert "No space left on device" in refused(1, "new", path, "--defaults")


def test_something_that_appears_in_the_target_meanwhile_is_not_touched(
    template: Path, workshop: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = workshop / "acme"

    def commit(_folder: Path) -> str:
        write(target, {"notes.txt": "mine\n"})
        return "abc"

    monkeypatch.setattr("mlscaffold._git.first_commit", commit)
    result = invoke("new", "acme", "--defaults")
    assert result.exit_code == 1
    assert tree(workshop) == {"acme": None, "acme/notes.txt": b"mine\n"}


def test_inside_another_repository(refused: Refused, workshop: Path) -> None:
    git(workshop, "init")
    message = refused(1, "new", "a/acme", "--defaults")
    assert f"is inside the git repository {workshop}" in message
    assert "--no-git" in message


def test_git_without_identity(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    message = refused(1, "new", "acme", "--defaults")
    assert 'git config --global user.name "Your Name"' in message
    assert "--no-git" in message


def test_no_git(refused: Refused, workshop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(workshop))
    assert "git is not installed" in refused(1, "new", "acme", "--defaults")


def test_a_commit_that_fails(refused: Refused, machine: Path) -> None:
    git(machine, "config", "--global", "core.hooksPath", str(machine / "hooks"))
    write(machine, {"hooks/pre-commit": "#!/bin/sh\necho the hook says no\nexit 1\n"})
    (machine / "hooks/pre-commit").chmod(0o755)
    message = refused(1, "new", "acme", "--defaults")
    assert "git commit failed: the hook says no" in message


def test_a_commit_that_cannot_be_signed(refused: Refused, machine: Path) -> None:
    for name, value in (("commit.gpgsign", "true"), ("gpg.program", "false")):
        git(machine, "config", "--global", name, value)
    message = refused(1, "new", "acme", "--defaults")
    assert "git commit failed: " in message
    assert "gpg" in message


def test_a_home_that_cannot_be_read(template: Path, workshop: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/dev/null")
    result = run("new", "acme", "--defaults")
    assert result.returncode == 0, result.stderr
    assert (workshop / "acme/README.md").is_file()


def test_copier_settings_that_are_broken(refused: Refused, machine: Path) -> None:
    write(machine / "home", {".config/copier/settings.yml": "defaults: [\n"})
    assert "your Copier settings file cannot be used" in refused(2, "new", "acme", "--defaults")


@pytest.mark.parametrize("location", ["nowhere", "https://localhost:1/acme.git"])
def test_a_template_that_is_not_there(refused: Refused, monkeypatch: pytest.MonkeyPatch, location: str) -> None:
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", location)
    assert f"cannot read the template at {location}" in refused(1, "new", "acme", "--defaults")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("copier.yml", "a: [\n", "cannot read the template"),
        ("template/questions/model.yml", "task: {type: str, default: '{{ nothing }}'}\n", "question task"),
        ("template/project/README.md.jinja", "{{ nothing }}\n", "the template does not render: UndefinedError"),
        ("template/project/README.md.jinja", "{% if %}\n", "the template does not render: TemplateSyntaxError"),
    ],
)
def test_a_template_that_is_broken(refused: Refused, template: Path, file: str, text: str, message: str) -> None:
    release(template, "v2.0.0", {file: text})
    assert message in refused(1, "new", "acme", "--defaults")


def test_an_unknown_option_of_the_command(invoke: Invoke) -> None:
    result = invoke("new", "--default")
    assert result.exit_code == 2
    assert "--defaults" in result.stderr
