"""The workflows are linted and executed."""

import json
import re
import shutil
from pathlib import Path

import pytest
from tally import Tally

from .advisories import Advisories
from .machine import Environment, asked, own_name, recorded, render, run, take_another_port

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


def act(
    project: Path, folder: Path, env: Environment, workflow: str, *, ref: str = "refs/heads/main", expect: int = 0
) -> str:
    """Run a workflow on this machine as if `ref` was pushed; actions from elsewhere do nothing."""
    (folder / "event.json").write_text(json.dumps({"ref": ref}), encoding="utf-8")
    (folder / "stub").mkdir()
    (folder / "stub" / "action.yml").write_text(STUB, encoding="utf-8")
    files = [*project.glob(".github/workflows/*.yml"), *project.glob(".github/actions/*/action.yml")]
    uses = {name for file in files for name in re.findall(r"uses: ([^.\s]\S+@\S+)", file.read_text(encoding="utf-8"))}
    stubs = [word for name in sorted(uses) for word in ("--local-repository", f"{name}={folder / 'stub'}")]
    command = [
        "act",
        "push",
        "--eventpath",
        str(folder / "event.json"),
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


@pytest.mark.prove
def test_every_environment_is_set_up_by_its_own_make(project: Path, tmp_path: Path, env: Environment) -> None:
    act(project, tmp_path, recorded(tmp_path, env), "ci.yml")
    manager = " MANAGER=/opt/conda/bin/conda" if (project / "environment.yml").exists() else ""
    setup = f"make setup{manager}"
    wanted = [setup, "make lint", "make secrets", "make test", setup, "make rehearse"]
    assert sorted(asked(tmp_path)) == sorted(wanted)


@pytest.mark.prove
@pytest.mark.parametrize("step", ["lint", "secrets", "test", "rehearse"])
def test_a_step_that_fails_fails_the_workflow(step: str, template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env)
    assert "Job failed" in act(project, tmp_path, recorded(tmp_path, env, fail=f"make {step}"), "ci.yml", expect=1)


@pytest.mark.prove
def test_a_version_tag_is_deployed_after_everything_else(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env)
    act(project, tmp_path, recorded(tmp_path, env), "release.yml", ref="refs/tags/v1.2.3")
    steps = asked(tmp_path)
    load = steps.index("docker load --input image.tar")
    assert {"make lint", "make test", "make secrets", "make rehearse", "make audit"} < set(steps[:load])
    assert steps[load + 1].startswith("docker login --username ")
    assert steps[-1] == "docker push ghcr.io/nektos/act:v1.2.3"


@pytest.mark.prove
@pytest.mark.parametrize("step", ["make lint", "make rehearse", "make audit"])
def test_a_version_that_fails_a_check_is_not_deployed(
    step: str, template: Path, tmp_path: Path, env: Environment
) -> None:
    project = render(template, tmp_path / "project", env)
    failing = recorded(tmp_path, env, fail=step)
    act(project, tmp_path, failing, "release.yml", ref="refs/tags/v1.2.3", expect=1)
    assert not [step for step in asked(tmp_path) if step.startswith("docker load")]


@pytest.mark.prove
def test_what_is_no_version_is_not_deployed(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env)
    act(project, tmp_path, recorded(tmp_path, env), "release.yml")
    assert "make audit" in asked(tmp_path)
    assert not [step for step in asked(tmp_path) if step.startswith("docker load")]


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_the_checks_run_for_real(template: Path, tmp_path: Path, env: Environment) -> None:
    said = act(render(template, tmp_path / "project", env), tmp_path, env, "ci.yml")
    assert said.count("Job succeeded") == 2
    assert "is asked" in said


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_the_image_job_runs_for_real(
    template: Path, tmp_path: Path, engine: Environment, advisories: Advisories, tally: Tally
) -> None:
    package = own_name("acme_github")
    project = render(template, tmp_path / "project", engine, package_name=package)
    take_another_port(project, engine)
    said = act(project, tmp_path, {**engine, **advisories.variables}, "image.yml")
    assert "Job succeeded" in said
    assert json.loads(next(re.finditer(r'\{"status":"ready".*?\}', said)).group())["status"] == "ready"
    assert {"numpy", "onnxruntime"} <= advisories.asked
    run("docker", "rmi", "--force", package.replace("_", "-"), cwd=project, env=engine)
    tally.images += 1


def test_nothing_of_it_is_left_without_ci(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env, ci="none")
    assert not (project / ".github").exists()
    shutil.rmtree(project / ".git")
    assert not [path for path in project.rglob("*") if path.is_file() and b"github" in path.read_bytes().lower()]
