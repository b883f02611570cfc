"""Put what a project would have into a folder that was made in another way: only files that are not there."""

import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlscaffold import _git
from mlscaffold._copier import open_template
from mlscaffold._decide import Request, Talk, all_answers
from mlscaffold._errors import MlscaffoldError
from mlscaffold._merge import ANSWERS_FILE
from mlscaffold._prompts import find_prompts
from mlscaffold._questions import Questionnaire
from mlscaffold._stage import signals_as_exceptions


@dataclass(frozen=True)
class Adopted:
    """What was added, or would be; `same` files are there just so, `others` are there and hold something else.

    `blocked` cannot be there, as a file or a link is where they need a folder.
    """

    folder: Path
    added: tuple[str, ...]
    same: tuple[str, ...]
    others: tuple[str, ...]
    blocked: tuple[str, ...]
    notes: tuple[str, ...]


def adopt(request: Request, folder: Path) -> Adopted:
    """Add the files of a project that are not there; none is overwritten, and nothing is committed.

    Raises:
        MlscaffoldError: the folder is no clean repository, or was made from a template already.
        Stopped: a person stopped it; what was added until then is no part of the last commit.
    """
    with signals_as_exceptions():
        _check(folder)
        talk = Talk(None if request.defaults else find_prompts(request.plain))
        with (
            open_template(request.source, folder) as engine,
            tempfile.TemporaryDirectory(prefix="mlscaffold-") as name,
        ):
            Questionnaire(engine).check_early(request.answers)
            engine.share(_git.shared_origin)
            room = Path(name, folder.name)
            engine.render(room, all_answers(request, folder, engine, talk))
            found = _compare(room, folder, tuple(engine.notes))
            if not request.dry_run:
                _copy(room, folder, found.added)
        return found


def _check(folder: Path) -> None:
    if not folder.is_dir():
        raise MlscaffoldError(f"there is no folder {folder}", "mlscaffold new makes one.")
    if (folder / ANSWERS_FILE).exists():
        raise MlscaffoldError(
            f"{folder} was made from a template already", "mlscaffold update and mlscaffold add change it."
        )
    if not _git.is_installed() or not _git.enclosing_repository(folder):
        raise MlscaffoldError(
            f"{folder} is in no git repository, which could undo this",
            'Run git init && git add --all && git commit -m "As it was" there first.',
        )
    _git.check_clean(folder, "Commit them first.")


def _compare(room: Path, folder: Path, notes: tuple[str, ...]) -> Adopted:
    found: dict[str, list[str]] = {"added": [], "same": [], "others": [], "blocked": []}
    for path in sorted(_files(room)):
        found[_kind(room / path, folder, path)].append(path)
    return Adopted(folder, **{kind: tuple(paths) for kind, paths in found.items()}, notes=notes)


def _files(room: Path) -> Iterator[str]:
    for path in room.rglob("*"):
        if path.is_symlink() or path.is_file():
            yield path.relative_to(room).as_posix()


def _kind(source: Path, folder: Path, path: str) -> str:
    place = folder / path
    parents = [parent for parent in place.parents if folder in parent.parents]
    if any(parent.is_symlink() or parent.is_file() for parent in parents):
        return "blocked"
    if not os.path.lexists(place):
        return "added"
    return "same" if place.is_file() and place.read_bytes() == source.read_bytes() else "others"


def _copy(room: Path, folder: Path, paths: tuple[str, ...]) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(room / path, folder / path, follow_symlinks=False)


def as_text(found: Adopted, done: bool) -> str:
    """Return what was added, or would be, and what a person has otherwise."""
    lines = [f"{found.folder}: {len(found.added)} files {'were' if done else 'would be'} added."]
    lines += [f"  added     {path}" for path in found.added]
    lines += [f"  yours     {path}: it is there, and the template's would be another" for path in found.others]
    lines += [f"  not made  {path}: a file or a link is where it needs a folder" for path in found.blocked]
    if done:
        lines += ["", "Nothing of yours was changed. Look at it with git status, then commit what you want to keep."]
        lines += [f"To undo it, and what is made since: {undo(found.folder)}"]
    else:
        lines += ["", "Nothing was written."]
    return "\n".join(lines)


def as_json(found: Adopted, done: bool) -> str:
    """Return the same for programs."""
    kinds = {name: list(getattr(found, name)) for name in ("added", "same", "others", "blocked", "notes")}
    return json.dumps({"folder": str(found.folder), "done": done, **kinds, "undo": undo(found.folder)}, indent=2)


def undo(folder: Path) -> str:
    """Return the command that removes what was added, and what is made since."""
    git = "git" if folder == Path.cwd() else f"git -C {shlex.quote(str(folder))}"
    # The first leaves what the new .gitignore names.
    return f"{git} clean -fd . && {git} clean -fd ."
