"""Make a project: ask, render beside the target, commit, rename."""

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from mlscaffold import _data, _git
from mlscaffold._conflicts import settle
from mlscaffold._copier import Engine, open_template
from mlscaffold._data import Checked, Data, Proposal
from mlscaffold._errors import MlscaffoldError, UsageError
from mlscaffold._listing import as_lines, what_next
from mlscaffold._questions import Answers, Questionnaire
from mlscaffold._source import Source
from mlscaffold._stage import check_target, signals_as_exceptions, stage
from mlscaffold._translate import DIRTY
from mlscaffold._wizard import ask_in_terminal, ask_path, ask_target, greet, has_terminal


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


@dataclass(frozen=True)
class Created:
    """What happened; `commit` is empty without one, `no_updates` says why updates cannot work.

    `data` is the table that was put in, with what will be made of it.
    """

    path: str
    folder: Path
    files: tuple[str, ...]
    commit: str
    branch: str
    template: str
    template_version: str
    no_updates: str
    notes: tuple[str, ...]
    data: Data | None = None
    checked: Checked = field(default_factory=Checked)


def create_project(request: Request) -> Created:
    """Make the project, or only say which files it would have.

    Raises:
        MlscaffoldError: it cannot be made; the disk is as it was.
        Stopped: a person or the system stopped it; the disk is as it was.
    """
    with signals_as_exceptions():
        path, target = _target(request)
        try:
            check_target(target)
            if request.git:
                _git.check_ready(target)
            with open_template(request.source, target) as engine:
                return _create(request, path, target, engine)
        except OSError as error:
            raise MlscaffoldError(f"cannot make {target}: {_reason(error)}", "Nothing was written.") from error


def _create(request: Request, path: str, target: Path, engine: Engine) -> Created:
    Questionnaire(engine).check_early(request.answers)
    data = _look_at_data(request, engine)
    answers = _answers(request, target, engine, data)
    if request.dry_run:
        with tempfile.TemporaryDirectory(prefix="mlscaffold-") as room:
            folder = Path(room, target.name)
            checked = _fill(folder, engine, answers, data, link=True)
            files, commit = _files(folder), ""
        branch = ""
    else:
        # A folder that holds something is filled before the commit, which is one of its own repository then.
        filled = target.is_dir() and any(target.iterdir())
        commits: list[str] = []

        def commit_there() -> None:
            if filled and request.git:
                commits.append(_git.commit_into(target, files))

        with stage(target, commit_there) as folder:
            checked = _fill(folder, engine, answers, data, request.link)
            files = _files(folder)
            settle(folder, target, files, request.on_conflict or ("stop" if request.defaults else "ask"))
            if request.git and not filled:
                commits.append(_git.first_commit(folder))
        commit = "".join(commits)
        branch = _git.branch(target) if commit else ""
    return Created(
        path=path,
        folder=target,
        files=files,
        commit=commit,
        branch=branch,
        template=request.source.location,
        template_version=engine.commit or "",
        no_updates=_no_updates(request.source, engine),
        notes=tuple(engine.notes),
        data=data,
        checked=checked,
    )


def _fill(folder: Path, engine: Engine, answers: Answers, data: Data | None, link: bool) -> Checked:
    engine.render(folder, answers)
    return _data.put_into(folder, data, str(answers[_data.PACKAGE]), link) if data else Checked()


def _look_at_data(request: Request, engine: Engine) -> Data | None:
    """Return what the table holds, and show it.

    Raises:
        UsageError: a target is named, and no table.
    """
    if request.data is None:
        if request.target is not None or request.link:
            raise UsageError("--target and --link-data are about a table", "Say which: --data FILE")
        return None
    file = request.data.expanduser()
    _data.check_ready(file, engine)
    found = _data.look_at(file, engine)
    click.echo("\n".join(as_lines(found)))
    return found


def _proposal(request: Request, data: Data) -> Proposal:
    """Return what to do with the table.

    Raises:
        UsageError: nobody has said what is to be predicted, and nothing in the table does.
    """
    given, task = request.answers.get(_data.TARGET, request.target), request.answers.get(_data.TASK)
    if task == "clustering":
        if given:
            raise UsageError(
                f"task={task} predicts no column, and {given!r} is one", "Leave --target out, or the task."
            )
        given = ""
    if given is None and not request.defaults:
        given = ask_target(data)
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


def _target(request: Request) -> tuple[str, Path]:
    """Return the path as typed and in full.

    Raises:
        UsageError: there is nobody to ask for what is missing.
    """
    if not request.defaults and not has_terminal():
        raise UsageError(
            "there is no terminal to ask questions in",
            "Use --defaults, with --set name=value or --answers FILE for what should differ from them.",
        )
    if request.path is None and request.defaults:
        raise UsageError(
            "with --defaults, say where the project goes", "For example: mlscaffold new my-project --defaults"
        )
    if not request.defaults:
        greet()
    path = request.path if request.path is not None else ask_path()
    try:
        return path, Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise MlscaffoldError(f"cannot use the path {path}: {error}") from error


def _answers(request: Request, target: Path, engine: Engine, data: Data | None) -> Answers:
    proposals = propose()
    if target.name.isprintable():
        proposals["project_name"] = _title(target.name)
    settled = {_data.FILE: "", _data.TARGET: ""}
    if data:
        proposal = _proposal(request, data)
        proposals[_data.TASK] = proposal.task
        settled = {_data.FILE: data.name, _data.TARGET: proposal.target}
        click.echo("\n".join(what_next(data, proposal)))
    questionnaire = Questionnaire(engine, proposals)
    ask = None if request.defaults else ask_in_terminal(questionnaire)
    answers = questionnaire.complete(request.answers, settled, ask)
    if ask:
        click.echo()
    if data and not answers.get(_data.FILE):
        raise UsageError(f"task={answers[_data.TASK]} does not learn from a table by --data", _LEARN_FROM_TABLES)
    if answers.get(_data.FILE) and not answers.get(_data.TARGET, "-"):
        raise UsageError(f"{_data.FILE}={answers[_data.FILE]} needs a target", "Say which column: --set target=NAME")
    return answers


_LEARN_FROM_TABLES = "Choose classification, regression or clustering, or leave --data out."


def propose() -> dict[str, object]:
    """Return what is proposed on this machine: the Python that runs this, and whom git knows."""
    return {"python_version": f"{sys.version_info.major}.{sys.version_info.minor}", "author": _git.author()}


def _title(folder: str) -> str:
    words = folder.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _files(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()))


def _no_updates(source: Source, engine: Engine) -> str:
    if source.no_updates:
        return source.no_updates
    if engine.commit is None:
        return f"the template at {source.location} is not a git repository, or git is not installed"
    if DIRTY in engine.notes:
        return "it was made from changes to the template that are not committed; commit them and make the project again"
    return ""


def _reason(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}"
