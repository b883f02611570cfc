"""A project that is set up and trained at once, by its own commands."""

from pathlib import Path

import pytest

from .conftest import Invoke
from .toy import release

MAKEFILE = """\
setup:
\t@echo ready > ready.log
train: ready.log
\t@mkdir -p reports/one && touch reports/one/index.html
"""
FILE = "template/project/Makefile"


@pytest.fixture
def commands(template: Path, workshop: Path, invoke: Invoke) -> Invoke:
    """Run the command on a template whose projects have commands of their own."""
    release(template, "v1.1.0", {FILE: MAKEFILE})
    return invoke


def test_the_steps_are_run_and_the_page_is_told(commands: Invoke, workshop: Path) -> None:
    result = commands("new", "my acme", "--defaults", "--run")
    assert result.exit_code == 0, result.output
    page = workshop / "my acme" / "reports" / "one" / "index.html"
    assert page.is_file()
    assert result.output.index("[1/2] make setup") < result.output.index("[2/2] make train")
    assert result.output.endswith(f"Report: {page}\nNext: cd 'my acme' && make help\n")
    assert "make setup\n  make train" not in result.output


def test_a_project_that_can_serve_is_told_to(commands: Invoke, template: Path) -> None:
    release(template, "v1.2.0", {FILE: f"{MAKEFILE}serve:\n\t@echo here\n"})
    assert commands("new", ".", "--defaults", "--run", "--no-git").output.endswith("\nNext: make serve\n")


def test_a_step_that_fails_is_told_with_how_to_go_on(commands: Invoke, template: Path, workshop: Path) -> None:
    release(template, "v1.2.0", {FILE: MAKEFILE.replace("@mkdir", "@exit 3; mkdir")})
    result = commands("new", "acme", "--defaults", "--run")
    assert result.exit_code == 1
    assert f"make train failed with exit code 2; the project is in {workshop / 'acme'}" in result.output
    assert f"go on: cd {workshop / 'acme'} && make train\n" in result.output
    assert (workshop / "acme" / "ready.log").is_file()


def test_what_cannot_be_run_is_said_before_anything_is_made(
    template: Path, workshop: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke("new", "acme", "--defaults", "--run", "--dry-run").exit_code == 2
    monkeypatch.setattr("mlscaffold._run.shutil.which", lambda _: None)
    result = invoke("new", "acme", "--defaults", "--run")
    assert (result.exit_code, "--run needs make, which is not installed" in result.output) == (1, True)
    assert list(workshop.iterdir()) == []
