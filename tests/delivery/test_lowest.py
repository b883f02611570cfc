"""Rendered projects keep to their word: their tests, style and types hold with the lowest versions that they allow."""

from pathlib import Path

import pytest

from .machine import ROOT, Environment, render, run

pytestmark = [pytest.mark.prove, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def lowest(tmp_path_factory: pytest.TempPathFactory, env: Environment) -> Path:
    """The Python of an environment with the lowest versions of everything that any project declares."""
    folder = tmp_path_factory.mktemp("lowest")
    run("uv", "venv", "--quiet", folder / "venv", cwd=folder, env=env)
    parts = [path for path in (ROOT / "template" / "parts").rglob("deps.txt") if path.parent.name != "gpu"]
    lines = {line for path in parts for line in path.read_text(encoding="utf-8").splitlines()}
    wanted = {line.split()[1] for line in lines if line and not line.startswith("#")}
    (folder / "requirements.txt").write_text("\n".join(sorted(wanted)), encoding="utf-8")
    python = folder / "venv" / "bin" / "python"
    command = ("uv", "pip", "install", "--quiet", "--resolution", "lowest-direct", "--python", python)
    run(*command, "--requirements", "requirements.txt", cwd=folder, env=env, timeout=1500)
    return python


@pytest.mark.parametrize("task", ["classification", "regression", "clustering"])
def test_a_project_works_with_the_lowest_versions(
    task: str, lowest: Path, template: Path, tmp_path: Path, env: Environment
) -> None:
    project = render(template, tmp_path / "project", env, task=task)
    run("make", "test", "lint", f"PYTHON={lowest}", cwd=project, env=env)
