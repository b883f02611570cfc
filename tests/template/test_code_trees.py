"""Code trees are typed, and their own tests pass: they prove that it learns, saves, predicts and serves."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest
import yaml

from .conftest import Tally
from .rendering import ONLY_FRAMEWORK, Project, Renderer, code_trees, label, telling_code_trees
from .zygote import Zygote

# What a project's own tests must at least hold, and how long a processor may work on them: on an idle machine they take
# no more than that, on a busy one they just wait.
FEWEST_TESTS = 50
MOST_SECONDS = {"scikit-learn": 60, "pytorch": 100, "tensorflow": 200, "transformers": 120}
PROOFS = """
test_the_model_beats_the_naive_baseline
test_a_fresh_process_predicts_the_same
test_the_same_seed_gives_the_same_metrics
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run code trees with every model, or with --whole-matrix with every two answers that decide the code."""
    if "zygotes" in metafunc.fixturenames:
        whole = metafunc.config.getoption("--whole-matrix")
        metafunc.parametrize("answers", code_trees() if whole else telling_code_trees(), ids=label)


def shell() -> dict[str, str]:
    """Return the variables of a person's shell; one thread, because the tests share the cores."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "PYTHON"))}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
    return {**own, **threads, "ORT_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(scope="session")
def zygotes() -> Iterator[Callable[[str], Zygote]]:
    """Return the process that has imported what a framework's projects import; one for each framework."""
    started: dict[str, Zygote] = {}

    def zygote(framework: str) -> Zygote:
        if framework not in started:
            started[framework] = Zygote(framework, shell())
        return started[framework]

    yield zygote
    for process in started.values():
        process.close()


@pytest.mark.timeout(900)
def test_a_code_tree_is_typed_and_passes_its_own_tests(
    renderer: Renderer,
    zygotes: Callable[[str], Zygote],
    tool_cache: Callable[[str], Path],
    tally: Tally,
    tmp_path: Path,
    answers: dict[str, str],
) -> None:
    report, output = tmp_path / "report.xml", tmp_path / "output.txt"
    arguments = ["-q", "-p", "no:cacheprovider", "--durations=5", f"--junitxml={report}"]
    zygote = zygotes(answers.get("framework", ONLY_FRAMEWORK))
    with renderer.project(answers) as project:
        run(project, "mypy", "--cache-dir", str(tool_cache("mypy")))
        outcome = zygote.pytest(project.folder, arguments, output)
    print(output.read_text(encoding="utf-8"))
    assert outcome.status == 0
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    counts = {name: int(suite.attrib[name]) for name in ("errors", "failures", "skipped")}
    assert counts == {"errors": 0, "failures": 0, "skipped": 0}
    names = {case.attrib["name"] for case in suite.iter("testcase")}
    assert int(suite.attrib["tests"]) >= FEWEST_TESTS
    assert set(PROOFS.split()) <= names
    assert outcome.seconds < MOST_SECONDS[answers.get("framework", ONLY_FRAMEWORK)]
    tally.trees[f"{label(answers)} ({suite.attrib['tests']} tests)"] = outcome.seconds


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_tests_of_a_project_notice_that_nothing_is_learned(renderer: Renderer, task: str) -> None:
    with renderer.project({"task": task, "serving": "none"}) as project:
        target = yaml.safe_load(project.text("params.yaml"))["data"]["target"]
        shuffle(project.folder / "data/raw/example.csv", target)
        result = start(project, "pytest", "-q", "-p", "no:cacheprovider", "-k", "baseline or floor")
    assert result.returncode == 1, result.stdout
    assert "FAILED tests/test_training.py::test_the_model_keeps_to_the_floor" in result.stdout


def shuffle(table: Path, column: str) -> None:
    """Take away what a column has to do with the others."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    values = [row[column] for row in rows]
    Random(0).shuffle(values)
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, column: value} for row, value in zip(rows, values, strict=True))


def run(project: Project, *arguments: str) -> str:
    """Run a tool in the project's folder and return what it printed; it must succeed."""
    result = start(project, *arguments)
    assert result.returncode == 0, f"{' '.join(arguments)} in a project with {label(project.answers)}:\n{result.stdout}"
    return result.stdout


def start(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a tool in the project's folder, as a person would."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=project.folder,
        env=shell(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
