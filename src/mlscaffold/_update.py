"""Bring a project to the newest version of its template, or to other answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from mlscaffold import _copier, _git, _moves
from mlscaffold._errors import MlscaffoldError, Stopped
from mlscaffold._questions import Questionnaire
from mlscaffold._source import Source
from mlscaffold._stage import signals_as_exceptions

_ANSWERS_FILE = ".copier-answers.yml"
_BACK = "git restore --staged --worktree . && git clean -fd ."


@dataclass(frozen=True)
class Updated:
    """What an update did, as paths within the project."""

    folder: Path
    before: str
    after: str
    changes: tuple[_git.Change, ...]
    moves: tuple[_moves.Move, ...]
    notes: tuple[str, ...]

    def paths(self, kind: str) -> list[str]:
        """Return the paths with one kind of change: added, changed, removed or conflict; not those that moved."""
        moved = {path for move in self.moves if move.after for path in (move.before, move.after)}
        conflicts = [move.after for move in self.moves if move.after and move.conflict] if kind == "conflict" else []
        return [change.path for change in self.changes if change.kind == kind and change.path not in moved] + conflicts


def update_project(folder: Path, given: Mapping[str, str]) -> Updated:
    """Merge the template's newest version, with the answers in `given` changed, into the project.

    Raises:
        MlscaffoldError: the project or its template does not allow it.
        Stopped: a person or the system stopped it.
    """
    with signals_as_exceptions():
        recorded = _recorded(folder)
        _check_clean(folder)
        data, current = _checked_answers(folder, recorded, given)
        notes = [] if current and not data else _run(folder, data)
        after, changes = str(_recorded(folder).get("_commit")), tuple(_git.status(folder))
        moves, more = _followed(folder, recorded, changes)
    return Updated(folder, str(recorded["_commit"]), after, changes, moves, (*notes, *more))


def _followed(
    folder: Path, recorded: Mapping[str, object], changes: Iterable[_git.Change]
) -> tuple[tuple[_moves.Move, ...], list[str]]:
    """Return what became of removed files, or a remark where that cannot be known."""
    try:
        return tuple(_moves.follow(folder, recorded, changes)), []
    except MlscaffoldError as error:
        return (), [f"removed files may hold edits of yours: {error.message}"]


def _recorded(folder: Path) -> dict[str, object]:
    """Return the project's answers file.

    Raises:
        MlscaffoldError: it is missing, broken, or names no template that updates can come from.
    """
    file = folder / _ANSWERS_FILE
    try:
        recorded = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MlscaffoldError(
            f"{folder} has no {_ANSWERS_FILE}, so it is no project made from a template",
            "Go to the project's folder, or give it: mlscaffold update PATH",
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MlscaffoldError(
            f"cannot read {file}: {error}", f"git log -- {_ANSWERS_FILE} shows earlier versions."
        ) from error
    if not isinstance(recorded, dict) or not recorded.get("_src_path") or not recorded.get("_commit"):
        raise MlscaffoldError(
            f"{file} records no template version, so there is nothing to update from: "
            "the project was made from a template without git",
            "Install mlscaffold from its git repository, make the project again, and carry your changes over.",
        )
    return recorded


def _check_clean(folder: Path) -> None:
    if not _git.is_installed():
        raise MlscaffoldError("git is not installed; updates are merged with it", "Install git.")
    if not _git.enclosing_repository(folder):
        raise MlscaffoldError(
            f"{folder} is not in a git repository, and updates are merged with git",
            'Run git init && git add --all && git commit -m "Start the project" there, then update.',
        )
    if changes := _git.status(folder):
        first = ", ".join(change.path for change in changes[:3]) + (", …" if len(changes) > 3 else "")
        raise MlscaffoldError(
            f"{folder} has changes that are not committed: {first}",
            "Commit them, or put them aside with git stash --include-untracked, then update.",
        )


def _checked_answers(
    folder: Path, recorded: Mapping[str, object], given: Mapping[str, str]
) -> tuple[dict[str, object], bool]:
    """Return those answers in `given` that are asked, and whether the project has the newest template already.

    Raises:
        MlscaffoldError: the template is out of reach, or an answer is wrong.
    """
    location = str(recorded["_src_path"])
    if not _copier.is_reachable(location):
        raise MlscaffoldError(
            f"the template of this project is gone: {location} does not exist or is not a git repository",
            f"If it moved, write its new place as _src_path in {folder / _ANSWERS_FILE} and commit that.",
        )
    with _copier.open_template(Source(location), folder) as engine:
        questionnaire = Questionnaire(engine)
        questionnaire.check_names(given)
        answers = questionnaire.complete(given, recorded)
        current = engine.is_at(str(recorded["_commit"]))
    return {name: answers[name] for name in given if name in answers}, current


def _run(folder: Path, data: Mapping[str, object]) -> list[str]:
    """Run Copier's update; when it ends early, say truthfully whether it left something behind."""
    try:
        return _copier.update(folder, data)
    except KeyboardInterrupt as error:
        if not _git.status(folder):
            raise
        code = error.exit_code if isinstance(error, Stopped) else 130
        raise Stopped(f"stopped half-way; in {folder} this undoes it: {_BACK}", code) from error
    except MlscaffoldError as error:
        left = f"It left changes; in {folder} this undoes them: {_BACK}"
        raise MlscaffoldError(error.message, left if _git.status(folder) else "Nothing was changed.") from error
