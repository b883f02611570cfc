"""For each environment manager, one project is set up by its own `make setup` and lives its whole life."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tally import Tally

from .channel import make_channel
from .machine import PYTHON, Environment, ask, example_rows, executable, free_port, render, run, wait_until_ready

MANAGERS = ("mamba", "micromamba", "conda")


@pytest.fixture(scope="session")
def channel(trained: Path, tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Path:
    """conda-forge in miniature: what uv installed for the same project, and what installs a project itself."""
    folder = tmp_path_factory.mktemp("channel")
    site_packages = folder / "wheels" / "lib" / f"python{PYTHON}" / "site-packages"
    run("uv", "venv", "--quiet", "--python", sys.executable, folder / "wheels", cwd=folder, env=env)
    frozen = run("uv", "pip", "freeze", "--quiet", "--exclude-editable", cwd=trained, env=env).stdout.split("\n")
    wanted = [line for line in frozen if "==" in line]
    command = ("uv", "pip", "install", "--quiet", "--link-mode", "hardlink", "--python", folder / "wheels")
    run(*command, "pip", "hatchling", "editables", "scipy", *wanted, cwd=folder, env=env)
    return make_channel(folder / "conda-forge", site_packages)


@pytest.fixture
def shell(request: pytest.FixtureRequest, tmp_path: Path, env: Environment) -> Environment:
    """The variables of a shell that has the environment's manager, and an empty home of its own."""
    (tmp_path / "home").mkdir()
    own = {**env, "HOME": str(tmp_path / "home")}
    if request.node.callspec.params["environment"] != "conda":
        return own
    code = (Path(__file__).parent / "micromamba.py").read_text(encoding="utf-8")
    executable(tmp_path / "bin" / "micromamba", f"#!{sys.executable}\n{code}")
    path = f"{tmp_path / 'bin'}{os.pathsep}{env['PATH']}"
    return {**own, "PATH": path, "LOCAL_CHANNEL": str(request.getfixturevalue("channel"))}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("environment", "task"),
    [
        ("uv", "classification"),
        pytest.param("venv", "regression", marks=pytest.mark.prove),
        pytest.param("conda", "clustering", marks=pytest.mark.prove),
    ],
)
def test_a_project_lives_its_whole_life(
    environment: str, task: str, template: Path, tmp_path: Path, shell: Environment, tally: Tally
) -> None:
    project = render(template, tmp_path / "project", shell, environment=environment, task=task)

    def make(*words: str) -> str:
        return run("make", *words, cwd=project, env=shell).stdout

    make("setup")
    make("setup")
    make("data")
    assert list((project / "reports" / "data").glob("*.html"))
    make("train")
    assert len(list((project / "models").glob("*/schema.json"))) == 1
    make("tune")
    assert len(list((project / "models").glob("*/schema.json"))) == 2
    assert "is asked" in make("evaluate", "FLAGS=--check")
    make("predict")
    assert count_rows(project / "reports" / "predictions.csv") == count_rows(project / "data" / "raw" / "example.csv")
    assert " passed" in make("test")
    make("lint")
    make("format")
    serve_once(project, shell)
    look_at(project, shell)
    kept = sorted((project / "models").rglob("*"))
    make("clean")
    assert sorted((project / "models").rglob("*")) == kept
    assert not (project / "reports").exists()
    changed = run("git", "status", "--porcelain", cwd=project, env=shell).stdout.split()
    assert changed == (["??", "uv.lock"] if environment == "uv" else [])
    # onnxruntime keeps the identity under which it reports in the home.
    assert not list((tmp_path / "home").rglob("*onnxruntime*"))
    tally.lives += 1


def count_rows(table: Path) -> int:
    """Return the number of rows below the header."""
    with table.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def serve_once(project: Path, shell: Environment) -> None:
    """Start the service, ask it, and stop it as Ctrl-C does."""
    port = free_port()
    served = subprocess.Popen(
        ["make", "serve", f"PORT={port}"],
        cwd=project,
        env=shell,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(port)
        rows = example_rows(port)
        status, answer = ask(port, "/predict", str(rows).replace("'", '"').encode())
        assert status == 200, answer
        assert len(answer["predictions"]) == len(rows)
    finally:
        os.killpg(served.pid, signal.SIGINT)
        served.wait(timeout=90)


def look_at(project: Path, shell: Environment) -> None:
    """Let the command say that all of it is sound."""
    found = json.loads(
        run(sys.executable, "-m", "mlscaffold", "doctor", project, "--json", cwd=project, env=shell).stdout
    )
    states = {each["what"]: each["state"] for each in found}
    assert [states[name] for name in ("environment", "packages", "data", "model", "service")] == ["ok"] * 5, found


@pytest.mark.parametrize("found", MANAGERS)
def test_make_setup_speaks_to_whichever_of_the_three_is_there(
    found: str, template: Path, tmp_path: Path, env: Environment
) -> None:
    project = render(template, tmp_path / "project", env, environment="conda")
    lines = run("make", "-n", "setup", cwd=project, env=only(tmp_path, found)).stdout
    create = "create" if found == "micromamba" else "env create"
    assert f"{found} {create} --prefix ./.conda --file environment.yml\n" in lines
    (project / ".conda" / "conda-meta").mkdir(parents=True)
    (project / ".conda" / "conda-meta" / "history").touch()
    lines = run("make", "-n", "setup", cwd=project, env=only(tmp_path, found)).stdout
    update = "install" if found == "micromamba" else "env update --prune"
    assert f"{found} {update} --prefix ./.conda --file environment.yml\n" in lines


@pytest.mark.parametrize(
    ("environment", "said"),
    [("uv", "uv was not found"), ("venv", "Python 3.11 or later was not found"), ("conda", "conda were not found")],
)
def test_make_setup_says_what_is_missing(
    environment: str, said: str, template: Path, tmp_path: Path, env: Environment
) -> None:
    project = render(template, tmp_path / "project", env, environment=environment)
    done = run("make", "setup", cwd=project, env=only(tmp_path), expect=2)
    assert said in done.stdout
    assert not (project / ".venv").exists()


def test_make_setup_passes_over_a_python_that_is_too_old(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env, environment="venv", python_version="3.14")
    shell = only(tmp_path, "python3.14", "python3")
    executable(tmp_path / "only" / "python3.14", "#!/bin/sh\nexit 127\n")
    executable(tmp_path / "only" / "python3", "#!/bin/sh\nexit 1\n")
    executable(tmp_path / "only" / "python3.13", '#!/bin/sh\n[ "$1" = -c ] || echo "made with 3.13: $*"\n')
    done = run("make", ".venv/bin/pip", cwd=project, env=shell)
    assert "made with 3.13: -m venv .venv" in done.stdout


def test_help_lists_every_target(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env)
    listed = [line.split()[0] for line in run("make", cwd=project, env=env).stdout.splitlines()]
    assert listed == [
        "setup", "data", "train", "compare", "tune", "runs", "evaluate", "pipeline", "rehearse", "predict", "test",
        "lint", "format", "serve", "image", "up", "down", "secrets", "audit", "clean", "help",
    ]  # fmt: skip


def only(folder: Path, *commands: str) -> Environment:
    """Return the variables of a shell that has make and these commands alone."""
    path = folder / "only"
    for command in commands:
        executable(path / command, "#!/bin/sh\n")
    path.mkdir(exist_ok=True)
    for command in ("make", "sh", "test"):
        (path / command).unlink(missing_ok=True)
        (path / command).symlink_to(f"/usr/bin/{command}")
    return {"PATH": str(path)}
