"""The parts are ordinary files: valid, formatted and lint-clean as they lie, and short and typed once rendered.

`make lint` looks at their style and, beside the modules they import, at their types: here is shown that it sees all.
"""

import ast
import re
import shutil
import statistics
import subprocess
import sys
import tomllib
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from scripts.composition import Composition, telling_trees

from .checks import style_problems
from .dependencies import dependency_lines, installed_version
from .rendering import ROOT, Renderer
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


def test_parts_are_held_to_the_style_of_rendered_projects(renderer: Renderer) -> None:
    lint = renderer.render().pyproject["tool"]["ruff"]
    own = tomllib.loads(read(TEMPLATE, "ruff.toml"))
    ignored = own["lint"].pop("per-file-ignores")
    assert set(map(tuple, ignored.values())) == {("D",)}
    assert set(ignored) == {"**/test_*.py", "**/conftest.py", "**/clients.py"}
    assert own["lint"].pop("isort") == {"known-first-party": ["acme_ml"]}
    assert own.pop("cache-dir") == "../.ruff_cache"
    del lint["lint"]["per-file-ignores"]
    assert own == lint


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_make_lint_sees_a_fault_in_a_part(tmp_path: Path, command: list[str]) -> None:
    part = tmp_path / "template/parts/estimators/classifier/metrics.py"
    part.parent.mkdir(parents=True)
    for name in ("pyproject.toml", "template/ruff.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "--quiet"]
    for addition, status in (("", 0), ("\nimport os \n", 1)):
        part.write_text(read(PARTS, "estimators/classifier/metrics.py") + addition)
        assert subprocess.run(ruff, cwd=tmp_path, capture_output=True, check=False).returncode == status


def test_every_python_file_is_in_a_tree_whose_types_are_checked(trees: list[dict[str, str]]) -> None:
    composition = Composition()
    found = {source.text for answers in trees for source in composition.sources(answers).values()}
    # Orchestrators have environments of their own, and what runs there is run in `make prove`.
    elsewhere = {name for name in PYTHON if "/{{ layer.airflow }}/" in name or "/{{ layer.prefect }}/" in name}
    assert sorted({f"template/{name}" for name in set(PYTHON) - elsewhere} - found) == []


@pytest.fixture(scope="module")
def trees() -> list[dict[str, str]]:
    """So few code trees that every Python file is in one."""
    return list(telling_trees(Composition()))


@pytest.mark.parametrize(
    "package",
    [
        pytest.param("ml", marks=pytest.mark.test),
        pytest.param("zz", marks=pytest.mark.test),
        "a_package_with_a_name_of_forty_letters_x",
    ],
)
def test_any_package_name_leaves_the_code_clean(renderer: Renderer, trees: list[dict[str, str]], package: str) -> None:
    with ExitStack() as stack:
        folders = []
        for answers in trees:
            project = stack.enter_context(renderer.project({"package_name": package, **answers}))
            assert project.package == package
            folders.append(project.folder)
        assert list(style_problems(folders)) == []


def test_the_code_is_short_and_typed(capsys: pytest.CaptureFixture[str]) -> None:
    lengths: dict[str, int] = {}
    for name in PYTHON:
        for node in ast.walk(ast.parse(read(TEMPLATE, name))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert is_annotated(node), f"{name}: {node.name} is not typed"
                lengths[f"{name}:{node.lineno} {node.name}"] = body_lines(node)
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


@pytest.mark.parametrize(("line", "name"), dependency_lines())
def test_a_dependency_line_parses(line: str, name: str) -> None:
    group, requirement, *conda = line.split()
    assert group in {"core", "train", "serve", "dev", "tracing"}
    parsed = Requirement(requirement)
    assert not parsed.extras or conda, "conda has no extras: name the package that brings them"
    assert parsed.name == re.sub(r"[._-]+", "-", parsed.name).lower()
    assert {each.operator for each in parsed.specifier} == {">=", "<"}
    assert len(conda) <= 1
    assert conda != [parsed.name]


@pytest.mark.test
@pytest.mark.parametrize("requirement", sorted({line.split()[1] for line, _ in dependency_lines()}))
def test_a_requirement_fits_what_the_tests_run_with(requirement: str) -> None:
    parsed = Requirement(requirement)
    assert installed_version(parsed.name) in parsed.specifier


def test_a_package_has_the_same_bounds_everywhere() -> None:
    bounds = defaultdict(set)
    for line, _ in dependency_lines():
        parsed = Requirement(line.split()[1])
        bounds[parsed.name].add(str(parsed.specifier))
    assert {name: found for name, found in bounds.items() if len(found) > 1} == {}
