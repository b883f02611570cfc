"""A table of one's own: what it holds, what could be learned from it, and how it comes into a project."""

import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mlscaffold._errors import MlscaffoldError, UsageError
from mlscaffold._meant import meant
from mlscaffold._source import DISTRIBUTION

if TYPE_CHECKING:
    from mlscaffold._copier import Engine

# The questions of a template that can take a table.
FILE, TARGET, TASK, PACKAGE = "data_file", "target", "task", "package_name"
# What the code that reads tables imports.
PACKAGES = ("duckdb", "numpy", "pandas", "pydantic", "sklearn", "scipy")
READER = "acme_ml"
# Of a larger file the beginning is looked at.
LARGE, LOOKED_AT = 2**26, 2**25  # bytes
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Names that say what a column is for.
TARGETS = {"target", "label", "labels", "class", "y", "outcome", "response", "output", "result"}
# Whole numbers with so few different values name classes more often than amounts.
MOST_CLASSES = 10


@dataclass(frozen=True)
class Column:
    """One column; `unusable` says why nothing can be learned from it.

    `in_order` says that its dates ascend row by row, `shared` that it is called as what has several rows is.
    """

    name: str
    kind: str
    seen: str
    missing: int
    different: int
    whole: bool
    in_order: bool
    shared: bool
    examples: tuple[str, ...]
    unusable: str | None


@dataclass(frozen=True)
class Proposal:
    """What to do with a table: `target` is empty where groups are to be found; `why` is for people."""

    task: str
    target: str
    why: str


@dataclass(frozen=True)
class Data:
    """A table that was looked at; `sampled` if only its beginning was."""

    file: Path
    rows: int
    columns: tuple[Column, ...]
    sampled: bool
    told: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name that the file has in a project: without blanks and signs that commands would trip over."""
        words = re.sub(r"[^\w.+-]+", "_", self.file.name)
        return re.sub(r"_*\._*", ".", words).strip("_.") or "data.csv"

    def column(self, name: str) -> Column:
        """Return the column of a name.

        Raises:
            UsageError: there is none.
        """
        found = [column for column in self.columns if column.name == name]
        if not found:
            names = [column.name for column in self.columns]
            hint = f"It has {', '.join(map(repr, names))}."
            if len(names) == 1:
                hint += " Values are separated by commas, semicolons, tabs or bars; a first line sep=… names another."
            raise UsageError(f"{self.file} has no column {name!r}{meant(name, names)}", hint)
        return found[0]

    def propose(self, target: str) -> Proposal:
        """Return which task a target means.

        Raises:
            UsageError: there is no such column, or nothing that is predicted here.
        """
        if not target:
            return Proposal("clustering", "", "nothing is to be predicted")
        column = self.column(target)
        if column.kind == "date":
            raise UsageError(f"column {target!r} holds dates, and no task predicts these", "Choose another --target.")
        if column.different < 2:
            only = f"one value only, {column.seen}" if column.different else "no value"
            raise UsageError(f"column {target!r} holds {only}: nothing can be learned", "Choose another --target.")
        if column.kind != "number" or (column.whole and column.different <= MOST_CLASSES):
            return Proposal("classification", target, f"it holds {column.different} different {_values_of(column)}")
        return Proposal("regression", target, f"it holds numbers, {column.seen}")

    def telling(self) -> list[str]:
        """Return the columns whose names say that they are to be predicted."""
        return [column.name for column in self.columns if column.name.strip().lower() in TARGETS]


@dataclass(frozen=True)
class Checked:
    """What training will find in the data of a project: lines of its log, and what deserves a look, with advice."""

    told: tuple[str, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()


def check_ready(file: Path, engine: "Engine") -> None:
    """Make sure that a table can be read at all.

    Raises:
        MlscaffoldError: it is not there, or packages are missing that read it.
        UsageError: the template takes no table.
    """
    if not {FILE, TARGET, TASK} <= engine.details.keys():
        raise UsageError("this template takes no table of your own", "Leave --data out.")
    if file.is_dir():
        raise MlscaffoldError(
            f"{file} is a folder; --data takes a table",
            "For pictures or texts, make the project without --data and put them into its data/raw.",
        )
    if not file.is_file():
        raise MlscaffoldError(f"there is no file {file}", "Give --data the path of a table.")
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        needs = [each.partition(";")[0].strip() for each in metadata.requires(DISTRIBUTION) or [] if "extra ==" in each]
        listed = " ".join(f"'{each}'" for each in needs)
        raise MlscaffoldError(
            f"--data needs packages that are not installed: {', '.join(missing)}",
            f"Install them: {sys.executable} -m pip install {listed}",
        )


def look_at(file: Path, engine: "Engine") -> Data:
    """Read a table, or the beginning of a large one, with the code that projects read theirs with.

    Raises:
        MlscaffoldError: it cannot be read; the message says where it is wrong.
    """
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as room, _beginning(file, Path(room)) as beginning:
        sources = Path(room, READER)
        engine.render(sources, {PACKAGE: READER}, only="src")
        found = _ask("columns", sources / "src", str(beginning))
    if "error" in found:
        said = found["error"].replace(str(beginning), str(file))
        raise MlscaffoldError(f"the data cannot be used: {said}", "Nothing was written.")
    told = tuple(line.replace(str(beginning), str(file)) for line in found["told"])
    described = (Column(**{**each, "examples": tuple(each["examples"])}) for each in found["columns"])
    return Data(file, found["rows"], tuple(described), beginning != file, told)


def put_into(folder: Path, data: Data, package: str, link: bool) -> Checked:
    """Put the table into a project, and read it as training will; of a large one, that is left to the project.

    Raises:
        MlscaffoldError: it does not fit the answers; the message says why.
    """
    place = folder / "data" / "raw" / data.name
    place.parent.mkdir(parents=True, exist_ok=True)
    if link:
        place.symlink_to(data.file.resolve())
    else:
        shutil.copyfile(data.file, place)
    if data.sampled:
        return Checked()
    found = _ask("project", folder / "src", package, str(folder))
    if "error" in found:
        said = found["error"].replace(f"{folder}/", "")
        raise MlscaffoldError(f"nothing can be learned from the data so: {said}", "Nothing was written.")
    told = tuple(line.replace(f"{folder}/", "") for line in found["told"])
    return Checked(told, tuple((what, advice) for what, advice in found["findings"]))


def _ask(task: str, sources: Path, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "mlscaffold._reading", task, str(sources), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise MlscaffoldError(f"reading the data failed: {last or f'exit code {done.returncode}'}")
    return cast(dict[str, Any], json.loads(done.stdout))


@contextmanager
def _beginning(file: Path, room: Path) -> Iterator[Path]:
    """Yield the file, or one that holds the first whole lines of it."""
    packed = file.suffix.lower() == ".gz"
    if file.stat().st_size <= (LARGE / 8 if packed else LARGE):
        yield file
        return
    with gzip.open(file) if packed else file.open("rb") as source:
        text = source.read(LOOKED_AT)
    # What cannot be cut between two lines is read whole.
    if text.startswith(BYTE_ORDER_MARKS) or text.lstrip()[:1] == b"[" or not (end := _last_end(text)):
        yield file
        return
    beginning = room / (file.stem if packed else file.name)
    beginning.write_bytes(text[:end])
    yield beginning


def _last_end(text: bytes) -> int:
    """Return where the last whole line ends: one inside of quotes is none."""
    end = len(text)
    while end := text.rfind(b"\n", 0, end):
        if end < 0:
            return 0
        if text.count(b'"', 0, end) % 2 == 0:
            return end + 1
    return 0


def _values_of(column: Column) -> str:
    return "whole numbers" if column.kind == "number" else "values" if column.kind == "boolean" else "words"
