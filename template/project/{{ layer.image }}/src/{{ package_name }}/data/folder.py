"""What is in a folder of images with a folder for each label, found without reading whole files."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..schema import OnBadFile
from .images import (
    BITS,
    JPEG,
    JPEG_END,
    PNG,
    PNG_END,
    SUFFIXES,
    BadImage,
    bytes_of_pixel,
    check_header,
    decode,
    decode_any,
    for_each,
    is_webp,
    is_whole_webp,
    read_file,
)

logger = logging.getLogger(__name__)

# How folders are called that say what is to be trained and tested on.
PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "eval"), "test"),
}
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
# Who has fewer uses files of 8 bits.
FEWEST_BITS = 10


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
    """List the label folders, which may lie in folders for training and testing, and may have folders in them.

    Of each file a few bytes are read. Raises DataError when there is no such folder.
    """
    listing = Listing(root)
    # Cut as texts: of a million files, two paths for each take a quarter of the time.
    start = len(f"{root}{os.sep}")
    for folder in [root / name for name in find_parts(root)] or [root]:
        for entry in scan(folder):
            if not entry.is_dir():
                listing.bad[entry.path[start:]] = "lies beside the label folders"
                continue
            listing.files.setdefault(entry.name, [])
            for file in walk(Path(entry.path)):
                if problem := glance(file):
                    listing.bad[file.path[start:]] = problem
                else:
                    listing.files[entry.name].append(file.path[start:])
    return listing


def find_parts(root: Path) -> dict[str, str]:
    """Return the folders that say what is to be trained and tested on, each with its part; none in other layouts."""
    folders = [entry for entry in scan(root) if entry.is_dir()]
    parts = {entry.name: PARTS.get(entry.name.lower(), "") for entry in folders}
    whole = len(parts) > 1 and "train" in parts.values() and all(parts.values())
    # Labels could have these names, too, but then images lie in them and no folders.
    return parts if whole and all(any(each.is_dir() for each in scan(Path(entry.path))) for entry in folders) else {}


def find_tested(paths: Sequence[str], root: Path) -> NDArray[np.bool_] | None:
    """Return for each path whether its folder is one to test on; None where the folders do not say so."""
    parts = find_parts(root)
    if not parts:
        return None
    tested = "test" if "test" in parts.values() else "val"
    if {"val", "test"} <= set(parts.values()):
        logger.info("%s: the images to validate on are learned from, too: folds of all of them stand in", root)
    return np.array([parts[Path(path).relative_to(root).parts[0]] == tested for path in paths])


def walk(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """Yield the files in a folder and the folders in it. Raises DataError."""
    for entry in scan(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from walk(Path(entry.path))
        else:
            yield entry


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


class Look(NamedTuple):
    """What is seen of an image or of many: width and height, whether there is colour, and how many bits are used."""

    size: tuple[int, int]
    colourful: bool
    bits: int


def survey(paths: Sequence[str]) -> Look:
    """Return the usual size of some of the images, whether there is colour in them, and the most bits; bad ones aside.

    Raises DataError when none of them can be read.
    """
    seen = [found for found in for_each(look_at, paths[:: ceil(len(paths) / MOST_SURVEYED)]) if found]
    if not seen:
        raise DataError(f"none of {len(paths)} images can be read")
    width, height = (int(median(side)) for side in zip(*(each.size for each in seen), strict=True))
    colourful = sum(each.colourful for each in seen) >= LEAST_COLOURFUL * len(seen)
    # What is not of 16 bits says nothing of those that are.
    return Look((width, height), colourful, max((each.bits for each in seen if each.bits), default=BITS))


def look_at(path: str) -> Look | None:
    """Return what is seen of an image, with no bits if its file has no room for 16; None if it cannot be read."""
    try:
        data = read_file(path)
        size, pixels = check_header(data), decode(data, GLANCED, "rgb").astype(int)
        bits = bits_used(data)
    except BadImage:
        return None
    return Look(size, bool((pixels.max(axis=2) - pixels.min(axis=2)).max() > LEAST_DIFFERENCE), bits)


def bits_used(data: bytes) -> int:
    """Return how many bits the largest value of a 16-bit PNG file takes, an even number; 0 for other files."""
    if not data.startswith(PNG) or bytes_of_pixel(data) % 2 or data[24] != BITS:
        return 0
    largest = int(decode_any(data)[0].max())
    return max(FEWEST_BITS, 2 * ceil(largest.bit_length() / 2))


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
