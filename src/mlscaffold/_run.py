"""Set a new project up and train its model, by its own commands."""

import shlex
import shutil
import subprocess
from pathlib import Path

import click

from mlscaffold._errors import MlscaffoldError

STEPS = ("setup", "train")


def check_ready() -> None:
    """Make sure that the commands of a project can be run.

    Raises:
        MlscaffoldError: make is missing.
    """
    if shutil.which("make") is None:
        raise MlscaffoldError("--run needs make, which is not installed", "Install it, or leave --run out.")


def set_up_and_train(folder: Path) -> Path:
    """Run the steps, which print what they do; return the page of the run.

    Raises:
        MlscaffoldError: a step failed; the project stays as it is then.
    """
    for number, step in enumerate(STEPS, start=1):
        click.echo(f"\n[{number}/{len(STEPS)}] make {step}")
        done = subprocess.run(["make", step], cwd=folder, check=False)
        if done.returncode:
            rest = " && ".join(f"make {each}" for each in STEPS[number - 1 :])
            raise MlscaffoldError(
                f"make {step} failed with exit code {done.returncode}; the project is in {folder}",
                f"When what it says is mended, go on: cd {shlex.quote(str(folder))} && {rest}",
            )
    pages = sorted(folder.glob("reports/*/index.html"), key=lambda page: page.stat().st_mtime)
    if not pages:
        raise MlscaffoldError(f"make train ended well, and left no report in {folder / 'reports'}")
    return pages[-1]


def next_target(folder: Path) -> str:
    """Return what a person may make of a trained project: ask its service, or see what there is."""
    made = (folder / "Makefile").read_text(encoding="utf-8")
    return "serve" if "\nserve:" in made else "help"
