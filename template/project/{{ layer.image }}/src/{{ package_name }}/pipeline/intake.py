"""Add new images to the folder of their label, each under its own name; what was there before stays as it is."""

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..config import Config
from ..data.folder import find_parts, glance, scan, walk
from ..data.images import BadImage, decode, read_file
from ..data.load import open_folder
from ..errors import DataError
from ..inference.bundle import checksum
from ..schema import Schema
from .ledger import Entry


@dataclass
class Staged:
    """Images that are ready to be added: where each one goes, or why it goes nowhere."""

    root: Path
    targets: dict[Path, Path] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)
    # The digest of a folder takes reading all of it.
    digest: str = ""

    @property
    def examples(self) -> dict[Path, int]:
        """How many examples each file gives."""
        return dict.fromkeys(self.targets, 1)

    @property
    def places(self) -> dict[Path, str]:
        """Where each image is in the data."""
        return {file: target.relative_to(self.root).as_posix() for file, target in self.targets.items()}

    def prepare(self) -> None:
        """Make the folders that images go to."""
        for target in self.targets.values():
            target.parent.mkdir(parents=True, exist_ok=True)

    def commit(self) -> None:
        """Move each image, at once."""
        for file, target in self.targets.items():
            unfinished = target.with_name(f".{target.name}")
            shutil.move(file, unfinished)
            unfinished.replace(target)


def complete(config: Config, ledger: list[Entry]) -> None:
    """Finish with the images that a killed run was moving, which have a hidden name; half of one is dropped."""
    for line in ledger:
        target = config.data_path / line.place
        unfinished = target.with_name(f".{target.name}")
        if line.outcome != "taken" or not unfinished.exists():
            continue
        if checksum(unfinished) == line.sha256:
            unfinished.replace(target)
        else:
            unfinished.unlink()


def is_there(config: Config, entry: Entry) -> bool:
    """Return whether the data holds the image that the ledger says: people may remove one, and offer it again."""
    return (config.data_path / entry.place).exists()


def offered(drop: Path) -> Iterator[Path]:
    """Yield the files in the folders of labels, and those beside them; hidden ones are not looked at."""
    for entry in scan(drop):
        if entry.is_dir():
            yield from (Path(file.path) for file in walk(Path(entry.path)))
        else:
            yield Path(entry.path)


@contextmanager
def stage(config: Config, files: Mapping[Path, str]) -> Iterator[Staged]:
    """Decode each new image, and give where they go; `files` are their digests.

    One that is no usable image, or in no folder of a known label, gives a reason instead. Raises DataError when the
    data cannot be read.
    """
    _, schema = open_folder(config)
    parts = [name for name, part in find_parts(config.data_path).items() if part == "train"]
    root = config.data_path / parts[0] if parts else config.data_path
    staged = Staged(config.data_path)
    for file, digest in files.items():
        try:
            label = check(file, config, schema)
        except (DataError, BadImage) as error:
            staged.refused[file] = str(error)
            continue
        target = root / label / file.name
        if target.exists() or target in staged.targets.values():
            target = target.with_stem(f"{target.stem}-{digest[:8]}")
        staged.targets[file] = target
    yield staged


def check(file: Path, config: Config, schema: Schema) -> str:
    """Return the label of an image. Raises DataError or BadImage that says why it cannot be used."""
    folders = file.relative_to(config.drop_dir).parts[:-1]
    if not folders:
        raise DataError("it lies beside the folders of labels; put it into that of its own")
    if folders[0] not in schema.target.categories:
        known = ", ".join(schema.target.categories)
        raise DataError(f"its folder, {folders[0]}, is none of the labels {known}; put a new one into the data by hand")
    entry = next(each for each in scan(file.parent) if each.name == file.name)
    if problem := glance(entry):
        raise DataError(f"it {problem}")
    decode(read_file(str(file)), schema.size, schema.colour, schema.bits)
    if config.data.group is not None and re.search(config.data.group, file.name) is None:
        raise DataError(f"data.group, {config.data.group!r}, finds nothing in its name")
    return folders[0]
