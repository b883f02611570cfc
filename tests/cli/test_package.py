"""The built package, and the real template through the command."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from .conftest import Invoke
from .test_new import copier_copy
from .toy import commit, git, tree

# Wheels are built and installed.
pytestmark = pytest.mark.test
REPOSITORY = Path(__file__).parents[2]
JUNK = shutil.ignore_patterns("__pycache__", "*.py[co]", ".*_cache")


@pytest.fixture
def repository(machine: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the package is built from, as it lies now, committed in a repository of its own."""
    folder = machine / "repository"
    folder.mkdir()
    for name in ("src", "template"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=JUNK)
    for name in ("copier.yml", "pyproject.toml", "README.md", "LICENSE"):
        if (REPOSITORY / name).is_file():
            shutil.copy(REPOSITORY / name, folder)
    git(folder, "init", "--quiet")
    commit(folder, "start")
    monkeypatch.setenv("MLSCAFFOLD_TEMPLATE", str(folder))
    return folder


def build(kind: str, source: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return next(folder.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


def template_files(folder: Path) -> set[str]:
    paths = [folder / "copier.yml", *(folder / "template").rglob("*")]
    return {path.relative_to(folder).as_posix() for path in paths if path.is_file()}


def test_the_real_project_is_byte_for_byte_that_of_copier(repository: Path, workshop: Path, invoke: Invoke) -> None:
    result = invoke("new", "acme", "--defaults", "--set", "python_version=3.13", "--set", "task=regression")
    assert result.exit_code == 0, result.output
    other = copier_copy(
        repository,
        workshop / "other/acme",
        python_version="3.13",
        task="regression",
        author="Ada",
        email="ada@example.com",
    )
    assert tree(workshop / "acme") == tree(other)


def test_the_source_package_has_the_template_and_builds_the_same_wheel(repository: Path, machine: Path) -> None:
    expected = template_files(repository)
    (repository / "template/__pycache__").mkdir()
    (repository / "template/__pycache__/junk.pyc").touch()
    with tarfile.open(build("sdist", repository, machine / "sdist")) as archive:
        archive.extractall(machine / "unpacked", filter="data")
    unpacked = next((machine / "unpacked").iterdir())
    assert template_files(unpacked) == expected
    direct, through = (wheel_names(build("wheel", source, source / "dist")) for source in (repository, unpacked))
    assert direct == through
    assert {name for name in direct if "_bundled/" in name} == {f"mlscaffold/_bundled/{name}" for name in expected}


def wheel_names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def test_the_installed_wheel_makes_the_same_project_and_tells_that_it_cannot_be_updated(
    repository: Path, machine: Path, workshop: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = install(build("wheel", repository, machine / "wheel"), machine / "venv")
    monkeypatch.delenv("MLSCAFFOLD_TEMPLATE")
    command = [str(python), "-m", "mlscaffold", "new", "acme", "--defaults", "--set", "python_version=3.13"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "mlscaffold update cannot work for this project" in result.stdout
    assert "install it from its git repository" in result.stdout

    other = copier_copy(
        repository, workshop / "other/acme", python_version="3.13", author="Ada", email="ada@example.com"
    )
    made, expected = tree(workshop / "acme"), tree(other)
    assert made.pop(".copier-answers.yml") != expected.pop(".copier-answers.yml")
    assert made == expected
    update = subprocess.run([str(python), "-m", "mlscaffold", "update", "acme"], capture_output=True, text=True)
    assert update.returncode == 1
    assert "records no template version" in update.stderr


def install(wheel: Path, folder: Path) -> Path:
    """Unpack the wheel into a new environment that borrows the dependencies of this one; return its Python."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    program = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=True).stdout.strip())
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # Of what this names only the folder counts, not its .pth files: an editable mlscaffold there stays unseen.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python
