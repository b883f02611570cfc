"""The builds for processors or for graphics cards: what each environment manager is told, and what it then takes."""

import tomllib
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from rattler import MatchSpec

from .machine import PYTHON, Environment, render, run

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
TORCH = "2.13.0+cpu"
WHEEL = f"torch-{TORCH}-py3-none-any.whl"


@pytest.fixture
def cpu_index(tmp_path: Path, env: Environment) -> str:
    """An index of packages that has nothing but a build of torch for processors."""
    folder = tmp_path / "index" / "torch"
    folder.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: torch\nVersion: {TORCH}\n"
    info = f"torch-{TORCH}.dist-info"
    files = {"METADATA": metadata, "WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n", "RECORD": ""}
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(f"{info}/{name}", content)
    link = f'<a href="{quote(WHEEL)}">{WHEEL}</a>'
    (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{link}</body></html>", encoding="utf-8")
    return folder.parent.as_uri()


def test_uv_takes_torch_from_the_index_for_processors(
    template: Path, tmp_path: Path, env: Environment, cpu_index: str
) -> None:
    project = render(template, tmp_path / "project", env, framework="pytorch", environment="uv")
    (index,) = settings(project)["tool"]["uv"]["index"]
    assert index == {"name": "pytorch-cpu", "url": CPU_INDEX, "explicit": True}
    # An index of the same name in the environment stands for the project's own.
    run("uv", "lock", "--python", PYTHON, cwd=project, env={**env, "UV_INDEX": f"pytorch-cpu={cpu_index}"})
    locked = tomllib.loads((project / "uv.lock").read_text(encoding="utf-8"))["package"]
    assert [package["version"] for package in locked if package["name"] == "torch"] == [TORCH]
    assert not [package["name"] for package in locked if package["name"].startswith(("nvidia", "cuda"))]


def test_pip_is_shown_the_index_for_processors(template: Path, tmp_path: Path, env: Environment) -> None:
    project = render(template, tmp_path / "project", env, framework="pytorch", environment="venv")
    command = ("make", "--eval", "show: ; @echo index=$$PIP_EXTRA_INDEX_URL", "show")
    own = {name: value for name, value in env.items() if name != "PIP_EXTRA_INDEX_URL"}
    assert f"index={CPU_INDEX}\n" in run(*command, cwd=project, env=own).stdout
    other = {**own, "PIP_EXTRA_INDEX_URL": "https://packages.example.com"}
    assert "index=https://packages.example.com\n" in run(*command, cwd=project, env=other).stdout
    assert f"--extra-index-url {CPU_INDEX}" in (project / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("environment", ["uv", "venv", "conda"])
@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
def test_a_graphics_card_needs_no_other_index(
    template: Path, tmp_path: Path, env: Environment, framework: str, environment: str
) -> None:
    answers = {"framework": framework, "environment": environment, "accelerator": "gpu"}
    project = render(template, tmp_path / "project", env, **answers)
    committed = run("git", "ls-files", cwd=project, env=env).stdout.split()
    assert not [name for name in committed if b"whl/cpu" in (project / name).read_bytes()]
    named = "tensorflow[and-cuda]" in (project / "pyproject.toml").read_text(encoding="utf-8")
    assert named == (framework == "tensorflow")


@pytest.mark.parametrize(
    ("framework", "accelerator", "package"),
    [
        ("pytorch", "cpu", "pytorch-cpu"),
        ("pytorch", "gpu", "pytorch-gpu"),
        ("tensorflow", "cpu", "tensorflow-cpu"),
        ("tensorflow", "gpu", "tensorflow-gpu"),
    ],
)
def test_conda_takes_the_build_by_its_name(
    template: Path, tmp_path: Path, env: Environment, framework: str, accelerator: str, package: str
) -> None:
    answers = {"framework": framework, "accelerator": accelerator, "environment": "conda"}
    project = render(template, tmp_path / "project", env, **answers)
    found = yaml.safe_load((project / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    listed = [line for line in found if isinstance(line, str)]
    names = [str(MatchSpec(line, strict=True).name) for line in listed]
    assert package in "\n".join(names)
    assert sum(line.startswith(("pytorch", "tensorflow")) for line in listed) == 1


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
def test_the_image_is_the_same_either_way(template: Path, tmp_path: Path, env: Environment, framework: str) -> None:
    projects = [
        render(template, tmp_path / accelerator, env, framework=framework, accelerator=accelerator)
        for accelerator in ("cpu", "gpu")
    ]
    recipes = [(project / "Dockerfile").read_bytes() for project in projects]
    extras = [settings(project)["project"]["optional-dependencies"] for project in projects]
    assert recipes[0] == recipes[1]
    assert extras[0]["serve"] == extras[1]["serve"]


def settings(project: Path) -> dict[str, Any]:
    """Return what pyproject.toml says."""
    return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
