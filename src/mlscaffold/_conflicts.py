"""Files that are where a project's files would be."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from mlscaffold import _git
from mlscaffold._errors import UsageError
from mlscaffold._wizard import ask_conflict


def settle(folder: Path, target: Path, files: Sequence[str], wanted: str) -> None:
    """Decide what becomes of files that `target` has already: keep, replace, stop, or ask for each.

    Those that are kept are taken out of `folder`, which fills the target later; of those that are replaced, what git
    does not have goes there, too, under another name.

    Raises:
        UsageError: there are some, and `wanted` is to stop.
    """
    there = [name for name in files if (target / name).exists() or (target / name).is_symlink()]
    if there and wanted == "stop":
        raise UsageError(
            f"in {target}, these files are there already: {', '.join(there)}",
            "--on-conflict keep leaves them as they are; replace puts those of the project in their place. "
            "Nothing was touched.",
        )
    for name in there:
        if (ask_conflict(name) if wanted == "ask" else wanted) == "keep":
            (folder / name).unlink()
        elif not _git.is_safe(target, name):
            shutil.copy2(target / name, folder / f"{name}.yours")
