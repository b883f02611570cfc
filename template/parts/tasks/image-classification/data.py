"""Find the images, check them, and split them."""

import hashlib
import logging
import re
from collections.abc import Iterable
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import track

from ..config import Config
from ..errors import DataError
from ..schema import Colour, Schema, Target
from .classes import pick_positive
from .dataset import Dataset, Inventory, Split
from .example import write_example
from .folder import Listing, find_tested, list_folder, report_bad, survey
from .images import BITS, BadImage, check_header, decode, for_each, looks_cut, read_file
from .splitting import Known, Ties, find_sides, hold_out, tie

logger = logging.getLogger(__name__)

EXAMPLE = "data/raw"
# The longer side is between these unless data.size asks for more: four times the pixels take four times as long, and of
# fewer than the least no cells and no pooled parts are left.
LEAST_LONG, MOST_LONG = 16, 64
LEAST_SHORT = 4
Places = NDArray[np.intp]
# Width, height, whether it looks cut, and the SHA-256 of its file.
Checked = tuple[int, int, bool, str]
MOST_SHOWN = 5


class Form(NamedTuple):
    """In which form images are read: width and height, colour, and how many of 16 bits are used."""

    size: tuple[int, int]
    colour: Colour
    bits: int


def load(config: Config, known: Known | None = None) -> Dataset:
    """Return the images to train and to test on, with the same share of each label in both; no image is decoded yet.

    What is known from an earlier split stays where it was. Raises DataError that names the file and what is wrong.
    """
    images, schema, ties = read_examples(config)
    count, labels = len(images.target), len(schema.target.categories)
    least = ceil(labels / min(config.data.test_size, 1 - config.data.test_size))
    if count < least:
        raise DataError(f"{config.data_path}: {count} images are too few to split {labels} labels; it takes {least}")
    tested = find_tested(images.features.tolist(), config.data_path)
    if tested is None:
        told, sides = images.target.to_numpy(), find_sides(images.keys, known)
        train, test = hold_out(ties, config.data.test_size, config.seed, told, str(config.data_path), sides)
    else:
        train, test = split_as_given(images, tested, schema, config.data_path)
    whole = images if config.training.final_fit == "all" else None
    return Dataset(images.take(train), images.take(test), schema, ties.take(train), whole)


def split_as_given(images: Split, tested: NDArray[np.bool_], schema: Schema, root: Path) -> tuple[Places, Places]:
    """Return the places to train and to test on, as folders say; images in both are learned from, and not measured on.

    Raises DataError when a label is missing in one of them.
    """
    twice = tested & np.isin(images.keys(), images.keys()[~tested])
    if twice.any():
        logger.warning("%s: %d images to test on are also there to train on; they are not measured", root, twice.sum())
    train, test = np.flatnonzero(~tested), np.flatnonzero(tested & ~twice)
    for places, name in ((train, "train"), (test, "test")):
        if missing := set(schema.target.categories) - set(images.target.iloc[places]):
            raise DataError(f"{root}: there is no image of {', '.join(sorted(missing))} to {name} on")
    return train, test


def read_examples(config: Config) -> tuple[Split, Schema, Ties]:
    """Return all images, their schema, and which of them are tied, as equal files are. Raises DataError."""
    listing, schema = open_folder(config)
    images = Split(np.array(listing.paths, dtype=object), pd.Series(listing.labels, dtype=str))
    # Which files were left out is no part of the form that a model takes.
    return images, schema.model_copy(update={"ignored": {}}), tie(images.keys(), find_groups(listing, config))


def find_groups(listing: Listing, config: Config) -> pd.Series | None:
    """Return what `data.group` finds in the name of each image. Raises DataError for a name where it finds nothing."""
    if config.data.group is None:
        return None
    pattern = re.compile(config.data.group)
    names = [name for files in listing.files.values() for name in files]
    found = [pattern.search(Path(name).name) for name in names]
    for name, match in zip(names, found, strict=True):
        if match is None:
            raise DataError(f"{config.data_path}: data.group, {config.data.group!r}, finds nothing in {name!r}")
    return pd.Series([match[1] for match in found if match], dtype=str)


def read_data(config: Config, *, refresh: bool = False) -> tuple[Inventory, Schema]:
    """Read every image once; return what there is, and the schema, inferred anew if asked.

    Files that cannot be decoded are noted in the schema, so that later loads
    leave them out. Raises DataError, which names them if params.yaml refuses them.
    """
    ensure_example(config)
    listing = list_folder(config.data_path)
    names = [name for files in listing.files.values() for name in files]
    form = choose_form(config, listing, None if refresh else read_schema(config))
    checked = dict(zip(names, check_images(listing.paths, *form), strict=True))
    ignored = {name: found for name, found in checked.items() if isinstance(found, str)}
    listing.leave_out(ignored)
    report_bad(listing.bad, config.data_path, config.data.on_bad_file)
    schema = settle_schema(config, listing, ignored, form, refresh=refresh)
    found = [checked[name] for files in listing.files.values() for name in files]
    images = pd.DataFrame(found, columns=["width", "height", "cut", "digest"]).assign(
        path=listing.paths, label=listing.labels
    )
    if cut := images.loc[images["cut"], "path"].tolist():
        shown = ", ".join(map(str, cut[:MOST_SHOWN]))
        logger.warning("%d JPEG images end in even grey, as if their lower parts were missing: %s", len(cut), shown)
    return Inventory(images, listing.bad), schema


def open_folder(config: Config) -> tuple[Listing, Schema]:
    """List the folder without reading whole files; return what is usable, and the schema. Raises DataError."""
    ensure_example(config)
    listing = list_folder(config.data_path)
    known = read_schema(config)
    ignored = known.ignored if known else {}
    listing.leave_out(ignored)
    report_bad(listing.bad, config.data_path, config.data.on_bad_file)
    return listing, settle_schema(config, listing, ignored, choose_form(config, listing, known))


def check_images(paths: list[str], size: tuple[int, int], colour: Colour, bits: int) -> Iterable[Checked | str]:
    """Return what is known of each image, or what is wrong with it, on all cores."""

    def check(path: str) -> Checked | str:
        try:
            data = read_file(path)
            decode(data, size, colour, bits)
            return *check_header(data), looks_cut(data), hashlib.sha256(data).hexdigest()
        except BadImage as error:
            return str(error)

    return track(for_each(check, paths), description=f"Reading {len(paths)} images", total=len(paths))


def require_labels(listing: Listing, config: Config) -> None:
    """Raise DataError when there are too few labels."""
    if len(listing.files) < 2:
        found = f"{len(listing.files)} label with images"
        raise DataError(f"{config.data_path} holds {found}; a classifier needs two or more")


def choose_form(config: Config, listing: Listing, known: Schema | None) -> Form:
    """Return the form that images are read in: as asked, as known, or as most of the images are.

    Raises DataError when there are too few labels.
    """
    require_labels(listing, config)
    size, colour = config.data.size or (known and known.size), config.data.colour or (known and known.colour)
    bits = config.data.bits or (known and known.bits)
    if size and colour and bits:
        return Form(size, colour, bits)
    (width, height), colourful, used = survey(listing.paths)
    bits = bits or used
    scale = min(max(LEAST_LONG, width, height), MOST_LONG) / max(width, height)
    size = size or (max(LEAST_SHORT, round(scale * width)), max(LEAST_SHORT, round(scale * height)))
    colour = colour or ("rgb" if colourful else "grey")
    logger.info("images are read as %d x %d pixels, %s; most are of about %d x %d", *size, colour, width, height)
    if scale < 1 and not config.data.size:
        logger.info("more of them is read, and more slowly, with another data.size in params.yaml")
    if bits < BITS:
        logger.info("of 16 bits, %d are used; data.bits in params.yaml can say otherwise", bits)
    return Form(size, colour, bits)


def read_schema(config: Config) -> Schema | None:
    """Return the schema of this folder, or None as long as there is none. Raises DataError."""
    if not config.schema_path.exists():
        return None
    schema = Schema.read(config.schema_path)
    return schema if schema.source == config.data.path else None


def settle_schema(
    config: Config, listing: Listing, ignored: dict[str, str], form: Form, *, refresh: bool = False
) -> Schema:
    """Return the schema, and write it if it changed. Raises DataError when the labels are not those that are known."""
    require_labels(listing, config)
    labels = tuple(sorted(listing.files))
    known = read_schema(config)
    if known and not refresh and known.target.categories != labels:
        changed = sorted(set(labels) ^ set(known.target.categories))
        raise DataError(
            f"{config.data_path}: the labels are not those of {config.schema_path} ({', '.join(changed)}); "
            "if they changed on purpose, run the data command with --refresh"
        )
    chosen = config.data.positive or (known.positive if known and not refresh else None)
    schema = Schema(
        source=config.data.path,
        target=Target(categories=labels),
        positive=pick_positive(listing.labels, chosen, config.data.path),
        size=form.size,
        colour=form.colour,
        bits=form.bits,
        on_bad_file=config.data.on_bad_file,
        ignored=ignored,
    )
    if schema != known:
        schema.save(config.schema_path)
    return schema


def ensure_example(config: Config) -> None:
    """Write the example if its folder is not there. Raises DataError when it is another folder that is missing."""
    if config.data_path.is_dir() and any(config.data_path.iterdir()):
        return
    if config.data.path != EXAMPLE:
        raise DataError(f"{config.data_path}: no such folder, or an empty one; data.path in params.yaml names it")
    logger.info("%s is empty: writing the example, handwritten digits", config.data_path)
    write_example(config.data_path)
