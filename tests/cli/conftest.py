"""A machine of its own for every test: home, git identity, temporary folder, toy template, workshop."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pexpect
import pytest
from click.testing import CliRunner, Result
from home import make_home

from mlscaffold._cli import cli

from .toy import make_toy

Invoke = Callable[..., Result]
Run = Callable[..., subprocess.CompletedProcess[str]]
Child: TypeAlias = "pexpect.spawn[str]"
Terminal = Callable[..., Child]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_home(tmp_path, monkeypatch)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path


@pytest.fixture
def workshop(machine: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the test, empty at its start."""
    folder = machine / "workshop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy template at v1.0.0, for all tests."""
    folder = tmp_path_factory.mktemp("toy")
    with pytest.MonkeyPatch.context() as patch:
        make_home(folder, patch)
        return make_toy(folder / "toy")


@pytest.fixture
def template(machine: Path, toy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy template at v1.0.0, which the command renders."""
    folder = shutil.copytree(toy, machine / "toy", symlinks=True)
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", str(folder))
    return folder


@pytest.fixture
def invoke() -> Invoke:
    """Run the command in this process, where no terminal is."""

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(cli, [str(argument) for argument in arguments], prog_name="mlscaffold")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return run


@pytest.fixture
def make(template: Path, workshop: Path, invoke: Invoke) -> Callable[..., Path]:
    """Make a project with the defaults in `workshop` and return its folder."""

    def make(name: str, *arguments: object) -> Path:
        result = invoke("new", name, "--defaults", *arguments)
        assert result.exit_code == 0, result.output
        return workshop / name

    return make


@pytest.fixture
def run() -> Run:
    """Run the command as a process of its own."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mlscaffold", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    return run


@pytest.fixture
def terminal(workshop: Path) -> Iterator[Terminal]:
    """Run the command in a pseudo-terminal."""
    opened: list[Child] = []

    def terminal(*arguments: str, columns: int = 100, term: str = "xterm") -> Child:
        # The terminal says how wide it is, and no shell above it.
        outer = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        environment = {**outer, "TERM": term, "PROMPT_TOOLKIT_NO_CPR": "1"}
        command = ["-m", "mlscaffold", *arguments]
        child = pexpect.spawn(
            sys.executable, command, env=environment, encoding="utf-8", timeout=60, dimensions=(40, columns)
        )
        opened.append(child)
        return child

    yield terminal
    for child in opened:
        child.close(force=True)


def answer(child: Child, question: str, keys: str = "") -> None:
    child.expect_exact(question)
    child.send(keys)
    child.send("\r")


def finish(child: Child) -> tuple[int | None, str]:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, child.before or ""
