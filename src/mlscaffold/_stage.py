"""A folder appears whole or not at all, whatever stops the work."""

import errno
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from mlscaffold._errors import MlscaffoldError, Stopped

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def check_target(target: Path) -> None:
    """Make sure that a project can be put at `target`.

    Raises:
        MlscaffoldError: it exists and is not an empty folder, or something on the way to it is a file.
    """
    if target.is_dir():
        if any(target.iterdir()):
            raise MlscaffoldError(f"{target} is not empty", "Choose a new folder; nothing in it was touched.")
        return
    for place in (target, *target.parents):
        if place.is_dir():
            return
        if place.exists() or place.is_symlink():
            raise MlscaffoldError(f"{place} is a file, not a folder", "Choose another place for the project.")


@contextmanager
def stage(target: Path) -> Iterator[Path]:
    """Yield an empty folder named like `target`; when the block succeeds it becomes `target`."""
    parents = _make_parents(target.parent)
    try:
        # An empty folder that exists is kept, for it may be a mount or somebody's current folder: it is filled.
        room = Path(tempfile.mkdtemp(prefix=".mlscaffold-", dir=target if target.is_dir() else target.parent))
        try:
            folder = room / target.name
            folder.mkdir()
            yield folder
            with ignored_signals():
                _publish(folder, target)
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


def _publish(folder: Path, target: Path) -> None:
    """Rename `folder` to `target`, or move what is in it when `target` is an empty folder."""
    room = folder.parent
    if room.parent != target:
        folder.rename(target)
        return
    if any(entry != room for entry in target.iterdir()):
        raise OSError(errno.ENOTEMPTY, "something else was put there meanwhile", str(target))
    moved: list[Path] = []
    try:
        for entry in sorted(folder.iterdir()):
            moved.append(entry.rename(target / entry.name))
    except OSError:
        for entry in moved:
            entry.rename(folder / entry.name)
        raise
