"""Make's targets before anything is installed, and after what is to be installed has changed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .rendering import Renderer

FOLDERS = {
    "uv": (".venv", "pyproject.toml"),
    "venv": (".venv", "pyproject.toml"),
    "conda": (".conda", "environment.yml"),
}


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # A make above hands its own flags down.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("environment", FOLDERS)
def test_targets_tell_what_comes_first(renderer: Renderer, environment: str) -> None:
    place, listing = FOLDERS[environment]
    with renderer.project({"environment": environment}) as project:
        folder = project.folder
        done = make(folder, "train")
        assert (done.returncode, done.stdout) == (2, "")
        assert f"there is no {place}/bin/python yet: run make setup first" in done.stderr
        assert make(folder, "-n", "lint", "PYTHON=python3").returncode == 0

        (folder / place / "bin").mkdir(parents=True)
        (folder / place / "bin/python").symlink_to(sys.executable)
        # Who made it otherwise is not told anything.
        assert make(folder, "-n", "lint").stderr == ""
        total = subprocess.run("cksum", stdin=(folder / listing).open(), capture_output=True, check=True).stdout
        (folder / place / "setup.sum").write_bytes(total)
        assert make(folder, "-n", "lint").stderr == ""

        with (folder / listing).open("a") as file:
            file.write("# another package\n")
        done = make(folder, "-n", "lint")
        assert (done.returncode, done.stderr.count(f"{listing} has changed since make setup")) == (0, 1)


@pytest.mark.parametrize("environment", FOLDERS)
def test_setup_remembers_what_it_installed(renderer: Renderer, environment: str) -> None:
    place, listing = FOLDERS[environment]
    makefile = renderer.render({"environment": environment}).text("Makefile")
    recipe = makefile.partition("\nsetup:")[2].partition("\n\n")[0]
    assert recipe.endswith(f"\n\t@cksum < {listing} > {place}/setup.sum")
