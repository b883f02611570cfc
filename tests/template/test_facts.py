"""Whoever adds a task or a framework is told in sentences what the tests, the README and the reserved names lack."""

import re
from collections.abc import Collection, Iterator, Mapping

from mlscaffold._questions import Questionnaire

from .facts import FRAMEWORKS, TASKS, TREES
from .rendering import ROOT, Renderer

Facts = Mapping[str, object]


def missing(
    tasks: Collection[str], frameworks: Collection[str], readme: str, reserved: Collection[str]
) -> Iterator[str]:
    """Yield what is to be written down about the tasks and frameworks of the catalogue, and what is there in vain."""
    kinds: list[tuple[str, Collection[str], Facts, str]] = [
        ("task", tasks, TASKS, "TASKS"),
        ("framework", frameworks, FRAMEWORKS, "FRAMEWORKS"),
    ]
    for kind, catalogue, facts, table in kinds:
        for name in catalogue:
            if name not in facts:
                yield f"{kind} {name}: tests/template/facts.py has no row for it in {table}"
            if not any(each.get(kind, "scikit-learn") == name for each in TREES):
                yield f"{kind} {name}: tests/template/facts.py has no code tree with it in TREES"
            if f"`{name}`" not in row(readme, f"`{kind}`"):
                yield f"{kind} {name}: README.md does not name it in the row of `{kind}` in the table of questions"
            if f"`{name}`" not in models(readme):
                yield f"{kind} {name}: README.md does not name it in the table of models"
        yield from (
            f"{kind} {name}: {table} has a row for it, the catalogue does not"
            for name in facts
            if name not in catalogue
        )
    for name in frameworks:
        modules = FRAMEWORKS[name].modules.split() if name in FRAMEWORKS else [re.sub(r"\W", "_", name)]
        for module in sorted({module.split(".")[0] for module in modules} - set(reserved)):
            yield f"framework {name}: template/questions/reserved.yml lacks the module {module}"


def row(readme: str, first: str) -> str:
    """Return the row of a table that begins so."""
    return next((line for line in readme.splitlines() if line.startswith(f"| {first} |")), "")


def models(readme: str) -> str:
    """Return the table that says which models there are for which task."""
    return readme.partition("\n| task |")[2].partition("\n\n")[0]


def catalogue(questions: Questionnaire, name: str) -> list[str]:
    """Return the keys of a catalogue."""
    parts = questions.state(f"{name}_catalogue", {}).default
    assert isinstance(parts, list)
    return [part["key"] for part in parts]


def known(renderer: Renderer) -> tuple[list[str], list[str], str, list[str]]:
    """Return what `missing` compares."""
    questions = renderer.questions
    reserved = str(questions.state("reserved_names", {}).default).split()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return catalogue(questions, "task"), catalogue(questions, "framework"), readme, reserved


def test_nothing_is_missing_for_what_is_in_the_catalogue(renderer: Renderer) -> None:
    assert "\n".join(missing(*known(renderer))) == ""


def test_what_is_missing_for_a_new_task_and_framework_is_told(renderer: Renderer) -> None:
    tasks, frameworks, readme, reserved = known(renderer)
    told = "\n".join(missing([*tasks, "ranking"], [*frameworks, "catboost"], readme, reserved))
    assert told.splitlines() == [
        "task ranking: tests/template/facts.py has no row for it in TASKS",
        "task ranking: tests/template/facts.py has no code tree with it in TREES",
        "task ranking: README.md does not name it in the row of `task` in the table of questions",
        "task ranking: README.md does not name it in the table of models",
        "framework catboost: tests/template/facts.py has no row for it in FRAMEWORKS",
        "framework catboost: tests/template/facts.py has no code tree with it in TREES",
        "framework catboost: README.md does not name it in the row of `framework` in the table of questions",
        "framework catboost: README.md does not name it in the table of models",
        "framework catboost: template/questions/reserved.yml lacks the module catboost",
    ]


def test_a_row_in_vain_is_told(renderer: Renderer) -> None:
    tasks, frameworks, readme, reserved = known(renderer)
    told = list(missing([each for each in tasks if each != "clustering"], frameworks, readme, reserved))
    assert told == ["task clustering: TASKS has a row for it, the catalogue does not"]
