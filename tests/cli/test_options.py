"""What `mlscaffold options` says."""

import json
import sys
from pathlib import Path

from .conftest import Invoke


def test_json_has_every_question_in_order(template: Path, invoke: Invoke) -> None:
    found = json.loads(invoke("options", "--json").stdout)
    assert found.keys() == {"mlscaffold", "template", "template_version", "questions"}
    assert (found["template"], found["template_version"]) == (str(template), "v1.0.0")
    assert [question["name"] for question in found["questions"]][:4] == [
        "project_name",
        "package_name",
        "description",
        "task",
    ]
    questions = {question["name"]: question for question in found["questions"]}
    assert questions["package_name"] == {
        "name": "package_name",
        "help": "What is the package called?",
        "consequence": "The name to import.",
        "type": "str",
        "default": "my_project",
        "proposed": None,
        "asked_when": None,
        "choices": [],
    }
    assert questions["framework"]["asked_when"] == [{"task": ["classification"]}]
    assert questions["framework"]["choices"] == [
        {"value": "scikit-learn", "label": "scikit-learn", "only_with": None},
        {"value": "pytorch", "label": "pytorch", "only_with": [{"task": ["classification"]}]},
    ]
    assert questions["deployment"]["choices"][0]["only_with"] == [{"serving": ["fastapi"]}]


def test_json_tells_the_proposed_python_from_the_default(template: Path, invoke: Invoke) -> None:
    questions = {each["name"]: each for each in json.loads(invoke("options", "--json").stdout)["questions"]}
    assert questions["python_version"]["default"] == "3.12"
    assert questions["python_version"]["proposed"] == f"{sys.version_info.major}.{sys.version_info.minor}"


def test_the_page_shows_choices_meanings_and_restrictions(template: Path, invoke: Invoke) -> None:
    page = invoke("options").stdout
    assert "task\n  What should the model do?\n  Decides the data.\n" in page
    assert "    classification  Classification: a category; the default\n" in page
    assert "  Asked with task=classification.\n" in page
    assert "    docker  Docker; the default; only with serving=fastapi\n" in page
    assert '  Free text; default: "My project"\n' in page
    assert "layer" not in page
