"""A home, a template and, where a test needs one, a trained project and a Docker engine."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .advisories import Advisories, serve_advisories
from .machine import Environment, make_environment, own_name, render, run, snapshot


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The variables of a shell with an empty home."""
    return make_environment(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template, as it lies in the work tree."""
    return snapshot(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def trained(template: Path, tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Path:
    """A project with everything, set up by uv, with one model."""
    # Processes that run tests side by side share one engine: each needs a name of its own for its image.
    name = own_name("acme")
    project = tmp_path_factory.mktemp("trained") / "project"
    render(template, project, env, environment="uv", package_name=name)
    run("make", "setup", "train", cwd=project, env=env)
    return project


@pytest.fixture
def advisories() -> Iterator[Advisories]:
    """A database of known vulnerabilities, which knows of none."""
    with serve_advisories() as known:
        yield known


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Environment:
    """The variables with which `docker build` and `docker compose` work; fails where there is no engine."""
    folder = tmp_path_factory.mktemp("engine")
    plugin = folder / "config" / "cli-plugins" / "docker-compose"
    plugin.parent.mkdir(parents=True)
    plugin.symlink_to(str(shutil.which("docker-compose", path=env["PATH"])))
    for candidate in filter(None, (shutil.which("docker"), "/usr/bin/docker")):
        if builds(Path(candidate)):
            (folder / "docker").symlink_to(candidate)
            path = f"{folder}{os.pathsep}{env['PATH']}"
            return {**env, "PATH": path, "DOCKER_BUILDKIT": "1", "DOCKER_CONFIG": str(folder / "config")}
    pytest.fail("no Docker engine that builds answers; on Debian: apt-get install docker.io, then start dockerd")


def builds(docker: Path) -> bool:
    """Say whether this client reaches an engine and has BuildKit."""
    if not docker.exists():
        return False
    recipe = b'FROM scratch\nLABEL purpose="probe"\n'
    built = subprocess.run(
        [docker, "build", "--quiet", "-"],
        input=recipe,
        capture_output=True,
        check=False,
        env={**os.environ, "DOCKER_BUILDKIT": "1"},
    )
    return built.returncode == 0
