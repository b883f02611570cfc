"""What `add`, `diff` and `update` do with what a person made of a project: every line is in place, or named."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from mlscaffold._update import undo

from .conftest import Invoke
from .toy import commit, git, release, tree, write

Make = Callable[..., Path]
MODEL = "src/acme/model.py"
LONG = "".join(f"line {number}\n" for number in range(20))


def done(invoke: Invoke, *arguments: object, code: int = 0) -> str:
    result = invoke(*arguments)
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture
def long(template: Path) -> Path:
    """The toy template with a file of some length."""
    release(template, "v1.0.1", {"template/project/src/{{ package_name }}/long.py": LONG})
    return template


def test_an_answer_is_changed_and_the_version_stays(make: Make, template: Path, invoke: Invoke) -> None:
    project = make("acme")
    write(project, {"README.md": (project / "README.md").read_text() + "\nMine.\n"})
    commit(project, "mine")
    release(template, "v2.0.0", {"template/project/NEW.md": "new\n"})
    answers = ("framework=pytorch", "deployment=none", "description=Ours")
    said = done(invoke, "add", *answers, "--project", project)
    assert f"Updated {project}, template v1.0.0.\n" in said
    assert f"  changed   README.md, with your edits\n  changed   {MODEL}\n  removed   Dockerfile\n" in said
    assert (project / MODEL).read_text() == 'FRAMEWORK = "pytorch"\n'
    assert (project / "README.md").read_text().endswith("\nMine.\n")
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert (recorded["_commit"], recorded["framework"], recorded["deployment"]) == ("v1.0.0", "pytorch", "none")
    assert not (project / "NEW.md").exists()
    commit(project, "added")
    assert "Already up to date" in done(invoke, "add", "framework=pytorch", "--project", project)


@pytest.mark.test
def test_what_would_be_done_is_what_is_done(make: Make, long: Path, invoke: Invoke) -> None:
    project = make("acme")
    release(long, "v2.0.0", {"template/project/NEW.md": "new\n"})
    before = tree(project)
    told = done(invoke, "diff", "--project", project)
    assert told.splitlines() == [
        f"{project}, template v1.0.1 -> v2.0.0: this would be done.",
        "  added     NEW.md",
        "",
        "Nothing was written.",
    ]
    assert done(invoke, "update", project, "--dry-run") == told
    found = json.loads(done(invoke, "diff", "--project", project, "--json", "description=x"))
    assert (found["added"], found["changed"]) == (
        [],
        [{"path": p, "edited": False} for p in (".copier-answers.yml", "README.md")],
    )
    patch = done(invoke, "diff", "--project", project, "--patch")
    assert tree(project) == before
    subprocess.run(["git", "apply", "-"], cwd=project, input=patch, text=True, check=True)
    applied = tree(project)
    git(project, "checkout", "--quiet", ".")
    (project / "NEW.md").unlink()
    found = json.loads(done(invoke, "update", project, "--json"))
    assert (found["done"], found["added"], found["template"]) == (
        True,
        ["NEW.md"],
        {"before": "v1.0.1", "after": "v2.0.0"},
    )
    assert tree(project) == applied


def test_a_package_is_renamed_with_edits_and_modules_of_ones_own(make: Make, long: Path, invoke: Invoke) -> None:
    project = make("acme")
    own = "from acme.model import FRAMEWORK\n"
    write(
        project,
        {MODEL: "# Mine\n" + (project / MODEL).read_text(), "src/acme/deep/own.py": own, "notes/acme.md": "mine\n"},
    )
    commit(project, "mine")
    said = done(invoke, "add", "package_name=other", "--project", project)
    assert "  moved     src/acme/model.py -> src/other/model.py, with your edits\n" in said
    assert "Files of yours name the package as it was called: src/other/deep/own.py\n" in said
    assert not (project / "src/acme").exists()
    assert (project / "src/other/model.py").read_text().startswith("# Mine\n")
    assert (project / "src/other/deep/own.py").read_text() == own
    assert (project / "notes/acme.md").read_text() == "mine\n"


@pytest.mark.test
def test_an_edited_file_of_a_renamed_package_that_is_made_no_longer_is_kept(
    make: Make, long: Path, invoke: Invoke
) -> None:
    project = make("acme")
    write(project, {"src/acme/long.py": LONG + "mine\n"})
    commit(project, "mine")
    (long / "template/project/src/{{ package_name }}/long.py").unlink()
    release(long, "v2.0.0", {})
    said = done(invoke, "update", project, "--set", "package_name=other")
    assert "  kept      src/acme/long.py as src/other/long.py.yours: it is made no longer" in said
    assert "removed" not in said
    assert (project / "src/other/long.py.yours").read_text() == LONG + "mine\n"


@pytest.mark.test
def test_moves_that_the_template_names_are_followed_however_much_changed(
    make: Make, long: Path, invoke: Invoke
) -> None:
    project = make("acme")
    write(project, {"src/acme/long.py": LONG + "mine\n", "src/acme/util/own.py": "mine\n"})
    commit(project, "mine")
    (long / "template/project/src/{{ package_name }}/long.py").unlink()
    moves = [
        {"from": "src/{{ package_name }}/long.py", "to": "src/{{ package_name }}/room/short.py"},
        {"from": "src/{{ package_name }}/util/", "to": "src/{{ package_name }}/room/"},
    ]
    files = {
        "template/project/src/{{ package_name }}/room/short.py": LONG[-40:],
        "template/moves.yml": yaml.safe_dump(moves),
    }
    release(long, "v2.0.0", files)
    said = done(invoke, "update", project)
    assert "  moved     src/acme/long.py -> src/acme/room/short.py, with your edits\n" in said
    assert (project / "src/acme/room/short.py").read_text() == LONG[-40:] + "mine\n"
    assert (project / "src/acme/room/own.py").read_text() == "mine\n"


def test_a_file_that_a_person_moved_takes_the_change(make: Make, long: Path, invoke: Invoke) -> None:
    project = make("acme")
    (project / "tools").mkdir()
    git(project, "mv", "src/acme/long.py", "tools/mine.py")
    write(project, {"tools/mine.py": LONG.replace("line 3\n", "line 3, mine\n")})
    commit(project, "moved")
    release(
        long, "v2.0.0", {"template/project/src/{{ package_name }}/long.py": LONG.replace("line 15\n", "line 15, new\n")}
    )
    assert "  changed   tools/mine.py, with your edits\n" in done(invoke, "update", project)
    text = (project / "tools/mine.py").read_text()
    assert "line 3, mine\n" in text
    assert "line 15, new\n" in text
    assert not (project / "src/acme/long.py").exists()


@pytest.mark.test
def test_what_a_person_removed_stays_away_and_is_named(make: Make, long: Path, invoke: Invoke) -> None:
    project = make("acme")
    for path in ("src/acme/long.py", "Dockerfile"):
        (project / path).unlink()
    commit(project, "without")
    release(long, "v2.0.0", {"template/project/src/{{ package_name }}/long.py": LONG + "new\n"})
    said = done(invoke, "update", project)
    assert "  left out  src/acme/long.py: you had removed it, and the template has changed it\n" in said
    assert "Dockerfile" not in said
    assert not (project / "src/acme/long.py").exists()


@pytest.mark.test
@pytest.mark.parametrize("automatic", [False, True])
def test_line_ends_of_windows_are_no_edits(make: Make, long: Path, invoke: Invoke, automatic: bool) -> None:
    project = make("acme")
    git(project, "config", "core.autocrlf", str(automatic).lower())
    mine = LONG.replace("line 3\n", "line 3, mine\n").replace("\n", "\r\n")
    (project / "src/acme/long.py").write_bytes(mine.encode())
    commit(project, "mine")
    release(
        long, "v2.0.0", {"template/project/src/{{ package_name }}/long.py": LONG.replace("line 15\n", "line 15, new\n")}
    )
    said = done(invoke, "update", project)
    assert "  changed   src/acme/long.py, with your edits\n" in said
    assert (project / "src/acme/long.py").read_bytes() == mine.replace("line 15\r\n", "line 15, new\r\n").encode()
    assert len(git(project, "status", "--porcelain").splitlines()) == 2


def test_what_git_ignores_is_not_overwritten(make: Make, template: Path, invoke: Invoke) -> None:
    project = make("acme")
    write(project, {"run.log": "mine\n", "same.log": "new\n"})
    release(
        template,
        "v2.0.0",
        {".gitignore": "", "template/project/run.log": "new\n", "template/project/same.log": "new\n"},
    )
    git(template, "add", "--force", "template/project")
    write(template, {"template/project/.gitignore": "# nothing\n"})
    commit(template, "no longer ignored")
    git(template, "tag", "v3.0.0")
    said = done(invoke, "update", project)
    assert "  beside    run.log as run.log.template: run.log is there, and git ignores it\n" in said
    assert (project / "run.log").read_text() == "mine\n"
    assert (project / "run.log.template").read_text() == "new\n"
    assert "same.log.template" not in said


@pytest.mark.test
def test_a_link_in_the_way_is_told_before_anything_is_written(
    make: Make, template: Path, machine: Path, invoke: Invoke
) -> None:
    project = make("acme")
    (machine / "elsewhere").mkdir()
    (project / "big.log").symlink_to(machine / "elsewhere")
    write(template, {"template/project/.gitignore": "# nothing\n"})
    release(template, "v2.0.0", {"template/project/big.log/part.md": "new\n", "template/project/NEW.md": "new\n"})
    result = invoke("update", project)
    assert result.exit_code == 1
    assert f"big.log/part.md cannot be written: {project}/big.log is a link that git ignores" in result.stderr
    assert "Nothing was changed." in result.stderr
    assert git(project, "status", "--porcelain") == ""
    assert list((machine / "elsewhere").iterdir()) == []


@pytest.mark.test
def test_modes_links_binaries_and_submodules_stay_what_they_are(
    make: Make, long: Path, machine: Path, invoke: Invoke
) -> None:
    project = make("acme")
    write(machine, {"other/README.md": "other\n"})
    git(machine / "other", "init", "--quiet")
    commit(machine / "other", "other")
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(machine / "other"), "vendor")
    (project / "src/acme/long.py").chmod(0o755)
    (project / "link").symlink_to("README.md")
    (project / "src/acme/picture.bin").write_bytes(bytes(range(256)))
    commit(project, "mine")
    release(long, "v2.0.0", {"template/project/src/{{ package_name }}/long.py": LONG + "new\n"})
    done(invoke, "update", project, "--set", "package_name=other")
    assert os.access(project / "src/other/long.py", os.X_OK)
    assert (project / "src/other/long.py").read_text() == LONG + "new\n"
    assert (project / "src/other/picture.bin").read_bytes() == bytes(range(256))
    assert (project / "link").readlink() == Path("README.md")
    assert (project / "vendor/README.md").read_text() == "other\n"


@pytest.mark.test
def test_both_sides_of_a_conflict_are_in_git(make: Make, long: Path, invoke: Invoke) -> None:
    project = make("acme")
    write(project, {"src/acme/long.py": LONG.replace("line 3\n", "mine\n")})
    (project / "Dockerfile").write_bytes(b"\0mine")
    commit(project, "mine")
    (long / "template/project/{{ layer.docker }}/Dockerfile").write_bytes(b"\0new")
    release(long, "v2.0.0", {"template/project/src/{{ package_name }}/long.py": LONG.replace("line 3\n", "new\n")})
    said = done(invoke, "update", project, code=1)
    assert "  conflict  Dockerfile: yours was kept\n  conflict  src/acme/long.py, line 4\n" in said
    assert "To take the template's instead: git checkout --theirs -- Dockerfile\n" in said
    assert git(project, "show", ":2:src/acme/long.py") == LONG.replace("line 3\n", "mine\n").strip()
    assert git(project, "show", ":3:src/acme/long.py") == LONG.replace("line 3\n", "new\n").strip()
    assert (project / "Dockerfile").read_bytes() == b"\0mine"
    git(project, "checkout", "--theirs", "--", "Dockerfile")
    assert (project / "Dockerfile").read_bytes() == b"\0new"
    before = git(project, "rev-parse", "HEAD")
    subprocess.run(undo(project), shell=True, check=True, capture_output=True)
    assert (git(project, "status", "--porcelain"), git(project, "rev-parse", "HEAD")) == ("", before)


@pytest.mark.test
def test_the_command_that_undoes_names_the_project_unless_it_is_run_there(
    make: Make, workshop: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make("my acme")
    git(workshop, "init", "--quiet")
    write(workshop, {"beside.txt": "mine, and in no commit\n"})
    said = done(invoke, "update", project, "--set", "deployment=none").splitlines()[-1].partition("made since: ")[2]
    subprocess.run(said, shell=True, cwd=workshop, check=True, capture_output=True)
    assert git(project, "status", "--porcelain") == ""
    assert (workshop / "beside.txt").exists()
    monkeypatch.chdir(project)
    assert undo(project) == "git reset --quiet -- . && git restore . && git clean -fd ."


@pytest.mark.test
def test_a_shallow_clone_with_a_detached_head_in_a_folder_of_a_repository(
    make: Make, template: Path, workshop: Path, machine: Path, invoke: Invoke
) -> None:
    git(workshop, "init", "--quiet")
    project = make("my acme", "--no-git")
    write(project, {"README.md": (project / "README.md").read_text() + "\nMine.\n"})
    commit(workshop, "start")
    git(machine, "clone", "--quiet", "--depth=1", f"file://{workshop}", "shallow")
    git(machine / "shallow", "checkout", "--quiet", "--detach")
    release(
        template, "v2.0.0", {"template/project/README.md.jinja": "# {{ project_name }}\n\nThe new one.\n\nThe end.\n"}
    )
    said = done(invoke, "update", machine / "shallow/my acme")
    assert "  changed   README.md, with your edits\n" in said
    text = (machine / "shallow/my acme/README.md").read_text()
    assert "The new one." in text
    assert text.endswith("Mine.\n")


@pytest.mark.test
def test_a_repository_with_longer_names_of_objects(make: Make, long: Path, invoke: Invoke) -> None:
    project = make("acme", "--no-git")
    git(project, "init", "--quiet", "--object-format=sha256")
    write(project, {"src/acme/long.py": LONG.replace("line 3\n", "mine\n")})
    commit(project, "mine")
    release(long, "v2.0.0", {"template/project/src/{{ package_name }}/long.py": LONG.replace("line 3\n", "new\n")})
    said = done(invoke, "update", project, "--set", "deployment=none", code=1)
    assert "  removed   Dockerfile\n  conflict  src/acme/long.py, line 4\n" in said
    assert git(project, "show", ":3:src/acme/long.py") == LONG.replace("line 3\n", "new\n").strip()


@pytest.mark.test
def test_an_unfinished_merge_is_told(make: Make, invoke: Invoke) -> None:
    project = make("acme")
    git(project, "checkout", "--quiet", "-b", "other")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "other")
    git(project, "checkout", "--quiet", "main")
    git(project, "merge", "--quiet", "--no-ff", "--no-commit", "other")
    result = invoke("update", project)
    assert (result.exit_code, "a merge is not finished in" in result.stderr) == (1, True)


def test_an_old_git_is_told(make: Make, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make("acme")
    monkeypatch.setattr("mlscaffold._git.version", lambda: (2, 30, 2))
    said = invoke("update", project).stderr
    assert "error: git 2.30.2 is too old to merge updates with\n" in said
    assert "Install git 2.38 or later." in said


def test_something_newer_is_told_by_the_exit_code(make: Make, template: Path, invoke: Invoke) -> None:
    project = make("acme")
    assert done(invoke, "update", project, "--check") == "Already up to date with the template, v1.0.0.\n"
    write(project, {"dirty.txt": "a check looks at versions alone\n"})
    release(template, "v1.1.0", {"template/project/NEW.md": "new\n"})
    said = done(invoke, "update", project, "--check", code=2)
    assert said == "The template has something newer: v1.0.0 -> v1.1.0. mlscaffold diff shows what it changes.\n"
    found = json.loads(done(invoke, "update", project, "--check", "--json", code=2))
    assert found == {"folder": str(project), "before": "v1.0.0", "after": "v1.1.0", "newer": True}
    assert invoke("update", project, "--check", "--set", "description=x").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["add"], 2, "Missing argument 'NAME=VALUE...'"),
        (["add", "pytorch"], 2, "pytorch: this is not name=value"),
        (["add", "framwork=pytorch"], 2, "did you mean framework?"),
        (["diff", "--project", "nowhere"], 1, "has no .copier-answers.yml"),
    ],
)
def test_wrong_words_are_refused(
    workshop: Path, make: Make, invoke: Invoke, arguments: list[str], code: int, said: str
) -> None:
    make("acme")
    os.chdir(workshop / "acme")
    result = invoke(*arguments)
    assert (result.exit_code, said in result.stderr) == (code, True), result.output
    assert git(workshop / "acme", "status", "--porcelain") == ""


@pytest.mark.prove
def test_killed_at_any_moment_all_is_as_before_or_can_be_undone(make: Make, long: Path, machine: Path) -> None:
    project = make("acme")
    write(project, {"src/acme/long.py": LONG.replace("line 3\n", "mine\n"), "Dockerfile": "FROM mine\n"})
    commit(project, "mine")
    files = {f"template/project/docs/{number}.md": f"{number}\n" for number in range(200)}
    release(long, "v2.0.0", {**files, "template/project/src/{{ package_name }}/long.py": LONG + "new\n"})
    before, head, started = tree(project), git(project, "rev-parse", "HEAD"), time.monotonic()
    command = [sys.executable, "-m", "mlscaffold", "update", str(project), "--set", "deployment=none"]
    subprocess.run(command, check=True, capture_output=True)
    seconds = time.monotonic() - started
    for moment in range(20):
        subprocess.run(undo(project), shell=True, check=True, capture_output=True)
        assert (tree(project), git(project, "rev-parse", "HEAD")) == (before, head)
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            # The end, in which files are written, is what can be cut.
            time.sleep(seconds * (0.5 + moment / 36))
            os.killpg(process.pid, signal.SIGKILL)
        # What git itself leaves, and asks to be removed.
        (project / ".git/index.lock").unlink(missing_ok=True)
    subprocess.run(undo(project), shell=True, check=True, capture_output=True)
    assert (tree(project), git(project, "rev-parse", "HEAD")) == (before, head)
