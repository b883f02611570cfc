"""The template's own files, as they lie."""

from pathlib import Path

from scripts.composition import files

from .rendering import ROOT

__all__ = ["PARTS", "PROJECT", "TEMPLATE", "files", "read"]

TEMPLATE = ROOT / "template"
PROJECT = TEMPLATE / "project"
PARTS = TEMPLATE / "parts"


def read(folder: Path, name: str) -> str:
    """Return the text of a file."""
    return (folder / name).read_text(encoding="utf-8")
