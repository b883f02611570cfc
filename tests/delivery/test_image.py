"""The image is built, run without rights, asked and stopped."""

import http.client
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from tally import Tally

from .machine import PYTHON, Environment, ask, example_rows, free_port, render, run, wait_until_ready

BASE = os.environ.get("PYTHON_IMAGE", f"python:{PYTHON}-slim")
MEGABYTE = 1_000_000
SERVED = {"PORT": "9000", "SERVICE_OPEN": "true"}
CONFINED = (
    "--read-only",
    "--tmpfs",
    "/tmp",
    "--memory",
    "512m",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def image(trained: Path, engine: Environment, tally: Tally) -> Iterator[str]:
    """The image that `make image` builds."""
    newest = max((trained / "models").iterdir())
    shutil.copytree(newest, newest.with_name("20000101-000000-000000-older"))
    said = run("make", "image", cwd=trained, env=engine).stdout
    tally.images += 1
    name = said.splitlines()[0].split("--tag ")[1].split()[0]
    yield name
    run("docker", "rmi", "--force", name, cwd=trained, env=engine)


@contextmanager
def container(image: str, engine: Environment, cwd: Path, **settings: str) -> Iterator[tuple[str, int]]:
    """Run the image as confined as it can be; give its name and port, and remove it at the end."""
    port = free_port()
    ready = settings.get("SERVICE_READY_PATH", "/ready")
    name = run(
        "docker",
        "run",
        "--detach",
        *CONFINED,
        *(word for name, value in {**SERVED, **settings}.items() for word in ("--env", f"{name}={value}")),
        "--publish",
        f"127.0.0.1:{port}:{settings.get('PORT', '9000')}",
        image,
        cwd=cwd,
        env=engine,
    ).stdout.split()[-1]
    try:
        wait_until_ready(port, path=ready)
        yield name, port
    finally:
        run("docker", "rm", "--force", name, cwd=cwd, env=engine)


def inspect(name: str, engine: Environment, cwd: Path) -> Any:
    """Return what the engine knows of an image or a container."""
    return json.loads(run("docker", "inspect", name, cwd=cwd, env=engine).stdout)[0]


def test_the_image_opens_to_nobody_in_silence(image: str, engine: Environment, tmp_path: Path) -> None:
    said = run("docker", "run", "--rm", image, cwd=tmp_path, env=engine, expect=2)
    assert "everybody who reaches 0.0.0.0 could ask. Set SERVICE_API_KEY" in said.stdout
    assert "Traceback" not in said.stdout


def test_the_image_is_small_and_holds_no_training_library(image: str, engine: Environment, tmp_path: Path) -> None:
    grown = inspect(image, engine, tmp_path)["Size"] - inspect(BASE, engine, tmp_path)["Size"]
    assert grown < 200 * MEGABYTE
    shell = ("docker", "run", "--rm", "--entrypoint", "find", image)
    searched = ("/opt/venv", "/app", "-name", "sklearn", "-o", "-name", "pandas")
    assert run(*shell, *searched, cwd=tmp_path, env=engine).stdout == ""
    rooms = ("/app", "-name", "training", "-o", "-name", "evaluation", "-o", "-name", "inference")
    assert [Path(found).name for found in run(*shell, *rooms, cwd=tmp_path, env=engine).stdout.split()] == ["inference"]


def test_the_image_holds_the_newest_model_alone(image: str, trained: Path, engine: Environment, tmp_path: Path) -> None:
    held = run("docker", "run", "--rm", "--entrypoint", "ls", image, "models", cwd=tmp_path, env=engine).stdout.split()
    assert held == [max(path.name for path in (trained / "models").iterdir()), "current"]


def test_it_answers_confined_and_refuses_politely(image: str, engine: Environment, tmp_path: Path) -> None:
    with container(image, engine, tmp_path) as (name, port):
        assert run("docker", "exec", name, "id", "-u", cwd=tmp_path, env=engine).stdout.strip() == "10001"
        assert ask(port, "/model")[1]["engine"] == "onnxruntime"
        rows = example_rows(port)
        status, answer = ask(port, "/predict", json.dumps(rows).encode())
        assert status == 200
        assert len(answer["predictions"]) == len(rows)
        assert ask(port, "/predict", b"{broken")[0] == 400
        assert ask(port, "/predict", b"[]")[0] == 422
        assert ask(port, "/predict", json.dumps([{**rows[0], "surprise": 1}]).encode())[0] == 422
        assert ask(port, "/predict", b" " * 11_000_000)[0] == 413
        deadline = time.monotonic() + 120
        while inspect(name, engine, tmp_path)["State"]["Health"]["Status"] != "healthy":
            assert time.monotonic() < deadline
            time.sleep(0.5)


def test_it_keeps_to_the_contract_of_sagemaker(
    image: str, trained: Path, template: Path, engine: Environment, tmp_path: Path
) -> None:
    project = render(template, tmp_path / "project", engine, deployment="aws")
    stack = yaml.load((project / "deploy/aws/sagemaker.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
    settings = stack["Resources"]["Model"]["Properties"]["PrimaryContainer"]["Environment"]
    assert settings["PORT"] == "8080"
    with container(image, engine, tmp_path, **settings) as (_, port):
        rows = example_rows(port, "/invocations")
        status, answer = ask(port, "/invocations", json.dumps(rows).encode())
        assert (status, len(answer["predictions"])) == (200, len(rows))
        assert ask(port, "/ping")[0] == 200
        assert {ask(port, path)[0] for path in ("/predict", "/ready")} == {404}


def test_a_request_under_way_is_answered_before_it_stops(image: str, engine: Environment, tmp_path: Path) -> None:
    with container(image, engine, tmp_path) as (name, port), ThreadPoolExecutor() as pool:
        body = json.dumps(example_rows(port)).encode()
        head = f"POST /predict HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(head.encode() + body[:10])
            # Connections are taken in their order: once this one is answered, that one was.
            assert ask(port, "/ready")[0] == 200
            stopped = pool.submit(run, "docker", "stop", "--time", "120", name, cwd=tmp_path, env=engine)
            wait_until_stopping(port)
            client.sendall(body[10:])
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        stopped.result()
        # It ended by itself: one that is killed ends with 137.
        assert inspect(name, engine, tmp_path)["State"]["ExitCode"] == 0


def wait_until_stopping(port: int, seconds: float = 60) -> None:
    """Wait until the service says that it stops, or takes no connection any more."""
    until = time.monotonic() + seconds
    with suppress(OSError, http.client.HTTPException):
        while ask(port, "/ready")[0] == 200:
            assert time.monotonic() < until, "the service does not stop"
            time.sleep(0.05)


@pytest.mark.prove
def test_without_onnx_the_library_that_trained_comes_along(
    image: str, trained: Path, engine: Environment, tmp_path: Path, tally: Tally
) -> None:
    with container(image, engine, tmp_path) as (_, port):
        rows = json.dumps(example_rows(port)).encode()
        expected = ask(port, "/predict", rows)[1]["predictions"][0]["prediction"]
    project = tmp_path / "project"
    shutil.copytree(trained, project, ignore=shutil.ignore_patterns(".venv", ".git"))
    # As if the graph had not agreed with the model, so that it was never saved.
    for graph in project.glob("models/*/model.onnx"):
        graph.unlink()
        sums = graph.with_name("SHA256SUMS")
        lines = sums.read_text(encoding="utf-8").splitlines(keepends=True)
        sums.write_text("".join(line for line in lines if graph.name not in line), encoding="utf-8")
    run("docker", "build", "--build-arg", "PYTHON_IMAGE", "--tag", f"{image}-native", ".", cwd=project, env=engine)
    tally.images += 1
    with container(f"{image}-native", engine, tmp_path) as (_, port):
        assert ask(port, "/model")[1]["engine"] == "native"
        assert ask(port, "/predict", rows)[1]["predictions"][0]["prediction"] == expected
    run("docker", "rmi", "--force", f"{image}-native", cwd=project, env=engine)


def test_an_image_without_a_model_is_refused(trained: Path, engine: Environment, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(trained, project, ignore=shutil.ignore_patterns(".venv", ".git", "models"))
    assert "There is no model yet: make train" in run("make", "image", cwd=project, env=engine, expect=2).stdout


def test_the_recipe_and_the_compose_file_are_sound(trained: Path, env: Environment) -> None:
    run("hadolint", "Dockerfile", cwd=trained, env=env)
    said = {**env, "SERVICE_API_KEY": "0123456789abcdef", "SERVICE_OPEN": "false"}
    config = json.loads(run("docker-compose", "config", "--format", "json", cwd=trained, env=said).stdout)
    passed = config["services"]["service"]["environment"]
    assert passed == {"SERVICE_API_KEY": said["SERVICE_API_KEY"], "SERVICE_OPEN": "false"}
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml", cwd=trained, env=env)
