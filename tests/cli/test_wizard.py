"""The questions in a real terminal."""

import sys
from pathlib import Path

import pytest
import yaml

from .conftest import Terminal, answer, finish
from .toy import git

DOWN = "\x1b[B"
# Its questions are few.
pytestmark = pytest.mark.usefixtures("template")


def recorded(project: Path) -> dict[str, str]:
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert isinstance(answers, dict)
    return answers


def test_enter_takes_what_is_proposed(terminal: Terminal, workshop: Path) -> None:
    child = terminal("new")
    answer(child, "Where should the project go?", "\x15churn-model")
    for question in ("project called?", "package called?", "What is it for?", "model do?", "trains it?", "Python?"):
        answer(child, question)
    answer(child, "HTTP requests?")
    answer(child, "service run?")
    code, said = finish(child)
    assert code == 0, said
    assert "cd churn-model" in said
    answers = recorded(workshop / "churn-model")
    assert answers["project_name"] == "Churn model"
    assert answers["package_name"] == "churn_model"
    assert answers["python_version"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert git(workshop / "churn-model", "status", "--porcelain") == ""


def test_answers_change_what_is_asked_and_given_ones_are_not_asked(terminal: Terminal, workshop: Path) -> None:
    child = terminal("new", "acme", "--set", "description=", "--set", "python_version=3.14")
    answer(child, "project called?")
    answer(child, "package called?")
    answer(child, "model do?", DOWN)
    answer(child, "HTTP requests?", DOWN)
    code, said = finish(child)
    assert code == 0, said
    answers = recorded(workshop / "acme")
    assert (answers["task"], answers["serving"], answers["python_version"]) == ("clustering", "none", "3.14")
    assert not {"framework", "deployment"} & answers.keys()


def test_a_refused_text_is_asked_again(terminal: Terminal, workshop: Path) -> None:
    child = terminal("new", "acme")
    answer(child, "project called?", "\x15" + "x" * 31)
    child.expect_exact("use 30 at most; this has 31")
    assert "Validation error" not in (child.before or "")
    child.send("\x15Acme\r")
    child.expect_exact("package called?")
    child.sendintr()
    assert finish(child)[0] == 130


def test_a_place_that_will_not_do_is_asked_again(terminal: Terminal, workshop: Path) -> None:
    (workshop / "full").mkdir()
    (workshop / "full/notes.txt").touch()
    child = terminal("new")
    answer(child, "Where should the project go?", "\x15full")
    child.expect_exact("is not empty")
    child.send("\x15acme\r")
    child.expect_exact("project called?")
    child.sendintr()
    assert finish(child)[0] == 130


def test_a_wrong_answer_is_refused_before_the_first_question(terminal: Terminal) -> None:
    child = terminal("new", "acme", "--set", "framework=jax")
    code, said = finish(child)
    assert code == 2
    assert "framework: there is no choice 'jax'" in said
    assert "project called?" not in said


def test_a_pair_that_turns_out_wrong_is_refused(terminal: Terminal, workshop: Path) -> None:
    child = terminal("new", "acme", "--set", "framework=pytorch")
    for question in ("project called?", "package called?", "What is it for?"):
        answer(child, question)
    answer(child, "model do?", DOWN)
    code, said = finish(child)
    assert code == 2
    assert "framework=pytorch does not go with task=clustering" in said
    assert list(workshop.iterdir()) == []


@pytest.mark.parametrize(("key", "after"), [("\x03", 0), ("\x03", 1), ("\x03", 4), ("\x04", 0), ("\x04", 3)])
def test_ctrl_c_and_ctrl_d_leave_nothing(
    terminal: Terminal, machine: Path, workshop: Path, key: str, after: int
) -> None:
    questions = ["Where should", "project called?", "package called?", "What is it for?", "model do?"]
    child = terminal("new")
    for question in questions[:after]:
        answer(child, question)
    child.expect_exact(questions[after])
    child.send("\x15" + key)
    code, said = finish(child)
    assert (code, "stopped; nothing was written" in said) == (130, True)
    assert list(workshop.iterdir()) == []
    assert list((machine / "temporary").iterdir()) == []


def test_a_terminal_that_closes_leaves_nothing(terminal: Terminal, machine: Path, workshop: Path) -> None:
    child = terminal("new", "acme")
    child.expect_exact("project called?")
    # `close` waits a tenth of a second for the process to end, which is too short on a busy machine.
    child.ptyproc.fileobj.close()  # type: ignore[attr-defined]
    child.wait()
    assert list(workshop.iterdir()) == []
    assert list((machine / "temporary").iterdir()) == []
