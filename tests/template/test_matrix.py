"""Projects that together hold every few answers are whole, tidy and free of what was not chosen."""

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_copie.plugin import Copie
from tally import Tally

from mlscaffold._size import paths

from .checks import (
    ANSWERS_FILE,
    Check,
    check_commands,
    check_content,
    check_files,
    check_makefile,
    check_style,
    check_words,
)
from .dependencies import check_dependencies
from .rendering import Project, Renderer, all_answers, code_answers, label, read_tree

# So many that two workers finish together; each worker looks at a content it has seen only once.
FEW, CHUNKS = 6, 24
CHECKS: list[Check] = [
    check_files,
    check_words,
    check_content,
    check_makefile,
    check_commands,
    check_dependencies,
]


EVERYTHING = {
    "project_name": "Ledger “42” 🐧",
    "description": 'quotes " and {{ braces }}',
    "author": "Åsa",
    "task": "clustering",
    "environment": "conda",
    "python_version": "3.13",
    "license": "Apache-2.0",
}


@pytest.fixture(scope="session")
def code_trees() -> dict[str, str]:
    """The code trees seen so far, by the answers that decide the code; test_files.py proves it for all answers."""
    return {}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(FEW))
def test_every_two_answers_go_together(
    renderer: Renderer, combinations: list[dict[str, str]], code_trees: dict[str, str], tally: Tally, chunk: int
) -> None:
    look_at(part(combinations, chunk, FEW), renderer, code_trees, tally)


@pytest.mark.test
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_three_answers_go_together(
    renderer: Renderer, triples: list[dict[str, str]], code_trees: dict[str, str], tally: Tally, chunk: int
) -> None:
    look_at(part(triples, chunk), renderer, code_trees, tally)


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_four_answers_go_together(
    renderer: Renderer, quadruples: list[dict[str, str]], code_trees: dict[str, str], tally: Tally, chunk: int
) -> None:
    look_at(part(quadruples, chunk), renderer, code_trees, tally)


def part(combinations: list[dict[str, str]], chunk: int, chunks: int = CHUNKS) -> list[dict[str, str]]:
    """Return those of a chunk: neighbours, as most of their files are the same."""
    alike = sorted(combinations, key=lambda answers: label(code_answers(answers)))
    return alike[len(alike) * chunk // chunks : len(alike) * (chunk + 1) // chunks]


def look_at(some: list[dict[str, str]], renderer: Renderer, code_trees: dict[str, str], tally: Tally) -> None:
    """Render whole projects and check all that holds for every project."""
    problems: dict[str, list[str]] = {}
    started = time.perf_counter()
    projects = [renderer.render(answers) for answers in some]
    for project in projects:
        for problem in problems_of(project, code_trees):
            problems.setdefault(problem, []).append(label(project.answers))
    for problem in check_style(projects):
        problems.setdefault(problem, []).append("in these projects")
    tally.combinations += len(projects)
    tally.combination_seconds += time.perf_counter() - started
    assert not problems, "\n".join(f"{text}  [{len(where)}: {where[0]}]" for text, where in problems.items())


def problems_of(project: Project, code_trees: dict[str, str]) -> Iterator[str]:
    """Yield what is wrong with a project."""
    for check in CHECKS:
        yield from check(project)
    if project.code_tree != code_trees.setdefault(label(code_answers(project.answers)), project.code_tree):
        yield "the code depends on more answers than CODE_QUESTIONS names, so a code tree is not run"
    if project.text(".python-version").strip() != project.answers["python_version"]:
        yield ".python-version is not the version that was chosen"


def test_the_matrix_has_every_value_of_every_question(renderer: Renderer, combinations: list[dict[str, str]]) -> None:
    labels = [label(answers) for answers in combinations]
    assert len(set(labels)) == len(labels)
    for name in renderer.questions.choosers:
        shown = {answers[name] for answers in combinations if name in answers}
        asked = {answers.get(name) for answers in combinations} != {None}
        assert not asked or shown == set(renderer.questions.all_values(name)), name


@pytest.mark.parametrize("size", [1, pytest.param(2, marks=pytest.mark.test)])
def test_the_files_are_known_before_they_are_rendered(renderer: Renderer, size: int) -> None:
    for answers in all_answers().covering(size):
        whole = renderer.questions.filled(answers)
        assert paths(renderer.questions, whole) == sorted(renderer.render(answers).files)


@pytest.mark.parametrize("size", [1, pytest.param(2, marks=pytest.mark.test)])
def test_copier_writes_what_is_rendered_here(renderer: Renderer, tmp_path: Path, size: int) -> None:
    for number, answers in enumerate(all_answers().covering(size)):
        assert renderer.copier(tmp_path / str(number), answers) == renderer.render(answers).files


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({}, id="defaults", marks=pytest.mark.test),
        pytest.param(EVERYTHING, id="texts"),
        pytest.param({"serving": "none", "ci": "none"}, id="none", marks=pytest.mark.test),
    ],
)
def test_the_command_writes_what_is_rendered_here(renderer: Renderer, tmp_path: Path, answers: dict[str, str]) -> None:
    data = [word for name, value in answers.items() for word in ("--data", f"{name}={value}")]
    folder = tmp_path / "my project"
    command = [sys.executable, "-m", "copier", "copy", "--defaults", *data]
    done = subprocess.run([*command, str(renderer.template), str(folder)], check=True, capture_output=True, text=True)
    rendered = renderer.render(answers).files
    assert ANSWERS_FILE in rendered
    assert read_tree(folder) == rendered
    *_, into, git, setup, train = (line.strip() for line in done.stderr.strip().splitlines())
    assert (into, setup, train) == (f"cd {shlex.quote(str(folder))}", "make setup", "make train")
    assert git.startswith("git init && git add --all && git commit ")


@pytest.mark.test
def test_pytest_copie_makes_the_same(copie: Copie, renderer: Renderer) -> None:
    answers = {"task": "regression", "environment": "venv", "ci": "none"}
    result = copie.copy(extra_answers=answers, template_dir=renderer.template)
    # It hides what went wrong in its result.
    assert result.exception is None
    assert result.exit_code == 0
    assert result.project_dir is not None
    assert read_tree(result.project_dir) == renderer.render(answers).files
