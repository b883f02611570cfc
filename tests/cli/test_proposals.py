"""The script by which a pipeline proposes a newer template, with real branches and a forge that writes down."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlscaffold._copier import open_folder

from .toy import commit, git, release, write

ROOT = Path(__file__).parents[2]
TEMPLATE = "https://git.example.com/acme/template.git"
PROJECT = "https://git.example.com/acme/project.git"
NEW = {"template/project/README.md.jinja": "# {{ project_name }}\n\nThe new one.\n\nTask: {{ task }}.\n\nThe end.\n"}
GH = """\
#!/bin/sh
printf '%s|' "$@" >> "$RECORD"
case "$1 $2" in "pr create") exit "${REFUSED:-0}" ;; esac
"""
HOOK = '#!/bin/sh\nenv | grep "^GIT_PUSH_OPTION_[0-9]" | sort >> "$RECORD"\n'
GITLAB = {
    "CI_SERVER_PROTOCOL": "https",
    "CI_REPOSITORY_URL": PROJECT.replace("//", "//gitlab-ci-token:short@"),
    "GITLAB_USER_NAME": "Grace",
    "GITLAB_USER_EMAIL": "grace@example.com",
    "TEMPLATE_TOKEN": "long",
}


@dataclass(frozen=True)
class Forge:
    """A project, the repository that it is pushed to, what a job's variables are, and what the forge was asked for."""

    project: Path
    origin: Path
    variables: dict[str, str]
    record: Path

    def propose(self, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the script as a job does, in a clone of its own."""
        clone = self.project.parent / "clone"
        git(self.project.parent, "clone", "--quiet", "--depth=1", f"file://{self.origin}", str(clone))
        git(clone, "remote", "set-url", "origin", PROJECT)
        command = ["bash", "scripts/propose_update.sh"]
        variables = {**self.variables, **more}
        done = subprocess.run(command, cwd=clone, env=variables, capture_output=True, text=True, check=False)
        clone.rename(self.project.parent / f"clone-{len(list(self.project.parent.iterdir()))}")
        return done

    def asked(self) -> str:
        return self.record.read_text() if self.record.exists() else ""

    def branches(self) -> list[str]:
        return git(self.origin, "for-each-ref", "--format=%(refname:short)").splitlines()


@pytest.fixture
def set_up(make: Callable[..., Path], template: Path, machine: Path) -> Callable[[str], Forge]:
    """Return what makes a project, with the script of one forge, on a server where the template is as well."""

    def set_up(ci: str, source: str = TEMPLATE) -> Forge:
        project, origin, record = make("acme"), machine / "origin", machine / "record"
        open_folder(ROOT).render(project, {"ci": ci}, only="scripts")
        answers = project / ".copier-answers.yml"
        write(project, {".copier-answers.yml": answers.read_text().replace(str(template), source)})
        write(project, {"README.md": (project / "README.md").read_text() + "\nMine.\n"})
        commit(project, "mine")
        git(machine, "clone", "--quiet", "--bare", str(project), str(origin))
        git(origin, "config", "receive.advertisePushOptions", "true")
        write(machine, {"bin/gh": GH, "origin/hooks/post-receive": HOOK})
        for command in ("bin/gh", "origin/hooks/post-receive"):
            (machine / command).chmod(0o755)
        token = PROJECT.replace("//", "//template:long@")
        for place, urls in ((template, [TEMPLATE]), (origin, [PROJECT, token])):
            for url in urls:
                git(machine, "config", "--global", "--add", f"url.file://{place}.insteadOf", url)
        path = f"{machine / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        return Forge(project, origin, {**os.environ, **GITLAB, "PATH": path, "RECORD": str(record)}, record)

    return set_up


@pytest.mark.test
@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_what_is_newer_is_proposed_once(set_up: Callable[[str], Forge], template: Path, ci: str) -> None:
    forge = set_up(ci)
    assert "The template has nothing newer." in forge.propose().stdout
    release(template, "v2.0.0", NEW)
    done = forge.propose()
    assert done.returncode == 0, done.stderr
    assert forge.branches() == ["main", "template-v2.0.0"]
    title, _, body = git(forge.origin, "log", "-1", "--format=%B", "template-v2.0.0").partition("\n\n")
    assert title == "Take v2.0.0 of the template"
    assert body == "  changed   README.md, with your edits", "and nothing of the machine where it was merged"
    readme = git(forge.origin, "show", "template-v2.0.0:README.md")
    assert "The new one." in readme
    assert readme.endswith("Mine.")
    told = {"github": f"pr|create|--head|template-v2.0.0|--title|{title}|", "gitlab": f"merge_request.title={title}\n"}
    assert told[ci] in forge.asked()
    before = forge.asked()
    assert "template-v2.0.0 is there already" in forge.propose().stdout
    assert forge.asked().count("create") == before.count("create") == 1


@pytest.mark.prove
def test_conflicts_are_in_the_title(set_up: Callable[[str], Forge], template: Path) -> None:
    forge = set_up("gitlab")
    write(forge.project, {"README.md": (forge.project / "README.md").read_text().replace("Task", "My task")})
    commit(forge.project, "mine, too")
    git(forge.project, "push", "--quiet", str(forge.origin), "main")
    release(template, "v2.0.0", {"template/project/README.md.jinja": "# {{ project_name }}\n\nWhat: {{ task }}.\n"})
    assert forge.propose().returncode == 0
    message = git(forge.origin, "log", "-1", "--format=%B", "template-v2.0.0")
    assert message.startswith("Take v2.0.0 of the template, with conflicts\n")
    assert "  conflict  README.md, line" in message


@pytest.mark.prove
def test_where_the_forge_refuses_no_branch_is_left(set_up: Callable[[str], Forge], template: Path) -> None:
    forge = set_up("github")
    release(template, "v2.0.0", NEW)
    assert forge.propose(REFUSED="1").returncode == 1
    assert forge.branches() == ["main"]
    assert forge.propose().returncode == 0
    assert forge.branches() == ["main", "template-v2.0.0"]


@pytest.mark.prove
def test_a_job_that_may_not_push_says_what_it_takes(set_up: Callable[[str], Forge], template: Path) -> None:
    forge = set_up("gitlab")
    release(template, "v2.0.0", NEW)
    done = forge.propose(TEMPLATE_TOKEN="")
    assert (done.returncode, "set it as the variable TEMPLATE_TOKEN" in done.stderr) == (1, True)


@pytest.mark.prove
def test_what_fails_is_not_taken_for_a_conflict(set_up: Callable[[str], Forge], template: Path) -> None:
    forge = set_up("github")
    git(template, "tag", "--delete", "v1.0.0")
    git(template, "commit", "--quiet", "--amend", "--message", "other")
    release(template, "v2.0.0", NEW)
    git(template, "reflog", "expire", "--expire=now", "--all")
    git(template, "gc", "--quiet", "--prune=now")
    done = forge.propose()
    assert (done.returncode, "The project was made from version v1.0.0" in done.stderr) == (1, True)
    assert forge.branches() == ["main"]


@pytest.mark.prove
def test_a_template_on_one_machine_is_told(set_up: Callable[..., Forge]) -> None:
    done = set_up("github", "/home/ada/template").propose()
    assert (done.returncode, "is at /home/ada/template, which is no URL" in done.stdout) == (0, True)
