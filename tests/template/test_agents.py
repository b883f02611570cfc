"""The worked example of AGENTS.md works as it is written."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .rendering import ROOT

JUNK = shutil.ignore_patterns("__pycache__", ".*_cache")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The repository as it lies, with this environment as its own, all set up."""
    for name in ("src", "template", "scripts", "tests", "benchmarks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=JUNK)
    for name in ("copier.yml", "pyproject.toml", "Makefile", "README.md"):
        shutil.copy2(ROOT / name, tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    # So that make installs nothing.
    (tmp_path / "build").mkdir()
    (tmp_path / "build/light.txt").touch()
    assert (Path(sys.prefix) / "bin/mlscaffold").exists()
    return tmp_path


def blocks() -> Iterator[tuple[str, str]]:
    """Yield kind and text of each block of the example."""
    text = (ROOT / "AGENTS.md").read_text(encoding="utf-8")
    example = text.partition("## Worked example")[2].partition("\n## ")[0]
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", example, re.MULTILINE | re.DOTALL):
        yield found[1], found[2]


@pytest.mark.prove
def test_the_worked_example_works(checkout: Path) -> None:
    kinds = [kind for kind, _ in blocks()]
    assert kinds == ["console", "diff", "console"]
    for kind, text in blocks():
        if kind == "diff":
            subprocess.run(["git", "apply", "-"], cwd=checkout, input=text, text=True, check=True)
        else:
            for command, shown in commands(text):
                said = perform(command, checkout)
                assert [line for line in shown if line not in said.splitlines()] == [], f"{command}\n{said}"
    models = list((checkout / "build/work/models").glob("*-extra_trees/schema.json"))
    assert len(models) == 1


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command and the lines that it is said to print."""
    for block in text.removeprefix("$ ").split("\n$ "):
        command, *shown = block.splitlines()
        yield command, shown


def perform(command: str, folder: Path) -> str:
    """Run a command as a person would; it must succeed."""
    ready = "-o .venv/bin/mlscaffold -o .venv/ready -o .venv/bin/uv"
    dropped = ("PYTEST_", "MAKE", "MFLAGS", "PYTHON")
    own = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    words = re.sub("^make ", f"make --no-print-directory {ready} ", command)
    done = subprocess.run(
        ["bash", "-c", words], cwd=folder, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout
