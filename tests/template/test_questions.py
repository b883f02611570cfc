"""Every answer changes something, a wrong one is refused with a reason, and any name gives a package name."""

import keyword
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from copier import run_copy
from copier.errors import CopierError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.composition import with_defaults

from .checks import ANSWERS_FILE
from .dependencies import dependency_lines
from .rendering import Project, Renderer, all_answers, label

LATER = "airflow dask dvc gymnasium lightgbm mlflow optuna prefect ray stable_baselines3 xgboost"
QUIET = {ANSWERS_FILE, "README.md"}
# The same examples each time: another day, another result, is no test.
SLOW = settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# Not in the standard library of the Python that runs the tests, but of another one that a project may use.
OTHER_STANDARD_MODULES = {"annotationlib", "compression", "asynchat", "asyncore", "distutils", "imp", "smtpd", "cgi"}


# Every answer changes something.


def every_value() -> Iterator[tuple[dict[str, str], str]]:
    """Yield answers and one of the names in them, so that all values of all questions with choices are there."""
    seen = set()
    for answers in all_answers().covering(2):
        for name, value in answers.items():
            if (name, value) not in seen:
                seen.add((name, value))
                yield answers, name


@pytest.mark.parametrize(
    ("answers", "name"), list(every_value()), ids=lambda each: each if isinstance(each, str) else label(each)
)
def test_every_answer_changes_more_than_the_readme(renderer: Renderer, answers: dict[str, str], name: str) -> None:
    state = renderer.questions.state(name, with_defaults(renderer.questions, answers))
    projects = {
        value: contents(renderer.render({**without_later(renderer, answers, name), name: str(value)}))
        for value in state.values
    }
    assert len(projects) == len(state.values)
    for (one, first), (other, second) in pairwise(projects.items()):
        assert first != second, f"{name}={one} and {name}={other} give the same files"


def without_later(renderer: Renderer, answers: dict[str, str], name: str) -> dict[str, str]:
    """Leave out the answers that depend on this one, so that they fit whatever it is."""
    return {other: value for other, value in answers.items() if name not in renderer.questions.needs(other)}


def contents(project: Project) -> dict[str, bytes]:
    """Return the files that a machine reads."""
    return {name: content for name, content in project.files.items() if name not in QUIET}


@pytest.mark.parametrize("name", ["project_name", "package_name", "description", "author"])
def test_every_text_changes_more_than_the_readme(renderer: Renderer, name: str) -> None:
    assert contents(renderer.render({name: "otter"})) != contents(renderer.render())


def test_the_texts_are_all_that_is_typed(renderer: Renderer) -> None:
    questions = renderer.questions
    texts = {"project_name", "package_name", "description", "author", "email"}
    texts |= {"data_file", "text_column", "time_column", "series_column", "target"}
    assert set(questions.names) - set(questions.choosers) == texts


@pytest.mark.parametrize(
    ("task", "target"), [("classification", 'a "b"\\c: ü'), ("regression", "yes"), ("clustering", "")]
)
def test_a_table_of_ones_own_takes_the_place_of_the_example(renderer: Renderer, task: str, target: str) -> None:
    named = {"target": target} if target else {}
    own = renderer.render({"task": task, "data_file": "kündigung_1.csv", **named})
    data = yaml.safe_load(own.files["params.yaml"])["data"]
    assert (data["path"], data.get("target", "")) == ("data/raw/kündigung_1.csv", target)
    example = renderer.render({"task": task})
    assert example.files.keys() - own.files.keys() == {"data/schema.json", "data/raw/example.csv"}
    told = yaml.safe_load(example.files["params.yaml"])
    assert {**told, "data": {**told["data"], **data}} == {**yaml.safe_load(own.files["params.yaml"]), "data": data}
    readme = own.files["README.md"].decode()
    assert "The example" not in readme
    assert "`data/raw/kündigung_1.csv`" in readme
    assert "example.csv" not in readme + own.files["data/raw/.gitignore"].decode()


@pytest.mark.parametrize("name", ["../churn.csv", "a b.csv", ".csv", "a\\b.csv", "x" * 101])
def test_the_name_of_a_table_is_a_plain_one(renderer: Renderer, name: str) -> None:
    with pytest.raises(ValueError, match=r"letters, digits|100 characters"):
        renderer.questions.engine.parse("data_file", name, known(renderer, "x"))


# Wrong answers.


@pytest.mark.parametrize(
    "data",
    [
        ["framework=theano"],
        ["task=clustering", "framework=pytorch"],
        ["task=regression", "framework=transformers"],
        ["framework=scikit-learn", "accelerator=gpu"],
        ["framework=tensorflow", "python_version=3.14"],
        ["task=vision"],
        ["environment=poetry"],
        ["python_version=3.10"],
        ["license=GPL"],
        ["serving=none", "deployment=docker"],
        ["package_name=class"],
        ["project_name="],
        ["description=two\nlines"],
        ["author=a\ttab"],
    ],
    ids=" ".join,
)
def test_copier_refuses_what_is_wrong(renderer: Renderer, tmp_path: Path, data: list[str]) -> None:
    given = dict(each.split("=", 1) for each in data)
    with pytest.raises((ValueError, CopierError), match=data[-1].split("=")[0]):
        run_copy(str(renderer.template), tmp_path / "project", given, defaults=True, quiet=True)
    assert not (tmp_path / "project" / ANSWERS_FILE).exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "letters"),
        ("Penguins", "lower-case"),
        ("my-project", "letters"),
        ("my project", "letters"),
        ("2fast", "letters"),
        ("_private", "letters"),
        ("trailing_", "inner underscores"),
        ("пингвин", "lower-case letters"),
        ("line\n", "letters"),
        ("a" * 41, "40 characters at most; this has 41"),
        ("class", "is taken by Python or a package"),
        ("numpy", "is taken by Python or a package"),
        ("json", "is taken by Python or a package"),
        ("torch", "is taken by Python or a package"),
        # Libraries that later answers may bring.
        *((name, "is taken by Python or a package") for name in LATER.split()),
    ],
)
def test_a_package_name_is_refused_with_a_reason(renderer: Renderer, name: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(renderer, "package_name", name)


@pytest.mark.parametrize("name", ["a", "ml", "penguins2", "my_project", "a" * 40])
def test_a_package_name_is_taken(renderer: Renderer, name: str) -> None:
    assert parse(renderer, "package_name", name) == name


def with_dependencies(names: set[str]) -> set[str]:
    """Return the distributions and all that they bring along: a package of that name would break them too."""
    found: set[str] = set()
    pending = {str(canonicalize_name(name)) for name in names}
    while pending:
        name = pending.pop()
        found.add(name)
        needed = [Requirement(text) for text in metadata.requires(name) or []]
        needed = [each for each in needed if not each.marker or each.marker.evaluate({"extra": ""})]
        pending |= {str(canonicalize_name(each.name)) for each in needed} - found
    return found


def test_no_package_can_hide_a_module_of_python(renderer: Renderer) -> None:
    needed = {word for word in keyword.kwlist if word.islower()} | OTHER_STANDARD_MODULES | {"src", "tests"}
    needed |= {name for name in sys.stdlib_module_names if name.islower() and not name.startswith("_")}
    assert sorted(possible(needed) - reserved(renderer)) == []
    assert all(name.isidentifier() for name in reserved(renderer))


@pytest.mark.test
def test_no_package_can_hide_a_module_of_any_code_tree(renderer: Renderer) -> None:
    declared = {Requirement(line.split()[1]) for line, name in dependency_lines() if "/gpu/" not in name}
    installed = with_dependencies({each.name for each in declared if not each.marker or each.marker.evaluate()})
    modules = metadata.packages_distributions().items()
    needed = {module for module, names in modules if not installed.isdisjoint(map(canonicalize_name, names))}
    assert {"torch", "tensorflow", "keras", "gensim", "cv2", "transformers"} <= needed
    assert sorted(possible(needed) - reserved(renderer)) == []


def possible(names: set[str]) -> set[str]:
    """Return the names that a package could have."""
    return {name for name in names if re.fullmatch(r"[a-z]([a-z0-9_]*[a-z0-9])?", name)}


def reserved(renderer: Renderer) -> set[str]:
    """Return the names that the template refuses."""
    return set(str(renderer.questions.state("reserved_names", {}).default).split())


@pytest.mark.parametrize(
    "name", ["Statistics", "42", "проект", "  ", "class", "Numpy!", "🐧", "__", "a" * 60, "x" * 29 + "_"]
)
def test_any_name_gives_a_package_name(renderer: Renderer, name: str) -> None:
    assert derived(renderer, name).isidentifier()


@pytest.mark.test
@SLOW
@given(st.text(max_size=60))
def test_every_name_gives_a_valid_package_name(renderer: Renderer, name: str) -> None:
    assert derived(renderer, name).isidentifier()


@SLOW
@given(st.sampled_from([*keyword.kwlist, *sys.stdlib_module_names]), st.sampled_from(["{}", " {}!", "4-{}", "{}_"]))
def test_a_taken_name_is_not_derived(renderer: Renderer, name: str, form: str) -> None:
    assert derived(renderer, form.format(name)) != name


def derived(renderer: Renderer, project_name: str) -> str:
    """Return the package name that is proposed; its own validator must take it."""
    proposed = renderer.questions.engine.state("package_name", known(renderer, project_name)).default
    assert parse(renderer, "package_name", str(proposed)) == proposed
    return str(proposed)


def known(renderer: Renderer, project_name: str) -> dict[str, object]:
    """Return what the question for the package name stands on."""
    reserved = renderer.questions.state("reserved_names", {}).default
    return {"project_name": project_name, "reserved_names": reserved}


def parse(renderer: Renderer, name: str, value: str) -> object:
    """Return the answer as Copier takes it."""
    return renderer.questions.engine.parse(name, value, known(renderer, "x"))
