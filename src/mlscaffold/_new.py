"""Make a project: ask, render beside the target, commit, rename."""

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from mlscaffold import _git
from mlscaffold._copier import Engine, open_template
from mlscaffold._errors import MlscaffoldError, UsageError
from mlscaffold._questions import Questionnaire
from mlscaffold._source import Source
from mlscaffold._stage import check_target, signals_as_exceptions, stage
from mlscaffold._translate import DIRTY
from mlscaffold._wizard import ask_in_terminal, ask_path, greet, has_terminal


@dataclass(frozen=True)
class Request:
    """What a person wants; `path` is as they typed it."""

    path: str | None
    answers: Mapping[str, str]
    defaults: bool
    dry_run: bool
    git: bool
    source: Source


@dataclass(frozen=True)
class Created:
    """What happened; `commit` is empty without one, `no_updates` says why updates cannot work."""

    path: str
    folder: Path
    files: tuple[str, ...]
    commit: str
    template: str
    template_version: str
    no_updates: str
    notes: tuple[str, ...]


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
    answers = _answers(request, target, engine)
    if request.dry_run:
        with tempfile.TemporaryDirectory(prefix="mlscaffold-") as room:
            folder = Path(room, target.name)
            engine.render(folder, answers)
            files, commit = _files(folder), ""
    else:
        with stage(target) as folder:
            engine.render(folder, answers)
            files = _files(folder)
            commit = _git.first_commit(folder) if request.git else ""
    return Created(
        path=path,
        folder=target,
        files=files,
        commit=commit,
        template=request.source.location,
        template_version=engine.commit or "",
        no_updates=_no_updates(request.source, engine),
        notes=tuple(engine.notes),
    )


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


def _answers(request: Request, target: Path, engine: Engine) -> dict[str, object]:
    proposals = {"python_version": running_python()}
    if not request.defaults and target.name.isprintable():
        proposals["project_name"] = _title(target.name)
    questionnaire = Questionnaire(engine, proposals)
    questionnaire.check_early(request.answers)
    ask = None if request.defaults else ask_in_terminal(questionnaire)
    answers = questionnaire.complete(request.answers, {}, ask)
    if ask:
        click.echo()
    return answers


def running_python() -> str:
    """Return the minor version of the Python that runs this."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


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
