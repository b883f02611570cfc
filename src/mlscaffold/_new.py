"""Make a project: ask, render beside the target, commit, rename."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from mlscaffold import _data, _git
from mlscaffold._ask import ask_conflict
from mlscaffold._conflicts import settle
from mlscaffold._copier import Engine, open_template
from mlscaffold._data import Checked
from mlscaffold._decide import Request, Talk, all_answers, look_at_data, place
from mlscaffold._errors import MlscaffoldError
from mlscaffold._params import write_params
from mlscaffold._prompts import Back, find_prompts
from mlscaffold._questions import Answers, Questionnaire
from mlscaffold._source import Source
from mlscaffold._stage import check_target, signals_as_exceptions, stage
from mlscaffold._table import Data
from mlscaffold._translate import DIRTY


@dataclass(frozen=True)
class Created:
    """What happened; `commit` is empty without one, `no_updates` says why updates cannot work.

    `data` is the table that was put in, with what will be made of it.
    """

    path: str
    folder: Path
    answers: Answers
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
        talk = Talk(None if request.defaults else find_prompts(request.plain))
        while True:
            path, target = place(request, talk)
            try:
                check_target(target)
                if request.git:
                    _git.check_ready(target)
                with open_template(request.source, target) as engine:
                    return _create(request, path, target, engine, talk)
            except Back:
                continue
            except OSError as error:
                raise MlscaffoldError(f"cannot make {target}: {_reason(error)}", "Nothing was written.") from error


def _create(request: Request, path: str, target: Path, engine: Engine, talk: Talk) -> Created:
    Questionnaire(engine).check_early(request.answers)
    data = look_at_data(request, engine, talk)
    location = engine.share(_git.shared_origin)
    answers = all_answers(request, target, engine, talk)
    if request.dry_run:
        with tempfile.TemporaryDirectory(prefix="mlscaffold-") as room:
            folder = Path(room, target.name)
            checked = _fill(folder, engine, answers, data, replace(request, link=True))
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
            checked = _fill(folder, engine, answers, data, request)
            files = _files(folder)
            settle(folder, target, files, _on_conflict(request, talk))
            if request.git and not filled:
                commits.append(_git.first_commit(folder))
        commit = "".join(commits)
        branch = _git.branch(target) if commit else ""
    return Created(
        path=path,
        folder=target,
        answers=answers,
        files=files,
        commit=commit,
        branch=branch,
        template=location,
        template_version=engine.commit or "",
        no_updates=_no_updates(request.source, engine),
        notes=tuple(engine.notes),
        data=data,
        checked=checked,
    )


def _fill(folder: Path, engine: Engine, answers: Answers, data: Data | None, request: Request) -> Checked:
    engine.render(folder, answers)
    if request.params:
        write_params(folder, request.params)
    return _data.put_into(folder, data, str(answers[_data.PACKAGE]), request.link) if data else Checked()


def _on_conflict(request: Request, talk: Talk) -> Callable[[str], str]:
    """Return what says for a file that is there already whether it is kept or replaced, or that this is to stop."""
    if request.on_conflict or talk.prompts is None:
        return lambda name: request.on_conflict or "stop"
    return partial(ask_conflict, talk.prompts)


def _files(folder: Path) -> tuple[str, ...]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    # Images are many: of them, the folders are named.
    return tuple(sorted({"/".join(name.split("/")[:3]) if name.startswith("data/raw/") else name for name in names}))


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
