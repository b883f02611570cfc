"""The example: what the packages of Python's own standard library say about themselves."""

import ast
import csv
import os
import re
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from ..errors import DataError

PACKAGES = ("asyncio", "email", "http", "logging", "unittest", "xml")
# So many paragraphs of each, from its first file to its last.
ROWS = 250
FEWEST_WORDS = 6
PARAGRAPHS = re.compile(r"\n\s*\n")
PROMPT = re.compile(r"^\s*(>>>|\.\.\.)", re.MULTILINE)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def write_example(path: Path) -> None:
    """Write a CSV file with the columns `text`, a paragraph of a docstring, and `label`, its package.

    Raises DataError when this Python came without the source of its library.
    """
    library = Path(sysconfig.get_path("stdlib"))
    texts = {package: list(dict.fromkeys(read_paragraphs(library / package))) for package in PACKAGES}
    # What two packages say cannot be told apart.
    counts = Counter(chain.from_iterable(texts.values()))
    rows = [("text", "label")]
    for package in PACKAGES:
        own = [text for text in texts[package] if counts[text] == 1]
        if len(own) < ROWS:
            raise DataError(f"{library} lacks the source of {package}; name your own texts in params.yaml")
        rows += [(own[number * len(own) // ROWS], package) for number in range(ROWS)]
    write_rows(path, rows)


def read_paragraphs(package: Path) -> Iterator[str]:
    """Yield the paragraphs of all docstrings of a package, in the order of its files; nothing is imported or run."""
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_bytes())
        for node in ast.walk(tree):
            docstring = ast.get_docstring(node) if isinstance(node, DOCUMENTED) else None
            yield from split_paragraphs(docstring or "")


def split_paragraphs(docstring: str) -> Iterator[str]:
    """Yield the paragraphs as single lines; examples at a prompt, and what is too short to tell anything, left out."""
    for paragraph in PARAGRAPHS.split(docstring):
        prose = PROMPT.split(paragraph, maxsplit=1)[0]
        words = prose.split()
        if len(words) >= FEWEST_WORDS:
            yield " ".join(words)


def write_rows(path: Path, rows: list[tuple[str, str]]) -> None:
    """Write a CSV file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file, staging = tempfile.mkstemp(prefix=".unfinished-", dir=path.parent)
    try:
        with os.fdopen(file, "w", encoding="utf-8", newline="") as output:
            csv.writer(output, lineterminator="\n").writerows(rows)
        Path(staging).chmod(0o644)
        Path(staging).replace(path)
    finally:
        Path(staging).unlink(missing_ok=True)
