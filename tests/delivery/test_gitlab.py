"""GitLab's pipeline is linted and executed."""

import shutil
from pathlib import Path

import pytest
from tally import Tally

from .advisories import Advisories
from .machine import ROOT, Environment, asked, executable, own_name, recorded, render, run, take_another_port

ENVIRONMENTS = ("uv", "venv", "conda")
TOOLS = ROOT / "build" / "gitlab" / "bin"
# The jobs run on this machine, which needs no engine beside them: this one starts nothing.
NO_ENGINE = "#!/bin/sh\necho '[{\"Config\": {}}]'\n"
# What installs a container's packages: they are on this machine already.
INSTALLERS = ("apk", "apt-get", "pip")
TAG = "CI_COMMIT_TAG=v1.2.3"
REGISTRY = (
    "CI_REGISTRY=registry.example.com",
    "CI_REGISTRY_IMAGE=registry.example.com/acme/forecast",
    "CI_REGISTRY_USER=job",
    "CI_JOB_TOKEN=job-token",
)


@pytest.fixture(params=ENVIRONMENTS)
def project(request: pytest.FixtureRequest, template: Path, tmp_path: Path, env: Environment) -> Path:
    """A project of each environment."""
    return render(template, tmp_path / "project", env, environment=request.param, ci="gitlab")


def pipeline(
    project: Path, folder: Path, env: Environment, *variables: str, jobs: tuple[str, ...] = (), expect: int = 0
) -> str:
    """Run the pipeline on this machine, or some of its jobs; what a job hands on is only what it says."""
    run("git", "branch", "--move", "--force", "main", cwd=project, env=env)
    command = [
        "gitlab-ci-local",
        *jobs,
        "--force-shell-executor",
        "--shell-isolation",
        "--concurrency",
        "1",
        "--color=false",
        "--container-executable",
        str(executable(folder / "no-engine", NO_ENGINE)),
    ]
    # What a runner sets is set here as it is on this machine.
    for variable in (*variables, *(f"{name}={env.get(name, '')}" for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR"))):
        command += ["--variable", variable]
    path = f"{env['PATH']}:{TOOLS}"
    return run(*command, cwd=project, env={**env, "PATH": path}, expect=expect).stdout


def stubbed_installers(folder: Path, env: Environment) -> Environment:
    """Return the variables of a shell where a container's packages are there already."""
    for name in INSTALLERS:
        executable(folder / "bin" / name, "#!/bin/sh\n")
    return {**env, "PATH": f"{folder / 'bin'}:{env['PATH']}"}


def test_linters_find_nothing(project: Path, env: Environment) -> None:
    files = [project / ".gitlab-ci.yml", *project.glob(".gitlab/ci/*.yml")]
    assert len(files) == 5
    run("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", *files, cwd=project, env=env)


def test_linters_see_a_fault(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env, ci="gitlab")
    file = project / ".gitlab-ci.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("script:", "scripts:"), encoding="utf-8")
    run("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", file, cwd=project, env=env, expect=1)


@pytest.mark.prove
def test_every_environment_is_set_up_by_its_own_make(project: Path, tmp_path: Path, env: Environment) -> None:
    pipeline(project, tmp_path, recorded(tmp_path, env, *INSTALLERS))
    steps = [step for step in asked(tmp_path) if not step.startswith(INSTALLERS)]
    assert steps[:8] == [
        *("make setup", "make lint", "make secrets"),
        *("make setup", "make test"),
        *("make setup", "make rehearse"),
        "make up PYTHON=python3",
    ]
    assert steps[8].startswith("docker compose exec -T service python -c ")
    assert steps[9:] == ["make audit PYTHON=python3"]


@pytest.mark.prove
@pytest.mark.parametrize("step", ["lint", "secrets", "test", "rehearse", "up*", "audit*"])
def test_a_step_that_fails_fails_the_pipeline(step: str, template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env, ci="gitlab")
    failing = recorded(tmp_path, env, *INSTALLERS, fail=f"make {step}")
    assert "FAIL" in pipeline(project, tmp_path, failing, TAG, *REGISTRY, expect=1)
    assert not [step for step in asked(tmp_path) if step.startswith("docker load")]


@pytest.mark.prove
def test_a_version_tag_is_deployed_after_everything_else(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env, ci="gitlab")
    pipeline(project, tmp_path, recorded(tmp_path, env, *INSTALLERS), TAG, *REGISTRY)
    steps = asked(tmp_path)
    load = steps.index("docker load --input image.tar")
    assert {"make lint", "make test", "make secrets", "make rehearse"} < set(steps[:load])
    assert steps[load + 1 :] == [
        "docker login --username job --password-stdin registry.example.com",
        "docker tag acme-forecast registry.example.com/acme/forecast:v1.2.3",
        "docker push registry.example.com/acme/forecast:v1.2.3",
    ]


@pytest.mark.prove
def test_what_is_no_version_is_not_deployed(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env, ci="gitlab")
    assert "deploy" not in pipeline(project, tmp_path, recorded(tmp_path, env, *INSTALLERS), *REGISTRY)
    assert not [step for step in asked(tmp_path) if step.startswith(("docker load", "docker save", "docker push"))]


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_the_pipeline_runs_for_real(
    template: Path, tmp_path: Path, engine: Environment, advisories: Advisories, tally: Tally
) -> None:
    package = own_name("acme_gitlab")
    project = render(template, tmp_path / "project", engine, ci="gitlab", package_name=package)
    take_another_port(project, engine)
    real = {**stubbed_installers(tmp_path, engine), **advisories.variables}
    here = ("DOCKER_HOST=unix:///var/run/docker.sock", "DOCKER_TLS_VERIFY=", "DOCKER_CERT_PATH=")
    try:
        said = pipeline(project, tmp_path, real, *here, TAG, jobs=("lint", "test", "train", "build"))
    finally:
        # There, the engine goes with the job.
        run("make", "down", cwd=project, env=engine)
        run("docker", "rmi", "--force", package.replace("_", "-"), cwd=project, env=engine)
    assert [job for job in ("lint", "test", "train", "build") if f" PASS  {job}" not in said] == []
    assert '"status":"ready"' in said
    assert {"numpy", "onnxruntime"} <= advisories.asked
    assert list((project / "models").glob("*/model.onnx")), "the model is handed on"
    assert (project / "image.tar").stat().st_size > 1_000_000, "and so is the image of a version"
    tally.images += 1


def test_nothing_of_it_is_left_with_another(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env, ci="github")
    shutil.rmtree(project / ".git")
    assert not [path for path in project.rglob("*") if path.is_file() and b"gitlab" in path.read_bytes().lower()]
