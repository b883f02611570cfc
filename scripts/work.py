"""Render a project whose files are links to the parts: `python -m scripts.work FOLDER [name=value ...]`.

There an editor, mypy and pytest see real neighbours, and what is edited in a link is edited in the part.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

from mlscaffold._errors import MlscaffoldError, UsageError
from scripts import stop
from scripts.composition import Composition

# What the folder held when it was made, so that nothing written there since is lost.
RECORD = ".made.json"
# What commands write there.
MADE_BY_TOOLS = {".venv", ".git", "models", "reports", "uv.lock"}


def main(composition: Composition, folder: Path, words: list[str]) -> None:
    """Make the folder anew.

    Raises:
        UsageError: an answer is wrong, or the folder holds something that would be lost.
    """
    answers = composition.answers(words)
    kept = written_since(folder)
    if kept:
        hint = f"These lie in {folder} alone: move them into the template, or remove {folder}."
        raise UsageError(f"would lose {', '.join(kept)}", hint)
    shutil.rmtree(folder, ignore_errors=True)
    composition.render(folder, answers)
    sources = composition.sources(answers)
    copies = [path for path, source in sources.items() if not link(composition, folder, path, source.text)]
    record = {name: digest(folder / name) for name in files_in(folder)}
    (folder / RECORD).write_text(json.dumps(record), encoding="utf-8")
    print(f"{folder}: {len(record) - len(copies)} of {len(record)} files are links to the template.")
    print(f"No links, as answers are put into them, parts together, or commands write them: {' '.join(copies)}")


def link(composition: Composition, folder: Path, path: str, source: str) -> bool:
    """Replace a rendered file by a link to its source, where both are the same; say whether they are.

    Data stays a copy: the project's commands write there, as for a schema that is inferred anew.
    """
    rendered, original = folder / path, composition.root / source
    if path.startswith("data/") or rendered.read_bytes() != original.read_bytes():
        return False
    rendered.unlink()
    rendered.symlink_to(os.path.relpath(original.resolve(), rendered.parent.resolve()))
    return True


def written_since(folder: Path) -> list[str]:
    """Return the files that were added or changed since the folder was made, links and what tools write left out."""
    if not folder.exists():
        return []
    record = json.loads((folder / RECORD).read_text(encoding="utf-8")) if (folder / RECORD).exists() else {}
    own = [name for name in files_in(folder) if not (folder / name).is_symlink()]
    return [name for name in own if digest(folder / name) != record.get(name)]


def files_in(folder: Path) -> list[str]:
    """Return the relative paths of the files that are not made by tools."""
    paths = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.as_posix() for path in paths if path.name != RECORD and not made_by_tools(path)]


def made_by_tools(path: Path) -> bool:
    """Return whether a tool writes the file."""
    return path.parts[0] in MADE_BY_TOOLS or any(part.endswith(("_cache", "__pycache__")) for part in path.parts)


def digest(path: Path) -> str:
    """Return a digest of the file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    try:
        main(Composition(), Path(sys.argv[1]), sys.argv[2:])
    except MlscaffoldError as error:
        stop(error)
