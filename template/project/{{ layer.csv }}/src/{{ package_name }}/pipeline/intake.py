"""Add the rows of new files to the table, each cell as it is written there; what was there before stays as it is."""

import codecs
import gzip
import logging
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..config import Config
from ..data.cells import BLANKS, Text
from ..data.dialect import GZIP, ZIP, read_start, unpacked
from ..data.load import read_data
from ..data.reading import Table, open_csv
from ..errors import DataError
from ..inference.bundle import checksum
from .ledger import Entry
from .profile import ROWS_STAND_ALONE

SAMPLE_BYTES = 2**16
PENDING = ".ingest-"
EMPTY = '""'

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Base:
    """How the table is written that rows are added to, and how many it has; `ended` says that its last line is."""

    names: tuple[str, ...]
    separator: str
    encoding: str
    newline: str
    ended: bool
    packed: bool
    rows: int


@dataclass
class Staged:
    """Rows that are ready to be added: how many each file gives, or why it gives none; and the new table's digest."""

    table: Path
    folder: Path
    examples: dict[Path, int] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)
    digest: str = ""

    @property
    def written(self) -> Path:
        """The new table."""
        return self.folder / "whole" / self.table.name

    @property
    def places(self) -> dict[Path, str]:
        """Where the examples of each file are: in the table."""
        return dict.fromkeys(self.examples, self.table.name)

    def prepare(self) -> None:
        """Put the new table beside the old one, which still counts."""
        if self.examples:
            with self.written.open("rb") as file:
                os.fsync(file.fileno())
            self.written.replace(pending(self.table))

    def commit(self) -> None:
        """Let the new table take the place of the old one, at once."""
        if self.examples:
            pending(self.table).replace(self.table)


def pending(table: Path) -> Path:
    """Return where a new table waits until the ledger knows of it."""
    return table.with_name(f"{PENDING}{table.name}")


def complete(config: Config, ledger: list[Entry]) -> None:
    """Do what a killed run has not done: a table that the ledger knows of takes its place, any other is dropped."""
    waiting = pending(config.data_path)
    for left in config.data_path.parent.glob(f"{PENDING}*"):
        if left.is_dir():
            shutil.rmtree(left)
    if not waiting.exists():
        return
    told = next((line.data_sha256 for line in reversed(ledger) if line.outcome == "taken"), "")
    if checksum(waiting) == told:
        log.warning("%s: a run that was killed is completed", config.data_path)
        waiting.replace(config.data_path)
    else:
        waiting.unlink()


def is_there(config: Config, entry: Entry) -> bool:
    """Return whether the data holds what the ledger says: rows that were taken do not go by themselves."""
    return True


def offered(drop: Path) -> Iterator[Path]:
    """Yield the files of the drop folder by their names; hidden ones and folders are not looked at."""
    yield from sorted(path for path in drop.iterdir() if path.is_file() and not path.name.startswith("."))


@contextmanager
def stage(config: Config, files: Collection[Path]) -> Iterator[Staged]:
    """Read, check and write the rows of new files beside the table, and give what is ready to be added.

    A file whose columns are not those of the table, or whose rows do not fit its schema, gives a reason instead.
    Raises DataError when the table itself cannot be read, or not be added to.
    """
    read_data(config)
    base = describe(config.data_path)
    with tempfile.TemporaryDirectory(prefix=PENDING, dir=config.data_path.parent) as folder:
        staged = Staged(config.data_path, Path(folder))
        parts: dict[Path, Path] = {}
        for place, file in enumerate(files):
            parts[file] = staged.folder / f"{place}.rows"
            try:
                staged.examples[file] = write_rows(file, parts[file], base)
            except DataError as error:
                refuse(staged, file, error)
        if staged.examples:
            choose(config, base, staged, parts)
        yield staged


def choose(config: Config, base: Base, staged: Staged, parts: Mapping[Path, Path]) -> None:
    """Keep the files whose rows fit, and write the new table with them. Raises DataError when it cannot be read."""
    files = list(staged.examples)
    try:
        check_whole(config, base, staged, [parts[file] for file in files])
    except DataError as error:
        log.debug("not all files fit: %s", error)
        kept = fitting(config, base, staged, parts, [], files)
        if kept:
            check_whole(config, base, staged, [parts[file] for file in kept])


def fitting(
    config: Config, base: Base, staged: Staged, parts: Mapping[Path, Path], kept: list[Path], files: Sequence[Path]
) -> list[Path]:
    """Return the files that are kept already and those that fit beside them; where not all do, halves are asked."""
    try:
        if ROWS_STAND_ALONE:
            check_alone(config, base, staged, files[0], [parts[file] for file in files])
        else:
            check_whole(config, base, staged, [parts[file] for file in (*kept, *files)])
    except DataError as error:
        if len(files) == 1:
            refuse(staged, files[0], error)
            return kept
        half = len(files) // 2
        kept = fitting(config, base, staged, parts, kept, files[:half])
        return fitting(config, base, staged, parts, kept, files[half:])
    return [*kept, *files]


def refuse(staged: Staged, file: Path, error: DataError) -> None:
    """Take a file for refused, with the reason."""
    staged.examples.pop(file, None)
    staged.refused[file] = str(error).replace(str(file), file.name)


def check_alone(config: Config, base: Base, staged: Staged, file: Path, parts: Sequence[Path]) -> None:
    """Read the rows of one file or several by the table's schema. Raises DataError that names what does not fit."""
    path = staged.folder / "alone" / config.data_path.name
    path.parent.mkdir(exist_ok=True)
    header = [f"sep={base.separator}", base.separator.join(written(name, base.separator) for name in base.names), ""]
    with path.open("wb") as output:
        output.write(base.newline.join(header).encode(base.encoding))
        for part in parts:
            output.write(part.read_bytes())
    read_as_table(config, path, file)


def check_whole(config: Config, base: Base, staged: Staged, parts: Sequence[Path]) -> None:
    """Write the table with new rows at its end, and read it. Raises DataError when it cannot be read as it should."""
    path = staged.written
    path.parent.mkdir(exist_ok=True)
    shutil.copyfile(staged.table, path)
    with gzip.open(path, "ab") if base.packed else path.open("ab") as file:
        if not base.ended:
            file.write(base.newline.encode(base.encoding))
        for part in parts:
            with part.open("rb") as rows:
                shutil.copyfileobj(rows, file)
    read_as_table(config, path, staged.table)
    expected = base.rows + sum(count_of(part) for part in parts)
    with open_csv(path) as table:
        found = table.rows
    if found != expected:
        raise DataError(f"{staged.table} would hold {found} rows with the new ones, and not {expected}; mend its end")
    staged.digest = checksum(path)


def read_as_table(config: Config, path: Path, shown: Path) -> None:
    """Read a file as the table would be read, by the same schema. Raises DataError, and names it as it is known."""
    root = path.parent
    copied = root / "data" / config.schema_path.name
    copied.parent.mkdir(exist_ok=True)
    shutil.copyfile(config.schema_path, copied)
    source = config.data.model_copy(update={"path": path.name})
    package = logging.getLogger(__name__.partition(".")[0])
    level = package.level
    # What there is to say of the data is said when it is validated.
    package.setLevel(logging.ERROR)
    try:
        read_data(config.model_copy(update={"root": root, "data": source}))
    except DataError as error:
        raise DataError(str(error).replace(str(path), shown.name)) from None
    finally:
        package.setLevel(level)
    if copied.read_bytes() != config.schema_path.read_bytes():
        raise DataError(f"{shown.name} would change {config.schema_path.name}; infer it anew by the data command first")


def describe(path: Path) -> Base:
    """Find how the table is written. Raises DataError when rows cannot be added to it."""
    start = read_start(path)
    with open_csv(path) as table:
        dialect, rows = table.dialect, table.rows
        if table.leave_out_total():
            raise DataError(f"{path}: its last row adds up the others; remove it, so that rows can be added")
    if dialect.converted:
        raise DataError(f"{path} is no CSV file; save it as one, so that rows can be added")
    if start.startswith(ZIP):
        raise DataError(f"{path} is a ZIP archive; unpack it, so that rows can be added")
    packed = start.startswith(GZIP)
    with unpacked(path, start) as file:
        encoding = exact_encoding(dialect.encoding, file.read(2))
        sample, tail = file.read(SAMPLE_BYTES), b""
        newline = next((end for end in ("\r\n", "\n", "\r") if end.encode(encoding) in sample), "\n")
        tail = sample
        while block := file.read(SAMPLE_BYTES):
            tail = tail[-8:] + block
    ended = tail.endswith(("\n".encode(encoding), "\r".encode(encoding)))
    return Base(table.names, dialect.separator, encoding, newline, ended, packed, rows)


def exact_encoding(encoding: str, start: bytes) -> str:
    """Return the encoding that bytes at the end of a file are in, where its start may say more."""
    if encoding == "utf-16":
        return "utf-16-be" if start == codecs.BOM_UTF16_BE else "utf-16-le"
    return "utf-8" if encoding == "utf-8-sig" else encoding


def write_rows(file: Path, part: Path, base: Base) -> int:
    """Write the rows of a file as the table is written, and return how many they are. Raises DataError."""
    with open_csv(file, usual=base.separator) as table, part.open("wb") as output:
        check_names(table, base)
        for chunk in table.chunks({name: Text() for name in base.names}):
            for cells in chunk.itertuples(index=False, name=None):
                # A line without anything would be no row.
                line = base.separator.join(written(cell, base.separator) for cell in cells) or EMPTY
                try:
                    output.write(f"{line}{base.newline}".encode(base.encoding))
                except UnicodeEncodeError as error:
                    sign = line[error.start : error.end]
                    raise DataError(f"{file} holds {sign!r}, and the table, in {base.encoding}, cannot") from None
        rows = table.rows
    if not rows:
        raise DataError(f"{file} has no row")
    part.with_suffix(".count").write_text(str(rows), encoding="ascii")
    return rows


def check_names(table: Table, base: Base) -> None:
    """Raise DataError where the columns are not those of the table, in any order."""
    lacking = [name for name in base.names if name not in table.names]
    others = [name for name in table.names if name not in base.names]
    told = [f"lacks {', '.join(map(repr, lacking))}"] if lacking else []
    told += [f"has {', '.join(map(repr, others))}, which the data has not"] if others else []
    if told:
        raise DataError(f"{table.path} has other columns: it {' and '.join(told)}")


def written(cell: str, separator: str) -> str:
    """Return a cell as it is written in a CSV file, quoted where it would be read as another."""
    plain = cell.strip(BLANKS) == cell and not {separator, '"', "\n", "\r"} & set(cell)
    return cell if plain else '"' + cell.replace('"', '""') + '"'


def count_of(part: Path) -> int:
    """Return how many rows a part holds."""
    return int(part.with_suffix(".count").read_text(encoding="ascii"))
