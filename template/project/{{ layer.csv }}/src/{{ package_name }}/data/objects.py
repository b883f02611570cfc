"""JSON objects as the rows of a table: a list of them, or one in each line."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import DataError
from .cells import unmistakable


def write_objects(first: str, lines: Iterable[str], text: Path, path: Path) -> tuple[str, ...]:
    """Write the objects of a file, whose first line is given, as CSV; return the names of the columns.

    These are all keys, in the order in which they appear. Numbers stay as they are written, unless that can be read in
    two ways; null is an empty cell, and what is nested stays JSON. Raises DataError that names the line or the object
    that is none.
    """
    objects = list(
        read_list([first, *lines], path) if first.lstrip().startswith("[") else read_lines(first, lines, path)
    )
    names = list(dict.fromkeys(name for row in objects for name in row))
    if not names:
        raise DataError(f"{path} holds no object with a key: there are no columns")
    with text.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(names)
        writer.writerows([as_cell(row.get(name)) for name in names] for row in objects)
    return tuple(names)


def read_list(lines: list[str], path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list. Raises DataError."""
    try:
        rows = parse("".join(lines))
    except json.JSONDecodeError as error:
        raise DataError(f"{path}, line {error.lineno}: the JSON is broken: {error.msg}") from None
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise DataError(f"{path}: element {place} of the list is no object with a key for each column")
        yield row


def read_lines(first: str, lines: Iterable[str], path: Path) -> Iterator[dict[str, Any]]:
    """Yield the object of each line, blank ones aside. Raises DataError."""
    for place, line in enumerate([first, *lines], start=1):
        if not line.strip():
            continue
        try:
            row = parse(line)
        except json.JSONDecodeError as error:
            raise DataError(
                f"{path}, line {place}: no JSON object of one line ({error.msg}); write one in each, or a list of them"
            ) from None
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {place}: no object with a key for each column")
        yield row


def parse(text: str) -> Any:
    """Return what JSON holds, with numbers as they are written, in figures that can be read in one way."""
    return json.loads(text, parse_int=str, parse_float=unmistakable, parse_constant=str)


def as_cell(value: Any) -> str:
    """Return a value as the text of a cell."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
