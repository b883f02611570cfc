"""Find how a table is written as text: its encoding, compression, line ends, separator and header."""

import codecs
import csv
import gzip
import io
import logging
import re
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import IO

from ..errors import DataError
from .cells import PATTERN
from .objects import write_objects
from .parquet import write_parquet
from .workbook import write_sheet

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SAMPLE_CHARACTERS = 2**16
BLOCK = 2**20
LONGEST_SHOWN = 60

# Files that are no text, by their first bytes.
OTHERS = {
    b"\xd0\xcf\x11\xe0": "an old Excel file, or one with a password",
    b"SQLite format 3": "a database of SQLite",
    b"\x28\xb5\x2f\xfd": "compressed with Zstandard",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
}
GZIP, ZIP, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
# What ZIP archives hold that are documents.
OFFICE, OPEN_DOCUMENT = "[Content_Types].xml", "content.xml"
# A name of a column that is a number.
YEARS = range(1900, 2101)
NUMBER = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?([eE][-+]?[0-9]+)?")
# An object, or a list of objects or lists: no header of a table starts so.
JSON = re.compile(r'\s*(\{\s*("|$)|\[\s*([{\[]|$))')

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dialect:
    """How a table is written: a file with the same in UTF-8, what separates values, and the names of the columns.

    The file is the table's own where it is so already. `skipped` lines of the table come before its header. In the
    table itself, whose `encoding` is this, values are `spaced` if a blank follows each separator. One that was no CSV
    is `converted`, and its records are those of the file.
    """

    text: Path
    separator: str
    names: tuple[str, ...]
    skipped: int
    encoding: str = "utf-8-sig"
    spaced: bool = False
    converted: bool = False


def plain_text(path: Path, folder: Path, usual: str | None = None) -> Dialect:
    """Find how the table is written; write it anew into the folder if not in UTF-8 alone. Raises DataError.

    `usual` separates the values of such tables, and does so here if it may.
    """
    try:
        start = read_start(path)
        if write := converter(path, start):
            text = folder / "table.csv"
            write(path, text)
            return replace(cut_header(path, text, folder, ",", 0), encoding="utf-8", converted=True)
        with unpacked(path, start) as file:
            encoding, as_it_is = find_encoding(file, path)
        with unpacked(path, start) as file:
            lines = io.TextIOWrapper(file, encoding=encoding, newline=None)
            skipped, separator, header = skip_to_header(lines, path)
            if JSON.match(header):
                text = folder / "table.csv"
                return Dialect(text, ",", write_objects(header, lines, text, path), 0, "utf-8", converted=True)
            packed = start.startswith((GZIP, ZIP))
            # DuckDB takes the second line of such a header for a row if a byte-order mark comes before the first.
            marked = start.startswith(codecs.BOM_UTF8) and header.count('"') % 2 == 1
            if as_it_is and not (skipped or packed or marked or PATTERN & set(str(path))):
                text = path
            else:
                text = folder / "table.csv"
                copy(header, lines, text)
        return replace(cut_header(path, text, folder, separator, skipped, usual), encoding=encoding)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; data.path in params.yaml says where the table is") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is neither UTF-8 nor Windows-1252; save it as CSV in UTF-8") from None
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def read_start(path: Path) -> bytes:
    """Return the first bytes of a file. Raises DataError when they are those of something that is no text."""
    with path.open("rb") as file:
        start = file.read(16)
    if not start:
        raise DataError(f"{path} is empty")
    for magic, kind in OTHERS.items():
        if start.startswith(magic):
            raise DataError(f"{path} is {kind}, and no text; save it as CSV in UTF-8")
    return start


def converter(path: Path, start: bytes) -> Callable[[Path, Path], None] | None:
    """Return what writes a file as CSV that is none, by its first bytes."""
    if start.startswith(PARQUET):
        return write_parquet
    if start.startswith(ZIP):
        with zipfile.ZipFile(path) as archive:
            if OFFICE in archive.namelist():
                return write_sheet
    return None


@contextmanager
def unpacked(path: Path, start: bytes) -> Iterator[IO[bytes]]:
    """Open the file, or what is in it if it is compressed. Raises DataError when that is more than one file."""
    if start.startswith(GZIP):
        with gzip.open(path) as packed, io.BufferedReader(packed) as file:
            yield file
    elif start.startswith(ZIP):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            if OPEN_DOCUMENT in names:
                raise DataError(f"{path} is an OpenDocument file; save the sheet as CSV in UTF-8, or as .xlsx")
            if len(names) != 1:
                raise DataError(f"{path} holds {len(names)} files; unpack the one that is meant")
            with archive.open(names[0]) as member:
                yield member
    else:
        with path.open("rb") as plain:
            yield plain


def find_encoding(file: IO[bytes], path: Path) -> tuple[str, bool]:
    """Return the encoding of the bytes, and whether it is UTF-8 with one kind of line ends. Raises DataError."""
    block = file.read(BLOCK)
    if block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16", False
    if b"\0" in block:
        return wide_encoding(block, path), False
    decoder, ends = codecs.getincrementaldecoder("utf-8")(), {b"\r\n": 0, b"\n": 0, b"\r": 0}
    try:
        while block:
            decoder.decode(block)
            ends[b"\n"] += block.count(b"\n")
            if b"\r" in block:
                ends[b"\r"] += block.count(b"\r")
                ends[b"\r\n"] += block.count(b"\r\n")
            block = file.read(BLOCK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        log.warning("%s is not in UTF-8; it is read as Windows-1252, of which Latin-1 is a part", path)
        return "cp1252", False
    return "utf-8-sig", ends[b"\r"] == ends[b"\r\n"] and ends[b"\r\n"] in (0, ends[b"\n"])


def wide_encoding(block: bytes, path: Path) -> str:
    """Return which half of two bytes for a character is empty. Raises DataError when the bytes are no text."""
    for encoding, half in (("utf-16-le", block[1::2]), ("utf-16-be", block[::2])):
        if half.count(0) > len(half) / 2:
            return encoding
    raise DataError(f"{path} holds bytes that are no text; save it as CSV in UTF-8")


def skip_to_header(lines: io.TextIOWrapper, path: Path) -> tuple[int, str | None, str]:
    """Return how many lines come before the header, the separator that one of them names, and the header's line."""
    skipped, separator = 0, None
    while line := lines.readline():
        named = re.fullmatch(r"sep=(.)\n?", line)
        if not named and line.strip():
            return skipped, separator, line
        skipped, separator = skipped + 1, named[1] if named else separator
    raise DataError(f"{path} holds nothing")


def copy(header: str, lines: io.TextIOWrapper, text: Path) -> None:
    """Write the header and what follows as UTF-8."""
    with text.open("w", encoding="utf-8", newline="\n") as file:
        file.write(header)
        while block := lines.read(BLOCK):
            file.write(block)


def cut_header(
    path: Path, text: Path, folder: Path, separator: str | None, skipped: int, usual: str | None = None
) -> Dialect:
    """Find the separator, if it is not named, and the names of the columns. Raises DataError."""
    with text.open(encoding="utf-8-sig", newline="") as file:
        sample = file.read(SAMPLE_CHARACTERS)
    whole = sample if len(sample) < SAMPLE_CHARACTERS else sample[: sample.rfind("\n") + 1]
    separator = separator or find_separator(whole, path, usual)
    rows = filter(None, rows_of(whole, separator))
    names = next(rows)
    if spaced := len(names) > 1 and all(name.startswith(" ") and name.strip() for name in names[1:]):
        text = without_blanks(text, folder, separator)
        names = [name.lstrip() for name in names]
    names = [name if name.strip() else f"(column {place})" for place, name in enumerate(names, start=1)]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{path} has more than one column {twice[0]!r}; give each its own name, or remove one")
    check_names(path, names, list(rows))
    return Dialect(text, separator, tuple(names), skipped, spaced=spaced)


def check_names(path: Path, names: list[str], rows: list[list[str]]) -> None:
    """Raise DataError where the first line holds values as the others do, and no names; say in the log where it may.

    Years, and numbers that count the columns, are names.
    """
    numbers = [float(name.replace(",", ".")) for name in names if NUMBER.fullmatch(name.strip())]
    steps = {abs(after - before) for before, after in pairwise(numbers)}
    if len(names) == len(words_in(names)) == 1 or (
        numbers and (steps == {1} or all(each in YEARS for each in numbers))
    ):
        return
    if rows and all(any(names[place] in row[place : place + 1] for row in rows) for place in words_in(names)):
        said = "holds values and no names; put a line of names before it"
        if not numbers and names in rows:
            said = "comes again as a row; remove that, or put a line of names before it if it holds values"
        raise DataError(f"{path}: its first line, {shown(names)}, {said}")
    if len(numbers) > 1:
        log.warning(
            "the first line, %s, is taken for names; if it holds values, put a line of names before it", shown(names)
        )


def words_in(names: list[str]) -> list[int]:
    """Return the places of those that are no numbers."""
    return [place for place, name in enumerate(names) if not NUMBER.fullmatch(name.strip())]


def shown(names: list[str]) -> str:
    """Return a line in quotes, or the beginning of a long one."""
    return repr(textwrap.shorten(", ".join(names), LONGEST_SHOWN, placeholder=" …"))


def find_separator(text: str, path: Path, usual: str | None = None) -> str:
    """Return what cuts all rows alike; else what the header holds most of, so that the odd row is named.

    The usual separator comes first if it does so. Raises DataError when two others are as good.
    """
    widths = {separator: [len(row) for row in rows_of(text, separator) if row] for separator in SEPARATORS}
    even = [separator for separator, found in widths.items() if found[0] > 1 and len(set(found)) == 1]
    if usual in even:
        return usual
    best = max(even or SEPARATORS, key=lambda separator: widths[separator][0])
    if rivals := [other for other in even if other != best and widths[other][0] == widths[best][0]]:
        named = " or ".join(SEPARATORS[separator] for separator in [best, *rivals])
        raise DataError(f"{path} can be cut at each {named} alike; say which by a first line that is sep={best}")
    return best if widths[best][0] > 1 else ","


def rows_of(text: str, separator: str) -> Iterator[list[str]]:
    """Yield the rows of a sample; a value of any length is one."""
    # The limit is that of the process, so that it may be raised alone.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


def without_blanks(text: Path, folder: Path, separator: str) -> Path:
    """Write the table without the blanks that follow its separators."""
    tidy = folder / "tidy.csv"
    with text.open(encoding="utf-8-sig", newline="") as source, tidy.open("w", encoding="utf-8", newline="") as file:
        rows = csv.reader(source, delimiter=separator, skipinitialspace=True)
        csv.writer(file, delimiter=separator, lineterminator="\n").writerows(row for row in rows if row)
    return tidy
