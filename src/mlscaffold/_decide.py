"""From what a person wants to every answer: by flags, by what a table says, and by asking."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from mlscaffold import _data, _git
from mlscaffold._ask import ask_path, ask_target
from mlscaffold._copier import Engine
from mlscaffold._errors import MlscaffoldError, UsageError
from mlscaffold._listing import as_lines, what_next
from mlscaffold._params import of_block
from mlscaffold._prompts import Back, Prompts
from mlscaffold._questions import Answers, Questionnaire
from mlscaffold._source import Source
from mlscaffold._table import SERIES, TEXT, TIME, Data, Proposal
from mlscaffold._wizard import Elsewhere, Memory, Wizard

IMAGES = "image-classification"


@dataclass(frozen=True)
class Request:
    """What a person wants; `path` is as they typed it, `target` is None if they did not say it."""

    path: str | None
    answers: Mapping[str, str]
    defaults: bool
    dry_run: bool
    git: bool
    source: Source
    data: Path | None = None
    target: str | None = None
    link: bool = False
    on_conflict: str | None = None
    plain: bool = False
    params: Mapping[str, object] = field(default_factory=dict)
    # The answer to where it goes, if that was asked for already.
    place: str = ""


@dataclass
class Talk:
    """What is remembered while a person is asked; without `prompts` nobody is."""

    prompts: Prompts | None
    memory: Memory = field(default_factory=Memory)
    path: str = ""
    data: Data | None = None


def place(request: Request, talk: Talk) -> tuple[str, Path]:
    """Return the path as typed and in full.

    Raises:
        MlscaffoldError: it cannot be used.
    """
    if request.path is None and talk.prompts:
        talk.path = ask_path(talk.prompts, talk.path) if talk.path else request.place
    path = talk.path if request.path is None else request.path
    try:
        return path, Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise MlscaffoldError(f"cannot use the path {path}: {error}") from error


def look_at_data(request: Request, engine: Engine, talk: Talk) -> Data | None:
    """Return what the table holds, and show it.

    Raises:
        UsageError: a target is named, and no table; or something is said twice, in two ways.
    """
    if request.data is None:
        if request.target is not None or request.link or request.params:
            raise UsageError("--target, --param and --link-data are about your data", "Say where it is: --data FILE")
        return None
    _check_said_twice(request, request.data)
    if talk.data is None:
        file = request.data.expanduser()
        _data.check_ready(file, engine)
        talk.data = _data.look_at(file, engine, of_block(request.params, "data"))
        click.echo("\n".join(as_lines(talk.data)))
    return talk.data


def all_answers(request: Request, target: Path, engine: Engine, talk: Talk) -> Answers:
    """Return an answer to every question that is asked.

    Raises:
        UsageError: answers do not go together, or not with the table.
        Back: another place is wanted.
    """
    data, prompts = talk.data, talk.prompts
    asks_target = bool(data and not data.images and prompts and _given_target(request) is None)
    while True:
        settled, proposals = {_data.FILE: "", _data.TARGET: ""}, propose()
        if target.name.isprintable():
            proposals["project_name"] = _title(target.name)
        if data:
            proposal = _proposal(request, data, talk)
            proposals[_data.TASK] = proposal.task
            settled = {_data.FILE: data.name, _data.TARGET: proposal.target, **data.roles()}
            click.echo("\n".join(what_next(data, proposal)))
        questionnaire = Questionnaire(engine, proposals)
        if prompts is None:
            answers = questionnaire.complete(request.answers, settled)
            break
        where = talk.path if request.path is None else ""
        wizard = Wizard(
            questionnaire, request.answers, settled, prompts, talk.memory, where, bool(where) or asks_target
        )
        try:
            answers = wizard.answers()
            click.echo()
            break
        except Elsewhere:
            raise
        except Back:
            if not asks_target:
                raise
    _check_table(answers, data)
    return answers


def _check_said_twice(request: Request, file: Path) -> None:
    name, target = (request.answers.get(question) for question in (_data.FILE, _data.TARGET))
    if name not in (None, file.name):
        raise UsageError(f"--data is {file.name}, and {_data.FILE} is {name}", f"Leave {_data.FILE} out.")
    if None not in (target, request.target) and target != request.target:
        raise UsageError(f"--target is {request.target!r}, and target={target!r} is set", "Say one of them.")


def _check_table(answers: Answers, data: Data | None) -> None:
    if data and data.images != (answers[_data.TASK] == IMAGES):
        what = "a folder of images" if data.images else "a table"
        raise UsageError(
            f"task={answers[_data.TASK]} does not learn from {what}, as {data.file} is",
            f"Choose {'task=' + IMAGES if data.images else 'another task'}, or leave --data out.",
        )
    for question in (TEXT, TIME, SERIES) if data else ():
        name = str(answers.get(question, ""))
        if data and name and name not in [column.name for column in data.columns]:
            raise UsageError(
                f"task={answers[_data.TASK]} needs a column for {question}, and {data.file} has no column {name!r}",
                f"Say which: --set {question}=NAME. It has {', '.join(repr(column.name) for column in data.columns)}.",
            )
    if answers.get(_data.FILE) and not answers.get(_data.TARGET, "-"):
        raise UsageError(f"{_data.FILE}={answers[_data.FILE]} needs a target", "Say which column: --set target=NAME")


def _given_target(request: Request) -> str | None:
    """Return the column that is to be predicted, empty for none, None if nobody said it.

    Raises:
        UsageError: it does not go with the task.
    """
    given, task = request.answers.get(_data.TARGET, request.target), request.answers.get(_data.TASK)
    if task != "clustering":
        return given
    if given:
        raise UsageError(f"task={task} predicts no column, and {given!r} is one", "Leave --target out, or the task.")
    return ""


def _proposal(request: Request, data: Data, talk: Talk) -> Proposal:
    """Return what to do with the table.

    Raises:
        UsageError: nobody has said what is to be predicted, and nothing in the table does.
        Back: another place is wanted.
    """
    given, task = _given_target(request), request.answers.get(_data.TASK)
    if data.images:
        given = given or ""
    if given is None and talk.prompts:
        given = ask_target(talk.prompts, data, back=request.path is None)
    if given is None:
        telling = data.telling()
        if len(telling) != 1:
            raise UsageError(
                f"say which column of {data.file} is to be predicted: --target NAME",
                "Or leave it out and find groups of rows: --set task=clustering",
            )
        given = telling[0]
    proposal = data.propose(given)
    return replace(proposal, task=task, why="you say") if task else proposal


def propose() -> dict[str, object]:
    """Return what is proposed on this machine: the Python that runs this, and whom git knows."""
    author, email = _git.author()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"python_version": python, "author": author, "email": email}


def _title(folder: str) -> str:
    words = folder.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]
