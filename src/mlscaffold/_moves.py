"""Find what a newer template has moved, and carry a person's edits along."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mlscaffold import _copier, _git
from mlscaffold._source import Source


@dataclass(frozen=True)
class Move:
    """A file that is no longer where it was: its new path, if there is one, and whether a person had edited it."""

    before: str
    after: str | None
    edited: bool
    conflict: bool = False


def follow(folder: Path, recorded: Mapping[str, object], changes: Iterable[_git.Change]) -> list[Move]:
    """Return what became of the files that an update has removed, after merging edits into files that were moved.

    Raises:
        MlscaffoldError: the version of the template that the project had cannot be rendered again.
    """
    paths: dict[str, list[str]] = {"removed": [], "added": []}
    for change in changes:
        paths.get(change.kind, []).append(change.path)
    if not paths["removed"]:
        return []
    with TemporaryDirectory() as name:
        room = Path(name)
        _render(room / "rendered", recorded)
        _copy(room / "rendered", room / "before", paths["removed"])
        _copy(folder, room / "after", paths["added"])
        moved = _git.renames(room / "before", room / "after")
        return list(_carried(folder, room, paths["removed"], moved))


def _render(target: Path, recorded: Mapping[str, object]) -> None:
    """Render the project as its template gave it, without any edit."""
    answers = {name: value for name, value in recorded.items() if not name.startswith("_")}
    source = Source(str(recorded["_src_path"]), commit=str(recorded["_commit"]))
    with _copier.open_template(source, target) as engine:
        engine.render(target, answers)


def _copy(source: Path, target: Path, paths: Iterable[str]) -> None:
    target.mkdir()
    for path in paths:
        if (source / path).is_file():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_bytes((source / path).read_bytes())


def _carried(folder: Path, room: Path, removed: Iterable[str], moved: Mapping[str, str]) -> Iterator[Move]:
    """Merge the edits of each moved file into its new place."""
    for path in removed:
        base, mine, after = room / "before" / path, room / "mine", moved.get(path)
        mine.write_bytes(_git.committed(folder, path))
        edited = base.exists() and base.read_bytes() != mine.read_bytes()
        conflict = bool(edited and after and _git.merge_file(mine, base, folder / after))
        if edited and after:
            (folder / after).write_bytes(mine.read_bytes())
        yield Move(path, after, edited, conflict)
