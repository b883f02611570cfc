"""The questions in a real terminal."""

import re
import sys
import time
from pathlib import Path

import pytest
import yaml

from .conftest import Terminal, answer, finish
from .toy import git

UP, DOWN, ESCAPE = "\x1b[A", "\x1b[B", "\x1b"
# Its questions are few.
pytestmark = pytest.mark.usefixtures("template")


def recorded(project: Path) -> dict[str, str]:
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert isinstance(answers, dict)
    return answers


def test_enter_takes_what_is_proposed(terminal: Terminal, workshop: Path) -> None:
    child = terminal("new")
    # What is typed takes the place of what is proposed.
    answer(child, "Where should the project go?", "churn-model")
    for question in ("1 of 4. What is the project called?", "2 of 4. What should the model do?", "trains it?"):
        answer(child, question)
    answer(child, "4 of 4. Should it answer HTTP requests?")
    child.expect_exact("Churn model: 6 files, packages of about 610 MB")
    answer(child, "what you want?")
    code, said = finish(child)
    assert code == 0, said
    assert "cd churn-model" in said
    answers = recorded(workshop / "churn-model")
    assert answers["project_name"] == "Churn model"
    assert answers["package_name"] == "churn_model"
    assert answers["python_version"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert git(workshop / "churn-model", "status", "--porcelain") == ""


@pytest.mark.test
def test_answers_change_what_is_asked_and_given_ones_are_not_asked(terminal: Terminal, workshop: Path) -> None:
    child = terminal("new", "acme", "--set", "description=", "--set", "python_version=3.14")
    answer(child, "1 of 4. What is the project called?")
    answer(child, "2 of 4. What should the model do?", DOWN)
    answer(child, "3 of 3. Should it answer HTTP requests?", DOWN)
    answer(child, "what you want?")
    code, said = finish(child)
    assert code == 0, said
    answers = recorded(workshop / "acme")
    assert (answers["task"], answers["serving"], answers["python_version"]) == ("clustering", "none", "3.14")
    assert not {"framework", "deployment"} & answers.keys()


@pytest.mark.test
def test_the_way_back_keeps_what_still_fits(terminal: Terminal, workshop: Path) -> None:
    child = terminal("new")
    answer(child, "Where should the project go?", "\x15churn")
    answer(child, "project called?")
    answer(child, "model do?")
    answer(child, "trains it?", DOWN)
    child.expect_exact("HTTP requests?")
    # What was chosen is where the choice starts.
    child.send(ESCAPE)
    child.expect("» (\x1b\\[[\\d;]*m)?pytorch")
    child.send(ESCAPE)
    child.expect_exact("model do?")
    child.send(ESCAPE)
    child.expect_exact("project called?")
    child.send(ESCAPE)
    # What follows from an answer follows the new one.
    answer(child, "Where should the project go?", "\x15hens")
    child.expect_exact("Hens")
    child.send("\r")
    answer(child, "model do?")
    answer(child, "trains it?")
    answer(child, "HTTP requests?")
    answer(child, "what you want?")
    assert finish(child)[0] == 0
    answers = recorded(workshop / "hens")
    assert (answers["project_name"], answers["framework"]) == ("Hens", "pytorch")
    assert [path.name for path in workshop.iterdir()] == ["hens"]


def test_a_summary_takes_changes(terminal: Terminal, workshop: Path) -> None:
    child = terminal("new", "acme")
    answer(child, "project called?")
    answer(child, "model do?")
    answer(child, "trains it?", DOWN)
    answer(child, "HTTP requests?")
    child.expect_exact("packages of about 1.4 GB")
    child.expect_exact("python_version: ")
    answer(child, "what you want?", DOWN)
    answer(child, "Which one?", DOWN * 3)
    # The answer to the framework does not fit any more, and is not asked for, as there is one alone.
    answer(child, "What should the model do?", DOWN)
    child.expect_exact("packages of about 610 MB")
    answer(child, "what you want?", DOWN * 2)
    answer(child, "package called?", "\x15hens")
    answer(child, "What is it for?")
    answer(child, "version of Python?")
    answer(child, "service run?", DOWN)
    child.expect_exact("Acme: 5 files")
    answer(child, "what you want?")
    assert finish(child)[0] == 0
    answers = recorded(workshop / "acme")
    assert (answers["task"], answers["package_name"], answers["deployment"]) == ("clustering", "hens", "none")


@pytest.mark.test
def test_a_summary_can_be_left(terminal: Terminal, machine: Path, workshop: Path) -> None:
    child = terminal("new", "acme", "--set", "task=clustering", "--set", "serving=none")
    answer(child, "project called?")
    answer(child, "what you want?", UP)
    code, said = finish(child)
    assert (code, "stopped; nothing was written" in said) == (130, True)
    assert list(workshop.iterdir()) == list((machine / "temporary").iterdir()) == []


@pytest.mark.parametrize("how", ["plain", pytest.param("dumb", marks=pytest.mark.test)])
def test_lines_do_without_keys(terminal: Terminal, workshop: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    child = terminal("new", *["--plain"] * (how == "plain"), term="dumb" if how == "dumb" else "xterm")
    lines = [
        ("Where should the project go?", "hens"),
        ("project called?", "x" * 31),
        ("use 30 at most; this has 31", "Grey hens"),
        ("  2. Clustering", "7"),
        ("'7' is none of the numbers 1 to 2", "2"),
        ("3 of 3. Should it answer HTTP requests?", "<"),
        ("What should the model do?", ""),
        ("HTTP requests?", "1"),
        ("Is that what you want?", "3"),
        ("package called?", ""),
        ("What is it for?", "Counts them"),
        ("version of Python?", "1"),
        ("service run?", ""),
        ("Is that what you want?", ""),
    ]
    for question, line in lines:
        child.expect_exact(question)
        child.expect(r"(Number|Text|)[^\n]*: $")
        child.send(f"{line}\r")
    code, said = finish(child)
    assert code == 0, said
    answers = recorded(workshop / "hens")
    assert (answers["project_name"], answers["task"], answers["description"], answers["python_version"]) == (
        "Grey hens",
        "clustering",
        "Counts them",
        "3.11",
    )


def test_plain_lines_hold_no_codes_and_fit(terminal: Terminal) -> None:
    child = terminal("new", "acme", "--plain", columns=60)
    child.logfile_read = seen = Log()
    for _ in range(4):
        child.expect(r"(Number|Text)[^\n]*: $")
        child.send("\r")
    child.expect(r"what you want\?[^$]*Number[^\n]*: $")
    child.sendeof()
    assert finish(child)[0] == 130
    assert "\x1b" not in seen.text
    assert all(len(line) <= 60 for line in seen.text.splitlines())


@pytest.mark.parametrize(
    "columns", [pytest.param(40, marks=pytest.mark.test), 60, pytest.param(80, marks=pytest.mark.test)]
)
def test_no_word_is_cut(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    child = terminal("new", "acme", columns=columns)
    child.logfile_read = seen = Log()
    for question in ("project called?", "model do?", "trains it?", "HTTP"):
        answer(child, question)
    child.expect_exact("what you want?")
    child.sendintr()
    assert finish(child)[0] == 130
    lines = re.split(r"\r?\n|\x1b\[\d*[ABHJ]", seen.text)
    told = [re.sub(r"\x1b\[[?\d;]*\w|\x1b[\w=>]|\r", "", line) for line in lines]
    assert max(map(len, told)) <= columns
    # Bold is no colour.
    assert not re.search(r"\x1b\[[\d;]*(3[0-8]|4[0-8])m", seen.text)


class Log:
    """What a terminal showed."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        """Nothing waits here."""


@pytest.mark.test
def test_slow_keys_are_keys(terminal: Terminal) -> None:
    child = terminal("new", "acme", "--set", "project_name=Acme")
    child.expect_exact("model do?")
    for sign in DOWN:
        child.send(sign)
        time.sleep(0.05)
    child.send("\r")
    child.expect_exact("model do? Clustering")
    child.sendintr()
    assert finish(child)[0] == 130


@pytest.mark.test
def test_a_refused_text_is_asked_again(terminal: Terminal, workshop: Path) -> None:
    child = terminal("new", "acme")
    answer(child, "project called?", "\x15" + "x" * 31)
    child.expect_exact("use 30 at most; this has 31")
    assert "Validation error" not in (child.before or "")
    child.send("\x15Acme\r")
    child.expect_exact("model do?")
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


@pytest.mark.test
def test_a_wrong_answer_is_refused_before_the_first_question(terminal: Terminal) -> None:
    child = terminal("new", "acme", "--set", "framework=jax")
    code, said = finish(child)
    assert code == 2
    assert "framework: there is no choice 'jax'" in said
    assert "project called?" not in said


@pytest.mark.test
def test_a_pair_that_turns_out_wrong_is_refused(terminal: Terminal, workshop: Path) -> None:
    child = terminal("new", "acme", "--set", "framework=pytorch")
    answer(child, "project called?")
    answer(child, "model do?", DOWN)
    code, said = finish(child)
    assert code == 2
    assert "framework=pytorch does not go with task=clustering" in said
    assert list(workshop.iterdir()) == []


LEAVING = [("\x03", 0), ("\x03", 1), ("\x03", 4), ("\x04", 0)]


@pytest.mark.parametrize(
    ("key", "after"), [("\x03", 5), *(pytest.param(*each, marks=pytest.mark.test) for each in LEAVING)]
)
def test_ctrl_c_and_ctrl_d_leave_nothing(
    terminal: Terminal, machine: Path, workshop: Path, key: str, after: int
) -> None:
    questions = ["Where should", "project called?", "model do?", "trains it?", "HTTP requests?", "what you want?"]
    child = terminal("new")
    for question in questions[:after]:
        answer(child, question)
    child.expect_exact(questions[after])
    child.send("\x15" + key)
    code, said = finish(child)
    assert (code, "stopped; nothing was written" in said) == (130, True)
    assert list(workshop.iterdir()) == []
    assert list((machine / "temporary").iterdir()) == []


@pytest.mark.parametrize("plain", [False, pytest.param(True, marks=pytest.mark.test)])
def test_a_terminal_that_closes_leaves_nothing(terminal: Terminal, machine: Path, workshop: Path, plain: bool) -> None:
    child = terminal("new", "acme", *["--plain"] * plain)
    child.expect_exact("project called?")
    # `close` waits a tenth of a second for the process to end, which is too short on a busy machine.
    child.ptyproc.fileobj.close()  # type: ignore[attr-defined]
    child.wait()
    assert list(workshop.iterdir()) == []
    assert list((machine / "temporary").iterdir()) == []
