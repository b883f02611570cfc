"""The workflows are linted and executed."""

import json
import re
import shutil
from pathlib import Path

import pytest

from .machine import Environment, executable, render, run

ENVIRONMENTS = ("uv", "venv", "conda")
STUB = """\
name: Stub
description: Does nothing
runs:
  using: composite
  steps:
    - run: "true"
      shell: bash
"""
# Writes down what it is asked for; fails where FAIL says so.
RECORDER = """\
#!/bin/sh
echo "$*" >> "$RECORD"
case "$*" in $FAIL) exit 1 ;; esac
"""
# `uses: ./` works everywhere; the newer `uses: $/` is unknown to act, which executes the workflows here.
AUDIT = """\
rules:
  self-repository:
    disable: true
"""


@pytest.fixture(params=ENVIRONMENTS)
def project(request: pytest.FixtureRequest, template: Path, tmp_path: Path, env: Environment) -> Path:
    """A project of each environment."""
    return render(template, tmp_path / "project", env, environment=request.param)


def act(project: Path, folder: Path, env: Environment, workflow: str, *, expect: int = 0) -> str:
    """Run a workflow on this machine; actions from elsewhere do nothing."""
    (folder / "stub").mkdir()
    (folder / "stub" / "action.yml").write_text(STUB, encoding="utf-8")
    files = [*project.glob(".github/workflows/*.yml"), *project.glob(".github/actions/*/action.yml")]
    uses = {name for file in files for name in re.findall(r"uses: ([^.\s]\S+@\S+)", file.read_text(encoding="utf-8"))}
    stubs = [word for name in sorted(uses) for word in ("--local-repository", f"{name}={folder / 'stub'}")]
    command = [
        "act",
        "push",
        "--workflows",
        f".github/workflows/{workflow}",
        "--platform",
        "ubuntu-24.04=-self-hosted",
        "--action-offline-mode",
        "--action-cache-path",
        str(folder / "cache"),
        *stubs,
    ]
    # The jobs of a workflow start together: here they take turns, as there is one machine.
    return run(*command, "--concurrent-jobs", "1", cwd=project, env=env, expect=expect).stdout


def recorded(folder: Path, env: Environment, *, fail: str = "nothing") -> Environment:
    """Return the variables of a shell whose make only writes down what it is asked for."""
    executable(folder / "bin" / "make", RECORDER)
    path = f"{folder / 'bin'}:{env['PATH']}"
    return {**env, "PATH": path, "RECORD": str(folder / "record"), "FAIL": fail, "CONDA": "/opt/conda"}


def test_linters_find_nothing(project: Path, tmp_path: Path, env: Environment) -> None:
    schemas = {
        "vendor.github-workflows": project.glob(".github/workflows/*.yml"),
        "vendor.github-actions": project.glob(".github/actions/*/action.yml"),
        "vendor.dependabot": project.glob(".github/dependabot.yml"),
    }
    for schema, files in schemas.items():
        run("check-jsonschema", "--builtin-schema", schema, *files, cwd=project, env=env)
    run("actionlint", cwd=project, env=env)
    (tmp_path / "zizmor.yml").write_text(AUDIT, encoding="utf-8")
    run("zizmor", "--offline", "--quiet", "--config", tmp_path / "zizmor.yml", ".", cwd=project, env=env)


def test_linters_see_a_fault(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env)
    workflow = project / ".github" / "workflows" / "ci.yml"
    sound = workflow.read_text(encoding="utf-8")
    workflow.write_text(re.sub(r"checkout@\w+", "checkout@v7", sound), encoding="utf-8")
    assert "unpinned-uses" in run("zizmor", "--offline", ".", cwd=project, env=env, expect=None).stdout
    workflow.write_text(sound.replace("runs-on: ubuntu-24.04", "runs-on: ubuntu-24.4"), encoding="utf-8")
    run("actionlint", cwd=project, env=env, expect=1)


def test_every_environment_is_set_up_by_its_own_make(project: Path, tmp_path: Path, env: Environment) -> None:
    act(project, tmp_path, recorded(tmp_path, env), "ci.yml")
    asked = (tmp_path / "record").read_text(encoding="utf-8").splitlines()
    manager = " MANAGER=/opt/conda/bin/conda" if (project / "environment.yml").exists() else ""
    setup = f"setup{manager}"
    assert sorted(asked) == sorted([setup, "lint", "test", setup, "train", "evaluate FLAGS=--check"])


@pytest.mark.parametrize("step", ["lint", "test", "train", "evaluate*"])
def test_a_step_that_fails_fails_the_workflow(step: str, template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env)
    assert "Job failed" in act(project, tmp_path, recorded(tmp_path, env, fail=step), "ci.yml", expect=1)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_checks_run_for_real(template: Path, tmp_path: Path, env: Environment) -> None:
    said = act(render(template, tmp_path / "project", env), tmp_path, env, "ci.yml")
    assert said.count("Job succeeded") == 2
    assert "is asked" in said


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_image_job_runs_for_real(template: Path, tmp_path: Path, engine: Environment) -> None:
    said = act(render(template, tmp_path / "project", engine), tmp_path, engine, "image.yml")
    assert "Job succeeded" in said
    assert json.loads(next(re.finditer(r'\{"status":"ready".*?\}', said)).group())["status"] == "ready"


def test_nothing_of_it_is_left_without_ci(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env, ci="none")
    assert not (project / ".github").exists()
    shutil.rmtree(project / ".git")
    assert not [path for path in project.rglob("*") if path.is_file() and b"github" in path.read_bytes().lower()]
