"""Starting: what help and version cost and say."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .conftest import Invoke

REPOSITORY = Path(__file__).parents[2]
HEAVY = {"copier", "questionary", "yaml", "jinja2", "pydantic", "importlib.metadata"}


def python(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("arguments", [["--help"], ["new", "--help"], ["update", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        f"import sys; from mlscaffold._cli import cli; cli({arguments}, standalone_mode=False); print(*sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "Usage: " in output
    bare = subprocess.run(
        [sys.executable, "-c", "import click, sys; print(*sys.modules)"], capture_output=True, text=True
    )
    assert not HEAVY & set(output.splitlines()[-1].split()) - set(bare.stdout.split())


def test_the_version_is_that_of_the_project_file(invoke: Invoke) -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    assert invoke("--version").output == f"mlscaffold {version}\n"


def test_the_changelog_begins_with_the_version() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    headings = [line for line in (REPOSITORY / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0] == f"## {version}"


def test_every_command_has_help(invoke: Invoke) -> None:
    for command in ("new", "options", "update"):
        result = invoke(command, "--help")
        assert result.exit_code == 0
        assert "Usage: mlscaffold" in result.output


def test_modules_are_short_and_private() -> None:
    modules = [path for path in (REPOSITORY / "src/mlscaffold").glob("*.py") if not path.name.startswith("_")]
    assert modules == []
    for path in (REPOSITORY / "src/mlscaffold").glob("*.py"):
        assert len(path.read_text().splitlines()) < 250, path.name
