"""Code trees are typed, and their own tests pass: they prove that it learns, saves, predicts and serves.

`make test` runs the own tests of a few, `make prove` those of all.
"""

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
from _pytest.mark import ParameterSet
from tally import Tally

from scripts.composition import CODE_QUESTIONS

from .facts import FRAMEWORKS, TREES
from .rendering import ONLY_FRAMEWORK, ROOT, Renderer, all_answers, code_trees, label
from .zygote import Zygote

# What a project's own tests must at least hold.
FEWEST_TESTS = 50
PROOFS = """
test_the_model_beats_the_naive_baseline
test_a_fresh_process_predicts_the_same
test_the_same_seed_gives_the_same_metrics
"""


def by_tier() -> list[ParameterSet]:
    """Return the answers of all code trees, each with its tier; the largest come first."""
    rest = [answers for answers in code_trees() if answers not in TREES]
    return [
        *(pytest.param(answers, id=label(answers), marks=pytest.mark.test) for answers in TREES),
        *(pytest.param(answers, id=label(answers), marks=pytest.mark.prove) for answers in rest),
    ]


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
            started[framework] = Zygote(FRAMEWORKS[framework].modules, shell())
        return started[framework]

    yield zygote
    for process in started.values():
        process.close()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("answers", by_tier())
def test_a_code_tree_passes_its_own_tests(
    renderer: Renderer,
    zygotes: Callable[[str], Zygote],
    tally: Tally,
    tmp_path: Path,
    answers: dict[str, str],
) -> None:
    framework = answers.get("framework", ONLY_FRAMEWORK)
    report, output = tmp_path / "report.xml", tmp_path / "output.txt"
    arguments = ["-q", "-p", "no:cacheprovider", "--durations=5", f"--junitxml={report}"]
    with renderer.project(answers) as project:
        outcome = zygotes(framework).pytest(project.folder, arguments, output)
    print(output.read_text(encoding="utf-8"))
    assert outcome.status == 0
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    counts = {name: int(suite.attrib[name]) for name in ("errors", "failures", "skipped")}
    assert counts == {"errors": 0, "failures": 0, "skipped": 0}
    names = {case.attrib["name"] for case in suite.iter("testcase")}
    assert int(suite.attrib["tests"]) >= FEWEST_TESTS
    assert set(PROOFS.split()) <= names
    assert outcome.seconds < FRAMEWORKS[framework].most_seconds
    tally.trees[f"{label(answers)} ({suite.attrib['tests']} tests)"] = outcome.seconds


def test_the_small_set_holds_every_answer_that_decides_the_code() -> None:
    for name in CODE_QUESTIONS:
        assert {each[name] for each in TREES if name in each} == {each[name] for each in code_trees() if name in each}
    valid = list(all_answers().of(CODE_QUESTIONS))
    assert [answers for answers in [*TREES, *code_trees()] if answers not in valid] == []


@pytest.mark.parametrize(
    "words",
    [pytest.param([], marks=pytest.mark.test), pytest.param(["--all"], marks=pytest.mark.prove)],
    ids=["every file", "every code tree"],
)
@pytest.mark.timeout(900)
def test_the_files_of_the_template_are_typed_beside_their_libraries(words: list[str]) -> None:
    folder = ROOT / "build" / "-".join(["typed", "test", *words]).replace("---", "-")
    result = start(ROOT, "scripts.typecheck", str(folder), *words)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    "task",
    [pytest.param("classification", marks=pytest.mark.test), pytest.param("regression", marks=pytest.mark.prove)],
)
def test_the_tests_of_a_project_notice_that_nothing_is_learned(renderer: Renderer, task: str) -> None:
    with renderer.project({"task": task, "serving": "none"}) as project:
        target = yaml.safe_load(project.text("params.yaml"))["data"]["target"]
        shuffle(project.folder / "tests/data/raw/example.csv", target)
        result = start(project.folder, "pytest", "-q", "-p", "no:cacheprovider", "-k", "baseline or floor")
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


def start(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module in the folder, as a person would."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=shell(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
