"""The questions that are no questions of the template: the place, the column to be predicted, files in the way."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlscaffold._errors import MlscaffoldError, Stopped, UsageError
from mlscaffold._prompts import Asked, Item, Prompts, find_prompts, wrapped
from mlscaffold._stage import check_target, signals_as_exceptions

if TYPE_CHECKING:
    from mlscaffold._table import Data


def begin(path: str | None, defaults: bool, plain: bool) -> str:
    """Greet, and return the place of the project if that is to be asked for, else nothing.

    This is all that a person waits for at first: what reads the template is imported afterwards.

    Raises:
        UsageError: there is nobody to ask for what is missing.
    """
    if not defaults and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "there is no terminal to ask questions in",
            "Use --defaults, with --set name=value or --answers FILE for what should differ from them.",
        )
    if path is None and defaults:
        raise UsageError(
            "with --defaults, say where the project goes", "For example: mlscaffold new my-project --defaults"
        )
    if not defaults:
        click.echo(wrapped("A new project. Enter takes what is proposed; Ctrl-C stops, and nothing is made."))
    if path is not None:
        return ""
    with signals_as_exceptions():
        return ask_path(find_prompts(plain), "my-project")


def ask_path(prompts: Prompts, proposed: str) -> str:
    """Ask where the project goes, until the place will do."""
    click.echo()
    return prompts.type(Asked("Where should the project go?"), proposed, _unusable)


def ask_target(prompts: Prompts, data: "Data", back: bool) -> str:
    """Ask which column is to be predicted; the answer is empty for none."""
    usable = [column for column in data.columns if column.kind != "date" and not column.unusable]
    items = [Item(each.name, f"{each.name} ({each.kind}: {each.seen[:40]})") for each in usable]
    items.append(Item("", "none of them: find groups of rows"))
    telling = data.telling()
    likely = next((item for item in items if item.value in telling), items[-2] if usable else items[-1])
    click.echo()
    return str(prompts.choose(Asked("Which column is to be predicted?", back=back), items, likely.value))


def ask_conflict(prompts: Prompts, name: str) -> str:
    """Ask what becomes of a file that is there already: keep or replace.

    Raises:
        Stopped: neither.
    """
    items = [
        Item("keep", "keep it as it is"),
        Item("replace", f"replace it (what git does not have becomes {name}.yours)"),
        Item("stop", "stop, and touch nothing"),
    ]
    click.echo()
    answer = str(prompts.choose(Asked(f"{name} is there already. What should become of it?"), items, "keep"))
    if answer == "stop":
        raise Stopped
    return answer


def _unusable(path: str) -> str:
    if not path.strip():
        return "a folder needs a name"
    try:
        check_target(Path(path).expanduser().resolve())
    except (MlscaffoldError, OSError, RuntimeError, ValueError) as error:
        return str(error).splitlines()[0]
    return ""
