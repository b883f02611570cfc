"""What the wizard says of the size of packages is about what they need."""

from collections.abc import Iterable
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mlscaffold._size import MEGABYTES, told

from .rendering import Project, Renderer

# Answers that bring packages, each with what the wizard says of it.
LARGE = [
    {"serving": "none"},
    {"serving": "flask"},
    {"framework": "pytorch"},
    {"framework": "tensorflow"},
    {"task": "text-classification", "framework": "transformers"},
    {"task": "image-classification"},
    {"tuner": "optuna", "tracking": "mlflow", "data_versioning": "dvc"},
]


@pytest.mark.test
@pytest.mark.parametrize("answers", LARGE, ids=str)
def test_packages_need_about_what_is_said(renderer: Renderer, answers: dict[str, str]) -> None:
    whole = renderer.questions.filled(answers)
    known = renderer.questions.state(MEGABYTES, whole).default
    assert isinstance(known, dict)
    said = sum(known.get(name, {}).get(value, 0) for name, value in whole.items())
    assert said == pytest.approx(megabytes(renderer.render(answers)), rel=0.2)


def megabytes(project: Project) -> float:
    """Return what all packages of a project need on this disk."""
    declared = project.pyproject["project"]
    lines = [*declared["dependencies"], *(line for each in declared["optional-dependencies"].values() for line in each)]
    wanted = [each for each in map(Requirement, lines) if each.marker is None or each.marker.evaluate()]
    return sum(size_of(name) for name in closure(wanted)) / 1e6


def closure(wanted: Iterable[Requirement]) -> set[str]:
    """Return the names of the distributions that are installed for requirements."""
    pending, seen = [*wanted], set()
    while pending:
        requirement = pending.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key not in seen:
            seen.add(key)
            lines = [Requirement(line) for line in metadata.requires(requirement.name) or []]
            extras = [{"extra": extra} for extra in requirement.extras or [""]]
            pending += [line for line in lines if line.marker is None or any(map(line.marker.evaluate, extras))]
    return {name for name, _ in seen}


def size_of(name: str) -> int:
    """Return the bytes of the files that a distribution has installed."""
    return sum(file.size or 0 for file in metadata.files(name) or [])


def test_what_brings_no_packages_has_no_size(renderer: Renderer) -> None:
    assert told(renderer.questions, {"deployment": "none"}).endswith("files, packages of about 630 MB")
    assert told(renderer.questions, {"framework": "pytorch"}).endswith("files, packages of about 1.4 GB")
