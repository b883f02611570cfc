"""Files that are where a project's files would be."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from mlscaffold import _git
from mlscaffold._errors import UsageError


def settle(folder: Path, target: Path, files: Sequence[str], decide: Callable[[str], str]) -> None:
    """Do what `decide` says with each file that `target` has already: keep, replace, or stop.

    Those that are kept are taken out of `folder`, which fills the target later; of those that are replaced, what git
    does not have goes there, too, under another name.

    Raises:
        UsageError: one is to stop all.
    """
    there = [name for name in files if (target / name).exists() or (target / name).is_symlink()]
    decided = {name: decide(name) for name in there}
    if "stop" in decided.values():
        raise UsageError(
            f"in {target}, these files are there already: {', '.join(there)}",
            "--on-conflict keep leaves them as they are; replace puts those of the project in their place. "
            "Nothing was touched.",
        )
    for name, wanted in decided.items():
        if wanted == "keep":
            (folder / name).unlink()
        elif not _git.is_safe(target, name):
            shutil.copy2(target / name, folder / f"{name}.yours")
