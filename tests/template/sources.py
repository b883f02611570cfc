"""The template's own files, as they lie."""

import re
from pathlib import Path

from .rendering import ROOT

TEMPLATE = ROOT / "template"
PROJECT = TEMPLATE / "project"
PARTS = TEMPLATE / "parts"
IGNORED = re.compile(r"(^|/)(\.\w+_cache|__pycache__)/")


def files(folder: Path) -> list[str]:
    """Return the relative paths of the files below a folder, without what tools leave behind."""
    paths = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in paths if not IGNORED.search(path)]


def read(folder: Path, name: str) -> str:
    """Return the text of a file."""
    return (folder / name).read_text(encoding="utf-8")
