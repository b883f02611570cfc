"""A table of one's own: what it holds, what could be learned from it, and how it comes into a project."""

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mlscaffold._errors import MlscaffoldError, UsageError
from mlscaffold._source import DISTRIBUTION
from mlscaffold._table import Column, Data

if TYPE_CHECKING:
    from mlscaffold._copier import Engine

# The questions of a template that can take a table.
FILE, TARGET, TASK, PACKAGE = "data_file", "target", "task", "package_name"
# What the code that reads tables imports.
PACKAGES = ("duckdb", "numpy", "openpyxl", "pandas", "pydantic", "sklearn", "scipy")
IMAGE_PACKAGES = (*PACKAGES, "cv2", "rich")
READER = "acme_ml"
# Of a larger file the beginning is looked at.
LARGE, LOOKED_AT = 2**26, 2**25  # bytes
# Reading more images than these takes minutes.
MANY = 2**28  # bytes
MOST_LABELS = 10
NOTHING = (
    "Nothing was written. What belongs into params.yaml can be said here, too: --param data.decimal=, "
    "or --param evaluation.folds=2"
)
# How files begin that hold no text, or text of which a line cannot be cut off: UTF-16, archives, Excel and Parquet.
WHOLE = (b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04", b"PAR1")


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
    if not file.exists():
        raise MlscaffoldError(f"there is no file {file}", "Give --data the path of a table, or of a folder of images.")
    if file.is_dir() and not any(_labels(file)):
        raise MlscaffoldError(
            f"{file} is a folder without folders in it",
            "Of images, --data takes a folder that holds a folder for each label; of all else, one file.",
        )
    if missing := [name for name in (IMAGE_PACKAGES if file.is_dir() else PACKAGES) if find_spec(name) is None]:
        extras = ("data", "images") if file.is_dir() else ("data",)
        required = [each.partition(";") for each in metadata.requires(DISTRIBUTION) or []]
        needs = [name.strip() for name, _, when in required if any(f"extra == '{each}'" in when for each in extras)]
        listed = " ".join(f"'{each}'" for each in needs)
        raise MlscaffoldError(
            f"--data needs packages that are not installed: {', '.join(missing)}",
            f"Install them: {sys.executable} -m pip install {listed}",
        )


def look_at(file: Path, engine: "Engine", said: Mapping[str, object]) -> Data:
    """Read a table, or the beginning of a large one, with the code that projects read theirs with.

    `said` is what params.yaml will say of data.

    Raises:
        MlscaffoldError: it cannot be read; the message says where it is wrong.
    """
    if file.is_dir():
        return _look_at_images(file)
    with tempfile.TemporaryDirectory(prefix="mlscaffold-") as room, _beginning(file, Path(room)) as beginning:
        sources = Path(room, READER)
        engine.render(sources, {PACKAGE: READER}, only="src")
        found = _ask("columns", sources / "src", str(beginning), json.dumps(said))
    if "error" in found:
        told = found["error"].replace(str(beginning), str(file))
        raise MlscaffoldError(f"the data cannot be used: {told}", NOTHING)
    lines = tuple(line.replace(str(beginning), str(file)) for line in found["told"])
    described = (Column(**{**each, "examples": tuple(each["examples"])}) for each in found["columns"])
    return Data(file, found["rows"], tuple(described), beginning != file, lines)


def put_into(folder: Path, data: Data, package: str, link: bool) -> Checked:
    """Put the table into a project, and read it as training will; of a large one, that is left to the project.

    Raises:
        MlscaffoldError: it does not fit the answers; the message says why.
    """
    raw = folder / "data" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for source in [*data.file.iterdir()] if data.images else [data.file]:
        place = raw / (source.name if data.images else data.name)
        if link:
            place.symlink_to(source.resolve())
        elif source.is_dir():
            shutil.copytree(source, place)
        else:
            shutil.copyfile(source, place)
    if data.sampled:
        return Checked()
    found = _ask("project", folder / "src", package, str(folder))
    if "error" in found:
        said = found["error"].replace(f"{folder}/", "")
        raise MlscaffoldError(f"nothing can be learned from the data so: {said}", NOTHING)
    told = tuple(line.replace(f"{folder}/", "") for line in found["told"])
    return Checked(told, tuple((what, advice) for what, advice in found["findings"]))


def _labels(folder: Path) -> Iterator[Path]:
    return (entry for entry in sorted(folder.iterdir()) if entry.is_dir() and not entry.name.startswith("."))


def _look_at_images(folder: Path) -> Data:
    """Count the files of each label; what is in them is for the code of the project to read."""
    counts, size = {}, 0
    for label in _labels(folder):
        sizes = [file.stat().st_size for file in label.rglob("*") if file.is_file()]
        counts[label.name], size = len(sizes), size + sum(sizes)
    most = sorted(counts, key=lambda name: -counts[name])[:MOST_LABELS]
    told = ", ".join(f"{name} ({counts[name]:,})" for name in most)
    more = f" and {len(counts) - len(most)} more" if len(most) < len(counts) else ""
    return Data(folder, sum(counts.values()), (), size > MANY, (f"{told}{more}",), images=True)


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
    if text.startswith(WHOLE) or text.lstrip()[:1] == b"[" or not (end := _last_end(text)):
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
