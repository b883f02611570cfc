"""Which saved model answers: the one promoted last, or the newest as long as none was."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import BundleError
from .bundle import find_bundle, verify_checksums

# A line for each promotion that counts: the last one answers, and the one before it after a rollback.
CURRENT_FILE = "current"
# Held while the list is read and written anew, so that of two promotions at once both are kept.
LOCK_FILE = ".current.lock"
LOCK_SECONDS = 10


def find_answering(models: Path, name: str | None = None) -> Path:
    """Return the folder of the model that answers, or of the named one. Raises BundleError when there is none."""
    return find_bundle(models, name or next(reversed(promoted(models)), None))


def promoted(models: Path) -> list[str]:
    """Return the names of the promoted models, the one that answers last."""
    path = models / CURRENT_FILE
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def promote(models: Path, name: str | None = None) -> str:
    """Let the named model answer, or the newest; return its name. Raises BundleError when it is missing or damaged."""
    folder = find_bundle(models, name)
    verify_checksums(folder)
    with promoting(models):
        before = promoted(models)
        if before[-1:] != [folder.name]:
            write(models, [*before, folder.name])
    return folder.name


def roll_back(models: Path) -> str:
    """Let the model answer that did so before, and return its name. Raises BundleError when there was none."""
    with promoting(models):
        *before, _ = promoted(models) or [""]
        if not before:
            raise BundleError(f"{models} has no earlier promoted model; promote one by its name")
        folder = find_bundle(models, before[-1])
        verify_checksums(folder)
        write(models, before)
    return folder.name


@contextmanager
def promoting(models: Path) -> Iterator[None]:
    """Keep other promotions waiting. Raises BundleError when one takes too long, or nothing can be written."""
    try:
        with FileLock(models / LOCK_FILE, timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise BundleError(f"{models / LOCK_FILE} is held by another promotion; try again when it has ended") from None
    except OSError as error:
        raise BundleError(f"{models / CURRENT_FILE} cannot be written: {error.strerror}; all is as it was") from None


def write(models: Path, names: list[str]) -> None:
    """Replace the list at once: whoever reads it sees the old one or the new one. Raises OSError."""
    unfinished = models / f".{CURRENT_FILE}"
    unfinished.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    unfinished.replace(models / CURRENT_FILE)
