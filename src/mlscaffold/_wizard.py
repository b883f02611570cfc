"""Asking in the terminal."""

import sys
from pathlib import Path

import click
import questionary

from mlscaffold._data import Data
from mlscaffold._errors import MlscaffoldError, Stopped
from mlscaffold._questions import Answers, Ask, Questionnaire
from mlscaffold._stage import check_target


def has_terminal() -> bool:
    """Return whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def greet() -> None:
    """Say how the questions work."""
    click.echo("A new project. Enter takes what is proposed; Ctrl-C stops, and nothing is made.")


def ask_path() -> str:
    """Ask where the project goes, until the place will do."""
    click.echo()
    try:
        return str(
            questionary.text("Where should the project go?", default="my-project", validate=_usable).unsafe_ask()
        )
    except EOFError as error:
        raise KeyboardInterrupt from error


def ask_target(data: Data) -> str:
    """Ask which column is to be predicted; the answer is empty for none."""
    usable = [column for column in data.columns if column.kind != "date" and not column.unusable]
    telling = data.telling()
    choices = [questionary.Choice(f"{each.name} ({each.kind}: {each.seen[:40]})", each.name) for each in usable]
    choices.append(questionary.Choice("none of them: find groups of rows", ""))
    likely = next((choice for choice in choices if choice.value in telling), choices[-2] if usable else choices[-1])
    click.echo()
    try:
        question = questionary.select("Which column is to be predicted?", choices, default=likely)
        return str(question.unsafe_ask())
    except EOFError as error:
        raise KeyboardInterrupt from error


def ask_conflict(name: str) -> str:
    """Ask what becomes of a file that is there already: keep or replace.

    Raises:
        Stopped: neither.
    """
    choices = [
        questionary.Choice("keep it as it is", "keep"),
        questionary.Choice(f"replace it (what git does not have becomes {name}.yours)", "replace"),
        questionary.Choice("stop, and touch nothing", "stop"),
    ]
    click.echo()
    try:
        answer = str(questionary.select(f"{name} is there already. What should become of it?", choices).unsafe_ask())
    except EOFError as error:
        raise KeyboardInterrupt from error
    if answer == "stop":
        raise Stopped
    return answer


def ask_in_terminal(questionnaire: Questionnaire) -> Ask:
    """Return a function that asks one question of the questionnaire."""

    def ask(name: str, answers: Answers) -> object:
        click.echo()
        try:
            return questionnaire.ask(name, answers)
        except EOFError as error:
            raise KeyboardInterrupt from error

    return ask


def _usable(path: str) -> bool | str:
    if not path.strip():
        return "a folder needs a name"
    try:
        check_target(Path(path).expanduser().resolve())
    except (MlscaffoldError, OSError, RuntimeError) as error:
        return str(error).splitlines()[0]
    return True
