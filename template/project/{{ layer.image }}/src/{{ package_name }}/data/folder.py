"""What is in a folder of images with a folder for each label, found without reading whole files."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median

from ..errors import DataError
from ..schema import OnBadFile
from .images import (
    JPEG,
    JPEG_END,
    PNG,
    PNG_END,
    SUFFIXES,
    BadImage,
    check_header,
    decode,
    for_each,
    is_webp,
    is_whole_webp,
    read_file,
)

logger = logging.getLogger(__name__)

# What file managers leave behind; it is never meant as data.
LITTER = frozenset({"Thumbs.db", "desktop.ini"})
# Enough to tell the kind of a file, and whether its end is there.
GLANCE = 64
MAX_NAMED = 10
# So many images tell how large they usually are, and this share of them with colour makes it count.
MOST_SURVEYED = 300
LEAST_COLOURFUL = 0.05
# Colour is looked for at this size, and is a difference between red, green and blue that no compression makes of grey.
GLANCED = (32, 32)
LEAST_DIFFERENCE = 24


@dataclass
class Listing:
    """The files of each label, and what cannot be used with the reason; both by names relative to the folder."""

    root: Path
    files: dict[str, list[str]] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)

    def leave_out(self, ignored: Mapping[str, str]) -> None:
        """Count these files as bad, and the labels that they leave with fewer than two images."""
        for label, names in self.files.items():
            self.bad |= {name: ignored[name] for name in names if name in ignored}
            self.files[label] = [name for name in names if name not in ignored]
        for label in [label for label, names in self.files.items() if len(names) < 2]:
            count = len(self.files.pop(label))
            self.bad[f"{label}/"] = f"holds {count or 'no'} image{'s' * (not count)}; a label needs two or more"

    @property
    def paths(self) -> list[str]:
        """The path of each usable file, label after label."""
        return [str(self.root / name) for names in self.files.values() for name in names]

    @property
    def labels(self) -> list[str]:
        """The label of each usable file, in the order of `paths`."""
        return [label for label, names in self.files.items() for _ in names]


def list_folder(root: Path) -> Listing:
    """List the label folders; of each file a few bytes are read. Raises DataError when there is no such folder."""
    listing = Listing(root)
    for entry in scan(root):
        if not entry.is_dir():
            listing.bad[entry.name] = "lies beside the label folders"
            continue
        listing.files[entry.name] = []
        for file in scan(Path(entry.path)):
            name = f"{entry.name}/{file.name}"
            if problem := glance(file):
                listing.bad[name] = problem
            else:
                listing.files[entry.name].append(name)
    return listing


def scan(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """Yield the entries of a folder by name, without hidden ones. Raises DataError."""
    try:
        with os.scandir(folder) as entries:
            yield from sorted(
                (entry for entry in entries if not entry.name.startswith(".") and entry.name not in LITTER),
                key=lambda entry: entry.name,
            )
    except OSError as error:
        raise DataError(f"{folder} cannot be listed: {error.strerror}") from None


def glance(entry: "os.DirEntry[str]") -> str | None:
    """Say what is wrong with a file, as far as its name, its first and its last bytes tell."""
    if not entry.is_file():
        return "is no file"
    if Path(entry.name).suffix.lower() not in SUFFIXES:
        return f"has none of the endings {', '.join(sorted(SUFFIXES))}"
    try:
        with Path(entry.path).open("rb", buffering=0) as file:
            head = file.read(GLANCE)
            size = file.seek(0, os.SEEK_END)
            file.seek(-len(head), os.SEEK_END)
            whole = looks_whole(head, file.read(), size)
        if not whole:
            check_header(read_file(entry.path))
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except BadImage as error:
        return str(error)
    return None


def looks_whole(head: bytes, tail: bytes, size: int) -> bool:
    """Return whether a file of some size starts and ends like an image; one that does not needs a closer look."""
    if head.startswith(PNG):
        return PNG_END in tail
    if head.startswith(JPEG):
        return JPEG_END in tail
    return is_webp(head) and is_whole_webp(head, size)


def survey(paths: Sequence[str]) -> tuple[tuple[int, int], bool]:
    """Return the usual width and height of some of the images, and whether there is colour in them; bad ones aside.

    Raises DataError when none of them can be read.
    """
    seen = [found for found in for_each(look_at, paths[:: ceil(len(paths) / MOST_SURVEYED)]) if found]
    if not seen:
        raise DataError(f"none of {len(paths)} images can be read")
    width, height = (int(median(side)) for side in zip(*(size for size, _ in seen), strict=True))
    return (width, height), sum(colourful for _, colourful in seen) >= LEAST_COLOURFUL * len(seen)


def look_at(path: str) -> tuple[tuple[int, int], bool] | None:
    """Return width and height of an image, and whether it has colour; None if it cannot be read."""
    try:
        data = read_file(path)
        size, pixels = check_header(data), decode(data, GLANCED, "rgb").astype(int)
    except BadImage:
        return None
    return size, bool((pixels.max(axis=2) - pixels.min(axis=2)).max() > LEAST_DIFFERENCE)


def report_bad(bad: Mapping[str, str], root: Path, on_bad_file: OnBadFile) -> None:
    """Name what cannot be used: as a warning if it is skipped, else as DataError."""
    if not bad:
        return
    lines = [f"  {name} {why}" for name, why in list(bad.items())[:MAX_NAMED]]
    lines += [f"  and {len(bad) - MAX_NAMED} more"] if len(bad) > MAX_NAMED else []
    listed = "\n".join(lines)
    if on_bad_file == "refuse":
        raise DataError(f"{root} holds what is no usable image:\n{listed}\nMend it, or set on_bad_file: skip")
    logger.warning("%s: %d left out\n%s", root, len(bad), listed)
