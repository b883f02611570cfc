"""A folder appears whole or not at all, whatever stops the work."""

import errno
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from mlscaffold._errors import MlscaffoldError, Stopped

# What a folder may hold that becomes a project: what a forge puts into a new repository.
WELCOME = re.compile(r"\.git|\.gitattributes|\.gitignore|(README|LICEN[CS]E|COPYING|NOTICE)([-._].*)?", re.IGNORECASE)
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def check_target(target: Path) -> None:
    """Make sure that a project can be put at `target`.

    Raises:
        MlscaffoldError: it exists and holds more than a new repository does, or something on the way to it is a file.
    """
    if target.is_dir():
        if others := sorted(entry.name for entry in target.iterdir() if not WELCOME.fullmatch(entry.name)):
            raise MlscaffoldError(
                f"{target} is not empty: it holds {', '.join(others[:3])}{' and more' if len(others) > 3 else ''}",
                "Choose a new folder, or one with nothing but a repository, a README and a licence. "
                "Nothing in it was touched.",
            )
        return
    for place in (target, *target.parents):
        if place.is_dir():
            return
        if place.exists() or place.is_symlink():
            raise MlscaffoldError(f"{place} is a file, not a folder", "Choose another place for the project.")


@contextmanager
def stage(target: Path, finish: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Yield an empty folder named like `target`; when the block succeeds it becomes `target`, or fills it.

    `finish` is called then; if it fails, all is as it was.
    """
    parents = _make_parents(target.parent)
    try:
        # An empty folder that exists is kept, for it may be a mount or somebody's current folder: it is filled.
        room = Path(tempfile.mkdtemp(prefix=".mlscaffold-", dir=target if target.is_dir() else target.parent))
        try:
            folder = room / target.name
            folder.mkdir()
            yield folder
            with ignored_signals():
                moved = _publish(folder, target)
            try:
                finish()
            except BaseException:
                with ignored_signals():
                    _undo(moved)
                raise
        finally:
            with ignored_signals():
                shutil.rmtree(room, ignore_errors=True)
    except BaseException:
        for parent in parents:
            with suppress(OSError):
                parent.rmdir()
        raise


@contextmanager
def signals_as_exceptions() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the stack as Ctrl-C does, so that everything is cleaned up."""

    def stop(number: int, _frame: FrameType | None) -> None:
        # A second signal may not interrupt the cleaning up that the first one starts.
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(exit_code=128 + number)

    with _handlers(stop):
        yield


@contextmanager
def ignored_signals() -> Iterator[None]:
    """Let nothing interrupt a step that must be whole."""
    with _handlers(signal.SIG_IGN):
        yield


@contextmanager
def _handlers(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _make_parents(parent: Path) -> list[Path]:
    """Create the missing folders down to `parent`; return them, the deepest first."""
    missing = [place for place in (parent, *parent.parents) if not place.exists()]
    made: list[Path] = []
    try:
        for place in reversed(missing):
            place.mkdir()
            made.insert(0, place)
    except OSError:
        for place in made:
            place.rmdir()
        raise
    return made


def _publish(folder: Path, target: Path) -> list[tuple[Path, Path]]:
    """Rename `folder` to `target`, or move what is in it into a folder that exists; return what was moved where."""
    room = folder.parent
    if room.parent != target:
        folder.rename(target)
        return [(folder, target)]
    if any(entry != room and not WELCOME.fullmatch(entry.name) for entry in target.iterdir()):
        raise OSError(errno.ENOTEMPTY, "something else was put there meanwhile", str(target))
    moved: list[tuple[Path, Path]] = []
    try:
        for entry in sorted(folder.iterdir()):
            _move(entry, target / entry.name, room, moved)
    except OSError:
        _undo(moved)
        raise
    return moved


def _move(source: Path, target: Path, room: Path, moved: list[tuple[Path, Path]]) -> None:
    """Move a file or folder; what is in its place is put aside, and folders are filled."""
    if source.is_dir() and target.is_dir() and not target.is_symlink():
        for entry in sorted(source.iterdir()):
            _move(entry, target / entry.name, room, moved)
        return
    if target.exists() or target.is_symlink():
        aside = room / f"aside-{len(moved)}"
        target.rename(aside)
        moved.append((target, aside))
    source.rename(target)
    moved.append((source, target))


def _undo(moved: list[tuple[Path, Path]]) -> None:
    for before, after in reversed(moved):
        after.rename(before)
