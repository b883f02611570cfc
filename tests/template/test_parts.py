"""The parts are ordinary files: valid, formatted and lint-clean as they lie, and short and typed once rendered.

That they are also typed as they lie is shown in test_code_trees.py, where they stand beside the modules they import.
"""

import ast
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from .checks import style_problems
from .rendering import Renderer, code_trees, label
from .sources import PARTS, PROJECT, TEMPLATE, files, read

PYTHON = [f"parts/{name}" for name in files(PARTS) if name.endswith(".py")]
PYTHON += [f"project/{name}" for name in files(PROJECT) if name.endswith(".py")]
LONGEST_LINE, LONGEST_PACKAGE = 120, 40


# Python is plain Python.


@pytest.mark.parametrize("name", PYTHON)
def test_a_python_file_is_valid_as_it_lies(name: str) -> None:
    text = read(TEMPLATE, name)
    assert re.findall(r"\{\{|\{%|\{#", text) == []
    ast.parse(text)
    room = LONGEST_LINE + len("acme_ml") - LONGEST_PACKAGE
    long = [line for line in text.splitlines() if "acme_ml" in line and len(line) > room]
    assert long == [], f"longer than {room}, so too long with a package name of {LONGEST_PACKAGE}"


def test_all_python_files_are_formatted_and_lint_clean_as_they_lie(tmp_path: Path, renderer: Renderer) -> None:
    settings = renderer.render().pyproject["tool"]["ruff"]
    lint = settings["lint"]
    # The settings of rendered projects; a part lies elsewhere than the file it becomes.
    config = tmp_path / "ruff.toml"
    config.write_text(
        f"line-length = {settings['line-length']}\ntarget-version = '{settings['target-version']}'\n"
        f"[lint]\nselect = {lint['select']}\nignore = {lint['ignore']}\n"
        "[lint.isort]\nknown-first-party = ['acme_ml']\n"
        "[lint.per-file-ignores]\n'**/test_*.py' = ['D']\n'**/conftest.py' = ['D']\n"
        f"[lint.pydocstyle]\nconvention = '{lint['pydocstyle']['convention']}'\n"
    )
    for command in (["check", "--output-format", "concise"], ["format", "--diff"]):
        arguments = ["--config", str(config), "--no-cache", *PYTHON]
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *arguments], cwd=TEMPLATE, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("package", ["ml", "zz", "a_package_with_a_name_of_forty_letters_x"])
@pytest.mark.parametrize("answers", code_trees(), ids=label)
def test_any_package_name_leaves_the_code_clean(renderer: Renderer, package: str, answers: dict[str, str]) -> None:
    with renderer.project({"package_name": package, **answers}) as project:
        assert project.package == package
        assert list(style_problems(project)) == []


def test_the_code_is_short_and_typed(renderer: Renderer, capsys: pytest.CaptureFixture[str]) -> None:
    lengths: dict[str, int] = {}
    for answers in code_trees():
        for name, content in renderer.render(answers).python.items():
            for node in ast.walk(ast.parse(content)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    assert is_annotated(node), f"{name}: {node.name} is not typed"
                    lengths[f"{label(answers)} {name}:{node.lineno} {node.name}"] = body_lines(node)
    values = sorted(lengths.values())
    median, tenth = statistics.median(values), values[int(len(values) * 0.9)]
    longest = max(lengths, key=lengths.__getitem__)
    with capsys.disabled():
        print(
            f"\n{len(values)} functions, body lines: median {median}, p90 {tenth}, most {lengths[longest]} ({longest})"
        )
    assert median <= 10
    assert tenth <= 20
    assert values[-1] <= 40


def is_annotated(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether every argument but self, and what is returned, has a type."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    named = [each for each in arguments if each and each.arg not in {"self", "cls"}]
    return node.returns is not None and all(each.annotation for each in named)


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of the body, the docstring left out."""
    body = node.body[1:] if ast.get_docstring(node) and node.body[1:] else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


# Dependencies.


def dependency_lines() -> list[tuple[str, str]]:
    """Return the lines of every deps.txt and the file they are in."""
    found = []
    for name in files(PARTS):
        if name.endswith("deps.txt"):
            lines = read(PARTS, name).splitlines()
            found += [(line, name) for line in lines if line.strip() and not line.startswith("#")]
    return found


@pytest.mark.parametrize(("line", "name"), dependency_lines())
def test_a_dependency_line_parses(line: str, name: str) -> None:
    group, requirement, *conda = line.split()
    assert group in {"core", "train", "serve", "dev"}
    parsed = Requirement(requirement)
    assert not parsed.extras or conda, "conda has no extras: name the package that brings them"
    assert parsed.name == re.sub(r"[._-]+", "-", parsed.name).lower()
    assert {each.operator for each in parsed.specifier} == {">=", "<"}
    assert len(conda) <= 1
    assert conda != [parsed.name]


def test_a_package_has_the_same_bounds_everywhere() -> None:
    bounds = defaultdict(set)
    for line, _ in dependency_lines():
        parsed = Requirement(line.split()[1])
        bounds[parsed.name].add(str(parsed.specifier))
    assert {name: found for name, found in bounds.items() if len(found) > 1} == {}
