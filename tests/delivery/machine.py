"""What the tests of this folder share: rendering, running commands, waiting for a service."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from mlscaffold._questions import load_questions

ROOT = Path(__file__).parents[2]
# The tools that the test group installs lie beside the interpreter that runs the tests.
TOOLS = Path(sys.executable).parent
# Projects are set up with the Python that runs the tests, since every machine has that one.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PROJECT = {"project_name": "Acme forecast", "package_name": "acme_forecast", "python_version": PYTHON}

Environment = dict[str, str]


def make_environment(home: Path) -> Environment:
    """Return the variables of a person's shell on this machine, with an empty home."""
    dropped = (
        "GIT_",
        "XDG_",
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "PYTHONDONTWRITEBYTECODE",
        "CONDA",
        "MAMBA",
        "COPIER_",
        "MAKE",
    )
    found = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    identity = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in {"NAME": "Ada", "EMAIL": "ada@example.com"}.items()
    }
    return {
        "UV_CACHE_DIR": str(cache / "uv"),
        "PIP_CACHE_DIR": str(cache / "pip"),
        **found,
        **identity,
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
    }


def run(
    *command: str | Path, cwd: Path, env: Mapping[str, str], timeout: float = 600, expect: int | None = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command; fail with its output unless it exits as expected."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        timeout=timeout,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )
    assert expect is None or done.returncode == expect, f"{command} exited with {done.returncode}\n{done.stdout}"
    return done


def snapshot(target: Path) -> Path:
    """Copy the template as it lies in the work tree, so that rendering asks no git."""
    shutil.copytree(ROOT / "template", target / "template")
    shutil.copy(ROOT / "copier.yml", target)
    return target


def render(template: Path, target: Path, env: Mapping[str, str], **answers: str) -> Path:
    """Render as the command does, but in this process, and commit."""
    questions_of(template).engine.render(target, {**PROJECT, **answers})
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "Start")):
        run("git", *command, cwd=target, env=env)
    return target


questions_of = cache(load_questions)


def executable(path: Path, text: str) -> Path:
    """Write a command."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


# Writes down what it is asked for; fails where FAIL says so.
RECORDER = """\
#!/bin/sh
asked="${0##*/} $*"
echo "$asked" >> "$RECORD"
case "$asked" in $FAIL) exit 1 ;; esac
"""


def recorded(folder: Path, env: Environment, *others: str, fail: str = "nothing") -> Environment:
    """Return the variables of a shell whose make, docker, curl and `others` only write down what they are asked for."""
    for name in ("make", "docker", "curl", *others):
        executable(folder / "bin" / name, RECORDER)
    path = f"{folder / 'bin'}:{env['PATH']}"
    return {**env, "PATH": path, "RECORD": str(folder / "record"), "FAIL": fail, "CONDA": "/opt/conda"}


def asked(folder: Path) -> list[str]:
    """Return what was written down."""
    return (folder / "record").read_text(encoding="utf-8").splitlines()


def own_name(start: str) -> str:
    """Return a package name, and so that of an image, which no other process takes."""
    return f"{start}_{os.getpid()}"


def free_port() -> int:
    """Return a port that nobody listens on, and that no other process of these tests is given.

    Each worker has ports of its own, below those that the system gives to clients; two runs begin at different ones.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for number in PORTS:
        port = 20_000 + 1_000 * (worker % 10) + number % 1_000
        with socket.socket() as listener:
            # As services do, which take a port whose last connections are still ending.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("unreachable: the numbers do not end")


PORTS = count(os.getpid())


def take_another_port(project: Path, env: Environment) -> None:
    """Let the service be published, and asked by GitHub's workflow, at a port that nothing else holds; commit."""
    port = free_port()
    for path in (project / "compose.yaml", *project.glob(".github/workflows/image.yml")):
        text = path.read_text(encoding="utf-8")
        assert "127.0.0.1:8000" in text
        path.write_text(text.replace("127.0.0.1:8000", f"127.0.0.1:{port}"), encoding="utf-8")
    run("git", "commit", "--all", "--quiet", "--message", "Take another port", cwd=project, env=env)


def ask(port: int, path: str, body: bytes | None = None, media_type: str = "application/json") -> tuple[int, Any]:
    """Send a request; return the status and the JSON of the answer."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"Content-Type": media_type})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def wait_until_ready(port: int, seconds: float = 180, path: str = "/ready") -> None:
    """Wait for a service that has a model."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            assert ask(port, path)[0] == 200
            return
        except OSError:
            assert time.monotonic() < deadline, f"nothing answered on port {port} within {seconds} seconds"
            time.sleep(0.2)


def wait_until(holds: Callable[[], Any], what: str = "it does not hold", seconds: float = 120) -> None:
    """Wait until something holds; what refuses a connection does not yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError(what)


def example_rows(port: int, path: str = "/predict") -> Any:
    """Return the rows that the service's documentation shows."""
    content = ask(port, "/openapi.json")[1]["paths"][path]["post"]["requestBody"]["content"]
    return content["application/json"]["schema"]["example"]
