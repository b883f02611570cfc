"""The images of a folder, or a single one, read some at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from ..data.folder import report_bad
from ..data.images import CHANNELS, SUFFIXES, BadImage, Pixels, for_each, read_image
from ..errors import DataError
from ..schema import Schema

AT_ONCE = 256


@dataclass(frozen=True)
class Batch:
    """Some images: a row with the path of each, their pixels, and the share of the files read so far (0 to 1).

    `refused` says why others are left out, by their paths.
    """

    rows: pd.DataFrame
    features: Pixels
    done: float
    refused: dict[str, str]


def read_batches(source: Path, schema: Schema, *, skip_bad: bool = False) -> Iterator[Batch]:
    """Yield the images of a folder and the folders in it, or of one file, in the order of their names.

    A bad file is skipped with a warning if it may be, or refused with a DataError, as the schema says.
    """
    root, names = find_images(source)
    for start in range(0, len(names), AT_ONCE):
        part = names[start : start + AT_ONCE]
        read = dict(zip(part, read_all([root / name for name in part], schema), strict=True))
        bad = {name: found for name, found in read.items() if isinstance(found, str)}
        report_bad(bad, root, "skip" if skip_bad else schema.on_bad_file)
        good = {name: found for name, found in read.items() if not isinstance(found, str)}
        if good or skip_bad:
            rows = pd.DataFrame({"path": list(good)}, dtype=object)
            shape = (0, *schema.size[::-1], CHANNELS[schema.colour])
            pixels = np.stack(list(good.values())) if good else np.empty(shape, np.uint8)
            yield Batch(rows, pixels, (start + len(part)) / len(names), bad)


def find_images(source: Path) -> tuple[Path, list[str]]:
    """Return the folder and the names of the images in it, relative to it. Raises DataError when there is none."""
    if source.is_file():
        return source.parent, [source.name]
    if not source.is_dir():
        raise DataError(f"{source}: no such file or folder")
    files = (path.relative_to(source) for path in source.rglob("*") if path.suffix.lower() in SUFFIXES)
    names = sorted(path.as_posix() for path in files if not path.name.startswith("."))
    if not names:
        raise DataError(f"{source} holds no file that ends in {', '.join(sorted(SUFFIXES))}")
    return source, names


def read_all(paths: list[Path], schema: Schema) -> list[Pixels | str]:
    """Return the pixels of each image, or what is wrong with it."""

    def read(path: Path) -> Pixels | str:
        try:
            return read_image(path, schema.size, schema.colour, schema.bits)
        except BadImage as error:
            return str(error)

    return list(for_each(read, paths))


def write_refused(file: TextIO, refused: dict[str, str]) -> int:
    """Write the paths of the files that are left out, with the reasons; return how many they are."""
    table = pd.DataFrame(refused.items(), columns=["path", "refused"])
    table.to_csv(file, index=False, header=file.tell() == 0)
    return len(table)


def write_batch(file: TextIO, batch: Batch, table: pd.DataFrame) -> None:
    """Write the table, with its header if it is the first."""
    table.to_csv(file, index=False, header=file.tell() == 0)
